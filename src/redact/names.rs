//! The names that were learned, and their pseudonyms: label by label, so that structure stays.

use super::domains::{ending_of, is_common, is_well_known};
use super::{Kind, vocabulary};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Most names that are learned: more than any deployment has; a hostile bundle ends here.
const MOST: usize = 200_000;
/// An organisation's name of so many letters is replaced within words, too (`ContosoMail`).
const TELLING: usize = 6;

/// Names while they are being learned.
#[derive(Default)]
pub(super) struct Learned {
    /// What each label or user stands for, and when it was first seen.
    names: BTreeMap<(bool, String), (Kind, usize)>,
    /// Pseudonyms of an earlier copy.
    given: BTreeMap<(bool, String), String>,
    /// Domains with their endings: `contoso.com`.
    domains: BTreeSet<String>,
}

impl Learned {
    /// Takes over a pseudonym of an earlier copy.
    pub(super) fn give(&mut self, kind: Kind, original: &str, pseudonym: &str) {
        self.learn(kind, original);
        self.given.insert((kind == Kind::User, original.to_owned()), pseudonym.to_owned());
    }

    /// Takes note of a lower-case name; what it stands for is the most telling of what it was seen as.
    fn learn(&mut self, kind: Kind, name: &str) {
        let number = self.names.len();
        let key = (kind == Kind::User, name.to_owned());
        if number < MOST || self.names.contains_key(&key) {
            let entry = self.names.entry(key).or_insert((kind, number));
            entry.0 = entry.0.min(kind);
        }
    }

    pub(super) fn user(&mut self, user: &str) {
        self.learn(Kind::User, &user.to_lowercase());
    }

    /// Takes note of a domain, or of a host in one.
    pub(super) fn domain(&mut self, name: &str) {
        let name = name.trim_end_matches('.').to_lowercase();
        if is_well_known(&name) {
            return;
        }
        let labels: Vec<&str> = name.split('.').collect();
        let Some(organisation) = labels.len().checked_sub(ending_of(&labels) + 1) else {
            return;
        };
        for (at, label) in labels.iter().take(organisation + 1).enumerate() {
            let kind = match at {
                _ if is_common(label) => continue,
                _ if at == organisation => Kind::Domain,
                0 => Kind::Host,
                _ => Kind::Label,
            };
            self.learn(kind, label);
        }
        if self.domains.len() < MOST {
            self.domains.insert(labels[organisation..].join("."));
        }
    }

    /// Takes note of a Windows domain's short name.
    pub(super) fn netbios(&mut self, name: &str) {
        self.learn(Kind::Domain, &name.to_lowercase());
    }

    /// Takes note of a host, with its domain or without.
    pub(super) fn host(&mut self, host: &str) {
        let host = host.trim().to_lowercase();
        if host.contains('.') {
            self.domain(&host);
        } else if host.len() >= 3 && host.contains(char::is_alphabetic) && !is_common(&host) {
            self.learn(Kind::Host, &host);
        }
    }

    /// True if a lower-case dotted word lies in a domain that was seen.
    pub(super) fn is_in_domain(&self, lower: &str) -> bool {
        is_in(&self.domains, lower)
    }

    /// The pseudonyms of all that was learned.
    pub(super) fn settle(self) -> Names {
        let originals: BTreeSet<&str> = self.names.keys().map(|(_, name)| name.as_str()).collect();
        let mut taken: BTreeSet<String> = self.given.values().cloned().collect();
        let mut in_order: Vec<_> = self.names.iter().collect();
        in_order.sort_by_key(|(_, (_, number))| *number);
        let mut next: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut settled: BTreeMap<(bool, String), (Kind, String)> = BTreeMap::new();
        let (derived, own): (Vec<_>, Vec<_>) = in_order.into_iter().partition(|(key, _)| self.stem(key).is_some());
        for (key, (kind, _)) in own {
            let made = self.given.get(key).cloned().unwrap_or_else(|| {
                let number = next.entry(*kind).or_default();
                loop {
                    *number += 1;
                    let made = format!("{}{number}", kind.word());
                    // A pseudonym that is somebody's name would mix the two up.
                    if !originals.contains(made.as_str()) && taken.insert(made.clone()) {
                        break made;
                    }
                }
            });
            settled.insert(key.clone(), (*kind, made));
        }
        // The shortest first: `start-ajp-ecesvc01` is made of `ajp-ecesvc01`.
        let mut derived = derived;
        derived.sort_by_key(|((_, name), _)| name.len());
        for (key, (kind, _)) in derived {
            let stem = self
                .stem(key)
                .and_then(|stem| Some((stem, &settled.get(&(key.0, key.1[stem..].to_owned()))?.1)));
            let made = stem.map_or_else(|| kind.word().to_owned(), |(stem, made)| format!("{}{made}", &key.1[..stem]));
            settled.insert(key.clone(), (*kind, made));
        }
        Names::new(settled, self.domains)
    }
}

