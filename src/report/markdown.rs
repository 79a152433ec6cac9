//! Markdown for the case note: the short form first, which stands alone, then the full one. Text of the bundle is escaped or
//! stands in code spans.

use super::escape::{markdown as md, visible_line};
use super::{Cause, EvidenceRow, FindingRow, Report, words};
use crate::finding::{Role, Verdict};
use std::fmt::Write;

/// The report as Markdown.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    short(&mut out, report);
    causes(&mut out, report);
    checklist(&mut out, report);
    to_collect(&mut out, report);
    errors(&mut out, report);
    suppressions(&mut out, report);
    files(&mut out, report);
    out
}

/// A code span that no backtick in `text` can end.
fn code(text: &str) -> String {
    let text = visible_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match longest {
        0 => format!("{fence}{text}{fence}"),
        _ => format!("{fence} {text} {fence}"),
    }
}

fn short(out: &mut String, report: &Report) {
    let d = &report.deployment;
    let _ = writeln!(out, "# ECE mail over OAuth2 with Office 365: diagnosis\n");
    let or_unknown = |text: Option<&String>| text.map_or("unknown".to_owned(), |t| md(t));
    let urls = if d.external_urls.is_empty() {
        "unknown".to_owned()
    } else {
        d.external_urls.iter().map(|u| code(u)).collect::<Vec<_>>().join(", ")
    };
    let _ = writeln!(out, "- ECE {}; external URL {urls}", or_unknown(d.ece_version.as_ref()));
    let _ = writeln!(
        out,
        "- Application {} ({})",
        or_unknown(d.application.name.as_ref()),
        d.application.app_id.as_ref().map_or("unknown".to_owned(), |id| code(id))
    );
    let servers: Vec<String> = d.servers.iter().map(|s| code(&s.host)).collect();
    let aliases: Vec<String> = d.aliases.iter().map(|a| code(&a.address)).collect();
    let _ = writeln!(
        out,
        "- Servers: {}",
        if servers.is_empty() { "unknown".into() } else { servers.join(", ") }
    );
    let _ = writeln!(
        out,
        "- Aliases: {}",
        if aliases.is_empty() { "unknown".into() } else { aliases.join(", ") }
    );
    if let (Some(first), Some(last)) = (&d.log_span.first, &d.log_span.last) {
        let _ = writeln!(out, "- Logs from {first} to {last}");
    }
    if let Some(window) = &report.window {
        let end = |end: &Option<String>| end.clone().unwrap_or_else(|| "…".to_owned());
        let _ = writeln!(
            out,
            "- Only from {} to {}: logs, sign-ins and audit events of other times are left out",
            end(&window.since),
            end(&window.until)
        );
    }
    let _ = writeln!(
        out,
        "- Judged as of {}\n",
        report.as_of.as_deref().unwrap_or("no date: nothing in the bundle is dated")
    );
    let _ = writeln!(out, "## In short\n");
    if report.counting_causes().next().is_none() {
        let but = if report.diagnosis.is_empty() { "" } else { " but what is suppressed" };
        let _ = writeln!(out, "No fault{but} was found in the evidence given.\n");
    }
    for cause in &report.diagnosis {
        let _ = writeln!(out, "{}. **{}** {}", cause.rank, words::severity(cause.severity), md(&cause.summary));
        if let Some(mark) = &cause.suppressed {
            let _ = writeln!(out, "   - {}", md(&words::suppressed(mark)));
            continue;
        }
        if let Some(step) = cause.remedy.first() {
            let _ = writeln!(out, "   - First step: {}", md(step));
        }
    }
    let _ = writeln!(out, "\n{}\n", super::text::totals_line(report));
}

fn quote(out: &mut String, indent: &str, evidence: &EvidenceRow) {
    let _ = write!(out, "{indent}- {}", code(&evidence.place()));
    if !evidence.excerpt.is_empty() {
        let _ = write!(out, ": {}", code(&evidence.excerpt));
    }
    out.push('\n');
}

fn causes(out: &mut String, report: &Report) {
    if report.diagnosis.is_empty() {
        return;
    }
    let _ = writeln!(out, "## Root causes\n");
    for cause in &report.diagnosis {
        cause_block(out, cause);
    }
    if !report.unexplained.is_empty() {
        let list: Vec<String> = report.unexplained.iter().map(|u| code(u)).collect();
        let _ = writeln!(out, "No cause accounts for {}.\n", list.join(", "));
    }
}

