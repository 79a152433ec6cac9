//! Every format from the same bundle, in one run, read back by an independent reader: the totals agree. `BUNDLES=a.zip:b.zip` adds
//! bundles of your own, here and in `browser.rs` and `spreadsheet.rs`. `escaping.rs` shows that hostile
//! text stays text in them.

#![allow(clippy::disallowed_methods)]

#[path = "support/schema.rs"]
mod schema;
mod support;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::{bundles, ecelens, fixtures, folders, run};

/// The reports of one run over `bundle`, by format.
#[allow(clippy::disallowed_methods)]
fn reports(bundle: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut command = ecelens();
    command.arg("scan").arg(bundle).args(["--fail-on", "never"]);
    for format in FORMATS {
        command.args(["--format", format, "--output"]).arg(out.path().join(format));
    }
    let output = command.output().expect("the binary starts");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    FORMATS
        .iter()
        .map(|format| (*format, std::fs::read(out.path().join(format)).expect(format)))
        .collect()
}

const FORMATS: &[&str] = &["text", "json", "ndjson", "sarif", "html", "markdown", "csv", "xlsx", "junit"];

fn text<'a>(reports: &'a BTreeMap<&'static str, Vec<u8>>, format: &str) -> &'a str {
    std::str::from_utf8(&reports[format]).expect("UTF-8")
}

fn parsed(reports: &BTreeMap<&'static str, Vec<u8>>, format: &str) -> Value {
    serde_json::from_str(text(reports, format)).expect("JSON")
}

/// Findings per verdict, as each format shows them.
type Counts = BTreeMap<String, u64>;

fn counts<'a>(verdicts: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::new();
    verdicts.for_each(|v| *counts.entry(v.to_owned()).or_default() += 1);
    counts
}

fn of_totals(totals: &Value) -> Counts {
    ["fail", "warn", "unknown", "pass", "not_applicable"]
        .iter()
        .map(|name| (name.replace('_', "-"), totals[*name].as_u64().expect("a number")))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// (element, its attributes, its text) of every element of a document, in order.
fn elements(xml: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut found = Vec::new();
    loop {
        match reader.read_event().expect("well-formed XML") {
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                let name = e.name().as_ref().to_owned();
                let attributes = e
                    .attributes()
                    .map(|a| a.expect("a well-formed attribute"))
                    .map(|a| (a.key.as_ref().to_owned(), a.value.into_owned()))
                    .collect();
                found.push((name, attributes));
            }
            quick_xml::events::Event::Eof => return found,
            _ => {}
        }
    }
}

/// A part of a workbook.
fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).expect("a workbook is an archive");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).expect(name), &mut text).expect("XML");
    text
}

/// Rows of the action list, with its header.
fn workbook_rows(workbook: &[u8]) -> usize {
    for name in [
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/worksheets/sheet2.xml",
    ] {
        elements(&part(workbook, name));
    }
    let sheet = elements(&part(workbook, "xl/worksheets/sheet1.xml"));
    sheet.iter().filter(|(name, _)| name == "row").count()
}

