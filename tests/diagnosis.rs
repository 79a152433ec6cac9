//! What is blamed, and what it explains: every folder `fixtures/diagnosis/<name>/` holds a small bundle (`input/`) and what the
//! diagnosis makes of it (`expected.json`). Each rule of the tables has a folder of its name, whose diagnosis needs the rule.
//! `BLESS=1 cargo test --test diagnosis` writes the expectations anew: read what changed before it is committed.

#![allow(clippy::disallowed_methods)]

mod support;

use ecelens::diagnosis::{Diagnosis, RULES, Rule};
use serde_json::{Value, json};
use support::{analysis, fixtures, folders, name};

/// Causes in their order, each with what it is about and what it explains.
fn gist(diagnosis: &Diagnosis) -> Value {
    let cause = |cause: &ecelens::diagnosis::RootCause| json!({"cause": cause.cause, "about": cause.subject, "explains": cause.explains});
    json!({
        "causes": diagnosis.causes.iter().map(cause).collect::<Vec<_>>(),
        "unexplained": diagnosis.unexplained,
    })
}

#[test]
fn every_bundle_is_blamed_on_its_causes() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for folder in folders(&fixtures("diagnosis")) {
        let file = folder.join("expected.json");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let expected: Value = serde_json::from_str(&text).unwrap_or_default();
        let mut got = gist(&analysis(&folder.join("input")).diagnosis);
        got["why"] = expected["why"].clone();
        if bless {
            std::fs::write(&file, serde_json::to_string_pretty(&got).expect("JSON") + "\n").expect("expected.json");
        } else if got != expected {
            wrong.push(format!("{}: got {got}", name(&folder)));
        }
        if !expected["why"].is_string() {
            wrong.push(format!("{}: expected.json doesn't say why", name(&folder)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_bundle_that_needs_it() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let folder = fixtures("diagnosis").join(rule.name);
        if !folder.is_dir() {
            wrong.push(format!("{}: no fixture", rule.name));
            continue;
        }
        let others: Vec<Rule> = RULES.iter().copied().filter(|other| other.name != rule.name).collect();
        let analysis = analysis(&folder.join("input"));
        if gist(&analysis.diagnosis) == gist(&analysis.diagnosis_by(&others)) {
            wrong.push(format!("{}: the same is blamed without the rule", rule.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_remedy_ends_with_how_to_verify_it() {
    let mut seen = 0;
    for folder in folders(&fixtures("diagnosis")) {
        for cause in analysis(&folder.join("input")).diagnosis.causes {
            let last = cause.remedy.last().map(|step| step.english());
            if let Some(last) = last.filter(|_| cause.cause.starts_with("signature:")) {
                seen += 1;
                assert!(last.starts_with("Verify: "), "{}: {last}", cause.cause);
            }
        }
    }
    assert!(seen > 0);
}
