//! The timeline: a chart of the whole time of the logs, a closer one around the first failure, and every event as a table.

use super::super::Report;
use super::{chart, code, esc, section, table};
use crate::model::{ZoneBasis, zone_name};
use crate::{counted, say};
use std::fmt::Write;

/// Most events listed in the page; `ecelens timeline` lists all.
const LISTED: usize = 2_000;

/// How far the closer chart looks to either side of the first failure.
const CLOSE_MS: i64 = 3 * 3_600_000;

pub fn timeline(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "timeline", &say!(language, "Timeline"));
    let Some((from, to)) = span(report) else {
        let _ = writeln!(out, "<p>{}</p></section>", say!(language, "Nothing in the bundle is dated."));
        return;
    };
    out.push_str("<p class=\"legend dim\">");
    for (colour, what) in [
        ("g", say!(language, "works, polls, starts")),
        ("r", say!(language, "fails, silent, stops, a credential ends")),
        ("a", say!(language, "known errors")),
        ("b", say!(language, "changes")),
    ] {
        let _ = write!(out, "<span><i class=\"{colour}\"></i>{what}</span>");
    }
    out.push_str("</p>\n");
    if report.timeline.iter().any(|e| e.at.offset_minutes.is_none()) {
        let zoneless = say!(
            language,
            "Some times name no zone: they are drawn as if they were UTC, and may be off by hours."
        );
        let _ = writeln!(out, "<p class=\"warn\">{zoneless}</p>");
    }
    out.push_str("<div class=\"scroll\">");
    chart::draw(out, report, from, to, &say!(language, "The whole time of the logs"));
    out.push_str("</div>\n");
    let onset = report.onset;
    if let Some(onset) = onset.filter(|_| to.saturating_sub(from) > 4 * CLOSE_MS) {
        let _ = writeln!(out, "<h3>{}</h3>\n<div class=\"scroll\">", say!(language, "Around the first failure"));
        chart::draw(
            out,
            report,
            onset.saturating_sub(CLOSE_MS),
            onset.saturating_add(CLOSE_MS),
            &say!(language, "Three hours on either side of the first failure"),
        );
        out.push_str("</div>\n");
    }
    let count = counted!(report.timeline.len(), "1 event", "{count} events").render(language);
    let _ = writeln!(out, "<details><summary>{count}</summary>");
    let headings = [
        say!(language, "Time ({zone})", zone = zone_name(report.zone)),
        say!(language, "Where"),
        say!(language, "What"),
        say!(language, "Count"),
        say!(language, "Until"),
        say!(language, "Place"),
    ];
    table(out, " id=\"events\"", &headings);
    for (n, event) in report.timeline.iter().take(LISTED).enumerate() {
        let zone = match event.zone {
            ZoneBasis::Explicit => String::new(),
            ZoneBasis::Given => say!(language, " (zone given)"),
            ZoneBasis::Unknown => say!(language, " (no zone)"),
        };
        let _ = writeln!(
            out,
            "<tr id=\"e{n}\"><td class=\"time\">{}{zone}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"time\">{}</td><td><span class=\"place dim\">{}</span></td></tr>",
            esc(&event.clock(report.zone)),
            esc(&event.lane),
            esc(&event.text),
            if event.count > 1 { event.count.to_string() } else { String::new() },
            event.clock_until(report.zone).map(|t| esc(&t)).unwrap_or_default(),
            esc(&event.origin.place())
        );
    }
    out.push_str("</tbody></table></div>");
    if report.timeline.len() > LISTED {
        let more = report.timeline.len() - LISTED;
        let _ = write!(
            out,
            "<p>{}</p>",
            say!(language, "{more} more: see {command}.", more, command = code("ecelens timeline"))
        );
    }
    out.push_str("</details></section>\n");
}

/// What the chart spans: the logs, or, without logs, everything but the ends of credentials, which may lie years ahead.
fn span(report: &Report) -> Option<(i64, i64)> {
    let (from, to) = report.log_span.or_else(|| {
        let happened = || report.timeline.iter().filter(|e| e.row != "credentials");
        Some((
            happened().map(|e| e.at.placed()).min()?,
            happened().map(|e| e.until.unwrap_or(e.at).placed()).max()?,
        ))
    })?;
    let room = (to.saturating_sub(from) / 50).max(60_000);
    Some((from.saturating_sub(room), to.saturating_add(room)))
}
