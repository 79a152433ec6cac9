//! Turns `data/signatures/*.toml` into constants, so that the program parses no TOML when it starts.

// The rules against hidden inputs are the program's; a build script is told its folders by cargo's environment.
#![allow(clippy::disallowed_methods)]

#[path = "src/signatures/anchors.rs"]
mod anchors;
#[path = "src/signatures/entry.rs"]
#[allow(dead_code)]
mod entry;

use entry::{AadstsCode, Signature, Text};
use std::fmt::Write as _;
use std::path::Path;
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

fn main() {
    let folder = Path::new("data/signatures");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=src/signatures/anchors.rs");
    println!("cargo::rerun-if-changed=src/signatures/entry.rs");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the catalogue's folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut signatures = Vec::new();
    let mut codes = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(&file).expect("a readable file");
        let pack: Pack = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        signatures.extend(pack.signature);
        codes.extend(pack.aadsts);
    }
    codes.sort_by_key(|code| code.code);

    let mut out = String::from("static SIGNATURES: &[Signature] = &[\n");
    signatures.iter().for_each(|signature| write_signature(&mut out, signature));
    out.push_str("];\nstatic CODES: &[AadstsCode] = &[\n");
    codes.iter().for_each(|code| write_code(&mut out, code));
    out.push_str("];\n");
    let target = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("catalogue.rs");
    fs::write(target, out).expect("a writable target folder");
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
