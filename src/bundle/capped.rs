//! Readers with a bound: they count what really comes out, since declared sizes are lies.

use super::limits::{Limits, Spent, size_words};
use std::io::{self, Read};

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
            return Err(io::Error::other(format!(
                "limit reached: a bundle may unpack to {}",
                size_words(self.limits.bundle_unpacked)
            )));
        }
        if let Some(packed) = self.packed
            && self.out > self.limits.ratio_after
            && self.out / packed.max(1) > self.limits.ratio
        {
            return Err(io::Error::other(format!(
                "limit reached: unpacks to more than {} times its size",
                self.limits.ratio
            )));
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
        return Err(io::Error::other(format!(
            "limit reached: a file of this kind may have {}",
            size_words(limit)
        )));
    }
    Ok(())
}
