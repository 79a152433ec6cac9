//! Taking a bundle in: every member is read once, recognised by its content, and turned into facts.

use crate::bundle::{
    Bundle, Content, Encoding, Hashing, Member, Problem, SNIFFED, Spent, Text, Visitor, decode, read_whole, sha256, sha256_of, sniff, why,
};
use crate::log::assemble::{Assembled, Elsewhere, Known, MemberLog, assemble, elsewhere};
use crate::log::interpret::{self, Interpretation};
use crate::log::{Clocks, Filter, Helper, looks_like_log, scan, stream, trace};
use crate::model::{self, Cut, Facts, InventoryEntry, LogFacts, Origin, ServerRole, ZoneBasis, fold_address};
use crate::parse::{self, Findings};
use crate::signatures::Catalogue;
use crate::syntax::{self, Attachment, Node, Place, Section, Source, Syntax, WorkbookFormat};
use crate::worker::Worker;
use crate::{counted, text};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a bundle holds.
#[derive(Debug, Default)]
pub struct Intake {
    /// Facts outside ECE logs, in the order of the members' names.
    pub facts: Facts,
    /// What the ECE logs say.
    pub logs: LogFacts,
    /// Every member, by name.
    pub inventory: Vec<InventoryEntry>,
}

/// What one member gave.
struct Taken {
    /// Job that reads it; `None` for what could not be read.
    job: Option<usize>,
    entry: InventoryEntry,
    /// What it says, if anything: a bundle may hold 200,000 members, and most of them may be empty.
    facts: Option<Box<Facts>>,
    log: Option<Box<MemberLog>>,
    elsewhere: Option<Elsewhere>,
    /// Files that came with a mail, not yet read.
    attachments: Vec<Attachment>,
    /// What could not be read of it, each once.
    problems: Vec<model::Text>,
}

