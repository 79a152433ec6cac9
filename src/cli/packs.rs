//! Signature packs: the folder of `--signatures`, `ecelens signatures check`, `ecelens signatures draft`.

use super::scan::{Input, analysis};
use super::{Exit, terminal};
use crate::bundle::{Limits, read_whole};
use crate::checks;
use crate::signatures::{Catalogue, PackText, check_packs, draft};
use clap::Args;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Arguments of `signatures check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The folder of packs (*.toml), or one pack.
    #[arg(value_name = "DIR")]
    path: PathBuf,
}

/// Arguments of `signatures draft`.
#[derive(Debug, Args)]
pub struct DraftArguments {
    #[command(flatten)]
    input: Input,
    /// How many groups of unexplained errors to draft, most frequent first.
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Output")]
    count: usize,
}

/// The texts of the packs at `path`, by name.
fn texts(path: &Path) -> Result<Vec<PackText>, Exit> {
    let unreadable = |at: &Path, error: &dyn std::fmt::Display| terminal::complain(&format!("{}: can't be read: {error}", at.display()));
    let mut files = vec![path.to_path_buf()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        files = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        files.sort();
    }
    let limit = Limits::default().structured_packed;
    files
        .iter()
        .map(|file| {
            let mut bytes = Vec::new();
            let mut open = File::open(file).map_err(|error| unreadable(file, &error))?;
            read_whole(&mut open, limit, &mut bytes).map_err(|error| unreadable(file, &error))?;
            let name = file
                .file_name()
                .map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into_owned());
            Ok(PackText {
                name,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            })
        })
        .collect()
}

fn is_check(id: &str) -> bool {
    checks::by_id(id).is_some()
}

/// The built-in catalogue, with the packs of `folder`. What is wrong with them is said on standard error, and left out.
pub fn catalogue(folder: Option<&Path>) -> Result<Catalogue, Exit> {
    let Some(folder) = folder else { return Ok(Catalogue::builtin()) };
    let (catalogue, diagnostics) = Catalogue::with_packs(&texts(folder)?, is_check);
    for diagnostic in diagnostics {
        terminal::note(&diagnostic.to_string());
    }
    Ok(catalogue)
}

/// Runs `signatures check`: exit code 2 if a pack has errors.
pub fn check(arguments: &CheckArguments) -> Exit {
    let packs = match texts(&arguments.path) {
        Ok(packs) => packs,
        Err(exit) => return exit,
    };
    let diagnostics = check_packs(&packs, is_check);
    let errors = diagnostics.iter().filter(|d| d.error).count();
    let mut text: String = diagnostics.iter().fold(String::new(), |mut text, diagnostic| {
        let _ = writeln!(text, "{}\n", crate::report::visible(&diagnostic.to_string()));
        text
    });
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let warnings = diagnostics.len() - errors;
    let _ = writeln!(
        text,
        "{}: {}, {}",
        count(packs.len(), "pack"),
        count(errors, "error"),
        count(warnings, "warning")
    );
    match terminal::print(&text) {
        Err(exit) => exit,
        Ok(()) if errors > 0 => Exit::Error,
        Ok(()) => Exit::Clean,
    }
}

/// Runs `signatures draft`: a pack to complete, for the errors that no signature knows.
pub fn draft(arguments: &DraftArguments) -> Exit {
    let (analysis, _) = match analysis(&arguments.input) {
        Ok(done) => done,
        Err(exit) => return exit,
    };
    let groups = &analysis.case.logs.unexplained;
    if groups.is_empty() {
        terminal::note("no ERROR or FATAL record is without an explanation: nothing to draft");
        return Exit::Nothing;
    }
    let text = draft::pack(groups.iter().take(arguments.count));
    terminal::print(&text).err().unwrap_or(Exit::Clean)
}
