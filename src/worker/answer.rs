//! What a worker answers: one message a line, as JSON, from its version to its end. The other side believes none of it.

use crate::syntax::{CELLS, LAST, Row, Sheet, Value};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};

/// Version of the messages. Both sides are the same program, unless another was put in its place while it ran.
const VERSION: u32 = 1;
/// Most bytes of an answer.
pub const LONGEST: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Message {
    /// The first message.
    Version(u32),
    /// A sheet of this name begins.
    Sheet(String),
    /// A row of the sheet: its number and its filled cells.
    Row(u32, Vec<(u32, Cell)>),
    /// A sheet could not be read, or not to its end.
    Lost(Lost),
    /// The workbook can't be read at all.
    Refused(String),
    /// The last message.
    End,
}

/// A sheet that could not be read to its end.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// Its name.
    pub sheet: String,
    /// What its reader says; `None`: the workbook has too many cells.
    pub error: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Cell {
    Text(String),
    Number(String),
    Bool(bool),
    Cut(String),
}

/// A whole answer.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// Sheets, in their order.
    pub sheets: Vec<Sheet>,
    /// What is missing of them.
    pub lost: Vec<Lost>,
    /// Why there are none.
    pub refused: Option<String>,
}

/// The worker's side.
pub struct Writer<W> {
    output: W,
}

impl<W: Write> Writer<W> {
    /// Begins an answer.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = Self { output };
        writer.send(&Message::Version(VERSION))?;
        Ok(writer)
    }

    fn send(&mut self, message: &Message) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, message)?;
        self.output.write_all(b"\n")
    }

    /// Begins a sheet.
    pub fn sheet(&mut self, name: &str) -> io::Result<()> {
        self.send(&Message::Sheet(name.to_owned()))
    }

    /// Adds a row to the sheet. Cells without a value are left out.
    pub fn row(&mut self, (number, cells): Row) -> io::Result<()> {
        let cell = |value| {
            Some(match value {
                Value::Text(text) => Cell::Text(text.into()),
                Value::Number(number) => Cell::Number(number.into()),
                Value::Bool(value) => Cell::Bool(value),
                Value::Cut(text) => Cell::Cut(text.into()),
                Value::Null | Value::List(..) | Value::Bag(_) => return None,
            })
        };
        let cells = cells.into_iter().filter_map(|(column, value)| Some((column, cell(value)?)));
        self.send(&Message::Row(number, cells.collect()))
    }

    /// Says what is missing.
    pub fn lost(&mut self, lost: Lost) -> io::Result<()> {
        self.send(&Message::Lost(lost))
    }

    /// Says why there is nothing.
    pub fn refused(&mut self, error: String) -> io::Result<()> {
        self.send(&Message::Refused(error))
    }

    /// Ends the answer.
    pub fn end(&mut self) -> io::Result<()> {
        self.send(&Message::End)?;
        self.output.flush()
    }
}

/// Reads an answer. `None` if it breaks off, is of another version, or holds what no sheet can hold.
pub fn read(input: impl BufRead) -> Option<Answer> {
    let mut messages = serde_json::Deserializer::from_reader(input).into_iter::<Message>();
    if !matches!(messages.next(), Some(Ok(Message::Version(VERSION)))) {
        return None;
    }
    let mut answer = Answer::default();
    let mut cells_left = CELLS;
    for message in messages {
        match message.ok()? {
            Message::Version(_) => return None,
            Message::Sheet(name) => answer.sheets.push(Sheet { name, rows: Vec::new() }),
            Message::Row(number, cells) => {
                let rows = &mut answer.sheets.last_mut()?.rows;
                let is_next = rows.last().is_none_or(|(last, _)| *last < number);
                cells_left = cells_left.checked_sub(cells.len())?;
                let ascend = cells.iter().map(|(column, _)| *column).is_sorted_by(|a, b| a < b);
                let fit = (1..=LAST.0).contains(&number) && cells.iter().all(|(column, _)| (1..=LAST.1).contains(column));
                if !is_next || !ascend || !fit {
                    return None;
                }
                rows.push((number, cells.into_iter().map(|(column, cell)| (column, cell.into())).collect()));
            }
            Message::Lost(lost) => answer.lost.push(lost),
            Message::Refused(error) => answer.refused = Some(error),
            Message::End => return Some(answer),
        }
    }
    None
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Text(text) => Self::Text(text.into()),
            Cell::Number(number) => Self::Number(number.into()),
            Cell::Bool(value) => Self::Bool(value),
            Cell::Cut(text) => Self::Cut(text.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> (Answer, Vec<u8>) {
        let rows = vec![
            (1, vec![(1, Value::Text("Name".into())), (3, Value::Text("Wert \"ü\"\n".into()))]),
            (
                LAST.0,
                vec![
                    (2, Value::Number("587".into())),
                    (3, Value::Bool(true)),
                    (LAST.1, Value::Cut("#N/A".into())),
                ],
            ),
        ];
        let lost = Lost {
            sheet: "b".into(),
            error: Some("damaged".into()),
        };
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes).expect("memory");
        writer.sheet("a").expect("memory");
        rows.iter().for_each(|row| writer.row(row.clone()).expect("memory"));
        writer
            .lost(Lost {
                sheet: "b".into(),
                error: Some("damaged".into()),
            })
            .expect("memory");
        writer.end().expect("memory");
        let answer = Answer {
            sheets: vec![Sheet { name: "a".into(), rows }],
            lost: vec![lost],
            refused: None,
        };
        (answer, bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        let (answer, bytes) = whole();
        assert_eq!(read(bytes.as_slice()), Some(answer));
    }

    #[test]
    fn half_an_answer_is_none() {
        let (_, bytes) = whole();
        (0..bytes.len() - "\"end\"\n".len()).for_each(|end| assert_eq!(read(&bytes[..end]), None, "{end}"));
    }

    #[test]
    fn a_bent_answer_is_another_one_or_none() {
        let (_, bytes) = whole();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bent = bytes.clone();
                bent[at] ^= 1 << bit;
                let Some(answer) = read(bent.as_slice()) else { continue };
                let rows = answer.sheets.iter().flat_map(|sheet| &sheet.rows);
                let most = rows.flat_map(|(row, cells)| cells.iter().map(move |(column, _)| (*row, *column))).max();
                assert!(most.is_none_or(|(row, column)| row <= LAST.0 && column <= LAST.1));
            }
        }
    }

    #[test]
    fn rubbish_is_no_answer() {
        let begun = "{\"version\":1}\n{\"sheet\":\"a\"}\n";
        for rubbish in [
            "",
            "\"end\"",
            "{\"version\":2}\n\"end\"",
            "{\"version\":1}\n{\"row\":[1,[]]}\n\"end\"",
            "{\"version\":1}\n{\"version\":1}\n\"end\"",
            "{\"version\":1}\n{\"unknown\":1}\n\"end\"",
            &format!("{begun}{{\"row\":[0,[]]}}\n\"end\""),
            &format!("{begun}{{\"row\":[1048577,[]]}}\n\"end\""),
            &format!("{begun}{{\"row\":[2,[]]}}{{\"row\":[2,[]]}}\n\"end\""),
            &format!("{begun}{{\"row\":[1,[[1,{{\"bool\":true}}],[1,{{\"bool\":true}}]]]}}\n\"end\""),
            &format!("{begun}{{\"row\":[1,[[16385,{{\"bool\":true}}]]]}}\n\"end\""),
        ] {
            assert_eq!(read(rubbish.as_bytes()), None, "{rubbish}");
        }
        assert!(read(format!("{begun}\"end\"").as_bytes()).is_some());
    }
}
