//! The case: everything that the bundle says, as one typed view for the checks.

use crate::model::{Facts, LogFacts};

/// The facts of a bundle, merged, and what the user said on the command line.
#[derive(Debug, Default)]
pub struct Case {
    /// Facts outside ECE logs.
    pub facts: Facts,
    /// What the ECE logs say.
    pub logs: LogFacts,
}
