//! When it began: the last good moment, the first bad one, what changed between, and how far it reaches.

use super::rules::{Class, class_of_check, leads_to_signature};
use crate::case::Case;
use crate::model::{Fact, LogEventKind, Operation, OperationKind, Origin, Outcome, Run, Stamp};
use std::collections::BTreeSet;

/// When a fault began, as the attempts in the logs show it.
#[derive(Clone, Debug)]
pub struct Onset {
    /// Last attempt that worked before the failures, if one is in the logs.
    pub last_good: Option<Fact<Stamp>>,
    /// First attempt that failed, with no success after it.
    pub first_bad: Fact<Stamp>,
    /// Last attempt that failed.
    pub last_bad: Fact<Stamp>,
    /// Things that changed or ended between the last good and the first bad moment, in their order.
    pub changes: Vec<Fact<String>>,
}

/// How far a fault reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Kinds of attempts that fail now.
    pub failing: BTreeSet<OperationKind>,
    /// Kinds of attempts that work at the end of the evidence.
    pub working: BTreeSet<OperationKind>,
    /// Aliases and accounts that fail now.
    pub subjects: BTreeSet<String>,
    /// How many aliases and accounts the same attempts work for.
    pub spared: usize,
    /// Hosts whose logs show it.
    pub hosts: BTreeSet<String>,
}

impl Reach {
    /// In words: `token renewal and sending fail, fetching works; 2 of 3 aliases; seen on ECESVC01`. Empty if the logs don't show it.
    pub fn words(&self) -> String {
        if self.failing.is_empty() {
            return String::new();
        }
        let list = |kinds: &BTreeSet<OperationKind>| {
            let words: Vec<&str> = kinds.iter().map(|k| kind_words(*k)).collect();
            match words.split_last() {
                Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
                _ => words.concat(),
            }
        };
        let mut text = format!("{} {}", list(&self.failing), if self.failing.len() == 1 { "fails" } else { "fail" });
        let working: BTreeSet<OperationKind> = self.working.difference(&self.failing).copied().collect();
        if !working.is_empty() {
            text.push_str(&format!(", {} {}", list(&working), if working.len() == 1 { "works" } else { "work" }));
        }
        let named: Vec<&str> = self.subjects.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
        match (named.as_slice(), self.spared) {
            ([], _) => {}
            (few, 0) if few.len() <= 4 => text.push_str(&format!("; affected: {}", few.join(", "))),
            (many, 0) => text.push_str(&format!("; all {} affected", many.len())),
            (some, spared) => text.push_str(&format!(
                "; {} of {} affected: {}",
                some.len(),
                some.len() + spared,
                some[..some.len().min(4)].join(", ")
            )),
        }
        if !self.hosts.is_empty() {
            let hosts: Vec<&str> = self.hosts.iter().map(String::as_str).collect();
            text.push_str(&format!("; seen on {}", hosts.join(", ")));
        }
        text
    }
}

/// What an attempt is called in a sentence.
pub fn kind_words(kind: OperationKind) -> &'static str {
    kind.words()
}

/// Attempts that a cause of this kind makes fail.
fn kinds_of(cause: &str, explains: &[String]) -> BTreeSet<OperationKind> {
    use OperationKind::{Fetch, Send, TokenGeneration, TokenRefresh};
    let Some(check) = cause.strip_prefix("check:") else {
        return BTreeSet::from([TokenGeneration, TokenRefresh, Fetch, Send]);
    };
    let kinds: &[OperationKind] = match (class_of_check(check), check) {
        (_, "mailbox.smtp-auth" | "mailbox.send-as" | "log.dispatcher") => &[Send],
        (_, "mailbox.inbound-protocol" | "log.retriever-polling") => &[Fetch],
        (_, "token.refresh") => &[TokenRefresh, Fetch, Send],
        (Class::Settings, _) => &[TokenGeneration],
        (Class::Token | Class::Mailbox | Class::Alias, _) => &[Fetch, Send],
        _ => &[TokenGeneration, TokenRefresh, Fetch, Send],
    };
    let explained = |id: &str| explains.iter().any(|e| e == id);
    kinds
        .iter()
        .copied()
        .filter(|k| *k != TokenGeneration || check.starts_with("url.") || explained("check:signin.failures") || kinds.len() > 1)
        .collect()
}

