//! A JSON reader for files that people and consoles have handled: places for every value, comments, trailing commas, several
//! documents in one text, fragments without their braces, cut tails. It takes everything that a strict reader takes, with the
//! same values, and says what it had to forgive.
//!
//! No recursion: nesting is a stack of frames with a limit, so that no input can exhaust the thread's stack.

use super::view::{Locator, Losses, View};
use super::{Key, Node, Place, Value};
use crate::model;
use crate::{counted, text};
use std::collections::BTreeSet;
use std::ops::Range;

/// Deepest nesting that is read.
const DEPTH: usize = 512;
/// Most values of one document held in memory at a time.
const VALUES: usize = 2_000_000;
/// Most properties of one object: looking one up takes time for each.
const PROPERTIES: usize = 100_000;
/// A pointer longer than this is left out of places: the line and column say enough.
const POINTER: usize = 1024;
/// Elements of a document's top-level list are handed out when this many bytes of it have been read.
const SPILL: usize = 4 << 20;

/// What one call of [`document`] has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Offset behind the document.
    pub(super) end: usize,
    /// The document is a fragment: members without their braces.
    pub(super) fragment: bool,
    /// It has at least one member or element.
    pub(super) filled: bool,
}

/// Reads the document that begins at `range.start` (blanks and comments may stand before it) and hands it to `sink`: in one node,
/// or, if it is a list or an envelope around one and large, in several nodes of the same form with a part of the elements each.
/// `None` if no document begins there.
pub(super) fn document<'v>(
    view: &'v View<'_>,
    range: Range<usize>,
    locator: &mut Locator<'v>,
    losses: &mut Losses,
    sink: &mut dyn FnMut(Node),
) -> Option<Read> {
    let mut reader = Reader {
        bytes: view.text().as_bytes().get(..range.end)?,
        text: view.text(),
        at: range.start,
        locator,
        losses,
        stack: Vec::new(),
        pointer: String::new(),
        values: 0,
        spilled_at: range.start,
        depth_cut: false,
        filled: false,
    };
    reader.document(sink)
}

/// True if JSON begins at the start of `text`: an object or a list that is none of the brackets that prose and prompts use.
pub(super) fn begins(text: &str) -> bool {
    let text = text.trim_start_matches(is_blank);
    let Some(rest) = text.strip_prefix('{') else {
        let Some(rest) = text.strip_prefix('[') else { return false };
        let rest = rest.trim_start_matches(is_blank);
        let word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let token = &rest[..rest.len() - word.len()];
        return match rest.chars().next() {
            Some('{' | '[' | ']') => true,
            Some(c) if is_quote(c) => true,
            Some('/') => rest.starts_with("//") || rest.starts_with("/*"),
            _ => {
                (token.parse::<f64>().is_ok() || matches!(token, "true" | "false" | "null"))
                    && word.trim_start_matches(is_blank).starts_with([',', ']'])
            }
        };
    };
    let rest = rest.trim_start_matches(is_blank);
    match rest.chars().next() {
        Some('}') => true,
        Some('/') => rest.starts_with("//") || rest.starts_with("/*"),
        Some(c) if is_quote(c) => true,
        _ => {
            let after = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$');
            let value = after.trim_start().strip_prefix(':').unwrap_or("");
            after.len() < rest.len() && value.starts_with(|c: char| c.is_whitespace() || c == '{' || c == '[' || is_quote(c))
        }
    }
}

/// True if a member without its object begins `text`: `"name":` and the beginning of a value.
pub(super) fn member_begins(text: &str) -> bool {
    let text = text.trim_start_matches(is_blank);
    let Some(quote) = text.chars().next().filter(|c| is_quote(*c) && *c != '\'') else {
        return false;
    };
    let inner = &text[quote.len_utf8()..];
    let Some(close) = inner
        .char_indices()
        .take(200)
        .find(|(_, c)| closes(quote, *c) || *c == '\n')
        .map(|(at, _)| at)
    else {
        return false;
    };
    let mut after = inner[close..].chars();
    if close == 0 || !after.next().is_some_and(|c| closes(quote, c)) {
        return false;
    }
    let Some(value) = after.as_str().trim_start_matches(is_blank).strip_prefix(':') else {
        return false;
    };
    let value = value.trim_start_matches(is_blank);
    let word: String = value.chars().take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)).collect();
    value.is_empty() || value.starts_with(['{', '[']) || value.starts_with(is_quote) || literal(&word).is_some()
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{FEFF}' | '\u{A0}')
}

