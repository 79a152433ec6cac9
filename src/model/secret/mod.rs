//! Secrets: how they look, how they are masked, and a type that can't print itself.
//!
//! Masking happens when evidence is captured ([`super::Excerpt::capture`]), before any finding exists, so that no output can
//! forget it. What a rule learns of a secret is its kind and its place, never its value.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod corpus;
mod runs;
mod shapes;
mod tables;
mod views;

use crate::word;
use regex::Regex;
use shapes::Values;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;
use tables::Columns;
pub(crate) use views::{View, unescaped};

/// A value that must not be seen: it masks itself in every kind of print and in serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes `value` out of sight.
    pub fn new(value: impl Into<Box<str>>) -> Self {
        Self(value.into())
    }

    /// What it looks like: all that a rule may know of it.
    pub fn shape(&self) -> SecretShape {
        let text = self.0.trim();
        let is_guid = text.len() == 36
            && text.char_indices().all(|(i, c)| match i {
                8 | 13 | 18 | 23 => c == '-',
                _ => c.is_ascii_hexdigit(),
            });
        match () {
            () if is_guid => SecretShape::Guid,
            () if CLIENT_SECRET.is_match(text) => SecretShape::ClientSecret,
            () if text.contains("***") => SecretShape::Hidden,
            () => SecretShape::Other,
        }
    }
}

static CLIENT_SECRET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}$").expect("a constant pattern"));

/// What can be known of a secret without showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretShape {
    /// It is a GUID: the secret's id was pasted in place of its value.
    Guid,
    /// It looks like a client secret of Entra ID.
    ClientSecret,
    /// The export shows asterisks.
    Hidden,
    /// Anything else.
    Other,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl serde::Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("[secret]")
    }
}

/// Kinds of secrets that occur in this product's bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretKind {
    /// A JSON web token (access or id token).
    Jwt,
    /// The base64 of an XOAUTH2 exchange: user name and bearer token.
    Xoauth2,
    /// A refresh token or authorization code of Entra ID.
    RefreshToken,
    /// A client secret of an application registration.
    ClientSecret,
    /// A password, in clear text.
    Password,
    /// A password as ECE stores it (hex of hex); reversible by the product.
    EncryptedPassword,
    /// An authorization header or a bearer token.
    Authorization,
    /// A session id or cookie.
    Session,
    /// A private key, a TLS session secret.
    Key,
    /// A long opaque value that looks like a token.
    Opaque,
}

impl SecretKind {
    /// The kind in words, as reports print it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Jwt => word!("access token (JWT)"),
            Self::Xoauth2 => word!("XOAUTH2 string"),
            Self::RefreshToken => word!("refresh token or authorization code"),
            Self::ClientSecret => word!("client secret"),
            Self::Password => word!("password"),
            Self::EncryptedPassword => word!("product-encrypted password"),
            Self::Authorization => word!("authorization header"),
            Self::Session => word!("session id"),
            Self::Key => word!("key material"),
            Self::Opaque => word!("opaque token"),
        }
    }
}

/// By its name in words: kinds are no secrets.
impl serde::Serialize for SecretKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

/// A secret's kind and its byte range in the text that was searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: SecretKind,
    /// Bytes of the value alone, without its label.
    pub range: Range<usize>,
}

impl Found {
    /// The same in a text with `length` bytes before it.
    fn behind(self, length: usize) -> Self {
        Self {
            range: self.range.start + length..self.range.end + length,
            ..self
        }
    }

    /// What stands in the value's place: `[masked password]`.
    pub fn label(&self) -> String {
        format!("[masked {}]", self.kind.words())
    }
}

