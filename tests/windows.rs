//! The Windows program under Wine gives the same bytes as the program here, for every golden bundle and for names that Windows
//! minds. `release/build windows` builds it; without it, or without Wine, a line says what is missing.

#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{ecelens, fixtures, folders};

/// The Windows program, run by Wine.
struct Windows {
    wine: PathBuf,
    program: PathBuf,
}

impl Windows {
    fn at_hand() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = root.join("target/windows/x86_64-pc-windows-gnu/debug/ecelens.exe");
        let wine = ["/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine"].iter().map(PathBuf::from);
        let Some(wine) = wine.into_iter().find(|wine| wine.is_file()) else {
            eprintln!("skipped: Wine is not installed");
            return None;
        };
        if !program.is_file() {
            eprintln!("skipped: no Windows program; release/build windows builds it");
            return None;
        }
        stand_in_for_missing_library(program.parent().expect("its folder"));
        Some(Self { wine, program })
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut wine = Command::new(&self.wine);
        wine.env("WINEDEBUG", "-all").arg(&self.program).args(arguments);
        wine.output().expect("Wine starts")
    }

    /// Both programs read `path` and give the same bytes and the same exit code.
    fn agrees_on(&self, path: &Path) {
        let there = format!("Z:{}", path.display()).replace('/', "\\");
        let theirs = self.run(&["scan", &there, "--no-sandbox", "--format", "json"]);
        let ours = ecelens().arg("scan").arg(path).args(["--no-sandbox", "--format", "json"]).output();
        let ours = ours.expect("the binary starts");
        assert_eq!(
            theirs.status.code(),
            ours.status.code(),
            "{}: {}",
            path.display(),
            String::from_utf8_lossy(&theirs.stderr)
        );
        let lines = |output: &Output| String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>();
        let differing = lines(&theirs).into_iter().zip(lines(&ours)).find(|(theirs, ours)| theirs != ours);
        assert_eq!(differing, None, "{}", path.display());
        assert_eq!(theirs.stdout, ours.stdout, "{}", path.display());
    }
}

/// Wine 8 lacks bcryptprimitives.dll, which Rust's library imports and every Windows has: a function of the same name is put beside
/// the program, for Wine alone.
fn stand_in_for_missing_library(folder: &Path) {
    let library = folder.join("bcryptprimitives.dll");
    if library.is_file() {
        return;
    }
    let source = folder.join("bcryptprimitives.c");
    let code = "#include <windows.h>\n#include <ntsecapi.h>\n\
        __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return RtlGenRandom(p, (ULONG)n); }\n";
    std::fs::write(&source, code).expect("a source file");
    let compiler = Command::new("x86_64-w64-mingw32-gcc")
        .args(["-shared", "-o"])
        .arg(library)
        .arg(source)
        .arg("-ladvapi32")
        .status();
    assert!(compiler.expect("the compiler that built the program").success());
}

#[test]
fn golden_bundles_give_the_same_bytes_on_windows() {
    let Some(windows) = Windows::at_hand() else { return };
    for bundle in folders(&fixtures("bundles")) {
        windows.agrees_on(&bundle.join("input"));
    }
}

#[test]
fn a_worker_reads_workbooks_on_windows_too() {
    let Some(windows) = Windows::at_hand() else { return };
    windows.agrees_on(&fixtures("workbooks"));
}

/// Both programs were built with debug assertions (`src/worker/misbehave.rs`).
#[cfg(debug_assertions)]
#[test]
fn a_worker_that_misbehaves_costs_one_file_on_windows_too() {
    let Some(windows) = Windows::at_hand() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for way in ["abort", "allocate", "exit", "overflow", "panic", "rubbish", "sleep", "spin"] {
        let bytes = [b"\xD0\xCF\x11\xE0 misbehave: ", way.as_bytes()].concat();
        std::fs::write(folder.path().join(format!("{way}.xls")), bytes).expect("a file");
    }
    std::fs::write(folder.path().join("a.log"), LOG).expect("a log");
    windows.agrees_on(folder.path());
}

#[test]
fn names_that_windows_minds_are_only_data() {
    let Some(windows) = Windows::at_hand() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("names.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&archive).expect("an archive"));
    let options = zip::write::SimpleFileOptions::default();
    for name in [
        "CON",
        "nul.log",
        "logs\\eg_log_ECESVC01_rx-process.log",
        "..\\..\\up.log",
        "C:\\x.log",
        "a:stream.log",
        "ends.",
        "Q.log",
        "q.log",
    ] {
        zip.start_file(name, options).expect("a member");
        zip.write_all(LOG.as_bytes()).expect("its content");
    }
    zip.finish().expect("a whole archive");
    windows.agrees_on(&archive);
}

#[test]
fn paths_beyond_260_characters_are_read() {
    let Some(windows) = Windows::at_hand() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let deep = (0..12).fold(folder.path().join("bundle"), |path, _| path.join("a folder with a rather long name"));
    std::fs::create_dir_all(&deep).expect("folders");
    std::fs::write(deep.join("eg_log_ECESVC01_rx-process.log"), LOG.replace('\n', "\r\n")).expect("a log");
    windows.agrees_on(&folder.path().join("bundle"));
}

/// On a console the program writes characters, not bytes of a code page; into a pipe UTF-8. `script` gives Wine a console.
#[test]
fn every_code_page_shows_the_same_text() {
    let Some(windows) = Windows::at_hand() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("Zürich ≥ 1 €.log"), LOG).expect("a log");
    let there = |path: &Path| format!("Z:{}", path.display()).replace('/', "\\");
    let command = |page: u32| {
        let (program, folder) = (there(&windows.program), there(folder.path()));
        format!("chcp {page} >nul & {program} inventory {folder} --no-sandbox")
    };
    let mut seen = std::collections::BTreeSet::new();
    for page in [437, 850, 1252, 65001] {
        let mut piped = Command::new(&windows.wine);
        let output = piped
            .env("WINEDEBUG", "-all")
            .args(["cmd", "/c", &command(page)])
            .output()
            .expect("Wine starts");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.contains("Zürich ≥ 1 €.log"), "{page}: {text}");
        seen.insert(text);
        let mut console = Command::new("script");
        console
            .env("WINEDEBUG", "-all")
            .args(["-qec", &format!("'{}' cmd /c \"{}\"", windows.wine.display(), command(page)), "/dev/null"]);
        match console.stdin(std::process::Stdio::null()).output() {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(text.contains("Zürich ≥ 1 €.log"), "{page}: {text}");
            }
            Err(_) => eprintln!("skipped: script is not installed, which makes a console"),
        }
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn a_report_is_written_on_windows_too() {
    let Some(windows) = Windows::at_hand() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.log"), LOG).expect("a log");
    let at = |name: &str| format!("Z:{}", folder.path().join(name).display()).replace('/', "\\");
    for _ in 0..2 {
        let output = windows.run(&["scan", &at("a.log"), "--format", "json", "--output", &at("report.json")]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let report = std::fs::read_to_string(folder.path().join("report.json")).expect("a report");
        assert!(serde_json::from_str::<serde_json::Value>(&report).is_ok());
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing else is left");
}

const LOG: &str = "2026-05-04 09:00:00.000 GMT+0200 <@> INFO <@> [12:RxInstance id : 999] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.service.RxInstance <@> startInstance <@> **** Rx Instance 999 Running **** <@>\n";
