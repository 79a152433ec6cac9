//! What finds and hides secrets and names.

use super::text;
use ecelens::model::secret::{find, find_all, mask};
use ecelens::model::{Excerpt, claims_of};
use ecelens::redact::{LeakCheck, Learner, Map};

/// Claims of a token, and the token itself out of sight.
pub fn jwt(bytes: &[u8]) {
    let text = text(bytes);
    for word in text.split_whitespace() {
        if claims_of(word).is_some() {
            let payload = word.split('.').nth(1).unwrap_or_default();
            assert!(payload.len() < 12 || !mask(word).contains(payload), "the claims of {word} are shown");
        }
    }
}

/// Secrets lie in the text, in order, and nothing is secret in what is masked.
pub fn masking(bytes: &[u8]) {
    let text = text(bytes);
    let mut end = 0;
    for found in find_all(text) {
        assert!(found.range.start >= end && found.range.end <= text.len(), "{found:?}");
        assert!(text.get(found.range.clone()).is_some(), "{found:?} cuts a character");
        end = found.range.end;
    }
    // A label that masking left may be taken for a value, or for the name of what follows; nothing else is secret then.
    let masked = mask(text);
    for found in find(&masked) {
        assert!(masked[..found.range.end].contains("[masked"), "{found:?} is still shown in {masked:?}");
    }
    let excerpt = Excerpt::capture(text);
    assert!(excerpt.as_str().chars().count() <= Excerpt::LIMIT + 1);
}

/// A redacted text names nobody whom the check knows.
pub fn redaction(bytes: &[u8]) {
    let text = text(bytes);
    let mut learner = Learner::new(Map::new([7; 32]));
    learner.text(text);
    let mut redactor = learner.finish();
    let safe = redactor.block(text);
    let mut check = LeakCheck::new(&redactor.map());
    check.begin_member();
    let _ = check.block(&safe);
}