/// Words that stand where a secret would, and are none.
fn is_placeholder(value: &str) -> bool {
    let bare = value.trim_matches(['<', '>', '*', '[', ']', '\'', '"', '.', ',']);
    bare.is_empty()
        || bare.len() < 3
        || value.chars().all(|c| c == '*' || c == 'x' || c == 'X' || c == '.')
        || matches!(
            bare.to_ascii_lowercase().as_str(),
            "null"
                | "non-null"
                | "none"
                | "true"
                | "false"
                | "yes"
                | "no"
                | "empty"
                | "masked"
                | "redacted"
                | "removed"
                | "hidden"
                | "secret"
                | "set"
                | "unset"
                | "not"
                | "expired"
                | "string"
                | "value"
                | "required"
                | "incorrect"
                | "is"
                | "was"
                | "and"
                | "for"
        )
        || value.starts_with("System.")
        || value.starts_with('$')
        || value.starts_with("[masked")
}

/// Levels of encoding that are looked through: Base64 in a URL in JSON.
const DEPTH: u8 = 3;

/// Finds every secret in `text`; ranges are sorted and don't overlap. Escapes of URLs, JSON and XML, Base64 and hex are looked
/// through, three levels deep.
pub fn find(text: &str) -> Vec<Found> {
    find_to(text, DEPTH)
}

fn find_to(text: &str, depth: u8) -> Vec<Found> {
    let mut found = plain(text, depth);
    if depth > 0
        && let Some(view) = views::unescaped(text)
    {
        found.extend(find_to(&view.text, depth - 1).into_iter().map(|f| Found {
            kind: f.kind,
            range: view.source(&f.range),
        }));
    }
    joined(found)
}

/// True if no secret can touch `given`, a part of `text` whose rest is a sentence of the program: nothing in it looks like one, and no
/// name right before it gives it away. It spares most sentences the search for secrets, whose patterns are dear to compile.
pub(crate) fn is_harmless(text: &str, given: &Range<usize>) -> bool {
    /// How far before a value its name stands where it stands there at all.
    const NAME: usize = 24;
    let mut from = given.start.saturating_sub(NAME);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let near = text.get(from..given.end).unwrap_or(text);
    let is_simple = text
        .get(given.clone())
        .unwrap_or(text)
        .bytes()
        .all(|b| b.is_ascii() && !matches!(b, b'\\' | b'%' | b'&' | b'+' | b'='));
    is_simple && !shapes::hold_names(near) && !runs::holds_run(near)
}

/// What shows without undoing escapes.
fn plain(text: &str, depth: u8) -> Vec<Found> {
    let mut found = Vec::new();
    let literals = shapes::literals_in(text);
    if literals != 0 {
        for shape in shapes::SHAPES.iter().filter(|shape| shape.may_match(literals, text)) {
            for captures in shape.pattern().captures_iter(text) {
                let Some(value) = ["v", "w", "x", "y"].iter().find_map(|name| captures.name(name)) else {
                    continue;
                };
                let Some(range) = judged(shape.values, value.as_str(), value.range()) else {
                    continue;
                };
                let label = text.get(captures.get(0).map_or(0, |m| m.start())..value.start()).unwrap_or("");
                let kind = match shape.values {
                    Values::Named | Values::Doubtful if shape.kind == SecretKind::Password => kind_of_name(label),
                    _ => shape.kind,
                };
                found.push(Found { kind, range });
            }
        }
    }
    runs::find(text, depth, &mut found);
    found
}

/// The range of a value that is one, without the punctuation that prose puts behind it.
fn judged(values: Values, value: &str, range: Range<usize>) -> Option<Range<usize>> {
    let is_secret = match values {
        Values::Sure => !value.starts_with("[masked"),
        Values::Coded => !value.starts_with("[masked") && !value.trim_end_matches('.').chars().skip(1).all(|c| c.is_ascii_lowercase() || c == '-'),
        Values::Named => !is_placeholder(value),
        Values::Doubtful => {
            !is_placeholder(value)
                && value.len() >= 6
                && value
                    .chars()
                    .any(|c| !c.is_alphabetic() && !matches!(c, '_' | '-' | '.' | ':' | '/' | ')' | '('))
        }
    };
    is_secret.then_some(range)
}

