//! HTML: one file that asks nobody for anything. It may run no code but its own script, whose hash stands in its policy, and it is
//! complete without that.

mod chart;
mod findings;
mod inventory;
mod names;
mod overview;
mod timeline;

use super::escape::html as esc;
use super::quotes::alike;
use super::zone::next_stamp;
use super::{EvidenceRow, Report, SampleRow, words};
use crate::finding::Suppressed;
use crate::model::Language;
use crate::{counted, say};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The report as one HTML page.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    begin(&mut out, report);
    let skip = say!(report.language, "Skip to the root causes");
    let _ = writeln!(out, "<a class=\"skip\" href=\"#causes\">{skip}</a>\n<header>");
    overview::header(&mut out, report);
    out.push_str("</header>\n<main>\n");
    overview::causes(&mut out, report);
    findings::checklist(&mut out, report);
    findings::to_collect(&mut out, report);
    timeline::timeline(&mut out, report);
    names::names(&mut out, report);
    findings::ports(&mut out, report);
    overview::errors(&mut out, report);
    idle_suppressions(&mut out, report);
    inventory::inventory(&mut out, report);
    end(&mut out, report);
    out
}

/// The timeline alone as an HTML page.
pub fn timeline_page(report: &Report) -> String {
    let mut out = String::new();
    begin(&mut out, report);
    out.push_str("<main>\n");
    findings::tools(&mut out, report.language);
    timeline::timeline(&mut out, report);
    end(&mut out, report);
    out
}

fn begin(out: &mut String, report: &Report) {
    let style = format!("{STYLE}{}", findings::filter_rules(report));
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>ecelens: {}</title>\n<style>{style}</style>\n</head>\n<body>\n",
        report.language.code(),
        hash(&style),
        hash(SCRIPT),
        say!(report.language, "ECE mail over OAuth2 with Office 365"),
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

/// Begins a section with its heading.
fn section(out: &mut String, id: &str, heading: &str) {
    let _ = writeln!(out, "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{heading}</h2>");
}

/// Begins a table with its column headings.
fn table(out: &mut String, attributes: &str, headings: &[String]) {
    let headings: String = headings.iter().map(|heading| format!("<th>{heading}</th>")).collect();
    let _ = writeln!(out, "<div class=\"scroll\"><table{attributes}><thead><tr>{headings}</tr></thead><tbody>");
}

/// Words with their times unbroken.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (written, _), after)) = next_stamp(rest) {
        let _ = write!(out, "{}<span class=\"time\">{}</span>", esc(before), esc(written));
        rest = after;
    }
    out.push_str(&esc(rest));
    out
}

/// The places that show the same words, and the words.
fn quote(out: &mut String, places: &[&EvidenceRow]) {
    out.push_str("<div class=\"quote\">");
    for evidence in places {
        let pointer = evidence.pointer.as_ref().map(|p| format!(" ({})", esc(p))).unwrap_or_default();
        let _ = write!(out, "<span class=\"place\">{}{pointer}</span>", esc(&evidence.place()));
    }
    if let Some(evidence) = places.first().filter(|evidence| !evidence.excerpt.is_empty()) {
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

/// Evidence: the first quotes at once, the others to unfold.
fn evidence(out: &mut String, places: &[EvidenceRow], language: Language) {
    const AT_ONCE: usize = 4;
    let quotes = alike(places);
    let (shown, folded) = quotes.split_at(quotes.len().min(AT_ONCE));
    shown.iter().for_each(|places| quote(out, places));
    if !folded.is_empty() {
        let more = counted!(folded.iter().map(Vec::len).sum::<usize>(), "1 more place", "{count} more places").render(language);
        let _ = writeln!(out, "<details><summary>{more}</summary>");
        folded.iter().for_each(|places| quote(out, places));
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
    section(out, "idle", &say!(report.language, "Suppressions that do nothing"));
    out.push_str("<ul>\n");
    for (entry, why) in idle {
        let text = say!(
            report.language,
            "{place}: {id} about {subject}, until {end}: {why}",
            place = format!("<span class=\"place\">{}</span>", esc(&entry.at)),
            id = code(&entry.id),
            subject = code(&entry.subject),
            end = esc(&entry.expires),
            why
        );
        let _ = writeln!(out, "<li>{text}</li>");
    }
    out.push_str("</ul></section>\n");
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", esc(text))
}

/// Ids, each as code, with commas between.
fn codes(ids: &[String]) -> String {
    let all: Vec<String> = ids.iter().map(|id| code(id)).collect();
    all.join(", ")
}

/// Places of an error text, to unfold.
fn samples(out: &mut String, samples: &[SampleRow], language: Language) {
    let places = counted!(samples.len(), "1 place", "{count} places").render(language);
    let _ = write!(out, "<details><summary>{places}</summary>");
    let rows: Vec<EvidenceRow> = samples.iter().map(SampleRow::evidence).collect();
    alike(&rows).iter().for_each(|places| quote(out, places));
    out.push_str("</details>");
}

fn tag(word: &str) -> String {
    format!("<span class=\"tag {word}\">{}</span>", words::shown_verdict(word))
}
