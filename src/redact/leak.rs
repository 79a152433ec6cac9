//! The check of a finished copy: nothing that was replaced stands in it any more, and no secret.

use super::coded::{Coded, coded};
use super::names::{automaton, stands_alone};
use super::plain::plain;
use super::{Kind, Map, token, vocabulary};
use crate::model::SecretKind;
use crate::model::secret::{self, Finder};
use aho_corasick::AhoCorasick;
use std::collections::BTreeSet;
use std::ops::Range;

/// Something that should not stand in the copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leak {
    /// An original; by its kind and its pseudonym, so that the report need not repeat the name.
    Original(Kind, String),
    /// A secret.
    Secret(SecretKind),
    /// The copy can't be read there, and why: nobody knows what it holds.
    Unread(String),
}

impl Leak {
    /// What it is, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Original(kind, pseudonym) => format!("the {} that the map calls {pseudonym}", kind.word()),
            Self::Secret(kind) => format!("what looks like a secret: {}", kind.words()),
            Self::Unread(reason) => format!("something that can't be checked: {reason}"),
        }
    }
}

/// Looks for originals and secrets. It finds its way without the rules by which names were replaced: what they overlook shows here.
pub struct LeakCheck {
    originals: AhoCorasick,
    known: Vec<(Kind, String, String)>,
    pseudonyms: BTreeSet<String>,
    finder: Finder,
}

impl LeakCheck {
    /// A check against everything in `map`.
    pub fn new(map: &Map) -> Self {
        let pseudonyms: BTreeSet<String> = map.entries().iter().map(|entry| entry.pseudonym.clone()).collect();
        // An original that is the pseudonym of another one stands in the copy by right.
        let known: Vec<(Kind, String, String)> = map
            .entries()
            .iter()
            .filter(|entry| !pseudonyms.contains(&entry.original))
            .map(|entry| (entry.kind, entry.original.clone(), entry.pseudonym.clone()))
            .collect();
        Self {
            originals: automaton(known.iter().map(|(_, original, _)| original)),
            known,
            pseudonyms,
            finder: Finder::default(),
        }
    }

    /// Forgets what the lines so far said of the next ones: a new member begins.
    pub fn begin_member(&mut self) {
        self.finder = Finder::default();
    }

    /// What leaks in a block of whole lines of the copy, escaped or encoded as it may be.
    pub fn block(&mut self, text: &str) -> BTreeSet<Leak> {
        let mut leaks = BTreeSet::new();
        self.names(text, &mut leaks);
        let runs: Vec<Coded> = coded(text).collect();
        for run in &runs {
            self.names(&run.text, &mut leaks);
        }
        for found in self.finder.block(text) {
            let secret = &text[found.range.clone()];
            // A long run that reads as text was judged by what it says.
            let is_read =
                |run: &Coded| run.range.start < found.range.end && found.range.start < run.range.end && secret::find_all(&run.text).is_empty();
            let is_text = found.kind == SecretKind::Opaque && runs.iter().any(is_read);
            match token::claims(secret) {
                Some(claims) => self.names(&claims, &mut leaks),
                None if is_text || self.is_pseudonym(secret) => {}
                None => drop(leaks.insert(Leak::Secret(found.kind))),
            }
        }
        leaks
    }

    /// Names in a text of the copy, or in the name of a member.
    pub fn names(&self, text: &str, leaks: &mut BTreeSet<Leak>) {
        self.names_as_written(text, leaks);
        if let Some(view) = plain(text) {
            self.names_as_written(&view.text, leaks);
        }
    }

    /// True if pseudonyms are all that `secret` consists of: behind a word like "password" they look like one.
    fn is_pseudonym(&self, secret: &str) -> bool {
        let mut words = secret.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3).peekable();
        words.peek().is_some()
            && words.all(|word| {
                let word = word.to_lowercase();
                self.pseudonyms.contains(&word) || vocabulary::knows(&word)
            })
    }

    fn names_as_written(&self, text: &str, leaks: &mut BTreeSet<Leak>) {
        for found in self.originals.find_iter(text) {
            let Some((kind, original, pseudonym)) = self.known.get(found.pattern().as_usize()) else {
                continue;
            };
            let range = found.range();
            let counts = stands_alone(text, &range)
                && match kind {
                    Kind::Guid | Kind::Ip => true,
                    Kind::User => vocabulary::is_own(original) && vocabulary::is_compound(original) || text[range.end..].starts_with('@'),
                    Kind::Domain | Kind::Host => vocabulary::is_own(original) || is_part_of_domain(text, &range),
                    Kind::Label => is_part_of_domain(text, &range),
                };
            if counts {
                leaks.insert(Leak::Original(*kind, pseudonym.clone()));
            }
        }
    }
}

/// True if the label at `range` goes on as a domain name that isn't well known.
fn is_part_of_domain(text: &str, range: &Range<usize>) -> bool {
    let rest: String = text[range.start..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .collect();
    let name = rest.trim_end_matches(['.', '-']).to_ascii_lowercase();
    name.len() > range.len() && super::domains::is_domain(&name) && !super::is_well_known(&name)
}
