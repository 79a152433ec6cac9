//! The configuration that the user gives with `--config`: findings to suppress, each with its reason and its end.
//!
//! ```toml
//! [[suppress]]
//! id = "network.ports"               # a check, or the error text that a cause is
//! subject = "ECEWEB01 993"           # as the report names it
//! reason = "No retriever runs on the web server"
//! expires = 2026-12-31               # to the end of this day, by the evidence's own clock
//! ```
//!
//! A suppressed finding stays in every report, marked; it counts neither for the exit code nor as a cause. What does nothing (it
//! has expired, its finding is gone or passes) is said with its line, so that the file doesn't rot.

use crate::diagnostic::Diagnostic;
use crate::finding::Suppressed;
use crate::model::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::value::Datetime;

/// A configuration, read and found good.
#[derive(Clone, Debug, Default)]
pub struct Config {
    name: String,
    text: String,
    suppressions: Vec<Suppression>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    suppress: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    subject: Spanned<String>,
    reason: Spanned<String>,
    expires: Spanned<Datetime>,
}

/// One finding to suppress.
#[derive(Clone, Debug)]
struct Suppression {
    id: Spanned<String>,
    subject: Spanned<String>,
    reason: String,
    /// Its last moment; without an offset where the file names none.
    end: Stamp,
    expires: Spanned<String>,
}

/// What became of a suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It suppresses something.
    Used,
    /// Its end lies before the evidence: it suppresses nothing any more.
    Expired,
    /// Nothing in the bundle is dated, so that its end can't be judged: it suppresses nothing.
    Undated,
    /// What it names is right now, doesn't apply, or isn't judged.
    Stale,
    /// Its check says nothing about its subject.
    Unmatched,
}

/// A suppression, and what became of it, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Id of a check, or of the error text that a cause is.
    pub id: String,
    /// The subject.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// Its last day or moment, as written.
    pub expires: String,
    /// What became of it.
    pub state: State,
    /// `ecelens.toml:12`.
    pub at: String,
}

impl Config {
    /// Reads the text of the file `name`. `unknown` tells of an id that exists nowhere what may be meant (or nothing, as an empty
    /// text), and `None` of one that exists.
    ///
    /// # Errors
    /// What is wrong, each with its place. Nothing of a broken file is used: half a list of suppressions says something else.
    pub fn read(name: &str, text: &str, unknown: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Diagnostic>> {
        let wrong = |at: Range<usize>, message: String| Diagnostic::at(name, text, at, message, true);
        let file: File = toml::from_str(text).map_err(|error| vec![wrong(error.span().unwrap_or(0..0), error.message().trim_end().to_owned())])?;
        let mut suppressions = Vec::new();
        let mut seen = BTreeSet::new();
        let mut errors = Vec::new();
        for entry in file.suppress {
            for (field, value) in [("subject", &entry.subject), ("reason", &entry.reason)] {
                if value.get_ref().trim().is_empty() {
                    errors.push(wrong(value.span(), format!("the {field} is empty")));
                }
            }
            if let Some(meant) = unknown(bare(entry.id.get_ref())) {
                let hint = if meant.is_empty() {
                    "`ecelens checks` lists the checks".to_owned()
                } else {
                    format!("did you mean `{meant}`?")
                };
                errors.push(wrong(
                    entry.id.span(),
                    format!("no check or error text is named `{}`; {hint}", entry.id.get_ref()),
                ));
            }
            if !seen.insert((bare(entry.id.get_ref()).to_owned(), entry.subject.get_ref().to_lowercase())) {
                errors.push(wrong(entry.id.span(), "this id and subject are suppressed above already".to_owned()));
            }
            let expires = Spanned::new(entry.expires.span(), entry.expires.get_ref().to_string());
            match last_moment(*entry.expires.get_ref()) {
                Some(end) => suppressions.push(Suppression {
                    id: entry.id,
                    subject: entry.subject,
                    reason: entry.reason.into_inner(),
                    end,
                    expires,
                }),
                None => errors.push(wrong(expires.span(), "expected a date, 2026-12-31, or a date with a time".to_owned())),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            suppressions,
        })
    }

    /// Judges the suppressions by `as_of`, the moment of the evidence.
    pub fn judge(&self, as_of: Option<Stamp>) -> Judge<'_> {
        let states = self.suppressions.iter().map(|_| State::Unmatched).collect();
        Judge {
            config: self,
            as_of,
            states,
            subjects: self.suppressions.iter().map(|_| Vec::new()).collect(),
        }
    }
}

