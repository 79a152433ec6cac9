//! Excel workbooks: a zip of XML whose texts are read and replaced. What is no XML (pictures, macros, embedded files) stays out.

use crate::bundle::{Limits, decode, read_whole};
use crate::model::secret;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion};
use std::collections::BTreeSet;
use std::io::{Cursor, Write};

/// Most parts of a workbook.
const PARTS: usize = 10_000;

/// A workbook's parts.
pub(super) struct Workbook {
    parts: Vec<(String, String)>,
    /// Cells that only their columns or neighbours show to be secrets.
    secrets: BTreeSet<String>,
}

/// Elements that name people and companies.
const PEOPLE: [&str; 5] = ["creator", "lastModifiedBy", "Company", "Manager", "author"];

impl Workbook {
    /// Reads the parts of a workbook.
    ///
    /// # Errors
    /// A sentence, if it is no workbook, damaged, or beyond the limits.
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("no readable workbook: {error}"))?;
        if zip.len() > PARTS || zip.index_for_name("xl/workbook.xml").is_none() {
            return Err("an Office document that is no .xlsx, or one of very many parts".into());
        }
        let mut parts = Vec::new();
        let mut left = limits.structured_unpacked;
        for index in 0..zip.len() {
            let mut part = zip.by_index(index).map_err(|error| format!("a part can't be unpacked: {error}"))?;
            let Ok(name) = part.name().map(|name| name.into_owned()) else { continue };
            if !is_xml(&name) || part.is_dir() {
                continue;
            }
            let mut bytes = Vec::new();
            read_whole(&mut part, left, &mut bytes).map_err(|error| format!("`{name}`: {error}"))?;
            left -= bytes.len() as u64;
            parts.push((name, decode(&bytes).0.as_str().trim_start_matches('\u{FEFF}').to_owned()));
        }
        let secrets = secrets(&parts)?;
        Ok(Self { parts, secrets })
    }

    /// Calls `each` for every text of the workbook.
    ///
    /// # Errors
    /// A sentence, if a part is no XML.
    pub(super) fn texts(&self, each: &mut dyn FnMut(&str)) -> Result<(), String> {
        for (name, xml) in &self.parts {
            rewritten(xml, &mut |text| {
                each(text);
                text.to_owned()
            })
            .map_err(|error| format!("`{name}` is no XML: {error}"))?;
        }
        Ok(())
    }

    /// Writes the workbook with what `redact` makes of each of its texts.
    ///
    /// # Errors
    /// That of `out`, or of a part that is no XML.
    pub(super) fn write(&self, redact: &mut dyn FnMut(&str) -> String, out: &mut dyn Write) -> std::io::Result<()> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        for (name, xml) in &self.parts {
            let made = rewritten(xml, &mut |text| {
                if self.secrets.contains(text.trim()) {
                    "[masked]".to_owned()
                } else {
                    redact(text)
                }
            });
            zip.start_file(name.as_str(), options)?;
            zip.write_all(&made.map_err(std::io::Error::other)?)?;
        }
        out.write_all(&zip.finish()?.into_inner())
    }
}

fn is_xml(name: &str) -> bool {
    [".xml", ".rels", ".vml"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending))
}

/// The secrets of all sheets, found by laying each row out as a line: a password in a cell of its own is told by its column only.
fn secrets(parts: &[(String, String)]) -> Result<BTreeSet<String>, String> {
    let part = |name: &str| parts.iter().find(|(n, _)| n.ends_with(name)).map(|(_, xml)| xml.as_str());
    let mut strings = Vec::new();
    if let Some(xml) = part("sharedStrings.xml") {
        items(xml, &mut |_, text| strings.push(text.to_owned()))?;
    }
    let mut secrets = BTreeSet::new();
    for (_, xml) in parts.iter().filter(|(name, _)| name.contains("/worksheets/")) {
        let mut lines = String::new();
        items(xml, &mut |cell, text| {
            let value = match cell {
                Cell::Shared => text
                    .trim()
                    .parse::<usize>()
                    .ok()
                    .and_then(|at| strings.get(at))
                    .map_or("", String::as_str),
                Cell::Text => text,
                Cell::Row => {
                    lines.push('\n');
                    return;
                }
            };
            lines.push_str(&value.replace(['\t', '\n', '\r'], " "));
            lines.push('\t');
        })?;
        for found in secret::find_all(&lines) {
            let cell = lines[..found.range.start].rfind(['\t', '\n']).map_or(0, |at| at + 1);
            let end = lines[found.range.end..].find(['\t', '\n']).map_or(lines.len(), |at| at + found.range.end);
            // A secret within a longer text is found there again.
            if lines[cell..end].trim() == &lines[found.range.clone()] {
                secrets.insert(lines[found.range].to_owned());
            }
        }
    }
    Ok(secrets)
}

/// What a text of a sheet is.
enum Cell {
    /// The number of a shared string.
    Shared,
    /// A value or a string.
    Text,
    /// The end of a row.
    Row,
}