impl Learned {
    /// Where another name begins in one that has only words of the field before it: `ecesvc01` in `ajp-ecesvc01`.
    fn stem(&self, (is_user, name): &(bool, String)) -> Option<usize> {
        let starts = name.match_indices(['-', '_']).map(|(at, _)| at + 1);
        starts.into_iter().find(|at| {
            let words = name[..at - 1].split(['-', '_']).all(vocabulary::knows);
            words && self.names.contains_key(&(*is_user, name[*at..].to_owned()))
        })
    }
}

fn is_in(domains: &BTreeSet<String>, lower: &str) -> bool {
    let starts = std::iter::once(0).chain(lower.match_indices('.').map(|(at, _)| at + 1));
    starts.into_iter().any(|at| domains.contains(&lower[at..]))
}

/// Pseudonyms of names.
pub(super) struct Names {
    labels: BTreeMap<String, (Kind, String)>,
    users: BTreeMap<String, String>,
    domains: BTreeSet<String>,
    /// Finds the names that are replaced where they stand alone.
    alone: AhoCorasick,
    /// For each pattern of `alone`, its pseudonym, and where it is replaced.
    pseudonyms: Vec<(String, Standing)>,
}

/// Where a name that stands alone is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Within words, too: `ContosoMail`.
    Anywhere,
    /// As a word.
    Word,
    /// As a value, not in a sentence: a mailbox may be called `returns`.
    Value,
}

impl Names {
    fn new(settled: BTreeMap<(bool, String), (Kind, String)>, domains: BTreeSet<String>) -> Self {
        let mut labels = BTreeMap::new();
        let mut users = BTreeMap::new();
        let mut alone: BTreeMap<String, (String, Standing)> = BTreeMap::new();
        for ((is_user, name), (kind, made)) in settled {
            if vocabulary::is_own(&name) && kind != Kind::Label {
                let standing = match kind {
                    Kind::Domain if name.len() >= TELLING => Standing::Anywhere,
                    Kind::User if !vocabulary::is_compound(&name) && !name.contains(' ') => Standing::Value,
                    _ => Standing::Word,
                };
                // A label comes before the user of the same name.
                alone.entry(name.clone()).or_insert_with(|| (made.clone(), standing));
                if is_user {
                    for shown in display_names(&name) {
                        alone.entry(shown).or_insert_with(|| (made.clone(), Standing::Word));
                    }
                }
            }
            if is_user {
                users.insert(name, made);
            } else {
                labels.insert(name, (kind, made));
            }
        }
        Self {
            labels,
            users,
            domains,
            alone: automaton(alone.keys()),
            pseudonyms: alone.into_values().collect(),
        }
    }

    /// True if a lower-case dotted word lies in a domain that was seen.
    pub(super) fn is_in_domain(&self, lower: &str) -> bool {
        is_in(&self.domains, lower)
    }

    /// The pseudonyms of a domain's labels, by their ranges; the ending and what many sites have stay.
    pub(super) fn domain(&self, name: &str) -> Vec<(Range<usize>, String)> {
        let lower = name.to_lowercase();
        if is_well_known(&lower) || lower.len() != name.len() {
            return Vec::new();
        }
        let labels: Vec<&str> = lower.split('.').collect();
        let own = labels.len() - ending_of(&labels).min(labels.len());
        let mut at = 0;
        let mut made = Vec::new();
        for label in labels.iter().take(own) {
            let range = at..at + label.len();
            at = range.end + 1;
            if !is_common(label) {
                // Beyond the limit of names, and in a text that nobody read before, equality is lost, never the name shown.
                let pseudonym = self.labels.get(*label).map_or("other", |(_, made)| made);
                made.push((range.clone(), in_case_of(&name[range], pseudonym)));
            }
        }
        made
    }

