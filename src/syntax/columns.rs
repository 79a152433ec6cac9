//! Tables with a ruler of dashes under their header: `Format-Table`, sqlcmd and SSMS text, psql, and their like.

use super::lines::{Block, Lines};
use super::view::{Losses, View};
use super::{Key, Node, Syntax, Value, printed};
use crate::text;
use std::ops::Range;

/// Most lines that a wrapped header takes.
const HEADER: usize = 6;
/// Most columns.
const COLUMNS: usize = 1024;

/// A ruler taken apart.
struct Ruler {
    /// Dash groups, in characters.
    groups: Vec<Range<usize>>,
    /// What stands between all groups, if it is more than blanks: `,` of `sqlcmd -s ","`, `+` of psql.
    separator: Option<char>,
}

/// Reads `line` as a ruler: nothing but groups of dashes, blanks, and one separator between all of them.
fn ruler(line: &str) -> Option<Ruler> {
    if !line.contains("--") {
        return None;
    }
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut gap: Option<char> = None;
    let mut separator = None;
    let mut separated = 0;
    for (i, c) in line.chars().enumerate() {
        match c {
            '-' => match groups.last_mut() {
                Some(last) if last.end == i => last.end = i + 1,
                _ => {
                    if let Some(found) = gap.take().filter(|_| !groups.is_empty()) {
                        if *separator.get_or_insert(found) != found {
                            return None;
                        }
                        separated += 1;
                    }
                    groups.push(i..i + 1);
                }
            },
            ',' | ';' | '|' | '+' | '\t' if gap.is_none() => gap = Some(c),
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    // `| --- | --- |` is Markdown's.
    let markdown = line.trim().starts_with('|');
    let all_separated = separator.is_none() || separated + 1 == groups.len();
    (groups.len() <= COLUMNS && !markdown && all_separated && groups.iter().any(|g| g.len() > 1)).then_some(Ruler { groups, separator })
}

/// A cell: its text, the offset of that text in its line, and whether the column's width may have cut it.
struct Cell<'v> {
    text: &'v str,
    at: usize,
}

/// Reads the table whose ruler stands at line `at`, and whose header may reach up to line `floor`.
pub(super) fn read(view: &View<'_>, lines: &Lines<'_>, floor: usize, at: usize, losses: &mut Losses) -> Option<(usize, Block)> {
    let ruler = ruler(lines.line(at))?;
    // Pasted from a web page, a table has a blank line behind each of its lines.
    let above = (floor..at).rev().find(|&i| !lines.is_blank(i)).filter(|&i| at - i <= 2)?;
    let doubled = at - above == 2;
    let single = ruler.groups.len() == 1 && ruler.separator.is_none();
    if single {
        // One group of dashes may underline a heading as well: a column's name is one word, and as long as its ruler or shorter.
        let head = lines.line(above).trim();
        let fits = head.chars().count() == ruler.groups[0].len() || ruler.groups[0].len() > 60 || ruler.groups[0].start > 0;
        if head.contains(char::is_whitespace) || !fits || head.starts_with(['-', '=', '*', '#']) {
            return None;
        }
    }
    let (first, names) = header(lines, floor, above, &ruler, doubled)?;
    let filled = names.iter().filter(|(n, _)| !n.is_empty()).count();
    if filled == 0 || filled * 2 < names.len() {
        return None;
    }
    let mut locator = view.locator();
    let keys: Vec<Key> = names
        .iter()
        .enumerate()
        .map(|(i, (name, offset))| Key {
            name: if name.is_empty() { format!("#{}", i + 1) } else { name.clone() }.into(),
            place: locator.place(*offset),
        })
        .collect();
    let mut nodes: Vec<Node> = Vec::new();
    let mut index = at + 1;
    let mut next = at + 1;
    while index < lines.len() {
        if lines.is_blank(index) {
            // One blank line ends the table, unless the paste has one behind every line.
            if lines.is_blank(index + 1) || !doubled && !nodes.is_empty() {
                break;
            }
            index += 1;
            continue;
        }
        let line = lines.line(index);
        if is_trailer(line) {
            next = index + 1;
            break;
        }
        if super::console::prompt(line).is_some() || self::ruler(line).is_some() {
            break;
        }
        let offset = lines.start(index);
        let cells = cells(line, &ruler);
        let filled: Vec<usize> = (0..cells.len()).filter(|i| !cells[*i].text.is_empty()).collect();
        // A line of text below the table touches few columns, and runs across their borders.
        if !nodes.is_empty() && crosses_borders(line, &ruler) && !doubled && filled.len() * 2 < cells.len() {
            break;
        }
        let wrapped = ruler.separator.is_none() && cells.len() > 1 && cells[0].text.is_empty() && !filled.is_empty();
        if wrapped
            && let Some(last) = nodes.last_mut()
            && extend(last, &cells, &filled)
        {
            index += 1;
            next = index;
            continue;
        }
        // Where the member ends before the last column does, an empty cell at the end of the row is none: its value may be cut off.
        let open = view.is_whole() && lines.is_open(index) && line.chars().count() < ruler.groups.last().map_or(0, |group| group.end);
        let last = filled.last().copied();
        let place = locator.place(offset + cells.iter().find(|c| !c.text.is_empty()).map_or(0, |c| c.at));
        let entries = keys.iter().enumerate().map(|(i, key)| {
            let (text, within) = cells.get(i).map_or(("", line.len()), |c| (c.text, c.at));
            let own = locator.place(offset + within);
            let value = match printed::strip_ellipsis(text) {
                Some(kept) if !text.starts_with('{') => Value::Cut(kept.into()),
                _ if open && last.is_none_or(|last| i > last) => Value::Cut("".into()),
                _ if cells.get(i).is_none() => Value::Null,
                _ => printed::value(text, &own, true),
            };
            (key.clone(), Node::new(value, own))
        });
        let node = Node::new(Value::Bag(entries.collect()), place);
        nodes.push(node);
        index += 1;
        next = index;
    }
    let cut = nodes.iter().flat_map(|n| n.entries()).find(|(_, n)| matches!(n.value, Value::Cut(_)));
    if let Some((key, node)) = cut {
        losses.add(
            node.place.line,
            text!(
                "the column `{name}` is cut: print with Format-List, or to a wider console",
                name = key.name
            ),
        );
    }
    // The trailer of SQL tools stands behind a blank line.
    if let Some(filled) = lines.next_filled(next).filter(|&i| is_trailer(lines.line(i)) && i - next <= 2) {
        next = filled + 1;
    }
    let block = Block {
        syntax: Syntax::Columns,
        name: None,
        nodes,
        next,
    };
    Some((first, block))
}

/// The names above the ruler, each with the offset where it stands, and the header's first line. A header wraps over several lines
/// where a column is narrower than its name.
fn header(lines: &Lines<'_>, floor: usize, above: usize, ruler: &Ruler, doubled: bool) -> Option<(usize, Vec<(String, usize)>)> {
    let mut rows = vec![above];
    let mut index = above;
    while !doubled && rows.len() < HEADER && index > floor {
        index -= 1;
        let line = lines.line(index);
        if line.trim().is_empty() || ruler.separator.is_some() || super::console::prompt(line).is_some() || crosses_borders(line, ruler) {
            break;
        }
        rows.push(index);
    }
    // Wrapped names fill their columns: without a filled one the lines above are other text.
    let fills = |row: &usize| {
        cells(lines.line(*row), ruler)
            .iter()
            .zip(&ruler.groups)
            .any(|(c, g)| c.text.chars().count() + 1 >= g.len() && !c.text.is_empty())
    };
    while rows.len() > 1 && !rows.last().is_some_and(fills) {
        rows.pop();
    }
    let mut names = vec![(String::new(), lines.start(above)); ruler.groups.len()];
    for &row in rows.iter().rev() {
        for (i, cell) in cells(lines.line(row), ruler).iter().enumerate().take(names.len()) {
            if cell.text.is_empty() {
                continue;
            }
            if names[i].0.is_empty() {
                names[i].1 = lines.start(row) + cell.at;
            }
            names[i].0.push_str(cell.text);
        }
    }
    Some((*rows.last()?, names))
}

/// Cuts a line into the cells under the ruler's groups. Text that starts left of its group (right-aligned numbers) goes to the
/// column whose half of the gap it stands in.
fn cells<'v>(line: &'v str, ruler: &Ruler) -> Vec<Cell<'v>> {
    if let Some(separator) = ruler.separator {
        return separated_cells(line, separator, ruler);
    }
    let offsets: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
    let at = |column: usize| offsets.get(column).copied().unwrap_or(line.len());
    let blank = |column: usize| line[at(column)..].chars().next().is_none_or(char::is_whitespace);
    let mut cells = Vec::with_capacity(ruler.groups.len());
    let mut start = 0;
    for (i, group) in ruler.groups.iter().enumerate() {
        let end = match ruler.groups.get(i + 1) {
            None => offsets.len() - 1,
            Some(next) => border(group.end, next.start, &blank).max(start),
        };
        let (from, to) = (at(start), at(end).max(at(start)));
        let text = &line[from..to];
        let lead = text.len() - text.trim_start().len();
        cells.push(Cell {
            text: text.trim(),
            at: from + lead,
        });
        start = end;
    }
    cells
}

