//! `log.secrets`: secrets that stand in clear sight in the bundle.

use crate::case::Case;
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity, Subject};
use crate::model::{Fact, SecretKind, Text};
use crate::{counted, text};
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "log.secrets",
    title: "No secret stands in the bundle",
    severity: Severity::Medium,
    why: "Bundles pass through many hands. A token or client secret in one of them opens the mailboxes to whoever reads it; ECE's own encrypted passwords can be turned back by the product.",
    evidence: "every file of the bundle",
    remedy: &[
        "Treat each secret named here as known to others: make a new client secret, change the password, and generate the token anew (which also ends the old refresh token once sign-ins are revoked).",
        "Switch off the debug flags that print tokens (mail.debug.auth), and leave password columns out of exports.",
        "Share the bundle only as `ecelens redact BUNDLE -o COPY`; a scan of the copy must show this check as passed.",
    ],
    references: &["RFC 6749 section 10.3", "Microsoft Entra: revoke user access"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let seen: Vec<&Fact<SecretKind>> = case.facts.secrets.iter().chain(&case.logs.secrets).collect();
    if seen.is_empty() {
        let message = text!("no secret was found in the bundle");
        return Ok(vec![check.pass(Subject::deployment(), message).confidence(Confidence::Medium)]);
    }
    let mut by_kind: BTreeMap<SecretKind, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for fact in &seen {
        let entry = by_kind.entry(fact.value).or_default();
        entry.0 += 1;
        entry.1.insert(&fact.origin.path);
    }
    let kinds = by_kind.iter().map(|(kind, (count, files))| {
        let places = counted!(*count, "1 place", "{count} places");
        let files = counted!(files.len(), "1 file", "{count} files");
        text!("{kind} ({places} in {files})", kind = Text::catalogued(kind.words()), places, files)
    });
    // One place of each kind and file, so that each can be found without listing every line of a password column.
    let mut shown = BTreeSet::new();
    let places = seen.iter().filter(|f| shown.insert((f.value, f.origin.path.clone()))).map(|f| &f.origin);
    Ok(vec![
        check
            .warn(
                Subject::deployment(),
                text!("secrets stand in clear sight: {kinds}", kinds = Text::list(kinds)),
            )
            .at_all(places.take(20)),
    ])
}
