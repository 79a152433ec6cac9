//! Hostile and damaged input: a clear line in the report that names file and reason, the rest analysed, no panic, no hang.

mod archives;
mod bombs;
mod documents;
#[path = "../support/mod.rs"]
mod support;
mod texts;

use std::io::Write;
use std::path::Path;
use support::{ecelens, report};

const RECORD: &str = "2026-05-04 09:00:00.000 GMT+0200 <@> INFO <@> [12:RxInstance id : 999] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.service.RxInstance <@> startInstance <@> **** Rx Instance 999 Running **** <@>\n";

fn log(lines: usize) -> Vec<u8> {
    RECORD.repeat(lines).into_bytes()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a member");
        writer.write_all(content).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(content).expect("content");
    writer.finish().expect("gzip")
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        // Set by hand: the builder refuses the names that an attacker would choose.
        header.as_gnu_mut().expect("a GNU header").name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).expect("a member");
    }
    builder.into_inner().expect("an archive")
}

/// Scans a folder with a healthy log and `name` in it.
fn scan_with(name: &str, content: &[u8]) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("eg_log_ECESVC01_rx-process.log"), log(5)).expect("a log");
    std::fs::write(folder.path().join(name), content).expect("the file");
    let report = report(&[folder.path()]);
    assert!(
        report["totals"]["records"].as_u64().expect("records") >= 5,
        "the healthy log beside {name} is read"
    );
    report
}

fn entry<'a>(report: &'a serde_json::Value, part: &str) -> &'a serde_json::Value {
    let rows = report["inventory"].as_array().expect("inventory");
    rows.iter()
        .find(|r| r["path"].as_str().expect("a path").contains(part))
        .unwrap_or_else(|| panic!("{part} is not listed: {rows:#?}"))
}

fn problem(report: &serde_json::Value, part: &str) -> String {
    let row = entry(report, part);
    format!("{} {}", row["problem"].as_str().unwrap_or_default(), row["lost"])
}

#[test]
fn archives_are_read_in_place_however_nested() {
    let inner = zip(&[("eg_log_A_rx-process.log", &log(2))]);
    let packed = gzip(&tar(&[("logs/inner.zip", &inner), ("eg_log_B_rx-process.log", &log(3))]));
    let report = scan_with("bundle.zip", &zip(&[("x/all.tgz", &packed), ("y.log.gz", &gzip(&log(4)))]));
    assert_eq!(entry(&report, "inner.zip!/eg_log_A")["records"], 2);
    let path = entry(&report, "eg_log_A")["path"].as_str().unwrap();
    assert!(
        path.ends_with("/bundle.zip!/x/all.tgz!/logs/inner.zip!/eg_log_A_rx-process.log"),
        "{path}"
    );
    assert_eq!(entry(&report, "all.tgz!/eg_log_B")["records"], 3);
    assert_eq!(entry(&report, "y.log.gz!/y.log")["records"], 4);
}

#[test]
fn archives_deeper_than_the_limit_are_named() {
    let mut content = log(1);
    for _ in 0..8 {
        content = zip(&[("deeper.zip", &content)]);
    }
    let report = scan_with("deep.zip", &content);
    assert!(problem(&report, "deeper.zip!/deeper.zip!/deeper.zip").contains("limit reached"));
}

#[test]
fn damaged_archives_give_what_can_be_read() {
    let whole = zip(&[("eg_log_A_rx-process.log", &log(400)), ("b.txt", b"ECE 12.6(1) ES5")]);
    for cut in [10, whole.len() / 2, whole.len() - 10] {
        let report = scan_with("cut.zip", &whole[..cut]);
        assert!(problem(&report, "cut.zip").len() > 10, "cut at {cut}");
    }
    let packed = gzip(&log(4000));
    let report = scan_with("cut.log.gz", &packed[..packed.len() / 2]);
    assert!(problem(&report, "cut.log.gz").contains("read up to byte"));
    assert!(entry(&report, "cut.log.gz")["records"].as_u64().unwrap() > 0);
    let report = scan_with("noise.zip", b"PK\x03\x04 this is no archive at all");
    assert!(problem(&report, "noise.zip").contains("can't be read"));
}

