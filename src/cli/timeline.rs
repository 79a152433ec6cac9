//! `ecelens timeline`: the events of all servers in one clock.

use super::output::{deliver, keep_off, styled};
use super::scan::{Input, analyse};
use super::{Exit, terminal};
use crate::report::{self, Report, TimelineFormat};
use crate::signatures::explain::closest;
use crate::timeline;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::path::PathBuf;

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
    /// An hour on either side of the first time of this error (entra.aadsts50011, or aadsts50011).
    #[arg(long, value_name = "SIGNATURE", help_heading = "Window")]
    around: Option<String>,
    /// Format of the list.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: Format,
    /// File for the list instead of standard output; written whole or not at all.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// Runs `timeline`.
pub fn run(arguments: &TimelineArguments) -> Exit {
    let file = arguments.output.as_deref();
    let analysed =
        keep_off(file, arguments.input.sources()).and_then(|()| analyse(&arguments.input, arguments.format == Format::Text && file.is_none()));
    let report = match analysed {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    let events = match &arguments.around {
        None => report.timeline.iter().collect(),
        Some(signature) => match timeline::around(&report.timeline, signature) {
            Some(period) => timeline::within(&report.timeline, period),
            None => {
                return terminal::complain(&not_shown(&report, signature));
            }
        },
    };
    let style = styled(&terminal::style(&arguments.input.common), file);
    let list = |format| report::timeline(&events, &report, format, &style);
    let text = match arguments.format {
        Format::Text => list(TimelineFormat::Text),
        Format::Csv => list(TimelineFormat::Csv),
        Format::Ndjson => list(TimelineFormat::Ndjson),
        Format::Html => Ok(report::timeline_page(&report.showing(&events))),
    };
    match text {
        Err(error) => terminal::complain(&format!("the timeline can't be written as JSON: {error}")),
        Ok(text) => match deliver(text.as_bytes(), file) {
            Err(exit) => exit,
            Ok(()) if report.is_empty() => Exit::Nothing,
            Ok(()) => Exit::Clean,
        },
    }
}

/// That no event shows `signature`, what may be meant, and what is shown.
fn not_shown(report: &Report, signature: &str) -> String {
    let shown: BTreeSet<&str> = report.timeline.iter().flat_map(|event| &event.signatures).map(String::as_str).collect();
    let meant = closest(shown.iter().copied(), signature).map(|meant| format!("; did you mean `{meant}`?"));
    let rest = match shown.len() {
        0 => "; no event shows any".to_owned(),
        _ => format!("; shown are {}", shown.into_iter().collect::<Vec<_>>().join(", ")),
    };
    format!("no event shows the error text `{signature}`{}{rest}", meant.unwrap_or_default())
}
