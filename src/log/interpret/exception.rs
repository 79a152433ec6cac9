//! Java exceptions inside a record: the chain of causes, the product's own frame, and what they prove about a connection.

use crate::model::Reach;
use memchr::memmem::Finder;
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Lines of a trace that are looked at; a longer one has said what it has to say.
pub(super) const LINES: usize = 2_000;

/// The exceptions of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Fully qualified class and message of each, outermost first, as printed.
    pub links: Vec<(String, String)>,
    /// First frame of the product's own code, `com.egain.mail.X.connect`, else the first frame.
    pub frame: Option<String>,
}

/// The exception that `line` names first: its class, fully qualified, and what follows its colon.
///
/// A hand-written `((?:[a-z_][A-Za-z0-9_]*\.)+[A-Z][A-Za-z0-9_$]*(?:Exception|Error|Failure|Throwable))\b(?:\s*:\s*([^\r\n]{0,500}))?`
/// behind a word's beginning: it reads every error of a log, and the pattern took a quarter of all interpretation.
fn thrown(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    if !holds_kind(bytes) {
        return None;
    }
    let named = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.');
    let mut from = 0;
    loop {
        from += bytes.get(from..)?.iter().position(named)?;
        let length = bytes.get(from..)?.iter().take_while(|b| named(b)).count();
        let run = line.get(from..from + length)?;
        let inside_word = line.get(..from)?.chars().next_back().is_some_and(char::is_alphanumeric);
        let before_word = line.get(from + length..)?.chars().next().is_some_and(char::is_alphanumeric);
        // A name begins where a word does.
        let mut starts = std::iter::once(0)
            .filter(|_| !inside_word)
            .chain(memchr::memchr2_iter(b'.', b'$', run.as_bytes()).map(|at| at + 1));
        if let Some((at, class)) = starts.find_map(|at| Some((at, class_at(run, at, before_word)?))) {
            let rest = line.get(from + at + class.len()..)?;
            return Some((class, rest.trim_start().strip_prefix(':').map_or("", message)));
        }
        from += length;
    }
}

/// What stands behind the colon.
fn message(rest: &str) -> &str {
    const LONGEST: usize = 500;
    let rest = rest.trim_start();
    let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let text = rest.get(..end).unwrap_or_default();
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default().trim_end()
}

/// The class of an exception that `run` (letters, digits, `_`, `$` and dots) names from `at` on. `before_word`: the run's end is
/// no word's end.
fn class_at(run: &str, at: usize, before_word: bool) -> Option<&str> {
    let name = run.get(at..)?;
    let mut simple = 0;
    // Packages begin with a small letter.
    while name.as_bytes().get(simple).is_some_and(|b| b.is_ascii_lowercase() || *b == b'_') {
        let package = name.get(simple..)?;
        let length = package.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if package.as_bytes().get(length) != Some(&b'.') {
            return None;
        }
        simple += length + 1;
    }
    if simple == 0 || !name.as_bytes().get(simple)?.is_ascii_uppercase() {
        return None;
    }
    let class = name.get(simple..)?.split('.').next()?;
    // The longest part of the class that ends in a kind of exception and with a word.
    let mut end = class.len();
    while end > 0 {
        let part = class.get(..end)?;
        let word_ends = match class.as_bytes().get(end) {
            Some(next) => *next == b'$',
            None => at + simple + end < run.len() || !before_word,
        };
        if word_ends && SUFFIXES.iter().any(|kind| part.ends_with(kind) && part.len() > kind.len()) {
            return name.get(..simple + end);
        }
        end = memchr::memrchr(b'$', part.as_bytes())?;
    }
    None
}

/// Endings of the names of exceptions. A line that names a `Throwable` alone says nothing.
const SUFFIXES: [&str; 4] = ["Exception", "Error", "Failure", "Throwable"];
static KINDS: LazyLock<[Finder; 3]> = LazyLock::new(|| ["Exception", "Error", "Failure"].map(Finder::new));

/// True if `text` holds a word that names of exceptions end in.
pub(super) fn holds_kind(text: &[u8]) -> bool {
    KINDS.iter().any(|kind| kind.find(text).is_some())
}

