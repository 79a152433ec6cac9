//! `ecelens timeline`: the events of all servers in one clock.

use super::scan::{Input, analyse};
use super::{Exit, terminal};
use crate::report::{self, Report, TimelineFormat};
use crate::timeline::{Bound, Window};
use clap::{Args, ValueEnum};

/// Formats of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Csv,
    Ndjson,
    Html,
}

/// Arguments of `timeline`.
#[derive(Debug, Args)]
pub struct TimelineArguments {
    #[command(flatten)]
    input: Input,
    /// From this time (RFC 3339, a date, or so long before the newest event: 90m, 12h, 7d).
    #[arg(long, value_name = "TIME", value_parser = parse_bound, help_heading = "Window")]
    since: Option<Bound>,
    /// Up to this time, in the same forms.
    #[arg(long, value_name = "TIME", value_parser = parse_bound, help_heading = "Window")]
    until: Option<Bound>,
    /// An hour on either side of the first time of this error (entra.aadsts50011, or aadsts50011).
    #[arg(long, value_name = "SIGNATURE", help_heading = "Window")]
    around: Option<String>,
    /// Format of the list.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: Format,
}

fn parse_bound(text: &str) -> Result<Bound, String> {
    Bound::parse(text).ok_or_else(|| format!("expected a time like 2026-03-31T12:00:00Z, a date, or a length like 12h or 7d, found `{text}`"))
}

/// Runs `timeline`.
pub fn run(arguments: &TimelineArguments) -> Exit {
    let report = match analyse(&arguments.input) {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    let window = Window {
        since: arguments.since,
        until: arguments.until,
        around: arguments.around.clone(),
    };
    let Some(events) = window.select(&report.timeline) else {
        let wanted = arguments.around.as_deref().unwrap_or_default();
        return terminal::complain(&format!(
            "no event shows `{wanted}`; `ecelens scan` lists the error texts that were found"
        ));
    };
    let style = terminal::style(&arguments.input.common);
    let text = match arguments.format {
        Format::Text => report::timeline(&events, TimelineFormat::Text, &style),
        Format::Csv => report::timeline(&events, TimelineFormat::Csv, &style),
        Format::Ndjson => report::timeline(&events, TimelineFormat::Ndjson, &style),
        Format::Html => {
            let timeline = events.into_iter().cloned().collect();
            let log_span = window.span(&report.timeline).or(report.log_span);
            Ok(report::timeline_page(&Report {
                timeline,
                log_span,
                ..report.clone()
            }))
        }
    };
    match text {
        Err(error) => terminal::complain(&format!("the timeline can't be written as JSON: {error}")),
        Ok(text) => match terminal::print(&text) {
            Err(exit) => exit,
            Ok(()) if report.is_empty() => Exit::Nothing,
            Ok(()) => Exit::Clean,
        },
    }
}
