//! What the page begins with: the deployment, the sums, the root causes; and the error texts.

use super::super::{Cause, Report, words};
use super::{code, codes, esc, evidence, prose, samples, section, steps, suppressed, table, tag};
use crate::bundle::size_words;
use crate::model::Language;
use crate::say;
use std::fmt::Write;

pub fn header(out: &mut String, report: &Report) {
    let language = report.language;
    let _ = writeln!(out, "<h1>{}</h1>", say!(language, "ECE mail over OAuth2 with Office 365"));
    let inputs: Vec<String> = report.arguments.iter().map(|a| esc(a)).collect();
    let _ = writeln!(
        out,
        "<p class=\"dim\">{} {}: <code>{}</code></p>",
        report.tool.name,
        report.tool.version,
        inputs.join(" ")
    );
    let _ = write!(out, "<nav aria-label=\"{}\">", esc(&say!(language, "Sections")));
    for (id, name) in [
        ("causes", say!(language, "Root causes")),
        ("checklist", say!(language, "Checklist")),
        ("collect", say!(language, "Still to collect")),
        ("timeline", say!(language, "Timeline")),
        ("names", say!(language, "Names of ECE")),
        ("ports", say!(language, "Ports")),
        ("errors", say!(language, "Error texts")),
        ("inventory", say!(language, "Inventory")),
    ] {
        let _ = write!(out, "<a href=\"#{id}\">{name}</a>");
    }
    out.push_str("</nav>\n<div class=\"totals\">");
    let t = &report.totals;
    for (class, count) in [
        ("fail", t.fail),
        ("warn", t.warn),
        ("unknown", t.unknown),
        ("pass", t.pass),
        ("not-applicable", t.not_applicable),
    ] {
        let _ = write!(out, "<div class=\"{class}\"><b>{count}</b>{}</div>", words::shown_verdict(class));
    }
    let _ = write!(
        out,
        "<div><b>{}</b>{}</div><div><b>{}</b>{}</div></div>\n<dl>",
        t.files,
        say!(language, "files, {size}", size = size_words(t.bytes)),
        t.records,
        say!(language, "log records")
    );
    for (name, value) in facts(report) {
        let _ = write!(out, "<dt>{name}</dt><dd>{value}</dd>");
    }
    out.push_str("</dl>\n");
}

/// What is known of the deployment, and how it was judged.
fn facts(report: &Report) -> Vec<(String, String)> {
    let language = report.language;
    let d = &report.deployment;
    let unknown = || format!("<span class=\"unknown\">{}</span>", say!(language, "unknown"));
    let or_unknown = |text: &Option<String>| text.as_ref().map_or_else(unknown, |text| esc(text));
    let list = |items: Vec<String>| if items.is_empty() { unknown() } else { items.join(", ") };
    let servers = d.servers.iter().map(|server| esc(&words::server(server, true, language)));
    let aliases = d.aliases.iter().map(|alias| match &alias.account {
        Some(account) => {
            let account = say!(language, "account {account}", account = esc(account));
            format!("{} <span class=\"dim\">{account}</span>", esc(&alias.address))
        }
        None => esc(&alias.address),
    });
    let application = [&d.application.name, &d.application.app_id];
    let span = match (&d.log_span.first, &d.log_span.last) {
        (Some(first), Some(last)) => say!(language, "{first} to {last}", first = prose(first), last = prose(last)),
        _ => say!(language, "no ECE log"),
    };
    let mut facts = vec![
        ("ECE".to_owned(), or_unknown(&d.ece_version)),
        (
            say!(language, "external URL"),
            list(d.external_urls.iter().map(|url| code(url)).collect()),
        ),
        (
            say!(language, "application"),
            list(application.into_iter().flatten().map(|text| esc(text)).collect()),
        ),
        (say!(language, "tenant"), or_unknown(&d.application.tenant)),
        (say!(language, "servers"), list(servers.collect())),
        (say!(language, "aliases"), list(aliases.collect())),
        (say!(language, "logs"), span),
    ];
    if let Some(window) = &report.window {
        let end = |end: &Option<String>| end.as_ref().map_or_else(|| "…".to_owned(), |t| esc(t));
        let span = say!(language, "{first} to {last}", first = end(&window.since), last = end(&window.until));
        let note = say!(language, "logs, sign-ins and audit events of other times are left out");
        facts.push((say!(language, "only"), format!("{span} <span class=\"dim\">{note}</span>")));
    }
    let as_of = report.as_of.as_ref().map(|time| prose(time));
    facts.push((
        say!(language, "judged as of"),
        as_of.unwrap_or_else(|| say!(language, "nothing in the bundle is dated")),
    ));
    facts.extend(words::sandbox(report).map(|off| (say!(language, "sandbox"), off)));
    facts
}

