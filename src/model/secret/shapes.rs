//! How secrets look: patterns, each with the literals without which it can't match.

use super::SecretKind;
use aho_corasick::AhoCorasick;
use regex::Regex;
use std::sync::{LazyLock, OnceLock};

/// One way in which a secret shows: the group `v` (or `w`, `x`) is its value.
pub(super) struct Shape {
    pub kind: SecretKind,
    source: String,
    /// Compiled when a text first holds one of its literals: most runs need few of the patterns.
    compiled: OnceLock<Regex>,
    /// Bits of [`LITERALS`]: the pattern is tried only if one of them stands in the text.
    needs: u128,
    /// What must be true of a text besides: patterns are dear to compile, and names like `password` stand in many sentences.
    also: fn(&str) -> bool,
    /// What may stand as a value without being a secret.
    pub values: Values,
}

/// How a shape's values are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// The form alone tells.
    Sure,
    /// A name told: placeholders and plain words of prose are none.
    Named,
    /// The form tells, unless it is a word of prose (`Basic authentication`).
    Coded,
    /// A name told, but in a place where ordinary words stand too: only what has a digit or a sign beside letters.
    Doubtful,
}

/// Names whose values are secret, in the languages of consoles and notes. Word characters are spelled out: the Unicode classes would
/// make the patterns ten times as large, and start-up with them. `code` and `state` are left out: error codes are what
/// people read a log for.
pub(super) const NAMES: &str = r"(?:[0-9A-Za-z_.-]*(?:client|app|consumer|shared)?[_ .-]?secret(?:[_ .-]?(?:value|text|key))?|[0-9A-Za-z_.-]*pass(?:word|wort|wd|phrase|code)|[0-9A-Za-z_.-]*pwd|storepass|keypass|kennwort|mot de passe|contrase(?:ñ|n)a|senha|wachtwoord|l(?:ö|o)senord|adgangskode|has(?:ł|l)o|пароль|パスワード|密码|密碼|비밀번호|(?:[0-9A-Za-z_.-]*(?:access|refresh|id|bearer|auth|sas|api|security))[_ .-]?token|client[_-]?assertion|assertion|code[_-]?verifier|device[_-]?code|authorization[_ -]?code|(?:x-)?api[_-]?key|ocp-apim-subscription-key|(?:account|access|shared[ _]?access|primary|secondary|private|encryption)[_ -]?key|jsessionid|asp\.net_sessionid|ests[0-9A-Za-z_]*|[0-9A-Za-z_-]*session[_-]?(?:id|key|ticket)(?:-ctx)?|samlresponse|master-key|resumption[ _]psk|psk identity|x-ms-refreshtokencredential|connection[_ ]?string|credential)";

/// Bits of the literals in `words`.
fn bits(words: &[&str]) -> u128 {
    words.iter().fold(0, |mask, word| {
        let at = LITERALS.iter().position(|l| l == word).expect("a literal of the list");
        mask | 1 << at
    })
}

/// Literals of the patterns, in lower case; compared without case. Those of [`NAMES`] come first.
const LITERALS: [&str; 62] = [
    "secret",
    "pass",
    "pwd",
    "kennwort",
    "contrase",
    "senha",
    "wachtwoord",
    "senord",
    "adgangskode",
    "has",
    "пароль",
    "パスワード",
    "密码",
    "密碼",
    "비밀번호",
    "token",
    "assertion",
    "verifier",
    "device",
    "key",
    "session",
    "ests",
    "saml",
    "psk",
    "connection",
    "credential",
    "auth",
    "dxnlcj",
    "eyj",
    "q~",
    "0.a",
    "1.a",
    "m.",
    "bearer",
    "basic",
    "negotiate",
    "ntlm",
    "httpsessionid",
    "converto",
    "convertto-securestring",
    "net use",
    "://",
    "private key",
    "code=",
    "334 ",
    "sig=",
    "cookie",
    "master-key",
    "-p",
    "/p",
    "-w",
    "-u",
    "<ss",
    "securestring",
    "0000 - ",
    "0010 - ",
    "\"code\"",
    "cryptedpassword",
    "pin",
    "vault",
    "encrypted",
    "code%3d",
];

/// How many of [`LITERALS`] belong to [`NAMES`].
const OF_NAMES: usize = 27;

