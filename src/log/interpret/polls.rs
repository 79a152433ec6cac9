//! Polls of retriever instances: `**** Rx Instance 999 Running ****` begins one, `… Waiting ****` ends it.

use super::place::{Place, order_of};
use crate::log::Record;
use crate::model::{PollGap, PollSeries, Span, Stamp};
use memchr::memmem::Finder;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// A time without polls longer than this is a gap: four times the cadence of 30 s.
pub(crate) const GAP_MS: i64 = 120_000;
/// Gaps per instance that are kept of a member, and of all together; of more, the longest.
const GAPS_OF_MEMBER: usize = 8;
const GAPS: usize = 32;
/// Instances that are told apart in a member.
const INSTANCES: usize = 1_024;

/// What a poll record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollState {
    /// `Running`: a poll begins.
    Running,
    /// `Waiting` or any other state: the instance lives.
    Other,
}

/// Reads `**** Rx Instance <id> <state> ****`; the id is digits.
pub(super) fn poll(message: &[u8]) -> Option<(&str, PollState)> {
    static MARK: LazyLock<Finder> = LazyLock::new(|| Finder::new("Rx Instance "));
    let at = MARK.find(message)? + MARK.needle().len();
    let rest = message.get(at..)?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (id, rest) = rest.split_at_checked(digits).filter(|(id, _)| !id.is_empty() && id.len() <= 12)?;
    let word = rest.trim_ascii_start();
    let state = if word.starts_with(b"Running") {
        PollState::Running
    } else {
        PollState::Other
    };
    Some((std::str::from_utf8(id).ok()?, state))
}

/// A sign of life, and where it stands.
#[derive(Clone)]
struct Sign {
    time: Stamp,
    place: Place,
}

impl Sign {
    fn of(time: Stamp, record: &Record<'_>) -> Self {
        Self {
            time,
            place: Place::of(record),
        }
    }
}

/// A gap inside a member.
#[derive(Clone)]
struct RawGap {
    from: Sign,
    to: Sign,
}

/// One instance's polls in a member.
#[derive(Clone)]
struct Instance {
    polls: u64,
    first: Sign,
    /// Last poll.
    last: Sign,
    /// Last sign of life: a poll, its end, a mail fetched.
    sign: Sign,
    gaps: Vec<RawGap>,
    /// Shorter gaps that were left out.
    left_out: u64,
}

/// The polls of a member.
#[derive(Clone, Default)]
pub(super) struct Polls {
    instances: BTreeMap<String, Instance>,
    /// Polls of instances that found no room.
    pub dropped: u64,
}

impl Polls {
    /// Notes a poll or its end.
    pub fn note(&mut self, id: &str, state: PollState, record: &Record<'_>) {
        let Some(time) = record.time else { return };
        if let Some(instance) = self.instances.get_mut(id) {
            return instance.note(state, time, record);
        }
        if self.instances.len() >= INSTANCES {
            self.dropped += 1;
            return;
        }
        // A file may begin between the two halves of a poll: its end is a sign of life, no poll.
        let sign = Sign::of(time, record);
        let instance = Instance {
            polls: u64::from(state == PollState::Running),
            first: sign.clone(),
            last: sign.clone(),
            sign,
            gaps: Vec::new(),
            left_out: 0,
        };
        self.instances.insert(id.to_owned(), instance);
    }

    /// Notes that the retriever worked at `record` (a mail was stored): the instance that its thread names lives, or the only one.
    pub fn alive(&mut self, record: &Record<'_>) {
        let Some(time) = record.time else { return };
        if self.instances.len() == 1 {
            self.instances.values_mut().for_each(|instance| instance.live(time, record));
            return;
        }
        let numbers = record
            .thread
            .split(|b| !b.is_ascii_digit())
            .filter_map(|part| std::str::from_utf8(part).ok());
        let named = numbers.filter(|number| self.instances.contains_key(*number)).min();
        if let Some(instance) = named.and_then(|number| self.instances.get_mut(number)) {
            instance.live(time, record);
        }
    }

    /// Moves every place `lines` lines down.
    pub fn move_down(&mut self, lines: u64) {
        for instance in self.instances.values_mut() {
            let signs = [&mut instance.first, &mut instance.last, &mut instance.sign];
            let gaps = instance.gaps.iter_mut().flat_map(|gap| [&mut gap.from, &mut gap.to]);
            signs.into_iter().chain(gaps).for_each(|sign| sign.place.move_down(lines));
        }
    }

