//! ECE mail objects: aliases and e-mail accounts (tech note "Account types").

mod account;
mod endpoint;
mod retriever_instance;
mod smtp_fallback;
mod state;

use super::{Check, wanted};
use crate::case::{AliasView, Case};
use crate::finding::{Finding, Subject, SubjectKind};
use crate::model::{Alias, Fact, fold_address};
use crate::text;

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
            0 => text!("no export of aliases was collected"),
            n => text!("the export holds no live alias ({n} deleted)", n),
        };
        return vec![check.unknown(Subject::deployment(), message).want(wanted::aliases())];
    }
    let judged = aliases.iter().map(|alias| match deleted_row(case, alias) {
        Some(row) => check
            .not_applicable(
                subject_of(alias),
                text!("the alias is deleted: its account still lists it, but ECE doesn't use it"),
            )
            .at(&row.origin),
        None => judge(alias),
    });
    judged.collect()
}

/// The deleted row of an alias that has no live one.
fn deleted_row<'a>(case: &'a Case, alias: &AliasView<'_>) -> Option<&'a Fact<Alias>> {
    let own = |row: &&Fact<Alias>| row.address.get().is_some_and(|a| fold_address(a) == alias.address);
    let deleted = |row: &&Fact<Alias>| row.deleted.get() == Some(&true);
    alias
        .rows
        .is_empty()
        .then(|| case.facts.ece.aliases.iter().filter(own).find(deleted))
        .flatten()
}