/// `text` without the stack's frames: they are nearly all of a trace, and name nothing but the program's own places.
pub(super) fn without_frames(text: &str) -> Cow<'_, str> {
    if memchr::memmem::find(text.as_bytes(), b"\n\tat ").is_none() {
        return text.into();
    }
    let mut words = String::new();
    for line in lines(text).filter(|line| !line.starts_with("\tat ")) {
        words.push_str(line);
        words.push('\n');
    }
    words.into()
}

/// The lines of `text`, without their line feeds.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    ends.scan(0, |from, end| {
        let line = text.get(*from..end);
        *from = end + 1;
        line
    })
}

impl Chain {
    /// Reads the chain in `text`: exceptions that a line names outside stack frames.
    pub fn read(text: &str) -> Self {
        let mut chain = Self::default();
        let mut first_frame = None;
        let mut product_frame = None;
        for line in lines(text).take(LINES) {
            let trimmed = line.trim_start();
            if let Some(frame) = trimmed.strip_prefix("at ") {
                if product_frame.is_none() {
                    let name = frame_name(frame);
                    product_frame = Some(name).filter(|name| is_product(name));
                    first_frame = first_frame.or(Some(name));
                }
                continue;
            }
            if trimmed.starts_with("... ") {
                continue;
            }
            // The message of a wrapper repeats its cause: `A: B: text` is one line and two exceptions, the inner one counts.
            if let Some((class, message)) = thrown(line) {
                chain.links.push((class.to_owned(), message.to_owned()));
            }
        }
        chain.frame = product_frame.or(first_frame).map(str::to_owned);
        chain
    }

    /// The innermost exception: the last that is named.
    pub fn innermost(&self) -> Option<&(String, String)> {
        self.links.last()
    }

    /// True if any exception's simple class name satisfies `test`.
    pub fn any(&self, test: impl Fn(&str) -> bool) -> bool {
        self.links.iter().any(|(class, _)| test(simple(class)))
    }

    /// True if an exception of the chain comes from the mail library, the network or TLS: what fetching and sending fail with.
    pub fn concerns_connection(&self) -> bool {
        self.links.iter().any(|(class, _)| {
            let simple = simple(class);
            class.contains("mail.")
                || class.starts_with("java.net.")
                || class.starts_with("java.nio.channels.")
                || class.starts_with("javax.net.ssl.")
                || class.starts_with("sun.security.")
                || class.starts_with("java.security.cert.")
                || simple.contains("Messaging")
                || simple.contains("Authentication")
                || simple.contains("Connect")
                || simple.contains("Timeout")
                || simple.contains("SSL")
                || class == "java.io.IOException"
                || class == "java.io.FileNotFoundException"
        })
    }
}

/// The simple name of a class: what stays the same when a library moves to another package.
pub(super) fn simple(class: &str) -> &str {
    class.rsplit(['.', '$']).next().unwrap_or(class)
}

/// `java.base/java.lang.Thread.run(Thread.java:834)` → `java.lang.Thread.run`.
pub(super) fn frame_name(frame: &str) -> &str {
    let name = frame.split('(').next().unwrap_or(frame).trim();
    name.rsplit('/').next().unwrap_or(name)
}

/// True for a place in the product's own code.
pub(super) fn is_product(frame: &str) -> bool {
    frame.starts_with("com.egain.") || frame.starts_with("com.cisco.")
}

/// True if `line` names an exception.
pub(super) fn names_exception(line: &str) -> bool {
    thrown(line).is_some()
}

/// True if a record that holds `line` may tell of fetching, sending or a connection, by [`Chain::concerns_connection`] or
/// [`connection`]. Asked for lines that no signature knows.
pub(super) fn may_tell_of_connection(line: &str) -> bool {
    let links = thrown(line).map(|(class, message)| (class.to_owned(), message.to_owned()));
    let chain = Chain {
        links: links.into_iter().collect(),
        frame: None,
    };
    let unresolved = chain.any(|c| c == "UnresolvedAddressException");
    let spoken = ["connect to ", "bad greeting"].iter().any(|words| contains_ignore_case(line, words));
    chain.concerns_connection() || unresolved || spoken
}

/// A connection whose fate a record proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub host: String,
    pub port: u16,
    pub reach: Reach,
}