impl Taken {
    fn new(path: Arc<str>) -> Self {
        Self {
            job: None,
            entry: InventoryEntry::new(path),
            facts: None,
            log: None,
            elsewhere: None,
            attachments: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn unread(path: &Arc<str>, reason: model::Text) -> Self {
        let mut taken = Self::new(path.clone());
        taken.problem(reason);
        taken
    }

    /// Takes over what the parsers found in `source`.
    fn finish(&mut self, source: &Source<'_>, mut found: Findings, losses: Vec<syntax::Loss>) {
        let entry = &mut self.entry;
        let kinds: Vec<String> = found.recognised.iter().map(|r| r.kind.to_owned()).collect();
        for loss in losses.into_iter().chain(found.losses) {
            if loss.cut {
                let place = Place {
                    line: loss.line,
                    ..Place::default()
                };
                found.facts.cut.push(Cut {
                    at: source.origin(&place, ""),
                    kinds: kinds.clone(),
                });
            }
            entry.losses.push((loss.line, loss.reason));
        }
        if let Some(first) = found.recognised.first() {
            entry.kind = first.kind.to_owned();
        } else if entry.why.is_empty() {
            entry.why.push(text!("no parser knows what stands in it"));
        }
        entry.why.extend(
            found
                .recognised
                .into_iter()
                .map(|r| text!("{kind}: {why}", kind = model::Text::figure(r.kind), why = r.why)),
        );
        found.facts.dated.iter().for_each(|fact| entry.dated(fact.value));
        let says_nothing = entry.bytes == 0 && found.facts.cut.is_empty();
        self.facts = (!says_nothing).then(|| Box::new(found.facts));
    }

    fn problem(&mut self, reason: model::Text) {
        /// A member of an archive may stand there any number of times, each time with its problem.
        const KEPT: usize = 16;
        if self.problems.len() < KEPT && !self.problems.contains(&reason) {
            self.problems.push(reason);
            self.entry.problem = Some(model::Text::joined(self.problems.iter().cloned(), model::Text::given("; ")));
        }
    }
}

/// Logs from this size on, in bytes, are worth a thread of their own that reads what their records mean.
const RELAYED: u64 = 1 << 20;
/// Most lines of a text that is no ECE log: where each begins is kept.
const LINES: usize = 4_000_000;

/// Told of each member that is done, for a progress display: its size in bytes.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Reads the whole bundle, in parallel, with the logs dated by `clocks`, and what is not read in this process by `worker`. The result
/// doesn't depend on the number of threads.
pub fn take_in(bundle: &Bundle, catalogue: &Catalogue, clocks: &Clocks, worker: &Worker, progress: Progress<'_>) -> Intake {
    let filter = Filter::new(&interpret::anchors(catalogue));
    let read = |job: usize, spent: &Spent| {
        std::thread::scope(|scope| {
            let mut reader = Reader {
                bundle,
                catalogue,
                clocks,
                filter: &filter,
                spent,
                worker,
                progress,
                helper: Helper::new(scope),
                taken: Vec::new(),
            };
            bundle.visit(job, spent, &mut reader);
            reader.taken.iter_mut().for_each(|taken| taken.job = Some(job));
            reader.taken
        })
    };
    let mut spent = Spent::default();
    let mut taken: Vec<Taken> = (0..bundle.jobs()).into_par_iter().flat_map_iter(|job| read(job, &spent)).collect();
    if spent.exceeds(bundle.limits()) {
        // What was left out depended on which thread came first: one job after another it is what stands last in the bundle. The
        // first reading goes before the second is there: of as many members as a limit allows, one is large enough.
        drop(taken);
        spent = Spent::default();
        taken = (0..bundle.jobs()).flat_map(|job| read(job, &spent)).collect();
    }
    taken.extend(
        bundle
            .problems()
            .iter()
            .map(|Problem { path, reason }| Taken::unread(path, reason.clone())),
    );
    taken.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    tell_copies_apart(bundle, &mut taken);
    let mut intake = put_together(taken, clocks, &filter, catalogue);
    intake.facts.leave_in(clocks.period);
    intake
}

/// Large logs are not hashed while they are read. Those that may be copies of each other, by their size and by what was counted in
/// them, are read again to know.
fn tell_copies_apart(bundle: &Bundle, taken: &mut [Taken]) {
    let mut alike: BTreeMap<(u64, u64, u64), Vec<usize>> = BTreeMap::new();
    for (index, member) in taken.iter().enumerate() {
        if let Some(log) = member.log.as_ref().filter(|log| log.identity.is_none()) {
            let of_member = (member.entry.bytes, log.counted.records, log.counted.newlines);
            alike.entry(of_member).or_default().push(index);
        }
    }
    for index in alike.into_values().filter(|members| members.len() > 1).flatten() {
        let Some(Taken {
            job: Some(job),
            entry,
            log: Some(log),
            ..
        }) = taken.get_mut(index)
        else {
            continue;
        };
        let mut hasher = Hasher {
            path: entry.path.clone(),
            sha256: None,
        };
        bundle.visit(*job, &Spent::default(), &mut hasher);
        log.identity = hasher.sha256.as_ref().map(|hash| hash.as_bytes().into());
        entry.sha256 = hasher.sha256;
    }
}

/// Hashes one member of a job.
struct Hasher {
    path: Arc<str>,
    sha256: Option<String>,
}

impl Visitor for Hasher {
    fn member(&mut self, mut member: Member<'_>) {
        if member.path == self.path {
            // What can't be read was reported when it was read first.
            self.sha256 = sha256_of(member.content.reader()).ok();
        }
    }

    fn problem(&mut self, _: &str, _: model::Text) {}
}

/// Merges what the members gave: facts in the order of their names, logs by what stands in them. Of byte-identical members only
/// the first counts.
fn put_together(taken: Vec<Taken>, clocks: &Clocks, filter: &Filter, catalogue: &Catalogue) -> Intake {
    let mut intake = Intake::default();
    let mut logs = Vec::new();
    let mut others = Vec::new();
    let mut seen: BTreeMap<String, Arc<str>> = BTreeMap::new();
    for mut member in taken {
        if let Some(log) = member.log {
            logs.push(*log);
        } else if let Some(hash) = &member.entry.sha256
            && member.entry.bytes > 0
        {
            match seen.get(hash) {
                Some(first) => member.entry.copy_of = Some(first.clone()),
                None => {
                    seen.insert(hash.clone(), member.entry.path.clone());
                }
            }
        }
        if member.entry.copy_of.is_none() {
            if member.entry.problem.is_some() {
                member.facts.get_or_insert_default().cut.push(Cut {
                    at: Origin::whole(&member.entry.path),
                    kinds: vec![member.entry.kind.clone()],
                });
            }
            if let Some(facts) = member.facts {
                intake.facts.append(*facts);
            }
            others.extend(member.elsewhere);
        }
        intake.inventory.push(member.entry);
    }
    let Assembled { facts, members, .. } = assemble(logs, others, &known_names(&intake.facts), clocks, filter, catalogue);
    for placed in members {
        if let Ok(at) = intake.inventory.binary_search_by(|entry| entry.path.cmp(&placed.path)) {
            let entry = &mut intake.inventory[at];
            entry.records = placed.records;
            entry.copy_of = placed.copy_of;
            let process = placed.process.words();
            entry.why.push(match placed.host {
                Some(host) => text!("log of {process} on {host}", process, host),
                None => text!("log of {process} on an unknown host", process),
            });
            if placed.losses > 0 {
                entry.losses.push((
                    0,
                    counted!(
                        placed.losses,
                        "1 half-written record or header",
                        "{count} half-written records or headers"
                    ),
                ));
            }
        }
    }
    intake.logs = facts;
    intake
}

/// Names by which records speak of aliases and accounts.
fn known_names(facts: &Facts) -> Known {
    let of_aliases = facts.ece.aliases.iter().filter_map(|a| a.address.get());
    let of_accounts = facts
        .ece
        .accounts
        .iter()
        .flat_map(|a| a.aliases.get().into_iter().flatten().chain(a.user.get()));
    let addresses = of_aliases.chain(of_accounts).filter(|a| a.contains('@')).map(|a| fold_address(a));
    let mut known = Known {
        addresses: addresses.collect(),
        ..Known::default()
    };
    for server in &facts.ece.servers {
        match server.role {
            Some(ServerRole::Services) => known.services.insert(server.host.clone()),
            Some(ServerRole::Application) => known.applications.insert(server.host.clone()),
            _ => false,
        };
    }
    for account in &facts.ece.accounts {
        let Some(name) = account.name.get() else { continue };
        let served = known.accounts.entry(name.trim().to_lowercase()).or_default();
        let listed = account.aliases.get().into_iter().flatten().chain(account.user.get());
        served.extend(listed.filter(|a| a.contains('@')).map(|a| fold_address(a)));
    }
    for alias in &facts.ece.aliases {
        if let (Some(name), Some(address)) = (alias.account.get(), alias.address.get()) {
            let served = known.accounts.entry(name.trim().to_lowercase()).or_default();
            served.insert(fold_address(address));
        }
    }
    known
}

struct Reader<'a, 'scope, 'env> {
    bundle: &'a Bundle,
    catalogue: &'a Catalogue,
    clocks: &'a Clocks,
    filter: &'a Filter,
    spent: &'a Spent,
    worker: &'a Worker,
    progress: Progress<'a>,
    helper: Helper<'scope, 'env>,
    taken: Vec<Taken>,
}

impl<'a: 'scope, 'scope> Visitor for Reader<'a, 'scope, '_> {
    fn member(&mut self, member: Member<'_>) {
        let path = member.path.clone();
        // A panic costs its own member, never the run: what failed stands in the inventory.
        let mut taken = catch_unwind(AssertUnwindSafe(|| self.read(member))).unwrap_or_else(|_| {
            Taken::unread(
                &path,
                text!("could not be analysed: an internal error of ecelens; please report it with the kind of this file"),
            )
        });
        (self.progress)(taken.entry.bytes);
        let attachments = std::mem::take(&mut taken.attachments);
        self.taken.push(taken);
        for attachment in attachments {
            let spent = self.spent;
            self.bundle.visit_attachment(&path, &attachment.name, &attachment.bytes, spent, self);
        }
    }

