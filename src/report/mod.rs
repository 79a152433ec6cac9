//! The report: one value, and one renderer per format. Totals and order are made here, so that all formats agree.

mod actions;
mod build;
mod csv;
mod diff;
mod escape;
mod events;
mod html;
mod json;
mod junit;
mod markdown;
mod names;
mod ndjson;
mod pseudonyms;
mod quotes;
mod sarif;
pub mod text;
mod words;
mod xlsx;
mod zone;

pub use build::{Context, SignatureText, build};
pub use diff::{Diff, diff, is_report};
pub use escape::{visible, visible_line};
pub use events::{TimelineFormat, timeline};
pub use html::timeline_page;
pub use json::{to_json, to_json_line};
pub use names::NameRow;
pub use pseudonyms::redacted_facts;

/// The JSON Schema (2020-12) of the JSON report.
pub const SCHEMA: &str = include_str!("../../data/report.schema.json");

use crate::config::Applied;
use crate::finding::{Confidence, Finding, Role, Severity, Subject, Suppressed, Verdict};
use crate::model::{Language, Origin};
use crate::timeline::Event;
use serde::Serialize;
use std::collections::BTreeMap;

/// The report, in the shape of its JSON (schema version 1).
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// True if the program ran without its sandbox, as the user asked.
    #[serde(skip)]
    pub unconfined: bool,
    /// Version of this shape.
    pub schema_version: u32,
    /// The language of its texts; absent if it is English.
    #[serde(skip_serializing_if = "Language::is_english")]
    pub language: Language,
    /// The program.
    pub tool: Tool,
    /// Arguments that shaped it; paths by their last component only, so that the report is the same from any directory.
    pub arguments: Vec<String>,
    /// The moment that expiry was judged by (RFC 3339); null where nothing in the bundle is dated.
    pub as_of: Option<String>,
    /// The time that `--since` and `--until` leave in; absent without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowRow>,
    /// What was found out about the deployment.
    pub deployment: Deployment,
    /// Ranked root causes.
    pub diagnosis: Vec<Cause>,
    /// Symptoms that no cause accounts for.
    pub unexplained: Vec<String>,
    /// What became of the suppressions of `--config`; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressions: Option<Vec<Applied>>,
    /// One entry per check and subject.
    pub findings: Vec<FindingRow>,
    /// Known error texts that were found.
    pub signatures: Vec<SignatureRow>,
    /// Groups of errors that no known text explains, most frequent first.
    pub unexplained_errors: Vec<UnexplainedRow>,
    /// Every member of the bundle.
    pub inventory: Vec<InventoryRow>,
    /// Sums.
    pub totals: Totals,
    /// The zone that times are shown in, in minutes east of UTC, where they are put in one clock.
    #[serde(skip)]
    pub zone: i16,
    /// Events of all servers in one clock; `ecelens timeline` prints them.
    #[serde(skip)]
    pub timeline: Vec<Event>,
    /// Known errors over time.
    #[serde(skip)]
    pub rates: Vec<Rate>,
    /// The map of names.
    #[serde(skip)]
    pub names: Vec<NameRow>,
    /// First failure of the first cause, in milliseconds since 1970.
    #[serde(skip)]
    pub onset: Option<i64>,
    /// First and last log record, in milliseconds since 1970.
    #[serde(skip)]
    pub log_span: Option<(i64, i64)>,
}

/// Hits of a signature over time.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Its id.
    pub signature: String,
    /// Hits per minute since 1970.
    pub minutes: BTreeMap<i64, u32>,
}

/// Formats of the report that need no layout; [`text::render`] and [`to_json`] are the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// One line a thing.
    Ndjson,
    /// The action list.
    Csv,
    /// The case note.
    Markdown,
    /// JUnit XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// One HTML page.
    Html,
    /// The action list as a workbook.
    Xlsx,
}

