//! Which format a workbook has, by its bytes.

use crate::bundle::is_spreadsheet;
use std::io::Cursor;

/// Formats of workbooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkbookFormat {
    /// Excel since 2007: XML in a zip. Any other zip too, which then holds no workbook.
    Xlsx,
    /// Excel before 2007, and whatever else is an OLE file: old documents, mails, workbooks with a password.
    Xls,
    /// Excel's binary parts in a zip.
    Xlsb,
    /// OpenDocument.
    Ods,
}

impl WorkbookFormat {
    /// The format of `bytes`; `None` if they are no workbook.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Some(Self::Xls);
        }
        if !bytes.starts_with(b"PK\x03\x04") {
            return None;
        }
        if is_spreadsheet(bytes) {
            return Some(Self::Ods);
        }
        let zip = zip::ZipArchive::new(Cursor::new(bytes));
        let is_binary = zip.is_ok_and(|zip| zip.index_for_name("xl/workbook.bin").is_some());
        Some(if is_binary { Self::Xlsb } else { Self::Xlsx })
    }
}
