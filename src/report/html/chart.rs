//! A chart of the timeline as SVG: known errors as bars, below them a lane for each server and for Entra ID. Each mark is a link to
//! its event and says what it is when pointed at.

use super::super::Report;
use super::esc;
use crate::model::{Instant, Language, zone_name};
use crate::say;
use crate::timeline::{Event, EventKind};
use std::collections::BTreeMap;
use std::fmt::Write;

const WIDTH: i64 = 1200;
const LEFT: i64 = 210;
const ROW: i64 = 18;
const BARS: i64 = 26;
const BUCKETS: usize = 120;
/// Most error rows; the most frequent ones.
const ERROR_ROWS: usize = 12;
/// Most marks in one row: more can't be told apart.
const MARKS: usize = 400;

struct Scale {
    from: i64,
    to: i64,
    /// The zone that times are shown in, in minutes east of UTC.
    zone: i16,
    language: Language,
}

impl Scale {
    fn x(&self, at: i64) -> i64 {
        let whole = i128::from(self.to.saturating_sub(self.from).max(1));
        let part = i128::from(at.clamp(self.from, self.to).saturating_sub(self.from));
        LEFT + i64::try_from(part * i128::from(WIDTH - LEFT - 8) / whole).unwrap_or(0)
    }

    fn holds(&self, event: &Event) -> bool {
        event.at.placed() <= self.to && event.until.unwrap_or(event.at).placed() >= self.from
    }
}

/// Draws what lies between two moments (milliseconds since 1970).
pub fn draw(out: &mut String, report: &Report, from: i64, to: i64, title: &str) {
    let scale = Scale {
        from,
        to,
        zone: report.zone,
        language: report.language,
    };
    let mut body = String::new();
    let mut y = 24;
    let mut rates: Vec<_> = report
        .rates
        .iter()
        .map(|rate| (bucketed(&rate.minutes, &scale), rate))
        .filter(|(buckets, _)| buckets.iter().any(|n| *n > 0))
        .collect();
    rates.sort_by_key(|(buckets, rate)| (std::cmp::Reverse(buckets.iter().sum::<u64>()), rate.signature.clone()));
    for (buckets, rate) in rates.iter().take(ERROR_ROWS) {
        bars(&mut body, buckets, &rate.signature, y, report.language);
        y += BARS;
    }
    for (lane, rows) in lanes(report, &scale) {
        let height = ROW * i64::try_from(rows.len()).unwrap_or(1);
        let _ = writeln!(
            body,
            "<rect class=\"lane\" x=\"0\" y=\"{}\" width=\"{WIDTH}\" height=\"{}\"/><text class=\"lanename\" x=\"4\" y=\"{}\">{}</text>",
            y + 4,
            height + 16,
            y + 16,
            esc(&clip(lane, 60))
        );
        y += 18;
        for (row, events) in rows {
            let _ = writeln!(
                body,
                "<text x=\"12\" y=\"{}\">{}</text><line class=\"rule\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{}\" y2=\"{}\"/>",
                y + 13,
                esc(&clip(row, 34)),
                y + 9,
                y + 9
            );
            events.iter().take(MARKS).for_each(|(n, event)| mark(&mut body, &scale, *n, event, y));
            y += ROW;
        }
        y += 4;
    }
    if let Some(onset) = report.onset.filter(|onset| (from..=to).contains(onset)) {
        let x = scale.x(onset);
        let _ = writeln!(
            body,
            "<line class=\"onset\" x1=\"{x}\" x2=\"{x}\" y1=\"18\" y2=\"{y}\"><title>{}</title></line>",
            say!(report.language, "first failure")
        );
    }
    axis(&mut body, &scale, y);
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">\n{body}</svg>\n",
        y + 10,
        esc(title)
    );
}

fn bucketed(minutes: &BTreeMap<i64, u32>, scale: &Scale) -> Vec<u64> {
    let mut buckets = vec![0; BUCKETS];
    let whole = scale.to.saturating_sub(scale.from).max(1);
    let first = scale.from.div_euclid(60_000);
    let last = scale.to.div_euclid(60_000);
    for (minute, count) in minutes.range(first..=last) {
        let part = i128::from(minute.saturating_mul(60_000).clamp(scale.from, scale.to) - scale.from);
        let at = usize::try_from(part * BUCKETS as i128 / i128::from(whole)).unwrap_or(0).min(BUCKETS - 1);
        buckets[at] += u64::from(*count);
    }
    buckets
}

