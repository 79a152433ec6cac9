//! `ecelens redact`: a copy of a bundle that may be shared.

use super::output::write_whole;
use super::{Common, Exit, packs, terminal, worker};
use crate::analysis::{Analysis, Options};
use crate::bundle::{Bundle, Limits, read_whole};
use crate::model::Language;
use crate::redact::{self, Copied, Failure, Kind, Learner, Map};
use crate::say;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `redact`.
#[derive(Debug, Args)]
pub struct RedactArguments {
    /// The bundle: a folder, a file or an archive.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The copy, of the same kind as the bundle; a folder may become a .zip. Nothing is overwritten.
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: PathBuf,
    /// The private map of pseudonyms, instead of OUT.map.json. One that exists is used again and extended.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    map: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs `redact`.
pub fn run(arguments: &RedactArguments) -> Exit {
    make(arguments).err().unwrap_or(Exit::Clean)
}

fn make(arguments: &RedactArguments) -> Result<(), Exit> {
    let RedactArguments { path, output, .. } = arguments;
    if !path.exists() {
        return Err(terminal::complain(&format!("{}: no such file or folder", path.display())));
    }
    let map_file = arguments.map.clone().unwrap_or_else(|| {
        let mut name = output.clone().into_os_string();
        name.push(".map.json");
        name.into()
    });
    for (file, what) in [(output, "copy"), (&map_file, "map")] {
        if lies_in(file, path) {
            return Err(terminal::complain(&format!(
                "{}: lies in the bundle; write the {what} elsewhere",
                file.display()
            )));
        }
    }
    if lies_in(&map_file, output) || map_file.starts_with(output) {
        return Err(terminal::complain(&format!(
            "{}: lies in the copy, and must stay private",
            map_file.display()
        )));
    }
    let is_known = map_file.symlink_metadata().is_ok();
    if is_known && arguments.map.is_none() {
        let message = format!("{0}: is there already; `--map {0}` uses its pseudonyms again", map_file.display());
        return Err(terminal::complain(&message));
    }
    let map = if is_known { read_map(&map_file)? } else { Map::new(key()?) };
    let mut learner = Learner::new(map);
    learn_hosts(path, &mut learner)?;
    let copied = redact::copy(path, output, learner, &Limits::default()).map_err(|failure| complain(&failure, output))?;
    let entries = copied.redactor.map();
    let text = entries
        .to_json()
        .map_err(|error| terminal::complain(&format!("the map can't be written as JSON: {error}")))?;
    write_whole(&map_file, text.as_bytes()).map_err(|error| terminal::complain(&format!("{}: can't be written: {error}", map_file.display())))?;
    if !arguments.common.quiet {
        for (path, reason) in &copied.left_out {
            terminal::note(&format!("left out: {path}: {reason}"));
        }
    }
    let language = terminal::language(&arguments.common, true);
    let summary = summary(&copied, &entries, language);
    if let Err(error) = copied.packer.publish() {
        if !is_known {
            // A map without its copy only confuses.
            let _ = std::fs::remove_file(&map_file);
        }
        return Err(terminal::complain(&format!("{}: {error}", output.display())));
    }
    terminal::note(&format!("{}: {summary}", output.display()));
    let way_back = say!(language, "the way back; keep it private");
    terminal::note(&format!("{}: {way_back}", map_file.display()));
    Ok(())
}

/// True if `file`, which need not exist, lies in the folder `around`, or is it.
fn lies_in(file: &Path, around: &Path) -> bool {
    let Ok(around) = around.canonicalize() else { return false };
    let existing = file.ancestors().find_map(|part| {
        let part = if part.as_os_str().is_empty() { Path::new(".") } else { part };
        part.canonicalize().ok()
    });
    existing.is_some_and(|part| part.starts_with(&around))
}

fn read_map(file: &Path) -> Result<Map, Exit> {
    const LIMIT: u64 = 256 * 1024 * 1024;
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|mut input| read_whole(&mut input, LIMIT, &mut bytes))
        .map_err(|error| terminal::complain(&format!("{}: can't be read: {error}", file.display())))?;
    Map::from_json(&String::from_utf8_lossy(&bytes)).map_err(|error| terminal::complain(&format!("{}: {error}", file.display())))
}

/// A key that nobody can guess.
fn key() -> Result<[u8; 32], Exit> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| terminal::complain(&format!("the system gives no random numbers: {error}")))?;
    Ok(key)
}

/// Hosts that only the evidence as a whole shows to be hosts: a column of server names, a note.
fn learn_hosts(path: &PathBuf, learner: &mut Learner) -> Result<(), Exit> {
    let bundle = Bundle::open(std::slice::from_ref(path), Limits::default());
    let options = Options {
        program: worker::program(),
        ..Options::default()
    };
    let analysis = Analysis::of(&bundle, packs::catalogue(None)?, &options, &|_| {});
    analysis.case.servers().iter().for_each(|server| learner.host(&server.host));
    Ok(())
}

fn summary(copied: &Copied, map: &Map, language: Language) -> String {
    let count = |kinds: &[Kind]| map.entries().iter().filter(|entry| kinds.contains(&entry.kind)).count();
    say!(
        language,
        "{files} files; {hosts} domains and hosts, {users} users, {ids} ids, {addresses} IP addresses have pseudonyms, {secrets} secrets are masked, {left_out} files left out or cut; the copy was searched for all of them",
        files = copied.members,
        hosts = count(&[Kind::Domain, Kind::Host, Kind::Label]),
        users = count(&[Kind::User]),
        ids = count(&[Kind::Guid]),
        addresses = count(&[Kind::Ip]),
        secrets = copied.redactor.secrets(),
        left_out = copied.left_out.len(),
    )
}

fn complain(failure: &Failure, output: &Path) -> Exit {
    match failure {
        Failure::Io(error) => terminal::complain(&format!("{}: {error}", output.display())),
        Failure::Empty => {
            terminal::complain("nothing in the bundle is text or an archive of texts: there is nothing to copy");
            Exit::Nothing
        }
        Failure::Leaks(leaks) => {
            for (path, found) in leaks {
                for leak in found {
                    terminal::note(&format!("{path}: {}", leak.words()));
                }
            }
            terminal::complain("the copy was not written: it still holds what is listed above; leave these files out of the bundle")
        }
    }
}
