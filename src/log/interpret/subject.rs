//! Whom a record is about: the alias's address or the e-mail account's name, in the words before any exception or answer.
//!
//! eGain's wording is not public and differs from release to release, so nothing here knows a sentence. What is known is how
//! people and programs point at a mailbox: an address behind `for`, `from`, `alias`; a name behind `account`, in quotes or in
//! parentheses.

use crate::model::secret::mask;
use memchr::memmem::Finder;
use regex::Regex;
use std::sync::LazyLock;

/// Longest part of a record that is searched for its subject.
const HEAD: usize = 2048;

/// Whom a record is about, as far as its words say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// Alias or mailbox address, lower case.
    pub address: Option<String>,
    /// Name of an e-mail account, as written.
    pub account: Option<String>,
}

impl Subject {
    /// What attempts are grouped by: the address, else the account's name, lower case; empty if the record names neither.
    pub fn key(&self, account_first: bool) -> String {
        let account = self.account.as_ref().map(|a| a.to_lowercase());
        let address = self.address.clone();
        let (first, second) = if account_first { (account, address) } else { (address, account) };
        first.or(second).unwrap_or_default()
    }
}

/// Which way the mail of a record goes: it decides whether `from` or `to` points at the alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Mail comes in: the alias is whom it is for.
    In,
    /// Mail goes out: the alias is whom it is from.
    Out,
}

/// The e-mail addresses in `text`, by their ranges. Found from their `@`: this runs for every mail that was fetched or sent.
fn addresses(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    static SCHEME: LazyLock<Finder> = LazyLock::new(|| Finder::new("://"));
    let bytes = text.as_bytes();
    let holds_url = SCHEME.find(bytes).is_some();
    memchr::memchr_iter(b'@', bytes).filter_map(move |at| {
        let local = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'');
        let domain = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'.' | b'-');
        let before = bytes.get(..at)?.iter().rev().take_while(local).count();
        let after = bytes.get(at + 1..)?.iter().take_while(domain).count();
        let start = at - before;
        // Signs at either end belong to the sentence.
        let user = bytes.get(start..at)?.iter().position(u8::is_ascii_alphanumeric)?;
        let host = bytes.get(at + 1..at + 1 + after)?;
        let host = host.get(..=host.iter().rposition(u8::is_ascii_alphanumeric)?)?;
        // `https://name:password@host` holds no address.
        let in_url = holds_url && text.get(..start)?.rsplit(char::is_whitespace).next()?.contains("://");
        (!in_url && host.contains(&b'.') && host.first() != Some(&b'.')).then(|| start + user..at + 1 + host.len())
    })
}

/// The record's own words: what stands before the first line break, the first JSON object and the first exception.
pub(super) fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    let end = memchr::memchr3(b'\n', b'\r', b'{', head.as_bytes()).unwrap_or(head.len());
    &head[..end]
}

/// The subject of a record whose mail goes in `direction`.
pub(super) fn subject(text: &str, direction: Direction) -> Subject {
    let head = head(text);
    Subject {
        address: address(head, direction),
        // A name is looked for again in masked words: a secret is nobody's name.
        account: account(head).and_then(|_| account(&mask(head))),
    }
}

/// The address of the alias alone: for the many records that need no more.
pub(super) fn address_of(text: &str, direction: Direction) -> Option<String> {
    address(head(text), direction)
}

/// The address that the words point at; none if only the other side of the mail is named.
fn address(head: &str, direction: Direction) -> Option<String> {
    let mut best: Option<(i32, &str)> = None;
    for found in addresses(head).take(16) {
        let score = score(head.get(..found.start).unwrap_or_default(), direction);
        if score >= 0 && best.is_none_or(|(s, _)| score > s) {
            best = head.get(found).map(|address| (score, address));
        }
    }
    best.map(|(_, address)| address.to_ascii_lowercase())
}

fn score(before: &str, direction: Direction) -> i32 {
    // `<…@…>` behind a server's acceptance is a message id.
    if before.ends_with('<') && (before.contains(" OK ") || before.to_ascii_lowercase().contains("message-id")) {
        return -3;
    }
    let trimmed = before.trim_end_matches([' ', '<', '"', '\'', '(', '[', ':', '=', '#']);
    let length = trimmed.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    let word = trimmed.as_bytes().get(trimmed.len() - length..).unwrap_or_default();
    // Without allocating: this runs for every mail that was fetched or sent.
    let mut folded = [0; 12];
    let Some(folded) = folded.get_mut(..word.len()) else { return 1 };
    folded.copy_from_slice(word);
    folded.make_ascii_lowercase();
    match (std::str::from_utf8(folded).unwrap_or_default(), direction) {
        ("alias" | "mailbox" | "account" | "user" | "aliasname", _) => 3,
        ("recipient" | "recipients" | "rcpt" | "cc" | "bcc" | "addressee", _) => -2,
        ("from" | "via" | "sender" | "for" | "as" | "of" | "by", Direction::Out) => 2,
        ("to", Direction::Out) => -2,
        ("for" | "to" | "of" | "in" | "into", Direction::In) => 2,
        ("sender" | "by", Direction::In) => -2,
        _ => 1,
    }
}

