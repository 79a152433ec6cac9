//! Archives, read in place: members are streams, their names are data and never become paths.

use super::ahead::read_ahead;
use super::capped::{Capped, read_whole, unreadable, why};
use super::file::FileView;
use super::limits::{Limits, Spent};
use super::{Content, Member, Visitor, name};
use crate::model::Text;
use crate::text;
use std::io::{self, Cursor, Read, Seek};
use std::sync::Arc;

/// Bytes of a member's beginning that are looked at to tell an archive (the tar mark stands at 257).
pub const HEAD: usize = 512;

/// Members of a zip from this size on are unpacked by a thread of their own: smaller ones keep all threads busy as they are.
const LARGE: u64 = 64 << 20;

/// Walks into archives, however nested, and hands every member that is none to a visitor.
pub struct Opener<'a> {
    /// Bounds.
    pub limits: &'a Limits,
    /// What the bundle as a whole has used up of them.
    pub spent: &'a Spent,
    /// True where nothing else is read meanwhile: see [`Content::Alone`].
    pub alone: bool,
}

/// Sizes of a stream, as far as they are declared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    /// Of the bytes that it was packed into.
    pub packed: Option<u64>,
    /// Of all that comes out. A declared size may be a lie: it serves to choose a way, never as a bound.
    pub whole: Option<u64>,
}

/// What a member's first bytes say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Zip (workbooks too).
    Zip,
    /// Gzip.
    Gzip,
    /// Tar.
    Tar,
    /// No archive that is walked into.
    None,
}

/// True for an OpenDocument spreadsheet: it names itself in its first member, which is neither packed nor has extra fields
/// (OpenDocument 1.3, part 2, 3.3).
pub fn is_spreadsheet(head: &[u8]) -> bool {
    const NAMED: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
    head.starts_with(b"PK\x03\x04") && head.get(30..).is_some_and(|rest| rest.starts_with(NAMED))
}

/// Tells an archive by its first bytes. A spreadsheet in a zip is one file to people.
pub fn packing(head: &[u8]) -> Packing {
    match head {
        _ if is_spreadsheet(head) => Packing::None,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
        [0x1F, 0x8B, 8, ..] => Packing::Gzip,
        _ if head.get(257..262) == Some(b"ustar") => Packing::Tar,
        _ => Packing::None,
    }
}