static PREFILTER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(LITERALS)
        .expect("constant literals")
});

/// Which literals stand in `text`.
pub(super) fn literals_in(text: &str) -> u128 {
    PREFILTER
        .find_overlapping_iter(text)
        .fold(0, |mask, found| mask | 1 << found.pattern().as_usize())
}

/// True if a literal stands in `text` that no sentence of the program holds by chance (`Test-NetConnection`, `has`).
pub(super) fn hold_names(text: &str) -> bool {
    static OF_SENTENCES: LazyLock<u128> = LazyLock::new(|| bits(&["connection", "has"]));
    literals_in(text) & !*OF_SENTENCES != 0
}

impl Shape {
    /// The pattern.
    pub(super) fn pattern(&self) -> &Regex {
        self.compiled.get_or_init(|| Regex::new(&self.source).expect("a constant pattern"))
    }

    /// True if `text`, which holds `literals`, can match.
    pub(super) fn may_match(&self, literals: u128, text: &str) -> bool {
        self.needs & literals != 0 && (self.also)(text)
    }

    fn also(self, also: fn(&str) -> bool) -> Self {
        Self { also, ..self }
    }
}

/// True if an option may stand in the text: a dash at a word's beginning.
fn holds_option(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'-', bytes).any(|at| match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        None | Some(b'-') => true,
        // Blanks of other scripts count too.
        Some(before) => !before.is_ascii() || before.is_ascii_whitespace() || *before == 0x0B,
    })
}

fn holds_curl(text: &str) -> bool {
    memchr::memchr2_iter(b'c', b'C', text.as_bytes()).any(|at| text.get(at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case("curl")))
}

/// True if a value may stand behind a name.
fn holds_separator(text: &str) -> bool {
    text.contains([':', '=', '：']) || text.contains("->")
}

fn holds_attribute(text: &str) -> bool {
    text.contains('<') && text.contains('=')
}

fn holds_element(text: &str) -> bool {
    text.contains('<') && text.contains('>')
}

fn holds_member(text: &str) -> bool {
    text.contains('"') && text.contains(':')
}

