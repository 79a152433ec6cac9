//! Facts that age, from `data/ageing.toml`: minimum levels, deprecations, dates at which somebody else's service changes.

use super::{Stamp, Text, Version};
use crate::text;
use serde::Deserialize;
use std::sync::LazyLock;

/// What a release of ECE needs for OAuth with Office 365.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReleaseLevel {
    /// `12.6`.
    pub release: String,
    /// Least engineering special; 0: built in.
    pub minimum_es: u16,
    /// Test patch that must stand on the least ES (`ES12_ET1`).
    pub minimum_et: Option<u16>,
    /// ES from which IMAP and POP accounts are deprecated in favour of Graph API; absent: the release has no Graph API.
    pub graph_from_es: Option<u16>,
    /// The administrator guide that belongs to the release.
    pub guide: String,
    /// Who says so.
    pub source: String,
    /// Day on which it was last known to hold.
    pub as_of: String,
}

impl ReleaseLevel {
    /// True if the level belongs to `version`'s release.
    pub fn is_of(&self, version: &Version) -> bool {
        self.release == format!("{}.{}", version.major, version.minor)
    }

    /// The least level in words: `12.6(1) ES1`, `11.6(1) ES12 with ES12_ET1`.
    pub fn least(&self) -> String {
        match (self.minimum_es, self.minimum_et) {
            (0, _) => format!("{}(1)", self.release),
            (es, None) => format!("{}(1) ES{es}", self.release),
            (es, Some(et)) => format!("{}(1) ES{es} with ES{es}_ET{et}", self.release),
        }
    }
}

/// A change of somebody else's service at a known time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DatedFact {
    /// Name that checks ask for.
    pub id: String,
    /// First day on which it holds (`2026-07-01`); `None` if not announced.
    pub date: Option<String>,
    /// Day on which a step by step change is complete.
    pub until: Option<String>,
    /// The fact in a sentence without its full stop.
    pub text: String,
    /// Who says so.
    pub source: String,
    /// Day on which it was last known to hold.
    pub as_of: String,
}

impl DatedFact {
    /// The first day on which it holds, midnight UTC.
    pub fn begins(&self) -> Option<Stamp> {
        Stamp::parse(self.date.as_deref()?).map(|stamp| stamp.or_offset(Some(0)))
    }

    /// The sentence with its source, for evidence that no bundle holds: `… (Microsoft MC1293480, as of 2026-04-27)`.
    pub fn sentence(&self) -> Text {
        text!(
            "{fact} ({source}, as of {date})",
            fact = Text::catalogued(self.text.clone()),
            source = Text::figure(&self.source),
            date = Text::figure(&self.as_of),
        )
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Ageing {
    release: Vec<ReleaseLevel>,
    dated: Vec<DatedFact>,
}

static AGEING: LazyLock<Ageing> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/ageing.toml")).expect("data/ageing.toml is checked by a test"));

/// What each release needs, oldest first.
pub fn release_levels() -> &'static [ReleaseLevel] {
    &AGEING.release
}

/// What `version`'s release needs, if the table has it.
pub fn level_of(version: &Version) -> Option<&'static ReleaseLevel> {
    AGEING.release.iter().find(|level| level.is_of(version))
}

/// The dated fact called `id`.
pub fn dated(id: &str) -> Option<&'static DatedFact> {
    AGEING.dated.iter().find(|fact| fact.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_source_a_day_and_a_readable_date() {
        let day = |text: &str| Stamp::parse(text).is_some();
        for level in release_levels() {
            assert!(!level.source.is_empty() && day(&level.as_of), "{}", level.release);
        }
        for fact in &AGEING.dated {
            assert!(!fact.source.is_empty() && day(&fact.as_of), "{}", fact.id);
            assert!(fact.date.iter().chain(&fact.until).all(|d| day(d)), "{}", fact.id);
            assert!(!fact.text.ends_with('.'), "{}", fact.id);
        }
        let mut ids: Vec<_> = AGEING.dated.iter().map(|f| &f.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), AGEING.dated.len());
    }

    #[test]
    fn says_levels_in_words() {
        let least: Vec<String> = release_levels().iter().map(ReleaseLevel::least).collect();
        assert_eq!(
            least,
            ["11.6(1) ES12 with ES12_ET1", "12.0(1) ES6", "12.5(1) ES3", "12.6(1) ES1", "15.0(1)"]
        );
        assert_eq!(
            dated("legacy-tls-endpoints-end").unwrap().begins().unwrap().rfc3339(),
            "2026-07-01T00:00:00Z"
        );
        assert!(dated("nothing").is_none());
    }
}
