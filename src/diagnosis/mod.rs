//! From findings to causes: which of the things that are wrong is the reason, and what does it explain?
//!
//! Failing findings and known texts are clues (`clue`), each with its scope: functions, mailboxes, servers, time (`scope`). The
//! rules (`rules`) say what a fault leads to along the chain (`chain`); `join` applies them where scopes touch, and what nothing
//! explains stands as a cause. What no cause accounts for stays visible.

mod cause;
mod chain;
mod changes;
mod clue;
mod join;
mod onset;
mod reach;
mod rules;
mod scope;
mod sign_in;

pub use cause::{Candidate, RootCause};
pub use chain::Class;
pub use join::diagnose;
pub use onset::{Onset, OnsetPart};
pub use reach::Reach;
pub use rules::{Is, RULES, Rule, SUMMARIES};

use crate::finding::Severity;
use crate::model::Text;

/// The causes, worst and surest first, and what none of them accounts for.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What is broken now. Empty: no fault was found in the evidence given.
    pub causes: Vec<RootCause>,
    /// Symptoms that no cause accounts for.
    pub unexplained: Vec<String>,
}

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
    pub meaning: Text,
    /// What to do.
    pub remedy: Vec<Text>,
}