static TRIED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)Could(?:n't| not) connect to (?:SMTP |IMAP |POP3? )?host(?:, port: (?P<h1>[A-Za-z0-9._-]+), (?P<p1>[0-9]{1,5})|: (?P<h2>[A-Za-z0-9._-]+), port: (?P<p2>[0-9]{1,5})(?P<answered>, response: [0-9])?)|Connect to (?P<h3>[A-Za-z0-9._-]+):(?P<p3>[0-9]{1,5}) (?:\[[^\]]*\] )?failed",
    )
    .expect("a constant pattern")
});
static GREETED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)bad greeting from [A-Za-z0-9]+ host: (?P<h>[A-Za-z0-9._-]+), port: (?P<p>[0-9]{1,5})").expect("a constant pattern")
});
static UNRESOLVED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"UnknownHostException:? ([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)").expect("a constant pattern"));

/// What `text` proves about connections. `endpoint` is a host and port that the record names in a URL.
pub(super) fn connection(text: &str, chain: &Chain, endpoint: Option<(&str, u16)>) -> Option<Connection> {
    if let Some(greeted) = GREETED.captures(text) {
        return made(&greeted["h"], greeted["p"].parse().ok()?, Reach::Open);
    }
    let unresolved = chain.any(|c| matches!(c, "UnknownHostException" | "UnresolvedAddressException"));
    let refused = chain.any(|c| {
        matches!(
            c,
            "ConnectException" | "NoRouteToHostException" | "ConnectTimeoutException" | "HttpHostConnectException" | "HttpConnectTimeoutException"
        )
    }) || contains_ignore_case(text, "connection refused")
        || contains_ignore_case(text, "connect timed out")
        || contains_ignore_case(text, "network is unreachable");
    if let Some(tried) = TRIED.captures(text) {
        let (host, port) = [("h1", "p1"), ("h2", "p2"), ("h3", "p3")]
            .iter()
            .find_map(|(h, p)| Some((tried.name(h)?.as_str(), tried.name(p)?.as_str())))?;
        let port = port.parse().ok()?;
        let timed_out = chain.any(|c| c == "SocketTimeoutException");
        return match (tried.name("answered").is_some(), unresolved, refused || timed_out) {
            (true, _, _) => made(host, port, Reach::Open),
            (_, true, _) => made(host, port, Reach::NotResolved),
            (_, _, true) => made(host, port, Reach::Closed),
            _ => None,
        };
    }
    if unresolved {
        let host = UNRESOLVED.captures(text).map(|c| c[1].to_owned());
        let host = host.as_deref().or(endpoint.map(|(h, _)| h))?;
        let port = endpoint.filter(|(h, _)| *h == host).map(|(_, p)| p).or_else(|| usual_port(host))?;
        return made(host, port, Reach::NotResolved);
    }
    match endpoint {
        Some((host, port)) if refused => made(host, port, Reach::Closed),
        _ => None,
    }
}

fn made(host: &str, port: u16, reach: Reach) -> Option<Connection> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    Some(Connection { host, port, reach })
}

/// The port that ECE uses on a Microsoft host, where an exception names the host alone (tech note "Ports").
fn usual_port(host: &str) -> Option<u16> {
    let host = host.to_ascii_lowercase();
    if host.starts_with("login.") || host.starts_with("graph.") || host.starts_with("login-us.") {
        Some(443)
    } else if host.starts_with("smtp.") {
        Some(587)
    } else if host.starts_with("outlook.") || host.starts_with("imap.") {
        Some(993)
    } else if host.starts_with("pop.") {
        Some(995)
    } else {
        None
    }
}

