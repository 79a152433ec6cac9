//! The ends of a member: what stands before its first header, and its last record. Rotated files continue each other there.

use super::Sink;
use super::filter::Filter;
use super::reader::LogReader;
use crate::bundle::Encoding;

/// A stretch of a member's text, decoded to UTF-8 (bytes of Windows-1252 stay as they are).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// The text; of a long one the beginning and the end.
    pub bytes: Vec<u8>,
    /// 1-based line on which it begins.
    pub line: u64,
    /// Byte offset at which it begins in the original member.
    pub offset: u64,
    /// True if some of it is missing here.
    pub cut: bool,
    /// Owners of the anchors found in it before it was cut.
    pub owners: Vec<u32>,
    /// Part number of a record that was handed on in parts before: then `header` holds its header line.
    pub(super) part: u32,
    pub(super) header: Vec<u8>,
    /// True if it is a half-written record, or ends in the beginning of a header.
    pub(super) half: bool,
}

impl Fragment {
    /// The header line of the record that it begins with, or goes on with.
    pub(super) fn header_line(&self) -> &[u8] {
        let text = if self.part == 0 { &self.bytes } else { &self.header };
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        text.get(..end).unwrap_or_default()
    }
}

/// What joining two members changed in the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Records that only the joined text shows, beyond those counted before.
    pub records: u64,
    /// Losses (half-written records and headers) that the joined text completes.
    pub mended: u64,
    /// True if the joined text ends in the middle of a record all the same.
    pub half: bool,
}

/// Hands on the last record of a member, together with what continues it: the head of the next rotated file (of several, if a
/// member between holds no header at all), or nothing after the newest file. Lines and offsets are those of the member that the
/// record begins in.
pub fn join<S: Sink>(filter: &Filter, tail: &Fragment, heads: &[&Fragment], sink: S) -> Joined {
    let mut joint = LogReader::with_encoding(filter, sink, Encoding::Utf8);
    joint.resume(tail);
    joint.feed(&tail.bytes);
    for head in heads {
        joint.feed(&head.bytes);
    }
    let cut = tail.cut || heads.iter().any(|h| h.cut);
    let digest = joint.finish_joined(&tail.owners, cut);
    Joined {
        records: digest.records.saturating_sub(1),
        mended: u64::from(tail.half && digest.losses == 0),
        half: digest.losses > 0,
    }
}
