//! Hands records on to another thread. Where one packed stream is all there is to read, three threads share the work: one unpacks,
//! one finds the records, one reads what they mean. The order of the records stays, and with it the result.

use super::{Clock, Record, Sink};
use crate::model::Stamp;
use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

/// Bytes of records that are handed over at once: few enough that they are still in a cache when they are read.
const BATCH: usize = 64 * 1024;
/// Batches that may wait for the reader.
const WAITING: usize = 8;

type Task<'scope> = Box<dyn FnOnce() + Send + 'scope>;

/// A thread that does one thing after the other for another thread. It begins with the first one: few jobs need it, and the caches
/// of a thread that stays are worth more than those of a new one for each member.
pub struct Helper<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    tasks: OnceCell<Sender<Task<'scope>>>,
}

impl<'scope, 'env> Helper<'scope, 'env> {
    /// A helper that ends with `scope`, once it was dropped.
    pub fn new(scope: &'scope Scope<'scope, 'env>) -> Self {
        Self {
            scope,
            tasks: OnceCell::new(),
        }
    }

    fn run(&self, task: impl FnOnce() + Send + 'scope) {
        let tasks = self.tasks.get_or_init(|| {
            let (tasks, waiting) = channel::<Task<'scope>>();
            self.scope.spawn(move || {
                for task in waiting {
                    // Whoever waits for what the task gives finds it missing.
                    let _ = catch_unwind(AssertUnwindSafe(task));
                }
            });
            tasks
        });
        // The thread ends only when nobody can ask it any more.
        let _ = tasks.send(Box::new(task));
    }

    /// Calls `with` on a sink that hands all records on to `sink`, which the helper calls meanwhile; on `sink` itself where the program
    /// may have but one thread. Gives what `with` gives, and `sink`. A panic there is one here.
    pub(super) fn relay<S: Sink + Send + 'scope, T>(&self, mut sink: S, with: impl FnOnce(&mut dyn Sink) -> T) -> (T, S) {
        if rayon::current_num_threads() < 2 {
            return (with(&mut sink), sink);
        }
        let (filled, batches) = sync_channel::<Batch>(WAITING);
        let (used, empty) = sync_channel(WAITING + 2);
        let (ended, end) = sync_channel(1);
        let mut relay = Relay {
            clock: sink.clock(),
            batch: Batch::default(),
            filled,
            empty,
        };
        self.run(move || {
            for batch in batches {
                batch.give(&mut sink);
                // If there is no room for it, it isn't needed.
                let _ = used.try_send(batch);
            }
            let _ = ended.send(sink);
        });
        let result = with(&mut relay);
        relay.send();
        drop(relay);
        match end.recv() {
            Ok(sink) => (result, sink),
            Err(failed) => resume_unwind(Box::new(failed)),
        }
    }
}

/// The sink that hands on.
struct Relay {
    clock: Clock,
    batch: Batch,
    filled: SyncSender<Batch>,
    empty: Receiver<Batch>,
}

impl Relay {
    fn send(&mut self) {
        let mut next = self.empty.try_recv().unwrap_or_default();
        next.clear();
        // If the other thread failed, this one fails at its end: what is read until then is of no account.
        let _ = self.filled.send(std::mem::replace(&mut self.batch, next));
    }
}

impl Sink for Relay {
    fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
        self.batch.take(record, owners);
        if self.batch.bytes.len() >= BATCH {
            self.send();
        }
    }

    fn clock(&self) -> Clock {
        self.clock
    }
}

/// Copies of records.
#[derive(Default)]
struct Batch {
    /// All fields of all records, one behind the other.
    bytes: Vec<u8>,
    /// The owners of all records, likewise.
    owners: Vec<u32>,
    records: Vec<Copied>,
}

/// A record whose fields are in a batch.
struct Copied {
    time: Option<Stamp>,
    /// Lengths of level, thread, process id, partition, user, class, method and message.
    lengths: [usize; 8],
    owners: usize,
    line: u64,
    message_line: u64,
    offset: u64,
    truncated: bool,
    part: u32,
}

