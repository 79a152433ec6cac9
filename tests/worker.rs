//! Workbooks that a process of their own reads: the same facts in every format, and whatever that process does costs one file.

#![allow(clippy::disallowed_methods)]

mod support;

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use support::{ecelens, fixtures, report, run};

/// The facts of a workbook, with the names of its formats made one.
fn facts(workbook: &Path) -> String {
    let output = run(&["facts".as_ref(), workbook.as_os_str()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let name = support::name(workbook);
    String::from_utf8(output.stdout).expect("UTF-8").replace(&name, "workbook")
}

#[test]
fn every_format_gives_the_same_facts() {
    let folder = fixtures("workbooks");
    let xlsx = facts(&folder.join("ece.xlsx"));
    for told in [
        "https://ece.contoso.com",
        "Zürich “O365”",
        "imap.contoso.com",
        "143",
        "2026-05-04T09:30:15",
        "7000222",
    ] {
        assert!(xlsx.contains(told), "{told}: {xlsx}");
    }
    for other in ["ece.xls", "ece.xlsb", "ece.ods"] {
        assert_eq!(facts(&folder.join(other)), xlsx, "{other}");
    }
}

#[test]
fn a_workbook_in_an_archive_is_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("bundle.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&archive).expect("an archive"));
    for name in ["ece.xls", "ece.xlsb", "ece.ods"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(&std::fs::read(fixtures("workbooks").join(name)).expect("a workbook"))
            .expect("its content");
    }
    zip.finish().expect("a whole archive");
    let report = report(&[&archive]);
    let inventory = report["inventory"].as_array().expect("an inventory");
    let kinds: Vec<_> = inventory
        .iter()
        .map(|row| (row["path"].as_str(), row["kind"].as_str(), row["losses"].as_u64()))
        .collect();
    let read = |name| (Some(name), Some("ece-settings"), Some(0));
    assert_eq!(
        kinds,
        [read("bundle.zip!/ece.ods"), read("bundle.zip!/ece.xls"), read("bundle.zip!/ece.xlsb")]
    );
}

/// A run that has little room itself gives its worker no more.
#[cfg(target_os = "linux")]
#[test]
fn a_run_with_little_room_reads_workbooks() {
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 400000; ulimit -t 60; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_ecelens"))
        .arg("facts")
        .arg(fixtures("workbooks/ece.xls"))
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("https://ece.contoso.com"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The row of the inventory for `name`.
fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["inventory"].as_array().expect("an inventory");
    rows.iter()
        .find(|row| row["path"].as_str().is_some_and(|path| path.ends_with(name)))
        .unwrap_or_else(|| panic!("{name} is not in the inventory"))
}

/// True if a row of the inventory names a gap.
fn is_told(row: &Value) -> bool {
    row["losses"] != 0 || !row["problem"].is_null()
}

/// What the inventory says was lost of `name`.
fn lost(report: &Value, name: &str) -> String {
    let lost = row(report, name)["lost"].as_array().expect("losses");
    assert_eq!(lost.len(), 1, "{name}: {lost:?}");
    lost[0].as_str().unwrap_or_default().to_owned()
}

/// Ways to misbehave, and what the report says of each (`src/worker/misbehave.rs`).
#[cfg(debug_assertions)]
const WAYS: &[(&str, &str)] = &[
    ("abort", "broke off"),
    ("allocate", "needs more than 512 MiB of memory"),
    ("exit", "broke off"),
    ("flood", "may have 64 MiB"),
    ("overflow", "broke off"),
    ("panic", "broke off"),
    ("rubbish", "broke off"),
    ("sleep", "may compute for 10 seconds and take 30 in all"),
    ("spin", "may compute for 10 seconds and take 30 in all"),
];

/// A folder with a workbook for each of `ways`, a good one, and a note.
#[cfg(debug_assertions)]
fn misbehaving(ways: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for way in ways {
        let bytes = [b"\xD0\xCF\x11\xE0 misbehave: ", way.as_bytes()].concat();
        std::fs::write(folder.path().join(format!("{way}.xls")), bytes).expect("a file");
    }
    std::fs::copy(fixtures("workbooks/ece.xls"), folder.path().join("good.xls")).expect("a copy");
    std::fs::write(folder.path().join("note.txt"), "ECE 12.6(1) ES5\n").expect("a note");
    folder
}

#[cfg(debug_assertions)]
#[test]
fn whatever_a_worker_does_costs_one_file() {
    let ways: Vec<&str> = WAYS.iter().map(|(way, _)| *way).collect();
    let folder = misbehaving(&ways);
    let report = report(&[folder.path()]);
    for (way, says) in WAYS {
        let lost = lost(&report, &format!("/{way}.xls"));
        assert!(lost.contains(says) && lost.contains("save it as .xlsx"), "{way}: {lost}");
    }
    assert_eq!(row(&report, "/good.xls")["kind"], "ece-settings");
    assert_eq!(report["deployment"]["ece_version"], "12.6(1) ES5");
}

#[cfg(debug_assertions)]
#[test]
fn the_report_on_dying_workers_depends_on_no_thread() {
    let folder = misbehaving(&["abort", "allocate", "exit", "overflow", "panic", "rubbish"]);
    let scan = |threads: &str| {
        let mut scan = ecelens();
        scan.arg("scan")
            .arg(folder.path())
            .args(["--strict", "--fail-on", "never", "--format", "json", "--threads", threads]);
        scan.output().expect("the binary starts")
    };
    let first = scan("1");
    assert_eq!(first.status.code(), Some(4), "{}", String::from_utf8_lossy(&first.stderr));
    for threads in ["2", "8"] {
        assert_eq!(scan(threads).stdout, first.stdout, "{threads} threads");
    }
}

#[cfg(all(debug_assertions, target_os = "linux"))]
#[test]
fn a_worker_opens_no_file() {
    let folder = misbehaving(&["open"]);
    for sandbox in [&[][..], &["--no-sandbox"]] {
        let output = ecelens().arg("scan").arg(folder.path()).args(["--format", "json"]).args(sandbox).output();
        let report: Value = serde_json::from_slice(&output.expect("the binary starts").stdout).expect("a report");
        let lost = lost(&report, "/open.xls");
        assert!(lost.contains("(barred)"), "{lost}");
    }
}

/// An `.ods` of under 2 kB with `content` for its sheets.
fn ods(content: &str) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("mimetype", options.compression_method(zip::CompressionMethod::Stored))
        .expect("a member");
    zip.write_all(b"application/vnd.oasis.opendocument.spreadsheet").expect("its content");
    zip.start_file("content.xml", options).expect("a member");
    let xml = format!(
        "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">\
         <office:body><office:spreadsheet>{content}</office:spreadsheet></office:body></office:document-content>"
    );
    zip.write_all(xml.as_bytes()).expect("its content");
    zip.start_file("META-INF/manifest.xml", options).expect("a member");
    zip.write_all(b"<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>")
        .expect("its content");
    zip.finish().expect("a whole archive").into_inner()
}

const CELL: &str = "<table:table-cell office:value-type=\"float\" office:value=\"1\"";

/// A sheet of `rows` times the same cells.
fn repeated(rows: u32, cells: &str) -> String {
    format!("<table:table table:name=\"a\"><table:table-row table:number-rows-repeated=\"{rows}\">{cells}</table:table-row></table:table>")
}

/// Scans each workbook beside a note: the workbook is told with its limit, the note is read.
fn are_told(bombs: &[(&str, String, &str)]) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content, _) in bombs {
        let bytes = ods(content);
        assert!(bytes.len() < 2_000, "{name}: {}", bytes.len());
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
    std::fs::write(folder.path().join("note.txt"), "ECE 12.6(1) ES5\n").expect("a note");
    let report = report(&[folder.path()]);
    for (name, _, limit) in bombs {
        let lost = lost(&report, name);
        assert!(lost.contains(limit), "{name}: {lost}");
    }
    assert_eq!(report["deployment"]["ece_version"], "12.6(1) ES5");
}

#[test]
fn workbooks_that_unfold_without_end_are_told() {
    let wide = format!("{CELL} table:number-columns-repeated=\"16384\"/>");
    are_told(&[
        ("full.ods", repeated(1_048_576, &wide), "Cell limit exceeded"),
        ("many.ods", repeated(1_000, &wide), "more than 512 MiB of memory"),
    ]);
}

#[test]
#[ignore = "takes a minute without optimisation: a million cells"]
fn a_workbook_of_too_many_cells_is_told() {
    let one = format!("{CELL}><text:p>1</text:p></table:table-cell>");
    are_told(&[("rows.ods", repeated(4_294_967_295, &one), "more than 1000000 cells")]);
}

#[test]
fn damaged_workbooks_cost_themselves() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut damaged = 0;
    for name in ["ece.xls", "ece.xlsb", "ece.ods"] {
        let whole = std::fs::read(fixtures("workbooks").join(name)).expect("a workbook");
        let kind = name.trim_start_matches("ece.");
        for part in 1..=10 {
            let cut = &whole[..whole.len() * part / 11];
            std::fs::write(folder.path().join(format!("cut{part}.{kind}")), cut).expect("a file");
            let mut bent = whole.clone();
            bent.iter_mut().skip(part * 37).step_by(whole.len() / 5).for_each(|byte| *byte ^= 0x55);
            std::fs::write(folder.path().join(format!("bent{part}.{kind}")), bent).expect("a file");
            damaged += 2;
        }
    }
    // All that is needed may stand before the cut.
    let whole = std::fs::read(fixtures("workbooks/ece.xls")).expect("a workbook");
    std::fs::write(folder.path().join("cut0.xls"), &whole[..whole.len() - 1]).expect("a file");
    std::fs::write(folder.path().join("note.txt"), "ECE 12.6(1) ES5\n").expect("a note");
    let report = report(&[folder.path()]);
    let rows = report["inventory"].as_array().expect("an inventory");
    // Of a cut zip the members are read one after another, and its own row names the cut.
    let told = |file: &str| {
        rows.iter()
            .any(|row| row["path"].as_str().is_some_and(|path| path.contains(file)) && is_told(row))
    };
    let silent: Vec<String> = ["xls", "xlsb", "ods"]
        .iter()
        .flat_map(|kind| (1..=10).map(move |part| format!("/cut{part}.{kind}")))
        .chain(["/cut0.xls".to_owned()])
        .filter(|file| !told(file))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
    assert!(rows.len() > damaged, "{} of {damaged}", rows.len());
    assert_eq!(report["deployment"]["ece_version"], "12.6(1) ES5");
}

#[test]
fn without_a_program_to_start_such_files_are_named() {
    let analysis = support::analysis(&fixtures("workbooks"));
    let said = |name: &str| {
        let entry = analysis.inventory.iter().find(|entry| entry.path.ends_with(name)).expect("a file");
        entry
            .losses
            .iter()
            .map(|(_, reason)| reason.english().to_string())
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(said("ece.xlsx"), "");
    for name in ["ece.xls", "ece.xlsb", "ece.ods"] {
        assert!(said(name).contains("can't be started"), "{name}: {}", said(name));
    }
}
