//! From blocks of bytes to records: finds where records start, counts them, and hands on those worth a closer look.

use super::digest::{SegmentDigest, Tally};
use super::encoding::{self, BOM, SNIFF, Wide};
use super::filter::{Filter, Found};
use super::fragment::Fragment;
use super::grammar::{self, Header, Start};
use super::quick::Quick;
use super::{Clock, Record, Sink, is_error};
use crate::bundle::Encoding;
use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};

/// Bytes that are read at once: they stay in the second cache while every pass goes over them.
const BLOCK: usize = 256 * 1024;
/// Longest text that is handed on at once; a longer record comes in parts.
pub const PART: usize = 1 << 20;
/// How much two parts of a record overlap at least.
const OVERLAP: usize = 4096;
/// A header line is looked at up to here.
const HEADER: usize = 64 * 1024;
/// Lines before the first header that are kept.
const HEAD: usize = 64 * 1024;
/// Text of the last record that is kept.
const TAIL: usize = 256 * 1024;

/// The record that the reader stands in.
#[derive(Default)]
struct Current {
    header: Header,
    /// False for a record of a time that the sink doesn't want.
    wanted: bool,
    is_error: bool,
    /// Its header line, kept here once the text in the buffer no longer begins with it: from part 1 on.
    kept: Vec<u8>,
    part: u32,
    /// 1-based line and original offset of its header.
    line: u64,
    offset: u64,
}

/// Reads one member, block by block.
pub struct LogReader<'f, S: Sink> {
    filter: &'f Filter,
    sink: S,
    clock: Clock,
    /// `None` until enough bytes came to tell.
    encoding: Option<Encoding>,
    wide: Option<Wide>,
    /// Bytes of UTF-16, and the first bytes until the encoding is known.
    raw: Vec<u8>,
    /// Text from the start of the current record (or what of it was not handed on yet). Filled up to `filled`.
    buffer: Vec<u8>,
    filled: usize,
    /// Start of the current record's text in the buffer.
    start: usize,
    /// Looked at up to here.
    at: usize,
    /// A record may start at `at`.
    candidate: bool,
    /// True after the first header.
    in_record: bool,
    first_record: Option<u64>,
    current: Current,
    quick: Quick,
    /// True if the buffer may hold zeros or byte order marks, which may hide a header.
    marks: bool,
    /// 1-based line at `at`.
    line: u64,
    /// 1-based line at `start`.
    start_line: u64,
    /// A position in the buffer and its offset in the original.
    known: (usize, u64),
    found: Found,
    /// Owners of anchors that a joined text held before it was cut.
    inherited: Vec<u32>,
    /// The member ends in the beginning of a header that is no record yet. It counts as a loss.
    fragment: bool,
    tally: Tally,
}

impl<'f, S: Sink> LogReader<'f, S> {
    /// A reader that finds out the encoding from the first bytes.
    pub fn new(filter: &'f Filter, sink: S) -> Self {
        Self {
            filter,
            clock: sink.clock(),
            sink,
            encoding: None,
            wide: None,
            raw: Vec::new(),
            buffer: Vec::new(),
            filled: 0,
            start: 0,
            at: 0,
            candidate: true,
            in_record: false,
            first_record: None,
            current: Current::default(),
            quick: Quick::new(),
            marks: false,
            line: 1,
            start_line: 1,
            known: (0, 0),
            found: Found::default(),
            inherited: Vec::new(),
            fragment: false,
            tally: Tally::default(),
        }
    }

    /// A reader for bytes of a known encoding, without a byte order mark.
    pub fn with_encoding(filter: &'f Filter, sink: S, encoding: Encoding) -> Self {
        let mut reader = Self::new(filter, sink);
        reader.set_encoding(encoding, 0);
        reader
    }

    /// A reader for a segment that begins with a record at `offset`.
    pub(super) fn starting_at(filter: &'f Filter, sink: S, offset: u64) -> Self {
        let mut reader = Self::with_encoding(filter, sink, Encoding::Utf8);
        reader.known = (0, offset);
        reader
    }

