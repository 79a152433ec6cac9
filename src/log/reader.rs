//! From blocks of bytes to records: finds where records start, counts them, and hands on those worth a closer look.

use super::filter::{Filter, Found};
use super::grammar::{self, Header, Start};
use super::{Record, Sink};
use crate::bundle::Encoding;
use crate::model::{Span, Stamp};
use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::collections::{BTreeMap, BTreeSet};

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
/// Bytes whose zeros tell UTF-16 without a byte order mark.
const SNIFF: usize = 512;
/// Distinct minutes, levels and classes that are counted.
const MINUTES: usize = 200_000;
const LEVELS: usize = 32;
const CLASSES: usize = 256;
/// Level under which records are counted when a log has more than [`LEVELS`] kinds.
const OTHER_LEVEL: &str = "(other)";
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A stretch of a member's text, decoded to UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// The text; of a long one the beginning and the end.
    pub bytes: Vec<u8>,
    /// 1-based line on which it begins.
    pub line: u64,
    /// Byte offset at which it begins in the original member.
    pub offset: u64,
    /// True if its middle is missing.
    pub cut: bool,
    /// Owners of the anchors in it as it stands.
    pub owners: Vec<u32>,
    /// Part number of a record that was handed on in parts before: then `header` holds its header line.
    part: u32,
    header: Vec<u8>,
    /// True if the text is no record yet, or a half-written one.
    half: bool,
    /// Whether it was counted as a record.
    counted: bool,
}

/// What the engine counted in a member, or in a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentDigest {
    /// Records, a half-written last one included.
    pub records: u64,
    /// Half-written headers and records.
    pub losses: u64,
    /// Line breaks.
    pub newlines: u64,
    /// How the bytes were read.
    pub encoding: Encoding,
    /// First and last record time.
    pub span: Span,
    /// Time of the first record in the order of the file.
    pub opens: Option<Stamp>,
    /// Records per level.
    pub levels: BTreeMap<String, u64>,
    /// Records per UTC minute since 1970, by the offset that each header names (local minute if it names none).
    pub minutes: BTreeMap<i64, u32>,
    /// True if the records stand in more distinct minutes than are counted.
    pub minutes_cut: bool,
    /// Distinct offsets to UTC in minutes; `None` for records that name none.
    pub offsets: BTreeSet<Option<i16>>,
    /// Distinct classes (the first 256).
    pub classes: BTreeSet<String>,
    /// What stands before the first header: the end of the previous rotated file's last record, or output of a program start.
    pub head: Option<Fragment>,
    /// The last record, which was counted, but not handed on: the next rotated file may continue it. See [`join`].
    pub tail: Option<Fragment>,
}

impl Default for SegmentDigest {
    fn default() -> Self {
        Self {
            records: 0,
            losses: 0,
            newlines: 0,
            encoding: Encoding::Utf8,
            span: Span::default(),
            opens: None,
            levels: BTreeMap::new(),
            minutes: BTreeMap::new(),
            minutes_cut: false,
            offsets: BTreeSet::new(),
            classes: BTreeSet::new(),
            head: None,
            tail: None,
        }
    }
}

impl SegmentDigest {
    /// Counts a record.
    fn count(&mut self, header: &Header, line: &[u8]) {
        self.records += 1;
        let level = String::from_utf8_lossy(header.level.of(line)).to_ascii_uppercase();
        let room = self.levels.len() < LEVELS || self.levels.contains_key(&level);
        *self.levels.entry(if room { level } else { OTHER_LEVEL.into() }).or_default() += 1;
        let class = header.class.of(line);
        if !class.is_empty() && self.classes.len() < CLASSES {
            self.classes.insert(String::from_utf8_lossy(class).into_owned());
        }
        let Some(time) = header.time else { return };
        if self.opens.is_none() {
            self.opens = Some(time);
        }
        self.span.add(time);
        self.offsets.insert(time.offset_minutes);
        let minute = time.instant().map_or(time.local_ms, |i| i.0).div_euclid(60_000);
        if self.minutes.len() < MINUTES || self.minutes.contains_key(&minute) {
            *self.minutes.entry(minute).or_default() += 1;
        } else {
            self.minutes_cut = true;
        }
    }
}

