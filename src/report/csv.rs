//! CSV: the action list. No cell can be taken for a formula.

use super::actions::{COLUMNS, WHY, actions};
use super::escape::spreadsheet;
use super::{Report, words};
use crate::say;

/// The action list as CSV (RFC 4180, UTF-8, a header row).
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    row(&mut out, COLUMNS.iter().map(|column| report.language.of(column).to_owned()));
    for action in actions(report) {
        row(&mut out, action.cells(report.language).into_iter());
    }
    if let Some(off) = words::sandbox(report) {
        // Nobody has to do anything about it: it stands in the column that tells why.
        let note = say!(report.language, "sandbox: {off}", off);
        row(
            &mut out,
            COLUMNS.iter().map(|column| if *column == WHY { note.clone() } else { String::new() }),
        );
    }
    out
}

/// Appends a row; every cell is quoted, made visible and neutralised.
pub fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| format!("\"{}\"", spreadsheet(&cell).replace('"', "\"\""))).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}
