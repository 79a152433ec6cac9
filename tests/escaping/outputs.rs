//! Everything that ecelens writes about a bundle, made without the command line.

use super::attacks::Files;
use ecelens::analysis::{Analysis, Options};
use ecelens::bundle::{Bundle, Limits};
use ecelens::collect;
use ecelens::model::Language;
use ecelens::report::{self, Rendering, TimelineFormat, render, text::Style};
use ecelens::signatures::Catalogue;
use serde_json::json;
use std::collections::BTreeMap;

/// Everything that is written about a bundle, by what it is called.
pub fn outputs(files: &Files, language: Language) -> BTreeMap<String, Vec<u8>> {
    let mut bundle = Bundle::open(&[], Limits::default());
    for (name, content) in files {
        bundle.give(name, content.clone());
    }
    let options = Options::default();
    let analysis = Analysis::of(&bundle, Catalogue::builtin(), &options, &|_| ());
    let report = analysis.report(&options, language);
    let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, rendering) in [
        ("report.ndjson", Rendering::Ndjson),
        ("report.csv", Rendering::Csv),
        ("report.md", Rendering::Markdown),
        ("report.junit", Rendering::Junit),
        ("report.sarif", Rendering::Sarif),
        ("report.html", Rendering::Html),
        ("report.xlsx", Rendering::Xlsx),
    ] {
        out.insert(name.into(), render(&report, rendering).expect(name));
    }
    let mut add = |name: &str, text: String| out.insert(name.to_owned(), text.into_bytes());
    let plain = Style::default();
    let verbose = Style {
        color: true,
        verbose: true,
        unicode: false,
        width: 60,
        ..plain
    };
    add("report.txt", report::text::render(&report, &plain));
    add("colours.txt", report::text::render(&report, &verbose));
    add("report.json", report::to_json(&report).expect("JSON"));
    let mut inventory = String::new();
    report::text::inventory(&mut inventory, &report, &verbose);
    add("inventory.colours.txt", inventory);
    add("inventory.json", report::to_json(&report.inventory).expect("JSON"));
    let events: Vec<_> = report.timeline.iter().collect();
    for (name, format) in [
        ("timeline.txt", TimelineFormat::Text),
        ("timeline.csv", TimelineFormat::Csv),
        ("timeline.ndjson", TimelineFormat::Ndjson),
    ] {
        add(name, report::timeline(&events, &report, format, &plain).expect(name));
    }
    add("timeline.html", report::timeline_page(&report.showing(&events)));
    let facts = analysis.facts().and_then(|facts| report::to_json(&facts)).expect("JSON");
    add("facts.json", facts);
    let value = serde_json::to_value(&report).expect("JSON");
    let nothing = json!({"schema_version": 1, "findings": [], "diagnosis": []});
    for (which, changes) in [("new", report::diff(&nothing, &value)), ("gone", report::diff(&value, &nothing))] {
        add(&format!("{which}.diff.txt"), changes.text(language, &plain));
        add(&format!("{which}.diff.md"), changes.markdown(language));
        add(&format!("{which}.diff.json"), report::to_json(&changes).expect("JSON"));
    }
    for script in collect::scripts(&collect::requests_of_report(&value).expect("a report"), language) {
        add(&script.name, script.text);
    }
    out
}