    /// A reader that begins somewhere within a member, at `offset`: no record starts there, but after the next mark one may.
    pub(super) fn within(filter: &'f Filter, sink: S, offset: u64) -> Self {
        let mut reader = Self::starting_at(filter, sink, offset);
        reader.candidate = false;
        reader
    }

    /// Offset of the first record that was found.
    pub(super) fn first_record(&self) -> Option<u64> {
        self.first_record
    }

    /// Takes the next bytes of the member.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // Reading from a slice cannot fail.
        while matches!(self.fill(&mut rest), Ok(1..)) {}
    }

    /// Reads `source` to its end. Where it fails, what came before counts.
    pub fn read_all(&mut self, source: &mut (impl Read + ?Sized)) -> io::Result<()> {
        while self.fill(source)? > 0 {}
        Ok(())
    }

    /// Reads once from `source` and works on what came: the number of bytes, 0 at the end.
    pub fn fill(&mut self, source: &mut (impl Read + ?Sized)) -> io::Result<usize> {
        if self.encoding.is_none() {
            return self.fill_first(source);
        }
        if self.wide.is_some() {
            self.raw.resize(BLOCK, 0);
            let read = read_once(source, &mut self.raw)?;
            self.tally.digest.bytes += read as u64;
            self.decode(read, false);
            return Ok(read);
        }
        self.make_room();
        let read = read_once(source, self.buffer.get_mut(self.filled..).unwrap_or_default())?;
        self.tally.digest.bytes += read as u64;
        self.take(read);
        Ok(read)
    }

    /// Ends the member. The last record is in the digest and was not handed on: see [`super::join`].
    pub fn finish(mut self) -> SegmentDigest {
        self.end_of_bytes();
        self.keep_tail();
        self.end()
    }

    /// Ends a segment that another record of the same member follows: its last record is complete and is handed on.
    pub fn finish_before_record(mut self) -> SegmentDigest {
        self.end_of_bytes();
        self.close(self.filled, false);
        self.end()
    }

    /// Ends joined text. `owners` were found in what is cut out of it.
    pub(super) fn finish_joined(mut self, owners: &[u32], cut: bool) -> SegmentDigest {
        self.end_of_bytes();
        let half = self.is_half_written();
        self.tally.digest.losses += u64::from(half);
        self.inherited.extend_from_slice(owners);
        self.close(self.filled, cut || half);
        self.end()
    }

    fn end(self) -> SegmentDigest {
        self.tally.finish(self.line - 1)
    }

    fn end_of_bytes(&mut self) {
        if self.encoding.is_none() {
            self.start_decoding();
        }
        self.decode(0, true);
        self.read(true);
    }

    // ---- bytes to text

    /// Collects bytes until they tell the encoding.
    fn fill_first(&mut self, source: &mut (impl Read + ?Sized)) -> io::Result<usize> {
        let before = self.raw.len();
        self.raw.resize(SNIFF, 0);
        let read = read_once(source, self.raw.get_mut(before..).unwrap_or_default());
        self.raw.truncate(before + *read.as_ref().unwrap_or(&0));
        self.tally.digest.bytes += *read.as_ref().unwrap_or(&0) as u64;
        if self.raw.len() == SNIFF {
            self.start_decoding();
        }
        read
    }

    fn start_decoding(&mut self) {
        let (encoding, bom) = encoding::sniff(&self.raw);
        self.set_encoding(encoding, bom as u64);
        self.raw.drain(..bom);
        if self.wide.is_some() {
            self.decode(self.raw.len(), false);
        } else {
            let first = std::mem::take(&mut self.raw);
            self.make_room();
            for (to, from) in self.buffer.iter_mut().zip(&first) {
                *to = *from;
            }
            self.take(first.len());
        }
    }

    fn set_encoding(&mut self, encoding: Encoding, bom: u64) {
        self.encoding = Some(encoding);
        self.tally.digest.encoding = encoding;
        self.known = (0, bom);
        self.wide = Wide::new(encoding);
    }

    /// Decodes the first `length` bytes of `raw`.
    fn decode(&mut self, length: usize, last: bool) {
        let Some(mut wide) = self.wide.take() else { return };
        let mut from = 0;
        loop {
            self.make_room();
            let bytes = self.raw.get(from..length).unwrap_or_default();
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            let (read, written, done) = wide.decode(bytes, room, last);
            from += read;
            self.take(written);
            if done {
                break;
            }
        }
        self.wide = (!last).then_some(wide);
    }

    /// Makes room for a block at the end of the buffer.
    fn make_room(&mut self) {
        if self.buffer.len() < self.filled + BLOCK {
            // A little more, so that the usual rest of a record before the block doesn't make it grow again and again.
            self.buffer.resize(self.filled + BLOCK + BLOCK / 4, 0);
        }
    }

    /// Works on `length` more bytes, which stand in the buffer behind those that are known.
    fn take(&mut self, length: usize) {
        let from = self.filled;
        self.filled += length;
        let digest = &mut self.tally.digest;
        let known = self.buffer.get(..self.filled).unwrap_or_default();
        let (before, new) = known.split_at(from);
        let is_plain = encoding::is_plain(new);
        self.marks |= !is_plain;
        let may_tell = !is_plain || before.last().is_some_and(|b| !b.is_ascii());
        if may_tell && digest.encoding == Encoding::Utf8 && encoding::is_not_utf8(known, from) {
            digest.encoding = Encoding::Windows1252;
        }
        self.read(false);
    }

    /// Offset in the original of a place in the buffer at or after the last one asked for.
    fn original(&mut self, at: usize) -> u64 {
        let (from, offset) = self.known;
        let length = match self.encoding {
            // Plain text is two bytes for each letter.
            Some(Encoding::Utf16Le | Encoding::Utf16Be) if !self.marks => 2 * at.saturating_sub(from) as u64,
            Some(Encoding::Utf16Le | Encoding::Utf16Be) => Wide::length(self.buffer.get(from..at).unwrap_or_default()),
            _ => at.saturating_sub(from) as u64,
        };
        self.known = (at, offset + length);
        self.known.1
    }

    // ---- text to records

    /// What was not looked at yet.
    #[inline(always)]
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// The text of the buffer between two places.
    fn text(&self, from: usize, to: usize) -> &[u8] {
        self.buffer.get(from..to).unwrap_or_default()
    }

    /// Looks at what is new in the buffer. `last`: nothing follows.
    fn read(&mut self, last: bool) {
        loop {
            if self.candidate && !self.try_start(last) {
                break;
            }
            let next = match self.marks {
                true => memchr::memchr3(b'\n', 0, BOM[0], self.rest()),
                false => memchr::memchr(b'\n', self.rest()),
            };
            let Some(found) = next else {
                self.at = self.filled;
                break;
            };
            self.at += found;
            let rest = self.rest();
            match rest.first() {
                Some(b'\n') => {
                    self.at += 1;
                    self.line += 1;
                    self.candidate = true;
                }
                Some(0) => self.candidate = true,
                _ if rest.starts_with(BOM) => self.candidate = true,
                _ if rest.len() < BOM.len() && BOM.starts_with(rest) && !last => break,
                _ => self.at += 1,
            }
        }
        self.compact();
    }

    /// Looks whether a record starts at `at`, and opens it. False if more bytes are needed to tell.
    #[inline]
    fn try_start(&mut self, last: bool) -> bool {
        match self.rest().first() {
            Some(b'0'..=b'9') => {}
            Some(0 | 0xEF) => {
                self.skip_marks();
                if !last && BOM.starts_with(self.rest()) {
                    return false;
                }
            }
            Some(_) => {
                self.candidate = false;
                return true;
            }
            None => return last,
        }
        let rest = self.buffer.get(self.at..self.filled).unwrap_or_default();
        if let Some(parsed) = self.quick.parse(rest) {
            self.open(parsed.header, parsed.known_names);
            self.candidate = false;
            return true;
        }
        self.try_start_by_grammar(last)
    }

    fn try_start_by_grammar(&mut self, last: bool) -> bool {
        let rest = self.buffer.get(self.at..self.filled).unwrap_or_default();
        match grammar::start(rest, last) {
            Start::Unclear => return false,
            Start::No => {}
            Start::Yes => {
                let Some((length, ended)) = header_line(rest, last) else { return false };
                let line = rest.get(..length).unwrap_or_default();
                if let Some(header) = grammar::header(line) {
                    if ended || header.level_stands {
                        self.quick.remember(line, &header);
                        self.open(header, false);
                    } else {
                        self.tally.digest.losses += 1;
                        self.fragment = last;
                    }
                }
            }
        }
        self.candidate = false;
        true
    }

    /// Passes zeros and byte order marks.
    fn skip_marks(&mut self) {
        loop {
            let rest = self.rest();
            let zeros = rest.iter().take_while(|b| **b == 0).count();
            let mark = if rest.starts_with(BOM) { BOM.len() } else { 0 };
            if zeros + mark == 0 {
                return;
            }
            self.at += zeros.max(mark);
        }
    }

    /// Ends the record before `at` and begins one there.
    fn open(&mut self, header: Header, known_class: bool) {
        let at = self.at;
        self.close(at, false);
        let line = self.buffer.get(at..self.filled).unwrap_or_default();
        let mut header = header;
        self.current.wanted = self.tally.count_admitted(&self.clock, &mut header, line, known_class);
        self.current.is_error = is_error(header.level.of(line));
        self.current.header = header;
        self.current.part = 0;
        self.current.line = self.line;
        self.current.offset = self.original(at);
        self.first_record = self.first_record.or(Some(self.current.offset));
        self.in_record = true;
        self.start_line = self.line;
        self.start = at;
        self.at = at + header.message as usize;
    }

    /// Ends what stands before `end`: the lines before the first header, or a record.
    fn close(&mut self, end: usize, truncated: bool) {
        if self.in_record {
            self.hand_on(end, truncated);
        } else {
            self.keep_head(end);
        }
    }

    /// Gives the sink the text up to `end` if there is something in it.
    fn hand_on(&mut self, end: usize, truncated: bool) {
        let current = &self.current;
        if !current.wanted {
            return;
        }
        let held = self.buffer.get(self.start..end).unwrap_or_default();
        let message = if current.part == 0 { current.header.message as usize } else { 0 };
        let text = held.get(message..).unwrap_or_default();
        let line = if current.part == 0 { held } else { current.kept.as_slice() };
        self.filter.search_within(&self.buffer, self.start + message..end, &mut self.found);
        if !self.inherited.is_empty() {
            self.found.add(&mut self.inherited);
        }
        if self.found.owners.is_empty() && !(current.is_error && current.part == 0) {
            return;
        }
        let header = &current.header;
        // Of a record that is UTF-8 as a whole, each field is: one check for all of them, and none where the block was seen to be plain.
        let is_utf8 = current.part == 0 && (!self.marks || std::str::from_utf8(held).is_ok());
        let utf8 = |part| if is_utf8 { Cow::Borrowed(part) } else { encoding::utf8(part) };
        let record = Record {
            time: header.time,
            level: header.level.of(line),
            thread: &utf8(header.thread.of(line)),
            process_id: header.process_id.of(line),
            partition: header.partition.of(line),
            user: header.user.of(line),
            class: &utf8(header.class.of(line)),
            method: &utf8(header.method.of(line)),
            message: &utf8(grammar::strip_end(text)),
            line: current.line,
            message_line: self.start_line,
            offset: current.offset,
            truncated,
            part: current.part,
        };
        self.sink.record(&record, &self.found.owners);
    }

    /// Keeps the buffer short: what was handed on goes, a long record is handed on in parts.
    fn compact(&mut self) {
        if !self.in_record {
            self.keep_head(self.at);
            self.start = self.at;
            self.start_line = self.line;
        } else if self.at.saturating_sub(self.start) > PART {
            self.split();
        }
        if self.start > 0 {
            self.original(self.start);
            self.buffer.copy_within(self.start..self.filled, 0);
            self.at -= self.start;
            self.filled -= self.start;
            self.known.0 -= self.start;
            self.start = 0;
            self.marks = self.marks && !encoding::is_plain(self.text(0, self.filled));
        }
    }

    /// Hands on what stands of the current record, and goes on with its next part.
    fn split(&mut self) {
        self.hand_on(self.at, false);
        let overlap = OVERLAP.max(self.filter.longest());
        let next = self.at.saturating_sub(overlap).max(self.start);
        let repeated = memchr::memchr_iter(b'\n', self.text(next, self.at)).count();
        let current = &mut self.current;
        if current.part == 0 {
            let line = self
                .buffer
                .get(self.start..self.start + current.header.message as usize)
                .unwrap_or_default();
            current.kept = line.to_vec();
        }
        current.part = current.part.saturating_add(1);
        self.start_line = self.line - repeated as u64;
        self.start = next;
    }

    /// Adds the text from `start` to `end` to the head, as far as there is room.
    fn keep_head(&mut self, end: usize) {
        let text = self.text(self.start, end);
        if text.is_empty() || self.tally.digest.head.is_none() && text.iter().all(|b| *b == 0) {
            return;
        }
        let line = self.start_line;
        let offset = self.original(self.start);
        let text = self.buffer.get(self.start..end).unwrap_or_default();
        let head = self.tally.digest.head.get_or_insert_with(|| Fragment {
            line,
            offset,
            ..Fragment::default()
        });
        let room = HEAD.saturating_sub(head.bytes.len());
        head.cut |= text.len() > room;
        head.bytes.extend_from_slice(text.get(..room).unwrap_or(text));
    }

    /// Keeps the last record in the digest.
    fn keep_tail(&mut self) {
        let half = self.is_half_written();
        if !self.in_record {
            self.keep_head(self.filled);
            return;
        }
        let current = &mut self.current;
        if !current.wanted {
            return;
        }
        let mut tail = Fragment {
            line: current.line,
            offset: current.offset,
            part: current.part,
            header: if current.part == 0 {
                Vec::new()
            } else {
                std::mem::take(&mut current.kept)
            },
            half: half || self.fragment,
            ..Fragment::default()
        };
        let text = self.buffer.get(self.start..self.filled).unwrap_or_default();
        if text.len() > TAIL {
            self.filter.search(text, &mut self.found);
            tail.owners.clone_from(&self.found.owners);
            let (first, last) = (TAIL - OVERLAP, text.len() - OVERLAP);
            tail.bytes.extend_from_slice(text.get(..first).unwrap_or_default());
            tail.bytes.extend_from_slice(text.get(last..).unwrap_or_default());
            tail.cut = true;
        } else {
            tail.bytes = text.to_vec();
        }
        self.tally.digest.losses += u64::from(half);
        self.tally.digest.tail = Some(tail);
    }

    /// True if the member ends in the middle of the current record: no line break, no end mark, no end of a trace line.
    fn is_half_written(&self) -> bool {
        if !self.in_record || self.fragment {
            return false;
        }
        let text = self.text(self.start, self.filled);
        let text = text
            .get(..text.len() - text.iter().rev().take_while(|b| **b == 0).count())
            .unwrap_or_default();
        if text.ends_with(b"\n") {
            return false;
        }
        let last = text.trim_ascii_end();
        // The mark behind the header ends no message.
        let message = if self.current.part == 0 {
            self.current.header.message as usize
        } else {
            0
        };
        let ended = last.len() > message && last.ends_with(grammar::SEPARATOR);
        let whole = ended || last.contains(&b'\n') && (last.ends_with(b")") || last.ends_with(b" more"));
        !self.current.header.complete || !whole
    }

    /// Takes over where a tail was kept.
    pub(super) fn resume(&mut self, tail: &Fragment) {
        self.line = tail.line;
        self.start_line = tail.line;
        self.known = (0, tail.offset);
        if tail.part == 0 {
            return;
        }
        let Some(mut header) = grammar::header(&tail.header) else { return };
        let wanted = self.tally.count_admitted(&self.clock, &mut header, &tail.header, false);
        self.candidate = false;
        self.in_record = true;
        self.current = Current {
            header,
            wanted,
            is_error: is_error(header.level.of(&tail.header)),
            kept: tail.header.clone(),
            part: tail.part,
            line: tail.line,
            offset: tail.offset,
        };
    }
}

