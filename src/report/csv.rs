//! CSV: the action list. No cell can be taken for a formula.

use super::Report;
use super::actions::{COLUMNS, actions};
use super::escape::spreadsheet;

/// The action list as CSV (RFC 4180, UTF-8, a header row).
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    row(&mut out, COLUMNS.iter().map(|c| (*c).to_owned()));
    for action in actions(report) {
        row(&mut out, action.cells().into_iter());
    }
    out
}

/// Appends a row; every cell is quoted, made visible and neutralised.
pub fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| format!("\"{}\"", spreadsheet(&cell).replace('"', "\"\""))).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}