/// Where the column before a gap ends and the next one begins: at the next group's first dash if a blank stands before it; else at
/// the blank nearest to the middle of the gap.
fn border(gap_start: usize, gap_end: usize, blank: &dyn Fn(usize) -> bool) -> usize {
    if gap_end == 0 || blank(gap_end - 1) {
        return gap_end;
    }
    (gap_start..gap_end)
        .rev()
        .find(|&column| blank(column))
        .map_or(gap_end, |column| column + 1)
}

fn separated_cells<'v>(line: &'v str, separator: char, ruler: &Ruler) -> Vec<Cell<'v>> {
    let between = if separator == '+' { '|' } else { separator };
    // Padded tables have the separator in the same columns as the ruler: then it may occur in values too.
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let in_gap = |w: &[Range<usize>]| (w[0].end..w[1].start).find_map(|c| chars.get(c).filter(|(_, found)| *found == between));
    let borders: Vec<usize> = ruler.groups.windows(2).filter_map(in_gap).map(|(at, _)| *at).collect();
    let padded = borders.len() + 1 == ruler.groups.len();
    let mut cells = Vec::with_capacity(ruler.groups.len());
    let mut push = |from: usize, to: usize| {
        let text = &line[from..to];
        let lead = text.len() - text.trim_start().len();
        cells.push(Cell {
            text: text.trim(),
            at: from + lead,
        });
    };
    let mut start = 0;
    if padded {
        for at in borders {
            push(start, at);
            start = at + between.len_utf8();
        }
    } else {
        for (at, _) in line.match_indices(between).take(ruler.groups.len().saturating_sub(1)) {
            push(start, at);
            start = at + between.len_utf8();
        }
    }
    push(start, line.len());
    cells
}

