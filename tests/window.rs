//! `--since`, `--until`, `--tz`, `--source-tz`: what is left out is as if it weren't there, and times are those of the zone asked for.

#![allow(clippy::disallowed_methods)]

mod support;

use serde_json::Value;
use std::path::Path;
use support::{ecelens, fixtures};

fn json(bundle: &Path, arguments: &[&str]) -> Value {
    let output = ecelens()
        .arg("scan")
        .arg(bundle)
        .args(["--format", "json", "--fail-on", "never"])
        .args(arguments)
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn expired() -> std::path::PathBuf {
    fixtures("bundles").join("secret-expired").join("input")
}

fn hits(report: &Value, id: &str) -> Option<u64> {
    let rows = report["signatures"].as_array().expect("signatures");
    rows.iter().find(|row| row["id"] == id).and_then(|row| row["count"].as_u64())
}

#[test]
fn a_window_leaves_out_what_lies_outside() {
    let whole = json(&expired(), &[]);
    let late = json(&expired(), &["--since", "2026-05-04T07:30:00Z"]);
    let early = json(&expired(), &["--until", "2026-05-04T07:29:59.999Z"]);
    let id = "entra.aadsts7000222";
    assert_eq!((hits(&whole, id), hits(&late, id), hits(&early, id)), (Some(16), Some(10), Some(6)));
    let records = |report: &Value| report["totals"]["records"].as_u64().expect("a number");
    assert_eq!(records(&late) + records(&early), records(&whole));
    assert_eq!(late["window"]["since"], "2026-05-04T07:30:00Z");
    assert_eq!(late["deployment"]["log_span"]["first"], "2026-05-04T09:30:00+02:00");
    // The newest record is of 09:59:31.113: this reaches back to the same records.
    let relative = json(&expired(), &["--since", "1772s"]);
    assert_eq!((hits(&relative, id), records(&relative)), (hits(&late, id), records(&late)));
    // A local time is one of the display zone.
    let local = json(&expired(), &["--since", "2026-05-04 09:30:00", "--tz", "+02:00"]);
    assert_eq!(records(&local), records(&late));
}

#[test]
fn no_check_passes_on_evidence_that_the_window_cut_away() {
    for bundle in support::folders(&fixtures("bundles")) {
        let input = bundle.join("input");
        let without_logs = tempfile::tempdir().expect("a temporary folder");
        for entry in walkdir::WalkDir::new(&input).into_iter().flatten().filter(|e| e.file_type().is_file()) {
            let name = entry.path().strip_prefix(&input).expect("below the bundle");
            if support::name(entry.path()).starts_with("eg_log_") {
                continue;
            }
            let target = without_logs.path().join("input").join(name);
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            std::fs::copy(entry.path(), target).expect("a copy");
        }
        if !without_logs.path().join("input").exists() {
            continue; // nothing but logs
        }
        let verdicts = |report: &Value, which: &str| -> Vec<String> {
            let of = report["findings"].as_array().expect("findings").iter();
            of.filter(|f| f["verdict"] == which)
                .map(|f| format!("{} {}", f["check"], f["subject"]["name"]))
                .collect()
        };
        let none = json(&without_logs.path().join("input"), &["--as-of", "2026-05-04"]);
        let cut = json(&input, &["--since", "2035-01-01", "--as-of", "2026-05-04"]);
        let allowed = verdicts(&none, "pass");
        let passes: Vec<String> = verdicts(&cut, "pass").into_iter().filter(|v| !allowed.contains(v)).collect();
        assert!(passes.is_empty(), "{}: {}", support::name(&bundle), passes.join(", "));
    }
}

#[test]
fn times_are_shown_in_the_zone_asked_for_and_stay_the_same_moments() {
    let report = json(&expired(), &["--tz", "-05:00"]);
    assert_eq!(report["as_of"], "2026-05-04T02:59:31.113-05:00");
    let cause = &report["diagnosis"][0];
    assert_eq!(cause["onset"]["first_bad"], "2026-05-04T02:15:00-05:00");
    assert!(cause["summary"].as_str().expect("a text").contains("from 2026-05-04T02:15:00-05:00 to"));
    assert_eq!(report["inventory"][0]["first"].as_str().map(|t| t.ends_with("-05:00")), Some(true));
    let excerpts = |report: &Value| {
        report["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .map(|f| f["evidence"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(excerpts(&report), excerpts(&json(&expired(), &[])), "evidence stays as it is written");
}

const ZONELESS: &str = "2026-05-04 09:00:00.000 <@> INFO <@> [12:RxInstance id : 999] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.service.RxInstance <@> startInstance <@> **** Rx Instance 999 Running **** <@>\n";

#[test]
fn logs_without_a_zone_get_the_one_that_is_given_for_their_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for host in ["ECESVC01", "ECESVC02"] {
        std::fs::write(folder.path().join(format!("eg_log_{host}_rx-process.log")), ZONELESS).expect("a file");
    }
    let report = json(folder.path(), &["--source-tz", "+02:00", "--source-tz", "ecesvc02=-07:00"]);
    let of = |n: usize| (report["inventory"][n]["first"].clone(), report["inventory"][n]["zone"].clone());
    assert_eq!(of(0), ("2026-05-04T09:00:00+02:00".into(), "given".into()));
    assert_eq!(of(1), ("2026-05-04T09:00:00-07:00".into(), "given".into()));
    assert_eq!(json(folder.path(), &[])["inventory"][0]["zone"], "unknown");

    let timeline = ecelens()
        .arg("timeline")
        .arg(folder.path())
        .args(["--source-tz", "+02:00", "--tz", "+02:00"])
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&timeline.stdout).into_owned();
    assert!(
        text.contains("times in +02:00") && text.contains("given with --source-tz") && text.contains("  09:00:00    +"),
        "{text}"
    );

    let wrong = ecelens()
        .arg("scan")
        .arg(folder.path())
        .args(["--source-tz", "ECESVC09=UTC"])
        .output()
        .expect("the binary starts");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("named after ECESVC09"));
    let named = ecelens()
        .arg("scan")
        .arg(folder.path())
        .args(["--tz", "Europe/Rome"])
        .output()
        .expect("the binary starts");
    assert!(named.status.code() == Some(2) && String::from_utf8_lossy(&named.stderr).contains("expected an offset"));
}
