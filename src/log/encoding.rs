//! How a log's bytes become text, block by block.
//!
//! UTF-8 and Windows-1252 are read as they are: headers, separators and anchors are the same bytes in both, so only what is
//! handed on has to be decoded. UTF-16 is decoded to UTF-8 before anything else.

use crate::bundle::Encoding;
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Bytes whose zeros tell UTF-16 without a byte order mark.
pub const SNIFF: usize = 512;
/// The byte order mark in UTF-8.
pub const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The encoding that the first bytes show, and the length of the byte order mark.
pub fn sniff(bytes: &[u8]) -> (Encoding, usize) {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return (Encoding::Utf8Bom, 3),
        [0xFF, 0xFE, ..] => return (Encoding::Utf16Le, 2),
        [0xFE, 0xFF, ..] => return (Encoding::Utf16Be, 2),
        _ => {}
    }
    let look = bytes.get(..SNIFF).unwrap_or(bytes);
    let zeros = |odd: usize| look.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), look.len() / 2);
    if half >= 8 && odd * 10 >= half * 7 && even * 10 <= half {
        (Encoding::Utf16Le, 0)
    } else if half >= 8 && even * 10 >= half * 7 && odd * 10 <= half {
        (Encoding::Utf16Be, 0)
    } else {
        (Encoding::Utf8, 0)
    }
}

/// Decodes UTF-16.
pub struct Wide(Decoder);

impl Wide {
    /// A decoder, if `encoding` is UTF-16.
    pub fn new(encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Utf16Le => Some(Self(UTF_16LE.new_decoder_without_bom_handling())),
            Encoding::Utf16Be => Some(Self(UTF_16BE.new_decoder_without_bom_handling())),
            _ => None,
        }
    }

    /// Decodes from `bytes` into `text`: bytes read, bytes written, and whether all bytes were read.
    pub fn decode(&mut self, bytes: &[u8], text: &mut [u8], last: bool) -> (usize, usize, bool) {
        let (result, read, written, _) = self.0.decode_to_utf8(bytes, text, last);
        (read, written, result == CoderResult::InputEmpty)
    }

    /// Length of `text` in the original.
    pub fn length(text: &[u8]) -> u64 {
        // One unit of two bytes for each character, two for those that take four bytes in UTF-8.
        2 * text.iter().map(|b| u64::from(b & 0xC0 != 0x80) + u64::from(*b >= 0xF0)).sum::<u64>()
    }
}

/// True if `block` holds ASCII only, and no zeros.
pub fn is_plain(block: &[u8]) -> bool {
    block.is_ascii() && memchr::memchr(0, block).is_none()
}

/// True if the bytes of `text` from `from` on can't be UTF-8. A character that began before `from` counts with them; one that the
/// end cuts may be completed by what follows.
pub fn is_not_utf8(text: &[u8], from: usize) -> bool {
    let is_lead = |back: &usize| text.get(from - back).is_some_and(|b| *b >= 0xC0);
    let start = (1..=from.min(3)).find(is_lead).map_or(from, |back| from - back);
    let new = text.get(start..).unwrap_or_default();
    std::str::from_utf8(new).is_err_and(|error| error.error_len().is_some())
}

/// `bytes` as UTF-8: they are, or they are read as Windows-1252.
pub fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(bytes).is_ok() {
        return bytes.into();
    }
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned().into_bytes().into()
}
