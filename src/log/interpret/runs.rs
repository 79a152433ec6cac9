//! Runs: consecutive attempts with the same outcome. Where success and failure alternate ten thousand times, the ones kept are
//! those that anything can be told by.

use super::place::{Place, Spot, order_of};
use crate::model::{Operation, OperationKind, Outcome, Run, Stamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Runs of a subject in the facts that are kept whatever they are: the first and the last ones.
const ENDS: Ends = Ends { first: 16, last: 64 };

/// How many runs at each end are kept whatever they are.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub first: usize,
    pub last: usize,
}

/// Why attempts failed: ids of signatures, sorted. `None`: they worked.
pub(crate) type Reasons = Option<Arc<[String]>>;

/// A run whose places are `P`.
#[derive(Clone)]
pub(crate) struct RawRun<P> {
    pub reasons: Reasons,
    pub first: Stamp,
    pub last: Stamp,
    pub count: u64,
    pub first_place: P,
    /// `None`: where the first one stands.
    pub last_place: Option<P>,
}

/// What a member tells of the attempts of one kind for one subject.
pub(crate) struct MemberRuns {
    pub path: Arc<str>,
    pub host: Option<String>,
    pub(super) runs: Vec<RawRun<Place>>,
    /// Runs that were left out.
    pub left_out: u64,
}

/// A run of a log.
type LocatedRun = RawRun<Spot>;

impl MemberRuns {
    fn located(self) -> impl Iterator<Item = LocatedRun> {
        let Self { path, host, runs, .. } = self;
        runs.into_iter().map(move |run| RawRun {
            reasons: run.reasons,
            first: run.first,
            last: run.last,
            count: run.count,
            first_place: Spot::new(&path, &host, run.first_place),
            last_place: run.last_place.map(|place| Spot::new(&path, &host, place)),
        })
    }
}

/// The host whose log a place stands in, where runs of several hosts come together.
pub(crate) trait Hosted {
    /// The host, if it counts.
    fn host(&self) -> Option<&str>;
}

impl Hosted for Place {
    fn host(&self) -> Option<&str> {
        None
    }
}

