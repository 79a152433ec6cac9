//! Cut and damaged evidence: no file that is cut anywhere, and no byte that is flipped, lost or added, makes the program panic, and
//! no cut makes a verdict better. The rule, for every file of every bundle, every check and every subject; "good" is `pass` or
//! `not-applicable`:
//!
//! 1. Where the report says that a file of a known kind ends early, nothing is good that wasn't good before, and no `pass` rests on it.
//! 2. Where it can't say so, what is left is a file like any other: a log as it was copied earlier, a table with fewer rows, a note.
//!    Then nothing is good by the piece of a line at its end: it was good before, or is good with the whole of that line, or without
//!    it, or without the file.
//!
//! `log.secrets` judges what the bundle holds, and not ECE: what is cut off isn't there.
//!
//! The quick form cuts each file at a few places. The full form cuts at 1,000 places (at every byte of shorter files), and damages
//! 100 bytes of each:
//!
//! ```sh
//! cargo test --release --test truncation -- --ignored --nocapture
//! ```

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use ecelens::analysis::{Analysis, Options};
use ecelens::bundle::{Bundle, Limits};
use ecelens::finding::Verdict;
use ecelens::model::Stamp;
use ecelens::signatures::Catalogue;
use rayon::prelude::*;
use std::cell::LazyCell;
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
    /// A file or a check was given up.
    panicked: bool,
    /// Members of a known kind that are known to end before their evidence does.
    cut: BTreeSet<String>,
    /// Members that a `pass` cites, with its check.
    passes_by: BTreeMap<String, &'static str>,
}

/// Judges a bundle that stands in memory.
fn judge(files: &Files, as_of: Option<Stamp>) -> Judged {
    let mut bundle = Bundle::open(&[], Limits::default());
    for (name, content) in files {
        bundle.give(name, content.clone());
    }
    let options = Options { as_of, ..Options::default() };
    let analysis = Analysis::of(&bundle, Catalogue::builtin(), &options, &|_| ());
    let mut verdicts = Verdicts::new();
    for finding in &analysis.findings {
        let key = (finding.check.to_string(), finding.subject.name.to_lowercase());
        let verdict = verdicts.entry(key).or_insert(finding.verdict);
        *verdict = finding.verdict.min(*verdict);
    }
    let passes = analysis.findings.iter().filter(|finding| finding.verdict == Verdict::Pass);
    let cited = passes.flat_map(|finding| finding.evidence.iter().map(|at| (at.path.to_string(), finding.check)));
    let passes_by = cited.collect();
    Judged {
        verdicts,
        passes_by,
        as_of: analysis.case.as_of().map(|fact| fact.value),
        panicked: analysis.findings.iter().any(|finding| finding.internal_error)
            || analysis
                .inventory
                .iter()
                .any(|e| e.problem.as_ref().is_some_and(|p| p.english().contains("internal error"))),
        cut: analysis
            .case
            .facts
            .cut
            .iter()
            .filter(|cut| !cut.kinds.is_empty())
            .map(|cut| cut.at.path.to_string())
            .collect(),
    }
}

fn read(folder: &Path) -> Files {
    let name = |path: &Path| path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
    files(folder)
        .iter()
        .filter(|path| !["subject.txt", "expected.json"].contains(&&*support::name(path)))
        .map(|path| (name(path), std::fs::read(path).expect("a fixture")))
        .collect()
}

fn bundles() -> Vec<(String, Files)> {
    let golden = folders(&fixtures("bundles")).into_iter().map(|folder| folder.join("input"));
    let checks = folders(&fixtures("checks")).into_iter().flat_map(|check| folders(&check));
    let diagnosis = folders(&fixtures("diagnosis")).into_iter().map(|folder| folder.join("input"));
    golden
        .chain(checks)
        .chain(diagnosis)
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

/// What came of cutting.
#[derive(Default)]
struct Tally {
    cuts: usize,
    /// Cuts of which the report says that the file ends early.
    told: usize,
    /// What breaks the rule, and where the file was cut.
    wrong: BTreeMap<String, BTreeSet<usize>>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.cuts += other.cuts;
        self.told += other.told;
        other
            .wrong
            .into_iter()
            .for_each(|(what, at)| self.wrong.entry(what).or_default().extend(at));
        self
    }

    fn note(&mut self, what: String, at: usize) {
        self.wrong.entry(what).or_default().insert(at);
    }
}

