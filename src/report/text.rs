//! The report for a terminal: the answer first, then the checklist, what is still open, and what was read.

mod checklist;
mod errors;

use super::escape::{visible, visible_line};
use super::quotes::alike;
use super::{Cause, EvidenceRow, FindingRow, OnsetRow, Report, words};
use crate::finding::{Severity, Verdict};
use crate::model::Language;
use crate::{counted, say};
use std::fmt::Write;

/// How the text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// ANSI colours.
    pub color: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
    /// Passes, samples and every place, not only the first ones.
    pub verbose: bool,
    /// The summary line only.
    pub quiet: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 100,
            color: false,
            unicode: true,
            verbose: false,
            quiet: false,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Ink {
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
    Cyan,
}

impl Style {
    pub(super) fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Red => "1;31",
            Ink::Yellow => "33",
            Ink::Green => "32",
            Ink::Cyan => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn verdict(&self, verdict: Verdict) -> String {
        let (ink, word) = match verdict {
            Verdict::Fail => (Ink::Red, "FAIL"),
            Verdict::Warn => (Ink::Yellow, "WARN"),
            Verdict::Unknown => (Ink::Cyan, "OPEN"),
            Verdict::Pass => (Ink::Green, "ok  "),
            Verdict::NotApplicable => (Ink::Dim, "n/a "),
        };
        self.ink(ink, word)
    }

    /// `text` as the terminal can show it: marks that an old code page lacks are written as a typewriter would.
    pub(super) fn shown(&self, text: String) -> String {
        const MARKS: [(char, &str); 10] = [
            ('×', "x"),
            ('…', "..."),
            ('–', "-"),
            ('—', "-"),
            ('“', "\""),
            ('”', "\""),
            ('‘', "'"),
            ('’', "'"),
            ('→', "->"),
            ('§', "section "),
        ];
        if self.unicode {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match MARKS.iter().find(|(mark, _)| *mark == c) {
                Some((_, plain)) => out.push_str(plain),
                None => out.push(c),
            }
        }
        out
    }

    fn bullet(&self) -> &'static str {
        if self.unicode { "•" } else { "*" }
    }

    fn times(&self) -> &'static str {
        if self.unicode { "×" } else { "x" }
    }

    fn arrow(&self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }
}

/// Renders the report.
pub fn render(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    if style.quiet {
        let _ = writeln!(out, "{}", totals_line(report));
        return out;
    }
    header(&mut out, report, style);
    causes(&mut out, report, style);
    checklist::checklist(&mut out, report, style);
    to_do(&mut out, report, style);
    errors::signatures(&mut out, report, style);
    errors::unexplained_errors(&mut out, report, style);
    suppressions(&mut out, report, style);
    inventory(&mut out, report, style);
    summary(&mut out, report, style);
    style.shown(out)
}

/// Appends `text`, wrapped at `width` columns, behind `first`, later lines behind `next`.
pub fn wrap(out: &mut String, first: &str, next: &str, text: &str, width: usize) {
    let limit = width.max(40);
    let mut line = first.to_owned();
    let mut length = printed(first);
    let mut fresh = true;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if !fresh && length + 1 + word_length > limit {
            let _ = writeln!(out, "{}", line.trim_end());
            line = next.to_owned();
            length = printed(next);
            fresh = true;
        }
        if !fresh {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
        fresh = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Characters of `text` that take room: colour codes don't.
fn printed(text: &str) -> usize {
    let mut count = 0;
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => in_code = true,
            'm' if in_code => in_code = false,
            _ if in_code => {}
            _ => count += 1,
        }
    }
    count
}

pub(super) fn title(out: &mut String, style: &Style, text: &str) {
    let _ = writeln!(out, "\n{}", style.ink(Ink::Bold, text));
    let rule = if style.unicode { "─" } else { "-" };
    let _ = writeln!(out, "{}", style.ink(Ink::Dim, &rule.repeat(text.chars().count())));
}

