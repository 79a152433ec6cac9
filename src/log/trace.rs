//! Output of other programs that stands beside ECE's records: JavaMail's protocol traces, consoles, ICM traces.
//!
//! A protocol trace (`mail.debug`) has no header on its lines. It shows as whom the product signed in and what the mail server
//! answered, which its own records never do. Mail bodies in it are other people's words: they are passed over.

use crate::model::{Claims, Reach, Text, claims_of};
use crate::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::Finder;
use regex::Regex;
use std::sync::LazyLock;

/// What a text without ECE headers is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// JavaMail's protocol trace.
    JavaMailTrace,
    /// A trace of the ICM side (`12:42:34:878 pg2A-pim2 Trace: …`): not ECE's, set aside.
    IcmTrace,
    /// A Java thread dump: set aside.
    ThreadDump,
    /// What a Java process wrote to its console: start-up lines, log4j, stack traces, a server's own log.
    Console,
}

impl Foreign {
    /// The kind, as `inventory` names it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::JavaMailTrace => "javamail-trace",
            Self::IcmTrace => "icm-trace",
            Self::ThreadDump => "thread-dump",
            Self::Console => "java-console",
        }
    }

    /// True if its lines can hold evidence about mail.
    pub fn is_evidence(self) -> bool {
        matches!(self, Self::JavaMailTrace | Self::Console)
    }
}

static ICM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d\d:\d\d:\d\d:\d{3} \S+ (?:Trace|Session|[A-Za-z]+:)").expect("a constant pattern"));
static MAIL_DEBUG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^DEBUG(?: (?:IMAPS?|POP3S?|SMTPS?|TLS|OAuth2?))?: ").expect("a constant pattern"));
static CONSOLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"^(?:Picked up (?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS): |log4j:(?:WARN|ERROR) |SLF4J: |Exception in thread "|OpenJDK .*warning|Java HotSpot.*warning|\s+at [\w.$/<>]+\(|Caused by: |(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d[,.]\d{3} +(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\[)"#,
    )
    .expect("a constant pattern")
});

/// Says what a text without ECE headers is, by its first lines, and what shows it. `None`: none of these.
pub fn recognise<'a>(lines: impl Iterator<Item = &'a str>) -> Option<(Foreign, Text)> {
    const LOOKED_AT: usize = 200;
    let (mut icm, mut mail, mut console, mut seen) = (0u32, 0u32, 0u32, 0u32);
    for line in lines.take(LOOKED_AT) {
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        seen += 1;
        if line.starts_with("Full thread dump ") {
            return Some((Foreign::ThreadDump, text!("a line begins with `Full thread dump`")));
        }
        icm += u32::from(ICM.is_match(line));
        mail += u32::from(MAIL_DEBUG.is_match(line));
        console += u32::from(CONSOLE.is_match(line));
    }
    if icm > 0 && icm * 2 >= seen {
        return Some((
            Foreign::IcmTrace,
            text!(
                "lines that have a time with a colon before the milliseconds and no date: {count} of the first {seen}",
                count = icm,
                seen
            ),
        ));
    }
    if mail > 0 {
        return Some((
            Foreign::JavaMailTrace,
            text!(
                "lines that begin with `DEBUG`, `DEBUG IMAP` or the like: {count} of the first {seen}",
                count = mail,
                seen
            ),
        ));
    }
    (console > 0 && (console * 4 >= seen || seen <= 4)).then(|| {
        (
            Foreign::Console,
            text!("lines of a Java process's console: {count} of the first {seen}", count = console, seen),
        )
    })
}

/// What a line of a protocol trace shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A sign-in to a mail server.
    Login {
        /// Server, lower case.
        host: Option<String>,
        /// User, lower case.
        user: String,
        /// Whether the server let it in; `None` if the trace doesn't show the answer.
        worked: Option<bool>,
    },
    /// A connection that was opened.
    Connected {
        /// Server, lower case.
        host: String,
        /// Port.
        port: u16,
        /// How far it got.
        reach: Reach,
    },
    /// A token that was presented.
    Token {
        /// User it was presented for, lower case.
        user: String,
        /// Its claims.
        claims: Claims,
    },
}

/// What follows in a trace is a mail, not the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// So many bytes of an IMAP literal.
    Literal(u64),
    /// Until a line with a single dot.
    UntilDot,
    /// A thread dump, until its end.
    Dump,
}

