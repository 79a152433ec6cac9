//! Scans whole files, big ones in segments that several threads read at once.

use super::reader::LogReader;
use super::stream::scan_stream;
use super::{Filter, Record, SegmentDigest, Sink, encoding};
use crate::bundle::FileView;
use rayon::prelude::*;
use std::io::{self, Read};

/// Segments of a big file. Fixed, so that the result doesn't depend on the number of threads.
const SEGMENT: u64 = 16 * 1024 * 1024;
/// Files up to this size are read as streams.
const ALONE: u64 = 8 * 1024 * 1024;
/// Files beyond this size are read in segments.
const BIG: u64 = 2 * SEGMENT;
/// Segments that are read before what they gave is put together: bounds what is kept of a file of any size.
const WAVE: usize = 64;
/// Bytes that are read at once where the next record is looked for.
const LOOK: usize = 64 * 1024;

/// What scanning a member gave.
#[derive(Debug)]
pub struct Scanned<M> {
    /// What the engine counted.
    pub digest: SegmentDigest,
    /// What became of the sink (the sinks of several segments, put together).
    pub meaning: M,
    /// Why reading ended before the end. What came before counts.
    pub error: Option<io::Error>,
}

/// How records become a meaning: a sink for each segment, what it ends in, and how that of the following segment is added, whose
/// lines begin a number of lines later.
pub trait Interpretation: Sync {
    /// Takes the records of a segment.
    type Sink: Sink + Send;
    /// What a segment means.
    type Meaning: Send;
    /// A sink for the next segment.
    fn sink(&self) -> Self::Sink;
    /// What the records that a sink took mean.
    fn meaning(&self, sink: Self::Sink) -> Self::Meaning;
    /// Adds what the segment that follows means; its first line is line `newlines` + 1 of the member.
    fn append(&self, meaning: &mut Self::Meaning, later: Self::Meaning, newlines: u64);
}

impl<M> Scanned<M> {
    /// Adds what the next segment gave.
    fn append<I: Interpretation<Meaning = M>>(&mut self, next: Self, with: &I) {
        with.append(&mut self.meaning, next.meaning, self.digest.newlines);
        self.digest.append(next.digest);
        self.error = next.error;
    }
}

/// True if `file` is big enough that [`scan_file`] is the better way.
pub fn pays(file: &FileView) -> bool {
    file.length() > ALONE
}

/// Scans a file, a big one on all threads of the pool. The result is the same as that of [`scan_stream`], except that what
/// [`Interpretation::append`] does takes place.
pub fn scan_file<I: Interpretation>(filter: &Filter, file: &FileView, with: &I) -> Scanned<I::Meaning> {
    let mut whole = file.clone();
    if file.length() <= BIG || !can_be_split(file) {
        return scan_stream(filter, &[], &mut whole, with);
    }
    let mut scanned: Option<Scanned<I::Meaning>> = None;
    let mut from = 0;
    while from < file.length() && scanned.as_ref().is_none_or(|s| s.error.is_none()) {
        let cuts = match wave(filter, file, from) {
            Ok(cuts) => cuts,
            Err(error) => {
                // Where records start can't be read: up to there it can.
                let rest = scan_segment(filter, file, from, file.length(), with);
                add(&mut scanned, rest, with);
                if let Some(scanned) = &mut scanned {
                    scanned.error.get_or_insert(error);
                }
                break;
            }
        };
        from = cuts.last().copied().unwrap_or(file.length());
        let segments: Vec<(u64, u64)> = cuts.iter().zip(cuts.iter().skip(1)).map(|(from, to)| (*from, *to)).collect();
        let parts: Vec<Scanned<I::Meaning>> = segments
            .into_par_iter()
            .map(|(from, to)| scan_segment(filter, file, from, to, with))
            .collect();
        for part in parts {
            let failed = part.error.is_some();
            add(&mut scanned, part, with);
            if failed {
                break;
            }
        }
    }
    scanned.unwrap_or_else(|| scan_stream(filter, &[], &mut whole, with))
}

/// Adds what the next segment gave.
fn add<I: Interpretation>(scanned: &mut Option<Scanned<I::Meaning>>, next: Scanned<I::Meaning>, with: &I) {
    match scanned {
        None => *scanned = Some(next),
        Some(before) => before.append(next, with),
    }
}

/// UTF-16 is decoded from the beginning on.
fn can_be_split(file: &FileView) -> bool {
    let mut head = [0; encoding::SNIFF];
    let Ok(read) = file.read_at(&mut head, 0) else { return false };
    let (encoding, _) = encoding::sniff(head.get(..read).unwrap_or_default());
    encoding::Wide::new(encoding).is_none()
}

/// Where the next segments begin, at most [`WAVE`] of them: at records. The last cut is the end of the last one.
fn wave(filter: &Filter, file: &FileView, from: u64) -> io::Result<Vec<u64>> {
    let mut cuts = vec![from];
    let mut at = from;
    while cuts.len() <= WAVE && at < file.length() {
        at = record_after(filter, file, at + SEGMENT)?;
        cuts.push(at);
    }
    Ok(cuts)
}

