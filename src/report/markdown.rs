//! Markdown for the case note: the short form first, which stands alone, then the full one. Text of the bundle is escaped or
//! stands in code spans.

use super::escape::{markdown as md, visible_line};
use super::quotes::alike;
use super::{Cause, EvidenceRow, FindingRow, Report, words};
use crate::finding::{Role, Verdict};
use crate::model::Language;
use crate::say;
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
    let _ = writeln!(out, "# {}\n", say!(report.language, "ECE mail over OAuth2 with Office 365: diagnosis"));
    let language = report.language;
    let unknown = || say!(language, "unknown");
    let or_unknown = |text: Option<&String>| text.map_or_else(unknown, |t| md(t));
    let urls = if d.external_urls.is_empty() {
        unknown()
    } else {
        d.external_urls.iter().map(|u| code(u)).collect::<Vec<_>>().join(", ")
    };
    let version = or_unknown(d.ece_version.as_ref());
    let _ = writeln!(out, "- {}", say!(language, "ECE {version}; external URL {urls}", version, urls));
    let _ = writeln!(
        out,
        "- {}",
        say!(
            language,
            "Application {name} ({id})",
            name = or_unknown(d.application.name.as_ref()),
            id = d.application.app_id.as_ref().map_or_else(unknown, |id| code(id))
        )
    );
    let servers: Vec<String> = d.servers.iter().map(|s| code(&s.host)).collect();
    let aliases: Vec<String> = d.aliases.iter().map(|a| code(&a.address)).collect();
    let _ = writeln!(
        out,
        "- {}",
        say!(
            language,
            "Servers: {list}",
            list = if servers.is_empty() { unknown() } else { servers.join(", ") }
        )
    );
    let _ = writeln!(
        out,
        "- {}",
        say!(
            language,
            "Aliases: {list}",
            list = if aliases.is_empty() { unknown() } else { aliases.join(", ") }
        )
    );
    if let (Some(first), Some(last)) = (&d.log_span.first, &d.log_span.last) {
        let _ = writeln!(out, "- {}", say!(language, "Logs from {first} to {last}", first, last));
    }
    if let Some(window) = &report.window {
        let end = |end: &Option<String>| end.clone().unwrap_or_else(|| "…".to_owned());
        let _ = writeln!(
            out,
            "- {}",
            say!(
                language,
                "Only from {since} to {until}: logs, sign-ins and audit events of other times are left out",
                since = end(&window.since),
                until = end(&window.until)
            )
        );
    }
    if let Some(off) = words::sandbox(report) {
        let _ = writeln!(out, "- {}", say!(language, "Sandbox: {off}", off));
    }
    let _ = writeln!(
        out,
        "- {}\n",
        match &report.as_of {
            Some(time) => say!(language, "Judged as of {time}", time),
            None => say!(language, "Judged as of no date: nothing in the bundle is dated"),
        }
    );
    let _ = writeln!(out, "## {}\n", say!(report.language, "In short"));
    if report.counting_causes().next().is_none() {
        let found = words::no_fault(report);
        let _ = writeln!(out, "{found}\n");
    }
    for cause in &report.diagnosis {
        let _ = writeln!(out, "{}. **{}** {}", cause.rank, words::severity(cause.severity), md(&cause.summary));
        if let Some(mark) = &cause.suppressed {
            let _ = writeln!(out, "   - {}", md(&words::suppressed(mark, report.language)));
            continue;
        }
        if let Some(step) = cause.remedy.first() {
            let _ = writeln!(out, "   - {}", say!(report.language, "First step: {step}", step = md(step)));
        }
    }
    let _ = writeln!(out, "\n{}\n", super::text::totals_line(report));
}

/// The places that show the same words, and the words.
fn quote(out: &mut String, indent: &str, places: &[&EvidenceRow]) {
    let names: Vec<String> = places.iter().map(|evidence| code(&evidence.place())).collect();
    let _ = write!(out, "{indent}- {}", names.join(", "));
    if let Some(evidence) = places.first().filter(|evidence| !evidence.excerpt.is_empty()) {
        let _ = write!(out, ": {}", code(&evidence.excerpt));
    }
    out.push('\n');
}

fn causes(out: &mut String, report: &Report) {
    if report.diagnosis.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {}\n", say!(report.language, "Root causes"));
    for cause in &report.diagnosis {
        cause_block(out, cause, report.language);
    }
    if !report.unexplained.is_empty() {
        let list: Vec<String> = report.unexplained.iter().map(|u| code(u)).collect();
        let _ = writeln!(
            out,
            "{}\n",
            say!(report.language, "No cause accounts for {list}.", list = list.join(", "))
        );
    }
}