impl Opener<'_> {
    fn alone(&self) -> Self {
        Self { alone: true, ..*self }
    }

    /// Visits `file`, or, if it is an archive, its members.
    pub fn open_file(&self, path: &Arc<str>, file: FileView, visitor: &mut dyn Visitor) {
        let mut head = [0; HEAD];
        let read = match file.read_at(&mut head, 0) {
            Ok(read) => read,
            Err(error) => return visitor.problem(path, unreadable(&error)),
        };
        match packing(&head[..read]) {
            Packing::Zip => self.open_zip(path, file, 1, visitor),
            Packing::None => {
                let bytes = Some(file.length());
                self.hand_over(path, bytes, Content::File(file), visitor);
            }
            Packing::Gzip => {
                let packed = Some(file.length());
                read_ahead(flate2::read::MultiGzDecoder::new(file), |unpacked| {
                    let mut capped = Capped::new(unpacked, packed, self.limits, self.spent);
                    self.alone().open_unpacked(path, &mut capped, 1, visitor);
                });
            }
            Packing::Tar => {
                let packed = Some(file.length());
                self.open_stream(path, &mut { file }, Sizes { packed, whole: None }, 0, visitor);
            }
        }
    }

    /// Visits what a gzip file holds. A packed tar is one archive to people: its members follow the name of the file.
    fn open_unpacked(&self, path: &Arc<str>, mut unpacked: &mut dyn Read, depth: u32, visitor: &mut dyn Visitor) {
        let mut head = Vec::with_capacity(HEAD);
        let early = (&mut unpacked).take(HEAD as u64).read_to_end(&mut head).err();
        let name = match packing(&head) {
            Packing::Tar => path.clone(),
            _ => inner_name(path),
        };
        let mut rest: Box<dyn Read> = match early {
            Some(error) => Box::new(Cursor::new(head).chain(Failing(Some(error)))),
            None => Box::new(Cursor::new(head).chain(unpacked)),
        };
        visitor.enter(path, Packing::Gzip);
        self.open_stream(&name, &mut rest, Sizes::default(), depth, visitor);
        visitor.leave();
    }

    /// Visits the member that `stream` holds, or, if it is an archive, its members.
    pub fn open_stream(&self, path: &Arc<str>, stream: &mut dyn Read, sizes: Sizes, depth: u32, visitor: &mut dyn Visitor) {
        let mut head = Vec::with_capacity(HEAD);
        // An error here comes again below, where what was read before it is kept.
        let early = stream.take(HEAD as u64).read_to_end(&mut head).err();
        let kind = packing(&head);
        let failing = early.map(|error| Failing(Some(error)));
        let mut whole: Box<dyn Read> = match failing {
            Some(failing) => Box::new(Cursor::new(head).chain(failing)),
            None => Box::new(Cursor::new(head).chain(stream)),
        };
        if kind != Packing::None && depth >= self.limits.archive_depth {
            return visitor.problem(path, self.limits.too_deep());
        }
        match kind {
            Packing::Zip => {
                let mut bytes = Vec::new();
                if let Err(error) = read_whole(&mut whole, self.limits.nested_archive, &mut bytes) {
                    visitor.problem(path, text!("{error}; unpack it one level and scan again", error = why(&error)));
                }
                self.open_zip(path, Cursor::new(Arc::<[u8]>::from(bytes)), depth + 1, visitor);
            }
            Packing::Gzip => {
                let mut unpacked = Capped::new(flate2::read::MultiGzDecoder::new(whole), sizes.packed, self.limits, self.spent);
                self.open_unpacked(path, &mut unpacked, depth + 1, visitor);
            }
            Packing::Tar => {
                visitor.enter(path, kind);
                self.open_tar(path, whole, depth + 1, visitor);
                visitor.leave();
            }
            Packing::None => {
                let content = match self.alone {
                    true => Content::Alone(&mut whole),
                    false => Content::Stream(&mut whole),
                };
                self.hand_over(path, sizes.whole, content, visitor);
            }
        }
    }

    fn hand_over(&self, path: &Arc<str>, bytes: Option<u64>, content: Content<'_>, visitor: &mut dyn Visitor) {
        if self.spent.enter(self.limits) {
            visitor.member(Member {
                path: path.clone(),
                bytes,
                content,
            });
        } else {
            visitor.problem(
                path,
                text!(
                    "limit reached: a bundle may hold {count} files; this one was not read",
                    count = self.limits.entries
                ),
            );
        }
    }

    fn open_tar(&self, path: &Arc<str>, stream: Box<dyn Read + '_>, depth: u32, visitor: &mut dyn Visitor) {
        let alone = self.alone();
        let mut archive = tar::Archive::new(stream);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return visitor.problem(path, text!("the archive can't be read: {error}", error = why(&error))),
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                // The position is lost with the header: nothing behind it can be read.
                Err(error) => return visitor.problem(path, damaged(&why(&error))),
            };
            let name = member_name(path, &String::from_utf8_lossy(&entry.path_bytes()));
            let kind = entry.header().entry_type();
            if kind.is_file() || kind.is_contiguous() {
                let size = entry.header().size().ok();
                alone.open_stream(&name, &mut entry, Sizes { packed: size, whole: size }, depth, visitor);
            } else if kind.is_symlink() || kind.is_hard_link() {
                visitor.problem(&name, text!("a link: not followed"));
            } else if !(kind.is_dir() || kind.is_pax_global_extensions() || kind.is_pax_local_extensions()) {
                visitor.problem(&name, text!("a pipe, socket or device: not read"));
            }
        }
    }

    /// Visits the members of a zip in the order of their names.
    fn open_zip<R: Read + Seek + Clone + Send>(&self, path: &Arc<str>, reader: R, depth: u32, visitor: &mut dyn Visitor) {
        let mut archive = match zip::ZipArchive::new(reader.clone()) {
            Ok(archive) => archive,
            Err(error) => {
                visitor.problem(
                    path,
                    text!(
                        "the archive's directory can't be read: {error}; its members are read one after another as far as they go",
                        error = error.to_string()
                    ),
                );
                visitor.enter(path, Packing::Zip);
                self.salvage_zip(path, reader, depth, visitor);
                return visitor.leave();
            }
        };
        if is_workbook(archive.file_names().flatten()) {
            let mut reader = reader;
            return match reader.rewind() {
                Ok(()) => self.hand_over(path, None, Content::Stream(&mut reader), visitor),
                Err(error) => visitor.problem(path, unreadable(&error)),
            };
        }
        visitor.enter(path, Packing::Zip);
        for (index, name) in zip_members(path, &mut archive, self.limits, visitor) {
            self.open_zip_member(&name, &mut archive, index, depth, visitor);
        }
        visitor.leave();
    }

    /// Visits one member of a zip.
    pub fn open_zip_member<R: Read + Seek + Send>(
        &self,
        name: &Arc<str>,
        archive: &mut zip::ZipArchive<R>,
        index: usize,
        depth: u32,
        visitor: &mut dyn Visitor,
    ) {
        match archive.by_index(index) {
            Ok(entry) => {
                let packed = Some(entry.compressed_size());
                let whole = Some(entry.size());
                let large = entry.size() >= LARGE;
                let sizes = Sizes { packed, whole };
                let opener = Self {
                    alone: self.alone || large,
                    ..*self
                };
                let mut open = |unpacked: &mut dyn Read| {
                    let mut capped = Capped::new(unpacked, packed, self.limits, self.spent);
                    opener.open_stream(name, &mut capped, sizes, depth, visitor);
                };
                match large {
                    true => read_ahead(entry, open),
                    false => open(&mut { entry }),
                }
            }
            Err(error) => visitor.problem(name, zip_error(&error)),
        }
    }

    /// A zip whose directory is lost (cut in transfer): its local headers are followed as far as they go.
    fn salvage_zip<R: Read + Seek>(&self, path: &Arc<str>, mut reader: R, depth: u32, visitor: &mut dyn Visitor) {
        if reader.rewind().is_err() {
            return;
        }
        loop {
            match zip::read::read_zipfile_from_stream(&mut reader) {
                Ok(Some(entry)) => {
                    let is_file = !entry.is_dir() && !entry.is_symlink();
                    let name = member_name(path, &entry.name().unwrap_or_default());
                    let packed = Some(entry.compressed_size());
                    let mut capped = Capped::new(entry, packed, self.limits, self.spent);
                    if is_file {
                        self.open_stream(&name, &mut capped, Sizes { packed, whole: None }, depth, visitor);
                    }
                    // The next header is found only behind the end of this member.
                    if let Err(error) = io::copy(&mut capped, &mut io::sink()) {
                        return visitor.problem(path, damaged(&why(&error)));
                    }
                }
                Ok(None) => return,
                Err(error) => return visitor.problem(path, damaged(&Text::given(error.to_string()))),
            }
        }
    }
}

