//! The program locks itself in before it reads a byte of evidence: it can read what the command line names, write where the
//! command line says, start nothing but itself (`worker`), and neither open a socket nor watch another program. A worker can do
//! nothing but read its standard input and write its standard output. What the kernel lacks is left out.

use clap::ArgMatches;
use std::path::{Path, PathBuf};

/// Ids of the arguments that name what is written; every other path on the command line is only read.
const WRITTEN: &[&str] = &["output", "map"];

/// What the command line allows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Files and folders to read.
    read: Vec<PathBuf>,
    /// Folders to write to, and devices.
    write: Vec<PathBuf>,
}

impl Access {
    /// Every path that the arguments name, of the command and its subcommands.
    pub fn of(matches: &ArgMatches) -> Self {
        let mut access = Self::default();
        let mut level = Some(matches);
        while let Some(matches) = level {
            for id in matches.ids() {
                // Arguments of another type are no paths.
                let Ok(Some(paths)) = matches.try_get_many::<PathBuf>(id.as_str()) else {
                    continue;
                };
                if WRITTEN.contains(&id.as_str()) {
                    access.write.extend(paths.map(|path| place_of(path)));
                } else {
                    access.read.extend(paths.cloned());
                }
            }
            level = matches.subcommand().map(|(_, matches)| matches);
        }
        access
    }

    /// Bars everything else, for the calling thread and the threads it starts. Says what is barred.
    pub fn lock(&self) -> String {
        system::lock(self)
    }
}

/// Bars everything but what is open already, for a worker.
pub fn lock_worker() {
    system::lock_worker();
}

/// Where `path` is going to be written: itself if it is a folder or a device, else the nearest folder that is there.
fn place_of(path: &Path) -> PathBuf {
    // A file behind a link is replaced where it is.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.exists() && !path.is_file() {
        return path;
    }
    let above = path
        .ancestors()
        .skip(1)
        .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    above.into_iter().find(|folder| folder.is_dir()).unwrap_or(Path::new(".")).to_owned()
}