/// What a label's name says of the value's kind.
fn kind_of_name(label: &str) -> SecretKind {
    let label = label.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| label.contains(w));
    if has(&["session", "cookie", "ests"]) {
        SecretKind::Session
    } else if has(&["token", "assertion", "verifier", "_code", "-code", " code", "saml"]) {
        SecretKind::RefreshToken
    } else if has(&["secret"]) {
        SecretKind::ClientSecret
    } else if has(&["key", "psk"]) {
        SecretKind::Key
    } else {
        SecretKind::Password
    }
}

/// Sorted, and overlapping ones made one.
fn joined(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|f| (f.range.start, usize::MAX - f.range.end, f.kind == SecretKind::Opaque));
    let mut kept: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match kept.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                last.range.end = last.range.end.max(next.range.end);
                if rank(next.kind) < rank(last.kind) {
                    last.kind = next.kind;
                }
            }
            _ => kept.push(next),
        }
    }
    kept
}

/// Which of two kinds tells more of the same text: one that its form shows, then one that its name shows.
fn rank(kind: SecretKind) -> u8 {
    use SecretKind::*;
    match kind {
        Jwt | Xoauth2 | EncryptedPassword => 0,
        ClientSecret | RefreshToken | Authorization | Session | Key => 1,
        Password => 2,
        Opaque => 3,
    }
}

/// Finds every secret of a whole text. Ranges are those of `text`.
pub fn find_all(text: &str) -> Vec<Found> {
    Finder::default().block(text)
}

/// Finds secrets in a text that comes in blocks of whole lines: line by line, and what only several lines together show
/// (private keys, columns of a table, members of an object on lines of their own).
#[derive(Default)]
pub struct Finder {
    columns: Columns,
    in_key: bool,
}

impl Finder {
    /// Takes the next block, and gives what is secret in it. Ranges are those of `text`.
    pub fn block(&mut self, text: &str) -> Vec<Found> {
        /// Lines that are looked at together, for what stands in two or three neighbouring lines.
        const TOGETHER: usize = 3;
        let mut found = Vec::new();
        let mut window: Vec<(usize, bool)> = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if self.in_key {
                self.in_key = !line.contains("-----END");
                if self.in_key {
                    found.push(Found {
                        kind: SecretKind::Key,
                        range: start..start + line.trim_end().len(),
                    });
                }
            } else {
                let named = self.line(line, start, &mut found);
                window.push((start, named));
                if window.len() > TOGETHER {
                    window.remove(0);
                }
                let from = window.first().map_or(start, |(at, _)| *at);
                let together = text.get(from..start + line.len()).unwrap_or("");
                if window.len() > 1 && window.iter().any(|(_, named)| *named) && is_structured(together) {
                    found.extend(plain(together, 0).into_iter().map(|f| f.behind(from)));
                }
                self.in_key = line.contains("-----BEGIN") && line.contains("PRIVATE KEY-----") && !line.contains("-----END");
            }
            start += line.len();
        }
        joined(found)
    }

    /// What one line shows; true if it holds a name that gives secrets away.
    fn line(&mut self, line: &str, start: usize, found: &mut Vec<Found>) -> bool {
        let named = shapes::literals_in(line) != 0;
        if line.len() >= SHORTEST_SECRET {
            found.extend(find(line).into_iter().map(|f| f.behind(start)));
        }
        if self.columns.is_open() || named || line.contains("---") {
            found.extend(self.columns.line(line, named).into_iter().map(|f| f.behind(start)));
        }
        self.columns.remember(line);
        named
    }
}

/// Shorter lines hold no secret with its name.
const SHORTEST_SECRET: usize = 6;

/// True for lines of JSON or XML, or of a mail server's dialogue: where a name and its value may stand on two lines.
fn is_structured(lines: &str) -> bool {
    lines.len() < 4096 && (lines.contains("\":") || lines.contains("\" :") || lines.contains("</") || lines.contains("334 "))
}

/// `text` with every secret replaced by the name of its kind.
pub fn mask(text: &str) -> Cow<'_, str> {
    mask_where(text, |_| true)
}

