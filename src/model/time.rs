//! Points in time. This is the only module that knows the calendar crate.
//!
//! A stamp without a known zone is no instant: it cannot be ordered against stamps of other servers, and nothing here guesses
//! one. No function of this module reads a clock or the zone of the machine.

use super::Text;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};
use std::fmt;
use std::ops::RangeInclusive;

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// The moment `seconds` after 1970-01-01T00:00:00Z; saturates far outside any calendar.
    pub fn from_epoch_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to `self`; negative if `self` lies before it. Saturates.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment `ms` milliseconds later (or earlier, if negative). Saturates.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The same moment as a UTC stamp.
    pub fn stamp(self) -> Stamp {
        Stamp {
            local_ms: self.0,
            offset_minutes: Some(0),
        }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stamp().fmt(f)
    }
}

/// A time as a program wrote it: local date and time, and the offset to UTC if the text named one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The written date and time as if it were UTC, in milliseconds since 1970-01-01T00:00:00.
    pub local_ms: i64,
    /// Offset to UTC in minutes (east is positive); `None` if the text names no zone.
    pub offset_minutes: Option<i16>,
}

/// Years of four digits: RFC 3339 has no others.
const YEARS: RangeInclusive<i32> = 0..=9999;

impl Stamp {
    /// The moment, if the zone is known.
    pub fn instant(self) -> Option<Instant> {
        let offset = i64::from(self.offset_minutes?) * 60_000;
        Some(Instant(self.local_ms.saturating_sub(offset)))
    }

    /// Its place among stamps of all zones, in milliseconds since 1970: as an instant, or, without a zone, as if it were UTC.
    pub fn placed(self) -> i64 {
        self.instant().map_or(self.local_ms, |instant| instant.0)
    }

    /// The same instant in the zone `minutes` east of UTC; a stamp that names no zone stays as it is.
    pub fn in_zone(self, minutes: i16) -> Self {
        self.instant().map_or(self, |instant| Self {
            local_ms: instant.0.saturating_add(i64::from(minutes) * 60_000),
            offset_minutes: Some(minutes),
        })
    }

    /// True if this certainly lies before `other`. Where a stamp names no zone, only a distance of more than 26 hours, the width of
    /// all zones together, makes it certain.
    pub fn certainly_before(self, other: Self) -> bool {
        const ALL_ZONES_MS: i64 = 26 * 3_600_000;
        match (self.instant(), other.instant()) {
            (Some(a), Some(b)) => a < b,
            _ => self.local_ms.saturating_add(ALL_ZONES_MS) < other.local_ms,
        }
    }

    /// The stamp with `minutes` as its offset where it has none of its own.
    pub fn or_offset(self, minutes: Option<i16>) -> Self {
        Self {
            offset_minutes: self.offset_minutes.or(minutes),
            ..self
        }
    }

    /// Builds a stamp from calendar fields; `None` if they name no date or time of day, or a year that RFC 3339 can't write.
    pub fn from_fields(year: i32, month: u32, day: u32, hour: u32, minute: u32, second: u32, milli: u32) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(year, month, day).filter(|date| YEARS.contains(&date.year()))?;
        // A leap second is written as :60 by some clocks; it is the same minute for every purpose here.
        let time = date.and_hms_milli_opt(hour, minute, second.min(59), milli)?;
        Some(Self {
            local_ms: time.and_utc().timestamp_millis(),
            offset_minutes: None,
        })
    }

    /// Reads the unambiguous forms: ISO 8601 / RFC 3339 with `T` or a blank, with or without fraction and zone
    /// (`Z`, `+02:00`, `+0200`, `GMT-0400`, `UTC`), `/Date(1769788627239)/` of Windows PowerShell, and the 14 digits of a
    /// transcript header. Anything else, `5/6/2024` above all, is `None`: day and month can't be told apart.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches('"');
        if let Some(rest) = text.strip_prefix("/Date(").or_else(|| text.strip_prefix("\\/Date(")) {
            let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
            let stamp = Instant(digits.parse().ok()?).stamp();
            return stamp.fields().is_some_and(|time| YEARS.contains(&time.year())).then_some(stamp);
        }
        let bytes = text.as_bytes();
        if bytes.len() == 14 && bytes.iter().all(u8::is_ascii_digit) {
            let n = |a: usize, b: usize| text[a..b].parse::<u32>().ok();
            return Self::from_fields(n(0, 4)? as i32, n(4, 6)?, n(6, 8)?, n(8, 10)?, n(10, 12)?, n(12, 14)?, 0);
        }
        Self::parse_iso(text)
    }

    fn parse_iso(text: &str) -> Option<Self> {
        let digits = |from: usize, to: usize| -> Option<u32> {
            let part = text.get(from..to)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
        };
        let mark = |at: usize, any: &str| text.get(at..=at).is_some_and(|c| any.contains(c));
        if !(mark(4, "-/") && mark(7, "-/")) {
            return None;
        }
        let (year, month, day) = (digits(0, 4)? as i32, digits(5, 7)?, digits(8, 10)?);
        if text.len() == 10 {
            return Self::from_fields(year, month, day, 0, 0, 0, 0);
        }
        if !(mark(10, "T t") && mark(13, ":")) {
            return None;
        }
        let (hour, minute) = (digits(11, 13)?, digits(14, 16)?);
        let mut rest = text.get(16..)?;
        let mut second = 0;
        let mut milli = 0;
        if let Some(after) = rest.strip_prefix(':') {
            second = digits(17, 19)?;
            rest = after.get(2..)?;
            if let Some(fraction) = rest.strip_prefix(['.', ',']) {
                let n = fraction.bytes().take_while(u8::is_ascii_digit).count();
                let three: String = fraction[..n].chars().chain("000".chars()).take(3).collect();
                milli = three.parse().ok()?;
                rest = &fraction[n..];
            }
        }
        let stamp = Self::from_fields(year, month, day, hour, minute, second, milli)?;
        Some(Self {
            offset_minutes: parse_zone(rest.trim())?,
            ..stamp
        })
    }

    /// RFC 3339 with the offset as written (`Z` is written `+00:00` only if it came so); without one where it is unknown.
    pub fn rfc3339(self) -> String {
        self.to_string()
    }

    /// The date alone, `2024-04-11`, in the stamp's own zone.
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    fn fields(self) -> Option<NaiveDateTime> {
        DateTime::from_timestamp_millis(self.local_ms).map(|t| t.naive_utc())
    }
}

