//! What the page begins with: the deployment, the sums, the root causes; and the error texts.

use super::super::{Cause, Report, words};
use super::{esc, evidence, quote, steps, suppressed, tag};
use crate::model::Language;
use std::fmt::Write;

pub fn header(out: &mut String, report: &Report) {
    let d = &report.deployment;
    out.push_str("<h1>ECE mail over OAuth2 with Office 365</h1>\n");
    let inputs: Vec<String> = report.arguments.iter().map(|a| esc(a)).collect();
    let _ = writeln!(
        out,
        "<p class=\"dim\">{} {} over <code>{}</code></p>",
        report.tool.name,
        report.tool.version,
        inputs.join(" ")
    );
    out.push_str("<nav aria-label=\"Sections\">");
    for (id, name) in [
        ("causes", "Root causes"),
        ("checklist", "Checklist"),
        ("collect", "Still to collect"),
        ("timeline", "Timeline"),
        ("names", "Names"),
        ("ports", "Ports"),
        ("errors", "Error texts"),
        ("inventory", "Inventory"),
    ] {
        let _ = write!(out, "<a href=\"#{id}\">{name}</a>");
    }
    out.push_str("</nav>\n<div class=\"totals\">");
    let t = &report.totals;
    for (class, count, name) in [
        ("fail", t.fail, "fail"),
        ("warn", t.warn, "warn"),
        ("unknown", t.unknown, "open"),
        ("pass", t.pass, "pass"),
        ("not-applicable", t.not_applicable, "don't apply"),
    ] {
        let _ = write!(out, "<div class=\"{class}\"><b>{count}</b>{name}</div>");
    }
    let _ = write!(
        out,
        "<div><b>{}</b>files, {}</div><div><b>{}</b>log records</div></div>\n<dl>",
        t.files,
        crate::bundle::size_words(t.bytes),
        t.records
    );
    let unknown = || "<span class=\"unknown\">unknown</span>".to_owned();
    let list = |items: Vec<String>| if items.is_empty() { unknown() } else { items.join(", ") };
    let servers = d.servers.iter().map(|s| {
        let about: Vec<&str> = s.roles.iter().copied().chain(s.ips.iter().map(String::as_str)).collect();
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" ({})", about.join(", "))
        };
        format!("{}{}", esc(&s.host), esc(&about))
    });
    let aliases = d.aliases.iter().map(|a| match &a.account {
        Some(account) => format!("{} <span class=\"dim\">account {}</span>", esc(&a.address), esc(account)),
        None => esc(&a.address),
    });
    let application = match (&d.application.name, &d.application.app_id) {
        (None, None) => unknown(),
        (name, id) => [name, id].into_iter().flatten().map(|t| esc(t)).collect::<Vec<_>>().join(", "),
    };
    let span = match (&d.log_span.first, &d.log_span.last) {
        (Some(first), Some(last)) => format!("{} to {}", esc(first), esc(last)),
        _ => "no ECE log".to_owned(),
    };
    let window = report.window.as_ref().map_or_else(String::new, |window| {
        let end = |end: &Option<String>| end.as_ref().map_or_else(|| "…".to_owned(), |t| esc(t));
        format!(
            "{} to {} <span class=\"dim\">logs, sign-ins and audit events of other times are left out</span>",
            end(&window.since),
            end(&window.until)
        )
    });
    for (name, value) in [
        ("ECE", d.ece_version.as_ref().map_or_else(unknown, |v| esc(v))),
        (
            "External URL",
            list(d.external_urls.iter().map(|u| format!("<code>{}</code>", esc(u))).collect()),
        ),
        ("Application", application),
        ("Tenant", d.application.tenant.as_ref().map_or_else(unknown, |t| esc(t))),
        ("Servers", list(servers.collect())),
        ("Aliases", list(aliases.collect())),
        ("Logs", span),
        ("Only", window),
        (
            "Judged as of",
            report
                .as_of
                .as_ref()
                .map_or_else(|| "nothing in the bundle is dated".to_owned(), |t| esc(t)),
        ),
    ] {
        if !value.is_empty() {
            let _ = write!(out, "<dt>{name}</dt><dd>{value}</dd>");
        }
    }
    out.push_str("</dl>\n");
}

pub fn causes(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"causes\"><h2 id=\"causes\">Root causes</h2>\n");
    if report.counting_causes().next().is_none() {
        let but = if report.diagnosis.is_empty() { "" } else { " but what is suppressed" };
        let _ = writeln!(
            out,
            "<div class=\"card good\"><p>No fault{but} was found in the evidence given. Open questions below say what is not known.</p></div>"
        );
    }
    report.diagnosis.iter().for_each(|c| cause(out, c, report.language));
    if !report.unexplained.is_empty() {
        let list: Vec<String> = report.unexplained.iter().map(|u| format!("<code>{}</code>", esc(u))).collect();
        let _ = writeln!(out, "<p>No cause accounts for {}.</p>", list.join(", "));
    }
    out.push_str("</section>\n");
}

