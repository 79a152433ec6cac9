//! However a run ends — killed, interrupted, without room on the disk —, the old report stands or the new one, never half of one.

#![allow(clippy::disallowed_methods, clippy::print_stderr)]
#![cfg(target_os = "linux")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{ecelens, fixtures};

const OLD: &str = "the report of yesterday";

/// A folder with reports of yesterday, and the run that replaces them.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scene = Self { folder };
        scene.reports().iter().for_each(|file| std::fs::write(file, OLD).expect("an old report"));
        scene
    }

    fn reports(&self) -> [PathBuf; 3] {
        ["report.json", "report.html", "report.csv"].map(|name| self.folder.path().join(name))
    }

    fn start(&self) -> Child {
        self.run(ecelens()).spawn().expect("the binary starts")
    }

    /// The run, started by `command`.
    fn run(&self, mut command: Command) -> Command {
        command
            .arg("scan")
            .arg(fixtures("bundles/secret-expired/input"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for (format, file) in ["json", "html", "csv"].iter().zip(self.reports()) {
            command.args(["--format", format, "--output"]).arg(file);
        }
        command
    }

    fn contents(&self) -> Vec<String> {
        self.reports()
            .iter()
            .map(|file| std::fs::read_to_string(file).expect("a report"))
            .collect()
    }
}

/// What an undisturbed run writes.
fn whole() -> Vec<String> {
    let scene = Scene::new();
    assert!(scene.start().wait().expect("an end").code().is_some_and(|code| code < 2));
    scene.contents()
}

fn assert_old_or_new(scene: &Scene, new: &[String]) {
    for ((found, new), file) in scene.contents().iter().zip(new).zip(scene.reports()) {
        assert!(found == OLD || found == new, "{}: {} bytes of {}", file.display(), found.len(), new.len());
    }
}

/// Kills `runs` runs, each at another moment of a run's usual length.
fn kill(runs: u32) {
    let whole = whole();
    let usual = {
        let scene = Scene::new();
        let mut length = Duration::ZERO;
        let mut child = scene.start();
        while child.try_wait().expect("a state").is_none() {
            std::thread::sleep(Duration::from_millis(1));
            length += Duration::from_millis(1);
        }
        length
    };
    let mut replaced = 0;
    for run in 0..runs {
        let scene = Scene::new();
        let mut child = scene.start();
        // Moments spread evenly, in an order that jumps about.
        std::thread::sleep(usual * (run * 7 % runs) / runs * 5 / 4);
        child.kill().expect("SIGKILL");
        child.wait().expect("an end");
        assert_old_or_new(&scene, &whole);
        replaced += scene.contents().iter().filter(|content| *content != OLD).count();
    }
    eprintln!("{runs} runs killed; {replaced} of {} reports were new by then", runs * 3);
}

#[test]
fn a_killed_run_leaves_whole_reports() {
    kill(24);
}

#[test]
#[ignore = "takes minutes: 1,000 moments"]
fn a_run_killed_at_a_thousand_moments_leaves_whole_reports() {
    kill(1_000);
}

/// Moments by the clock seldom hit the writing: strace kills the run as it enters each call of it.
#[test]
fn a_run_killed_at_any_call_of_writing_leaves_whole_reports() {
    if Command::new("strace").arg("-V").output().is_err() {
        return eprintln!("skipped: strace is not installed");
    }
    let whole = whole();
    let mut states = std::collections::BTreeSet::new();
    for calls in ["write", "fsync", "rename,renameat,renameat2"] {
        for n in 1.. {
            let scene = Scene::new();
            let mut strace = Command::new("strace");
            strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e"]);
            strace
                .arg(format!("inject={calls}:signal=KILL:when={n}"))
                .arg(env!("CARGO_BIN_EXE_ecelens"));
            let killed = scene.run(strace).status().expect("strace starts").code().is_none();
            assert_old_or_new(&scene, &whole);
            states.insert(scene.contents().iter().filter(|content| *content != OLD).count());
            if !killed {
                break;
            }
            // What it left is gone after the next run.
            scene.start().wait().expect("an end");
            let left = std::fs::read_dir(scene.folder.path()).expect("a folder").count();
            assert_eq!((scene.contents() == whole, left), (true, 3));
        }
    }
    assert_eq!(states, [0, 1, 2, 3].into(), "killed before, between and after the reports");
}

#[test]
fn ctrl_c_ends_with_a_line_and_130() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    std::fs::write(&report, OLD).expect("an old report");
    // Standard input that never ends holds the run where it is, however fast the machine.
    let mut child = ecelens()
        .args(["scan", "-", "-v", "--format", "json", "--output"])
        .arg(&report)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // Waiting for a child closes what it still holds.
    let held = child.stdin.take().expect("a pipe");
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).expect("the line about the sandbox");
    // The handler is set right after that line.
    wait_for_handler(child.id());
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
    let status = child.wait().expect("an end");
    drop(held);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut said).expect("its messages");
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert_eq!(std::fs::read_to_string(&report).expect("a report"), OLD);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
}

/// Waits until the process catches SIGINT (bit 1 of SigCgt in /proc/<id>/status).
fn wait_for_handler(id: u32) {
    let catches = || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process runs");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("its signals").trim();
        u64::from_str_radix(mask, 16).expect("a mask") & 2 != 0
    };
    while !catches() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A disk of 64 KiB, on which the old report fits and the new one doesn't. Needs the right to mount, in a namespace of its own.
#[test]
fn a_full_disk_leaves_the_old_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = r#"
        mount -t tmpfs -o size=64k none "$1" || exit 77
        printf '%s' "$3" > "$1/report.html"
        "$2" scan "$4" --format html --output "$1/report.html"
        echo "exit $?"; ls -A "$1"; cat "$1/report.html""#;
    let run = |program: &Path| {
        Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c", script, "sh"])
            .args([folder.path(), program])
            .arg(OLD)
            .arg(fixtures("bundles/secret-expired/input"))
            .output()
    };
    let output = match run(Path::new(env!("CARGO_BIN_EXE_ecelens"))) {
        Ok(output) if !matches!(output.status.code(), Some(1 | 77)) => output,
        _ => return eprintln!("skipped: no small disk can be mounted here (unshare --mount)"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said.trim(),
        format!("exit 2\nreport.html\n{OLD}"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("report.html: can't be written"));
}
