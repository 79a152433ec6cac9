//! The timeline: a chart of the whole time of the logs, a closer one around the first failure, and every event as a table.

use super::super::Report;
use super::{chart, esc};
use crate::model::{ZoneBasis, zone_name};
use std::fmt::Write;

/// Most events listed in the page; `ecelens timeline` lists all.
const LISTED: usize = 2_000;

/// How far the closer chart looks to either side of the first failure.
const CLOSE_MS: i64 = 3 * 3_600_000;

pub fn section(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"timeline\"><h2 id=\"timeline\">Timeline</h2>\n");
    let Some((from, to)) = span(report) else {
        out.push_str("<p>Nothing in the bundle is dated.</p></section>\n");
        return;
    };
    out.push_str("<p class=\"legend dim\"><span><i class=\"g\"></i>works, polls, starts</span><span><i class=\"r\"></i>fails, silent, stops, a credential ends</span><span><i class=\"a\"></i>known errors</span><span><i class=\"b\"></i>changes</span></p>\n");
    if report.timeline.iter().any(|e| e.at.offset_minutes.is_none()) {
        out.push_str("<p class=\"warn\">Some times name no zone: they are drawn as if they were UTC, and may be off by hours.</p>\n");
    }
    out.push_str("<div class=\"scroll\">");
    chart::draw(out, report, from, to, "The whole time of the logs");
    out.push_str("</div>\n");
    let onset = report.onset;
    if let Some(onset) = onset.filter(|_| to.saturating_sub(from) > 4 * CLOSE_MS) {
        let _ = writeln!(out, "<h3>Around the first failure</h3>\n<div class=\"scroll\">");
        chart::draw(
            out,
            report,
            onset.saturating_sub(CLOSE_MS),
            onset.saturating_add(CLOSE_MS),
            "Three hours on either side of the first failure",
        );
        out.push_str("</div>\n");
    }
    let _ = writeln!(
        out,
        "<details><summary>{} events</summary><div class=\"scroll\"><table id=\"events\"><thead><tr><th>Time ({})</th><th>Where</th><th>What</th><th>Count</th><th>Until</th><th>Place</th></tr></thead><tbody>",
        report.timeline.len(),
        zone_name(report.zone)
    );
    for (n, event) in report.timeline.iter().take(LISTED).enumerate() {
        let zone = match event.zone {
            ZoneBasis::Explicit => "",
            ZoneBasis::Given => " (zone given)",
            ZoneBasis::Unknown => " (no zone)",
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
        let _ = write!(out, "<p>{} more: see <code>ecelens timeline</code>.</p>", report.timeline.len() - LISTED);
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
