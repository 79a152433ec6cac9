//! Sheets of a workbook, whichever format they were read from: tables are found among their cells.

use super::header::{is_header, is_name};
use super::records::form;
use super::{Key, Node, Place, Section, Syntax, Value};
use crate::model::{Stamp, Text};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// Most cells of a workbook.
pub const CELLS: usize = 1_000_000;
/// Most characters of a cell: what Excel allows.
pub const CELL_TEXT: usize = 32_767;
/// Last row and column of a sheet: XFD1048576.
pub const LAST: (u32, u32) = (1_048_576, 16_384);
/// Rows of a section: a larger table comes in several, so that not all of it is held as nodes.
const ROWS: usize = 4096;
/// Rows in which a header is looked for.
const HEADER_ROWS: usize = 10;

/// A row: its number from 1, and its filled cells, each with its column from 1. Both ascend.
pub type Row = (u32, Vec<(u32, Value)>);

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows that have filled cells.
    pub rows: Vec<Row>,
}

/// Hands out every table of `sheets`: a section each, several of the same form for a large one.
pub fn read_sheets(sheets: &[Sheet], each: &mut dyn FnMut(Section)) {
    for sheet in sheets {
        tables(&crate::model::secret::mask(&sheet.name), &sheet.rows, each);
    }
}

/// What to do with a workbook that can't be read.
pub fn save_as() -> Text {
    text!("open it in Excel and save it as .xlsx, or each sheet as .csv")
}

/// A cell's text, with true if its end is missing.
pub fn text_of_cell((text, cut): (String, bool)) -> Value {
    match (text.trim().is_empty(), cut) {
        (_, true) => Value::Cut(text.into()),
        (true, false) => Value::Null,
        (false, false) if super::node::is_cut_by_depth(&text) => Value::Cut(text.into()),
        (false, false) => Value::Text(text.into()),
    }
}

/// A number, `raw` in the file: `587.0` as people wrote it, and no exponent where the number is whole.
pub fn number(raw: &str, number: f64) -> Value {
    Value::Number(match number.fract() == 0.0 && number.abs() < 1e15 {
        true => format!("{number:.0}").into(),
        false => raw.into(),
    })
}

/// A serial number as a date, a time, or both, in ISO form. `None` if it is none; `date1904`: days count from 1904.
pub fn date(serial: f64, date1904: bool) -> Option<Value> {
    if !(0.0..3_000_000.0).contains(&serial) {
        return None;
    }
    // Day 60 of the 1900 calendar is a 29th of February that never was.
    let days = match date1904 {
        true => serial + 1462.0,
        false if serial < 60.0 => serial + 1.0,
        false => serial,
    };
    let seconds = ((days - 25_569.0) * 86_400.0).round() as i64;
    let stamp = Stamp {
        local_ms: seconds * 1000,
        offset_minutes: None,
    };
    let text = stamp.to_string();
    let (day, time) = text.split_once('T')?;
    let shown = match serial < 1.0 {
        true => time,
        false if time.starts_with("00:00:00") => day,
        false => &text,
    };
    Some(Value::Text(shown.into()))
}

fn column_name(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        let rest = (column - 1) % 26;
        letters.push(char::from(b'A' + u8::try_from(rest).unwrap_or(0)));
        column = (column - 1) / 26;
    }
    letters.iter().rev().collect()
}

fn place(sheet: &str, row: u32, column: u32) -> Place {
    Place {
        cell: Some(format!("{sheet}!{}{row}", column_name(column)).into()),
        ..Place::default()
    }
}

fn text_of(value: &Value) -> &str {
    match value {
        Value::Text(t) | Value::Number(t) | Value::Cut(t) => t,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        _ => "",
    }
}

/// Finds the tables of a sheet: bands between blank rows, blocks between blank columns, a header in each.
pub fn tables(sheet: &str, rows: &[Row], each: &mut dyn FnMut(Section)) {
    let mut start = 0;
    let mut title: Option<String> = None;
    // Header of the table above, by its columns: a blank row inside of a table does not end it.
    let mut last_keys: BTreeMap<u32, BTreeMap<u32, Key>> = BTreeMap::new();
    while start < rows.len() {
        let mut end = start + 1;
        while end < rows.len() && rows[end].0 == rows[end - 1].0 + 1 {
            end += 1;
        }
        let band = &rows[start..end];
        start = end;
        for (columns, block) in blocks(band) {
            let first_column = columns.first().copied().unwrap_or(1);
            let (keys, heading) = block_sections(sheet, &block, &columns, last_keys.get(&first_column), title.take(), each);
            title = heading;
            if let Some(keys) = keys {
                last_keys.insert(first_column, keys);
            }
        }
    }
}

/// A row of a block: its filled cells, by column.
type BlockRow<'v> = (u32, BTreeMap<u32, &'v Value>);

