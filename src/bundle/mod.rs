//! Where bytes come from: folders, files and archives, walked in one order, decoded, within limits.

mod ahead;
mod archive;
mod beside;
mod capped;
mod decode;
mod file;
mod fingerprint;
mod limits;
mod name;
mod pack;
mod text;
mod walk;

pub use archive::{Packing, is_spreadsheet};
pub use beside::file_beside;
pub use capped::{read_whole, why};
pub use decode::{SNIFFED, decode, sniff};
pub use file::FileView;
pub use fingerprint::{Hashing, sha256, sha256_of};
pub use limits::{Limits, Spent, size_words};
pub use pack::Packer;
pub use text::{Encoding, Text};
pub use walk::{Root, walk};

use crate::model;
use crate::text;
use archive::{Opener, Sizes};
use capped::unreadable;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

/// A file of the bundle: on disk, or a member of an archive.
pub struct Member<'a> {
    /// Its path, `bundle.zip!/logs/x.log` inside an archive.
    pub path: Arc<str>,
    /// Its size, where it is declared. That of an archive's member may be a lie.
    pub bytes: Option<u64>,
    /// Its content.
    pub content: Content<'a>,
}

/// How a member's bytes can be read.
pub enum Content<'a> {
    /// At any offset.
    File(FileView),
    /// From the beginning on.
    Stream(&'a mut dyn Read),
    /// From the beginning on, while nothing else is read: what stands behind it in a tar waits, or a thread of its own unpacks it.
    Alone(&'a mut dyn Read),
}

impl Content<'_> {
    /// The content from its beginning on.
    pub fn reader(&mut self) -> &mut dyn Read {
        match self {
            Self::File(file) => file,
            Self::Stream(stream) | Self::Alone(stream) => *stream,
        }
    }
}

/// Something that could not be read, and why. It stands in the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What it is about.
    pub path: Arc<str>,
    /// What was found, and what to do.
    pub reason: model::Text,
}

impl Problem {
    /// A problem of `path`.
    pub fn new(path: &str, reason: model::Text) -> Self {
        Self { path: path.into(), reason }
    }
}

/// Takes what a bundle holds, member by member.
pub trait Visitor {
    /// A member.
    fn member(&mut self, member: Member<'_>);
    /// Something that could not be read.
    fn problem(&mut self, path: &str, reason: model::Text);
    /// An archive begins: what follows up to [`Visitor::leave`] is in it. A packed tar is a tar in a gzip of the same path.
    fn enter(&mut self, _path: &str, _packing: Packing) {}
    /// The archive that was entered last ends.
    fn leave(&mut self) {}
}

/// Shows `visitor` all that is below `path`, one after the other in the order of names, archives as they are nested.
pub fn read_in_order(path: &std::path::Path, limits: &Limits, visitor: &mut dyn Visitor) {
    let (roots, problems) = walk(&[path.to_owned()], limits);
    for problem in problems {
        visitor.problem(&problem.path, problem.reason);
    }
    let opener = Opener {
        limits,
        spent: &Spent::default(),
        alone: false,
    };
    for root in roots {
        match FileView::open(&root.path) {
            Ok(file) => opener.open_file(&root.name, file, visitor),
            Err(error) => visitor.problem(&root.name, unreadable(&error)),
        }
    }
}

/// A bundle: what there is to read, split into jobs that can run in parallel.
pub struct Bundle {
    jobs: Vec<Job>,
    problems: Vec<Problem>,
    limits: Limits,
}

/// One thing to read: a file, a member of a zip, or standard input.
enum Job {
    File(Root),
    ZipMember {
        name: Arc<str>,
        archive: zip::ZipArchive<FileView>,
        index: usize,
    },
    Given {
        name: Arc<str>,
        bytes: Vec<u8>,
    },
}

impl Bundle {
    /// Finds what there is to read below `paths`. A zip on disk becomes one job for each member.
    pub fn open(paths: &[PathBuf], limits: Limits) -> Self {
        let (roots, problems) = walk(paths, &limits);
        let mut found = Found { problems };
        let mut jobs = Vec::with_capacity(roots.len());
        for root in roots {
            let zip = FileView::open(&root.path).ok().filter(|file| {
                let mut head = [0; archive::HEAD];
                file.read_at(&mut head, 0)
                    .is_ok_and(|read| archive::packing(&head[..read]) == Packing::Zip)
            });
            // An archive that can't be opened here fails again, with its message, when its job runs.
            match zip.and_then(|file| zip::ZipArchive::new(file).ok()) {
                Some(mut zip) if !archive::is_workbook(zip.file_names().flatten()) => {
                    for (index, name) in archive::zip_members(&root.name, &mut zip, &limits, &mut found) {
                        jobs.push(Job::ZipMember {
                            name,
                            archive: zip.clone(),
                            index,
                        });
                    }
                }
                _ => jobs.push(Job::File(root)),
            }
        }
        Self {
            jobs,
            problems: found.problems,
            limits,
        }
    }

