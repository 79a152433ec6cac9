//! The checklist: a line for each subject; open questions that say the same of many subjects are one line.

use super::super::words;
use super::{FindingRow, Ink, Report, Style, title, visible_line, wrap};
use crate::finding::{SubjectKind, Verdict};
use crate::model::Language;
use crate::say;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

pub(super) fn checklist(out: &mut String, report: &Report, style: &Style) {
    title(out, style, &say!(report.language, "Checklist"));
    let mut folded = 0;
    let mut rows: Vec<&FindingRow> = report.findings.iter().collect();
    rows.sort_by_key(|f| (f.verdict, f.severity));
    // What is suppressed comes behind what counts.
    rows.sort_by_key(|f| f.suppressed.is_some());
    let groups = if style.verbose { Groups::new() } else { alike(&rows) };
    let mut told: BTreeSet<&(&str, String)> = BTreeSet::new();
    for finding in rows {
        let quiet = matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
        if quiet && !style.verbose {
            folded += 1;
            continue;
        }
        match groups.get_key_value(&(finding.check, gist(finding))) {
            Some((key, group)) if finding.verdict == Verdict::Unknown && finding.suppressed.is_none() && group.len() > 1 => {
                if told.insert(key) {
                    group_line(out, key, group, report.language, style);
                }
            }
            _ => finding_line(out, finding, report.language, style),
        }
    }
    if folded > 0 {
        let text = say!(
            report.language,
            "{pass} pass, {apart} n/a (shown with -v)",
            pass = report.totals.pass,
            apart = report.totals.not_applicable
        );
        let _ = writeln!(out, "  {} {}", style.verdict(Verdict::Pass), style.ink(Ink::Dim, &text));
    }
}

type Groups<'a> = BTreeMap<(&'static str, String), Vec<&'a FindingRow>>;

/// Open questions of one check that say the same about several subjects.
fn alike<'a>(rows: &[&'a FindingRow]) -> Groups<'a> {
    let mut groups = Groups::new();
    for &finding in rows.iter().filter(|f| f.verdict == Verdict::Unknown && f.suppressed.is_none()) {
        groups.entry((finding.check, gist(finding))).or_default().push(finding);
    }
    groups
}

/// A message without what names its subject: its name, the parts of that, and addresses.
fn gist(finding: &FindingRow) -> String {
    let parts: Vec<&str> = finding
        .subject
        .name
        .split(' ')
        .chain(finding.subject.label.as_deref())
        .filter(|p| !p.is_empty())
        .collect();
    let named = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        bare.contains('@') || parts.contains(&bare)
    };
    let message = finding.message.replace(&finding.subject.name, "@");
    let words: Vec<&str> = message.split_whitespace().map(|word| if named(word) { "@" } else { word }).collect();
    words.join(" ")
}

/// One line for many subjects.
fn group_line(out: &mut String, (check, gist): &(&'static str, String), group: &[&FindingRow], language: Language, style: &Style) {
    const NAMED: usize = 4;
    let first = format!("  {} {} ", style.verdict(Verdict::Unknown), style.ink(Ink::Bold, check));
    let plural = match group.first().map(|f| f.subject.kind) {
        _ if *check == "network.ports" => say!(language, "ports"),
        None | Some(SubjectKind::Deployment) => say!(language, "subjects"),
        Some(SubjectKind::Partition) => say!(language, "partitions"),
        Some(SubjectKind::Alias) => say!(language, "aliases"),
        Some(SubjectKind::Mailbox) => say!(language, "mailboxes"),
        Some(SubjectKind::Application) => say!(language, "applications"),
        Some(SubjectKind::Server) => say!(language, "servers"),
        Some(SubjectKind::Account) => say!(language, "accounts"),
        Some(SubjectKind::Instance) => say!(language, "instances"),
    };
    let ellipsis = if style.unicode { "…" } else { "..." };
    let mut names: Vec<String> = group.iter().take(NAMED).map(|f| visible_line(&f.subject.name)).collect();
    if group.len() > NAMED {
        names.push(say!(language, "{count} more", count = group.len() - NAMED));
    }
    let message = visible_line(gist).replace('@', ellipsis);
    let text = format!("[{} {plural}: {}] {message}", group.len(), names.join(", "));
    wrap(out, &first, "       ", &text, style.width);
}

fn finding_line(out: &mut String, finding: &FindingRow, language: Language, style: &Style) {
    let first = format!("  {} {} ", style.verdict(finding.verdict), style.ink(Ink::Bold, finding.check));
    let subject = words::subject(&finding.subject);
    let prefix = if subject == "deployment" {
        String::new()
    } else {
        format!("[{}] ", visible_line(&subject))
    };
    let baseline = match finding.baseline {
        Some("new") => say!(language, "(new) "),
        _ => String::new(),
    };
    let text = format!("{baseline}{prefix}{}", visible_line(&finding.message));
    wrap(out, &first, "       ", &text, style.width);
    if let Some(mark) = &finding.suppressed {
        wrap(
            out,
            "       ",
            "         ",
            &visible_line(&words::suppressed(mark, language)),
            style.width,
        );
    }
    let shown = match (finding.verdict, style.verbose) {
        (_, true) => finding.evidence.len(),
        (Verdict::Fail | Verdict::Warn, false) => 2,
        _ => 0,
    };
    for evidence in finding.evidence.iter().take(shown) {
        let _ = writeln!(out, "       {} {}", style.ink(Ink::Cyan, "-->"), visible_line(&evidence.place()));
    }
}
