//! Tokens: their life, their renewal, whose they are (tech note "Token generation").

mod clock;
mod observed_lifetime;
mod refresh;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[observed_lifetime::CHECK, refresh::CHECK, clock::CHECK];
