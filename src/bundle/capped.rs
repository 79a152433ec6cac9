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

/// Counts the bytes that come out of a compressed member, and ends with an error right behind the last one that the ratio and the
/// bundle's limit allow: where that is depends on nobody's buffers.
pub struct Capped<'a, R> {
    inner: R,
    out: u64,
    /// Most bytes that may come out, by the ratio.
    most: u64,
    ratio: u64,
    limits: &'a Limits,
    spent: &'a Spent,
}

impl<'a, R: Read> Capped<'a, R> {
    /// Bounds `inner`, which unpacks `packed` bytes (`None`: unknown, as in a stream).
    pub fn new(inner: R, packed: Option<u64>, limits: &'a Limits, spent: &'a Spent) -> Self {
        let (ratio, after) = spent.ratio(limits);
        let most = packed.map_or(u64::MAX, |packed| packed.saturating_mul(ratio).max(after));
        Self {
            inner,
            out: 0,
            most,
            ratio,
            limits,
            spent,
        }
    }
}

impl<R: Read> Read for Capped<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.most.saturating_sub(self.out);
        let room = self.spent.room(self.limits).min(left);
        let mut beyond = [0];
        let is_full = room == 0 && !buffer.is_empty();
        let wanted = usize::try_from(room).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(if is_full { &mut beyond } else { &mut buffer[..wanted] })?;
        self.out += read as u64;
        self.spent.unpack(read as u64);
        if !is_full || read == 0 {
            return Ok(read);
        }
        Err(io::Error::other(Reached(if left == 0 {
            self.spent.swell();
            text!("limit reached: unpacks to more than {count} times its size", count = self.ratio)
        } else {
            let size = Text::figure(size_words(self.limits.bundle_unpacked));
            text!("limit reached: a bundle may unpack to {size}", size)
        })))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads in pieces of `piece` bytes up to the error, which it returns with what came before.
    fn drain(mut reader: impl Read, piece: usize) -> (usize, Option<String>) {
        let mut buffer = vec![0; piece];
        let mut all = 0;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (all, None),
                Ok(read) => all += read,
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn a_limit_falls_on_the_same_byte_whatever_the_buffers() {
        let limits = Limits {
            bundle_unpacked: 1_000,
            ratio: 10,
            ratio_after: 50,
            ..Limits::default()
        };
        for piece in [1, 7, 999, 1_000, 1_001, 4_096] {
            let spent = Spent::default();
            let whole = [7; 600];
            assert_eq!(drain(Capped::new(whole.as_slice(), None, &limits, &spent), piece), (600, None));
            assert_eq!(drain(Capped::new(&whole[..50], Some(1), &limits, &spent), piece), (50, None));
            assert!(!spent.exceeds(&limits));
            let (read, error) = drain(Capped::new(whole.as_slice(), Some(6), &limits, &spent), piece);
            assert_eq!((read, error.is_some_and(|e| e.contains("more than 10 times"))), (60, true), "{piece}");
            let (read, error) = drain(Capped::new(whole.as_slice(), None, &limits, &spent), piece);
            assert_eq!((read, error.is_some_and(|e| e.contains("1000 B"))), (289, true), "{piece}");
            assert!(spent.exceeds(&limits));
        }
    }

    #[test]
    fn a_bundle_that_is_made_to_swell_may_swell_less() {
        let limits = Limits {
            ratio: 100,
            ratio_after: 640,
            swollen: 2,
            ..Limits::default()
        };
        let spent = Spent::default();
        let came: Vec<usize> = (0..4)
            .map(|_| drain(Capped::new([7; 2_000].as_slice(), Some(1), &limits, &spent), 64).0)
            .collect();
        assert_eq!(came, [640, 640, 10, 10]);
        assert!(spent.exceeds(&limits));
    }
}
