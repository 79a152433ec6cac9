//! `ecelens scan`: the main job.

use super::collect::read_report;
use super::output::{Format, Output, keep_off, pair, write};
use super::{Common, Exit, config, is_stdin, packs, shell, shown_path, terminal, worker};
use crate::analysis::{Analysis, Options};
use crate::bundle::{Bundle, Limits};
use crate::finding::Severity;
use crate::model::{Bound, Language, Stamp, parse_offset, zone_name};
use crate::report::{Report, is_report};
use clap::{ArgMatches, Args, FromArgMatches, ValueEnum};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What to read.
#[derive(Clone, Debug, Args)]
pub struct Input {
    /// Folders, files and archives (.zip .tar .tar.gz .gz, nested), read in place; `-` reads one artefact from standard input.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// The moment that expiry is judged by, instead of the newest evidence (RFC 3339, or a date).
    #[arg(long, value_name = "TIME", value_parser = parse_time, help_heading = "Judging")]
    pub as_of: Option<Stamp>,
    /// The running ECE version, where the bundle doesn't name it: "12.6(1) ES5".
    #[arg(long, value_name = "TEXT", value_parser = parse_version, help_heading = "Judging")]
    pub ece_version: Option<crate::model::Version>,
    /// A folder of signature packs (*.toml) to use beside the built-in catalogue.
    #[arg(long, value_name = "DIR", help_heading = "Judging")]
    pub signatures: Option<PathBuf>,
    /// Leave out logs, sign-ins and audit events before this time: RFC 3339, a date, a local time (of --tz, else UTC), or a length
    /// back from the newest evidence (90m, 12h, 7d).
    #[arg(long, value_name = "TIME", value_parser = parse_bound, help_heading = "Time")]
    pub since: Option<Bound>,
    /// Leave out what happened after this time, in the same forms.
    #[arg(long, value_name = "TIME", value_parser = parse_bound, help_heading = "Time")]
    pub until: Option<Bound>,
    /// Show times in this zone: an offset to UTC (+02:00), or UTC. Without it, as they are written.
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, allow_hyphen_values = true, help_heading = "Time")]
    pub tz: Option<i16>,
    /// Zone of logs whose times name none, as an offset; with HOST= of that server's logs only (by their file or folder name). May be
    /// repeated.
    #[arg(long, value_name = "[HOST=]ZONE", value_parser = parse_source_zone, allow_hyphen_values = true, help_heading = "Time")]
    pub source_tz: Vec<SourceZone>,
    /// Threads; the output doesn't depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Reading")]
    pub threads: Option<u16>,
    /// Show pseudonyms in the place of hosts, domains, addresses and ids: the same evidence gives the same ones.
    #[arg(long, help_heading = "Output")]
    pub redact: bool,
    #[command(flatten)]
    pub common: Common,
}

impl Input {
    /// Everything that is read for it: no output may take its place.
    pub fn sources(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.iter().chain(&self.signatures)
    }

    /// One bundle, read without further options.
    pub fn of(path: &Path, common: &Common) -> Self {
        Self {
            paths: vec![path.to_owned()],
            as_of: None,
            ece_version: None,
            signatures: None,
            since: None,
            until: None,
            tz: None,
            source_tz: Vec::new(),
            threads: None,
            redact: false,
            common: common.clone(),
        }
    }
}

/// The zone of logs whose times name none.
#[derive(Clone, Debug)]
pub struct SourceZone {
    /// Whose logs; `None`: all.
    host: Option<String>,
    /// Minutes east of UTC.
    minutes: i16,
}

/// When findings make the program exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Info,
    Never,
}

/// Arguments of `scan`.
#[derive(Clone, Debug)]
pub struct ScanArguments {
    input: Input,
    fail_on: FailOn,
    strict: bool,
    baseline: Option<PathBuf>,
    config: Option<PathBuf>,
    outputs: Vec<Output>,
}

/// The options as clap knows them; formats and files are paired by their places afterwards.
#[derive(Clone, Debug, Args)]
struct Plain {
    #[command(flatten)]
    input: Input,
    /// Format of the report; repeat it with --output for several in one run.
    #[arg(long, value_enum, value_name = "F", help_heading = "Output")]
    format: Vec<Format>,
    /// File for the format before it; written whole or not at all.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Vec<PathBuf>,
    /// Exit with 1 if a finding is at least this severe.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "high", help_heading = "Judging")]
    fail_on: FailOn,
    /// A JSON report of before: only what is new counts for the exit code, and findings are marked as new or known.
    #[arg(long, value_name = "REPORT.json", help_heading = "Judging")]
    baseline: Option<PathBuf>,
    /// A TOML file of findings to suppress, each with id, subject, reason and expires; they stay in the report and don't count.
    #[arg(long, value_name = "FILE", help_heading = "Judging")]
    config: Option<PathBuf>,
    /// Exit with 4 if some evidence was unreadable or partly parsed.
    #[arg(long, help_heading = "Judging")]
    strict: bool,
}

