//! `timeline`, `diff`, `--baseline` and `collect` through the binary.

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::{ecelens, fixtures, run};

fn input(bundle: &str) -> PathBuf {
    fixtures("bundles").join(bundle).join("input")
}

fn written(bundle: &str, folder: &Path) -> PathBuf {
    let file = folder.join(format!("{bundle}.json"));
    let status = ecelens().arg(input(bundle)).args(["--format", "json", "--output"]).arg(&file).status();
    assert!(status.expect("the binary starts").code().is_some_and(|code| code < 2));
    file
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(run(arguments).stdout).expect("UTF-8")
}

#[test]
fn the_timeline_is_in_order_in_every_format() {
    let bundle = input("secret-expired");
    let bundle = bundle.to_str().expect("a path");
    let lines: Vec<Value> = stdout(&["timeline", bundle, "--format", "ndjson"])
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    assert!(lines.len() > 3);
    let times: Vec<&str> = lines
        .iter()
        .filter(|l| l["zone"] == "explicit")
        .filter_map(|l| l["time"].as_str())
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    let what: Vec<&str> = lines.iter().filter_map(|l| l["what"].as_str()).collect();
    assert!(what.iter().any(|w| w.contains("client secret") && w.contains("ends")), "{what:?}");
    assert!(what.iter().any(|w| w.contains("token renewal fails")), "{what:?}");
    let csv = stdout(&["timeline", bundle, "--format", "csv"]);
    assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().count(), lines.len());
    assert!(stdout(&["timeline", bundle]).starts_with(&format!("{} events", lines.len())));
}

#[test]
fn the_timeline_has_windows() {
    let bundle = input("secret-expired");
    let bundle = bundle.to_str().expect("a path");
    let count = |arguments: &[&str]| {
        let mut all = vec!["timeline", bundle, "--format", "ndjson"];
        all.extend(arguments);
        stdout(&all).lines().count()
    };
    let all = count(&[]);
    assert!(count(&["--since", "1s"]) < all);
    assert_eq!(count(&["--since", "2000-01-01T00:00:00Z"]), all);
    assert_eq!(count(&["--until", "2000-01-01T00:00:00Z"]), 0);
    let page = stdout(&["timeline", bundle, "--since", "1h", "--format", "html"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"));
    let around = count(&["--around", "AADSTS7000222"]);
    assert!(around > 0 && around < all, "{around} of {all}");
    assert_eq!(run(&["timeline", bundle, "--around", "no.such"]).status.code(), Some(2));
    let mistyped = run(&["timeline", bundle, "--around", "aadsts700222"]);
    let said = String::from_utf8_lossy(&mistyped.stderr).into_owned();
    assert_eq!(mistyped.status.code(), Some(2));
    assert!(
        said.contains("did you mean `entra.aadsts7000222`?; shown are entra.aadsts7000222"),
        "{said}"
    );
    // What exists but isn't in the bundle is not what was meant.
    let absent = run(&["timeline", bundle, "--around", "java.tls.pkix"]);
    assert!(!String::from_utf8_lossy(&absent.stderr).contains("did you mean"));
    assert_eq!(run(&["timeline", bundle, "--since", "yesterday"]).status.code(), Some(2));
}

#[test]
fn a_mended_fault_is_fixed_and_a_fresh_one_is_new() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (bad, good) = (written("secret-expired", folder.path()), written("healthy", folder.path()));
    let (bad, good) = (bad.to_str().expect("a path"), good.to_str().expect("a path"));
    let diff = |old: &str, new: &str| -> Value { serde_json::from_str(&stdout(&["diff", old, new, "--format", "json"])).expect("JSON") };
    let mended = diff(bad, good);
    assert!(
        mended["causes"]["gone"]
            .as_array()
            .is_some_and(|c| c.iter().any(|c| c["cause"] == "check:app.secret"))
    );
    let broken = diff(good, bad);
    assert!(broken["new"].as_array().is_some_and(|c| c.iter().any(|c| c["check"] == "app.secret")));
    assert_eq!(run(&["diff", good, bad]).status.code(), Some(1));
    let same = run(&["diff", bad, bad]);
    assert_eq!(same.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&same.stdout).contains("0 fixed, 0 new, 0 changed"));
    // A bundle and the report over it are the same.
    let bundle = input("secret-expired");
    let mixed = run(&["diff", bad, bundle.to_str().expect("a path"), "--format", "markdown"]);
    assert!(String::from_utf8_lossy(&mixed.stdout).contains("0 fixed, 0 new, 0 changed"));
}

#[test]
fn what_the_baseline_knows_does_not_fail_the_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = written("secret-expired", folder.path());
    let scan = |baseline: &Path| {
        ecelens()
            .arg(input("secret-expired"))
            .arg("--baseline")
            .arg(baseline)
            .args(["--format", "sarif"])
            .output()
            .expect("the binary starts")
    };
    let known = scan(&report);
    assert_eq!(known.status.code(), Some(0), "{}", String::from_utf8_lossy(&known.stderr));
    assert!(String::from_utf8_lossy(&known.stdout).contains("\"baselineState\": \"unchanged\""));
    let fresh = scan(&written("healthy", folder.path()));
    assert_eq!(fresh.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&fresh.stdout).contains("\"baselineState\": \"new\""));
    assert_eq!(scan(&input("healthy").join("note.txt")).status.code(), Some(2));
}

#[test]
fn scripts_are_written_for_what_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = written("logs-only", folder.path());
    let out = folder.path().join("scripts");
    let arguments = ["collect", report.to_str().expect("a path"), "--output", out.to_str().expect("a path")];
    assert_eq!(run(&arguments).status.code(), Some(0));
    let files: Vec<String> = std::fs::read_dir(&out)
        .expect("a folder")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(files.iter().any(|f| f.ends_with(".ps1")), "{files:?}");
    assert_eq!(run(&arguments).status.code(), Some(2), "nothing is overwritten");
    assert!(stdout(&["collect"]).contains("Get-"));
}