    fn problem(&mut self, path: &str, reason: model::Text) {
        match self.taken.iter_mut().find(|t| &*t.entry.path == path) {
            Some(taken) => taken.problem(reason),
            None => self.taken.push(Taken::unread(&path.into(), reason)),
        }
    }
}

impl<'a: 'scope, 'scope> Reader<'a, 'scope, '_> {
    fn read(&self, mut member: Member<'_>) -> Taken {
        let mut taken = Taken::new(member.path.clone());
        let mut head = Vec::new();
        let early = member.content.reader().take(SNIFFED as u64).read_to_end(&mut head).err();
        match early {
            None => self.read_on(&mut taken, head, &mut member.content, member.bytes),
            Some(error) => {
                taken.problem(text!("can't be read to its end: {error}", error = why(&error)));
                self.read_on(&mut taken, head, &mut Content::Stream(&mut std::io::empty()), None);
            }
        }
        taken
    }

    /// Reads a member whose first bytes are `head`.
    fn read_on(&self, taken: &mut Taken, head: Vec<u8>, content: &mut Content<'_>, size: Option<u64>) {
        if looks_like_log(&head) {
            self.read_log(taken, &head, content, size);
        } else {
            self.read_structured(taken, head, content.reader());
        }
    }

    /// Reads an ECE log through the engine: a file beyond a few megabytes at once by several threads, anything else as a stream.
    fn read_log(&self, taken: &mut Taken, head: &[u8], content: &mut Content<'_>, size: Option<u64>) {
        let entry = &mut taken.entry;
        let with = Interpretation {
            catalogue: self.catalogue,
            path: entry.path.clone(),
            clock: self.clocks.of(&entry.path),
        };
        let scanned = match content {
            Content::File(file) if scan::pays(file) => scan::scan_file(self.filter, file, &with),
            _ => {
                let alone = matches!(content, Content::Alone(_)) && size.is_none_or(|size| size >= RELAYED);
                let mut source = Hashing::new(content.reader(), size);
                source.took(head);
                let scanned = match alone {
                    true => stream::scan_alone(self.filter, head, &mut source, &with, &self.helper),
                    false => stream::scan_stream(self.filter, head, &mut source, &with),
                };
                entry.sha256 = source.finish();
                scanned
            }
        };
        let digest = scanned.digest;
        entry.bytes = digest.bytes;
        entry.kind = "ece-log".into();
        entry.why.push(text!("records with the header of ECE logs"));
        entry.encoding = Some(digest.encoding.name());
        entry.span = digest.span;
        let unknown = digest.offsets.contains(&None) || digest.offsets.is_empty();
        entry.zone = Some(match unknown {
            true => ZoneBasis::Unknown,
            false if digest.zone_given => ZoneBasis::Given,
            false => ZoneBasis::Explicit,
        });
        taken.log = Some(Box::new(MemberLog {
            path: entry.path.clone(),
            identity: entry.sha256.as_ref().map(|hash| hash.as_bytes().into()),
            counted: digest,
            meaning: scanned.meaning,
        }));
        if let Some(error) = scanned.error {
            taken.problem(text!("read up to byte {count}: {error}", count = taken.entry.bytes, error = why(&error)));
        }
    }

