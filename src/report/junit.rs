//! JUnit XML: a suite for each area, a case for each finding. Fails are failures; open questions, what doesn't apply and what is
//! suppressed are skipped (and say why); warnings pass with their text in `system-out`.

use super::escape::xml;
use super::{FindingRow, Report, words};
use crate::finding::Verdict;
use crate::model::Language;
use std::fmt::Write;

/// The findings as JUnit XML.
pub fn render(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&FindingRow> = report.findings.iter().collect();
    let _ = writeln!(out, "<testsuites name=\"ecelens\" {}>", counts(&all));
    let mut areas: Vec<&str> = Vec::new();
    for finding in &report.findings {
        if !areas.contains(&finding.area()) {
            areas.push(finding.area());
        }
    }
    for area in areas {
        let of_area: Vec<&FindingRow> = report.findings.iter().filter(|f| f.area() == area).collect();
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", xml(area), counts(&of_area));
        if let Some(off) = words::sandbox(report) {
            let _ = writeln!(out, "    <properties><property name=\"sandbox\" value=\"{}\"/></properties>", xml(&off));
        }
        of_area.iter().for_each(|finding| case(&mut out, finding, report.language));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(findings: &[&FindingRow]) -> String {
    let failures = findings.iter().filter(|f| f.verdict == Verdict::Fail && !is_skipped(f)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        findings.len(),
        failures,
        findings.iter().filter(|f| is_skipped(f)).count()
    )
}

fn is_skipped(finding: &FindingRow) -> bool {
    finding.suppressed.is_some() || matches!(finding.verdict, Verdict::Unknown | Verdict::NotApplicable)
}

fn case(out: &mut String, finding: &FindingRow, language: Language) {
    let verdict = finding.verdict.word();
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\">\n      <properties><property name=\"verdict\" value=\"{verdict}\"/></properties>",
        xml(finding.check),
        xml(&words::subject(&finding.subject)),
    );
    let message = xml(&finding.message);
    match finding.verdict {
        _ if finding.suppressed.is_some() => {
            let mark = finding
                .suppressed
                .as_ref()
                .map(|mark| xml(&words::suppressed(mark, language)))
                .unwrap_or_default();
            let _ = writeln!(out, "      <skipped message=\"{mark}; {verdict}: {message}\"/>");
        }
        Verdict::Fail => {
            let mut text = String::new();
            for evidence in &finding.evidence {
                let _ = writeln!(text, "{}: {}", evidence.place(), evidence.excerpt);
            }
            finding.remedy.iter().for_each(|step| {
                let _ = writeln!(text, "- {step}");
            });
            let severity = words::severity(finding.severity);
            let _ = writeln!(out, "      <failure type=\"{severity}\" message=\"{message}\">{}</failure>", xml(&text));
        }
        Verdict::Unknown | Verdict::NotApplicable => {
            let _ = writeln!(out, "      <skipped message=\"{verdict}: {message}\"/>");
        }
        Verdict::Warn | Verdict::Pass => {
            let _ = writeln!(out, "      <system-out>{verdict}: {message}</system-out>");
        }
    }
    out.push_str("    </testcase>\n");
}
