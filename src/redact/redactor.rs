//! The second reading of a bundle: secrets are masked, names replaced.

use super::coded::coded;
use super::edit::{Edit, applied, applied_to_lines};
use super::map::{Entry, Map};
use super::names::Names;
use super::plain::plain;
use super::spot::{Spot, spots};
use super::{Kind, guid, ip, token};
use crate::model::SecretKind;
use crate::model::secret::{self, Finder};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;

/// Replaces what identifies the customer. The same map gives the same pseudonyms.
pub struct Redactor {
    key: [u8; 32],
    names: Names,
    /// Ids and IP addresses that were replaced.
    replaced: BTreeMap<(Kind, String), String>,
    finder: Finder,
    secrets: u64,
}

/// Most ids and addresses that the map keeps; beyond that they are still replaced, but not listed.
const MOST_LISTED: usize = 500_000;

/// Levels of Base64 in Base64 that are looked into.
const CODED: u8 = 3;

impl Redactor {
    pub(super) fn new(map: Map, names: Names) -> Self {
        let listed = map.entries.into_iter().filter(|entry| matches!(entry.kind, Kind::Guid | Kind::Ip));
        Self {
            key: map.key,
            names,
            replaced: listed.map(|entry| ((entry.kind, entry.original), entry.pseudonym)).collect(),
            finder: Finder::default(),
            secrets: 0,
        }
    }

    /// Forgets what the lines so far said of the next ones: a new member begins.
    pub fn begin_member(&mut self) {
        self.finder = Finder::default();
    }

    /// A block of whole lines with secrets masked and names replaced; tables stay tables.
    pub fn block(&mut self, text: &str) -> String {
        let secrets = self.finder.block(text);
        let edits = self.edits(text, secrets, CODED);
        applied_to_lines(text, &edits)
    }

    /// A text of its own with secrets masked and names replaced.
    pub fn text(&mut self, text: &str) -> String {
        let secrets = secret::find_all(text);
        let edits = self.edits(text, secrets, CODED);
        applied(text, &edits)
    }

    /// What takes the place of `secrets`, and of the names in what lies between them and in Base64.
    fn edits(&mut self, text: &str, secrets: Vec<secret::Found>, depth: u8) -> Vec<Edit> {
        let mut whole: Vec<Edit> = Vec::new();
        if depth > 0 {
            for run in coded(text) {
                // Some long runs look like tokens only because nobody looked into them.
                let overlaps = |found: &&secret::Found| found.range.start < run.range.end && run.range.start < found.range.end;
                if secrets.iter().filter(overlaps).any(|found| found.kind != SecretKind::Opaque) || !secret::find_all(&run.text).is_empty() {
                    continue;
                }
                let edits = self.edits(&run.text, Vec::new(), depth - 1);
                let code = if edits.is_empty() {
                    text[run.range.clone()].to_owned()
                } else {
                    run.encode(&applied(&run.text, &edits))
                };
                whole.push((run.range, code));
            }
        }
        let runs = whole.len();
        for found in secrets {
            let is_read = |(range, _): &Edit| found.range.start < range.end && range.start < found.range.end;
            if !whole[..runs].iter().any(is_read) {
                let source = text[found.range.clone()].trim_end_matches(['\r', '\n']);
                let range = found.range.start..found.range.start + source.len();
                let instead = self.instead(&found, source);
                whole.push((range, like(source, &instead)));
            }
        }
        whole.sort_by_key(|(range, _)| range.start);
        let mut edits = Vec::new();
        let mut at = 0;
        for (range, instead) in whole {
            self.names(text, at..range.start, &mut edits);
            at = range.end;
            edits.push((range, instead));
        }
        self.names(text, at..text.len(), &mut edits);
        edits
    }

    /// What stands in the place of a secret: of a token its claims, of any other its kind.
    fn instead(&mut self, found: &secret::Found, source: &str) -> String {
        let mut redact = |claims: &str| {
            let edits = self.edits(claims, Vec::new(), 0);
            applied(claims, &edits)
        };
        token::unsigned(source, &mut redact).unwrap_or_else(|| {
            self.secrets += 1;
            found.label()
        })
    }

    /// Adds what takes the place of the names in the part `range` of `text`.
    fn names(&mut self, text: &str, range: Range<usize>, edits: &mut Vec<Edit>) {
        let part = &text[range.clone()];
        let view = plain(part);
        let shown = view.as_ref().map_or(part, |view| view.text.as_str());
        for (found, made) in self.pseudonyms(shown) {
            let found = view.as_ref().map_or(found.clone(), |view| view.source(found));
            // A soft line break behind a name is no part of it.
            let source = part[found.clone()].trim_end_matches(['\r', '\n']);
            let source = if source.len() < found.len() {
                source.trim_end_matches('=')
            } else {
                source
            };
            let start = range.start + found.start;
            edits.push((start..start + source.len(), like(source, &made)));
        }
    }

