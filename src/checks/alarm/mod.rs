//! Alarm and notification mail: a path of its own beside the aliases.

mod default_smtp;

use super::Check;

/// Checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[default_smtp::CHECK];
