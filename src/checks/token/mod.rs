//! Tokens: their life, their renewal, whose they are and what they may do (tech note "Token generation").

mod access_lifetime;
mod clock;
mod identity;
mod identity_evidence;
mod observed_lifetime;
mod refresh;
mod scopes;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    access_lifetime::CHECK,
    observed_lifetime::CHECK,
    refresh::CHECK,
    identity::CHECK,
    scopes::CHECK,
    clock::CHECK,
];
