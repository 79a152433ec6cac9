//! `ecelens collect`: the commands that yield the evidence still missing, as scripts to read and to run by hand.

use super::output::write_whole;
use super::{Common, Exit, is_stdin, terminal};
use crate::collect::{Request, first_requests, requests_of_report, scripts};
use crate::model::Language;
use clap::Args;
use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Arguments of `collect`.
#[derive(Debug, Args)]
pub struct CollectArguments {
    /// A JSON report (`ecelens scan … --format json`), or `-` for standard input; without one: a first collection.
    #[arg(value_name = "REPORT.json")]
    report: Option<PathBuf>,
    /// Folder to write the scripts to, one file each; it must not hold files of these names. Without it they are printed.
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Largest report that is read.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Reads a JSON report.
pub(super) fn read_report(path: &Path) -> Result<serde_json::Value, Exit> {
    let failed = |error: std::io::Error| terminal::complain(&format!("{}: can't be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let mut input: Box<dyn Read> = if is_stdin(path) {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    crate::bundle::read_whole(&mut *input, LIMIT, &mut bytes)
        .map_err(|error| terminal::complain(&format!("{}: can't be read: {error}", path.display())))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    serde_json::from_slice(bytes).map_err(|error| terminal::complain(&format!("{}: no JSON: {error}", path.display())))
}

fn requests(report: &serde_json::Value) -> Result<Vec<Request>, Exit> {
    requests_of_report(report).map_err(|why| terminal::complain(&why))
}

/// The language of a report.
fn language_of(report: &serde_json::Value) -> Language {
    match report["language"].as_str() {
        Some("it") => Language::Italian,
        _ => Language::English,
    }
}

/// Runs `collect`.
pub fn run(arguments: &CollectArguments) -> Exit {
    let common = &arguments.common;
    let (requests, language) = match &arguments.report {
        None => {
            let language = terminal::language(common, arguments.output.is_none());
            (first_requests(language), language)
        }
        Some(path) => match read_report(path).and_then(|report| Ok((requests(&report)?, report))) {
            // The wants are in the language of the report, and so are the comments, unless another is asked for.
            Ok((requests, report)) => (requests, common.lang.map_or_else(|| language_of(&report), Language::from)),
            Err(exit) => return exit,
        },
    };
    let scripts = scripts(&requests, language);
    if scripts.is_empty() {
        terminal::note("Nothing is missing: the report has no open question that evidence would settle.");
        return Exit::Clean;
    }
    let Some(folder) = &arguments.output else {
        let mut text = String::new();
        for script in &scripts {
            let _ = writeln!(
                text,
                "==> {} <==\n{}",
                script.name,
                crate::report::visible(&script.text.replace("\r\n", "\n"))
            );
        }
        return terminal::print(&text).err().unwrap_or(Exit::Clean);
    };
    if let Err(error) = std::fs::create_dir_all(folder) {
        return terminal::complain(&format!("{}: can't be made: {error}", folder.display()));
    }
    for script in &scripts {
        let file = folder.join(&script.name);
        if file.exists() {
            return terminal::complain(&format!("{}: is there already; nothing is overwritten", file.display()));
        }
        if let Err(error) = write_whole(&file, script.text.as_bytes()) {
            return terminal::complain(&format!("{}: can't be written: {error}", file.display()));
        }
        terminal::note(&format!("{}", file.display()));
    }
    Exit::Clean
}
