//! `--config`: reads the configuration, and says what is wrong with it.

use super::{Exit, shown_path, terminal};
use crate::bundle::{Limits, read_whole};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::signatures::Catalogue;
use crate::signatures::explain::nearest;
use std::fs::File;
use std::path::Path;

/// The name under which people look for a configuration.
const USUAL: &str = "ecelens.toml";

/// A file of the usual name in the working directory is not read unasked: the same command would give another report elsewhere.
/// That it lies there is said.
pub fn mention_unused() {
    if Path::new(USUAL).is_file() {
        terminal::note(&format!("{USUAL} is not used; --config {USUAL} uses it"));
    }
}

/// The configuration at `path`.
pub fn read(path: &Path, catalogue: &Catalogue) -> Result<Config, Exit> {
    let unreadable = |error: std::io::Error| terminal::complain(&format!("{}: can't be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?;
    read_whole(&mut file, Limits::default().structured_packed, &mut bytes).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| terminal::complain(&format!("{}: is no UTF-8 text", path.display())))?;
    Config::read(&shown_path(path), &text, |id| nearest(catalogue, id)).map_err(|errors| {
        say(&errors);
        terminal::complain(&format!("{}: nothing was read; mend the configuration first", path.display()))
    })
}

/// Says remarks about the configuration on standard error.
pub fn say(remarks: &[Diagnostic]) {
    for remark in remarks {
        terminal::note(&remark.to_string());
    }
}
