//! Polls of retriever instances: `**** Rx Instance 999 Running ****` begins one, `… Waiting ****` ends it.

use super::place::{Excerpts, Place, Spot, order_of};
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
struct Sign<P = Place> {
    time: Stamp,
    place: P,
}

impl Sign {
    fn of(time: Stamp, record: &Record<'_>) -> Self {
        Self {
            time,
            place: Place::of(record),
        }
    }

    fn located(&self, path: &Arc<str>) -> Sign<Spot> {
        Sign {
            time: self.time,
            place: Spot::new(path, &None, self.place.clone()),
        }
    }
}

/// A gap between two signs of life.
#[derive(Clone)]
struct RawGap<P = Place> {
    from: Sign<P>,
    to: Sign<P>,
}

impl<P> RawGap<P> {
    fn length(&self) -> i64 {
        order_of(self.to.time) - order_of(self.from.time)
    }
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
    /// Bit `n`: an instance has a number of `n` digits.
    lengths: u32,
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
        self.insert(id.to_owned(), instance);
    }

    fn insert(&mut self, id: String, instance: Instance) {
        self.lengths |= 1 << id.len().min(31);
        self.instances.insert(id, instance);
    }

    /// Notes that the retriever worked at `record` (a mail was stored): the instance that its thread names lives, or the only one.
    pub fn alive(&mut self, record: &Record<'_>) {
        let Some(time) = record.time else { return };
        if self.instances.len() == 1 {
            self.instances.values_mut().for_each(|instance| instance.live(time, record));
            return;
        }
        // Most numbers in a thread's name are too short or too long to be an instance's.
        let fits = |part: &&[u8]| self.lengths >> part.len().min(31) & 1 != 0;
        let parts = record.thread.split(|b| !b.is_ascii_digit()).filter(fits);
        let numbers = parts.filter_map(|part| std::str::from_utf8(part).ok());
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
                None => self.insert(id, instance),
            }
        }
    }

    /// What the member `path` of `host` tells of each instance; [`joined`] puts it together.
    pub fn located(self, path: &Arc<str>, host: &Option<String>) -> Vec<MemberPolls> {
        let of_member = |(instance, polls)| MemberPolls {
            path: path.clone(),
            host: host.clone(),
            instance,
            polls,
        };
        self.instances.into_iter().map(of_member).collect()
    }
}

/// What a member tells of an instance.
pub(crate) struct MemberPolls {
    path: Arc<str>,
    host: Option<String>,
    /// Number of the instance.
    pub instance: String,
    polls: Instance,
}

impl MemberPolls {
    /// Where the instance's first sign of life stands.
    fn first(&self) -> Spot {
        Spot::new(&self.path, &None, self.polls.first.place.clone())
    }
}

impl Instance {
    /// First and last poll.
    fn span(&self) -> Span {
        let mut span = Span::default();
        span.add(self.first.time);
        span.add(self.last.time);
        span
    }

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

    /// Keeps the gap, or leaves out the shortest of those that are kept for it.
    fn keep(&mut self, mut gap: RawGap) {
        for place in [&mut gap.from.place, &mut gap.to.place] {
            let shares = |other: &RawGap| place.share(&other.from.place) || place.share(&other.to.place);
            self.gaps.iter().any(shares);
        }
        if self.gaps.len() < GAPS_OF_MEMBER {
            return self.gaps.push(gap);
        }
        self.left_out += 1;
        if let Some((at, shortest)) = self.gaps.iter().enumerate().min_by_key(|(_, gap)| gap.length())
            && shortest.length() <= gap.length()
        {
            self.gaps.remove(at);
            self.gaps.push(gap);
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

/// Joins what members tell of one instance on one host, and finds the gaps between members. Of all gaps the longest stay, and only
/// those are quoted. `None`: no member tells of it.
pub(crate) fn joined(mut members: Vec<MemberPolls>) -> Option<PollSeries> {
    let opens = |member: &MemberPolls| member.polls.span().first.map_or(0, order_of);
    members.sort_by(|a, b| opens(a).cmp(&opens(b)).then_with(|| a.first().cmp_place(&b.first())));
    let (host, instance) = members.first().map(|member| (member.host.clone(), member.instance.clone()))?;
    let mut excerpts = Excerpts::default();
    let first_origin = excerpts.origin(&members.first()?.first());
    let mut span = Span::default();
    let (mut polls, mut gaps_left_out) = (0, 0);
    // Each with whether both ends stand in one file.
    let mut gaps: Vec<(RawGap<Spot>, bool)> = Vec::new();
    // The last sign of life, at the place of the last poll.
    let mut end: Option<Sign<Spot>> = None;
    for member in members {
        let (first, path, own) = (member.first(), member.path, member.polls);
        let own_span = own.span();
        if let (Some(end), Some(time)) = (&end, own_span.first)
            && order_of(time) - order_of(end.time) > GAP_MS
        {
            let (from, to) = (end.clone(), Sign { time, place: first });
            gaps.push((RawGap { from, to }, false));
        }
        let inside = own.gaps.iter().map(|gap| RawGap {
            from: gap.from.located(&path),
            to: gap.to.located(&path),
        });
        gaps.extend(inside.map(|gap| (gap, true)));
        gaps_left_out += own.left_out;
        polls += own.polls;
        span.merge(own_span);
        if end.as_ref().is_none_or(|end| order_of(own.sign.time) >= order_of(end.time)) {
            let time = own.sign.time;
            end = Some(Sign {
                time,
                ..own.last.located(&path)
            });
        }
    }
    gaps.sort_by_key(|(gap, _)| (std::cmp::Reverse(gap.length()), order_of(gap.from.time)));
    gaps_left_out += gaps.len().saturating_sub(GAPS) as u64;
    gaps.truncate(GAPS);
    gaps.sort_by_key(|(gap, _)| order_of(gap.from.time));
    let end = end?;
    let gaps = gaps.into_iter().map(|(gap, inside_one_file)| PollGap {
        from: gap.from.time,
        to: gap.to.time,
        from_origin: excerpts.origin(&gap.from.place),
        to_origin: excerpts.origin(&gap.to.place),
        log_goes_on: false,
        inside_one_file,
    });
    Some(PollSeries {
        host,
        instance,
        polls,
        span,
        last_sign: end.time,
        gaps: gaps.collect(),
        gaps_left_out,
        first_origin,
        last_origin: excerpts.origin(&end.place),
    })
}
