//! What a question names.

/// A question, by what its spelling shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Query {
    /// An AADSTS code.
    Code(u32),
    /// An SMTP reply.
    Reply(Reply),
    /// An id, a word, or free text.
    Name(String),
}

/// An SMTP reply: its code, its enhanced code, or both.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// `535`.
    code: Option<String>,
    /// `5.7.139`.
    enhanced: Option<String>,
}

impl Reply {
    /// True if the example shows this reply.
    pub fn stands_in(&self, example: &str) -> bool {
        let words: Vec<&str> = example
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
            .map(|word| word.trim_end_matches('.'))
            .collect();
        [&self.code, &self.enhanced]
            .into_iter()
            .flatten()
            .all(|part| words.contains(&part.as_str()))
    }
}

/// Reads a question.
pub fn parse(question: &str) -> Query {
    let text = question
        .trim()
        .trim_matches(['"', '\'', '`', '[', ']', '(', ')'])
        .trim_end_matches([':', '.', ',']);
    let lower = text.to_ascii_lowercase();
    let number = lower.strip_prefix("entra.").unwrap_or(&lower);
    let named = number.strip_prefix("aadsts").map(|rest| rest.trim_start_matches([' ', '_', '-']));
    if let Some(code) = digits(named.unwrap_or(number), 4..=8).filter(|&code| code >= 1000) {
        return Query::Code(code);
    }
    let mut parts = text.split([' ', '-', '\t']).filter(|part| !part.is_empty());
    let reply = match (parts.next(), parts.next(), parts.next()) {
        (Some(code), Some(enhanced), None) if is_code(code) && is_enhanced(enhanced) => Some((Some(code), Some(enhanced))),
        (Some(code), None, None) if is_code(code) => Some((Some(code), None)),
        (Some(enhanced), None, None) if is_enhanced(enhanced) => Some((None, Some(enhanced))),
        _ => None,
    };
    match reply {
        Some((code, enhanced)) => Query::Reply(Reply {
            code: code.map(str::to_owned),
            enhanced: enhanced.map(str::to_owned),
        }),
        None => Query::Name(text.to_owned()),
    }
}

/// An AADSTS code or an enhanced SMTP code somewhere in a longer question.
pub fn inside(question: &str) -> Option<Query> {
    let words: Vec<&str> = question
        .split_whitespace()
        .take(100)
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
        .collect();
    let code = words
        .iter()
        .filter(|word| word.to_ascii_lowercase().starts_with("aadsts"))
        .map(|word| parse(word));
    let pairs = words.windows(2).map(|pair| parse(&pair.join(" ")));
    let single = words.iter().filter(|word| is_enhanced(word)).map(|word| parse(word));
    code.chain(pairs).chain(single).find(|query| !matches!(query, Query::Name(_)))
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    (length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_code(text: &str) -> bool {
    digits(text, 3..=3).is_some_and(|code| (200..600).contains(&code))
}

fn is_enhanced(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts.as_slice(), ["2" | "4" | "5", subject, detail] if digits(subject, 1..=3).is_some() && digits(detail, 1..=3).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read() {
        for text in [
            "AADSTS50011",
            "aadsts50011:",
            "AADSTS 50011",
            "50011",
            "entra.aadsts50011",
            " [AADSTS50011] ",
        ] {
            assert_eq!(parse(text), Query::Code(50011), "{text}");
        }
        assert!(matches!(
            parse("535 5.7.139"),
            Query::Reply(Reply {
                code: Some(_),
                enhanced: Some(_)
            })
        ));
        assert!(matches!(
            parse("535-5.7.139"),
            Query::Reply(Reply {
                code: Some(_),
                enhanced: Some(_)
            })
        ));
        assert!(matches!(parse("5.7.139"), Query::Reply(Reply { code: None, .. })));
        assert!(matches!(parse("535"), Query::Reply(Reply { enhanced: None, .. })));
        for text in [
            "invalid_grant",
            "url.redirect-host",
            "refresh token expired",
            "12.6.1",
            "123",
            "",
            "AADSTS",
            "5.7.1390",
        ] {
            assert!(matches!(parse(text), Query::Name(_)), "{text}");
        }
    }
}
