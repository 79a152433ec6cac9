//! Replacements in a text, and tables that stay tables: where columns are told by their places, a cell that grows or shrinks must
//! not move its neighbours.

use std::ops::Range;

/// What takes the place of a byte range.
pub(super) type Edit = (Range<usize>, String);

/// `text` with `edits`, which are in order and don't overlap.
pub(super) fn applied(text: &str, edits: &[Edit]) -> String {
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for (range, instead) in edits {
        made.push_str(&text[at..range.start]);
        made.push_str(instead);
        at = range.end;
    }
    made.push_str(&text[at..]);
    made
}

/// The same for whole lines, with the columns of tables laid out anew.
pub(super) fn applied_to_lines(text: &str, edits: &[Edit]) -> String {
    if edits.is_empty() || !text.contains("--") {
        return applied(text, edits);
    }
    let lines: Vec<Line<'_>> = lines(text, edits);
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        match lines.get(at + 1).and_then(|ruler| columns(line, ruler)) {
            Some(columns) => {
                let rows = lines[at..]
                    .iter()
                    .position(|row| row.text.trim().is_empty())
                    .map_or(lines.len(), |rows| at + rows);
                table(&lines[at..rows], &columns, &mut made);
                at = rows;
            }
            None => {
                made.push_str(&line.applied(0..line.text.len()));
                at += 1;
            }
        }
    }
    made
}

/// A line with its end, and the edits in it, counted from its start.
struct Line<'t> {
    text: &'t str,
    edits: Vec<Edit>,
}

/// Lines of `text` with their edits; lines that an edit binds together are one.
fn lines<'t>(text: &'t str, edits: &[Edit]) -> Vec<Line<'t>> {
    let line_end = |from: usize| memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |at| from + at + 1);
    let mut lines = Vec::new();
    let mut rest = edits.iter().peekable();
    let mut start = 0;
    while start < text.len() {
        let mut end = line_end(start);
        let mut own = Vec::new();
        while let Some((range, made)) = rest.next_if(|(range, _)| range.start < end) {
            own.push((range.start - start..range.end - start, made.clone()));
            if range.end > end {
                end = line_end(range.end);
            }
        }
        lines.push(Line {
            text: &text[start..end],
            edits: own,
        });
        start = end;
    }
    lines
}

impl Line<'_> {
    /// The part `range` of the line after its edits.
    fn applied(&self, range: Range<usize>) -> String {
        let inside = self.edits.iter().filter(|(edit, _)| range.start <= edit.start && edit.end <= range.end);
        let inside: Vec<Edit> = inside
            .map(|(edit, made)| (edit.start - range.start..edit.end - range.start, made.clone()))
            .collect();
        applied(&self.text[range], &inside)
    }

    /// The byte ranges of the cells that begin in the columns `starts`; `None` if an edit reaches over their borders.
    fn cells(&self, starts: &[usize]) -> Option<Vec<Range<usize>>> {
        let content = self.text.trim_end_matches(['\n', '\r']).len();
        let at = |column: usize| self.text[..content].char_indices().nth(column).map_or(content, |(at, _)| at);
        let ends = starts.iter().skip(1).map(|next| at(*next)).chain([content]);
        let cells: Vec<Range<usize>> = starts.iter().zip(ends).map(|(start, end)| at(*start)..end).collect();
        let is_whole = |edit: &Range<usize>| cells.iter().any(|cell| cell.start <= edit.start && edit.end <= cell.end);
        self.edits.iter().all(|(edit, _)| is_whole(edit)).then_some(cells)
    }
}

/// Where columns begin, if `ruler` is the line of dashes below the heading of a table.
fn columns(heading: &Line<'_>, ruler: &Line<'_>) -> Option<Vec<usize>> {
    let dashes = ruler.text.trim_end();
    let is_ruler = dashes.contains("--") && dashes.bytes().all(|b| matches!(b, b'-' | b' ')) && !heading.text.trim().is_empty();
    let starts: Vec<usize> = dashes
        .bytes()
        .enumerate()
        .filter(|(at, b)| *b == b'-' && at.checked_sub(1).is_none_or(|before| dashes.as_bytes()[before] == b' '))
        .map(|(at, _)| at)
        .collect();
    (is_ruler && starts.len() > 1).then_some(starts)
}

/// Writes a table: heading, ruler, rows.
fn table(lines: &[Line<'_>], starts: &[usize], out: &mut String) {
    let rows: Vec<Option<Vec<String>>> = lines
        .iter()
        .map(|line| Some(line.cells(starts)?.into_iter().map(|cell| line.applied(cell)).collect()))
        .collect();
    let width = |column: usize, from: usize, to: usize| {
        let cells = rows.iter().flatten().filter_map(|row| row.get(column));
        cells.map(|cell| cell.trim_end().chars().count() + 1).max().unwrap_or(0).max(to - from)
    };
    let widths: Vec<usize> = starts
        .windows(2)
        .enumerate()
        .map(|(column, pair)| width(column, pair[0], pair[1]))
        .collect();
    for (line, row) in lines.iter().zip(&rows) {
        let Some(row) = row else {
            out.push_str(&line.applied(0..line.text.len()));
            continue;
        };
        let before = starts.first().copied().unwrap_or(0);
        out.extend(line.text.chars().take(before).filter(|c| !matches!(c, '\n' | '\r')));
        let mut laid = String::new();
        for (column, cell) in row.iter().enumerate() {
            match widths.get(column) {
                Some(width) => laid.push_str(&format!("{:<width$}", cell.trim_end())),
                None => laid.push_str(cell),
            }
        }
        // A line that was shorter than the table stays so.
        let is_short = row.last().is_none_or(String::is_empty);
        out.push_str(if is_short { laid.trim_end() } else { &laid });
        out.push_str(&line.text[line.text.trim_end_matches(['\n', '\r']).len()..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(text: &str, pairs: &[(&str, &str)]) -> Vec<Edit> {
        let mut edits: Vec<Edit> = pairs
            .iter()
            .flat_map(|(old, new)| text.match_indices(old).map(|(at, old)| (at..at + old.len(), (*new).to_owned())))
            .collect();
        edits.sort_by_key(|(range, _)| range.start);
        edits
    }

    #[test]
    fn columns_stay_under_their_headings() {
        let text = "PS> Get-CASMailbox\r\n\r\nName  Address                   Imap\r\n----  -------                   ----\r\nÈva   sales@margiestravel.com   True\r\nBob   x@ab.de                   False\r\n\r\nsales@margiestravel.com\r\n";
        let made = applied_to_lines(text, &edits(text, &[("sales@margiestravel.com", "user1@domain1.com")]));
        assert_eq!(
            made,
            text.replacen("sales@margiestravel.com   True", "user1@domain1.com         True", 1)
                .replace("sales@margiestravel.com", "user1@domain1.com")
        );
        let text = "Address Imap\n------- ----\nx@ab.de True\ny@ab.de\n";
        let made = applied_to_lines(text, &edits(text, &[("x@ab.de", "user1@domain1.de"), ("y@ab.de", "user2@domain1.de")]));
        assert_eq!(
            made,
            "Address          Imap\n-------          ----\nuser1@domain1.de True\nuser2@domain1.de\n"
        );
    }

    #[test]
    fn an_edit_over_lines_and_no_table() {
        let text = "a -- b\nkey: xx\nyy\nz xx\n";
        assert_eq!(
            applied_to_lines(text, &[(12..17, "1".into()), (20..22, "2".into())]),
            "a -- b\nkey: 1\nz 2\n"
        );
        assert_eq!(applied_to_lines("a", &[]), "a");
    }
}
