//! E-mail as files (`.eml`): headers, and text parts decoded so that what was pasted into a mail is read like any note.

use super::view::{Losses, View};
use std::borrow::Cow;
use std::ops::Range;

/// Deepest nesting of parts.
const DEPTH: usize = 8;
/// Most parts.
const PARTS: usize = 500;
/// Most bytes of a header line that is looked at.
const HEADER: usize = 64 * 1024;

/// A mail taken apart.
pub(super) struct Mail<'a> {
    /// The header lines of the mail itself.
    pub(super) head: Range<usize>,
    /// Its text parts, decoded.
    pub(super) parts: Vec<View<'a>>,
}

/// True if `text` begins with the header of a mail.
pub(super) fn begins(text: &str) -> bool {
    let mut known = 0;
    for line in text.trim_start_matches('\u{FEFF}').lines().take(80) {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return false;
        }
        let name = name.to_ascii_lowercase();
        let counts = matches!(
            name.as_str(),
            "received"
                | "mime-version"
                | "message-id"
                | "content-type"
                | "content-transfer-encoding"
                | "return-path"
                | "delivered-to"
                | "x-mailer"
                | "dkim-signature"
        );
        known += usize::from(counts) * 2 + usize::from(matches!(name.as_str(), "from" | "to" | "subject" | "date" | "cc" | "reply-to"));
    }
    known >= 3
}

/// What a header says of the body below it.
#[derive(Default)]
struct Header {
    kind: String,
    boundary: Option<String>,
    charset: Option<String>,
    encoding: String,
    file: Option<String>,
}

/// Takes the mail in `view` apart.
pub(super) fn read<'a>(view: &View<'a>, losses: &mut Losses) -> Mail<'a> {
    let text = view.text();
    let (header, body) = header(text, 0..text.len());
    let mut parts = Vec::new();
    let mut budget = PARTS;
    part(view, &header, body..text.len(), 0, &mut budget, losses, &mut parts);
    Mail { head: 0..body, parts }
}

/// The header that begins at `range.start`, and the offset of the body.
fn header(text: &str, range: Range<usize>) -> (Header, usize) {
    let mut fields: Vec<String> = Vec::new();
    let mut at = range.start;
    let mut body = range.end;
    for line in text[range.clone()].split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        at += line.len();
        if bare.is_empty() {
            body = at;
            break;
        }
        match fields.last_mut() {
            Some(last) if bare.starts_with([' ', '\t']) => {
                if last.len() < HEADER {
                    last.push(' ');
                    last.push_str(bare.trim());
                }
            }
            _ => fields.push(bare.to_owned()),
        }
    }
    let mut header = Header::default();
    for field in fields {
        let Some((name, value)) = field.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-type" => {
                header.kind = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
                header.boundary = parameter(value, "boundary");
                header.charset = parameter(value, "charset");
                header.file = header.file.take().or_else(|| parameter(value, "name"));
            }
            "content-transfer-encoding" => header.encoding = value.trim().to_ascii_lowercase(),
            "content-disposition" => header.file = parameter(value, "filename").or(header.file),
            _ => {}
        }
    }
    (header, body)
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn part<'a>(view: &View<'a>, header: &Header, body: Range<usize>, depth: usize, budget: &mut usize, losses: &mut Losses, parts: &mut Vec<View<'a>>) {
    let text = view.text();
    if *budget == 0 || depth > DEPTH {
        losses.add(
            view.line(body.start),
            "the mail has too many parts, or parts too deep inside each other: the rest was left out",
        );
        return;
    }
    *budget -= 1;
    if header.kind.starts_with("multipart/")
        && let Some(boundary) = header.boundary.as_deref().filter(|b| !b.is_empty())
    {
        let inner = split(text, body, boundary);
        let heads: Vec<(Header, Range<usize>)> = inner
            .into_iter()
            .map(|range| {
                let (head, start) = self::header(text, range.clone());
                (head, start..range.end)
            })
            .collect();
        // Of the same text in two forms the plain one is read.
        let plain = header.kind == "multipart/alternative" && heads.iter().any(|(h, _)| h.kind == "text/plain");
        for (head, range) in heads {
            if !(plain && head.kind == "text/html") {
                part(view, &head, range, depth + 1, budget, losses, parts);
            }
        }
        return;
    }
    if header.kind == "message/rfc822" {
        let (inner, start) = self::header(text, body.clone());
        part(view, &inner, start..body.end, depth + 1, budget, losses, parts);
        return;
    }
    let file = header.file.as_deref().unwrap_or("").to_ascii_lowercase();
    let textual = header.kind.is_empty()
        || header.kind.starts_with("text/")
        || ["json", "xml", "csv"].iter().any(|t| header.kind.ends_with(t))
        || [
            ".txt",
            ".log",
            ".csv",
            ".json",
            ".xml",
            ".md",
            ".ps1",
            ".htm",
            ".html",
            ".properties",
            ".pem",
            ".cer",
        ]
        .iter()
        .any(|e| file.ends_with(e));
    if !textual {
        let name = crate::model::Excerpt::capture(header.file.as_deref().unwrap_or(&header.kind));
        losses.add(
            view.line(body.start),
            format!("the mail's attachment `{}` was not read: save it as a file of its own", name.as_str()),
        );
        return;
    }
    match decoded(view, header, body.clone()) {
        Some(decoded) => parts.push(decoded),
        None => losses.add(view.line(body.start), "the mail's part is not the text that its header promises"),
    }
}

