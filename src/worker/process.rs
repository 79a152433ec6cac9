//! The other side: starts a worker, and trusts it with nothing but its own time and memory.

use super::answer::{self, Answer, LONGEST};
use super::{COMMAND, MEMORY, PATIENCE, SECONDS};
use crate::bundle::size_words;
use crate::model::Text;
use crate::syntax::{CELLS, Loss, Section, WorkbookFormat, read_sheets, save_as};
use crate::text;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};
use std::time::Duration;

/// Bytes of the smallest sector of an OLE file; larger ones are multiples of it.
const SECTOR: usize = 512;

/// Starts workers, one after another: only one at a time has its share of memory.
pub struct Worker {
    program: Option<PathBuf>,
    one: Mutex<()>,
}

/// Why there is no answer.
enum Failure {
    /// It can't be started.
    Start(io::Error),
    /// It took too long.
    Time,
    /// It said too much.
    Length,
    /// It died, or what it said is no answer.
    Broken,
}

impl Worker {
    /// Workers that run `program`, which is ecelens. `None`: nothing can be started.
    pub fn new(program: Option<PathBuf>) -> Self {
        Self {
            program,
            one: Mutex::new(()),
        }
    }

    /// Hands out the tables of a workbook. What a worker can't read is a loss that names the limit and what to do.
    pub fn read(&self, bytes: &[u8], each: &mut dyn FnMut(Section)) -> Vec<Loss> {
        let answer = match self.ask(bytes) {
            Ok(answer) => answer,
            Err(failure) => return vec![cut(failure.reason())],
        };
        if let Some(error) = answer.refused {
            return vec![cut(text!(
                "the workbook is damaged, protected by a password, or none ({error}): {advice}, without a password",
                error,
                advice = save_as()
            ))];
        }
        read_sheets(&answer.sheets, each);
        answer.lost.into_iter().map(missing).chain(early_end(bytes)).map(cut).collect()
    }

    fn ask(&self, bytes: &[u8]) -> Result<Answer, Failure> {
        let Some(program) = &self.program else {
            return Err(Failure::Start(io::ErrorKind::Unsupported.into()));
        };
        let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        // The only place where a program is started, and it is this one.
        #[allow(clippy::disallowed_methods)]
        let mut command = Command::new(program);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Failure::Start)?;
        // Nobody listens to what it says there. The sandbox has no null device to put in this place.
        drop(child.stderr.take());
        let answer = talk(&mut child, bytes);
        let ended = child.wait();
        match answer {
            Err(Failure::Broken) if ended.is_ok_and(|status| is_out_of_time(&status)) => Err(Failure::Time),
            answer => answer,
        }
    }
}

/// Gives the child the workbook and waits for its answer.
fn talk(child: &mut Child, bytes: &[u8]) -> Result<Answer, Failure> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::Broken); // Never: both were asked for.
    };
    scope(|scope| {
        let (send, receive) = sync_channel(1);
        let read = move || {
            let mut output = BufReader::new(output.take(LONGEST + 1));
            let answer = answer::read(&mut output);
            let is_long = output.get_ref().limit() == 0;
            let _ = send.send(if is_long { Err(Failure::Length) } else { answer.ok_or(Failure::Broken) });
        };
        let write = move || input.write_all(bytes);
        let begun = Builder::new()
            .spawn_scoped(scope, read)
            .and_then(|_| Builder::new().spawn_scoped(scope, write));
        let answer = match begun {
            Ok(_) => receive.recv_timeout(Duration::from_secs(PATIENCE)).unwrap_or(Err(Failure::Time)),
            Err(error) => Err(Failure::Start(error)),
        };
        // Ends both threads: a dead worker neither listens nor speaks.
        let _ = child.kill();
        answer
    })
}

/// True if the system ended it for the time of the processor that it used.
#[cfg(unix)]
fn is_out_of_time(status: &ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(status) == Some(libc::SIGXCPU)
}

/// Only the clock ends a worker here.
#[cfg(not(unix))]
fn is_out_of_time(_: &ExitStatus) -> bool {
    false
}

impl Failure {
    fn reason(self) -> Text {
        match self {
            Self::Start(error) => text!(
                "not read: the process that reads such files can't be started ({error}); {advice}",
                error = error.to_string(),
                advice = save_as()
            ),
            Self::Time => text!(
                "limit reached: the process that reads it may compute for {count} seconds and take {all} in all; {advice}",
                count = SECONDS,
                all = PATIENCE,
                advice = save_as()
            ),
            Self::Length => text!(
                "limit reached: what is read from it may have {size}; {advice}",
                size = Text::figure(size_words(LONGEST)),
                advice = save_as()
            ),
            Self::Broken => text!(
                "the process that reads it broke off: the file is damaged, or needs more than {size} of memory; {advice}",
                size = Text::figure(size_words(MEMORY)),
                advice = save_as()
            ),
        }
    }
}

/// OLE files are made of sectors, and who reads one doesn't miss a last one that nothing points to ([MS-CFB] 2.2).
fn early_end(bytes: &[u8]) -> Option<Text> {
    let is_cut = WorkbookFormat::of(bytes) == Some(WorkbookFormat::Xls) && !bytes.len().is_multiple_of(SECTOR);
    is_cut.then(|| text!("the workbook ends in the middle of a sector: what follows is missing; copy it again, whole"))
}

fn cut(reason: Text) -> Loss {
    Loss { line: 0, reason, cut: true }
}

fn missing(lost: answer::Lost) -> Text {
    let name = lost.sheet;
    match lost.error {
        Some(reason) => text!("the sheet `{name}` was not read: {reason}", name, reason),
        None => text!(
            "the workbook has more than {count} cells: the rest of `{name}` was left out; save the sheet as .csv",
            count = CELLS,
            name
        ),
    }
}