/// True if some character stands in the gap before a column and touches both its sides: text that knows nothing of the columns.
fn crosses_borders(line: &str, ruler: &Ruler) -> bool {
    let chars: Vec<char> = line.chars().collect();
    let filled = |i: usize| chars.get(i).is_some_and(|c| !c.is_whitespace());
    ruler.separator.is_none() && ruler.groups.windows(2).any(|w| (w[0].end..=w[1].start).all(filled))
}

/// Adds the lines of wrapped cells to the row above; false if that row has no value where the line has one.
fn extend(row: &mut Node, cells: &[Cell<'_>], filled: &[usize]) -> bool {
    let Value::Bag(entries) = &mut row.value else { return false };
    let fits = |i: &usize| {
        entries
            .get(*i)
            .is_some_and(|(_, n)| matches!(n.value, Value::Text(_) | Value::List(_, true)))
    };
    if !filled.iter().all(fits) {
        return false;
    }
    for &i in filled {
        let node = &mut entries[i].1;
        match &mut node.value {
            Value::Text(text) => *text = format!("{text} {}", cells[i].text).into(),
            Value::List(items, shortened) => {
                let more = cells[i].text;
                *shortened = !more.ends_with('}') || printed::strip_ellipsis(more.trim_end_matches('}')).is_some();
                let place = node.place.clone();
                let body = more.trim_end_matches('}');
                items.extend(
                    body.split(',')
                        .map(str::trim)
                        .filter(|t| !t.is_empty())
                        .map(|t| Node::new(Value::Text(t.into()), place.clone())),
                );
            }
            _ => {}
        }
    }
    true
}

/// True for `(4 rows affected)` in whatever language, and psql's `(1 row)`.
fn is_trailer(line: &str) -> bool {
    let Some(inner) = line.trim().strip_prefix('(').and_then(|l| l.strip_suffix(')')) else {
        return false;
    };
    let digits = inner.chars().take_while(char::is_ascii_digit).count();
    let words = inner[digits..].trim();
    digits > 0 && inner.len() < 80 && words.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || c == '(' || c == ')') && !words.is_empty()
}

