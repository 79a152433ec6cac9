//! `alias.smtp-fallback`

use super::{VERIFY, each, subject_of};
use crate::case::{AliasView, Case};
use crate::checks::{Check, Gap};
use crate::finding::{Finding, Role, Severity, Want};
use crate::model::Inbound;
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "alias.smtp-fallback",
    title: "The alias doesn't fall back to unauthenticated SMTP",
    severity: Severity::Medium,
    why: "With the fallback, a failed sign-in is followed by a second attempt without one. Office 365 always refuses that on port 587; its error (530 5.7.57) then stands in the log last and hides the one that tells the cause.",
    evidence: "the alias's choice to use SMTP when ESMTP authentication fails",
    remedy: &[
        "Switch the fallback off: 12.6 and later: Administration Console, <department> > Apps > Email > Aliases > (the alias) > Outgoing server; up to 12.5: Administration console, <department> > Email > Aliases > (the alias) > Servers tab.",
        "Restart the dispatcher instances of the partition.",
        VERIFY,
    ],
    references: &["eGain help: creating aliases"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    Ok(each(case, check, |alias| judge(check, alias)))
}

fn judge(check: &Check, alias: &AliasView<'_>) -> Finding {
    let subject = subject_of(alias);
    if let Some((Inbound::Graph, origin)) = alias.inbound() {
        return check
            .not_applicable(subject, text!("the alias sends through Graph API, not SMTP"))
            .at(&origin);
    }
    let said: Vec<_> = alias.rows.iter().filter_map(|row| row.smtp_fallback.fact()).collect();
    let (on, off): (Vec<_>, Vec<_>) = said.into_iter().partition(|fact| fact.value);
    match (on.first(), off.first()) {
        (Some(on), Some(off)) => check
            .unknown(subject, text!("two exports disagree about the fallback to SMTP without authentication"))
            .at(&on.origin)
            .at(&off.origin)
            .want(screen()),
        (Some(on), None) => check
            .fail(
                subject,
                text!("the alias falls back to SMTP without authentication: Office 365 refuses that always, and the second error hides the first"),
            )
            .at(&on.origin)
            .explains("signature:smtp.530_5_7_57"),
        (None, Some(off)) => check
            .pass(subject, text!("the alias doesn't fall back to SMTP without authentication"))
            .at(&off.origin),
        (None, None) => check
            .unknown(
                subject,
                text!("no export shows whether the alias falls back to SMTP without authentication"),
            )
            .at_all(alias.rows.first().map(|row| &row.origin))
            .want(screen()),
    }
}

fn screen() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("whether the alias falls back to SMTP when ESMTP authentication fails"),
        text!(
            "12.6 and later: Administration Console, <department> > Apps > Email > Aliases > (the alias) > Outgoing server: a screenshot's text, or a table with a column `Use SMTP when ESMTP authentication fails`; up to 12.5: Administration console, <department> > Email > Aliases > Servers tab"
        ),
    )
}
