//! Which part of the timeline is wanted.

use super::{Event, order};
use crate::model::Stamp;

/// An end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A time; without a zone it is taken as it stands.
    At(Stamp),
    /// So many milliseconds before the newest event.
    BeforeNewest(i64),
}

impl Bound {
    /// Reads a time (RFC 3339, or a date), or a length before the newest event: `90s`, `30m`, `12h`, `7d`, `2w`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let unit_ms: i64 = match unit.trim() {
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return Stamp::parse(text).map(Self::At),
        };
        let number: i64 = number.parse().ok()?;
        Some(Self::BeforeNewest(number.saturating_mul(unit_ms)))
    }

    fn place(self, newest: i64) -> i64 {
        match self {
            Self::At(stamp) => order(stamp),
            Self::BeforeNewest(ms) => newest.saturating_sub(ms),
        }
    }
}

/// The part of the timeline that is wanted; the default is all of it.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// From here.
    pub since: Option<Bound>,
    /// To here.
    pub until: Option<Bound>,
    /// An hour on either side of the first time of this signature (id, or the end of it: `aadsts50011`).
    pub around: Option<String>,
}

/// How far [`Window::around`] looks to either side.
const AROUND_MS: i64 = 3_600_000;

impl Window {
    /// The events that reach into the window, in their order. `None`: no event shows the signature that was named.
    ///
    /// The newest event, which relative bounds count from, is the newest thing that happened: the end of a credential, which may
    /// lie years ahead, doesn't count.
    pub fn select<'a>(&self, events: &'a [Event]) -> Option<Vec<&'a Event>> {
        let (from, to) = self.bounds(events)?;
        Some(events.iter().filter(|event| end(event) >= from && order(event.at) <= to).collect())
    }

    /// What the window spans, if it is bounded on both sides, in milliseconds since 1970; an open end is that of the events.
    pub fn span(&self, events: &[Event]) -> Option<(i64, i64)> {
        if self.since.is_none() && self.until.is_none() && self.around.is_none() {
            return None;
        }
        let (from, to) = self.bounds(events)?;
        let first = events.iter().map(|event| order(event.at)).min()?;
        Some((from.max(first), to.min(newest(events))))
    }

    fn bounds(&self, events: &[Event]) -> Option<(i64, i64)> {
        let newest = newest(events);
        let mut from = self.since.map_or(i64::MIN, |bound| bound.place(newest));
        let mut to = self.until.map_or(i64::MAX, |bound| bound.place(newest));
        if let Some(wanted) = &self.around {
            let wanted = wanted.to_ascii_lowercase();
            let is_it = |id: &String| *id == wanted || id.strip_suffix(&wanted).is_some_and(|head| head.ends_with('.'));
            let shows = events.iter().filter(|event| event.signatures.iter().any(is_it));
            let first = shows.map(|event| order(event.at)).min()?;
            from = from.max(first.saturating_sub(AROUND_MS));
            to = to.min(first.saturating_add(AROUND_MS));
        }
        Some((from, to))
    }
}

fn end(event: &Event) -> i64 {
    event.until.map_or(order(event.at), order)
}

fn newest(events: &[Event]) -> i64 {
    let happened = events.iter().filter(|e| e.kind != super::EventKind::Credential);
    happened.map(end).max().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_times_or_lengths() {
        assert_eq!(Bound::parse("7d"), Some(Bound::BeforeNewest(7 * 86_400_000)));
        assert_eq!(Bound::parse("30 min"), Some(Bound::BeforeNewest(1_800_000)));
        assert!(matches!(Bound::parse("2026-03-31T12:00:00Z"), Some(Bound::At(_))));
        assert_eq!(Bound::parse("yesterday"), None);
        assert_eq!(Bound::parse("99999999999999999999d"), None);
    }
}
