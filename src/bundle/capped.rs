//! Readers with a bound: they count what really comes out, since declared sizes are lies.

use super::limits::{Limits, Spent, size_words};
use crate::model::Text;
use crate::text;
use std::fmt;
use std::io::{self, Read};

/// A limit that ended the reading, in words.
#[derive(Debug)]
struct Reached(Text);

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.english())
    }
}

impl std::error::Error for Reached {}

/// Why reading failed: in our words if a limit of ours ended it, else in those of the system or the crate that unpacks.
pub fn why(error: &io::Error) -> Text {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Reached>()) {
        Some(Reached(text)) => text.clone(),
        None => Text::given(error.to_string()),
    }
}

/// Why something could not be read at all.
pub fn unreadable(error: &io::Error) -> Text {
    text!("can't be read: {error}", error = why(error))
}

/// Counts the bytes that come out of a compressed member, and stops with an error at the ratio or at the bundle's limit.
pub struct Capped<'a, R> {
    inner: R,
    packed: Option<u64>,
    out: u64,
    limits: &'a Limits,
    spent: &'a Spent,
}

impl<'a, R: Read> Capped<'a, R> {
    /// Bounds `inner`, which unpacks `packed` bytes (`None`: unknown, as in a stream).
    pub fn new(inner: R, packed: Option<u64>, limits: &'a Limits, spent: &'a Spent) -> Self {
        Self {
            inner,
            packed,
            out: 0,
            limits,
            spent,
        }
    }
}

impl<R: Read> Read for Capped<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.out += read as u64;
        if !self.spent.unpack(read as u64, self.limits) {
            let size = Text::figure(size_words(self.limits.bundle_unpacked));
            return Err(io::Error::other(Reached(text!("limit reached: a bundle may unpack to {size}", size))));
        }
        if let Some(packed) = self.packed
            && self.out > self.limits.ratio_after
            && self.out / packed.max(1) > self.limits.ratio
        {
            return Err(io::Error::other(Reached(text!(
                "limit reached: unpacks to more than {count} times its size",
                count = self.limits.ratio
            ))));
        }
        Ok(read)
    }
}

/// Reads all of `reader`, up to `limit` bytes. The error says which limit, and what was read before stays in `into`.
pub fn read_whole(reader: &mut dyn Read, limit: u64, into: &mut Vec<u8>) -> io::Result<()> {
    let before = into.len() as u64;
    reader.take(limit.saturating_add(1).saturating_sub(before)).read_to_end(into)?;
    if into.len() as u64 > limit {
        into.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let size = Text::figure(size_words(limit));
        return Err(io::Error::other(Reached(text!(
            "limit reached: a file of this kind may have {size}",
            size
        ))));
    }
    Ok(())
}
