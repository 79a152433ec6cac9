//! Little room: what is read in the program's own process takes neither the stack nor the memory that would end it. What could has
//! a process of its own (tests/worker.rs).

#![allow(clippy::disallowed_methods)]
#![cfg(target_os = "linux")]

mod support;

use std::path::Path;
use std::process::{Command, Output};
use support::{fixtures, folders};

/// Scans with 512 MiB of address space and 1 MiB of stack for each thread: Windows gives its main thread no more.
fn scan_in_little_room(path: &Path) -> Output {
    Command::new("sh")
        .args(["-c", "ulimit -v 524288; ulimit -s 1024; RUST_MIN_STACK=1048576 exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_ecelens"))
        .arg("scan")
        .arg(path)
        .args(["--threads", "2", "--format", "json"])
        .output()
        .expect("a shell")
}

#[test]
fn golden_bundles_need_little_room() {
    for bundle in folders(&fixtures("bundles")) {
        let output = scan_in_little_room(&bundle.join("input"));
        assert!(
            output.status.code().is_some_and(|code| code < 2),
            "{}: {:?}",
            bundle.display(),
            output.status
        );
    }
}

#[test]
fn depth_costs_no_stack() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = |name: &str, open: &str, close: &str| {
        let text = open.repeat(200_000) + &close.repeat(200_000);
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    deep("arrays.json", "[", "]");
    deep("objects.json", "{\"a\":", "}");
    deep("elements.xml", "<a>", "</a>");
    deep("page.html", "<div><table><tr><td>", "</td></tr></table></div>");
    deep("graph.txt", "Value : {@{a=", "}}");
    deep("quotes.eml", "> ", "\n");
    std::fs::write(folder.path().join("note.txt"), "ECE 12.6(1) ES5\n").expect("a file");
    let output = scan_in_little_room(folder.path());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{:?}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["inventory"].as_array().map(Vec::len), Some(7));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("internal error"));
    assert!(report["deployment"]["ece_version"].as_str().is_some(), "the note beside them was read");
}
