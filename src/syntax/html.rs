//! HTML: the tables of `ConvertTo-Html`, portals and mail programs, and the text around them. No engine: tags, cells, text.

use super::entities::decode;
use super::header::is_header;
use super::records::{Records, form};
use super::view::{Losses, View};
use super::{Key, Node, Value, node};
use crate::text;
use std::borrow::Cow;
use std::ops::Range;

/// Deepest nesting of tables: mail programs lay pages out with them.
const DEPTH: usize = 32;
/// Most cells of a page.
const CELLS: usize = 1_000_000;

/// A page taken apart.
pub(super) struct Page<'a> {
    /// Its data tables: nodes, first and last offset.
    pub(super) tables: Vec<(Vec<Node>, Range<usize>)>,
    /// Its text outside of them, line by line.
    pub(super) text: View<'a>,
    /// Offset behind it.
    pub(super) end: usize,
}

/// True if a page or a table of HTML begins `text`.
pub(super) fn begins(text: &str) -> bool {
    let head: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    let starts = |name: &str| head.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '>', '\t', '\r', '\n']));
    starts("<!doctype html") || starts("<html") || starts("<table") || starts("<head") || starts("<body") || starts("<div") || starts("<meta")
}

/// A run of text: where it stands, and whether it is a copy of what stands there.
struct Piece {
    at: usize,
    text: String,
    exact: bool,
}

#[derive(Default)]
struct Cell {
    at: usize,
    head: bool,
    pieces: Vec<Piece>,
}

impl Cell {
    fn text(&self) -> String {
        let all: String = self.pieces.iter().map(|p| p.text.as_str()).collect();
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where its text begins.
    fn text_at(&self) -> usize {
        self.pieces.iter().find(|p| !p.text.trim().is_empty()).map_or(self.at, |p| p.at)
    }
}

#[derive(Default)]
struct Table {
    start: usize,
    rows: Vec<Vec<Cell>>,
    /// It has a table inside: then it is layout.
    nested: bool,
    in_cell: bool,
}

struct Reader {
    tables: Vec<Table>,
    pieces: Vec<Piece>,
    found: Vec<(Table, usize)>,
    cells: usize,
    /// Inside `<pre>`: blanks and lines count.
    verbatim: usize,
}

/// Reads the page that begins at `range.start`: up to `</html>`, up to `</table>` if it is only that, or to the end.
pub(super) fn read<'a>(view: &View<'a>, range: Range<usize>, losses: &mut Losses) -> Page<'a> {
    let text = view.text();
    let alone = text[range.start..].get(..6).is_some_and(|head| head.eq_ignore_ascii_case("<table"));
    let mut reader = Reader {
        tables: Vec::new(),
        pieces: Vec::new(),
        found: Vec::new(),
        cells: 0,
        verbatim: 0,
    };
    let mut at = range.start;
    let mut ended = false;
    while at < range.end {
        let rest = &text[at..range.end];
        match rest.find('<') {
            Some(0) => {}
            found => {
                let len = found.unwrap_or(rest.len());
                reader.text(at, &rest[..len]);
                at += len;
                continue;
            }
        }
        if rest.starts_with("<!--") {
            at += rest.find("-->").map_or(rest.len(), |n| n + 3);
            continue;
        }
        let tag = rest
            .as_bytes()
            .get(1)
            .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?'));
        let Some(close) = rest.find('>').filter(|_| tag) else {
            reader.text(at, "<");
            at += 1;
            continue;
        };
        let inner = rest[1..close].trim_end_matches('/');
        let name_len = inner
            .trim_start_matches('/')
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(inner.trim_start_matches('/').len());
        let name = inner.trim_start_matches('/')[..name_len].to_ascii_lowercase();
        let closing = inner.starts_with('/');
        let tag_at = at;
        at += close + 1;
        if !closing && matches!(name.as_str(), "script" | "style" | "head") {
            let end = format!("</{name}");
            at += find_ignoring_case(&text[at..range.end], &end).unwrap_or(if name == "head" { 0 } else { range.end - at });
            continue;
        }
        reader.tag(&name, closing, tag_at, at);
        if closing && (name == "html" || alone && name == "table" && reader.tables.is_empty()) {
            ended = true;
            break;
        }
    }
    if !ended && (alone || !reader.tables.is_empty()) {
        losses.cut(view.line(at.saturating_sub(1)), text!("HTML: the text ends inside of a table"));
    }
    while !reader.tables.is_empty() {
        reader.end_table(at);
    }
    if reader.cells > CELLS {
        losses.cut(view.line(range.start), text!("HTML: more than 1,000,000 cells: the rest was left out"));
    }
    let mut locator = view.locator();
    let mut tables = Vec::new();
    let mut found = std::mem::take(&mut reader.found);
    found.sort_by_key(|(table, _)| table.start);
    for (table, end) in found {
        let nodes = nodes(&table, &mut |at| locator.place(at));
        tables.push((nodes, table.start..end));
    }
    let pieces = reader.pieces.into_iter().map(|p| (p.at, Cow::Owned(p.text), p.exact));
    Page {
        tables,
        text: view.made_of(pieces),
        end: at,
    }
}

