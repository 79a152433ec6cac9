//! Errors that were seen before: an incident writes the same record ten thousand times, and only the first needs a closer look.

use crate::log::Record;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

/// Shapes that are remembered of a member.
const SHAPES: usize = 4_096;
/// Part of the first line that makes the shape.
const HEAD: usize = 512;

/// Shapes of unexplained errors, and the group that each belongs to.
#[derive(Clone, Default)]
pub(super) struct Bursts {
    groups: HashMap<u64, usize>,
}

impl Bursts {
    /// The group of a record of this shape.
    pub fn group(&self, shape: u64) -> Option<usize> {
        self.groups.get(&shape).copied()
    }

    /// Remembers that records of this shape belong to `group`, and mean nothing else.
    pub fn remember(&mut self, shape: u64, group: usize) {
        if self.groups.len() < SHAPES {
            self.groups.insert(shape, group);
        }
    }
}

/// What two records have in common that differ in numbers, names and addresses only: level, class, the first line without words
/// that hold a digit or an `@`, the classes of its exceptions, the product's first frame. Costs a small part of what reading the
/// record does.
pub(super) fn shape(record: &Record<'_>, message: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(record.level);
    hasher.write(record.class);
    hasher.write(
        record
            .thread
            .split(|b| b.is_ascii_digit())
            .max_by_key(|part| part.len())
            .unwrap_or_default(),
    );
    let mut lines = memchr::memchr_iter(b'\n', message);
    let first_end = lines.next().unwrap_or(message.len());
    let first = message.get(..first_end.min(HEAD)).unwrap_or_default();
    for word in first.split(|b| b.is_ascii_whitespace()) {
        if word.iter().any(|b| b.is_ascii_digit() || matches!(b, b'@' | b'\\')) {
            hasher.write_u8(b'#');
        } else {
            hasher.write(word);
        }
        hasher.write_u8(b' ');
    }
    let thrown = |at: usize, hasher: &mut DefaultHasher| {
        let rest = message.get(at..).unwrap_or_default();
        let end = rest.iter().take(200).position(|b| matches!(b, b':' | b'\r' | b'\n')).unwrap_or(0);
        hasher.write(rest.get(..end).unwrap_or_default());
        hasher.write_u8(b'|');
    };
    thrown(first_end + 1, &mut hasher);
    const CAUSE: &[u8] = b"Caused by: ";
    for at in memchr::memmem::find_iter(message, CAUSE).take(16) {
        thrown(at + CAUSE.len(), &mut hasher);
    }
    if let Some(at) = memchr::memmem::find(message, b"\tat com.egain.") {
        let frame = message.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'(', frame).unwrap_or(0).min(200);
        hasher.write(frame.get(..end).unwrap_or_default());
    }
    hasher.finish()
}
