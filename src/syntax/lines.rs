//! The lines of a view, for readers of console output.

use super::{Node, Syntax};

/// Lines by index, without their line breaks.
pub(super) struct Lines<'v> {
    text: &'v str,
    starts: Vec<usize>,
}

impl<'v> Lines<'v> {
    /// A longer line is no console output, label or table row: such lines are only ever text.
    const LONG: usize = 64 * 1024;

    pub(super) fn of(text: &'v str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        if starts.last() == Some(&text.len()) {
            starts.pop();
        }
        Self { text, starts }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Offset of the line's first character; the end of the text beyond its last line.
    pub(super) fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or(self.text.len())
    }

    /// The line, or nothing beyond the last one.
    pub(super) fn whole(&self, index: usize) -> &'v str {
        self.text[self.start(index)..self.start(index + 1)].trim_end_matches(['\n', '\r'])
    }

    /// The line if a console or a person may have written it, nothing if it is too long for that.
    pub(super) fn line(&self, index: usize) -> &'v str {
        let line = self.whole(index);
        if line.len() > Self::LONG { "" } else { line }
    }

    pub(super) fn is_blank(&self, index: usize) -> bool {
        self.line(index).trim().is_empty() && self.whole(index).len() <= Self::LONG
    }

    /// The index of the first line from `index` on that is not blank.
    pub(super) fn next_filled(&self, index: usize) -> Option<usize> {
        (index..self.len()).find(|&i| !self.is_blank(i))
    }

    /// The index of the line that holds offset `at`.
    pub(super) fn index_at(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at).saturating_sub(1)
    }

    /// True if the text ends with this line, and no line break ends the line: more of it may have stood there.
    pub(super) fn is_open(&self, index: usize) -> bool {
        index + 1 == self.len() && !self.text.ends_with('\n')
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'v str {
        self.text
    }
}

/// A piece of evidence that a reader found at some line.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) syntax: Syntax,
    pub(super) name: Option<String>,
    pub(super) nodes: Vec<Node>,
    /// Index of the first line behind it.
    pub(super) next: usize,
}
