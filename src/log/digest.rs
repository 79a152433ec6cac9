//! What the engine counts while it reads, in bounded space.

use super::Clock;
use super::fragment::Fragment;
use super::grammar::Header;
use crate::bundle::Encoding;
use crate::model::{Span, Stamp};
use std::collections::{BTreeMap, BTreeSet};

/// Distinct minutes, levels and classes that are counted.
const MINUTES: usize = 200_000;
const LEVELS: usize = 32;
const CLASSES: usize = 256;
const MINUTE_MS: i64 = 60_000;
/// Level under which records are counted when a log has more than [`LEVELS`] kinds.
const OTHER_LEVEL: &str = "(other)";
const USUAL_LEVELS: [&str; 8] = ["INFO", "DEBUG", "WARN", "ERROR", "TRACE", "DBQUERY", "PERF", "FATAL"];

/// What the engine counted in a member, or in a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentDigest {
    /// Records, a half-written last one included.
    pub records: u64,
    /// Half-written headers and records.
    pub losses: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Line breaks.
    pub newlines: u64,
    /// How the bytes were read. A log is UTF-8 until bytes show that it isn't.
    pub encoding: Encoding,
    /// First and last record time.
    pub span: Span,
    /// Time of the first record in the order of the file.
    pub opens: Option<Stamp>,
    /// Records per level, in upper case.
    pub levels: BTreeMap<String, u64>,
    /// Records per UTC minute since 1970, by the offset that each header names (local minute if it names none).
    pub minutes: BTreeMap<i64, u32>,
    /// True if the records stand in more distinct minutes than are counted.
    pub minutes_cut: bool,
    /// Distinct offsets to UTC in minutes; `None` for records that name none.
    pub offsets: BTreeSet<Option<i16>>,
    /// True if records that name no zone were given one.
    pub zone_given: bool,
    /// Distinct classes (the first 256).
    pub classes: BTreeSet<String>,
    /// What stands before the first header: the end of the previous rotated file's last record, or output of a program start.
    pub head: Option<Fragment>,
    /// The last record, which was counted, but not handed on: the next rotated file may continue it. See [`super::join`].
    pub tail: Option<Fragment>,
}

impl Default for SegmentDigest {
    fn default() -> Self {
        Self {
            records: 0,
            losses: 0,
            bytes: 0,
            newlines: 0,
            encoding: Encoding::Utf8,
            span: Span::default(),
            opens: None,
            levels: BTreeMap::new(),
            minutes: BTreeMap::new(),
            minutes_cut: false,
            offsets: BTreeSet::new(),
            zone_given: false,
            classes: BTreeSet::new(),
            head: None,
            tail: None,
        }
    }
}

impl SegmentDigest {
    /// Adds what was counted in the next segment of the same member. Its head and tail are those of the member's last segments:
    /// segments begin at records.
    pub fn append(&mut self, next: SegmentDigest) {
        self.records += next.records;
        self.losses += next.losses;
        self.bytes += next.bytes;
        if self.encoding == Encoding::Utf8 {
            self.encoding = next.encoding;
        }
        self.span.merge(next.span);
        self.opens = self.opens.or(next.opens);
        for (level, count) in next.levels {
            *self.levels.entry(level).or_default() += count;
        }
        for (minute, count) in next.minutes {
            self.add_minute(minute, count);
        }
        self.minutes_cut |= next.minutes_cut;
        self.offsets.extend(next.offsets);
        self.zone_given |= next.zone_given;
        for class in next.classes {
            self.add_class(&class);
        }
        self.head = self.head.take().or(next.head);
        self.tail = match next.tail {
            Some(tail) => Some(Fragment {
                line: tail.line + self.newlines,
                ..tail
            }),
            None => self.tail.take(),
        };
        self.newlines += next.newlines;
    }

    fn add_minute(&mut self, minute: i64, count: u32) {
        if self.minutes.len() < MINUTES || self.minutes.contains_key(&minute) {
            let slot = self.minutes.entry(minute).or_default();
            *slot = slot.saturating_add(count);
        } else {
            self.minutes_cut = true;
        }
    }

    fn add_class(&mut self, class: &str) {
        if !class.is_empty() && self.classes.len() < CLASSES && !self.classes.contains(class) {
            self.classes.insert(class.to_owned());
        }
    }

