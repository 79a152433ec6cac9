//! E-mail as files (`.eml`): headers, text parts decoded so that what was pasted into a mail is read like any note, and attachments,
//! which are files of their own.

mod transfer;

use super::view::{Losses, View};
use crate::model::{self, Excerpt};
use crate::text;
use std::ops::Range;

/// Deepest nesting of parts.
const DEPTH: usize = 8;
/// Most parts.
const PARTS: usize = 500;
/// Most bytes of a header line that is looked at.
const HEADER: usize = 64 * 1024;

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name as the sender wrote it: data, never a path to be opened. No two of a mail have the same.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A mail taken apart.
pub(super) struct Mail<'a> {
    /// The header lines of the mail itself.
    pub(super) head: Range<usize>,
    /// Its text parts, decoded.
    pub(super) parts: Vec<View<'a>>,
    /// The files that came with it.
    pub(super) attachments: Vec<Attachment>,
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
    let mut reader = MailReader {
        view,
        losses,
        budget: PARTS,
        parts: Vec::new(),
        attachments: Vec::new(),
    };
    reader.part(&header, body..text.len(), 0);
    Mail {
        head: 0..body,
        parts: reader.parts,
        attachments: reader.attachments,
    }
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

struct MailReader<'v, 'a> {
    view: &'v View<'a>,
    losses: &'v mut Losses,
    /// Parts that may still be read.
    budget: usize,
    parts: Vec<View<'a>>,
    attachments: Vec<Attachment>,
}

impl MailReader<'_, '_> {
    fn part(&mut self, header: &Header, body: Range<usize>, depth: usize) {
        let text = self.view.text();
        if self.budget == 0 || depth > DEPTH {
            self.lose(
                &body,
                text!("the mail has too many parts, or parts too deep inside each other: the rest was left out"),
            );
            return;
        }
        self.budget -= 1;
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
                    self.part(&head, range, depth + 1);
                }
            }
        } else if header.kind == "message/rfc822" {
            let (inner, start) = self::header(text, body.clone());
            self.part(&inner, start..body.end, depth + 1);
        } else if header.file.is_some() || !is_text(&header.kind) {
            self.attachment(header, body);
        } else {
            match transfer::text(self.view, header, body.clone()) {
                Some(decoded) => self.parts.push(decoded),
                None => self.lose(&body, text!("the mail's part is not the text that its header promises")),
            }
        }
    }

    fn attachment(&mut self, header: &Header, body: Range<usize>) {
        let wanted = header.file.as_deref().unwrap_or("attachment");
        // A mail names many a picture `image001.png`; each is told apart.
        let taken = |name: &str| self.attachments.iter().any(|a| a.name == name);
        let name = std::iter::once(wanted.to_owned())
            .chain((2..).map(|n| format!("{n}_{wanted}")))
            .find(|name| !taken(name))
            .unwrap_or_default();
        match transfer::bytes(&self.view.text()[body.clone()], &header.encoding) {
            Some(bytes) => self.attachments.push(Attachment { name, bytes }),
            None => {
                let name = Excerpt::capture(&name);
                self.lose(
                    &body,
                    text!("the mail's attachment `{name}` can't be decoded: save it as a file of its own", name),
                );
            }
        }
    }

    fn lose(&mut self, body: &Range<usize>, reason: model::Text) {
        self.losses.add(self.view.line(body.start), reason);
    }
}

/// True for the kinds that people read in the mail itself. Without one a part is text (RFC 2045 5.2).
fn is_text(kind: &str) -> bool {
    kind.is_empty() || kind.starts_with("text/")
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
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "hello\n");
        for end in (60..multi.len()).step_by(3) {
            let text = Text::new(multi[..end].to_owned(), Encoding::Utf8, 0);
            read(&View::whole(&text), &mut Losses::default());
        }
    }

    #[test]
    fn attachments_are_files_of_their_own() {
        let attached = |head: &str, body: &str| {
            let mail = format!("From: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nhi\n--B\n{head}\n\n{body}\n--B--\n");
            let text = Text::new(mail, Encoding::Utf8, 0);
            let mut losses = Losses::default();
            let attachments = read(&View::whole(&text), &mut losses).attachments;
            (attachments, losses.into_vec())
        };
        let named = "Content-Type: application/octet-stream; name=\"m.json\"\nContent-Transfer-Encoding: base64";
        let (found, losses) = attached(named, "eyJhcHBJ\nZCI6ICJ4In0K");
        assert!(losses.is_empty());
        assert_eq!(
            (found[0].name.as_str(), found[0].bytes.as_slice()),
            ("m.json", b"{\"appId\": \"x\"}\n".as_slice())
        );
        // UTF-16, as PowerShell writes it, and text that stands as it is.
        let (found, _) = attached(named, "//5hAA==");
        assert_eq!(found[0].bytes, [0xFF, 0xFE, b'a', 0]);
        let (found, _) = attached("Content-Disposition: attachment; filename=a.txt\nContent-Type: text/plain", "a=1");
        assert_eq!(found[0].bytes, b"a=1\n");
        let (found, losses) = attached(named, "not base64!");
        assert!(found.is_empty());
        assert_eq!((losses.len(), losses[0].line), (1, 12));
        let (found, _) = attached(named, &format!("YQ==\n--B\n{named}\n\nYg=="));
        assert_eq!(found.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["m.json", "2_m.json"]);
    }

    #[test]
    fn notes_are_no_mails() {
        assert!(!begins("From: the customer\nhello\n"));
        assert!(!begins("Name : x\n"));
        assert!(!begins("{\"From\": 1}"));
    }
}
