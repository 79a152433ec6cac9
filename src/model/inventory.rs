//! What a member was taken for, and how far it could be read.

use super::{Span, Stamp, Text};
use std::sync::Arc;

/// How the times of a member are tied to UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ZoneBasis {
    /// Every time names its offset.
    Explicit,
    /// Times that name none have the one that the user gave (`--source-tz`).
    Given,
    /// No zone is named: the times can't be ordered against those of other servers.
    Unknown,
}

/// One line of the inventory.
#[derive(Clone, Debug)]
pub struct InventoryEntry {
    /// Path of the member.
    pub path: Arc<str>,
    /// What it was taken for, `ece-log`, `entra-application`, `unknown` …; the first of several.
    pub kind: String,
    /// Why, in words, for every piece of evidence in it.
    pub why: Vec<Text>,
    /// Encoding, if it is text.
    pub encoding: Option<&'static str>,
    /// Size in bytes, unpacked.
    pub bytes: u64,
    /// SHA-256 of its bytes, lower-case hex. `None` for logs too large to be hashed in the same pass (`--hash` does it) and for
    /// what could not be read.
    pub sha256: Option<String>,
    /// ECE log records.
    pub records: u64,
    /// What could not be read of it: 1-based line (0: the member as a whole) and reason.
    pub losses: Vec<(u64, Text)>,
    /// First and last time in it, if it is dated.
    pub span: Span,
    /// How these times are tied to UTC.
    pub zone: Option<ZoneBasis>,
    /// Checks that used it as evidence.
    pub used_by: Vec<&'static str>,
    /// Why it, or a part of it, could not be read.
    pub problem: Option<Text>,
    /// The member that this one is a byte-identical copy of: it counts once.
    pub copy_of: Option<Arc<str>>,
}

impl InventoryEntry {
    /// A member at `path`, not yet read.
    pub fn new(path: Arc<str>) -> Self {
        Self {
            path,
            kind: "unknown".into(),
            why: Vec::new(),
            encoding: None,
            bytes: 0,
            sha256: None,
            records: 0,
            losses: Vec::new(),
            span: Span::default(),
            zone: None,
            used_by: Vec::new(),
            problem: None,
            copy_of: None,
        }
    }

    /// Notes a time that stands in the member.
    pub fn dated(&mut self, stamp: Stamp) {
        self.span.add(stamp);
        self.zone = match stamp.offset_minutes {
            Some(_) if self.zone != Some(ZoneBasis::Unknown) => Some(ZoneBasis::Explicit),
            _ => Some(ZoneBasis::Unknown),
        };
    }
}
