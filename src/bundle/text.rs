//! A member's text after decoding, with the way back to lines and to the bytes of the original file.

use crate::model::{Excerpt, secret};
use std::sync::OnceLock;

/// How a member's bytes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// UTF-8 without a byte order mark (plain ASCII included).
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Bom,
    /// UTF-16, little endian, with or without a byte order mark.
    Utf16Le,
    /// UTF-16, big endian, with or without a byte order mark.
    Utf16Be,
    /// Windows-1252: the fallback when the bytes are no UTF-8.
    Windows1252,
    /// Not text.
    Binary,
}

impl Encoding {
    /// The name as reports print it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf8Bom => "utf-8-bom",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Binary => "binary",
        }
    }
}

/// Decoded text and the starts of its lines.
#[derive(Debug)]
pub struct Text {
    content: String,
    /// Byte offset in `content` of each line's first character.
    line_starts: Vec<usize>,
    encoding: Encoding,
    /// Bytes before the text in the original file (a byte order mark).
    skipped: u64,
    /// What is secret in the text, found when first asked for.
    secrets: OnceLock<Vec<secret::Found>>,
}

impl Text {
    /// Text that was read by `encoding`, after `skipped` bytes of byte order mark.
    pub fn new(content: String, encoding: Encoding, skipped: u64) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', content.as_bytes()).map(|at| at + 1));
        Self {
            content,
            line_starts,
            encoding,
            skipped,
            secrets: OnceLock::new(),
        }
    }

    /// Every secret of the text, in order: also those that only a column's heading or a neighbouring line gives away.
    pub fn secrets(&self) -> &[secret::Found] {
        self.secrets.get_or_init(|| secret::find_all(&self.content))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.content
    }

    /// How the bytes were read.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Number of lines; a trailing line break does not begin another one.
    pub fn line_count(&self) -> u64 {
        let last_is_empty = self.line_starts.last() == Some(&self.content.len());
        (self.line_starts.len() - usize::from(last_is_empty)) as u64
    }

    /// Line `line`, 1-based, without its line break; empty if there is no such line.
    pub fn line(&self, line: u64) -> &str {
        let Some(index) = usize::try_from(line).ok().and_then(|l| l.checked_sub(1)) else {
            return "";
        };
        let Some(&start) = self.line_starts.get(index) else { return "" };
        let end = self.line_starts.get(index + 1).copied().unwrap_or(self.content.len());
        self.content[start..end].trim_end_matches(['\n', '\r'])
    }

    /// All lines with their 1-based numbers.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        (1..=self.line_count()).map(|n| (n, self.line(n)))
    }

    /// Byte offset of the start of line `line` (1-based) in the decoded text; the end of the text beyond its last line.
    pub fn line_start(&self, line: u64) -> usize {
        let index = usize::try_from(line.max(1) - 1).unwrap_or(usize::MAX);
        self.line_starts.get(index).copied().unwrap_or(self.content.len())
    }

    /// 1-based line of a byte offset in the decoded text.
    pub fn line_number(&self, offset: usize) -> u64 {
        self.line_starts.partition_point(|&start| start <= offset) as u64
    }

    /// 1-based line and column (in characters) of a byte offset in the decoded text.
    pub fn line_column(&self, offset: usize) -> (u64, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        let before = self.content.get(start..offset.min(self.content.len())).unwrap_or("");
        (line as u64, before.chars().count() as u32 + 1)
    }

    /// Byte offset in the original file of a byte offset in the decoded text.
    pub fn original_offset(&self, offset: usize) -> u64 {
        let before = self.content.get(..offset).unwrap_or(&self.content);
        self.skipped
            + match self.encoding {
                Encoding::Utf16Le | Encoding::Utf16Be => 2 * before.encode_utf16().count() as u64,
                Encoding::Windows1252 => before.chars().count() as u64,
                Encoding::Utf8 | Encoding::Utf8Bom | Encoding::Binary => before.len() as u64,
            }
    }

    /// The excerpt of line `line`; of a long line the part around `column`. Secrets are masked before the line is cut.
    pub fn excerpt_at(&self, line: u64, column: u32) -> Excerpt {
        /// Bytes of a line that are enough for an excerpt, whatever is masked in it.
        const ENOUGH: usize = Excerpt::LIMIT * 8;
        let text = self.line(line);
        let start = self.line_start(line);
        let before = (column as usize).saturating_sub(1);
        let skipped = match before < Excerpt::LIMIT {
            true => 0,
            false => text.char_indices().nth(before - Excerpt::LIMIT / 4).map_or(text.len(), |(at, _)| at),
        };
        let from = start + skipped;
        let end = (from + ENOUGH).min(start + text.len());
        let mut shown = String::from(if skipped > 0 { "…" } else { "" });
        let mut at = from;
        // Column 1 is the line as a whole.
        let target = text.char_indices().nth(before).filter(|_| before > 0).map(|(column, _)| start + column);
        let mut meant = None;
        let secrets = self.secrets();
        for found in &secrets[secrets.partition_point(|f| f.range.end <= from)..] {
            if found.range.start >= end {
                break;
            }
            if meant.is_none() && target.is_some_and(|target| target < found.range.end) {
                meant = target.map(|target| shown.len() + target.min(found.range.start).saturating_sub(at));
            }
            shown.push_str(self.content.get(at..found.range.start).unwrap_or(""));
            shown.push_str(&found.label());
            at = found.range.end;
        }
        // A cut within a character is moved behind it.
        let end = (end..).find(|&e| self.content.is_char_boundary(e)).unwrap_or(end);
        meant = meant.or(target.map(|target| shown.len() + target.saturating_sub(at)));
        shown.push_str(self.content.get(at..end).unwrap_or(""));
        Excerpt::of_masked(&shown, meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_knows_where_the_value_begins_that_it_is_about() {
        let text = Text::new("  \"a\":\t \"b\",\nx".into(), Encoding::Utf8, 0);
        let excerpt = text.excerpt_at(1, 9);
        assert_eq!((excerpt.as_str(), excerpt.meant()), ("\"a\": \"b\",", Some(5)));
        assert_eq!(text.excerpt_at(1, 1).meant(), None);
        let long = Text::new(format!("{} value", "x".repeat(500)), Encoding::Utf8, 0);
        let excerpt = long.excerpt_at(1, 502);
        let meant = excerpt.meant().expect("a place");
        assert!(
            excerpt.as_str().chars().skip(meant).collect::<String>() == "value",
            "{}",
            excerpt.as_str()
        );
    }

    #[test]
    fn knows_lines_columns_and_original_offsets() {
        let text = Text::new("ab\r\ncäd\n".into(), Encoding::Utf16Le, 2);
        assert_eq!(text.line_count(), 2);
        assert_eq!(text.line(2), "cäd");
        assert_eq!(text.line(9), "");
        assert_eq!(text.line_column(4), (2, 1));
        assert_eq!(text.line_column(7), (2, 3));
        assert_eq!(text.original_offset(7), 2 + 12);
    }
}