/// The schema of SARIF 2.1.0, as OASIS published it.
fn sarif_schema() -> Value {
    let text = std::fs::read_to_string(fixtures("schemas").join("sarif-2.1.0.json")).expect("the schema of SARIF");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn all_formats_agree_for_every_bundle() {
    for bundle in bundles() {
        let reports = reports(&bundle);
        let json = parsed(&reports, "json");
        let expected = of_totals(&json["totals"]);
        assert!(expected.values().sum::<u64>() > 40);

        let lines: Vec<Value> = text(&reports, "ndjson")
            .lines()
            .map(|l| serde_json::from_str(l).expect("a JSON line"))
            .collect();
        assert_eq!(of_totals(&lines[0]["totals"]), expected);
        let of = |kind: &str| lines.iter().filter(|l| l["type"] == kind).collect::<Vec<_>>();
        assert_eq!(counts(of("finding").iter().filter_map(|l| l["verdict"].as_str())), expected);
        assert_eq!(of("cause").len(), json["diagnosis"].as_array().unwrap().len());
        assert_eq!(of("file").len() as u64, json["totals"]["files"].as_u64().unwrap());

        let sarif = parsed(&reports, "sarif");
        let wrong = schema::violations(&sarif_schema(), &sarif);
        assert!(wrong.is_empty(), "{}: {}", bundle.display(), wrong.join("\n"));
        let results = sarif["runs"][0]["results"].as_array().expect("results");
        assert_eq!(counts(results.iter().filter_map(|r| r["properties"]["verdict"].as_str())), expected);

        let cases = elements(text(&reports, "junit"));
        let verdicts = cases.iter().filter(|(name, _)| name == "property").map(|(_, a)| a["value"].as_str());
        assert_eq!(counts(verdicts), expected);
        let failures = cases.iter().filter(|(name, _)| name == "failure").count() as u64;
        assert_eq!(failures, expected.get("fail").copied().unwrap_or(0));
        assert_eq!(cases[0].1["failures"], failures.to_string());
        assert_eq!(cases[0].1["tests"], expected.values().sum::<u64>().to_string());

        let mut csv = csv::Reader::from_reader(&reports["csv"][..]);
        assert_eq!(csv.headers().expect("a header").get(1), Some("who"));
        let rows: Vec<csv::StringRecord> = csv.records().map(|r| r.expect("a row")).collect();
        let listed: BTreeSet<(&str, &str)> = rows.iter().map(|r| (&r[0], &r[4])).collect();
        let mut open = expected.clone();
        open.retain(|verdict, _| ["fail", "warn", "unknown"].contains(&verdict.as_str()));
        assert_eq!(counts(listed.iter().filter(|(n, _)| *n != "0").map(|(_, verdict)| *verdict)), open);

        assert_eq!(workbook_rows(&reports["xlsx"]), rows.len() + 1);

        let sums = text(&reports, "text").lines().last().expect("a last line").to_owned();
        assert!(sums.contains(&format!("{} fail", json["totals"]["fail"])) && sums.contains(&format!("{} open", json["totals"]["unknown"])));
        assert!(text(&reports, "markdown").contains(&sums), "{sums}");
        let html = text(&reports, "html");
        assert!(html.contains(&sums), "{sums}");
        let rows = |verdict: &str| html.matches(&format!("<details class=\"finding v-{verdict} ")).count() as u64;
        for verdict in ["fail", "warn", "unknown", "pass", "not-applicable"] {
            assert_eq!(rows(verdict), expected.get(verdict).copied().unwrap_or(0), "{verdict}");
        }
    }
}

#[test]
fn a_check_that_broke_off_makes_the_report_partial() {
    let mut analysis = support::analysis(&fixtures("bundles/healthy/input"));
    let options = ecelens::analysis::Options::default();
    let report = || analysis.report(&options, ecelens::model::Language::English);
    assert!(!report().is_partial());
    analysis.findings[0].internal_error = true;
    let report = analysis.report(&options, ecelens::model::Language::English);
    assert!(report.is_partial());
    let json: Value = serde_json::from_str(&ecelens::report::to_json(&report).expect("a report")).expect("JSON");
    assert_eq!(json["findings"][0]["internal_error"], json!(true));
    assert_eq!(json["findings"][1].get("internal_error"), None);
    let schema: Value = serde_json::from_str(ecelens::report::SCHEMA).expect("the schema is JSON");
    assert_eq!(schema::violations(&schema, &json), Vec::<String>::new());
}

#[test]
fn the_json_report_keeps_to_its_schema() {
    let output = run(&["schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).expect("the schema is JSON");
    for bundle in bundles() {
        let report = support::report(&[&bundle]);
        let wrong = schema::violations(&schema, &report);
        assert!(wrong.is_empty(), "{}: {}", bundle.display(), wrong.join("\n"));
    }
    let mut broken = support::report(&[&fixtures("bundles").join("healthy").join("input")]);
    broken["findings"][0]["verdict"] = json!("perhaps");
    broken["extra"] = json!(1);
    assert_eq!(schema::violations(&schema, &broken).len(), 2);
}

#[test]
fn the_terminal_quotes_with_carets_under_what_is_meant() {
    let reports = reports(&fixtures("bundles").join("redirect-mismatch").join("input"));
    let text = text(&reports, "text");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains("manifest.json:58:7  (/web/redirectUris/0)"))
        .expect("a place with its column");
    let quoted = lines[at + 1].split_once("│ ").expect("an excerpt").1;
    let carets = lines[at + 2].split_once("│ ").expect("carets").1;
    assert_eq!(
        carets.trim_start(),
        "^".repeat(quoted.trim_end_matches(',').chars().count()),
        "{quoted}\n{carets}"
    );
    assert!(text.lines().filter(|line| line.contains('│')).all(|line| line.chars().count() <= 100));
    assert!(self::text(&reports, "html").contains("<code><mark>&quot;https://"));
}

#[test]
fn both_sides_of_a_contradiction_stand_at_its_cause() {
    let reports = reports(&fixtures("bundles").join("secret-expired").join("input"));
    // The log says the same thing four times; the registration contradicts it in the last place.
    let said = "ERROR Token of e-mail account Sales O365 was not renewed";
    for (format, from, to) in [
        ("text", "Diagnosis", "Checklist"),
        ("html", "id=\"causes\"", "<details"),
        ("markdown", "Evidence:", "What to do:"),
    ] {
        let cause = text(&reports, format)
            .split(from)
            .nth(1)
            .and_then(|rest| rest.split(to).next())
            .expect(format);
        assert_eq!(cause.matches(said).count(), 1, "{format}: {cause}");
        for place in ["rx-process.log:63", "rx-process.log:217", "manifest.json:22"] {
            assert!(cause.contains(place), "{format}: {place}");
        }
        assert!(cause.contains("2026-05-04T07:10:00Z"), "{format}");
    }
    let mut csv = csv::Reader::from_reader(&reports["csv"][..]);
    let first = csv.records().next().expect("a row").expect("a row");
    assert!(
        first[11].contains("rx-process.log:63") && first[11].contains("manifest.json:22"),
        "{first:?}"
    );
}

#[test]
fn an_old_terminal_gets_no_mark_that_it_lacks() {
    use ecelens::report::text::{Style, render};
    let style = Style {
        unicode: false,
        ..Style::default()
    };
    for bundle in folders(&fixtures("bundles")) {
        let analysis = support::analysis(&bundle.join("input"));
        let report = analysis.report(&ecelens::analysis::Options::default(), ecelens::model::Language::English);
        let text = render(&report, &style);
        let beyond: String = text.chars().filter(|c| !c.is_ascii()).collect();
        assert_eq!(beyond, "", "{}", bundle.display());
    }
}

#[test]
fn the_map_of_names_tells_a_host_that_agrees_from_a_uri_that_is_registered() {
    let page = |case: &str| {
        let reports = reports(&fixtures("checks/url.redirect-exact").join(case));
        text(&reports, "html").split("id=\"names\"").nth(1).map(str::to_owned).expect("the map")
    };
    let wrong = "not registered; the nearest differs in upper and lower case of the path";
    let (fail, pass) = (page("fail-path-case"), page("pass-sent-as-registered"));
    assert!(fail.contains(wrong) && fail.contains("≠ differs"), "{fail}");
    assert!(!pass.contains("not registered") && pass.contains("redirect URI that ECE sent"), "{pass}");
}

#[test]
fn sarif_holds_what_its_schema_demands() {
    let reports = reports(&fixtures("bundles").join("redirect-mismatch").join("input"));
    let sarif = parsed(&reports, "sarif");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert!(run["tool"]["driver"]["name"].is_string() && rules.len() >= 54);
    for rule in rules {
        assert!(
            rule["id"].is_string() && rule["help"]["text"].as_str().is_some_and(|t| t.len() > 20),
            "{rule}"
        );
    }
    let ids: BTreeSet<&str> = rules.iter().filter_map(|r| r["id"].as_str()).collect();
    assert_eq!(ids.len(), rules.len(), "ids are unique");
    for result in run["results"].as_array().expect("results") {
        let (kind, level) = (result["kind"].as_str().expect("a kind"), result["level"].as_str().expect("a level"));
        assert!(["fail", "open", "pass", "notApplicable"].contains(&kind));
        assert_eq!(kind == "fail", level != "none", "a level stands only with kind fail");
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].as_str().is_some_and(|t| !t.is_empty()));
        for location in result["locations"].as_array().into_iter().flatten() {
            let physical = &location["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str().expect("a uri");
            assert!(!uri.contains(' ') && !uri.starts_with('/') && !uri.contains(':'), "{uri}");
            if let Some(region) = physical.get("region") {
                assert!(region["startLine"].as_u64().is_some_and(|l| l > 0), "{region}");
                assert!(region.get("startColumn").is_none_or(|c| c.as_u64().is_some_and(|c| c > 0)), "{region}");
            }
        }
    }
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let reports = reports(&fixtures("bundles").join("secret-expired").join("input"));
    let html = text(&reports, "html");
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-";
    assert!(html.contains(policy) && !html.contains("unsafe-inline"));
    assert_eq!((html.matches("<script").count(), html.matches("<style").count()), (1, 1));
    for what in [
        " src=", "srcset=", "url(", "@import", "<link", "<iframe", "<object", "<base", " style=", " onclick",
    ] {
        assert!(!html.contains(what), "{what}");
    }
    assert!(html.split("href=\"").skip(1).all(|rest| rest.starts_with('#')), "links stay in the page");
    let targets: BTreeSet<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(targets.contains(link), "{link} leads nowhere");
    }
    assert!(html.contains("<svg") && html.contains("Names of ECE"));
}

#[test]
fn errors_that_nothing_explains_are_shown_without_their_secrets() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let secret = "Qx7~8Q.zKcVb2nM4pLr9TtYwEa1SdFgHjKlPoIuQ";
    let record = |second: u32| {
        format!(
            "2026-05-04 09:00:0{second}.000 GMT+0200 <@> ERROR <@> [12:RxInstance id : 999] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.X <@> run <@> the gadget {second} gave way; client_secret={secret}&grant_type=refresh_token <@>\n"
        )
    };
    let log: String = (1..=3).map(record).collect();
    std::fs::write(folder.path().join("eg_log_ECESVC01_rx-process.log"), log).expect("a file");
    let reports = reports(folder.path());
    let groups = parsed(&reports, "json")["unexplained_errors"].clone();
    assert_eq!(
        (groups[0]["count"].as_u64(), groups[0]["samples"][0]["line"].as_u64()),
        (Some(3), Some(1)),
        "{groups}"
    );
    for format in ["text", "ndjson", "html", "markdown"] {
        assert!(text(&reports, format).contains("gave way"), "{format}");
    }
    for (format, bytes) in &reports {
        assert!(!String::from_utf8_lossy(bytes).contains(secret), "{format}");
    }
}
