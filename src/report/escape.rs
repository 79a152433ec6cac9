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

/// Text of an element or a quoted attribute of HTML: markup and quotes are shown, not done.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The same for XML, where two more characters are illegal; line breaks are kept, in attributes too.
pub fn xml(text: &str) -> String {
    html(text).replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}").replace('\n', "&#10;")
}

/// Text on one line of Markdown: no mark-up comes alive.
pub fn markdown(text: &str) -> String {
    let line = visible_line(text);
    let mut out = String::with_capacity(line.len() + 16);
    for (at, c) in line.chars().enumerate() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '#' | '~' | '$' => out.extend(['\\', c]),
            '-' | '+' | '=' if at == 0 => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A cell of a spreadsheet: what a program would take for the beginning of a formula gets an apostrophe before it, at the start
/// and behind every character at which a program of another locale might split the cell. Line breaks stay.
pub fn spreadsheet(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 1);
    let mut starts = true;
    for c in text.chars() {
        match c {
            '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' if starts => {
                out.push('\'');
                starts = false;
            }
            ',' | ';' | '|' | '\n' | '"' => starts = true,
            c if c.is_whitespace() => {}
            _ => starts = false,
        }
        out.push(c);
    }
    out
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

    #[test]
    fn markup_stays_text() {
        assert_eq!(
            html("<a href=\"x\" on='y'>&\u{1}"),
            "&lt;a href=&quot;x&quot; on=&#39;y&#39;&gt;&amp;\\x01"
        );
        assert_eq!(xml("a\u{FFFF}\nb"), "a\u{FFFD}&#10;b");
        assert_eq!(markdown("![x](javascript:1) <b> a_b"), "\\!\\[x\\](javascript:1) &lt;b&gt; a\\_b");
        assert_eq!(markdown("- x\n# y"), "\\- x \\# y");
    }

    #[test]
    fn no_cell_begins_a_formula() {
        assert_eq!(spreadsheet("=1+1"), "'=1+1");
        assert_eq!(spreadsheet(" \t@SUM(A1)"), "  '@SUM(A1)");
        assert_eq!(spreadsheet("a;=cmd|' /C calc'!A0"), "a;'=cmd|' /C calc'!A0");
        assert_eq!(spreadsheet("＝1"), "'＝1");
        assert_eq!(spreadsheet("x -Port 443"), "x -Port 443");
    }
}