/// Offset of the first record that starts at `from` (or up to two bytes before it), or later, or the end of the file.
fn record_after(filter: &Filter, file: &FileView, from: u64) -> io::Result<u64> {
    // A header is known by what stands before it: a line break, a zero or a byte order mark.
    const BEFORE: u64 = 3;
    let mut at = from.saturating_sub(BEFORE);
    let mut finder = LogReader::within(filter, Nothing, at);
    let mut block = vec![0; LOOK];
    while at < file.length() {
        let read = file.read_at(&mut block, at)?;
        finder.feed(block.get(..read).unwrap_or_default());
        if let Some(found) = finder.first_record() {
            return Ok(found);
        }
        at += read as u64;
    }
    Ok(file.length())
}

/// Scans the bytes from `from`, where the file or a record begins, to `to`, where it ends or another record begins.
fn scan_segment<I: Interpretation>(filter: &Filter, file: &FileView, from: u64, to: u64, with: &I) -> Scanned<I::Meaning> {
    let mut sink = with.sink();
    let mut reader = match from {
        0 => LogReader::new(filter, &mut sink),
        _ => LogReader::starting_at(filter, &mut sink, from),
    };
    let mut source = Stretch { file, at: from, to };
    let error = reader.read_all(&mut source).err();
    let digest = match to == file.length() || error.is_some() {
        true => reader.finish(),
        false => reader.finish_before_record(),
    };
    Scanned {
        digest,
        meaning: with.meaning(sink),
        error,
    }
}

/// A stretch of a file.
struct Stretch<'a> {
    file: &'a FileView,
    at: u64,
    to: u64,
}

impl Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.to.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let read = match buffer.get_mut(..length) {
            Some(room) if length > 0 => self.file.read_at(room, self.at)?,
            _ => 0,
        };
        self.at += read as u64;
        Ok(read)
    }
}

/// Takes no interest in records.
struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: &Record<'_>, _: &[u32]) {}
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::signatures::Anchor;
    use std::io::Write;

    /// Line and offset of each record that was handed on.
    pub struct Places;

    #[derive(Default)]
    pub struct Rows(Vec<(u64, u64, u32)>);

    impl Sink for Rows {
        fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
            self.0.push((record.line, record.offset, owners.len() as u32));
        }
    }

    impl Interpretation for Places {
        type Sink = Rows;
        type Meaning = Vec<(u64, u64, u32)>;
        fn sink(&self) -> Rows {
            Rows::default()
        }
        fn meaning(&self, sink: Rows) -> Self::Meaning {
            sink.0
        }
        fn append(&self, meaning: &mut Self::Meaning, later: Self::Meaning, newlines: u64) {
            meaning.extend(later.into_iter().map(|(line, offset, owners)| (line + newlines, offset, owners)));
        }
    }

    /// A log of a little more than `size` bytes: plain lines, errors with traces, a stretch of zeros, a line of several megabytes.
    pub fn log(size: usize) -> Vec<u8> {
        let mut log = Vec::with_capacity(size + 8192);
        let mut number = 0_u32;
        while log.len() < size {
            number += 1;
            let level = if number.is_multiple_of(9) { "ERROR" } else { "INFO" };
            let (minute, second) = (number / 600 % 60, number / 10 % 60);
            let _ = writeln!(
                log,
                "2024-05-01 10:{minute:02}:{second:02}.000 GMT+0200 <@> {level} <@> [1:main] <@> ProcessId:1 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.X <@> run <@> message {number} <@>"
            );
            if level == "ERROR" {
                let _ = write!(log, "java.X: AADSTS{number}\n\n\tat a.b.C(C.java:{number})\n");
            }
            if number == 90_000 {
                log.extend(std::iter::repeat_n(b'x', 5 << 20));
                log.push(b'\n');
            }
            if number == 150_000 {
                log.extend(std::iter::repeat_n(0, 3 << 20));
            }
        }
        log
    }

    #[test]
    fn segments_give_what_one_pass_gives() {
        let anchor = Anchor {
            bytes: (*b"AADSTS77").into(),
            ignore_case: false,
            owner: 1,
        };
        let filter = Filter::new(&[anchor]);
        let log = log((BIG + SEGMENT) as usize);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&log).unwrap();
        let view = FileView::open(file.path()).unwrap();
        let (split, whole) = (scan_file(&filter, &view, &Places), scan_stream(&filter, &[], &mut view.clone(), &Places));
        assert!(split.error.is_none() && split.digest.records > 200_000);
        assert_eq!(split.digest, whole.digest);
        assert_eq!(split.meaning, whole.meaning);
    }

    #[test]
    fn a_cut_anywhere_falls_on_a_record() {
        let filter = Filter::new(&[]);
        let text = "2024-05-01 10:00:00.000 GMT <@> INFO <@> [1:m] <@> a\n\ntrace\n\u{feff}2024-05-01 10:00:01.000 GMT <@> INFO <@> b\0\x002024-05-01 10:00:02.000 GMT <@> INFO <@> c\n";
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let view = FileView::open(file.path()).unwrap();
        let starts: Vec<usize> = text.match_indices("2024").map(|(at, _)| at).collect();
        for from in 1..text.len() {
            let next = starts.iter().copied().find(|at| *at >= from).unwrap_or(text.len());
            let found = record_after(&filter, &view, from as u64).unwrap() as usize;
            assert!(found == next || starts.contains(&found) && found + 2 >= from, "{from}: {found}");
        }
    }
}
