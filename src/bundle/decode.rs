//! From bytes to text: which encoding, and the text itself. Never fails on a byte.

use super::text::{Encoding, Text};

/// Bytes that are looked at to tell an encoding.
pub const SNIFFED: usize = 64 * 1024;

/// Tells the encoding from the first bytes of a member: byte order mark, else the pattern of NUL bytes (Windows PowerShell writes
/// UTF-16 without a mark when it appends), else UTF-8 if it is valid, else Windows-1252. Bytes that no text has make it binary.
pub fn sniff(head: &[u8]) -> Encoding {
    let head = &head[..head.len().min(SNIFFED)];
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Encoding::Utf8Bom,
        [0xFF, 0xFE, ..] => return Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    if let Some(encoding) = utf16_by_nuls(head) {
        return encoding;
    }
    // Runs of NUL are holes of a preallocated log, not binary data; other control bytes are.
    let odd = head.iter().filter(|&&b| matches!(b, 1..=8 | 14..=26 | 28..=31)).count();
    let seen = head.iter().filter(|&&b| b != 0).count();
    if odd * 50 > seen || (seen == 0 && !head.is_empty()) {
        return Encoding::Binary;
    }
    if valid_utf8_head(head) { Encoding::Utf8 } else { Encoding::Windows1252 }
}

/// UTF-16 text of a Latin language has a NUL in every other byte.
fn utf16_by_nuls(head: &[u8]) -> Option<Encoding> {
    let pairs = head.len() / 2;
    // The first character tells it from plain text to which UTF-16 was appended.
    if pairs < 4 || !head[..2].contains(&0) {
        return None;
    }
    let even = head.chunks_exact(2).filter(|p| p[0] == 0 && p[1] != 0).count();
    let odd = head.chunks_exact(2).filter(|p| p[1] == 0 && p[0] != 0).count();
    match (even * 10 > pairs * 4, odd * 10 > pairs * 4) {
        (false, true) => Some(Encoding::Utf16Le),
        (true, false) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Valid UTF-8, but for a character that the end of the head may have cut.
fn valid_utf8_head(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// Decodes a whole member. The second value counts characters that could not be read and stand as U+FFFD.
pub fn decode(bytes: &[u8]) -> (Text, usize) {
    let mut encoding = sniff(bytes);
    // The head was valid, the rest may not be.
    if encoding == Encoding::Utf8 && std::str::from_utf8(bytes).is_err() && !bytes.contains(&0) {
        encoding = Encoding::Windows1252;
    }
    let (body, skipped, table) = match encoding {
        Encoding::Utf8Bom => (&bytes[3..], 3, encoding_rs::UTF_8),
        Encoding::Utf16Le => (
            bytes.strip_prefix(&[0xFF, 0xFE]).unwrap_or(bytes),
            bytes.starts_with(&[0xFF, 0xFE]) as u64 * 2,
            encoding_rs::UTF_16LE,
        ),
        Encoding::Utf16Be => (
            bytes.strip_prefix(&[0xFE, 0xFF]).unwrap_or(bytes),
            bytes.starts_with(&[0xFE, 0xFF]) as u64 * 2,
            encoding_rs::UTF_16BE,
        ),
        Encoding::Windows1252 => (bytes, 0, encoding_rs::WINDOWS_1252),
        Encoding::Utf8 | Encoding::Binary => (bytes, 0, encoding_rs::UTF_8),
    };
    if matches!(encoding, Encoding::Utf8 | Encoding::Utf8Bom)
        && let Some(content) = utf8_then_utf16(body)
    {
        let lost = content.matches('\u{FFFD}').count();
        return (Text::new(content, encoding, skipped), lost);
    }
    let (content, had_errors) = table.decode_without_bom_handling(body);
    let lost = if had_errors { content.matches('\u{FFFD}').count() } else { 0 };
    (Text::new(content.into_owned(), encoding, skipped), lost)
}

/// `Out-File -Append` of Windows PowerShell adds UTF-16LE to whatever stands there: text whose later lines are UTF-16.
fn utf8_then_utf16(bytes: &[u8]) -> Option<String> {
    let first_nul = memchr::memchr(0, bytes)?;
    // The first UTF-16 line begins after the last line break before the first NUL; its first character stands before the NUL.
    let start = first_nul.checked_sub(1)?;
    let tail = &bytes[start..];
    if utf16_by_nuls(&tail[..tail.len().min(SNIFFED)]) != Some(Encoding::Utf16Le) {
        return None;
    }
    let (front, _) = encoding_rs::UTF_8.decode_without_bom_handling(&bytes[..start]);
    let (back, _) = encoding_rs::UTF_16LE.decode_without_bom_handling(tail);
    Some(format!("{front}{back}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bom: bool, little: bool) -> Vec<u8> {
        let units = bom.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    #[test]
    fn tells_encodings_and_decodes() {
        let text = "Größe: 12 MiB\r\nab";
        let cases: Vec<(Vec<u8>, Encoding)> = vec![
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8Bom),
            (utf16(text, true, true), Encoding::Utf16Le),
            (utf16(text, false, true), Encoding::Utf16Le),
            (utf16(text, true, false), Encoding::Utf16Be),
            (utf16(text, false, false), Encoding::Utf16Be),
            (b"Gr\xF6\xDFe: 12 MiB\r\nab".to_vec(), Encoding::Windows1252),
        ];
        for (bytes, encoding) in cases {
            let (decoded, lost) = decode(&bytes);
            assert_eq!((decoded.as_str(), decoded.encoding(), lost), (text, encoding, 0));
        }
    }

    #[test]
    fn reads_utf16_appended_to_plain_text() {
        let bytes = [b"first line\r\n".to_vec(), utf16("second line\r\nthird\r\n", false, true)].concat();
        let (decoded, _) = decode(&bytes);
        assert_eq!(decoded.line(2), "second line");
        assert_eq!(decoded.line(3), "third");
    }

    #[test]
    fn binary_is_no_text_but_holes_are() {
        assert_eq!(sniff(&[1, 2, 3, 4, 5, 6, 7, 8, 200, 201]), Encoding::Binary);
        assert_eq!(
            sniff(&[b"2024-04-11 09:05:34.696 GMT-0700\n".to_vec(), vec![0; 64]].concat()),
            Encoding::Utf8
        );
    }

    proptest::proptest! {
        #[test]
        fn never_fails_on_a_byte(bytes: Vec<u8>) {
            let (text, _) = decode(&bytes);
            proptest::prop_assert!(text.line_count() <= bytes.len() as u64 + 1);
        }
    }
}
