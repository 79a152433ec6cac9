//! The Italian catalogue: nothing is missing, nothing is stale, and placeholders agree.

#![allow(clippy::disallowed_methods)]

use ecelens::checks;
use ecelens::model::Language;
use ecelens::signatures::Catalogue;
use ecelens::signatures::explain::{Answer, explain};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn files(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, extension, into);
        } else if path.extension().is_some_and(|e| e == extension) {
            into.push(path);
        }
    }
}

/// The literal at the beginning of `code`, escapes undone, and what follows it.
fn literal(code: &str) -> Option<(String, &str)> {
    let code = code.trim_start();
    if let Some(raw) = code.strip_prefix("r\"") {
        return raw.split_once('"').map(|(text, behind)| (text.to_owned(), behind));
    }
    let inner = code.strip_prefix('"')?;
    let mut chars = inner.char_indices().peekable();
    let mut text = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, &inner[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => text.push('\n'),
                '\n' => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    None
}

/// The literal that is the next argument, behind an argument that holds none.
fn next_argument(code: &str) -> Option<(String, &str)> {
    literal(code.split_once(',')?.1)
}

/// Every sentence of `text!`, `say!`, `counted!` and `word!` in the sources, tests aside.
fn sentences() -> BTreeSet<String> {
    let mut paths = Vec::new();
    files(&project("src"), "rs", &mut paths);
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|path| !path.to_string_lossy().ends_with("tests.rs")) {
        let source = std::fs::read_to_string(path).expect("a source file");
        let code: Vec<&str> = source
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let code = code.join("\n");
        for (at, _) in code.match_indices("text!(") {
            found.extend(literal(&code[at + 6..]).map(|(text, _)| text));
        }
        for (at, _) in code.match_indices("word!(") {
            found.extend(literal(&code[at + 6..]).map(|(text, _)| text));
        }
        for (at, _) in code.match_indices("say!(") {
            found.extend(next_argument(&code[at + 5..]).map(|(text, _)| text));
        }
        for (at, _) in code.match_indices("counted!(") {
            let Some((one, behind)) = next_argument(&code[at + 9..]) else { continue };
            let (more, _) = next_argument(behind).expect("words for more than one");
            found.extend([one, more]);
        }
    }
    found.retain(|sentence| without_placeholders(sentence).chars().any(char::is_alphabetic));
    found
}

fn without_placeholders(sentence: &str) -> String {
    sentence
        .split('{')
        .map(|part| part.split_once('}').map_or(part, |(_, behind)| behind))
        .collect()
}

fn placeholders(sentence: &str) -> BTreeSet<String> {
    sentence
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The texts of checks and signatures, with all that `explain` tells of them, and those of data files.
fn catalogued() -> BTreeSet<String> {
    let catalogue = Catalogue::builtin();
    let mut ids: Vec<String> = checks::all().map(|check| check.id.to_owned()).collect();
    ids.extend(catalogue.signatures().map(|signature| signature.id.to_string()));
    ids.extend(catalogue.codes().map(|code| format!("AADSTS{}", code.code)));
    ids.push("AADSTS99999999".to_owned());
    let mut texts = BTreeSet::new();
    for id in ids {
        let Answer::Found(found) = explain(&catalogue, &id) else {
            panic!("{id}")
        };
        for e in found {
            texts.extend([e.what, e.why, e.evidence, e.note]);
            texts.extend(e.causes.into_iter().chain(e.remedy).chain(e.touches));
        }
    }
    let data = |file: &str| -> toml::Value { toml::from_str(&std::fs::read_to_string(project(file)).expect("data")).expect("TOML") };
    for fact in data("data/ageing.toml")["dated"].as_array().expect("facts") {
        texts.insert(fact["text"].as_str().expect("a text").to_owned());
    }
    for root in data("data/roots.toml")["root"].as_array().expect("roots") {
        for need in root.get("needed").and_then(|needs| needs.as_array()).into_iter().flatten() {
            texts.extend(["hosts", "endpoint"].map(|name| need[name].as_str().expect("a text").to_owned()));
        }
    }
    texts.remove("");
    texts
}

fn italian() -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    files(&project("data/lang/it"), "toml", &mut paths);
    let mut all = BTreeMap::new();
    for path in paths {
        let held: toml::Value = toml::from_str(&std::fs::read_to_string(&path).expect("a catalogue")).expect("TOML");
        for text in held["text"].as_array().expect("texts") {
            let word = |name: &str| text[name].as_str().expect("a text").to_owned();
            assert!(all.insert(word("en"), word("it")).is_none(), "{}: {} twice", path.display(), text["en"]);
        }
    }
    all
}

/// Host names are the same in every language.
fn is_name(text: &str) -> bool {
    !text.contains(' ') && text.contains('.')
}

#[test]
fn every_sentence_has_its_italian_and_none_is_stale() {
    let italian = italian();
    let (sentences, catalogued) = (sentences(), catalogued());
    assert!(
        sentences.len() > 900 && catalogued.len() > 1000,
        "{} {}",
        sentences.len(),
        catalogued.len()
    );
    let all = || sentences.iter().chain(&catalogued);
    let missing: Vec<&String> = all().filter(|text| !italian.contains_key(*text) && !is_name(text)).collect();
    let known: BTreeSet<&String> = all().collect();
    let stale: Vec<&String> = italian.keys().filter(|english| !known.contains(english)).collect();
    assert!(missing.is_empty() && stale.is_empty(), "missing: {missing:#?}\nstale: {stale:#?}");
}

#[test]
fn placeholders_agree() {
    let italian = italian();
    let wrong: Vec<_> = sentences()
        .into_iter()
        .filter_map(|english| Some((placeholders(&english), placeholders(italian.get(&english)?), english)))
        .filter(|(own, other, _)| own != other)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_language_says_what_its_catalogue_holds() {
    assert_eq!(Language::Italian.of("the alias is active"), "l'alias è attivo");
    assert_eq!(Language::English.of("the alias is active"), "the alias is active");
    assert_eq!(Language::Italian.of("no sentence of the program"), "no sentence of the program");
}

fn scan(arguments: &[&str], locale: &str) -> String {
    let bundle = tempfile::tempdir().expect("a folder");
    std::fs::write(bundle.path().join("note.txt"), "ECE 12.6(1) ES5 runs here\n").expect("a note");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ecelens"));
    let output = command
        .arg("scan")
        .arg(bundle.path())
        .args(arguments)
        .env("LC_ALL", locale)
        .output()
        .expect("ecelens runs");
    String::from_utf8(output.stdout)
        .expect("text")
        .replace(&bundle.path().file_name().expect("a name").to_string_lossy().into_owned(), "bundle")
}

#[test]
fn the_locale_changes_no_byte_of_a_pipe() {
    assert_eq!(scan(&[], "it_IT.UTF-8"), scan(&[], "C"));
    assert!(scan(&[], "it_IT.UTF-8").contains("\nDiagnosis\n"));
}

#[test]
fn italian_is_spoken_where_it_is_asked_for() {
    let text = scan(&["--lang", "it"], "C");
    assert!(
        text.contains("\nDiagnosi\n") && text.contains("nel bundle non c'è alcuna esportazione della registrazione dell'app"),
        "{text}"
    );
    let report: serde_json::Value = serde_json::from_str(&scan(&["--lang", "it", "--format", "json"], "C")).expect("JSON");
    let tenant = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|f| f["check"] == "app.tenant")
        .expect("a finding");
    assert_eq!(tenant["verdict"], "unknown");
    assert_eq!(tenant["message"], "nulla indica il tenant con cui lavora ECE");
}
