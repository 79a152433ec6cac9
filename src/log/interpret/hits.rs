//! Signature hits of a member: how often, when, where, and what the texts say besides. Errors that no signature explains are
//! grouped by what stays the same in them.

use super::place::{Place, Spot, order_of};
use crate::log::Record;
use crate::model::{Origin, SignatureHit, Span, Stamp, UnexplainedGroup};
use crate::signatures::Match;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Places per signature.
pub(crate) const SAMPLES: usize = 5;
/// Distinct values per field of a signature.
pub(crate) const VALUES: usize = 16;
/// Distinct minutes per signature.
pub(crate) const MINUTES: usize = 20_000;
/// Groups of unexplained errors per member.
const GROUPS: usize = 250;
/// Groups of a member that get as many places as a signature; further ones get few.
const USUAL_GROUPS: usize = 40;
const FEW_SAMPLES: usize = 2;

/// The hits of a signature in a member.
#[derive(Clone, Default)]
struct Tally {
    count: u64,
    aside: u64,
    span: Span,
    fields: BTreeMap<&'static str, BTreeSet<String>>,
    samples: Vec<Place>,
    minutes: BTreeMap<i64, u32>,
}

/// The hits of a member.
#[derive(Clone, Default)]
pub(super) struct Hits {
    tallies: BTreeMap<String, Tally>,
    groups: Vec<Group>,
    /// Template → its group.
    by_template: BTreeMap<String, usize>,
    /// Unexplained errors that found no room.
    pub dropped: u64,
}

#[derive(Clone)]
struct Group {
    template: String,
    class: String,
    count: u64,
    span: Span,
    samples: Vec<Place>,
}

/// The minute since 1970 of a stamp: UTC, or local without zone.
pub(crate) fn minute_of(stamp: Stamp) -> i64 {
    order_of(stamp).div_euclid(60_000)
}

impl Hits {
    /// Counts the record for `hit`. `aside`: the record is about another sign-in than mail's, or another system than Microsoft's.
    pub fn count(&mut self, hit: &Match, record: &Record<'_>, aside: bool) {
        if !self.tallies.contains_key(&*hit.id) {
            self.tallies.insert(hit.id.to_string(), Tally::default());
        }
        let Some(tally) = self.tallies.get_mut(&*hit.id) else { return };
        tally.count += 1;
        tally.aside += u64::from(aside);
        if let Some(time) = record.time {
            tally.span.add(time);
            let minute = minute_of(time);
            if tally.minutes.len() < MINUTES || tally.minutes.contains_key(&minute) {
                *tally.minutes.entry(minute).or_default() += 1;
            }
        }
        if tally.samples.len() < SAMPLES {
            tally.samples.push(Place::of(record));
        }
        for (name, value) in hit.fields.iter().filter(|_| !aside) {
            let values = tally.fields.entry(name).or_default();
            if values.len() < VALUES {
                values.insert(value.clone());
            }
        }
    }

    /// Files an error of this template, which no signature explains; returns its group, if there is room for one.
    pub fn unexplained(&mut self, record: &Record<'_>, template: String) -> Option<usize> {
        let group = match self.by_template.get(&template) {
            Some(&group) => Some(group),
            None if self.groups.len() >= GROUPS => None,
            None => {
                self.by_template.insert(template.clone(), self.groups.len());
                self.groups.push(Group {
                    template,
                    class: Record::text(record.class).into_owned(),
                    count: 0,
                    span: Span::default(),
                    samples: Vec::new(),
                });
                Some(self.groups.len() - 1)
            }
        };
        self.once_more(group, record);
        group
    }

    /// Counts one more record of a group, or of none for want of room.
    pub fn once_more(&mut self, group: Option<usize>, record: &Record<'_>) {
        let room = if group < Some(USUAL_GROUPS) { SAMPLES } else { FEW_SAMPLES };
        let Some(group) = group.and_then(|group| self.groups.get_mut(group)) else {
            self.dropped += 1;
            return;
        };
        group.count += 1;
        if let Some(time) = record.time {
            group.span.add(time);
        }
        if group.samples.len() < room {
            group.samples.push(Place::of(record));
        }
    }

    /// Moves every place `lines` lines down.
    pub fn move_down(&mut self, lines: u64) {
        let tallies = self.tallies.values_mut().flat_map(|tally| &mut tally.samples);
        let groups = self.groups.iter_mut().flat_map(|group| &mut group.samples);
        tallies.chain(groups).for_each(|place| place.move_down(lines));
    }

