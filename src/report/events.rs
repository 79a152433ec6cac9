//! The timeline as text, CSV and NDJSON.

use super::escape::visible_line;
use super::text::{Ink, Style, wrap};
use super::{EvidenceRow, Report, to_json_line};
use crate::model::{Language, ZoneBasis, zone_name};
use crate::timeline::{Event, EventKind};
use crate::{counted, say};
use serde_json::json;
use std::fmt::Write;

/// Formats of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimelineFormat {
    /// For a terminal.
    Text,
    /// A row for each event.
    Csv,
    /// A JSON line for each event.
    Ndjson,
}

/// Events of the report in one clock, that of its zone, told in its language.
///
/// # Errors
/// Only if a value can't be written as JSON.
pub fn timeline(events: &[&Event], report: &Report, format: TimelineFormat, style: &Style) -> serde_json::Result<String> {
    let (zone, language) = (report.zone, report.language);
    Ok(match format {
        TimelineFormat::Text => text(events, zone, language, style),
        TimelineFormat::Csv => csv(events, zone, language),
        TimelineFormat::Ndjson => events
            .iter()
            .map(|event| line(event, zone))
            .collect::<serde_json::Result<Vec<_>>>()?
            .concat(),
    })
}

fn zone_word(event: &Event) -> &'static str {
    match event.zone {
        ZoneBasis::Explicit => "explicit",
        ZoneBasis::Given => "given",
        ZoneBasis::Unknown => "unknown",
    }
}

fn text(events: &[&Event], zone: i16, language: Language, style: &Style) -> String {
    let mut out = String::new();
    let of_zone = |basis: ZoneBasis| events.iter().filter(|e| e.zone == basis).count();
    let (zoneless, given) = (of_zone(ZoneBasis::Unknown), of_zone(ZoneBasis::Given));
    let _ = writeln!(out, "{}", header(events.len(), zone, language));
    if given > 0 {
        let text = say!(language, "marked +: a zone that was given with --source-tz ({given})", given);
        wrap(&mut out, "", "", &text, style.width);
    }
    if zoneless > 0 {
        let text = say!(
            language,
            "marked ?: no zone is named, so that they stand where they would be in UTC, and may be off by hours ({zoneless})",
            zoneless
        );
        wrap(&mut out, "", "", &text, style.width);
    }
    let mut day = String::new();
    for event in events {
        let clock = event.clock(zone);
        let (date, time) = clock.split_once('T').unwrap_or((clock.as_str(), ""));
        if date != day {
            let _ = writeln!(out, "\n{date}");
            day = date.to_owned();
        }
        let time = without_zone(time);
        let basis = match event.zone {
            ZoneBasis::Explicit => " ",
            ZoneBasis::Given => "+",
            ZoneBasis::Unknown => "?",
        };
        let mut tail = String::new();
        if event.count > 1 {
            let _ = write!(tail, " ({}×)", event.count);
        }
        if let Some(until) = event.clock_until(zone) {
            let same_day = until.strip_prefix(date).and_then(|rest| rest.strip_prefix('T'));
            let end = without_zone(same_day.unwrap_or(&until));
            tail.push_str(&say!(language, ", until {end}", end));
        }
        let words = format!("{}{tail}", visible_line(&event.text));
        let time = style.ink(ink(event.kind), &format!("{time:<12}"));
        let first = format!("  {time}{basis} {:<14} ", visible_line(&event.lane));
        wrap(&mut out, &first, &" ".repeat(31), &words, style.width);
        let _ = writeln!(out, "{:16}{} {}", "", style.ink(Ink::Cyan, "-->"), visible_line(&event.origin.place()));
    }
    style.shown(out)
}

/// The colour of what works, fails or changes, as in the chart of the page.
fn ink(kind: EventKind) -> Ink {
    match kind {
        EventKind::Success | EventKind::Polls | EventKind::Start => Ink::Green,
        EventKind::Failure | EventKind::Silence | EventKind::Stop | EventKind::Credential => Ink::Red,
        EventKind::Error => Ink::Yellow,
        EventKind::Change => Ink::Cyan,
    }
}

/// A time of day, or a date with one, without the zone behind it.
fn without_zone(time: &str) -> &str {
    let clock = time.find('T').map_or(0, |t| t + 1);
    let end = time.get(clock..).and_then(|rest| rest.find(['Z', '+', '-']));
    end.and_then(|end| time.get(..clock + end)).unwrap_or(time)
}

fn header(count: usize, zone: i16, language: Language) -> String {
    let events = counted!(count, "1 event", "{count} events").render(language);
    say!(language, "{events}, times in {zone}", events, zone = zone_name(zone))
}

fn csv(events: &[&Event], zone: i16, language: Language) -> String {
    let mut out = String::new();
    let columns = [
        say!(language, "time"),
        say!(language, "zone"),
        say!(language, "until"),
        say!(language, "where"),
        say!(language, "part"),
        say!(language, "kind"),
        say!(language, "count"),
        say!(language, "what"),
        say!(language, "signatures"),
        say!(language, "place"),
    ];
    super::csv::row(&mut out, columns.into_iter());
    for event in events {
        let kind = serde_json::to_value(event.kind)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        let cells = [
            event.clock(zone),
            zone_word(event).to_owned(),
            event.clock_until(zone).unwrap_or_default(),
            event.lane.clone(),
            event.row.clone(),
            kind,
            event.count.to_string(),
            event.text.clone(),
            event.signatures.join(" "),
            event.origin.place(),
        ];
        super::csv::row(&mut out, cells.into_iter());
    }
    out
}

fn line(event: &Event, zone: i16) -> serde_json::Result<String> {
    to_json_line(&json!({
        "type": "event",
        "time": event.clock(zone),
        "written": event.at.rfc3339(),
        "zone": event.zone,
        "until": event.clock_until(zone),
        "where": event.lane,
        "part": event.row,
        "kind": event.kind,
        "count": event.count,
        "what": event.text,
        "signatures": event.signatures,
        "at": EvidenceRow::from(&event.origin),
    }))
}
