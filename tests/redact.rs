//! A redacted copy names nobody, and the checks come to the same verdicts on it.

#![allow(clippy::disallowed_methods)]

mod support;

use ecelens::redact::{LeakCheck, Pass, Redactor, copy};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::{fixtures, folders, report};

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// How many findings of each check have which verdict.
fn verdicts(report: &serde_json::Value) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let part = |name: &str| finding[name].as_str().unwrap_or("").to_owned();
        // The copy has no secrets any more: that is its purpose.
        if part("check") != "log.secrets" {
            *counts.entry((part("check"), part("verdict"))).or_default() += 1;
        }
    }
    counts
}

#[test]
fn the_copy_gives_the_same_verdicts_and_leaks_nothing() {
    let mut tried = 0;
    for bundle in folders(&fixtures("bundles")) {
        let input = bundle.join("input");
        let mut paths = Vec::new();
        files(&input, &mut paths);
        let is_text = |bytes: &[u8]| !bytes.starts_with(b"PK") && !bytes.starts_with(&[0x1F, 0x8B]);
        let contents: Vec<(String, Vec<u8>)> = paths
            .iter()
            .map(|p| {
                (
                    p.strip_prefix(&input).expect("below").to_string_lossy().into_owned(),
                    std::fs::read(p).expect("a file"),
                )
            })
            .collect();
        if contents.is_empty() || !contents.iter().all(|(_, bytes)| is_text(bytes)) {
            continue;
        }
        let mut redactor = Redactor::new([9; 32]);
        for (path, bytes) in &contents {
            redactor.learn_path(path);
            copy(&mut bytes.as_slice(), &mut redactor, Pass::Learn).expect("reads");
        }
        let target = tempfile::tempdir().expect("a folder");
        let mut written = Vec::new();
        for (path, bytes) in &contents {
            let to = target.path().join(redactor.path(path));
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
            let mut out = Vec::new();
            copy(&mut bytes.as_slice(), &mut redactor, Pass::Write(&mut out)).expect("reads");
            std::fs::write(&to, &out).expect("written");
            written.push((to, out));
        }
        let check = LeakCheck::new(&redactor);
        for (path, bytes) in &written {
            let text = String::from_utf8_lossy(bytes).replace('\0', "");
            let leaks: Vec<_> = text
                .lines()
                .flat_map(|line| check.text(line).into_iter().map(move |leak| (leak, line.to_owned())))
                .collect();
            assert!(leaks.is_empty(), "{}: {leaks:?}", path.display());
        }
        let (before, after) = (verdicts(&report(&[&input])), verdicts(&report(&[target.path()])));
        assert_eq!(before, after, "{}", bundle.display());
        tried += 1;
    }
    assert!(tried >= 2, "only {tried} bundles of plain text");
}
