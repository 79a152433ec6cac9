//! Temporary files and folders beside the place that they are going to be moved to. Whoever writes one holds a lock on it, and the
//! system lets go of the locks of a run that was killed: the next run to the same place removes what nobody holds.

use super::fingerprint::sha256;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use tempfile::{Builder, NamedTempFile, TempDir};

/// In a temporary folder, the file that is locked.
const LOCK: &str = ".ecelens-lock";
/// Digits of the target's name that a temporary name has: names of files may be too long to be repeated.
const DIGITS: usize = 12;

/// A temporary folder, emptied when it is dropped.
pub struct FolderBeside {
    // Dropped before the folder: Windows removes no file that is open.
    _lock: File,
    folder: TempDir,
}

impl FolderBeside {
    /// A folder beside `target`. Removes what killed runs to the same target have left.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn new(target: &Path) -> io::Result<Self> {
        let (parent, prefix) = place(target);
        sweep(parent, &prefix);
        let folder = Builder::new().prefix(&prefix).tempdir_in(parent)?;
        let lock = File::create_new(folder.path().join(LOCK))?;
        hold(&lock);
        Ok(Self { _lock: lock, folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A temporary file beside `target`, removed when it is dropped. Removes what killed runs to the same target have left.
///
/// # Errors
/// Those of the disk.
pub fn file_beside(target: &Path) -> io::Result<NamedTempFile> {
    let (parent, prefix) = place(target);
    sweep(parent, &prefix);
    let file = Builder::new().prefix(&prefix).tempfile_in(parent)?;
    hold(file.as_file());
    Ok(file)
}

/// The folder of `target`, and how temporary names for it begin.
fn place(target: &Path) -> (&Path, String) {
    let parent = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
    let digest = sha256(name);
    (parent, format!(".ecelens-{}-", digest.get(..DIGITS).unwrap_or(&digest)))
}

/// A disk that knows no locks lets nobody else take one either, and nothing is swept away there.
fn hold(file: &File) {
    let _ = file.try_lock();
}

/// What can't be removed stays: it does no harm.
fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let left = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    for entry in left {
        let path = entry.path();
        let is_free = |lock: &Path| File::open(lock).is_ok_and(|file| file.try_lock().is_ok());
        let _ = match entry.file_type() {
            Ok(kind) if kind.is_file() && is_free(&path) => fs::remove_file(&path),
            Ok(kind) if kind.is_dir() && is_free(&path.join(LOCK)) => fs::remove_dir_all(&path),
            // Killed before there was a lock. A folder that isn't empty stays.
            Ok(kind) if kind.is_dir() && !path.join(LOCK).exists() => fs::remove_dir(&path),
            _ => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next_one_to_the_same_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("report.json");
        let (_, prefix) = place(&target);
        let mine = folder.path().join(".ecelens-notes");
        fs::write(&mine, "not a leftover").expect("a file");
        fs::write(folder.path().join(format!("{prefix}killed")), "half").expect("a file");
        let killed = folder.path().join(format!("{prefix}folder"));
        fs::create_dir(&killed).expect("a folder");
        fs::write(killed.join("copy"), "half").expect("a file");
        fs::write(killed.join(LOCK), "").expect("a file");
        fs::create_dir(folder.path().join(format!("{prefix}early"))).expect("a folder");
        let file = file_beside(&target).expect("a file");
        let own = file.path().file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(names(folder.path()), [own.clone(), ".ecelens-notes".to_owned()]);
        // What somebody holds stays, file or folder.
        let beside = FolderBeside::new(&target).expect("a folder");
        let second = file_beside(&target).expect("a file");
        assert_eq!(names(folder.path()).len(), 4);
        drop((file, beside, second));
        assert_eq!(names(folder.path()), [".ecelens-notes"]);
    }

    #[test]
    fn another_target_is_another_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = format!("{}killed", place(&folder.path().join("a.json")).1);
        fs::write(folder.path().join(&left), "half").expect("a file");
        drop(file_beside(&folder.path().join("b.json")).expect("a file"));
        assert_eq!(names(folder.path()), [left]);
    }
}
