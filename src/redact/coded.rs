//! Base64 of readable text: bodies of mails, recorded web traffic, commands of PowerShell. Names hide in it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Longest run that is decoded, in characters.
const LONGEST: usize = 32 * 1024 * 1024;

/// Lines of a body, or a run in a line. Shorter ones hold no name of a domain.
static RUN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:[A-Za-z0-9+/]{40,}\r?\n)*[A-Za-z0-9+/_-]{16,}={0,2}").expect("a constant pattern"));

/// A run of Base64 that reads as text.
pub(super) struct Coded {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// What it says.
    pub(super) text: String,
    is_wide: bool,
    is_url_safe: bool,
    is_padded: bool,
    /// Characters of a line and its end, if it is broken into lines.
    line: Option<(usize, &'static str)>,
}

/// The runs of Base64 in `text` that read as text.
pub(super) fn coded(text: &str) -> impl Iterator<Item = Coded> {
    RUN.find_iter(text).filter_map(|run| read(run.range(), run.as_str()))
}

fn read(range: Range<usize>, run: &str) -> Option<Coded> {
    if run.len() > LONGEST {
        return None;
    }
    let first = run.lines().next()?.len();
    let line = run.contains('\n').then(|| (first, if run.contains("\r\n") { "\r\n" } else { "\n" }));
    let joined: String = run.split_ascii_whitespace().collect();
    let bare = joined.trim_end_matches('=');
    let standard = STANDARD_NO_PAD.decode(bare).ok();
    let is_url_safe = standard.is_none();
    let bytes = standard.or_else(|| URL_SAFE_NO_PAD.decode(bare).ok())?;
    let is_wide = bytes.len() >= 4 && bytes.len().is_multiple_of(2) && bytes.iter().skip(1).step_by(2).all(|b| *b == 0);
    let bytes = if is_wide { bytes.into_iter().step_by(2).collect() } else { bytes };
    let text = String::from_utf8(bytes).ok()?;
    let is_readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{1}' | '\0');
    text.chars().all(is_readable).then_some(Coded {
        range,
        text,
        is_wide,
        is_url_safe,
        is_padded: joined.ends_with('='),
        line,
    })
}

impl Coded {
    /// `text` in the same code and lines.
    pub(super) fn encode(&self, text: &str) -> String {
        let bytes: Vec<u8> = if self.is_wide {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            text.as_bytes().to_vec()
        };
        let mut made = if self.is_url_safe {
            URL_SAFE_NO_PAD.encode(bytes)
        } else {
            STANDARD_NO_PAD.encode(bytes)
        };
        // Without padding in the source there may have been no need of any: a body of lines always has it.
        if self.is_padded || self.line.is_some() || self.range.len().is_multiple_of(4) && !self.is_url_safe {
            made.extend(std::iter::repeat_n('=', (4 - made.len() % 4) % 4));
        }
        let Some((width, end)) = self.line else { return made };
        let lines: Vec<&str> = made.as_bytes().chunks(width).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        lines.join(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_same_code() {
        let body = "Our URL is https://ece.contoso.com, the mailbox is sales@contoso.com; please have a look at the logs.";
        let lines = |text: &str| {
            let coded = base64::engine::general_purpose::STANDARD.encode(text);
            coded
                .as_bytes()
                .chunks(76)
                .map(|l| std::str::from_utf8(l).unwrap())
                .collect::<Vec<_>>()
                .join("\r\n")
        };
        let mail = format!("Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--x", lines(body));
        let found = coded(&mail).next().unwrap();
        assert_eq!(found.text, body);
        assert_eq!(
            found.encode(&body.replace("contoso", "domain1")),
            lines(&body.replace("contoso", "domain1"))
        );
        assert_eq!(&mail[found.range.clone()], lines(body));
        let wide: Vec<u8> = "Test-NetConnection smtp".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let command = STANDARD_NO_PAD.encode(wide);
        assert_eq!(coded(&command).next().unwrap().text, "Test-NetConnection smtp");
        assert_eq!(coded("AuthenticationFailedException java/lang/ClassNotFoundException").count(), 0);
    }
}