/// The ranges between the lines `--boundary`.
fn split(text: &str, body: Range<usize>, boundary: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = body.start;
    for line in text[body.clone()].split_inclusive('\n') {
        let mark = line.trim_end().strip_prefix("--").and_then(|l| l.strip_prefix(boundary));
        if let Some(rest) = mark.filter(|rest| rest.is_empty() || *rest == "--") {
            parts.extend(start.take().map(|s| s..at));
            if rest.is_empty() {
                start = Some(at + line.len());
            }
        }
        at += line.len();
    }
    // A cut tail still has its last part.
    parts.extend(start.map(|s| s..body.end));
    parts
}

fn decoded<'a>(view: &View<'a>, header: &Header, body: Range<usize>) -> Option<View<'a>> {
    let text = &view.text()[body.clone()];
    let charset = encoding_rs::Encoding::for_label(header.charset.as_deref().unwrap_or("utf-8").as_bytes()).unwrap_or(encoding_rs::UTF_8);
    match header.encoding.as_str() {
        "quoted-printable" => {
            let mut at = body.start;
            let mut pieces = Vec::new();
            for line in text.split_inclusive('\n') {
                let (bytes, exact) = quoted_printable(line);
                let piece = if exact {
                    line.to_owned()
                } else {
                    charset.decode_without_bom_handling(&bytes).0.into_owned()
                };
                pieces.push((at, Cow::Owned(piece), exact));
                at += line.len();
            }
            Some(view.made_of(pieces.into_iter()))
        }
        "base64" => {
            use base64::Engine;
            let engine = base64::engine::GeneralPurpose::new(
                &base64::alphabet::STANDARD,
                base64::engine::GeneralPurposeConfig::new()
                    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
                    .with_decode_allow_trailing_bits(true),
            );
            let mut packed = String::with_capacity(text.len());
            packed.extend(text.chars().filter(|c| !c.is_whitespace()));
            // A cut tail may end inside of a group of four.
            let whole = packed.trim_end_matches('=').len();
            packed.truncate(if whole % 4 == 1 { whole - 1 } else { whole });
            let bytes = engine.decode(packed).ok()?;
            let content = charset.decode(&bytes).0.into_owned();
            if content.contains('\0') {
                return None;
            }
            // Each decoded line is told to stand where its share of the base64 does.
            let mut offset = 0usize;
            let total = bytes.len().max(1);
            let pieces: Vec<_> = content
                .split_inclusive('\n')
                .map(|line| {
                    let share = text.len().min((offset as u128 * text.len() as u128 / total as u128) as usize);
                    offset += line.len();
                    (body.start + floor(text, share), Cow::Owned(line.to_owned()), false)
                })
                .collect();
            Some(view.made_of(pieces.into_iter()))
        }
        _ => Some(view.joined(&[body])),
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// The bytes of a line, and whether they are the line itself. A `=` at its end joins it with the next one.
fn quoted_printable(line: &str) -> (Vec<u8>, bool) {
    if !line.contains('=') {
        return (Vec::new(), true);
    }
    let bare = line.trim_end_matches(['\r', '\n']);
    let (bare, soft) = match bare.trim_end().strip_suffix('=') {
        Some(joined) => (joined, true),
        None => (bare, false),
    };
    let bytes = bare.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
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
    (decoded, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};

    fn parts(content: &str) -> Vec<(String, u64)> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        assert!(begins(content));
        read(&View::whole(&text), &mut Losses::default())
            .parts
            .into_iter()
            .map(|view| (view.text().to_owned(), view.line(view.text().len().saturating_sub(2))))
            .collect()
    }

    #[test]
    fn decodes_text_parts() {
        let plain = "From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: quoted-printable\n\nImapEnabled : Tr=\nue\nGr=C3=BC=C3=9Fe\n";
        assert_eq!(parts(plain), [("ImapEnabled : True\nGrüße\n".to_owned(), 10)]);
        let multi = "MIME-Version: 1.0\nFrom: a\nContent-Type: multipart/mixed;\n boundary=\"X\"\n\npreamble\n--X\nContent-Type: multipart/alternative; boundary=Y\n\n--Y\nContent-Type: text/plain\n\nhello\n--Y\nContent-Type: text/html\n\n<p>hello</p>\n--Y--\n--X\nContent-Type: application/json; name=m.json\nContent-Transfer-Encoding: base64\n\neyJhcHBJ\nZCI6ICJ4In0K\n--X\nContent-Type: application/pdf\n\n%PDF\n--X--\n";
        let found = parts(multi);
        assert_eq!(found[0].0, "hello\n");
        assert_eq!(found[1].0, "{\"appId\": \"x\"}\n");
        assert_eq!(found.len(), 2);
        for end in (60..multi.len()).step_by(3) {
            let text = Text::new(multi[..end].to_owned(), Encoding::Utf8, 0);
            read(&View::whole(&text), &mut Losses::default());
        }
    }

    #[test]
    fn notes_are_no_mails() {
        assert!(!begins("From: the customer\nhello\n"));
        assert!(!begins("Name : x\n"));
        assert!(!begins("{\"From\": 1}"));
    }
}