/// Meets what the suppressions are about, one by one.
pub struct Judge<'c> {
    config: &'c Config,
    as_of: Option<Stamp>,
    states: Vec<State>,
    /// Subjects that the id of each suppression is about.
    subjects: Vec<Vec<String>>,
}

impl Judge<'_> {
    /// The mark for what `id` says about `subject`, if it is suppressed. `is_wrong`: there is something to suppress.
    pub fn mark(&mut self, id: &str, subject: &str, is_wrong: bool) -> Option<Suppressed> {
        let mut mark = None;
        let entries = self.config.suppressions.iter().zip(&mut self.states).zip(&mut self.subjects);
        for ((entry, state), subjects) in entries.filter(|((entry, _), _)| bare(entry.id.get_ref()) == id) {
            subjects.push(subject.to_owned());
            if entry.subject.get_ref().to_lowercase() != subject.to_lowercase() {
                continue;
            }
            *state = if is_wrong { entry.in_force(self.as_of) } else { State::Stale };
            if *state == State::Used {
                mark = Some(Suppressed {
                    reason: entry.reason.clone(),
                    expires: entry.expires.get_ref().clone(),
                    at: self.config.place(entry),
                });
            }
        }
        mark
    }

    /// What became of each suppression, in the order of the file, and what is to be said about those that do nothing.
    pub fn finish(self) -> (Vec<Applied>, Vec<Diagnostic>) {
        let mut remarks = Vec::new();
        let entries = self.config.suppressions.iter().zip(&self.states).zip(&self.subjects);
        let applied = entries.map(|((entry, state), subjects)| {
            remarks.extend(self.remark(entry, *state, subjects));
            Applied {
                id: entry.id.get_ref().clone(),
                subject: entry.subject.get_ref().clone(),
                reason: entry.reason.clone(),
                expires: entry.expires.get_ref().clone(),
                state: *state,
                at: self.config.place(entry),
            }
        });
        (applied.collect(), remarks)
    }

    fn remark(&self, entry: &Suppression, state: State, subjects: &[String]) -> Option<Diagnostic> {
        let (id, subject) = (entry.id.get_ref(), entry.subject.get_ref());
        let (at, message) = match state {
            State::Used => return None,
            State::Expired => {
                let as_of = self.as_of.map(Stamp::rfc3339).unwrap_or_default();
                let message = format!("this suppression ended before the evidence was taken ({as_of}): `{id}` about `{subject}` counts again");
                (entry.expires.span(), message)
            }
            State::Undated => {
                let message = "nothing in the bundle is dated, so that the end can't be judged and nothing is suppressed: give --as-of";
                (entry.expires.span(), message.to_owned())
            }
            State::Stale => (
                entry.id.span(),
                format!("`{id}` finds nothing wrong with `{subject}` now: remove this suppression"),
            ),
            State::Unmatched if subjects.is_empty() => (entry.id.span(), format!("`{id}` is not in this bundle: nothing is suppressed")),
            State::Unmatched => {
                const NAMED: usize = 5;
                let mut named: Vec<String> = subjects.iter().take(NAMED).map(|s| format!("`{s}`")).collect();
                if subjects.len() > NAMED {
                    named.push(format!("{} more", subjects.len() - NAMED));
                }
                let message = format!("`{id}` says nothing about `{subject}`: it is about {}", named.join(", "));
                (entry.subject.span(), message)
            }
        };
        Some(Diagnostic::at(&self.config.name, &self.config.text, at, message, false))
    }
}