#[test]
fn member_names_are_data() {
    let names = [
        "../../etc/eg_log_A_rx-process.log",
        "C:\\eg_log_B_rx-process.log",
        "/abs/eg_log_C_rx-process.log",
        "CON/\u{1b}[31m.log",
    ];
    let members: Vec<(&str, &[u8])> = names.iter().map(|n| (*n, RECORD.as_bytes())).collect();
    let report = scan_with("names.zip", &zip(&members));
    assert_eq!(report["totals"]["records"], 5 + 1, "byte-identical members count once");
    assert!(!report.to_string().contains('\u{1b}'));
    let report = scan_with("names.tar", &tar(&[("../../evil.log", RECORD.as_bytes())]));
    assert_eq!(entry(&report, "evil.log")["records"], 1);
}

#[test]
fn bombs_stop_at_a_limit() {
    let zeros = gzip(&vec![0u8; 300 * 1024 * 1024]);
    let report = scan_with("bomb.gz", &zeros);
    assert!(problem(&report, "bomb.gz").contains("limit reached"), "{}", problem(&report, "bomb.gz"));
}

#[test]
fn structure_bombs_cost_their_own_file() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]><lolz>&lol2;</lolz>"#;
    let cases: [(&str, Vec<u8>); 8] = [
        ("brackets.json", b"[".repeat(100_000)),
        ("tags.xml", "<a>".repeat(100_000).into_bytes()),
        ("laughs.xml", laughs.into()),
        ("commas.csv", [b"a,b,c\n".to_vec(), b",".repeat(2_000_000)].concat()),
        ("quote.csv", [b"a,b\n\"".to_vec(), b"x".repeat(2_000_000)].concat()),
        ("line.txt", b"x".repeat(40 * 1024 * 1024)),
        (
            "line.log",
            [log(1), RECORD.trim_end().as_bytes().to_vec(), b"y".repeat(40 * 1024 * 1024)].concat(),
        ),
        ("nul.log", [log(2), vec![0; 4 * 1024 * 1024], log(2)].concat()),
    ];
    for (name, content) in cases {
        let report = scan_with(name, &content);
        entry(&report, name);
    }
}

#[test]
fn foreign_and_encrypted_files_are_named_with_what_to_do() {
    for (name, start) in [
        ("a.7z", &b"7z\xBC\xAF\x27\x1C"[..]),
        ("a.rar", b"Rar!\x1a\x07"),
        ("a.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
        ("a.pdf", b"%PDF-1.7"),
    ] {
        let report = scan_with(name, &[start, &[1; 600]].concat());
        assert!(
            ["scan again", "export", "save it as"]
                .iter()
                .any(|todo| problem(&report, name).contains(todo)),
            "{name}: {}",
            problem(&report, name)
        );
    }
}

#[test]
fn strict_says_that_evidence_was_partly_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("eg_log_ECESVC01_rx-process.log"), log(5)).unwrap();
    let strict = |folder: &Path| {
        ecelens()
            .arg(folder)
            .args(["--strict", "--fail-on", "never"])
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(strict(folder.path()), Some(0));
    std::fs::write(folder.path().join("cut.gz"), &gzip(&log(2000))[..400]).unwrap();
    assert_eq!(strict(folder.path()), Some(4));
}

#[cfg(unix)]
#[test]
fn links_pipes_and_devices_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("eg_log_ECESVC01_rx-process.log"), log(5)).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    #[allow(clippy::disallowed_methods)]
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    let report = report(&[folder.path()]);
    assert!(problem(&report, "/link").contains("not followed"));
    assert!(problem(&report, "/loop").contains("not followed"));
    if made.is_ok_and(|status| status.success()) {
        assert!(problem(&report, "/pipe").contains("not read"));
    }
}