    fn add_level(&mut self, level: &str, count: u64) {
        let room = self.levels.len() < LEVELS || self.levels.contains_key(level);
        *self.levels.entry(if room { level } else { OTHER_LEVEL }.to_owned()).or_default() += count;
    }
}

/// The place of `level` in [`USUAL_LEVELS`].
#[inline(always)]
fn usual_level(level: &[u8]) -> Option<usize> {
    // Compared as numbers, all at once: a search through the list costs a call for each of them.
    Some(match level {
        b"INFO" => 0,
        b"DEBUG" => 1,
        b"WARN" => 2,
        b"ERROR" => 3,
        b"TRACE" => 4,
        b"DBQUERY" => 5,
        b"PERF" => 6,
        b"FATAL" => 7,
        _ => return None,
    })
}

/// Counts records into a digest; what changes with every record is kept apart in plain numbers.
#[derive(Default)]
pub(super) struct Tally {
    /// Complete only after [`Tally::finish`].
    pub digest: SegmentDigest,
    levels: [u64; USUAL_LEVELS.len()],
    /// Current minute, in milliseconds, and the records in it.
    minute: (i64, u32),
    offset: Option<Option<i16>>,
    /// First and last time, with the moment that they are compared by.
    first: Option<(i64, Stamp)>,
    last: Option<(i64, Stamp)>,
}

impl Tally {
    /// Counts a record that `clock` admits, in the zone that it gives; false if it doesn't.
    pub fn count_admitted(&mut self, clock: &Clock, header: &mut Header, line: &[u8], known_class: bool) -> bool {
        let named = header.time.and_then(|time| time.offset_minutes);
        if !clock.admits(&mut header.time) {
            return false;
        }
        self.digest.zone_given |= named != header.time.and_then(|time| time.offset_minutes);
        self.count(header, line, known_class);
        true
    }

    /// Counts a record. `known_class`: a record with this class was counted before.
    pub fn count(&mut self, header: &Header, line: &[u8], known_class: bool) {
        self.digest.records += 1;
        let level = header.level.of(line);
        match usual_level(level).and_then(|n| self.levels.get_mut(n)) {
            Some(count) => *count += 1,
            None => self.digest.add_level(&String::from_utf8_lossy(level).to_ascii_uppercase(), 1),
        }
        if !known_class {
            self.digest.add_class(&String::from_utf8_lossy(header.class.of(line)));
        }
        if let Some(time) = header.time {
            self.count_time(time);
        }
    }

    fn count_time(&mut self, time: Stamp) {
        let moment = time.instant().map_or(time.local_ms, |i| i.0);
        // A log goes on in time, so that a record is the last one more often than not.
        if self.last.is_none_or(|(last, _)| moment > last) {
            self.last = Some((moment, time));
        }
        if self.first.is_none_or(|(first, _)| moment < first) {
            self.digest.opens = self.digest.opens.or(Some(time));
            self.first = Some((moment, time));
        }
        if self.offset != Some(time.offset_minutes) {
            self.offset = Some(time.offset_minutes);
            self.digest.offsets.insert(time.offset_minutes);
        }
        // Dividing costs more than all the rest.
        if !(0..MINUTE_MS).contains(&moment.wrapping_sub(self.minute.0)) {
            self.flush_minute();
            self.minute = (moment.div_euclid(MINUTE_MS) * MINUTE_MS, 0);
        }
        self.minute.1 = self.minute.1.saturating_add(1);
    }

    fn flush_minute(&mut self) {
        let (minute, count) = self.minute;
        if count > 0 {
            self.digest.add_minute(minute / MINUTE_MS, count);
        }
    }

    /// The complete digest.
    pub fn finish(mut self, newlines: u64) -> SegmentDigest {
        self.flush_minute();
        for (level, count) in USUAL_LEVELS.iter().zip(self.levels) {
            if count > 0 {
                self.digest.add_level(level, count);
            }
        }
        self.digest.span = Span {
            first: self.first.map(|(_, stamp)| stamp),
            last: self.last.map(|(_, stamp)| stamp),
        };
        self.digest.newlines = newlines;
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_levels_are_told_by_their_place() {
        for (place, level) in USUAL_LEVELS.iter().enumerate() {
            assert_eq!(usual_level(level.as_bytes()), Some(place));
        }
        assert_eq!(usual_level(b"info"), None);
    }
}