impl Config {
    fn place(&self, entry: &Suppression) -> String {
        let before = self.text.get(..entry.id.span().start).unwrap_or("");
        format!("{}:{}", self.name, before.matches('\n').count() + 1)
    }
}

impl Suppression {
    fn in_force(&self, as_of: Option<Stamp>) -> State {
        match as_of {
            None => State::Undated,
            // An end without an offset is meant by the clock of the evidence.
            Some(as_of) if self.end.or_offset(as_of.offset_minutes).instant() < as_of.instant() => State::Expired,
            Some(_) => State::Used,
        }
    }
}

/// The id without what the diagnosis writes before it: `check:` or `signature:`.
fn bare(id: &str) -> &str {
    id.strip_prefix("check:").or_else(|| id.strip_prefix("signature:")).unwrap_or(id)
}

/// The last moment of a date, or a date with a time; `None` for a time without a date.
fn last_moment(written: Datetime) -> Option<Stamp> {
    written.date?;
    let text = match written.time {
        Some(_) => written.to_string(),
        None => format!("{written}T23:59:59.999"),
    };
    Stamp::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[suppress]]
id = "network.ports"
subject = "ECEWEB01 993"
reason = "no retriever runs there"
expires = 2026-12-31
"#;

    fn read(text: &str) -> Result<Config, Vec<Diagnostic>> {
        Config::read("ecelens.toml", text, |id| (id != "network.ports").then(|| String::from("network.ports")))
    }

    fn judged(as_of: Option<&str>, subject: &str, is_wrong: bool) -> (bool, State, String) {
        let config = read(GOOD).expect("a good file");
        let mut judge = config.judge(as_of.and_then(Stamp::parse));
        let marked = judge.mark("network.ports", subject, is_wrong).is_some();
        let (applied, remarks) = judge.finish();
        (marked, applied[0].state, remarks.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_suppression_holds_to_the_end_of_its_last_day() {
        let day = |as_of| judged(Some(as_of), "eceweb01 993", true);
        assert_eq!(day("2026-12-31T23:59:00-08:00"), (true, State::Used, String::new()));
        let (marked, state, said) = day("2027-01-01T00:00:00+02:00");
        assert_eq!((marked, state), (false, State::Expired));
        assert!(said.contains("--> ecelens.toml:6:11"), "{said}");
    }

    #[test]
    fn what_does_nothing_is_said() {
        let now = Some("2026-05-04T10:00:00Z");
        assert_eq!(judged(now, "ECEWEB01 993", false).1, State::Stale);
        assert_eq!(judged(None, "ECEWEB01 993", true).1, State::Undated);
        let (marked, state, said) = judged(now, "ECEWEB01 587", true);
        assert_eq!((marked, state), (false, State::Unmatched));
        assert!(
            said.contains("it is about `ECEWEB01 587`") && said.contains("ecelens.toml:4:11"),
            "{said}"
        );
    }

    #[test]
    fn errors_name_place_and_expectation() {
        let changed = |from: &str, to: &str| read(&GOOD.replace(from, to)).expect_err(to).remove(0);
        for (from, to, line, words) in [
            ("network.ports", "network.port", 3, "did you mean `network.ports`?"),
            ("reason = \"no retriever runs there\"\n", "", 2, "missing field `reason`"),
            ("no retriever runs there", " ", 5, "the reason is empty"),
            ("2026-12-31", "\"soon\"", 6, ""),
            ("2026-12-31", "10:00:00", 6, "expected a date"),
            ("subject", "about", 4, "unknown field `about`"),
            ("[[suppress]]", "[[suppres]]", 2, "unknown field `suppres`"),
        ] {
            let error = changed(from, to);
            assert!(error.line == line && error.message.contains(words), "{to}: {error}");
        }
        assert!(read(&format!("{GOOD}{GOOD}")).expect_err("twice")[0].message.contains("above already"));
    }
}
