//! Known error texts with their rates, and errors that nothing explains.

use super::{Ink, Report, Style, title, visible_line, wrap};
use crate::{counted, say};
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) fn signatures(out: &mut String, report: &Report, style: &Style) {
    let mut rows: Vec<_> = report.signatures.iter().filter(|s| style.verbose || s.role != "context").collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.count), row.id.clone()));
    title(out, style, &say!(report.language, "Known error texts"));
    for row in rows {
        let rate = report.rates.iter().find(|rate| rate.signature == row.id);
        let line = rate
            .zip(report.log_span)
            .map(|(rate, span)| sparkline(&rate.minutes, span, style))
            .unwrap_or_default();
        let first = format!(
            "  {:>6} {} ",
            format!("{}{}", row.count, style.times()),
            style.ink(Ink::Bold, &visible_line(&row.id))
        );
        wrap(out, &first, "         ", &format!("({}) {line}", row.role), style.width);
        error_about(out, &row.first, &row.last, &row.meaning, style);
    }
}

fn error_about(out: &mut String, first: &Option<String>, last: &Option<String>, text: &str, style: &Style) {
    if let (Some(first), Some(last)) = (first, last) {
        let _ = writeln!(out, "         {}", style.ink(Ink::Dim, &format!("{first} {} {last}", style.arrow())));
    }
    if !text.is_empty() {
        wrap(out, "         ", "         ", &visible_line(text), style.width);
    }
}

pub(super) fn unexplained_errors(out: &mut String, report: &Report, style: &Style) {
    const SHOWN: usize = 8;
    if report.unexplained_errors.is_empty() {
        return;
    }
    title(out, style, &say!(report.language, "Errors that nothing explains"));
    let shown = if style.verbose { usize::MAX } else { SHOWN };
    for row in report.unexplained_errors.iter().take(shown) {
        let begins = match row.begins_with.as_slice() {
            [] => String::new(),
            causes => say!(report.language, "begins together with {causes}", causes = causes.join(", ")),
        };
        let first = format!("  {:>6} ", format!("{}{}", row.count, style.times()));
        let template: String = visible_line(&row.template).chars().take(400).collect();
        wrap(out, &first, "         ", &template, style.width);
        error_about(out, &row.first, &row.last, &begins, style);
        let places = if style.verbose { usize::MAX } else { 1 };
        for sample in row.samples.iter().take(places) {
            let _ = writeln!(
                out,
                "         {} {}",
                style.ink(Ink::Cyan, "-->"),
                visible_line(&sample.evidence().place())
            );
        }
    }
    if let Some(more) = report.unexplained_errors.len().checked_sub(shown).filter(|more| *more > 0) {
        let _ = writeln!(
            out,
            "         {}",
            counted!(more, "1 more kind (shown with -v)", "{count} more kinds (shown with -v)").render(report.language)
        );
    }
}

/// Hits over the whole time of the logs in 24 characters.
fn sparkline(minutes: &BTreeMap<i64, u32>, span: (i64, i64), style: &Style) -> String {
    const CELLS: usize = 24;
    let whole = i128::from(span.1.saturating_sub(span.0).max(1));
    let mut cells = [0u64; CELLS];
    for (minute, count) in minutes {
        let part = i128::from(minute.saturating_mul(60_000).clamp(span.0, span.1.max(span.0)).saturating_sub(span.0));
        let at = usize::try_from(part * CELLS as i128 / whole).unwrap_or(0).min(CELLS - 1);
        cells[at] += u64::from(*count);
    }
    let most = cells.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let marks: [char; 8] = if style.unicode {
        ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    } else {
        ['.', ':', '-', '=', '+', '*', '#', '@']
    };
    let empty = if style.unicode { '·' } else { '_' };
    let mark = |count: &u64| match *count {
        0 => empty,
        count => marks[usize::try_from((count * 7).div_ceil(most)).unwrap_or(7).min(7)],
    };
    cells.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_become_a_line() {
        let minutes = BTreeMap::from([(0, 1), (23, 100)]);
        let style = Style::default();
        let line = sparkline(&minutes, (0, 24 * 60_000), &style);
        assert_eq!(line.chars().count(), 24);
        assert!(line.starts_with('▂') && line.ends_with('█'), "{line}");
        assert_eq!(sparkline(&BTreeMap::new(), (0, 1), &style), "");
        let ascii = Style { unicode: false, ..style };
        assert!(sparkline(&minutes, (5, 5), &ascii).is_ascii());
    }
}
