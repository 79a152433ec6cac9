//! `ecelens inventory`: what each file was taken for.

use super::scan::{Input, analyse};
use super::{Exit, terminal};
use crate::report;
use clap::{Args, ValueEnum};

/// Formats of the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum InventoryFormat {
    Text,
    Json,
}

/// Arguments of `inventory`.
#[derive(Debug, Args)]
pub struct InventoryArguments {
    #[command(flatten)]
    input: Input,
    /// Format of the list.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: InventoryFormat,
}

/// Runs `inventory`.
pub fn run(arguments: &InventoryArguments) -> Exit {
    let report = match analyse(&arguments.input, arguments.format == InventoryFormat::Text) {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    let text = match arguments.format {
        InventoryFormat::Json => report::to_json(&report.inventory).unwrap_or_default(),
        InventoryFormat::Text => {
            let style = report::text::Style {
                verbose: true,
                ..terminal::style(&arguments.input.common)
            };
            let mut text = String::new();
            report::text::inventory(&mut text, &report, &style);
            text
        }
    };
    match terminal::print(&text) {
        Err(exit) => exit,
        Ok(()) if report.is_empty() => Exit::Nothing,
        Ok(()) => Exit::Clean,
    }
}