/// An offset to UTC in minutes as people read it: `UTC`, `+02:00`.
pub fn zone_name(minutes: i16) -> String {
    match minutes {
        0 => "UTC".to_owned(),
        m => format!("{}{:02}:{:02}", if m < 0 { '-' } else { '+' }, m.abs() / 60, m.abs() % 60),
    }
}

/// Reads an offset to UTC in minutes: `+02:00`, `-0730`, `+2`, `Z`, `UTC`, `GMT+01:00`. The name of a zone is none: it stands for
/// different offsets in summer and winter.
pub fn parse_offset(text: &str) -> Option<i16> {
    let text = text.trim();
    let padded = match text.len() {
        2 if text.starts_with(['+', '-']) => format!("{}0{}", &text[..1], &text[1..]),
        _ => text.to_owned(),
    };
    if padded.is_empty() { None } else { parse_zone(&padded)? }
}

/// `Some(None)`: no zone named. `None`: something stands there that is no zone.
fn parse_zone(text: &str) -> Option<Option<i16>> {
    let text = text
        .strip_prefix("GMT")
        .or_else(|| text.strip_prefix("UTC"))
        .map_or(text, |rest| if rest.is_empty() { "Z" } else { rest });
    match text {
        "" => return Some(None),
        "Z" | "z" => return Some(Some(0)),
        _ => {}
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i16 = digits[..2].parse().ok()?;
    let minutes: i16 = digits.get(2..).filter(|m| !m.is_empty()).map_or(Ok(0), str::parse).ok()?;
    (hours <= 18 && minutes < 60).then_some(Some(sign * (hours * 60 + minutes)))
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(t) = self.fields() else {
            return write!(f, "(a time outside the calendar)");
        };
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second()
        )?;
        let milli = t.and_utc().timestamp_subsec_millis();
        if milli != 0 {
            write!(f, ".{milli:03}")?;
        }
        match self.offset_minutes {
            None => Ok(()),
            Some(0) => write!(f, "Z"),
            Some(m) => f.write_str(&zone_name(m)),
        }
    }
}

impl serde::Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn month_number(name: &str) -> Option<u32> {
    MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name)).map(|at| at as u32 + 1)
}

/// Reads the date of an HTTP header, `Mon, 06 Jan 2025 10:11:12 GMT`.
pub fn http_date(text: &str) -> Option<Stamp> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words[..] else { return None };
    let stamp = clock_fields(year, month_number(month)?, day, time)?;
    Some(stamp.or_offset(Some(0)))
}

/// Reads the date that Java and OpenSSL print of a certificate: `Tue Jan 15 12:00:00 UTC 2038`, `Jan 15 12:00:00 2038 GMT`. A zone
/// other than UTC or GMT leaves the offset unknown.
pub fn certificate_date(text: &str) -> Option<Stamp> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (month, day, time, zone, year) = match words[..] {
        [_, month, day, time, zone, year] => (month, day, time, zone, year),
        [month, day, time, year, zone] => (month, day, time, zone, year),
        _ => return None,
    };
    let stamp = clock_fields(year, month_number(month)?, day, time)?;
    Some(match zone {
        "UTC" | "GMT" | "Z" => stamp.or_offset(Some(0)),
        _ => stamp,
    })
}

fn clock_fields(year: &str, month: u32, day: &str, time: &str) -> Option<Stamp> {
    let mut clock = time.split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    Stamp::from_fields(year.parse().ok()?, month, day.parse().ok()?, hour, minute, second, 0)
}