/// The bytes of the report in a format that needs no layout.
///
/// # Errors
/// A sentence, if a value can't be written as JSON or the workbook can't be packed.
pub fn render(report: &Report, rendering: Rendering) -> Result<Vec<u8>, String> {
    let of_json = |result: serde_json::Result<String>| result.map(String::into_bytes).map_err(|error| error.to_string());
    match rendering {
        Rendering::Ndjson => of_json(ndjson::render(report)),
        Rendering::Csv => Ok(csv::render(report).into_bytes()),
        Rendering::Markdown => Ok(markdown::render(report).into_bytes()),
        Rendering::Junit => Ok(junit::render(report).into_bytes()),
        Rendering::Sarif => of_json(sarif::render(report)),
        Rendering::Html => Ok(html::render(report).into_bytes()),
        Rendering::Xlsx => xlsx::render(report).map_err(|error| error.to_string()),
    }
}

/// Name and version of the program.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `ecelens`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What was found out about the deployment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Deployment {
    /// The running version, if it is known.
    pub ece_version: Option<String>,
    /// The external URL; null where several partitions differ or none is known.
    pub external_url: Option<String>,
    /// All external URLs.
    pub external_urls: Vec<String>,
    /// Servers and what they do.
    pub servers: Vec<ServerRow>,
    /// Aliases.
    pub aliases: Vec<AliasRow>,
    /// The app registration that ECE uses.
    pub application: ApplicationRow,
    /// First and last log record.
    pub log_span: SpanRow,
}

/// A server.
#[derive(Clone, Debug, Serialize)]
pub struct ServerRow {
    /// Host name.
    pub host: String,
    /// Its roles, in English words.
    pub roles: Vec<&'static str>,
    /// Its addresses.
    pub ips: Vec<String>,
}

/// An alias.
#[derive(Clone, Debug, Serialize)]
pub struct AliasRow {
    /// Its address.
    pub address: String,
    /// Its name.
    pub name: Option<String>,
    /// The account that serves it.
    pub account: Option<String>,
}

/// An app registration.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApplicationRow {
    /// Client id.
    pub app_id: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Tenant, if the evidence agrees on one.
    pub tenant: Option<String>,
}

/// First and last time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SpanRow {
    /// First.
    pub first: Option<String>,
    /// Last.
    pub last: Option<String>,
}

/// The time that is wanted: logs, sign-ins and audit events outside it are as if they weren't in the bundle.
#[derive(Clone, Debug, Serialize)]
pub struct WindowRow {
    /// Its first moment; null if it has none.
    pub since: Option<String>,
    /// Its last moment; null if it has none.
    pub until: Option<String>,
}

/// A root cause.
#[derive(Clone, Debug, Serialize)]
pub struct Cause {
    /// 1 is the first to mend.
    pub rank: usize,
    /// `check:<id>` or `signature:<id>`.
    pub cause: String,
    /// What it is about.
    pub subject: String,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong.
    pub summary: String,
    /// Symptoms that it accounts for.
    pub explains: Vec<String>,
    /// Where it is seen.
    pub evidence: Vec<EvidenceRow>,
    /// What to do.
    pub remedy: Vec<String>,
    /// When it began, where the logs show it.
    pub onset: Option<OnsetRow>,
    /// How far it reaches, in words; empty where the logs don't show it.
    pub reach: String,
    /// For a refusal that names no reason: open checks that may hold it, likeliest first.
    pub candidates: Vec<CandidateRow>,
    /// Causes that may show only once this one is mended.
    pub masks: Vec<String>,
    /// Why it doesn't count, where the configuration suppresses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppressed>,
}

/// When a fault began.
#[derive(Clone, Debug, Serialize)]
pub struct OnsetRow {
    /// Last attempt that worked.
    pub last_good: Option<String>,
    /// First attempt that failed.
    pub first_bad: String,
    /// Last attempt that failed.
    pub last_bad: String,
    /// What changed between.
    pub changes: Vec<ChangeRow>,
    /// The same for each function, alias or account, and server.
    pub parts: Vec<OnsetPartRow>,
}

/// When one function began to fail for one alias or account on one server.
#[derive(Clone, Debug, Serialize)]
pub struct OnsetPartRow {
    /// `token generation`, `token renewal`, `fetching` or `sending`.
    pub function: &'static str,
    /// Alias or account; null if no record names it.
    pub subject: Option<String>,
    /// Server; null if it is not known.
    pub host: Option<String>,
    /// Last attempt that worked.
    pub last_good: Option<String>,
    /// First attempt that failed.
    pub first_bad: String,
    /// Last attempt that failed.
    pub last_bad: String,
    /// How many failed.
    pub failures: u64,
    /// Known texts that the failing attempts met.
    pub signatures: Vec<String>,
}