pub(super) fn contains_ignore_case(text: &str, needle: &str) -> bool {
    // Letters from the rarest in log text on: only where the rarest of the needle stands, the needle can.
    const RARE: &[u8] = b"zqjxkvwbyfghupdlmcnrsoiate";
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let rarity = |letter: &u8| RARE.iter().position(|l| *l == letter.to_ascii_lowercase()).unwrap_or(RARE.len());
    let Some((at, letter)) = needle.iter().enumerate().min_by_key(|(_, letter)| rarity(letter)) else {
        return true;
    };
    memchr::memchr2_iter(letter.to_ascii_lowercase(), letter.to_ascii_uppercase(), text).any(|found| {
        let start = found.checked_sub(at);
        start
            .and_then(|start| text.get(start..start + needle.len()))
            .is_some_and(|here| here.eq_ignore_ascii_case(needle))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_exceptions_as_the_pattern_does(line in prop::collection::vec(prop::sample::select(vec![
            "java.net.", "a.", "b_", ".", "$", "X", "Con", "Exception", "Error", "Failure", "Throwable", ":", ": ", " ", "é", "1", "text", "\r",
            "com.egain.mail.", "nested exception is:", "Caused by: ", "_x.Y", "\t",
        ]), 0..14)) {
            let line = line.concat();
            let plain = Regex::new(
                r"\b((?:[a-z_][A-Za-z0-9_]*\.)+[A-Z][A-Za-z0-9_$]*(?:Exception|Error|Failure|Throwable))\b(?:\s*:\s*([^\r\n]{0,500}))?",
            )
            .unwrap();
            let spoken = ["Exception", "Error", "Failure"].iter().any(|kind| line.contains(kind));
            let expected = plain.captures(&line).filter(|_| spoken);
            let expected = expected.map(|c| (c.get(1).map_or("", |m| m.as_str()), c.get(2).map_or("", |m| m.as_str().trim_end())));
            prop_assert_eq!(thrown(&line), expected);
        }
    }

    #[test]
    fn frames_are_left_out() {
        assert_eq!(without_frames("one\ntwo"), "one\ntwo");
        assert_eq!(
            without_frames("one\n\tat a.B.c(B.java:1)\r\nCaused by: x\n\tat y\n\t... 3 more"),
            "one\nCaused by: x\n\t... 3 more\n"
        );
    }

    const REFUSED: &str = "Fetch of sales@example.com ended\ncom.sun.mail.util.MailConnectException: Couldn't connect to host, port: outlook.office365.com, 993; timeout 3000;\n  nested exception is:\n\tjava.net.ConnectException: Connection refused: connect\n\tat com.sun.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:734)\n\tat com.egain.mail.module.retriever.Net.connect(Net.java:540)\n\tat java.base/java.lang.Thread.run(Thread.java:748)\nCaused by: java.net.ConnectException: Connection refused: connect\n\t... 8 more\n";

    #[test]
    fn reads_a_chain() {
        let chain = Chain::read(REFUSED);
        assert_eq!(chain.links.len(), 3);
        assert_eq!(chain.innermost().unwrap().0, "java.net.ConnectException");
        assert_eq!(chain.frame.as_deref(), Some("com.egain.mail.module.retriever.Net.connect"));
        assert!(chain.concerns_connection());
        assert_eq!(
            Chain::read("no exception here\n\tat x"),
            Chain {
                links: vec![],
                frame: Some("x".into())
            }
        );
    }

    #[test]
    fn knows_what_an_exception_proves() {
        let of = |text: &str, endpoint| connection(text, &Chain::read(text), endpoint).map(|c| (c.host, c.port, c.reach));
        assert_eq!(of(REFUSED, None), Some(("outlook.office365.com".into(), 993, Reach::Closed)));
        assert_eq!(
            of(
                "x\njava.net.UnknownHostException: login.microsoftonline.com\n\tat a.b.C.d(C.java:1)",
                None
            ),
            Some(("login.microsoftonline.com".into(), 443, Reach::NotResolved))
        );
        assert_eq!(
            of(
                "javax.mail.MessagingException: Could not connect to SMTP host: smtp.office365.com, port: 587, response: 421",
                None
            ),
            Some(("smtp.office365.com".into(), 587, Reach::Open))
        );
        assert_eq!(
            of(
                "javax.mail.MessagingException: Could not connect to SMTP host: smtp.office365.com, port: 587;\n  nested exception is:\n\tjava.net.SocketTimeoutException: connect timed out",
                None
            ),
            Some(("smtp.office365.com".into(), 587, Reach::Closed))
        );
        // A reset in the middle of TLS proves nothing about the port.
        assert_eq!(
            of("javax.net.ssl.SSLException: Connection reset", Some(("login.microsoftonline.com", 443))),
            None
        );
        assert_eq!(
            of(
                "POST failed\njava.net.ConnectException: Connection timed out: connect",
                Some(("login.microsoftonline.com", 443))
            ),
            Some(("login.microsoftonline.com".into(), 443, Reach::Closed))
        );
    }
}
