//! Secrets that only their column's heading gives away: exports as CSV, Markdown or text columns under a ruler.

use super::shapes::NAMES;
use super::{Found, SecretKind, is_placeholder, kind_of_name};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A heading may say whose it is: `Account password`.
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(&format!(r"(?i)^(?:[0-9A-Za-z]+ ){{0,3}}{NAMES}$")).expect("a constant pattern"));

/// What the lines so far say of the columns.
#[derive(Default)]
pub(super) struct Columns {
    delimiter: Option<u8>,
    /// Cells of a delimited table that hold secrets.
    cells: Vec<(usize, SecretKind)>,
    /// Byte ranges of a ruled table that hold secrets.
    ruled: Vec<(Range<usize>, SecretKind)>,
    heading: String,
}

impl Columns {
    /// Takes the next line, and gives what is secret in it (ranges are of the line).
    pub(super) fn line(&mut self, line: &str, may_be_heading: bool) -> Vec<Found> {
        let line = line.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            *self = Self::default();
            return Vec::new();
        }
        if may_be_heading && self.read_heading(line) {
            self.heading = line.to_owned();
            return Vec::new();
        }
        if is_ruler(line) && self.read_ruler(line) {
            return Vec::new();
        }
        let mut found = Vec::new();
        if let Some(delimiter) = self.delimiter {
            for (at, range) in cells(line, delimiter).into_iter().enumerate() {
                if let Some((_, kind)) = self.cells.iter().find(|(cell, _)| *cell == at) {
                    push(line, range, *kind, &mut found);
                }
            }
        }
        for (range, kind) in &self.ruled {
            let end = if range.end == usize::MAX {
                line.len()
            } else {
                range.end.min(line.len())
            };
            if line.is_char_boundary(range.start) && line.is_char_boundary(end) && range.start < end {
                push(line, range.start..end, *kind, &mut found);
            }
        }
        found
    }

    fn read_heading(&mut self, line: &str) -> bool {
        for delimiter in [b',', b';', b'\t', b'|'] {
            let cells = cells(line, delimiter);
            if cells.len() < 2 {
                continue;
            }
            let secret: Vec<(usize, SecretKind)> = cells
                .iter()
                .enumerate()
                .filter_map(|(at, range)| {
                    let name = line.get(range.clone())?.trim().trim_matches(['"', '*', '`']);
                    NAME.is_match(name).then(|| (at, kind_of_name(name)))
                })
                .collect();
            // A heading has names in its other cells too: no digits but in names like `pop3_password`, no values.
            let is_heading = cells.iter().all(|range| {
                let cell = line.get(range.clone()).unwrap_or("").trim().trim_matches(['"', '*', '`']);
                cell.len() <= 60
                    && cell
                        .chars()
                        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '(' | ')' | '/' | '#'))
            });
            if !secret.is_empty() && is_heading {
                self.delimiter = Some(delimiter);
                self.cells = secret;
                self.ruled.clear();
                return true;
            }
        }
        false
    }

    /// Dashes under the heading: `Name  Password` over `----  --------`.
    fn read_ruler(&mut self, line: &str) -> bool {
        let mut columns: Vec<Range<usize>> = Vec::new();
        let mut start = None;
        for (at, byte) in line.bytes().chain([b' ']).enumerate() {
            match (byte == b'-', start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    columns.push(from..at);
                    start = None;
                }
                _ => {}
            }
        }
        let ends: Vec<usize> = columns.iter().skip(1).map(|next| next.start).chain([usize::MAX]).collect();
        self.ruled = columns
            .iter()
            .zip(ends)
            .filter_map(|(column, end)| {
                let name = self.heading_at(column.start, end)?;
                NAME.is_match(&name).then(|| (column.start..end, kind_of_name(&name)))
            })
            .collect();
        !self.ruled.is_empty()
    }

    fn heading_at(&self, start: usize, end: usize) -> Option<String> {
        self.heading.get(start..end.min(self.heading.len())).map(|h| h.trim().to_owned())
    }

    /// Remembers a line that may turn out to be the heading of a ruled table.
    pub(super) fn remember(&mut self, line: &str) {
        if self.cells.is_empty() && self.ruled.is_empty() {
            line.trim_end_matches(['\n', '\r']).clone_into(&mut self.heading);
        }
    }

    /// True while rows of a table with secret columns may follow.
    pub(super) fn is_open(&self) -> bool {
        !self.cells.is_empty() || !self.ruled.is_empty()
    }
}

fn push(line: &str, range: Range<usize>, kind: SecretKind, found: &mut Vec<Found>) {
    let Some(cell) = line.get(range.clone()) else { return };
    let value = cell.trim().trim_matches('"').trim();
    if value.is_empty() || is_placeholder(value) || value.bytes().all(|b| b == b'-') {
        return;
    }
    let start = range.start + cell.find(value).unwrap_or(0);
    found.push(Found {
        kind,
        range: start..start + value.len(),
    });
}

fn is_ruler(line: &str) -> bool {
    line.contains("---") && line.bytes().all(|b| matches!(b, b'-' | b' ' | b'\t'))
}

/// Byte ranges of the cells of a delimited line, quotes included.
fn cells(line: &str, delimiter: u8) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if byte == delimiter && !quoted => {
                cells.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    cells.push(start..line.len());
    cells
}

#[cfg(test)]
mod tests {
    use super::super::find_all;

    #[test]
    fn a_heading_may_say_whose_the_secret_is() {
        for (table, secrets) in [
            ("Name,Account password,URL\nSales,Sommer,https\n", &["Sommer"][..]),
            ("Name\tSMTP user password\t\nSales\tSommer\t\n", &["Sommer"]),
            ("Name  Mailbox Password\n----  ----------------\nSales Sommer\n", &["Sommer"]),
            ("Name,Password policy,Has password\nSales,strict,yes\n", &[]),
        ] {
            let found: Vec<&str> = find_all(table).into_iter().map(|f| &table[f.range]).collect();
            assert_eq!(found, secrets, "{table}");
        }
    }
}
