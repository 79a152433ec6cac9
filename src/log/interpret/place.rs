//! Where something stands in a log, kept cheaply: the text is masked and cut only when a place is quoted.

use crate::log::Record;
use crate::model::{Excerpt, Origin, Stamp};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Text of a record that is kept for its excerpt.
const KEPT: usize = 384;

/// A place in a member. Its text is unmasked, so that it has no `Debug`: only [`Place::origin`] lets it out.
#[derive(Clone)]
pub(super) struct Place {
    line: u64,
    offset: Option<u64>,
    /// Shared by places that read alike, where they are many.
    text: Arc<[u8]>,
}

/// A place in a member of a log.
#[derive(Clone)]
pub(crate) struct Spot {
    /// Path of the member.
    pub path: Arc<str>,
    /// Host whose log it is, if known.
    pub host: Option<String>,
    place: Place,
}

impl Spot {
    /// `place` in the member `path` of `host`.
    pub(super) fn new(path: &Arc<str>, host: &Option<String>, place: Place) -> Self {
        Self {
            path: path.clone(),
            host: host.clone(),
            place,
        }
    }

    /// A line of the text `path`.
    pub fn line(path: &Arc<str>, line: u64, text: &str) -> Self {
        let place = Place {
            line,
            offset: None,
            text: Excerpt::looked_at(text).as_bytes().into(),
        };
        Self::new(path, &None, place)
    }

    /// The order of places in a bundle.
    pub fn cmp_place(&self, other: &Self) -> Ordering {
        let key = |spot: &Self| (spot.path.clone(), spot.place.line, spot.place.offset);
        key(self).cmp(&key(other))
    }

    /// Makes an origin of it: the excerpt is masked.
    pub fn origin(&self) -> Origin {
        self.place.origin(&self.path)
    }
}

impl Place {
    /// The place of `record`.
    pub fn of(record: &Record<'_>) -> Self {
        let mut place = Self {
            line: 0,
            offset: None,
            text: Arc::default(),
        };
        place.set(record);
        place
    }

    /// Moves to `record`, without allocating anew where its text is as long as the one before.
    pub fn set(&mut self, record: &Record<'_>) {
        self.line = record.line;
        self.offset = Some(record.offset);
        let message = uncut(record.message, KEPT);
        let level = record.level.len();
        let room = Arc::get_mut(&mut self.text).filter(|text| text.len() == level + 1 + message.len());
        match room.and_then(|text| text.split_at_mut_checked(level)) {
            Some((to_level, [blank, to_message @ ..])) => {
                to_level.copy_from_slice(record.level);
                *blank = b' ';
                to_message.copy_from_slice(message);
            }
            _ => self.text = [record.level, b" ", message].concat().into(),
        }
    }

    /// Shares the text of `other` if it is the same.
    pub fn share(&mut self, other: &Self) -> bool {
        let same = self.text == other.text;
        if same {
            self.text = other.text.clone();
        }
        same
    }

    /// Says that the segment it stands in begins `lines` lines further down in the member.
    pub fn move_down(&mut self, lines: u64) {
        self.line += lines;
    }

    /// Makes an origin of it: the excerpt is masked.
    pub fn origin(&self, path: &Arc<str>) -> Origin {
        self.quoted(path, self.excerpt())
    }

    fn excerpt(&self) -> Excerpt {
        Excerpt::capture(&String::from_utf8_lossy(&self.text))
    }

    fn quoted(&self, path: &Arc<str>, excerpt: Excerpt) -> Origin {
        Origin {
            line: self.line,
            column: 1,
            offset: self.offset,
            excerpt,
            ..Origin::whole(path)
        }
    }
}

/// Excerpts of places of which many read alike: each text is masked once.
#[derive(Default)]
pub(super) struct Excerpts(BTreeMap<Arc<[u8]>, Excerpt>);

impl Excerpts {
    /// Makes an origin of `spot`, as [`Spot::origin`] does.
    pub fn origin(&mut self, spot: &Spot) -> Origin {
        let text = &spot.place.text;
        let excerpt = match self.0.get(text) {
            Some(known) => known.clone(),
            None => {
                let excerpt = spot.place.excerpt();
                self.0.insert(text.clone(), excerpt.clone());
                excerpt
            }
        };
        spot.place.quoted(&spot.path, excerpt)
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

    fn record<'a>(level: &'a [u8], message: &'a [u8]) -> Record<'a> {
        Record {
            time: None,
            level,
            thread: b"",
            process_id: b"",
            partition: b"",
            user: b"",
            class: b"",
            method: b"",
            message,
            line: 3,
            message_line: 3,
            offset: 70,
            truncated: false,
            part: 0,
        }
    }

    #[test]
    fn a_place_that_moves_reads_as_a_new_one() {
        let mut place = Place::of(&record(b"ERROR", b"ab"));
        let kept = place.clone();
        for (level, message) in [
            (&b"INFO"[..], &b"abc"[..]),
            (b"ERROR", b"cd"),
            (b"WARN", b""),
            (b"", b"abc"),
            (b"X", b"ab"),
        ] {
            place.set(&record(level, message));
            assert!(place.text == Place::of(&record(level, message)).text);
        }
        assert!(&*kept.text == b"ERROR ab");
        assert!(!place.share(&kept) && place.clone().share(&place));
    }

    #[test]
    fn half_a_secret_is_left_out() {
        let text = b"a token \"0.AaBbCcDdEeFfGgHhIiJj";
        assert_eq!(uncut(text, 20), b"a token ");
        assert_eq!(uncut(text, 100), text);
        assert_eq!(uncut(&[b'x'; 40], 20), b"");
    }
}
