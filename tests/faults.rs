//! System calls that fail, one after another: no panic, and never a clean result with evidence missing. Each run ends in one of
//! three ways: the report of the undisturbed run, byte for byte; a report that names the gap, with exit code 3 or 4; or a message
//! and exit code 2, with the old report in its place.
//!
//! `cargo test --test faults` injects into some of the calls, `cargo test --test faults -- --include-ignored` into every one.

#![allow(clippy::disallowed_methods, clippy::print_stderr)]
#![cfg(target_os = "linux")]

mod support;

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::fixtures;

/// Families of system calls, and the errors each is made to fail with.
const FAULTS: &[(&str, &[&str])] = &[
    ("openat", &["EACCES", "EIO", "EMFILE", "EINTR"]),
    ("read,pread64", &["EIO", "EINTR", "EACCES"]),
    ("statx,newfstatat,fstat", &["EIO", "EACCES"]),
    ("getdents64", &["EIO", "EACCES", "EINTR"]),
    ("lseek,readlink,readlinkat,getcwd", &["EIO", "EACCES"]),
    ("write", &["EIO", "ENOSPC", "EINTR"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("rename,renameat,renameat2", &["EIO", "ENOSPC", "EACCES"]),
    ("close,fcntl", &["EINTR"]),
    ("pipe2,prlimit64,execve", &["EMFILE", "EPERM"]),
    ("prctl,seccomp,landlock_create_ruleset,landlock_restrict_self", &["EPERM", "ENOSYS"]),
];

const OLD: &[u8] = b"the report of yesterday";

/// A bundle without a fault in which every reader has something to read, and a place for the report.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = folder.path().join("bundle");
        std::fs::create_dir(&bundle).expect("a folder");
        std::fs::create_dir(folder.path().join("out")).expect("a folder");
        let healthy = fixtures("bundles/healthy/input");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(bundle.join("ece.zip")).expect("an archive"));
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for entry in walkdir::WalkDir::new(&healthy)
            .sort_by_file_name()
            .into_iter()
            .flatten()
            .filter(|e| e.file_type().is_file())
        {
            let below = entry.path().strip_prefix(&healthy).expect("below it");
            match below.iter().next().and_then(|first| first.to_str()) {
                Some("ece") => {
                    let options = zip::write::SimpleFileOptions::default();
                    zip.start_file(below.to_str().expect("a name"), options).expect("a member");
                    zip.write_all(&std::fs::read(entry.path()).expect("a file")).expect("its content");
                }
                Some("entra") => tar.append_path_with_name(entry.path(), below).expect("a member"),
                _ => {
                    let copy = bundle.join(below);
                    std::fs::create_dir_all(copy.parent().expect("a folder")).expect("folders");
                    std::fs::copy(entry.path(), copy).expect("a copy");
                }
            }
        }
        zip.finish().expect("a whole archive");
        let packed = tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("a whole archive");
        std::fs::write(bundle.join("entra.tar.gz"), packed).expect("an archive");
        // Read by a worker, whose calls fail too.
        std::fs::copy(fixtures("workbooks/ece.xls"), bundle.join("ece.xls")).expect("a copy");
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("out/report.json")
    }

    /// Runs the program below `wrapper`: a JSON report over the old one, and the text on standard output.
    fn run(&self, wrapper: &mut Command) -> Ending {
        std::fs::write(self.file(), OLD).expect("an old report");
        wrapper
            .arg(env!("CARGO_BIN_EXE_ecelens"))
            .arg("scan")
            .arg(self.folder.path().join("bundle"));
        wrapper
            .args(["--strict", "--fail-on", "never", "--threads", "1", "--format", "json", "--output"])
            .arg(self.file())
            .args(["--format", "text"]);
        let output = wrapper.output().expect("the program starts");
        Ending {
            output,
            report: std::fs::read(self.file()).expect("a report, old or new"),
            left: std::fs::read_dir(self.folder.path().join("out")).expect("a folder").count(),
        }
    }
}

/// How a run ended.
struct Ending {
    output: Output,
    report: Vec<u8>,
    /// Files in the folder of the report.
    left: usize,
}

