//! The languages, and their catalogues: English sentence to sentence.

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// A language of what people read. Ids, keys, verdicts and severities of machine formats, and evidence, stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, in which the program is written.
    #[default]
    English,
    /// Italian.
    Italian,
}

impl Language {
    /// True for the language that the program is written in.
    pub fn is_english(&self) -> bool {
        *self == Self::English
    }

    /// The code of ISO 639-1: `en`, `it`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }

    /// A sentence of the program in this language; in English where the catalogue has none.
    pub fn of(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::Italian => ITALIAN
                .binary_search_by(|(key, _)| (*key).cmp(english))
                .map_or(english, |at| ITALIAN[at].1),
        }
    }
}

/// By its code.
impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
