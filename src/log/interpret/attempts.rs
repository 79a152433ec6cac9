//! Attempts at the things ECE does, and how they ended, kept as runs of like outcomes.

use super::place::{Place, order_of};
use super::runs::{Ends, MemberRuns, RawRun, Reasons, thin};
use crate::log::Record;
use crate::model::{OperationKind, Stamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Subjects per kind that are told apart; the attempts of further ones count for nobody in particular.
const SUBJECTS: usize = 512;
/// Runs per subject and member; of more, the ones at the ends are kept, and those that show each outcome.
const RUNS: usize = 64;
const ENDS: Ends = Ends { first: 4, last: 12 };
/// Unlike failures that are told apart in a member; further ones count as failures for unknown reasons.
const REASONS: usize = 256;

/// All attempts of a member, by kind and subject.
#[derive(Clone, Default)]
pub(super) struct Attempts {
    by_kind: BTreeMap<OperationKind, BTreeMap<String, Runs>>,
    /// Each set of reasons once: runs share them.
    reasons: BTreeSet<Arc<[String]>>,
    /// Attempts that were filed under nobody for want of room.
    pub unnamed: u64,
}

/// The runs of a subject.
#[derive(Clone, Default)]
struct Runs {
    runs: Vec<RawRun<Place>>,
    /// Runs that were left out.
    left_out: u64,
}

impl Attempts {
    /// Notes that an attempt worked. The common case, so that it allocates nothing for a subject that is known.
    pub fn done(&mut self, kind: OperationKind, subject: &str, record: &Record<'_>) {
        if let Some(time) = record.time {
            self.runs_of(kind, subject).add(None, time, record);
        }
    }

    /// Notes that an attempt failed with the signatures `ids`.
    pub fn failed(&mut self, kind: OperationKind, subject: &str, record: &Record<'_>, mut ids: Vec<String>) {
        let Some(time) = record.time else { return };
        ids.sort_unstable();
        ids.dedup();
        let reasons = self.shared(ids);
        self.runs_of(kind, subject).add(Some(reasons), time, record);
    }

    fn shared(&mut self, ids: Vec<String>) -> Arc<[String]> {
        if let Some(known) = self.reasons.get(ids.as_slice()) {
            return known.clone();
        }
        if self.reasons.len() >= REASONS {
            return Arc::default();
        }
        let reasons: Arc<[String]> = ids.into();
        self.reasons.insert(reasons.clone());
        reasons
    }

    fn runs_of(&mut self, kind: OperationKind, subject: &str) -> &mut Runs {
        let subjects = self.by_kind.entry(kind).or_default();
        let mut subject = subject;
        if !subjects.contains_key(subject) {
            if subjects.len() >= SUBJECTS {
                self.unnamed += 1;
                subject = "";
            }
            subjects.entry(subject.to_owned()).or_default();
        }
        subjects.get_mut(subject).expect("the subject was put in above")
    }

    /// Moves every place `lines` lines down.
    pub fn move_down(&mut self, lines: u64) {
        let runs = self.by_kind.values_mut().flat_map(|subjects| subjects.values_mut());
        for run in runs.flat_map(|runs| &mut runs.runs) {
            run.first_place.move_down(lines);
            run.last_place.iter_mut().for_each(|place| place.move_down(lines));
        }
    }

    /// Takes over the attempts of the part that follows.
    pub fn append(&mut self, later: Self) {
        self.unnamed += later.unnamed;
        for (kind, subjects) in later.by_kind {
            let own = self.by_kind.entry(kind).or_default();
            for (subject, runs) in subjects {
                own.entry(subject).or_default().append(runs);
            }
        }
    }

    /// The runs by kind and subject, of the member `path` of `host`.
    pub fn located(self, path: &Arc<str>, host: &Option<String>) -> Vec<(OperationKind, String, MemberRuns)> {
        let of_member = |runs: Runs| MemberRuns {
            path: path.clone(),
            host: host.clone(),
            runs: runs.runs,
            left_out: runs.left_out,
        };
        let kinds = self.by_kind.into_iter();
        kinds
            .flat_map(|(kind, subjects)| subjects.into_iter().map(move |(subject, runs)| (kind, subject, runs)))
            .map(|(kind, subject, runs)| (kind, subject, of_member(runs)))
            .collect()
    }
}

impl Runs {
    fn add(&mut self, reasons: Reasons, time: Stamp, record: &Record<'_>) {
        match self.runs.last_mut() {
            Some(run) if run.reasons == reasons => {
                run.count += 1;
                if order_of(time) >= order_of(run.last) {
                    run.last = time;
                    match &mut run.last_place {
                        Some(place) => place.set(record),
                        none => *none = Some(Place::of(record)),
                    }
                }
            }
            _ => {
                self.runs.push(RawRun {
                    reasons,
                    first: time,
                    last: time,
                    count: 1,
                    first_place: Place::of(record),
                    last_place: None,
                });
                self.thin();
            }
        }
    }

    fn append(&mut self, later: Self) {
        self.runs.extend(later.runs);
        self.left_out += later.left_out;
        self.thin();
    }

    /// Leaves out runs when there are twice as many as are kept: each is looked at but a few times.
    fn thin(&mut self) {
        if self.runs.len() >= 2 * RUNS {
            self.left_out += thin(&mut self.runs, ENDS);
        }
    }
}
