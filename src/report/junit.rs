//! JUnit XML: a suite for each area, a case for each finding. Fails are failures, open questions and what doesn't apply are
//! skipped (and say why), warnings pass with their text in `system-out`.

use super::escape::xml;
use super::{FindingRow, Report, words};
use crate::finding::Verdict;
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
        of_area.iter().for_each(|finding| case(&mut out, finding));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(findings: &[&FindingRow]) -> String {
    let count = |verdicts: &[Verdict]| findings.iter().filter(|f| verdicts.contains(&f.verdict)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        findings.len(),
        count(&[Verdict::Fail]),
        count(&[Verdict::Unknown, Verdict::NotApplicable])
    )
}

fn case(out: &mut String, finding: &FindingRow) {
    let verdict = words::verdict(finding.verdict);
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\">\n      <properties><property name=\"verdict\" value=\"{verdict}\"/></properties>",
        xml(finding.check),
        xml(&words::subject(&finding.subject)),
    );
    let message = xml(&finding.message);
    match finding.verdict {
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
