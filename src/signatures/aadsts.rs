//! Codes of Entra ID's token service in a text.

use super::prepare;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::LazyLock;

/// What the log engine's filter looks for: a code's prefix with its first digits, at least 8 bytes.
pub fn anchors() -> impl Iterator<Item = String> {
    let joined = (0..100).map(|digits| format!("AADSTS{digits:02}"));
    let apart = [' ', '_', '-']
        .into_iter()
        .flat_map(|gap| (0..10).map(move |digit| format!("AADSTS{gap}{digit}")));
    joined.chain(apart).chain([String::from("error_codes")])
}

/// No word boundary is asked for before the prefix: time stamps run into it (`…46ZAADSTS50020:`). After the number a letter or an
/// equals sign would make it the name of a class or a setting.
static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)AADSTS[ _-]?([0-9]{4,8})(?:[^0-9A-Za-z_=]|$)"));
static LIST: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)error_?codes(?:\W|&quot;){0,16}\[([0-9,\s]{1,200})\]"));
/// A code with the message that belongs to it, as a program prints it; without one it is a mention. Letters of any script.
static MESSAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i-u:AADSTS)[ _-]?([0-9]{4,8})(?:\s*(?::|-|\xE2\x80\x93|\xE2\x80\x94)\s*|\s+)["'`]?[A-Z\x80-\xFF]"#));

fn pattern(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).unicode(false).build().expect("a constant pattern")
}

/// The codes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// The one that names the reason: the last, which is the innermost where answers are nested.
    pub code: u32,
    /// Where it stands.
    pub at: Range<usize>,
    /// All of them, in order of appearance, each once.
    pub all: Vec<u32>,
}

/// The codes of `text`, from which URLs were taken away. The text's own words count before the `error_codes` of a token answer.
pub fn find(text: &[u8]) -> Option<Codes> {
    let mut all = Vec::new();
    let mut last = None;
    for found in CODE.captures_iter(text).filter_map(|captures| captures.get(1)) {
        note(number(found.as_bytes()), found.range(), &mut all, &mut last);
    }
    let mut listed = None;
    let lists = if memchr::memchr(b'[', text).is_some() { text } else { &[] };
    for list in LIST.captures_iter(lists).filter_map(|captures| captures.get(1)) {
        for code in list
            .as_bytes()
            .split(|byte| !byte.is_ascii_digit())
            .filter(|digits| (4..=8).contains(&digits.len()))
        {
            note(number(code), list.range(), &mut all, &mut listed);
        }
    }
    let (code, at) = last.or(listed)?;
    Some(Codes { code, at, all })
}

/// True if `code` stands in `text` with its message, or `text` is a token answer: what a program printed. A bare number in prose is a
/// mention, also beside another code's message.
pub fn carries_message(text: &[u8], code: u32) -> bool {
    let text = prepare::without_urls(text);
    let told = |captures: regex::bytes::Captures<'_>| captures.get(1).is_some_and(|digits| number(digits.as_bytes()) == code);
    MESSAGE.captures_iter(&text).any(told) || LIST.is_match(&text)
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |value: u32, &digit| {
        value.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
    })
}

fn note(code: u32, at: Range<usize>, all: &mut Vec<u32>, last: &mut Option<(u32, Range<usize>)>) {
    if code < 1000 {
        return;
    }
    if !all.contains(&code) && all.len() < 16 {
        all.push(code);
    }
    *last = Some((code, at));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<u32> {
        find(&prepare::without_urls(text.as_bytes())).map(|codes| codes.all).unwrap_or_default()
    }

    fn code(text: &str) -> Option<u32> {
        find(&prepare::without_urls(text.as_bytes())).map(|codes| codes.code)
    }

    #[test]
    fn every_spelling_counts() {
        for text in [
            "AADSTS50011: The",
            "aaDSTS50011 – x",
            "2026-01-15 09:00:46ZAADSTS50011:",
            "AADSTS 50011",
            "AADSTS_50011",
            "x AADSTS50011",
        ] {
            assert_eq!(code(text), Some(50011), "{text}");
        }
    }

    #[test]
    fn the_innermost_code_is_the_reason() {
        let nested =
            r#"{"error_description":"AADSTS70002: Error validating credentials. AADSTS50012: Invalid client secret.","error_codes":[70002,50012]}"#;
        assert_eq!(code(nested), Some(50012));
        assert_eq!(codes(nested), [70002, 50012]);
        assert_eq!(code(r#"\"error_codes\":[70002, 54005]"#), Some(54005));
        assert_eq!(code("&quot;error_codes&quot;:[53003]"), Some(53003));
    }

    #[test]
    fn mentions_and_names_are_no_codes() {
        for text in [
            "https://login.microsoftonline.com/error?code=50058",
            "see https://learn.example.com/error-code-aadsts50020-user#:~:text=AADSTS50020",
            "GET /callback?error_description=AADSTS65004%3a+declined HTTP/1.1",
            "AADSTS50196_count=0",
            "AADSTS50011=3",
            "com.example.Aadsts50011Handler loaded",
            "AADB2C90091: cancelled",
            "AADSTS123: too short",
            "AADSTS1234567890: too long",
            "error_codes: none",
        ] {
            assert_eq!(codes(text), Vec::<u32>::new(), "{text}");
        }
    }

    #[test]
    fn a_message_tells_an_event_from_a_mention() {
        assert!(carries_message(b"AADSTS50011: The redirect URI", 50011));
        assert!(carries_message("AADSTS50011 – Die Umleitungs-URI".as_bytes(), 50011));
        assert!(carries_message(br#"{"error_codes":[50011]}"#, 50011));
        assert!(!carries_message(b"we have AADSTS50011 since Monday", 50011));
        assert!(!carries_message(b"AADSTS50011, AADSTS7000222", 50011));
        assert!(!carries_message(
            b"AADSTS7000222: The secret is expired. AADSTS50011 means another fault.",
            50011
        ));
    }

    #[test]
    fn anchors_are_long_enough() {
        assert!(anchors().all(|anchor| anchor.len() >= 8));
        assert!(anchors().any(|anchor| anchor == "AADSTS50"));
    }
}
