//! Plain files: opened without following links or waiting for pipes, read at offsets so that several readers can share one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// A file opened for reading, with a position of its own. Clones share the handle and nothing else. It ends where the file ended
/// when it was opened: a log that grows meanwhile is read up to there.
#[derive(Clone, Debug)]
pub struct FileView {
    file: Arc<File>,
    position: u64,
    length: u64,
}

impl FileView {
    /// Opens a regular file. Links, FIFOs, sockets and devices are refused.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC);
        let file = options.open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(Self {
            file: Arc::new(file),
            position: 0,
            length: metadata.len(),
        })
    }

    /// Size when it was opened, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads at `offset` without moving the position; 0 at the end.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.length.saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..wanted];
        loop {
            #[cfg(unix)]
            let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, offset);
            #[cfg(windows)]
            let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, offset);
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The file was cut while we read it: what is missing must not look like the end.
                Ok(0) if wanted > 0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read")),
                other => return other,
            }
        }
    }
}

impl Read for FileView {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_at(buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for FileView {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}