/// True if `line` is a ruler: a cheap test before [`read`].
pub(super) fn is_ruler(line: &str) -> bool {
    line.trim_start().starts_with('-') && ruler(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};

    fn table(content: &str) -> Option<(usize, Block)> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let view = View::whole(&text);
        let lines = Lines::of(view.text());
        (0..lines.len()).find_map(|at| read(&view, &lines, 0, at, &mut Losses::default()))
    }

    fn rows(content: &str) -> Vec<Vec<Option<String>>> {
        let nodes = table(content).unwrap().1.nodes;
        nodes
            .iter()
            .map(|n| n.entries().iter().map(|(_, v)| v.text().map(str::to_owned)).collect())
            .collect()
    }

    fn texts(row: &[Option<String>]) -> Vec<&str> {
        row.iter().map(|c| c.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn format_table() {
        let content = "\nName                PrimarySmtpAddress     Count Policy\n----                ------------------     ----- ------\nECE service account svc@example.com         1200 \nSales               sales@averylongna...       3 {a, b...}\n\nPS C:\\> x\n";
        let (first, block) = table(content).unwrap();
        assert_eq!((first, block.nodes.len()), (1, 2));
        let count = block.nodes[0].get("Count").unwrap();
        assert_eq!((count.text(), count.place.line, count.place.column), (Some("1200"), 4, 45));
        assert_eq!(block.nodes[0].get("Policy").unwrap().value, Value::Null);
        assert_eq!(
            block.nodes[1].get("PrimarySmtpAddress").unwrap().value,
            Value::Cut("sales@averylongna".into())
        );
        assert!(matches!(block.nodes[1].get("Policy").unwrap().value, Value::List(_, true)));
        assert_eq!(block.next, 5);
    }

    #[test]
    fn a_row_at_the_end_of_the_text_may_lack_its_last_columns() {
        let cut = |content: &str| {
            let nodes = table(content).unwrap().1.nodes;
            let values = nodes.last().unwrap().entries().iter().map(|(_, node)| node.value.clone());
            values.map(|value| matches!(value, Value::Cut(_))).collect::<Vec<_>>()
        };
        let head = "Name  Imap  Smtp\n----  ----  ----\n";
        assert_eq!(cut(&format!("{head}sales True  ")), [false, false, true]);
        assert_eq!(cut(&format!("{head}sales")), [false, true, true]);
        assert_eq!(cut(&format!("{head}sales True  False")), [false; 3], "nothing is missing");
        assert_eq!(
            cut(&format!("{head}sales True      ")),
            [false; 3],
            "padded to the end: nothing stood there"
        );
        assert_eq!(cut(&format!("{head}sales True  \n")), [false; 3], "the line has its end");
        assert_eq!(cut("id,host,port\n--,----,----\n1,mx"), [false, false, true]);
    }

    #[test]
    fn right_aligned_numbers_and_wrapped_headers() {
        let content = "Id   Very   Port\n     Long       \n     Header     \n--   ------ ----\n 999  True   587\n1000 False    25\n";
        let block = table(content).unwrap().1;
        let row = &block.nodes[0];
        assert_eq!(row.get("VeryLongHeader").unwrap().text(), Some("True"));
        assert_eq!(block.nodes[1].get("Id").unwrap().text(), Some("1000"));
        assert_eq!(block.nodes[1].get("Port").unwrap().text(), Some("25"));
    }

    #[test]
    fn sql_text() {
        let content = "setting_name           setting_val              \r\n---------------------- -------------------------\r\nExternal URL of Applic https://ece.example.com/a\r\nSession time out       NULL                     \r\n\r\n(2 righe interessate)\r\nmore\r\n";
        let block = table(content).unwrap().1;
        assert_eq!(block.nodes[0].get("setting_val").unwrap().text(), Some("https://ece.example.com/a"));
        assert_eq!(block.nodes.len(), 2);
        assert_eq!(block.next, 6);
        let commas = "alias_id,alias_name,host\n--------,----------,----\n1,Sales,outlook.office365.com\n2,Info,\n\n(2 rows affected)\n";
        assert_eq!(
            rows(commas).iter().map(|r| texts(r).join("/")).collect::<Vec<_>>(),
            ["1/Sales/outlook.office365.com", "2/Info/-"]
        );
        let psql = " id |  name  | port \n----+--------+------\n  1 | a | b |  587\n(1 row)\n";
        assert_eq!(texts(&rows(psql)[0])[0], "1");
    }

    #[test]
    fn doubled_by_a_paste() {
        let content = "Name  Imap\n\n----  ----\n\nsales True\n\ninfo  False\n\nRegards, the whole team\n";
        let all = rows(content);
        assert_eq!(texts(&all[1]), ["info", "False"]);
    }

    #[test]
    fn headings_are_no_tables() {
        for text in [
            "What we did\n-----------\nsome text\n",
            "- a\n---\nb\n",
            "a\n\n\n--\nb\n",
            "| a | b |\n|---|---|\n| 1 | 2 |\n",
        ] {
            assert!(table(text).is_none(), "{text}");
        }
        let single = "SmtpClientAuthenticationDisabled\n--------------------------------\n                            True\n\n";
        assert_eq!(texts(&rows(single)[0]), ["True"]);
    }

    #[test]
    fn every_truncation_is_harmless() {
        let sample = "Naïve  Größe\n-----  -----\né…     1\n       2\n(1 Zeile betroffen)\n";
        for end in (0..=sample.len()).filter(|at| sample.is_char_boundary(*at)) {
            table(&sample[..end]);
        }
    }
}
