//! A text as a reader sees it, and the way back to the lines of the member.
//!
//! Most views are the member's text itself. Others are made of pieces of it (lines that a tool had split are put together again)
//! or of decoded text (the parts of an e-mail); every place that a reader reports is a place of the member all the same.

use super::{Loss, Place};
use crate::bundle::Text;
use crate::counted;
use crate::model;
use std::borrow::Cow;
use std::ops::Range;

/// Text for a reader, tied to the member it comes from.
pub(super) struct View<'a> {
    member: &'a Text,
    text: Cow<'a, str>,
    /// Where each run of the view begins in the member; empty if offsets are the same.
    runs: Vec<Run>,
    whole: bool,
}

#[derive(Clone, Copy)]
struct Run {
    /// Offset in the view.
    at: usize,
    /// Offset in the member.
    member_at: usize,
    /// The run was copied byte by byte; otherwise all of it counts as standing at `member_at`.
    exact: bool,
}

impl<'a> View<'a> {
    /// The member's text, but for a byte order mark.
    pub(super) fn whole(member: &'a Text) -> Self {
        let text = member.as_str();
        let bare = text.trim_start_matches('\u{FEFF}');
        let mark = Run {
            at: 0,
            member_at: text.len() - bare.len(),
            exact: true,
        };
        Self {
            member,
            text: Cow::Borrowed(bare),
            runs: if mark.member_at > 0 { vec![mark] } else { Vec::new() },
            whole: true,
        }
    }

    /// What readers read.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// True if its lines are those of the member.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Ranges of this view, put end to end.
    pub(super) fn joined(&self, ranges: &[Range<usize>]) -> View<'a> {
        let pieces = ranges.iter().map(|range| (range.start, Cow::Borrowed(&self.text[range.clone()]), true));
        self.made_of(pieces)
    }

    /// Decoded texts, each with the offset in this view where its source stands, and whether it is an unchanged copy.
    pub(super) fn made_of<'p>(&self, pieces: impl Iterator<Item = (usize, Cow<'p, str>, bool)>) -> View<'a> {
        let mut text = String::new();
        let mut runs = Vec::new();
        for (source, piece, exact) in pieces {
            let (member_at, own_exact) = self.member_offset(source);
            runs.push(Run {
                at: text.len(),
                member_at,
                exact: exact && own_exact,
            });
            text.push_str(&piece);
        }
        if runs.is_empty() {
            runs.push(Run {
                at: 0,
                member_at: 0,
                exact: false,
            });
        }
        View {
            member: self.member,
            text: Cow::Owned(text),
            runs,
            whole: false,
        }
    }

    /// The member's offset for an offset of the view, and whether it is exact.
    fn member_offset(&self, at: usize) -> (usize, bool) {
        match self.runs.partition_point(|run| run.at <= at).checked_sub(1) {
            None => (at, true),
            Some(index) => self.runs[index].member_offset(at),
        }
    }

    /// The member's line of an offset of the view.
    pub(super) fn line(&self, at: usize) -> u64 {
        self.member.line_number(self.member_offset(at).0)
    }

    /// A locator for offsets that mostly grow.
    pub(super) fn locator(&self) -> Locator<'_> {
        Locator {
            view: self,
            run: 0,
            member_at: 0,
            line: 1,
            column: 1,
            fresh: true,
        }
    }
}

impl Run {
    fn member_offset(self, at: usize) -> (usize, bool) {
        match self.exact {
            true => (self.member_at + (at - self.at), true),
            false => (self.member_at, false),
        }
    }
}

/// Finds lines and columns for growing offsets, in time linear in the text however long its lines are.
pub(super) struct Locator<'v> {
    view: &'v View<'v>,
    run: usize,
    member_at: usize,
    line: u64,
    column: u32,
    fresh: bool,
}

impl Locator<'_> {
    /// The place of offset `at` of the view.
    pub(super) fn place(&mut self, at: usize) -> Place {
        let runs = &self.view.runs;
        while runs.get(self.run + 1).is_some_and(|next| next.at <= at) {
            self.run += 1;
        }
        let target = match runs.get(self.run) {
            Some(run) if run.at <= at => run.member_offset(at).0,
            Some(_) => self.view.member_offset(at).0,
            None => at,
        };
        self.go_to(target);
        Place {
            line: self.line,
            column: self.column,
            offset: Some(self.member_at),
            pointer: None,
            cell: None,
        }
    }

    /// The line alone.
    pub(super) fn line(&mut self, at: usize) -> u64 {
        self.place(at).line
    }

    fn go_to(&mut self, target: usize) {
        let text = self.view.member.as_str();
        let target = target.min(text.len());
        if self.fresh || target < self.member_at {
            (self.line, self.column) = self.view.member.line_column(target);
            self.fresh = false;
        } else {
            for byte in &text.as_bytes()[self.member_at..target] {
                match byte {
                    b'\n' => (self.line, self.column) = (self.line + 1, 1),
                    // Bytes that continue a character don't count.
                    0x80..=0xBF => {}
                    _ => self.column = self.column.saturating_add(1),
                }
            }
        }
        self.member_at = target;
    }
}

/// Collects losses; of a flood only the beginning is kept.
#[derive(Default)]
pub(super) struct Losses {
    kept: Vec<Loss>,
    dropped: u64,
}

impl Losses {
    /// More than these tell nothing new.
    const LIMIT: usize = 100;

    /// Notes that something at `line` could not be read.
    pub(super) fn add(&mut self, line: u64, reason: model::Text) {
        self.note(line, reason, false);
    }

    /// Notes that the text ends at `line` in the middle of something, or is not read on from there.
    pub(super) fn cut(&mut self, line: u64, reason: model::Text) {
        self.note(line, reason, true);
    }

    fn note(&mut self, line: u64, reason: model::Text, cut: bool) {
        let is_first_cut = cut && !self.kept.iter().any(|loss| loss.cut);
        if self.kept.len() >= Self::LIMIT && !is_first_cut {
            self.dropped += 1;
            return;
        }
        let loss = Loss { line, reason, cut };
        if !self.kept.contains(&loss) {
            self.kept.push(loss);
        }
    }

    /// Takes over those of another collector.
    pub(super) fn append(&mut self, other: Losses) {
        self.dropped += other.dropped;
        for loss in other.kept {
            self.note(loss.line, loss.reason, loss.cut);
        }
    }

    /// All of them, and how many more there were.
    pub(super) fn into_vec(mut self) -> Vec<Loss> {
        if self.dropped > 0 {
            self.kept.push(Loss {
                line: 0,
                reason: counted!(
                    self.dropped,
                    "1 more place could not be read as expected",
                    "{count} more places could not be read as expected"
                ),
                cut: false,
            });
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Encoding;

    #[test]
    fn places_of_joined_pieces_are_places_of_the_member() {
        let text = Text::new("ab\ncé\ndef\n".into(), Encoding::Utf8, 0);
        let whole = View::whole(&text);
        let view = whole.joined(&[0..2, 7..10]);
        assert_eq!(view.text(), "abdef");
        let mut locator = view.locator();
        let places: Vec<_> = [0, 1, 2, 4].map(|at| locator.place(at)).iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(places, [(1, 1), (1, 2), (3, 1), (3, 3)]);
        assert_eq!(view.line(3), 3);
        let again = view.joined(std::slice::from_ref(&(3..5)));
        assert_eq!(again.locator().place(1).column, 3);
    }
}
