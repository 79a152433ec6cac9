//! The program opens no connection: shown by what the binary imports, by the system calls it makes, and by a run without a network.
//! The source, the crates and the page have tests of their own (architecture.rs, clippy.toml, supply.rs, browser.rs); the sandbox's
//! stands in src/cli/sandbox.rs.

#![allow(clippy::disallowed_methods, clippy::print_stderr)]
#![cfg(target_os = "linux")]

mod support;

use std::process::{Command, Output};
use support::fixtures;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ecelens");

/// Functions of the C library by which a program reaches a network.
const REACHING: &[&str] = &[
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_r",
    "getnameinfo",
    "res_query",
    "sendto",
    "sendmmsg",
    "recvfrom",
    "recvmmsg",
    "getpeername",
    "getsockname",
];

/// Libraries by which a Windows program does.
const WINDOWS_LIBRARIES: &[&str] = &[
    "ws2_32.dll",
    "wsock32.dll",
    "winhttp.dll",
    "wininet.dll",
    "urlmon.dll",
    "dnsapi.dll",
    "mswsock.dll",
];

/// Output of a tool; `None`, with a line, where it isn't installed or can't work here.
fn tool(command: &mut Command) -> Option<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.code().is_some() => Some(output),
        _ => {
            eprintln!("skipped: {name} is not installed");
            None
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_binary_imports_nothing_that_reaches_a_network() {
    let Some(output) = tool(Command::new("nm").args(["-D", "--undefined-only", PROGRAM])) else {
        return;
    };
    let listed = text(&output.stdout);
    let imported: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|name| name.split('@').next().unwrap_or(name))
        .collect();
    assert!(imported.contains(&"read"), "the list is one of imports: {imported:?}");
    let found: Vec<_> = imported.iter().filter(|name| REACHING.contains(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_windows_program_loads_no_network_library() {
    // Only the optimised program leaves out what it never calls.
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/target/release-files/ecelens.exe");
    if !std::path::Path::new(program).is_file() {
        return eprintln!("skipped: no Windows program; release/build builds it");
    }
    let Some(output) = tool(Command::new("x86_64-w64-mingw32-objdump").args(["-p", program])) else {
        return;
    };
    let loaded = text(&output.stdout).to_lowercase();
    assert!(loaded.contains("kernel32.dll"), "the list is one of libraries");
    let found: Vec<_> = WINDOWS_LIBRARIES.iter().filter(|library| loaded.contains(**library)).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// Without the sandbox, so that a call would really be made.
#[test]
fn no_command_makes_a_call_of_the_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = fixtures("bundles/secret-expired/input");
    let bundle = bundle.to_str().expect("a name");
    let workbook = fixtures("workbooks/ece.xls");
    let workbook = workbook.to_str().expect("a name");
    let commands: &[&[&str]] = &[
        &["scan", bundle],
        &["scan", bundle, "--format", "html"],
        &["scan", bundle, "--format", "xlsx"],
        &["inventory", bundle],
        &["scan", workbook],
        &["timeline", bundle],
        &["facts", bundle],
        &["diff", bundle, bundle],
        &["collect"],
        &["explain", "AADSTS50011"],
        &["signatures"],
    ];
    for command in commands {
        let log = folder.path().join("calls");
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o"])
            .arg(&log)
            .arg(PROGRAM)
            .args(*command)
            .arg("--no-sandbox");
        if tool(&mut strace).is_none() {
            return;
        }
        let traced = std::fs::read_to_string(&log).expect("the log of strace");
        // A worker whose answer is whole is ended; strace then says that it lets go of it.
        let calls: Vec<&str> = traced.lines().filter(|line| !line.is_empty() && !line.contains("<detached")).collect();
        assert!(calls.is_empty(), "{command:?}: {calls:?}");
    }
}

#[test]
fn without_a_network_the_report_is_the_same() {
    let bundle = fixtures("bundles/secret-expired/input");
    let scan = |command: &mut Command| tool(command.arg("scan").arg(&bundle).args(["--format", "json"]));
    let Some(apart) = scan(Command::new("unshare").args(["--net", "--map-root-user", PROGRAM])) else {
        return;
    };
    if text(&apart.stderr).contains("unshare") {
        return eprintln!("skipped: no namespace without a network can be made here: {}", text(&apart.stderr));
    }
    let usual = scan(&mut Command::new(PROGRAM)).expect("the program");
    assert_eq!(apart.stdout, usual.stdout);
    assert_eq!(apart.status.code(), usual.status.code());
}
