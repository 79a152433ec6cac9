//! What one bundle may cost. Every limit that is reached stands in the report: a clean result never has evidence missing.

use crate::model::Text;
use crate::text;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds for reading a bundle; sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A structured file (settings, JSON, workbook) as stored.
    pub structured_packed: u64,
    /// A structured file after unpacking.
    pub structured_unpacked: u64,
    /// An archive inside an archive that has to be held in memory, because its directory stands at its end.
    pub nested_archive: u64,
    /// Everything unpacked from archives.
    pub bundle_unpacked: u64,
    /// Unpacked to packed bytes of one member, once [`Limits::ratio_after`] bytes have come out.
    pub ratio: u64,
    /// Bytes of a member that may come out before the ratio counts.
    pub ratio_after: u64,
    /// Members of a bundle that may reach the ratio. One is a log full of zeros; from this number on the bundle is made to swell, and
    /// the others may only unpack to a tenth of the ratio, once a 64th of [`Limits::ratio_after`] has come out.
    pub swollen: u64,
    /// Archives inside archives.
    pub archive_depth: u32,
    /// Members of a bundle.
    pub entries: usize,
    /// Folders inside folders.
    pub folder_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            structured_packed: 64 * MIB,
            structured_unpacked: 256 * MIB,
            nested_archive: 128 * MIB,
            bundle_unpacked: 64 * 1024 * MIB,
            ratio: 200,
            ratio_after: 64 * MIB,
            swollen: 8,
            archive_depth: 5,
            entries: 200_000,
            folder_depth: 128,
        }
    }
}

impl Limits {
    /// What is said of an archive that stands in too many others.
    pub(super) fn too_deep(&self) -> Text {
        text!(
            "limit reached: archives inside archives are read {levels} levels deep",
            levels = self.archive_depth
        )
    }
}

/// What one reading of a bundle has used up of the limits that count for the bundle as a whole. Shared by all readers.
#[derive(Debug, Default)]
pub struct Spent {
    unpacked: AtomicU64,
    entries: AtomicU64,
    swollen: AtomicU64,
}

impl Spent {
    /// Bytes that may still be unpacked.
    pub(super) fn room(&self, limits: &Limits) -> u64 {
        limits.bundle_unpacked.saturating_sub(self.unpacked.load(Ordering::Relaxed))
    }

    /// Counts `bytes` more unpacked bytes.
    pub(super) fn unpack(&self, bytes: u64) {
        self.unpacked.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts one more member; false if that is one too many.
    pub(super) fn enter(&self, limits: &Limits) -> bool {
        self.entries.fetch_add(1, Ordering::Relaxed) < limits.entries as u64
    }

    /// The ratio that counts for the next member, and the bytes of it that may come out before it does.
    pub(super) fn ratio(&self, limits: &Limits) -> (u64, u64) {
        match self.swollen.load(Ordering::Relaxed) < limits.swollen {
            true => (limits.ratio, limits.ratio_after),
            false => (limits.ratio / 10, limits.ratio_after / 64),
        }
    }

    /// Counts a member that reached the ratio.
    pub(super) fn swell(&self) {
        self.swollen.fetch_add(1, Ordering::Relaxed);
    }

    /// True if something was left out for a limit of the whole bundle. Which member that was depends on who came first, where several
    /// read at once; that it happens doesn't.
    pub fn exceeds(&self, limits: &Limits) -> bool {
        self.unpacked.load(Ordering::Relaxed) > limits.bundle_unpacked
            || self.entries.load(Ordering::Relaxed) > limits.entries as u64
            || self.swollen.load(Ordering::Relaxed) >= limits.swollen
    }
}

/// A size in the unit that people read: `64 MiB`, `1.5 GiB`, `812 B`.
pub fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let text = if unit == "B" || value >= 100.0 || value.fract() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    };
    format!("{text} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_sizes_in_words() {
        assert_eq!(size_words(812), "812 B");
        assert_eq!(size_words(64 * 1024 * 1024), "64 MiB");
        assert_eq!(size_words(1_610_612_736), "1.5 GiB");
    }
}