fn bars(out: &mut String, buckets: &[u64], signature: &str, y: i64, language: Language) {
    let most = buckets.iter().copied().max().unwrap_or(1).max(1);
    let sum: u64 = buckets.iter().sum();
    let _ = writeln!(
        out,
        "<text x=\"4\" y=\"{}\">{}<title>{}</title></text>",
        y + 17,
        esc(&clip(signature, 34)),
        esc(&say!(language, "{signature}, {sum}×, at most {most} in a bar", signature, sum, most))
    );
    let width = (WIDTH - LEFT - 8) / i64::try_from(BUCKETS).unwrap_or(1);
    for (n, count) in buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
        // A single error stays visible beside thousands.
        let height = 2 + i64::try_from(count * 20 / most).unwrap_or(20);
        let x = LEFT + i64::try_from(n).unwrap_or(0) * (WIDTH - LEFT - 8) / i64::try_from(BUCKETS).unwrap_or(1);
        let _ = writeln!(
            out,
            "<rect class=\"bar\" x=\"{x}\" y=\"{}\" width=\"{}\" height=\"{height}\"><title>{}</title></rect>",
            y + 23 - height,
            width.max(2) - 1,
            esc(&format!("{count}× {signature}"))
        );
    }
}

type Rows<'a> = BTreeMap<&'a str, Vec<(usize, &'a Event)>>;

/// Events that the chart shows, by lane and row, with their numbers; errors have bars instead.
fn lanes<'a>(report: &'a Report, scale: &Scale) -> BTreeMap<&'a str, Rows<'a>> {
    let mut lanes: BTreeMap<&str, Rows<'_>> = BTreeMap::new();
    let shown = report
        .timeline
        .iter()
        .enumerate()
        .filter(|(_, e)| e.kind != EventKind::Error && scale.holds(e));
    for (n, event) in shown {
        lanes.entry(&event.lane).or_default().entry(&event.row).or_default().push((n, event));
    }
    lanes
}

fn mark(out: &mut String, scale: &Scale, number: usize, event: &Event, y: i64) {
    let (x1, x2) = (scale.x(event.at.placed()), scale.x(event.until.unwrap_or(event.at).placed()));
    let class = match event.kind {
        EventKind::Start => "k-start",
        EventKind::Success => "k-success",
        EventKind::Failure => "k-failure",
        EventKind::Error => "k-error",
        EventKind::Polls => "k-polls",
        EventKind::Silence => "k-silence",
        EventKind::Stop => "k-stop",
        EventKind::Change => "k-change",
        EventKind::Credential => "k-credential",
    };
    let times = if event.count > 1 {
        format!(" ({}×)", event.count)
    } else {
        String::new()
    };
    let until = event
        .clock_until(scale.zone)
        .map(|end| say!(scale.language, " to {end}", end))
        .unwrap_or_default();
    let _ = write!(
        out,
        "<a href=\"#e{number}\"><title>{}</title>",
        esc(&format!("{}{until}: {}{times}", event.clock(scale.zone), event.text))
    );
    let _ = match event.kind {
        EventKind::Success | EventKind::Failure | EventKind::Silence | EventKind::Error => {
            let (top, height) = if event.kind == EventKind::Success { (y + 6, 6) } else { (y + 3, 12) };
            write!(
                out,
                "<rect class=\"{class}\" x=\"{x1}\" y=\"{top}\" width=\"{}\" height=\"{height}\"/>",
                (x2 - x1).max(2)
            )
        }
        EventKind::Polls => write!(
            out,
            "<rect class=\"{class}\" x=\"{x1}\" y=\"{}\" width=\"{}\" height=\"4\"/>",
            y + 7,
            (x2 - x1).max(2)
        ),
        EventKind::Start => write!(out, "<path class=\"{class}\" d=\"M{} {}l10 5l-10 5z\"/>", x1 - 3, y + 4),
        EventKind::Stop | EventKind::Credential => write!(out, "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"9\" height=\"9\"/>", x1 - 4, y + 5),
        EventKind::Change => write!(out, "<path class=\"{class}\" d=\"M{x1} {}l6 6l-6 6l-6 -6z\"/>", y + 3),
    };
    out.push_str("</a>\n");
}

fn axis(out: &mut String, scale: &Scale, bottom: i64) {
    const TICKS: i64 = 6;
    let _ = writeln!(out, "<text class=\"axis\" x=\"4\" y=\"12\">{}</text>", esc(&zone_name(scale.zone)));
    for n in 0..=TICKS {
        let at = scale.from + (scale.to.saturating_sub(scale.from)) / TICKS * n;
        let x = scale.x(at);
        let text: String = Instant(at).stamp().in_zone(scale.zone).rfc3339().chars().take(16).collect();
        let anchor = if n == TICKS { "end" } else { "middle" };
        let _ = writeln!(
            out,
            "<line class=\"rule\" x1=\"{x}\" x2=\"{x}\" y1=\"18\" y2=\"{bottom}\"/><text class=\"axis\" x=\"{x}\" y=\"12\" text-anchor=\"{anchor}\">{}</text>",
            esc(&text.replace('T', " "))
        );
    }
}

fn clip(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length - 1).chain(['…']).collect()
}
