//! `version.minimum-es`

use crate::case::Case;
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity, Subject};
use crate::model::ageing::{self, ReleaseLevel};
use crate::model::{Fact, Version};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "version.minimum-es",
    title: "The ECE release and its engineering special support OAuth for Office 365",
    severity: Severity::Critical,
    why: "Microsoft ended basic authentication for Exchange Online mailboxes. ECE speaks OAuth2 to Office 365 only from a certain engineering special (ES) of each release on; below it, no setting makes mail work.",
    evidence: "version text in settings exports, notes, logs and file names; --ece-version",
    remedy: &[
        "Install the latest engineering special of your release on all ECE servers in a maintenance window (11.6(1): ES12 and then ES12_ET1; 12.0(1): ES6 or later; 12.5(1): ES3 or later; 12.6(1): ES1 or later). 11.5 and older have no such special: upgrade the release first.",
        "Set up OAuth by the administrator guide of that same release, and generate the tokens in a private browser window.",
        "Verify: the console's About box shows the new level, and a test mail to each alias is fetched and answered.",
    ],
    references: &["Cisco tech note 218453, Minimum version", "CSCvr86493", "CSCwd61276"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let version = case.version()?;
    let finding = match ageing::level_of(&version) {
        Some(level) => of_level(check, &version, level),
        None => of_other_release(check, &version),
    };
    Ok(vec![finding.at(&version.origin)])
}

fn of_level(check: &Check, version: &Fact<Version>, level: &ReleaseLevel) -> Finding {
    let (shown, least) = (version.value, level.least());
    let subject = Subject::deployment();
    if level.minimum_es == 0 {
        return check.pass(subject, text!("ECE {shown}: OAuth for Office 365 is built in", shown));
    }
    let Some(es) = version.es else {
        return check
            .unknown(
                subject,
                text!(
                    "ECE {shown} is named without its engineering special; OAuth for Office 365 needs at least {least}",
                    shown,
                    least
                ),
            )
            .want(Case::version_want());
    };
    let lacks_patch = es == level.minimum_es && level.minimum_et.is_some_and(|least| version.et.is_none_or(|et| et < least));
    if es < level.minimum_es {
        check.fail(
            subject,
            text!(
                "ECE {shown} runs, but OAuth for Office 365 needs at least {least}: this level can't sign in to Exchange Online",
                shown,
                least
            ),
        )
    } else if lacks_patch {
        let patch = level.minimum_et.unwrap_or_default();
        check
            .fail(subject, text!(
                "ECE {shown} runs without its test patch ES{es}_ET{patch}, which OAuth for Office 365 needs beside ES{es} ({least})",
                shown,
                es,
                patch,
                least,
            ))
            .confidence(Confidence::Medium)
            .remedy([
                text!(
                    "Install ES{es}_ET{patch} on all ECE servers (it mends CSCwd61276: scheduled reports without body and attachment after ES{es}).",
                    es,
                    patch,
                ),
                text!(
                    "Verify: the console's About box or the list of installed updates shows ES{es}_ET{patch}, and a test mail to each alias is fetched and answered.",
                    es,
                    patch,
                ),
            ])
    } else {
        check.pass(
            subject,
            text!(
                "ECE {shown} is at or above the least level for OAuth with Office 365 ({least})",
                shown,
                least
            ),
        )
    }
}

/// A release that the table doesn't hold: older than all is out, newer than all has it built in.
fn of_other_release(check: &Check, version: &Fact<Version>) -> Finding {
    let shown = version.value;
    let subject = Subject::deployment();
    match shown.release() {
        release if release < (11, 6) => check.fail(
            subject,
            text!(
                "ECE {shown} runs, but no engineering special of this release supports OAuth for Office 365; the oldest release that does is 11.6(1) with ES12 and ES12_ET1",
                shown,
            ),
        ),
        release if release >= (15, 0) => check.pass(subject, text!("ECE {shown}: OAuth for Office 365 is built in", shown)),
        _ => check
            .unknown(subject, text!("{shown} is no release of ECE that this tool knows", shown))
            .want(Case::version_want()),
    }
}
