//! Cut and damaged evidence: no file that is cut anywhere, and no flipped byte, makes the program panic, and nothing that was cut
//! makes a verdict better than `unknown`.
//!
//! The quick form cuts each file of the golden bundles and of the checks' fixtures at a few places. The full form cuts at 1,000
//! places (at every byte of shorter files) and flips as many bytes:
//!
//! ```sh
//! cargo test --release --test truncation -- --ignored --nocapture
//! ```

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use ecelens::analysis::{Analysis, Options};
use ecelens::bundle::{Bundle, Limits};
use ecelens::finding::Verdict;
use ecelens::model::{Language, Stamp, Text};
use ecelens::signatures::Catalogue;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::{files, fixtures, folders};

/// Files of a bundle: name and content.
type Files = Vec<(String, Vec<u8>)>;

/// Verdicts by check and subject; of several the worst.
type Verdicts = BTreeMap<(String, String), Verdict>;

struct Judged {
    verdicts: Verdicts,
    as_of: Option<Stamp>,
    panicked: Vec<String>,
}

/// Judges a bundle that stands in memory.
fn judge(files: &Files, as_of: Option<Stamp>) -> Judged {
    let mut bundle = Bundle::open(&[], Limits::default());
    for (name, content) in files {
        bundle.give(name, content.clone());
    }
    let options = Options { as_of, ..Options::default() };
    let analysis = Analysis::of(&bundle, Catalogue::builtin(), &options, &|_| ());
    let report = analysis.report(&options, Language::English);
    let mut verdicts = Verdicts::new();
    for finding in &analysis.findings {
        let key = (finding.check.to_string(), finding.subject.name.to_lowercase());
        let verdict = verdicts.entry(key).or_insert(finding.verdict);
        *verdict = finding.verdict.min(*verdict);
    }
    let failed = |problem: &Option<Text>| problem.as_ref().is_some_and(|p| p.english().contains("internal error"));
    Judged {
        verdicts,
        as_of: report.as_of.as_deref().and_then(Stamp::parse),
        panicked: analysis
            .inventory
            .iter()
            .filter(|e| failed(&e.problem))
            .map(|e| e.path.to_string())
            .collect(),
    }
}

fn read(folder: &Path) -> Files {
    let name = |path: &Path| path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
    files(folder)
        .iter()
        .filter(|path| !path.ends_with("subject.txt"))
        .map(|path| (name(path), std::fs::read(path).expect("a fixture")))
        .collect()
}

fn bundles() -> Vec<(String, Files)> {
    let golden = folders(&fixtures("bundles")).into_iter().map(|folder| folder.join("input"));
    let checks = folders(&fixtures("checks")).into_iter().flat_map(|check| folders(&check));
    golden
        .chain(checks)
        .map(|folder| (folder.strip_prefix(fixtures("")).expect("below").display().to_string(), read(&folder)))
        .collect()
}

/// At most `count` places of a file of `length` bytes, evenly spread, neither its beginning nor its end.
fn places(length: usize, count: usize) -> Vec<usize> {
    if length <= count {
        return (1..length).collect();
    }
    (1..count).map(|n| n * length / count).collect()
}

struct Tally {
    cuts: usize,
    wrong: BTreeMap<String, BTreeSet<usize>>,
}

/// How a panic over a member is noted.
const PANIC: &str = ": panic over ";

fn cut_everywhere(work: &[(String, Files)], count: usize) -> Tally {
    let parts: Vec<Tally> = work
        .par_iter()
        .map(|(bundle, files)| {
            let mut tally = Tally {
                cuts: 0,
                wrong: BTreeMap::new(),
            };
            let whole = judge(files, None);
            for index in 0..files.len() {
                for at in places(files[index].1.len(), count) {
                    let mut cut = files.clone();
                    cut[index].1.truncate(at);
                    let judged = judge(&cut, whole.as_of);
                    tally.cuts += 1;
                    let mut note = |what: String| tally.wrong.entry(what).or_default().insert(at);
                    judged.panicked.iter().for_each(|path| {
                        note(format!("{bundle}{PANIC}{path}"));
                    });
                    for (key @ (check, subject), verdict) in &judged.verdicts {
                        if *verdict != Verdict::Pass {
                            continue;
                        }
                        let before = whole.verdicts.get(key);
                        let became = match before {
                            Some(before) => *before < Verdict::Pass,
                            // Where the file that names a subject is cut, it may have another name.
                            None => !whole.verdicts.iter().any(|((c, _), v)| c == check && *v == Verdict::Pass),
                        };
                        if became {
                            note(format!("{bundle}/{}: {check} [{subject}] {before:?} becomes pass", files[index].0));
                        }
                    }
                }
            }
            tally
        })
        .collect();
    let mut sum = Tally {
        cuts: 0,
        wrong: BTreeMap::new(),
    };
    for part in parts {
        sum.cuts += part.cuts;
        sum.wrong.extend(part.wrong);
    }
    sum
}

#[test]
fn no_cut_makes_the_program_panic() {
    let tally = cut_everywhere(&bundles()[..40], 3);
    let panics: Vec<&String> = tally.wrong.keys().filter(|what| what.contains(PANIC)).collect();
    assert!(tally.cuts > 100 && panics.is_empty(), "{panics:?}");
}

#[test]
#[ignore = "the full form: minutes in a release build"]
fn cut_at_a_thousand_places() {
    let count = std::env::var("CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let tally = cut_everywhere(&bundles(), count);
    for (what, at) in &tally.wrong {
        println!("{what} at {} places: {:?}", at.len(), at.iter().take(12).collect::<Vec<_>>());
    }
    println!("{} cuts, {} changes", tally.cuts, tally.wrong.len());
    assert!(!tally.wrong.keys().any(|what| what.contains(PANIC)));
}
