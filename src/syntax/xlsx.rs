//! Excel workbooks (`.xlsx`): cells as they stand.
//!
//! The parts are read here, one pass over each, because ready-made readers believe what a file says of itself: a dense range
//! from A1 to the last cell, room for as many strings as a counter names. Here a cell costs what it holds, every count is what was
//! really seen, and every limit is a line in the report. Other formats of workbooks have a process of their own (`worker`).

use super::sheet::{CELL_TEXT, CELLS, LAST, Row, date, number, save_as, tables, text_of_cell};
use super::view::Losses;
use super::{Loss, Section, Value, entities};
use crate::model::Text;
use crate::text;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// Most bytes of one part, unpacked.
const PART: u64 = 64 << 20;
/// Most bytes of all parts that are read, unpacked.
const PARTS: u64 = 256 << 20;
/// Most members of the archive.
const MEMBERS: usize = 10_000;
/// Most shared strings.
const STRINGS: usize = 1_000_000;

type Zip<'b> = zip::ZipArchive<Cursor<&'b [u8]>>;

/// Reads every sheet of a workbook and hands out its tables: a section each, several of the same form for a large one. What could
/// not be read is returned.
pub fn read_workbook(bytes: &[u8], each: &mut dyn FnMut(Section)) -> Vec<Loss> {
    let mut losses = Losses::default();
    if let Err(reason) = workbook(bytes, each, &mut losses) {
        losses.cut(0, reason);
    }
    losses.into_vec()
}

fn workbook(bytes: &[u8], each: &mut dyn FnMut(Section), losses: &mut Losses) -> Result<(), Text> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| text!("no readable workbook ({error}): {advice}", error = error.to_string(), advice = save_as()))?;
    if zip.len() > MEMBERS {
        return Err(text!(
            "the workbook has {count} parts, more than {most}: it was not read",
            count = zip.len(),
            most = MEMBERS
        ));
    }
    let mut budget = PARTS;
    let root = part(&mut zip, "_rels/.rels", &mut budget)?.map(|xml| relations(&xml));
    let main = root
        .and_then(|all| {
            all.into_values()
                .find(|(kind, _)| kind.ends_with("/officeDocument"))
                .map(|(_, target)| target)
        })
        .unwrap_or_else(|| "xl/workbook.xml".into());
    let Some(book) = part(&mut zip, &main, &mut budget)? else {
        return Err(text!(
            "the archive holds no workbook (`{part}` is missing): {advice}",
            part = main,
            advice = save_as()
        ));
    };
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder);
    let file = main.rsplit('/').next().unwrap_or(&main);
    let targets = part(&mut zip, &join(folder, &format!("_rels/{file}.rels")), &mut budget)?
        .map(|xml| relations(&xml))
        .unwrap_or_default();
    let (sheets, date1904) = sheets(&book);
    let by_kind = |kind: &str| targets.values().find(|(k, _)| k.ends_with(kind)).map(|(_, target)| join(folder, target));
    let strings = match by_kind("/sharedStrings") {
        Some(name) => match part(&mut zip, &name, &mut budget) {
            Ok(xml) => xml.map(|xml| shared_strings(&xml, losses)).unwrap_or_default(),
            Err(reason) => return Err(reason),
        },
        None => Vec::new(),
    };
    let dates = match by_kind("/styles") {
        Some(name) => part(&mut zip, &name, &mut budget)?.map(|xml| date_styles(&xml)).unwrap_or_default(),
        None => Vec::new(),
    };
    let mut cells_left = CELLS;
    for (name, id) in sheets {
        let name = crate::model::secret::mask(&name).into_owned();
        let Some((_, target)) = targets.get(&id) else {
            losses.cut(0, text!("the sheet `{name}` has no part in the workbook", name));
            continue;
        };
        match part(&mut zip, &join(folder, target), &mut budget) {
            Ok(Some(xml)) => {
                let context = Context {
                    sheet: &name,
                    strings: &strings,
                    dates: &dates,
                    date1904,
                };
                let rows = context.rows(&xml, &mut cells_left, losses);
                tables(&name, &rows, each);
            }
            Ok(None) => losses.cut(0, text!("the sheet `{name}` is missing from the workbook", name)),
            Err(reason) => losses.cut(0, text!("the sheet `{name}` was not read: {reason}", name, reason)),
        }
    }
    Ok(())
}

