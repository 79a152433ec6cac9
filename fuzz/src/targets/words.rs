//! Short texts: times, versions, error messages, questions.

use super::text;
use ecelens::model::{Bound, Stamp, certificate_date, http_date, versions_in};
use ecelens::signatures::{Catalogue, explain};
use std::sync::LazyLock;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::builtin);

/// Times in every spelling. What was understood is understood again as it is printed.
pub fn stamp(bytes: &[u8]) {
    let text = text(bytes);
    for stamp in [Stamp::parse(text), http_date(text), certificate_date(text)].into_iter().flatten() {
        let printed = stamp.rfc3339();
        assert_eq!(Stamp::parse(&printed), Some(stamp), "{text:?} is printed as {printed}");
        stamp.instant();
        stamp.date();
    }
    let _ = Bound::parse(text);
    let _ = ecelens::log::grammar::zone(bytes);
}

/// Versions and releases in running text.
pub fn version(bytes: &[u8]) {
    for line in text(bytes).lines() {
        for mention in versions_in(line, "") {
            assert!(!mention.version.to_string().is_empty());
        }
    }
}

/// Known error texts in any line.
pub fn signatures(bytes: &[u8]) {
    for line in text(bytes).lines() {
        for found in CATALOGUE.match_line(line) {
            assert!(CATALOGUE.describe(&found.id).is_some(), "{} has no text", found.id);
        }
    }
}

/// What a user may ask `explain`.
pub fn explain(bytes: &[u8]) {
    let _ = explain::explain(&CATALOGUE, text(bytes));
}