/// What joining two members changed in the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Records that only the joined text shows, beyond those counted before.
    pub records: u64,
    /// Half-written records that the joined text completes.
    pub mended: u64,
}

/// Hands on the last record of a member, together with what continues it: the head of the next rotated file (of several, if a
/// member between holds no header at all), or nothing after the newest file. Lines and offsets are those of the member that the
/// record begins in.
pub fn join<S: Sink>(filter: &Filter, tail: &Fragment, heads: &[&Fragment], sink: S) -> Joined {
    let mut joint = LogReader::with_encoding(filter, sink, Encoding::Utf8);
    joint.resume(tail);
    joint.push(&tail.bytes);
    for head in heads {
        joint.push(&head.bytes);
    }
    let inherited = tail.owners.clone();
    let digest = joint.finish_all(&inherited, tail.cut || heads.iter().any(|h| h.cut));
    Joined {
        records: digest.records.saturating_sub(u64::from(tail.counted)),
        mended: u64::from(tail.half && digest.losses == 0),
    }
}

/// What the reader stands in.
enum State {
    /// Text before the first header.
    Head,
    /// A record: its header and the header's line (kept here only once the text in the buffer no longer begins with it).
    Record { header: Header, kept: Option<Vec<u8>>, part: u32 },
}

/// Reads one member, block by block.
pub struct LogReader<'f, S: Sink> {
    filter: &'f Filter,
    sink: S,
    encoding: Option<Encoding>,
    decoder: Option<Decoder>,
    /// First bytes, until the encoding is known.
    sniffed: Vec<u8>,
    /// Decoded text from the start of the current record (or what of it was not handed on yet).
    buffer: Vec<u8>,
    /// Start of the current record's text in the buffer.
    start: usize,
    /// Looked at up to here.
    at: usize,
    /// A record may start at `at`.
    candidate: bool,
    state: State,
    /// 1-based line at `at`.
    line: u64,
    /// 1-based line at `start`, and of the current record's header.
    start_line: u64,
    record_line: u64,
    record_offset: u64,
    /// A position in the buffer and its offset in the original.
    known: (usize, u64),
    found: Found,
    /// Owners of anchors that a joined text held before it was cut.
    inherited: Vec<u32>,
    /// The member ends in the beginning of a header that is no record yet. It counts as a loss.
    fragment: bool,
    digest: SegmentDigest,
}

impl<'f, S: Sink> LogReader<'f, S> {
    /// A reader that finds out the encoding from the first bytes.
    pub fn new(filter: &'f Filter, sink: S) -> Self {
        Self {
            filter,
            sink,
            encoding: None,
            decoder: None,
            sniffed: Vec::new(),
            buffer: Vec::new(),
            start: 0,
            at: 0,
            candidate: true,
            state: State::Head,
            line: 1,
            start_line: 1,
            record_line: 1,
            record_offset: 0,
            known: (0, 0),
            found: Found::default(),
            inherited: Vec::new(),
            fragment: false,
            digest: SegmentDigest::default(),
        }
    }

    /// A reader for bytes of a known encoding, without a byte order mark.
    pub fn with_encoding(filter: &'f Filter, sink: S, encoding: Encoding) -> Self {
        let mut reader = Self::new(filter, sink);
        reader.set_encoding(encoding, 0);
        reader
    }