/// A part's text, if the archive has it, within what may still be unpacked.
fn part(zip: &mut Zip<'_>, name: &str, budget: &mut u64) -> Result<Option<String>, Text> {
    let name = name.trim_start_matches('/');
    let Some(index) = zip.index_for_name(name) else { return Ok(None) };
    let member = zip.by_index(index).map_err(|error| {
        text!(
            "`{name}` can't be unpacked ({error}): {advice}",
            name,
            error = error.to_string(),
            advice = save_as()
        )
    })?;
    let limit = PART.min(*budget);
    let mut bytes = Vec::new();
    let outcome = member.take(limit + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > limit {
        return Err(text!(
            "`{name}` is larger than {size} MiB unpacked: save the sheet as .csv",
            name,
            size = limit >> 20
        ));
    }
    *budget -= bytes.len() as u64;
    if let Err(error) = outcome {
        return Err(text!(
            "`{name}` is damaged ({error}): {advice}",
            name,
            error = error.to_string(),
            advice = save_as()
        ));
    }
    let (text, _, _) = encoding_rs::UTF_8.decode(&bytes);
    Ok(Some(text.into_owned()))
}

fn join(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for step in target.split('/') {
        match step {
            ".." => drop(path.pop()),
            "." | "" => {}
            step => path.push(step),
        }
    }
    path.join("/")
}

/// Calls `each` for the start of every element, with its local name, and whether it is empty; other events go to `other`.
fn events(xml: &str, each: &mut dyn FnMut(Step<'_>) -> bool) {
    let mut reader = Reader::from_str(xml);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    loop {
        let go_on = match reader.read_event() {
            Ok(Event::Start(tag)) => each(Step::Open(&tag)),
            Ok(Event::Empty(tag)) => {
                let open = each(Step::Open(&tag));
                open && each(Step::Close(local(&tag)))
            }
            Ok(Event::End(tag)) => each(Step::Close(local(&tag))),
            Ok(Event::Text(text)) => each(Step::Text(&text)),
            Ok(Event::GeneralRef(name)) => {
                let name: &str = &name;
                let whole = format!("&{name};");
                each(Step::Text(&entities::decode(&whole)))
            }
            Ok(Event::CData(text)) => each(Step::Text(&text)),
            Ok(Event::Eof) | Err(_) => false,
            Ok(_) => true,
        };
        if !go_on {
            return;
        }
    }
}

enum Step<'e> {
    Open(&'e BytesStart<'e>),
    Close(&'e str),
    Text(&'e str),
}

/// A tag's name without prefix and attributes.
fn local(tag: &str) -> &str {
    let name = tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or("");
    name.rsplit(':').next().unwrap_or(name)
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.attributes().with_checks(false).filter_map(Result::ok).find_map(|attribute| {
        let key: &str = attribute.key.as_ref();
        (local(key) == name).then(|| {
            let value: &str = &attribute.value;
            entities::decode(value).into_owned()
        })
    })
}

/// Relationship id → type and target.
fn relations(xml: &str) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    events(xml, &mut |step| {
        if let Step::Open(tag) = step
            && local(tag) == "Relationship"
            && let (Some(id), Some(kind), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Type"), attribute(tag, "Target"))
        {
            all.insert(id, (kind, target));
        }
        all.len() < MEMBERS
    });
    all
}

/// Names and relationship ids of the sheets, and whether dates count from 1904.
fn sheets(xml: &str) -> (Vec<(String, String)>, bool) {
    let mut all = Vec::new();
    let mut date1904 = false;
    events(xml, &mut |step| {
        if let Step::Open(tag) = step {
            match local(tag) {
                "sheet" => all.extend(attribute(tag, "name").zip(attribute(tag, "id"))),
                "workbookPr" => date1904 = attribute(tag, "date1904").is_some_and(|v| v == "1" || v == "true"),
                _ => {}
            }
        }
        all.len() < MEMBERS
    });
    (all, date1904)
}

/// Texts of a string item or an inline string: its `t` elements, but for the phonetic hints.
#[derive(Default)]
struct Texts {
    text: String,
    in_text: bool,
    phonetic: bool,
    cut: bool,
}

impl Texts {
    fn step(&mut self, step: &Step<'_>) {
        match step {
            Step::Open(tag) => match local(tag) {
                "t" => self.in_text = true,
                "rPh" => self.phonetic = true,
                _ => {}
            },
            Step::Close("t") => self.in_text = false,
            Step::Close("rPh") => self.phonetic = false,
            Step::Close(_) => {}
            Step::Text(text) => {
                if self.in_text && !self.phonetic {
                    self.push(text);
                }
            }
        }
    }

    fn push(&mut self, text: &str) {
        let room = (CELL_TEXT * 4).saturating_sub(self.text.len());
        match text.get(..room.min(text.len())) {
            Some(all) if all.len() == text.len() => self.text.push_str(all),
            _ => {
                self.text.extend(text.chars().take(room / 4));
                self.cut = true;
            }
        }
    }

    fn take(&mut self) -> (String, bool) {
        let all = std::mem::take(self);
        (entities::unescape(&all.text), all.cut)
    }
}

fn shared_strings(xml: &str, losses: &mut Losses) -> Vec<(String, bool)> {
    let mut strings = Vec::new();
    let mut texts = Texts::default();
    events(xml, &mut |step| {
        texts.step(&step);
        match step {
            Step::Open(tag) if local(tag) == "si" => texts = Texts::default(),
            Step::Close("si") => strings.push(texts.take()),
            _ => {}
        }
        strings.len() < STRINGS
    });
    if strings.len() >= STRINGS {
        losses.cut(
            0,
            text!(
                "the workbook has more than {count} texts: cells with further ones are unreadable; save the sheets as .csv",
                count = STRINGS
            ),
        );
    }
    strings
}

/// For each cell style, whether it shows a number as a date or time.
fn date_styles(xml: &str) -> Vec<bool> {
    let mut custom: BTreeMap<u32, bool> = BTreeMap::new();
    let mut styles = Vec::new();
    let mut in_cells = false;
    events(xml, &mut |step| {
        match step {
            Step::Open(tag) => match local(tag) {
                "numFmt" => {
                    let id = attribute(tag, "numFmtId").and_then(|id| id.parse().ok());
                    if let (Some(id), Some(code)) = (id, attribute(tag, "formatCode")) {
                        custom.insert(id, is_date_format(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id: u32 = attribute(tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    let built_in = matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58);
                    styles.push(custom.get(&id).copied().unwrap_or(built_in));
                }
                _ => {}
            },
            Step::Close("cellXfs") => in_cells = false,
            _ => {}
        }
        styles.len() < 100_000 && custom.len() < 100_000
    });
    styles
}

/// True for a number format that has day, month, year, hour or second outside of quotes and brackets.
fn is_date_format(code: &str) -> bool {
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    let mut dated = false;
    for c in code.split(';').next().unwrap_or("").chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' | '_' | '*' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' => bracket = true,
            ']' => bracket = false,
            _ if bracket => {}
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => dated = true,
            // "General" and colours have such letters, but stand alone.
            'G' | 'e' | 'E' | '0' | '#' if !dated => return false,
            _ => {}
        }
    }
    dated
}

struct Context<'w> {
    sheet: &'w str,
    strings: &'w [(String, bool)],
    dates: &'w [bool],
    date1904: bool,
}

impl Context<'_> {
    /// The filled cells of a sheet, by row.
    fn rows(&self, xml: &str, cells_left: &mut usize, losses: &mut Losses) -> Vec<Row> {
        let mut rows: BTreeMap<u32, BTreeMap<u32, Value>> = BTreeMap::new();
        let (mut row, mut column) = (0u32, 0u32);
        let mut cell: Option<Cell> = None;
        let mut complete = false;
        events(xml, &mut |step| {
            if let Some(open) = &mut cell {
                open.step(&step);
            }
            match step {
                Step::Open(tag) => match local(tag) {
                    "row" => {
                        row = attribute(tag, "r").and_then(|r| r.parse().ok()).unwrap_or(row.saturating_add(1));
                        column = 0;
                    }
                    "c" => {
                        let reference = attribute(tag, "r");
                        let place = match &reference {
                            Some(reference) => cell_at(reference),
                            None => Some((row.max(1), column.saturating_add(1))),
                        };
                        let place = place.filter(|(r, c)| *r <= LAST.0 && *c <= LAST.1);
                        if place.is_none() {
                            losses.add(
                                0,
                                text!(
                                    "the sheet `{name}` names a cell beyond the last one of a sheet: it was left out",
                                    name = self.sheet
                                ),
                            );
                        }
                        (row, column) = place.unwrap_or((row, column));
                        cell = place.map(|place| Cell {
                            place,
                            kind: attribute(tag, "t").unwrap_or_default(),
                            style: attribute(tag, "s").and_then(|s| s.parse().ok()).unwrap_or(0),
                            ..Cell::default()
                        });
                    }
                    _ => {}
                },
                Step::Close("c") => {
                    if let Some(done) = cell.take() {
                        let (row, column) = done.place;
                        let value = self.value(done);
                        if value != Value::Null {
                            rows.entry(row).or_default().insert(column, value);
                            *cells_left = cells_left.saturating_sub(1);
                        }
                    }
                }
                Step::Close("sheetData" | "worksheet") => complete = true,
                _ => {}
            }
            *cells_left > 0
        });
        if *cells_left == 0 {
            losses.cut(
                0,
                text!(
                    "the workbook has more than {count} cells: the rest of `{name}` was left out; save the sheet as .csv",
                    count = CELLS,
                    name = self.sheet
                ),
            );
        } else if !complete {
            losses.cut(0, text!("the sheet `{name}` ends before its end: cells are missing", name = self.sheet));
        }
        rows.into_iter().map(|(row, cells)| (row, cells.into_iter().collect())).collect()
    }

    fn value(&self, mut cell: Cell) -> Value {
        let raw = std::mem::take(&mut cell.value);
        match cell.kind.as_str() {
            "inlineStr" => text_of_cell(cell.texts.take()),
            "s" => match raw.trim().parse::<usize>().ok().and_then(|index| self.strings.get(index)) {
                Some(shared) => text_of_cell(shared.clone()),
                None => Value::Cut("".into()),
            },
            "b" => Value::Bool(raw.trim() == "1" || raw.trim().eq_ignore_ascii_case("true")),
            "e" => Value::Cut(raw.into()),
            "str" | "d" => text_of_cell((entities::unescape(&raw), false)),
            // A formula that was never calculated.
            _ if raw.trim().is_empty() && cell.formula => Value::Cut("".into()),
            _ if raw.trim().is_empty() => text_of_cell(cell.texts.take()),
            _ => {
                let raw = raw.trim();
                match (raw.parse::<f64>(), self.dates.get(cell.style)) {
                    (Ok(serial), Some(true)) => date(serial, self.date1904).unwrap_or(Value::Number(raw.into())),
                    (Ok(value), _) => number(raw, value),
                    (Err(_), _) => Value::Text(raw.into()),
                }
            }
        }
    }
}

#[derive(Default)]
struct Cell {
    place: (u32, u32),
    kind: String,
    style: usize,
    value: String,
    texts: Texts,
    formula: bool,
    in_value: bool,
}

impl Cell {
    fn step(&mut self, step: &Step<'_>) {
        self.texts.step(step);
        match step {
            Step::Open(tag) => match local(tag) {
                "v" => self.in_value = true,
                "f" => self.formula = true,
                _ => {}
            },
            Step::Close("v") => self.in_value = false,
            Step::Close(_) => {}
            Step::Text(text) => {
                if self.in_value && self.value.len() + text.len() <= CELL_TEXT * 4 {
                    self.value.push_str(text);
                }
            }
        }
    }
}

/// Row and column of a reference `B12`.
fn cell_at(reference: &str) -> Option<(u32, u32)> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters == 0 || letters > 3 || reference.len() - letters > 7 {
        return None;
    }
    let column = reference[..letters]
        .bytes()
        .fold(0u32, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let row: u32 = reference[letters..].parse().ok()?;
    (row > 0).then_some((row, column))
}

#[cfg(test)]
mod tests {
    use super::super::{Node, Syntax};
    use super::*;
    use std::io::Write;

    struct Reading {
        sections: Vec<Section>,
        losses: Vec<Loss>,
    }

    fn read_workbook(bytes: &[u8]) -> Reading {
        let mut sections = Vec::new();
        let losses = super::read_workbook(bytes, &mut |section| sections.push(section));
        Reading { sections, losses }
    }

    fn pack(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const BOOK: &str = r#"<workbook xmlns:r="x"><sheets><sheet name="Settings" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const RELS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="x/styles" Target="/xl/styles.xml"/></Relationships>"#;
    const STRINGS_XML: &str = r#"<sst uniqueCount="4294967295"><si><t>External URL</t></si><si><r><t>https://</t></r><r><t>ece.example.com</t></r><rPh><t>x</t></rPh></si><si><t>a_x000D_b</t></si></sst>"#;
    const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy\-mm\-dd hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

    fn book(sheet: &str) -> Vec<u8> {
        pack(&[
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", RELS),
            ("xl/sharedStrings.xml", STRINGS_XML),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", sheet),
        ])
    }

    /// A sheet from rows of cells; numbers as numbers, other text inline.
    fn sheet(rows: &[(u32, &[(&str, &str)])]) -> Vec<u8> {
        let mut xml = String::from("<worksheet><sheetData>");
        for (row, cells) in rows {
            xml.push_str(&format!("<row r=\"{row}\">"));
            for (column, text) in *cells {
                match text.parse::<f64>() {
                    Ok(_) => xml.push_str(&format!("<c r=\"{column}{row}\"><v>{text}</v></c>")),
                    Err(_) => xml.push_str(&format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")),
                }
            }
            xml.push_str("</row>");
        }
        book(&(xml + "</sheetData></worksheet>"))
    }

    #[test]
    fn reads_values_as_people_see_them() {
        let xml = r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c><c r="B1" t="str"><v>Value</v></c><c r="C1" t="inlineStr"><is><t>When</t></is></c></row>
            <row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" s="1"><v>45662.5</v></c></row>
            <row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3"><v>587.0</v></c><c r="C3" s="2"><v>45662</v></c></row>
            <row><c t="inlineStr"><is><t>Flag</t></is></c><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c></row>
            <row><c t="inlineStr"><is><t>Sum</t></is></c><c><f>1+1</f></c><c r="C5" t="s"><v>99</v></c></row></sheetData></worksheet>"#;
        let reading = read_workbook(&book(xml));
        assert!(reading.losses.is_empty(), "{:?}", reading.losses);
        let section = &reading.sections[0];
        assert_eq!(
            (section.syntax, section.name.as_deref(), section.nodes.len()),
            (Syntax::Sheet, Some("Settings"), 4)
        );
        let url = section.nodes[0].get("Value").unwrap();
        assert_eq!(
            (url.text(), url.place.cell.as_deref()),
            (Some("https://ece.example.com"), Some("Settings!B2"))
        );
        assert_eq!(section.nodes[0].get("When").unwrap().text(), Some("2025-01-05T12:00:00"));
        assert_eq!(section.nodes[1].get("Name").unwrap().text(), Some("a\rb"));
        assert_eq!(section.nodes[1].get("Value").unwrap().value, Value::Number("587".into()));
        assert_eq!(section.nodes[1].get("When").unwrap().text(), Some("2025-01-05"));
        assert_eq!(section.nodes[2].get("Value").unwrap().value, Value::Bool(true));
        assert_eq!(section.nodes[2].get("When").unwrap().value, Value::Cut("#N/A".into()));
        assert_eq!(section.nodes[3].get("Value").unwrap().value, Value::Cut("".into()));
    }

    #[test]
    fn several_tables_in_one_sheet() {
        let reading = read_workbook(&sheet(&[
            (1, &[("A", "Partition settings")]),
            (2, &[("A", "Name"), ("B", "Value"), ("E", "Alias"), ("F", "Port")]),
            (3, &[("A", "External URL"), ("B", "https://a"), ("E", "sales@example.com"), ("F", "993")]),
            (5, &[("A", "Session time out"), ("B", "60")]),
            (7, &[("A", "Department settings")]),
            (9, &[("A", "Setting"), ("B", "Value")]),
            (10, &[("A", "From address"), ("B", "x@example.com")]),
        ]));
        let names: Vec<_> = reading.sections.iter().map(|s| (s.name.as_deref().unwrap(), s.nodes.len())).collect();
        assert_eq!(
            names,
            [
                ("Settings: Partition settings", 1),
                ("Settings", 1),
                ("Settings", 1),
                ("Settings: Department settings", 1)
            ]
        );
        assert_eq!(reading.sections[1].nodes[0].get("Port").unwrap().text(), Some("993"));
        assert_eq!(reading.sections[2].nodes[0].get("Value").unwrap().text(), Some("60"));
        assert_eq!(
            reading.sections[3].nodes[0].get("Setting").unwrap().place.cell.as_deref(),
            Some("Settings!A10")
        );
    }

    #[test]
    fn a_large_table_comes_in_several_sections_of_one_form() {
        let names: Vec<String> = (2..=5_000).map(|row| format!("name {row}")).collect();
        let header: &[(&str, &str)] = &[("A", "Name"), ("B", "Port")];
        let cells: Vec<[(&str, &str); 2]> = names.iter().map(|name| [("A", name.as_str()), ("B", "993")]).collect();
        let rows = (2..).zip(&cells).map(|(row, cells)| (row, cells.as_slice()));
        let all: Vec<_> = std::iter::once((1, header)).chain(rows).collect();
        let reading = read_workbook(&sheet(&all));
        let lines: Vec<_> = reading.sections.iter().map(|s| (s.first_line, s.last_line, s.nodes.len())).collect();
        assert_eq!(lines, [(1, 4_097, 4_096), (4_098, 5_000, 903)]);
        let last = reading.sections[1].nodes.last().unwrap();
        assert_eq!(last.get("Name").unwrap().text(), Some("name 5000"));
        assert_eq!(last.get("Port").unwrap().place.cell.as_deref(), Some("Settings!B5000"));
    }

    #[test]
    fn forms_and_headless_tables() {
        let form = read_workbook(&sheet(&[
            (1, &[("A", "Alias name"), ("B", "sales@example.com")]),
            (2, &[("A", "Incoming port:"), ("B", "993")]),
            (3, &[("A", "Empty")]),
        ]));
        let node = &form.sections[0].nodes[0];
        assert_eq!(node.get("Incoming port").unwrap().text(), Some("993"));
        assert_eq!(node.get("Empty").unwrap().value, Value::Null);
        let headless = read_workbook(&sheet(&[
            (1, &[("B", "1"), ("C", "a@example.com"), ("D", "993")]),
            (2, &[("B", "2"), ("C", "b@example.com")]),
        ]));
        assert_eq!(headless.sections[0].nodes[1].get("#2").unwrap().text(), Some("b@example.com"));
        assert_eq!(headless.sections[0].nodes[1].get("#3").unwrap().value, Value::Null);
    }

    #[test]
    fn sparse_and_lying_workbooks_are_harmless() {
        let far = sheet(&[(1, &[("A", "x")]), (1_048_576, &[("XFD", "y")])]);
        assert!(read_workbook(&far).losses.is_empty());
        let beyond = book(
            "<worksheet><sheetData><row r=\"4294967295\"><c r=\"XFE4294967295\"><v>1</v></c><c r=\"A99999999999\"/><c r=\"1\"/></row></sheetData></worksheet>",
        );
        let reading = read_workbook(&beyond);
        assert_eq!((reading.sections.len(), reading.losses.len()), (0, 1));
        let long = book(&format!(
            "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>{}</t></is></c><c><v>1</v></c></row></sheetData></worksheet>",
            "é".repeat(1 << 20)
        ));
        let reading = read_workbook(&long);
        assert!(
            reading.sections[0]
                .nodes
                .iter()
                .flat_map(Node::entries)
                .any(|(_, n)| matches!(n.value, Value::Cut(_)))
        );
        let cut = book("<worksheet><sheetData><row><c><v>1</v></c><c t=\"inl");
        assert!(read_workbook(&cut).losses[0].reason.english().contains("ends before its end"));
    }

    #[test]
    fn other_formats_are_refused_with_what_to_do() {
        for bytes in [
            vec![0xD0, 0xCF, 0x11, 0xE0, 0, 0],
            pack(&[("xl/workbook.bin", "")]),
            pack(&[("a.txt", "")]),
            b"PK\x03\x04 damaged".to_vec(),
        ] {
            let reading = read_workbook(&bytes);
            assert!(reading.losses[0].reason.english().contains("save it as .xlsx"), "{:?}", reading.losses);
        }
    }

    #[test]
    fn truncated_and_damaged_bytes_never_panic() {
        let whole = sheet(&[(1, &[("A", "Name"), ("B", "Value")]), (2, &[("A", "x"), ("B", "1")])]);
        for end in (0..whole.len()).step_by(7) {
            read_workbook(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            read_workbook(&bytes);
        }
    }
}
