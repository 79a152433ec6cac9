//! The quick way to parse a header in the usual layout. Anything unusual it leaves to [`super::grammar`], and where it answers,
//! it answers as the grammar does (tests hold it to that).
//!
//! What makes it quick: labels are compared where they must stand; date, time and zone are compared with those of the record
//! before, so that the calendar is asked once a minute; class and method are looked up whole among those seen before, so that
//! their letters are checked once.

use super::grammar::{self, Header, Range};
use crate::model::Stamp;

/// Length of `2011-05-11 11:09`.
const MINUTE: usize = 16;
/// Longest `… GMT-0400 <@> ` that is remembered.
const ZONE: usize = 32;
/// Slots for names. A process logs from a few dozen places.
const NAMES_BITS: u32 = 10;
/// Longest names that are remembered.
const NAME: usize = 240;
/// Bytes in which a thread's name ends: longer ones are left to the grammar.
const LONGEST_THREAD: usize = 128;

/// The quick parser, with what it remembers of the records before.
pub struct Quick {
    minute: [u8; MINUTE],
    /// The minute as if it were UTC, in milliseconds.
    minute_ms: i64,
    /// What stands between the milliseconds and the level.
    zone: Vec<u8>,
    offset: Option<i16>,
    process: Process,
    /// `class <@> method <@>` as seen before.
    names: Vec<Box<[u8]>>,
}

/// `] <@> ProcessId:3984 <@> PID:1 <@> UID:` as the record before had it, and where in it the two numbers stand: a file is mostly
/// of one process and one partition.
#[derive(Default)]
struct Process {
    text: Vec<u8>,
    id: Range,
    partition: Range,
}

impl Process {
    /// Reads it at the start of `text`.
    fn read(text: &[u8]) -> Option<Self> {
        let mut walk = Walk { text, at: 0 };
        walk.skip(b"] <@> ProcessId:")?;
        let id = walk.number();
        walk.skip(b" <@> PID:")?;
        let partition = walk.number();
        walk.skip(b" <@> UID:")?;
        let text = text.get(..walk.at)?.to_vec();
        Some(Self { text, id, partition })
    }
}

/// What the quick way found.
pub struct Parsed {
    /// As the grammar has it.
    pub header: Header,
    /// True if class and method were seen before by this parser.
    pub known_names: bool,
}

impl Quick {
    /// A parser that remembers nothing yet.
    pub fn new() -> Self {
        Self {
            minute: [0; MINUTE],
            minute_ms: 0,
            zone: Vec::new(),
            offset: None,
            process: Process::default(),
            names: vec![Box::default(); 1 << NAMES_BITS],
        }
    }

    /// Remembers minute and zone of a header that the grammar parsed.
    pub fn remember(&mut self, line: &[u8], header: &Header) {
        let Some(time) = header.time else { return };
        let Some(minute) = line.first_chunk::<MINUTE>() else { return };
        let level = header.level.from as usize;
        let Some(zone) = line.get(grammar::STAMP..level) else { return };
        if zone.len() <= ZONE && header.level_stands {
            self.minute = *minute;
            self.minute_ms = time.local_ms.div_euclid(60_000) * 60_000;
            self.zone.clear();
            self.zone.extend_from_slice(zone);
            self.offset = time.offset_minutes;
        }
    }