impl Batch {
    fn clear(&mut self) {
        self.bytes.clear();
        self.owners.clear();
        self.records.clear();
    }

    fn take(&mut self, record: &Record<'_>, owners: &[u32]) {
        let fields = [
            record.level,
            record.thread,
            record.process_id,
            record.partition,
            record.user,
            record.class,
            record.method,
            record.message,
        ];
        fields.iter().for_each(|field| self.bytes.extend_from_slice(field));
        self.owners.extend_from_slice(owners);
        self.records.push(Copied {
            time: record.time,
            lengths: fields.map(<[u8]>::len),
            owners: owners.len(),
            line: record.line,
            message_line: record.message_line,
            offset: record.offset,
            truncated: record.truncated,
            part: record.part,
        });
    }

    /// Gives `sink` all records.
    fn give(&self, sink: &mut impl Sink) {
        let (mut bytes, mut owners) = (self.bytes.as_slice(), self.owners.as_slice());
        for copied in &self.records {
            let mut field = |length: usize| {
                let (field, rest) = bytes.split_at_checked(length).unwrap_or_default();
                bytes = rest;
                field
            };
            let [level, thread, process_id, partition, user, class, method, message] = copied.lengths.map(&mut field);
            let record = Record {
                time: copied.time,
                level,
                thread,
                process_id,
                partition,
                user,
                class,
                method,
                message,
                line: copied.line,
                message_line: copied.message_line,
                offset: copied.offset,
                truncated: copied.truncated,
                part: copied.part,
            };
            let own;
            (own, owners) = owners.split_at_checked(copied.owners).unwrap_or_default();
            sink.record(&record, own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a record says.
    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Sink for Heard {
        fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
            self.0.push(format!("{record:?} {owners:?}"));
        }
    }

    /// Hands `sink` many records of many sizes.
    fn speak(sink: &mut dyn Sink) {
        let text: Vec<u8> = (0..4_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
        for number in 0..500_usize {
            let piece = |from: usize| text.get(from..from + number % 7).unwrap_or_default();
            let record = Record {
                time: (number % 3 > 0).then_some(Stamp {
                    local_ms: number as i64,
                    offset_minutes: Some(60),
                }),
                level: piece(1),
                thread: piece(2),
                process_id: piece(3),
                partition: piece(4),
                user: piece(5),
                class: piece(6),
                method: piece(7),
                message: text.get(..number * 8).unwrap_or_default(),
                line: number as u64,
                message_line: number as u64 + 1,
                offset: number as u64 * 100,
                truncated: number % 5 == 0,
                part: number as u32 % 2,
            };
            let owners: Vec<u32> = (0..number as u32 % 4).collect();
            sink.record(&record, &owners);
        }
    }

    #[test]
    fn all_records_arrive_as_they_were_and_in_their_order() {
        let mut direct = Heard::default();
        speak(&mut direct);
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut heard;
            for _ in 0..2 {
                ((), heard) = pool.install(|| std::thread::scope(|scope| Helper::new(scope).relay(Heard::default(), speak)));
                assert_eq!(heard.0, direct.0);
            }
        }
    }

    struct Fails;

    impl Sink for Fails {
        fn record(&mut self, _: &Record<'_>, _: &[u32]) {
            panic!("a panic on purpose")
        }
    }

    #[test]
    fn a_panic_of_the_helper_ends_its_task_and_no_other() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let (failed, heard) = pool.install(|| {
            std::thread::scope(|scope| {
                let helper = Helper::new(scope);
                let failed = catch_unwind(AssertUnwindSafe(|| helper.relay(Fails, speak)));
                (failed.is_err(), helper.relay(Heard::default(), speak).1)
            })
        });
        assert!(failed);
        assert_eq!(heard.0.len(), 500);
    }
}
