//! The same bundle gives the same bytes, in every format: whatever the number of threads, the order in which the folder's entries
//! were made, their times, the locale, the time zone, the clock and the working directory.
//!
//! The quick form runs a few times over two bundles; the full form 20 times over each:
//!
//! ```sh
//! cargo test --release --test determinism -- --ignored --nocapture
//! ```

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use support::{ecelens, files, fixtures, folders, name};

const FORMATS: &[&str] = &["text", "json", "ndjson", "sarif", "html", "markdown", "csv", "xlsx", "junit"];
const OTHERS: &[&[&str]] = &[&["facts"], &["inventory"], &["timeline"], &["timeline", "--format", "html"]];
const LOCALES: &[&str] = &["C", "C.UTF-8", "de_DE.UTF-8", "it_IT.UTF-8", "tr_TR.UTF-8", "ja_JP.SJIS", "POSIX"];
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Rome",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    ":/nonexistent",
];
const CLOCKS: &[&str] = &["1971-01-01 00:00:00", "2026-05-04 12:00:00", "2037-12-31 23:59:59"];

/// What may differ between two runs.
struct Surroundings {
    turn: usize,
    /// Where the copy of the bundle lies.
    folder: tempfile::TempDir,
}

impl Surroundings {
    /// Copies the files of `bundle` in an order of their own, and makes them as old as `turn` says.
    fn of(bundle: &Path, turn: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = files(bundle);
        // Knuth's multiplier shuffles: each turn another order.
        let place = |at: usize| (at + 1).wrapping_mul(turn * 2 + 1).wrapping_mul(2_654_435_761) % 1_000_003;
        let mut order: Vec<(usize, PathBuf)> = files.drain(..).enumerate().map(|(at, file)| (place(at), file)).collect();
        order.sort();
        for (at, file) in order {
            let copy = folder.path().join("bundle").join(file.strip_prefix(bundle).expect("below the bundle"));
            std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
            std::fs::copy(&file, &copy).expect("a copy");
            let age = Duration::from_secs((at as u64 + 1) * 3_600);
            let opened = std::fs::File::options().write(true).open(&copy).expect("the copy");
            opened.set_modified(SystemTime::UNIX_EPOCH + age).expect("a time");
        }
        Self { turn, folder }
    }

    fn pick<'a>(&self, list: &[&'a str]) -> &'a str {
        list[self.turn % list.len()]
    }

    /// Runs the program there.
    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let program = ecelens();
        let mut command = match has_faketime() {
            true => Command::new("faketime"),
            false => Command::new(program.get_program()),
        };
        if has_faketime() {
            command.arg(self.pick(CLOCKS)).arg(program.get_program());
        }
        let threads = (self.turn % 16 + 1).to_string();
        let (before, bundle) = match self.turn % 3 {
            0 => (self.folder.path().to_owned(), PathBuf::from("bundle")),
            1 => (self.folder.path().join("bundle"), self.folder.path().join("bundle")),
            _ => (PathBuf::from("/"), self.folder.path().join("bundle/")),
        };
        let output = command
            .args(arguments)
            .arg(bundle)
            .args(["--lang", "en", "--threads", &threads])
            .env("LC_ALL", self.pick(LOCALES))
            .env("LANG", self.pick(LOCALES))
            .env("TZ", self.pick(ZONES))
            .env("HOME", self.folder.path())
            .current_dir(before)
            .output()
            .expect("the binary starts");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// All that is written about the bundle.
    fn outputs(&self) -> BTreeMap<String, Vec<u8>> {
        let out = tempfile::tempdir().expect("a folder");
        let files: Vec<PathBuf> = FORMATS.iter().map(|format| out.path().join(format)).collect();
        let mut scan = vec!["scan"];
        for (format, file) in FORMATS.iter().zip(&files) {
            scan.extend(["--format", format, "--output", file.to_str().expect("a name")]);
        }
        self.run(&scan);
        let reports = FORMATS.iter().zip(&files);
        let mut outputs: BTreeMap<String, Vec<u8>> = reports
            .map(|(format, file)| ((*format).to_owned(), std::fs::read(file).expect("a report")))
            .collect();
        for words in OTHERS {
            outputs.insert(words.join(" "), self.run(words));
        }
        outputs
    }
}

/// A clock can be set for one program only with this tool.
fn has_faketime() -> bool {
    Path::new("/usr/bin/faketime").exists()
}

