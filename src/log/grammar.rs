//! The grammar of an ECE log header, tolerant: labels decide over positions, unknown levels and missing fields are kept.
//!
//! ```text
//! 2011-05-11 11:09:20.006 GMT-0400 <@> INFO <@> [67:RxInstance id : 999] <@> ProcessId:3984 <@> PID:1 <@> UID:12 <@>
//!   HttpSessionId:  <@> com.egain.mail…RxInstance <@> startInstance <@> **** Rx Instance 999 Running **** <@>
//! ```
//!
//! This is the specification. The reader has a quicker way for the common layout and is tested against this one.

use crate::model::Stamp;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_until, take_while, take_while_m_n};
use nom::character::complete::{char, one_of, space0};
use nom::combinator::{all_consuming, opt, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// Between two fields.
pub const SEPARATOR: &[u8] = b"<@>";
/// Length of `2011-05-11 11:09:20.006`.
pub(super) const STAMP: usize = 23;
/// Longest text between the time and the first separator: a zone, even one spelled out.
const ZONE: usize = 48;
/// What [`start`] may have to look at.
const LOOK_AHEAD: usize = STAMP + ZONE + SEPARATOR.len();
/// Words a zone may have (`Central European Summer Time`).
const ZONE_WORDS: usize = 5;
/// Fields between thread and class that this grammar doesn't know.
const EXTRA_FIELDS: usize = 4;

/// A stretch of the header line: offsets from its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub from: u32,
    /// Byte after the last.
    pub to: u32,
}

impl Range {
    /// The bytes of `line` in this range; empty if the line is shorter.
    pub fn of(self, line: &[u8]) -> &[u8] {
        line.get(self.from as usize..self.to as usize).unwrap_or_default()
    }
}

/// A header, as ranges of its line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Time; `None` if the calendar has no such day or time.
    pub time: Option<Stamp>,
    /// Level as written.
    pub level: Range,
    /// Thread without brackets.
    pub thread: Range,
    /// Value of `ProcessId:`.
    pub process_id: Range,
    /// Value of `PID:`, the partition.
    pub partition: Range,
    /// Value of `UID:`.
    pub user: Range,
    /// Class.
    pub class: Range,
    /// Method.
    pub method: Range,
    /// Where the message begins.
    pub message: u32,
    /// A separator stands after the level: enough to count a half-written last line as a record.
    pub level_stands: bool,
    /// A separator stands after the method: nothing of the header was cut.
    pub complete: bool,
}

/// Whether a record starts somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A record starts here.
    Yes,
    /// None does.
    No,
    /// More bytes are needed to tell.
    Unclear,
}

/// Whether a record starts at the first of `bytes`: date, time, and a separator soon after. `last`: no more bytes follow.
pub fn start(bytes: &[u8], last: bool) -> Start {
    let look = bytes.get(..LOOK_AHEAD).unwrap_or(bytes);
    match opening(look) {
        Ok(_) => Start::Yes,
        Err(_) if last || look.len() == LOOK_AHEAD || !may_continue(look) => Start::No,
        Err(_) => Start::Unclear,
    }
}

/// True if bytes after `look` could still make a header of it.
fn may_continue(look: &[u8]) -> bool {
    const SHAPE: &[u8; STAMP] = b"dddd-dd-dd dd:dd:dd.ddd";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'.' => matches!(byte, b'.' | b','),
        other => byte == other,
    };
    look.iter().zip(SHAPE).all(fits) && !look.iter().skip(STAMP).any(|b| matches!(b, b'\n' | 0))
}

/// Date, time, zone and the first separator: the time, and what follows.
fn opening(input: &[u8]) -> IResult<&[u8], Option<Stamp>> {
    let (rest, stamp) = timestamp(input)?;
    let near = rest.get(..ZONE + SEPARATOR.len()).unwrap_or(rest);
    let (_, words) = take_until(SEPARATOR)(near)?;
    let is_zone = !words.iter().any(|b| matches!(b, b'\n' | 0 | b'<')) && words.split(|b| *b == b' ').filter(|w| !w.is_empty()).count() <= ZONE_WORDS;
    if !is_zone {
        return Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Verify)));
    }
    let after = rest.get(words.len() + SEPARATOR.len()..).unwrap_or_default();
    let time = stamp.map(|s| Stamp {
        offset_minutes: zone(words),
        ..s
    });
    Ok((after, time))
}

