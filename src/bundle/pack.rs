//! Where a copy goes: folders and archives, written as they were read. It appears as a whole or not at all.

use super::Packing;
use super::beside::FolderBeside;
use flate2::{Compression, GzBuilder, write::GzEncoder};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Writes members to a place beside the target, and moves them there at the end. Archives carry no times, owners or modes.
pub struct Packer {
    target: PathBuf,
    /// Beside the target, so that a rename moves it; emptied when it is dropped.
    beside: FolderBeside,
    open: Vec<Open>,
}

/// Something that takes members, and the names that are taken in it.
struct Open {
    /// Its name in what it lies in.
    name: String,
    shelf: Shelf,
    taken: BTreeSet<String>,
}

enum Shelf {
    /// A folder, or a single file if the bundle is one.
    Disk {
        path: PathBuf,
        is_folder: bool,
    },
    Zip(Box<zip::ZipWriter<File>>),
    Tar(Box<tar::Builder<File>>),
    Gzip(Box<GzEncoder<File>>),
}

/// What a packer writes a member with.
pub type WriteWith<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

impl Packer {
    /// A copy that will be `target`: a folder, or a single file.
    ///
    /// # Errors
    /// If there is something already, or nothing can be written beside it.
    pub fn new(target: &Path, is_folder: bool) -> io::Result<Self> {
        refuse_existing(target)?;
        let beside = FolderBeside::new(target)?;
        let path = beside.path().join(target.file_name().unwrap_or("copy".as_ref()));
        if is_folder {
            std::fs::create_dir(&path)?;
        }
        Ok(Self {
            target: target.to_owned(),
            beside,
            open: vec![Open::new("", Shelf::Disk { path, is_folder })],
        })
    }

    /// Writes a member with what `write` gives, under `name` or, if that is taken, one like it.
    ///
    /// # Errors
    /// That of `write` or of the disk.
    pub fn member(&mut self, name: &str, write: WriteWith<'_>) -> io::Result<()> {
        let spool = self.beside.path().to_owned();
        let Some(open) = self.open.last_mut() else {
            return Err(io::Error::other("a member behind the end of the copy"));
        };
        let name = open.free_name(name);
        match &mut open.shelf {
            Shelf::Disk { path, is_folder } => {
                let path = if *is_folder { path.join(&name) } else { path.clone() };
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let mut file = BufWriter::new(File::create_new(path)?);
                write(&mut file)?;
                file.flush()
            }
            Shelf::Zip(zip) => {
                let options = zip::write::SimpleFileOptions::default()
                    .last_modified_time(zip::DateTime::default())
                    .large_file(true);
                zip.start_file(name, options)?;
                write(zip)
            }
            // A tar says the size before the content.
            Shelf::Tar(tar) => {
                let mut file = tempfile::tempfile_in(spool)?;
                let mut buffered = BufWriter::new(&mut file);
                write(&mut buffered)?;
                buffered.flush()?;
                drop(buffered);
                let mut header = tar::Header::new_gnu();
                header.set_size(file.stream_position()?);
                header.set_mode(0o644);
                header.set_mtime(0);
                file.rewind()?;
                tar.append_data(&mut header, name, file)
            }
            Shelf::Gzip(gzip) => write(gzip),
        }
    }

    /// Begins an archive: members go into it until [`Packer::close`].
    ///
    /// # Errors
    /// If no temporary file can be made.
    pub fn open(&mut self, name: &str, packing: Packing) -> io::Result<()> {
        let file = tempfile::tempfile_in(self.beside.path())?;
        let shelf = match packing {
            Packing::Zip => Shelf::Zip(Box::new(zip::ZipWriter::new(file))),
            Packing::Tar => Shelf::Tar(Box::new(tar::Builder::new(file))),
            Packing::Gzip | Packing::None => Shelf::Gzip(Box::new(GzBuilder::new().mtime(0).write(file, Compression::default()))),
        };
        self.open.push(Open::new(name, shelf));
        Ok(())
    }

