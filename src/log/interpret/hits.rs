//! Signature hits of a member: how often, when, where, and what the texts say besides. Errors that no signature explains are
//! grouped by what stays the same in them.

use super::exception::Chain;
use super::place::Place;
use super::template::template;
use crate::log::Record;
use crate::model::{Origin, SignatureHit, Span, Stamp, UnexplainedGroup};
use crate::signatures::Match;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Places per signature.
pub(crate) const SAMPLES: usize = 5;
/// Distinct values per field of a signature.
pub(crate) const VALUES: usize = 16;
/// Distinct minutes per signature.
pub(crate) const MINUTES: usize = 20_000;
/// Groups of unexplained errors per member.
const GROUPS: usize = 500;

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
    groups: BTreeMap<String, Group>,
    /// Unexplained errors that found no room.
    pub dropped: u64,
}

#[derive(Clone)]
struct Group {
    class: String,
    count: u64,
    span: Span,
    samples: Vec<Place>,
}

/// The minute since 1970 of a stamp: UTC, or local without zone.
pub(crate) fn minute_of(stamp: Stamp) -> i64 {
    super::place::order_of(stamp).div_euclid(60_000)
}

impl Hits {
    /// Counts the record for `hit`. `aside`: the record is about another sign-in than mail's.
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

    /// Files an error that no signature explains.
    pub fn unexplained(&mut self, record: &Record<'_>, text: &str, chain: &Chain) {
        let template = template(text, chain);
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&template) {
            self.dropped += 1;
            return;
        }
        let group = self.groups.entry(template).or_insert_with(|| Group {
            class: Record::text(record.class).into_owned(),
            count: 0,
            span: Span::default(),
            samples: Vec::new(),
        });
        group.count += 1;
        if let Some(time) = record.time {
            group.span.add(time);
        }
        if group.samples.len() < SAMPLES {
            group.samples.push(Place::of(record));
        }
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
        for (template, group) in later.groups {
            let room = self.groups.len() < GROUPS;
            match self.groups.get_mut(&template) {
                Some(own) => {
                    own.count += group.count;
                    own.span.merge(group.span);
                    own.samples.extend(group.samples);
                    own.samples.truncate(SAMPLES);
                }
                None if room => {
                    self.groups.insert(template, group);
                }
                None => self.dropped += group.count,
            }
        }
    }

    /// The hits, located in the member `path`, counted for `source` (host and process).
    pub fn located(&self, path: &Arc<str>, source: &(String, String)) -> Vec<SignatureHit> {
        let located = self.tallies.iter().map(|(id, tally)| SignatureHit {
            id: id.clone(),
            count: tally.count,
            elsewhere: 0,
            aside: tally.aside,
            span: tally.span,
            fields: tally
                .fields
                .iter()
                .map(|(name, values)| ((*name).to_owned(), values.iter().cloned().collect()))
                .collect(),
            samples: origins(&tally.samples, path),
            by_source: BTreeMap::from([(source.clone(), tally.count)]),
            minutes: tally.minutes.clone(),
        });
        located.collect()
    }

    /// The groups of unexplained errors, located in the member `path`.
    pub fn located_groups(&self, path: &Arc<str>) -> Vec<UnexplainedGroup> {
        let located = self.groups.iter().map(|(template, group)| UnexplainedGroup {
            template: template.clone(),
            class: group.class.clone(),
            count: group.count,
            span: group.span,
            samples: origins(&group.samples, path),
        });
        located.collect()
    }
}

fn origins(places: &[Place], path: &Arc<str>) -> Vec<Origin> {
    places.iter().map(|place| place.origin(path)).collect()
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