/// Straight quotes, and those that mail programs and word processors make of them.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '\u{201C}' | '\u{201D}' | '\u{201E}')
}

fn closes(open: char, c: char) -> bool {
    match open {
        '"' | '\'' => c == open,
        _ => matches!(c, '\u{201C}' | '\u{201D}'),
    }
}

/// The value of a word without quotes, if it is one that JSON (or a script language's idea of it) has.
fn literal(word: &str) -> Option<Value> {
    match word {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        "null" | "Null" | "NULL" | "None" => Some(Value::Null),
        _ => {
            let digits = word.trim_start_matches(['-', '+']);
            (digits.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok()).then(|| Value::Number(word.into()))
        }
    }
}

struct Frame {
    kind: Kind,
    place: Place,
    /// Length of the pointer of the value itself.
    pointer: usize,
    /// A value came last: a comma has to stand before the next one.
    after_value: bool,
}

enum Kind {
    Object {
        entries: Vec<(Key, Node)>,
        key: Option<Key>,
        implied: bool,
    },
    Array {
        items: Vec<Node>,
        index: usize,
        shortened: bool,
    },
}

struct Reader<'v, 'l> {
    text: &'v str,
    /// The text up to the end of what may be read.
    bytes: &'v [u8],
    at: usize,
    locator: &'l mut Locator<'v>,
    losses: &'l mut Losses,
    stack: Vec<Frame>,
    pointer: String,
    values: usize,
    spilled_at: usize,
    depth_cut: bool,
    filled: bool,
}

