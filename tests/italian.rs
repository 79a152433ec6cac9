//! With `--lang it` nothing that the program itself says stands in English, in any format.

#![allow(clippy::disallowed_methods)]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use support::{ecelens, fixtures, folders};

const FORMATS: [&str; 7] = ["text", "html", "markdown", "csv", "junit", "sarif", "json"];

fn output(arguments: &[&str], language: &str) -> String {
    let output = ecelens().args(arguments).args(["--lang", language]).output().expect("the binary starts");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The values of JSON, those of `evidence` in one set, the others in the other.
fn sort_values(value: &Value, key: &str, evidence: &mut BTreeSet<String>) {
    /// Keys whose values are ids, names, or words of the bundle: the same in every language.
    const SAME: [&str; 35] = [
        "excerpt",
        "template",
        "class",
        "references",
        "path",
        "name",
        "label",
        "host",
        "address",
        "account",
        "arguments",
        "copy_of",
        "app_id",
        "used_by",
        "explains",
        "checks",
        "check",
        "pointer",
        "begins_with",
        "cause",
        "masks",
        "id",
        "code",
        "external_urls",
        "subject",
        "kind",
        "ips",
        "roles",
        "function",
        "zone",
        "signatures",
        "how",
        "version",
        "role",
        "component",
    ];
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| sort_values(value, key, evidence)),
        Value::Array(items) => items.iter().for_each(|item| sort_values(item, key, evidence)),
        Value::String(text) if SAME.contains(&key) => {
            evidence.extend(text.lines().map(|line| line.trim().to_owned()));
            // The area of a check stands alone, too.
            evidence.extend(text.split_once('.').filter(|_| key == "check").map(|(area, _)| area.to_owned()));
        }
        _ => {}
    }
}

/// The texts of a report: what stands between marks of its format, a line each.
fn texts(format: &str, report: &str) -> Vec<String> {
    match format {
        "html" | "junit" => {
            let mut rest = report;
            // The page's own style and script aren't read by people.
            let mut plain = String::new();
            while let Some((before, inner)) = rest.split_once("<style>").or_else(|| rest.split_once("<script>")) {
                plain.push_str(before);
                rest = inner
                    .split_once("</style>")
                    .or_else(|| inner.split_once("</script>"))
                    .map_or("", |(_, behind)| behind);
            }
            plain.push_str(rest);
            let (pieces, attributes): (Vec<&str>, Vec<&str>) = (
                plain.split('<').filter_map(|piece| Some(piece.split_once('>')?.1)).collect(),
                ["title=\"", "aria-label=\"", "placeholder=\"", "message=\""]
                    .iter()
                    .flat_map(|name| plain.split(name).skip(1).filter_map(|behind| Some(behind.split_once('"')?.0)))
                    .collect(),
            );
            pieces.into_iter().chain(attributes).flat_map(str::lines).map(unescaped).collect()
        }
        "sarif" | "json" => {
            let mut all = Vec::new();
            strings(&serde_json::from_str(report).expect("JSON"), &mut all);
            all
        }
        "csv" => report
            .split("\",\"")
            .flat_map(str::lines)
            .map(|cell| cell.trim_matches('"').to_owned())
            .collect(),
        _ => report.lines().filter(|line| !line.contains('│')).map(str::to_owned).collect(),
    }
}

fn strings(value: &Value, all: &mut Vec<String>) {
    const NO_TEXT: [&str; 17] = [
        "partialFingerprints",
        "checkAndSubject/v1",
        "snippet",
        "uri",
        "fullyQualifiedName",
        "role",
        "tags",
        "level",
        "columnKind",
        "status",
        "state",
        "roles",
        "function",
        "zone",
        "encoding",
        "baseline",
        "uriBaseId",
    ];
    match value {
        Value::Object(entries) => entries
            .iter()
            .filter(|(key, _)| !NO_TEXT.contains(&key.as_str()))
            .for_each(|(_, value)| strings(value, all)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, all)),
        Value::String(text) => all.extend(text.lines().map(str::to_owned)),
        _ => {}
    }
}

fn unescaped(text: &str) -> String {
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    marks.iter().fold(text.to_owned(), |text, (code, mark)| text.replace(code, mark))
}

/// Texts that the catalogue says are the same in both languages, and words that no report translates.
fn shared() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/lang/it");
    let mut shared: BTreeSet<String> = BTreeSet::new();
    for file in support::files(&folder) {
        let held: toml::Value = toml::from_str(&std::fs::read_to_string(&file).expect("a catalogue")).expect("TOML");
        for text in held["text"].as_array().expect("texts") {
            if text["en"] == text["it"] {
                shared.extend(
                    text["en"]
                        .as_str()
                        .map(|text| text.split('{').next().unwrap_or_default().trim().to_owned()),
                );
            }
        }
    }
    shared.extend(
        [
            "fail",
            "warn",
            "open",
            "pass",
            "n/a",
            "unknown",
            "not-applicable",
            "critical",
            "high",
            "medium",
            "low",
            "info",
        ]
        .map(str::to_owned),
    );
    shared.remove("");
    shared
}