    /// Adds one artefact that was read from standard input.
    pub fn give(&mut self, name: &str, bytes: Vec<u8>) {
        self.jobs.push(Job::Given { name: name.into(), bytes });
    }

    /// Bounds for reading.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What could not be read already while looking for members.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Number of jobs for [`Bundle::visit`].
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Reads a file that came inside the member `within`, a mail; if it is an archive, its members. Mails in mails count towards the
    /// depth of archives: nothing else ends what is packed into itself.
    pub fn visit_attachment(&self, within: &str, name: &str, bytes: &[u8], spent: &Spent, visitor: &mut dyn Visitor) {
        let path = archive::member_name(within, name);
        let depth = archive::depth_of(&path);
        if depth > self.limits.archive_depth {
            return visitor.problem(&path, self.limits.too_deep());
        }
        let size = Some(bytes.len() as u64);
        let sizes = Sizes { packed: size, whole: size };
        self.opener(spent).open_stream(&path, &mut { bytes }, sizes, depth, visitor);
    }

    fn opener<'a>(&'a self, spent: &'a Spent) -> Opener<'a> {
        Opener {
            limits: &self.limits,
            spent,
            alone: false,
        }
    }

    /// Reads the members of job `job`, in the order of their names, and counts them in `spent`. Jobs may run in parallel. A panic of
    /// what unpacks them ends this job alone, with a problem; the members before it have been handed out.
    pub fn visit(&self, job: usize, spent: &Spent, visitor: &mut dyn Visitor) {
        let Some(job) = self.jobs.get(job) else { return };
        if catch_unwind(AssertUnwindSafe(|| self.visit_job(job, &self.opener(spent), visitor))).is_err() {
            visitor.problem(
                job.name(),
                text!("could not be unpacked: an internal error of ecelens; please report it with the kind of this file"),
            );
        }
    }

    fn visit_job(&self, job: &Job, opener: &Opener<'_>, visitor: &mut dyn Visitor) {
        match job {
            Job::File(root) => match FileView::open(&root.path) {
                Ok(file) => opener.open_file(&root.name, file, visitor),
                Err(error) => visitor.problem(&root.name, unreadable(&error)),
            },
            Job::ZipMember { name, archive, index } => opener.open_zip_member(name, &mut archive.clone(), *index, 1, visitor),
            Job::Given { name, bytes } => opener.open_stream(name, &mut bytes.as_slice(), Sizes::default(), 0, visitor),
        }
    }
}

impl Job {
    fn name(&self) -> &Arc<str> {
        match self {
            Self::File(root) => &root.name,
            Self::ZipMember { name, .. } | Self::Given { name, .. } => name,
        }
    }
}

/// Collects problems while a bundle is opened.
struct Found {
    problems: Vec<Problem>,
}

impl Visitor for Found {
    fn member(&mut self, _: Member<'_>) {}

    fn problem(&mut self, path: &str, reason: model::Text) {
        self.problems.push(Problem::new(path, reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Fragile {
        problems: Vec<String>,
    }

    impl Visitor for Fragile {
        fn member(&mut self, member: Member<'_>) {
            assert_ne!(&*member.path, "bad", "a panic on purpose");
        }

        fn problem(&mut self, path: &str, reason: model::Text) {
            self.problems.push(format!("{path}: {}", reason.english()));
        }
    }

    #[test]
    fn a_panic_costs_its_own_job() {
        let mut bundle = Bundle::open(&[], Limits::default());
        for name in ["bad", "good"] {
            bundle.give(name, b"x".to_vec());
        }
        let mut visitor = Fragile::default();
        (0..bundle.jobs()).for_each(|job| bundle.visit(job, &Spent::default(), &mut visitor));
        assert_eq!(visitor.problems.len(), 1);
        assert!(visitor.problems[0].starts_with("bad: could not be unpacked"), "{:?}", visitor.problems);
    }
}
