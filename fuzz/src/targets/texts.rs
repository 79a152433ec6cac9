//! Texts: encodings, the readers of every syntax, and the parsers of evidence behind them.

use ecelens::bundle::{Encoding, Text, decode, sniff};
use ecelens::parse::{self, Findings};
use ecelens::syntax::{self, Node, Section, Source, Syntax, Value};
use std::sync::Arc;

/// Any bytes become text whose offsets lie in the bytes.
pub fn encoding(bytes: &[u8]) {
    sniff(bytes);
    let (text, _) = decode(bytes);
    let length = text.as_str().len();
    for at in [0, length / 3, length / 2, length] {
        let (line, column) = text.line_column(at);
        assert!(line >= 1 && column >= 1 && line <= text.line_count() + 1);
    }
    // With zeros in it, a part may be UTF-16 that was appended.
    if text.encoding() == Encoding::Utf8 && !bytes.contains(&0) {
        assert_eq!(text.as_str().as_bytes(), bytes);
    }
    for (number, line) in text.lines() {
        assert_eq!(text.line(number), line);
    }
}

/// JSON. A document that a strict reader accepts is read without loss, with the same values.
pub fn json(bytes: &[u8]) {
    let sections = read(bytes);
    let (text, _) = decode(bytes);
    let trimmed = text.as_str().trim();
    if let Ok(strict @ serde_json::Value::Object(_)) = serde_json::from_str::<serde_json::Value>(trimmed)
        && let [
            Section {
                syntax: Syntax::Json, nodes, ..
            },
        ] = &*sections
        && let [node] = &**nodes
        && !text.as_str().contains('\0')
    {
        assert!(is_same(node, &strict), "{trimmed:?} is read as {node:?}");
    }
}

/// True if `node` holds what `strict` does. Of names that repeat a strict reader keeps one value, and a reader of evidence both.
fn is_same(node: &Node, strict: &serde_json::Value) -> bool {
    match (&node.value, strict) {
        (Value::Bag(entries), serde_json::Value::Object(map)) => {
            entries.len() >= map.len()
                && map.iter().all(|(name, value)| {
                    let mut named = entries.iter().filter(|(key, _)| key.name.trim() == name.trim());
                    named.any(|(_, node)| is_same(node, value)) || name.trim() != name
                })
        }
        (Value::List(items, false), serde_json::Value::Array(values)) => {
            items.len() == values.len() && items.iter().zip(values).all(|(node, value)| is_same(node, value))
        }
        (Value::Text(one), serde_json::Value::String(other)) => **one == **other,
        // An object that PowerShell printed into a text is read on.
        (_, serde_json::Value::String(other)) => other.contains("@{"),
        (Value::Bool(one), serde_json::Value::Bool(other)) => one == other,
        (Value::Number(_), serde_json::Value::Number(_)) | (Value::Null, serde_json::Value::Null) => true,
        _ => false,
    }
}

/// XML and HTML.
pub fn xml(bytes: &[u8]) {
    read(bytes);
}

/// Tables with separators.
pub fn csv(bytes: &[u8]) {
    read(bytes);
}

/// What consoles print: lists, tables, transcripts, Markdown.
pub fn console(bytes: &[u8]) {
    read(bytes);
}

/// E-mails with parts in any transfer encoding. Without a header of its own the text becomes the body of one.
pub fn mail(bytes: &[u8]) {
    read(bytes);
    let head = b"From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n";
    read(&[head, bytes].concat());
}

/// Reads a text in every syntax: places lie in the text.
fn read(bytes: &[u8]) -> Vec<Section> {
    let (text, _) = decode(bytes);
    let mut sections = Vec::new();
    let rest = syntax::read(&text, &mut |section| sections.push(section));
    for section in &sections {
        assert!(section.first_line <= text.line_count() + 1, "section at line {}", section.first_line);
        section.nodes.iter().for_each(|node| in_range(node, &text));
    }
    for loss in &rest.losses {
        assert!(loss.line <= text.line_count() + 1, "{loss:?}");
    }
    sections
}

fn in_range(node: &Node, text: &Text) {
    let place = &node.place;
    assert!(place.line <= text.line_count() + 1, "{place:?} of {} lines", text.line_count());
    if let Some(offset) = place.offset {
        assert!(text.as_str().is_char_boundary(offset), "{place:?}");
    }
    match &node.value {
        Value::List(items, _) => items.iter().for_each(|item| in_range(item, text)),
        Value::Bag(entries) => entries.iter().for_each(|(_, node)| in_range(node, text)),
        _ => {}
    }
}

/// Every parser of evidence over any text; what is believed can be printed.
pub fn evidence(bytes: &[u8]) {
    let (text, _) = decode(bytes);
    let path: Arc<str> = "bundle/evidence.txt".into();
    let source = Source { path: &path, text: &text };
    let mut found = Findings::default();
    let mut outline = Vec::new();
    syntax::read(&text, &mut |section| {
        parse::read(&source, &section, &mut found);
        outline.push(section);
    });
    parse::read_whole(&source, &outline, &mut found);
    for loss in &found.losses {
        assert!(loss.line <= text.line_count() + 1, "{loss:?}");
    }
    serde_json::to_value(&found.facts).expect("facts can be printed");
}
