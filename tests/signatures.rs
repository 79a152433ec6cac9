//! The signature catalogue from outside: healthy logs stay silent, the filtered way finds what the plain way finds, and no text
//! takes it down.

// A test reads its own fixtures.
#![allow(clippy::disallowed_methods)]

use ecelens::signatures::{Catalogue, Match, Role};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::builtin);

fn goodlogs() -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir("fixtures/goodlogs")
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("a text")))
        .collect();
    files.sort();
    files
}

#[test]
fn nothing_fires_on_good_logs() {
    let files = goodlogs();
    assert!(files.len() >= 5);
    for (name, text) in files {
        for (index, line) in text.lines().enumerate() {
            let hits: Vec<String> = CATALOGUE.match_line(line).into_iter().map(|hit| hit.id.to_string()).collect();
            assert!(hits.is_empty(), "{name}:{}: {hits:?}", index + 1);
        }
        let known = name.ends_with(".log");
        let hits = CATALOGUE.matches(text.as_bytes(), &reported());
        assert!(!known || hits.is_empty(), "{name} as one record: {hits:?}");
    }
}

#[test]
fn anchors_are_long_and_rare() {
    let healthy: String = goodlogs()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".log"))
        .map(|(_, text)| text)
        .collect();
    let lower = healthy.to_ascii_lowercase();
    for anchor in CATALOGUE.anchors() {
        let text = String::from_utf8_lossy(&anchor.bytes).into_owned();
        assert!(anchor.bytes.len() >= 8, "`{text}` is short");
        let found = if anchor.ignore_case {
            lower.matches(&text.to_ascii_lowercase()).count()
        } else {
            healthy.matches(&text).count()
        };
        // The answer to a token request is read by its words, and the setting that denies access is common.
        assert!(found * 200 <= healthy.lines().count(), "`{text}` stands in {found} healthy records");
    }
}

#[test]
fn a_wrapped_answer_in_every_escape_is_found() {
    let plain = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: aaaaaaaa-0000-1111-2222-333333333333","error_codes":[7000215]}"#;
    let twice = plain.replace('\\', r"\\").replace('"', "\\\"");
    let csv = format!("\"2026-01-15\",\"{}\"", plain.replace('"', "\"\""));
    let html = plain.replace('"', "&quot;");
    for text in [plain, &twice, &csv, &html] {
        let ids: BTreeSet<String> = CATALOGUE.match_line(text).into_iter().map(|hit| hit.id.to_string()).collect();
        assert!(
            ids.contains("entra.aadsts7000215") && ids.contains("oauth.error.invalid_client"),
            "{ids:?} in {text}"
        );
    }
}

#[test]
fn an_unlisted_code_is_reported_as_such() {
    let hits = CATALOGUE.match_line("AADSTS98765432: Something new happened.");
    let [hit] = hits.as_slice() else { panic!("{hits:?}") };
    assert_eq!(
        (hit.id.as_ref(), hit.code, hit.role),
        ("entra.aadsts98765432", Some(98_765_432), Role::Cause)
    );
    assert!(
        hit.describe(&CATALOGUE)
            .is_some_and(|described| described.meaning().contains("does not list"))
    );
}

#[test]
fn superseded_signatures_stay_out() {
    let record = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.";
    let ids: Vec<String> = CATALOGUE.match_line(record).into_iter().map(|hit| hit.id.to_string()).collect();
    assert_eq!(ids, ["smtp.535_5_7_139_tenant"]);
}

#[test]
fn secrets_in_a_hit_text_stay_out_of_its_fields() {
    let record = "AADSTS7000215: Invalid client secret provided. client_secret=Zt8Q~abcdefghijklmnopqrstuvwxyz0123456 user 'ada@example.com'";
    let hits = CATALOGUE.match_line(record);
    assert!(!hits.is_empty() && !format!("{hits:?}").contains("abcdefghijklmnop"), "{hits:?}");
}

/// Numbers of everything that can be reported.
fn reported() -> Vec<u32> {
    (0..CATALOGUE.numbers())
        .filter(|&number| CATALOGUE.signature(number).is_none_or(|signature| signature.role != Role::Context))
        .collect()
}

/// The plain way: every signature one of whose anchors stands in the text is tried, found without any filter.
fn plain(text: &[u8]) -> Vec<Match> {
    let lower = text.to_ascii_lowercase();
    let mut owners = Vec::new();
    for anchor in CATALOGUE.anchors() {
        let holds = |text: &[u8], anchor: &[u8]| text.windows(anchor.len()).any(|window| window == anchor);
        if if anchor.ignore_case {
            holds(&lower, &anchor.bytes.to_ascii_lowercase())
        } else {
            holds(text, &anchor.bytes)
        } {
            owners.push(anchor.owner);
        }
    }
    CATALOGUE.matches(text, &owners)
}

/// Texts of the catalogue's own examples, mixed with scraps that are near to them.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let examples: Vec<String> = CATALOGUE
        .signatures()
        .flat_map(|signature| signature.examples.iter().chain(signature.near_misses.iter()).map(|text| text.to_string()))
        .chain(
            [
                "AADSTS",
                "50011: ",
                "error_codes\":[",
                "https://",
                "\\u0027",
                "%41",
                "&quot;",
                "\\\\\\",
                "\"\"",
                "#011",
                " ",
                "\r\n",
                "\0",
            ]
            .map(String::from),
        )
        .collect();
    let piece = prop_oneof![
        4 => proptest::sample::select(examples).prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec((piece, any::<proptest::sample::Index>(), any::<bool>()), 0..6).prop_map(|pieces| {
        let mut text = Vec::new();
        for (piece, cut, whole) in pieces {
            let end = if whole { piece.len() } else { cut.index(piece.len() + 1) };
            text.extend_from_slice(&piece[..end]);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_filtered_way_finds_what_the_plain_way_finds(text in scraps()) {
        prop_assert_eq!(CATALOGUE.matches(&text, &CATALOGUE.owners(&text)), plain(&text));
    }

    /// Anchors lose nothing but what stands only in undone escapes: a signature that is found without them has one of its own.
    #[test]
    fn anchors_lose_nothing(text in scraps()) {
        if !text.iter().any(|byte| b"\\&%\"#+".contains(byte)) {
            let all = CATALOGUE.matches(&text, &reported());
            prop_assert_eq!(CATALOGUE.matches(&text, &CATALOGUE.owners(&text)), all);
        }
    }

    #[test]
    fn places_lie_inside_the_text(text in scraps()) {
        for hit in CATALOGUE.matches(&text, &reported()) {
            prop_assert!(hit.at.start <= hit.at.end && hit.at.end <= text.len());
        }
    }
}

/// Work grows no faster than the text: the longest inputs that a record may have come back, whatever they repeat.
#[test]
fn near_hits_in_bulk_are_survived() {
    for scrap in [
        "AADSTS5001",
        "error_codes[",
        "https://",
        "\\\\",
        "\"schemes\"",
        "Exception: ",
        "\"\"",
        "%20%",
        "&quot;",
        "5.7.57 SMTP; Client was not ",
        " ",
    ] {
        let text = scrap.repeat(300_000 / scrap.len());
        let hits = CATALOGUE.matches(text.as_bytes(), &CATALOGUE.owners(text.as_bytes()));
        assert!(hits.len() < 100);
    }
}
