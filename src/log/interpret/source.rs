//! Whose log a record or a file is: process and host, from the file's name where it has the usual one, else from the records.

use crate::model::Process;
use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Process and host as a file name shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedSource {
    /// Host, as written.
    pub host: Option<String>,
    /// Process.
    pub process: Option<Process>,
}

/// Reads `eg_log_<host>_<process>.log`, its rotated forms (`.log.3`, `.log.3.zip`, `_20250105-141412.log`) and the names without
/// prefix (`rx-process.log`). The process is what follows the last `_`: host names may hold one themselves.
pub fn source_of_name(path: &str) -> NamedSource {
    let name = path.rsplit(['/', '\\', '!']).next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let Some(log) = lower.rfind(".log") else { return NamedSource::default() };
    let Some(stem) = name.get(..log) else { return NamedSource::default() };
    let stem = without_stamp(stem);
    let (host, process) = match strip_prefix_ignore_case(stem, "eg_log_") {
        Some(rest) => match rest.rsplit_once('_') {
            Some((host, process)) => (Some(host), process),
            None => (None, rest),
        },
        None => (None, stem),
    };
    let known = process_of_name(process);
    let process = match (known, host) {
        (None, Some(_)) => Some(Process::Other(process.to_ascii_lowercase())),
        (known, _) => known,
    };
    NamedSource {
        host: host.filter(|h| !h.is_empty()).map(str::to_owned),
        process,
    }
}

/// Cuts `_20250105-141412`, `-2025-01-05` and the like off a rotated file's stem.
fn without_stamp(stem: &str) -> &str {
    let cut = stem.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | 'T' | 't'));
    let digits = stem.get(cut.len()..).unwrap_or_default().chars().filter(char::is_ascii_digit).count();
    if digits >= 6 && !cut.is_empty() { cut } else { stem }
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.get(..prefix.len()).filter(|p| p.eq_ignore_ascii_case(prefix))?;
    text.get(prefix.len()..)
}

/// The process that a name stands for, if it is one of the three that matter.
fn process_of_name(name: &str) -> Option<Process> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if matches!(name.as_str(), "rx" | "rxprocess" | "retriever" | "retrieverprocess") {
        Some(Process::Retriever)
    } else if matches!(name.as_str(), "dx" | "dxprocess" | "dispatcher" | "dispatcherprocess") {
        Some(Process::Dispatcher)
    } else if matches!(name.as_str(), "applicationserver" | "appserver" | "application" | "app") {
        Some(Process::ApplicationServer)
    } else {
        None
    }
}

/// Words in a thread's name or a class, and the number in [`OWNERS`] of the process that they show.
struct Signs {
    words: AhoCorasick,
    owners: Vec<usize>,
}

/// What signs show, the surest first.
const OWNERS: [Process; 3] = [Process::ApplicationServer, Process::Retriever, Process::Dispatcher];

static THREADS: LazyLock<Signs> = LazyLock::new(|| {
    Signs::new(&[
        &["ajp-", "default task-", "http-", "https-"],
        &["RxInstance"],
        &["DxInstance", "DxWorker", "Dispatcher"],
    ])
});
static CLASSES: LazyLock<Signs> = LazyLock::new(|| Signs::new(&[&[], &[".retriever.", ".RxInstance"], &[".dispatcher.", ".DxInstance"]]));

impl Signs {
    fn new(words: &[&[&str]; OWNERS.len()]) -> Self {
        let owners = words.iter().enumerate().flat_map(|(owner, words)| words.iter().map(move |_| owner));
        Self {
            words: AhoCorasick::new(words.iter().copied().flatten()).expect("a few constant words"),
            owners: owners.collect(),
        }
    }

    /// The surest owner whose words stand in `text`.
    fn owner(&self, text: &[u8]) -> Option<usize> {
        let found = self.words.find_overlapping_iter(text);
        found.filter_map(|word| self.owners.get(word.pattern().as_usize()).copied()).min()
    }
}

/// Owners of names that were asked for before, so that their letters are looked at once: a process logs from a few dozen places and
/// threads, and every record that is handed on asks for both.
#[derive(Clone, Default)]
pub(super) struct Sources {
    threads: Remembered,
    classes: Remembered,
}

impl Sources {
    /// What [`process_of_record`] says.
    pub fn process(&mut self, class: &[u8], thread: &[u8]) -> Option<Process> {
        let of_class = self.classes.get_or(class, |class| CLASSES.owner(class));
        let of_thread = self.threads.get_or(thread, |thread| THREADS.owner(thread));
        surest(of_thread, of_class)
    }
}

/// Names and their owners, in slots by length and last letters; a name puts out another one of its slot.
#[derive(Clone)]
struct Remembered(Vec<(Vec<u8>, Option<usize>)>);

impl Default for Remembered {
    fn default() -> Self {
        Self(vec![(Vec::new(), None); Self::SLOTS])
    }
}

impl Remembered {
    const SLOTS: usize = 1024;
    /// Longest name that is remembered.
    const LONGEST: usize = 256;

    fn get_or(&mut self, name: &[u8], owner: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        if name.is_empty() || name.len() > Self::LONGEST {
            return owner(name);
        }
        // Threads of a pool differ at both ends.
        let letters = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(29) ^ u64::from_le_bytes(*last),
            _ => name.iter().fold(0, |letters, b| letters << 8 | u64::from(*b)),
        };
        let hash = (letters ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let Some(slot) = self.0.get_mut(hash as usize % Self::SLOTS) else {
            return owner(name);
        };
        if slot.0 != name {
            slot.1 = owner(name);
            slot.0.clear();
            slot.0.extend_from_slice(name);
        }
        slot.1
    }
}

