//! HTML: one file that asks nobody for anything. It may run no code but its own script, whose hash stands in its policy, and it is
//! complete without that.

mod chart;
mod findings;
mod inventory;
mod names;
mod overview;
mod timeline;

use super::escape::html as esc;
use super::{EvidenceRow, Report, words};
use crate::finding::Suppressed;
use crate::model::Language;
use base64::Engine;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The report as one HTML page.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    begin(&mut out, report);
    out.push_str("<a class=\"skip\" href=\"#causes\">Skip to the root causes</a>\n<header>\n");
    overview::header(&mut out, report);
    out.push_str("</header>\n<main>\n");
    overview::causes(&mut out, report);
    findings::checklist(&mut out, report);
    findings::to_collect(&mut out, report);
    timeline::section(&mut out, report);
    names::section(&mut out, report);
    findings::ports(&mut out, report);
    overview::errors(&mut out, report);
    idle_suppressions(&mut out, report);
    inventory::section(&mut out, report);
    end(&mut out, report);
    out
}

/// The timeline alone as an HTML page.
pub fn timeline_page(report: &Report) -> String {
    let mut out = String::new();
    begin(&mut out, report);
    out.push_str("<main>\n");
    findings::tools(&mut out);
    timeline::section(&mut out, report);
    end(&mut out, report);
    out
}

fn begin(out: &mut String, report: &Report) {
    let style = format!("{STYLE}{}", findings::filter_rules(report));
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>ecelens: ECE mail over OAuth2 with Office 365</title>\n<style>{style}</style>\n</head>\n<body>\n",
        report.language.code(),
        hash(&style),
        hash(SCRIPT),
    );
}

fn end(out: &mut String, report: &Report) {
    let _ = write!(
        out,
        "</main>\n<footer class=\"dim\"><p>{}</p></footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        esc(&super::text::totals_line(report))
    );
}

/// A source of the content security policy: the hash of an inline text.
fn hash(text: &str) -> String {
    format!(
        "sha256-{}",
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

/// A place and what stands there.
fn quote(out: &mut String, evidence: &EvidenceRow) {
    let pointer = evidence.pointer.as_ref().map(|p| format!(" ({})", esc(p))).unwrap_or_default();
    let _ = write!(
        out,
        "<div class=\"quote\"><span class=\"place\">{}{pointer}</span>",
        esc(&evidence.place())
    );
    if !evidence.excerpt.is_empty() {
        let (before, value, after) = evidence.parts();
        let value = if value.is_empty() {
            String::new()
        } else {
            format!("<mark>{}</mark>", esc(value))
        };
        let _ = write!(out, "<code>{}{value}{}</code>", esc(before), esc(after));
    }
    out.push_str("</div>\n");
}

/// Evidence: the first places at once, the others to unfold.
fn evidence(out: &mut String, places: &[EvidenceRow]) {
    const AT_ONCE: usize = 4;
    places.iter().take(AT_ONCE).for_each(|e| quote(out, e));
    if places.len() > AT_ONCE {
        let _ = writeln!(out, "<details><summary>{} more places</summary>", places.len() - AT_ONCE);
        places.iter().skip(AT_ONCE).for_each(|e| quote(out, e));
        out.push_str("</details>\n");
    }
}

fn steps(out: &mut String, steps: &[String]) {
    if steps.is_empty() {
        return;
    }
    out.push_str("<ol>\n");
    for step in steps {
        let _ = writeln!(out, "<li>{}</li>", esc(step));
    }
    out.push_str("</ol>\n");
}

/// Why a finding or a cause doesn't count, if it doesn't.
fn suppressed(out: &mut String, mark: Option<&Suppressed>, language: Language) {
    if let Some(mark) = mark {
        let _ = writeln!(out, "<p class=\"warn\">{}</p>", esc(&words::suppressed(mark, language)));
    }
}

/// Suppressions that do nothing.
fn idle_suppressions(out: &mut String, report: &Report) {
    let idle: Vec<_> = report.idle_suppressions().collect();
    if idle.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=\"idle\"><h2 id=\"idle\">Suppressions that do nothing</h2>\n<ul>\n");
    for (entry, why) in idle {
        let _ = writeln!(
            out,
            "<li><span class=\"place\">{}</span> <code>{}</code> about <code>{}</code> until {}: {why}</li>",
            esc(&entry.at),
            esc(&entry.id),
            esc(&entry.subject),
            esc(&entry.expires)
        );
    }
    out.push_str("</ul></section>\n");
}

fn tag(word: &str) -> String {
    let shown = match word {
        "not-applicable" => "n/a",
        "unknown" => "open",
        other => other,
    };
    format!("<span class=\"tag {word}\">{shown}</span>")
}

fn verdict_tag(finding: &super::FindingRow) -> String {
    tag(finding.verdict.word())
}
