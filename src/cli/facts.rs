//! `ecelens facts`: all that was believed, with origin, and every contradiction.

use super::scan::{Input, analysis};
use super::{Exit, terminal};
use crate::report::{redacted_facts, to_json};
use clap::Args;

/// Arguments of `facts`.
#[derive(Debug, Args)]
pub struct FactsArguments {
    #[command(flatten)]
    input: Input,
}

/// Runs `facts`.
pub fn run(arguments: &FactsArguments) -> Exit {
    let analysis = match analysis(&arguments.input) {
        Ok((analysis, _)) => analysis,
        Err(exit) => return exit,
    };
    let hosts: Vec<String> = analysis.case.servers().into_iter().map(|server| server.host).collect();
    match analysis.facts().and_then(|facts| to_json(&facts)) {
        Ok(text) if arguments.input.redact => terminal::print(&redacted_facts(&text, &hosts)).err().unwrap_or(Exit::Clean),
        Ok(text) => terminal::print(&text).err().unwrap_or(Exit::Clean),
        Err(error) => terminal::complain(&format!("the facts can't be written as JSON: {error}")),
    }
}
