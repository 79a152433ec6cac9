//! Errors that were seen before: an incident writes the same record ten thousand times, and only the first needs a closer look.

use crate::log::Record;
use memchr::memmem::Finder;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::LazyLock;

/// Shapes that are remembered of a member.
const SHAPES: usize = 4_096;
/// Part of the first line that makes the shape.
const HEAD: usize = 512;

/// Shapes of unexplained errors, and the group that each belongs to.
#[derive(Clone, Default)]
pub(super) struct Bursts {
    shapes: HashMap<u64, Known>,
}

/// What is known of errors of one shape.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// The group of unexplained errors that they belong to.
    pub group: usize,
    /// They mean nothing besides.
    pub nothing_else: bool,
}

impl Bursts {
    /// What is known of records of this shape.
    pub fn known(&self, shape: u64) -> Option<Known> {
        self.shapes.get(&shape).copied()
    }

    /// Remembers what records of this shape are.
    pub fn remember(&mut self, shape: u64, known: Known) {
        if self.shapes.len() < SHAPES {
            self.shapes.insert(shape, known);
        }
    }
}

static CAUSE: LazyLock<Finder> = LazyLock::new(|| Finder::new("Caused by: "));
static PRODUCT_FRAME: LazyLock<Finder> = LazyLock::new(|| Finder::new("\tat com.egain."));

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
    for at in CAUSE.find_iter(message).take(16) {
        thrown(at + CAUSE.needle().len(), &mut hasher);
    }
    if let Some(at) = PRODUCT_FRAME.find(message) {
        let frame = message.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'(', frame).unwrap_or(0).min(200);
        hasher.write(frame.get(..end).unwrap_or_default());
    }
    hasher.finish()
}
