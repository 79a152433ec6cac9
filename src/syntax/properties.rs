//! `key=value` lines: properties and INI files, environment listings. As with labels, the lines stay with the line sections as well.

use super::lines::{Block, Lines};
use super::view::View;
use super::{Key, Node, Syntax, Value};

/// Longest key.
const KEY: usize = 120;

/// The key, and the offsets of key and value.
fn pair(line: &str) -> Option<(&str, usize, usize)> {
    let equals = line.bytes().take(KEY + 40).position(|b| b == b'=')?;
    let (before, after) = (&line[..equals], &line[equals + 1..]);
    let head = before.trim_start();
    let head = ["set ", "SET ", "export "]
        .iter()
        .find_map(|word| head.strip_prefix(word))
        .unwrap_or(head);
    let key = head.trim_end();
    let fits = !key.is_empty()
        && key.len() <= KEY
        && key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_alphanumeric() || "_.-$ ".contains(c))
        && key.split_whitespace().count() <= 3
        && !after.starts_with('=')
        && !after.trim_start().starts_with(['{', '[']);
    let blanks = after.len() - after.trim_start().len();
    fits.then_some((key, before.len() - head.len(), equals + 1 + blanks))
}

/// True if `line` is a pair: a cheap test before [`read`].
pub(super) fn is_pair(line: &str) -> bool {
    pair(line).is_some()
}

fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?;
    (!name.is_empty() && name.len() <= KEY && !name.contains(['[', ']'])).then_some(name)
}

/// Reads the block that begins at line `first`: up to the next `[section]`, or to a line that is neither pair nor comment.
pub(super) fn read(view: &View<'_>, lines: &Lines<'_>, first: usize, stop: &dyn Fn(usize) -> bool) -> Option<Block> {
    let mut locator = view.locator();
    let mut entries = Vec::new();
    let mut index = first;
    let mut next = first;
    while index < lines.len() && !stop(index) {
        let line = lines.line(index);
        if let Some((key, key_at, value_at)) = pair(line) {
            let offset = lines.start(index);
            let key = Key {
                name: key.into(),
                place: locator.place(offset + key_at),
            };
            let own = locator.place(offset + value_at.min(line.len()));
            let text = line.get(value_at..).unwrap_or("").trim();
            let value = if text.is_empty() { Value::Null } else { Value::Text(text.into()) };
            entries.push((key, Node::new(value, own)));
            next = index + 1;
        } else if !(line.trim().is_empty() || line.trim_start().starts_with(['#', ';', '!'])) {
            break;
        }
        index += 1;
    }
    let name = (first.saturating_sub(3)..first)
        .rev()
        .find_map(|i| section(lines.line(i)))
        .map(str::to_owned);
    let place = entries.first().map(|(key, _)| key.place.clone())?;
    Some(Block {
        syntax: Syntax::Properties,
        name,
        nodes: vec![Node::new(Value::Bag(entries), place)],
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};

    #[test]
    fn reads_pairs() {
        let text = Text::new(
            "[mail]\n# comment\nhost = smtp.office365.com\nport=587\nempty=\n\n[next]\na=b\n".into(),
            Encoding::Utf8,
            0,
        );
        let view = View::whole(&text);
        let block = read(&view, &Lines::of(view.text()), 2, &|_| false).unwrap();
        assert_eq!((block.name.as_deref(), block.next), (Some("mail"), 5));
        assert_eq!(block.nodes[0].get("port").unwrap().text(), Some("587"));
        assert_eq!(block.nodes[0].get("host").unwrap().place.column, 8);
        assert_eq!(block.nodes[0].get("empty").unwrap().value, Value::Null);
        assert!(!is_pair("if (a == b)"));
        assert!(!is_pair("depth=0 C=US".split_at(5).1));
    }
}
