//! Turns `data/signatures/*.toml` and `data/lang/<code>/*.toml` into constants, so that the program parses no TOML when it starts.

// The rules against hidden inputs are the program's; a build script is told its folders by cargo's environment.
#![allow(clippy::disallowed_methods)]

#[path = "src/signatures/anchors.rs"]
mod anchors;
#[path = "src/signatures/entry.rs"]
#[allow(dead_code)]
mod entry;

use entry::{AadstsCode, Signature, Text};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Stands for `finding::Severity`, whose variants have the same names.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

/// A file of the catalogue.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    #[serde(default)]
    signature: Vec<Signature>,
    #[serde(default)]
    aadsts: Vec<AadstsCode>,
}

/// A file of a language's catalogue.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Translations {
    #[serde(default)]
    text: Vec<Translation>,
}

/// A sentence of the program, and the same in another language.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Translation {
    en: String,
    #[serde(rename = "it")]
    other: String,
}

fn main() {
    println!("cargo::rerun-if-changed=src/signatures/anchors.rs");
    println!("cargo::rerun-if-changed=src/signatures/entry.rs");
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(target.join("catalogue.rs"), signatures(Path::new("data/signatures"))).expect("a writable target folder");
    fs::write(target.join("languages.rs"), language("ITALIAN", Path::new("data/lang/it"))).expect("a writable target folder");
}

/// The TOML files of a folder with what they hold, in the order of their names.
fn files<T: serde::de::DeserializeOwned>(folder: &Path) -> Vec<(PathBuf, T)> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder of data")
        .map(|file| file.expect("a file").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = |file: PathBuf| {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(&file).expect("a readable file");
        let held = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (file, held)
    };
    files.into_iter().map(read).collect()
}

/// A table of sentences, sorted by their English.
fn language(name: &str, folder: &Path) -> String {
    let mut sentences = BTreeMap::new();
    for (file, translations) in files::<Translations>(folder) {
        for translation in translations.text {
            if let Some(other) = sentences.insert(translation.en.clone(), translation.other) {
                panic!("{}: `{}` has a translation already: `{other}`", file.display(), translation.en);
            }
        }
    }
    let mut out = format!("static {name}: &[(&str, &str)] = &[\n");
    for (english, other) in sentences {
        writeln!(out, "({english:?}, {other:?}),").expect("writing to a string");
    }
    out.push_str("];\n");
    out
}

/// The constants of the signature catalogue.
fn signatures(folder: &Path) -> String {
    let mut signatures = Vec::new();
    let mut codes = Vec::new();
    for (_, pack) in files::<Pack>(folder) {
        signatures.extend(pack.signature);
        codes.extend(pack.aadsts);
    }
    codes.sort_by_key(|code| code.code);

    let mut out = String::from("static SIGNATURES: &[Signature] = &[\n");
    signatures.iter().for_each(|signature| write_signature(&mut out, signature));
    out.push_str("];\nstatic CODES: &[AadstsCode] = &[\n");
    codes.iter().for_each(|code| write_code(&mut out, code));
    out.push_str("];\n");
    out
}

fn write_signature(out: &mut String, s: &Signature) {
    let anchors = anchors::of(s);
    writeln!(
        out,
        "Signature {{ id: {}, component: {}, role: Role::{:?}, severity: Severity::{:?}, scan: Scan::{:?}, anchors: {}, literal: {}, \
         literal_alternatives: {}, ignore_case: {}, pattern: {}, meaning: {}, causes: {}, remedy: {}, checks: {}, supersedes: {}, \
         overlaps: {}, note: {}, references: {}, examples: {}, near_misses: {} }},",
        text(&s.id),
        text(&s.component),
        s.role,
        s.severity,
        s.scan,
        texts(&anchors),
        text(&s.literal),
        texts(&s.literal_alternatives),
        s.ignore_case,
        text(&s.pattern),
        text(&s.meaning),
        texts(&s.causes),
        text(&s.remedy),
        texts(&s.checks),
        texts(&s.supersedes),
        texts(&s.overlaps),
        text(&s.note),
        texts(&s.references),
        texts(&s.examples),
        texts(&s.near_misses),
    )
    .expect("writing to a string");
}

fn write_code(out: &mut String, c: &AadstsCode) {
    writeln!(
        out,
        "AadstsCode {{ code: {}, name: {}, category: {}, retryable: {}, severity: Severity::{:?}, role: Role::{:?}, meaning: {}, phase: {}, \
         checks: {}, remedy: {}, note: {}, references: {} }},",
        c.code,
        text(&c.name),
        text(&c.category),
        text(&c.retryable),
        c.severity,
        c.role,
        text(&c.meaning),
        text(&c.phase),
        texts(&c.checks),
        text(&c.remedy),
        text(&c.note),
        texts(&c.references),
    )
    .expect("writing to a string");
}

fn text(text: &str) -> String {
    format!("Text::Borrowed({text:?})")
}

fn texts(all: &[Text]) -> String {
    format!("Texts::Borrowed(&[{}])", all.iter().map(|one| text(one)).collect::<Vec<_>>().join(", "))
}
