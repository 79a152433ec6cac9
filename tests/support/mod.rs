//! What several integration tests need: running the binary, and finding fixtures.
#![allow(dead_code)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The binary under test.
#[allow(clippy::disallowed_methods)]
pub fn ecelens() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecelens"));
    command.env_remove("FORCE_COLOR").env_remove("NO_COLOR");
    command
}

/// Runs the binary with `arguments`.
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Output {
    ecelens().args(arguments).output().expect("the binary starts")
}

/// The JSON report over `paths`.
pub fn report(paths: &[&Path]) -> Value {
    let output = ecelens()
        .arg("scan")
        .args(paths)
        .args(["--format", "json"])
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// The analysis of a folder, as the library gives it.
pub fn analysis(folder: &Path) -> ecelens::analysis::Analysis {
    let bundle = ecelens::bundle::Bundle::open(&[folder.to_owned()], ecelens::bundle::Limits::default());
    let catalogue = ecelens::signatures::Catalogue::builtin();
    ecelens::analysis::Analysis::of(&bundle, catalogue, &ecelens::analysis::Options::default(), &|_| {})
}

/// A folder below `fixtures/`.
pub fn fixtures(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(below)
}

/// The golden bundles, and those of the user's own that `BUNDLES` names, a path list like `PATH`.
#[allow(clippy::disallowed_methods)]
pub fn bundles() -> Vec<PathBuf> {
    let golden = folders(&fixtures("bundles")).into_iter().map(|folder| folder.join("input"));
    let own = std::env::var_os("BUNDLES").unwrap_or_default();
    let own: Vec<PathBuf> = std::env::split_paths(&own).filter(|path| !path.as_os_str().is_empty()).collect();
    golden.chain(own).collect()
}

/// Sub-folders of `folder`, sorted.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

/// All files below `folder`, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name();
    let files = walk.into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).collect()
}

/// Name of the last component.
pub fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The verdict that counts of several about one check: the worst that says something (fail, warn, pass), else unknown, else
/// not-applicable; a check without findings counts as not-applicable.
pub fn verdict(report: &Value, check: &str, subject: Option<&str>) -> String {
    let findings = report["findings"].as_array().expect("findings");
    let of_check = findings.iter().filter(|f| f["check"] == check).filter(|f| {
        subject.is_none_or(|wanted| {
            f["subject"]["name"]
                .as_str()
                .is_some_and(|name| name.to_lowercase().contains(&wanted.to_lowercase()))
        })
    });
    let seen: Vec<&str> = of_check.filter_map(|f| f["verdict"].as_str()).collect();
    let order = ["fail", "warn", "pass", "unknown", "not-applicable"];
    order.iter().find(|v| seen.contains(v)).unwrap_or(&"not-applicable").to_string()
}