    /// What takes the place of the names in a text without escapes, in order.
    fn pseudonyms(&mut self, text: &str) -> Vec<Edit> {
        let mut found = Vec::new();
        spots(text, &|lower| self.names.is_in_domain(lower), &mut |spot| found.push(spot));
        let mut made: Vec<Edit> = Vec::new();
        // Ranges in which nothing stands alone.
        let mut whole: Vec<Range<usize>> = Vec::new();
        for spot in found {
            match spot {
                Spot::Guid(range) => {
                    whole.push(range.clone());
                    made.extend(self.guid(&text[range.clone()]).map(|guid| (range, guid)));
                }
                Spot::Ip(range) => {
                    whole.push(range.clone());
                    made.extend(self.ip(&text[range.clone()]).map(|ip| (range, ip)));
                }
                Spot::Mail(user, domain) => {
                    whole.push(user.start..domain.end);
                    made.push((user.clone(), self.names.user(&text[user])));
                    made.extend(self.labels(text, domain));
                }
                Spot::Domain(name) => {
                    whole.push(name.clone());
                    made.extend(self.labels(text, name));
                }
            }
        }
        let mut next = whole.into_iter().peekable();
        for (range, name) in self.names.alone(text) {
            while next.next_if(|taken| taken.end <= range.start).is_some() {}
            if next.peek().is_none_or(|taken| range.end <= taken.start) {
                made.push((range, name));
            }
        }
        made.sort_by_key(|(range, _)| range.start);
        made
    }

    fn labels(&self, text: &str, name: Range<usize>) -> impl Iterator<Item = Edit> {
        let labels = self.names.domain(&text[name.clone()]);
        labels
            .into_iter()
            .map(move |(range, made)| (name.start + range.start..name.start + range.end, made))
    }

    fn guid(&mut self, guid: &str) -> Option<String> {
        let pseudonym = guid::pseudonym(guid, |part| self.digest(part))?;
        self.list(Kind::Guid, &guid.to_lowercase(), &pseudonym.to_lowercase());
        Some(pseudonym)
    }

    fn ip(&mut self, ip: &str) -> Option<String> {
        let pseudonym = ip::pseudonym(ip, |part| self.digest(part))?;
        self.list(Kind::Ip, ip, &pseudonym);
        Some(pseudonym)
    }

    fn list(&mut self, kind: Kind, original: &str, pseudonym: &str) {
        if self.replaced.len() < MOST_LISTED && original != pseudonym {
            self.replaced.entry((kind, original.to_owned())).or_insert_with(|| pseudonym.to_owned());
        }
    }

    fn digest(&self, part: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(part);
        digest.finalize().into()
    }

    /// A member's path with the names in it replaced. An ending (`licenses_sales@example.com.json`) is no part of a domain.
    pub fn path(&mut self, path: &str) -> String {
        let mut safe = String::with_capacity(path.len());
        for part in path.split_inclusive('/') {
            let ending = part.rfind('.').filter(|at| part.len() - at <= 6).unwrap_or(part.len());
            let (name, ending) = part.split_at(ending);
            let mut edits = Vec::new();
            self.names(name, 0..name.len(), &mut edits);
            safe.push_str(&applied(name, &edits));
            safe.push_str(ending);
        }
        safe
    }

    /// How many secrets were masked.
    pub fn secrets(&self) -> u64 {
        self.secrets
    }

    /// Everything that was replaced, with the key.
    pub fn map(&self) -> Map {
        let names = self
            .names
            .all()
            .map(|(kind, original, pseudonym)| (kind, original.to_owned(), pseudonym.to_owned()));
        let replaced = self
            .replaced
            .iter()
            .map(|((kind, original), made)| (*kind, original.clone(), made.clone()));
        let entry = |(kind, original, pseudonym)| Entry { kind, original, pseudonym };
        let mut map = Map::new(self.key);
        map.entries = names.chain(replaced).map(entry).collect();
        map.entries.sort();
        map
    }
}

/// `made` as wide as its source: UTF-16 that was appended to plain text has a NUL behind each letter.
fn like(source: &str, made: &str) -> String {
    if source.contains('\0') {
        made.chars().flat_map(|c| [c, '\0']).collect()
    } else {
        made.to_owned()
    }
}
