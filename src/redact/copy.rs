//! A bundle and its redacted copy: learned, written, checked.

use super::leak::LeakCheck;
use super::stream::{begin, blocks};
use super::workbook::Workbook;
use super::{Leak, Learner, Redactor};
use crate::bundle::{Encoding, Limits, Member, Packer, Packing, Visitor, read_in_order, read_whole};
use crate::model::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::path::Path;

/// What became of a bundle.
pub struct Copied {
    /// The copy, ready to be published.
    pub packer: Packer,
    /// Who replaced the names; it has the map.
    pub redactor: Redactor,
    /// How many members were copied.
    pub members: u64,
    /// What is not in the copy, or only in part, and why; by the names that the copy would give it.
    pub left_out: BTreeMap<String, String>,
}

/// Why there is no copy.
#[derive(Debug)]
pub enum Failure {
    /// It could not be written.
    Io(io::Error),
    /// Something stands in it that should not: member of the copy, and what.
    Leaks(BTreeMap<String, BTreeSet<Leak>>),
    /// Nothing of the bundle could be copied.
    Empty,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Makes a copy of the bundle at `path` beside `target`, and looks for leaks in it. A folder becomes a zip if the target is called
/// one.
///
/// # Errors
/// Those of [`Failure`]; then nothing is left of the copy.
pub fn copy(path: &Path, target: &Path, learner: Learner, limits: &Limits) -> Result<Copied, Failure> {
    let mut reading = Reading {
        learner,
        limits,
        left_out: BTreeMap::new(),
        members: 0,
    };
    read_in_order(path, limits, &mut reading);
    let Reading {
        learner, left_out, members, ..
    } = reading;
    if members == 0 {
        return Err(Failure::Empty);
    }
    let is_zip = path.is_dir() && target.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    let mut packer = Packer::new(target, path.is_dir() && !is_zip)?;
    if is_zip {
        packer.open("", Packing::Zip)?;
    }
    let mut writing = Writing {
        redactor: learner.finish(),
        packer,
        limits,
        left_out: &left_out,
        within: Vec::new(),
        failed: None,
    };
    read_in_order(path, limits, &mut writing);
    let Writing {
        mut redactor,
        mut packer,
        failed,
        ..
    } = writing;
    if let Some(error) = failed {
        return Err(error.into());
    }
    if is_zip {
        packer.close()?;
    }
    let mut checking = Checking {
        check: LeakCheck::new(&redactor.map()),
        limits,
        leaks: BTreeMap::new(),
    };
    read_in_order(&packer.staged(), limits, &mut checking);
    if !checking.leaks.is_empty() {
        return Err(Failure::Leaks(checking.leaks));
    }
    Ok(Copied {
        left_out: left_out
            .into_iter()
            .map(|(path, reason)| (redactor.path(&path), redactor.text(&reason)))
            .collect(),
        packer,
        redactor,
        members,
    })
}

/// What a member holds, for a copy.
enum Held<'m> {
    Workbook(Workbook),
    Text(Vec<u8>, Encoding, &'m mut dyn Read),
}

/// Looks into a member.
fn held<'m>(reader: &'m mut dyn Read, limits: &Limits) -> Result<Held<'m>, String> {
    let (head, encoding) = begin(reader).map_err(|error| error.to_string())?;
    if head.starts_with(b"PK\x03\x04") {
        let mut bytes = Vec::new();
        read_whole(&mut Cursor::new(head).chain(reader), limits.structured_packed, &mut bytes).map_err(|error| error.to_string())?;
        return Workbook::read(&bytes, limits).map(Held::Workbook);
    }
    if encoding == Encoding::Binary {
        return Err("no text: what it says can't be known".into());
    }
    Ok(Held::Text(head, encoding, reader))
}

/// The first reading.
struct Reading<'a> {
    learner: Learner,
    limits: &'a Limits,
    left_out: BTreeMap<String, String>,
    members: u64,
}

