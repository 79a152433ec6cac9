//! Search by words, and "did you mean".

use super::Suggestion;
use crate::checks::Check;
use crate::signatures::{Catalogue, Described, Role};
use std::collections::BTreeMap;

/// Longest question that is searched for, in characters; more says no more.
const LONGEST: usize = 400;
/// Most suggestions.
const MOST: usize = 8;

/// A thing that can be found: its id, its line, and its words with how much each says.
struct Entry {
    id: String,
    what: String,
    words: BTreeMap<String, u32>,
    /// Things that engineers meet come before those that they hardly do.
    common: bool,
}

/// What resembles the question, best first.
pub fn similar(catalogue: &Catalogue, checks: &[&Check], question: &str) -> Vec<Suggestion> {
    let question: String = question.chars().take(LONGEST).collect::<String>().to_lowercase();
    let asked = stems(&question);
    let entries = entries(catalogue, checks);
    let rarity: BTreeMap<&str, u32> = asked
        .iter()
        .map(|word| {
            let holders = entries.iter().filter(|entry| entry.words.contains_key(word)).count();
            let share = entries.len().checked_div(holders).unwrap_or(0);
            (word.as_str(), share.checked_ilog2().map_or(0, |log| log + 1))
        })
        .collect();
    let mut ranked: Vec<(u32, &Entry)> = entries
        .iter()
        .filter_map(|entry| {
            let held = asked.iter().filter(|word| entry.words.contains_key(*word)).count();
            let words: u32 = asked
                .iter()
                .filter_map(|word| Some(entry.words.get(word)? * rarity.get(word.as_str())?))
                .sum();
            // All words of the question count more than one rare word of it.
            let words = if held * 2 > asked.len() { words * 2 } else { words };
            let words = if held > 0 && held == asked.len() { words * 2 } else { words };
            let score = words * 4 + words * u32::from(entry.common) + spelling(&question, &entry.id);
            (score > 0 && (held * 2 >= asked.len() || spelling(&question, &entry.id) > 0)).then_some((score, entry))
        })
        .collect();
    ranked.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.id.cmp(&y.id)));
    ranked
        .into_iter()
        .take(MOST)
        .map(|(_, entry)| Suggestion {
            id: entry.id.clone(),
            what: entry.what.clone(),
        })
        .collect()
}

fn entries(catalogue: &Catalogue, checks: &[&Check]) -> Vec<Entry> {
    let checks = checks.iter().map(|check| {
        let mut words = BTreeMap::new();
        weigh(&mut words, check.id, 4);
        weigh(&mut words, check.title, 4);
        weigh(&mut words, check.why, 2);
        weigh(&mut words, check.evidence, 1);
        Entry {
            id: check.id.to_owned(),
            what: check.title.to_owned(),
            words,
            common: true,
        }
    });
    let texts = catalogue
        .signatures()
        .filter(|signature| signature.role != Role::Context)
        .map(Described::Text);
    let codes = catalogue.codes().map(Described::Code);
    checks.chain(texts.chain(codes).map(|described| entry(&described))).collect()
}

fn entry(described: &Described<'_>) -> Entry {
    let mut words = BTreeMap::new();
    weigh(&mut words, &described.id(), 3);
    weigh(&mut words, described.meaning(), 4);
    for cause in described.causes() {
        weigh(&mut words, cause, 2);
    }
    weigh(&mut words, described.remedy(), 1);
    match described {
        Described::Code(code) => {
            weigh(&mut words, &code.name, 3);
            weigh(&mut words, &code.category, 2);
        }
        Described::Text(signature) => signature.examples.iter().for_each(|example| weigh(&mut words, example, 1)),
        Described::Unlisted(_) => {}
    }
    Entry {
        id: described.id().into_owned(),
        what: described.meaning().to_owned(),
        words,
        common: !described.remedy().is_empty(),
    }
}

/// Notes the words of `text`, each with the most weight that it has anywhere.
fn weigh(words: &mut BTreeMap<String, u32>, text: &str, weight: u32) {
    for word in stems(text) {
        let known = words.entry(word).or_insert(0);
        *known = weight.max(*known);
    }
}

/// Words of a text, lower case and without their commonest endings; words written together (`InvalidReplyTo`) come apart.
fn stems(text: &str) -> Vec<String> {
    const EMPTY: [&str; 24] = [
        "the", "a", "an", "is", "are", "was", "of", "to", "in", "for", "and", "or", "not", "no", "on", "with", "by", "be", "has", "have", "it",
        "that", "does", "from",
    ];
    let mut apart = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            apart.push(' ');
        }
        apart.push(c);
        before = c;
    }
    let mut stems: Vec<String> = apart
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 1 && !EMPTY.contains(word))
        .map(stem)
        .collect();
    stems.sort();
    stems.dedup();
    stems
}

fn stem(word: &str) -> String {
    for ending in ["ations", "ation", "ing", "ied", "ies", "ed", "es", "ion", "s", "e", "y"] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.chars().count() >= 4
        {
            return rest.to_owned();
        }
    }
    word.to_owned()
}

/// Of these ids, the one that the question is spelt most like; none if it is like none.
pub fn closest<'a>(ids: impl Iterator<Item = &'a str>, question: &str) -> Option<&'a str> {
    let question = question.to_lowercase();
    let scored = ids.map(|id| (spelling(&question, id), id));
    scored.filter(|(score, _)| *score > 0).max_by_key(|(score, _)| *score).map(|(_, id)| id)
}

/// How close the question's spelling is to an id or to its last part: 0 for not at all.
fn spelling(question: &str, id: &str) -> u32 {
    let last = id.rsplit('.').next().unwrap_or(id);
    [id, last].into_iter().filter_map(|name| closeness(question, name)).max().unwrap_or(0)
}

fn closeness(a: &str, b: &str) -> Option<u32> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longest = a.len().max(b.len());
    if longest > 64 || a.len().abs_diff(b.len()) > longest / 3 || longest < 4 {
        return None;
    }
    let distance = distance(&a, &b);
    (distance * 3 <= longest).then(|| u32::try_from((longest - distance) * 100 / longest).unwrap_or(0))
}

/// Edits (insertions, deletions, replacements, swaps of neighbours) that turn one text into the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut older: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&previous, j) + usize::from(x != y);
            let mut best = replaced.min(at(&previous, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&older, j - 1) + 1);
            }
            row.push(best);
        }
        older = std::mem::replace(&mut previous, row);
    }
    previous.last().copied().unwrap_or(0)
}
