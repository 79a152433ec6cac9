//! Where something stands in a log, kept cheaply: the text is masked and cut only when a place is quoted.

use crate::log::Record;
use crate::model::{Excerpt, Origin, Stamp};
use std::cmp::Ordering;
use std::sync::Arc;

/// Text of a record that is kept for its excerpt.
const KEPT: usize = 512;

/// A place in a member. Its text is unmasked, so that it has no `Debug`: only [`Place::origin`] lets it out.
#[derive(Clone)]
pub(super) struct Place {
    line: u64,
    offset: u64,
    text: Vec<u8>,
}

impl Place {
    /// The place of `record`.
    pub fn of(record: &Record<'_>) -> Self {
        let mut place = Self {
            line: 0,
            offset: 0,
            text: Vec::with_capacity(record.level.len() + 1 + record.message.len().min(KEPT)),
        };
        place.set(record);
        place
    }

    /// Moves to `record`, without allocating anew.
    pub fn set(&mut self, record: &Record<'_>) {
        self.line = record.line;
        self.offset = record.offset;
        self.text.clear();
        self.text.extend_from_slice(record.level);
        self.text.push(b' ');
        self.text.extend_from_slice(uncut(record.message, KEPT));
    }

    /// Says that the segment it stands in begins `lines` lines further down in the member.
    pub fn move_down(&mut self, lines: u64) {
        self.line += lines;
    }

    /// The order of places in a member.
    pub fn cmp_place(&self, other: &Self) -> Ordering {
        (self.line, self.offset).cmp(&(other.line, other.offset))
    }

    /// Makes an origin of it: the excerpt is masked.
    pub fn origin(&self, path: &Arc<str>) -> Origin {
        Origin {
            offset: Some(self.offset),
            excerpt: Excerpt::capture(&String::from_utf8_lossy(&self.text)),
            ..Origin::line(path, self.line, "")
        }
    }
}

/// The first `limit` bytes of `text`, and less if they end within a word: half a secret is not recognised as one.
fn uncut(text: &[u8], limit: usize) -> &[u8] {
    let Some(head) = text.get(..limit) else { return text };
    let end = head
        .iter()
        .rposition(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b',' | b'&'))
        .unwrap_or(0);
    head.get(..end).unwrap_or_default()
}

/// The order of two stamps: as instants where both have a zone, else by local time.
pub(crate) fn order_of(stamp: Stamp) -> i64 {
    stamp.instant().map_or(stamp.local_ms, |i| i.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_secret_is_left_out() {
        let text = b"a token \"0.AaBbCcDdEeFfGgHhIiJj";
        assert_eq!(uncut(text, 20), b"a token ");
        assert_eq!(uncut(text, 100), text);
        assert_eq!(uncut(&[b'x'; 40], 20), b"");
    }
}
