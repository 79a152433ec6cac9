//! Secrets: how they look, how they are masked, and a type that can't print itself.
//!
//! Masking happens when evidence is captured ([`super::Excerpt::capture`]), before any finding exists, so that no output can
//! forget it. What a rule learns of a secret is its kind and its place, never its value.

use regex::Regex;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

/// A value that must not be seen: it masks itself in every kind of print and in serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes `value` out of sight.
    pub fn new(value: impl Into<Box<str>>) -> Self {
        Self(value.into())
    }

    /// For comparing and decoding inside the library; what comes of it must not be printed.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
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
            Self::Jwt => "access token (JWT)",
            Self::Xoauth2 => "XOAUTH2 string",
            Self::RefreshToken => "refresh token or authorization code",
            Self::ClientSecret => "client secret",
            Self::Password => "password",
            Self::EncryptedPassword => "product-encrypted password",
            Self::Authorization => "authorization header",
            Self::Session => "session id",
            Self::Key => "key material",
            Self::Opaque => "opaque token",
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

/// One way in which a secret shows: the group `v` is its value.
struct Shape {
    kind: SecretKind,
    pattern: Regex,
}

/// Names whose values are secret. `code` and `state` are left out: error codes are what people read a log for.
const NAMES: &str = r"(?:client[_ .-]?secret(?:[_ ]?value)?|secret[_ ]?text|app[_ ]?secret|[\w.-]*pass(?:word|wd|phrase)|[\w.-]*pwd|storepass|keypass|(?:access|refresh|id|bearer)[_-]?token|client[_-]?assertion|assertion|code[_-]?verifier|x-api-key|jsessionid|(?:set-)?cookie|resumption[ _]psk|master-key|session-id(?:-ctx)?)";

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    use SecretKind::*;
    let shape = |kind, pattern: &str| Shape {
        kind,
        pattern: Regex::new(pattern).expect("a constant pattern"),
    };
    vec![
        shape(Xoauth2, r"(?P<v>dXNlcj[A-Za-z0-9+/_-]{6,}={0,2})"),
        shape(Jwt, r"(?P<v>eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){1,4})"),
        shape(Jwt, r"(?P<v>eyJ0eX[A-Za-z0-9_-]{10,}|eyJhbG[A-Za-z0-9_-]{10,})"),
        shape(
            RefreshToken,
            r"(?:^|[^A-Za-z0-9.])(?P<v>(?:[01]\.A[A-Za-z0-9_-]{20,}|M\.[A-Z0-9]+_[A-Z0-9]+\.)[A-Za-z0-9_.!*$-]{16,})",
        ),
        shape(ClientSecret, r"(?:^|[^A-Za-z0-9_~.-])(?P<v>[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34})"),
        // A secret of a registration under the plain name `value`, as Terraform states and the old Graph API have it.
        shape(ClientSecret, r#"(?i)\\?"key_?id\\?"\s*:[^{}]*?\\?"value\\?"\s*:\s*\\?"(?P<v>[^"\\]{4,})"#),
        shape(EncryptedPassword, r"(?:^|[^0-9A-Fa-f])(?P<v>(?:3[0-9]|4[1-6]){32,})(?:$|[^0-9A-Fa-f])"),
        shape(Session, r"HttpSessionId:\s*(?P<v>[0-9A-Za-z._!-]{6,})"),
        shape(Authorization, r"(?i)\b(?:bearer|basic)\s+(?P<v>[A-Za-z0-9._~+/=-]{12,})"),
        shape(
            Authorization,
            r"(?i)\b(?:AUTHENTICATE|AUTH)\s+(?:PLAIN|LOGIN|XOAUTH2|NTLM|CRAM-MD5)\s+(?P<v>[A-Za-z0-9+/=]{8,})",
        ),
        // ConvertTo-SecureString 'x' -AsPlainText, in either order of its arguments.
        shape(
            Password,
            r#"(?i)ConvertTo-SecureString\s+(?:-AsPlainText\s+|-Force\s+)*(?:-String\s+)?(?:'(?P<v>[^']+)'|"(?P<w>[^"]+)")"#,
        ),
        shape(Password, r"(?i)\bnet\s+use\b[^\r\n]*?/user:\S+\s+(?P<v>[^\s/]\S*)"),
        shape(Password, r"(?i)\bnet\s+use\s+(?:\S+:\s+)?\\\\\S+\s+(?P<v>[^\s/]\S*)\s+/user:"),
        shape(
            Password,
            r#"(?i)\s-(?:password|clientsecret|pass|storepass|keypass|P)\s+(?:'(?P<v>[^'\r\n]+)'|"(?P<w>[^"\r\n]+)"|(?P<x>[^\s\-$("'][^\s]*))"#,
        ),
        shape(Password, r"(?i)\bcurl\b[^\r\n]*?\s-u\s+\S+?:(?P<v>\S+)"),
        shape(Password, r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@]+:(?P<v>[^\s/@]+)@"),
        shape(
            Password,
            &format!(
                r#"(?i)(?:^|[^\w]){NAMES}["']?\]?\s*(?:[:=]|\\?":\\?"|=>)\s*\\?(?:"(?P<v>[^"\\\r\n]+)|'(?P<w>[^'\r\n]+)'|(?P<x>[^\s"'&,;<>\\{{}}|]+))"#
            ),
        ),
        shape(Password, &format!(r#"(?i)<(?:\w+\s+)?(?:name|key|N)="{NAMES}"\s+value="(?P<v>[^"]+)""#)),
        shape(Password, &format!(r"(?i)<{NAMES}>(?P<v>[^<]+)</")),
        shape(Password, r#"(?i)<SS(?:\s[^>]*)?>(?P<v>[^<]+)</SS>"#),
        shape(RefreshToken, r#"(?i)(?:[?&]|\b)code=(?P<v>[A-Za-z0-9._!*-]{24,})"#),
        shape(Key, r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<v>.+?)(?:-----END|$)"),
        shape(Opaque, r"(?:^|[^A-Za-z0-9_~+/=.-])(?P<v>[A-Za-z0-9_~+-]{40,}={0,2})"),
    ]
});

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

/// Long runs that are no secrets: hex fingerprints and ids, words joined by dashes, Base64 of known harmless texts.
fn is_harmless_run(value: &str) -> bool {
    let has = |f: fn(char) -> bool| value.chars().any(f);
    !(has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase()))
        || value.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        // ExchangeOnlineEnterprise-<GUID> and the like: a word, then a GUID.
        || value.split('-').filter(|part| !part.is_empty()).all(|part| part.len() < 30 && (part.chars().all(|c| c.is_ascii_hexdigit()) || part.chars().all(char::is_alphabetic)))
}

/// Finds every secret in `text`; ranges are sorted and don't overlap.
pub fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for shape in SHAPES.iter() {
        for captures in shape.pattern.captures_iter(text) {
            let Some(value) = ["v", "w", "x"].iter().find_map(|name| captures.name(name)) else {
                continue;
            };
            let skip = match shape.kind {
                SecretKind::Opaque => is_harmless_run(value.as_str()),
                SecretKind::Password => is_placeholder(value.as_str()),
                _ => false,
            };
            if !skip {
                found.push(Found {
                    kind: shape.kind,
                    range: value.range(),
                });
            }
        }
    }
    found.sort_by_key(|f| (f.range.start, usize::MAX - f.range.end));
    let mut kept: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match kept.last_mut() {
            Some(last) if next.range.start < last.range.end => last.range.end = last.range.end.max(next.range.end),
            _ => kept.push(next),
        }
    }
    kept
}

/// Finds every secret of a long text, line by line; only private keys span lines. Ranges are those of `text`.
pub fn find_all(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_key = false;
    for line in text.split_inclusive('\n') {
        if in_key {
            in_key = !line.contains("-----END");
        } else {
            found.extend(find(line).into_iter().map(|f| Found {
                kind: f.kind,
                range: f.range.start + start..f.range.end + start,
            }));
            if line.contains("PRIVATE KEY-----") && line.contains("-----BEGIN") && !line.contains("-----END") {
                in_key = true;
                found.push(Found {
                    kind: SecretKind::Key,
                    range: start..start + line.trim_end().len(),
                });
            }
        }
        start += line.len();
    }
    found
}

/// `text` with every secret replaced by the name of its kind.
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = find(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for Found { kind, range } in found {
        masked.push_str(&text[at..range.start]);
        masked.push_str("[masked ");
        masked.push_str(kind.words());
        masked.push(']');
        at = range.end;
    }
    masked.push_str(&text[at..]);
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
        assert_eq!(secret.expose(), "hunter2");
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
