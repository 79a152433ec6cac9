//! `ecelens checks`, `ecelens signatures`, `ecelens explain`: what the program knows.

use super::{Common, Exit, examples, packs, terminal};
use crate::checks;
use crate::model::Language;
use crate::report::to_json;
use crate::say;
use crate::signatures::{Catalogue, Described};
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// Formats of a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// A table.
    Text,
    /// JSON.
    Json,
}

/// Arguments of `checks` and `signatures`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Only entries whose id or text holds this.
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
    /// Format of the list.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: ListFormat,
    #[command(flatten)]
    common: Common,
}

impl ListArguments {
    fn language(&self) -> Language {
        terminal::language(&self.common, self.format == ListFormat::Text)
    }

    fn wants(&self, texts: &[&str]) -> bool {
        let Some(filter) = &self.filter else { return true };
        let filter = filter.to_lowercase();
        texts.iter().any(|text| text.to_lowercase().contains(&filter))
    }

    fn print<T: Serialize>(&self, rows: &[T], header: &[&str], cells: impl Fn(&T) -> Vec<String>) -> Exit {
        let text = match self.format {
            ListFormat::Json => to_json(&rows).unwrap_or_default(),
            ListFormat::Text => {
                let style = terminal::style(&self.common);
                let mut table = Table::new();
                table
                    .load_style(if style.unicode {
                        presets::UTF8_HORIZONTAL_ONLY
                    } else {
                        presets::ASCII_HORIZONTAL_ONLY
                    })
                    .set_content_arrangement(ContentArrangement::Dynamic)
                    .set_width(u16::try_from(style.width).unwrap_or(u16::MAX))
                    .set_header(header);
                for row in rows {
                    table.add_row(cells(row));
                }
                format!("{table}\n{}\n", say!(self.language(), "{count} entries", count = rows.len()))
            }
        };
        terminal::print(&text).err().unwrap_or(Exit::Clean)
    }
}

#[derive(Serialize)]
struct CheckRow {
    id: &'static str,
    area: &'static str,
    title: &'static str,
    severity: crate::finding::Severity,
    why: &'static str,
    evidence: &'static str,
    remedy: Vec<&'static str>,
    references: &'static [&'static str],
}

/// Runs `checks`.
pub fn checks(arguments: &ListArguments) -> Exit {
    let language = arguments.language();
    let rows: Vec<CheckRow> = checks::all()
        .filter(|c| arguments.wants(&[c.id, c.title, c.why, c.evidence]))
        .map(|c| CheckRow {
            id: c.id,
            area: c.area(),
            title: language.of(c.title),
            severity: c.severity,
            why: language.of(c.why),
            evidence: language.of(c.evidence),
            remedy: c.remedy.iter().map(|&step| language.of(step)).collect(),
            references: c.references,
        })
        .collect();
    arguments.print(
        &rows,
        &[&say!(language, "check"), &say!(language, "makes sure that"), &say!(language, "looks at")],
        |row| vec![row.id.into(), row.title.into(), row.evidence.into()],
    )
}

#[derive(Serialize)]
struct SignatureRow {
    id: String,
    code: Option<String>,
    component: String,
    role: &'static str,
    severity: crate::finding::Severity,
    meaning: String,
    checks: Vec<String>,
    references: Vec<String>,
}

impl SignatureRow {
    fn of(described: &Described<'_>, language: Language) -> Self {
        let texts = |texts: &[std::borrow::Cow<'static, str>]| texts.iter().map(ToString::to_string).collect();
        Self {
            id: described.id().into_owned(),
            code: described.code(),
            component: described.component().to_owned(),
            role: described.role().name(),
            severity: described.severity(),
            meaning: language.of(described.meaning()).to_owned(),
            checks: texts(described.checks()),
            references: texts(described.references()),
        }
    }
}

/// Arguments of `signatures`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
pub struct SignaturesArguments {
    #[command(subcommand)]
    command: Option<SignaturesCommand>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, Subcommand)]
enum SignaturesCommand {
    /// Try the examples and near misses of signature packs; errors point at file, line and column.
    #[command(after_help = examples::CHECK_PACKS)]
    Check(packs::CheckArguments),
    /// Turn errors that no signature knows into a pack to complete.
    #[command(after_help = examples::DRAFT)]
    Draft(packs::DraftArguments),
}

/// Runs `signatures`.
pub fn signatures(arguments: &SignaturesArguments) -> Exit {
    match &arguments.command {
        Some(SignaturesCommand::Check(check)) => return packs::check(check),
        Some(SignaturesCommand::Draft(draft)) => return packs::draft(draft),
        None => {}
    }
    let arguments = &arguments.list;
    let language = arguments.language();
    let catalogue = Catalogue::builtin();
    let texts = catalogue.signatures().filter_map(|s| catalogue.describe(&s.id));
    let codes = catalogue.codes().map(|c| catalogue.describe_code(c.code));
    let rows: Vec<SignatureRow> = texts
        .chain(codes)
        .map(|d| SignatureRow::of(&d, language))
        .filter(|r| arguments.wants(&[&r.id, r.code.as_deref().unwrap_or_default(), &r.meaning]))
        .collect();
    arguments.print(
        &rows,
        &[
            &say!(language, "signature"),
            &say!(language, "role"),
            &say!(language, "meaning"),
            &say!(language, "bears on"),
        ],
        |r| vec![r.id.clone(), r.role.into(), r.meaning.clone(), r.checks.join(" ")],
    )
}