/// The same for the secrets of which `may_be` says that what stands there may be one, by their range of bytes.
pub fn mask_where(text: &str, may_be: impl Fn(&Range<usize>) -> bool) -> Cow<'_, str> {
    let mut found = find(text);
    found.retain(|secret| may_be(&secret.range));
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for secret in found {
        masked.push_str(text.get(at..secret.range.start).unwrap_or(""));
        masked.push_str(&secret.label());
        at = secret.range.end;
    }
    masked.push_str(text.get(at..).unwrap_or(""));
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap()),
            "[secret] [secret] \"[secret]\""
        );
        assert_eq!(secret.shape(), SecretShape::Other);
        assert_eq!(Secret::new("0f6d2b94-8e1c-4a7d-b350-91c2e4f6a8d0").shape(), SecretShape::Guid);
    }

    #[test]
    fn masks_what_bundles_hold() {
        for (text, value) in [
            (
                r#"{"access_token":"eyJ0eXAiOiJKV1QiLCJub25jZSI6.eyJhdWQiOiJo.sig-x"}"#,
                "eyJ0eXAiOiJKV1QiLCJub25jZSI6",
            ),
            (
                "A1 AUTHENTICATE XOAUTH2 dXNlcj1zYWxlc0BleGFtcGxlLmNvbQFhdXRoPUJlYXJlciBhYmMBAQ==",
                "dXNlcj1zYWxlc0Bl",
            ),
            (
                r#""refresh_token":"0.AjEh4Mo8gXgb3LvsKmYLaqm0sXRY6bvOWvOIYZhSzNeCDyHsItOWSqAOoVYU5.AgABYB57m""#,
                "0.AjEh4Mo8gXgb",
            ),
            ("$p = ConvertTo-SecureString 'JSApl7VfhR6KgJ!7' -AsPlainText -Force", "JSApl7VfhR6KgJ!7"),
            (
                r"net use \\filesrv\upload /user:CONTOSO\svc-upload a71iNT9L3PvFe1SdxQ%",
                "a71iNT9L3PvFe1SdxQ%",
            ),
            ("<@> HttpSessionId:9652238F5028F11BBFCE914BD1765C31 <@>", "9652238F5028F11B"),
            (
                r#"{"end_date":"2026-01-01T00:00:00Z","key_id":"k-1","start_date":null,"value":"an.older-secret"}"#,
                "an.older-secret",
            ),
            ("client_secret=Abc8Q~abcdefghijklmnopqrstuvwxyz012345&grant_type=x", "Abc8Q~abcdefg"),
            (r#"<property name="trustStorePassword" value="changeit9"/>"#, "changeit9"),
            ("-Djavax.net.ssl.trustStorePassword=changeit9 -Xmx1g", "changeit9"),
            ("https://admin:pa55word@ece.example.com/x", "pa55word"),
            (
                "x,4634463237394341443642334633463643333134443846464543413841444539344445433732304237323833444234443732384437373841324139393030333431304537353844353933424644313630443833454145313445453532443431323531453244383943443146344236413135363345383739434138,y",
                "46344632373943",
            ),
        ] {
            let masked = mask(text);
            assert!(!masked.contains(value), "{masked}");
            assert!(masked.contains("[masked "), "{masked}");
        }
    }

    #[test]
    fn leaves_what_people_read_a_log_for() {
        for text in [
            "AADSTS50011: The redirect URI 'https://ece.example.com/system/oauth' specified in the request does not match",
            "protocolConnect login, host=outlook.office365.com, user=sales@example.com, password=<non-null>",
            "https://login.microsoftonline.com/error?code=50058",
            "MailboxPlan : ExchangeOnlineEnterprise-a75a8e08-bc78-4dc9-a09c-4b49c393eaf5",
            "CB:3C:CB:B7:60:31:E5:E0:13:8F:8D:D3:9A:23:F9:DE",
            "at com.sun.mail.smtp.SMTPTransport$Authenticator.authenticate(SMTPTransport.java:947)",
            "sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path",
            "pop3_password,NULL,smtp_password",
            "HttpSessionId:  <@> com.egain.mail.module.dispatcher.service.DxInstance <@> run",
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
