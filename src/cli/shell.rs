//! `ecelens completions` and `ecelens man`.

use super::{Arguments, Exit, terminal};
use clap::{Args, CommandFactory};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Runs `completions`.
pub fn completions(arguments: &CompletionsArguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "ecelens", &mut script);
    printed(&script)
}

/// Runs `man`.
pub fn man() -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(Arguments::command()).render(&mut page) {
        Ok(()) => printed(&page),
        Err(error) => terminal::complain(&format!("the man page can't be written: {error}")),
    }
}

fn printed(bytes: &[u8]) -> Exit {
    terminal::print(&String::from_utf8_lossy(bytes)).err().unwrap_or(Exit::Clean)
}
