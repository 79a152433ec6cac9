//! What identifies a member's content, computed while it is read.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A member beyond this size is not hashed by SHA-256 in the same pass: it would cost as much as reading the log. Its CRC-32 and
/// length identify it among the members of a bundle.
const HASHED: u64 = 8 * 1024 * 1024;

/// Hashes of the bytes seen so far.
pub struct Fingerprint {
    sha256: Option<Sha256>,
    crc: crc32fast::Hasher,
    length: u64,
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self {
            sha256: Some(Sha256::new()),
            crc: crc32fast::Hasher::new(),
            length: 0,
        }
    }
}

impl Fingerprint {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.length > HASHED {
            self.sha256 = None;
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        self.crc.update(bytes);
    }

    /// Bytes seen.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// An identity for comparing members, and the SHA-256 (lower-case hex) of a member that is not too large.
    pub fn finish(self) -> (Box<[u8]>, Option<String>) {
        let sha256 = self.sha256.map(|s| hex(&s.finalize()));
        let identity = match &sha256 {
            Some(hash) => hash.as_bytes().into(),
            None => [&self.length.to_le_bytes()[..], &self.crc.finalize().to_le_bytes()].concat().into(),
        };
        (identity, sha256)
    }

    /// SHA-256 of `bytes`, lower-case hex.
    pub fn sha256(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