    /// Reads a member that is held in memory as a whole.
    fn read_structured(&self, taken: &mut Taken, head: Vec<u8>, rest: &mut dyn Read) {
        let limits = self.bundle.limits();
        let mut bytes = head;
        if let Err(error) = read_whole(rest, limits.structured_packed, &mut bytes) {
            taken.problem(text!("read up to byte {count}: {error}", count = bytes.len(), error = why(&error)));
        }
        taken.entry.bytes = bytes.len() as u64;
        taken.entry.sha256 = Some(sha256(&bytes));
        if let Some(end) = memchr::memchr_iter(b'\n', &bytes).nth(LINES) {
            bytes.truncate(end);
            taken.problem(text!("limit reached: a text is read up to line {count}", count = LINES));
        }
        if bytes.is_empty() {
            taken.entry.why.push(text!("empty"));
            return;
        }
        if let Some(format) = WorkbookFormat::of(&bytes) {
            return self.read_workbook(taken, &bytes, format);
        }
        if let Some(reason) = foreign_archive(&bytes) {
            taken.entry.why.push(reason.clone());
            return taken.problem(reason);
        }
        if sniff(&bytes) == Encoding::Binary {
            taken.entry.why.push(text!("binary data of no known kind"));
            return;
        }
        let (text, replaced) = decode(&bytes);
        drop(bytes);
        taken.entry.encoding = Some(text.encoding().name());
        if replaced > 0 {
            taken.entry.losses.push((
                0,
                counted!(replaced, "1 character could not be decoded", "{count} characters could not be decoded"),
            ));
        }
        self.read_text(taken, &text);
    }

