//! `ecelens completions` and `ecelens man`.

use super::{Arguments, Exit, terminal};
use crate::signatures::explain::closest;
use clap::{Args, Command, CommandFactory};

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

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// The command that the page is about, as `scan` or `signatures check`; without it, the whole program.
    command: Vec<String>,
}

/// Runs `man`.
pub fn man(arguments: &ManArguments) -> Exit {
    let mut program = Arguments::command();
    program.build();
    let mut command = &program;
    for name in &arguments.command {
        match command.find_subcommand(name) {
            Some(below) => command = below,
            None => return terminal::complain(&format!("{name}: no such command{}", meant(command, name))),
        }
    }
    let mut page = Vec::new();
    match clap_mangen::Man::new(command.clone()).render(&mut page) {
        Ok(()) => printed(&page),
        Err(error) => terminal::complain(&format!("the man page can't be written: {error}")),
    }
}

/// What to say of a word that is neither a file nor a command.
pub fn no_command(word: &str) -> String {
    format!(", and no command (`ecelens --help` lists these){}", meant(&Arguments::command(), word))
}

/// The command below `command` that is spelt most like `word`.
fn meant(command: &Command, word: &str) -> String {
    let names = command.get_subcommands().map(Command::get_name);
    closest(names, word).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn printed(bytes: &[u8]) -> Exit {
    terminal::print(&String::from_utf8_lossy(bytes)).err().unwrap_or(Exit::Clean)
}