/// `2011-05-11 11:09:20.006`, by shape; the value is `None` if the calendar has no such time.
fn timestamp(input: &[u8]) -> IResult<&[u8], Option<Stamp>> {
    let (rest, (year, _, month, _, day, _, hour, _, minute, _, second, _, milli)) = (
        number::<4>,
        char('-'),
        number::<2>,
        char('-'),
        number::<2>,
        char(' '),
        number::<2>,
        char(':'),
        number::<2>,
        char(':'),
        number::<2>,
        one_of(".,"),
        number::<3>,
    )
        .parse(input)?;
    Ok((rest, Stamp::from_fields(year as i32, month, day, hour, minute, second, milli)))
}

/// `N` decimal digits.
fn number<const N: usize>(input: &[u8]) -> IResult<&[u8], u32> {
    let (rest, digits) = take_while_m_n(N, N, |b: u8| b.is_ascii_digit())(input)?;
    Ok((rest, digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'))))
}

/// Offset to UTC in minutes that `text` names: `GMT-0400`, `UTC+02:00`, `+0530`, `GMT`, `Z`. An abbreviation such as `CEST` or
/// `IST` is ambiguous and names none.
pub fn zone(text: &[u8]) -> Option<i16> {
    let name = alt((tag("GMT"), tag("UTC")));
    let named = (name, space0, opt(offset)).map(|(_, _, offset): (&[u8], &[u8], Option<i16>)| offset.unwrap_or(0));
    let mut zone = all_consuming(alt((named, offset, value(0, alt((tag("Z"), tag("z")))))));
    let result: IResult<&[u8], i16> = zone.parse(text.trim_ascii());
    result.ok().map(|(_, minutes)| minutes)
}

/// `-0400`, `+05:30`, `+2`, `-04`.
fn offset(input: &[u8]) -> IResult<&[u8], i16> {
    let (rest, sign) = one_of("+-").parse(input)?;
    let (rest, (hours, minutes)) = alt((
        (number::<2>, preceded(opt(char(':')), number::<2>)),
        (number::<2>, |i| Ok((i, 0))),
        (number::<1>, |i| Ok((i, 0))),
    ))
    .parse(rest)?;
    if hours > 18 || minutes > 59 {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    let total = (hours * 60 + minutes) as i16;
    Ok((rest, if sign == '-' { -total } else { total }))
}

/// Parses a header line (without its line break). `None` if no record starts here.
pub fn header(line: &[u8]) -> Option<Header> {
    let (mut rest, time) = opening(line).ok()?;
    let mut header = Header { time, ..Header::default() };
    let mut stage = Stage::Level;
    let mut extra = 0;
    while let Ok((after, field)) = field(rest) {
        let at = line.len() - rest.len();
        let first = stage == Stage::Level;
        match stage.take(field, at, &mut header) {
            Some(next) => stage = next,
            None if stage < Stage::Method && extra < EXTRA_FIELDS && is_extra(field) => {
                extra += 1;
                stage = stage.max(Stage::Labels);
            }
            None => break,
        }
        header.level_stands |= first && header.level != Range::default();
        rest = after;
        if stage == Stage::Message {
            header.complete = true;
            break;
        }
    }
    let blanks = rest.iter().take_while(|b| **b == b' ').count();
    header.message = (line.len() - rest.len() + blanks) as u32;
    Some(header)
}

/// One field and the separator after it.
fn field(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let (rest, field) = take_until(SEPARATOR)(input)?;
    let (rest, _) = tag(SEPARATOR)(rest)?;
    Ok((rest, field))
}

/// How far into the header the parser is: what the next field may be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Level,
    Thread,
    Labels,
    Method,
    Message,
}

impl Stage {
    /// Takes `field`, which begins at offset `at`, into the header, and gives the next stage; `None` if it isn't one of the
    /// header's known fields.
    fn take(self, field: &[u8], at: usize, header: &mut Header) -> Option<Stage> {
        let text = field.trim_ascii();
        let from = at + field.len() - field.trim_ascii_start().len();
        let range = |skip: usize, len: usize| Range {
            from: (from + skip) as u32,
            to: (from + skip + len) as u32,
        };
        let whole = range(0, text.len());
        if self == Stage::Method {
            if !is_method(text) {
                return None;
            }
            header.method = whole;
            return Some(Stage::Message);
        }
        if self == Stage::Level && is_level(text) {
            header.level = whole;
            return Some(Stage::Thread);
        }
        if self <= Stage::Thread && text.starts_with(b"[") && text.ends_with(b"]") {
            header.thread = range(1, text.len() - 2);
            return Some(Stage::Labels);
        }
        if let Some((label, slot)) = header.slot(text) {
            let value = text.get(label..).unwrap_or_default();
            let blanks = value.len() - value.trim_ascii_start().len();
            if let Some(slot) = slot {
                *slot = range(label + blanks, value.len() - blanks);
            }
            return Some(Stage::Labels);
        }
        if is_class(text) && (self == Stage::Labels || text.contains(&b'.')) {
            header.class = whole;
            return Some(Stage::Method);
        }
        None
    }
}

impl Header {
    /// The labelled field that `text` is: the length of its label, and where its value is kept (a session id is kept nowhere).
    fn slot(&mut self, text: &[u8]) -> Option<(usize, Option<&mut Range>)> {
        let is = |label: &str| text.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label.as_bytes()));
        if is("ProcessId:") {
            Some((10, Some(&mut self.process_id)))
        } else if is("PID:") {
            Some((4, Some(&mut self.partition)))
        } else if is("UID:") {
            Some((4, Some(&mut self.user)))
        } else if is("HttpSessionId:") {
            Some((14, None))
        } else {
            None
        }
    }
}