/// Follows a protocol trace line by line.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    host: Option<String>,
    port: Option<u16>,
    greeted: bool,
    user: Option<String>,
    asked: bool,
    /// The user that was let in last.
    inside: Option<String>,
    body: Option<Body>,
    retrieving: bool,
}

static CONNECTING: LazyLock<Finder> = LazyLock::new(|| Finder::new("trying to connect to host \""));
static CONNECTED: LazyLock<Finder> = LazyLock::new(|| Finder::new("connected to host \""));
static USER: LazyLock<Finder> = LazyLock::new(|| Finder::new("dXNlcj"));
/// Lengths are checked by hand: bounds in a pattern make it as much larger.
static LOGIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"protocolConnect login, host=([^,\s]+), user=([^,\s]+)").expect("a constant pattern"));
const LONGEST_HOST: usize = 253;
const LONGEST_USER: usize = 320;
static XOAUTH2: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bdXNlcj[0-9A-Za-z+/]{8,}={0,2}").expect("a constant pattern"));
static ASKED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:AUTHENTICATE|AUTH) (?:XOAUTH2|PLAIN|LOGIN)\b|^[A-Z]\d+ LOGIN\b|^USER ").expect("a constant pattern"));
static REFUSED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:DEBUG \w+: .*command result: )?[A-Z]+\d+ (?:NO|BAD)\b|^535[ -]|^-ERR\b|^DEBUG \w+: AUTH \w+ failed").expect("a constant pattern")
});
static ADMITTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:DEBUG \w+: .*command result: )?[A-Z]+\d+ OK\b|^235[ -]|^\+OK\b|^DEBUG \w+: AUTH \w+ succeeded").expect("a constant pattern")
});
static LITERAL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bFETCH\b.*\{(\d{1,12})\}$").expect("a constant pattern"));

impl Dialogue {
    /// True if the next line belongs to a mail's body or a thread dump. Takes the line's length into account.
    pub fn is_body(&mut self, line: &str) -> bool {
        match self.body {
            None => false,
            Some(Body::Literal(left)) => {
                let taken = line.len() as u64 + 2;
                self.body = left.checked_sub(taken).filter(|l| *l > 0).map(Body::Literal);
                true
            }
            Some(Body::UntilDot) => {
                if line == "." {
                    self.body = None;
                }
                true
            }
            Some(Body::Dump) => {
                let ends = line.starts_with("JNI global ref");
                if ends || MAIL_DEBUG.is_match(line) {
                    self.body = None;
                }
                ends || self.body.is_some()
            }
        }
    }

    /// What `line` shows. Call [`Dialogue::is_body`] first and leave bodies out.
    pub fn line(&mut self, line: &str) -> Vec<Heard> {
        let mut heard = Vec::new();
        if let Some((host, port)) = connection(line, &CONNECTING) {
            heard.extend(self.unanswered());
            *self = Self {
                host: Some(host),
                port,
                ..Self::default()
            };
        } else if let Some((host, port)) = connection(line, &CONNECTED) {
            (self.host, self.port) = (Some(host), port);
            heard.extend(self.greeting());
        } else if !self.greeted && (line.starts_with("* OK") || line.starts_with("+OK") || line.starts_with("220 ") || line.starts_with("220-")) {
            heard.extend(self.greeting());
            return heard;
        }
        let login = LOGIN
            .captures(line)
            .filter(|login| login[1].len() <= LONGEST_HOST && login[2].len() <= LONGEST_USER);
        if let Some(login) = login {
            heard.extend(self.unanswered());
            self.host = Some(login[1].to_ascii_lowercase());
            self.user = Some(login[2].to_lowercase());
            self.asked = false;
        }
        if let Some(found) = USER.find(line.as_bytes()).and_then(|_| XOAUTH2.find(line)) {
            self.asked = true;
            if let Some((user, claims)) = xoauth2(found.as_str()) {
                heard.extend(claims.map(|claims| Heard::Token { user: user.clone(), claims }));
                self.user = Some(user);
            }
        } else if self.asked && ADMITTED.is_match(line) {
            heard.extend(self.answered(true));
        } else if (self.asked || line.contains("User is authenticated but not connected")) && REFUSED.is_match(line) {
            if self.user.is_none() {
                self.user = self.inside.take();
            }
            heard.extend(self.answered(false));
        } else if ["AUTH", "LOGIN", "USER "].iter().any(|word| line.contains(word)) && ASKED.is_match(line) {
            self.asked = true;
        }
        self.watch_for_bodies(line);
        heard
    }

