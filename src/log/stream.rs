//! Scans streams. What lies beyond the first stretch of a long one is cut into segments at records, which other threads scan while
//! the stream is read on: a single packed log keeps all cores busy, and only a few segments are in memory at a time.

use super::reader::LogReader;
use super::scan::{Interpretation, Nothing, Scanned};
use super::{Filter, Sink, encoding};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc;

/// Bytes of a stream before the first cut: most members are shorter and are read in one go.
const FIRST: u64 = 32 * 1024 * 1024;
/// Segments of what follows. Fixed, so that the result doesn't depend on the number of threads.
const SEGMENT: usize = 2 * 1024 * 1024;
/// Bytes that are read at once where the next record is looked for.
const LOOK: usize = 256 * 1024;

/// Scans a stream from its beginning to its end. `head`: bytes that were read from it already. What came before an error counts.
pub fn scan_stream<I: Interpretation>(filter: &Filter, head: &[u8], source: &mut (impl Read + ?Sized), with: &I) -> Scanned<I::Meaning> {
    let mut sink = with.sink();
    let mut reader = LogReader::new(filter, &mut sink);
    reader.feed(head);
    let mut read = head.len() as u64;
    let (encoding, _) = encoding::sniff(head.get(..encoding::SNIFF).unwrap_or(head));
    // UTF-16 is decoded from the beginning on.
    let can_be_cut = encoding::Wide::new(encoding).is_none();
    let mut ended = None;
    while ended.is_none() && !(can_be_cut && read >= FIRST) {
        match reader.fill(source) {
            Ok(0) => ended = Some(None),
            Ok(length) => read += length as u64,
            Err(error) => ended = Some(Some(error)),
        }
    }
    let mut stream = Stream {
        filter,
        source,
        read,
        ended: ended.is_some(),
        error: ended.flatten(),
    };
    let rest = stream.feed_to_next_record(&mut reader);
    let digest = reader.finish_segment(rest.is_empty());
    let mut scanned = Scanned::new(digest, with.meaning(sink));
    if !rest.is_empty() {
        stream.scan_segments(rest, &mut scanned, with);
    }
    scanned.error = stream.error;
    scanned
}