    /// Ends the archive that was begun last.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn close(&mut self) -> io::Result<()> {
        let Some(Open { name, shelf, .. }) = self.open.pop() else {
            return Ok(());
        };
        let mut file = match shelf {
            Shelf::Disk { .. } => return Ok(()),
            Shelf::Zip(zip) => zip.finish()?,
            Shelf::Tar(tar) => tar.into_inner()?,
            Shelf::Gzip(gzip) => gzip.finish()?,
        };
        file.rewind()?;
        self.member(&name, &mut |out| io::copy(&mut Read::by_ref(&mut file), out).map(drop))
    }

    /// Where the copy lies until it is published.
    pub fn staged(&self) -> PathBuf {
        self.beside.path().join(self.target.file_name().unwrap_or("copy".as_ref()))
    }

    /// Puts the copy in its place.
    ///
    /// # Errors
    /// If there is something by now, or nothing was written.
    pub fn publish(self) -> io::Result<()> {
        refuse_existing(&self.target)?;
        std::fs::rename(self.staged(), &self.target)
    }
}

fn refuse_existing(target: &Path) -> io::Result<()> {
    match target.symlink_metadata() {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "is there already; nothing is overwritten")),
        Err(_) => Ok(()),
    }
}

impl Open {
    fn new(name: &str, shelf: Shelf) -> Self {
        Self {
            name: name.to_owned(),
            shelf,
            taken: BTreeSet::new(),
        }
    }

    /// `name` without steps that lead elsewhere, and unlike those that are taken, whatever the letter case.
    fn free_name(&mut self, name: &str) -> String {
        let steps = name.split('/').filter(|step| !matches!(*step, "" | "." | ".."));
        let name = steps.collect::<Vec<_>>().join("/");
        let dot = name
            .rfind('.')
            .filter(|dot| name.rfind('/').is_none_or(|slash| slash < *dot))
            .unwrap_or(name.len());
        let mut free = name.clone();
        let mut number = 1;
        while !self.taken.insert(free.to_lowercase()) {
            number += 1;
            free = format!("{}-{number}{}", &name[..dot], &name[dot..]);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Member, Visitor, read_in_order};
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Visitor for Seen {
        fn member(&mut self, mut member: Member<'_>) {
            let mut text = String::new();
            member.content.reader().read_to_string(&mut text).unwrap();
            self.0.push(format!("{}={text}", member.path));
        }

        fn problem(&mut self, path: &str, reason: crate::model::Text) {
            self.0.push(format!("{path}: {}", reason.english()));
        }

        fn enter(&mut self, path: &str, packing: Packing) {
            self.0.push(format!("{packing:?} {path}"));
        }

        fn leave(&mut self) {
            self.0.push("end".into());
        }
    }

    fn write(packer: &mut Packer, name: &str, text: &str) {
        packer.member(name, &mut |out| out.write_all(text.as_bytes())).unwrap();
    }

    #[test]
    fn what_is_packed_reads_the_same_way() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let mut packer = Packer::new(&target, true).unwrap();
        write(&mut packer, "a.txt", "1");
        write(&mut packer, "A.txt", "2");
        packer.open("logs/b.zip", Packing::Zip).unwrap();
        packer.open("c.tar.gz", Packing::Gzip).unwrap();
        packer.open("", Packing::Tar).unwrap();
        write(&mut packer, "../d.log", "3");
        packer.close().unwrap();
        packer.close().unwrap();
        packer.open("e.gz", Packing::Gzip).unwrap();
        write(&mut packer, "e", "4");
        packer.close().unwrap();
        packer.close().unwrap();
        assert!(!target.exists());
        packer.publish().unwrap();
        let mut seen = Seen::default();
        read_in_order(&target, &Limits::default(), &mut seen);
        assert_eq!(
            seen.0,
            [
                "out/A-2.txt=2",
                "out/a.txt=1",
                "Zip out/logs/b.zip",
                "Gzip out/logs/b.zip!/c.tar.gz",
                "Tar out/logs/b.zip!/c.tar.gz",
                "out/logs/b.zip!/c.tar.gz!/d.log=3",
                "end",
                "end",
                "Gzip out/logs/b.zip!/e.gz",
                "out/logs/b.zip!/e.gz!/e=4",
                "end",
                "end",
            ]
        );
        assert!(Packer::new(&target, true).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