    /// The pseudonym of a user; of `licenses_sales`, as file names have it, that of the user who is known.
    pub(super) fn user(&self, user: &str) -> String {
        let starts = std::iter::once(0).chain(user.match_indices('_').map(|(at, _)| at + 1));
        let known = starts.into_iter().find_map(|at| {
            let made = self.users.get(&user[at..].to_lowercase())?;
            Some(format!("{}{}", &user[..at], in_case_of(&user[at..], made)))
        });
        known.unwrap_or_else(|| "user".to_owned())
    }

    /// Names that stand alone in `text`: not within a longer word, unless they are telling.
    pub(super) fn alone(&self, text: &str) -> Vec<(Range<usize>, String)> {
        let found = self.alone.find_iter(text).filter_map(|found| {
            let (made, standing) = self.pseudonyms.get(found.pattern().as_usize())?;
            let range = found.range();
            let counts = match standing {
                Standing::Anywhere => true,
                Standing::Word => stands_alone(text, &range),
                Standing::Value => stands_alone(text, &range) && is_value(text, &range),
            };
            counts.then(|| (range.clone(), in_case_of(&text[range], made)))
        });
        found.collect()
    }

    /// Original and pseudonym of every name, by kind.
    pub(super) fn all(&self) -> impl Iterator<Item = (Kind, &str, &str)> {
        let labels = self.labels.iter().map(|(name, (kind, made))| (*kind, name.as_str(), made.as_str()));
        labels.chain(self.users.iter().map(|(name, made)| (Kind::User, name.as_str(), made.as_str())))
    }
}

/// Finds any of `names`, the longest first, in any letter case. Without names, or with more than an automaton holds, it finds nothing.
pub(super) fn automaton<T: AsRef<[u8]>>(names: impl IntoIterator<Item = T>) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(names)
        .expect("names are short and few enough")
}

/// True if no letter or digit touches `range`, but for an escape (`\nECESVC01`).
pub(super) fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let mut before = text[..range.start].chars().rev();
    let is_free = match before.next() {
        Some('n' | 'r' | 't') => before.next() == Some('\\'),
        Some(c) => !c.is_alphanumeric(),
        None => true,
    };
    is_free && text[range.end..].chars().next().is_none_or(|c| !c.is_alphanumeric())
}

/// True if what is at `range` fills a place of its own: a cell, a quoted string, a part of a path.
fn is_value(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].trim_end_matches(' ').chars().next_back();
    let after = text[range.end..].trim_start_matches(' ').chars().next();
    let begins = before.is_none_or(|c| "\n\t\\/=:\"',;|<>([".contains(c));
    begins && after.is_none_or(|c| "\r\n\t\\/\"',;|<>)]&".contains(c))
}

/// How people write the name of the user `anna.rossi`.
fn display_names(user: &str) -> Vec<String> {
    let parts: Vec<&str> = user.split(['.', '_', '-']).collect();
    match parts.as_slice() {
        [first, last]
            if parts.iter().all(|part| part.len() > 1 && part.chars().all(char::is_alphabetic))
                && !parts.iter().all(|part| vocabulary::knows(part)) =>
        {
            vec![format!("{first} {last}"), format!("{last} {first}"), format!("{last}, {first}")]
        }
        _ => Vec::new(),
    }
}

/// The pseudonym in the letter case of the original: capitals, capitalised, or small.
fn in_case_of(original: &str, made: &str) -> String {
    let letters = || original.chars().filter(|c| c.is_alphabetic());
    if letters().count() > 0 && letters().all(char::is_uppercase) {
        return made.to_uppercase();
    }
    if letters().next().is_some_and(char::is_uppercase) {
        let mut chars = made.chars();
        return chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default();
    }
    made.to_owned()
}
