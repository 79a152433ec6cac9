//! Tables between bars: Markdown's, and those that mysql, terraform and tickets draw (`+----+`).

use super::lines::{Block, Lines};
use super::view::View;
use super::{Key, Node, Syntax, Value};

/// Most columns of a table.
const COLUMNS: usize = 1024;

/// Whether a table draws a bar before its first and behind its last cell, as its header shows. Without them such a bar of a row
/// borders an empty cell.
#[derive(Clone, Copy)]
struct Frame {
    before: bool,
    behind: bool,
}

impl Frame {
    fn of(header: &str) -> Self {
        let header = header.trim();
        Self {
            before: header.starts_with('|'),
            behind: header.ends_with('|'),
        }
    }
}

/// Cells of a line `| a | b |` with their offsets; `None` if it has no bars. `\|` and bars in backticks belong to the cell.
fn cells(line: &str, frame: Frame) -> Option<Vec<(usize, String)>> {
    let trimmed = line.trim();
    let lead = line.len() - line.trim_start().len();
    if !trimmed.contains('|') {
        return None;
    }
    let mut cells = Vec::new();
    let mut start = 0;
    let (mut code, mut escaped) = (false, false);
    let mut push = |from: usize, to: usize| {
        let text = &trimmed[from..to];
        let blanks = text.len() - text.trim_start().len();
        cells.push((lead + from + blanks, bare(text)));
    };
    for (at, c) in trimmed.char_indices() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '`' if !escaped => code = !code,
            '|' if !escaped && !code => {
                if at > 0 || !frame.before {
                    push(start, at);
                }
                start = at + 1;
            }
            _ => {}
        }
        escaped = false;
    }
    if start < trimmed.len() || !frame.behind {
        push(start, trimmed.len());
    }
    (!cells.is_empty() && cells.len() <= COLUMNS).then_some(cells)
}

/// A cell's text without emphasis, code marks and links.
pub(super) fn bare(text: &str) -> String {
    let mut text = text.trim();
    for mark in ["**", "__", "`", "*"] {
        if let Some(inner) = text.strip_prefix(mark).and_then(|t| t.strip_suffix(mark))
            && !inner.is_empty()
            && !inner.contains(mark)
        {
            text = inner.trim();
        }
    }
    let autolink = text
        .strip_prefix('<')
        .and_then(|t| t.strip_suffix('>'))
        .filter(|t| t.contains("://") && !t.contains(['<', ' ']));
    autolink.unwrap_or(text).replace("\\|", "|").replace("<br>", " ").replace("<br/>", " ")
}

/// `|---|:--:|` or `+----+----+`.
fn is_ruler(line: &str) -> bool {
    let line = line.trim();
    line.contains("--") && line.contains(['|', '+']) && line.chars().all(|c| matches!(c, '|' | '-' | ':' | '+' | '=' | ' ' | '\t'))
}

/// Reads the table whose header stands at line `first`.
pub(super) fn read(view: &View<'_>, lines: &Lines<'_>, first: usize) -> Option<Block> {
    let boxed = lines.line(first).trim_start().starts_with('+') && is_ruler(lines.line(first));
    let head = first + usize::from(boxed);
    let frame = Frame::of(lines.line(head));
    let header = cells(lines.line(head), frame)?;
    if !is_ruler(lines.line(head + 1)) || !boxed && ruler_cells(lines.line(head + 1)).abs_diff(header.len()) > 1 {
        return None;
    }
    let mut locator = view.locator();
    let keys: Vec<Key> = header
        .into_iter()
        .enumerate()
        .map(|(i, (at, name))| Key {
            name: if name.is_empty() { format!("#{}", i + 1) } else { name }.into(),
            place: locator.place(lines.start(head) + at),
        })
        .collect();
    let mut nodes = Vec::new();
    let mut index = head + 2;
    while index < lines.len() {
        let line = lines.line(index);
        if is_ruler(line) {
            index += 1;
            continue;
        }
        let Some(row) = cells(line, frame) else { break };
        let place = locator.place(lines.start(index) + row.first().map_or(0, |c| c.0));
        let entries = row.into_iter().enumerate().map(|(i, (at, text))| {
            let own = locator.place(lines.start(index) + at);
            let key = keys.get(i).cloned().unwrap_or_else(|| Key {
                name: format!("#{}", i + 1).into(),
                place: own.clone(),
            });
            let value = if text.is_empty() { Value::Null } else { Value::Text(text.into()) };
            (key, Node::new(value, own))
        });
        nodes.push(Node::new(Value::Bag(entries.collect()), place));
        index += 1;
    }
    Some(Block {
        syntax: Syntax::Markdown,
        name: heading(lines, first),
        nodes,
        next: index,
    })
}

/// The heading under which the table that begins at line `first` stands: `## Department settings: Sales`.
fn heading(lines: &Lines<'_>, first: usize) -> Option<String> {
    const FAR: usize = 3;
    let above = (first.saturating_sub(FAR)..first).rev().find(|index| !lines.is_blank(*index))?;
    let text = lines.line(above).trim();
    let title = text.trim_start_matches('#');
    (title.len() < text.len() && title.starts_with(' ')).then(|| title.trim().trim_end_matches('#').trim_end().to_owned())
}

fn ruler_cells(line: &str) -> usize {
    line.trim().trim_matches('|').split(['|', '+']).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};

    fn table(content: &str) -> Option<Block> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        read(&view, &Lines::of(view.text()), 0)
    }

    #[test]
    fn reads_tables() {
        let block = table("| Name | **Value** |\n|:--|---|\n| External URL | <https://ece.example.com> |\n| a \\| b |  |\n\ntext").unwrap();
        assert_eq!(block.nodes[0].get("Value").unwrap().text(), Some("https://ece.example.com"));
        assert_eq!(block.nodes[0].get("Value").unwrap().place.column, 18);
        assert_eq!(block.nodes[1].get("Name").unwrap().text(), Some("a | b"));
        assert_eq!(block.nodes[1].get("Value").unwrap().value, Value::Null);
        assert_eq!(block.next, 4);
        assert!(table("Name | Value\n--- | ---\na | b\n").is_some());
        let boxed = table("+----+----+\n| a  | b  |\n+----+----+\n| 1  | 2  |\n+----+----+\n").unwrap();
        assert_eq!((boxed.nodes.len(), boxed.next), (1, 5));
        assert!(table("a | b\nc | d\n").is_none());
        let open = table("id|name|value\n--|----|-----\n0 |a   |     \n  |b   |c    \n").unwrap();
        assert_eq!(open.nodes[0].get("value").unwrap().value, Value::Null);
        assert_eq!(open.nodes[1].get("name").unwrap().text(), Some("b"));
    }

    #[test]
    fn a_table_has_the_name_of_its_heading() {
        let named = |content: &str, at: usize| {
            let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
            let view = View::whole(&text);
            read(&view, &Lines::of(view.text()), at).unwrap().name
        };
        assert_eq!(
            named("## Department: Sales\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", 2),
            Some("Department: Sales".into())
        );
        assert_eq!(named("some words\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", 2), None);
    }
}