    /// Takes the next bytes of the member.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.encoding.is_some() {
            self.decode(bytes, false);
            return;
        }
        self.sniffed.extend_from_slice(bytes);
        if self.sniffed.len() >= SNIFF {
            self.start_decoding();
        }
    }

    /// Ends the member. The last record is in the digest and was not handed on: see [`join`].
    pub fn finish(mut self) -> SegmentDigest {
        self.end_of_bytes();
        self.keep_tail();
        self.end()
    }

    /// Ends a segment that another record of the same member follows: its last record is complete and is handed on.
    pub fn finish_before_record(mut self) -> SegmentDigest {
        self.end_of_bytes();
        self.close(self.buffer.len(), false);
        self.end()
    }

    /// Ends joined text.
    fn finish_all(mut self, inherited: &[u32], cut: bool) -> SegmentDigest {
        self.end_of_bytes();
        let truncated = cut || self.is_half_written();
        self.digest.losses += u64::from(self.is_half_written());
        self.inherited.extend_from_slice(inherited);
        self.close(self.buffer.len(), truncated);
        self.end()
    }

    fn end(mut self) -> SegmentDigest {
        self.digest.newlines = self.line - 1;
        self.digest
    }

    fn end_of_bytes(&mut self) {
        if self.encoding.is_none() {
            self.start_decoding();
        }
        self.decode(&[], true);
        self.read(true);
    }

    // ---- bytes to text

    fn start_decoding(&mut self) {
        let sniffed = std::mem::take(&mut self.sniffed);
        let (encoding, bom) = sniff(&sniffed);
        self.set_encoding(encoding, bom as u64);
        self.decode(sniffed.get(bom..).unwrap_or_default(), false);
    }

    fn set_encoding(&mut self, encoding: Encoding, bom: u64) {
        self.encoding = Some(encoding);
        self.digest.encoding = encoding;
        self.known = (0, bom);
        self.decoder = match encoding {
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
            _ => None,
        };
    }

    fn decode(&mut self, bytes: &[u8], last: bool) {
        let Some(mut decoder) = self.decoder.take() else {
            self.push(bytes);
            return;
        };
        let mut rest = bytes;
        let mut text = vec![0; 16 * 1024];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut text, last);
            self.push(text.get(..written).unwrap_or_default());
            rest = rest.get(read..).unwrap_or_default();
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        if !last {
            self.decoder = Some(decoder);
        }
    }

    /// Offset in the original of a place in the buffer at or after the last one asked for.
    fn original(&mut self, at: usize) -> u64 {
        let (from, offset) = self.known;
        let between = self.buffer.get(from..at).unwrap_or_default();
        let wide = matches!(self.encoding, Some(Encoding::Utf16Le | Encoding::Utf16Be));
        let length = if wide {
            // One unit per character, two for those that take four bytes in UTF-8.
            2 * between
                .iter()
                .map(|b| usize::from(b & 0xC0 != 0x80) + usize::from(*b >= 0xF0))
                .sum::<usize>()
        } else {
            between.len()
        };
        self.known = (at, offset + length as u64);
        self.known.1
    }

    // ---- text to records

    /// Takes decoded text.
    fn push(&mut self, text: &[u8]) {
        self.buffer.extend_from_slice(text);
        self.read(false);
    }

    /// Looks at what is new in the buffer. `last`: nothing follows.
    fn read(&mut self, last: bool) {
        loop {
            if self.candidate && !self.try_start(last) {
                break;
            }
            let Some(found) = self.buffer.get(self.at..).and_then(|rest| memchr::memchr3(b'\n', 0, BOM[0], rest)) else {
                self.at = self.buffer.len();
                break;
            };
            self.at += found;
            let rest = self.buffer.get(self.at..).unwrap_or_default();
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
    fn try_start(&mut self, last: bool) -> bool {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let zeros = rest.iter().take_while(|b| **b == 0).count();
            let skip = if zeros > 0 {
                zeros
            } else if rest.starts_with(BOM) {
                BOM.len()
            } else {
                0
            };
            if skip == 0 {
                break;
            }
            self.at += skip;
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        if !last && rest.len() < BOM.len() && BOM.starts_with(rest) {
            return false;
        }
        match grammar::start(rest, last) {
            Start::Unclear => return false,
            Start::No => {}
            Start::Yes => {
                let Some((length, ended)) = header_line(rest, last) else { return false };
                let line = rest.get(..length).unwrap_or_default();
                if let Some(header) = grammar::header(line) {
                    if ended || header.level_stands {
                        self.open(header, length);
                    } else {
                        self.digest.losses += 1;
                        self.fragment = last;
                    }
                }
            }
        }
        self.candidate = false;
        true
    }

    /// Ends the record before `at` and begins one there.
    fn open(&mut self, header: Header, length: usize) {
        let at = self.at;
        self.close(at, false);
        let line = self.buffer.get(at..at + length).unwrap_or_default();
        self.digest.count(&header, line);
        self.record_offset = self.original(at);
        self.record_line = self.line;
        self.start_line = self.line;
        self.start = at;
        self.at = at + header.message as usize;
        self.state = State::Record { header, kept: None, part: 0 };
    }

    /// Ends what stands before `end`: the lines before the first header, or a record.
    fn close(&mut self, end: usize, truncated: bool) {
        if matches!(self.state, State::Head) {
            self.keep_head(end);
        } else {
            self.hand_on(end, truncated);
        }
    }

    /// Gives the sink the text up to `end` if there is something in it.
    fn hand_on(&mut self, end: usize, truncated: bool) {
        let State::Record { header, kept, part } = &self.state else { return };
        let held = self.buffer.get(self.start..end).unwrap_or_default();
        let (line, text) = match kept {
            Some(line) => (line.as_slice(), held),
            None => (held, held.get(header.message as usize..).unwrap_or_default()),
        };
        let text = grammar::strip_end(text);
        self.filter.search(text, &mut self.found);
        if !self.inherited.is_empty() {
            self.found.owners.append(&mut self.inherited);
            self.found.owners.sort_unstable();
            self.found.owners.dedup();
        }
        let level = header.level.of(line);
        if !self.found.owners.is_empty() || *part == 0 && super::is_error(level) {
            let (thread, class, method, message) = (
                utf8(header.thread.of(line)),
                utf8(header.class.of(line)),
                utf8(header.method.of(line)),
                utf8(text),
            );
            let record = Record {
                time: header.time,
                level,
                thread: &thread,
                process_id: header.process_id.of(line),
                partition: header.partition.of(line),
                user: header.user.of(line),
                class: &class,
                method: &method,
                message: &message,
                line: self.record_line,
                message_line: self.start_line,
                offset: self.record_offset,
                truncated,
                part: *part,
            };
            self.sink.record(&record, &self.found.owners);
        }
    }

    /// Keeps the buffer short: what was handed on goes, a long record is handed on in parts.
    fn compact(&mut self) {
        match self.state {
            State::Head => {
                self.keep_head(self.at);
                self.start = self.at;
                self.start_line = self.line;
            }
            State::Record { .. } if self.at.saturating_sub(self.start) > PART => self.split(),
            State::Record { .. } => {}
        }
        if self.start > 0 {
            self.original(self.start);
            self.buffer.drain(..self.start);
            self.at -= self.start;
            self.known.0 -= self.start;
            self.start = 0;
        }
    }

    /// Hands on what stands of the current record, and goes on with its next part.
    fn split(&mut self) {
        self.hand_on(self.at, false);
        let overlap = OVERLAP.max(self.filter.longest());
        let next = self.at.saturating_sub(overlap).max(self.start);
        let State::Record { header, kept, part } = &mut self.state else { return };
        if kept.is_none() {
            let line = self.buffer.get(self.start..self.start + header.message as usize).unwrap_or_default();
            *kept = Some(line.to_vec());
        }
        *part = part.saturating_add(1);
        let repeated = self.buffer.get(next..self.at).unwrap_or_default();
        self.start_line = self.line - memchr::memchr_iter(b'\n', repeated).count() as u64;
        self.start = next;
    }

    /// Adds the text from `start` to `end` to the head, as far as there is room.
    fn keep_head(&mut self, end: usize) {
        let text = self.buffer.get(self.start..end).unwrap_or_default();
        if self.digest.head.is_none() && text.iter().all(|b| *b == 0) || text.is_empty() {
            return;
        }
        let (line, from) = (self.start_line, self.start);
        let text = text.to_vec();
        let offset = self.original(from);
        let head = self.digest.head.get_or_insert_with(|| Fragment {
            line,
            offset,
            ..Fragment::default()
        });
        let room = HEAD.saturating_sub(head.bytes.len());
        head.cut |= text.len() > room;
        head.bytes.extend_from_slice(text.get(..room.min(text.len())).unwrap_or_default());
    }

    /// Keeps the last record in the digest.
    fn keep_tail(&mut self) {
        let half = self.is_half_written();
        let end = self.buffer.len();
        let State::Record { kept, part, .. } = &mut self.state else {
            self.keep_head(end);
            return;
        };
        let header = kept.take().unwrap_or_default();
        let part = *part;
        let text = self.buffer.get(self.start..).unwrap_or_default();
        let mut fragment = Fragment {
            line: self.record_line,
            offset: self.record_offset,
            part,
            header,
            half: half || self.fragment,
            counted: true,
            ..Fragment::default()
        };
        if text.len() > TAIL {
            self.filter.search(text, &mut self.found);
            fragment.owners.clone_from(&self.found.owners);
            let (first, last) = (TAIL - OVERLAP, text.len() - OVERLAP.min(text.len()));
            fragment.bytes.extend_from_slice(text.get(..first).unwrap_or_default());
            fragment.bytes.extend_from_slice(text.get(last..).unwrap_or_default());
            fragment.cut = true;
        } else {
            fragment.bytes = text.to_vec();
        }
        self.digest.losses += u64::from(half);
        self.digest.tail = Some(fragment);
    }

    /// True if the member ends in the middle of the current record: no line break, no end mark, no end of a trace line.
    fn is_half_written(&self) -> bool {
        let State::Record { header, .. } = &self.state else { return false };
        if self.fragment {
            return false;
        }
        let text = self.buffer.get(self.start..).unwrap_or_default();
        let text = text
            .get(..text.len() - text.iter().rev().take_while(|b| **b == 0).count())
            .unwrap_or_default();
        if text.ends_with(b"\n") {
            return false;
        }
        let last = text.trim_ascii_end();
        let whole = last.ends_with(grammar::SEPARATOR) || last.contains(&b'\n') && (last.ends_with(b")") || last.ends_with(b" more"));
        !header.complete || !whole
    }

    /// Takes over where a tail was kept.
    fn resume(&mut self, tail: &Fragment) {
        self.line = tail.line;
        self.start_line = tail.line;
        self.known = (0, tail.offset);
        if tail.part == 0 {
            return;
        }
        let Some(header) = grammar::header(&tail.header) else { return };
        self.digest.count(&header, &tail.header);
        self.record_line = tail.line;
        self.record_offset = tail.offset;
        self.candidate = false;
        self.state = State::Record {
            header,
            kept: Some(tail.header.clone()),
            part: tail.part,
        };
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

/// The encoding that the first bytes show, and the length of the byte order mark.
fn sniff(bytes: &[u8]) -> (Encoding, usize) {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return (Encoding::Utf8Bom, 3),
        [0xFF, 0xFE, ..] => return (Encoding::Utf16Le, 2),
        [0xFE, 0xFF, ..] => return (Encoding::Utf16Be, 2),
        _ => {}
    }
    let look = bytes.get(..SNIFF).unwrap_or(bytes);
    let zeros = |odd: usize| look.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), look.len() / 2);
    if half >= 8 && odd * 10 >= half * 7 && even * 10 <= half {
        (Encoding::Utf16Le, 0)
    } else if half >= 8 && even * 10 >= half * 7 && odd * 10 <= half {
        (Encoding::Utf16Be, 0)
    } else {
        (Encoding::Utf8, 0)
    }
}

/// `bytes` as UTF-8: they are, or they are read as Windows-1252.
fn utf8(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if std::str::from_utf8(bytes).is_ok() {
        return bytes.into();
    }
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned().into_bytes().into()
}

#[cfg(test)]
mod tests {
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
        assert_eq!(joined, Joined { records: 0, mended: 1 });
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
