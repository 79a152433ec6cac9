//! Delimited text: what PowerShell, SSMS, Excel, portals and people call CSV.
//!
//! The splitter is our own, because two things count here that csv libraries don't tell: whether an empty cell had quotes
//! (PowerShell writes null as nothing and an empty string as `""`), and in which column of which line a cell stands.

use super::header::{is_column_name, is_header, is_name};
use super::view::{Losses, View};
use super::{Key, Node, Place, Value};
use crate::text;
use std::ops::Range;

/// Most bytes of a record.
const RECORD: usize = 1 << 20;
/// Most cells of a record that are kept.
const CELLS: usize = 4096;
/// Most rows of a table: no export of a deployment has nearly as many.
const TABLE: usize = 500_000;
/// Rows handed out at a time.
const ROWS: usize = 4096;

/// One cell as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// Offset of its first character, the quote if it has one.
    pub(super) at: usize,
    /// Its text without quotes.
    pub(super) text: String,
    /// It was in quotes.
    pub(super) quoted: bool,
    /// Its closing quote is missing.
    pub(super) open: bool,
}

/// One record: its cells and where the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) cells: Vec<Cell>,
    pub(super) end: usize,
    /// A line break ends it (and not the end of the text).
    pub(super) terminated: bool,
    /// Cells beyond the limit were left out, or the record was longer than the limit.
    pub(super) over: bool,
}

impl Record {
    fn is_blank(&self) -> bool {
        matches!(self.cells.as_slice(), [cell] if !cell.quoted && cell.text.trim().is_empty())
    }

    /// True if it has the text of a line without a delimiter: a title, a trailer.
    fn single(&self) -> Option<&Cell> {
        match self.cells.as_slice() {
            [cell] => Some(cell),
            _ => None,
        }
    }
}

/// Reads the record that begins at `start`.
pub(super) fn record(text: &str, start: usize, delimiter: u8) -> Record {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(start.saturating_add(RECORD));
    let mut record = Record {
        cells: Vec::new(),
        end: start,
        terminated: false,
        over: false,
    };
    let mut at = start;
    loop {
        let (cell, end) = cell(text, at, delimiter, limit);
        if record.cells.len() < CELLS {
            record.cells.push(cell);
        } else {
            record.over = true;
        }
        at = end;
        match bytes.get(at) {
            Some(&b) if b == delimiter && at < limit => at += 1,
            Some(b'\n') => {
                record.terminated = true;
                record.end = at + 1;
                return record;
            }
            None => {
                record.end = at;
                return record;
            }
            Some(_) => {
                // Beyond the limit: the rest of the line belongs to nothing.
                record.over = true;
                record.end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
                return record;
            }
        }
    }
}

fn cell(text: &str, at: usize, delimiter: u8, limit: usize) -> (Cell, usize) {
    let bytes = text.as_bytes();
    let blanks = bytes[at..limit].iter().take_while(|b| **b == b' ').count();
    if bytes[..limit].get(at + blanks) == Some(&b'"')
        && let Some(found) = quoted_cell(text, at + blanks, delimiter, limit)
    {
        return found;
    }
    let len = memchr::memchr2(delimiter, b'\n', &bytes[at..limit]).unwrap_or_else(|| floor(text, limit) - at);
    let written = text[at..at + len].trim_end_matches('\r');
    let cell = Cell {
        at,
        text: written.to_owned(),
        quoted: false,
        open: false,
    };
    (cell, at + len)
}