    /// The header at the start of `text`, which may go on beyond it; `None` if it isn't in the usual layout, not all there, or
    /// in another minute or zone than the one remembered.
    #[inline]
    pub fn parse(&mut self, text: &[u8]) -> Option<Parsed> {
        let (minute, rest) = text.split_first_chunk::<MINUTE>()?;
        // :20.006
        let (seconds, rest) = rest.split_first_chunk::<7>()?;
        if *minute != self.minute || !rest.starts_with(&self.zone) {
            return None;
        }
        let ms = milliseconds(*seconds)?;
        let time = Stamp {
            local_ms: self.minute_ms + ms,
            offset_minutes: self.offset,
        };
        let mut walk = Walk {
            text,
            at: grammar::STAMP + self.zone.len(),
        };
        let level = walk.level()?;
        walk.skip(b" <@> [")?;
        let thread = walk.thread()?;
        let (process_id, partition) = walk.process(&mut self.process)?;
        let user = walk.number();
        walk.skip(b" <@> HttpSessionId:")?;
        walk.session()?;
        let (class, method, known_names) = walk.names(&mut self.names)?;
        walk.blanks()?;
        Some(Parsed {
            header: Header {
                time: Some(time),
                level,
                thread,
                process_id,
                partition,
                user,
                class,
                method,
                message: walk.at as u32,
                level_stands: true,
                complete: true,
            },
            known_names,
        })
    }
}

/// `:20.006` in milliseconds. Seconds beyond 59 count as 59, as in [`Stamp::from_fields`].
#[inline]
fn milliseconds([colon, s1, s0, dot, m2, m1, m0]: [u8; 7]) -> Option<i64> {
    let digit = |b: u8| b.wrapping_sub(b'0');
    let digits = [digit(s1), digit(s0), digit(m2), digit(m1), digit(m0)];
    if colon != b':' || !(dot == b'.' || dot == b',') || digits.iter().any(|d| *d > 9) {
        return None;
    }
    let [s1, s0, m2, m1, m0] = digits.map(i64::from);
    Some((s1 * 10 + s0).min(59) * 1000 + m2 * 100 + m1 * 10 + m0)
}

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
const HIGH: u64 = 0x80 * ONES;

/// The high bit of the first of eight bytes that equals `byte`, and maybe of later ones.
#[inline(always)]
fn equal(eight: u64, byte: u8) -> u64 {
    let unlike = eight ^ (ONES * u64::from(byte));
    unlike.wrapping_sub(ONES) & !unlike & HIGH
}

/// The high bit of the first of eight bytes that is a control character or not ASCII, and maybe of later ones.
#[inline(always)]
fn unusual(eight: u64) -> u64 {
    (eight.wrapping_sub(0x20 * ONES) & !eight | eight) & HIGH
}

/// How many of eight bytes are digits, up to the first that is none.
#[inline(always)]
fn digits_at_start(eight: u64) -> usize {
    let values = eight ^ (0x30 * ONES);
    // Adding carries into the high bit beyond 9; no byte's sum reaches the next one.
    let others = (((values & !HIGH) + 0x76 * ONES) | values) & HIGH;
    others.trailing_zeros() as usize / 8
}

