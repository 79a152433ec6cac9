//! The checks: each a constant and a function, one file each, listed in the order of the report. A check's text lives beside
//! its code and feeds `explain`, the reports and the README.

mod alarm;
mod alias;
mod app;
mod cut;
pub mod log;
mod mailbox;
mod network;
mod signin;
mod token;
mod url;
mod version;
pub mod wanted;

use crate::case::Case;
use crate::finding::{Confidence, Finding, Severity, Subject, Verdict, Want};
use crate::model::{Origin, Text};
use crate::text;
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The step of a remedy by which mail flows again, where the fault may have had sign-ins refused: ECE takes an alias out of service
/// after repeated refusals, and never puts it back by itself (tech note, Troubleshooting).
const REACTIVATE_ALIASES: &str = "Re-activate the aliases that ECE has disabled meanwhile.";

/// A check.
pub struct Check {
    /// Stable id, `url.redirect-host`.
    pub id: &'static str,
    /// What it makes sure of, in a few words.
    pub title: &'static str,
    /// Severity of a `fail`. A `warn` counts one step lower unless the finding says otherwise.
    pub severity: Severity,
    /// Why it matters to mail over OAuth in ECE.
    pub why: &'static str,
    /// Evidence it looks at, in words.
    pub evidence: &'static str,
    /// What to do when it fails, step by step; the last step verifies it.
    pub remedy: &'static [&'static str],
    /// Sources: vendor's pages, the tech note's section.
    pub references: &'static [&'static str],
    /// Judges the case: one finding per subject. A gap becomes one `unknown` about the deployment.
    pub run: fn(&Case, &Check) -> Result<Vec<Finding>, Gap>,
}

/// Why a check can't judge: what is missing, contradictory or unreadable, and what would settle it.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// The reason, in a sentence.
    pub message: Text,
    /// Both sides of a contradiction, or the place that can't be read.
    pub evidence: Vec<Origin>,
    /// What would settle it.
    pub wants: Vec<Want>,
}

impl Gap {
    /// A gap of missing evidence.
    pub fn missing(message: Text, wants: Vec<Want>) -> Self {
        Self {
            message,
            evidence: Vec::new(),
            wants,
        }
    }
}

impl Check {
    /// The area of the catalogue that the check belongs to: the part of its id before the dot.
    pub fn area(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    /// A finding of this check, with the severity that its verdict implies: the check's own for `fail`, one step lower for
    /// `warn`, `info` for the others.
    pub fn finding(&self, verdict: Verdict, subject: Subject, message: Text) -> Finding {
        let severity = match (verdict, self.severity) {
            (Verdict::Fail, severity) => severity,
            (Verdict::Warn, Severity::Critical | Severity::High) => Severity::Medium,
            (Verdict::Warn, _) => Severity::Low,
            _ => Severity::Info,
        };
        let remedy = match verdict {
            Verdict::Fail | Verdict::Warn => self.remedy.iter().map(|&step| Text::catalogued(step)).collect(),
            _ => Vec::new(),
        };
        Finding {
            check: self.id,
            subject,
            verdict,
            severity,
            confidence: Confidence::High,
            message,
            evidence: Vec::new(),
            explains: Vec::new(),
            wants: Vec::new(),
            remedy,
            suppressed: None,
            internal_error: false,
        }
    }

    /// `fail` about `subject`.
    pub fn fail(&self, subject: Subject, message: Text) -> Finding {
        self.finding(Verdict::Fail, subject, message)
    }

    /// `warn` about `subject`.
    pub fn warn(&self, subject: Subject, message: Text) -> Finding {
        self.finding(Verdict::Warn, subject, message)
    }

    /// `pass` about `subject`.
    pub fn pass(&self, subject: Subject, message: Text) -> Finding {
        self.finding(Verdict::Pass, subject, message)
    }

    /// `unknown` about `subject`.
    pub fn unknown(&self, subject: Subject, message: Text) -> Finding {
        self.finding(Verdict::Unknown, subject, message)
    }

    /// `not-applicable` for `subject`.
    pub fn not_applicable(&self, subject: Subject, message: Text) -> Finding {
        self.finding(Verdict::NotApplicable, subject, message)
    }
}

impl Finding {
    /// Adds a place where it was seen.
    pub fn at(mut self, origin: &Origin) -> Self {
        if !self.evidence.contains(origin) {
            self.evidence.push(origin.clone());
        }
        self
    }

    /// Adds places where it was seen.
    pub fn at_all<'a>(self, origins: impl IntoIterator<Item = &'a Origin>) -> Self {
        origins.into_iter().fold(self, Self::at)
    }

    /// Adds evidence that would settle it.
    pub fn want(mut self, want: Want) -> Self {
        if !self.wants.contains(&want) {
            self.wants.push(want);
        }
        self
    }

    /// Sets how sure it is.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Sets how much it matters.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Replaces the check's own remedy by one that fits the finding better.
    pub fn remedy(mut self, steps: impl IntoIterator<Item = Text>) -> Self {
        self.remedy = steps.into_iter().collect();
        self
    }

    /// Names a symptom that this finding accounts for: `check:<id>` or `signature:<id>`.
    pub fn explains(mut self, id: impl Into<String>) -> Self {
        self.explains.push(id.into());
        self
    }
}

/// All checks, in the order of the report.
pub fn all() -> impl Iterator<Item = &'static Check> {
    AREAS.iter().flat_map(|area| area.iter())
}

/// The check with this id.
pub fn by_id(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id == id)
}

/// The areas, in the order of the report.
#[rustfmt::skip]
const AREAS: &[&[Check]] = &[
    version::CHECKS,
    url::CHECKS,
    app::CHECKS,
    token::CHECKS,
    mailbox::CHECKS,
    alias::CHECKS,
    alarm::CHECKS,
    network::CHECKS,
    signin::CHECKS,
    log::CHECKS,
];

/// Runs every check over the case. Each gives at least one finding. Nothing passes on evidence that is cut.
pub fn run(case: &Case) -> Vec<Finding> {
    let checks: Vec<&Check> = all().collect();
    let mut findings: Vec<Finding> = checks.into_par_iter().flat_map_iter(|check| judge(case, check)).collect();
    cut::withhold(&mut findings, &case.facts.cut);
    findings
}

/// What one check says. A panic costs this check, never the run.
fn judge(case: &Case, check: &Check) -> Vec<Finding> {
    match catch_unwind(AssertUnwindSafe(|| (check.run)(case, check))) {
        Ok(Ok(findings)) => findings,
        Ok(Err(gap)) => {
            let mut finding = check.unknown(Subject::deployment(), gap.message);
            finding.evidence = gap.evidence;
            finding.wants = gap.wants;
            vec![finding]
        }
        Err(_) => {
            let message = text!("not judged: an internal error of ecelens; please report it with this check's name and the kinds of the files");
            let mut finding = check.unknown(Subject::deployment(), message);
            finding.internal_error = true;
            vec![finding]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_its_own_check() {
        let check = Check {
            run: |_, _| panic!("a panic on purpose"),
            ..*by_id("url.redirect-host").expect("a check")
        };
        let found = judge(&Case::default(), &check);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].check, found[0].verdict), ("url.redirect-host", Verdict::Unknown));
        assert!(found[0].internal_error);
        assert!(found[0].message.english().starts_with("not judged"), "{:?}", found[0].message);
    }
}
