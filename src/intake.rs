//! Taking a bundle in: every member is read once, recognised by its content, and turned into facts.

use crate::bundle::{Bundle, Encoding, Member, Problem, SNIFFED, Visitor, decode, read_whole, sniff};
use crate::model::{Facts, InventoryEntry};
use crate::parse::{self, Findings};
use crate::syntax::{self, Source};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a bundle holds.
#[derive(Debug, Default)]
pub struct Intake {
    /// Facts outside ECE logs, in the order of the members' names.
    pub facts: Facts,
    /// Every member, by name.
    pub inventory: Vec<InventoryEntry>,
}

/// What one member gave.
struct Taken {
    entry: InventoryEntry,
    facts: Facts,
}

/// Told of each member that is done, for a progress display: its size in bytes.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Reads the whole bundle, in parallel. The result doesn't depend on the number of threads.
pub fn take_in(bundle: &Bundle, progress: Progress<'_>) -> Intake {
    let mut taken: Vec<Taken> = (0..bundle.jobs())
        .into_par_iter()
        .flat_map_iter(|job| {
            let mut reader = Reader {
                bundle,
                progress,
                taken: Vec::new(),
            };
            bundle.visit(job, &mut reader);
            reader.taken
        })
        .collect();
    taken.extend(bundle.problems().iter().map(|Problem { path, reason }| unread(path, reason.clone())));
    taken.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    let mut intake = Intake::default();
    for Taken { entry, facts } in taken {
        intake.facts.append(facts);
        intake.inventory.push(entry);
    }
    intake
}

fn unread(path: &Arc<str>, reason: String) -> Taken {
    let mut entry = InventoryEntry::new(path.clone());
    entry.problem = Some(reason);
    Taken {
        entry,
        facts: Facts::default(),
    }
}

struct Reader<'a> {
    bundle: &'a Bundle,
    progress: Progress<'a>,
    taken: Vec<Taken>,
}

impl Visitor for Reader<'_> {
    fn member(&mut self, member: Member<'_>) {
        let path = member.path.clone();
        // A panic costs its own member, never the run: what failed stands in the inventory.
        let taken = catch_unwind(AssertUnwindSafe(|| self.read(member))).unwrap_or_else(|_| {
            unread(
                &path,
                "could not be analysed: an internal error of ecelens; please report it with the kind of this file".into(),
            )
        });
        (self.progress)(taken.entry.bytes);
        self.taken.push(taken);
    }

    fn problem(&mut self, path: &str, reason: String) {
        let known = self.taken.iter_mut().find(|t| &*t.entry.path == path);
        match known {
            Some(taken) => add_problem(&mut taken.entry, reason),
            None => self.taken.push(unread(&path.into(), reason)),
        }
    }
}

fn add_problem(entry: &mut InventoryEntry, reason: String) {
    match &mut entry.problem {
        Some(problem) => {
            let _ = write!(problem, "; {reason}");
        }
        none => *none = Some(reason),
    }
}

impl Reader<'_> {
    fn read(&self, mut member: Member<'_>) -> Taken {
        let mut taken = Taken {
            entry: InventoryEntry::new(member.path.clone()),
            facts: Facts::default(),
        };
        let mut head = Vec::new();
        let early = member.content.reader().take(SNIFFED as u64).read_to_end(&mut head).err();
        if let Some(error) = early {
            add_problem(&mut taken.entry, format!("can't be read to its end: {error}"));
            self.read_structured(&mut taken, head, &mut std::io::empty());
        } else {
            self.read_structured(&mut taken, head, member.content.reader());
        }
        taken
    }

    /// Reads a member that is held in memory as a whole.
    fn read_structured(&self, taken: &mut Taken, head: Vec<u8>, rest: &mut dyn Read) {
        let limits = self.bundle.limits();
        let mut bytes = head;
        if let Err(error) = read_whole(rest, limits.structured_packed, &mut bytes) {
            add_problem(&mut taken.entry, format!("read up to byte {}: {error}", bytes.len()));
        }
        taken.entry.bytes = bytes.len() as u64;
        taken.entry.sha256 = Some(hex(&Sha256::digest(&bytes)));
        if bytes.is_empty() {
            taken.entry.why.push("empty".into());
            return;
        }
        let name = taken.entry.path.rsplit('/').next().unwrap_or_default().to_owned();
        if let Some(reason) = foreign_archive(&bytes) {
            taken.entry.why.push(reason.clone());
            return add_problem(&mut taken.entry, reason);
        }
        if sniff(&bytes) == Encoding::Binary {
            taken.entry.encoding = None;
            taken.entry.why.push("binary data of no known kind".into());
            return;
        }
        let (text, replaced) = decode(&bytes);
        drop(bytes);
        taken.entry.encoding = Some(text.encoding().name());
        if replaced > 0 {
            taken.entry.losses.push((0, format!("{replaced} characters could not be decoded")));
        }
        let path = taken.entry.path.clone();
        let source = Source { path: &path, text: &text };
        let mut found = Findings::default();
        let mut outline = Vec::new();
        let losses = syntax::read_each(&text, &name, &mut |mut section| {
            parse::read(&source, &section, &mut found);
            // A large export comes in many sections: only where they stand is kept.
            section.nodes = Vec::new();
            outline.push(section);
        });
        parse::read_whole(&source, &outline, &mut found);
        taken.finish(found, losses);
    }
}

impl Taken {
    /// Takes over what the parsers found.
    fn finish(&mut self, found: Findings, losses: Vec<syntax::Loss>) {
        self.entry
            .losses
            .extend(losses.into_iter().chain(found.losses).map(|loss| (loss.line, loss.reason)));
        if let Some(first) = found.recognised.first() {
            self.entry.kind = first.kind.to_owned();
        }
        if found.recognised.is_empty() && self.entry.why.is_empty() {
            self.entry.why.push("text that no parser knows".into());
        }
        self.entry
            .why
            .extend(found.recognised.into_iter().map(|r| format!("{}: {}", r.kind, r.why)));
        self.facts = found.facts;
    }
}

/// Archives and documents that are named, but not read.
fn foreign_archive(bytes: &[u8]) -> Option<String> {
    let what = match bytes {
        [b'7', b'z', 0xBC, 0xAF, ..] => "a 7z archive",
        [b'R', b'a', b'r', b'!', ..] => "a RAR archive",
        [b'B', b'Z', b'h', ..] => "a bzip2 file",
        [0xFD, b'7', b'z', b'X', b'Z', ..] => "an xz file",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "a zstd file",
        [b'M', b'S', b'C', b'F', ..] => "a cabinet file",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            return Some("an old or encrypted Office file: save it as .xlsx or .csv without a password and scan again".into());
        }
        [b'%', b'P', b'D', b'F', ..] => return Some("a PDF: not analysed; export the data behind it".into()),
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] | [b'G', b'I', b'F', b'8', ..] => {
            return Some("a picture: not analysed; export the data that it shows".into());
        }
        [b'E', b'l', b'f', b'F', b'i', b'l', b'e', ..] => return Some("a Windows event log: export it as CSV or XML and scan again".into()),
        _ => return None,
    };
    Some(format!("{what}: not opened; unpack it and scan again"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