/// A place in the text, which moves on.
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    #[inline(always)]
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn skip(&mut self, text: &[u8]) -> Option<()> {
        self.rest().starts_with(text).then(|| self.at += text.len())
    }

    /// Takes `length` bytes.
    #[inline(always)]
    fn take(&mut self, length: usize) -> Range {
        let from = self.at;
        self.at += length;
        Range {
            from: from as u32,
            to: self.at as u32,
        }
    }

    /// One of the eight known levels.
    #[inline(always)]
    fn level(&mut self) -> Option<Range> {
        let length = match self.rest().first_chunk::<8>()? {
            b"INFO <@>" | b"WARN <@>" | b"PERF <@>" => 4,
            b"ERROR <@" | b"DEBUG <@" | b"TRACE <@" | b"FATAL <@" => 5,
            b"DBQUERY " => 7,
            _ => return None,
        };
        Some(self.take(length))
    }

    /// A thread's name, up to `] <@>`.
    #[inline(always)]
    fn thread(&mut self) -> Option<Range> {
        // A line that ends inside the brackets, bytes that may hide another header, and letters beyond ASCII are the grammar's
        // business. Names are so short that eight bytes at a time beat a search.
        let rest = self.rest();
        let (eights, _) = rest.get(..LONGEST_THREAD).unwrap_or(rest).as_chunks::<8>();
        let mut end = 0;
        for eight in eights {
            let eight = u64::from_le_bytes(*eight);
            let ends = equal(eight, b'<');
            let odd = unusual(eight);
            if ends | odd != 0 {
                end += ends.trailing_zeros() as usize / 8;
                return (ends.trailing_zeros() < odd.trailing_zeros()).then(|| self.take(end.saturating_sub(2)));
            }
            end += 8;
        }
        None
    }

    /// The numbers of process and partition, with all labels around them.
    #[inline(always)]
    fn process(&mut self, known: &mut Process) -> Option<(Range, Range)> {
        if known.text.is_empty() || !self.rest().starts_with(&known.text) {
            *known = Process::read(self.rest())?;
        }
        let from = self.at as u32;
        self.at += known.text.len();
        let here = |range: Range| Range {
            from: from + range.from,
            to: from + range.to,
        };
        Some((here(known.id), here(known.partition)))
    }

    /// A number, which may be missing.
    #[inline(always)]
    fn number(&mut self) -> Range {
        let rest = self.rest();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.get(sign..).unwrap_or_default();
        let length = match digits.first_chunk::<8>().map(|eight| digits_at_start(u64::from_le_bytes(*eight))) {
            Some(length @ ..8) => length,
            // A long one, or one at the end of the text.
            _ => digits.iter().take_while(|b| b.is_ascii_digit()).count(),
        };
        self.take(if length == 0 { 0 } else { sign + length })
    }

    /// A session id or none, and the separator after it.
    #[inline(always)]
    fn session(&mut self) -> Option<()> {
        if self.skip(b"  <@> ").is_some() {
            return Some(());
        }
        let end = memchr::memchr(b'<', self.rest().get(..72)?)?.checked_sub(1)?;
        let id = self.rest().get(..end)?;
        if !id.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        self.at += end;
        self.skip(b" <@> ")
    }

    /// Class and method, each with the separator after it.
    #[inline(always)]
    fn names(&mut self, seen: &mut [Box<[u8]>]) -> Option<(Range, Range, bool)> {
        let rest = self.rest();
        let look = rest.get(..NAME).unwrap_or(rest);
        let class_end = memchr::memchr(b'<', look)?.checked_sub(1)?;
        let method_from = class_end + b" <@> ".len();
        let method_end = method_from + memchr::memchr(b'<', look.get(method_from..)?)?.checked_sub(1)?;
        let all = look.get(..method_end + b" <@>".len())?;
        // The last letters of the class and the first of the method tell most places apart.
        let class_tail = u64::from_le_bytes(*look.get(class_end.checked_sub(8)?..)?.first_chunk()?);
        let method_head = u64::from_le_bytes(*look.get(method_from..)?.first_chunk()?);
        let hash = (class_tail ^ method_head.rotate_left(23) ^ all.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - NAMES_BITS);
        let slot = hash as usize;
        let known = seen.get(slot).is_some_and(|name| **name == *all) || seen.get(slot ^ 1).is_some_and(|name| **name == *all);
        if !known {
            let usual = method_end > method_from
                && grammar::is_class(look.get(..class_end)?)
                && grammar::is_method(look.get(method_from..method_end)?)
                && look.get(class_end..method_from)? == b" <@> "
                && all.ends_with(b" <@>");
            if !usual {
                return None;
            }
            // Two names share two slots: the newer one stands first.
            seen.swap(slot, slot ^ 1);
            *seen.get_mut(slot)? = all.into();
        }
        let class = self.take(class_end);
        self.at += b" <@> ".len();
        let method = self.take(method_end - method_from);
        self.at += b" <@>".len();
        Some((class, method, known))
    }

    /// The blanks before the message. `None` if the text ends in them: more may follow.
    #[inline(always)]
    fn blanks(&mut self) -> Option<()> {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        (self.at < self.text.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_for_the_usual_layout() {
        let line = b"2011-05-11 11:09:20.006 GMT-0400 <@> INFO <@> [67:RxInstance id : 999] <@> ProcessId:3984 <@> PID:1 <@> UID:-1 <@> HttpSessionId:  <@> com.egain.Rx <@> run() <@> text <@> ";
        let mut quick = Quick::new();
        assert!(quick.parse(line).is_none());
        let header = grammar::header(line).unwrap();
        quick.remember(line, &header);
        let parsed = quick.parse(line).unwrap();
        assert_eq!(parsed.header, header);
        assert!(!parsed.known_names);
        assert!(quick.parse(line).unwrap().known_names);
    }

    fn noise(text: String, at: usize, byte: u8) -> Vec<u8> {
        let mut bytes = text.into_bytes();
        let length = bytes.len();
        if at < 2 * length {
            bytes[at % length] = byte;
        }
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn never_disagrees_with_the_grammar(
            zone in prop::sample::select(vec![" GMT-0400", " GMT+05:30", "", " CEST"]),
            level in prop::sample::select(vec!["INFO", "ERROR", "DBQUERY", "WARN", "Notice", "WARNING"]),
            thread in "[0-9]{1,3}:[A-Za-z \\]<@>%.-]{0,12}",
            numbers in "ProcessId:[0-9]{0,11} <@> PID:[0-9]? <@> UID:-?[0-9]{0,9} <@> HttpSessionId:( |[0-9A-F]{4}| [0-9A-F]{4}) ",
            class in "[a-z]{1,3}(\\.[A-Za-z$_]{1,6}){0,3}",
            method in "[a-z<]{0,5}[>]?(\\(\\)| x)?",
            blanks in " {0,3}",
            second in "[0-9]{2}[.,:][0-9]{3}",
            at in 0usize..2000,
            byte in prop::sample::select(b"\n\0\xEF\xC3 <>@[]:;aZ09\r\t".to_vec()),
        ) {
            let text = format!("2024-01-02 03:04:{second}{zone} <@> {level} <@> [{thread}] <@> {numbers}<@> {class} <@> {method} <@>{blanks}message <@> x");
            let bytes = noise(text.clone(), at, byte);
            let mut quick = Quick::new();
            // Remember minute and zone of an undisturbed line.
            let usual = format!("2024-01-02 03:04:05.678{zone} <@> INFO <@> [1:x] <@> x");
            quick.remember(usual.as_bytes(), &grammar::header(usual.as_bytes()).unwrap());
            let line_end = bytes.iter().position(|b| matches!(b, b'\n' | 0)).unwrap_or(bytes.len());
            for known in [&[][..], text.as_bytes()] {
                // Names, process and partition of a line before it may be remembered.
                quick.parse(known);
                for _ in 0..2 {
                    if let Some(parsed) = quick.parse(&bytes) {
                        prop_assert_eq!(Some(parsed.header), grammar::header(&bytes[..line_end]));
                    }
                }
            }
        }

        #[test]
        fn eight_bytes_at_once_are_as_one_after_the_other(
            bytes in prop::array::uniform8(prop::sample::select(b"0189/:<=; ~\x1F\x7F\x80\xEF\xFF\0\n".to_vec())),
        ) {
            let eight = u64::from_le_bytes(bytes);
            let place = |found: Option<usize>| found.unwrap_or(8);
            let of = |bits: u64| bits.trailing_zeros() as usize / 8;
            prop_assert_eq!(of(equal(eight, b'<')), place(bytes.iter().position(|b| *b == b'<')));
            prop_assert_eq!(of(unusual(eight)), place(bytes.iter().position(|b| *b < b' ' || !b.is_ascii())));
            prop_assert_eq!(digits_at_start(eight), place(bytes.iter().position(|b| !b.is_ascii_digit())));
        }
    }
}
