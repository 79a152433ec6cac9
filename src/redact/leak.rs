//! The check of a finished copy: nothing that was replaced stands in it any more, and no secret.

use super::{Kind, Redactor};
use crate::model::secret::{self, SecretKind};
use aho_corasick::{AhoCorasick, MatchKind};

/// Something that should not stand in the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leak {
    /// An original; the number counts from the map's first line, so that the report need not repeat the name.
    Original(Kind, usize),
    /// A secret.
    Secret(SecretKind),
}

/// Looks for originals and secrets.
pub struct LeakCheck {
    originals: AhoCorasick,
    kinds: Vec<Kind>,
}

impl LeakCheck {
    /// A check against everything that `redactor` replaced. Names of a few letters that are also everyday words are told by the
    /// redactor's own rules, not here.
    pub fn new(redactor: &Redactor) -> Self {
        let map: Vec<(Kind, String, String)> = redactor.map();
        let originals: Vec<&str> = map.iter().map(|(_, original, _)| original.as_str()).collect();
        let originals = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(&originals)
            .unwrap_or_else(|_| AhoCorasick::new([""; 0]).expect("no patterns"));
        Self {
            originals,
            kinds: map.iter().map(|(kind, ..)| *kind).collect(),
        }
    }

    /// What leaks in a text of the copy. A name counts where it stands as part of a host name or an address; a word that only looks
    /// like one (`sales` in a sentence) doesn't.
    pub fn text(&self, text: &str) -> Vec<Leak> {
        let mut leaks: Vec<Leak> = Vec::new();
        for found in self.originals.find_iter(text) {
            let Some(kind) = self.kinds.get(found.pattern().as_usize()).copied() else {
                continue;
            };
            let before = text.get(..found.start()).and_then(|t| t.chars().next_back());
            let after = text.get(found.end()..).and_then(|t| t.chars().next());
            let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
            let counts = !is_inside(before)
                && !is_inside(after)
                && match kind {
                    Kind::Guid | Kind::Ip => true,
                    Kind::User => after == Some('@'),
                    // A label leaks where it is followed by a domain or leads one.
                    Kind::Name => text
                        .get(found.start()..)
                        .is_some_and(|rest| is_part_of_domain(rest, found.end() - found.start())),
                };
            let leak = Leak::Original(kind, found.pattern().as_usize());
            if counts && !leaks.contains(&leak) {
                leaks.push(leak);
            }
        }
        leaks.extend(secret::find(text).into_iter().map(|f| Leak::Secret(f.kind)));
        leaks
    }
}

/// True if the label of `length` bytes at the start of `rest` goes on as a domain name that isn't well known.
fn is_part_of_domain(rest: &str, length: usize) -> bool {
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    let ends_known = [".com", ".org", ".net", ".local", ".lan", ".corp"]
        .iter()
        .any(|end| name.to_ascii_lowercase().ends_with(end));
    name.len() > length && ends_known && !super::is_well_known(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_left() {
        let mut redactor = Redactor::new([1; 32]);
        let text = "ece.contoso.com sales@contoso.com 10.1.2.3 7922ef35-4a6c-422a-b185-5b3eb50a7edf";
        redactor.learn(text);
        let safe = redactor.block(text);
        let check = LeakCheck::new(&redactor);
        assert_eq!(check.text(&safe), []);
        assert_eq!(check.text("our sales team").len(), 0);
        for leak in [
            "at ECE.contoso.com",
            "sales@x",
            "10.1.2.3",
            "7922EF35-4A6C-422A-B185-5B3EB50A7EDF",
            "password=Sommer2024!",
        ] {
            assert!(!check.text(leak).is_empty(), "{leak}");
        }
    }
}
