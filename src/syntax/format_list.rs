//! `Format-List` output: one property per line, labels padded so that all colons of a record stand in one column.

use super::lines::{Block, Lines};
use super::view::{Losses, View};
use super::{Key, Node, Syntax, Value, printed};
use crate::text;
use std::collections::BTreeSet;

/// Widest label that PowerShell prints in one line.
const LABEL: usize = 120;
/// Most lines that a wrapped value may take.
const WRAPPED: usize = 2000;

/// A line `Label : value`.
struct Pair<'v> {
    label: &'v str,
    /// Column of the colon, in characters from 0.
    colon: usize,
    /// Offset of the value in the line.
    value: usize,
}

/// Takes a line apart at its first ` :`.
fn pair(line: &str) -> Option<Pair<'_>> {
    let mut from = 0;
    while let Some(n) = line[from..].find(" :") {
        let at = from + n;
        let after = &line[at + 2..];
        if after.is_empty() || after.starts_with(' ') {
            return pair_at(line, at + 1);
        }
        from = at + 2;
    }
    None
}

fn pair_at(line: &str, colon: usize) -> Option<Pair<'_>> {
    let label = line[..colon].trim_end();
    let plain = label.trim_start();
    let fits = plain.chars().count() <= LABEL
        && plain.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@')
        // `. . . :` is ipconfig, which its own lines explain better.
        && !plain.contains(". .")
        && !plain.contains(['{', '}', '"', '|', '<', '>', ';', '=']);
    fits.then(|| Pair {
        label: plain,
        colon: line[..colon].chars().count(),
        value: (colon + 2).min(line.len()),
    })
}

/// The pair of `line` if its colon stands in column `colon`.
fn pair_in_column(line: &str, colon: usize) -> Option<Pair<'_>> {
    let (at, _) = line.char_indices().nth(colon).filter(|(_, c)| *c == ':')?;
    let after = &line[at + 1..];
    let before = line[..at].chars().next_back()?;
    ((after.is_empty() || after.starts_with(' ')) && before.is_whitespace()).then(|| pair_at(line, at))?
}

/// True if a single line is a property of an object beyond doubt: a name in one word, as programmers write it.
fn is_property(label: &str) -> bool {
    // `PingReplyDetails (RTT)`
    let label = label
        .split_once(" (")
        .filter(|(_, unit)| unit.ends_with(')'))
        .map_or(label, |(name, _)| name);
    let inner = label.chars().skip(1).any(char::is_uppercase);
    inner && label.len() >= 5 && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A value and the lines that it is wrapped onto.
struct Written<'v> {
    key: Key,
    /// Offset of the value's first character in the view.
    at: usize,
    lines: Vec<&'v str>,
}