/// Offset of `what` (lower case) in `text`, whatever its case.
fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', text.as_bytes()).find(|&at| {
        text.as_bytes()
            .get(at..at + what.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(what.as_bytes()))
    })
}

impl Reader {
    fn text(&mut self, at: usize, raw: &str) {
        if self.verbatim > 0 {
            let mut offset = at;
            for line in raw.split_inclusive('\n') {
                let decoded = decode(line);
                let exact = decoded == line;
                let text = decoded.replace('\u{A0}', " ");
                self.push(offset, text, exact && !line.contains('\u{A0}'));
                offset += line.len();
            }
            return;
        }
        let decoded = decode(raw);
        let mut folded = String::with_capacity(decoded.len());
        for c in decoded.chars() {
            match c {
                '\u{A0}' => folded.push(' '),
                c if c.is_whitespace() => {
                    if !folded.ends_with(' ') {
                        folded.push(' ');
                    }
                }
                c => folded.push(c),
            }
        }
        let lead = raw.len() - raw.trim_start().len();
        self.push(at + lead, folded, false);
    }

    fn push(&mut self, at: usize, text: String, exact: bool) {
        let target = match self.tables.last_mut() {
            // Text between cells is layout.
            Some(table) if !table.in_cell => return,
            Some(table) => match table.rows.last_mut().and_then(|row| row.last_mut()) {
                Some(cell) => &mut cell.pieces,
                None => return,
            },
            None => &mut self.pieces,
        };
        let blank = text.trim_matches([' ', '\t']).is_empty();
        if blank && !exact && target.last().is_none_or(|p| p.text.ends_with('\n')) {
            return;
        }
        target.push(Piece { at, text, exact });
    }

    fn tag(&mut self, name: &str, closing: bool, at: usize, end: usize) {
        match (name, closing) {
            ("table", false) => {
                if let Some(outer) = self.tables.last_mut() {
                    outer.nested = true;
                }
                if self.tables.len() < DEPTH {
                    self.tables.push(Table {
                        start: at,
                        ..Table::default()
                    });
                }
            }
            ("table", true) => self.end_table(end),
            ("tr", false) => {
                if let Some(table) = self.tables.last_mut() {
                    table.in_cell = false;
                    table.rows.push(Vec::new());
                }
            }
            ("td" | "th", false) => {
                self.cells += 1;
                if let Some(table) = self.tables.last_mut().filter(|_| self.cells <= CELLS) {
                    if table.rows.is_empty() {
                        table.rows.push(Vec::new());
                    }
                    table.in_cell = true;
                    if let Some(row) = table.rows.last_mut() {
                        row.push(Cell {
                            at: end,
                            head: name == "th",
                            pieces: Vec::new(),
                        });
                    }
                }
            }
            ("td" | "th" | "tr", true) => {
                if let Some(table) = self.tables.last_mut() {
                    table.in_cell = false;
                }
            }
            ("pre" | "textarea" | "xmp", false) => {
                self.verbatim += 1;
                self.push(end, "\n".into(), false);
            }
            ("pre" | "textarea" | "xmp", true) => {
                self.verbatim = self.verbatim.saturating_sub(1);
                self.push(at, "\n".into(), false);
            }
            ("br" | "hr", _)
            | ("p" | "div" | "li" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "title" | "dt" | "dd", _) => {
                self.push(at, "\n".into(), false);
            }
            _ => {}
        }
    }

    fn end_table(&mut self, end: usize) {
        let Some(table) = self.tables.pop() else { return };
        let widest = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        let headed = table.rows.first().is_some_and(|row| row.iter().any(|cell| cell.head));
        if !table.nested && (widest > 1 || headed) {
            self.found.push((table, end));
            return;
        }
        // Layout: its text is text of what stands around it.
        for row in table.rows {
            for cell in row {
                for piece in cell.pieces {
                    self.push(piece.at, piece.text, piece.exact);
                }
                self.push(end, "\n".into(), false);
            }
        }
    }
}

