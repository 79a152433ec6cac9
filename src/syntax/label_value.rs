//! What people write down by hand: `Label: value` lines, with lists of bullets, under headings.
//!
//! The grammar is weak: a line of a trace or of prose may look so too. Its lines therefore stay with the line sections as well.

use super::lines::{Block, Lines};
use super::markdown::bare;
use super::records::Records;
use super::view::View;
use super::{Key, Node, Syntax, Value, header, printed};
use std::ops::Range;

/// Longest label, in characters and words.
const LABEL: (usize, usize) = (80, 12);
/// Most elements of a list of bullets.
const BULLETS: usize = 1000;

/// A line `Label: value`: the label, and the offsets of label and value.
struct Pair<'v> {
    label: &'v str,
    label_at: usize,
    value_at: usize,
}

fn pair(line: &str) -> Option<Pair<'_>> {
    let trimmed = line.trim_start();
    let mut label_at = line.len() - trimmed.len();
    // A bullet, a number, a quote or emphasis before the label.
    let head = trimmed.trim_start_matches(['-', '*', '•', '>', '·', '_', '`', '"', ' ', '\t', '\u{A0}']);
    label_at += trimmed.len() - head.len();
    if !head.starts_with(char::is_alphabetic) {
        return None;
    }
    if let Some(gap) = gap(head) {
        return Some(Pair {
            label: head[..gap.start].trim_end(),
            label_at,
            value_at: label_at + gap.end,
        });
    }
    let colon = head
        .char_indices()
        .take(LABEL.0 + 40)
        .find(|(at, c)| *c == '\u{FF1A}' || *c == ':' && ends_label(&head[at + 1..]))?;
    let label = head[..colon.0].trim_end_matches(['*', '_', '`', '"', ' ', '\t', '.', '\u{A0}']);
    let words = label.split_whitespace().count();
    if label.is_empty()
        || label.chars().count() > LABEL.0
        || words > LABEL.1
        || label.contains(['{', '}', '<', '>', '\\', ';', '=', '|'])
        || label.contains("://")
    {
        return None;
    }
    let after = &head[colon.0 + colon.1.len_utf8()..];
    let value = after.trim_start().trim_start_matches("**").trim_start_matches("__").trim_start();
    let blanks = after.len() - value.len();
    Some(Pair {
        label,
        label_at,
        value_at: label_at + (head.len() - after.len()) + blanks,
    })
}

/// The only gap of a line without a colon after its label: a tab, or three blanks and more, as between the columns of a form.
fn gap(text: &str) -> Option<Range<usize>> {
    let text = text.trim_end();
    let at = text.find('\t').into_iter().chain(text.find("   ")).min()?;
    let value = text[at..].trim_start();
    let end = text.len() - value.len();
    let label = text[..at].trim_end();
    let fits = header::is_name(label) && !label.contains([':', '=', '|', '(', '/', '\\', '"']) && label.chars().count() > 2;
    (fits && !value.contains('\t') && !value.contains("   ")).then_some(at..end)
}

/// True if what follows a colon shows that a label ended there: not a URL, a path, a time.
fn ends_label(after: &str) -> bool {
    match after.chars().next() {
        None => true,
        Some(c) if c.is_whitespace() || c == '*' || c == '_' || c == '"' => true,
        Some('/' | '\\' | ':') => false,
        Some(c) => c.is_alphabetic() && after.starts_with("http"),
    }
}

/// Reads the block that begins at line `first`, whose heading may stand above it.
pub(super) fn read(view: &View<'_>, lines: &Lines<'_>, first: usize, stop: &dyn Fn(usize) -> bool) -> Option<Block> {
    pair(lines.line(first))?;
    let mut locator = view.locator();
    let mut records = Records::default();
    let mut index = first;
    let mut next = first;
    // Two words far apart may be anything: two such lines are a form.
    let (mut gaps, mut colons) = (0, 0);
    while index < lines.len() && !stop(index) {
        if lines.is_blank(index) {
            // A heading below the blank line begins another block.
            if lines.is_blank(index + 1) || pair(lines.line(index + 1)).is_none() {
                break;
            }
            records.end();
            index += 1;
            continue;
        }
        let line = lines.line(index);
        let Some(found) = pair(line) else { break };
        match line.get(found.label_at..).and_then(gap) {
            Some(_) => gaps += 1,
            None => colons += 1,
        }
        let offset = lines.start(index);
        let key = Key {
            name: found.label.into(),
            place: locator.place(offset + found.label_at),
        };
        let own = locator.place(offset + found.value_at.min(line.len()));
        let text = bare(line.get(found.value_at..).unwrap_or(""));
        index += 1;
        let value = match text.is_empty() {
            false => printed::value(&text, &own, true),
            true => {
                let (items, after) = bullets(view, lines, index, stop);
                index = after;
                if items.is_empty() { Value::Null } else { Value::List(items, false) }
            }
        };
        records.push(key, Node::new(value, own));
        next = index;
    }
    if gaps == 1 && colons == 0 {
        return None;
    }
    Some(Block {
        syntax: if colons == 0 { Syntax::Columns } else { Syntax::FormatList },
        name: heading(lines, first),
        nodes: records.into_nodes(),
        next,
    })
}

