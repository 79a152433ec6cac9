//! The workbook in a real spreadsheet program, where LibreOffice is installed: it opens, and every cell is the text of the CSV.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::{bundles, ecelens, fixtures};

/// The workbooks as LibreOffice saves their first sheets in `folder`; `None` without LibreOffice.
fn opened(workbooks: &[PathBuf], folder: &Path) -> Option<Vec<Vec<u8>>> {
    Command::new("soffice")
        .args(["--headless", "--norestore"])
        .arg(format!("-env:UserInstallation=file://{}", folder.join("profile").display()))
        // Comma, quotes, UTF-8, every cell quoted, as shown, no formulas, the first sheet.
        .args([
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,1",
            "--outdir",
        ])
        .arg(folder)
        .args(workbooks)
        .output()
        .ok()?;
    let saved = |workbook: &PathBuf| {
        let stem = workbook.file_stem().expect("a name").to_string_lossy().into_owned();
        let all = std::fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.path());
        let names_it = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&format!("{stem}-")))
        };
        let sheet = all
            .into_iter()
            .find(|path| path.extension().is_some_and(|e| e == "csv") && names_it(path));
        std::fs::read(sheet.expect("LibreOffice has saved the sheet")).expect("the sheet")
    };
    Some(workbooks.iter().map(saved).collect())
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
    let bundles: Vec<PathBuf> = std::iter::once(bundle).chain(bundles()).collect();
    let written = |(n, bundle): (usize, &PathBuf)| {
        let (workbook, list) = (folder.path().join(format!("actions{n}.xlsx")), folder.path().join(format!("list{n}.txt")));
        let status = ecelens()
            .arg(bundle)
            .args(["--fail-on", "never", "--format", "xlsx", "--output"])
            .arg(&workbook)
            .args(["--format", "csv", "--output"])
            .arg(&list)
            .status();
        assert_eq!(status.expect("the binary starts").code(), Some(0));
        (workbook, rows(&std::fs::read(&list).expect("the list")))
    };
    let (workbooks, lists): (Vec<PathBuf>, Vec<_>) = bundles.iter().enumerate().map(written).unzip();
    let Some(shown) = opened(&workbooks, folder.path()) else {
        println!("skipped: LibreOffice (soffice) is not installed");
        return;
    };
    for ((bundle, shown), expected) in bundles.iter().zip(shown).zip(lists) {
        assert!(expected.len() > 10);
        assert_eq!(rows(&shown), expected, "{}", bundle.display());
    }
}