/// Rows as bags: under a header, or label by value.
fn nodes(table: &Table, place: &mut dyn FnMut(usize) -> super::Place) -> Vec<Node> {
    let rows: Vec<&Vec<Cell>> = table.rows.iter().filter(|row| !row.is_empty()).collect();
    let filled = |row: &&&Vec<Cell>| row.iter().any(|cell| !cell.text().is_empty());
    let labelled = !rows.is_empty()
        && rows.iter().filter(filled).all(|row| row.len() == 2)
        && (rows.iter().filter(filled).all(|row| row[0].head && !row[1].head) || rows.iter().filter(filled).all(|row| row[0].text().ends_with(':')));
    let value = |cell: &Cell| match cell.text() {
        empty if empty.is_empty() => Value::Null,
        text if node::is_cut_by_depth(&text) => Value::Cut(text.into()),
        text => Value::Text(text.into()),
    };
    if labelled {
        let mut records = Records::default();
        for row in rows {
            let [label, cell] = row.as_slice() else {
                // A rule between objects.
                records.end();
                continue;
            };
            let key = Key {
                name: label.text().trim_end_matches(':').trim().into(),
                place: place(label.text_at()),
            };
            records.push(key, Node::new(value(cell), place(cell.text_at())));
        }
        return records.into_nodes();
    }
    let mut nodes = Vec::new();
    let Some(first) = rows.first() else { return nodes };
    let texts = |row: &[Cell]| -> Vec<String> { row.iter().map(Cell::text).collect() };
    let sample: Vec<Vec<String>> = rows.iter().skip(1).take(20).map(|row| texts(row)).collect();
    let sample: Vec<Vec<&str>> = sample.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let head = texts(first);
    let headed = first.iter().all(|cell| cell.head) || rows.len() > 1 && is_header(&head.iter().map(String::as_str).collect::<Vec<_>>(), &sample);
    let keys: Vec<Key> = match headed {
        true => first
            .iter()
            .enumerate()
            .map(|(i, cell)| Key {
                name: Some(cell.text())
                    .filter(|t| !t.is_empty())
                    .unwrap_or_else(|| format!("#{}", i + 1))
                    .into(),
                place: place(cell.text_at()),
            })
            .collect(),
        false => Vec::new(),
    };
    for row in rows.iter().skip(usize::from(headed)) {
        let entries: Vec<(Key, Node)> = row
            .iter()
            .enumerate()
            .map(|(i, cell)| {
                let own = place(cell.text_at());
                let key = keys.get(i).cloned().unwrap_or_else(|| Key {
                    name: format!("#{}", i + 1).into(),
                    place: own.clone(),
                });
                (key, Node::new(value(cell), own))
            })
            .collect();
        let at = entries.first().map(|(_, n)| n.place.clone()).unwrap_or_default();
        nodes.push(Node::new(Value::Bag(entries), at));
    }
    if headed { nodes } else { form(nodes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use proptest::prelude::*;

    fn page(content: &str) -> (Vec<Vec<Node>>, String, Vec<u64>) {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let page = read(&view, 0..content.len(), &mut Losses::default());
        let lines = page.text.text().match_indices('\n').map(|(at, _)| page.text.line(at)).collect();
        (page.tables.into_iter().map(|t| t.0).collect(), page.text.text().to_owned(), lines)
    }

    #[test]
    fn convert_to_html() {
        let (tables, ..) = page(
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\">\n<html><head><title>HTML TABLE</title></head><body>\n<table>\n<colgroup><col/><col/></colgroup>\n<tr><th>Name</th><th>EwsEnabled</th></tr>\n<tr><td>Sales &amp; Co</td><td></td></tr>\n</table>\n</body></html>\n",
        );
        let row = &tables[0][0];
        assert_eq!(row.get("Name").unwrap().text(), Some("Sales & Co"));
        assert_eq!((row.get("Name").unwrap().place.line, row.get("Name").unwrap().place.column), (6, 9));
        assert_eq!(row.get("EwsEnabled").unwrap().value, Value::Null);
        let (tables, ..) = page(
            "<table><tr><td>Name:</td><td>a</td></tr><tr><td>Imap:</td><td>True</td></tr><tr><td><hr></td></tr><tr><td>Name:</td><td>b</td></tr></table>",
        );
        assert_eq!(tables[0].len(), 2);
        assert_eq!(tables[0][0].get("Imap").unwrap().boolean(), Some(true));
    }

    #[test]
    fn text_around_tables_keeps_its_lines() {
        let (tables, text, lines) = page(
            "<html><head><style>p{}</style></head><body><table><tr><td><p>Hello</p>\n<pre>\nName : a\nImap : True\n</pre>\n<table><tr><td>x</td><td>y</td></tr></table></td></tr></table></body></html>",
        );
        assert_eq!(tables.len(), 1);
        assert!(text.contains("Hello"), "{text}");
        assert!(text.contains("\nName : a\nImap : True\n"), "{text:?}");
        assert!(lines.contains(&3) && lines.contains(&4), "{lines:?}");
    }

    #[test]
    fn cut_and_damaged_pages() {
        let sample = "<table><tr><th>é</th><td>1<tr><td>2</td></tr><table><tr></table>< 3 <!-- x --><script>a</script></table>";
        for end in (0..=sample.len()).filter(|at| sample.is_char_boundary(*at)) {
            page(&sample[..end]);
        }
        page(&"<table><tr><td>".repeat(5000));
    }

    proptest! {
        #[test]
        fn never_panics(parts in prop::collection::vec(prop::sample::select(vec!["<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "x", "\n", "é", "<", ">", "<pre>", "</pre>", "&amp;", "<!--"]), 0..40)) {
            page(&parts.concat());
        }
    }
}