impl Hosted for Spot {
    fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

impl<P: Hosted> RawRun<P> {
    /// What runs have in common that can stand for each other.
    fn alike(&self) -> (&Reasons, Option<&str>) {
        (&self.reasons, self.first_place.host())
    }
}

/// Leaves out runs between the first and the last ones, except each host's first and last of each outcome, and its success after
/// the latter. What is left out counts with the run before it of the same host and outcome. Gives the number of runs left out.
pub(super) fn thin<P: Hosted>(runs: &mut Vec<RawRun<P>>, ends: Ends) -> u64 {
    if runs.len() <= ends.first + ends.last {
        return 0;
    }
    // In a file that was put together of several, the last run isn't the latest one.
    runs.sort_by_key(|run| order_of(run.last));
    let mut kept = vec![false; runs.len()];
    let mut keep = |at: usize| kept.get_mut(at).map(|kept| *kept = true);
    (0..ends.first).chain(runs.len() - ends.last..runs.len()).for_each(|at| {
        keep(at);
    });
    let mut seen = BTreeSet::new();
    for (at, run) in runs.iter().enumerate() {
        if seen.insert(run.alike()) {
            keep(at);
        }
    }
    let mut seen = BTreeSet::new();
    let mut worked_next = BTreeMap::new();
    for (at, run) in runs.iter().enumerate().rev() {
        let host = run.first_place.host();
        if seen.insert(run.alike()) {
            keep(at);
            worked_next.get(&host).copied().map(&mut keep);
        }
        if run.reasons.is_none() {
            worked_next.insert(host, at);
        }
    }
    let mut counts = vec![0; runs.len()];
    let mut latest = BTreeMap::new();
    for (at, (run, kept)) in runs.iter().zip(&kept).enumerate() {
        if *kept {
            latest.insert(run.alike(), at);
        }
        if let Some(count) = latest.get(&run.alike()).and_then(|at| counts.get_mut(*at)) {
            *count += run.count;
        }
    }
    let total = runs.len();
    let all = std::mem::take(runs).into_iter().zip(counts).zip(kept);
    runs.extend(all.filter(|(_, kept)| *kept).map(|((run, count), _)| RawRun { count, ..run }));
    (total - runs.len()) as u64
}

/// The operation whose attempts `members` tell of: ordered by their end, neighbours with the same outcome on the same host joined.
pub(crate) fn operation(kind: OperationKind, subject: String, members: Vec<MemberRuns>) -> Operation {
    let left_out: u64 = members.iter().map(|member| member.left_out).sum();
    let mut runs: Vec<LocatedRun> = members.into_iter().flat_map(MemberRuns::located).collect();
    runs.sort_by(|a, b| {
        let times = |r: &LocatedRun| (order_of(r.last), order_of(r.first));
        times(a).cmp(&times(b)).then_with(|| a.first_place.cmp_place(&b.first_place))
    });
    let mut joined: Vec<LocatedRun> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if last.alike() == run.alike() => {
                last.count += run.count;
                last.last = run.last;
                if order_of(run.first) < order_of(last.first) {
                    last.last_place = Some(run.last_place.unwrap_or_else(|| run.first_place.clone()));
                    last.first = run.first;
                    last.first_place = run.first_place;
                } else {
                    last.last_place = Some(run.last_place.unwrap_or(run.first_place));
                }
            }
            _ => joined.push(run),
        }
    }
    let left_out = left_out + thin(&mut joined, ENDS);
    Operation {
        kind,
        subject,
        runs: joined.into_iter().map(quoted).collect(),
        left_out,
    }
}

/// The run with places that can be quoted.
fn quoted(run: LocatedRun) -> Run {
    let first = run.first_place.origin();
    Run {
        outcome: run.reasons.map_or(Outcome::Done, |ids| Outcome::Failed(ids.to_vec())),
        first: run.first,
        last: run.last,
        count: run.count,
        last_origin: run.last_place.as_ref().map_or_else(|| first.clone(), Spot::origin),
        origin: first,
        host: run.first_place.host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Hosted for i64 {
        fn host(&self) -> Option<&str> {
            None
        }
    }

    fn run(second: i64, reasons: &str) -> RawRun<i64> {
        let time = Stamp {
            local_ms: second * 1000,
            offset_minutes: Some(0),
        };
        RawRun {
            reasons: (!reasons.is_empty()).then(|| Arc::from([reasons.to_owned()])),
            first: time,
            last: time,
            count: 1,
            first_place: second,
            last_place: None,
        }
    }

    #[test]
    fn of_many_runs_those_stay_that_anything_is_told_by() {
        let mut runs: Vec<_> = (0..100).map(|n| run(n, if n % 2 == 0 { "" } else { "a" })).collect();
        runs.splice(50..51, [run(50, ""), run(50, "once"), run(50, "")]);
        let ends = Ends { first: 2, last: 3 };
        let left_out = thin(&mut runs, ends);
        let places: Vec<_> = runs
            .iter()
            .map(|run| (run.first_place, run.reasons.as_ref().map_or("", |ids| &ids[0])))
            .collect();
        assert_eq!(places, [(0, ""), (1, "a"), (50, "once"), (50, ""), (97, "a"), (98, ""), (99, "a")]);
        assert_eq!(left_out + 7, 102);
        assert_eq!(runs.iter().map(|run| run.count).sum::<u64>(), 102);
        assert_eq!(thin(&mut runs, Ends { first: 4, last: 3 }), 0);
        runs.reverse();
        thin(&mut runs, Ends { first: 1, last: 1 });
        assert!(runs.is_sorted_by_key(|run| run.first_place));
    }
}