/// A cell in quotes; `None` if its closing quote is not within the limit, and something follows: then the quote was meant as it is.
fn quoted_cell(text: &str, at: usize, delimiter: u8, limit: usize) -> Option<(Cell, usize)> {
    let bytes = text.as_bytes();
    let mut value = String::new();
    let mut from = at + 1;
    loop {
        // A pair of quotes may stand across the limit.
        match memchr::memchr(b'"', &bytes[from.min(limit)..limit]) {
            None if limit < bytes.len() => return None,
            None => {
                value.push_str(text[from..].trim_end_matches(['\r', '\n']));
                let cell = Cell {
                    at,
                    text: value,
                    quoted: true,
                    open: true,
                };
                return Some((cell, bytes.len()));
            }
            Some(n) if bytes.get(from + n + 1) == Some(&b'"') => {
                value.push_str(&text[from..from + n + 1]);
                from += n + 2;
            }
            Some(n) => {
                value.push_str(&text[from..from + n]);
                let close = from + n + 1;
                let len =
                    memchr::memchr2(delimiter, b'\n', &bytes[close.min(limit)..limit]).unwrap_or_else(|| floor(text, limit).saturating_sub(close));
                // Something between the closing quote and the delimiter: kept, as spreadsheets do.
                value.push_str(text[close..close + len].trim_end());
                let cell = Cell {
                    at,
                    text: value,
                    quoted: true,
                    open: false,
                };
                return Some((cell, close + len));
            }
        }
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// How a block of delimited text is laid out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Between the cells.
    pub(super) delimiter: u8,
    /// Offset of the header, or of the first row if there is none.
    pub(super) start: usize,
    /// The first row has column names.
    pub(super) header: bool,
    /// Type name of a `#TYPE` line.
    pub(super) name: Option<String>,
}

/// The layout of delimited text that begins at `range.start`; `None` if it is none. Inside prose (`whole` false) more is asked for:
/// a header that looks like one, and rows of its length.
pub(super) fn sniff(text: &str, range: Range<usize>, whole: bool) -> Option<Layout> {
    let text = text.get(..range.end)?;
    let mut start = range.start;
    let mut delimiter = None;
    let mut name = None;
    loop {
        let line = line_at(text, start);
        let bare = line.trim().trim_matches('"');
        if let Some(sep) = bare.strip_prefix("sep=").and_then(|s| s.bytes().next()).filter(|_| bare.len() == 5) {
            delimiter = Some(sep);
        } else if let Some(kind) = bare.strip_prefix("#TYPE ") {
            name = Some(kind.trim().trim_end_matches([',', ';']).trim_matches('"').to_owned());
        } else {
            break;
        }
        start = next_line(text, start)?;
    }
    let declared = delimiter.is_some() || name.is_some();
    let delimiter = match delimiter {
        Some(d) => d,
        None => match delimiter_of(text, start) {
            Some(d) => d,
            None if declared || is_single_column(text, start, whole) => b',',
            None => return None,
        },
    };
    let first = record(text, start, delimiter);
    let width = first.cells.len();
    let quoted = first.cells.iter().all(|c| c.quoted);
    // In prose a blank follows the comma.
    let sentence = delimiter == b',' && first.cells.iter().any(|c| c.text.starts_with(' ')) && !first.cells.iter().any(|c| is_column_name(&c.text));
    let named = quoted || !sentence && first.cells.iter().all(|c| is_name(&c.text));
    let enough = if delimiter == b',' && !quoted { 3 } else { 2 };
    if !whole && !declared && (width < enough || !named) {
        return None;
    }
    // `Hi team,`: a salutation, and the lines of a pasted document below end in commas as well.
    if !declared && matches!(first.cells.as_slice(), [_, last] if last.text.is_empty()) {
        return None;
    }
    let sample: Vec<Record> = records(text, first.end, delimiter).filter(|r| !r.is_blank()).take(20).collect();
    let header = is_header(&texts(&first), &sample.iter().map(texts).collect::<Vec<_>>());
    let alike = sample.iter().filter(|r| r.cells.len() == width).count();
    let convincing = if declared {
        true
    } else if whole {
        let dated = first
            .cells
            .first()
            .is_some_and(|c| c.text.starts_with(|d: char| d.is_ascii_digit()) && c.text.contains(':'));
        let regular = match header {
            true => alike > 0 && alike * 2 >= sample.len() || sample.is_empty() && width > 2 || is_cut(&sample, width),
            false => alike > 0 && alike * 5 >= sample.len() * 4 && !dated,
        };
        quoted || width > 1 && regular && !sentence
    } else {
        let row_below = sample.first().is_some_and(|r| r.cells.len() == width);
        header && (row_below || sample.is_empty() && width > 3)
    };
    convincing.then_some(Layout {
        delimiter,
        start,
        header: header || declared && name.is_some(),
        name,
    })
}

/// True if the only row below a header is one that the end of the text has cut.
fn is_cut(sample: &[Record], width: usize) -> bool {
    matches!(sample, [row] if row.cells.len() < width && !row.terminated)
}

fn texts(record: &Record) -> Vec<&str> {
    record.cells.iter().map(|c| c.text.trim()).collect()
}

/// Records from `start` to the end of the text.
fn records(text: &str, start: usize, delimiter: u8) -> impl Iterator<Item = Record> + '_ {
    let mut at = start;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let next = record(text, at, delimiter);
        at = next.end;
        Some(next)
    })
}

