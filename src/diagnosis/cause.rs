//! A cause, put together from the clues that stand for it.

use super::clue::{Clue, Source};
use super::onset::Onset;
use super::reach::Reach;
use crate::finding::{Confidence, Finding, Severity, Suppressed, Want};
use crate::model::{Origin, Text};
use crate::text;

/// A cause, and what it accounts for.
#[derive(Clone, Debug)]
pub struct RootCause {
    /// `check:<id>` or `signature:<id>`.
    pub cause: String,
    /// The check whose place in the chain it takes: its own, or the one that a signature bears on most. Empty if there is none.
    pub acts_as: String,
    /// What it is about: the finding's subject, or several of them.
    pub subject: Text,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong, in the words of the finding.
    pub summary: Text,
    /// Symptoms that it accounts for: `check:<id>` or `signature:<id>`.
    pub explains: Vec<String>,
    /// Where it is seen.
    pub evidence: Vec<Origin>,
    /// What to do.
    pub remedy: Vec<Text>,
    /// When it began, where attempts in the logs show it.
    pub onset: Option<Onset>,
    /// How far it reaches.
    pub reach: Reach,
    /// For a refusal that names no reason: the checks that may hold it and are still open, likeliest first.
    pub candidates: Vec<Candidate>,
    /// Causes further down the chain that may show only once this one is mended: `check:<id>` or `signature:<id>`.
    pub masks: Vec<String>,
    /// Why it doesn't count, if the user suppressed all that it is made of.
    pub suppressed: Option<Suppressed>,
}

/// A check that may hold the reason of a refusal.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id.
    pub check: String,
    /// What would decide it.
    pub wants: Vec<Want>,
}

/// Most subjects that a cause names.
const SUBJECTS: usize = 5;
/// Most places that a cause quotes.
const PLACES: usize = 8;

impl RootCause {
    /// One cause from all the clues with one id: the same fault of ten mailboxes is one cause.
    pub(super) fn of(clues: &[&Clue<'_>]) -> Option<Self> {
        let first = clues.first()?;
        Some(match first.source {
            Source::Finding(_) => Self::of_findings(first, &clues.iter().filter_map(|clue| clue.finding()).collect::<Vec<_>>()),
            Source::Text(_) => Self::of_text(clues),
        })
    }

    fn of_findings(clue: &Clue<'_>, group: &[&Finding]) -> Self {
        let counting: Vec<&Finding> = group.iter().copied().filter(|f| f.suppressed.is_none()).collect();
        let group = if counting.is_empty() { group } else { &counting };
        let worst = group.iter().min_by_key(|f| (f.severity, f.confidence)).copied();
        let summary = worst.map(|f| f.message.clone()).unwrap_or_default();
        let mut evidence: Vec<Origin> = Vec::new();
        for origin in group.iter().flat_map(|f| &f.evidence) {
            if evidence.len() < PLACES && !evidence.contains(origin) {
                evidence.push(origin.clone());
            }
        }
        Self {
            subject: listed(group.iter().map(|f| f.subject.name.clone())),
            severity: worst.map_or(Severity::Medium, |f| f.severity),
            confidence: worst.map_or(Confidence::Low, |f| f.confidence),
            summary: match group.len() {
                0 | 1 => summary,
                n => text!("{summary} (and {others} more like it)", summary, others = n - 1),
            },
            evidence,
            remedy: worst.map(|f| f.remedy.clone()).unwrap_or_default(),
            suppressed: worst.and_then(|f| f.suppressed.clone()),
            ..Self::blank(clue)
        }
    }

    fn of_text(clues: &[&Clue<'_>]) -> Self {
        let first = clues[0];
        let mut whose: Vec<String> = Vec::new();
        for clue in clues {
            match &clue.shows.mailboxes {
                Some(mailboxes) => whose.extend(mailboxes.iter().cloned()),
                None => whose.push("deployment".to_owned()),
            }
        }
        whose.sort();
        whose.dedup();
        if whose.iter().any(|name| name == "deployment") {
            whose = vec!["deployment".to_owned()];
        }
        let tails = clues
            .iter()
            .flat_map(|clue| &clue.attempts)
            .filter_map(|operation| operation.failing_tail().first());
        let mut evidence: Vec<Origin> = tails.map(|run| run.origin.clone()).collect();
        if let Source::Text(hit) = first.source {
            evidence.extend(hit.samples.iter().cloned());
        }
        let mut seen: Vec<Origin> = Vec::new();
        evidence.retain(|origin| {
            !seen.contains(origin) && {
                seen.push(origin.clone());
                true
            }
        });
        evidence.truncate(3);
        let known = first.known.as_ref();
        Self {
            subject: listed(whose.into_iter()),
            severity: known.map_or(Severity::Medium, |k| k.severity),
            confidence: if first.is_refusal() { Confidence::Low } else { Confidence::Medium },
            summary: known.map(|k| k.meaning.clone()).unwrap_or_default(),
            evidence,
            remedy: known.map(|k| k.remedy.clone()).unwrap_or_default(),
            ..Self::blank(first)
        }
    }

    fn blank(clue: &Clue<'_>) -> Self {
        Self {
            cause: clue.id.clone(),
            acts_as: clue.acts_as.clone(),
            subject: Text::default(),
            severity: Severity::Medium,
            confidence: Confidence::Low,
            summary: Text::default(),
            explains: Vec::new(),
            evidence: Vec::new(),
            remedy: Vec::new(),
            onset: None,
            reach: Reach::default(),
            candidates: Vec::new(),
            masks: Vec::new(),
            suppressed: None,
        }
    }
}

fn listed(names: impl Iterator<Item = String>) -> Text {
    let names: Vec<String> = names.collect();
    match names.len() {
        n if n <= SUBJECTS => Text::list(names),
        n => text!("{names} and {others} more", names = Text::list(&names[..SUBJECTS]), others = n - SUBJECTS),
    }
}
