//! Long runs of letters and digits: tokens without a name, and what only looks like one.

use super::{Found, SecretKind, find_to};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shortest run that is looked at as Base64 of something secret.
const SHORTEST: usize = 20;
/// Shortest run that counts as a token by its form alone.
const OPAQUE: usize = 40;
/// Longest run that is decoded; more is no text with a secret in it, and is masked by its form anyway.
const LONGEST_DECODED: usize = 64 * 1024;

fn belongs(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'~')
}

/// True if `text` holds a run that is long enough to be looked at.
pub(super) fn holds_run(text: &str) -> bool {
    text.as_bytes().split(|byte| !belongs(*byte)).any(|run| run.len() >= SHORTEST)
}

/// Finds runs that are tokens: product-encrypted passwords, opaque tokens, and Base64 or hex of a text that holds a secret
/// (`depth` levels deep).
pub(super) fn find(text: &str, depth: u8, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !belongs(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && belongs(bytes[at]) {
            at += 1;
        }
        if at - start < SHORTEST {
            continue;
        }
        let mut end = at;
        while end < bytes.len() && bytes[end] == b'=' && end - at < 2 {
            end += 1;
        }
        // The run consists of ASCII alone: its ends are character boundaries.
        let Some(run) = text.get(start..at) else { continue };
        if let Some(kind) = kind_of(run, depth) {
            found.push(Found { kind, range: start..end });
        }
    }
}

fn kind_of(run: &str, depth: u8) -> Option<SecretKind> {
    if run.len() >= 64 && is_hex_of_hex(run) {
        return Some(SecretKind::EncryptedPassword);
    }
    if depth > 0 && run.len() <= LONGEST_DECODED {
        match decoded(run) {
            Some(inner) if !find_to(&inner, depth - 1).is_empty() => return Some(SecretKind::Opaque),
            // Base64 of a readable text without a secret, such as the status of a refused token: diagnostics.
            Some(inner) if inner.trim_start().starts_with('{') => return None,
            _ => {}
        }
    }
    (run.len() >= OPAQUE && !is_harmless(run)).then_some(SecretKind::Opaque)
}

/// A password as ECE stores it: hex digits, written in hex once more.
fn is_hex_of_hex(run: &str) -> bool {
    let bytes = run.as_bytes();
    bytes.len().is_multiple_of(2)
        && bytes
            .chunks_exact(2)
            .all(|pair| matches!(pair, [b'3', b'0'..=b'9'] | [b'4', b'1'..=b'6'] | [b'6', b'1'..=b'6']))
}

/// The readable text that a run encodes, by Base64 in either alphabet or by hex.
fn decoded(run: &str) -> Option<String> {
    let bytes = if run.len().is_multiple_of(2) && run.bytes().all(|b| b.is_ascii_hexdigit()) {
        (0..run.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(run.get(at..at + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()?
    } else {
        STANDARD_NO_PAD.decode(run).or_else(|_| URL_SAFE_NO_PAD.decode(run)).ok()?
    };
    // UTF-16, as PowerShell encodes its commands.
    let is_wide = bytes.len() >= 4 && bytes.len().is_multiple_of(2) && bytes.iter().skip(1).step_by(2).all(|&b| b == 0);
    let bytes = if is_wide { bytes.into_iter().step_by(2).collect() } else { bytes };
    let text = String::from_utf8(bytes).ok()?;
    text.chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{1}' | '\0'))
        .then_some(text)
}

/// Long runs that are no secrets: hex fingerprints and ids, paths, class names, words joined by dashes.
fn is_harmless(run: &str) -> bool {
    let has = |f: fn(&u8) -> bool| run.as_bytes().iter().any(f);
    let varied = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    !varied || run.split(['-', '/', '_', '+', '~']).all(is_wordy)
}

/// A word, a number, a GUID's part, a word that ends in a number (`rx2`), or a number that ends in a word (`2025Report`).
fn is_wordy(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let changes = part
        .as_bytes()
        .windows(2)
        .filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit())
        .count();
    let cases = part
        .as_bytes()
        .windows(2)
        .filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase())
        .count();
    let is_hex = part.bytes().all(|b| b.is_ascii_hexdigit());
    part.is_empty()
        || is_hex
        || digits == part.len()
        || (part.len() < 80 && changes <= 2 && cases * 4 <= part.len() && digits * 2 <= part.len().max(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_tokens_from_names() {
        for token in [
            "GmR3xQ7pLk2Zt9Vw1Yc8Nb5Hj4Fd6Sa0Pq3Xe7Uo2Ti",
            "qT7/x9Lk+3mN0pQ2rS5tU8vW1yZ4aB6cD9eF0gH3iJ6",
        ] {
            assert!(!is_harmless(token), "{token}");
        }
        for name in [
            "ExchangeOnlineEnterprise-a75a8e08-bc78-4dc9-a09c-4b49c393eaf5",
            "CB3CCBB76031E5E0138F8DD39A23F9DE47FFC35E43C1144CEA27D46A5AB1CB5F",
            "system/web/view/platform/common/login/Root2/SomeVeryLongClassNameOfTheProduct",
            "AbstractRetrieverServiceConfigurationManagerImpl2",
            "Microsoft_365_E3_EEA_no_Teams_Unattended_License",
        ] {
            assert!(is_harmless(name), "{name}");
        }
    }
}
