//! Anchors from literals: what the log engine's filter looks for. The build script includes this file too.

use super::entry::{Signature, Text};

/// The anchors of a signature: its own, or one piece of each literal. A literal's blank stands for any white space, and its quotes
/// and brackets may be escaped in a log, so that a piece ends there.
pub fn of(signature: &Signature) -> Vec<Text> {
    if !signature.anchors.is_empty() {
        return signature.anchors.to_vec();
    }
    std::iter::once(&signature.literal)
        .chain(signature.literal_alternatives.iter())
        .filter_map(|literal| best_piece(literal))
        .map(|piece| Text::Owned(piece.to_owned()))
        .collect()
}

/// The longest piece of `literal` without white space and without characters that are written differently inside JSON, CSV, HTML
/// or a form body.
fn best_piece(literal: &str) -> Option<&str> {
    literal
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') || !c.is_ascii()))
        .filter(|piece| !piece.is_empty())
        .rev()
        .max_by_key(|piece| piece.len())
}