/// Something that changed at the onset.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeRow {
    /// When and what.
    pub text: String,
    /// Where it stands.
    pub at: EvidenceRow,
}

/// A check that may hold the reason of a refusal.
#[derive(Clone, Debug, Serialize)]
pub struct CandidateRow {
    /// Its id.
    pub check: String,
    /// What would decide it.
    pub wants: Vec<WantRow>,
}

impl CandidateRow {
    /// What would decide it, in words.
    fn decided_by(&self) -> String {
        let wants: Vec<&str> = self.wants.iter().map(|want| want.evidence.as_str()).collect();
        wants.join("; ")
    }
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingRow {
    /// Id of the check.
    pub check: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// The outcome.
    pub verdict: Verdict,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The fact, the expectation, the consequence.
    pub message: String,
    /// Where it was seen.
    pub evidence: Vec<EvidenceRow>,
    /// Symptoms that it accounts for.
    pub explains: Vec<String>,
    /// What would settle it.
    pub wants: Vec<WantRow>,
    /// What to do.
    pub remedy: Vec<String>,
    /// Sources.
    pub references: Vec<&'static str>,
    /// `new` or `known`, where the report was compared with a baseline and the finding fails or warns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<&'static str>,
    /// Why it doesn't count, where the configuration suppresses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppressed>,
    /// True if the check itself broke off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal_error: bool,
}

/// Evidence that would settle an open question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WantRow {
    /// What is missing, in words.
    pub evidence: String,
    /// The exact command or screen that yields it.
    pub how: String,
    /// Who has the rights to run it.
    pub role: Role,
}

/// A place in the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceRow {
    /// Path of the member.
    pub path: String,
    /// 1-based line; null where there is none.
    pub line: Option<u64>,
    /// 1-based column; null where there is none.
    pub column: Option<u32>,
    /// JSON pointer or XPath-like path.
    pub pointer: Option<String>,
    /// `sheet!B12`.
    pub cell: Option<String>,
    /// The text there, secrets masked.
    pub excerpt: String,
    /// The character of the excerpt, from 0, at which the value begins that is meant; none where the whole line is.
    #[serde(skip)]
    pub meant: Option<usize>,
}

impl From<&Origin> for EvidenceRow {
    fn from(origin: &Origin) -> Self {
        Self {
            path: origin.path.to_string(),
            line: (origin.line > 0).then_some(origin.line),
            column: (origin.column > 0).then_some(origin.column),
            pointer: origin.pointer.as_deref().map(str::to_owned),
            cell: origin.cell.as_deref().map(str::to_owned),
            excerpt: origin.excerpt.as_str().to_owned(),
            meant: origin.excerpt.meant(),
        }
    }
}

impl EvidenceRow {
    /// The excerpt in three parts: what stands before the value that is meant, the value, and what stands behind it. Without a known
    /// value all of it is the first part.
    pub fn parts(&self) -> (&str, &str, &str) {
        let whole = (self.excerpt.as_str(), "", "");
        let Some((at, _)) = self.meant.and_then(|meant| self.excerpt.char_indices().nth(meant)) else {
            return whole;
        };
        let (before, rest) = self.excerpt.split_at(at);
        let (value, after) = rest.split_at(value_length(rest));
        (before, value, after)
    }

    /// `path:line`, `path:sheet!B12`, or the path alone.
    pub fn place(&self) -> String {
        match (&self.cell, self.line) {
            (Some(cell), _) => format!("{}:{cell}", self.path),
            (None, Some(line)) => format!("{}:{line}", self.path),
            (None, None) => self.path.clone(),
        }
    }
}

/// Bytes of the value that `text` begins with: a quoted text, a bracket, or what stands before the next blank or separator.
fn value_length(text: &str) -> usize {
    let first = text.chars().next().unwrap_or(' ');
    match first {
        '"' | '\'' => {
            let mut escaped = false;
            let end = text.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == first && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            end.map_or(text.len(), |(at, quote)| at + quote.len_utf8())
        }
        '{' | '[' => 1,
        _ => text.find([' ', ',', ';', '|', '<', '"']).unwrap_or(text.len()),
    }
}