fn header(out: &mut String, report: &Report, style: &Style) {
    let d = &report.deployment;
    let language = report.language;
    let unknown = || say!(language, "unknown");
    let url = match d.external_urls.as_slice() {
        [] => unknown(),
        urls => urls.join("  "),
    };
    let servers: Vec<String> = d.servers.iter().map(|server| words::server(server, false, language)).collect();
    let aliases: Vec<&str> = d.aliases.iter().map(|a| a.address.as_str()).collect();
    let application = match (&d.application.name, &d.application.app_id) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (None, Some(id)) => id.clone(),
        (Some(name), None) => name.clone(),
        (None, None) => unknown(),
    };
    let span = match (&d.log_span.first, &d.log_span.last) {
        (Some(first), Some(last)) => format!("{first} {} {last}", style.arrow()),
        _ => say!(language, "no ECE log"),
    };
    let _ = writeln!(
        out,
        "{}",
        style.ink(
            Ink::Bold,
            &format!(
                "ecelens {}  {}",
                report.tool.version,
                say!(language, "ECE mail over OAuth2 with Office 365")
            )
        )
    );
    for (label, value) in [
        ("ECE".to_owned(), d.ece_version.clone().unwrap_or_else(unknown)),
        (say!(language, "external URL"), url),
        (say!(language, "servers"), listed(&servers, language)),
        (say!(language, "aliases"), listed(&aliases, language)),
        (say!(language, "application"), application),
        (say!(language, "logs"), span),
        (say!(language, "only"), window(report, style)),
        (say!(language, "sandbox"), words::sandbox(report).unwrap_or_default()),
        (
            say!(language, "judged as of"),
            report.as_of.clone().unwrap_or_else(|| say!(language, "no dated evidence: give --as-of")),
        ),
    ] {
        if value.is_empty() {
            continue;
        }
        let first = format!("  {}", style.ink(Ink::Dim, &format!("{label:<13}")));
        wrap(out, &first, &" ".repeat(15), &visible_line(&value), style.width);
    }
}

/// What `--since` and `--until` leave in; empty without them.
fn window(report: &Report, style: &Style) -> String {
    let Some(window) = &report.window else { return String::new() };
    let end = |end: &Option<String>| end.clone().unwrap_or_else(|| "...".to_owned());
    say!(
        report.language,
        "{since} {arrow} {until}: logs, sign-ins and audit events of other times are left out, as if they were not in the bundle",
        since = end(&window.since),
        arrow = style.arrow(),
        until = end(&window.until)
    )
}

fn listed<S: AsRef<str>>(items: &[S], language: Language) -> String {
    const SHOWN: usize = 6;
    if items.is_empty() {
        return say!(language, "none known");
    }
    let names = items.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(SHOWN) {
        0 => names,
        others => say!(language, "{names} and {others} more", names, others),
    }
}

fn causes(out: &mut String, report: &Report, style: &Style) {
    title(out, style, &say!(report.language, "Diagnosis"));
    if report.counting_causes().next().is_none() {
        let rest = match report.totals.unknown {
            0 => String::new(),
            open => {
                let open = counted!(open, " 1 question stays open", " {count} questions stay open").render(report.language);
                say!(report.language, "{open}: see \"Still to collect\".", open)
            }
        };
        let found = words::no_fault(report);
        wrap(out, "  ", "  ", &format!("{found}{rest}"), style.width);
    }
    for (n, cause) in report.diagnosis.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        cause_block(out, cause, report.language, style);
    }
    if !report.unexplained.is_empty() {
        let _ = writeln!(out);
        wrap(
            out,
            &say!(report.language, "  Not explained by any cause above: "),
            "    ",
            &report.unexplained.join(", "),
            style.width,
        );
    }
}

fn cause_block(out: &mut String, cause: &Cause, language: Language, style: &Style) {
    let severity = severity_word(cause.severity);
    let first = format!(
        "  {} {} ",
        style.ink(Ink::Bold, &format!("{}.", cause.rank)),
        style.ink(Ink::Red, severity)
    );
    wrap(out, &first, "     ", &visible_line(&cause.summary), style.width);
    let about = say!(
        language,
        "{cause} about {subject} ({sure})",
        cause = cause.cause,
        subject = visible_line(&cause.subject),
        sure = words::confidence(cause.confidence, language)
    );
    wrap(out, "     ", "       ", &about, style.width);
    if let Some(mark) = &cause.suppressed {
        wrap(out, "     ", "       ", &visible_line(&words::suppressed(mark, language)), style.width);
    }
    let shown = if style.verbose { usize::MAX } else { 4 };
    for places in alike(&cause.evidence).iter().take(shown) {
        quote(out, places, style);
    }
    if let Some(onset) = &cause.onset {
        since(out, onset, language, style);
    }
    if !cause.reach.is_empty() {
        wrap(out, &say!(language, "     reach: "), "       ", &visible_line(&cause.reach), style.width);
    }
    if !cause.candidates.is_empty() {
        let heading = say!(language, "Microsoft names no reason; still open, likeliest first, and what decides:");
        wrap(out, "     ", "       ", &heading, style.width);
        for candidate in &cause.candidates {
            let first = format!("       {} ", style.bullet());
            wrap(
                out,
                &first,
                "         ",
                &visible_line(&format!("{}: {}", candidate.check, candidate.decided_by())),
                style.width,
            );
        }
    }
    let lists = [
        (say!(language, "     look again after mending it: "), &cause.masks),
        (say!(language, "     explains: "), &cause.explains),
    ];
    for (heading, ids) in lists.iter().filter(|(_, ids)| !ids.is_empty()) {
        wrap(out, heading, "       ", &ids.join(", "), style.width);
    }
    let label = say!(language, "     do: ");
    let indent = " ".repeat(printed(&label));
    for (index, step) in cause.remedy.iter().enumerate() {
        let first = format!("{}{}. ", if index == 0 { &label } else { &indent }, index + 1);
        wrap(out, &first, &format!("{indent}   "), &visible_line(step), style.width);
    }
}

