//! ECE logs: header, engine, meaning.

use super::halves;
use ecelens::log::grammar::{self, Start};
use ecelens::log::interpret::{self, Interpretation};
use ecelens::log::{Clock, Filter, LogReader, Record, Sink, join, looks_like_log, stream};
use ecelens::signatures::{Anchor, Catalogue};
use std::sync::LazyLock;

/// A header's fields lie in its line, and whoever parses a header also finds that a record starts there.
pub fn header(bytes: &[u8]) {
    let (line, _) = halves(bytes);
    let Some(header) = grammar::header(line) else { return };
    assert_eq!(grammar::start(line, true), Start::Yes);
    for range in [
        header.level,
        header.thread,
        header.process_id,
        header.partition,
        header.class,
        header.method,
    ] {
        assert!(range.from <= range.to && range.to as usize <= line.len(), "{range:?} of {}", line.len());
    }
    assert!(header.message as usize <= line.len());
    if let Some(time) = header.time {
        time.rfc3339();
    }
}

const ANCHORS: [(&str, bool); 5] = [
    ("AADSTS50", false),
    ("invalid_grant", true),
    ("AUTHENTICATE failed", false),
    ("5.7.139", true),
    ("x<@>y", false),
];

static FILTER: LazyLock<Filter> = LazyLock::new(|| {
    let anchor = |(owner, (text, ignore_case)): (usize, &(&str, bool))| Anchor {
        bytes: text.as_bytes().into(),
        ignore_case: *ignore_case,
        owner: owner as u32,
    };
    Filter::new(&ANCHORS.iter().enumerate().map(anchor).collect::<Vec<_>>())
});

/// Line, offset, level, message and owners of a record.
type Row = (u64, u64, Vec<u8>, Vec<u8>, Vec<u32>);

/// What the engine handed on, and what must not depend on the blocks that it was fed.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    counts: Vec<String>,
    rows: Vec<Row>,
}

impl Sink for Seen {
    fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
        for field in [record.level, record.class, record.thread, record.message] {
            assert!(std::str::from_utf8(field).is_ok(), "what is handed on is UTF-8");
        }
        assert!(record.message_line >= record.line && record.line > 0);
        // The filter against a plain search.
        for (owner, (anchor, ignore_case)) in ANCHORS.iter().enumerate() {
            let holds = record.message.windows(anchor.len()).any(|window| match ignore_case {
                true => window.eq_ignore_ascii_case(anchor.as_bytes()),
                false => window == anchor.as_bytes(),
            });
            assert!(!holds || owners.contains(&(owner as u32)), "{anchor} was overlooked");
        }
        let row = (
            record.line,
            record.offset,
            record.level.to_vec(),
            record.message.to_vec(),
            owners.to_vec(),
        );
        self.rows.push(row);
    }
}

fn read(bytes: &[u8], block: usize) -> Seen {
    let mut seen = Seen::default();
    let mut reader = LogReader::new(&FILTER, &mut seen);
    bytes.chunks(block).for_each(|block| reader.feed(block));
    let digest = reader.finish();
    if let Some(tail) = &digest.tail {
        join(&FILTER, tail, &[], &mut seen);
    }
    assert_eq!(digest.bytes, bytes.len() as u64);
    // Not the encoding's name: text that belongs to no record is not kept, and a block may cut a character of it.
    seen.counts = vec![format!("{} {} {:?} {:?}", digest.records, digest.newlines, digest.levels, digest.minutes)];
    seen
}

/// The engine gives the same whatever the blocks, and finds every header where the grammar does.
pub fn engine(bytes: &[u8]) {
    let whole = read(bytes, usize::MAX);
    let odd = bytes.first().map_or(1, |first| 1 + usize::from(*first % 61));
    assert_eq!(whole, read(bytes, odd), "in blocks of {odd}");
    // UTF-16 has offsets of its own; what is no UTF-8 is read as Windows-1252 before it is handed on.
    if std::str::from_utf8(bytes).is_ok() && !bytes.starts_with(b"\xEF\xBB\xBF") && !bytes.contains(&0) {
        for (_, offset, level, ..) in &whole.rows {
            let (line, _) = halves(&bytes[*offset as usize..]);
            let header = grammar::header(line).expect("a header where a record starts");
            assert_eq!(header.level.of(line), level);
        }
    }
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::builtin);
static CATALOGUE_FILTER: LazyLock<Filter> = LazyLock::new(|| Filter::new(&interpret::anchors(&CATALOGUE)));

/// What the records of a log mean.
pub fn meaning(bytes: &[u8]) {
    looks_like_log(bytes);
    let with = Interpretation {
        catalogue: &CATALOGUE,
        path: "ECESVC01/eg_log_ECESVC01_rx-process.log".into(),
        clock: Clock::default(),
    };
    let scanned = stream::scan_stream(&CATALOGUE_FILTER, &[], &mut &bytes[..], &with);
    assert!(scanned.error.is_none());
    assert_eq!(scanned.digest.bytes, bytes.len() as u64);
}