    /// Takes over the hits of the part that follows.
    pub fn append(&mut self, later: Self) {
        self.dropped += later.dropped;
        for (id, tally) in later.tallies {
            let own = self.tallies.entry(id).or_default();
            own.count += tally.count;
            own.aside += tally.aside;
            own.span.merge(tally.span);
            own.samples.extend(tally.samples);
            own.samples.truncate(SAMPLES);
            merge_minutes(&mut own.minutes, &tally.minutes);
            for (name, values) in tally.fields {
                let own = own.fields.entry(name).or_default();
                let room = VALUES.saturating_sub(own.len());
                own.extend(values.into_iter().take(room));
            }
        }
        for group in later.groups {
            match self.by_template.get(&group.template).and_then(|&at| self.groups.get_mut(at)) {
                Some(own) => {
                    own.count += group.count;
                    own.span.merge(group.span);
                    own.samples.extend(group.samples);
                    own.samples.truncate(SAMPLES);
                }
                None if self.by_template.len() < GROUPS => {
                    self.by_template.insert(group.template.clone(), self.groups.len());
                    self.groups.push(group);
                }
                None => self.dropped += group.count,
            }
        }
    }

    /// The hits and the groups of unexplained errors, located in the member `path`, counted for `source` (host and process).
    pub fn located(self, path: &Arc<str>, source: &(String, String)) -> (Vec<Sampled<SignatureHit>>, Vec<Sampled<UnexplainedGroup>>) {
        let spots = |places: Vec<Place>| places.into_iter().map(|place| Spot::new(path, &None, place)).collect();
        let hit = |(id, tally): (String, Tally)| Sampled {
            of: SignatureHit {
                id,
                count: tally.count,
                elsewhere: 0,
                aside: tally.aside,
                span: tally.span,
                fields: tally
                    .fields
                    .into_iter()
                    .map(|(name, values)| (name.to_owned(), values.into_iter().collect()))
                    .collect(),
                samples: Vec::new(),
                by_source: BTreeMap::from([(source.clone(), tally.count - tally.aside)]),
                minutes: tally.minutes,
            },
            spots: spots(tally.samples),
        };
        let group = |group: Group| Sampled {
            of: UnexplainedGroup {
                template: group.template,
                class: group.class,
                count: group.count,
                span: group.span,
                samples: Vec::new(),
            },
            spots: spots(group.samples),
        };
        (self.tallies.into_iter().map(hit).collect(), self.groups.into_iter().map(group).collect())
    }
}

/// Something that was seen, with a few places that are quoted only once it is known which of them stay.
#[derive(Clone)]
pub(crate) struct Sampled<T> {
    /// What was seen, without samples.
    pub of: T,
    /// Its samples.
    pub spots: Vec<Spot>,
}

impl<T> Sampled<T> {
    /// The order of two samplings of the same thing, whose spans begin at `span`.
    pub fn order(&self, other: &Self, span: impl Fn(&T) -> Span) -> Ordering {
        let opens = |sampled: &Self| span(&sampled.of).first.map_or(i64::MAX, order_of);
        opens(self).cmp(&opens(other)).then_with(|| {
            let pairs = self.spots.iter().zip(&other.spots);
            let unlike = pairs.map(|(a, b)| a.cmp_place(b)).find(|order| order.is_ne());
            unlike.unwrap_or(self.spots.len().cmp(&other.spots.len()))
        })
    }

    /// Takes over as many of the other's samples as there is room for.
    pub fn add_samples(&mut self, more: Vec<Spot>) {
        let room = SAMPLES.saturating_sub(self.spots.len());
        self.spots.extend(more.into_iter().take(room));
    }

    /// The samples, quoted.
    pub fn samples(&self) -> Vec<Origin> {
        self.spots.iter().map(Spot::origin).collect()
    }
}

/// Adds `more` to `minutes`, as far as there is room for further ones.
pub(crate) fn merge_minutes(minutes: &mut BTreeMap<i64, u32>, more: &BTreeMap<i64, u32>) {
    for (minute, n) in more {
        if minutes.len() < MINUTES || minutes.contains_key(minute) {
            let own = minutes.entry(*minute).or_default();
            *own = own.saturating_add(*n);
        }
    }
}
