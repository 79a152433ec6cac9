//! What changed between two reports. A finding is the same one if check and subject are the same, wherever its lines went.

use super::escape::{markdown as md, visible_line};
use super::text::{Ink, Style, title, wrap};
use crate::model::Language;
use crate::say;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The subject of findings about the whole deployment: it needs no naming.
const WHOLE: &str = "deployment deployment";

/// What was found about one check and subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Verdict.
    pub verdict: String,
    /// Severity.
    pub severity: String,
    /// Message.
    pub message: String,
}

/// One check and subject in both reports.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Check.
    pub check: String,
    /// Subject.
    pub subject: String,
    /// Before; null if the old report has no such finding.
    pub before: Option<State>,
    /// After; null if the new report has none.
    pub after: Option<State>,
}

/// A root cause of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CauseName {
    /// `check:<id>` or `signature:<id>`.
    pub cause: String,
    /// What it is about.
    pub subject: String,
}

/// Causes, by whether they are in both reports.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CauseChanges {
    /// Only in the new one.
    pub new: Vec<CauseName>,
    /// Only in the old one. That alone doesn't prove that they are mended: see `fixed`.
    pub gone: Vec<CauseName>,
    /// In both.
    pub unchanged: Vec<CauseName>,
}

/// The difference of two reports.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Diff {
    /// Version of this shape.
    pub schema_version: u32,
    /// Root causes.
    pub causes: CauseChanges,
    /// Failed or warned before, and is shown to be right now.
    pub fixed: Vec<Change>,
    /// Fails or warns now, and didn't before.
    pub new: Vec<Change>,
    /// Anything else that differs: a fault whose evidence is gone is no fault mended.
    pub changed: Vec<Change>,
    /// As before.
    pub unchanged: Vec<Change>,
}

/// True if `value` is a JSON report of this program.
pub fn is_report(value: &Value) -> bool {
    value["tool"]["name"] == "ecelens" && value["schema_version"] == 1 && value["findings"].is_array()
}

type States = BTreeMap<(String, String), State>;

/// Findings by check and subject; of several the worst one counts.
fn states(report: &Value) -> States {
    let mut states = States::new();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let subject = format!(
            "{} {}",
            text(&finding["subject"]["kind"]),
            text(&finding["subject"]["name"]).to_lowercase()
        );
        let state = State {
            verdict: text(&finding["verdict"]),
            severity: text(&finding["severity"]),
            message: text(&finding["message"]),
        };
        let key = (text(&finding["check"]), subject);
        match states.get(&key) {
            Some(known) if rank(&known.verdict) <= rank(&state.verdict) => {}
            _ => {
                states.insert(key, state);
            }
        }
    }
    states
}

fn rank(verdict: &str) -> u8 {
    match verdict {
        "fail" => 0,
        "warn" => 1,
        "unknown" => 2,
        "pass" => 3,
        _ => 4,
    }
}

fn is_fault(state: Option<&State>) -> bool {
    state.is_some_and(|s| rank(&s.verdict) < 2)
}

/// A message without its numbers: counts and times move on while a fault stays the same.
fn gist(message: &str) -> String {
    message.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Messages of two languages can't be compared.
fn is_same(before: &State, after: &State, one_language: bool) -> bool {
    before.verdict == after.verdict
        && before.severity == after.severity
        && (rank(&after.verdict) > 1 || !one_language || gist(&before.message) == gist(&after.message))
}

/// Compares two JSON reports.
pub fn diff(old: &Value, new: &Value) -> Diff {
    let (before, after) = (states(old), states(new));
    let one_language = old["language"] == new["language"];
    let mut diff = Diff {
        schema_version: 1,
        causes: causes(old, new),
        ..Diff::default()
    };
    let keys: BTreeSet<&(String, String)> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        let change = Change {
            check: key.0.clone(),
            subject: key.1.clone(),
            before: old.cloned(),
            after: new.cloned(),
        };
        let list = match (old, new) {
            (Some(old), Some(new)) if is_same(old, new, one_language) => &mut diff.unchanged,
            (old, new) if is_fault(new) && !is_fault(old) => &mut diff.new,
            (old, Some(new)) if is_fault(old) && rank(&new.verdict) > 2 => &mut diff.fixed,
            _ => &mut diff.changed,
        };
        list.push(change);
    }
    diff
}

fn causes(old: &Value, new: &Value) -> CauseChanges {
    let set = |report: &Value| -> BTreeSet<CauseName> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = |cause: &Value| CauseName {
            cause: text(&cause["cause"]),
            subject: text(&cause["subject"]),
        };
        report["diagnosis"].as_array().into_iter().flatten().map(name).collect()
    };
    let (old, new) = (set(old), set(new));
    CauseChanges {
        new: new.difference(&old).cloned().collect(),
        gone: old.difference(&new).cloned().collect(),
        unchanged: new.intersection(&old).cloned().collect(),
    }
}

impl Diff {
    /// The sums in one line.
    pub fn words(&self, language: Language) -> String {
        say!(
            language,
            "{fixed} fixed, {new} new, {changed} changed, {unchanged} unchanged",
            fixed = self.fixed.len(),
            new = self.new.len(),
            changed = self.changed.len(),
            unchanged = self.unchanged.len()
        )
    }

    /// True if a finding of this check and subject, or a cause, is new.
    pub fn is_new(&self, check: &str, subject: &str) -> bool {
        self.new.iter().any(|c| c.check == check && c.subject == subject)
    }

