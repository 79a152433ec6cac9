//! Formats without domain knowledge: a member's text becomes sections of nodes, each with its place.
//!
//! [`read`] finds the pieces of evidence in a text, whatever they are written in, and hands each to the reader of its format.
//! Content never makes it fail: what can't be read is a [`Loss`], and the rest goes on.

mod node;

pub use node::{Command, Key, Node, Place, Section, Source, Syntax, Value, fold_name, read_boolean};

use crate::bundle::Text;

/// A piece of a member that could not be read, or was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// 1-based line, or 0 for the member as a whole.
    pub line: u64,
    /// What was expected, what was found, what to do.
    pub reason: String,
}

/// What a text holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// Pieces of evidence, in the order of the text.
    pub sections: Vec<Section>,
    /// What could not be read.
    pub losses: Vec<Loss>,
}

/// Finds and reads every piece of evidence in `text`. `name` is the member's file name: it may help, never decide.
pub fn read(_text: &Text, _name: &str) -> Reading {
    Reading::default()
}