/// A stream of which some was read.
struct Stream<'f, 's, R: ?Sized> {
    filter: &'f Filter,
    source: &'s mut R,
    /// Bytes read.
    read: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl<R: Read + ?Sized> Stream<'_, '_, R> {
    /// Reads until `block` holds `length` bytes, or the stream ends.
    fn fill(&mut self, block: &mut Vec<u8>, length: usize) {
        let mut at = block.len();
        block.resize(length.max(at), 0);
        while at < length && !self.ended {
            match self.source.read(block.get_mut(at..).unwrap_or_default()) {
                Ok(0) => self.ended = true,
                Ok(more) => {
                    at += more;
                    self.read += more as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => (self.ended, self.error) = (true, Some(error)),
            }
        }
        block.truncate(at);
    }

    /// Feeds `reader` up to the next record, and gives what was read from there on; nothing at the stream's end.
    fn feed_to_next_record(&mut self, reader: &mut LogReader<'_, impl Sink>) -> Vec<u8> {
        let mut block = Vec::new();
        while !self.ended {
            block.clear();
            self.fill(&mut block, LOOK);
            let cut = record_in(self.filter, &block, 0);
            reader.feed(block.get(..cut.unwrap_or(block.len())).unwrap_or_default());
            if let Some(cut) = cut {
                block.drain(..cut);
                return block;
            }
        }
        Vec::new()
    }

    /// Scans what follows `scanned`: the record at the start of `segment`, and what is still to be read.
    fn scan_segments<I: Interpretation>(&mut self, mut segment: Vec<u8>, scanned: &mut Scanned<I::Meaning>, with: &I) {
        let filter = self.filter;
        let others = rayon::current_num_threads() - 1;
        let (done, finished) = mpsc::channel();
        let mut order = Order::default();
        let mut spare: Vec<Vec<u8>> = Vec::new();
        rayon::in_place_scope(|scope| {
            let mut busy = 0;
            while !segment.is_empty() {
                let number = order.begin();
                let from = self.read - segment.len() as u64;
                self.fill(&mut segment, SEGMENT + LOOK);
                let mut next = spare.pop().unwrap_or_default();
                next.clear();
                match record_in(filter, &segment, SEGMENT).filter(|_| !self.ended) {
                    Some(cut) => {
                        next.extend_from_slice(segment.get(cut..).unwrap_or_default());
                        segment.truncate(cut);
                        if busy < others {
                            busy += 1;
                            let done = done.clone();
                            scope.spawn(move |_| {
                                let part = scan_segment(filter, &segment, from, with);
                                // Nobody waits for it if the scope unwinds.
                                let _ = done.send((number, part, segment));
                            });
                        } else {
                            order.add(number, scan_segment(filter, &segment, from, with));
                            spare.push(segment);
                        }
                    }
                    // No record begins for long, or none follows: what belongs to the last one is read as it comes.
                    None => {
                        let mut sink = with.sink();
                        let mut reader = LogReader::starting_at(filter, &mut sink, from);
                        reader.feed(&segment);
                        next = self.feed_to_next_record(&mut reader);
                        let digest = reader.finish_segment(next.is_empty());
                        order.add(number, Scanned::new(digest, with.meaning(sink)));
                    }
                }
                segment = next;
                for (number, part, used) in finished.try_iter() {
                    busy -= 1;
                    order.add(number, part);
                    spare.push(used);
                }
                order.append_to(scanned, with);
            }
        });
        finished.try_iter().for_each(|(number, part, _)| order.add(number, part));
        order.append_to(scanned, with);
    }
}

/// Scans a segment that begins with the record at `from` and ends before another one.
fn scan_segment<I: Interpretation>(filter: &Filter, segment: &[u8], from: u64, with: &I) -> Scanned<I::Meaning> {
    let mut sink = with.sink();
    let mut reader = LogReader::starting_at(filter, &mut sink, from);
    reader.feed(segment);
    let digest = reader.finish_before_record();
    Scanned::new(digest, with.meaning(sink))
}

/// Where in `block` the first record begins whose header stands behind a mark at `from` or later.
fn record_in(filter: &Filter, block: &[u8], from: usize) -> Option<usize> {
    let mut finder = LogReader::within(filter, Nothing, 0);
    finder.feed(block.get(from..)?);
    Some(from + usize::try_from(finder.first_record()?).ok()?)
}

/// Segments in the order of the stream, whichever is done first.
struct Order<M> {
    begun: usize,
    appended: usize,
    waiting: BTreeMap<usize, Scanned<M>>,
}

impl<M> Default for Order<M> {
    fn default() -> Self {
        Self {
            begun: 0,
            appended: 0,
            waiting: BTreeMap::new(),
        }
    }
}

impl<M: Send> Order<M> {
    /// The number of the next segment.
    fn begin(&mut self) -> usize {
        self.begun += 1;
        self.begun - 1
    }

    fn add(&mut self, number: usize, part: Scanned<M>) {
        self.waiting.insert(number, part);
    }

    /// Appends to `scanned` what follows it.
    fn append_to<I: Interpretation<Meaning = M>>(&mut self, scanned: &mut Scanned<M>, with: &I) {
        while let Some(part) = self.waiting.remove(&self.appended) {
            self.appended += 1;
            scanned.append(part, with);
        }
    }
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
    fn segments_of_a_stream_give_what_one_pass_gives() {
        let anchor = Anchor {
            bytes: (*b"AADSTS77").into(),
            ignore_case: false,
            owner: 1,
        };
        let filter = Filter::new(&[anchor]);
        let log = log(FIRST as usize + 5 * SEGMENT);
        let mut sink = Places.sink();
        let mut reader = LogReader::new(&filter, &mut sink);
        reader.feed(&log);
        let whole = reader.finish();
        let rows = Places.meaning(sink);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let broken = threads == 2;
            let scanned = pool.install(|| scan_stream(&filter, &log[..1000], &mut Drops(&log[1000..], broken), &Places));
            assert_eq!(scanned.error.is_some(), broken);
            assert_eq!(scanned.digest, whole, "{threads}");
            assert_eq!(scanned.meaning, rows, "{threads}");
        }
    }
}
