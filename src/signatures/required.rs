//! The fixed text of a pattern: pieces of which every match holds one, found by reading the pattern's syntax tree.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts of which every match holds one, the longest choice that the pattern allows; empty if it has no fixed text. The second
/// member tells whether they are compared without case.
pub fn pieces(pattern: &str) -> (Vec<String>, bool) {
    let parsed = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(100)
        .build()
        .parse(pattern);
    let mut ignore_case = false;
    let pieces = parsed.ok().and_then(|hir| required(&hir, &mut ignore_case)).unwrap_or_default();
    (pieces, ignore_case)
}

/// More alternatives than this make no useful anchor.
const MOST_ALTERNATIVES: usize = 64;

/// The depth of the tree is bounded by the parser's nest limit.
fn required(hir: &Hir, ignore_case: &mut bool) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub, ignore_case),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub, ignore_case),
        HirKind::Literal(_) | HirKind::Class(_) => best(run(std::slice::from_ref(hir), ignore_case).0),
        HirKind::Concat(parts) => {
            let mut choices: Vec<Vec<String>> = Vec::new();
            let mut rest = parts.as_slice();
            while let Some(first) = rest.first() {
                let (text, length) = run(rest, ignore_case);
                choices.extend(best(text));
                if length == 0 {
                    choices.extend(required(first, ignore_case));
                }
                rest = rest.get(length.max(1)..).unwrap_or_default();
            }
            choices
                .into_iter()
                .max_by_key(|choice| choice.iter().map(String::len).min().unwrap_or(0).min(24) * 64 / (63 + choice.len()))
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(part, ignore_case)?);
            }
            (all.len() <= MOST_ALTERNATIVES).then_some(all)
        }
        _ => None,
    }
}

/// The fixed text at the start of a sequence, and how many of its parts it takes.
fn run(parts: &[Hir], ignore_case: &mut bool) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    let mut length = 0;
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
            HirKind::Class(Class::Bytes(class)) => match class.ranges() {
                [one] if one.start() == one.end() => text.push(one.start()),
                // A letter in both cases: what `(?i)` makes of it.
                [upper, lower] if upper.len() == 1 && lower.len() == 1 && upper.start().to_ascii_lowercase() == lower.start() => {
                    *ignore_case = true;
                    text.push(lower.start());
                }
                _ => break,
            },
            _ => break,
        }
        length += 1;
    }
    (text, length)
}

/// The longest piece without bytes that are written differently inside JSON, CSV, HTML or a form body.
fn best(text: Vec<u8>) -> Option<Vec<String>> {
    let piece = text
        .split(|&byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b' ')))
        .map(<[u8]>::trim_ascii)
        .max_by_key(|piece| piece.len())?;
    let piece = std::str::from_utf8(piece).ok().filter(|piece| !piece.is_empty())?;
    Some(vec![piece.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_text_that_every_match_holds() {
        let cases = [
            (r"\b5\.7\.139\s+Authentication\s+unsuccessful", vec!["Authentication"], false),
            (r"(?i)mail queue (?:is )?stuck", vec!["mail queue"], true),
            (r"(?:FetchError|SendError): \d+", vec!["FetchError", "SendError"], false),
            (r"x(?P<n>\d+)longer[a-z]*", vec!["longer"], false),
            (r"(?:abc)?\d+", vec![], false),
            (r"[ab]c|\d", vec![], false),
        ];
        for (pattern, expected, ignore_case) in cases {
            let (found, folded) = pieces(pattern);
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>(), folded),
                (expected, ignore_case),
                "{pattern}"
            );
        }
    }
}
