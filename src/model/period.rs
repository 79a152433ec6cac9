//! A stretch of time, as the user asks for it and as it is once the evidence is known.

use super::Stamp;

/// An end of the stretch that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A time; without a zone it is taken as UTC.
    At(Stamp),
    /// So many milliseconds before the newest evidence.
    BeforeNewest(i64),
}

impl Bound {
    /// Reads a time (RFC 3339, or a date), or a length before the newest evidence: `90s`, `30m`, `12h`, `7d`, `2w`.
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

    /// The same with the zone `minutes` east of UTC for a time that names none.
    pub fn or_offset(self, minutes: Option<i16>) -> Self {
        match self {
            Self::At(stamp) => Self::At(stamp.or_offset(minutes)),
            Self::BeforeNewest(_) => self,
        }
    }

    /// The moment that is meant, where the newest evidence is of `newest`; `None` for a length where nothing is dated.
    pub fn moment(self, newest: Option<Stamp>) -> Option<Stamp> {
        match self {
            Self::At(stamp) => Some(stamp.or_offset(Some(0))),
            Self::BeforeNewest(ms) => newest.map(|newest| Stamp {
                local_ms: newest.local_ms.saturating_sub(ms),
                ..newest
            }),
        }
    }
}

/// As it is written on the command line.
impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(stamp) => stamp.fmt(f),
            Self::BeforeNewest(ms) => write!(f, "{}s", ms / 1000),
        }
    }
}

/// A stretch of time; the default has no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub since: Option<Stamp>,
    /// Its last moment.
    pub until: Option<Stamp>,
}

impl Period {
    /// True if something that lasts from `first` to `last` reaches into it. Times without a zone are taken as UTC.
    pub fn meets(&self, first: Stamp, last: Stamp) -> bool {
        self.since.is_none_or(|since| last.placed() >= since.placed()) && self.until.is_none_or(|until| first.placed() <= until.placed())
    }

    /// True if `stamp` lies in it.
    pub fn holds(&self, stamp: Stamp) -> bool {
        self.meets(stamp, stamp)
    }

    /// True if it leaves nothing out.
    pub fn is_all(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }
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

    #[test]
    fn a_period_holds_its_ends_in_any_zone() {
        let at = |text: &str| Stamp::parse(text).expect(text);
        let period = Period {
            since: Some(at("2026-03-31T12:00:00Z")),
            until: Bound::parse("1h").and_then(|bound| bound.moment(Some(at("2026-03-31T15:00:00+02:00")))),
        };
        assert!(period.holds(at("2026-03-31T14:00:00+02:00")) && !period.holds(at("2026-03-31T12:00:01Z")));
        assert!(period.meets(at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z")) && Period::default().is_all());
    }
}
