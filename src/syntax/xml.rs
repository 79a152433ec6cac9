//! XML into elements with places: one root or several, cut tails, hand-edited text. Nothing is ever expanded or fetched.
//!
//! quick-xml tells tags from text; attributes are read here, because their places count, and because people and forums damage
//! them (`status="Error"errorid="…"`).

use super::entities::{decode, unescape};
use super::view::{Locator, Losses};
use super::{Key, Node, Place, Value};
use crate::{counted, text};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;
use std::ops::Range;

/// Deepest nesting that is read.
const DEPTH: usize = 256;
/// Most attributes of an element.
const ATTRIBUTES: usize = 1024;
/// Most bytes of an element's text.
const TEXT: usize = 4 << 20;
/// Most elements and attributes of one text.
const VALUES: usize = 2_000_000;
/// A path longer than this is left out of places.
const POINTER: usize = 1024;

/// An element, complete or cut.
#[derive(Debug)]
pub(super) struct Element {
    /// Name without its prefix.
    pub(super) name: Box<str>,
    /// Attributes in their order, names without prefix.
    pub(super) attributes: Vec<(Key, Node)>,
    /// Child elements in their order.
    pub(super) children: Vec<Element>,
    /// Its own text, decoded.
    pub(super) text: String,
    /// The text ends inside of it.
    pub(super) cut: bool,
    /// Where its tag begins.
    pub(super) place: Place,
    /// Where its text begins.
    pub(super) text_place: Place,
}

impl Element {
    /// The attribute `name`, exactly.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| &*key.name == name)
            .and_then(|(_, node)| node.text())
    }

    /// The first child named `name`.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| &*child.name == name)
    }

    /// The element as a node: attributes and children are properties, text among them is `#text`. An element with nothing but text
    /// is that text, unless it is a document's root.
    pub(super) fn into_node(self, root: bool) -> Node {
        let blank = self.text.trim().is_empty();
        if self.attributes.is_empty() && self.children.is_empty() && !root {
            let value = match (blank, self.cut) {
                (_, true) => Value::Cut(self.text.into()),
                (true, false) => Value::Null,
                (false, false) => Value::Text(self.text.into()),
            };
            return Node::new(value, self.text_place);
        }
        let mut entries = self.attributes;
        for child in self.children {
            let key = Key {
                // SQL Server and .NET write a blank in a name as `_x0020_`.
                name: unescape(&child.name).into(),
                place: child.place.clone(),
            };
            // Recursion ends at the reader's limit of nesting.
            entries.push((key, child.into_node(false)));
        }
        if !blank {
            let key = Key {
                name: "#text".into(),
                place: self.text_place.clone(),
            };
            let text: Box<str> = self.text.trim().into();
            let value = if self.cut { Value::Cut(text) } else { Value::Text(text) };
            entries.push((key, Node::new(value, self.text_place)));
        }
        Node::new(Value::Bag(entries), self.place)
    }
}

/// What [`read`] has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Offset behind the last root.
    pub(super) end: usize,
    /// How far the reader has looked.
    pub(super) seen: usize,
    /// It is structure beyond doubt: attributes, children or several roots.
    pub(super) structured: bool,
}

/// An element that is complete: a root, or a child of a root `Objs` (a CLIXML file is a list of objects that may be long).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// A document's root.
    Root,
    /// A child of `Objs`; the root itself follows without children.
    Item,
}

/// True if `text` begins with an XML tag, declaration or comment.
pub(super) fn begins(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('<') else { return false };
    if rest.starts_with("?xml") || rest.starts_with("!--") || rest.starts_with("!DOCTYPE") {
        return true;
    }
    let name = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
    let after = &rest[name..];
    rest.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && (after.starts_with(char::is_whitespace) || after.starts_with('>') || after.starts_with("/>"))
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

struct Frame {
    element: Element,
    /// How many children of each name there were: for paths.
    counts: BTreeMap<Box<str>, u32>,
    path: usize,
    text_seen: bool,
}

struct Parser<'v, 'l, 's> {
    text: &'v str,
    base: usize,
    locator: &'l mut Locator<'v>,
    losses: &'l mut Losses,
    sink: &'s mut dyn FnMut(Element, Level),
    stack: Vec<Frame>,
    root_counts: BTreeMap<Box<str>, u32>,
    path: String,
    /// Open elements beyond the limit of nesting.
    too_deep: usize,
    values: usize,
    roots: usize,
    structured: bool,
    /// Offset behind the last tag.
    tag_end: usize,
    /// Offset behind the last complete root.
    root_end: usize,
}