/// The failing tails that `cause` accounts for.
fn failing<'a>(case: &'a Case, cause: &str, explains: &[String]) -> Vec<(&'a Operation, &'a [Run])> {
    let kinds = kinds_of(cause, explains);
    let accounted = |run: &Run| match &run.outcome {
        Outcome::Done => false,
        // A failure without a known text belongs to whatever makes such attempts fail.
        Outcome::Failed(ids) => {
            ids.is_empty()
                || ids.iter().any(|id| {
                    let named = format!("signature:{id}");
                    named == cause || explains.contains(&named) || cause.strip_prefix("check:").is_some_and(|check| leads_to_signature(check, id))
                })
        }
    };
    let operations = case.logs.operations.iter().filter(|o| kinds.contains(&o.kind));
    operations
        .map(|o| (o, o.failing_tail()))
        .filter(|(_, tail)| tail.iter().any(accounted))
        .collect()
}

fn order(stamp: Stamp) -> i64 {
    stamp.instant().map_or(stamp.local_ms, |i| i.0)
}

/// When the fault of `cause` began; `None` if no attempt in the logs shows it.
pub fn onset(case: &Case, cause: &str, explains: &[String]) -> Option<Onset> {
    let failing = failing(case, cause, explains);
    let first = failing.iter().filter_map(|(_, tail)| tail.first()).min_by_key(|run| order(run.first))?;
    let last = failing.iter().filter_map(|(_, tail)| tail.last()).max_by_key(|run| order(run.last))?;
    let good = failing
        .iter()
        .filter_map(|(operation, _)| operation.last_done())
        .filter(|run| order(run.last) <= order(first.first))
        .max_by_key(|run| order(run.last));
    let last_good = good.map(|run| Fact::new(run.last, run.last_origin.clone()));
    let from = last_good.as_ref().map_or(order(first.first) - DAY_MS, |fact| order(fact.value));
    Some(Onset {
        changes: changes_between(case, from, order(first.first)),
        last_good,
        first_bad: Fact::new(first.first, first.origin.clone()),
        last_bad: Fact::new(last.last, last.last_origin.clone()),
    })
}

const DAY_MS: i64 = 86_400_000;

/// How far the fault of `cause` reaches.
pub fn reach(case: &Case, cause: &str, explains: &[String]) -> Reach {
    let failing = failing(case, cause, explains);
    let kinds: BTreeSet<OperationKind> = failing.iter().map(|(o, _)| o.kind).collect();
    let working = case
        .logs
        .operations
        .iter()
        .filter(|o| o.runs.last().is_some_and(|run| run.outcome == Outcome::Done));
    let subjects: BTreeSet<String> = failing.iter().map(|(o, _)| o.subject.clone()).collect();
    let spared: BTreeSet<&str> = working
        .clone()
        .filter(|o| kinds.contains(&o.kind) && !subjects.contains(&o.subject))
        .map(|o| o.subject.as_str())
        .filter(|s| !s.is_empty())
        .collect();
    Reach {
        spared: spared.len(),
        working: working.map(|o| o.kind).collect(),
        hosts: failing
            .iter()
            .flat_map(|(_, tail)| tail.iter().filter_map(|run| run.host.clone()))
            .collect(),
        failing: kinds,
        subjects,
    }
}

