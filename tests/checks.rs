//! Every folder `fixtures/checks/<id>/<verdict>-<case>/` is a small bundle that must give that verdict for that check. A file
//! `subject.txt` in it names the subject that is meant.

#![allow(clippy::disallowed_methods)]

mod support;

use support::{fixtures, folders, name, report, verdict};

const VERDICTS: [&str; 5] = ["not-applicable", "fail", "warn", "unknown", "pass"];

#[test]
fn every_fixture_gives_its_verdict() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for check in folders(&fixtures("checks")) {
        for case in folders(&check) {
            let case_name = name(&case);
            let expected = VERDICTS
                .iter()
                .find(|v| case_name.starts_with(**v))
                .unwrap_or_else(|| panic!("{case_name}: no verdict in its name"));
            let subject = std::fs::read_to_string(case.join("subject.txt")).ok().map(|s| s.trim().to_owned());
            let report = report(&[&case]);
            let got = verdict(&report, &name(&check), subject.as_deref());
            seen += 1;
            if got != *expected {
                let messages: Vec<&str> = report["findings"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|f| f["check"] == name(&check).as_str())
                    .filter_map(|f| f["message"].as_str())
                    .collect();
                wrong.push(format!("{}/{case_name}: {got}: {}", name(&check), messages.join(" | ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen} fixtures:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 100, "only {seen} fixtures were found");
}

/// Checks that can't end in some verdict, and why.
fn cannot(check: &str, verdict: &str) -> bool {
    matches!(
        (check, verdict),
        // Information rows: they tell, and judge nothing.
        ("version.documentation" | "log.coverage", "fail")
        // Deprecation and clear-sight secrets are risks, not breakages.
        | ("version.graph-transition" | "log.secrets", "fail")
        // Nothing has to be collected for what every file is searched for.
        | ("log.secrets" | "log.coverage", "unknown")
    )
}

#[test]
fn every_check_has_fixtures_for_pass_fail_and_unknown() {
    let mut missing = Vec::new();
    for check in ecelens::checks::all() {
        let cases: Vec<String> = folders(&fixtures("checks").join(check.id)).iter().map(|p| name(p)).collect();
        for verdict in ["pass", "fail", "unknown"] {
            if !cannot(check.id, verdict) && !cases.iter().any(|case| case.starts_with(verdict)) {
                missing.push(format!("{} {verdict}", check.id));
            }
        }
    }
    assert!(missing.is_empty(), "{} fixtures are missing:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_check_of_the_catalogue_is_there_once_and_tells_why() {
    let mut ids: Vec<&str> = ecelens::checks::all().map(|c| c.id).collect();
    for check in ecelens::checks::all() {
        assert!(
            !check.title.is_empty() && !check.why.is_empty() && !check.evidence.is_empty(),
            "{} lacks a text",
            check.id
        );
        assert!(!check.references.is_empty(), "{} names no source", check.id);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands twice");
    assert_eq!(count, 54, "checks.md has 54 rows");
}

/// Checks that repair nothing: a list of documents, and a look at what was collected.
const NOTHING_TO_MEND: &[&str] = &["version.documentation", "log.secrets"];

#[test]
fn every_remedy_ends_with_how_to_verify_it() {
    let verifies = |check: &ecelens::checks::Check| check.remedy.last().is_some_and(|step| step.starts_with("Verify: "));
    let without: Vec<&str> = ecelens::checks::all()
        .filter(|check| !NOTHING_TO_MEND.contains(&check.id) && !verifies(check))
        .map(|check| check.id)
        .collect();
    assert!(without.is_empty(), "{}", without.join(", "));
}

/// Faults that leave every alias in service: of releases and documents, of what only makes the first token, of sending, and of
/// retrievers, whose instances are started again.
const LEAVE_ALIASES_ACTIVE: &[&str] = &[
    "version.minimum-es",
    "version.graph-transition",
    "version.documentation",
    "app.redirect-form",
    "mailbox.smtp-auth",
    "mailbox.send-as",
    "alias.retriever-instance",
    "alias.smtp-fallback",
    "alarm.default-smtp",
    "log.retriever-polling",
    "log.coverage",
    "log.secrets",
];

#[test]
fn a_remedy_puts_aliases_back_that_the_fault_may_have_disabled() {
    let puts_back = |check: &ecelens::checks::Check| {
        let step = |step: &&str| step.contains("e-activate") || step.contains("active again") || step.contains("back to active");
        check.remedy.iter().any(step)
    };
    let without: Vec<&str> = ecelens::checks::all()
        .filter(|check| !LEAVE_ALIASES_ACTIVE.contains(&check.id) && !puts_back(check))
        .map(|check| check.id)
        .collect();
    assert!(without.is_empty(), "{}", without.join(", "));
}

#[test]
fn the_external_url_of_the_deployment_is_the_partitions() {
    let of = |case: &str| report(&[&fixtures("checks/url.scopes-agree").join(case)])["deployment"]["external_url"].clone();
    assert_eq!(of("fail-department-differs"), "https://ece.example.com");
    assert!(of("not-applicable-two-partitions-of-their-own").is_null());
}
