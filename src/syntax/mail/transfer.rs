//! How a mail's parts travel: base64, quoted-printable, or as they are (RFC 2045, section 6).

use super::Header;
use crate::syntax::view::View;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;
use std::ops::Range;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes that `text` stands for in the transfer encoding `encoding`; `None` if it isn't in that encoding. An unknown encoding
/// leaves the text as it is.
pub(super) fn bytes(text: &str, encoding: &str) -> Option<Vec<u8>> {
    match encoding {
        "quoted-printable" => Some(text.split_inclusive('\n').flat_map(quoted_printable).collect()),
        "base64" => base64(text),
        _ => Some(text.as_bytes().to_vec()),
    }
}

/// A text part decoded, tied to the lines of the mail; `None` if it isn't text.
pub(super) fn text<'a>(view: &View<'a>, header: &Header, body: Range<usize>) -> Option<View<'a>> {
    let text = &view.text()[body.clone()];
    let charset = header.charset.as_deref().and_then(|c| Encoding::for_label(c.as_bytes())).unwrap_or(UTF_8);
    match header.encoding.as_str() {
        "quoted-printable" => {
            let mut at = body.start;
            let pieces = text.split_inclusive('\n').map(|line| {
                let start = at;
                at += line.len();
                match line.contains('=') {
                    false => (start, Cow::Borrowed(line), true),
                    true => {
                        let decoded = charset.decode_without_bom_handling(&quoted_printable(line)).0.into_owned();
                        (start, Cow::Owned(decoded), false)
                    }
                }
            });
            Some(view.made_of(pieces))
        }
        "base64" => {
            let bytes = base64(text)?;
            let content = charset.decode(&bytes).0;
            if content.contains('\0') {
                return None;
            }
            // Each decoded line is told to stand where its share of the base64 does.
            let mut offset = 0usize;
            let total = bytes.len().max(1);
            let pieces = content.split_inclusive('\n').map(|line| {
                let share = text.len().min((offset as u128 * text.len() as u128 / total as u128) as usize);
                offset += line.len();
                (body.start + text.floor_char_boundary(share), Cow::Borrowed(line), false)
            });
            Some(view.made_of(pieces))
        }
        _ => Some(view.joined(&[body])),
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    // Bytes: what is no Base64 may be cut inside of a character.
    let mut packed: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let padding = packed.iter().rev().take_while(|b| **b == b'=').count();
    // A cut tail may end inside of a group of four.
    let whole = packed.len() - padding;
    packed.truncate(if whole % 4 == 1 { whole - 1 } else { whole });
    LENIENT.decode(packed).ok()
}

/// The bytes of a line. A `=` at its end joins it with the next one.
fn quoted_printable(line: &str) -> Vec<u8> {
    let bare = line.trim_end_matches(['\r', '\n']);
    let (bare, soft) = match bare.trim_end().strip_suffix('=') {
        Some(joined) => (joined, true),
        None => (bare, false),
    };
    let bytes = bare.as_bytes();
    let mut decoded = Vec::with_capacity(line.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex.filter(|_| byte == b'=') {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    if !soft {
        decoded.push(b'\n');
    }
    decoded
}
