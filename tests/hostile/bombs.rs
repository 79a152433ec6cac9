//! More than a hundred inputs made to break a reader: each is answered within seconds and within 512 MiB, names what was not read
//! and why, and costs the other files of the bundle nothing.
//!
//! `cargo test --release --test hostile -- --ignored --nocapture` prints time and peak memory of each, measured by `time`.

use super::support::ecelens;
use super::{archives, documents, log, texts};
use rayon::prelude::*;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// An input and what has to be said about it.
pub struct Hostile {
    /// File name.
    pub name: &'static str,
    /// Words of which one must stand in what the report says about the file; none: nothing needs to be said.
    told: &'static [&'static str],
    /// Something must be said, whatever it is.
    partial: bool,
    make: fn() -> Vec<u8>,
}

impl Hostile {
    /// It is read without trouble.
    pub const fn read(name: &'static str, make: fn() -> Vec<u8>) -> Self {
        Self {
            name,
            told: &[],
            partial: false,
            make,
        }
    }

    /// It reaches a limit, which the report names.
    pub const fn limited(name: &'static str, make: fn() -> Vec<u8>) -> Self {
        Self::told(name, &["limit reached"], make)
    }

    /// A part of it can't be read, which the report says.
    pub const fn partial(name: &'static str, make: fn() -> Vec<u8>) -> Self {
        Self {
            name,
            told: &[],
            partial: true,
            make,
        }
    }

    /// The report says one of `told` about it.
    pub const fn told(name: &'static str, told: &'static [&'static str], make: fn() -> Vec<u8>) -> Self {
        Self {
            name,
            told,
            partial: false,
            make,
        }
    }
}

/// Files that take a build without optimisation more than a moment: only the full form makes them.
#[rustfmt::skip]
const HEAVY: &[&str] = &[
    "gigabyte.gz", "gigabyte.zip", "sixteen-gigabytes.gz", "log-of-zeros.gz", "sixteen-in-sixteen.zip",
    "overlapping.zip", "one-member-named-often.zip", "many-members.zip", "many-members.tar", "endless-name.gz",
    "endless-long-name.tar", "brackets.json", "closed-brackets.json", "objects.json", "digits.json",
    "empty-lists.json", "same-name.json", "long-string.json", "endless-string.json", "too-large.json",
    "too-large.json.gz", "quadratic.xml", "nested.xml", "open-tags.xml", "closing-tags.xml",
    "attributes.xml", "name-spaces.xml", "long-text.xml", "endless-tag.xml", "endless-comment.xml",
    "references.xml", "clixml-nested.xml", "many-strings.xlsx", "long-cell.xlsx", "many-cells.xlsx",
    "wide-row.xlsx", "many-parts.xlsx", "commas.csv", "quote.csv", "quotes.csv", "columns.csv",
    "rows.csv", "table.md", "tags.html", "entities.html", "endless-script.html",
    "nested-parts.eml", "many-parts.eml", "encoded-words.eml", "line.txt", "line.log",
    "zeros.log", "zeros.txt", "line-breaks.txt", "separators.log", "marks.log",
    "distinct-errors.log", "distinct-addresses.log", "distinct-codes.log", "deep-trace.log", "causes.log",
    "patterns.log", "prompts.txt", "labels.txt", "one-record.txt", "rulers.txt",
    "certificates.txt", "nested-certificate.txt", "secrets.txt", "one-secret.txt", "open-key.txt",
    "escapes.txt", "invalid.log", "shift-jis.log", "ten-thousand-in-a-row.gz",
];

/// Address space that the program may have: 512 MiB to keep, and what threads and the allocator reserve without using it.
const ADDRESS_SPACE_KIB: u64 = 1024 * 1024;
/// What it may keep at most, and how long it may take: measured in the full form.
const RESIDENT_KIB: u64 = 512 * 1024;
const SECONDS: f64 = 5.0;

fn all() -> Vec<&'static Hostile> {
    archives::HOSTILE.iter().chain(documents::HOSTILE).chain(texts::HOSTILE).collect()
}

