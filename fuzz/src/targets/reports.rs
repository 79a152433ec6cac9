//! From a whole bundle to its report in every format; reports that are read again; packs of signatures.

use super::{halves, text};
use ecelens::analysis::{Analysis, Options};
use ecelens::bundle::{Bundle, Limits};
use ecelens::model::Language;
use ecelens::report::{self, Rendering, render};
use ecelens::signatures::{Catalogue, PackText, check_packs};

/// A pack of signatures: problems are told with a place in the text.
pub fn pack(bytes: &[u8]) {
    let text = text(bytes);
    let lines = text.lines().count().max(1);
    let pack = PackText {
        name: "pack.toml".into(),
        text: text.into(),
    };
    for diagnostic in check_packs(&[pack], |_| true) {
        assert!((1..=lines + 1).contains(&diagnostic.line) && diagnostic.column >= 1, "{diagnostic:?}");
    }
}

/// Two documents, divided by a line with a single dot, that may be reports.
pub fn diff(bytes: &[u8]) {
    let at = bytes.windows(3).position(|window| window == b"\n.\n").unwrap_or(bytes.len());
    let document = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let Some(old) = document(&bytes[..at]) else { return };
    let new = bytes.get(at + 3..).and_then(document).unwrap_or_else(|| old.clone());
    let changes = report::diff(&old, &new);
    assert!(!changes.words(Language::English).is_empty());
    harmless(&changes.markdown(Language::English));
    harmless(&changes.text(Language::English, &report::text::Style::default()));
    let _ = report::is_report(&old);
    if let Ok(requests) = ecelens::collect::requests_of_report(&old) {
        ecelens::collect::scripts(&requests, Language::English)
            .iter()
            .for_each(|script| harmless(&script.text));
    }
}

/// No character acts on a terminal.
fn harmless(text: &str) {
    let acts = |c: &char| matches!(c, '\u{0}'..='\u{8}' | '\u{B}'..='\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{202A}'..='\u{202E}');
    assert_eq!(text.chars().find(acts), None, "{text:?}");
}

/// A bundle of the files that lines with `--- name` begin. Its report can be read back in every format.
pub fn bundle(bytes: &[u8]) {
    let mut bundle = Bundle::open(&[], Limits::default());
    let mut rest = bytes;
    let mut name = String::from("note.txt");
    loop {
        let at = rest.windows(5).position(|window| window == b"\n--- ").unwrap_or(rest.len());
        bundle.give(&name, rest[..at].to_vec());
        let Some(after) = rest.get(at + 5..) else { break };
        let (line, below) = halves(after);
        name = text(line).to_owned();
        rest = below;
    }
    let options = Options::default();
    let analysis = Analysis::of(&bundle, Catalogue::builtin(), &options, &|_| ());
    let report = analysis.report(&options, Language::English);
    let json = report::to_json(&report).expect("JSON");
    let read: serde_json::Value = serde_json::from_str(&json).expect("what is written can be read");
    assert!(report::is_report(&read));
    harmless(&report::text::render(&report, &report::text::Style::default()));
    for rendering in [
        Rendering::Ndjson,
        Rendering::Csv,
        Rendering::Markdown,
        Rendering::Junit,
        Rendering::Sarif,
        Rendering::Html,
    ] {
        let written = render(&report, rendering).expect("a format");
        harmless(std::str::from_utf8(&written).expect("UTF-8"));
    }
    render(&report, Rendering::Xlsx).expect("a workbook");
    analysis.facts().expect("facts");
}
