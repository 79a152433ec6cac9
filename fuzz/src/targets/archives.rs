//! Archives and workbooks.

use super::halves;
use ecelens::bundle::{Bundle, Limits, Member, Spent, Visitor};
use ecelens::syntax::read_workbook;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;

/// A workbook, or what claims to be one.
pub fn workbook(bytes: &[u8]) {
    read_workbook(bytes, &mut |_| ());
}

/// A workbook whose sheet is the text up to a line with a single dot, and whose shared strings are the rest: the XML is reached
/// without guessing checksums first.
pub fn sheet(bytes: &[u8]) {
    let at = bytes.windows(3).position(|window| window == b"\n.\n").unwrap_or(bytes.len());
    let (sheet, strings) = (&bytes[..at], bytes.get(at + 3..).unwrap_or_default());
    let parts: [(&str, &[u8]); 5] = [
        ("[Content_Types].xml", b"<Types/>"),
        (
            "xl/workbook.xml",
            b"<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
              <Relationship Id=\"rId2\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ];
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        writer.start_file(name, stored).expect("a part");
        writer.write_all(content).expect("its content");
    }
    read_workbook(&writer.finish().expect("an archive").into_inner(), &mut |_| ());
}

/// Limits that a small input can reach.
const LIMITS: Limits = Limits {
    structured_packed: 64 * 1024,
    structured_unpacked: 128 * 1024,
    nested_archive: 64 * 1024,
    bundle_unpacked: 1024 * 1024,
    ratio: 200,
    ratio_after: 64 * 1024,
    swollen: 2,
    archive_depth: 3,
    entries: 100,
    folder_depth: 4,
};

/// Reads every member to its end and counts what comes out.
#[derive(Default)]
struct Reader {
    bytes: u64,
    members: usize,
}

impl Visitor for Reader {
    fn member(&mut self, mut member: Member<'_>) {
        self.members += 1;
        // An error is an answer; endless bytes are none.
        let _ = std::io::copy(&mut member.content.reader().take(LIMITS.bundle_unpacked * 2), &mut std::io::sink()).map(|n| self.bytes += n);
    }

    fn problem(&mut self, path: &str, reason: ecelens::model::Text) {
        assert!(!path.is_empty() && !reason.is_empty());
    }
}

/// Archives in archives: never more comes out than the limits allow.
pub fn archive(bytes: &[u8]) {
    let (_, rest) = halves(bytes);
    for bytes in [bytes, rest] {
        let mut bundle = Bundle::open(&[], LIMITS);
        bundle.give("given", bytes.to_vec());
        let mut reader = Reader::default();
        let spent = Spent::default();
        (0..bundle.jobs()).for_each(|job| bundle.visit(job, &spent, &mut reader));
        let most = LIMITS.bundle_unpacked + bytes.len() as u64;
        assert!(reader.bytes <= most, "{} bytes came out of {}", reader.bytes, bytes.len());
        assert!(reader.members <= LIMITS.entries + 1, "{} members", reader.members);
    }
}
