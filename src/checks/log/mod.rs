//! Checks of the logs and of the bundle as a whole.

mod known_errors;
mod secrets;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    known_errors::CHECK,
    secrets::CHECK,
];
