//! The hidden command by which the program starts itself again, to read what isn't read in its own process (`worker`).

use super::{Exit, sandbox};
use crate::worker::{COMMAND, MEMORY, serve};
use std::io;
use std::path::PathBuf;

/// This program, to be started again.
pub fn program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// True if the program was started as a worker. No person asks for that: it is no command that help, completions or manual know.
pub fn is_asked_for() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == COMMAND)
}

/// Reads a workbook from standard input and writes its cells to standard output, with little room and locked in.
pub fn run() -> Exit {
    sandbox::lock_worker();
    let served = limit().and_then(|()| serve(&mut io::stdin().lock(), &mut io::stdout().lock()));
    match served {
        Ok(()) => Exit::Clean,
        Err(_) => Exit::Error,
    }
}

/// Bounds what this process may use.
#[cfg(unix)]
fn limit() -> io::Result<()> {
    use crate::worker::SECONDS;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // At the first bound of time the system says what it was, at the second it only ends.
    let bounds = [
        (Resource::As, MEMORY, MEMORY),
        (Resource::Cpu, SECONDS, SECONDS + 1),
        (Resource::Nofile, 3, 3),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ];
    for (resource, soft, hard) in bounds {
        // Whoever started the program may have bounded it further.
        let set = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let bound = Rlimit {
            current: Some(soft.min(set)),
            maximum: Some(hard.min(set)),
        };
        setrlimit(resource, bound)?;
    }
    Ok(())
}

/// Counts what is allocated, since the system sets no bound that a program could ask for in safe code. The processor's time has
/// none here: the clock of whoever started it does.
#[cfg(windows)]
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

#[cfg(windows)]
fn limit() -> io::Result<()> {
    let most = usize::try_from(MEMORY).unwrap_or(usize::MAX);
    ALLOCATOR.set_limit(most).map_err(|()| io::ErrorKind::OutOfMemory.into())
}
