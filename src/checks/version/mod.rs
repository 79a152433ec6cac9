//! Version (tech note "Minimum version").

mod documentation;
mod graph_transition;
mod minimum_es;

use super::Check;

/// Checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[minimum_es::CHECK, documentation::CHECK, graph_transition::CHECK];
