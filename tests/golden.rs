//! Golden bundles: `fixtures/bundles/<name>/input` through the binary gives `expected.json`. `BLESS=1 cargo test --test golden`
//! writes the files anew: read what changed before it is committed.

mod support;

use support::{fixtures, folders, name, report, verdict};

#[test]
#[allow(clippy::disallowed_methods)]
fn golden_bundles_give_their_reports() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    let bundles = folders(&fixtures("bundles"));
    assert!(bundles.len() >= 6);
    for bundle in bundles {
        let got = serde_json::to_string_pretty(&report(&[&bundle.join("input")])).expect("JSON") + "\n";
        let file = bundle.join("expected.json");
        if bless {
            std::fs::write(&file, &got).expect("expected.json");
            continue;
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        if got != expected {
            let at = got.lines().zip(expected.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let line = |text: &str| text.lines().nth(at).unwrap_or("(end)").trim().to_owned();
            wrong.push(format!(
                "{}: line {}: got `{}`, expected `{}`",
                name(&bundle),
                at + 1,
                line(&got),
                line(&expected)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cause that each golden bundle must be blamed on; empty: none.
const CAUSES: &[(&str, &[&str])] = &[
    ("healthy", &[]),
    ("redirect-mismatch", &["check:url.redirect-host"]),
    ("secret-expired", &["check:app.secret"]),
    ("old-es", &["check:version.minimum-es"]),
    ("silent-retriever", &["check:log.retriever-polling"]),
    ("logs-only", &["check:mailbox.smtp-auth", "signature:smtp.535_5_7_139_tenant"]),
];

#[test]
fn golden_bundles_are_blamed_on_their_causes() {
    for (bundle, causes) in CAUSES {
        let report = report(&[&fixtures("bundles").join(bundle).join("input")]);
        let found: Vec<&str> = report["diagnosis"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|c| c["cause"].as_str())
            .collect();
        match causes {
            [] => assert!(found.is_empty(), "{bundle}: {found:?}"),
            causes => assert!(found.first().is_some_and(|first| causes.contains(first)), "{bundle}: {found:?}"),
        }
    }
}

#[test]
fn removing_a_file_from_a_healthy_bundle_never_makes_a_verdict_fail() {
    let healthy = fixtures("bundles").join("healthy").join("input");
    let whole = report(&[&healthy]);
    let mut files: Vec<_> = walkdir::WalkDir::new(&healthy)
        .into_iter()
        .flatten()
        .filter(|e| e.file_type().is_file())
        .map(|e| e.into_path())
        .collect();
    files.sort();
    assert!(files.len() > 10);
    for removed in &files {
        let copy = tempfile::tempdir().expect("a temporary folder");
        for file in files.iter().filter(|f| *f != removed) {
            let target = copy.path().join(file.strip_prefix(&healthy).expect("below the bundle"));
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            std::fs::copy(file, target).expect("a copy");
        }
        let rest = report(&[copy.path()]);
        for check in ecelens::checks::all() {
            let (before, after) = (verdict(&whole, check.id, None), verdict(&rest, check.id, None));
            assert!(
                after != "fail" || before == "fail",
                "without {}: {} turns from {before} to fail",
                removed.display(),
                check.id
            );
        }
    }
}