/// When it began: as a whole, then, where they differ, for each function, alias and server; and what changed between.
fn since(out: &mut String, onset: &OnsetRow, language: Language, style: &Style) {
    const PARTS: usize = 6;
    wrap(out, &say!(language, "     since: "), "       ", &onset.words(language), style.width);
    let shown = if style.verbose { onset.parts.len() } else { PARTS };
    if onset.parts.len() > 1 {
        for part in onset.parts.iter().take(shown) {
            wrap(
                out,
                &format!("       {} ", style.bullet()),
                "         ",
                &visible_line(&part.words(language)),
                style.width,
            );
        }
        if onset.parts.len() > shown {
            let more = say!(language, "{count} more (shown with -v)", count = onset.parts.len() - shown);
            let _ = writeln!(out, "       {} {more}", style.bullet());
        }
    }
    for change in &onset.changes {
        let text = format!("{} [{}]", visible_line(&change.text), visible_line(&change.at.place()));
        wrap(out, &say!(language, "     changed: "), "       ", &text, style.width);
    }
}

/// `--> path:line` of every place that shows these words, and the words with carets, as compilers quote.
fn quote(out: &mut String, places: &[&EvidenceRow], style: &Style) {
    for evidence in places {
        let pointer = evidence.pointer.as_ref().map(|p| format!("  ({})", visible_line(p))).unwrap_or_default();
        let column = evidence
            .column
            .filter(|_| evidence.meant.is_some())
            .map(|column| format!(":{column}"))
            .unwrap_or_default();
        let place = visible_line(&evidence.place());
        let _ = writeln!(out, "     {} {place}{column}{pointer}", style.ink(Ink::Cyan, "-->"));
    }
    let (before, value, after) = places.first().map(|evidence| evidence.parts()).unwrap_or_default();
    let (before, value, after) = (visible_line(before), visible_line(value), visible_line(after));
    // What is meant, character by character, so that the carets stand under it wherever the line is broken.
    let marked = |text: &str, meant: bool| text.chars().map(|c| (c, meant)).collect::<Vec<_>>();
    let text = [marked(&before, false), marked(&value, true), marked(&after, false)].concat();
    let bar = style.ink(Ink::Dim, if style.unicode { "│" } else { "|" });
    for line in lines(&text, style.width.saturating_sub(9).max(40)) {
        let shown: String = line.iter().map(|(c, _)| *c).collect();
        let _ = writeln!(out, "       {bar} {}", shown.trim_end());
        let carets: String = line.iter().map(|(_, meant)| if *meant { '^' } else { ' ' }).collect();
        if carets.contains('^') {
            let _ = writeln!(out, "       {bar} {}", style.ink(Ink::Red, carets.trim_end()));
        }
    }
}

/// Lines of at most `width` characters, broken behind a blank where one is near.
fn lines(mut text: &[(char, bool)], width: usize) -> Vec<&[(char, bool)]> {
    let mut lines = Vec::new();
    while text.len() > width {
        let blank = text[width / 2..width].iter().rposition(|(c, _)| *c == ' ');
        let (line, rest) = text.split_at(blank.map_or(width, |at| width / 2 + at + 1));
        lines.push(line);
        text = rest;
    }
    lines.extend(Some(text).filter(|text| !text.is_empty()));
    lines
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFO",
    }
}