impl Visitor for Reading<'_> {
    fn member(&mut self, mut member: Member<'_>) {
        self.learner.path(&member.path);
        let learner = &mut self.learner;
        let learned = held(member.content.reader(), self.limits).and_then(|held| match held {
            Held::Workbook(workbook) => workbook.texts(&mut |text| learner.text(text)),
            Held::Text(head, encoding, rest) => {
                let outcome = blocks(head, encoding, rest, &mut |block| {
                    learner.text(&block.text);
                    Ok(())
                });
                // What could be read is copied.
                if let Err(error) = outcome {
                    self.left_out.insert(member.path.to_string(), format!("only in part: {error}"));
                }
                Ok(())
            }
        });
        match learned {
            Ok(()) => self.members += 1,
            Err(reason) => {
                self.left_out.insert(member.path.to_string(), reason);
            }
        }
    }

    fn problem(&mut self, path: &str, reason: Text) {
        self.left_out.insert(path.to_owned(), reason.english());
    }

    fn enter(&mut self, path: &str, _: Packing) {
        self.learner.path(path);
    }
}

/// The second reading.
struct Writing<'a> {
    redactor: Redactor,
    packer: Packer,
    limits: &'a Limits,
    left_out: &'a BTreeMap<String, String>,
    /// Paths of the archives around, outermost first.
    within: Vec<String>,
    failed: Option<io::Error>,
}

impl Writing<'_> {
    /// The name in the copy of what stands at `path`, within what it lies in.
    fn name(&mut self, path: &str) -> String {
        let inside = match self.within.last() {
            Some(around) => path.strip_prefix(around.as_str()).and_then(|rest| rest.strip_prefix("!/")),
            None => path.split_once('/').map(|(_, below)| below),
        };
        self.redactor.path(inside.unwrap_or(path))
    }

    fn note(&mut self, outcome: io::Result<()>) {
        self.failed = self.failed.take().or(outcome.err());
    }
}

impl Visitor for Writing<'_> {
    fn member(&mut self, mut member: Member<'_>) {
        if self.failed.is_some() {
            return;
        }
        let Ok(held) = held(member.content.reader(), self.limits) else { return };
        let name = self.name(&member.path);
        let (redactor, left_out) = (&mut self.redactor, self.left_out);
        redactor.begin_member();
        let outcome = match held {
            Held::Workbook(workbook) => self.packer.member(&name, &mut |out| workbook.write(&mut |text| redactor.text(text), out)),
            Held::Text(head, encoding, rest) => {
                let mut head = Some(head);
                self.packer.member(&name, &mut |out| {
                    let head = head.take().unwrap_or_default();
                    let mut written = Ok(());
                    let read = blocks(head, encoding, rest, &mut |block| {
                        if written.is_ok() {
                            written = block.write(&redactor.block(&block.text), out);
                        }
                        Ok(())
                    });
                    // What was cut at the first reading may be cut now.
                    written.and(read.or_else(|error| if left_out.contains_key(&*member.path) { Ok(()) } else { Err(error) }))
                })
            }
        };
        self.note(outcome);
    }

    /// Known since the first reading.
    fn problem(&mut self, _: &str, _: Text) {}

    fn enter(&mut self, path: &str, packing: Packing) {
        let name = self.name(path);
        self.within.push(path.to_owned());
        let outcome = self.packer.open(&name, packing);
        self.note(outcome);
    }

    fn leave(&mut self) {
        self.within.pop();
        let outcome = self.packer.close();
        self.note(outcome);
    }
}

/// The reading of the copy.
struct Checking<'a> {
    check: LeakCheck,
    limits: &'a Limits,
    leaks: BTreeMap<String, BTreeSet<Leak>>,
}

impl Checking<'_> {
    fn note(&mut self, path: &str, found: BTreeSet<Leak>) {
        if !found.is_empty() {
            self.leaks.entry(path.to_owned()).or_default().extend(found);
        }
    }
}

impl Visitor for Checking<'_> {
    fn member(&mut self, mut member: Member<'_>) {
        let mut found = BTreeSet::new();
        let check = &mut self.check;
        check.begin_member();
        let outcome = held(member.content.reader(), self.limits).and_then(|held| match held {
            Held::Workbook(workbook) => workbook.texts(&mut |text| found.extend(check.block(text))),
            Held::Text(head, encoding, rest) => blocks(head, encoding, rest, &mut |block| {
                found.extend(check.block(&block.text));
                Ok(())
            })
            .map_err(|error| error.to_string()),
        });
        // The name of the copy itself is the user's choice.
        let below = member.path.split_once('/').map_or("", |(_, below)| below);
        self.check.names(below, &mut found);
        self.note(&member.path, found);
        if let Err(reason) = outcome {
            self.note(&member.path, BTreeSet::from([Leak::Unread(reason)]));
        }
    }

    fn problem(&mut self, path: &str, reason: Text) {
        self.note(path, BTreeSet::from([Leak::Unread(reason.english())]));
    }
}
