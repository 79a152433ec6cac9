//! The workbook in a real spreadsheet program, where LibreOffice is installed: it opens, and every cell is the text of the CSV.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use std::path::Path;
use std::process::Command;
use support::{ecelens, fixtures};

/// The workbook as LibreOffice saves its first sheet; `None` without LibreOffice.
fn opened(workbook: &Path, folder: &Path) -> Option<Vec<u8>> {
    Command::new("soffice")
        .args(["--headless", "--norestore"])
        .arg(format!("-env:UserInstallation=file://{}", folder.join("profile").display()))
        // Comma, quotes, UTF-8, every cell quoted, as shown, no formulas, the first sheet.
        .args([
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,1",
            "--outdir",
        ])
        .args([folder, workbook])
        .output()
        .ok()?;
    let saved = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .find(|e| e.path().extension().is_some_and(|e| e == "csv"));
    Some(std::fs::read(saved.expect("LibreOffice has saved the sheet").path()).expect("the sheet"))
}

/// Rows without the apostrophes that keep cells of the CSV from being formulas, and with plain line breaks.
fn rows(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    let plain = |cell: &str| cell.replace('\'', "").replace("\r\n", "\n");
    reader.records().map(|row| row.expect("a row").iter().map(plain).collect()).collect()
}

#[test]
fn a_spreadsheet_program_shows_the_action_list() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (workbook, list) = (folder.path().join("actions.xlsx"), folder.path().join("list.txt"));
    let bundle = folder.path().join("bundle");
    std::fs::create_dir(&bundle).expect("a folder");
    for file in ["manifest.json", "aliases.csv"] {
        let all = walkdir::WalkDir::new(fixtures("bundles").join("redirect-mismatch"));
        let found = all.into_iter().flatten().find(|e| e.file_name() == file).expect(file);
        std::fs::copy(found.path(), bundle.join(file)).expect("a copy");
    }
    let hostile =
        "alias_name,recv_email_address,alias_status,pop3_server\n=1+1,a@contoso.com,\"=HYPERLINK(\"\"http://evil.example.com\"\")\",@SUM(A1)\n";
    std::fs::write(bundle.join("EGML_MAILHOST.csv"), hostile).expect("a file");
    let status = ecelens()
        .arg(&bundle)
        .args(["--fail-on", "never", "--format", "xlsx", "--output"])
        .arg(&workbook)
        .args(["--format", "csv", "--output"])
        .arg(&list)
        .status();
    assert_eq!(status.expect("the binary starts").code(), Some(0));
    let Some(shown) = opened(&workbook, folder.path()) else {
        println!("skipped: LibreOffice (soffice) is not installed");
        return;
    };
    let expected = rows(&std::fs::read(&list).expect("the list"));
    assert!(expected.len() > 10);
    assert_eq!(rows(&shown), expected);
}