pub fn causes(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "causes", &say!(language, "Root causes"));
    if report.counting_causes().next().is_none() {
        let found = words::no_fault(report);
        let open = say!(language, "Open questions below say what is not known.");
        let _ = writeln!(out, "<div class=\"card good\"><p>{found} {open}</p></div>");
    }
    report.diagnosis.iter().for_each(|c| cause(out, c, language));
    if !report.unexplained.is_empty() {
        let list = codes(&report.unexplained);
        let _ = writeln!(out, "<p>{}</p>", say!(language, "No cause accounts for {list}.", list));
    }
    out.push_str("</section>\n");
}

fn cause(out: &mut String, cause: &Cause, language: Language) {
    let about = say!(
        language,
        "{cause} about {subject}",
        cause = code(&cause.cause),
        subject = code(&cause.subject)
    );
    let _ = writeln!(
        out,
        "<article class=\"card\"><h3>{}. {} {}</h3><p class=\"dim\">{about}, {}</p>",
        cause.rank,
        tag(words::severity(cause.severity)),
        prose(&cause.summary),
        words::confidence(cause.confidence, language)
    );
    suppressed(out, cause.suppressed.as_ref(), language);
    evidence(out, &cause.evidence, language);
    out.push_str("<dl>");
    if let Some(onset) = &cause.onset {
        let _ = write!(out, "<dt>{}</dt><dd>{}", say!(language, "since"), prose(&onset.words(language)));
        if onset.parts.len() > 1 {
            let parts: String = onset
                .parts
                .iter()
                .map(|part| format!("<li>{}</li>", prose(&part.words(language))))
                .collect();
            let _ = write!(out, "<ul>{parts}</ul>");
        }
        out.push_str("</dd>");
        for change in &onset.changes {
            let _ = write!(
                out,
                "<dt>{}</dt><dd>{} <span class=\"place dim\">{}</span></dd>",
                say!(language, "changed"),
                prose(&change.text),
                esc(&change.at.place())
            );
        }
    }
    if !cause.reach.is_empty() {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", say!(language, "reach"), esc(&cause.reach));
    }
    if !cause.candidates.is_empty() {
        let heading = say!(language, "Microsoft names no reason; still open, likeliest first, and what decides:");
        let _ = write!(out, "<dt>{}</dt><dd>{heading}<ul>", say!(language, "still open"));
        for candidate in &cause.candidates {
            let _ = write!(out, "<li>{}: {}</li>", code(&candidate.check), esc(&candidate.decided_by()));
        }
        out.push_str("</ul></dd>");
    }
    for (name, ids) in [
        (say!(language, "explains"), &cause.explains),
        (say!(language, "look again after"), &cause.masks),
    ] {
        if !ids.is_empty() {
            let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", codes(ids));
        }
    }
    out.push_str("</dl>\n");
    if !cause.remedy.is_empty() {
        let _ = writeln!(out, "<strong>{}</strong>", say!(language, "What to do:"));
        steps(out, &cause.remedy);
    }
    out.push_str("</article>\n");
}

pub fn errors(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "errors", &say!(language, "Error texts"));
    if report.signatures.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", say!(language, "No known error text was found."));
    } else {
        known_errors(out, report);
    }
    if !report.unexplained_errors.is_empty() {
        let _ = writeln!(out, "<h3>{}</h3>\n<ul>", say!(language, "Errors that nothing explains"));
        for row in &report.unexplained_errors {
            let _ = write!(out, "<li>{}× {}", row.count, code(&row.template));
            if !row.begins_with.is_empty() {
                let begins = say!(language, "begins together with {causes}", causes = esc(&row.begins_with.join(", ")));
                let _ = write!(out, " <span class=\"warn\">{begins}</span>");
            }
            samples(out, &row.samples, language);
            out.push_str("</li>\n");
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}

fn known_errors(out: &mut String, report: &Report) {
    let language = report.language;
    let headings = [
        say!(language, "Count"),
        say!(language, "Error"),
        say!(language, "First, last"),
        say!(language, "Meaning"),
    ];
    table(out, "", &headings);
    let mut rows: Vec<_> = report.signatures.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.count), &row.id));
    for row in rows {
        let time = |t: &Option<String>| t.as_ref().map(|t| esc(t)).unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td class=\"num\">{}</td><td>{}<br><span class=\"dim\">{}</span></td><td class=\"time\">{}<br>{}</td><td>{}</td></tr>",
            row.count,
            code(&row.id),
            esc(&row.role),
            time(&row.first),
            time(&row.last),
            esc(&row.meaning)
        );
        if !row.samples.is_empty() {
            // A row of their own: quotes need the width.
            out.push_str("<tr class=\"more\"><td></td><td colspan=\"3\">");
            samples(out, &row.samples, language);
            out.push_str("</td></tr>");
        }
        out.push('\n');
    }
    out.push_str("</tbody></table></div>\n");
}
