//! From the paths of the command line to the files to read, in one order.

use super::capped::unreadable;
use super::{Limits, Problem, name};
use crate::text;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file to read, and the name that reports give it.
#[derive(Clone, Debug)]
pub struct Root {
    /// Name in reports: begins with the last component of the path that was given, so that it is the same from any directory.
    pub name: Arc<str>,
    /// Where it is.
    pub path: PathBuf,
}

/// Every regular file below `paths`, sorted by name. Links inside folders are not followed; links, FIFOs, sockets and devices
/// are reported as problems. A path that doesn't exist is a problem too.
pub fn walk(paths: &[PathBuf], limits: &Limits) -> (Vec<Root>, Vec<Problem>) {
    let mut files: BTreeMap<Arc<str>, PathBuf> = BTreeMap::new();
    let mut problems = Vec::new();
    for (given, shown) in paths.iter().zip(root_names(paths)) {
        // What the user typed may be a link; what lies below it may not.
        let start = match given.canonicalize() {
            Ok(start) => start,
            Err(error) => {
                problems.push(Problem::new(&shown, unreadable(&error)));
                continue;
            }
        };
        let walker = walkdir::WalkDir::new(&start)
            .follow_links(false)
            .max_depth(limits.folder_depth)
            .sort_by_file_name();
        for entry in walker {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error
                        .path()
                        .map_or_else(|| shown.clone(), |p| join(&shown, p.strip_prefix(&start).unwrap_or(p)));
                    problems.push(Problem::new(
                        &at,
                        text!(
                            "can't be read: {error}",
                            error = error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
                        ),
                    ));
                    continue;
                }
            };
            let name = join(&shown, entry.path().strip_prefix(&start).unwrap_or(entry.path()));
            let kind = entry.file_type();
            if kind.is_dir() {
                if entry.depth() == limits.folder_depth {
                    problems.push(Problem::new(
                        &name,
                        text!("folders deeper than {levels} levels are not read", levels = limits.folder_depth),
                    ));
                }
            } else if kind.is_file() {
                if files.len() >= limits.entries {
                    problems.push(Problem::new(
                        &name,
                        text!(
                            "limit reached: a bundle may hold {count} files; this one and what follows were not read",
                            count = limits.entries
                        ),
                    ));
                    break;
                }
                files.insert(name.into(), entry.into_path());
            } else if kind.is_symlink() {
                problems.push(Problem::new(&name, text!("a link: not followed")));
            } else {
                problems.push(Problem::new(&name, text!("a pipe, socket or device: not read")));
            }
        }
    }
    (files.into_iter().map(|(name, path)| Root { name, path }).collect(), problems)
}

/// The last component of each path; where two would be the same, the path as typed.
fn root_names(paths: &[PathBuf]) -> Vec<String> {
    let last = |path: &Path| -> String {
        let named = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let resolved = || {
            path.canonicalize()
                .ok()
                .and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()))
        };
        named.or_else(resolved).unwrap_or_else(|| path.to_string_lossy().into_owned())
    };
    let names: Vec<String> = paths.iter().map(|p| last(p)).collect();
    let twice = |name: &String| names.iter().filter(|n| *n == name).count() > 1;
    paths
        .iter()
        .zip(&names)
        .map(|(path, name)| {
            if twice(name) {
                name::shown_path(&path.to_string_lossy().replace('\\', "/"))
            } else {
                name::shown(name).into_owned()
            }
        })
        .collect()
}

fn join(root: &str, below: &Path) -> String {
    let mut name = root.to_owned();
    for part in below.components() {
        name.push('/');
        name.push_str(&name::shown(&part.as_os_str().to_string_lossy()));
    }
    name
}
