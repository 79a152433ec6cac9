//! Which events of the timeline are wanted.

use super::Event;
use crate::model::{Bound, Period};

/// How far [`around`] looks to either side, in milliseconds.
const AROUND_MS: i64 = 3_600_000;

/// An hour on either side of the first event that shows `signature` (an id, or the end of one: `aadsts50011`); `None` if none does.
pub fn around(events: &[Event], signature: &str) -> Option<Period> {
    let wanted = signature.to_ascii_lowercase();
    let is_it = |id: &String| *id == wanted || id.strip_suffix(&wanted).is_some_and(|head| head.ends_with('.'));
    let shows = events.iter().filter(|event| event.signatures.iter().any(is_it));
    let first = shows.map(|event| event.at).min_by_key(|at| at.placed())?;
    Some(Period {
        since: Bound::BeforeNewest(AROUND_MS).moment(Some(first)),
        until: Bound::BeforeNewest(-AROUND_MS).moment(Some(first)),
    })
}

/// The events that reach into `period`, in their order.
pub fn within(events: &[Event], period: Period) -> Vec<&Event> {
    events.iter().filter(|event| event.reaches(period)).collect()
}
