//! When it began: for each attempt of each alias or account on each server the last good moment and the first bad one, and what
//! changed between.

use super::changes::changes_between;
use crate::case::{Case, moment};
use crate::model::{Fact, Operation, OperationKind, Outcome, Run, Stamp, Text};

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
    pub changes: Vec<Fact<Text>>,
    /// The same for each function, alias or account, and server, earliest first.
    pub parts: Vec<OnsetPart>,
}

/// When one function began to fail for one alias or account on one server.
#[derive(Clone, Debug)]
pub struct OnsetPart {
    /// What fails.
    pub function: OperationKind,
    /// Alias or account; empty if no record names it.
    pub subject: String,
    /// Server, if known.
    pub host: Option<String>,
    /// Last attempt that worked.
    pub last_good: Option<Stamp>,
    /// First that failed.
    pub first_bad: Stamp,
    /// Last that failed.
    pub last_bad: Stamp,
    /// How many failed.
    pub failures: u64,
    /// What the failing attempts met: signatures, without their namespace's `signature:`.
    pub signatures: Vec<String>,
}

/// Without a good moment in the logs, changes of so long before the first bad one are told.
const DAY_MS: i64 = 86_400_000;

impl Onset {
    /// When the fault that makes `attempts` fail began; `None` if no attempt in the logs shows it.
    pub(super) fn of(case: &Case, attempts: &[&Operation]) -> Option<Self> {
        let tails: Vec<&[Run]> = attempts.iter().map(|o| o.failing_tail()).collect();
        let first = tails.iter().filter_map(|tail| tail.first()).min_by_key(|run| moment(run.first))?;
        let last = tails.iter().filter_map(|tail| tail.last()).max_by_key(|run| moment(run.last))?;
        let good = attempts
            .iter()
            .filter_map(|operation| operation.last_done())
            .filter(|run| moment(run.last) <= moment(first.first))
            .max_by_key(|run| moment(run.last));
        let last_good = good.map(|run| Fact::new(run.last, run.last_origin.clone()));
        let from = last_good.as_ref().map_or(moment(first.first) - DAY_MS, |fact| moment(fact.value));
        let mut parts: Vec<OnsetPart> = attempts.iter().flat_map(|operation| parts(operation)).collect();
        parts.sort_by(|a, b| (moment(a.first_bad), a.function, &a.subject, &a.host).cmp(&(moment(b.first_bad), b.function, &b.subject, &b.host)));
        Some(Self {
            changes: changes_between(case, from, moment(first.first)),
            last_good,
            first_bad: Fact::new(first.first, first.origin.clone()),
            last_bad: Fact::new(last.last, last.last_origin.clone()),
            parts,
        })
    }
}

/// The onset of one operation's failures on each server that shows them.
fn parts(operation: &Operation) -> Vec<OnsetPart> {
    let mut parts: Vec<OnsetPart> = Vec::new();
    for run in operation.failing_tail() {
        let Outcome::Failed(ids) = &run.outcome else { continue };
        let known = parts.iter_mut().find(|part| part.host == run.host);
        let part = match known {
            Some(part) => part,
            None => {
                let good = operation.runs.iter().filter(|r| r.outcome == Outcome::Done && r.host == run.host);
                parts.push(OnsetPart {
                    function: operation.kind,
                    subject: operation.subject.clone(),
                    host: run.host.clone(),
                    last_good: good
                        .map(|r| r.last)
                        .filter(|last| moment(*last) <= moment(run.first))
                        .max_by_key(|last| moment(*last)),
                    first_bad: run.first,
                    last_bad: run.last,
                    failures: 0,
                    signatures: Vec::new(),
                });
                let Some(part) = parts.last_mut() else { continue };
                part
            }
        };
        part.failures += run.count;
        part.last_bad = run.last;
        for id in ids.iter().filter(|id| !part.signatures.contains(id)).collect::<Vec<_>>() {
            part.signatures.push(id.clone());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::reach::Reach;
    use crate::model::{LogFacts, Origin};
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
            left_out: 0,
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
        let case = case();
        let onset = Onset::of(&case, &[&case.logs.operations[0]]).unwrap();
        assert_eq!(onset.last_good.unwrap().value.rfc3339(), "2026-05-04T08:00:00Z");
        assert_eq!(onset.first_bad.value.rfc3339(), "2026-05-04T08:55:00Z");
        let [part] = onset.parts.as_slice() else { panic!("{:?}", onset.parts) };
        assert_eq!(
            (part.subject.as_str(), part.host.as_deref(), part.failures),
            ("sales o365", Some("ECESVC01"), 3)
        );
        assert!(Onset::of(&case, &[]).is_none());
    }

    #[test]
    fn says_how_far_it_reaches() {
        let case = case();
        assert_eq!(
            Reach::of(&case, &[&case.logs.operations[0]]).words().english(),
            "token renewal fails, sending works; 1 of 2 affected: sales o365; the same works for support o365; seen on ECESVC01"
        );
    }
}