    /// Takes over the polls of the part of the same member that follows.
    pub fn append(&mut self, later: Self) {
        self.dropped += later.dropped;
        for (id, instance) in later.instances {
            match self.instances.get_mut(&id) {
                Some(own) => own.append(instance),
                None => {
                    self.instances.insert(id, instance);
                }
            }
        }
    }

    /// The series, located in the member `path` of `host`. Gaps between members are found by [`joined`].
    pub fn located(&self, path: &Arc<str>, host: &Option<String>) -> Vec<PollSeries> {
        let series = self.instances.iter().map(|(id, instance)| {
            let gaps = instance.gaps.iter().map(|gap| PollGap {
                from: gap.from.time,
                to: gap.to.time,
                from_origin: gap.from.place.origin(path),
                to_origin: gap.to.place.origin(path),
                log_goes_on: false,
                inside_one_file: true,
            });
            let mut span = Span::default();
            span.add(instance.first.time);
            span.add(instance.last.time);
            PollSeries {
                host: host.clone(),
                instance: id.clone(),
                polls: instance.polls,
                span,
                last_sign: instance.sign.time,
                gaps: gaps.collect(),
                gaps_left_out: instance.left_out,
                first_origin: instance.first.place.origin(path),
                last_origin: instance.last.place.origin(path),
            }
        });
        series.collect()
    }
}

impl Instance {
    fn note(&mut self, state: PollState, time: Stamp, record: &Record<'_>) {
        self.live(time, record);
        if state == PollState::Running {
            self.polls += 1;
            self.last.time = time;
            self.last.place.set(record);
        }
    }

    fn live(&mut self, time: Stamp, record: &Record<'_>) {
        if order_of(time) - order_of(self.sign.time) > GAP_MS {
            let gap = RawGap {
                from: self.sign.clone(),
                to: Sign::of(time, record),
            };
            self.keep(gap);
        }
        if order_of(time) >= order_of(self.sign.time) {
            self.sign.time = time;
            self.sign.place.set(record);
        }
    }

    fn keep(&mut self, gap: RawGap) {
        self.gaps.push(gap);
        if self.gaps.len() > GAPS_OF_MEMBER {
            let length = |g: &RawGap| order_of(g.to.time) - order_of(g.from.time);
            if let Some((shortest, _)) = self.gaps.iter().enumerate().min_by_key(|(_, g)| length(g)) {
                self.gaps.remove(shortest);
                self.left_out += 1;
            }
        }
    }

    fn append(&mut self, later: Self) {
        if order_of(later.first.time) - order_of(self.sign.time) > GAP_MS {
            self.keep(RawGap {
                from: self.sign.clone(),
                to: later.first.clone(),
            });
        }
        later.gaps.into_iter().for_each(|gap| self.keep(gap));
        self.left_out += later.left_out;
        self.polls += later.polls;
        self.last = later.last;
        self.sign = later.sign;
    }
}

/// Joins the series of one instance on one host, member by member, and finds the gaps between members.
pub(crate) fn joined(mut series: Vec<PollSeries>) -> Option<PollSeries> {
    let first_of = |s: &PollSeries| s.span.first.map_or(0, order_of);
    series.sort_by(|a, b| first_of(a).cmp(&first_of(b)).then_with(|| a.first_origin.cmp(&b.first_origin)));
    let mut all = series.into_iter();
    let mut joined = all.next()?;
    for next in all {
        let Some(first) = next.span.first else { continue };
        if order_of(first) - order_of(joined.last_sign) > GAP_MS {
            joined.gaps.push(PollGap {
                from: joined.last_sign,
                to: first,
                from_origin: joined.last_origin.clone(),
                to_origin: next.first_origin.clone(),
                log_goes_on: false,
                inside_one_file: false,
            });
        }
        joined.gaps.extend(next.gaps);
        joined.gaps_left_out += next.gaps_left_out;
        joined.polls += next.polls;
        joined.span.merge(next.span);
        if order_of(next.last_sign) >= order_of(joined.last_sign) {
            joined.last_sign = next.last_sign;
            joined.last_origin = next.last_origin;
        }
    }
    joined.gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.length_ms()), order_of(gap.from)));
    joined.gaps_left_out += joined.gaps.len().saturating_sub(GAPS) as u64;
    joined.gaps.truncate(GAPS);
    joined.gaps.sort_by_key(|gap| order_of(gap.from));
    Some(joined)
}
