//! From findings to causes: which of the things that are wrong is the reason, and what does it explain?
//!
//! The rules (`rules`) say what a fault leads to; `join` applies them to the findings and signature hits at hand; what no cause
//! accounts for stays visible.

mod join;
mod onset;
mod rules;

pub use join::{Candidate, Diagnosis, RootCause, diagnose};
pub use onset::{Onset, Reach, kind_words};
pub use rules::{Class, class_of_check};

use crate::finding::Severity;

/// What the diagnosis has to know of a signature.
#[derive(Clone, Debug)]
pub struct KnownSignature {
    /// True for texts that name a reason (`role = "cause"`), false for wrappers, generic texts and context.
    pub is_cause: bool,
    /// How much it matters.
    pub severity: Severity,
    /// Checks that it bears on.
    pub checks: Vec<String>,
    /// What it means.
    pub meaning: String,
    /// What to do.
    pub remedy: Vec<String>,
}