fn to_do(out: &mut String, report: &Report, style: &Style) {
    let wants = report.wanted();
    if wants.is_empty() {
        return;
    }
    title(out, style, &say!(report.language, "Still to collect"));
    let mut role_before = None;
    for want in wants {
        if role_before != Some(want.role) {
            let _ = writeln!(out, "  {}", style.ink(Ink::Bold, &words::role(want.role, report.language)));
            role_before = Some(want.role);
        }
        let first = format!("  {} ", style.bullet());
        wrap(
            out,
            &first,
            "    ",
            &say!(
                report.language,
                "{evidence} (settles {checks})",
                evidence = visible_line(&want.evidence),
                checks = want.checks.join(", ")
            ),
            style.width,
        );
        for line in visible(&want.how).lines() {
            wrap(out, "      ", "        ", line, style.width);
        }
    }
}

/// Suppressions that do nothing: those that do stand at their findings.
fn suppressions(out: &mut String, report: &Report, style: &Style) {
    let idle: Vec<_> = report.idle_suppressions().collect();
    if idle.is_empty() {
        return;
    }
    title(out, style, &say!(report.language, "Suppressions that do nothing"));
    for (entry, why) in idle {
        let text = say!(
            report.language,
            "{place}: {id} about {subject}, until {end}: {why}",
            place = entry.at,
            id = entry.id,
            subject = entry.subject,
            end = entry.expires,
            why
        );
        wrap(out, &format!("  {} ", style.bullet()), "    ", &visible_line(&text), style.width);
    }
}

/// The inventory alone, as `ecelens inventory` prints it.
pub fn inventory(out: &mut String, report: &Report, style: &Style) {
    title(out, style, &say!(report.language, "Inventory"));
    for row in &report.inventory {
        let ink = if row.problem.is_some() || row.kind == "unknown" {
            Ink::Yellow
        } else {
            Ink::Cyan
        };
        let kind = style.ink(ink, &format!("{:<20}", visible_line(&row.kind)));
        wrap(out, &format!("  {kind} "), "      ", &visible_line(&row.path), style.width);
        let mut notes: Vec<String> = Vec::new();
        if row.records > 0 {
            notes.push(counted!(row.records, "1 record", "{count} records").render(report.language));
        }
        if let (Some(first), Some(last)) = (&row.first, &row.last) {
            notes.push(if first == last {
                first.clone()
            } else {
                format!("{first} {} {last}", style.arrow())
            });
        }
        notes.extend(row.problem.clone());
        notes.extend(row.copy_of.as_ref().map(|of| say!(report.language, "copy of {of}", of)));
        if row.losses > 0 {
            let first = row.lost.first().cloned().unwrap_or_default();
            notes.push(format!("{}: {first}", words::lost(row.losses, report.language)));
        }
        if style.verbose || row.kind == "unknown" {
            notes.push(row.why.clone());
        }
        if style.verbose {
            notes.extend(row.encoding.map(str::to_owned));
            if !row.used_by.is_empty() {
                notes.push(say!(report.language, "used by {checks}", checks = row.used_by.join(", ")));
            }
        }
        notes.retain(|n| !n.is_empty());
        if !notes.is_empty() {
            wrap(out, "      ", "      ", &visible_line(&notes.join("; ")), style.width);
        }
    }
}

fn summary(out: &mut String, report: &Report, style: &Style) {
    let _ = writeln!(out, "\n{}", style.ink(Ink::Bold, &totals_line(report)));
}

/// The sums in one line, for every format that people read.
pub fn totals_line(report: &Report) -> String {
    let t = &report.totals;
    let language = report.language;
    let suppressed = match t.suppressed {
        0 => String::new(),
        count => say!(language, " ({count} suppressed)", count),
    };
    say!(
        language,
        "{causes}; {fail} fail, {warn} warn, {open} open, {pass} pass, {apart} n/a{suppressed}; {files}, {size}, {records}",
        causes = counted!(report.counting_causes().count(), "1 root cause", "{count} root causes").render(language),
        fail = t.fail,
        warn = t.warn,
        open = t.unknown,
        pass = t.pass,
        apart = t.not_applicable,
        suppressed,
        files = counted!(t.files, "1 file", "{count} files").render(language),
        size = crate::bundle::size_words(t.bytes),
        records = counted!(t.records, "1 log record", "{count} log records").render(language)
    )
}
