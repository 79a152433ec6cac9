//! Formats without domain knowledge: a member's text becomes sections of nodes, each with its place.
//!
//! [`read`] finds the pieces of evidence in a text, whatever they are written in, and hands each to the reader of its format.
//! Content never makes it fail: what can't be read is a [`Loss`], and the rest goes on.

mod clixml;
mod columns;
mod console;
mod csv;
mod entities;
mod format_list;
mod header;
mod html;
mod json;
mod label_value;
mod lines;
mod mail;
mod markdown;
mod node;
mod printed;
mod properties;
mod records;
mod segments;
mod sheet;
mod view;
mod workbook;
mod xlsx;
mod xml;

pub use mail::Attachment;
pub use node::{Command, Key, Node, Place, Section, Source, Syntax, Value, fold_name, read_boolean};
pub use sheet::{CELL_TEXT, CELLS, LAST, Row, Sheet, date, number, read_sheets, save_as, text_of_cell};
pub use workbook::WorkbookFormat;
pub use xlsx::read_workbook;

use crate::bundle::Text;
use view::{Losses, View};

/// A piece of a member that could not be read, or was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// 1-based line, or 0 for the member as a whole.
    pub line: u64,
    /// What was expected, what was found, what to do.
    pub reason: crate::model::Text,
    /// True if what would follow is missing: the text ends in the middle of something, or a limit ended the reading.
    pub cut: bool,
}

/// What a text holds besides its sections.
#[derive(Debug, Default)]
pub struct Rest {
    /// What could not be read.
    pub losses: Vec<Loss>,
    /// Files that came with it, if it is a mail.
    pub attachments: Vec<Attachment>,
}

/// Finds and reads every piece of evidence in `text`. Each section is handed out as soon as it is complete, and large tables and
/// JSON lists come in several sections of the same form: memory stays bounded if `each` keeps only the facts.
pub fn read(text: &Text, each: &mut dyn FnMut(Section)) -> Rest {
    let mut losses = Losses::default();
    let attachments = segments::read(&View::whole(text), &mut losses, each);
    Rest {
        losses: losses.into_vec(),
        attachments,
    }
}

/// All sections of `text`.
#[cfg(test)]
pub(crate) fn sections(text: &Text) -> Vec<Section> {
    let mut sections = Vec::new();
    read(text, &mut |section| sections.push(section));
    sections
}