fn cause_block(out: &mut String, cause: &Cause, language: Language) {
    let _ = writeln!(
        out,
        "### {}. {}\n",
        cause.rank,
        say!(
            language,
            "{cause} about {subject}",
            cause = code(&cause.cause),
            subject = code(&cause.subject)
        )
    );
    let _ = writeln!(
        out,
        "{} ({}, {}).\n",
        md(&cause.summary),
        words::severity(cause.severity),
        words::confidence(cause.confidence, language)
    );
    if let Some(onset) = &cause.onset {
        let _ = writeln!(out, "{}\n", say!(language, "Since {when}.", when = md(&onset.words(language))));
        if onset.parts.len() > 1 {
            for part in &onset.parts {
                let _ = writeln!(out, "- {}", md(&part.words(language)));
            }
        }
        for change in &onset.changes {
            let _ = writeln!(
                out,
                "- {} ({})",
                say!(language, "Changed: {what}", what = md(&change.text)),
                code(&change.at.place())
            );
        }
        if onset.parts.len() > 1 || !onset.changes.is_empty() {
            out.push('\n');
        }
    }
    if !cause.reach.is_empty() {
        let _ = writeln!(out, "{}\n", say!(language, "Reach: {reach}.", reach = md(&cause.reach)));
    }
    if !cause.candidates.is_empty() {
        let _ = writeln!(
            out,
            "{}\n",
            say!(language, "Microsoft names no reason; still open, likeliest first, and what decides:")
        );
        for candidate in &cause.candidates {
            let _ = writeln!(out, "- {}: {}", code(&candidate.check), md(&candidate.decided_by()));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}\n", say!(language, "Evidence:"));
    alike(&cause.evidence).iter().for_each(|places| quote(out, "", places));
    let _ = writeln!(out, "\n{}\n", say!(language, "What to do:"));
    for (n, step) in cause.remedy.iter().enumerate() {
        let _ = writeln!(out, "{}. {}", n + 1, md(step));
    }
    if !cause.explains.is_empty() {
        let list: Vec<String> = cause.explains.iter().map(|e| code(e)).collect();
        let _ = writeln!(out, "\n{}", say!(language, "Explains {list}.", list = list.join(", ")));
    }
    if !cause.masks.is_empty() {
        let list: Vec<String> = cause.masks.iter().map(|e| code(e)).collect();
        let _ = writeln!(
            out,
            "\n{}",
            say!(language, "Look again after mending it: {list}.", list = list.join(", "))
        );
    }
    out.push('\n');
}

fn checklist(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## {}\n", say!(report.language, "Checklist"));
    let mut rows: Vec<&FindingRow> = report.findings.iter().collect();
    rows.sort_by_key(|f| (f.verdict, f.severity));
    for finding in rows {
        let subject = words::subject(&finding.subject);
        let about = if subject == "deployment" {
            String::new()
        } else {
            format!(" {}", code(&subject))
        };
        let word = finding.verdict.word();
        let _ = writeln!(out, "- **{word}** {}{about}: {}", code(finding.check), md(&finding.message));
        if let Some(mark) = &finding.suppressed {
            let _ = writeln!(out, "  - {}", md(&words::suppressed(mark, report.language)));
        }
        if matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
            alike(&finding.evidence).iter().take(4).for_each(|places| quote(out, "  ", places));
        }
    }
    out.push('\n');
}

fn to_collect(out: &mut String, report: &Report) {
    let wanted = report.wanted();
    if wanted.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {}\n", say!(report.language, "Still to collect"));
    let mut before: Option<Role> = None;
    for want in wanted {
        if before != Some(want.role) {
            let _ = writeln!(
                out,
                "{}### {}\n",
                if before.is_some() { "\n" } else { "" },
                words::role(want.role, report.language)
            );
            before = Some(want.role);
        }
        let _ = writeln!(
            out,
            "- {}",
            say!(
                report.language,
                "{evidence} (settles {checks})",
                evidence = md(&want.evidence),
                checks = want.checks.join(", ")
            )
        );
        for line in want.how.lines() {
            let _ = writeln!(out, "  - {}", code(line));
        }
    }
    out.push('\n');
}

fn errors(out: &mut String, report: &Report) {
    if !report.signatures.is_empty() {
        let _ = writeln!(out, "## {}\n", say!(report.language, "Known error texts"));
    }
    for row in &report.signatures {
        let when = match (&row.first, &row.last) {
            (Some(first), Some(last)) => say!(report.language, ", {first} to {last}", first, last),
            _ => String::new(),
        };
        let _ = writeln!(out, "- {} {}×{when}: {}", code(&row.id), row.count, md(&row.meaning));
    }
    if !report.unexplained_errors.is_empty() {
        let _ = writeln!(out, "\n## {}\n", say!(report.language, "Errors that nothing explains"));
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
    let _ = writeln!(out, "## {}\n", say!(report.language, "Suppressions"));
    for entry in entries {
        let language = report.language;
        let text = say!(
            language,
            "{id} about {subject}, until {end} ({place}): {reason}; {state}",
            id = code(&entry.id),
            subject = code(&entry.subject),
            end = md(&entry.expires),
            place = code(&entry.at),
            reason = md(&entry.reason),
            state = words::idle(entry.state, language).unwrap_or_else(|| say!(language, "in force"))
        );
        let _ = writeln!(out, "- {text}");
    }
    out.push('\n');
}

fn files(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## {}\n", say!(report.language, "Files"));
    for row in &report.inventory {
        let problem = row.problem.as_ref().map(|p| format!("; {}", md(p))).unwrap_or_default();
        let losses = if row.losses > 0 {
            format!("; {}", words::lost(row.losses, report.language))
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