fn is_level(text: &[u8]) -> bool {
    (1..=16).contains(&text.len()) && text.iter().all(u8::is_ascii_alphabetic)
}

/// An identifier, with or without package.
pub(super) fn is_class(text: &[u8]) -> bool {
    let starts = text.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    starts
        && text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'$' | b'_' | b'-' | b'/'))
}

/// `run()`, `startInstance`, `<init>`, `lambda$run$0`, `send(String, int)`.
pub(super) fn is_method(text: &[u8]) -> bool {
    let mut name = take_while::<_, _, nom::error::Error<&[u8]>>(|b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'<' | b'>' | b'-' | b'.' | b'~')
    });
    let Ok((rest, name)) = name.parse(text) else { return false };
    text.len() <= 256 && (rest.is_empty() || !name.is_empty() && rest.starts_with(b"(") && rest.ends_with(b")"))
}

/// A field of another release: `TenantId:7`, a number. No text with blanks: that would be the message.
fn is_extra(field: &[u8]) -> bool {
    let text = field.trim_ascii();
    text.len() <= 64
        && !text.iter().any(|b| b.is_ascii_whitespace())
        && (text.is_empty() || text.contains(&b':') || text.iter().all(u8::is_ascii_digit))
}

/// `text` without the white space and the one end mark that may close a record.
pub fn strip_end(text: &[u8]) -> &[u8] {
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == 0;
    let trim = |t: &[u8]| t.len() - t.iter().rev().take_while(|b| blank(b)).count();
    let text = text.get(..trim(text)).unwrap_or_default();
    match text.strip_suffix(SEPARATOR) {
        Some(inner) => inner.get(..trim(inner)).unwrap_or_default(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "2011-05-11 11:09:20.006 GMT-0400 <@> INFO <@> [67:RxInstance id : 999] <@> ProcessId:3984 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.service.RxInstance <@> startInstance <@> **** Rx Instance 999 Running **** <@> ";

    fn fields(line: &str) -> Vec<&str> {
        let h = header(line.as_bytes()).expect(line);
        let ranges = [h.level, h.thread, h.process_id, h.partition, h.user, h.class, h.method];
        let mut fields: Vec<&str> = ranges.iter().map(|r| std::str::from_utf8(r.of(line.as_bytes())).unwrap()).collect();
        fields.push(std::str::from_utf8(strip_end(&line.as_bytes()[h.message as usize..])).unwrap());
        fields
    }

    #[test]
    fn reads_every_field_of_the_usual_layout() {
        assert_eq!(
            fields(PLAIN),
            [
                "INFO",
                "67:RxInstance id : 999",
                "3984",
                "1",
                "12",
                "com.egain.mail.module.retriever.service.RxInstance",
                "startInstance",
                "**** Rx Instance 999 Running ****"
            ]
        );
        let h = header(PLAIN.as_bytes()).unwrap();
        assert_eq!(h.time.unwrap().rfc3339(), "2011-05-11T11:09:20.006-04:00");
        assert!(h.complete && h.level_stands);
    }

    #[test]
    fn keeps_to_labels_where_fields_are_missing_or_new() {
        let line = "2024-01-02 03:04:05,678 <@> NOTICE <@> [a]b] <@> UID: -1 <@> PID:7 <@> Node:3 <@> com.x.Y$1 <@> <init> <@> a <@> b";
        assert_eq!(fields(line), ["NOTICE", "a]b", "", "7", "-1", "com.x.Y$1", "<init>", "a <@> b"]);
        assert_eq!(header(line.as_bytes()).unwrap().time.unwrap().offset_minutes, None);
        assert_eq!(
            fields("2024-01-02 03:04:05.678 CEST<@>ERROR<@>something broke"),
            ["ERROR", "", "", "", "", "", "", "something broke"]
        );
        let no_level = "2024-01-02 03:04:05.678 +02:00 <@> [1:x] <@> com.x.Y <@> run() <@> text <@>";
        assert_eq!(fields(no_level), ["", "1:x", "", "", "", "com.x.Y", "run()", "text"]);
        let no_method = "2024-01-02 03:04:05.678 GMT <@> INFO <@> [1:x] <@> HttpSessionId:AB12 <@> Worker <@> no method here <@>";
        assert_eq!(fields(no_method), ["INFO", "1:x", "", "", "", "Worker", "", "no method here"]);
    }

    #[test]
    fn knows_zones_and_does_not_guess() {
        let cases: [(&str, Option<i16>); 14] = [
            ("GMT-0400", Some(-240)),
            ("GMT+05:30", Some(330)),
            ("UTC+2", Some(120)),
            ("GMT +0200", Some(120)),
            ("+0100", Some(60)),
            ("-03", Some(-180)),
            ("GMT", Some(0)),
            ("UTC", Some(0)),
            ("Z", Some(0)),
            ("", None),
            ("CEST", None),
            ("Central European Summer Time", None),
            ("GMT+2500", None),
            ("+1", Some(60)),
        ];
        for (text, minutes) in cases {
            assert_eq!(zone(text.as_bytes()), minutes, "{text}");
        }
    }

    #[test]
    fn starts_only_where_a_separator_follows_the_time_soon() {
        assert_eq!(start(PLAIN.as_bytes(), false), Start::Yes);
        for no in [
            "12:42:34:878 pg2A-pim2 Trace: <@>",
            "2024-01-02 03:04:05.678 one two three four five six <@> x",
            "2024-01-02 03:04:05 INFO <@>",
            "DEBUG IMAPS: AUTH: XOAUTH2",
            "\tat com.x.Y.run(Y.java:1) <@>",
            "2024-01-02 03:04:05.678 GMT\n <@>",
        ] {
            assert_eq!(start(no.as_bytes(), true), Start::No, "{no}");
        }
        for cut in 0..36 {
            assert_eq!(
                start(&PLAIN.as_bytes()[..cut.min(35)], false),
                if cut < 36 { Start::Unclear } else { Start::Yes },
                "{cut}"
            );
        }
        assert_eq!(start(&PLAIN.as_bytes()[..36], false), Start::Yes);
        assert_eq!(start(b"2024-01-0x", false), Start::No);
    }

    #[test]
    fn a_half_written_header_tells_how_far_it_got() {
        for (line, level, stands) in [
            ("2024-01-02 03:04:05.678 GMT <@> INF", "", false),
            ("2024-01-02 03:04:05.678 GMT <@> INFO <@> [6", "INFO", true),
            ("2024-01-02 03:04:05.678 GMT <@>", "", false),
        ] {
            let h = header(line.as_bytes()).unwrap();
            assert_eq!(
                (h.level.of(line.as_bytes()), h.level_stands, h.complete),
                (level.as_bytes(), stands, false),
                "{line}"
            );
        }
    }

    #[test]
    fn an_impossible_time_is_a_record_without_time() {
        assert_eq!(header(b"2024-13-45 03:04:05.678 GMT <@> INFO <@> x").unwrap().time, None);
    }

    #[test]
    fn strips_one_end_mark() {
        assert_eq!(strip_end(b"a <@> <@> \r\n"), b"a <@>");
        assert_eq!(strip_end(b" \0\n"), b"");
    }
}
