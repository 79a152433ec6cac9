//! A text as it reads after undoing the escapes of URLs, JSON, XML, CLIXML, quoted-printable and wide characters, with the way back.

use std::ops::Range;

/// A text with its escapes undone.
pub(crate) struct View {
    /// The text.
    pub text: String,
    /// For each byte of `text`, where its source begins; one more for the end. Texts are far shorter than 4 GiB.
    from: Vec<u32>,
}

impl View {
    /// The range of the source that reads as `range` of the view.
    pub(crate) fn source(&self, range: &Range<usize>) -> Range<usize> {
        let at = |i: usize| self.from.get(i).or(self.from.last()).map_or(0, |from| *from as usize);
        at(range.start)..at(range.end).max(at(range.start))
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Undoes one level of escapes; `None` if there are none. Each escape's value is one character of Latin-1 or Unicode; bytes of
/// UTF-8 that are escaped one by one come out as Latin-1, which is good enough for finding secrets: they are ASCII.
pub(crate) fn unescaped(text: &str) -> Option<View> {
    let interesting = |b: &u8| matches!(b, b'%' | b'\\' | b'&' | b'=' | b'_' | 0);
    // Many texts hold such a byte, and few of those an escape: a copy is made only for these.
    let mut signs = text.as_bytes().iter().enumerate().filter(|(_, byte)| interesting(byte));
    if !signs.any(|(at, _)| text.get(at..).is_some_and(|rest| escape(rest).is_some())) {
        return None;
    }
    let mut view = View {
        text: String::with_capacity(text.len()),
        from: Vec::with_capacity(text.len() + 1),
    };
    let mut changed = false;
    let mut at = 0;
    // In a form-encoded word a plus sign is a blank.
    let mut word_end = 0;
    let mut is_form = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if at >= word_end {
            let word = text[at..].split(|c: char| c.is_whitespace() || c == '"').next().unwrap_or("");
            word_end = at + word.len().max(c.len_utf8());
            is_form = word.contains('%');
        }
        let (value, length) = match c {
            '+' if is_form => (Some(' '), 1),
            '%' | '\\' | '&' | '=' | '_' | '\0' => match escape(&text[at..]) {
                Some((value, length)) => {
                    changed = true;
                    (value, length)
                }
                None => (Some(c), c.len_utf8()),
            },
            _ => (Some(c), c.len_utf8()),
        };
        if let Some(value) = value {
            view.text.push(value);
            view.from.resize(view.text.len(), offset(at));
        }
        at += length;
    }
    view.from.push(offset(at));
    changed.then_some(view)
}

/// The character that an escape at the start of `text` stands for (`None`: nothing at all), and the escape's length.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let hex = |range: Range<usize>| {
        let digits = text.get(range)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())?
    };
    match text.as_bytes() {
        [0, ..] => Some((None, 1)),
        [b'%', b'u' | b'U', ..] => Some((char::from_u32(hex(2..6)?), 6)),
        [b'%', ..] => Some((char::from_u32(hex(1..3)?), 3)),
        // Quoted-printable writes upper-case digits; a soft line break is nothing.
        [b'=', b'\r', b'\n', ..] => Some((None, 3)),
        [b'=', b'\n', ..] => Some((None, 2)),
        [b'=', b'3', b'D', ..] => Some((Some('='), 3)),
        [b'=', b'2', b'6' | b'0', ..] | [b'=', b'2', b'2' | b'7', ..] => Some((char::from_u32(hex(1..3)?), 3)),
        // CLIXML.
        [b'_', b'x', ..] if text.as_bytes().get(6) == Some(&b'_') => Some((char::from_u32(hex(2..6)?), 7)),
        [b'\\', b'u' | b'U', ..] => Some((char::from_u32(hex(2..6)?), 6)),
        [b'\\', b'x', ..] => Some((char::from_u32(hex(2..4)?), 4)),
        [b'\\', c @ (b'"' | b'/' | b'\''), ..] => Some((Some(char::from(*c)), 2)),
        [b'&', ..] => {
            let end = text.bytes().take(10).position(|b| b == b';')?;
            let name = text.get(1..end)?;
            let value = match name {
                "quot" => '"',
                "apos" => '\'',
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                _ => {
                    let number = name.strip_prefix('#')?;
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                        None => number.parse().ok()?,
                    };
                    char::from_u32(code)?
                }
            };
            Some((Some(value), end + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_escapes_and_finds_the_way_back() {
        for (escaped, plain) in [
            ("a%3Db%26c", "a=b&c"),
            (r#"{\"a\":\"b\u0026c\"}"#, r#"{"a":"b&c"}"#),
            ("a=&quot;b&#x26;c&#39;", "a=\"b&c'"),
            ("a=3Db=\r\nc", "a=bc"),
            ("p\0w\0d\0", "pwd"),
            ("a+%3A+b c+d", "a : b c+d"),
            ("a_x003D_b_x_", "a=b_x_"),
        ] {
            let view = unescaped(escaped).unwrap();
            assert_eq!(view.text, plain);
            assert_eq!(view.source(&(0..view.text.len())), 0..escaped.len());
        }
        assert!(unescaped("nothing to do: 5 % of a & b \\ c").is_none());
        let view = unescaped("x%3Dyz").unwrap();
        assert_eq!(view.source(&(2..4)), 4..6);
    }
}
