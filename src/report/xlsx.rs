//! The action list as a workbook: sheets written by hand, every text an inline string, so that nothing can be a formula.

use super::actions::{COLUMNS, actions};
use super::escape::xml;
use super::{Report, words};
use crate::finding::Verdict;
use crate::say;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

/// Most characters that a cell may have.
const CELL_LIMIT: usize = 32_767;

/// Height of a line and most height of a row, in points.
const LINE_HEIGHT: usize = 15;
const MOST_HEIGHT: usize = 409;

/// Widths of the columns of the action list, in characters.
const WIDTHS: [u32; 12] = [8, 22, 10, 6, 10, 10, 24, 12, 34, 70, 80, 50];

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Style 0: text that wraps; style 1: a heading.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>"#;

/// The workbook's bytes: a sheet `Actions` and a sheet `Summary`. The same report gives the same bytes.
///
/// # Errors
/// Only if the archive can't be written to memory.
pub fn render(report: &Report) -> ZipResult<Vec<u8>> {
    let rows = actions(report);
    let (sheet, about) = (say!(report.language, "Actions"), say!(report.language, "Summary"));
    let last = format!("{}{}", column(COLUMNS.len() - 1), rows.len() + 1);
    let filter = format!(
        "<definedNames><definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"0\" hidden=\"1\">{sheet}!$A$1:${}${}</definedName></definedNames>",
        column(COLUMNS.len() - 1),
        rows.len() + 1
    );
    let workbook = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"{sheet}\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"{about}\" sheetId=\"2\" r:id=\"rId2\"/></sheets>{filter}</workbook>"
    );
    let mut list = Sheet::new(&WIDTHS, true);
    list.row(1, COLUMNS.iter().map(|column| report.language.of(column).to_owned()));
    for action in &rows {
        list.row(0, action.cells(report.language).into_iter());
    }
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, text) in [
        ("[Content_Types].xml", CONTENT_TYPES.to_owned()),
        ("_rels/.rels", RELATIONS.to_owned()),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS.to_owned()),
        ("xl/styles.xml", STYLES.to_owned()),
        ("xl/worksheets/sheet1.xml", list.end(Some(&last))),
        ("xl/worksheets/sheet2.xml", summary(report)),
    ] {
        archive.start_file(name, options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn summary(report: &Report) -> String {
    let d = &report.deployment;
    let t = &report.totals;
    let mut sheet = Sheet::new(&[24, 100], false);
    let language = report.language;
    let unknown = || say!(language, "unknown");
    let mut row = |name: String, value: String| sheet.row(0, [name, value].into_iter());
    row("ECE".to_owned(), d.ece_version.clone().unwrap_or_else(unknown));
    row(say!(language, "external URL"), d.external_urls.join("\n"));
    row(say!(language, "application"), d.application.app_id.clone().unwrap_or_else(unknown));
    row(say!(language, "judged as of"), report.as_of.clone().unwrap_or_default());
    if let Some(off) = words::sandbox(report) {
        row(say!(language, "sandbox"), off);
    }
    for cause in &report.diagnosis {
        row(say!(language, "root cause {rank}", rank = cause.rank), cause.summary.clone());
    }
    for (verdict, count) in [
        (Verdict::Fail, t.fail),
        (Verdict::Warn, t.warn),
        (Verdict::Unknown, t.unknown),
        (Verdict::Pass, t.pass),
        (Verdict::NotApplicable, t.not_applicable),
    ] {
        row(verdict.word().to_owned(), count.to_string());
    }
    row(say!(language, "files"), t.files.to_string());
    sheet.end(None)
}

struct Sheet {
    xml: String,
    rows: usize,
    widths: &'static [u32],
}

impl Sheet {
    fn new(widths: &'static [u32], frozen_header: bool) -> Self {
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr>",
        );
        if frozen_header {
            xml.push_str("<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews>");
        }
        xml.push_str("<cols>");
        for (n, width) in widths.iter().enumerate() {
            let _ = write!(xml, "<col min=\"{0}\" max=\"{0}\" width=\"{width}\" customWidth=\"1\"/>", n + 1);
        }
        xml.push_str("</cols><sheetData>");
        Self { xml, rows: 0, widths }
    }

    /// Cells that hold a number of ours become numbers, all others texts. The height is given: not every program finds it by itself,
    /// and lines would lie on each other.
    fn row(&mut self, style: u8, cells: impl Iterator<Item = String>) {
        self.rows += 1;
        let cells: Vec<String> = cells.collect();
        let lines = cells.iter().zip(self.widths).map(|(cell, width)| lines(cell, *width)).max().unwrap_or(1);
        let height = (lines * LINE_HEIGHT).min(MOST_HEIGHT);
        let _ = write!(self.xml, "<row r=\"{}\" ht=\"{height}\" customHeight=\"1\">", self.rows);
        for (n, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let place = format!("{}{}", column(n), self.rows);
            let is_number = cell.len() < 10 && cell.bytes().all(|b| b.is_ascii_digit());
            let _ = if is_number {
                write!(self.xml, "<c r=\"{place}\" s=\"{style}\"><v>{cell}</v></c>")
            } else {
                let text = xml(&unescaped(cell));
                write!(
                    self.xml,
                    "<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>"
                )
            };
        }
        self.xml.push_str("</row>");
    }

    fn end(mut self, filter_to: Option<&str>) -> String {
        self.xml.push_str("</sheetData>");
        if let Some(last) = filter_to {
            let _ = write!(self.xml, "<autoFilter ref=\"A1:{last}\"/>");
        }
        self.xml
            .push_str("<pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>");
        self.xml
    }
}

/// Lines that `text` takes in a column of `width` characters; a tenth is added for fonts that are wider than the one asked for.
fn lines(text: &str, width: u32) -> usize {
    let width = usize::try_from(width).unwrap_or(usize::MAX).max(1);
    text.lines().map(|line| (line.chars().count() * 11 / 10).div_ceil(width).max(1)).sum()
}

/// `_x001B_` in a cell stands for the character: an underscore that begins such a thing is written as `_x005F_`.
fn unescaped(text: &str) -> String {
    let clipped: String = text.chars().take(CELL_LIMIT / 2).collect();
    let mut out = String::with_capacity(clipped.len());
    for (at, c) in clipped.char_indices() {
        let rest = clipped.get(at..).unwrap_or_default().as_bytes();
        let is_code = rest.len() >= 7 && rest.starts_with(b"_x") && rest[6] == b'_' && rest[2..6].iter().all(u8::is_ascii_hexdigit);
        if is_code {
            out.push_str("_x005F");
        }
        out.push(c);
    }
    out
}

/// Letter of a column; the sheets have fewer than 26.
fn column(n: usize) -> char {
    char::from(b'A' + u8::try_from(n.min(25)).unwrap_or(25))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_row_is_as_high_as_its_longest_cell() {
        assert_eq!(super::lines("1. one\n2. two", 80), 2);
        assert_eq!(super::lines(&"x".repeat(100), 50), 3);
        let mut sheet = super::Sheet::new(&[10, 10], false);
        sheet.row(0, ["a".to_owned(), "b\nc\nd".to_owned()].into_iter());
        assert!(sheet.end(None).contains("<row r=\"1\" ht=\"45\" customHeight=\"1\">"));
    }

    #[test]
    fn codes_of_cells_stay_text() {
        assert_eq!(super::unescaped("a_x001B_b_x"), "a_x005F_x001B_b_x");
    }
}
