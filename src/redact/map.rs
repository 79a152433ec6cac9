//! The private map: what stands for what, and the key of the pseudonyms. Whoever has it can undo a copy.

use super::Kind;
use serde::{Deserialize, Serialize};

/// The map of one customer's pseudonyms. It may serve for several copies.
#[derive(Clone, Serialize, Deserialize)]
pub struct Map {
    /// Version of this shape.
    schema_version: u32,
    /// What ids and IP addresses are computed with, in hex: whoever has it and guesses one can prove the guess.
    #[serde(with = "hex")]
    pub(super) key: [u8; 32],
    /// Everything that was replaced, sorted.
    #[serde(rename = "names")]
    pub(super) entries: Vec<Entry>,
}

/// One thing that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// As the bundle has it, in small letters.
    pub original: String,
    /// As the copy has it.
    pub pseudonym: String,
}

/// Version of the map's shape.
const VERSION: u32 = 1;

impl Map {
    /// An empty map with a key of its own.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            schema_version: VERSION,
            key,
            entries: Vec::new(),
        }
    }

    /// Reads a map that was written before.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let map: Self = serde_json::from_str(text).map_err(|error| format!("is no map of pseudonyms: {error}"))?;
        if map.schema_version != VERSION {
            return Err(format!(
                "is a map of version {}, and this program knows version {VERSION}",
                map.schema_version
            ));
        }
        Ok(map)
    }

    /// The map as JSON.
    ///
    /// # Errors
    /// Never for values that came from this program.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Everything that was replaced, sorted.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(key: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&key.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
            .collect();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| D::Error::custom("the key must have 64 hex digits"))
    }
}