    /// Reads the sheets of a workbook; other Office documents are named there as a loss.
    fn read_workbook(&self, taken: &mut Taken, bytes: &[u8], format: WorkbookFormat) {
        let path = taken.entry.path.clone();
        let no_text = Text::new(String::new(), Encoding::Binary, 0);
        let source = Source { path: &path, text: &no_text };
        let mut found = Findings::default();
        let mut each = |section: Section| parse::read(&source, &section, &mut found);
        let losses = match format {
            WorkbookFormat::Xlsx => syntax::read_workbook(bytes, &mut each),
            WorkbookFormat::Xls | WorkbookFormat::Xlsb | WorkbookFormat::Ods => self.worker.read(bytes, &mut each),
        };
        taken.finish(&source, found, losses);
    }

    fn read_text(&self, taken: &mut Taken, text: &Text) {
        let path = taken.entry.path.clone();
        let name = path.rsplit('/').next().unwrap_or_default();
        let source = Source { path: &path, text };
        let mut found = Findings::default();
        let mut outline = Vec::new();
        let mut answers = Vec::new();
        let rest = syntax::read(text, &mut |mut section| {
            parse::read(&source, &section, &mut found);
            // A large export comes in many sections: only where they stand is kept. Lines of mails and pages stay: they are decoded.
            answers.push(is_refusal(&section));
            if section.syntax != Syntax::Lines {
                section.nodes = Vec::new();
            }
            outline.push(section);
        });
        parse::read_whole(&source, &outline, &mut found);
        let foreign = trace::recognise(text.lines().map(|(_, line)| line));
        if let Some((kind, why)) = &foreign {
            found.recognise(kind.kind(), why.clone());
        }
        // Microsoft's analyzer signs in with a password, from Microsoft's side: a refusal there says nothing of OAuth.
        let is_analyzer = found.recognised.iter().any(|kind| kind.kind == "remote-connectivity-analyzer");
        let counts = foreign.is_none_or(|(kind, _)| kind.is_evidence()) && !is_analyzer && !is_hearsay(name, text);
        if counts {
            let host = outline.iter().find_map(|s| s.host.clone());
            let lines = outline
                .iter()
                .zip(&answers)
                .filter(|(section, answer)| section.syntax == Syntax::Lines || **answer)
                .flat_map(|(section, _)| source.lines(section));
            taken.elsewhere = Some(elsewhere(&path, host.as_deref(), lines, self.clocks.of(&path), self.catalogue));
        }
        taken.finish(&source, found, rest.losses);
        taken.attachments = rest.attachments;
    }
}

/// True for the JSON with which a token endpoint or Graph refuses a call: a program's message, as curl prints it and people paste
/// it, unlike exports, which tell of errors as data. RFC 6749 5.2: `error` with `error_description`; Graph: `error.code`.
fn is_refusal(section: &Section) -> bool {
    let refuses = |node: &Node| match node.get("error") {
        Some(error) if error.entries().is_empty() => node.has("error_description") || node.has("error_codes"),
        Some(error) => error.has("code"),
        None => false,
    };
    section.syntax == Syntax::Json && !section.nodes.is_empty() && section.nodes.iter().all(refuses)
}

/// Help pages and e-mails speak of errors that happened elsewhere, or never: what they name is a mention, no event.
fn is_hearsay(name: &str, text: &Text) -> bool {
    let named = [".eml", ".msg", ".mbox"]
        .iter()
        .any(|end| name.len() > end.len() && name.to_ascii_lowercase().ends_with(end));
    let head: Vec<String> = text.lines().take(40).map(|(_, line)| line.trim_start().to_ascii_lowercase()).collect();
    let html = head
        .iter()
        .take(5)
        .any(|line| line.starts_with("<!doctype html") || line.starts_with("<html"));
    let has = |start: &str| head.iter().any(|line| line.starts_with(start));
    let mail = has("mime-version:") || has("received:") || has("message-id:") || (has("from:") && has("to:") && has("subject:"));
    named || html || mail
}

/// Archives and documents that are named, but not read.
fn foreign_archive(bytes: &[u8]) -> Option<model::Text> {
    let what = match bytes {
        [b'7', b'z', 0xBC, 0xAF, ..] => text!("a 7z archive"),
        [b'R', b'a', b'r', b'!', ..] => text!("a RAR archive"),
        [b'B', b'Z', b'h', ..] => text!("a bzip2 file"),
        [0xFD, b'7', b'z', b'X', b'Z', ..] => text!("an xz file"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => text!("a zstd file"),
        [b'M', b'S', b'C', b'F', ..] => text!("a cabinet file"),
        [b'%', b'P', b'D', b'F', ..] => return Some(text!("a PDF: not analysed; export the data behind it")),
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] | [b'G', b'I', b'F', b'8', ..] => {
            return Some(text!("a picture: not analysed; export the data that it shows"));
        }
        [b'E', b'l', b'f', b'F', b'i', b'l', b'e', ..] => return Some(text!("a Windows event log: export it as CSV or XML and scan again")),
        _ => return None,
    };
    Some(text!("{what}: not opened; unpack it and scan again", what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Limits;

    #[test]
    fn a_member_that_says_nothing_is_small() {
        assert!(size_of::<Taken>() <= 512, "{} bytes", size_of::<Taken>());
    }

    struct Panicking;

    impl Read for Panicking {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("a panic on purpose")
        }
    }

    #[test]
    fn a_panic_costs_its_own_member_and_stands_in_the_inventory() {
        let catalogue = Catalogue::builtin();
        let bundle = Bundle::open(&[], Limits::default());
        let (clocks, spent, worker) = (Clocks::default(), Spent::default(), Worker::new(None));
        let filter = Filter::new(&interpret::anchors(&catalogue));
        let taken = std::thread::scope(|scope| {
            let mut reader = Reader {
                bundle: &bundle,
                catalogue: &catalogue,
                clocks: &clocks,
                filter: &filter,
                spent: &spent,
                worker: &worker,
                progress: &|_| {},
                helper: Helper::new(scope),
                taken: Vec::new(),
            };
            for (path, content) in [
                ("bad.log", &mut Panicking as &mut dyn Read),
                ("good.txt", &mut "ECE 12.6(1) ES5".as_bytes()),
            ] {
                reader.member(Member {
                    path: path.into(),
                    bytes: None,
                    content: Content::Stream(content),
                });
            }
            reader.taken
        });
        let problems: Vec<_> = taken.iter().map(|taken| taken.entry.problem.as_ref().map(model::Text::english)).collect();
        assert!(
            problems[0].as_ref().is_some_and(|problem| problem.contains("internal error")),
            "{problems:?}"
        );
        assert_eq!(problems[1], None);
        assert_eq!(taken[1].entry.bytes, 15);
    }
}
