//! The log engine: from the bytes of `eg_log_*` files to records, signature hits, operations and polls.
//!
//! [`LogReader`] is fed with the bytes of a member in blocks. It parses every header, counts, and gives a [`Sink`] only the
//! records worth a closer look: those that hold an anchor of the [`Filter`], and errors. What it counted comes back as a
//! [`SegmentDigest`]. The first lines (before any header) and the last record of a member are kept apart in it, because rotated
//! files continue each other: once the order of the members is known, [`join`] reads what stands across each cut.

pub mod assemble;
mod clock;
mod digest;
mod encoding;
mod filter;
mod fragment;
pub mod grammar;
mod grams;
pub mod interpret;
mod quick;
mod reader;
mod relay;
pub mod scan;
pub mod stream;
pub mod trace;

pub use clock::{Clock, Clocks, names};
pub use digest::SegmentDigest;
pub use filter::{Filter, Found};
pub use fragment::{Fragment, Joined, join};
pub use reader::{LogReader, PART};
pub use relay::Helper;

use crate::model::Stamp;

/// A record, as the engine hands it on. Byte slices point into the engine's block and hold valid UTF-8: a record that doesn't
/// is read as Windows-1252 before it is handed on.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Time of the header; `None` only where it names a date or time of day that doesn't exist.
    pub time: Option<Stamp>,
    /// Level as written.
    pub level: &'a [u8],
    /// Thread, without its brackets: `67:RxInstance id : 999`.
    pub thread: &'a [u8],
    /// Value of `ProcessId:`, empty if the header has none.
    pub process_id: &'a [u8],
    /// Value of `PID:` (the partition's id), empty if the header has none.
    pub partition: &'a [u8],
    /// Value of `UID:` (the user's id), empty if the header has none.
    pub user: &'a [u8],
    /// Class, fully qualified.
    pub class: &'a [u8],
    /// Method, as written.
    pub method: &'a [u8],
    /// Message and continuation lines, without end marks. An end mark before a stack trace stays in.
    pub message: &'a [u8],
    /// 1-based line of the header in its member.
    pub line: u64,
    /// 1-based line on which `message` begins: `line`, unless this is a further part.
    pub message_line: u64,
    /// Byte offset of the header in the original member.
    pub offset: u64,
    /// True if the header or the message was cut (a half-written last record).
    pub truncated: bool,
    /// 0 for the record. A record longer than 1 MiB is handed on in parts: `n` is its nth further part, with the same header and
    /// the next stretch of its text, which overlaps the part before. Parts come in order, with no other record between them.
    pub part: u32,
}

impl<'a> Record<'a> {
    /// A field as text. What the engine hands on is valid UTF-8, so nothing gets lost.
    pub fn text(bytes: &'a [u8]) -> std::borrow::Cow<'a, str> {
        // Checking is thirteen times as fast as repairing.
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), std::borrow::Cow::Borrowed)
    }

    /// True if the record's level is `ERROR` or `FATAL`.
    pub fn is_error(&self) -> bool {
        is_error(self.level)
    }

    /// First line of the message, without its end mark.
    pub fn first_line(&self) -> &'a [u8] {
        let end = memchr::memchr(b'\n', self.message).unwrap_or(self.message.len());
        grammar::strip_end(self.message.get(..end).unwrap_or_default())
    }

    /// The lines after the first: stack trace, protocol trace, multi-line text.
    pub fn continuation(&self) -> &'a [u8] {
        memchr::memchr(b'\n', self.message)
            .and_then(|at| self.message.get(at + 1..))
            .unwrap_or_default()
    }
}

/// True for the levels whose records are always handed on.
pub(crate) fn is_error(level: &[u8]) -> bool {
    level.len() == 5 && (level.eq_ignore_ascii_case(b"ERROR") || level.eq_ignore_ascii_case(b"FATAL"))
}

/// Takes the records worth a closer look, in the order of the member.
pub trait Sink {
    /// A record that holds at least one anchor, or an error. `owners` are the owners of the anchors found in the message
    /// (continuation lines included) or in this part of it, sorted and unique; empty for an error that holds none.
    fn record(&mut self, record: &Record<'_>, owners: &[u32]);

    /// How records are dated: those of a time that it doesn't admit are as if they weren't there, neither counted nor handed on.
    fn clock(&self) -> Clock {
        Clock::default()
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
        (**self).record(record, owners);
    }

    fn clock(&self) -> Clock {
        (**self).clock()
    }
}

/// True if the first bytes of a member (64 KiB are enough) show an ECE log: it begins with a record, or holds so many that whatever
/// stands before them is the rest of an older one. A note into which a few records were pasted is no log.
pub fn looks_like_log(head: &[u8]) -> bool {
    const SOON: usize = 6;
    const MANY: usize = 12;
    // The usual log begins with a record: no need to decode all of the head for that.
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end();
    if first.is_ascii() && grammar::header(first).is_some() {
        return true;
    }
    let (text, _) = crate::bundle::decode(head);
    let mut records = 0;
    for (index, line) in text.as_str().split(['\n', '\0']).filter(|line| !line.trim().is_empty()).enumerate() {
        if grammar::header(line.trim_start_matches('\u{FEFF}').trim_end().as_bytes()).is_some() {
            records += 1;
            if index < SOON || records >= MANY {
                return true;
            }
        }
    }
    false
}