/// A known error text that was found.
#[derive(Clone, Debug, Serialize)]
pub struct SignatureRow {
    /// `entra.aadsts50011`.
    pub id: String,
    /// `AADSTS50011`, `535 5.7.139`, or the id's own last part where there is no code.
    pub code: Option<String>,
    /// Who says it.
    pub component: String,
    /// `cause`, `wrapper`, `generic` or `context`.
    pub role: String,
    /// Records and lines that hold it.
    pub count: u64,
    /// First time.
    pub first: Option<String>,
    /// Last time.
    pub last: Option<String>,
    /// How many of `count` stand outside ECE logs.
    pub elsewhere: u64,
    /// What it means.
    pub meaning: String,
    /// Checks that it bears on.
    pub checks: Vec<String>,
    /// Captured fields.
    pub fields: BTreeMap<String, Vec<String>>,
    /// A few places.
    pub samples: Vec<SampleRow>,
}

/// A place of a signature.
#[derive(Clone, Debug, Serialize)]
pub struct SampleRow {
    /// Path of the member.
    pub path: String,
    /// 1-based line.
    pub line: u64,
    /// The text there, secrets masked.
    pub excerpt: String,
}

/// Errors that no known text explains, grouped by what stays the same in them.
#[derive(Clone, Debug, Serialize)]
pub struct UnexplainedRow {
    /// The text with numbers, ids, addresses and hosts replaced, secrets masked.
    pub template: String,
    /// Class that logged the first one.
    pub class: String,
    /// How many.
    pub count: u64,
    /// First time.
    pub first: Option<String>,
    /// Last time.
    pub last: Option<String>,
    /// Causes (`check:…`, `signature:…`) at whose onset the errors begin, within ten minutes: they may belong together.
    pub begins_with: Vec<String>,
    /// A few places.
    pub samples: Vec<SampleRow>,
}

impl SampleRow {
    /// The same place as evidence.
    pub fn evidence(&self) -> EvidenceRow {
        EvidenceRow {
            path: self.path.clone(),
            line: (self.line > 0).then_some(self.line),
            column: None,
            pointer: None,
            cell: None,
            excerpt: self.excerpt.clone(),
            meant: None,
        }
    }
}

/// A member of the bundle.
#[derive(Clone, Debug, Serialize)]
pub struct InventoryRow {
    /// Its path.
    pub path: String,
    /// What it was taken for.
    pub kind: String,
    /// Why.
    pub why: String,
    /// Encoding; null for what is no text.
    pub encoding: Option<&'static str>,
    /// Size in bytes, unpacked.
    pub bytes: u64,
    /// SHA-256; null for logs too large to be hashed in the same pass, and for what could not be read.
    pub sha256: Option<String>,
    /// ECE log records.
    pub records: u64,
    /// Pieces that could not be read.
    pub losses: usize,
    /// The first of them, with line and reason.
    pub lost: Vec<String>,
    /// First time in it.
    pub first: Option<String>,
    /// Last time in it.
    pub last: Option<String>,
    /// How its times are tied to UTC.
    pub zone: Option<crate::model::ZoneBasis>,
    /// Checks that used it.
    pub used_by: Vec<&'static str>,
    /// Why it could not be read.
    pub problem: Option<String>,
    /// The member that it is a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
}

/// Sums over the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Findings that fail.
    pub fail: usize,
    /// Findings that warn.
    pub warn: usize,
    /// Open questions.
    pub unknown: usize,
    /// Findings that pass.
    pub pass: usize,
    /// Findings that don't apply.
    pub not_applicable: usize,
    /// How many of all these the configuration suppresses; absent where none is.
    #[serde(skip_serializing_if = "is_none")]
    pub suppressed: usize,
    /// Members.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// ECE log records.
    pub records: u64,
}

