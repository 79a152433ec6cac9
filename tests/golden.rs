//! Golden bundles: `fixtures/bundles/<name>/input` through the binary gives `expected.json`. `BLESS=1 cargo test --test golden`
//! writes the files anew: read what changed before it is committed.

#![allow(clippy::disallowed_methods)]

mod support;

use std::path::{Path, PathBuf};
use support::{fixtures, folders, name, report, verdict};

#[test]
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

/// Every file at or below `folder`, sorted by path.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|e| e.file_type().is_file())
        .map(|e| e.into_path())
        .collect();
    files.sort();
    files
}

#[test]
fn removing_a_file_from_a_healthy_bundle_never_makes_a_verdict_fail() {
    let healthy = fixtures("bundles").join("healthy").join("input");
    let whole = report(&[&healthy]);
    let files = files_of(&healthy);
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

/// A log line's time, 47 minutes later, in the zone `offset` minutes east of UTC.
fn shifted(line: &str, offset: i64) -> Option<String> {
    let (stamp, rest) = (line.get(..23)?, line.get(23..)?);
    let local = ecelens::model::Stamp::parse(stamp)?.local_ms;
    let zone = rest.strip_prefix(" GMT")?.get(..5)?;
    let minutes = |z: &str| -> Option<i64> { Some(z.get(1..3)?.parse::<i64>().ok()? * 60 + z.get(3..5)?.parse::<i64>().ok()?) };
    let own = if zone.starts_with('-') { -minutes(zone)? } else { minutes(zone)? };
    let moved = ecelens::model::Stamp {
        local_ms: local + (47 + offset - own) * 60_000,
        offset_minutes: None,
    };
    let text = moved.rfc3339().replace('T', " ");
    let text = if text.len() == 19 { format!("{text}.000") } else { text };
    Some(format!(
        "{text} GMT{}{:02}{:02}{}",
        if offset < 0 { '-' } else { '+' },
        offset.abs() / 60,
        offset.abs() % 60,
        &rest[9..]
    ))
}

#[test]
fn shifted_times_mixed_zones_and_meaningless_names_change_no_verdict() {
    // In `logs-only` nothing but the names of the files tells whose logs they are.
    for bundle in folders(&fixtures("bundles")).into_iter().filter(|b| name(b) != "logs-only") {
        let input = bundle.join("input");
        let copy = tempfile::tempdir().expect("a temporary folder");
        let files = files_of(&input);
        for (number, file) in files.iter().enumerate() {
            let bytes = std::fs::read(file).expect("a file");
            let target = copy.path().join(format!("{number}.txt"));
            let is_log = name(file).starts_with("eg_log");
            let moved = String::from_utf8(bytes.clone()).ok().filter(|_| is_log).map(|text| {
                let offset = [120, 330, -420][number % 3];
                text.split_inclusive('\n')
                    .map(|line| shifted(line, offset).unwrap_or_else(|| line.to_owned()))
                    .collect::<String>()
                    .into_bytes()
            });
            std::fs::write(target, moved.unwrap_or(bytes)).expect("a copy");
        }
        let (before, after) = (report(&[&input]), report(&[copy.path()]));
        assert_eq!(before["totals"]["records"], after["totals"]["records"], "{}", name(&bundle));
        let changed: Vec<String> = ecelens::checks::all()
            .map(|check| (check.id, verdict(&before, check.id, None), verdict(&after, check.id, None)))
            .filter(|(_, a, b)| a != b)
            .map(|(id, a, b)| format!("{id}: {a} -> {b}"))
            .collect();
        assert!(changed.is_empty(), "{}: {}", name(&bundle), changed.join(", "));
        let causes = |r: &serde_json::Value| {
            r["diagnosis"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|c| c["cause"].to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(causes(&before), causes(&after), "{}", name(&bundle));
    }
}

#[test]
fn a_bundle_sent_by_mail_gives_the_same_verdicts() {
    use base64::Engine;
    for bundle in folders(&fixtures("bundles")) {
        let input = bundle.join("input");
        let mut mail = String::from(
            "From: admin@example.com\r\nTo: tac@example.com\r\nSubject: ECE\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nPlease see the files.\r\n",
        );
        for file in files_of(&input) {
            let bytes = std::fs::read(&file).expect("a file");
            let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
            let lines: Vec<&str> = encoded.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
            mail += &format!(
                "--B\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{}\"\r\n\r\n{}\r\n",
                name(&file),
                lines.join("\r\n")
            );
        }
        mail += "--B--\r\n";
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("question.eml");
        std::fs::write(&file, mail).expect("a mail");
        let (sent, mailed) = (report(&[&input]), report(&[&file]));
        assert_eq!(sent["totals"]["records"], mailed["totals"]["records"], "{}", bundle.display());
        for check in ecelens::checks::all() {
            let (before, after) = (verdict(&sent, check.id, None), verdict(&mailed, check.id, None));
            assert_eq!(before, after, "{}: {}", bundle.display(), check.id);
        }
    }
}