/// Reads the elements that begin at `range.start` up to the first text outside of any.
pub(super) fn read<'v>(
    text: &'v str,
    range: Range<usize>,
    locator: &mut Locator<'v>,
    losses: &mut Losses,
    sink: &mut dyn FnMut(Element, Level),
) -> Option<Read> {
    let source = text.get(range.clone())?;
    let mut parser = Parser {
        text,
        base: range.start,
        locator,
        losses,
        sink,
        stack: Vec::new(),
        root_counts: BTreeMap::new(),
        path: String::new(),
        too_deep: 0,
        values: 0,
        roots: 0,
        structured: false,
        tag_end: range.start,
        root_end: range.start,
    };
    let mut reader = Reader::from_str(source);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.check_comments = false;
    loop {
        let start = position(reader.buffer_position());
        let event = reader.read_event();
        let end = position(reader.buffer_position());
        let going_on = match event {
            Ok(Event::Eof) => false,
            Ok(event) => parser.event(&event, start, end),
            Err(_) => {
                parser.broken_tag(start, source.len());
                false
            }
        };
        if !going_on || parser.values > VALUES {
            let seen = end.min(source.len());
            return parser.finish(range.start + seen, range.end);
        }
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

impl Parser<'_, '_, '_> {
    /// Takes an event in; false ends the reading.
    fn event(&mut self, event: &Event<'_>, start: usize, end: usize) -> bool {
        match event {
            Event::Start(tag) => return self.open(tag, start, end, false),
            Event::Empty(tag) => {
                let open = self.stack.len() + self.too_deep;
                if !self.open(tag, start, end, false) {
                    return false;
                }
                if self.stack.len() + self.too_deep > open {
                    self.close();
                }
            }
            Event::End(tag) => {
                let name = local(tag.trim()).to_owned();
                if self.stack.is_empty() {
                    return false;
                }
                self.tag_end = self.base + end;
                self.end_tag(&name, start);
            }
            Event::Text(raw) => return self.text(raw, start, false),
            Event::GeneralRef(name) => {
                let whole: &str = name;
                return self.text(&format!("&{whole};"), start, false);
            }
            Event::CData(raw) => return self.text(raw, start + "<![CDATA[".len(), true),
            Event::DocType(raw) => {
                if raw.contains("<!ENTITY") {
                    let line = self.locator.line(self.base + start);
                    self.losses.add(line, text!("XML: the document defines entities: they are not expanded"));
                }
                self.tag_end = self.base + end;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return false,
        }
        true
    }

    /// Opens the element of `tag` (`name a="b"`, without its brackets).
    fn open(&mut self, tag: &str, start: usize, end: usize, cut: bool) -> bool {
        let name_len = tag.find(|c: char| !is_name_char(c)).unwrap_or(tag.len());
        let name = local(&tag[..name_len]);
        if name.is_empty() {
            // `a < b`: no tag, but text.
            return self.text(&format!("<{tag}>"), start, true);
        }
        self.tag_end = self.base + end;
        if self.stack.len() >= DEPTH {
            if self.too_deep == 0 {
                let line = self.locator.line(self.base + start);
                self.losses.cut(
                    line,
                    text!("XML: nested deeper than {levels}: the inner elements were left out", levels = DEPTH),
                );
            }
            self.too_deep += 1;
            return true;
        }
        self.values += 1;
        let counts = self.stack.last_mut().map_or(&mut self.root_counts, |f| &mut f.counts);
        let count = counts.entry(name.into()).or_insert(0);
        *count += 1;
        let index = *count;
        let path = self.path.len();
        self.path.push('/');
        self.path.push_str(name);
        let mut place = self.locator.place(self.base + start);
        let attributes = self.attributes(&tag[name_len..], self.base + start + 1 + name_len, cut);
        let named = attributes.iter().find(|(key, _)| &*key.name == "N").and_then(|(_, node)| node.text());
        match named {
            Some(named) if named.len() <= 64 => self.path.push_str(&format!("[@N='{named}']")),
            _ if index > 1 => self.path.push_str(&format!("[{index}]")),
            _ => {}
        }
        if self.path.len() <= POINTER {
            place.pointer = Some(self.path.as_str().into());
        }
        self.structured |= !attributes.is_empty() || !self.stack.is_empty();
        let attributes = attributes
            .into_iter()
            .map(|(key, mut node)| {
                if self.path.len() <= POINTER {
                    node.place.pointer = Some(format!("{}/@{}", self.path, key.name).into());
                }
                (key, node)
            })
            .collect();
        self.stack.push(Frame {
            element: Element {
                name: name.into(),
                attributes,
                children: Vec::new(),
                text: String::new(),
                cut,
                text_place: place.clone(),
                place,
            },
            counts: BTreeMap::new(),
            path,
            text_seen: false,
        });
        true
    }

    /// Attributes as forgiving as can be: quotes of both kinds or none, no blank between them.
    fn attributes(&mut self, text: &str, base: usize, cut: bool) -> Vec<(Key, Node)> {
        let mut attributes = Vec::new();
        let mut at = 0;
        while let Some(skip) = text[at..].find(is_name_char) {
            at += skip;
            let len = text[at..].find(|c: char| !is_name_char(c)).unwrap_or(text.len() - at);
            let name = &text[at..at + len];
            let name_at = at;
            at += len;
            let blanks = text[at..].len() - text[at..].trim_start().len();
            if !text[at + blanks..].starts_with('=') {
                continue;
            }
            at += blanks + 1;
            at += text[at..].len() - text[at..].trim_start().len();
            let quote = text[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
            at += usize::from(quote.is_some());
            let rest = &text[at..];
            let close = match quote {
                Some(quote) => rest.find(quote),
                None => Some(rest.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(rest.len())),
            };
            let value = &rest[..close.unwrap_or(rest.len())];
            let open = close.is_none() || cut && quote.is_none() && close == Some(rest.len());
            if attributes.len() >= ATTRIBUTES {
                let line = self.locator.line(base + at);
                self.losses.add(
                    line,
                    text!("XML: more than {count} attributes: the rest was left out", count = ATTRIBUTES),
                );
                break;
            }
            self.values += 1;
            let key = Key {
                name: unescape(local(name)).into(),
                place: self.locator.place(base + name_at),
            };
            let decoded: Box<str> = decode(value).into();
            let value_node = if open { Value::Cut(decoded) } else { Value::Text(decoded) };
            attributes.push((key, Node::new(value_node, self.locator.place(base + at))));
            at += value.len() + usize::from(quote.is_some() && close.is_some());
        }
        attributes
    }

    /// Text between tags; false if it stands outside of any element.
    fn text(&mut self, raw: &str, start: usize, literal: bool) -> bool {
        if self.too_deep > 0 {
            return true;
        }
        let Some(frame) = self.stack.last_mut() else {
            return !literal && raw.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}').is_empty();
        };
        let element = &mut frame.element;
        if !frame.text_seen && !raw.trim().is_empty() {
            frame.text_seen = true;
            let lead = raw.len() - raw.trim_start().len();
            let offset = self.base + start + lead;
            let pointer = element.text_place.pointer.take();
            element.text_place = Place {
                pointer,
                ..self.locator.place(offset.min(self.text.len()))
            };
        }
        if element.text.len() + raw.len() > TEXT {
            if !element.cut {
                element.cut = true;
                let line = self.locator.line(self.base + start);
                self.losses.cut(
                    line,
                    text!("XML: a text of more than {size} MiB: its rest was left out", size = TEXT >> 20),
                );
            }
            return true;
        }
        match literal {
            true => element.text.push_str(raw),
            false => element.text.push_str(&decode(raw)),
        }
        true
    }

    fn end_tag(&mut self, name: &str, start: usize) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let matches = |frame: &Frame| frame.element.name.eq_ignore_ascii_case(name);
        let Some(depth) = self.stack.iter().rposition(matches) else {
            let line = self.locator.line(self.base + start);
            let shown = crate::model::Excerpt::capture(name);
            self.losses.add(line, text!("XML: `</{name}>` closes nothing", name = shown));
            return;
        };
        if depth + 1 < self.stack.len() {
            let line = self.locator.line(self.base + start);
            self.losses.add(line, text!("XML: an element was not closed before the one around it"));
        }
        while self.stack.len() > depth {
            self.close();
        }
    }

    /// Ends the innermost element.
    fn close(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        self.path.truncate(frame.path);
        let depth = self.stack.len();
        match self.stack.last_mut() {
            None => {
                self.roots += 1;
                self.structured |= self.roots > 1;
                self.root_end = self.tag_end;
                (self.sink)(frame.element, Level::Root);
            }
            Some(parent) if depth == 1 && &*parent.element.name == "Objs" => {
                self.values = 0;
                (self.sink)(frame.element, Level::Item);
            }
            Some(parent) => parent.element.children.push(frame.element),
        }
    }

    /// A tag that the text's end has cut.
    fn broken_tag(&mut self, start: usize, end: usize) {
        let Some(tag) = self.text.get(self.base + start..self.base + end) else {
            return;
        };
        if let Some(inner) = tag.strip_prefix('<').filter(|t| t.len() <= TEXT && t.starts_with(char::is_alphabetic)) {
            // One more element than the text has ended.
            self.open(inner, start, end, true);
            self.tag_end = self.base + end;
        } else if !self.stack.is_empty() {
            self.tag_end = self.base + end;
        }
    }

    fn finish(mut self, seen: usize, limit: usize) -> Option<Read> {
        if self.values > VALUES {
            let line = self.locator.line(seen);
            self.losses
                .cut(line, text!("XML: more than 2,000,000 elements and attributes: the rest was left out"));
        }
        let mut end = self.root_end;
        if !self.stack.is_empty() {
            let tail = self.text.get(self.tag_end..limit).unwrap_or("");
            // Text behind the last tag on its own line is the element's, further text is somebody's prose.
            let own = seen >= limit && !tail.trim_end().contains('\n');
            end = if own { limit } else { self.tag_end };
            let open = self.stack.len();
            let name = self.stack.last().map_or("", |f| &*f.element.name).to_owned();
            let line = self.locator.line(end.saturating_sub(1));
            let shown = crate::model::Excerpt::capture(&name);
            self.losses.cut(
                line,
                counted!(
                    open,
                    "XML: the text ends here, 1 element open: expected `</{name}>`",
                    "XML: the text ends here, {count} elements open: expected `</{name}>`",
                    name = shown
                ),
            );
            self.tag_end = end;
            self.too_deep = 0;
            if let Some(frame) = self.stack.last_mut() {
                frame.element.cut |= own;
                if !own {
                    frame.element.text.clear();
                }
            }
            while !self.stack.is_empty() {
                self.close();
            }
        }
        (self.roots > 0).then_some(Read {
            end,
            seen,
            structured: self.structured,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::View;
    use super::*;
    use crate::bundle::{Encoding, Text};
    use proptest::prelude::*;

    fn nodes(content: &str) -> (Vec<Node>, Vec<String>, Option<Read>) {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let mut losses = Losses::default();
        let mut nodes = Vec::new();
        let read = read(view.text(), 0..content.len(), &mut view.locator(), &mut losses, &mut |e, _| {
            nodes.push(e.into_node(true))
        });
        (
            nodes,
            losses
                .into_vec()
                .into_iter()
                .map(|l| format!("{}: {}", l.line, l.reason.english()))
                .collect(),
            read,
        )
    }

    #[test]
    fn reads_a_document() {
        let (all, losses, _) = nodes(
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<!-- x -->\n<P:Export partition=\"1\">\n  <Setting name=\"A &quot;b&quot;\" value=\"\"/>\n  <Setting name=\"é\"  value = 'https://a/?x=1&amp;y=2'/>\n  <Port>587</Port><None/><Account_x0020_type User_x0020_name=\"a\"/>\n  <Long><![CDATA[a < b]]> &amp; c</Long>\n</P:Export>\n",
        );
        assert!(losses.is_empty(), "{losses:?}");
        let settings: Vec<_> = all[0].all("Setting").collect();
        assert_eq!(settings[0].get("name").unwrap().text(), Some("A \"b\""));
        assert_eq!(settings[0].get("value").unwrap().value, Value::Text("".into()));
        let url = settings[1].get("value").unwrap();
        assert_eq!((url.text(), url.place.line, url.place.column), (Some("https://a/?x=1&y=2"), 5, 31));
        assert_eq!(url.place.pointer.as_deref(), Some("/Export/Setting[2]/@value"));
        assert_eq!(
            (all[0].get("Port").unwrap().text(), all[0].get("Port").unwrap().place.column),
            (Some("587"), 9)
        );
        assert_eq!(all[0].get("None").unwrap().value, Value::Null);
        assert_eq!(all[0].get("Long").unwrap().text(), Some("a < b & c"));
        assert_eq!(all[0].get("Account type").unwrap().get("User name").unwrap().text(), Some("a"));
    }

    #[test]
    fn fragments_have_several_roots_and_end_at_prose() {
        let content = "<row a=\"1\"/>\n<row a=\"2\"errorid=\"x\"/>\n\nso much for that <b>";
        let (all, losses, read) = nodes(content);
        assert_eq!((all.len(), losses.len()), (2, 0));
        assert_eq!(all[1].get("errorid").unwrap().text(), Some("x"));
        assert_eq!(&content[read.unwrap().end..][..5], "\n\nso ");
    }

    #[test]
    fn a_cut_tail_keeps_what_came_before() {
        let (all, losses, _) = nodes("<a><b>1</b><c x=\"2\" y=\"https://ece.exa");
        assert_eq!(all[0].get("b").unwrap().text(), Some("1"));
        assert_eq!(all[0].at(&["c", "x"]).unwrap().text(), Some("2"));
        assert_eq!(all[0].at(&["c", "y"]).unwrap().value, Value::Cut("https://ece.exa".into()));
        assert_eq!(losses.len(), 1);
        let (all, ..) = nodes("<a><b>https://ece.exa");
        assert_eq!(all[0].get("b").unwrap().value, Value::Cut("https://ece.exa".into()));
    }

    #[test]
    fn bombs_do_nothing() {
        let (all, losses, _) = nodes("<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>\n<lolz>&lol2;</lolz>");
        assert_eq!(all[0].get("#text").unwrap().text(), Some("&lol2;"));
        assert_eq!(losses.len(), 1);
        let (all, losses, _) = nodes(&"<a>".repeat(100_000));
        assert_eq!((all.len(), losses.len()), (1, 2));
        let attributes: String = (0..2000).map(|i| format!(" a{i}=\"x\"")).collect();
        let (all, losses, _) = nodes(&format!("<a{attributes}/>"));
        assert_eq!((all[0].entries().len(), losses.len()), (ATTRIBUTES, 1));
    }

    #[test]
    fn tells_tags_from_angle_brackets() {
        for yes in ["<?xml ", "<a>", "<a/>", "<a b='1'>", "<ns:a\n"] {
            assert!(begins(yes), "{yes}");
        }
        for no in ["<sales@example.com>", "<https://x>", "< b", "<@>", "<1>", "<a"] {
            assert!(!begins(no), "{no}");
        }
    }

    #[test]
    fn every_truncation_is_harmless() {
        let sample = "<?xml version=\"1.0\"?><!DOCTYPE a><a é=\"1\"><!-- c --><b>x &amp; y</b><![CDATA[z]]><c d='2'/></a><e/>";
        for end in (0..=sample.len()).filter(|at| sample.is_char_boundary(*at)) {
            nodes(&sample[..end]);
        }
    }

    proptest! {
        #[test]
        fn never_panics(content in "[<>/a =\"'&;!\\[\\]?é\n-]{0,60}") {
            nodes(&content);
        }
    }
}
