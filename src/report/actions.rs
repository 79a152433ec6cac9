//! The action list: who must do what, where, and why. CSV and the workbook print it.

use super::quotes::alike;
use super::{Report, words};
use crate::finding::{Role, Suppressed, Verdict};
use crate::model::Language;
use crate::word;
use std::collections::BTreeMap;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Number of the finding in the report, from 1. Several actions may settle one finding.
    pub finding: usize,
    /// Who has the rights.
    pub who: Role,
    /// `mend`, `look into`, `collect`, or `nothing (suppressed)`.
    pub what: &'static str,
    /// Rank of the root cause that this mends; `None` for a consequence or a lesser fault.
    pub rank: Option<usize>,
    /// Verdict of the finding.
    pub verdict: &'static str,
    /// Its severity.
    pub severity: &'static str,
    /// Its check.
    pub check: String,
    /// Kind of the subject.
    pub kind: &'static str,
    /// The subject.
    pub subject: String,
    /// Why: what was found.
    pub why: String,
    /// What to do, one step a line.
    pub steps: String,
    /// The first places that show it.
    pub places: String,
}

const MEND: &str = word!("mend");
const COLLECT: &str = word!("collect");
/// What is to be done about what the configuration suppresses.
const SUPPRESSED: &str = word!("nothing (suppressed)");

/// The column that tells why.
pub const WHY: &str = word!("why");

/// Names of an action's columns, in the order of [`Action::cells`].
pub const COLUMNS: [&str; 12] = [
    word!("finding"),
    word!("who"),
    word!("what"),
    word!("rank"),
    word!("verdict"),
    word!("severity"),
    word!("check"),
    word!("subject kind"),
    word!("subject"),
    WHY,
    word!("steps"),
    word!("places"),
];

impl Action {
    /// The texts of its columns, not yet made harmless.
    pub fn cells(&self, language: Language) -> [String; 12] {
        [
            self.finding.to_string(),
            words::role(self.who, language),
            language.of(self.what).to_owned(),
            self.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            self.verdict.to_owned(),
            self.severity.to_owned(),
            self.check.clone(),
            language.of(self.kind).to_owned(),
            self.subject.clone(),
            self.why.clone(),
            self.steps.clone(),
            self.places.clone(),
        ]
    }
}

/// Every finding that fails, warns or is open, root causes first. An open question has an action for each role that can answer
/// it. A cause that is no finding (an error text that no check covers) comes as number 0.
pub fn actions(report: &Report) -> Vec<Action> {
    let mut actions: Vec<Action> = report.diagnosis.iter().filter_map(|cause| of_signature(cause, report.language)).collect();
    for (index, finding) in report.findings.iter().enumerate() {
        let what = match finding.verdict {
            Verdict::Fail | Verdict::Warn | Verdict::Unknown if finding.suppressed.is_some() => SUPPRESSED,
            Verdict::Fail => MEND,
            Verdict::Warn => word!("look into"),
            Verdict::Unknown => COLLECT,
            Verdict::Pass | Verdict::NotApplicable => continue,
        };
        let rank = report
            .diagnosis
            .iter()
            .find(|c| c.cause.strip_prefix("check:") == Some(finding.check) && c.subject == finding.subject.name)
            .map(|c| c.rank);
        let action = Action {
            finding: index + 1,
            who: words::mender(finding.check),
            what,
            rank,
            verdict: finding.verdict.word(),
            severity: words::severity(finding.severity),
            check: finding.check.to_owned(),
            kind: words::subject_kind(finding.subject.kind),
            subject: words::subject(&finding.subject),
            why: with_mark(&finding.message, finding.suppressed.as_ref(), report.language),
            steps: numbered(&finding.remedy),
            places: places(&finding.evidence),
        };
        let mut by_role: BTreeMap<Role, Vec<String>> = BTreeMap::new();
        if what == COLLECT {
            for want in &finding.wants {
                by_role.entry(want.role).or_default().push(format!("{}: {}", want.evidence, want.how));
            }
        }
        if by_role.is_empty() {
            actions.push(action);
        } else {
            actions.extend(by_role.into_iter().map(|(who, steps)| Action {
                who,
                steps: numbered(&steps),
                ..action.clone()
            }));
        }
    }
    actions.sort_by_key(|a| (a.what == SUPPRESSED, a.rank.unwrap_or(usize::MAX), a.verdict_order(), a.finding, a.who));
    actions
}

impl Action {
    fn verdict_order(&self) -> u8 {
        match self.what {
            MEND => 0,
            "look into" => 1,
            _ => 2,
        }
    }
}

fn of_signature(cause: &super::Cause, language: Language) -> Option<Action> {
    let id = cause.cause.strip_prefix("signature:")?;
    Some(Action {
        finding: 0,
        who: words::mender(id),
        what: if cause.suppressed.is_some() { SUPPRESSED } else { MEND },
        rank: Some(cause.rank),
        verdict: "cause",
        severity: words::severity(cause.severity),
        check: cause.cause.clone(),
        kind: "",
        subject: cause.subject.clone(),
        why: with_mark(&cause.summary, cause.suppressed.as_ref(), language),
        steps: numbered(&cause.remedy),
        places: places(&cause.evidence),
    })
}

fn with_mark(text: &str, mark: Option<&Suppressed>, language: Language) -> String {
    mark.map_or_else(|| text.to_owned(), |mark| format!("{text} ({})", words::suppressed(mark, language)))
}

fn numbered(steps: &[String]) -> String {
    match steps {
        [one] => one.clone(),
        steps => {
            let lines: Vec<String> = steps.iter().enumerate().map(|(n, step)| format!("{}. {step}", n + 1)).collect();
            lines.join("\n")
        }
    }
}

/// The first places: one of each that shows other words, then those that say the same again.
fn places(evidence: &[super::EvidenceRow]) -> String {
    let quotes = alike(evidence);
    let again = quotes.iter().flat_map(|places| places.iter().skip(1));
    let all = quotes.iter().filter_map(|places| places.first()).chain(again);
    let places: Vec<String> = all.take(4).map(|e| e.place()).collect();
    places.join("\n")
}