fn line_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or("");
    let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    rest[..end].trim_end_matches('\r')
}

fn next_line(text: &str, start: usize) -> Option<usize> {
    memchr::memchr(b'\n', text.get(start..)?.as_bytes()).map(|n| start + n + 1)
}

/// The delimiter that splits the line at `start` into most cells, outside quotes.
fn delimiter_of(text: &str, start: usize) -> Option<u8> {
    let line = line_at(text, start);
    let mut counts = [(0usize, b'\t'), (0, b';'), (0, b','), (0, b'|')];
    let mut quoted = false;
    for byte in line.bytes().take(RECORD) {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(_, d)| *d == byte).for_each(|(n, _)| *n += 1),
        }
    }
    // Of equal counts the first wins: a tab or a semicolon is rarely part of a value.
    let best = counts.iter().rev().max_by_key(|(n, _)| *n)?;
    (best.0 > 0).then_some(best.1)
}

/// A list of values in quotes, one per line, under a name in quotes.
fn is_single_column(text: &str, start: usize, whole: bool) -> bool {
    let quoted = |line: &str| line.len() > 2 && line.starts_with('"') && line.ends_with('"');
    let mut lines = text.get(start..).unwrap_or("").lines().take(20).map(str::trim_end);
    whole
        && lines.next().is_some_and(|first| quoted(first) && is_name(first.trim_matches('"')))
        && lines.all(|l| l.is_empty() || quoted(l) || l == "\"\"")
}

/// The value of a cell: nothing is null, `""` is an empty text.
fn value_of(cell: &Cell) -> Value {
    match cell.text.as_str() {
        "" if !cell.quoted => Value::Null,
        text if cell.open || super::node::is_cut_by_depth(text) => Value::Cut(text.into()),
        text => Value::Text(text.into()),
    }
}

