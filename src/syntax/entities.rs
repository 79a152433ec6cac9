//! Character references of XML and HTML. Entities that a document defines itself are never expanded.

use std::borrow::Cow;

/// Names that occur in exports of programs and mails.
const NAMED: &[(&str, &str)] = &[
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", "\u{A0}"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bull", "•"),
    ("middot", "·"),
    ("copy", "©"),
    ("reg", "®"),
    ("auml", "ä"),
    ("ouml", "ö"),
    ("uuml", "ü"),
    ("Auml", "Ä"),
    ("Ouml", "Ö"),
    ("Uuml", "Ü"),
    ("szlig", "ß"),
    ("agrave", "à"),
    ("egrave", "è"),
    ("eacute", "é"),
    ("igrave", "ì"),
    ("ograve", "ò"),
    ("ugrave", "ù"),
    ("ccedil", "ç"),
    ("ntilde", "ñ"),
];

/// `text` with its character references replaced; what is none stays as it is.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| character(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                decoded.push_str(&c);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn character(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.iter().find(|(n, _)| *n == name).map(|(_, c)| Cow::Borrowed(*c));
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some(Cow::Owned(char::from_u32(code).unwrap_or('\u{FFFD}').to_string()))
}

/// Decodes `_xHHHH_`, a UTF-16 code unit each.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let unit = rest
            .strip_prefix("_x")
            .and_then(|r| r.get(..5))
            .filter(|r| r.ends_with('_') && r.bytes().take(4).all(|b| b.is_ascii_hexdigit()))
            .and_then(|r| u16::from_str_radix(&r[..4], 16).ok());
        match unit {
            Some(unit) => {
                units.push(unit);
                rest = &rest[7..];
            }
            None => {
                units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_references() {
        assert_eq!(
            decode("a &amp; &quot;b&quot; &#233;&#xE9; &lol9; & &#x110000; &é;"),
            "a & \"b\" éé &lol9; & \u{FFFD} &é;"
        );
        assert_eq!(decode("&amp;lt;"), "&lt;");
    }
}
