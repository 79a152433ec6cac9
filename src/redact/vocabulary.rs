//! Words of the field: a host or a user may be called like one (`mailbox`, `admin`), but where such a word stands alone it names
//! nobody, and a copy without it could not be read any more.

use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Texts of the project that hold what Microsoft, Java and ECE say.
const TEXTS: [&str; 19] = [
    include_str!("../../data/ageing.toml"),
    include_str!("../../data/clouds.toml"),
    include_str!("../../data/licences.toml"),
    include_str!("../../data/permissions.toml"),
    include_str!("../../data/report.schema.json"),
    include_str!("../../data/setting-labels.toml"),
    include_str!("../../data/signatures/aadsts.toml"),
    include_str!("../../data/signatures/ece.toml"),
    include_str!("../../data/signatures/graph.toml"),
    include_str!("../../data/signatures/imap.toml"),
    include_str!("../../data/signatures/java_http.toml"),
    include_str!("../../data/signatures/java_mail.toml"),
    include_str!("../../data/signatures/java_net.toml"),
    include_str!("../../data/signatures/java_tls.toml"),
    include_str!("../../data/signatures/jvm.toml"),
    include_str!("../../data/signatures/oauth.toml"),
    include_str!("../../data/signatures/pop.toml"),
    include_str!("../../data/signatures/smtp.toml"),
    include_str!("../../data/signatures/wildfly.toml"),
];

/// Everyday words that the texts lack.
const MORE: &str = "ece chat email mail service services support sales test prod dev app web admin portal secure contact help login \
    server proxy cloud online office group the and cce ucce pcce care agent agents engage interaction webcare info noreply reply \
    postmaster orders order billing feedback helpdesk desk team customer customers user users name alias aliases account accounts \
    retriever dispatcher transcript manifest settings readme notes case example domain host local localhost root system ajp http \
    https start stop retry";

/// Domains in the examples of the texts: their names are not words.
static DOMAIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"([A-Za-z0-9-]+)\.(?:com|org|net|example|test)\b").expect("a constant pattern"));

static WORDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let domains: BTreeSet<String> = TEXTS
        .iter()
        .flat_map(|text| DOMAIN.captures_iter(text))
        .filter(|found| !super::is_well_known(&found[0]))
        .map(|found| found[1].to_lowercase())
        .collect();
    let words = TEXTS.iter().chain([&MORE]).flat_map(|text| text.split(|c: char| !c.is_alphabetic()));
    words
        .filter(|word| word.len() > 2)
        .map(str::to_lowercase)
        .filter(|word| !domains.contains(word) || MORE.split(' ').any(|more| more == word))
        .collect()
});

/// True for a lower-case word of the field.
pub(super) fn knows(word: &str) -> bool {
    WORDS.contains(word)
}

/// True if a lower-case name may be replaced where it stands alone: no word of the field, and not too short to be one's own.
pub(super) fn is_own(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    name.len() >= 4 && letters >= 2 && (is_compound(name) || !name.split(' ').all(knows))
}

/// True for a name that no sentence has as a word.
pub(super) fn is_compound(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_words_from_names() {
        for word in ["mailbox", "token", "support", "exchange", "example", "password"] {
            assert!(!is_own(word), "{word}");
        }
        for name in ["contoso", "fabrikam", "ecesvc01", "ece-app-a", "jdoe", "margiestravel"] {
            assert!(is_own(name), "{name}");
        }
    }
}