fn cause(out: &mut String, cause: &Cause, language: Language) {
    let _ = writeln!(
        out,
        "<article class=\"card\"><h3>{}. {} {}</h3><p class=\"dim\"><code>{}</code> about <code>{}</code>, {}</p>",
        cause.rank,
        tag(words::severity(cause.severity)),
        esc(&cause.summary),
        esc(&cause.cause),
        esc(&cause.subject),
        words::confidence(cause.confidence, language)
    );
    suppressed(out, cause.suppressed.as_ref(), language);
    evidence(out, &cause.evidence);
    out.push_str("<dl>");
    if let Some(onset) = &cause.onset {
        let _ = write!(out, "<dt>Since</dt><dd>{}", esc(&onset.words(language)));
        if onset.parts.len() > 1 {
            let parts: String = onset
                .parts
                .iter()
                .map(|part| format!("<li>{}</li>", esc(&part.words(language))))
                .collect();
            let _ = write!(out, "<ul>{parts}</ul>");
        }
        out.push_str("</dd>");
        for change in &onset.changes {
            let _ = write!(
                out,
                "<dt>Changed</dt><dd>{} <span class=\"place dim\">{}</span></dd>",
                esc(&change.text),
                esc(&change.at.place())
            );
        }
    }
    if !cause.reach.is_empty() {
        let _ = write!(out, "<dt>Reach</dt><dd>{}</dd>", esc(&cause.reach));
    }
    if !cause.candidates.is_empty() {
        out.push_str("<dt>Still open</dt><dd>Microsoft names no reason; likeliest first, and what decides:<ul>");
        for candidate in &cause.candidates {
            let _ = write!(out, "<li><code>{}</code>: {}</li>", esc(&candidate.check), esc(&candidate.decided_by()));
        }
        out.push_str("</ul></dd>");
    }
    for (name, ids) in [("Explains", &cause.explains), ("Look again after", &cause.masks)] {
        if !ids.is_empty() {
            let list: Vec<String> = ids.iter().map(|id| format!("<code>{}</code>", esc(id))).collect();
            let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", list.join(", "));
        }
    }
    out.push_str("</dl>\n");
    if !cause.remedy.is_empty() {
        out.push_str("<strong>What to do</strong>\n");
        steps(out, &cause.remedy);
    }
    out.push_str("</article>\n");
}

pub fn errors(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"errors\"><h2 id=\"errors\">Error texts</h2>\n");
    if report.signatures.is_empty() {
        out.push_str("<p>No known error text was found.</p>\n");
    } else {
        out.push_str(
            "<div class=\"scroll\"><table><thead><tr><th>Count</th><th>Error</th><th>First, last</th><th>Meaning</th></tr></thead><tbody>\n",
        );
    }
    for row in &report.signatures {
        let time = |t: &Option<String>| t.as_ref().map(|t| esc(t)).unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td class=\"num\">{}</td><td><code>{}</code><br><span class=\"dim\">{}</span></td><td class=\"time\">{}<br>{}</td><td>{}",
            row.count,
            esc(&row.id),
            esc(&row.role),
            time(&row.first),
            time(&row.last),
            esc(&row.meaning)
        );
        if !row.samples.is_empty() {
            let _ = write!(out, "<details><summary>{} places</summary>", row.samples.len());
            row.samples.iter().for_each(|s| quote(out, &s.evidence()));
            out.push_str("</details>");
        }
        out.push_str("</td></tr>\n");
    }
    if !report.signatures.is_empty() {
        out.push_str("</tbody></table></div>\n");
    }
    if !report.unexplained_errors.is_empty() {
        out.push_str("<h3>Errors that nothing explains</h3>\n<ul>\n");
    }
    for row in &report.unexplained_errors {
        let begins = if row.begins_with.is_empty() {
            String::new()
        } else {
            format!(" <span class=\"warn\">begins with {}</span>", esc(&row.begins_with.join(", ")))
        };
        let _ = write!(out, "<li>{}× <code>{}</code>{begins}", row.count, esc(&row.template));
        let _ = write!(out, "<details><summary>{} places</summary>", row.samples.len());
        row.samples.iter().for_each(|s| quote(out, &s.evidence()));
        out.push_str("</details></li>\n");
    }
    if !report.unexplained_errors.is_empty() {
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}
