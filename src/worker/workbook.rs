//! The worker's side: workbooks that are read by `calamine`, which no other part of the program may use.

use super::answer::{Lost, Writer};
use crate::syntax::{self, CELL_TEXT, CELLS, Row, Value, WorkbookFormat};
use calamine::{Data, Ods, Range, Reader, Xls, Xlsb};
use std::fmt::Display;
use std::io::{self, Cursor, Write};

/// Reads the workbook in `bytes` and writes its sheets.
pub fn read<W: Write>(bytes: Vec<u8>, answer: &mut Writer<W>) -> io::Result<()> {
    let format = WorkbookFormat::of(&bytes);
    let bytes = Cursor::new(bytes);
    match format {
        Some(WorkbookFormat::Xls) => sheets(Xls::new(bytes), Xls::has_1904_epoch, answer)?,
        Some(WorkbookFormat::Xlsb) => sheets(Xlsb::new(bytes), Xlsb::has_1904_epoch, answer)?,
        Some(WorkbookFormat::Ods) => sheets(Ods::new(bytes), |_| false, answer)?,
        Some(WorkbookFormat::Xlsx) | None => answer.refused("no workbook of a format that is read here".into())?,
    }
    answer.end()
}

/// Writes every sheet of `opened`; `date1904`: whether its days count from 1904.
fn sheets<R, E, W>(opened: Result<R, E>, date1904: impl Fn(&R) -> bool, answer: &mut Writer<W>) -> io::Result<()>
where
    R: Reader<Cursor<Vec<u8>>, Error = E>,
    E: Display,
    W: Write,
{
    let mut workbook = match opened {
        Ok(workbook) => workbook,
        Err(error) => return answer.refused(error.to_string()),
    };
    let date1904 = date1904(&workbook);
    let mut cells_left = CELLS;
    for name in workbook.sheet_names() {
        match workbook.worksheet_range(&name) {
            Ok(cells) => {
                answer.sheet(&name)?;
                let is_whole = rows(&cells, date1904, &mut cells_left, answer)?;
                if !is_whole {
                    return answer.lost(Lost { sheet: name, error: None });
                }
            }
            Err(error) => {
                let error = Some(error.to_string());
                answer.lost(Lost { sheet: name, error })?;
            }
        }
    }
    Ok(())
}

/// Writes the filled cells of a sheet. False if there are more than a workbook may have.
fn rows<W: Write>(cells: &Range<Data>, date1904: bool, cells_left: &mut usize, answer: &mut Writer<W>) -> io::Result<bool> {
    let (first_row, first_column) = cells.start().unwrap_or_default();
    for (row, cells) in (first_row + 1..).zip(cells.rows()) {
        let filled = (first_column + 1..).zip(cells).map(|(column, data)| (column, value(data, date1904)));
        let row: Row = (row, filled.filter(|(_, value)| *value != Value::Null).collect());
        let Some(left) = cells_left.checked_sub(row.1.len()) else {
            return Ok(false);
        };
        *cells_left = left;
        if !row.1.is_empty() {
            answer.row(row)?;
        }
    }
    Ok(true)
}

/// A cell as the reader of `.xlsx` gives it.
fn value(data: &Data, date1904: bool) -> Value {
    match data {
        Data::Empty => Value::Null,
        Data::Bool(value) => Value::Bool(*value),
        Data::Int(number) => Value::Number(number.to_string().into()),
        Data::Float(number) => syntax::number(&number.to_string(), *number),
        Data::DateTime(moment) => {
            let serial = moment.as_f64();
            syntax::date(serial, date1904).unwrap_or_else(|| syntax::number(&serial.to_string(), serial))
        }
        Data::DateTimeIso(text) | Data::DurationIso(text) => Value::Text(text.as_str().into()),
        Data::String(text) => {
            let kept: String = text.chars().take(CELL_TEXT).collect();
            let is_cut = kept.len() < text.len();
            syntax::text_of_cell((kept, is_cut))
        }
        // An error is what a formula could not give.
        Data::Error(error) => Value::Cut(error.to_string().into()),
    }
}
