//! Arguments, library, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic is reported with its member, in the inventory; its text could hold what must not be printed.
    std::panic::set_hook(Box::new(|_| {}));
    ecelens::cli::main().into()
}