    /// A sign-in whose answer the trace doesn't show, at its end or before the next one.
    pub fn unanswered(&mut self) -> Option<Heard> {
        let user = self.user.take()?;
        self.asked = false;
        Some(Heard::Login {
            host: self.host.clone(),
            user,
            worked: None,
        })
    }

    fn greeting(&mut self) -> Option<Heard> {
        self.greeted = true;
        Some(Heard::Connected {
            host: self.host.clone()?,
            port: self.port?,
            reach: Reach::Open,
        })
    }

    fn answered(&mut self, worked: bool) -> Option<Heard> {
        self.asked = false;
        let user = self.user.take()?;
        self.inside = worked.then(|| user.clone());
        Some(Heard::Login {
            host: self.host.clone(),
            user,
            worked: Some(worked),
        })
    }

    fn watch_for_bodies(&mut self, line: &str) {
        if let Some(literal) = line.strip_suffix('}').and_then(|_| LITERAL.captures(line)) {
            self.body = literal[1].parse().ok().filter(|n| *n > 0).map(Body::Literal);
        } else if line.starts_with("354 ") || (self.retrieving && line.starts_with("+OK")) {
            self.body = Some(Body::UntilDot);
        } else if line.starts_with("Full thread dump ") {
            self.body = Some(Body::Dump);
        }
        self.retrieving = line.starts_with("RETR ") || line.starts_with("TOP ");
    }
}

/// Host (lower case) and port of `… host "outlook.office365.com", port 993`, which `lead` leads to; with a colon behind `port` or
/// without. No port if the number is none. By hand: with DEBUG on, every look for mail writes such a line.
fn connection(line: &str, lead: &Finder) -> Option<(String, Option<u16>)> {
    let rest = line.get(lead.find(line.as_bytes())? + lead.needle().len()..)?;
    let (host, rest) = rest.split_once('"').filter(|(host, _)| (1..=253).contains(&host.len()))?;
    let rest = rest.strip_prefix(", port")?;
    let rest = rest.strip_prefix(':').unwrap_or(rest).strip_prefix(' ')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count().min(5);
    let port = rest.get(..digits).filter(|digits| !digits.is_empty())?;
    Some((host.to_ascii_lowercase(), port.parse().ok()))
}