impl Args for ScanArguments {
    fn augment_args(command: clap::Command) -> clap::Command {
        Plain::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Plain::augment_args_for_update(command)
    }
}

impl FromArgMatches for ScanArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let plain = Plain::from_arg_matches(matches)?;
        let places = |name: &str| matches.indices_of(name).into_iter().flatten();
        let formats: Vec<_> = places("format").zip(plain.format).collect();
        let files: Vec<_> = places("output").zip(plain.output).collect();
        Ok(Self {
            input: plain.input,
            fail_on: plain.fail_on,
            strict: plain.strict,
            baseline: plain.baseline,
            config: plain.config,
            outputs: pair(&formats, &files),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn parse_time(text: &str) -> Result<Stamp, String> {
    let stamp = Stamp::parse(text).ok_or_else(|| format!("expected a time like 2026-03-31T12:00:00Z or 2026-03-31, found `{text}`"))?;
    Ok(stamp.or_offset(Some(0)))
}

fn parse_bound(text: &str) -> Result<Bound, String> {
    Bound::parse(text).ok_or_else(|| format!("expected a time like 2026-03-31T12:00:00Z, a date, or a length like 12h or 7d, found `{text}`"))
}

fn parse_zone(text: &str) -> Result<i16, String> {
    parse_offset(text).ok_or_else(|| {
        format!("expected an offset to UTC like +02:00, or UTC, found `{text}`; a zone's name means another offset in summer than in winter")
    })
}

fn parse_source_zone(text: &str) -> Result<SourceZone, String> {
    let (host, zone) = match text.split_once('=') {
        Some((host, zone)) => (Some(host.trim().to_owned()), zone),
        None => (None, text),
    };
    if host.as_ref().is_some_and(String::is_empty) {
        return Err(format!("expected HOST=ZONE, found `{text}`"));
    }
    Ok(SourceZone {
        host,
        minutes: parse_zone(zone)?,
    })
}

fn parse_version(text: &str) -> Result<crate::model::Version, String> {
    let named = crate::model::versions_in(&format!("ECE {text}"), "");
    named
        .first()
        .map(|mention| mention.version)
        .ok_or_else(|| format!("expected a version like \"12.6(1) ES5\", found `{text}`"))
}

/// Reads the input and judges it, with a progress display.
pub fn analysis(input: &Input) -> Result<(Analysis, Options), Exit> {
    configured(input, None)
}

/// The same with a configuration.
fn configured(input: &Input, config: Option<&Path>) -> Result<(Analysis, Options), Exit> {
    if let Some(threads) = input.threads {
        // Fails only if a pool exists already, which then is used.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) = input.paths.iter().cloned().partition(|path| is_stdin(path));
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        // A single word may be a command that was mistyped.
        let hint = match missing.components().count() {
            1 if missing.extension().is_none() => shell::no_command(&missing.to_string_lossy()),
            _ => String::new(),
        };
        return Err(terminal::complain(&format!("{}: no such file or folder{hint}", missing.display())));
    }
    let catalogue = packs::catalogue(input.signatures.as_deref())?;
    let options = Options {
        arguments: shaping(input, config),
        as_of: input.as_of,
        ece_version: input.ece_version,
        since: input.since.map(|bound| bound.or_offset(input.tz)),
        until: input.until.map(|bound| bound.or_offset(input.tz)),
        source_zone: input.source_tz.iter().rev().find(|zone| zone.host.is_none()).map(|zone| zone.minutes),
        source_zones: input
            .source_tz
            .iter()
            .filter_map(|zone| Some((zone.host.clone()?, zone.minutes)))
            .collect(),
        zone: input.tz,
        unconfined: input.common.no_sandbox,
        config: config.map(|file| config::read(file, &catalogue)).transpose()?,
        program: worker::program(),
    };
    let limits = Limits::default();
    let mut bundle = Bundle::open(&paths, limits);
    if !stdin.is_empty() {
        let mut bytes = Vec::new();
        let limit = limits.structured_unpacked;
        if let Err(error) = crate::bundle::read_whole(&mut std::io::stdin().lock() as &mut dyn Read, limit, &mut bytes) {
            return Err(terminal::complain(&format!("standard input can't be read: {error}")));
        }
        bundle.give("stdin", bytes);
    }
    let bar = terminal::progress_bar(bundle.jobs(), input.common.quiet);
    let analysis = Analysis::of(&bundle, catalogue, &options, &|_| bar.inc(1));
    bar.finish_and_clear();
    for (host, _) in analysis.hosts_without_log(&options) {
        terminal::note(&format!(
            "--source-tz: no file or folder of the bundle is named after {host}; its zone is not used"
        ));
    }
    Ok((analysis, options))
}

/// Reads the input and builds the report; `is_text`: it is for people, on standard output.
pub fn analyse(input: &Input, is_text: bool) -> Result<Report, Exit> {
    let language = terminal::language(&input.common, is_text);
    let (analysis, options) = analysis(input)?;
    shown(analysis.report(&options, language), &analysis, input)
}

/// The report as the input asks for it: with names, or with pseudonyms.
fn shown(report: Report, analysis: &Analysis, input: &Input) -> Result<Report, Exit> {
    if !input.redact {
        return Ok(report);
    }
    match analysis.facts() {
        Ok(facts) => Ok(report.redacted(&facts.to_string())),
        Err(error) => Err(terminal::complain(&format!("the facts can't be read for their names: {error}"))),
    }
}

/// The arguments that shape a report, for the report.
fn shaping(input: &Input, config: Option<&Path>) -> Vec<String> {
    let mut arguments: Vec<String> = input.paths.iter().map(|path| shown_path(path)).collect();
    if let Some(as_of) = input.as_of {
        arguments.push(format!("--as-of={as_of}"));
    }
    for (option, path) in [("signatures", input.signatures.as_deref()), ("config", config)] {
        arguments.extend(path.map(|path| format!("--{option}={}", shown_path(path))));
    }
    if let Some(version) = input.ece_version {
        arguments.push(format!("--ece-version={version}"));
    }
    if let Some(lang) = input.common.lang {
        arguments.push(format!("--lang={}", Language::from(lang).code()));
    }
    if input.redact {
        arguments.push("--redact".into());
    }
    if input.common.no_sandbox {
        arguments.push("--no-sandbox".into());
    }
    for (option, bound) in [("since", input.since), ("until", input.until)] {
        arguments.extend(bound.map(|bound| format!("--{option}={bound}")));
    }
    arguments.extend(input.tz.map(|tz| format!("--tz={}", zone_name(tz))));
    for zone in &input.source_tz {
        let host = zone.host.as_ref().map(|host| format!("{host}=")).unwrap_or_default();
        arguments.push(format!("--source-tz={host}{}", zone_name(zone.minutes)));
    }
    arguments
}

/// Runs `scan`.
pub fn run(arguments: &ScanArguments) -> Exit {
    let baseline = match arguments.baseline.as_deref().map(read_report).transpose() {
        Ok(baseline) => baseline,
        Err(exit) => return exit,
    };
    if baseline.as_ref().is_some_and(|value| !is_report(value)) {
        return terminal::complain("the baseline is no JSON report of ecelens (`ecelens scan … --format json`)");
    }
    for output in &arguments.outputs {
        let inputs = arguments.input.sources().chain(&arguments.baseline).chain(&arguments.config);
        if let Err(exit) = keep_off(output.file.as_deref(), inputs) {
            return exit;
        }
    }
    if arguments.config.is_none() && !arguments.input.common.quiet {
        config::mention_unused();
    }
    let (analysis, options) = match configured(&arguments.input, arguments.config.as_deref()) {
        Ok(done) => done,
        Err(exit) => return exit,
    };
    config::say(&analysis.remarks);
    let common = &arguments.input.common;
    let spoken = |output: &Output| terminal::language(common, output.format == Format::Text && output.file.is_none());
    let mut exit = Exit::Clean;
    // The locale may speak Italian on the terminal, while files are in English.
    for language in [Language::English, Language::Italian] {
        let outputs: Vec<Output> = arguments.outputs.iter().filter(|output| spoken(output) == language).cloned().collect();
        if outputs.is_empty() {
            continue;
        }
        let mut report = analysis.report(&options, language);
        if let Some(baseline) = &baseline {
            match report.compare_with(baseline) {
                Ok(diff) => terminal::note(&format!("against the baseline: {}", diff.words(language))),
                Err(error) => return terminal::complain(&format!("the report can't be compared: {error}")),
            }
        }
        let report = match shown(report, &analysis, &arguments.input) {
            Ok(report) => report,
            Err(exit) => return exit,
        };
        if let Err(exit) = write(&report, &outputs, &terminal::style(common)) {
            return exit;
        }
        exit = exit_of(&report, arguments);
        std::mem::forget(report);
    }
    // The program ends here: to give back piece by piece what a large analysis holds would take longer than to write the report.
    std::mem::forget(analysis);
    exit
}

fn exit_of(report: &Report, arguments: &ScanArguments) -> Exit {
    let threshold = match arguments.fail_on {
        FailOn::Critical => Some(Severity::Critical),
        FailOn::High => Some(Severity::High),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::Low => Some(Severity::Low),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    };
    if report.is_empty() {
        return Exit::Nothing;
    }
    let worst = if arguments.baseline.is_some() {
        report.worst_new()
    } else {
        report.worst()
    };
    if threshold.is_some_and(|threshold| worst.is_some_and(|worst| worst <= threshold)) {
        return Exit::Findings;
    }
    if arguments.strict && report.is_partial() {
        return Exit::Partial;
    }
    Exit::Clean
}