/// All shapes.
pub(super) static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    use SecretKind::*;
    let shape = |kind, values, needs: &[&str], pattern: &str| Shape {
        kind,
        source: pattern.to_owned(),
        compiled: OnceLock::new(),
        needs: bits(needs),
        also: |_| true,
        values,
    };
    vec![
        shape(Xoauth2, Values::Sure, &["dxnlcj"], r"(?P<v>dXNlcj[A-Za-z0-9+/_-]{6,}={0,2})"),
        shape(Jwt, Values::Sure, &["eyj"], r"(?P<v>eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){1,4})"),
        shape(
            Jwt,
            Values::Sure,
            &["eyj"],
            r"(?P<v>eyJ0eX[A-Za-z0-9_-]{10,}|eyJhbG[A-Za-z0-9_-]{10,}|eyJub2[A-Za-z0-9_-]{10,}|eyJraW[A-Za-z0-9_-]{10,})",
        ),
        shape(
            RefreshToken,
            Values::Sure,
            &["0.a", "1.a", "m."],
            r"(?:^|[^A-Za-z0-9.])(?P<v>(?:[01]\.A[A-Za-z0-9_-]{20,}|M\.[A-Z0-9]+_[A-Z0-9]+\.)[A-Za-z0-9_.!*$-]*)",
        ),
        shape(ClientSecret, Values::Sure, &["q~"], r"(?P<v>[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{20,})"),
        shape(Session, Values::Sure, &["httpsessionid"], r"HttpSessionId:\s*(?P<v>[0-9A-Za-z._!-]{6,})"),
        shape(
            Authorization,
            Values::Coded,
            &["bearer", "basic", "negotiate", "ntlm"],
            r"(?i)\b(?:bearer|basic|negotiate|ntlm)\s+(?P<v>[A-Za-z0-9._~+/-]{8,}={0,2})",
        ),
        shape(
            Authorization,
            Values::Named,
            &["auth"],
            r#"(?i)\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|negotiate|ntlm|digest)\s+)?(?P<v>[^\s"',;]{6,})"#,
        ),
        shape(
            Authorization,
            Values::Sure,
            &["auth"],
            r"(?i)\b(?:AUTHENTICATE|AUTH)\s+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|NTLM|GSSAPI|CRAM-MD5)\s+(?P<v>[A-Za-z0-9+/]{8,}={0,2})",
        ),
        // The answers to the questions of AUTH LOGIN, each alone on the next line.
        shape(
            Password,
            Values::Sure,
            &["334 "],
            r"334 (?:UGFzc3dvcmQ6|VXNlcm5hbWU6)(?:\s|\\+[rn])+(?:C:\s*|>+\s*)?(?P<v>[A-Za-z0-9+/]{4,}={0,2})",
        ),
        shape(
            Password,
            Values::Sure,
            &["convertto-securestring"],
            r#"(?i)ConvertTo-SecureString\s+(?:-AsPlainText\s+|-Force\s+)*(?:-String\s+)?(?:'(?P<v>[^']+)'|"(?P<w>[^"]+)"|(?P<x>[^\s\-$("'][^\s]*))"#,
        ),
        shape(
            Password,
            Values::Named,
            &["credential"],
            r#"(?i)(?:Network|PS)Credential\s*\(\s*["'][^"']*["']\s*,\s*\(?["'](?P<v>[^"']+)["']"#,
        ),
        shape(
            Password,
            Values::Sure,
            &["net use"],
            r"(?i)\bnet\s+use\b[^\r\n]*?/user:\S+\s+(?P<v>[^\s/]\S*)",
        ),
        shape(
            Password,
            Values::Sure,
            &["net use"],
            r"(?i)\bnet\s+use\s+(?:\S+:\s+)?\\\\\S+\s+(?P<v>[^\s/]\S*)\s+/user:",
        ),
        shape(
            Password,
            Values::Named,
            &["-p", "secret", "pass"],
            r#"(?i)(?:^|\s)--?(?:password|passwd|pass|pwd|pw|clientsecret|client-secret|secret|srcstorepass|deststorepass|storepass|keypass|P)[\s=:]+(?:'(?P<v>[^'\r\n]+)'|"(?P<w>[^"\r\n]+)"|(?P<x>[^\s\-$("'][^\s]*))"#,
        )
        .also(holds_option),
        shape(
            Password,
            Values::Named,
            &["/p"],
            r#"(?i)\s/(?:password|pass|pwd|p):(?:"(?P<v>[^"]+)"|(?P<w>\S+))"#,
        ),
        shape(
            Password,
            Values::Named,
            &["-u"],
            r#"(?i)\bcurl(?:\.exe)?\b[^\r\n]*?\s(?:-u|--user|-U|--proxy-user)\s*["']?[^\s:"']+:(?P<v>[^\s"']+)"#,
        )
        .also(holds_curl),
        shape(
            Password,
            Values::Named,
            &["://"],
            r#"(?i)[a-z][a-z0-9+.-]*://[^\s/:@"'<>]+:(?P<v>[^\s/"'<>]+)@"#,
        ),
        // A name, a separator, a value: settings, logs, JSON, properties, headers, forms.
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(
                r#"(?i)(?:^|[^0-9A-Za-z_]){NAMES}(?:["'\]*`]|\s*\([^)\r\n]*\))*\s*(?:[:=：]+>?|->|\bis\s*[:=])\s*(?:"(?P<v>[^"\r\n]+)|'(?P<w>[^'\r\n]+)'|`(?P<y>[^`\r\n]+)`|(?P<x>[^\s"'&,;<>{{}}|\[\]]\S*[^\s"'&,;<>{{}}|\]]|[^\s"'&,;<>{{}}|\[\]]))"#
            ),
        )
        .also(holds_separator),
        shape(
            Password,
            Values::Doubtful,
            &LITERALS[..OF_NAMES],
            &format!(r#"(?i)(?:^|[^0-9A-Za-z_]){NAMES}["'*`]*\s*(?:[,;|\t]|\s(?:is|was|ist|war|est|è|es|é)\s)\s*["'`]?(?P<v>[^\s"'`,;|<>]+)"#),
        ),
        // Name and value as two attributes, two members, two elements.
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(
                r#"(?i)<[0-9A-Za-z_:-]+\s[^<>]*?\b(?:name|key|id|property|setting(?:_?name)?|N)\s*=\s*["']{NAMES}["'][^<>]*?\b(?:value|val|setting_?val(?:ue)?)\s*=\s*["'](?P<v>[^"']+)["']"#
            ),
        )
        .also(holds_attribute),
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(
                r#"(?i)<[0-9A-Za-z_:-]+\s[^<>]*?\b(?:value|val|setting_?val(?:ue)?)\s*=\s*["'](?P<v>[^"']+)["'][^<>]*?\b(?:name|key|id|property|setting(?:_?name)?)\s*=\s*["']{NAMES}["']"#
            ),
        )
        .also(holds_attribute),
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(r#"(?i)<[0-9A-Za-z_:-]+\s[^<>]*?\b(?:name|key|N)\s*=\s*["']{NAMES}["'][^<>]*>(?P<v>[^<]+)</"#),
        )
        .also(holds_attribute),
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(r"(?i)<(?:[0-9A-Za-z_]+:)?{NAMES}(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?(?P<v>[^<\]]+)"),
        )
        .also(holds_element),
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(
                r"(?i)<(?:name|key|td|th|label|setting_?name|property)(?:\s[^<>]*)?>\s*{NAMES}:?\s*</[0-9A-Za-z_]+>\s*<(?:value|val|td|string|setting_?val(?:ue)?)(?:\s[^<>]*)?>(?P<v>[^<]+)"
            ),
        )
        .also(holds_element),
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(
                r#"(?i)"(?:name|key|id|label|property|setting_?name)"\s*:\s*"{NAMES}"\s*,\s*"(?:value|val|current ?value|setting_?val(?:ue)?|text)"\s*:\s*"(?P<v>[^"]+)""#
            ),
        )
        .also(holds_member),
        shape(
            Password,
            Values::Named,
            &LITERALS[..OF_NAMES],
            &format!(
                r#"(?i)"(?:value|val|setting_?val(?:ue)?|text)"\s*:\s*"(?P<v>[^"]+)"\s*,\s*"(?:name|key|id|label|property|setting_?name)"\s*:\s*"{NAMES}""#
            ),
        )
        .also(holds_member),
        // A secret of a registration under the plain name `value`, as Terraform states and the old Graph API have it.
        shape(
            ClientSecret,
            Values::Sure,
            &["key"],
            r#"(?i)"key_?id"\s*:[^{}]*?"value"\s*:\s*"(?P<v>[^"]{4,})"#,
        ),
        shape(
            Session,
            Values::Sure,
            &["cookie"],
            r#"(?i)\b(?:set-)?cookie["']?\s*[:=]\s*["']?(?P<v>[^\r\n"']{4,})"#,
        ),
        shape(
            Session,
            Values::Sure,
            &["cookie"],
            r#"(?i)"name"\s*:\s*"(?:set-)?cookie"\s*,\s*"value"\s*:\s*"(?P<v>[^"]+)""#,
        ),
        shape(
            Session,
            Values::Sure,
            &["ests", "session"],
            r#"(?i)"name"\s*:\s*"(?:ests[0-9A-Za-z_]*|jsessionid|asp\.net_sessionid|[0-9A-Za-z_-]*session[0-9A-Za-z_]*)"\s*,\s*"value"\s*:\s*"(?P<v>[^"]+)""#,
        ),
        shape(Password, Values::Sure, &["<ss"], r#"(?i)<SS(?:\s[^>]*)?>(?P<v>[^<]+)</SS>"#),
        shape(
            RefreshToken,
            Values::Sure,
            &["code=", "code%3d"],
            r#"(?i)(?:[?&"']|\b)code=(?P<v>[A-Za-z0-9._!*$-]{24,})"#,
        ),
        shape(
            RefreshToken,
            Values::Sure,
            &["\"code\""],
            r#""code"\s*:\s*"(?P<v>[A-Za-z0-9._!*$-]{24,})""#,
        ),
        shape(Authorization, Values::Sure, &["sig="], r"[?&]sig=(?P<v>[A-Za-z0-9%+/=_-]{16,})"),
        shape(
            Key,
            Values::Sure,
            &["private key"],
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----\s*(?P<v>[^-]+)",
        ),
        // The dump of a TLS session ticket.
        shape(
            Key,
            Values::Sure,
            &["0000 - ", "0010 - "],
            r"(?m)^\s*[0-9a-f]{4} - (?P<v>(?:[0-9a-f]{2}[ -]){4,}.*)$",
        ),
    ]
});