/// Reads a block of the given layout: hands out its rows in parts of some thousands, each row a bag. Ends at `range_end`, or where
/// `inside_text` holds and a line is no row any more. Returns the offset behind the last row.
pub(super) fn rows(
    view: &View<'_>,
    layout: &Layout,
    range_end: usize,
    inside_text: bool,
    losses: &mut Losses,
    sink: &mut dyn FnMut(Vec<Node>),
) -> usize {
    let text = view.text().get(..range_end).unwrap_or("");
    let mut locator = view.locator();
    let mut at = layout.start;
    let mut keys: Vec<Key> = Vec::new();
    if layout.header {
        let header = record(text, at, layout.delimiter);
        for (i, cell) in header.cells.iter().enumerate() {
            let name = match cell.text.split_whitespace().collect::<Vec<_>>().join(" ") {
                empty if empty.is_empty() => format!("#{}", i + 1),
                name => name,
            };
            let place = locator.place(cell.at);
            keys.push(Key { name: name.into(), place });
        }
        at = header.end;
    } else {
        losses.add(
            locator.line(at),
            text!("the rows have no column names: export the table with its headers"),
        );
    }
    let width = keys.len().max(1);
    let mut nodes = Vec::new();
    let mut end = at;
    let mut rows = 0;
    while at < text.len() {
        let record = record(text, at, layout.delimiter);
        let line = locator.line(at);
        if rows == TABLE {
            losses.cut(line, text!("a table of more than {count} rows: the rest was left out", count = TABLE));
            end = text.len();
            break;
        }
        let blank = record.is_blank();
        let stranger = record.single().is_some_and(|c| !c.quoted) && width > 1 && record.terminated;
        if inside_text && (blank || stranger || record.cells.len() > width && layout.header && !record.cells.iter().all(|c| c.quoted)) {
            break;
        }
        if blank && width > 1 {
            // A blank line, then another header: another table.
            at = record.end;
            if sniff(text, at..text.len(), false).is_some_and(|l| l.header && l.delimiter == layout.delimiter) {
                break;
            }
            continue;
        }
        at = record.end;
        if stranger && !blank {
            // A trailer ends the table; a stray line inside of it is only left out.
            if self::record(text, at, layout.delimiter).cells.len() != width {
                break;
            }
            losses.add(line, text!("the line is no row of the table around it"));
            continue;
        }
        end = at;
        if record.over {
            losses.cut(
                line,
                text!(
                    "a record of more than {cells} cells or {size} MiB: the rest of it was left out",
                    cells = CELLS,
                    size = RECORD >> 20
                ),
            );
        }
        if let Some(open) = record.cells.iter().find(|c| c.open) {
            losses.cut(
                locator.line(open.at),
                text!("a cell's closing quote is missing: the text ends inside of it"),
            );
        }
        let short = layout.header && record.cells.len() < width;
        let cut = short && !record.terminated;
        if short {
            let reason = text!("the row has {count} of {width} cells", count = record.cells.len(), width);
            match cut {
                true => losses.cut(line, text!("the text ends here: {reason}", reason)),
                false => losses.add(line, reason),
            }
        }
        let last = record.cells.len().saturating_sub(1);
        // Behind the last separator nothing follows, no line break either: an empty value or none.
        let cut = cut || !record.terminated && last > 0 && record.cells.last().is_some_and(|c| !c.quoted && c.text.is_empty());
        let place = locator.place(record.cells.first().map_or(at, |c| c.at));
        let mut entries = Vec::with_capacity(record.cells.len());
        for (i, cell) in record.cells.iter().enumerate() {
            let own = locator.place(cell.at);
            let key = keys.get(i).cloned().unwrap_or_else(|| Key {
                name: format!("#{}", i + 1).into(),
                place: own.clone(),
            });
            let value = match value_of(cell) {
                // The file ends in the middle of this row: its last cell may go on.
                Value::Text(text) | Value::Cut(text) if cut && i == last => Value::Cut(text),
                Value::Null if cut && i == last => Value::Cut("".into()),
                value => value,
            };
            entries.push((key, Node::new(value, own)));
        }
        nodes.push(Node::new(Value::Bag(entries), Place { ..place }));
        rows += 1;
        if nodes.len() >= ROWS {
            sink(std::mem::take(&mut nodes));
        }
    }
    sink(nodes);
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use proptest::prelude::*;

    fn read(content: &str) -> Option<(Vec<Node>, Vec<String>, Layout)> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let layout = sniff(content, 0..content.len(), true)?;
        let mut losses = Losses::default();
        let mut nodes = Vec::new();
        rows(&view, &layout, content.len(), false, &mut losses, &mut |mut part| nodes.append(&mut part));
        Some((
            nodes,
            losses
                .into_vec()
                .into_iter()
                .map(|l| format!("{}: {}", l.line, l.reason.english()))
                .collect(),
            layout,
        ))
    }

    #[test]
    fn keeps_null_and_empty_apart_and_places_right() {
        let (nodes, losses, layout) =
            read("#TYPE Selected.X\r\n\"Name\",\"Ews\",\"Note\"\r\n\"é,\"\"a\"\"\",,\"\"\r\n\"two\nlines\",\"x\",True\r\nb,1,2").unwrap();
        assert!(losses.is_empty(), "{losses:?}");
        assert_eq!(layout.name.as_deref(), Some("Selected.X"));
        assert_eq!(nodes[0].get("name").unwrap().text(), Some("é,\"a\""));
        assert_eq!(nodes[0].get("Ews").unwrap().value, Value::Null);
        assert_eq!(nodes[0].get("Note").unwrap().value, Value::Text("".into()));
        assert_eq!(nodes[0].get("Note").unwrap().place.column, 12);
        let x = nodes[1].get("Ews").unwrap();
        assert_eq!((x.place.line, x.place.column), (5, 8));
        assert_eq!(nodes[2].get("Note").unwrap().text(), Some("2"));
    }

    #[test]
    fn finds_the_delimiter() {
        for (content, delimiter) in [
            ("Setting;Value\nURL;a,b\n", b';'),
            ("sep=;\nSetting;Value\nURL;x\n", b';'),
            ("Setting\tValue, current\nURL\tx\n", b'\t'),
            ("a|b\nc|d\n", b'|'),
            ("\"a;b;c\",\"d\"\n\"1\",\"2\"\n", b','),
        ] {
            assert_eq!(read(content).unwrap().2.delimiter, delimiter, "{content}");
        }
    }

    #[test]
    fn tells_a_dump_without_headers() {
        let (nodes, losses, layout) =
            read("L10N_PARTITION,Session time out,60\nL10N_PARTITION,External URL of Application,https://ece.example.com\n").unwrap();
        assert!(!layout.header);
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes[1].get("#3").unwrap().text(), Some("https://ece.example.com"));
        assert_eq!(losses.len(), 1);
        let plain = "L10N_PARTITION,Action for Large Email,Skip and notify\nL10N_PARTITION,Show login time,Yes\n";
        assert!(!read(plain).unwrap().2.header);
        assert!(
            read("Setting,Value,Default\nInbox sort field,Activity ID,Activity ID\n")
                .unwrap()
                .2
                .header
        );
        assert!(read("alias_id,alias_name\n1000,Sales\n").unwrap().2.header);
    }

    #[test]
    fn quotes_may_stand_across_the_limit_of_a_record() {
        for length in RECORD - 3..RECORD + 3 {
            let text = format!("{}{}\n", '"', "\"".repeat(length));
            assert!(record(&text, 0, b',').end > 0, "{length}");
        }
    }

    #[test]
    fn a_cut_tail_is_no_value() {
        let (nodes, losses, _) = read("Name,Ews,Imap\na,b,c\nd,Tr").unwrap();
        assert_eq!(nodes[1].get("Ews").unwrap().value, Value::Cut("Tr".into()));
        assert!(!nodes[1].has("Imap"));
        assert_eq!(losses.len(), 1);
        let (nodes, losses, _) = read("Name,Ews,Imap\na,b,\"c").unwrap();
        assert_eq!(nodes[0].get("Imap").unwrap().value, Value::Cut("c".into()));
        assert_eq!(losses.len(), 1);
    }

    #[test]
    fn one_column_needs_quotes() {
        let (nodes, ..) = read("\"SmtpClientAuthenticationDisabled\"\r\n\"True\"\r\n").unwrap();
        assert_eq!(nodes[0].get("SmtpClientAuthenticationDisabled").unwrap().boolean(), Some(true));
        assert!(read("just a sentence\nand more\n").is_none());
    }

    #[test]
    fn a_salutation_is_no_header() {
        assert!(sniff("Hi team,\n\nour app:\n{\n  \"id\": 1,\n  \"appId\": 2,\n  \"tags\": [],\n", 0..56, true).is_none());
    }

    #[test]
    fn prose_with_commas_is_no_table() {
        for prose in [
            "Hello, as discussed, the mail stopped\nYesterday, we saw, errors\n",
            "Dear all,\nplease, see\n",
            "one, two\nthree, four\n",
        ] {
            assert_eq!(sniff(prose, 0..prose.len(), false), None, "{prose}");
        }
        let pasted = "Name,Imap,Pop\nsales,True,True\n\nRegards\n";
        assert!(sniff(pasted, 0..pasted.len(), false).is_some());
    }

    #[test]
    fn floods_are_capped() {
        let commas = format!("a,b\ne,f\n{}\nc,d\n", ",".repeat(3 << 20));
        let (nodes, losses, _) = read(&commas).unwrap();
        assert_eq!((nodes.len(), losses.is_empty()), (3, false));
        assert_eq!(nodes[1].entries().len(), CELLS);
        let quote = format!("a,b\ne,f\n\"{}\nc,d\n", "é".repeat(2 << 20));
        let (nodes, ..) = read(&quote).unwrap();
        assert_eq!(nodes.last().unwrap().get("b").unwrap().text(), Some("d"));
    }

    proptest! {
        #[test]
        fn splits_like_the_csv_crate(rows in prop::collection::vec(prop::collection::vec("[a\",;é\n ]{0,6}", 3), 1..6)) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let content = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let ours: Vec<Vec<String>> = records(&content, 0, b',').map(|r| r.cells.into_iter().map(|c| c.text).collect()).collect();
            prop_assert_eq!(ours, rows);
        }

        #[test]
        fn never_panics(content in "[\",;a\n\r=#TYPE é]{0,80}") {
            read(&content);
            sniff(&content, 0..content.len(), false);
        }
    }
}