#[cfg(target_os = "linux")]
mod system {
    use super::Access;
    use crate::bundle::read_whole;
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, RestrictionStatus, Ruleset,
        RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    };
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::path::PathBuf;

    /// Newest kernel interface whose rights are asked for; an older kernel gives what it has.
    const NEWEST: ABI = ABI::V6;

    /// What the number of usable processors is told by, in a container; and where the loader looks a library up.
    const KNOWN: &[&str] = &["/proc/self/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup", "/etc/ld.so.cache"];

    /// System calls that fail: sockets, other processes, the kernel's own doors. io_uring would pass by the rest.
    const BARRED: &[libc::c_long] = &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_io_uring_setup,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_open_by_handle_at,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_kexec_load,
    ];

    /// System calls that fail in a worker besides: other programs and processes, and files, where the kernel has no Landlock.
    const BARRED_FOR_WORKERS: &[libc::c_long] = &[
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_clone,
        libc::SYS_clone3,
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_mkdirat,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
    ];

    /// The same under their old names, which newer processors don't have.
    #[cfg(target_arch = "x86_64")]
    const BARRED_BY_OLD_NAMES: &[libc::c_long] = &[
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_open,
        libc::SYS_creat,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_mkdir,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const BARRED_BY_OLD_NAMES: &[libc::c_long] = &[];

    pub fn lock(access: &Access) -> String {
        let files = match bar_files(Some(access)) {
            Ok(status) => describe(&status),
            Err(error) => format!("files and other programs are not barred: {error}"),
        };
        let calls = match bar_calls(BARRED) {
            Ok(()) => "seccomp bars sockets and other processes".into(),
            Err(error) => format!("system calls are not barred: {error}"),
        };
        format!("{files}; {calls}")
    }

    pub fn lock_worker() {
        // What the kernel lacks is left out here too; its limits hold a worker all the same.
        let _ = bar_files(None);
        let _ = bar_calls(&[BARRED, BARRED_FOR_WORKERS, BARRED_BY_OLD_NAMES].concat());
    }

    fn describe(status: &RestrictionStatus) -> String {
        let level = match status.landlock {
            LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
            _ => return "this kernel has no Landlock, files and other programs are not barred".into(),
        };
        let fully = match status.ruleset {
            RulesetStatus::FullyEnforced => "",
            RulesetStatus::PartiallyEnforced => ", in part",
            RulesetStatus::NotEnforced => return "Landlock is off, files and other programs are not barred".into(),
        };
        format!("Landlock (ABI {level}) bars every file that the command line doesn't name, and every program but this one{fully}")
    }

    /// Bars every file and program but what `access` allows; all of them without it.
    fn bar_files(access: Option<&Access>) -> Result<RestrictionStatus, RulesetError> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let special = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock | AccessFs::MakeFifo | AccessFs::MakeSym;
        let write = read | (AccessFs::from_write(NEWEST) & !special);
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        if let Some(access) = access {
            let known = KNOWN
                .iter()
                .map(PathBuf::from)
                .chain(access.read.iter().cloned())
                .map(|path| (path, read));
            let written = access.write.iter().map(|path| (path.clone(), write));
            let own = parts_of_program().into_iter().map(|path| (path, AccessFs::Execute | AccessFs::ReadFile));
            for (path, rights) in known.chain(written).chain(own) {
                rules = allow(rules, &path, rights)?;
            }
        }
        rules.restrict_self()
    }

    /// The files that this program runs from: itself, its loader, its libraries. A worker runs from the same.
    fn parts_of_program() -> BTreeSet<PathBuf> {
        let mut maps = Vec::new();
        let read = File::open("/proc/self/maps").and_then(|mut file| read_whole(&mut file, 1 << 20, &mut maps));
        // Without them no worker can be started, and the report says so of every file that needs one.
        let maps = read.map(|()| String::from_utf8_lossy(&maps)).unwrap_or_default();
        maps.lines()
            .filter_map(|line| line.find('/').map(|at| PathBuf::from(&line[at..])))
            .collect()
    }

    /// Allows `rights` below `path`. What can't be opened can't be allowed: whoever needs it fails there, with a message.
    fn allow(rules: landlock::RulesetCreated, path: &std::path::Path, rights: BitFlags<AccessFs>) -> Result<landlock::RulesetCreated, RulesetError> {
        let Ok(opened) = PathFd::new(path) else { return Ok(rules) };
        let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST) };
        rules.add_rule(PathBeneath::new(opened, rights))
    }

    fn bar_calls(calls: &[libc::c_long]) -> Result<(), Box<dyn std::error::Error>> {
        let filter = SeccompFilter::new(
            calls.iter().map(|call| (*call, Vec::new())).collect(),
            SeccompAction::Allow,
            SeccompAction::Errno(libc::EPERM as u32),
            std::env::consts::ARCH.try_into()?,
        )?;
        let program: BpfProgram = filter.try_into()?;
        Ok(seccompiler::apply_filter(&program)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub fn lock(_: &super::Access) -> String {
        "this system has no means by which a program can lock itself in".into()
    }

    pub fn lock_worker() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Arguments;
    use clap::CommandFactory;

    fn access(line: &[&str]) -> Access {
        let matches = Arguments::command().try_get_matches_from(line).expect("a valid command line");
        Access::of(&matches)
    }

    #[test]
    fn every_path_on_the_command_line_is_known() {
        let paths = |of: &[&str]| of.iter().map(PathBuf::from).collect::<Vec<_>>();
        let plain = access(&["ecelens", "a.zip", "b", "--signatures", "packs", "--baseline", "old.json"]);
        let mut read = plain.read;
        read.sort();
        assert_eq!(read, paths(&["a.zip", "b", "old.json", "packs"]));
        assert_eq!(plain.write, paths(&[]));
        assert_eq!(access(&["ecelens", "diff", "old", "new"]).read.len(), 2);
        assert_eq!(access(&["ecelens", "signatures", "check", "packs"]).read, paths(&["packs"]));
        assert_eq!(access(&["ecelens", "schema"]), Access::default());
    }

    #[test]
    fn what_is_written_is_written_below_the_nearest_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("its path");
        let new = folder.path().join("new/deep/report.json");
        let given = new.to_str().expect("a name");
        let found = access(&["ecelens", "scan", "a", "--output", given, "--output", "report.html"]);
        assert_eq!(found.write, [folder.path().to_owned(), PathBuf::from(".")]);
        let there = real.join("old.json");
        std::fs::write(&there, "").expect("a file");
        assert_eq!(place_of(&there), real);
        assert_eq!(place_of(&real), real);
    }

    /// What binds a thread binds no other, so that a test can lock one in.
    #[cfg(target_os = "linux")]
    #[test]
    #[allow(clippy::disallowed_methods, clippy::disallowed_types)]
    fn a_thread_that_is_locked_in_reaches_nothing_else() {
        use std::fs;
        let named = tempfile::tempdir().expect("a folder");
        let out = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        for folder in [&named, &elsewhere] {
            fs::write(folder.path().join("a.log"), "x").expect("a file");
        }
        let access = Access {
            read: vec![named.path().into(), "/no/such/file".into()],
            write: vec![out.path().into()],
        };
        let (named, out, elsewhere) = (named.path().to_owned(), out.path().to_owned(), elsewhere.path().to_owned());
        let tried = std::thread::spawn(move || {
            let says = access.lock();
            if says.contains("seccomp bars") {
                assert!(std::net::TcpListener::bind("127.0.0.1:0").is_err(), "a socket");
                assert!(std::os::unix::net::UnixStream::pair().is_err(), "a pair of sockets");
            }
            if says.contains("Landlock (") {
                assert!(std::process::Command::new("/bin/true").status().is_err(), "another program");
                let itself = std::env::current_exe().expect("this program");
                let again = std::process::Command::new(itself)
                    .arg("--list")
                    .stdin(std::process::Stdio::piped())
                    .output()
                    .expect("itself");
                assert!(again.status.success(), "itself, with its loader and libraries");
                assert!(fs::read(elsewhere.join("a.log")).is_err(), "a file that nobody named");
                assert!(fs::write(named.join("b.log"), "x").is_err(), "writing to the evidence");
                assert!(fs::write(elsewhere.join("b.log"), "x").is_err(), "writing elsewhere");
                assert!(fs::remove_file(named.join("a.log")).is_err(), "removing evidence");
            }
            assert!(fs::read(named.join("a.log")).is_ok(), "{says}");
            fs::write(out.join("new"), "x").expect("writing where it is allowed");
            fs::rename(out.join("new"), out.join("report")).expect("and renaming");
            says
        });
        assert!(tried.join().is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[allow(clippy::disallowed_methods, clippy::disallowed_types)]
    fn a_thread_locked_in_as_a_worker_reaches_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.log");
        std::fs::write(&file, "x").expect("a file");
        let tried = std::thread::spawn(move || {
            lock_worker();
            [
                std::net::TcpListener::bind("127.0.0.1:0").is_err(),
                std::fs::read(&file).is_err(),
                std::fs::write(&file, "y").is_err(),
                std::fs::remove_file(&file).is_err(),
                std::process::Command::new("/bin/true").status().is_err(),
                std::thread::Builder::new().spawn(|| ()).is_err(),
                // What is in memory can be worked with.
                !vec![1u8; 1 << 20].is_empty(),
            ]
        });
        assert_eq!(tried.join().expect("it ends"), [true; 7]);
    }
}