/// Reads the block that begins at line `first`. `expected` tells that the command above prints a list.
pub(super) fn read<'v>(view: &View<'_>, lines: &Lines<'v>, first: usize, expected: bool, losses: &mut Losses) -> Option<Block> {
    let start = pair(lines.line(first))?;
    let indent = lines.line(first).chars().take_while(|c| c.is_whitespace()).count();
    if indent > 3 && !expected {
        return None;
    }
    let loose = is_loose(lines, first, &start);
    let in_place = |line: &'v str, colon: usize| if loose { pair(line) } else { pair_in_column(line, colon) };
    let doubled = is_doubled(lines, first, loose, start.colon);
    let mut colon = start.colon;
    let mut locator = view.locator();
    let mut records: Vec<Vec<Written<'_>>> = vec![Vec::new()];
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut in_record: BTreeSet<&str> = BTreeSet::new();
    let mut index = first;
    let mut next = first;
    let mut width = 0;
    while index < lines.len() {
        if lines.is_blank(index) {
            let Some(filled) = lines.next_filled(index) else { break };
            let blanks = filled - index;
            if !(doubled && blanks == 1) && records.last().is_some_and(|r| !r.is_empty()) {
                records.push(Vec::new());
                in_record.clear();
            }
            index = filled;
            continue;
        }
        let line = lines.line(index);
        let current = records.last().map_or(0, Vec::len);
        let own = in_place(line, colon).or_else(|| {
            // A record of its own may have another width, if it is of the same kind; so may the properties of a record that was
            // put together from two prints, or retyped.
            pair(line).filter(|p| {
                if current == 0 {
                    names.is_empty() || names.contains(p.label)
                } else {
                    is_property(p.label)
                }
            })
        });
        if let Some(found) = own.filter(|p| line.chars().take_while(|c| c.is_whitespace()).count() == indent || p.colon == colon && indent > 0) {
            if !in_record.insert(found.label) {
                records.push(Vec::new());
                in_record = BTreeSet::from([found.label]);
            }
            colon = found.colon;
            let offset = lines.start(index);
            let lead = line[found.value..].len() - line[found.value..].trim_start().len();
            let key = Key {
                name: found.label.into(),
                place: locator.place(offset + (line.len() - line.trim_start().len())),
            };
            names.insert(found.label);
            let at = offset + found.value + lead;
            let mut wrapped = vec![&line[found.value..]];
            width = width.max(line.chars().count());
            index += 1;
            while wrapped.len() < WRAPPED {
                let mut at = index;
                if doubled && lines.is_blank(at) && !lines.is_blank(at + 1) {
                    at += 1;
                }
                let Some(more) = continuation(lines.line(at), colon, &wrapped) else {
                    break;
                };
                width = width.max(lines.line(at).chars().count());
                wrapped.push(more);
                index = at + 1;
            }
            if let Some(record) = records.last_mut() {
                record.push(Written { key, at, lines: wrapped });
            }
            next = index;
            continue;
        }
        break;
    }
    records.retain(|r| !r.is_empty());
    let pairs: usize = records.iter().map(Vec::len).sum();
    if pairs == 0 || pairs < 2 && !expected && !is_property(start.label) {
        return None;
    }
    let mut locator = view.locator();
    let nodes = records
        .into_iter()
        .map(|record| {
            let place = record.first().map(|v| v.key.place.clone()).unwrap_or_default();
            let entries = record.into_iter().map(|v| {
                let own = locator.place(v.at);
                let text = join(&v.lines, width, colon);
                let value = printed::value(&text, &own, v.lines.len() == 1);
                if let Value::List(_, true) = value {
                    losses.add(
                        own.line,
                        text!(
                            "the list `{name}` is shortened: set $FormatEnumerationLimit = -1 before the command",
                            name = v.key.name
                        ),
                    );
                }
                (v.key, Node::new(value, own))
            });
            Node::new(Value::Bag(entries.collect()), place)
        })
        .collect();
    Some(Block {
        syntax: Syntax::FormatList,
        name: None,
        nodes,
        next,
    })
}

/// True if the padding of the labels was lost on the way (chats and web forms fold blanks): single blanks, colons anywhere.
fn is_loose(lines: &Lines<'_>, first: usize, start: &Pair<'_>) -> bool {
    let folded = |found: &Pair<'_>, line: &str| line.chars().count() >= found.colon && found.colon == found.label.chars().count() + 1;
    let Some(second) = (first + 1..lines.len().min(first + 3)).find(|&i| !lines.is_blank(i)) else {
        return false;
    };
    let Some(next) = pair(lines.line(second)) else { return false };
    next.colon != start.colon && folded(start, lines.line(first)) && folded(&next, lines.line(second))
}

/// True if a paste has put a blank line behind every line.
fn is_doubled(lines: &Lines<'_>, first: usize, loose: bool, colon: usize) -> bool {
    let mut index = first;
    let mut pairs = 0;
    let is_pair = |line| {
        if loose {
            pair(line).is_some()
        } else {
            pair_in_column(line, colon).is_some()
        }
    };
    while pairs < 6 && is_pair(lines.line(index)) {
        pairs += 1;
        if !lines.is_blank(index + 1) {
            return pairs >= 3 && index + 1 >= lines.len();
        }
        let Some(next) = lines.next_filled(index + 1) else { break };
        index = next;
    }
    pairs >= 3
}

/// The text of a line that continues a value: indented as far as the value, or inside the braces of a list.
fn continuation<'v>(line: &'v str, colon: usize, value: &[&str]) -> Option<&'v str> {
    if line.trim().is_empty() {
        return None;
    }
    let blanks = line.chars().take_while(|c| c.is_whitespace()).count();
    if blanks >= colon + 2 {
        let (at, _) = line.char_indices().nth(colon + 2)?;
        return Some(&line[at..]);
    }
    let open = |text: &&str| text.trim_start().starts_with('{');
    let closed = value.iter().any(|part| part.trim_end().ends_with('}'));
    (value.first().is_some_and(open) && !closed && pair(line).is_none() && value.len() < 50).then(|| line.trim_start())
}

