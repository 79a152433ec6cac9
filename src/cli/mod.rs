//! The command line: one file per subcommand, no domain logic. Only this module touches the terminal, the environment and the
//! arguments.

mod catalogue;
mod collect;
mod config;
mod diff;
mod examples;
mod explain;
mod facts;
mod interrupt;
mod inventory;
mod output;
mod packs;
mod redact;
mod sandbox;
mod scan;
mod shell;
mod terminal;
mod timeline;
mod worker;

use crate::model::Language;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// How the program ends (contract.md, "Exit codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean,
    /// Findings at or above it.
    Findings,
    /// Usage or internal error.
    Error,
    /// Nothing recognisable in the input.
    Nothing,
    /// With `--strict`: complete, but some evidence unreadable or partly parsed.
    Partial,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Error => 2,
            Exit::Nothing => 3,
            Exit::Partial => 4,
        })
    }
}

/// Reads a support bundle of Cisco Enterprise Chat and Email (ECE) offline and says, with proof, why its mail over OAuth2 with
/// Office 365 does not work, or that it does.
#[derive(Debug, Parser)]
#[command(
    name = "ecelens",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true,
    arg_required_else_help = true
)]
#[command(after_help = examples::ALL)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    scan: scan::ScanArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The main job: read bundles, print the diagnosis, the checklist and the inventory.
    #[command(after_help = examples::SCAN)]
    Scan(scan::ScanArguments),
    /// Everything known about a check, a signature or a raw code (AADSTS50011, 5.7.139, invalid_grant).
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::ExplainArguments),
    /// The check catalogue.
    #[command(after_help = examples::CHECKS)]
    Checks(catalogue::ListArguments),
    /// The signature catalogue.
    #[command(after_help = examples::SIGNATURES)]
    Signatures(catalogue::SignaturesArguments),
    /// What each file was taken for and why, its encoding, time span, losses, and who used it.
    #[command(after_help = examples::INVENTORY)]
    Inventory(inventory::InventoryArguments),
    /// All that was believed, with its origin, and every contradiction, as JSON.
    #[command(after_help = examples::FACTS)]
    Facts(facts::FactsArguments),
    /// The events of all servers in one clock: what began, failed, changed, ended.
    #[command(after_help = examples::TIMELINE)]
    Timeline(timeline::TimelineArguments),
    /// Two bundles or two JSON reports, before and after a change: fixed, new, changed, unchanged.
    #[command(after_help = examples::DIFF)]
    Diff(diff::DiffArguments),
    /// A copy of a bundle that may be shared: names replaced by consistent pseudonyms, secrets gone.
    #[command(after_help = examples::REDACT)]
    Redact(redact::RedactArguments),
    /// The commands that yield the evidence still missing, as scripts to read and run by hand; it runs none of them.
    #[command(after_help = examples::COLLECT)]
    Collect(collect::CollectArguments),
    /// Shell completions, to standard output.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(shell::CompletionsArguments),
    /// The man page of the program or of a command, to standard output.
    #[command(after_help = examples::MAN)]
    Man(shell::ManArguments),
    /// The JSON Schema of the JSON report, to standard output.
    #[command(after_help = examples::SCHEMA)]
    Schema,
}

/// Options that every command has.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Common {
    /// When to colour the output; NO_COLOR and FORCE_COLOR are honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, help_heading = "Output")]
    pub color: Color,
    /// Say less: the summary line only.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Say more: passes, samples, every place.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
    /// Language of what people read. Without it the locale decides for text on a terminal; files, pipes and formats for machines are
    /// in English.
    #[arg(long, value_enum, value_name = "LANG", global = true, help_heading = "Output")]
    pub lang: Option<Lang>,
    /// Don't lock the program in; the report says so. By default it can read and write only what the command line names, and has
    /// no sockets, as far as the system can bar them; -v says how far.
    #[arg(long, global = true, help_heading = "Safety")]
    pub no_sandbox: bool,
}

/// A language of what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English.
    En,
    /// Italian.
    It,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::English,
            Lang::It => Self::Italian,
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Reads the command line, locks the program in, and runs it; or is a worker of it.
pub fn main() -> Exit {
    if worker::is_asked_for() {
        return catch_unwind(worker::run).unwrap_or(Exit::Error);
    }
    let matches = Arguments::command().get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    lock_in(&matches);
    interrupt::watch();
    // Its text could hold what must not be printed.
    catch_unwind(AssertUnwindSafe(|| run(arguments)))
        .unwrap_or_else(|_| terminal::complain("an internal error; please report the command line and the kinds of the files"))
}

/// Threads inherit what binds their parent: this comes before any is started.
fn lock_in(matches: &ArgMatches) {
    let mut command = matches;
    while let Some((_, below)) = command.subcommand() {
        command = below;
    }
    let says = if command.get_flag("no_sandbox") {
        "off, as --no-sandbox asks".into()
    } else {
        sandbox::Access::of(matches).lock()
    };
    if command.get_flag("verbose") {
        terminal::note(&format!("ecelens: sandbox: {says}"));
    }
}

fn run(arguments: Arguments) -> Exit {
    match arguments.command {
        None => scan::run(&arguments.scan),
        Some(Command::Scan(scan)) => scan::run(&scan),
        Some(Command::Explain(arguments)) => explain::run(&arguments),
        Some(Command::Checks(list)) => catalogue::checks(&list),
        Some(Command::Signatures(list)) => catalogue::signatures(&list),
        Some(Command::Inventory(inventory)) => inventory::run(&inventory),
        Some(Command::Facts(arguments)) => facts::run(&arguments),
        Some(Command::Timeline(arguments)) => timeline::run(&arguments),
        Some(Command::Diff(arguments)) => diff::run(&arguments),
        Some(Command::Redact(arguments)) => redact::run(&arguments),
        Some(Command::Collect(arguments)) => collect::run(&arguments),
        Some(Command::Completions(completions)) => shell::completions(&completions),
        Some(Command::Man(page)) => shell::man(&page),
        Some(Command::Schema) => terminal::print(crate::report::SCHEMA).err().unwrap_or(Exit::Clean),
    }
}

/// Where `-` stands for standard input.
pub(crate) fn is_stdin(path: &std::path::Path) -> bool {
    path.as_os_str() == "-"
}

/// A path as the report names it: its last component, so that it is the same from any directory.
pub(crate) fn shown_path(path: &std::path::Path) -> String {
    path.file_name()
        .map_or_else(|| path.to_string_lossy().into_owned(), |name| name.to_string_lossy().into_owned())
}
