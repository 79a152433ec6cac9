//! SARIF 2.1.0: a rule for each check with its help, a result for each finding, and one for each cause that is an error text.

use super::{Cause, EvidenceRow, FindingRow, Report, to_json, words};
use crate::checks;
use crate::finding::{Severity, Suppressed, Verdict};
use crate::model::Language;
use crate::say;
use serde_json::{Value, json};

/// The report as a SARIF log.
pub fn render(report: &Report) -> serde_json::Result<String> {
    let language = report.language;
    let mut rules: Vec<Value> = checks::all().map(|check| rule(check, language)).collect();
    let mut results: Vec<Value> = Vec::new();
    let indices: Vec<&str> = checks::all().map(|check| check.id).collect();
    for finding in &report.findings {
        let index = indices.iter().position(|id| *id == finding.check);
        results.push(result(finding, index, report));
    }
    for cause in report.diagnosis.iter().filter(|c| c.cause.starts_with("signature:")) {
        let index = match rules.iter().position(|rule| rule["id"] == cause.cause.as_str()) {
            Some(index) => index,
            None => {
                rules.push(json!({
                    "id": cause.cause,
                    "shortDescription": { "text": say!(language, "A known error text that no check covers") },
                    "help": { "text": cause.remedy.join("\n") },
                }));
                rules.len() - 1
            }
        };
        results.push(of_cause(cause, index));
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": report.tool.name, "semanticVersion": report.tool.version, "language": language.code(), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "BUNDLE": { "description": { "text": say!(language, "The folder that the bundle lies in") } } },
            "invocations": [{ "executionSuccessful": true, "arguments": report.arguments }],
            "results": results,
            "properties": { "asOf": report.as_of, "window": report.window, "totals": report.totals, "unexplained": report.unexplained, "suppressions": report.suppressions },
        }],
    });
    to_json(&log)
}

fn rule(check: &checks::Check, language: Language) -> Value {
    let steps = check.remedy.iter().enumerate();
    let steps: Vec<String> = steps.map(|(n, step)| format!("{}. {}", n + 1, language.of(step))).collect();
    let help = [
        language.of(check.why).to_owned(),
        say!(language, "Evidence: {evidence}", evidence = language.of(check.evidence)),
        format!("{}\n{}", say!(language, "What to do:"), steps.join("\n")),
        say!(language, "Sources: {sources}", sources = check.references.join("; ")),
    ];
    json!({
        "id": check.id,
        "shortDescription": { "text": language.of(check.title) },
        "fullDescription": { "text": language.of(check.why) },
        "help": { "text": help.join("\n\n") },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": { "tags": [check.area()], "severity": words::severity(check.severity) },
    })
}

/// Text of a message, in which `[text](place)` would be a link even in plain text (3.11.6): no bracket begins one.
fn message(text: &str) -> String {
    text.replace("](", "]\\(")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn result(finding: &FindingRow, index: Option<usize>, report: &Report) -> Value {
    let (kind, level) = match finding.verdict {
        Verdict::Fail | Verdict::Warn => ("fail", level(finding.severity)),
        Verdict::Unknown => ("open", "none"),
        Verdict::Pass => ("pass", "none"),
        Verdict::NotApplicable => ("notApplicable", "none"),
    };
    let rank = report
        .diagnosis
        .iter()
        .find(|c| c.cause.strip_prefix("check:") == Some(finding.check) && c.subject == finding.subject.name)
        .map(|c| c.rank);
    let mut value = json!({
        "ruleId": finding.check,
        "kind": kind,
        "level": level,
        "message": { "text": message(&finding.message) },
        "locations": finding.evidence.iter().map(location).collect::<Vec<_>>(),
        "partialFingerprints": { "checkAndSubject/v1": finding.identity() },
        "properties": {
            "verdict": finding.verdict.word(),
            "severity": words::severity(finding.severity),
            "subject": finding.subject,
            "rootCause": rank,
            "remedy": finding.remedy,
            "wants": finding.wants,
        },
    });
    if let Some(baseline) = finding.baseline {
        value["baselineState"] = json!(if baseline == "new" { "new" } else { "unchanged" });
    }
    if let Some(mark) = &finding.suppressed {
        value["suppressions"] = suppressions(mark);
    }
    if let Some(index) = index {
        value["ruleIndex"] = json!(index);
    }
    value
}

/// The configuration is no part of the bundle: SARIF calls that external.
fn suppressions(mark: &Suppressed) -> Value {
    json!([{ "kind": "external", "status": "accepted", "justification": mark.reason, "properties": { "expires": mark.expires, "at": mark.at } }])
}

fn of_cause(cause: &Cause, index: usize) -> Value {
    let mut value = json!({
        "ruleId": cause.cause,
        "ruleIndex": index,
        "kind": "fail",
        "level": level(cause.severity),
        "message": { "text": message(&cause.summary) },
        "locations": cause.evidence.iter().map(location).collect::<Vec<_>>(),
        "partialFingerprints": { "checkAndSubject/v1": format!("{} {}", cause.cause, cause.subject) },
        "properties": { "severity": words::severity(cause.severity), "rootCause": cause.rank, "remedy": cause.remedy },
    });
    if let Some(mark) = &cause.suppressed {
        value["suppressions"] = suppressions(mark);
    }
    value
}

fn location(evidence: &EvidenceRow) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&evidence.path), "uriBaseId": "BUNDLE" } });
    if let Some(line) = evidence.line {
        let mut region = json!({ "startLine": line });
        if let Some(column) = evidence.column {
            region["startColumn"] = json!(column);
        }
        if !evidence.excerpt.is_empty() {
            region["snippet"] = json!({ "text": evidence.excerpt });
        }
        physical["region"] = region;
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(inside) = evidence.cell.as_ref().or(evidence.pointer.as_ref()) {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": inside }]);
    }
    location
}

/// The path of a member as a relative URI reference.
fn uri(path: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").trim_start_matches('/').bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'!' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_uris() {
        assert_eq!(super::uri("b.zip!/lo gs/ü:1.log"), "b.zip!/lo%20gs/%C3%BC%3A1.log");
    }
}
