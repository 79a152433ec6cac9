//! Tokens: their life, their renewal, whose they are and what they may do (tech note "Token generation").

mod access_lifetime;
mod clock;
mod identity;
mod identity_evidence;
mod observed_lifetime;
mod refresh;
mod scopes;

use super::Check;
use crate::case::Case;
use crate::finding::{Subject, SubjectKind};

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    access_lifetime::CHECK,
    observed_lifetime::CHECK,
    refresh::CHECK,
    identity::CHECK,
    scopes::CHECK,
    clock::CHECK,
];

/// Whom a token of the logs is for: `who` is an account's name or a mailbox's address, lower case; empty if the log doesn't say.
fn holder(case: &Case, who: &str) -> Subject {
    if who.is_empty() {
        return Subject::deployment();
    }
    match case.account_called(who).and_then(|account| account.name.get()) {
        Some(name) => Subject::new(SubjectKind::Account, name.clone()),
        None if who.contains('@') => Subject::new(SubjectKind::Mailbox, who),
        None => Subject::new(SubjectKind::Account, who),
    }
}