/// The bullets under a label without a value.
fn bullets(view: &View<'_>, lines: &Lines<'_>, first: usize, stop: &dyn Fn(usize) -> bool) -> (Vec<Node>, usize) {
    let mut items = Vec::new();
    let mut index = first;
    let mut locator = view.locator();
    while index < lines.len() && items.len() < BULLETS && !stop(index) {
        let line = lines.line(index);
        let trimmed = line.trim_start();
        let marked = trimmed.strip_prefix(['-', '*', '•', '·']).filter(|rest| rest.starts_with([' ', '\t']));
        let indented = (line.len() - trimmed.len() >= 2).then_some(trimmed);
        let Some(text) = marked.or(indented).filter(|t| !t.trim().is_empty() && pair(line).is_none()) else {
            break;
        };
        let at = lines.start(index) + (line.len() - text.trim_start().len());
        items.push(Node::new(Value::Text(bare(text).into()), locator.place(at)));
        index += 1;
    }
    (items, index)
}

/// A short line right above a block, or above the blank line before it.
fn heading(lines: &Lines<'_>, first: usize) -> Option<String> {
    let above = (first.saturating_sub(2)..first).rev().find(|&i| !lines.is_blank(i))?;
    let line = lines
        .line(above)
        .trim()
        .trim_start_matches('#')
        .trim_matches(['*', '=', '-', '_', '[', ']', ' ', ':']);
    (!line.is_empty() && line.chars().count() <= LABEL.0 && pair(lines.line(above)).is_none()).then(|| crate::model::secret::mask(line).into_owned())
}

/// True if `line` may be part of such a block: a cheap test before [`read`].
pub(super) fn is_pair(line: &str) -> bool {
    pair(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};

    fn block(content: &str) -> Option<Block> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let lines = Lines::of(view.text());
        let first = (0..lines.len()).find(|&i| is_pair(lines.line(i)))?;
        read(&view, &lines, first, &|_| false)
    }

    #[test]
    fn reads_notes() {
        let block = block("## Partition settings\n\n- **External URL of Application:** https://ece.example.com:8443/x\nWeb server URL:\nSession time out (minutes): 60\nRedirect URIs:\n  - https://a.example.com/\n  - https://b.example.com/\n\nAlias: sales\nAlias: info\nthe end").unwrap();
        assert_eq!(block.name.as_deref(), Some("Partition settings"));
        let first = &block.nodes[0];
        let url = first.get("External URL of Application").unwrap();
        assert_eq!((url.text(), url.place.column), (Some("https://ece.example.com:8443/x"), 36));
        assert_eq!(first.get("Web server URL").unwrap().value, Value::Null);
        assert_eq!(first.get("Redirect URIs").unwrap().items()[1].place.line, 8);
        assert_eq!(block.nodes.len(), 3);
    }

    #[test]
    fn reads_forms_in_columns() {
        let block = block("Name            Sales O365\nServer type     IMAP and SMTP\nPort\t993\n").unwrap();
        assert_eq!(block.syntax, Syntax::Columns);
        assert_eq!(block.nodes[0].get("Server type").unwrap().text(), Some("IMAP and SMTP"));
        assert_eq!(block.nodes[0].get("Port").unwrap().place.column, 6);
        assert!(self::block("so far    apart\nand no more\n").is_none());
    }

    #[test]
    fn other_colons_are_no_labels() {
        for line in [
            "https://x",
            "C:\\x",
            "12:30 call",
            "at a.b(C.java:94)",
            "2024-05-01 10:11:12: x",
            "std::mem",
        ] {
            assert!(!is_pair(line), "{line}");
        }
    }
}
