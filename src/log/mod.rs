//! The log engine: from the bytes of `eg_log_*` files to records, signature hits, operations and polls.

use crate::model::Stamp;

/// A record, as the engine hands it on. Byte slices point into the engine's block and hold decoded UTF-8 or whatever the log
/// holds in its place.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Time of the header; `None` only where it names a date or time of day that doesn't exist.
    pub time: Option<Stamp>,
    /// Level as written.
    pub level: &'a [u8],
    /// Thread, without its brackets: `67:RxInstance id : 999`.
    pub thread: &'a [u8],
    /// Class, fully qualified.
    pub class: &'a [u8],
    /// Method, as written.
    pub method: &'a [u8],
    /// Message and continuation lines, without end marks.
    pub message: &'a [u8],
    /// 1-based line of the header in its member.
    pub line: u64,
    /// Byte offset of the header in the original member.
    pub offset: u64,
    /// True if the header or the message was cut (a half-written last record).
    pub truncated: bool,
}
