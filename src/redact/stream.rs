//! A text stream in blocks of whole lines: memory stays bounded whatever its length.

use crate::bundle::{Encoding, SNIFFED, sniff};
use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;
use std::io::{self, Read, Write};

/// Bytes that are read at once.
const BLOCK: usize = 256 * 1024;
/// A line longer than this is cut: a single line may be as long as the file.
const LONGEST_LINE: usize = 1024 * 1024;
/// Bytes before the end of a block in which an empty line is looked for.
const NEAR: usize = 16 * 1024;

/// Whole lines of a text, and how their bytes were read.
pub(super) struct Block<'a> {
    /// The lines, without a byte order mark.
    pub(super) text: Cow<'a, str>,
    encoding: Encoding,
    mark: &'a [u8],
}

impl Block<'_> {
    /// Writes `text` as the bytes of this block are written.
    pub(super) fn write(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.mark)?;
        let wide = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
        match self.encoding {
            Encoding::Utf16Le => out.write_all(&wide(u16::to_le_bytes)),
            Encoding::Utf16Be => out.write_all(&wide(u16::to_be_bytes)),
            Encoding::Windows1252 => out.write_all(&WINDOWS_1252.encode(text).0),
            Encoding::Utf8 | Encoding::Utf8Bom | Encoding::Binary => out.write_all(text.as_bytes()),
        }
    }
}

/// The first bytes of a member, and how it is written.
pub(super) fn begin(source: &mut dyn Read) -> io::Result<(Vec<u8>, Encoding)> {
    let mut head = Vec::with_capacity(SNIFFED);
    source.take(SNIFFED as u64).read_to_end(&mut head)?;
    let encoding = sniff(&head);
    Ok((head, encoding))
}

/// Calls `each` for one block after the other of the text that begins with `head` and goes on with `source`.
///
/// # Errors
/// That of `source`, after what could be read was given, or that of `each`.
pub(super) fn blocks(head: Vec<u8>, encoding: Encoding, source: &mut dyn Read, each: &mut dyn FnMut(Block<'_>) -> io::Result<()>) -> io::Result<()> {
    let mark: &[u8] = match encoding {
        Encoding::Utf8Bom => &[0xEF, 0xBB, 0xBF],
        Encoding::Utf16Le => &[0xFF, 0xFE],
        Encoding::Utf16Be => &[0xFE, 0xFF],
        _ => &[],
    };
    let mut pending = head;
    let mut mark = if pending.starts_with(mark) { mark } else { &[] };
    pending.drain(..mark.len());
    loop {
        let before = pending.len();
        let outcome = source.take(BLOCK as u64).read_to_end(&mut pending);
        let is_last = outcome.is_err() || pending.len() == before;
        let end = if is_last { pending.len() } else { whole_lines(&pending, encoding) };
        if end > 0 || !mark.is_empty() {
            let mut block = decoded(&pending[..end], encoding);
            block.mark = std::mem::take(&mut mark);
            each(block)?;
        }
        pending.drain(..end);
        if is_last {
            return outcome.map(drop);
        }
    }
}

/// The text of `bytes`. What is no UTF-8 comes as Windows-1252, which gives every byte back.
fn decoded(bytes: &[u8], encoding: Encoding) -> Block<'_> {
    let (text, encoding) = match (encoding, std::str::from_utf8(bytes)) {
        (Encoding::Utf16Le, _) => (UTF_16LE.decode_without_bom_handling(bytes).0, encoding),
        (Encoding::Utf16Be, _) => (UTF_16BE.decode_without_bom_handling(bytes).0, encoding),
        (Encoding::Windows1252, _) | (_, Err(_)) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, Encoding::Windows1252),
        (_, Ok(text)) => (Cow::Borrowed(text), encoding),
    };
    Block { text, encoding, mark: &[] }
}

