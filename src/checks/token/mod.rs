//! Tokens: their life, their renewal, whose they are (tech note "Token generation").

mod clock;
mod observed_lifetime;
mod refresh;
//! Tokens: how long they live, whose they are, what they may do.

mod access_lifetime;
mod identity;
mod identity_evidence;
mod scopes;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[observed_lifetime::CHECK, refresh::CHECK, clock::CHECK];
pub const CHECKS: &[Check] = &[access_lifetime::CHECK, identity::CHECK, scopes::CHECK];