/// Puts a wrapped value together: lines that end in a blank or fill the whole width were broken there, others at a blank.
fn join(parts: &[&str], width: usize, colon: usize) -> String {
    let mut text = String::new();
    for (i, part) in parts.iter().enumerate() {
        text.push_str(part);
        if i + 1 < parts.len() {
            let full = part.chars().count() + colon + 2 >= width && width >= 60;
            if !full && !part.ends_with(char::is_whitespace) {
                text.push(' ');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};

    fn read_all(content: &str) -> Vec<Block> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let lines = Lines::of(view.text());
        let mut blocks = Vec::new();
        let mut index = 0;
        while index < lines.len() {
            match read(&view, &lines, index, false, &mut Losses::default()) {
                Some(block) => {
                    index = block.next;
                    blocks.push(block);
                }
                None => index += 1,
            }
        }
        blocks
    }

    #[test]
    fn reads_records_and_wrapped_lists() {
        let content = "\r\nPrimarySmtpAddress               : sales@example.com\r\nEmailAddresses                   : {SMTP:sales@example.com, smtp:sales@example.onmicrosoft.com, \r\n                                   smtp:x@example.com...}\r\nEwsEnabled                       :\r\nNote                             : a : b\r\n\r\nPrimarySmtpAddress               : info@example.com\r\nEwsEnabled                       : True\r\n\r\n\r\n";
        let blocks = read_all(content);
        assert_eq!(blocks.len(), 1);
        let [sales, info] = blocks[0].nodes.as_slice() else { panic!() };
        let addresses = sales.get("EmailAddresses").unwrap();
        assert!(matches!(&addresses.value, Value::List(items, true) if items.len() == 3));
        assert_eq!((addresses.place.line, addresses.place.column), (3, 36));
        assert_eq!(sales.get("EwsEnabled").unwrap().value, Value::Null);
        assert_eq!(sales.get("Note").unwrap().text(), Some("a : b"));
        assert_eq!(info.get("EwsEnabled").unwrap().boolean(), Some(true));
        assert_eq!(info.get("EwsEnabled").unwrap().place.line, 9);
    }

    #[test]
    fn a_repeated_key_begins_a_record_and_pastes_double_lines() {
        let content = "Name        : a\n\nImapEnabled : True\n\nPopEnabled  : False\n\nName        : b\n\nImapEnabled : False\n";
        let blocks = read_all(content);
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].nodes.len(), 2);
        assert_eq!(blocks[0].nodes[0].entries().len(), 3);
    }

    #[test]
    fn folded_blanks_don_t_tear_a_record_apart() {
        let content = "PrimarySmtpAddress : a@example.com\nImapEnabled : True\nNote : x : y\n\nPrimarySmtpAddress : b@example.com\nImapEnabled :\n";
        let blocks = read_all(content);
        assert_eq!((blocks.len(), blocks[0].nodes.len()), (1, 2));
        assert_eq!(blocks[0].nodes[0].get("Note").unwrap().text(), Some("x : y"));
        assert_eq!(blocks[0].nodes[1].get("ImapEnabled").unwrap().value, Value::Null);
        let blocks = read_all("PrimarySmtpAddress : a@example.com\n\nImapEnabled : True\n\nPopEnabled : False\n\n");
        assert_eq!((blocks.len(), blocks[0].nodes.len()), (1, 1));
    }

    #[test]
    fn properties_in_other_columns_belong_to_the_record() {
        let content = "ComputerName     : outlook.office365.com\nRemotePort       : 993\nPingSucceeded          : False\nPingReplyDetails (RTT) : 0 ms\nTcpTestSucceeded : False\n\nsee below : x\n";
        let blocks = read_all(content);
        assert_eq!((blocks.len(), blocks[0].nodes.len()), (1, 1));
        assert_eq!(blocks[0].nodes[0].get("TcpTestSucceeded").unwrap().text(), Some("False"));
    }

    #[test]
    fn words_cut_at_the_width_are_joined() {
        let content = format!(
            "Identity      : short\nReplyUrls     : https://ece.example.com/{}\n                system/web/view\n",
            "x".repeat(60)
        );
        let blocks = read_all(&content);
        assert!(blocks[0].nodes[0].get("ReplyUrls").unwrap().text().unwrap().ends_with("xsystem/web/view"));
    }

    #[test]
    fn single_properties_and_other_colons() {
        assert_eq!(read_all("SmtpClientAuthenticationDisabled : True\n").len(), 1);
        for other in [
            "Note : see below\n",
            "   Host Name . . . . . . . . . . . . : ECESVC01\n   DNS Suffix  . . . . . . . . . . . : x\n",
            "    Protocol  : TLSv1.2\n    Cipher    : ECDHE\n",
            "Name: x\nValue: y\n",
        ] {
            assert!(read_all(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn every_truncation_is_harmless() {
        let sample = "Identität        : {é, b…}\r\nSmtpClientAuthentication : x\n   y\n\n\nName  :\n";
        for end in (0..=sample.len()).filter(|at| sample.is_char_boundary(*at)) {
            read_all(&sample[..end]);
        }
    }
}