/// Scans a folder with a healthy log and the hostile file, through `wrapper`, and judges what is said. The answer: what the
/// report says of the file, and what the wrapper wrote.
#[allow(clippy::disallowed_methods)]
fn answer(hostile: &Hostile, wrapper: &str) -> Result<(String, String), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("eg_log_ECESVC01_rx-process.log"), log(5)).expect("a log");
    std::fs::write(folder.path().join(hostile.name), (hostile.make)()).expect("the file");
    let output = Command::new("sh")
        .args([OsStr::new("-c"), wrapper.as_ref(), ecelens().get_program(), folder.path().as_os_str()])
        .args(["--format", "json", "--threads", "2"])
        .output()
        .expect("a shell");
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_str(&text).map_err(|_| format!("no report, {}: {errors}", output.status))?;
    if report["totals"]["records"].as_u64() < Some(5) {
        return Err("the healthy log beside it was not read".into());
    }
    let acts = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202A}'..='\u{202E}'));
    if let Some(at) = text.find(acts) {
        return Err(format!("a raw control character at byte {at} of the report"));
    }
    let said = said(&report, hostile.name);
    let told = hostile.told.is_empty() || hostile.told.iter().any(|word| said.contains(word));
    if said.contains("internal error") || !told || hostile.partial && said.is_empty() {
        return Err(format!("expected {:?}, found `{said}`", hostile.told));
    }
    Ok((said, errors.into_owned()))
}

/// What the inventory says of a file and of what is in it.
fn said(report: &serde_json::Value, name: &str) -> String {
    let rows = report["inventory"].as_array().expect("inventory");
    let of_file = rows.iter().filter(|row| row["path"].as_str().is_some_and(|path| path.contains(name)));
    let words = of_file.flat_map(|row| {
        let lost = row["lost"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        row["problem"].as_str().into_iter().chain(lost)
    });
    words.collect::<Vec<_>>().join("; ")
}

#[test]
fn small_hostile_files_are_answered() {
    let wrapper = format!("ulimit -v {ADDRESS_SPACE_KIB}; ulimit -t 300; exec \"$0\" \"$@\"");
    let small: Vec<&Hostile> = all().into_iter().filter(|hostile| !HEAVY.contains(&hostile.name)).collect();
    let wrong: Vec<String> = small
        .par_iter()
        .filter_map(|hostile| answer(hostile, &wrapper).err().map(|why| format!("{}: {why}", hostile.name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(small.len() >= 50 && all().len() >= 120, "{} of {}", small.len(), all().len());
}

/// `ONLY=rows.csv,quotes.csv` measures these alone.
#[test]
#[allow(clippy::print_stdout, clippy::disallowed_methods)]
#[ignore = "measures time and memory: wants a release build and a quiet machine"]
fn figures_of_every_hostile_file() {
    assert!(Path::new("/usr/bin/time").exists(), "needs GNU time");
    let only = std::env::var("ONLY").unwrap_or_default();
    let chosen = |hostile: &&Hostile| only.is_empty() || only.split(',').any(|name| name == hostile.name);
    let mut wrong = Vec::new();
    for hostile in all().into_iter().filter(chosen) {
        let (said, figures) = match answer(hostile, "exec /usr/bin/time -f '%e %U %M' \"$0\" \"$@\"") {
            Ok(answer) => answer,
            Err(why) => {
                wrong.push(format!("{}: {why}", hostile.name));
                continue;
            }
        };
        let last: Vec<f64> = figures.lines().last().unwrap_or("").split(' ').filter_map(|n| n.parse().ok()).collect();
        let [elapsed, user, kib] = last[..] else { panic!("{figures}") };
        let said: String = said.chars().take(100).collect();
        println!("{:32} {elapsed:6.2} s {user:6.2} s user {:5.0} MiB  {said}", hostile.name, kib / 1024.0);
        if user > SECONDS || kib > RESIDENT_KIB as f64 {
            wrong.push(format!("{}: {user} s of processor time, {kib} KiB", hostile.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
