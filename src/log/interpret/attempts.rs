//! Attempts at the things ECE does, and how they ended, kept as runs of like outcomes.

use super::place::{Place, order_of};
use crate::log::Record;
use crate::model::{OperationKind, Outcome, Run, Stamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Subjects per kind that are told apart; the attempts of further ones count for nobody in particular.
const SUBJECTS: usize = 512;
/// Runs per subject and member; beyond it, unlike failures are counted as one run.
const RUNS: usize = 256;

/// A run of attempts with the same outcome.
#[derive(Clone)]
struct RawRun {
    outcome: Outcome,
    first: Stamp,
    last: Stamp,
    count: u64,
    first_place: Place,
    last_place: Place,
}

/// All attempts of a member, by kind and subject.
#[derive(Clone, Default)]
pub(super) struct Attempts {
    by_kind: BTreeMap<OperationKind, BTreeMap<String, Vec<RawRun>>>,
    /// Attempts that were filed under nobody for want of room.
    pub unnamed: u64,
}

impl Attempts {
    /// Notes that an attempt worked. The common case, so that it allocates nothing for a subject that is known.
    pub fn done(&mut self, kind: OperationKind, subject: &str, record: &Record<'_>) {
        let Some(time) = record.time else { return };
        let runs = self.runs_of(kind, subject);
        match runs.last_mut() {
            Some(run) if run.outcome == Outcome::Done => run.extend(time, record),
            _ => runs.push(RawRun::new(Outcome::Done, time, record)),
        }
    }

    /// Notes that an attempt failed with the signatures `ids`.
    pub fn failed(&mut self, kind: OperationKind, subject: &str, record: &Record<'_>, mut ids: Vec<String>) {
        let Some(time) = record.time else { return };
        ids.sort_unstable();
        ids.dedup();
        let runs = self.runs_of(kind, subject);
        let full = runs.len() >= RUNS;
        match runs.last_mut() {
            Some(run) if run.outcome == Outcome::Failed(ids.clone()) || (full && run.outcome != Outcome::Done) => run.extend(time, record),
            _ => runs.push(RawRun::new(Outcome::Failed(ids), time, record)),
        }
    }

    fn runs_of(&mut self, kind: OperationKind, subject: &str) -> &mut Vec<RawRun> {
        let subjects = self.by_kind.entry(kind).or_default();
        let known = subjects.contains_key(subject);
        let subject = if known || subjects.len() < SUBJECTS {
            subject
        } else {
            self.unnamed += 1;
            ""
        };
        if !subjects.contains_key(subject) {
            subjects.insert(subject.to_owned(), Vec::new());
        }
        subjects.get_mut(subject).expect("the subject was put in above")
    }

    /// Moves every place `lines` lines down.
    pub fn move_down(&mut self, lines: u64) {
        for run in self.by_kind.values_mut().flat_map(|subjects| subjects.values_mut()).flatten() {
            run.first_place.move_down(lines);
            run.last_place.move_down(lines);
        }
    }

    /// Takes over the attempts of the part that follows.
    pub fn append(&mut self, later: Self) {
        self.unnamed += later.unnamed;
        for (kind, subjects) in later.by_kind {
            let own = self.by_kind.entry(kind).or_default();
            for (subject, runs) in subjects {
                own.entry(subject).or_default().extend(runs);
            }
        }
    }

    /// The runs, located in the member `path` of `host`.
    pub fn located(&self, path: &Arc<str>, host: &Option<String>) -> Vec<(OperationKind, String, Run)> {
        let mut located = Vec::new();
        for (kind, subjects) in &self.by_kind {
            for (subject, runs) in subjects {
                located.extend(runs.iter().map(|run| {
                    let run = Run {
                        outcome: run.outcome.clone(),
                        first: run.first,
                        last: run.last,
                        count: run.count,
                        origin: run.first_place.origin(path),
                        last_origin: run.last_place.origin(path),
                        host: host.clone(),
                    };
                    (*kind, subject.clone(), run)
                }));
            }
        }
        located
    }
}

impl RawRun {
    fn new(outcome: Outcome, time: Stamp, record: &Record<'_>) -> Self {
        let place = Place::of(record);
        Self {
            outcome,
            first: time,
            last: time,
            count: 1,
            first_place: place.clone(),
            last_place: place,
        }
    }

    fn extend(&mut self, time: Stamp, record: &Record<'_>) {
        self.count += 1;
        if order_of(time) >= order_of(self.last) {
            self.last = time;
            self.last_place.set(record);
        }
    }
}

/// Orders runs by their end and joins neighbours with the same outcome on the same host.
pub(crate) fn joined(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_by(|a, b| {
        let key = |r: &Run| (order_of(r.last), order_of(r.first));
        key(a).cmp(&key(b)).then_with(|| a.origin.cmp(&b.origin))
    });
    let mut joined: Vec<Run> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if last.outcome == run.outcome && last.host == run.host => {
                if order_of(run.first) < order_of(last.first) {
                    last.first = run.first;
                    last.origin = run.origin;
                }
                last.last = run.last;
                last.last_origin = run.last_origin;
                last.count += run.count;
            }
            _ => joined.push(run),
        }
    }
    joined
}