impl Ending {
    fn gaps(&self) -> Option<usize> {
        let report: Value = serde_json::from_slice(&self.report).ok()?;
        let inventory = report["inventory"].as_array()?;
        assert!(!self.said().contains("internal error"), "a panic was caught");
        Some(inventory.iter().filter(|e| !e["problem"].is_null() || e["losses"] != 0).count())
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.report).into_owned() + &String::from_utf8_lossy(&self.output.stderr)
    }

    /// What is wrong with this ending, measured by that of an undisturbed run.
    fn fault(&self, whole: &Self) -> Option<String> {
        let complete = self.report == whole.report && self.output.stdout == whole.output.stdout;
        let code = self.output.status.code();
        let wrong = match code {
            None => "the program was killed".into(),
            _ if self.left != 1 => "a temporary file is left".into(),
            _ if self.said().contains("internal error") => "a part of the program panicked".into(),
            Some(0) if !complete => "a clean exit, and another result".into(),
            Some(0) => return None,
            // 127: the system's loader could not even load the program.
            Some(2 | 127) if self.output.stderr.is_empty() => "an error without a message".into(),
            Some(2 | 127) if self.report != OLD && self.report != whole.report => "an error, and neither the old report nor the new one".into(),
            Some(2 | 127) => return None,
            Some(3 | 4) if self.gaps() > whole.gaps() => return None,
            Some(3 | 4) => "a partial result that doesn't name its gap".into(),
            Some(other) => format!("exit code {other}"),
        };
        Some(format!("{wrong} ({})", String::from_utf8_lossy(&self.output.stderr).trim()))
    }
}

/// Injects every error into every `step`-th call of each family. Returns the number of runs and what went wrong.
fn inject(step: usize) -> Option<(usize, Vec<String>)> {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: strace is not installed");
        return None;
    }
    let scene = Scene::new();
    let log = scene.folder.path().join("calls");
    let strace = |calls: &str, injection: Option<String>| {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(&log).arg("-e").arg(format!("trace={calls}"));
        if let Some(injection) = injection {
            strace.arg("-e").arg(format!("inject={injection}"));
        }
        scene.run(&mut strace)
    };
    let whole = strace("write", None);
    assert_eq!(whole.output.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.output.stderr));
    let mut runs = 0;
    let mut wrong = Vec::new();
    for (calls, errors) in FAULTS {
        strace(calls, None);
        let most = most_calls_of_a_thread(&log);
        for error in *errors {
            for n in (1..=most).step_by(step) {
                let ending = strace(calls, Some(format!("{calls}:error={error}:when={n}")));
                runs += 1;
                wrong.extend(ending.fault(&whole).map(|what| format!("{calls} {error} at {n}: {what}")));
            }
        }
    }
    eprintln!("{runs} runs with one fault each");
    Some((runs, wrong))
}

/// strace counts for each thread, and names it at the beginning of each line.
fn most_calls_of_a_thread(log: &Path) -> usize {
    let text = std::fs::read_to_string(log).expect("the log of strace");
    let mut calls = std::collections::BTreeMap::<&str, usize>::new();
    for line in text.lines().filter(|line| line.contains('(')) {
        *calls.entry(line.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    calls.into_values().max().unwrap_or_default()
}

#[test]
fn some_failing_calls_leave_no_silent_gap() {
    if let Some((runs, wrong)) = inject(11) {
        assert!(runs > 60 && wrong.is_empty(), "{runs} runs\n{}", wrong.join("\n"));
    }
}

#[test]
#[ignore = "takes minutes: every call of the reference run"]
fn every_failing_call_leaves_no_silent_gap() {
    if let Some((runs, wrong)) = inject(1) {
        assert!(runs > 800 && wrong.is_empty(), "{runs} runs\n{}", wrong.join("\n"));
    }
}

/// Reads of a few bytes at a time and writes likewise: a library put before the system's, since strace can't shorten a call.
const SHORT: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/types.h>
#define SHORTER(n) ((n) > 7 ? 7 : (n))
ssize_t read(int f, void *p, size_t n) { static ssize_t (*real)(int, void *, size_t); if (!real) real = dlsym(RTLD_NEXT, "read"); return real(f, p, SHORTER(n)); }
ssize_t pread64(int f, void *p, size_t n, off_t at) { static ssize_t (*real)(int, void *, size_t, off_t); if (!real) real = dlsym(RTLD_NEXT, "pread64"); return real(f, p, SHORTER(n), at); }
ssize_t write(int f, const void *p, size_t n) { static ssize_t (*real)(int, const void *, size_t); if (!real) real = dlsym(RTLD_NEXT, "write"); return real(f, p, SHORTER(n)); }
"#;

#[test]
fn short_reads_and_writes_change_nothing() {
    let scene = Scene::new();
    let source = scene.folder.path().join("short.c");
    let library = scene.folder.path().join("short.so");
    std::fs::write(&source, SHORT).expect("a source file");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status();
    if !built.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no C compiler builds the library that shortens reads");
        return;
    }
    let whole = scene.run(&mut Command::new("env"));
    let short = scene.run(Command::new("env").arg(format!("LD_PRELOAD={}", library.display())));
    assert_eq!(short.output.status.code(), Some(0), "{}", String::from_utf8_lossy(&short.output.stderr));
    assert_eq!(short.fault(&whole), None);
}
