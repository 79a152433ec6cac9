//! The checklist with its filters (style rules, no script), the ports grid, and what is still to collect.

use super::super::{FindingRow, Report, words};
use super::{esc, evidence, prose, section, steps, suppressed, table, tag};
use crate::finding::Verdict;
use crate::model::Language;
use crate::say;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const VERDICTS: [Verdict; 5] = [Verdict::Fail, Verdict::Warn, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];

fn areas(report: &Report) -> Vec<&'static str> {
    let mut areas = Vec::new();
    for finding in &report.findings {
        if !areas.contains(&finding.area()) {
            areas.push(finding.area());
        }
    }
    areas
}

/// Style rules that hide what a box leaves out.
pub fn filter_rules(report: &Report) -> String {
    let mut rules = String::new();
    for verdict in VERDICTS.map(Verdict::word) {
        let _ = writeln!(rules, "body:has(#v-{verdict}:not(:checked)) .finding.v-{verdict}{{display:none}}");
    }
    for area in areas(report) {
        let _ = writeln!(rules, "body:has(#a-{area}:not(:checked)) .finding.a-{area}{{display:none}}");
    }
    rules
}

pub fn checklist(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "checklist", &say!(language, "Checklist"));
    filters(out, &say!(language, "Verdicts shown"));
    for verdict in VERDICTS {
        let word = verdict.word();
        let count = report.findings.iter().filter(|f| f.verdict == verdict).count();
        // What is right is folded away until somebody asks.
        let checked = if matches!(verdict, Verdict::Pass | Verdict::NotApplicable) {
            ""
        } else {
            " checked"
        };
        let shown = words::shown_verdict(word);
        let _ = write!(
            out,
            "<label class=\"{word}\"><input type=\"checkbox\" id=\"v-{word}\"{checked}> {shown} ({count})</label>"
        );
    }
    out.push_str("</div>\n");
    filters(out, &say!(language, "Areas shown"));
    for area in areas(report) {
        let _ = write!(out, "<label><input type=\"checkbox\" id=\"a-{area}\" checked> {area}</label>");
    }
    out.push_str("</div>\n");
    tools(out, language);
    let mut rows: Vec<&FindingRow> = report.findings.iter().collect();
    rows.sort_by_key(|f| (f.suppressed.is_some(), f.verdict, f.severity));
    rows.into_iter().for_each(|f| finding(out, f, language));
    out.push_str("</section>\n");
}

/// Begins a group of boxes to tick.
fn filters(out: &mut String, label: &str) {
    let _ = write!(out, "<div class=\"filters\" role=\"group\" aria-label=\"{}\">", esc(label));
}

/// What only a script can do: it shows itself once that runs.
pub fn tools(out: &mut String, language: Language) {
    let search = esc(&say!(language, "Search checklist and events"));
    let (open, close) = (say!(language, "Unfold all"), say!(language, "Fold all"));
    let _ = writeln!(
        out,
        "<div class=\"filters\" id=\"tools\" hidden><input type=\"search\" id=\"search\" placeholder=\"{search} ( / )\" aria-label=\"{search}\"> <button type=\"button\" id=\"open\">{open}</button> <button type=\"button\" id=\"close\">{close}</button></div>"
    );
}

fn finding(out: &mut String, finding: &FindingRow, language: Language) {
    let subject = words::subject(&finding.subject);
    let about = if subject == "deployment" {
        String::new()
    } else {
        format!("<strong>{}</strong> ", esc(&subject))
    };
    let _ = writeln!(
        out,
        "<details class=\"finding v-{} a-{}\"><summary>{}{} <code>{}</code> <span>{about}{}</span></summary><div class=\"body\">",
        finding.verdict.word(),
        finding.area(),
        tag(finding.verdict.word()),
        if finding.suppressed.is_some() {
            format!(" <span class=\"tag\">{}</span>", say!(language, "suppressed"))
        } else {
            String::new()
        },
        finding.check,
        prose(&finding.message)
    );
    if matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
        let _ = writeln!(
            out,
            "<p class=\"dim\">{}, {}</p>",
            say!(language, "severity {severity}", severity = words::severity(finding.severity)),
            words::confidence(finding.confidence, language)
        );
    }
    suppressed(out, finding.suppressed.as_ref(), language);
    evidence(out, &finding.evidence, language);
    steps(out, &finding.remedy);
    for want in &finding.wants {
        let _ = writeln!(
            out,
            "<p>{}: {}<br><code>{}</code></p>",
            words::role(want.role, language),
            esc(&want.evidence),
            esc(&want.how)
        );
    }
    if !finding.references.is_empty() {
        let _ = writeln!(out, "<p class=\"dim\">{}</p>", esc(&finding.references.join("; ")));
    }
    out.push_str("</div></details>\n");
}

pub fn to_collect(out: &mut String, report: &Report) {
    section(out, "collect", &say!(report.language, "Still to collect"));
    let wanted = report.wanted();
    if wanted.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", say!(report.language, "Nothing: every question has its evidence."));
    }
    let mut before = None;
    for want in &wanted {
        if before != Some(want.role) {
            if before.is_some() {
                out.push_str("</ul>\n");
            }
            let _ = writeln!(out, "<h3>{}</h3>\n<ul>", words::role(want.role, report.language));
            before = Some(want.role);
        }
        let how: Vec<String> = want.how.lines().map(|line| format!("<code>{}</code>", esc(line))).collect();
        let _ = writeln!(
            out,
            "<li>{} <span class=\"dim\">{}</span><br>{}</li>",
            esc(&want.evidence),
            say!(report.language, "settles {checks}", checks = esc(&want.checks.join(", "))),
            how.join("<br>")
        );
    }
    if before.is_some() {
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}

/// The ports grid: a row for each server, a column for each port; what each cell says is in the findings.
pub fn ports(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "ports", &say!(language, "Ports"));
    let mut grid: BTreeMap<&str, BTreeMap<u16, &FindingRow>> = BTreeMap::new();
    let mut columns: BTreeSet<u16> = BTreeSet::new();
    for finding in report.findings.iter().filter(|f| f.check == "network.ports") {
        let Some((host, port)) = finding.subject.name.rsplit_once(' ') else {
            continue;
        };
        let Ok(port) = port.parse() else { continue };
        columns.insert(port);
        grid.entry(host).or_default().insert(port, finding);
    }
    if grid.is_empty() {
        let none = say!(language, "No server is known, so that no port test can be tied to one.");
        let _ = writeln!(out, "<p>{none}</p></section>");
        return;
    }
    let mut headings = vec![say!(language, "Server")];
    headings.extend(columns.iter().map(|port| match port {
        443 => say!(language, "443 sign-in"),
        587 => "587 SMTP".to_owned(),
        993 => "993 IMAP".to_owned(),
        995 => "995 POP3".to_owned(),
        port => port.to_string(),
    }));
    table(out, " class=\"grid\"", &headings);
    for (host, cells) in grid {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", esc(host));
        for port in &columns {
            match cells.get(port) {
                None => out.push_str("<td></td>"),
                Some(finding) => {
                    let word = finding.verdict.word();
                    let shown = match finding.verdict {
                        Verdict::Pass => say!(language, "reachable"),
                        Verdict::Fail => say!(language, "closed"),
                        Verdict::Warn => say!(language, "doubtful"),
                        Verdict::Unknown => say!(language, "not known"),
                        Verdict::NotApplicable => say!(language, "not used"),
                    };
                    let _ = write!(out, "<td class=\"{word}\" title=\"{}\">{shown}</td>", esc(&finding.message));
                }
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div></section>\n");
}