/// True if there is none of it.
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Totals {
    fn count(&mut self, finding: &Finding) {
        self.suppressed += usize::from(finding.suppressed.is_some());
        match finding.verdict {
            Verdict::Fail => self.fail += 1,
            Verdict::Warn => self.warn += 1,
            Verdict::Unknown => self.unknown += 1,
            Verdict::Pass => self.pass += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
        }
    }
}

impl Report {
    /// Marks what fails or warns as new or known, as the baseline (a JSON report) has it, and says how the two differ.
    ///
    /// # Errors
    /// If this report can't be written as JSON.
    pub fn compare_with(&mut self, baseline: &serde_json::Value) -> serde_json::Result<Diff> {
        let diff = diff(baseline, &serde_json::to_value(&*self)?);
        for finding in &mut self.findings {
            if matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
                let subject = format!("{} {}", words::subject_kind(finding.subject.kind), finding.subject.name.to_lowercase());
                finding.baseline = Some(if diff.is_new(finding.check, &subject) { "new" } else { "known" });
            }
        }
        Ok(diff)
    }

    /// The worst severity among the findings that a baseline doesn't know.
    pub fn worst_new(&self) -> Option<Severity> {
        let counts = |f: &&FindingRow| f.baseline == Some("new") && f.suppressed.is_none();
        self.findings.iter().filter(counts).map(|f| f.severity).min()
    }

    /// The worst severity among failing and warning findings and causes that are not suppressed; `None` if nothing fails or warns.
    pub fn worst(&self) -> Option<Severity> {
        let findings = self
            .findings
            .iter()
            .filter(|f| matches!(f.verdict, Verdict::Fail | Verdict::Warn) && f.suppressed.is_none())
            .map(|f| f.severity);
        findings.chain(self.counting_causes().map(|c| c.severity)).min()
    }

    /// The report with some of its events only, and a chart of their time.
    pub fn showing(&self, events: &[&Event]) -> Self {
        let mut shown = self.clone();
        shown.timeline = events.iter().map(|event| (*event).clone()).collect();
        if shown.timeline.len() < self.timeline.len() {
            // Without a span of its own the chart is as long as what it shows.
            shown.log_span = None;
        }
        shown
    }

    /// Suppressions that do nothing, and why.
    pub fn idle_suppressions(&self) -> impl Iterator<Item = (&Applied, String)> {
        let entries = self.suppressions.iter().flatten();
        entries.filter_map(|entry| Some((entry, words::idle(entry.state, self.language)?)))
    }

    /// Causes that the configuration doesn't suppress.
    pub fn counting_causes(&self) -> impl Iterator<Item = &Cause> {
        self.diagnosis.iter().filter(|cause| cause.suppressed.is_none())
    }

    /// True if evidence was left out or read in part, or a check broke off: `--strict` exits with 4.
    pub fn is_partial(&self) -> bool {
        let unread = self.inventory.iter().any(|row| row.problem.is_some() || row.losses > 0);
        unread || self.findings.iter().any(|finding| finding.internal_error)
    }

    /// True if nothing in the input was recognised: exit 3.
    pub fn is_empty(&self) -> bool {
        !self.inventory.iter().any(|row| row.kind != "unknown")
    }

    /// The evidence that open questions want, each once with the checks that it settles, by role.
    pub fn wanted(&self) -> Vec<Wanted> {
        let mut wants: BTreeMap<(Role, &str, &str), Vec<&'static str>> = BTreeMap::new();
        for finding in self.findings.iter().filter(|f| f.verdict == Verdict::Unknown && f.suppressed.is_none()) {
            for want in &finding.wants {
                let checks = wants.entry((want.role, want.how.as_str(), want.evidence.as_str())).or_default();
                if !checks.contains(&finding.check) {
                    checks.push(finding.check);
                }
            }
        }
        wants
            .into_iter()
            .map(|((role, how, evidence), checks)| Wanted {
                role,
                how: how.to_owned(),
                evidence: evidence.to_owned(),
                checks,
            })
            .collect()
    }
}

/// A piece of evidence that is still to collect.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Who can supply it.
    pub role: Role,
    /// The command or screen.
    pub how: String,
    /// What is missing.
    pub evidence: String,
    /// Checks that it settles.
    pub checks: Vec<&'static str>,
}