/// Calls `each` for every cell of a sheet and the end of every row, or for every shared string.
fn items(xml: &str, each: &mut dyn FnMut(Cell, &str)) -> Result<(), String> {
    let mut reader = Reader::from_str(xml);
    let (mut text, mut shared) = (String::new(), false);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                text.clear();
                shared = tag.attributes().flatten().any(|a| a.key.as_ref() == "t" && a.value.as_ref() == "s");
            }
            // An empty cell keeps its column.
            Event::Empty(tag) if tag.local_name().as_ref() == "c" => each(Cell::Text, ""),
            Event::Start(tag) if matches!(tag.local_name().as_ref(), "si" | "f") => text.clear(),
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&resolved(&name)),
            Event::CData(part) => text.push_str(&part),
            Event::End(tag) => match tag.local_name().as_ref() {
                "c" => each(if shared { Cell::Shared } else { Cell::Text }, &text),
                "si" => each(Cell::Text, &text),
                "f" => text.clear(),
                "row" => each(Cell::Row, ""),
                _ => {}
            },
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The character of a reference such as `&amp;` or `&#64;`.
fn resolved(name: &str) -> String {
    let whole = format!("&{name};");
    quick_xml::escape::unescape(&whole).map_or(whole.clone(), |text| text.into_owned())
}

/// `xml` with what `redact` makes of every text and attribute. The runs of a string become one: a name may be split between them.
fn rewritten(xml: &str, redact: &mut dyn FnMut(&str) -> String) -> Result<Vec<u8>, String> {
    let mut reader = Reader::from_str(xml);
    let mut writer = Writer::new(Vec::new());
    let mut text = String::new();
    // Within a string: in it, and in its phonetic reading.
    let (mut in_string, mut in_reading, mut in_person) = (false, false, false);
    let words = |error: &dyn std::fmt::Display| error.to_string();
    loop {
        let event = reader.read_event().map_err(|error| words(&error))?;
        match &event {
            Event::Text(part) if !in_reading => text.push_str(part),
            Event::GeneralRef(name) if !in_reading => text.push_str(&resolved(name)),
            Event::CData(part) if !in_reading => text.push_str(part),
            _ => {}
        }
        if matches!(event, Event::Text(_) | Event::GeneralRef(_) | Event::CData(_)) {
            continue;
        }
        let name = match &event {
            Event::Start(tag) | Event::Empty(tag) => tag.local_name().as_ref().to_owned(),
            Event::End(tag) => tag.local_name().as_ref().to_owned(),
            _ => String::new(),
        };
        let is_string = matches!(name.as_str(), "si" | "is");
        let ends_string = is_string && matches!(event, Event::End(_));
        if !text.is_empty() && (!in_string || ends_string) {
            let safe = if in_person { String::new() } else { redact(&std::mem::take(&mut text)) };
            text.clear();
            let safe = Event::Text(BytesText::new(&safe));
            if ends_string {
                let tag = BytesStart::new("t").with_attributes([("xml:space", "preserve")]);
                writer.write_event(Event::Start(tag)).map_err(|error| words(&error))?;
                writer.write_event(safe).map_err(|error| words(&error))?;
                writer.write_event(Event::End(BytesEnd::new("t"))).map_err(|error| words(&error))?;
            } else {
                writer.write_event(safe).map_err(|error| words(&error))?;
            }
        }
        let made = match event {
            Event::Eof => return Ok(writer.into_inner()),
            Event::Start(tag) => {
                in_reading |= name == "rPh";
                in_person = PEOPLE.contains(&name.as_str());
                (!in_string).then(|| attributes(&tag, redact).map(Event::Start)).transpose()?
            }
            Event::Empty(tag) => (!in_string && !points_outside(&tag))
                .then(|| attributes(&tag, redact).map(Event::Empty))
                .transpose()?,
            Event::End(tag) => {
                in_reading &= name != "rPh";
                in_person = false;
                (!in_string || ends_string).then_some(Event::End(tag))
            }
            Event::Decl(declaration) => Some(Event::Decl(declaration)),
            // Comments and processing instructions say nothing to Excel.
            _ => None,
        };
        if is_string {
            in_string = matches!(made, Some(Event::Start(_)));
        }
        if let Some(made) = made {
            writer.write_event(made).map_err(|error| words(&error))?;
        }
    }
}

/// True for a mention of a part that stays out.
fn points_outside(tag: &BytesStart<'_>) -> bool {
    let value = |wanted: &str| {
        let found = tag.attributes().flatten().find(|a| a.key.as_ref() == wanted);
        found.map(|a| a.value.as_ref().to_owned())
    };
    match tag.local_name().as_ref() {
        "Relationship" => value("TargetMode").is_none_or(|mode| mode != "External") && value("Target").is_some_and(|target| !is_xml(&target)),
        "Override" => value("PartName").is_some_and(|part| !is_xml(&part)),
        _ => false,
    }
}

/// A tag with what `redact` makes of its attributes; name spaces stay.
fn attributes<'t>(tag: &BytesStart<'_>, redact: &mut dyn FnMut(&str) -> String) -> Result<BytesStart<'t>, String> {
    let mut made = BytesStart::new(tag.name().as_ref().to_owned());
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.as_ref();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        let value = if name.starts_with("xmlns") { value.into_owned() } else { redact(&value) };
        made.push_attribute((name, value.as_str()));
    }
    Ok(made)
}