static QUOTED_ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\baccount(?:[ _]?name)?\s*[:=]?\s*(?:"([^"\r\n]{1,80})"|'([^'\r\n]{1,80})'|\[([^\]\r\n]{1,80})\]|\(([^)\r\n]{1,80})\)|<([^>\r\n]{1,80})>|«([^»\r\n]{1,80})»)"#)
        .expect("a constant pattern")
});
static BARE_ACCOUNT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\baccount(?:[ _]?name)?\b\s*[:=]?\s*").expect("a constant pattern"));
static FOR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\b(?:for|of)\s+(?:the\s+)?").expect("a constant pattern"));
static PARENTHESES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"[(\["']([^()\[\]"'\r\n]{2,80})[)\]"']"#).expect("a constant pattern"));

/// The e-mail account's name that the words give, if any.
fn account(head: &str) -> Option<String> {
    // A URL is no part of the sentence, wherever it stands.
    let words: Vec<&str> = head.split(' ').filter(|word| !word.contains("://")).collect();
    let head = &words.join(" ");
    let speaks_of_accounts = super::exception::contains_ignore_case(head, "account");
    if speaks_of_accounts && let Some(found) = QUOTED_ACCOUNT.captures(head) {
        let name = found.iter().skip(1).flatten().next()?.as_str().trim();
        return (!name.is_empty()).then(|| name.to_owned());
    }
    let behind = |pattern: &Regex| pattern.find_iter(head).take(4).find_map(|m| name_at(&head[m.end()..]));
    let capital = |name: &String| name.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let bare = if speaks_of_accounts { behind(&BARE_ACCOUNT) } else { None };
    bare.or_else(|| behind(&FOR).filter(capital)).or_else(|| {
        let names = PARENTHESES.captures_iter(head).take(4);
        let mut names = names.filter_map(|c| c.get(1)).map(|m| m.as_str().trim());
        names.find(|name| is_name(name)).map(str::to_owned)
    })
}

/// The name that `tail` begins with: words up to one that goes on with the sentence. Verbs are many; names are capitalised, hold
/// digits, or go on with one of a few nouns (`ECE shared account`).
fn name_at(tail: &str) -> Option<String> {
    let mut name: Vec<&str> = Vec::new();
    for word in tail.split(' ').take(6) {
        let bare = word.trim_end_matches([':', ';', ',', '.']);
        let opens = |c: char| matches!(c, '-' | '(' | '[' | '{' | '=' | '|' | '"' | '\'');
        if bare.is_empty() || bare.starts_with(opens) || goes_on(bare) || !(name.is_empty() || belongs_to_a_name(bare)) {
            break;
        }
        name.push(bare);
        if bare.len() < word.len() {
            break;
        }
    }
    let name = name.join(" ");
    is_name(&name).then_some(name)
}

/// True for a word that a name may go on with.
fn belongs_to_a_name(word: &str) -> bool {
    const NOUNS: &[&str] = &[
        "account",
        "mailbox",
        "shared",
        "mail",
        "email",
        "e-mail",
        "team",
        "support",
        "service",
        "services",
        "desk",
        "help",
        "helpdesk",
        "group",
        "office",
        "user",
        "box",
        "inbox",
        "customer",
        "customers",
        "care",
        "sales",
        "info",
        "orders",
        "billing",
        "claims",
        "returns",
        "of",
        "de",
        "di",
        "für",
        "&",
    ];
    word.chars().any(|c| c.is_uppercase() || c.is_ascii_digit()) || NOUNS.contains(&word)
}

/// True for a word that no account is named by, and that sentences go on with.
fn goes_on(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "was",
        "is",
        "are",
        "has",
        "had",
        "have",
        "could",
        "can",
        "cannot",
        "can't",
        "couldn't",
        "did",
        "didn't",
        "does",
        "will",
        "would",
        "not",
        "failed",
        "fails",
        "failing",
        "succeeded",
        "succeeds",
        "accepted",
        "updated",
        "stored",
        "returned",
        "ok",
        "okay",
        "at",
        "by",
        "using",
        "with",
        "from",
        "because",
        "refused",
        "rejected",
        "declined",
        "denied",
        "expired",
        "completed",
        "complete",
        "done",
        "finished",
        "renewed",
        "refreshed",
        "obtained",
        "received",
        "got",
        "granted",
        "issued",
        "needs",
        "in",
        "on",
        "after",
        "before",
        "via",
        "to",
        "and",
        "or",
        "into",
        "ended",
        "stopped",
        "now",
        "successfully",
        "successful",
        "unsuccessful",
        "answered",
        "raised",
        "threw",
        "gave",
        "->",
        "=>",
        "–",
        "—",
        "still",
        "again",
        "until",
        "while",
        "when",
        "that",
        "this",
        "which",
        "token",
        "tokens",
        "access",
        "refresh",
        "authorization",
        "oauth",
        "oauth2",
        "post",
        "http",
        "due",
    ];
    WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
}

