//! Text of a bundle made harmless for a terminal: what would move the cursor, hide or reorder is shown, not done.

use std::borrow::Cow;
use std::fmt::Write;

/// True for characters that a sink must not pass on: controls (C0 but line break, DEL, C1), bidi controls, invisible marks, and
/// line separators that only some programs break at.
pub(super) fn is_hostile(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{9}' | '\u{B}'..='\u{1F}' | '\u{7F}'..='\u{9F}'
        | '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// `text` with hostile characters in a visible form (`\x1b`, `\u{202e}`); line breaks stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => shown.push(' '),
            c if is_hostile(c) && (c as u32) < 0x100 => {
                let _ = write!(shown, "\\x{:02x}", c as u32);
            }
            c if is_hostile(c) => {
                let _ = write!(shown, "\\u{{{:x}}}", c as u32);
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// [`visible`], on one line.
pub fn visible_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_would_act() {
        assert_eq!(
            visible("a\u{1b}[31mb\u{7}\u{9b}2J\r\nc\u{202e}d"),
            "a\\x1b[31mb\\x07\\x9b2J\\x0d\nc\\u{202e}d"
        );
        assert_eq!(visible("Größe – ok"), "Größe – ok");
        assert_eq!(visible_line("a\nb"), "a b");
    }
}