/// One read, repeated where a signal interrupted it.
fn read_once(source: &mut (impl Read + ?Sized), room: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(room) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The header line at the start of `rest`: its length, and whether a line break ends it. `None` if more bytes are needed.
fn header_line(rest: &[u8], last: bool) -> Option<(usize, bool)> {
    let look = rest.get(..HEADER).unwrap_or(rest);
    let end = memchr::memchr3_iter(b'\n', 0, BOM[0], look).find(|&at| {
        let here = look.get(at..).unwrap_or_default();
        !here.starts_with(&BOM[..1]) || here.starts_with(BOM)
    });
    match end {
        Some(at) => Some((at, look.get(at) == Some(&b'\n'))),
        None if last || look.len() == HEADER => Some((look.len(), look.len() == HEADER)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Joined, join};
    use super::*;
    use crate::signatures::Anchor;

    /// Line, offset, message, owners, part.
    type Row = (u64, u64, String, Vec<u32>, u32);

    #[derive(Default)]
    struct Seen(Vec<Row>);

    impl Sink for Seen {
        fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
            let text = Record::text(record.message).into_owned();
            self.0.push((record.line, record.offset, text, owners.to_vec(), record.part));
        }
    }

    fn filter() -> Filter {
        let anchor = |text: &str, ignore_case, owner| Anchor {
            bytes: text.as_bytes().into(),
            ignore_case,
            owner,
        };
        Filter::new(&[
            anchor("AADSTS50", false, 7),
            anchor("AUTHENTICATE failed", true, 3),
            anchor("Running ****", false, 1),
        ])
    }

    fn header(second: u32, level: &str) -> String {
        format!(
            "2024-05-01 10:00:{second:02}.000 GMT+0200 <@> {level} <@> [1:main] <@> ProcessId:1 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.X <@> run <@> "
        )
    }

    fn read(bytes: &[u8], block: usize) -> (SegmentDigest, Vec<Row>) {
        let (filter, mut seen) = (filter(), Seen::default());
        let mut reader = LogReader::new(&filter, &mut seen);
        bytes.chunks(block).for_each(|b| reader.feed(b));
        let digest = reader.finish();
        if let Some(tail) = &digest.tail {
            assert_eq!(join(&filter, tail, &[], &mut seen).records, 0);
        }
        (digest, seen.0)
    }

    #[test]
    fn hands_on_errors_and_hits_and_counts_the_rest() {
        let log = format!(
            "Picked up X\n{}one <@> \r\n{}broke <@>\r\njavax.mail.X: authenticate FAILED\r\n\r\n\tat a.b(C.java:1)\r\n{}**** Rx Instance 9 Running **** <@>\n{}plain",
            header(1, "INFO"),
            header(2, "ERROR"),
            header(3, "INFO"),
            header(59, "WARN")
        );
        for block in [1, 7, 64, 1 << 20] {
            let (digest, seen) = read(log.as_bytes(), block);
            assert_eq!((digest.records, digest.losses, digest.newlines), (4, 1, 7), "{block}");
            assert_eq!(digest.head.as_ref().unwrap().bytes, b"Picked up X\n");
            assert_eq!(digest.levels.get("INFO"), Some(&2));
            assert_eq!(digest.minutes.values().sum::<u32>(), 4);
            assert_eq!(seen.len(), 2, "{seen:?}");
            let (line, offset, text, owners, _) = &seen[0];
            assert_eq!(
                (*line, *offset as usize, owners.as_slice()),
                (3, log.find("2024-05-01 10:00:02").unwrap(), &[3][..])
            );
            assert!(text.starts_with("broke") && text.ends_with("(C.java:1)"), "{text}");
            assert_eq!((seen[1].0, seen[1].3.as_slice()), (7, &[1][..]));
        }
    }

    #[test]
    fn zeros_and_byte_order_marks_hide_no_header() {
        let log = format!(
            "\u{feff}{}a\0\0\0\0{}b\n\u{feff}{}c\n\0\0\0",
            header(1, "INFO"),
            header(2, "INFO"),
            header(3, "INFO")
        );
        for block in [1, 3, 1 << 20] {
            let (digest, _) = read(log.as_bytes(), block);
            assert_eq!((digest.records, digest.losses, digest.encoding), (3, 0, Encoding::Utf8Bom), "{block}");
        }
    }

    #[test]
    fn reads_utf_16_and_windows_1252() {
        let log = format!("{}né\u{1F600} AADSTS50011\r\n{}zwei\r\n", header(1, "INFO"), header(2, "ERROR"));
        let wide: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for block in [1, 5, 1 << 20] {
            let (digest, seen) = read(&wide, block);
            assert_eq!((digest.encoding, digest.records), (Encoding::Utf16Le, 2));
            assert_eq!(seen[0].2, "né\u{1F600} AADSTS50011");
            let units = log.split("\r\n").next().unwrap().encode_utf16().count() as u64 + 2;
            assert_eq!(seen[1].1, 2 * units);
        }
        let mut old = header(1, "ERROR").into_bytes();
        old.extend_from_slice(b"Fehler f\xFCr Ger\xE4t\n");
        assert_eq!(read(&old, 64).1[0].2, "Fehler für Gerät");
    }

    #[test]
    fn a_record_that_goes_on_in_the_next_file_counts_once() {
        let one = format!("{}first\n{}broke <@>\njava.X: AUTHENTI", header(1, "INFO"), header(2, "ERROR"));
        let two = format!("CATE failed\n\tat a.b(C.java:1)\n{}next\n", header(3, "INFO"));
        let (filter, mut seen) = (filter(), Seen::default());
        let digest = |text: &str, seen: &mut Seen| {
            let mut reader = LogReader::new(&filter, seen);
            reader.feed(text.as_bytes());
            reader.finish()
        };
        let (a, b) = (digest(&one, &mut seen), digest(&two, &mut seen));
        assert_eq!((a.records, b.records, a.losses), (2, 1, 1));
        let joined = join(&filter, a.tail.as_ref().unwrap(), &[b.head.as_ref().unwrap()], &mut seen);
        assert_eq!(
            joined,
            Joined {
                records: 0,
                mended: 1,
                half: false
            }
        );
        assert_eq!(seen.0.len(), 1);
        assert_eq!((seen.0[0].0, seen.0[0].3.as_slice()), (2, &[3][..]));
    }

    #[test]
    fn a_header_cut_between_two_files_is_found() {
        let whole = header(2, "ERROR");
        let (left, right) = whole.split_at(30);
        let (filter, mut seen) = (filter(), Seen::default());
        let digest = |text: String, seen: &mut Seen| {
            let mut reader = LogReader::new(&filter, seen);
            reader.feed(text.as_bytes());
            reader.finish()
        };
        let a = digest(format!("{}first\n{left}", header(1, "INFO")), &mut seen);
        let b = digest(format!("{right}lost\n{}x\n", header(3, "INFO")), &mut seen);
        assert_eq!((a.records, b.records), (1, 1));
        assert_eq!(join(&filter, a.tail.as_ref().unwrap(), &[b.head.as_ref().unwrap()], &mut seen).records, 1);
        assert_eq!((seen.0[0].0, seen.0[0].2.as_str()), (2, "lost"));
    }

    #[test]
    fn a_half_written_last_record_counts_if_its_level_stands() {
        for (end, records) in [
            ("2024-05-01 10:00:09.000 GMT+0200 <@> INFO <@> [1:m", 2),
            ("2024-05-01 10:00:09.000 GMT+0200 <@> INF", 1),
        ] {
            let (digest, _) = read(format!("{}a\n{end}", header(1, "INFO")).as_bytes(), 16);
            assert_eq!((digest.records, digest.losses), (records, 1), "{end}");
        }
    }

    #[test]
    fn a_long_record_comes_in_parts_and_nothing_is_lost_between() {
        let mut log = header(1, "ERROR").into_bytes();
        for n in 0..60_000 {
            log.extend_from_slice(format!("filler line {n:06} with some text AADSTS4\n").as_bytes());
            if n == 50_000 {
                log.extend_from_slice(b"AADSTS50011\n");
            }
        }
        log.extend_from_slice(format!("{}next\n", header(2, "INFO")).as_bytes());
        let (digest, seen) = read(&log, 8192);
        assert_eq!((digest.records, digest.newlines), (2, 60_002));
        let parts: Vec<u32> = seen.iter().map(|s| s.4).collect();
        assert_eq!((parts.len(), parts[0]), (2, 0));
        assert_eq!(seen[1].3, [7]);
        assert!(seen.iter().all(|s| s.2.len() <= PART + 16 * 1024));
    }
}
