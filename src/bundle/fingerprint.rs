//! What identifies a member's content, computed while it is read.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::{self, Read};

/// A member beyond this size is not hashed in the same pass: it would cost as much as reading the log.
const HASHED: u64 = 8 * 1024 * 1024;

/// Reads on, and hashes what it reads unless that is too much.
pub struct Hashing<R> {
    inner: R,
    sha256: Option<Sha256>,
    length: u64,
}

impl<R: Read> Hashing<R> {
    /// Reads from `inner`, whose size is `size` where that is known.
    pub fn new(inner: R, size: Option<u64>) -> Self {
        Self {
            inner,
            sha256: size.is_none_or(|size| size <= HASHED).then(Sha256::new),
            length: 0,
        }
    }

    /// Takes `bytes` that were read before.
    pub fn took(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.length > HASHED {
            self.sha256 = None;
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    /// SHA-256 (lower-case hex) of a member that is not too large.
    pub fn finish(self) -> Option<String> {
        self.sha256.map(|sha256| hex(&sha256.finalize()))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.took(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// SHA-256 of `bytes`, lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of all that `source` holds, lower-case hex.
pub fn sha256_of(source: &mut dyn Read) -> io::Result<String> {
    let mut sha256 = Sha256::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        match source.read(&mut block) {
            Ok(0) => return Ok(hex(&sha256.finalize())),
            Ok(read) => sha256.update(block.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
