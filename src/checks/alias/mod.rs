//! ECE mail objects: aliases and e-mail accounts (tech note "Account types").

mod account;
mod endpoint;
mod retriever_instance;
mod smtp_fallback;
mod state;

use super::{Check, wanted};
use crate::case::{AliasView, Case};
use crate::finding::{Finding, Subject, SubjectKind};

/// Checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    state::CHECK,
    retriever_instance::CHECK,
    endpoint::CHECK,
    account::CHECK,
    smtp_fallback::CHECK,
];

/// How an alias gets back to work after a failure has taken it out of service.
const REACTIVATE: &str = "Set the alias back to active: 12.6 and later: Administration Console, <department> > Apps > Email > Aliases > (the alias) > Status; up to 12.5: Administration console, <department> > Email > Aliases. A failed sign-in leaves it inactive until someone does.";

/// How to see that it works again.
const VERIFY: &str =
    "Verify: the Retriever log shows the alias being polled every 30 seconds without failures, and a test mail to it is fetched and answered.";

/// The alias as a subject.
fn subject_of(alias: &AliasView<'_>) -> Subject {
    Subject::new(SubjectKind::Alias, alias.address.clone()).labelled(alias.name.as_deref())
}

/// Judges every live alias; where none is known, one finding says so.
fn each(case: &Case, check: &Check, judge: impl Fn(&AliasView<'_>) -> Finding) -> Vec<Finding> {
    let aliases = case.aliases();
    if aliases.is_empty() {
        let deleted = case.facts.ece.aliases.iter().filter(|row| row.deleted.get() == Some(&true)).count();
        let message = match deleted {
            0 => "no export of aliases was collected".to_owned(),
            n => format!("the export holds no live alias ({n} deleted)"),
        };
        return vec![check.unknown(Subject::deployment(), message).want(wanted::aliases())];
    }
    aliases.iter().map(judge).collect()
}