/// True if more is left of `text` than ids, names, figures and words that are the same in both languages.
fn says_something(text: &str, same: &[&String]) -> bool {
    let mut left = text.to_owned();
    for word in same {
        left = left.replace(word.as_str(), " ");
    }
    let is_word = |word: &&str| word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase());
    left.split_whitespace().filter(is_word).count() > 0
}

fn in_english(bundle: &Path, arguments: &[&str], format: &str, evidence: &BTreeSet<String>) -> Vec<String> {
    let path = bundle.to_str().expect("a path");
    let of = |language: &str| texts(format, &output(&[&[arguments[0], path], &arguments[1..]].concat(), language));
    let english: BTreeSet<String> = of("en").into_iter().collect();
    let shared = shared();
    let mut same: Vec<&String> = evidence.iter().chain(&shared).filter(|text| text.len() > 2).collect();
    same.sort_by_key(|text| std::cmp::Reverse(text.len()));
    of("it")
        .into_iter()
        .filter(|text| english.contains(text) && says_something(text, &same))
        .collect()
}

/// Lines of the text report that are a piece of a longer text: the JSON report holds that as a whole.
fn is_piece(line: &str, report: &[String]) -> bool {
    report.iter().any(|text| text.len() > line.trim().len() && text.contains(line.trim()))
}

fn report_of(bundle: &Path) -> Value {
    let text = output(&["scan", bundle.to_str().expect("a path"), "--format", "json"], "it");
    serde_json::from_str(&text).expect("JSON")
}

fn evidence_of(bundle: &Path) -> BTreeSet<String> {
    let report = report_of(bundle);
    let mut evidence = BTreeSet::new();
    sort_values(&report, "", &mut evidence);
    evidence
}

#[test]
fn nothing_that_the_program_says_stays_in_english() {
    for bundle in folders(&fixtures("bundles")).iter().map(|folder| folder.join("input")) {
        let evidence = evidence_of(&bundle);
        let mut wholes = Vec::new();
        strings(&report_of(&bundle), &mut wholes);
        for format in FORMATS {
            let mut left = in_english(&bundle, &["scan", "-v", "--format", format], format, &evidence);
            left.retain(|line| match format {
                "text" => !is_piece(line, &wholes),
                // The page parts an excerpt where the value stands that is meant.
                "html" => !evidence.iter().any(|excerpt| excerpt.contains(line.trim())),
                _ => true,
            });
            assert!(left.is_empty(), "{} {format}: {left:#?}", bundle.display());
        }
    }
}

#[test]
fn timelines_differences_and_scripts_speak_italian_too() {
    let bundle = fixtures("bundles").join("secret-expired/input");
    let evidence = evidence_of(&bundle);
    for format in ["text", "html"] {
        let left = in_english(&bundle, &["timeline", "--format", format], format, &evidence);
        assert!(left.is_empty(), "{format}: {left:#?}");
    }
    let healthy = fixtures("bundles").join("healthy/input");
    for (format, heading) in [("text", "Cause principali\n"), ("markdown", "# Che cosa è cambiato\n")] {
        let (old, new) = (bundle.to_str().expect("a path"), healthy.to_str().expect("a path"));
        assert!(output(&["diff", old, new, "--format", format], "it").starts_with(heading), "{format}");
    }
    let scripts = output(&["collect"], "it");
    assert!(
        scripts.contains("# Elementi che a ecelens mancano ancora.") && !scripts.contains("Evidence"),
        "{scripts}"
    );
    assert!(output(&["scan", bundle.to_str().expect("a path"), "--format", "html"], "it").contains("<html lang=\"it\">"));
    let meant = output(&["explain", "app.secert"], "it");
    assert!(meant.contains("app.secret  ") && !meant.contains("The client secret is valid"), "{meant}");
}

#[test]
fn a_run_without_the_sandbox_is_told_in_every_format() {
    let bundle = fixtures("bundles").join("old-es/input");
    let path = bundle.to_str().expect("a path");
    for format in FORMATS {
        let report = output(&["scan", path, "--no-sandbox", "--format", format], "en");
        assert!(report.contains("--no-sandbox"), "{format}");
        assert!(!output(&["scan", path, "--format", format], "en").contains("--no-sandbox"), "{format}");
    }
}