/// The process that a record itself shows, by its class or thread. All words in one pass.
pub(super) fn process_of_record(class: &[u8], thread: &[u8]) -> Option<Process> {
    surest(THREADS.owner(thread), CLASSES.owner(class))
}

/// The process that is the surest of what a thread and a class show.
fn surest(of_thread: Option<usize>, of_class: Option<usize>) -> Option<Process> {
    OWNERS.get(of_thread.into_iter().chain(of_class).min()?).cloned()
}

/// The process whose classes a file holds, for files whose interesting records say nothing: a healthy dispatcher's, a console's.
pub(super) fn process_of_classes<'a>(classes: impl Iterator<Item = &'a str>) -> Option<Process> {
    const CONSOLE: &[&str] = &[".servlet.", ".ipcc.", ".ui.", ".ws.", ".live.", ".casemgmt.", ".authenticate.", ".kb."];
    let (mut rx, mut dx, mut console) = (0u32, 0u32, 0u32);
    for class in classes {
        match process_of_record(class.as_bytes(), b"") {
            Some(Process::Retriever) => rx += 1,
            Some(Process::Dispatcher) => dx += 1,
            _ => console += u32::from(CONSOLE.iter().any(|part| class.contains(part))),
        }
    }
    match (rx, dx, console) {
        (0, 0, 0) => None,
        (rx, dx, console) if console > rx + dx => Some(Process::ApplicationServer),
        (rx, dx, _) if rx > dx => Some(Process::Retriever),
        (rx, dx, _) if dx > rx => Some(Process::Dispatcher),
        _ => None,
    }
}

/// The host in an application server's thread, `278:ajp-eceapp.example.com%2F10.1.1.1-15006-1`.
pub(super) fn host_of_thread(thread: &[u8]) -> Option<String> {
    static CONNECTOR: LazyLock<Finder> = LazyLock::new(|| Finder::new("ajp-"));
    let from = CONNECTOR.find(thread)? + CONNECTOR.needle().len();
    let rest = std::str::from_utf8(thread).ok()?.get(from..)?;
    let host = rest.split(['%', '/']).next()?;
    let is_host = rest.len() > host.len()
        && host.contains(|c: char| c.is_ascii_alphabetic())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    is_host.then(|| host.to_owned())
}

/// Which process and host the records of a file point at.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    processes: BTreeMap<Process, u64>,
    hosts: BTreeMap<String, u64>,
}

impl Votes {
    /// Hosts beyond this are not counted.
    const HOSTS: usize = 64;

    /// Counts a record that shows `process` by itself.
    pub fn count(&mut self, process: Option<&Process>, thread: &[u8]) {
        if let Some(process) = process {
            match self.processes.get_mut(process) {
                Some(votes) => *votes += 1,
                None => {
                    self.processes.insert(process.clone(), 1);
                }
            }
        }
        if let Some(host) = host_of_thread(thread)
            && (self.hosts.len() < Self::HOSTS || self.hosts.contains_key(&host))
        {
            *self.hosts.entry(host).or_default() += 1;
        }
    }

    /// Adds another part's votes.
    pub fn merge(&mut self, other: Self) {
        for (process, n) in other.processes {
            *self.processes.entry(process).or_default() += n;
        }
        for (host, n) in other.hosts {
            *self.hosts.entry(host).or_default() += n;
        }
    }

    /// The process with most votes.
    pub fn process(&self) -> Option<Process> {
        self.processes
            .iter()
            .max_by_key(|(process, n)| (**n, std::cmp::Reverse(*process)))
            .map(|(p, _)| p.clone())
    }

    /// The host with most votes.
    pub fn host(&self) -> Option<String> {
        self.hosts
            .iter()
            .max_by_key(|(host, n)| (**n, std::cmp::Reverse(*host)))
            .map(|(h, _)| h.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        let of = |path: &str| {
            let named = source_of_name(path);
            (
                named.host.unwrap_or_default(),
                named.process.map_or(String::new(), |p| p.name().to_owned()),
            )
        };
        let pair = |host: &str, process: &str| (host.to_owned(), process.to_owned());
        assert_eq!(of("logs/eg_log_ECESVC01_rx-process.log"), pair("ECESVC01", "rx-process"));
        assert_eq!(of("b.zip!/eg_log_ece_svc-1_dx-process.log.2.zip"), pair("ece_svc-1", "dx-process"));
        assert_eq!(of("eg_log_ECESVC01_rx-process_20250105-115454.log"), pair("ECESVC01", "rx-process"));
        assert_eq!(of("EG_LOG_app1_ApplicationServer.log.12"), pair("app1", "application server"));
        assert_eq!(of("x/rx-process.log"), pair("", "rx-process"));
        assert_eq!(of("eg_log_svc1_JDKTruststoreUtil.log"), pair("svc1", "jdktruststoreutil"));
        assert_eq!(of("3.txt"), pair("", ""));
        assert_eq!(of("server.log"), pair("", ""));
    }

    #[test]
    fn reads_records() {
        assert_eq!(
            process_of_record(b"com.egain.mail.module.retriever.store.X", b"9:Worker 3"),
            Some(Process::Retriever)
        );
        assert_eq!(process_of_record(b"com.egain.mail.oauth.X", b"9:DxWorker 3"), Some(Process::Dispatcher));
        assert_eq!(process_of_record(b"com.egain.mail.oauth.X", b"9:Timer-7"), None);
        assert_eq!(
            host_of_thread(b"278:ajp-eimApp.eim.lab%2F14.104.48.16-15006-1").as_deref(),
            Some("eimApp.eim.lab")
        );
        assert_eq!(host_of_thread(b"278:ajp-0.0.0.0-15006-1"), None);
    }
}
