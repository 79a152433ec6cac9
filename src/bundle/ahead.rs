//! Reading ahead: one thread unpacks while another analyses, where a single stream can't be unpacked by more than one.

use std::io::{self, Error, ErrorKind, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes that are handed over at once: few enough that they are still in a cache when they are analysed.
const BLOCK: usize = 256 * 1024;
/// Blocks that may wait for the reader: as much as is unpacked while a segment of a log is scanned.
const WAITING: usize = 12;

/// Calls `with` on what `source` holds, which a thread of its own reads meanwhile; on `source` itself where the program may have
/// but one thread.
pub fn read_ahead<T>(mut source: impl Read + Send, with: impl FnOnce(&mut dyn Read) -> T) -> T {
    if rayon::current_num_threads() < 2 {
        return with(&mut source);
    }
    std::thread::scope(|scope| {
        let (filled, blocks) = sync_channel(WAITING);
        let (used, empty) = sync_channel(WAITING + 1);
        scope.spawn(move || fill(&mut source, &filled, &empty));
        with(&mut Ahead {
            blocks,
            used,
            block: Block::default(),
            at: 0,
            ended: false,
        })
    })
}

/// Bytes that were read: the first `length` of `bytes`, which keeps its size from one use to the next.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    length: usize,
}

/// Reads `source` into blocks until it ends or fails, or nobody wants more.
fn fill(source: &mut impl Read, filled: &SyncSender<io::Result<Block>>, empty: &Receiver<Block>) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.bytes.resize(BLOCK, 0);
        let failed = block.fill(source).err();
        // An empty block is the end. What was read before an error comes before it.
        let ended = failed.is_none() && block.length == 0;
        let unwanted = (ended || block.length > 0) && filled.send(Ok(block)).is_err();
        if let Some(error) = failed {
            let _ = filled.send(Err(error));
            return;
        }
        if ended || unwanted {
            return;
        }
    }
}

impl Block {
    /// Reads until it is full, or `source` ends or fails.
    fn fill(&mut self, source: &mut impl Read) -> io::Result<()> {
        self.length = 0;
        while let Some(room) = self.bytes.get_mut(self.length..).filter(|room| !room.is_empty()) {
            match source.read(room) {
                Ok(0) => break,
                Ok(read) => self.length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What another thread reads.
struct Ahead {
    blocks: Receiver<io::Result<Block>>,
    /// Takes back blocks that were read.
    used: SyncSender<Block>,
    block: Block,
    at: usize,
    ended: bool,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.length && !self.ended {
            let next = self
                .blocks
                .recv()
                .map_err(|_| Error::new(ErrorKind::UnexpectedEof, "unpacking ended too early"));
            // After an error nothing follows, as after the end.
            let next = next.flatten().inspect_err(|_| self.ended = true)?;
            self.ended = next.length == 0;
            self.at = 0;
            // If there is no room for it, it isn't needed.
            let _ = self.used.try_send(std::mem::replace(&mut self.block, next));
        }
        let read = self.block.bytes.get(self.at..self.block.length).unwrap_or_default().read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails where it ends.
    struct Broken<'a>(&'a [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(Error::other("broken")),
                read => Ok(read),
            }
        }
    }

    fn ahead<T>(source: impl Read + Send, with: impl FnOnce(&mut dyn Read) -> T + Send) -> T
    where
        T: Send,
    {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
        pool.install(|| read_ahead(source, with))
    }

    #[test]
    fn gives_what_the_source_gives() {
        let bytes: Vec<u8> = (0..3 * BLOCK as u32 + 7).map(|n| (n % 251) as u8).collect();
        let mut all = Vec::new();
        let read = ahead(bytes.as_slice(), |reader| reader.read_to_end(&mut all).expect("it can be read"));
        assert_eq!((read, all == bytes), (bytes.len(), true));
    }

    #[test]
    fn an_error_comes_after_what_was_read_before_it() {
        let bytes = vec![7; BLOCK + 100];
        let (mut all, mut more) = (Vec::new(), Vec::new());
        ahead(Broken(&bytes), |reader| {
            let error = reader.read_to_end(&mut all).expect_err("it breaks");
            assert_eq!(error.to_string(), "broken");
            assert_eq!(reader.read_to_end(&mut more).expect("nothing follows"), 0);
        });
        assert_eq!(all, bytes);
    }

    #[test]
    fn nobody_needs_to_read_to_the_end() {
        let mut first = [0; 3];
        ahead(io::repeat(9), |reader| reader.read_exact(&mut first).expect("three bytes"));
        assert_eq!(first, [9; 3]);
    }
}
