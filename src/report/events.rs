//! The timeline as text, CSV and NDJSON.

use super::escape::visible_line;
use super::text::{Style, wrap};
use super::{EvidenceRow, to_json_line};
use crate::timeline::Event;
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

/// The events in one clock.
///
/// # Errors
/// Only if a value can't be written as JSON.
pub fn timeline(events: &[&Event], format: TimelineFormat, style: &Style) -> serde_json::Result<String> {
    Ok(match format {
        TimelineFormat::Text => text(events, style),
        TimelineFormat::Csv => csv(events),
        TimelineFormat::Ndjson => events.iter().map(|event| line(event)).collect::<serde_json::Result<Vec<_>>>()?.concat(),
    })
}

fn zone_word(event: &Event) -> &'static str {
    match event.at.offset_minutes {
        Some(_) => "explicit",
        None => "unknown",
    }
}

fn text(events: &[&Event], style: &Style) -> String {
    let mut out = String::new();
    let zoneless = events.iter().filter(|e| e.at.offset_minutes.is_none()).count();
    let _ = writeln!(out, "{} events, times in UTC", events.len());
    if zoneless > 0 {
        let text = format!("{zoneless} of them (marked ?) name no zone: they stand where they would be in UTC, and may be off by hours");
        wrap(&mut out, "", "", &text, style.width);
    }
    let mut day = String::new();
    for event in events {
        let clock = event.clock();
        let (date, time) = clock.split_once('T').unwrap_or((clock.as_str(), ""));
        if date != day {
            let _ = writeln!(out, "\n{date}");
            day = date.to_owned();
        }
        let time: String = time.trim_end_matches('Z').chars().take(12).collect();
        let unsure = if event.at.offset_minutes.is_none() { "?" } else { " " };
        let mut tail = String::new();
        if event.count > 1 {
            let _ = write!(tail, " ({}×)", event.count);
        }
        if let Some(until) = event.clock_until() {
            let same_day = until.strip_prefix(date).and_then(|rest| rest.strip_prefix('T'));
            let _ = write!(tail, ", until {}", same_day.unwrap_or(&until).trim_end_matches('Z'));
        }
        let words = format!("{}{tail} [{}]", visible_line(&event.text), visible_line(&event.origin.place()));
        let first = format!("  {time:<12}{unsure} {:<14} ", visible_line(&event.lane));
        wrap(&mut out, &first, &" ".repeat(31), &words, style.width);
    }
    out
}

fn csv(events: &[&Event]) -> String {
    let mut out = String::new();
    let columns = ["time", "zone", "until", "where", "part", "kind", "count", "what", "signatures", "place"];
    super::csv::row(&mut out, columns.iter().map(|c| (*c).to_owned()));
    for event in events {
        let kind = serde_json::to_value(event.kind)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        let cells = [
            event.clock(),
            zone_word(event).to_owned(),
            event.clock_until().unwrap_or_default(),
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

fn line(event: &Event) -> serde_json::Result<String> {
    to_json_line(&json!({
        "type": "event",
        "time": event.clock(),
        "written": event.at.rfc3339(),
        "zone": event.zone(),
        "until": event.clock_until(),
        "where": event.lane,
        "part": event.row,
        "kind": event.kind,
        "count": event.count,
        "what": event.text,
        "signatures": event.signatures,
        "at": EvidenceRow::from(&event.origin),
    }))
}
