//! A text stream, redacted in blocks: memory stays bounded whatever its length.

use super::Redactor;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read, Write};

/// Bytes that are read at once.
const BLOCK: usize = 256 * 1024;
/// A line longer than this is cut at a blank or comma: a single line may be as long as the file.
const LONGEST_LINE: usize = 1024 * 1024;

/// What happens with each block of whole lines.
pub enum Pass<'a> {
    /// Names are learned, nothing is written.
    Learn,
    /// The redacted text goes here, in the encoding of the source.
    Write(&'a mut dyn Write),
}

/// Reads text in any of the encodings of bundles and learns from it, or writes its redacted copy in the same encoding.
pub fn copy(source: &mut dyn Read, redactor: &mut Redactor, mut pass: Pass<'_>) -> io::Result<()> {
    redactor.begin_member();
    let mut bytes = vec![0; BLOCK];
    let mut filled = read_full(source, &mut bytes)?;
    let (encoding, mark) = sniff(bytes.get(..filled).unwrap_or(&[]));
    if let Pass::Write(out) = &mut pass {
        out.write_all(bytes.get(..mark).unwrap_or(&[]))?;
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut pending = String::new();
    let mut start = mark;
    loop {
        let last = filled < BLOCK;
        let chunk = bytes.get(start..filled).unwrap_or(&[]);
        pending.reserve(decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(chunk.len() * 3));
        let (_, _, _) = decoder.decode_to_string(chunk, &mut pending, last);
        let end = if last { pending.len() } else { whole_lines(&pending) };
        let rest = pending.split_off(end);
        give(redactor, &mut pass, encoding, &pending)?;
        pending = rest;
        if last {
            return Ok(());
        }
        filled = read_full(source, &mut bytes)?;
        start = 0;
    }
}

fn give(redactor: &mut Redactor, pass: &mut Pass<'_>, encoding: &'static Encoding, text: &str) -> io::Result<()> {
    match pass {
        Pass::Learn => {
            redactor.learn(text);
            Ok(())
        }
        Pass::Write(out) => {
            let safe = redactor.block(text);
            if encoding == UTF_16LE {
                safe.encode_utf16().try_for_each(|unit| out.write_all(&unit.to_le_bytes()))
            } else if encoding == UTF_16BE {
                safe.encode_utf16().try_for_each(|unit| out.write_all(&unit.to_be_bytes()))
            } else {
                out.write_all(&encoding.encode(&safe).0)
            }
        }
    }
}

/// Fills `bytes` as far as the source goes.
fn read_full(source: &mut dyn Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The encoding by byte order mark or by where the zeros are, and the mark's length.
fn sniff(head: &[u8]) -> (&'static Encoding, usize) {
    if let Some((encoding, mark)) = Encoding::for_bom(head) {
        return (encoding, mark);
    }
    let sample = head.get(..head.len().min(4096)).unwrap_or(head);
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count() * 3;
    match (zeros(0), zeros(1)) {
        (_, odd) if odd > sample.len() => (UTF_16LE, 0),
        (even, _) if even > sample.len() => (UTF_16BE, 0),
        _ if std::str::from_utf8(sample).is_ok_or_cut() => (UTF_8, 0),
        _ => (encoding_rs::WINDOWS_1252, 0),
    }
}

/// Whether bytes are UTF-8, or would be if they went on.
trait CutText {
    fn is_ok_or_cut(&self) -> bool;
}

impl CutText for Result<&str, std::str::Utf8Error> {
    fn is_ok_or_cut(&self) -> bool {
        self.as_ref().map_or_else(|error| error.error_len().is_none(), |_| true)
    }
}

/// Where the whole lines of `text` end: at an empty line if one is near the end, so that a record is not torn apart; of a line
/// that is too long, at its last blank or comma.
fn whole_lines(text: &str) -> usize {
    const NEAR: usize = 16 * 1024;
    let Some(last) = text.rfind('\n') else {
        if text.len() < LONGEST_LINE {
            return 0;
        }
        return text.rfind([' ', ',']).map_or(text.len(), |at| at + 1);
    };
    let near = (last.saturating_sub(NEAR)..).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let empty = text.get(near..=last).and_then(|tail| tail.rfind("\n\n").or_else(|| tail.rfind("\n\r\n")));
    empty.map_or(last + 1, |at| near + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(bytes: &[u8]) -> Vec<u8> {
        let mut redactor = Redactor::new([3; 32]);
        copy(&mut &bytes[..], &mut redactor, Pass::Learn).unwrap();
        let mut out = Vec::new();
        copy(&mut &bytes[..], &mut redactor, Pass::Write(&mut out)).unwrap();
        out
    }

    #[test]
    fn keeps_encoding_marks_and_line_ends() {
        let text = "Größe\r\npassword=Sommer2024!\r\nlogin.microsoftonline.com\r\n";
        let expected = "Größe\r\npassword=[masked password]\r\nlogin.microsoftonline.com\r\n";
        assert_eq!(through(text.as_bytes()), expected.as_bytes());
        let wide = |t: &str| [vec![0xFF, 0xFE], t.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
        assert_eq!(through(&wide(text)), wide(expected));
        let narrow = |t: &str| encoding_rs::WINDOWS_1252.encode(t).0.into_owned();
        assert_eq!(through(&narrow(text)), narrow(expected));
    }

    #[test]
    fn any_length_gives_the_same_in_blocks() {
        let line = "2025-01-05 12:00:00 sales@contoso.com reached ece.contoso.com from 10.1.2.3\n";
        let text = line.repeat(6_000);
        let out = String::from_utf8(through(text.as_bytes())).unwrap();
        let first = out.lines().next().unwrap().to_owned();
        assert_eq!(out.lines().count(), 6_000);
        assert!(out.lines().all(|l| l == first) && !first.contains("contoso"), "{first}");
        let one_line = "a ".repeat(700_000);
        assert_eq!(through(one_line.as_bytes()), one_line.as_bytes());
    }
}