/// Members of a zip worth reading, by index and name, sorted by name. What is left out is reported.
pub fn zip_members<R: Read + Seek>(
    path: &Arc<str>,
    archive: &mut zip::ZipArchive<R>,
    limits: &Limits,
    visitor: &mut dyn Visitor,
) -> Vec<(usize, Arc<str>)> {
    if archive.len() > limits.entries {
        visitor.problem(
            path,
            text!(
                "limit reached: it announces {announced} members, and a bundle may hold {count}; not read",
                announced = archive.len(),
                count = limits.entries
            ),
        );
        return Vec::new();
    }
    if archive.has_duplicate_names() {
        visitor.problem(path, text!("two members have the same name: only the last one can be read"));
    }
    if archive.has_overlapping_files().unwrap_or(false) {
        visitor.problem(path, text!("members overlap, as in a crafted archive: read within the limits"));
    }
    let mut members = Vec::new();
    for index in 0..archive.len() {
        match archive.by_index_raw(index) {
            Ok(entry) => {
                let name = member_name(path, &entry.name().unwrap_or_default());
                if entry.is_dir() {
                    continue;
                } else if entry.is_symlink() {
                    visitor.problem(&name, text!("a link: not followed"));
                } else if entry.encrypted() {
                    visitor.problem(&name, text!("encrypted: unpack it with its password and scan again"));
                } else {
                    members.push((index, name));
                }
            }
            Err(error) => visitor.problem(path, zip_error(&error)),
        }
    }
    members.sort_by(|a, b| a.1.cmp(&b.1));
    members
}

/// True if a zip is an Office document, which is one file to people.
pub fn is_workbook<T: AsRef<str>>(mut names: impl Iterator<Item = T>) -> bool {
    names.any(|name| {
        matches!(
            name.as_ref(),
            "xl/workbook.xml" | "xl/workbook.bin" | "word/document.xml" | "ppt/presentation.xml" | "xl/worksheets/sheet1.xml"
        )
    })
}

/// How many archives a member stands in.
pub fn depth_of(path: &str) -> u32 {
    path.matches("!/").count() as u32
}

/// `archive!/member`, with the separators of one kind.
pub fn member_name(archive: &str, member: &str) -> Arc<str> {
    let member = member.replace('\\', "/");
    format!("{archive}!/{}", name::shown_path(member.trim_start_matches("./"))).into()
}

/// Name of what a gzip file holds: its own without the ending.
fn inner_name(path: &str) -> Arc<str> {
    let last = path.rsplit('/').next().unwrap_or(path);
    let stem = last
        .len()
        .checked_sub(3)
        .filter(|&at| last.get(at..).is_some_and(|e| e.eq_ignore_ascii_case(".gz")))
        .map_or("content", |at| &last[..at]);
    format!("{path}!/{stem}").into()
}

fn zip_error(error: &zip::result::ZipError) -> Text {
    match error {
        zip::result::ZipError::UnsupportedArchive(what) => text!("{what}: unpack it and scan again", what),
        other => text!("can't be read: {error}", error = other.to_string()),
    }
}

/// Why nothing behind a place of an archive could be read.
fn damaged(error: &Text) -> Text {
    text!("the archive is damaged: {error}; what follows in it was not read", error)
}

/// A reader that fails once, for an error that was met while looking at the beginning.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
