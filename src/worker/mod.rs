//! Readers that allocate what a file claims, or panic on damaged ones, in a process of their own: the same program, started again
//! with little memory and time, without files, network or other programs. The workbook goes in by its standard input, the cells
//! come out by its standard output. If it dies, hangs, floods or answers rubbish, this costs the one file that it was given.

mod answer;
#[cfg(debug_assertions)]
mod misbehave;
mod process;
mod workbook;

pub use process::Worker;

use answer::Writer;
use std::io::{self, BufWriter, Read, Write};

/// The argument that makes the program a worker.
pub const COMMAND: &str = "read-workbook-from-standard-input";
/// Bytes of memory that a worker may have.
pub const MEMORY: u64 = 512 << 20;
/// Seconds that a worker may compute, where the system can count them.
pub const SECONDS: u64 = 10;
/// Seconds that it may take by the clock: more, since the machine may have other work.
const PATIENCE: u64 = 30;

/// The worker's side: reads a workbook from `input` and writes its cells to `output`.
///
/// # Errors
/// If the workbook can't be taken in, or the answer is not wanted any more.
pub fn serve(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    #[cfg(debug_assertions)]
    misbehave::as_asked(&bytes, output)?;
    workbook::read(bytes, &mut Writer::new(BufWriter::new(output))?)
}