/// Where the whole lines of `bytes` end: at an empty line if one is near, so that a record is not torn apart; of a line that is too
/// long, where a value ends; 0 if the line goes on.
fn whole_lines(bytes: &[u8], encoding: Encoding) -> usize {
    // Lines end the same in all but UTF-16, where a letter has two bytes.
    let (width, low) = match encoding {
        Encoding::Utf16Le => (2, 0),
        Encoding::Utf16Be => (2, 1),
        _ => (1, 0),
    };
    let units = || bytes.chunks_exact(width).enumerate().rev();
    let is = |unit: &[u8], wanted: &[u8]| wanted.contains(&unit[low]) && (width == 1 || unit[1 - low] == 0);
    let behind = |found: Option<(usize, &[u8])>| found.map(|(at, _)| (at + 1) * width);
    let Some(last) = behind(units().find(|(_, unit)| is(unit, b"\n"))) else {
        if bytes.len() < LONGEST_LINE {
            return 0;
        }
        // Before an XML tag, behind a value of JSON or a cell, else at a blank: a name and its value stay together.
        let tag = units().find(|(at, unit)| *at > 0 && is(unit, b"<")).map(|(at, _)| at * width);
        let value = || behind(units().find(|(_, unit)| is(unit, b",;}")));
        let blank = || behind(units().find(|(_, unit)| is(unit, b" \t")));
        return tag.or_else(value).or_else(blank).unwrap_or(bytes.len() / width * width);
    };
    let mut line_end = last;
    for (at, unit) in bytes[..last.saturating_sub(width)].chunks_exact(width).enumerate().rev() {
        if last - at * width > NEAR {
            break;
        }
        if is(unit, b"\n") {
            if line_end == (at + 2) * width {
                return line_end;
            }
            line_end = (at + 1) * width;
        } else if is(unit, b"\r") && line_end == (at + 2) * width {
            // `\r\n\r\n`: the line between has nothing but its end.
            let before = at.checked_sub(1).and_then(|before| bytes.get(before * width..at * width));
            if before.is_some_and(|unit| is(unit, b"\n")) {
                return line_end;
            }
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(bytes: &[u8]) -> (Vec<u8>, usize) {
        let mut source = bytes;
        let (head, encoding) = begin(&mut source).unwrap();
        let (mut out, mut count) = (Vec::new(), 0);
        let mut each = |block: Block<'_>| {
            count += 1;
            let text = block.text.replace("contoso", "domain1");
            block.write(&text, &mut out)
        };
        blocks(head, encoding, &mut source, &mut each).unwrap();
        (out, count)
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn keeps_encoding_marks_and_line_ends() {
        let (text, made) = ("Größe\r\nece.contoso.com\r\n", "Größe\r\nece.domain1.com\r\n");
        let narrow = |text: &str| WINDOWS_1252.encode(text).0.into_owned();
        for (bytes, expected) in [
            (text.as_bytes().to_vec(), made.as_bytes().to_vec()),
            ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), [b"\xEF\xBB\xBF", made.as_bytes()].concat()),
            ([vec![0xFF, 0xFE], wide(text)].concat(), [vec![0xFF, 0xFE], wide(made)].concat()),
            (wide(text), wide(made)),
            (narrow(text), narrow(made)),
            (b"\x81\xff contoso \x00".to_vec(), b"\x81\xff domain1 \x00".to_vec()),
            (Vec::new(), Vec::new()),
        ] {
            assert_eq!(through(&bytes).0, expected);
        }
    }

    #[test]
    fn a_long_text_comes_in_blocks_and_loses_nothing() {
        let lines = "2025-01-05 12:00:00 reached ece.fabrikam.com\r\n".repeat(30_000);
        let records = "a: 1\nb: 2\n\n".repeat(100_000);
        let one = "<a>x, y</a>".repeat(300_000);
        for text in [&lines, &records, &one] {
            let (out, count) = through(text.as_bytes());
            assert!(out == text.as_bytes() && count > 2, "{count}");
            let (out, count) = through(&wide(text));
            assert!(out == wide(text) && count > 2, "{count}");
        }
    }

    #[test]
    fn a_block_ends_where_a_record_or_a_value_does() {
        let cut = |text: &str| whole_lines(text.as_bytes(), Encoding::Utf8);
        assert_eq!(cut("a\n\nb\nc\nd"), 3);
        assert_eq!(cut("a\r\n\r\nb\r\nc\r\nd"), 5);
        assert_eq!(cut("a\nb\nc"), 4);
        assert_eq!(cut("ab"), 0);
        let long = format!("{}<password>x y", "z".repeat(LONGEST_LINE));
        assert_eq!(cut(&long), LONGEST_LINE);
    }
}
