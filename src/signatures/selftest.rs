//! What the catalogue promises about itself: examples match, near misses don't, names exist.

use super::catalogue::{Catalogue, compile};
use super::entry::{Role, Signature};
use super::matcher::holds_anchor;
use std::collections::BTreeSet;

/// Shortest anchor that the log engine's filter handles at full speed, in bytes.
const FULL_SPEED: usize = 8;

/// Healthy records in the known shape, of our own wording: what an anchor should not be found in.
const HEALTHY: &str = include_str!("../log/healthy.txt");

/// How often healthy records hold the anchor.
fn occurrences(signature: &Signature, anchor: &str) -> usize {
    if signature.ignore_case {
        HEALTHY.to_ascii_lowercase().matches(&anchor.to_ascii_lowercase()).count()
    } else {
        HEALTHY.matches(anchor).count()
    }
}

/// What is wrong with a signature. The words follow "signature `id`".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Id of the signature.
    pub id: String,
    /// Field that it is about, as the TOML file names it, with the index of the entry in a list.
    pub field: (&'static str, Option<usize>),
    /// What is wrong.
    pub message: String,
    /// False: it works, but slower or less exactly than it could.
    pub fatal: bool,
}

/// What keeps a signature from working, or from working fast.
pub(super) fn usable(signature: &Signature) -> Vec<Problem> {
    let mut out = Problems::of(signature);
    if !signature.pattern.is_empty()
        && let Err(error) = compile(signature)
    {
        out.error("pattern", None, format!("is no regular expression that can be used: {error}"));
    }
    if signature.anchors.is_empty() {
        out.error(
            "literal",
            None,
            String::from("names no fixed text: give `literal` or `anchors`, a text that every match holds"),
        );
    }
    let place = if signature.literal.is_empty() { "anchors" } else { "literal" };
    for anchor in signature.anchors.iter().filter(|_| signature.role != Role::Context) {
        if anchor.len() < FULL_SPEED {
            let message = format!("the scan looks for `{anchor}`: fewer than {FULL_SPEED} bytes make it slower; give `anchors` with longer texts");
            out.warning(place, None, message);
        }
        let often = occurrences(signature, anchor);
        if often > 1 {
            let message = format!("the scan looks for `{anchor}`, which healthy logs hold too ({often} times in a sample): that makes it slower");
            out.warning(place, None, message);
        }
    }
    out.list
}

/// Tries the examples and near misses of a signature against the whole catalogue, and looks up the ids that it names.
pub(super) fn truthful(catalogue: &Catalogue, number: u32) -> Vec<Problem> {
    let Some(signature) = catalogue.signature(number) else {
        return Vec::new();
    };
    let mut out = Problems::of(signature);
    if signature.examples.is_empty() {
        out.error(
            "examples",
            None,
            String::from("has no entry: without an example nobody can tell that the signature works"),
        );
    }
    for (index, example) in signature.examples.iter().enumerate() {
        let hits = ids(catalogue, number, example.as_bytes());
        if signature.role != Role::Context && !holds_anchor(signature, example.as_bytes()) {
            out.error("examples", Some(index), format!("holds none of the anchors {:?}", signature.anchors));
        } else if !hits.contains(signature.id.as_ref()) {
            out.error("examples", Some(index), String::from("does not match"));
        }
        let known = |id: &str| id == signature.id || signature.overlaps.iter().chain(signature.supersedes.iter()).any(|other| other == id);
        for other in hits.iter().filter(|id| !known(id) && !generic(catalogue, id)) {
            out.warning(
                "examples",
                Some(index),
                format!("is matched by `{other}` too, which `overlaps` does not name"),
            );
        }
    }
    for (index, near_miss) in signature.near_misses.iter().enumerate() {
        if ids(catalogue, number, near_miss.as_bytes()).contains(signature.id.as_ref()) {
            out.error("near_misses", Some(index), String::from("matches, and must not"));
        }
    }
    let exists = |id: &str| catalogue.describe(id).is_some();
    for (field, list) in [("supersedes", &signature.supersedes), ("overlaps", &signature.overlaps)] {
        for (index, other) in list.iter().enumerate().filter(|(_, id)| !exists(id)) {
            out.error(field, Some(index), format!("names `{other}`, which does not exist"));
        }
    }
    out.list
}

/// Collects the problems of one signature.
struct Problems {
    id: String,
    list: Vec<Problem>,
}

impl Problems {
    fn of(signature: &Signature) -> Self {
        Self {
            id: signature.id.to_string(),
            list: Vec::new(),
        }
    }

    /// The signature doesn't do what it should.
    fn error(&mut self, field: &'static str, index: Option<usize>, message: String) {
        self.add(field, index, message, true);
    }

    /// It works, but slower or less exactly than it could.
    fn warning(&mut self, field: &'static str, index: Option<usize>, message: String) {
        self.add(field, index, message, false);
    }

    fn add(&mut self, field: &'static str, index: Option<usize>, message: String, fatal: bool) {
        self.list.push(Problem {
            id: self.id.clone(),
            field: (field, index),
            message,
            fatal,
        });
    }
}

/// Ids that the catalogue finds in a text, `number` tried whatever its anchors say.
fn ids(catalogue: &Catalogue, number: u32, text: &[u8]) -> BTreeSet<String> {
    let mut owners = catalogue.owners(text);
    owners.push(number);
    catalogue.matches(text, &owners).into_iter().map(|hit| hit.id.to_string()).collect()
}

/// Codes, OAuth words and context stand beside nearly everything.
fn generic(catalogue: &Catalogue, id: &str) -> bool {
    id.starts_with("entra.") || catalogue.describe(id).is_some_and(|described| described.role() != Role::Cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_catalogue_keeps_its_promises() {
        let catalogue = Catalogue::builtin();
        let problems: Vec<Problem> = catalogue
            .signatures()
            .flat_map(usable)
            .chain((0..catalogue.numbers()).flat_map(|number| truthful(&catalogue, number)))
            .collect();
        assert!(
            problems.is_empty(),
            "{}",
            problems
                .iter()
                .map(|p| format!("{} {:?}: {}\n", p.id, p.field, p.message))
                .collect::<String>()
        );
    }

    #[test]
    fn ids_and_codes_are_unique() {
        let catalogue = Catalogue::builtin();
        let ids: BTreeSet<&str> = catalogue.signatures().map(|signature| signature.id.as_ref()).collect();
        assert_eq!(ids.len(), catalogue.signatures().count());
        assert!(catalogue.codes().zip(catalogue.codes().skip(1)).all(|(a, b)| a.code < b.code));
        assert_eq!((ids.len(), catalogue.codes().count()), (240, 905));
    }
}
