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

#[test]
#[ignore = "the full form: a minute in a release build"]
fn twenty_runs_over_every_bundle_give_the_same_bytes() {
    same_bytes(&folders(&fixtures("bundles")), 20);
}
