//! The README shows what the program prints.

mod support;

use support::{fixtures, run};

#[test]
#[allow(clippy::disallowed_methods)]
fn the_recording_of_the_terminal_is_what_the_program_prints() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let recording = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a recording");
    let (begin, end) = recording.split_once("  …\n").expect("a recording with something left out");
    let bundle = fixtures("bundles/secret-expired/input");
    let output = run(&["scan", bundle.to_str().expect("a path")]);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        printed.starts_with(begin),
        "the README begins with\n{begin}\nand the program prints\n{printed}"
    );
    assert!(printed.ends_with(end), "the README ends with\n{end}\nand the program prints\n{printed}");
}