/// A name has a letter, is no address and no remark such as `attempt 1` or `340 ms`.
fn is_name(text: &str) -> bool {
    let first = text.split([' ', '=', ':']).next().unwrap_or_default().to_ascii_lowercase();
    text.len() <= 80
        && text.chars().any(char::is_alphabetic)
        && !text.contains('@')
        && !text.contains("://")
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !matches!(
            first.as_str(),
            "attempt" | "try" | "retry" | "tries" | "s" | "es" | "status" | "code" | "ms" | "account" | "user" | "alias" | "mailbox" | "http" | "http/1" | "id" | "see" | "the" | "a" | "an"
        )
        // A single lower-case word is part of the sentence (`for renewal`), not a name.
        && (text.contains(' ') || text.chars().any(|c| c.is_uppercase() || c.is_ascii_digit() || c == '-' || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_nobody_s_name() {
        for text in [
            "renewal failed: \"client secret: Vb7pQ0xYz1Lm2Nk3Rt4Ws5Ud6Fe7Gh8Ij9Ka0Lb1Mc2=\" AADSTS7000215",
            "Token of account [password=Sommer2024!x9] was refused",
            "proxy https://admin:Hunter2xyz9@proxy.example.com:8080 for the account",
        ] {
            let found = subject(text, Direction::In);
            let named = format!("{:?} {:?}", found.address, found.account).to_lowercase();
            assert!(!["vb7p", "sommer", "hunter"].iter().any(|secret| named.contains(secret)), "{named}");
        }
    }

    #[test]
    fn finds_the_account_however_it_is_named() {
        for (text, name) in [
            (
                "Token renewal of e-mail account Sales O365 was refused; POST https://login.example.com/x",
                Some("Sales O365"),
            ),
            (
                "Scheduled token update (Claims O365) returned a token at https://login.example.com",
                Some("Claims O365"),
            ),
            (
                "https://login.example.com/token answered 200 for Sales O365: {\"a\":1}",
                Some("Sales O365"),
            ),
            ("the endpoint answered 200 for ECE shared account: {\"a\":1}", Some("ECE shared account")),
            (
                "OAuth refresh for account ECE shared account accepted at https://login.example.com",
                Some("ECE shared account"),
            ),
            ("OAuth refresh - account Sales O365 updated the store at https://x", Some("Sales O365")),
            ("Token renewal account \"Sales Office\" was refused at https://x", Some("Sales Office")),
            ("Obtaining a token - account Repairs O365 ok at https://x", Some("Repairs O365")),
            ("refreshing [account=Sales-1, attempt=2]", Some("Sales-1")),
            ("Fetch from sales@example.com not available in this cycle (attempt 1)", None),
            ("Message(s) of partition 1 counted", None),
        ] {
            assert_eq!(subject(text, Direction::In).account.as_deref(), name, "{text}");
        }
    }

    #[test]
    fn finds_the_alias_and_not_the_customer() {
        let out = |text: &str| subject(text, Direction::Out).address;
        assert_eq!(
            out("Message 7 from sales@example.com to bob@customer.example was not sent").as_deref(),
            Some("sales@example.com")
        );
        assert_eq!(out("Activity 7 sent to bob@customer.example"), None);
        assert_eq!(
            out("Activity 9 dispatched to smtp.office365.com:587 for Sales@Example.com : 250 2.0.0 OK <ab12@AM0.PROD.OUTLOOK.COM>").as_deref(),
            Some("sales@example.com")
        );
        assert_eq!(out("from 'o'neil@example.com'.").as_deref(), Some("o'neil@example.com"));
        assert_eq!(out("from <sales@example.com>, next"), Some("sales@example.com".into()));
        assert_eq!(out("user@host @example.com sales@.com"), None);
        let inward = |text: &str| subject(text, Direction::In).address;
        assert_eq!(
            inward("Mail from bob@customer.example stored for sales@example.com").as_deref(),
            Some("sales@example.com")
        );
        assert_eq!(
            inward("RETRIEVER: Mailbox sales@example.com ended early").as_deref(),
            Some("sales@example.com")
        );
        assert_eq!(inward("nothing here\nsales@example.com"), None);
    }
}