fn same_bytes(bundles: &[PathBuf], turns: usize) {
    if !has_faketime() {
        println!("skipped: other clocks, which need faketime; tests/architecture.rs finds no clock in the source");
    }
    let mut differ = Vec::new();
    for bundle in bundles {
        let input = bundle.join("input");
        let first = Surroundings::of(&input, 0).outputs();
        assert!(first.values().all(|bytes| !bytes.is_empty()));
        for turn in 1..turns {
            for (what, bytes) in Surroundings::of(&input, turn).outputs() {
                if first[&what] != bytes {
                    let at = first[&what].iter().zip(&bytes).position(|(a, b)| a != b);
                    differ.push(format!("{}: {what} in turn {turn}, from byte {at:?}", name(bundle)));
                }
            }
        }
        println!("{}: {turns} runs of {} outputs", name(bundle), first.len());
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn the_same_bundle_gives_the_same_bytes() {
    same_bytes(&[fixtures("bundles/redirect-mismatch"), fixtures("bundles/logs-only")], 4);
}

/// A retriever's log of a few megabytes: a secret runs out in the middle of it.
fn long_log() -> Vec<u8> {
    let mut log = String::new();
    for number in 0..12_000_u32 {
        let (hour, minute, second) = (number / 3600, number / 60 % 60, number % 60);
        let (level, text) = match number % 10 {
            0 => ("INFO", "**** Rx Instance 999 Running ****".to_owned()),
            5 => ("INFO", "**** Rx Instance 999 Waiting ****".to_owned()),
            7 if number > 6_000 => (
                "ERROR",
                format!(
                    "Access token refresh failed for sales@example.com\njavax.mail.AuthenticationFailedException: AADSTS7000222: The provided client secret keys for app '00000000-0000-0000-0000-000000000001' are expired. Trace ID: {number:08}\n\tat com.egain.mail.oauth.TokenStore.refresh(TokenStore.java:{second})\n\tat java.base/java.lang.Thread.run(Thread.java:829)"
                ),
            ),
            7 => ("INFO", format!("12 message(s) stored for alias sales@example.com, activity {number}")),
            _ => ("DEBUG", format!("Cache region department : hits={number} misses=12 size=40")),
        };
        log.push_str(&format!(
            "2026-05-04 0{hour}:{minute:02}:{second:02}.{:03} GMT+0200 <@> {level} <@> [67:RxInstance id : 999] <@> ProcessId:3984 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.service.RxInstance <@> startInstance <@> {text} <@> \n",
            number % 1000
        ));
    }
    log.into_bytes()
}

#[test]
fn a_large_log_says_the_same_for_any_number_of_threads_and_however_it_is_packed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (name, log) = ("eg_log_ECESVC01_rx-process.log", long_log());
    assert!(log.len() > 2 << 20);
    let place = |name: &str| folder.path().join(name);
    std::fs::create_dir(place("plain")).expect("a folder");
    std::fs::write(place("plain").join(name), &log).expect("a log");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(log.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, &log[..]).expect("a member");
    let tar = tar.into_inner().expect("a tar");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar).expect("packed");
    std::fs::write(place("b.tar"), &tar).expect("a tar");
    std::fs::write(place("b.tar.gz"), gzip.finish().expect("packed")).expect("a packed tar");

    let said = |bundle: &str, threads: &str| {
        let output = ecelens()
            .args(["scan", "--format", "json", "--fail-on", "never", "--lang", "en", "--threads", threads])
            .arg(place(bundle))
            .output()
            .expect("the binary starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("a report")
    };
    let whole = said("plain", "1");
    assert_eq!(whole["totals"]["records"], 12_000);
    assert_eq!(whole["diagnosis"][0]["cause"], "check:app.secret", "{}", whole["diagnosis"]);
    for bundle in ["plain", "b.tar", "b.tar.gz"] {
        let one = said(bundle, "1");
        for threads in ["2", "3", "8"] {
            assert_eq!(said(bundle, threads), one, "{bundle} with {threads} threads");
        }
        // Places have other paths; what was counted has none.
        let counts = |report: &serde_json::Value| {
            let of_signatures = report["signatures"].as_array().expect("signatures").iter();
            let counts: Vec<String> = of_signatures.map(|hit| format!("{} {}", hit["id"], hit["count"])).collect();
            let of_findings = report["findings"].as_array().expect("findings").iter();
            let verdicts: Vec<String> = of_findings
                .map(|row| format!("{} {} {}", row["check"], row["subject"], row["verdict"]))
                .collect();
            (counts, verdicts, report["totals"]["records"].clone())
        };
        assert_eq!(counts(&one), counts(&whole), "{bundle}");
    }
}

#[test]
#[ignore = "the full form: a minute in a release build"]
fn twenty_runs_over_every_bundle_give_the_same_bytes() {
    same_bytes(&folders(&fixtures("bundles")), 20);
}