/// A length of time in words an engineer reads at a glance: `6 h 12 min`, `45 s`, `3 d 2 h`. Negative lengths count as zero.
pub fn duration_words(ms: i64) -> Text {
    let s = (ms.max(0)) / 1000;
    let (d, h, m) = (s / 86_400, s / 3600 % 24, s / 60 % 60);
    Text::figure(match (d, h, m) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) => format!("{d} d {h} h"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stamp_can_be_written_as_rfc_3339() {
        assert_eq!(certificate_date("x Jul 11 01:11:10 GMT 111000"), None);
        assert_eq!(certificate_date("x Jul 11 01:11:10 GMT -4"), None);
        assert_eq!(Stamp::parse("/Date(253402300800000)/"), None);
        assert_eq!(Stamp::parse("/Date(-9223372036854775808)/"), None);
        let never = Stamp::parse("9999-12-31T23:59:59Z").map(Stamp::rfc3339);
        assert_eq!(never.as_deref(), Some("9999-12-31T23:59:59Z"));
    }

    #[test]
    fn reads_the_forms_of_the_field() {
        let show = |t: &str| Stamp::parse(t).map(|s| s.rfc3339());
        assert_eq!(show("2024-04-11 09:05:34.696 GMT-0700").as_deref(), Some("2024-04-11T09:05:34.696-07:00"));
        assert_eq!(show("2024-04-11T18:35:34.6961234Z").as_deref(), Some("2024-04-11T18:35:34.696Z"));
        assert_eq!(show("2024-04-11 22:35:00Z").as_deref(), Some("2024-04-11T22:35:00Z"));
        assert_eq!(show("2025-01-02 03:34:23.000").as_deref(), Some("2025-01-02T03:34:23"));
        assert_eq!(show("/Date(1769788627239)/").as_deref(), Some("2026-01-30T15:57:07.239Z"));
        assert_eq!(show("20250105170423").as_deref(), Some("2025-01-05T17:04:23"));
        assert_eq!(show("2011-05-11 11:09:20.006 GMT+0530").as_deref(), Some("2011-05-11T11:09:20.006+05:30"));
        for bad in [
            "5/6/2024",
            "2024-13-01",
            "2024-02-30 10:00:00",
            "yesterday",
            "2024-01-01 25:00:00",
            "2024-01-01 10:00:00 XYZ",
        ] {
            assert_eq!(show(bad), None, "{bad}");
        }
    }

    #[test]
    fn offsets_are_read_and_names_are_not() {
        for (text, minutes) in [("+02:00", 120), ("-0730", -450), ("+2", 120), ("UTC", 0), ("Z", 0), ("GMT+01:00", 60)] {
            assert_eq!(parse_offset(text), Some(minutes), "{text}");
        }
        for text in ["Europe/Rome", "CET", "", "+", "+é", "+25:00", "02:00"] {
            assert_eq!(parse_offset(text), None, "{text}");
        }
        let at = Stamp::parse("2026-05-04T09:00:00+02:00").unwrap();
        assert_eq!(at.in_zone(-450).rfc3339(), "2026-05-03T23:30:00-07:30");
    }

    #[test]
    fn a_stamp_without_zone_is_no_instant() {
        let local = Stamp::parse("2025-01-02 03:34:23").unwrap();
        assert_eq!(local.instant(), None);
        assert_eq!(
            local.or_offset(Some(60)).instant(),
            Stamp::parse("2025-01-02T02:34:23Z").unwrap().instant()
        );
    }

    #[test]
    fn reads_dates_of_headers_and_certificates() {
        let show = |s: Option<Stamp>| s.map(|s| s.rfc3339());
        assert_eq!(show(http_date("Mon, 06 Jan 2025 10:11:12 GMT")).as_deref(), Some("2025-01-06T10:11:12Z"));
        assert_eq!(
            show(certificate_date("Fri Jan 15 12:00:00 UTC 2038")).as_deref(),
            Some("2038-01-15T12:00:00Z")
        );
        assert_eq!(
            show(certificate_date("Fri Jan 15 13:00:00 CET 2038")).as_deref(),
            Some("2038-01-15T13:00:00")
        );
        assert_eq!(
            show(certificate_date("Jan 15 12:00:00 2038 GMT")).as_deref(),
            Some("2038-01-15T12:00:00Z")
        );
        assert_eq!(show(certificate_date("soon")), None);
        assert_eq!(show(http_date("Mon, 36 Jan 2025 10:11:12 GMT")), None);
    }

    #[test]
    fn says_lengths_in_words() {
        assert_eq!(duration_words(45_000).english(), "45 s");
        assert_eq!(duration_words(22_320_000).english(), "6 h 12 min");
        assert_eq!(duration_words(266_400_000).english(), "3 d 2 h");
        assert_eq!(duration_words(-5).english(), "0 s");
    }
}
