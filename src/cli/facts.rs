//! `ecelens facts`: all that was believed, with origin, and every contradiction.

use super::scan::{Input, analysis};
use super::{Exit, terminal};
use crate::report::to_json;
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
    match analysis.facts().and_then(|facts| to_json(&facts)) {
        Ok(text) => terminal::print(&text).err().unwrap_or(Exit::Clean),
        Err(error) => terminal::complain(&format!("the facts can't be written as JSON: {error}")),
    }
}
