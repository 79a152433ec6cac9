//! Sign-in evidence: what Microsoft's sign-in refused, and which policies may make it refuse.

mod conditional_access;
mod failures;
mod mfa;
mod policy_scope;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[failures::CHECK, conditional_access::CHECK, mfa::CHECK];