/// User and token's claims of an XOAUTH2 string (`user=…^Aauth=Bearer …^A^A` in Base64). The token itself is not kept.
pub(crate) fn xoauth2(base64: &str) -> Option<(String, Option<Claims>)> {
    // A string that was cut in the middle still names the user at its beginning.
    let whole = base64.trim_end_matches('=');
    let decodable = whole.get(..whole.len() / 4 * 4)?;
    let bytes = STANDARD.decode(base64).or_else(|_| STANDARD.decode(decodable)).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut parts = text.split('\u{1}');
    let user = parts.next()?.strip_prefix("user=")?.trim().to_lowercase();
    let token = parts.next().and_then(|auth| auth.split_once("Bearer ")).map(|(_, token)| token);
    let clean = !user.is_empty() && user.len() <= 320 && !user.chars().any(|c| c.is_control() || c.is_whitespace());
    clean.then(|| (user, token.and_then(claims_of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_where_a_connection_goes() {
        let of = |line: &str| connection(line, &CONNECTING).or_else(|| connection(line, &CONNECTED));
        let host = || String::from("outlook.office365.com");
        assert_eq!(
            of("DEBUG IMAPS: trying to connect to host \"Outlook.Office365.com\", port 993, isSSL true"),
            Some((host(), Some(993)))
        );
        assert_eq!(
            of("DEBUG SMTP: connected to host \"outlook.office365.com\", port: 587"),
            Some((host(), Some(587)))
        );
        assert_eq!(of("connected to host \"outlook.office365.com\", port 99999"), Some((host(), None)));
        assert_eq!(of("connected to host \"outlook.office365.com\", port none"), None);
        assert_eq!(of("connected to host \"\", port 993"), None);
    }

    fn heard(trace: &str) -> Vec<Heard> {
        let mut dialogue = Dialogue::default();
        let mut all = Vec::new();
        for line in trace.lines() {
            if !dialogue.is_body(line) {
                all.extend(dialogue.line(line));
            }
        }
        all.extend(dialogue.unanswered());
        all
    }

    fn login(user: &str, worked: Option<bool>) -> Heard {
        Heard::Login {
            host: Some("outlook.office365.com".into()),
            user: user.into(),
            worked,
        }
    }

    const OPENING: &str = "DEBUG IMAP: trying to connect to host \"outlook.office365.com\", port 993, isSSL true\n* OK ready\nA0 CAPABILITY\n* CAPABILITY IMAP4 AUTH=XOAUTH2\nA0 OK CAPABILITY completed.\nDEBUG IMAP: AUTH: XOAUTH2\nDEBUG IMAP: protocolConnect login, host=outlook.office365.com, user=Sales@example.com, password=<non-null>\n";

    #[test]
    fn follows_a_sign_in() {
        let open = Heard::Connected {
            host: "outlook.office365.com".into(),
            port: 993,
            reach: Reach::Open,
        };
        let refused = format!(
            "{OPENING}DEBUG IMAP: AUTHENTICATE XOAUTH2 command trace suppressed\nDEBUG IMAP: AUTHENTICATE XOAUTH2 command result: A1 NO AUTHENTICATE failed.\n"
        );
        assert_eq!(heard(&refused), [open.clone(), login("sales@example.com", Some(false))]);
        let string = STANDARD.encode("user=ece@example.com\u{1}auth=Bearer abc\u{1}\u{1}");
        let admitted = format!("{OPENING}A1 AUTHENTICATE XOAUTH2 {string}\nA1 OK AUTHENTICATE completed.\nA2 CAPABILITY\nA2 OK done\n");
        assert_eq!(heard(&admitted), [open.clone(), login("ece@example.com", Some(true))]);
        assert_eq!(heard(OPENING), [open, login("sales@example.com", None)]);
    }

    #[test]
    fn a_mailbox_that_cannot_be_opened_is_a_refusal() {
        let trace = format!(
            "{OPENING}DEBUG IMAP: AUTHENTICATE XOAUTH2 command trace suppressed\nA1 OK AUTHENTICATE completed.\nA2 SELECT INBOX\nA2 BAD User is authenticated but not connected.\n"
        );
        let all = heard(&trace);
        assert_eq!(all.last(), Some(&login("sales@example.com", Some(false))));
    }

    #[test]
    fn bodies_are_passed_over() {
        let mut dialogue = Dialogue::default();
        let mut seen = Vec::new();
        for line in "* 1 FETCH (BODY[] {24}\nAADSTS50011 in a mail!\nA4 OK FETCH completed.\n354 Start\n535 quoted\n.\n250 2.0.0 OK".lines() {
            if !dialogue.is_body(line) {
                dialogue.line(line);
                seen.push(line);
            }
        }
        assert_eq!(seen, ["* 1 FETCH (BODY[] {24}", "A4 OK FETCH completed.", "354 Start", "250 2.0.0 OK"]);
    }

    #[test]
    fn names_a_user_without_the_token() {
        let whole = STANDARD.encode("user=a.b@example.com\u{1}auth=Bearer eyJ0eXAiOiJKV1QiLCJhbGciOi\u{1}\u{1}");
        assert_eq!(xoauth2(&whole), Some(("a.b@example.com".into(), None)));
        assert_eq!(xoauth2(&whole[..41]), Some(("a.b@example.com".into(), None)));
        assert_eq!(xoauth2("dXNlcjAAAA"), None);
    }

    #[test]
    fn tells_traces_apart() {
        let of = |text: &str| recognise(text.lines()).map(|(kind, _)| kind);
        assert_eq!(
            of("12:42:34:878 pg2A-pim2 Trace: x\n12:42:34:879 pg2A-pim2 Trace: y"),
            Some(Foreign::IcmTrace)
        );
        assert_eq!(of("DEBUG: setDebug: JavaMail version 1.6.2\n* OK"), Some(Foreign::JavaMailTrace));
        assert_eq!(of("Picked up JAVA_TOOL_OPTIONS: -Xmx1g"), Some(Foreign::Console));
        assert_eq!(of("Full thread dump OpenJDK 64-Bit\n"), Some(Foreign::ThreadDump));
        assert_eq!(of("Name,Value\na,b"), None);
    }
}