    fn lists(&self, language: Language) -> [(String, &[Change]); 3] {
        [
            (say!(language, "Fixed"), &self.fixed),
            (say!(language, "New"), &self.new),
            (say!(language, "Changed"), &self.changed),
        ]
    }

    /// Every cause with what became of it.
    fn causes_in_words(&self, language: Language) -> Vec<String> {
        let c = &self.causes;
        let word = |word: fn(Language) -> String| move |cause| (word(language), cause);
        let new = c.new.iter().map(word(|language| say!(language, "new")));
        let gone = c.gone.iter().map(word(|language| say!(language, "no longer found")));
        let unchanged = c.unchanged.iter().map(word(|language| say!(language, "still there")));
        let told = |(word, name): (String, &CauseName)| {
            let name = say!(language, "{cause} about {subject}", cause = name.cause, subject = name.subject);
            format!("{word}: {name}")
        };
        new.chain(gone).chain(unchanged).map(told).collect()
    }

    /// For a terminal.
    pub fn text(&self, language: Language, style: &Style) -> String {
        let mut out = String::new();
        title(&mut out, style, &say!(language, "Root causes"));
        let causes = self.causes_in_words(language);
        for cause in &causes {
            wrap(&mut out, "  ", "    ", &visible_line(cause), style.width);
        }
        if causes.is_empty() {
            let _ = writeln!(out, "  {}", say!(language, "none in either"));
        }
        for (heading, changes) in self.lists(language).into_iter().filter(|(_, changes)| !changes.is_empty()) {
            title(&mut out, style, &heading);
            for change in changes {
                let about = match change.subject.as_str() {
                    WHOLE => String::new(),
                    subject => format!("[{}] ", visible_line(subject)),
                };
                let words = format!("{about}{}: {}", change.verdicts(language), visible_line(change.message()));
                wrap(
                    &mut out,
                    &format!("  {} ", style.ink(Ink::Bold, &change.check)),
                    "    ",
                    &words,
                    style.width,
                );
            }
        }
        let _ = writeln!(out, "\n{}", style.ink(Ink::Bold, &self.words(language)));
        style.shown(out.trim_start().to_owned())
    }

    /// For a case note.
    pub fn markdown(&self, language: Language) -> String {
        let mut out = format!("# {}\n\n", say!(language, "What changed"));
        let _ = writeln!(out, "{}\n\n## {}\n", self.words(language), say!(language, "Root causes"));
        for cause in self.causes_in_words(language) {
            let _ = writeln!(out, "- {}", md(&cause));
        }
        for (title, changes) in self.lists(language).into_iter().filter(|(_, changes)| !changes.is_empty()) {
            let _ = writeln!(out, "\n## {title}\n");
            for change in changes {
                let about = match change.subject.as_str() {
                    WHOLE => String::new(),
                    subject => format!(" {}", md(subject)),
                };
                let _ = writeln!(
                    out,
                    "- **{}** {}{about}: {}",
                    change.verdicts(language),
                    md(&change.check),
                    md(change.message())
                );
            }
        }
        out
    }
}

impl Change {
    /// `fail → pass`, in words: `fail, now pass`.
    fn verdicts(&self, language: Language) -> String {
        let word = |state: &Option<State>| match state {
            None => say!(language, "not there"),
            Some(state) => visible_line(&state.verdict),
        };
        let (before, after) = (word(&self.before), word(&self.after));
        if before == after {
            after
        } else {
            say!(language, "{before}, now {after}", before, after)
        }
    }

    fn message(&self) -> &str {
        self.after.as_ref().or(self.before.as_ref()).map_or("", |s| s.message.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(rows: &[(&str, &str, &str)]) -> Value {
        let findings: Vec<Value> = rows
            .iter()
            .map(|(check, verdict, message)| json!({ "check": check, "subject": {"kind": "deployment", "name": "deployment"}, "verdict": verdict, "severity": "high", "message": message }))
            .collect();
        json!({ "findings": findings, "diagnosis": [] })
    }

    #[test]
    fn a_fault_without_evidence_is_not_fixed() {
        let old = report(&[
            ("a.fixed", "fail", "x"),
            ("a.lost", "fail", "x"),
            ("a.same", "fail", "3 times"),
            ("a.gone", "warn", "x"),
            ("a.new", "pass", "x"),
        ]);
        let new = report(&[
            ("a.fixed", "pass", "y"),
            ("a.lost", "unknown", "y"),
            ("a.same", "fail", "14 times"),
            ("a.new", "fail", "y"),
        ]);
        let diff = diff(&old, &new);
        let names = |changes: &[Change]| changes.iter().map(|c| c.check.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(names(&diff.fixed), "a.fixed");
        assert_eq!(names(&diff.new), "a.new");
        assert_eq!(names(&diff.changed), "a.gone a.lost");
        assert_eq!(names(&diff.unchanged), "a.same");
    }

    #[test]
    fn a_message_in_another_language_is_no_change() {
        let english = report(&[("a.same", "fail", "the alias is not active")]);
        let mut italian = report(&[("a.same", "fail", "l'alias non è attivo")]);
        assert_eq!(diff(&english, &italian).changed.len(), 1);
        italian["language"] = json!("it");
        assert_eq!(diff(&english, &italian).unchanged.len(), 1);
    }
}
