//! The root certificates behind Microsoft's hosts, from `data/roots.toml`.

use crate::model::{Stamp, TrustStore, organisation};
use serde::Deserialize;
use std::sync::LazyLock;

/// A root certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its name.
    pub name: String,
    sha1: String,
    sha256: String,
    /// Aliases under which Java's own stores list it: a second key where no fingerprint is listed.
    aliases: Vec<String>,
    owner: String,
    /// Since when which endpoint rests on it.
    #[serde(default)]
    pub needed: Vec<Need>,
    /// Day on which it ended.
    #[serde(rename = "expired")]
    _expired: Option<String>,
}

/// Since when an endpoint rests on a root.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// `sign-in` or `mail`.
    pub endpoint: String,
    /// Its hosts, in words.
    pub hosts: String,
    /// First day.
    since: String,
    /// Who says so.
    pub source: String,
}

impl Need {
    /// First day, midnight UTC.
    pub fn since(&self) -> Option<Stamp> {
        Stamp::parse(&self.since).map(|s| s.or_offset(Some(0)))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Roots {
    root: Vec<Root>,
    #[serde(rename = "as-of")]
    _as_of: String,
}

static ROOTS: LazyLock<Roots> =
    LazyLock::new(|| toml::from_str(include_str!("../../../data/roots.toml")).expect("data/roots.toml is checked by a test"));

impl Root {
    /// True if `store` lists it as trusted: by fingerprint, or by alias or owner where an entry shows no fingerprint.
    pub fn is_in(&self, store: &TrustStore) -> bool {
        let bare = |text: &str| text.replace(':', "").to_ascii_uppercase();
        let (sha1, sha256) = (bare(&self.sha1), bare(&self.sha256));
        store.entries.iter().filter(|e| e.trusted).any(|entry| {
            if !entry.fingerprints.is_empty() {
                return entry.fingerprints.iter().any(|f| *f == sha1 || *f == sha256);
            }
            let alias = entry.alias.to_ascii_lowercase();
            let alias = alias.trim_end_matches("[jdk]").trim();
            let of_owner = entry
                .owner
                .as_deref()
                .is_some_and(|o| o.contains(&self.owner) && organisation(o).as_deref() == Some("DigiCert Inc"));
            of_owner
                || self
                    .aliases
                    .iter()
                    .any(|a| alias == a || alias.strip_prefix("debian:").is_some_and(|d| d.strip_suffix(".pem") == Some(a)))
        })
    }
}

/// The root that is needed now.
pub fn needed() -> &'static Root {
    ROOTS
        .root
        .iter()
        .find(|r| !r.needed.is_empty())
        .expect("data/roots.toml is checked by a test")
}

/// Names of the former roots that `store` has: they show its age.
pub fn former_in(store: &TrustStore) -> Vec<&'static str> {
    ROOTS
        .root
        .iter()
        .filter(|r| r.needed.is_empty() && r.is_in(store))
        .map(|r| r.name.as_str())
        .collect()
}

/// Organisations whose certificates Microsoft's hosts present: their own, and DigiCert's (Baltimore was bought by it).
const ISSUERS: [&str; 5] = ["digicert inc", "digicert, inc.", "digicert", "microsoft corporation", "baltimore"];

/// True for an issuer that Microsoft's hosts have; a name without organisation is judged by its common name.
pub fn is_known_issuer(issuer: &str) -> bool {
    match organisation(issuer) {
        Some(organisation) => ISSUERS.contains(&organisation.to_ascii_lowercase().as_str()),
        None => {
            let name = issuer.to_ascii_lowercase();
            name.contains("digicert") || name.contains("cn=microsoft azure") || name.contains("cn=microsoft it tls")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TrustEntry;

    #[test]
    fn the_data_is_sound() {
        for root in &ROOTS.root {
            assert_eq!(root.sha1.split(':').count(), 20, "{}", root.name);
            assert_eq!(root.sha256.split(':').count(), 32, "{}", root.name);
            assert!(root.needed.iter().all(|n| n.since().is_some() && !n.source.is_empty()));
        }
        assert_eq!(needed().name, "DigiCert Global Root G2");
    }

    #[test]
    fn finds_a_root_by_fingerprint_or_alias() {
        let entry = |alias: &str, print: &str, trusted| TrustEntry {
            alias: alias.into(),
            fingerprints: Some(print.replace(':', "")).filter(|p| !p.is_empty()).into_iter().collect(),
            owner: None,
            trusted,
        };
        let store = |entry| TrustStore {
            from: None,
            file: None,
            announced: Some(1),
            entries: vec![entry],
            problem: None,
        };
        let sha1 = "DF:3C:24:F9:BF:D6:66:76:1B:26:80:73:FE:06:D1:CC:8D:4F:82:A4";
        assert!(needed().is_in(&store(entry("whatever", sha1, true))));
        assert!(needed().is_in(&store(entry("digicertglobalrootg2 [jdk]", "", true))));
        assert!(needed().is_in(&store(entry("debian:digicert_global_root_g2.pem", "", true))));
        assert!(
            !needed().is_in(&store(entry("digicertglobalrootg2 [jdk]", "A8:98", true))),
            "a name with another fingerprint is another certificate"
        );
        assert!(!needed().is_in(&store(entry("x", sha1, false))), "a key of the host's own is no trust");
        assert!(!needed().is_in(&store(entry("digicertglobalrootca [jdk]", "", true))));
    }

    #[test]
    fn tells_foreign_issuers() {
        for known in [
            "C = US, O = DigiCert Inc, CN = DigiCert Cloud Services CA-1",
            "/C=US/O=Microsoft Corporation/CN=Microsoft Azure RSA TLS Issuing CA 04",
            "CN=DigiCert Global Root G2",
        ] {
            assert!(is_known_issuer(known), "{known}");
        }
        for foreign in [
            "C=US; O=Zscaler Inc.; CN=Zscaler Intermediate Root CA",
            "CN=Contoso TLS Inspection CA, DC=contoso, DC=com",
            "O = Contoso, CN = Microsoft TLS mirror",
        ] {
            assert!(!is_known_issuer(foreign), "{foreign}");
        }
    }
}
