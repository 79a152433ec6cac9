//! Hostile text in every field of a bundle, through every format: what a terminal, a browser, a spreadsheet, a Markdown viewer or a
//! shell would act on is shown, not done. Readers of other makers judge what comes out, not the code that wrote it.
//!
//! The quick form puts one attack into every field of each bundle. The full form puts every attack into each:
//!
//! ```sh
//! cargo test --release --test escaping -- --ignored --nocapture
//! ```

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod attacks;
mod outputs;
mod readers;
#[path = "../support/mod.rs"]
mod support;

use attacks::{ATTACKS, FIELDS, Files, MARK, RECORD, bundle_of, poison};
use ecelens::model::Language;
use outputs::outputs;
use rayon::prelude::*;
use readers::wrong;
use std::collections::BTreeMap;
use support::{ecelens, files, fixtures, folders, name};

fn read(folder: &std::path::Path) -> Files {
    let short = |path: &std::path::Path| path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
    files(folder)
        .iter()
        .map(|path| (short(path), std::fs::read(path).expect("a fixture")))
        .collect()
}

/// Puts attacks into bundles, and tells what any output does with them.
fn attack(bundles: &[(String, Files)], attacks: impl Fn(usize) -> Vec<&'static str> + Sync) {
    let found: Vec<(BTreeMap<String, String>, BTreeMap<String, usize>)> = bundles
        .par_iter()
        .enumerate()
        .map(|(number, (bundle, files))| {
            let mut problems = BTreeMap::new();
            let mut reached = BTreeMap::new();
            for (turn, fields) in FIELDS.into_iter().enumerate() {
                for attack in attacks(number + turn * 7) {
                    let language = if turn % 2 == 0 { Language::English } else { Language::Italian };
                    for (name, bytes) in outputs(&poison(files, attack, fields), language) {
                        let kind = name.rsplit('.').next().unwrap_or_default().to_owned();
                        *reached.entry(kind).or_default() += usize::from(String::from_utf8_lossy(&bytes).contains(MARK));
                        for problem in wrong(&name, &bytes) {
                            problems
                                .entry(format!("{name}: {problem}"))
                                .or_insert_with(|| format!("{attack:?} in {fields:?} of {bundle}"));
                        }
                    }
                }
            }
            (problems, reached)
        })
        .collect();
    let (mut problems, mut reached) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
    for (of_bundle, counts) in found {
        problems.extend(of_bundle);
        counts.into_iter().for_each(|(kind, count)| *reached.entry(kind).or_default() += count);
    }
    println!("outputs that show an attack, by format: {reached:?}");
    let problems: Vec<String> = problems.iter().map(|(what, by)| format!("{what}\n    {by}")).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for kind in ["txt", "json", "ndjson", "sarif", "html", "md", "csv", "junit"] {
        assert!(reached.get(kind).is_some_and(|count| *count > 3), "no attack reaches {kind}: {reached:?}");
    }
}

fn bundles() -> Vec<(String, Files)> {
    let folders = folders(&fixtures("bundles")).into_iter().chain(folders(&fixtures("diagnosis")));
    folders.map(|folder| (name(&folder), read(&folder.join("input")))).collect()
}

#[test]
fn attacks_stay_text_in_every_format() {
    attack(&bundles(), |turn| vec![ATTACKS[turn % ATTACKS.len()]]);
}

#[test]
#[ignore = "the full form: minutes in a release build"]
fn every_attack_in_every_field_stays_text() {
    let checks = folders(&fixtures("checks")).into_iter().flat_map(|check| folders(&check));
    let mut all = bundles();
    all.extend(checks.map(|folder| (name(&folder), read(&folder))));
    attack(&all, |_| ATTACKS.to_vec());
}

/// The Big List of Naughty Strings: `fixtures/escaping/README.md`.
fn naughty_strings() -> Vec<String> {
    let text = std::fs::read_to_string(fixtures("escaping").join("naughty-strings.json")).expect("the list");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn naughty_strings_stay_text_in_every_format() {
    let strings = naughty_strings();
    assert!(strings.len() > 500);
    let shown = outputs(&bundle_of(&strings), Language::English);
    let problems: Vec<String> = shown
        .iter()
        .flat_map(|(name, bytes)| wrong(name, bytes).into_iter().map(move |problem| format!("{name}: {problem}")))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Names of files on a disk, and what is printed while they are read.
#[cfg(unix)]
#[test]
fn nothing_printed_acts_on_a_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, attack) in ATTACKS.iter().enumerate() {
        let name: String = attack.chars().filter(|c| !"/\0".contains(*c)).take(60).collect();
        let file = folder.path().join(format!("{name}{number}.log"));
        std::fs::write(file, format!("{RECORD} {} <@>\n", attack.replace('\n', " "))).expect("a file");
        let broken = folder.path().join(format!("{name}{number}.zip"));
        std::fs::write(broken, b"PK\x03\x04 no archive").expect("a file");
    }
    for arguments in [
        &["scan", "-v", "--fail-on", "never"][..],
        &["inventory"],
        &["timeline"],
        &["signatures", "draft"],
    ] {
        let output = ecelens()
            .args(arguments)
            .arg(folder.path())
            .env("LANG", "C.UTF-8")
            .output()
            .expect("the binary starts");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        for (stream, bytes) in [("out.txt", &output.stdout), ("err.txt", &output.stderr)] {
            assert_eq!(wrong(stream, bytes), Vec::<String>::new(), "{arguments:?} {stream}");
        }
    }
    let answer = ecelens()
        .arg("explain")
        .args(ATTACKS.iter().filter(|attack| !attack.contains('\0')))
        .output();
    let answer = answer.expect("the binary starts");
    assert_eq!(wrong("out.txt", &answer.stdout), Vec::<String>::new());
    assert_eq!(wrong("err.txt", &answer.stderr), Vec::<String>::new());
}