fn cause_block(out: &mut String, cause: &Cause) {
    let _ = writeln!(out, "### {}. {} about {}\n", cause.rank, code(&cause.cause), code(&cause.subject));
    let _ = writeln!(
        out,
        "{} ({}, {}).\n",
        md(&cause.summary),
        words::severity(cause.severity),
        words::confidence(cause.confidence)
    );
    if let Some(onset) = &cause.onset {
        let _ = writeln!(out, "Since {}.\n", md(&onset.words()));
        if onset.parts.len() > 1 {
            for part in &onset.parts {
                let _ = writeln!(out, "- {}", md(&part.words()));
            }
        }
        for change in &onset.changes {
            let _ = writeln!(out, "- Changed: {} ({})", md(&change.text), code(&change.at.place()));
        }
    }
    if !cause.reach.is_empty() {
        let _ = writeln!(out, "Reach: {}.\n", md(&cause.reach));
    }
    let _ = writeln!(out, "Evidence:\n");
    cause.evidence.iter().for_each(|e| quote(out, "", e));
    let _ = writeln!(out, "\nWhat to do:\n");
    for (n, step) in cause.remedy.iter().enumerate() {
        let _ = writeln!(out, "{}. {}", n + 1, md(step));
    }
    if !cause.explains.is_empty() {
        let list: Vec<String> = cause.explains.iter().map(|e| code(e)).collect();
        let _ = writeln!(out, "\nExplains {}.", list.join(", "));
    }
    out.push('\n');
}

fn checklist(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## Checklist\n");
    let mut rows: Vec<&FindingRow> = report.findings.iter().collect();
    rows.sort_by_key(|f| (f.verdict, f.severity));
    for finding in rows {
        let subject = words::subject(&finding.subject);
        let about = if subject == "deployment" {
            String::new()
        } else {
            format!(" {}", code(&subject))
        };
        let word = words::verdict(finding.verdict);
        let _ = writeln!(out, "- **{word}** {}{about}: {}", code(finding.check), md(&finding.message));
        if let Some(mark) = &finding.suppressed {
            let _ = writeln!(out, "  - {}", md(&words::suppressed(mark)));
        }
        if matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
            finding.evidence.iter().take(4).for_each(|e| quote(out, "  ", e));
        }
    }
    out.push('\n');
}

fn to_collect(out: &mut String, report: &Report) {
    let wanted = report.wanted();
    if wanted.is_empty() {
        return;
    }
    let _ = writeln!(out, "## Still to collect\n");
    let mut before: Option<Role> = None;
    for want in wanted {
        if before != Some(want.role) {
            let _ = writeln!(out, "{}### {}\n", if before.is_some() { "\n" } else { "" }, words::role(want.role));
            before = Some(want.role);
        }
        let _ = writeln!(out, "- {} (settles {})", md(&want.evidence), want.checks.join(", "));
        for line in want.how.lines() {
            let _ = writeln!(out, "  - {}", code(line));
        }
    }
    out.push('\n');
}

fn errors(out: &mut String, report: &Report) {
    if !report.signatures.is_empty() {
        let _ = writeln!(out, "## Known error texts\n");
    }
    for row in &report.signatures {
        let when = match (&row.first, &row.last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let _ = writeln!(out, "- {} {}×{when}: {}", code(&row.id), row.count, md(&row.meaning));
    }
    if !report.unexplained_errors.is_empty() {
        let _ = writeln!(out, "\n## Errors that nothing explains\n");
    }
    for row in &report.unexplained_errors {
        let _ = writeln!(out, "- {}× {}", row.count, code(&row.template));
    }
    out.push('\n');
}

/// Every suppression of the configuration, and what became of it.
fn suppressions(out: &mut String, report: &Report) {
    let Some(entries) = report.suppressions.as_ref().filter(|entries| !entries.is_empty()) else {
        return;
    };
    let _ = writeln!(out, "## Suppressions\n");
    for entry in entries {
        let state = words::idle(entry.state).unwrap_or("in force");
        let _ = writeln!(
            out,
            "- {} about {}, until {} ({}): {}; {state}",
            code(&entry.id),
            code(&entry.subject),
            md(&entry.expires),
            code(&entry.at),
            md(&entry.reason)
        );
    }
    out.push('\n');
}

fn files(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## Files\n");
    for row in &report.inventory {
        let problem = row.problem.as_ref().map(|p| format!("; {}", md(p))).unwrap_or_default();
        let losses = if row.losses > 0 {
            format!("; {} lost", row.losses)
        } else {
            String::new()
        };
        let _ = writeln!(out, "- {}: {}{losses}{problem}", code(&row.path), md(&row.kind));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn code_spans_hold_backticks() {
        assert_eq!(super::code("a"), "`a`");
        assert_eq!(super::code("a``b`"), "``` a``b` ```");
    }
}
