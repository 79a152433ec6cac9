//! `version.documentation`

use crate::case::Case;
use crate::checks::{Check, Gap};
use crate::finding::{Finding, Severity, Subject};
use crate::model::ageing;
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "version.documentation",
    title: "Which administrator guide belongs to this release",
    severity: Severity::Info,
    why: "The steps for OAuth differ from release to release. Following the guide of another release leads to the wrong setting, the wrong screen or the wrong permissions.",
    evidence: "version text in settings exports, notes, logs and file names; --ece-version",
    remedy: &[],
    references: &["Cisco tech note 218453, Minimum version"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let version = case.version()?;
    let shown = version.value;
    let finding = match ageing::level_of(&version) {
        Some(level) => check.pass(
            Subject::deployment(),
            text!("use the guide of this release: {guide}", guide = level.guide),
        ),
        None if shown.release() >= (15, 0) => check.pass(
            Subject::deployment(),
            text!(
                "use the administrator guides of release {major}.{minor}",
                major = shown.major,
                minor = shown.minor
            ),
        ),
        None => check.not_applicable(
            Subject::deployment(),
            text!("no administrator guide describes OAuth for Office 365 for ECE {shown}", shown),
        ),
    };
    Ok(vec![finding.at(&version.origin)])
}
