//! `ecelens diff`: before and after a change.

use super::collect::read_report;
use super::output::{deliver, keep_off, styled};
use super::scan::{Input, analyse};
use super::{Common, Exit, terminal};
use crate::report::{Diff, diff, is_report, to_json};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Formats of the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// Before: a bundle, or a JSON report.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// After: a bundle, or a JSON report.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Format of the difference.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: Format,
    /// File for the difference instead of standard output; written whole or not at all.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// A JSON report, or the report over a bundle. A JSON file that is no report of ours is a bundle of one file.
fn report(path: &Path, common: &Common, is_text: bool) -> Result<serde_json::Value, Exit> {
    let may_be_report = path.is_file() && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if may_be_report
        && let Ok(value) = read_report(path)
        && is_report(&value)
    {
        return Ok(value);
    }
    let report = analyse(&Input::of(path, common), is_text)?;
    serde_json::to_value(&report).map_err(|error| terminal::complain(&format!("the report can't be written as JSON: {error}")))
}

/// Runs `diff`. The exit code is 1 if something is new.
pub fn run(arguments: &DiffArguments) -> Exit {
    let common = &arguments.common;
    let file = arguments.output.as_deref();
    let is_text = arguments.format == Format::Text && file.is_none();
    if let Err(exit) = keep_off(file, [&arguments.old, &arguments.new]) {
        return exit;
    }
    let both = report(&arguments.old, common, is_text).and_then(|old| Ok((old, report(&arguments.new, common, is_text)?)));
    let (old, new) = match both {
        Ok(both) => both,
        Err(exit) => return exit,
    };
    let found: Diff = diff(&old, &new);
    let language = terminal::language(common, is_text);
    let text = match arguments.format {
        Format::Text => found.text(language, &styled(&terminal::style(common), file)),
        Format::Markdown => found.markdown(language),
        Format::Json => to_json(&found).unwrap_or_default(),
    };
    match deliver(text.as_bytes(), file) {
        Err(exit) => exit,
        Ok(()) if found.new.is_empty() && found.causes.new.is_empty() => Exit::Clean,
        Ok(()) => Exit::Findings,
    }
}