impl<'v> Reader<'v, '_> {
    fn document(&mut self, sink: &mut dyn FnMut(Node)) -> Option<Read> {
        self.skip();
        let first = self.peek()?;
        let fragment = is_quote(first) && member_begins(self.rest());
        if fragment {
            let place = self.locator.place(self.at);
            self.lose(self.at, text!("the object's opening `{{` is missing: read as a fragment"));
            self.push_frame(place, true, true);
        } else if let Some(node) = self.value(true) {
            sink(node);
            return Some(Read {
                end: self.at,
                fragment,
                filled: self.filled,
            });
        } else if self.stack.is_empty() {
            return None;
        }
        let node = self.run(sink);
        sink(node);
        Some(Read {
            end: self.at,
            fragment,
            filled: self.filled,
        })
    }

    /// Reads on until the outermost value is complete, or what stands there can't be read.
    fn run(&mut self, sink: &mut dyn FnMut(Node)) -> Node {
        loop {
            let end_of_value = self.at;
            self.skip();
            let done = match self.peek() {
                None if self.is_implied() => {
                    self.at = end_of_value;
                    self.close()
                }
                None => {
                    let wanted = self.wanted_close();
                    return self.give_up(counted!(
                        self.stack.len(),
                        "the text ends here, 1 bracket open: expected `{wanted}`",
                        "the text ends here, {count} brackets open: expected `{wanted}`",
                        wanted
                    ));
                }
                Some(c) => match self.step(c, end_of_value) {
                    Ok(done) => done,
                    Err(reason) => return self.give_up(reason),
                },
            };
            if let Some(node) = done {
                return node;
            }
            if self.values > VALUES {
                return self.give_up(text!("more than 2,000,000 values: the rest was left out"));
            }
            if matches!(self.stack.last().map(|f| &f.kind), Some(Kind::Object { entries, .. }) if entries.len() > PROPERTIES) {
                let node = self.give_up(text!("more than 100,000 properties in one object: the rest was left out"));
                // Read as a fragment, the rest would take as long.
                self.at = self.bytes.len();
                return node;
            }
            self.spill(sink);
        }
    }

    /// One step inside the innermost frame. `Some` when the outermost value is complete.
    fn step(&mut self, c: char, end_of_value: usize) -> Result<Option<Node>, model::Text> {
        let Some(frame) = self.stack.last() else {
            return Err(model::Text::default());
        };
        let (in_object, key_waits, implied) = match &frame.kind {
            Kind::Object { key, implied, .. } => (true, key.is_some(), *implied),
            Kind::Array { .. } => (false, false, false),
        };
        match c {
            '}' | ']' if implied && !key_waits => {
                self.at = end_of_value;
                return Ok(self.close());
            }
            '}' | ']' => {
                if key_waits {
                    self.lose(self.at, text!("a value was expected here"));
                    self.attach(Value::Cut("".into()));
                }
                if (c == '}') == in_object {
                    self.at += 1;
                    return Ok(self.close());
                }
                let opener = |f: &Frame| matches!(f.kind, Kind::Object { implied: false, .. }) == (c == '}');
                if !self.stack.iter().any(opener) {
                    return Err(text!("expected `{wanted}`, found `{found}`", wanted = self.wanted_close(), found = c));
                }
                let wanted = self.wanted_close();
                self.lose(self.at, text!("expected `{wanted}`, found `{found}`", wanted, found = c));
                return Ok(self.close());
            }
            ',' => {
                if key_waits {
                    self.lose(self.at, text!("a value was expected here"));
                    self.attach(Value::Cut("".into()));
                } else {
                    self.take_after_value();
                }
                self.at += 1;
                return Ok(None);
            }
            '.' | '…' if !key_waits && (c == '…' || self.rest().starts_with("...")) => {
                self.at += if c == '…' { c.len_utf8() } else { 3 };
                self.lose(self.at, text!("something was left out here by hand (`...`)"));
                if let Some(Frame {
                    kind: Kind::Array { shortened, .. },
                    ..
                }) = self.stack.last_mut()
                {
                    *shortened = true;
                }
                return Ok(None);
            }
            _ => {}
        }
        if implied && !key_waits && !member_begins(self.rest()) {
            self.at = end_of_value;
            return Ok(self.close());
        }
        if !key_waits && self.take_after_value() {
            self.lose(self.at, text!("a comma is missing before this"));
        }
        match in_object && !key_waits {
            true => self.key().map(|()| None),
            false => {
                self.enter_element();
                Ok(self.value(false))
            }
        }
    }

    /// A member's name and its colon.
    fn key(&mut self) -> Result<(), model::Text> {
        let at = self.at;
        let place = self.locator.place(at);
        let name = match self.peek() {
            Some(c) if is_quote(c) => match self.string() {
                (name, true) => name,
                (_, false) => return Err(text!("a property name was expected, its closing quote is missing")),
            },
            _ => {
                let rest = self.rest();
                let len = rest.find(|c: char| !(c.is_alphanumeric() || "_$@.-".contains(c))).unwrap_or(rest.len());
                if len == 0 {
                    let found: String = rest.chars().take(1).collect();
                    return Err(text!("expected a property name in quotes or `}}`, found `{found}`", found));
                }
                self.at += len;
                rest[..len].to_owned()
            }
        };
        self.skip();
        if self.peek() != Some(':') {
            return Err(match self.peek() {
                None => text!("expected `:` after the property name, the text ends here"),
                Some(_) => text!("expected `:` after the property name"),
            });
        }
        self.at += 1;
        self.pointer.push('/');
        for c in name.chars() {
            match c {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                c => self.pointer.push(c),
            }
        }
        if let Some(Frame {
            kind: Kind::Object { key, .. },
            ..
        }) = self.stack.last_mut()
        {
            *key = Some(Key {
                name: name.trim().into(),
                place,
            });
        }
        Ok(())
    }

    fn enter_element(&mut self) {
        if let Some(Frame {
            kind: Kind::Array { index, .. },
            ..
        }) = self.stack.last_mut()
        {
            self.pointer.push('/');
            self.pointer.push_str(&index.to_string());
            *index += 1;
        }
    }

    /// A value, or the beginning of a container. `Some` when the outermost value is complete. `outermost` demands a real value:
    /// words without quotes are no document.
    fn value(&mut self, outermost: bool) -> Option<Node> {
        let start = self.at;
        let c = self.peek()?;
        if c == '{' || c == '[' {
            let place = self.place(start);
            if self.stack.len() >= DEPTH {
                self.cut(start, text!("nested deeper than {levels}: the rest was left out", levels = DEPTH));
                self.at = self.bytes.len();
                return Some(self.collapse(true));
            }
            self.at += 1;
            self.push_frame(place, c == '{', false);
            return None;
        }
        let place = self.place(start);
        let value = if is_quote(c) && !(outermost && c == '\'') {
            let (text, whole) = self.string();
            match whole {
                true => self.text_value(start, text),
                false => {
                    self.lose(start, text!("the text has no closing quote on its line"));
                    Value::Cut(text.into())
                }
            }
        } else {
            let rest = &self.text[self.at..self.bytes.len()];
            let len = rest.find([',', '}', ']', '\n', '\r']).unwrap_or(rest.len());
            let word = rest[..len].trim_end();
            let word = word.find(" //").map_or(word, |at| word[..at].trim_end());
            let short: String = word.chars().take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)).collect();
            match literal(&short).filter(|_| word.len() == short.len() || outermost || word[short.len()..].starts_with(is_blank)) {
                Some(value) => {
                    self.at += short.len();
                    value
                }
                None if outermost => return None,
                None => {
                    self.lose(start, text!("a value without quotes"));
                    self.at += word.len().max(rest.chars().next().map_or(1, char::len_utf8));
                    Value::Text(word.into())
                }
            }
        };
        if self.stack.is_empty() {
            self.filled = true;
            return Some(Node::new(value, place));
        }
        self.attach_at(value, place);
        None
    }

    fn text_value(&mut self, start: usize, text: String) -> Value {
        if super::node::is_cut_by_depth(&text) {
            if !std::mem::replace(&mut self.depth_cut, true) {
                self.lose(
                    start,
                    text!("cut by ConvertTo-Json's depth: deeper values are only type names; export again with -Depth 10"),
                );
            }
            return Value::Cut(text.into());
        }
        Value::Text(text.into())
    }

    /// The text in quotes at the current offset, and whether its closing quote is there.
    fn string(&mut self) -> (String, bool) {
        let open = self.peek().unwrap_or('"');
        self.at += open.len_utf8();
        let mut text = String::new();
        let mut run = self.at;
        let bytes = self.bytes;
        loop {
            let Some(&byte) = bytes.get(self.at) else {
                text.push_str(&self.text[run..self.at]);
                return (text, false);
            };
            match byte {
                b'\\' => {
                    text.push_str(&self.text[run..self.at]);
                    self.at += 1;
                    self.escape(&mut text);
                    run = self.at;
                }
                b'\n' => {
                    text.push_str(self.text[run..self.at].trim_end_matches('\r'));
                    if self.is_wrapped(&text) {
                        self.lose(self.at, text!("a text that the console's width had broken was joined"));
                        self.at += 1;
                        run = self.at;
                        continue;
                    }
                    self.continue_broken_string(open);
                    return (text, false);
                }
                b'"' | b'\'' | 0x80.. => {
                    let c = self.peek().unwrap_or(' ');
                    if closes(open, c) {
                        text.push_str(&self.text[run..self.at]);
                        self.at += c.len_utf8();
                        return (text, true);
                    }
                    self.at += c.len_utf8();
                }
                _ => self.at += 1,
            }
        }
    }

    /// True if the line ends here only because a console was no wider: a long line, no blank in the text that could have been
    /// lost, and more of the same at the very beginning of the next line.
    fn is_wrapped(&self, text: &str) -> bool {
        /// Consoles are no narrower.
        const WIDTH: usize = 79;
        let start = memchr::memrchr(b'\n', &self.bytes[..self.at]).map_or(0, |n| n + 1);
        let next = self.bytes.get(self.at + 1).copied().unwrap_or(b' ');
        self.at - start >= WIDTH && (next.is_ascii_alphanumeric() || b"/-_.%?&=+~".contains(&next)) && !text.contains(char::is_whitespace)
    }

    /// A string was open at the end of its line: if a mail program has only wrapped it, goes behind its closing quote.
    fn continue_broken_string(&mut self, open: char) {
        const FAR: usize = 4096;
        let line = self.text[self.at..self.bytes.len()].trim_start_matches(is_blank);
        let start = self.bytes.len() - line.len();
        for (offset, c) in line.char_indices().take(FAR) {
            if c == '{' || c == '[' || c == ':' && line[..offset].ends_with(is_quote) {
                return;
            }
            if closes(open, c) {
                let after = line[offset + c.len_utf8()..].trim_start_matches(is_blank);
                if offset > 0 && (after.is_empty() || after.starts_with([',', '}', ']'])) {
                    self.at = start + offset + c.len_utf8();
                }
                return;
            }
        }
    }

    fn escape(&mut self, text: &mut String) {
        let Some(c) = self.peek() else { return };
        self.at += c.len_utf8();
        match c {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{C}'),
            'u' => {
                let first = self.hex4();
                let c = match first {
                    Some(high @ 0xD800..=0xDBFF) if self.rest().starts_with("\\u") => {
                        let back = self.at;
                        self.at += 2;
                        match self.hex4() {
                            Some(low @ 0xDC00..=0xDFFF) => char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)),
                            _ => {
                                self.at = back;
                                None
                            }
                        }
                    }
                    Some(unit) => char::from_u32(unit),
                    None => None,
                };
                text.push(c.unwrap_or('\u{FFFD}'));
            }
            other => text.push(other),
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text[..self.bytes.len()].get(self.at..self.at + 4)?;
        let unit = digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())??;
        self.at += 4;
        Some(unit)
    }

    fn push_frame(&mut self, place: Place, object: bool, implied: bool) {
        self.values += 1;
        self.stack.push(Frame {
            kind: match object {
                true => Kind::Object {
                    entries: Vec::new(),
                    key: None,
                    implied,
                },
                false => Kind::Array {
                    items: Vec::new(),
                    index: 0,
                    shortened: false,
                },
            },
            place,
            pointer: self.pointer.len(),
            after_value: false,
        });
    }

    /// Puts a complete value without a place of its own into the innermost frame.
    fn attach(&mut self, value: Value) {
        let place = self.place(self.at);
        self.attach_at(value, place);
    }

    fn attach_at(&mut self, value: Value, place: Place) {
        let Some(frame) = self.stack.last_mut() else { return };
        self.values += 1;
        self.filled = true;
        frame.after_value = true;
        self.pointer.truncate(frame.pointer);
        let node = Node::new(value, place);
        match &mut frame.kind {
            Kind::Object { entries, key, .. } => entries.extend(key.take().map(|key| (key, node))),
            Kind::Array { items, .. } => items.push(node),
        }
    }

    /// Ends the innermost frame. `Some` if it was the outermost.
    fn close(&mut self) -> Option<Node> {
        let frame = self.stack.pop()?;
        let value = match frame.kind {
            Kind::Object { entries, .. } => {
                self.note_duplicates(&entries);
                Value::Bag(entries)
            }
            Kind::Array { items, shortened, .. } => Value::List(items, shortened),
        };
        if self.stack.is_empty() {
            return Some(Node::new(value, frame.place));
        }
        self.attach_at(value, frame.place);
        None
    }

    /// Ends every frame: what was open is incomplete if `cut`.
    fn collapse(&mut self, cut: bool) -> Node {
        loop {
            if let Some(frame) = self.stack.last_mut() {
                match &mut frame.kind {
                    Kind::Object { key: Some(_), .. } => self.attach(Value::Cut("".into())),
                    Kind::Object { .. } => {}
                    Kind::Array { shortened, .. } => *shortened |= cut,
                }
            }
            if let Some(node) = self.close() {
                return node;
            }
            if self.stack.is_empty() {
                return Node::new(Value::Null, Place::default());
            }
        }
    }

    fn give_up(&mut self, reason: model::Text) -> Node {
        self.cut(self.at, reason);
        self.collapse(true)
    }

    fn note_duplicates(&mut self, entries: &[(Key, Node)]) {
        let mut names = BTreeSet::new();
        for (key, _) in entries {
            if !names.insert(&key.name) {
                let shown = crate::model::Excerpt::capture(&key.name);
                self.losses.add(
                    key.place.line,
                    text!(
                        "the property `{name}` stands twice in one object: programs disagree on which one counts",
                        name = shown
                    ),
                );
            }
        }
    }

    /// Hands out the elements read so far of the document's list, if they have become many.
    fn spill(&mut self, sink: &mut dyn FnMut(Node)) {
        if self.at - self.spilled_at < SPILL || self.stack.len() > 2 {
            return;
        }
        let in_list = |frame: Option<&Frame>| matches!(frame.map(|f| &f.kind), Some(Kind::Array { items, .. }) if !items.is_empty());
        if !in_list(self.stack.last()) {
            return;
        }
        self.spilled_at = self.at;
        self.values = 0;
        let [outer, inner @ ..] = self.stack.as_mut_slice() else { return };
        let list = |frame: &mut Frame| {
            let Kind::Array { items, .. } = &mut frame.kind else { return None };
            Some(Node::new(Value::List(std::mem::take(items), false), frame.place.clone()))
        };
        match (&mut outer.kind, inner) {
            (Kind::Array { .. }, []) => {
                if let Some(node) = list(outer) {
                    sink(node);
                }
            }
            (Kind::Object { entries, key: Some(key), .. }, [inner]) => {
                let scalar = |(_, node): &&(Key, Node)| !matches!(node.value, Value::List(..) | Value::Bag(_));
                let scalars: Vec<_> = entries.iter().filter(scalar).cloned().collect();
                let mut all = std::mem::replace(entries, scalars);
                all.extend(list(inner).map(|node| (key.clone(), node)));
                sink(Node::new(Value::Bag(all), outer.place.clone()));
            }
            _ => {}
        }
    }

    fn place(&mut self, at: usize) -> Place {
        let pointer = (self.pointer.len() <= POINTER).then(|| self.pointer.as_str().into());
        Place {
            pointer,
            ..self.locator.place(at)
        }
    }

    fn lose(&mut self, at: usize, reason: model::Text) {
        let (line, reason) = self.placed(at, reason);
        self.losses.add(line, reason);
    }

    fn cut(&mut self, at: usize, reason: model::Text) {
        let (line, reason) = self.placed(at, reason);
        self.losses.cut(line, reason);
    }

    fn placed(&mut self, at: usize, reason: model::Text) -> (u64, model::Text) {
        let place = self.locator.place(at.min(self.bytes.len()));
        (place.line, text!("JSON, column {column}: {reason}", column = place.column, reason))
    }

    fn take_after_value(&mut self) -> bool {
        self.stack.last_mut().is_some_and(|frame| std::mem::take(&mut frame.after_value))
    }

    fn is_implied(&self) -> bool {
        matches!(
            self.stack.as_slice(),
            [Frame {
                kind: Kind::Object {
                    implied: true,
                    key: None,
                    ..
                },
                ..
            }]
        )
    }

    fn wanted_close(&self) -> char {
        match self.stack.last() {
            Some(Frame {
                kind: Kind::Array { .. }, ..
            }) => ']',
            _ => '}',
        }
    }

    fn rest(&self) -> &'v str {
        self.text.get(self.at..self.bytes.len()).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        match *self.bytes.get(self.at)? {
            byte @ 0..=0x7F => Some(char::from(byte)),
            _ => self.rest().chars().next(),
        }
    }

    /// Goes behind blanks and comments.
    fn skip(&mut self) {
        while let Some(c) = self.peek() {
            let rest = &self.bytes[self.at..];
            if is_blank(c) {
                self.at += c.len_utf8();
            } else if rest.starts_with(b"//") || c == '#' && !self.stack.is_empty() {
                self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            } else if rest.starts_with(b"/*") {
                self.at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |n| n + 2);
            } else {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use proptest::prelude::*;

    fn read(content: &str) -> (Vec<Node>, Vec<String>) {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let content = view.text();
        let mut losses = Losses::default();
        let mut nodes = Vec::new();
        let mut at = 0;
        while let Some(read) = document(&view, at..content.len(), &mut view.locator(), &mut losses, &mut |node| nodes.push(node)) {
            at = read.end;
            let rest = &content[at..];
            let skipped = rest.trim_start_matches(|c: char| is_blank(c) || c == ',' || read.fragment && "]}".contains(c));
            at += rest.len() - skipped.len();
        }
        (
            nodes,
            losses
                .into_vec()
                .into_iter()
                .map(|l| format!("{}: {}", l.line, l.reason.english()))
                .collect(),
        )
    }

    fn plain(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(n) => serde_json::from_str(n).unwrap(),
            Value::Text(t) | Value::Cut(t) => t.to_string().into(),
            Value::List(items, _) => items.iter().map(plain).collect(),
            Value::Bag(entries) => serde_json::Value::Object(entries.iter().map(|(k, v)| (k.name.to_string(), plain(v))).collect()),
        }
    }

    #[test]
    fn gives_every_value_its_place() {
        let (nodes, losses) = read("{\n  \"appId\": \"11111111-0000\",\n  \"web\": { \"redirectUris\": [\"https://a/\", null] }\n}");
        assert!(losses.is_empty());
        let uri = &nodes[0].at(&["web", "redirectUris"]).unwrap().items()[0];
        assert_eq!((uri.place.line, uri.place.column), (3, 29));
        assert_eq!(uri.place.pointer.as_deref(), Some("/web/redirectUris/0"));
        assert_eq!(nodes[0].entries()[1].0.place.column, 3);
    }

    #[test]
    fn forgives_what_people_leave_behind() {
        let (nodes, losses) = read("\u{FEFF}// copied\n{ \"a\": 1, /* x */ \"b\": [1, 2,], }\n");
        assert_eq!(plain(&nodes[0]), serde_json::json!({"a": 1, "b": [1, 2]}));
        assert!(losses.is_empty(), "{losses:?}");
        let (nodes, losses) = read("{“appId”: “x”, key: 'v' \"n\": 2, \"s\": ***, \"l\": [1, ...]}");
        assert_eq!(
            plain(&nodes[0]),
            serde_json::json!({"appId": "x", "key": "v", "n": 2, "s": "***", "l": [1]})
        );
        assert_eq!(losses.len(), 3);
        assert!(matches!(nodes[0].get("l").unwrap().value, Value::List(_, true)));
    }

    #[test]
    fn several_documents_and_lines() {
        let (nodes, losses) = read("[{\"a\":1}]\n[{\"a\":2}]\n{\"a\":3}\r\n{\"a\":4}");
        assert_eq!(nodes.len(), 4);
        assert_eq!(nodes[3].get("a").unwrap().place.line, 4);
        assert!(losses.is_empty());
    }

    #[test]
    fn fragments_and_lost_heads() {
        let (nodes, losses) = read("\"requiredResourceAccess\": [ {\"resourceAppId\": \"x\"} ],\n\"signInAudience\": \"y\"");
        assert_eq!(
            plain(&nodes[0]),
            serde_json::json!({"requiredResourceAccess": [{"resourceAppId": "x"}], "signInAudience": "y"})
        );
        assert_eq!(losses.len(), 1);
        let (nodes, _) = read("    \"type\": \"Scope\"\n  }\n ],\n\"web\": {\"redirectUris\": []}\n}\n");
        assert_eq!(nodes.len(), 2);
        assert!(nodes[1].has("web"));
    }

    #[test]
    fn a_cut_tail_keeps_what_came_before() {
        let (nodes, losses) = read("{\n \"appId\": \"x\",\n \"web\": {\"redirectUris\": [\"https://a\", \"https://b");
        assert_eq!(nodes[0].get("appId").unwrap().text(), Some("x"));
        let uris = nodes[0].at(&["web", "redirectUris"]).unwrap();
        assert!(matches!(&uris.value, Value::List(items, true) if items.len() == 2 && matches!(items[1].value, Value::Cut(_))));
        assert!(losses.last().unwrap().contains("expected `]`"), "{losses:?}");
        let (nodes, _) = read("{\"secretText\": ");
        assert_eq!(nodes[0].get("secretText").unwrap().value, Value::Cut("".into()));
    }

    #[test]
    fn names_depth_cuts_duplicates_and_broken_strings() {
        let (nodes, losses) = read("{\"r\": [\"@{id=1; type=Scope}\"], \"v\": \"System.Object[]\", \"d\": \"\\/Date(1769788627239)\\/\", \"v\": 1}");
        assert!(matches!(nodes[0].get("r").unwrap().items()[0].value, Value::Cut(_)));
        assert_eq!(nodes[0].get("d").unwrap().text(), Some("/Date(1769788627239)/"));
        assert_eq!(nodes[0].all("v").count(), 2);
        assert_eq!(losses.len(), 2, "{losses:?}");
        let (nodes, losses) = read("{\"url\": \"https://ece.example.com/\n   system\", \"b\": 1}");
        assert_eq!(nodes[0].get("url").unwrap().value, Value::Cut("https://ece.example.com/".into()));
        assert_eq!(nodes[0].get("b").unwrap().text(), Some("1"));
        assert_eq!(losses.len(), 1);
    }

    #[test]
    fn an_object_of_very_many_properties_is_cut() {
        let (nodes, losses) = read(&format!("{{{}\"z\":1}}", "\"a\":0,".repeat(PROPERTIES + 5)));
        assert_eq!((nodes.len(), nodes[0].entries().len()), (1, PROPERTIES + 1));
        assert!(losses.iter().any(|loss| loss.contains("100,000 properties")), "{:?}", losses.last());
    }

    #[test]
    fn joins_what_a_console_has_wrapped() {
        let uri = format!("https://ece.example.com/{}", "x".repeat(60));
        let (nodes, losses) = read(&format!("{{\"u\": \"{uri}\nsystem/view\", \"b\": 1}}"));
        assert_eq!(nodes[0].get("u").unwrap().text(), Some(format!("{uri}system/view").as_str()));
        assert_eq!((nodes[0].get("b").unwrap().text(), losses.len()), (Some("1"), 1));
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        for open in ["[", "{\"a\":"] {
            let (nodes, losses) = read(&open.repeat(100_000));
            assert_eq!(nodes.len(), 1);
            assert!(losses[0].contains("deeper than 512"));
        }
    }

    #[test]
    fn large_lists_come_in_parts() {
        let element = format!("{{\"id\":\"{}\"}},", "x".repeat(1000));
        let content = format!("{{\"@odata.context\":\"c\",\"value\":[{}{{}}],\"next\":1}}", element.repeat(10_000));
        let (nodes, losses) = read(&content);
        assert!(losses.is_empty());
        assert_eq!(nodes.len(), 3);
        assert!(nodes.iter().all(|n| n.get("@odata.context").is_some()));
        let elements: usize = nodes.iter().map(|n| n.get("value").unwrap().items().len()).sum();
        assert_eq!(elements, 10_001);
        let last = nodes[2].get("value").unwrap().items().last().unwrap();
        assert_eq!(last.place.pointer.as_deref(), Some("/value/10000"));
        assert!(nodes[2].has("next"));
    }

    #[test]
    fn tells_json_from_brackets() {
        for yes in ["{", "{ \"a\": 1}", "[\n {", "[]", "[1, 2]", "{a: 1}", "[\"x\"", "{“a”"] {
            assert_eq!(begins(yes), yes.trim() != "{", "{yes}");
        }
        for no in ["[PS] C:\\>", "[2024-05-01 10:00]", "[section]", "{SMTP:a@example.com}", "{0}", "text"] {
            assert!(!begins(no), "{no}");
        }
        assert!(member_begins("  \"web\": {"));
        assert!(!member_begins("\"External URL\": see below"));
    }

    #[test]
    fn every_truncation_is_harmless() {
        let sample = "{\"é\": [1, -2.5e3, \"a\\u00e9\\\"\\ud83d\\ude00\", {\"b\": null, \"c\": [true, {}]}], // x\n \"d\": \"\\/\"}\n[]";
        for end in (0..=sample.len()).filter(|at| sample.is_char_boundary(*at)) {
            read(&sample[..end]);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec(("[!-~é€]{0,6}", inner), 0..6).prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn takes_what_a_strict_reader_takes(value in json(), pretty: bool) {
            let content = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let strict: serde_json::Value = serde_json::from_str(&content).unwrap();
            let (nodes, losses) = read(&content);
            prop_assert_eq!(nodes.len(), 1);
            prop_assert_eq!(plain(&nodes[0]), strict);
            prop_assert!(losses.iter().all(|l| l.contains("depth")), "{:?}", losses);
        }

        #[test]
        fn never_panics(content in "[\\[\\]{}:,\"'a1 \\\\u/*\n“…é.-]{0,60}") {
            read(&content);
        }
    }
}
