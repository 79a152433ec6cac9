//! What changed between two reports. A finding is the same one if check and subject are the same, wherever its lines went.

use super::escape::{markdown as md, visible_line};
use super::text::{Style, wrap};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

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

/// Causes, by whether they are in both reports.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CauseChanges {
    /// Only in the new one.
    pub new: Vec<String>,
    /// Only in the old one. That alone doesn't prove that they are mended: see `fixed`.
    pub gone: Vec<String>,
    /// In both.
    pub unchanged: Vec<String>,
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

fn is_same(before: &State, after: &State) -> bool {
    before.verdict == after.verdict
        && before.severity == after.severity
        && (rank(&after.verdict) > 1 || gist(&before.message) == gist(&after.message))
}

/// Compares two JSON reports.
pub fn diff(old: &Value, new: &Value) -> Diff {
    let (before, after) = (states(old), states(new));
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
            (Some(old), Some(new)) if is_same(old, new) => &mut diff.unchanged,
            (old, new) if is_fault(new) && !is_fault(old) => &mut diff.new,
            (old, Some(new)) if is_fault(old) && rank(&new.verdict) > 2 => &mut diff.fixed,
            _ => &mut diff.changed,
        };
        list.push(change);
    }
    diff
}

fn causes(old: &Value, new: &Value) -> CauseChanges {
    let set = |report: &Value| -> BTreeSet<String> {
        let causes = report["diagnosis"].as_array().into_iter().flatten();
        causes
            .map(|c| {
                format!(
                    "{} about {}",
                    c["cause"].as_str().unwrap_or_default(),
                    c["subject"].as_str().unwrap_or_default()
                )
            })
            .collect()
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
    pub fn words(&self) -> String {
        format!(
            "{} fixed, {} new, {} changed, {} unchanged",
            self.fixed.len(),
            self.new.len(),
            self.changed.len(),
            self.unchanged.len()
        )
    }

    /// True if a finding of this check and subject, or a cause, is new.
    pub fn is_new(&self, check: &str, subject: &str) -> bool {
        self.new.iter().any(|c| c.check == check && c.subject == subject)
    }

    fn lists(&self) -> [(&'static str, &[Change]); 3] {
        [("Fixed", &self.fixed), ("New", &self.new), ("Changed", &self.changed)]
    }

    fn cause_lists(&self) -> [(&'static str, &[String]); 3] {
        let c = &self.causes;
        [("new", &c.new), ("no longer found", &c.gone), ("still there", &c.unchanged)]
    }

    /// For a terminal.
    pub fn text(&self, style: &Style) -> String {
        let mut out = String::from("Root causes\n");
        for (word, causes) in self.cause_lists() {
            causes
                .iter()
                .for_each(|cause| wrap(&mut out, &format!("  {word}: "), "    ", &visible_line(cause), style.width));
        }
        if self.cause_lists().iter().all(|(_, causes)| causes.is_empty()) {
            out.push_str("  none in either\n");
        }
        for (title, changes) in self.lists().into_iter().filter(|(_, changes)| !changes.is_empty()) {
            let _ = writeln!(out, "\n{title}");
            for change in changes {
                let first = format!("  {} [{}] {}: ", change.check, visible_line(&change.subject), change.verdicts());
                wrap(&mut out, &first, "    ", &visible_line(change.message()), style.width);
            }
        }
        let _ = writeln!(out, "\n{}", self.words());
        out
    }

    /// For a case note.
    pub fn markdown(&self) -> String {
        let mut out = String::from("# What changed\n\n");
        let _ = writeln!(out, "{}\n\n## Root causes\n", self.words());
        for (word, causes) in self.cause_lists() {
            causes.iter().for_each(|cause| {
                let _ = writeln!(out, "- {word}: {}", md(cause));
            });
        }
        for (title, changes) in self.lists().into_iter().filter(|(_, changes)| !changes.is_empty()) {
            let _ = writeln!(out, "\n## {title}\n");
            for change in changes {
                let _ = writeln!(
                    out,
                    "- **{}** {} {}: {}",
                    change.verdicts(),
                    md(&change.check),
                    md(&change.subject),
                    md(change.message())
                );
            }
        }
        out
    }
}

impl Change {
    /// `fail → pass`, in words: `fail, now pass`.
    fn verdicts(&self) -> String {
        let word = |state: &Option<State>| state.as_ref().map_or("not there", |s| s.verdict.as_str()).to_owned();
        let (before, after) = (word(&self.before), word(&self.after));
        let (before, after) = (visible_line(&before), visible_line(&after));
        if before == after { after } else { format!("{before}, now {after}") }
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
}
