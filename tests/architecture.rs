//! Who may know whom, and what the source may not hold: read from the source itself.

#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

/// Module, and the modules of the crate that it may use. `model` and `finding` are open to all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("finding", &["model"]),
    ("diagnostic", &[]),
    ("config", &["model", "finding", "diagnostic"]),
    ("data", &["model"]),
    ("bundle", &["model"]),
    ("syntax", &["bundle", "model"]),
    ("signatures", &["bundle", "syntax", "model", "finding", "checks", "diagnostic"]),
    ("parse", &["bundle", "syntax", "model", "data"]),
    ("log", &["bundle", "syntax", "model", "signatures", "parse"]),
    ("timeline", &["model", "finding"]),
    ("case", &["model", "finding", "checks", "data"]),
    ("checks", &["model", "finding", "case", "signatures", "data"]),
    ("diagnosis", &["model", "finding", "case", "checks"]),
    (
        "report",
        &[
            "model",
            "finding",
            "case",
            "checks",
            "diagnosis",
            "bundle",
            "redact",
            "timeline",
            "config",
        ],
    ),
    ("redact", &["model", "bundle"]),
    ("collect", &["model", "finding", "report"]),
    ("worker", &["bundle", "syntax", "model"]),
    ("intake", &["bundle", "syntax", "parse", "log", "signatures", "model", "worker"]),
    (
        "analysis",
        &[
            "bundle",
            "intake",
            "case",
            "checks",
            "diagnosis",
            "report",
            "signatures",
            "model",
            "log",
            "finding",
            "config",
            "diagnostic",
            "timeline",
            "worker",
        ],
    ),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Every source file with the module it belongs to and its text, without its own tests.
fn files() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with("tests.rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let shown = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
            let module = shown.split(['/', '.']).next().unwrap_or_default().to_owned();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            (shown, module, code)
        })
        .collect()
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(n, line)| (n + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with("//"))
}

#[test]
fn modules_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for (shown, module, text) in files() {
        if matches!(module.as_str(), "lib" | "main" | "cli") {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{shown}: the module {module} stands in no row of the table"));
            continue;
        };
        for (line, code) in code_lines(&text) {
            for used in code.split("crate::").skip(1) {
                let target: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = MAY_USE.iter().any(|(name, _)| *name == target) || target == "cli";
                if known && target != module && !allowed.contains(&target.as_str()) {
                    wrong.push(format!("{shown}:{line}: {module} may not use {target}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_forbidden_stands_in_the_source() {
    // The text, and the files that may hold it.
    let forbidden: &[(&str, &[&str])] = &[
        ("std::net", &[]),
        ("SystemTime", &[]),
        ("Instant::now", &[]),
        ("static mut", &[]),
        ("unsafe {", &[]),
        ("unsafe fn", &[]),
        ("thread::sleep", &[]),
        ("println!", &[]),
        ("eprintln!", &[]),
        ("print!(", &[]),
        ("std::env::", &["cli/"]),
        ("std::fs::", &["bundle/", "cli/"]),
        ("File::open", &["bundle/", "cli/"]),
        ("HashMap<", &["log/", "signatures/", "syntax/"]),
        ("chrono::", &["model/time.rs"]),
        // A reader that believes what a file claims stays in its own process.
        ("calamine", &["worker/workbook.rs"]),
        ("Command::new", &["worker/process.rs"]),
    ];
    let mut wrong = Vec::new();
    for (shown, _, text) in files() {
        for (line, code) in code_lines(&text) {
            for (word, where_allowed) in forbidden {
                if code.contains(word) && !where_allowed.iter().any(|place| shown.starts_with(place)) {
                    wrong.push(format!("{shown}:{line}: {word}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