/// What the evidence says changed or ended in a span of time (both ends in milliseconds since 1970).
fn changes_between(case: &Case, from: i64, to: i64) -> Vec<Fact<String>> {
    let within = |stamp: Stamp| (from..=to).contains(&order(stamp));
    let mut changes: Vec<(i64, Fact<String>)> = Vec::new();
    let mut note = |stamp: Stamp, text: String, origin: &Origin| {
        if within(stamp) {
            changes.push((order(stamp), Fact::new(format!("{}: {text}", stamp.rfc3339()), origin.clone())));
        }
    };
    let entra = &case.facts.entra;
    for application in &entra.applications {
        for credential in application.credentials.get().into_iter().flatten() {
            if let Some(end) = credential.end.fact() {
                let what = if credential.is_secret { "client secret" } else { "certificate" };
                note(end.value, format!("a {what} of the app registration ended"), &end.origin);
            }
        }
    }
    for policy in &entra.conditional_access {
        let name = policy.name.get().map_or("(unnamed)", String::as_str);
        for (field, did) in [(&policy.created, "made"), (&policy.modified, "changed")] {
            if let Some(time) = field.fact() {
                note(time.value, format!("Conditional Access policy \"{name}\" was {did}"), &time.origin);
            }
        }
    }
    for event in &entra.audit {
        if let (Some(time), Some(activity)) = (event.time.get(), event.activity.get()) {
            let target = event.targets.first().map(|t| format!(" ({t})")).unwrap_or_default();
            note(*time, format!("audit log: {activity}{target}"), &event.origin);
        }
    }
    for alias in &case.facts.ece.aliases {
        if let (Some(time), Some(address)) = (alias.last_modified.fact(), alias.address.get()) {
            note(time.value, format!("alias {address} was changed"), &time.origin);
        }
    }
    for event in &case.logs.events {
        let text = match &event.kind {
            LogEventKind::ProcessStart => format!("{} was started", event.process.name()),
            LogEventKind::InstanceFailed { .. } => format!("an instance of {} failed", event.process.name()),
            _ => continue,
        };
        if let Some(time) = event.time {
            note(time, text, &event.origin);
        }
    }
    changes.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.value.cmp(&b.1.value)));
    changes.dedup_by(|a, b| a.1.value == b.1.value);
    changes.into_iter().map(|(_, fact)| fact).take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LogFacts;
    use std::sync::Arc;

    fn run(outcome: Outcome, first: &str, last: &str) -> Run {
        let origin = Origin::line(&Arc::from("x.log"), 3, "a line");
        let stamp = |t| Stamp::parse(t).unwrap();
        Run {
            outcome,
            first: stamp(first),
            last: stamp(last),
            count: 3,
            origin: origin.clone(),
            last_origin: origin,
            host: Some("ECESVC01".into()),
        }
    }

    fn case() -> Case {
        let refused = || Outcome::Failed(vec!["entra.aadsts7000222".into()]);
        let operation = |kind, subject: &str, runs| Operation {
            kind,
            subject: subject.into(),
            runs,
        };
        let operations = vec![
            operation(
                OperationKind::TokenRefresh,
                "sales o365",
                vec![
                    run(Outcome::Done, "2026-05-04T07:00:00Z", "2026-05-04T08:00:00Z"),
                    run(refused(), "2026-05-04T08:55:00Z", "2026-05-04T10:00:00Z"),
                ],
            ),
            operation(
                OperationKind::TokenRefresh,
                "support o365",
                vec![run(Outcome::Done, "2026-05-04T07:00:00Z", "2026-05-04T10:00:00Z")],
            ),
            operation(
                OperationKind::Send,
                "sales@contoso.com",
                vec![run(Outcome::Done, "2026-05-04T07:00:00Z", "2026-05-04T09:40:00Z")],
            ),
        ];
        Case {
            logs: LogFacts {
                operations,
                ..LogFacts::default()
            },
            ..Case::default()
        }
    }

    #[test]
    fn finds_the_last_good_and_the_first_bad_moment() {
        let onset = onset(&case(), "check:app.secret", &["signature:entra.aadsts7000222".into()]).unwrap();
        assert_eq!(onset.last_good.unwrap().value.rfc3339(), "2026-05-04T08:00:00Z");
        assert_eq!(onset.first_bad.value.rfc3339(), "2026-05-04T08:55:00Z");
        assert!(super::onset(&case(), "check:mailbox.smtp-auth", &[]).is_none());
    }

    #[test]
    fn says_how_far_it_reaches() {
        let reach = reach(&case(), "check:app.secret", &["signature:entra.aadsts7000222".into()]);
        assert_eq!(
            reach.words(),
            "token renewal fails, sending works; 1 of 2 affected: sales o365; seen on ECESVC01"
        );
    }
}
