//! Known error texts: the catalogue and its matcher.
//!
//! The texts stand in `data/signatures/*.toml`, which people who support the product can read and extend; the build script turns
//! them into constants. A user's own packs have the same format ([`Catalogue::with_packs`]).

mod aadsts;
mod anchors;
mod catalogue;
pub mod draft;
mod entry;
pub mod explain;
mod fields;
mod matcher;
mod packs;
mod prepare;
mod required;
mod selftest;

pub use catalogue::{Catalogue, Described};
pub use entry::{AadstsCode, Role, Scan, Signature, Text, Texts};
pub use fields::Fields;
pub use matcher::Match;
pub use packs::{PackText, check_packs, limits};

use crate::finding::Severity;

/// A text that every match of a signature holds: what the engine's filter looks for. Only records in which an anchor was found
/// are matched against the signatures that own it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// At least 8 bytes in the built-in catalogue, rare in healthy logs. It stands in the text exactly so, single blanks included.
    pub bytes: Box<[u8]>,
    /// Compare ASCII letters without case.
    pub ignore_case: bool,
    /// Number of the signature in the catalogue, or of a marker that interpretation asks for (numbers above the catalogue's).
    pub owner: u32,
}
