//! Ctrl-C ends the program at once, but never in the middle of a file.

use super::terminal;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Exit code of a program that Ctrl-C ended: 128 and the number of SIGINT, by the shells' custom.
const INTERRUPTED: i32 = 130;

/// Held while a file is written. Signals belong to the process as a whole, and so does what they have to wait for.
static WRITING: Mutex<()> = Mutex::new(());

/// Until the guard is dropped, Ctrl-C waits.
pub fn hold_off() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C ends the program with a line on standard error and exit code 130.
pub fn watch() {
    let end = || {
        let _whole = hold_off();
        terminal::note("ecelens: interrupted; every file named by --output is the old one or the new one, whole");
        std::process::exit(INTERRUPTED);
    };
    // Where no handler can be set, Ctrl-C ends the program as the system does it.
    let _ = ctrlc::set_handler(end);
}
