//! Secrets that stand in records: which kinds, and where. Never what.

use super::place::Place;
use crate::log::Record;
use crate::model::{Fact, SecretKind, secret};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Places kept of each kind.
const PLACES: usize = 3;

/// Kinds of secrets found, each with a few places.
#[derive(Clone, Default)]
pub(super) struct Exposed {
    kinds: BTreeMap<SecretKind, Vec<Place>>,
}

impl Exposed {
    /// Looks through a record. Session ids stand in every record of a console: they are masked, and no finding of their own.
    pub fn note(&mut self, record: &Record<'_>) {
        let text = String::from_utf8_lossy(record.message);
        for found in secret::find(&text) {
            if found.kind == SecretKind::Session {
                continue;
            }
            let places = self.kinds.entry(found.kind).or_default();
            if places.len() < PLACES {
                places.push(Place::of(record));
            }
        }
    }

    /// Takes over what the part that follows in the same member holds.
    pub fn append(&mut self, later: Self) {
        for (kind, places) in later.kinds {
            let own = self.kinds.entry(kind).or_default();
            own.extend(places);
            own.truncate(PLACES);
        }
    }

    /// Ties the places to the member `path`.
    pub fn located(&self, path: &Arc<str>) -> Vec<Fact<SecretKind>> {
        let fact = |(kind, place): (&SecretKind, &Place)| Fact::new(*kind, place.origin(path));
        self.kinds
            .iter()
            .flat_map(|(kind, places)| places.iter().map(move |place| (kind, place)))
            .map(fact)
            .collect()
    }
}