/// Groups of neighbouring columns that the band fills, each with its rows.
fn blocks(band: &[Row]) -> Vec<(Vec<u32>, Vec<BlockRow<'_>>)> {
    let filled: BTreeSet<u32> = band.iter().flat_map(|(_, cells)| cells.iter().map(|(c, _)| *c)).collect();
    let mut blocks: Vec<(Vec<u32>, Vec<BlockRow<'_>>)> = Vec::new();
    for column in filled {
        match blocks.last_mut() {
            Some((columns, _)) if columns.last().is_some_and(|last| last + 1 == column) => columns.push(column),
            _ => blocks.push((vec![column], Vec::new())),
        }
    }
    for (row, cells) in band {
        for (column, value) in cells {
            let index = blocks
                .partition_point(|(columns, _)| columns.first().is_some_and(|first| first <= column))
                .saturating_sub(1);
            let Some((_, rows)) = blocks.get_mut(index) else { continue };
            match rows.last_mut() {
                Some((last, filled)) if last == row => {
                    filled.insert(*column, value);
                }
                _ => rows.push((*row, BTreeMap::from([(*column, value)]))),
            }
        }
    }
    blocks
}

/// Hands out the sections of a block. Gives its header, if it has one; or its text, if it is only a title of what follows.
fn block_sections(
    sheet: &str,
    block: &[BlockRow<'_>],
    columns: &[u32],
    above: Option<&BTreeMap<u32, Key>>,
    title: Option<String>,
    each: &mut dyn FnMut(Section),
) -> (Option<BTreeMap<u32, Key>>, Option<String>) {
    if let [(_, cells)] = block
        && cells.len() == 1
        && let Some(value) = cells.values().next()
        && is_name(text_of(value))
    {
        return (None, Some(crate::model::secret::mask(text_of(value)).into_owned()));
    }
    let in_columns = |cells: &BTreeMap<u32, &Value>| -> Vec<String> {
        columns
            .iter()
            .map(|c| cells.get(c).map_or(String::new(), |v| text_of(v).to_owned()))
            .collect()
    };
    let header = (0..block.len().min(HEADER_ROWS)).find(|&i| {
        let head = in_columns(&block[i].1);
        let below: Vec<Vec<String>> = block[i + 1..].iter().take(20).map(|(_, cells)| in_columns(cells)).collect();
        let below: Vec<Vec<&str>> = below.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        (block[i].1.len() > 1 || columns.len() == 1) && !below.is_empty() && is_header(&head.iter().map(String::as_str).collect::<Vec<_>>(), &below)
    });
    // Single cells above the header are its title.
    let own_title = header
        .and_then(|h| block[..h].iter().rev().find(|(_, cells)| cells.len() == 1))
        .and_then(|(_, cells)| cells.values().next())
        .map(|v| text_of(v).to_owned());
    let title = own_title.map(|t| crate::model::secret::mask(&t).into_owned()).or(title);
    let name = match title {
        Some(title) => format!("{sheet}: {title}"),
        None => sheet.to_owned(),
    };
    let keys: Option<BTreeMap<u32, Key>> = match header {
        Some(h) => Some(
            block[h]
                .1
                .iter()
                .map(|(column, value)| {
                    let name = text_of(value).split_whitespace().collect::<Vec<_>>().join(" ");
                    let key = Key {
                        name: name.into(),
                        place: place(sheet, block[h].0, *column),
                    };
                    (*column, key)
                })
                .collect(),
        ),
        None => above.filter(|keys| columns.iter().all(|c| keys.contains_key(c))).cloned(),
    };
    let rows = &block[header.map_or(0, |h| h + 1)..];
    let is_large = rows.len() > ROWS;
    let parts: Vec<&[BlockRow<'_>]> = if is_large { rows.chunks(ROWS).collect() } else { vec![rows] };
    let mut first_line = block.first().map_or(1, |(row, _)| *row);
    for part in parts {
        let nodes: Vec<Node> = part
            .iter()
            .map(|(row, cells)| row_node(sheet, *row, cells, columns, keys.as_ref()))
            .collect();
        // What is that long is no form.
        let nodes = if keys.is_none() && !is_large { form(nodes) } else { nodes };
        let last_line = part.last().or(block.last()).map_or(1, |(row, _)| *row);
        each(Section {
            syntax: Syntax::Sheet,
            command: None,
            host: None,
            printed: None,
            name: Some(name.clone()),
            first_line: u64::from(first_line),
            last_line: u64::from(last_line),
            nodes,
        });
        first_line = last_line + 1;
    }
    (keys, None)
}

fn row_node(sheet: &str, row: u32, cells: &BTreeMap<u32, &Value>, columns: &[u32], keys: Option<&BTreeMap<u32, Key>>) -> Node {
    let entries = columns.iter().enumerate().map(|(i, column)| {
        let own = place(sheet, row, *column);
        let key = keys.and_then(|keys| keys.get(column)).cloned();
        let key = key.unwrap_or_else(|| Key {
            name: format!("#{}", i + 1).into(),
            place: own.clone(),
        });
        let value = cells.get(column).map_or(Value::Null, |value| (*value).clone());
        (key, Node::new(value, own))
    });
    let first = columns.first().copied().unwrap_or(1);
    Node::new(Value::Bag(entries.collect()), place(sheet, row, first))
}
