//! Scans streams, from their beginning to their end.

use super::reader::LogReader;
use super::relay::Helper;
use super::scan::{Interpretation, Scanned};
use super::{Filter, SegmentDigest, Sink};
use std::io::{self, Read};

/// Scans a stream. `head`: bytes that were read from it already. What came before an error counts.
pub fn scan_stream<I: Interpretation>(filter: &Filter, head: &[u8], source: &mut (impl Read + ?Sized), with: &I) -> Scanned<I::Meaning> {
    let mut sink = with.sink();
    let (digest, error) = read(filter, head, source, &mut sink);
    Scanned {
        digest,
        meaning: with.meaning(sink),
        error,
    }
}

/// Scans a stream as [`scan_stream`] does, where nothing else is read meanwhile: `helper` reads what the records mean.
pub fn scan_alone<'scope, I: Interpretation>(
    filter: &Filter,
    head: &[u8],
    source: &mut (impl Read + ?Sized),
    with: &I,
    helper: &Helper<'scope, '_>,
) -> Scanned<I::Meaning>
where
    I::Sink: 'scope,
{
    let ((digest, error), sink) = helper.relay(with.sink(), |relay| read(filter, head, source, relay));
    Scanned {
        digest,
        meaning: with.meaning(sink),
        error,
    }
}

fn read(filter: &Filter, head: &[u8], source: &mut (impl Read + ?Sized), sink: impl Sink) -> (SegmentDigest, Option<io::Error>) {
    let mut reader = LogReader::new(filter, sink);
    reader.feed(head);
    let error = reader.read_all(source).err();
    (reader.finish(), error)
}

#[cfg(test)]
mod tests {
    use super::super::scan::tests::{Places, log};
    use super::*;
    use crate::signatures::Anchor;

    /// Gives a few bytes at a time, and fails where it ends if told so.
    struct Drops<'a>(&'a [u8], bool);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(100_003);
            match self.0.read(buffer.get_mut(..length).unwrap_or_default())? {
                0 if self.1 => Err(io::Error::other("broken")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn several_threads_give_what_one_gives() {
        let anchor = Anchor {
            bytes: (*b"AADSTS77").into(),
            ignore_case: false,
            owner: 1,
        };
        let filter = Filter::new(&[anchor]);
        let log = log(40 << 20);
        let whole = scan_stream(&filter, &[], &mut &log[..], &Places);
        assert!(whole.error.is_none() && whole.digest.records > 200_000);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let broken = threads == 2;
            let mut source = Drops(&log[1000..], broken);
            let scanned = pool.install(|| std::thread::scope(|scope| scan_alone(&filter, &log[..1000], &mut source, &Places, &Helper::new(scope))));
            assert_eq!(scanned.error.is_some(), broken);
            assert_eq!(scanned.digest, whole.digest, "{threads}");
            assert_eq!(scanned.meaning, whole.meaning, "{threads}");
        }
    }
}
