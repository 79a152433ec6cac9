//! A text as it reads after undoing its escapes, level by level, with the way back.

use crate::model::secret::{View, unescaped};
use std::ops::Range;

/// Levels of escapes that are undone: a URL in JSON in a URL.
const LEVELS: usize = 3;

/// A text without escapes.
pub(super) struct Plain {
    /// The text.
    pub(super) text: String,
    levels: Vec<View>,
}

impl Plain {
    /// The range of the source that reads as `range` of the text.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        self.levels.iter().rev().fold(range, |range, view| view.source(&range))
    }
}

/// Undoes the escapes of `text`; `None` if there are none.
pub(super) fn plain(text: &str) -> Option<Plain> {
    let mut levels: Vec<View> = Vec::new();
    while levels.len() < LEVELS
        && let Some(view) = unescaped(levels.last().map_or(text, |view| view.text.as_str()))
    {
        levels.push(view);
    }
    let text = std::mem::take(&mut levels.last_mut()?.text);
    Some(Plain { text, levels })
}
