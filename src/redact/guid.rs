//! Pseudonyms of GUIDs. Ids that Microsoft publishes (resources, permissions, licences) stay: they mean the same everywhere.

use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Texts of the project that hold Microsoft's public ids.
const PUBLIC: [&str; 3] = [
    include_str!("../../data/licences.toml"),
    include_str!("../../data/permissions.toml"),
    include_str!("../../data/clouds.toml"),
];

static WELL_KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let guid = Regex::new(r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b").expect("a constant pattern");
    PUBLIC
        .iter()
        .flat_map(|text| guid.find_iter(text))
        .map(|found| found.as_str().to_lowercase())
        .collect()
});

/// The pseudonym of `guid`, with dashes or without, in its letter case; `None` if it may stay.
pub(super) fn pseudonym(guid: &str, digest: impl Fn(&[u8]) -> [u8; 32]) -> Option<String> {
    let bare = guid.replace('-', "").to_lowercase();
    if bare.len() != 32 {
        return None;
    }
    let lower = format!("{}-{}-{}-{}-{}", &bare[..8], &bare[8..12], &bare[12..16], &bare[16..20], &bare[20..]);
    // Microsoft's first-party ids have this form; all zeros and the like say nothing.
    let is_reserved = lower.starts_with("0000000") || lower.bytes().filter(|b| *b != b'-').all(|b| b == b'f');
    if is_reserved || WELL_KNOWN.contains(&lower) {
        return None;
    }
    let hex: String = digest(lower.as_bytes()).iter().take(16).map(|b| format!("{b:02x}")).collect();
    // Version 4, variant 1: readers that look at the form accept it.
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or("");
    let made = format!("{}-{}-4{}-a{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32));
    let made = if guid.contains('-') { made } else { made.replace('-', "") };
    Some(if guid.contains(|c: char| c.is_ascii_uppercase()) {
        made.to_uppercase()
    } else {
        made
    })
}
