//! `--config`: what is suppressed stays visible in every format, and doesn't count.

#![allow(clippy::disallowed_methods)]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::{ecelens, fixtures};

fn bundle() -> PathBuf {
    fixtures("bundles").join("old-es").join("input")
}

fn scan(config: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("ecelens.toml");
    std::fs::write(&file, config).expect("a file");
    ecelens()
        .arg("scan")
        .arg(bundle())
        .arg("--config")
        .arg(file)
        .args(arguments)
        .output()
        .expect("the binary starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Suppresses everything that makes the exit code 1.
fn all_faults() -> String {
    let report = support::report(&[&bundle()]);
    let findings = report["findings"].as_array().expect("findings");
    let faults = findings.iter().filter(|f| f["verdict"] == "fail" || f["verdict"] == "warn");
    faults
        .map(|f| {
            let (check, subject) = (&f["check"], &f["subject"]["name"]);
            format!("[[suppress]]\nid = {check}\nsubject = {subject}\nreason = \"the upgrade is planned\"\nexpires = 2099-12-31\n")
        })
        .collect()
}

#[test]
fn what_is_suppressed_does_not_count_and_stays_visible() {
    let config = all_faults();
    let output = scan(&config, &["--format", "json", "--fail-on", "info"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let cause = &report["diagnosis"][0];
    assert_eq!(
        (&cause["cause"], cause["suppressed"]["reason"].as_str()),
        (&"check:version.minimum-es".into(), Some("the upgrade is planned"))
    );
    let marked = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|f| f["suppressed"].is_object())
        .count() as u64;
    assert_eq!(report["totals"]["suppressed"].as_u64(), Some(marked));
    assert_eq!(report["suppressions"].as_array().map(Vec::len), Some(marked as usize));
    assert_eq!(report["arguments"][1], "--config=ecelens.toml");

    for (format, shown) in [
        ("text", "suppressed until 2099-12-31 [ecelens.toml:2]: the upgrade is planned"),
        ("markdown", "the upgrade is planned"),
        ("html", "suppressed until 2099-12-31 [ecelens.toml:2]: the upgrade is planned"),
        ("csv", "nothing (suppressed)"),
        ("ndjson", "\"type\":\"suppression\""),
        (
            "junit",
            "<skipped message=\"suppressed until 2099-12-31 [ecelens.toml:2]: the upgrade is planned; fail: ",
        ),
        ("sarif", "\"justification\": \"the upgrade is planned\""),
    ] {
        let text = String::from_utf8(scan(&config, &["--format", format]).stdout).expect("UTF-8");
        assert!(text.contains(shown), "{format}");
    }
    let junit = String::from_utf8(scan(&config, &["--format", "junit"]).stdout).expect("UTF-8");
    assert!(junit.contains("failures=\"0\"") && !junit.contains("<failure"));
}

#[test]
fn a_suppression_that_does_nothing_is_said_with_its_line_and_its_finding_counts() {
    let entry = |id: &str, subject: &str, expires: &str| {
        format!("[[suppress]]\nid = \"{id}\"\nsubject = \"{subject}\"\nreason = \"r\"\nexpires = {expires}\n")
    };
    for (config, state, place) in [
        (entry("version.minimum-es", "deployment", "2020-01-01"), "expired", "ecelens.toml:5:11"),
        (entry("version.documentation", "deployment", "2099-01-01"), "stale", "ecelens.toml:2:6"),
        (entry("version.minimum-es", "elsewhere", "2099-01-01"), "unmatched", "ecelens.toml:3:11"),
    ] {
        let output = scan(&config, &["--format", "json"]);
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["suppressions"][0]["state"], state);
        assert!(report["totals"]["suppressed"].is_null());
        assert!(said(&output).contains(place), "{}", said(&output));
    }
}

#[test]
fn a_broken_configuration_is_a_usage_error_with_its_place() {
    let output = scan(
        "[[suppress]]\nid = \"version.minimum-s\"\nsubject = \"deployment\"\nreason = \"r\"\nexpires = 2099-01-01\n",
        &[],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        said(&output).contains("ecelens.toml:2:6") && said(&output).contains("did you mean `version.minimum-es`?"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_file_in_the_working_directory_is_not_read_unasked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("ecelens.toml"), all_faults()).expect("a file");
    let run = |place: &Path| ecelens().arg(bundle()).current_dir(place).output().expect("the binary starts");
    let (here, there) = (run(folder.path()), run(&fixtures("bundles")));
    assert_eq!((here.status.code(), &here.stdout), (Some(1), &there.stdout));
    assert!(said(&here).contains("ecelens.toml is not used") && there.stderr.is_empty());
}
