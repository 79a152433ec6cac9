//! Secrets in clear sight, in any member: their kinds and places, never their values.

use super::Findings;
use crate::model::{Fact, Origin, SecretKind};
use crate::syntax::{Section, Source};
use std::collections::BTreeMap;

/// Places kept of one kind in one member; the kind is what counts, not how often it stands there.
const PLACES: usize = 20;

/// Notes the secrets of a member. Session ids are left out: every log and every browser has them, and they die with the session.
pub fn parse(source: &Source<'_>, _sections: &[Section], findings: &mut Findings) {
    let mut counts: BTreeMap<SecretKind, usize> = BTreeMap::new();
    let text = source.text;
    for found in text.secrets() {
        let count = counts.entry(found.kind).or_default();
        *count += 1;
        if *count > PLACES || found.kind == SecretKind::Session || found.kind == SecretKind::Opaque {
            continue;
        }
        let (line, column) = text.line_column(found.range.start);
        let origin = Origin {
            column,
            offset: Some(text.original_offset(found.range.start)),
            excerpt: text.excerpt_at(line, column),
            ..Origin::line(source.path, line, "")
        };
        findings.facts.secrets.push(Fact::new(found.kind, origin));
    }
}
