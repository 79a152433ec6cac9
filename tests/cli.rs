//! The program from outside: exit codes, streams, options.

#![allow(clippy::disallowed_methods)]

mod support;

use std::io::Write;
use std::process::Stdio;
use support::{ecelens, run};

const HEALTHY_LOG: &str = "2026-05-04 09:00:00.000 GMT+0200 <@> INFO <@> [12:RxInstance id : 999] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.service.RxInstance <@> startInstance <@> **** Rx Instance 999 Running **** <@>\n";

fn bundle(name: &str, content: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(name), content).expect("a file in it");
    folder
}

fn code(output: &std::process::Output) -> i32 {
    output.status.code().expect("an exit code")
}

#[test]
fn nothing_recognisable_exits_with_3() {
    let folder = bundle("shopping.txt", "milk and bread\n");
    assert_eq!(code(&run(&[folder.path()])), 3);
}

#[test]
fn usage_errors_exit_with_2_and_speak_on_stderr() {
    for arguments in [
        &["scan"][..],
        &["scan", "--no-such-option", "x"],
        &["scan", "/no/such/file"],
        &["--as-of", "yesterday", "x"],
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_plain_path_is_scanned() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let plain = run(&[folder.path().to_str().unwrap(), "--format", "json"]);
    let named = run(&["scan", folder.path().to_str().unwrap(), "--format", "json"]);
    assert_eq!(plain.stdout, named.stdout);
    assert!(String::from_utf8_lossy(&plain.stdout).contains("\"schema_version\": 1"));
}

#[test]
fn standard_input_holds_one_artefact() {
    let mut child = ecelens()
        .args(["scan", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(HEALTHY_LOG.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["totals"]["records"], 1);
    assert_eq!(report["inventory"][0]["path"], "stdin");
}

#[test]
fn formats_and_files_go_in_pairs() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let out = tempfile::tempdir().unwrap();
    let json = out.path().join("r.json");
    let output = ecelens()
        .arg(folder.path())
        .args(["--format", "json", "--output"])
        .arg(&json)
        .args(["--format", "text"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Diagnosis"));
    let written: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(written["schema_version"], 1);
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn an_output_that_cannot_be_written_is_a_clear_message() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let output = run(&[folder.path().to_str().unwrap(), "--format", "json", "--output", "/no/such/folder/r.json"]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/folder/r.json"));
}

#[test]
fn timelines_and_differences_go_into_files_too() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let (input, out) = (folder.path().to_str().unwrap(), tempfile::tempdir().unwrap());
    let file = out.path().join("list");
    for command in [
        &["timeline", input][..],
        &["timeline", input, "--format", "html"],
        &["diff", input, input],
    ] {
        let printed = run(command);
        let output = ecelens().args(command).arg("--output").arg(&file).output().unwrap();
        assert!(output.stdout.is_empty() && code(&output) == code(&printed), "{command:?}");
        assert_eq!(std::fs::read(&file).unwrap(), printed.stdout, "{command:?}");
    }
}

#[test]
fn a_broken_pack_is_told_like_a_compiler_would() {
    let folder = bundle("x.toml", "[[signature]]\nid = \"ece.x\"\ncolour = \"red\"\n");
    let output = run(&["signatures", "check", folder.path().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(code(&output), 2);
    assert!(said.contains("\n --> x.toml:3:1\n") || said.contains("\n  --> x.toml:3:1\n"), "{said}");
    assert!(said.contains("3 | colour = \"red\"\n") && said.contains("| ^^^^^^\n"), "{said}");
    assert!(said.ends_with("1 pack: 1 error, 0 warnings\n"), "{said}");
}

#[test]
fn evidence_is_never_overwritten() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let log = folder.path().join("eg_log_ECESVC01_rx-process.log");
    for input in [folder.path(), &log] {
        let output = ecelens().arg(input).args(["--format", "json", "--output"]).arg(&log).output().unwrap();
        assert_eq!(code(&output), 2);
        assert!(String::from_utf8_lossy(&output.stderr).contains("part of the input"));
        for command in [&["timeline"][..], &["diff", "/"]] {
            let output = ecelens().args(command).arg(input).arg("--output").arg(&log).output().unwrap();
            assert!(
                code(&output) == 2 && String::from_utf8_lossy(&output.stderr).contains("part of the input"),
                "{command:?}"
            );
        }
        // What a run compares with is an input too.
        let output = ecelens().arg("/").arg("--config").arg(&log).arg("--output").arg(&log).output().unwrap();
        assert!(code(&output) == 2 && String::from_utf8_lossy(&output.stderr).contains("part of the input"));
    }
    assert_eq!(std::fs::metadata(&log).unwrap().len(), HEALTHY_LOG.len() as u64);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_message_and_a_closed_pipe_is_quiet() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = ecelens().arg(folder.path()).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));

    let mut child = ecelens()
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn colour_comes_only_when_asked_for() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let path = folder.path().to_str().unwrap();
    assert!(!run(&[path]).stdout.contains(&0x1b));
    assert!(run(&[path, "--color", "always"]).stdout.contains(&0x1b));
    let forced = ecelens().arg(path).env("FORCE_COLOR", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
    let zero = ecelens().arg(path).env("FORCE_COLOR", "0").output().unwrap();
    assert!(!zero.stdout.contains(&0x1b));
    let refused = ecelens().arg(path).env("FORCE_COLOR", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!refused.stdout.contains(&0x1b));
}

#[test]
fn quiet_is_the_summary_line_alone() {
    let folder = bundle("eg_log_ECESVC01_rx-process.log", HEALTHY_LOG);
    let path = folder.path().to_str().unwrap();
    let (whole, quiet) = (run(&[path]), run(&[path, "-q"]));
    let last = String::from_utf8_lossy(&whole.stdout).lines().last().unwrap_or_default().to_owned();
    assert_eq!(
        (String::from_utf8_lossy(&quiet.stdout).trim_end(), code(&quiet)),
        (last.as_str(), code(&whole))
    );
}

#[test]
fn a_mistyped_command_is_told_what_was_meant() {
    let said = |arguments: &[&str]| String::from_utf8_lossy(&run(arguments).stderr).into_owned();
    assert!(said(&["scna", "."]).contains("and no command (`ecelens --help` lists these); did you mean `scan`?"));
    assert!(said(&["man", "timelien"]).contains("no such command; did you mean `timeline`?"));
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let output = run(&["--help"]);
    let help = String::from_utf8_lossy(&output.stdout);
    for word in [
        "scan",
        "explain",
        "checks",
        "signatures",
        "inventory",
        "timeline",
        "diff",
        "collect",
        "schema",
        "completions",
        "man",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word}");
    }
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert_eq!(code(&run(&["completions", shell])), 0);
    }
    for (page, of) in [
        ("ecelens", &["man"][..]),
        ("ecelens-timeline", &["man", "timeline"]),
        ("ecelens-signatures-check", &["man", "signatures", "check"]),
    ] {
        assert!(String::from_utf8_lossy(&run(of).stdout).contains(&format!(".TH {page} 1")), "{page}");
    }
}

/// What stands below `Examples:` in the help of a command, a line each, without the remarks behind two blanks.
fn examples(command: &[&str]) -> Vec<String> {
    let output = run(&[command, &["--help"]].concat());
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, below) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{command:?} has no examples"));
    let lines = below.lines().take_while(|line| !line.is_empty());
    lines.map(|line| line.trim().split("  ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_examples_of_every_command_are_command_lines() {
    let commands: [&[&str]; 16] = [
        &[],
        &["scan"],
        &["explain"],
        &["checks"],
        &["signatures"],
        &["signatures", "check"],
        &["signatures", "draft"],
        &["inventory"],
        &["facts"],
        &["timeline"],
        &["diff"],
        &["redact"],
        &["collect"],
        &["completions"],
        &["man"],
        &["schema"],
    ];
    let nowhere = tempfile::tempdir().expect("a folder");
    for command in commands {
        let lines = examples(command);
        assert!(!lines.is_empty(), "{command:?}");
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(words[0], "ecelens", "{line}");
            let output = ecelens()
                .current_dir(nowhere.path())
                .args(&words[1..])
                .output()
                .expect("the binary starts");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // The files of the examples aren't there: what is wrong must be that, and not the command line.
            assert!(!said.contains("Usage:") && !said.contains("error:"), "{line}: {said}");
        }
    }
}