/// True if a finding is good, or, where there is none about the subject, any of its check is: a file that names a subject may be cut.
fn is_good(judged: &Judged, key: &(String, String)) -> bool {
    match judged.verdicts.get(key) {
        Some(verdict) => *verdict >= Verdict::Pass,
        None => judged
            .verdicts
            .iter()
            .any(|((check, _), verdict)| *check == key.0 && *verdict >= Verdict::Pass),
    }
}

/// What no reader can see: a number at the very end of a note that has lost its last digits (`ES10`, `ES1`).
const NOBODY_SEES: &[(&str, &str)] = &[("note.txt", "version.graph-transition")];

/// Cuts a file of a bundle at `places` and holds the rule.
fn cut_file(bundle: &str, files: &Files, whole: &Judged, index: usize, places: Vec<usize>) -> Tally {
    let (name, content) = &files[index];
    let with = |length: usize| {
        let mut cut = files.clone();
        cut[index].1.truncate(length);
        judge(&cut, whole.as_of)
    };
    let mut without = files.clone();
    without.remove(index);
    let without = LazyCell::new(|| judge(&without, whole.as_of));
    // What the whole lines say without the one that is cut, and with it.
    let mut lines: Option<(usize, [Judged; 2])> = None;
    let mut tally = Tally::default();
    for at in places {
        let judged = with(at);
        let told = judged.cut.contains(name);
        tally.cuts += 1;
        tally.told += usize::from(told);
        if judged.panicked {
            tally.note(format!("{bundle}/{name}: a panic"), at);
        }
        if let Some(check) = judged.passes_by.get(name).filter(|_| told) {
            tally.note(format!("{bundle}/{name}: {check} passes by it, though it is cut"), at);
        }
        for (key @ (check, subject), verdict) in &judged.verdicts {
            if *verdict < Verdict::Pass || is_good(whole, key) || check == "log.secrets" {
                continue;
            }
            if NOBODY_SEES.iter().any(|(file, known)| name.ends_with(file) && check == known) {
                continue;
            }
            let start = content[..at].iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
            let end = content[at..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(content.len(), |newline| at + newline + 1);
            if lines.as_ref().is_none_or(|(known, _)| *known != start) {
                lines = Some((start, [start, end].map(with)));
            }
            let of_lines = lines.as_ref().is_some_and(|(_, both)| both.iter().any(|lines| is_good(lines, key)));
            if told || !of_lines && !is_good(&without, key) {
                let before = whole.verdicts.get(key);
                let told = if told { ", though it is cut" } else { "" };
                tally.note(format!("{bundle}/{name}: {check} [{subject}] {before:?} becomes {verdict:?}{told}"), at);
            }
        }
    }
    tally
}

fn cut_everywhere(work: &[(String, Files)], count: usize) -> Tally {
    let of_bundle = |(bundle, files): &(String, Files)| {
        let whole = judge(files, None);
        let of_file = |index: usize| cut_file(bundle, files, &whole, index, places(files[index].1.len(), count));
        (0..files.len()).map(of_file).fold(Tally::default(), Tally::add)
    };
    work.par_iter().map(of_bundle).reduce(Tally::default, Tally::add)
}

fn told(wrong: &BTreeMap<String, BTreeSet<usize>>) -> String {
    let line = |(what, at): (&String, &BTreeSet<usize>)| format!("{what} at {} places: {:?}", at.len(), at.iter().take(8).collect::<Vec<_>>());
    wrong.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The file with a byte flipped, some lost, or some added: which, and where, follows from `turn`.
fn damaged(content: &[u8], turn: usize) -> Vec<u8> {
    // Knuth's multiplier spreads the places.
    let random = turn.wrapping_add(content.len()).wrapping_mul(2_654_435_761);
    let at = (random >> 8) % content.len();
    let mut bytes = content.to_vec();
    match turn % 4 {
        0 => bytes[at] ^= 1 << (random % 8),
        1 => bytes[at] = [0, 0xFF, b'"', b'<', b'\n', b'{', b',', 0xC3][random % 8],
        2 => _ = bytes.drain(at..(at + 1 + random % 40).min(content.len())),
        _ => _ = bytes.splice(at..at, content[at / 2..].iter().copied().take(1 + random % 40)),
    }
    bytes
}

/// Damages each file `count` times. Panics are what may not be: the bytes may say anything.
fn damage_everywhere(work: &[(String, Files)], count: usize) -> (usize, BTreeSet<String>) {
    let of_bundle = |(bundle, files): &(String, Files)| {
        let mut panics = BTreeSet::new();
        let mut done = 0;
        for (index, (name, content)) in files.iter().enumerate().filter(|(_, (_, content))| !content.is_empty()) {
            for turn in 0..count {
                let mut other = files.clone();
                other[index].1 = damaged(content, turn);
                done += 1;
                if judge(&other, None).panicked {
                    panics.insert(format!("{bundle}/{name}: damage {turn}"));
                }
            }
        }
        (done, panics)
    };
    let both = |(a, mut all): (usize, BTreeSet<String>), (b, more)| {
        all.extend(more);
        (a + b, all)
    };
    work.par_iter().map(of_bundle).reduce(|| (0, BTreeSet::new()), both)
}

/// One bundle of each check and every tenth of the others: enough to notice, few enough for every run.
fn some() -> Vec<(String, Files)> {
    let mut checks = BTreeSet::new();
    let keep = |(number, (name, _)): &(usize, (String, Files))| match name.strip_prefix("checks/") {
        Some(name) => checks.insert(name.split('/').next().unwrap_or_default().to_owned()),
        None => number % 10 == 0,
    };
    bundles().into_iter().enumerate().filter(keep).map(|(_, bundle)| bundle).collect()
}

#[test]
fn no_cut_makes_a_verdict_better() {
    let tally = cut_everywhere(&some(), 5);
    assert!(tally.wrong.is_empty(), "{}", told(&tally.wrong));
    assert!(tally.cuts > 300 && tally.told > 100, "{} cuts, {} told", tally.cuts, tally.told);
}

/// Cuts that broke the rule once: within `NULL`, before the last column of a table, among sign-ins.
const MENDED: &[(&str, &str, &[usize])] = &[
    (
        "checks/url.setting-for-release/not-applicable-nothing-filled",
        "settings.csv",
        &[139, 140, 141],
    ),
    ("checks/mailbox.licence/fail-service-status-table", "session.txt", &[217, 218]),
    ("checks/mailbox.exists/fail-distribution-group", "m.csv", &[76]),
    ("checks/app.redirect-platform/fail-sign-in-log-refuses", "signIns.json", &[205, 822]),
];

#[test]
fn no_cut_breaks_the_rule_again() {
    for (bundle, name, places) in MENDED {
        let files = read(&fixtures(bundle));
        let index = files.iter().position(|(file, _)| file == name).expect("its file");
        let tally = cut_file(bundle, &files, &judge(&files, None), index, places.to_vec());
        assert!(tally.wrong.is_empty(), "{}", told(&tally.wrong));
    }
}

#[test]
fn no_damage_makes_the_program_panic() {
    let (done, panics) = damage_everywhere(&some(), 4);
    assert!(done > 300 && panics.is_empty(), "{done}: {panics:?}");
}

#[test]
#[ignore = "the full form: half an hour of processor time in a release build"]
fn no_cut_of_a_thousand_makes_a_verdict_better() {
    let count = std::env::var("CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let bundles = bundles();
    let tally = cut_everywhere(&bundles, count);
    let files: usize = bundles.iter().map(|(_, files)| files.len()).sum();
    println!(
        "{files} files of {} bundles: {} cuts, {} of them told; {} break the rule",
        bundles.len(),
        tally.cuts,
        tally.told,
        tally.wrong.len()
    );
    assert!(tally.wrong.is_empty(), "{}", told(&tally.wrong));
}

#[test]
#[ignore = "the full form: minutes in a release build"]
fn no_damage_of_a_hundred_makes_the_program_panic() {
    let (done, panics) = damage_everywhere(&bundles(), 100);
    println!("{done} damaged files: {} panics", panics.len());
    assert!(panics.is_empty(), "{panics:?}");
}
