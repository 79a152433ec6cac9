//! What the command above a piece of output says of it: the cmdlet, and the mailbox or user that it was asked for.

use crate::model::{Fact, Field, Origin};
use crate::syntax::{Section, Source};
use regex::Regex;
use std::sync::LazyLock;

/// Parameters of `Get-` cmdlets that take no value, so that the word behind them is an argument of its own.
const SWITCHES: &[&str] = &[
    "softdeletedmailbox",
    "includesoftdeletedmailbox",
    "softdeletedrecipients",
    "includesoftdeletedrecipients",
    "includeinactivemailbox",
    "inactivemailboxonly",
    "groupmailbox",
    "publicfolder",
    "archive",
    "all",
    "returndeletedusers",
    "verbose",
    "owner",
];

/// Parameters that name the mailbox or user.
const IDENTITIES: &[&str] = &[
    "identity",
    "userprincipalname",
    "userid",
    "objectid",
    "primarysmtpaddress",
    "externaldirectoryobjectid",
];

/// The cmdlet that printed a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cmdlet {
    /// The last `Get-` cmdlet of the pipeline, lower case: it decides what the output is.
    pub name: String,
    /// The literal that the pipeline was asked for, as written; `None` for variables, wildcards and lists of everything.
    pub identity: Option<String>,
    /// The one property that was taken out of the objects, as in `(Get-TransportConfig).SmtpClientAuthenticationDisabled`.
    pub property: Option<String>,
}

static USERS_PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\busers(?:/|\(')([^/?'\s)#&]+)").expect("a constant pattern"));

/// The user that a Graph URL names: `…/users/<id>/licenseDetails`, `$metadata#users('<id>')/licenseDetails`.
pub(super) fn user_of_url(url: &str) -> Option<String> {
    let user = USERS_PATH.captures(url)?.get(1)?.as_str().replace("%40", "@");
    (user.contains('@') || looks_like_guid(&user)).then(|| user.to_lowercase())
}

/// True for the 36 characters of a GUID.
pub(super) fn looks_like_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| {
            if matches!(i, 8 | 13 | 18 | 23) {
                b == b'-'
            } else {
                b.is_ascii_hexdigit()
            }
        })
}

/// Reads the command line. `None` if it holds no `Get-` cmdlet, or several statements, so that nobody can say which one printed
/// the section.
pub(super) fn read(text: &str) -> Option<Cmdlet> {
    let words = words(text);
    let mut cmdlet = Cmdlet::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.bare() {
            Some(";") if !cmdlet.name.is_empty() && words[at..].iter().any(|w| w.bare().is_some_and(is_get)) => return None,
            Some(name) if is_get(name) => {
                cmdlet.name = name.to_lowercase();
                let identity = identity(&words[at..]);
                cmdlet.identity = cmdlet.identity.take().or(identity);
            }
            Some(name) if name.starts_with('.') && words[..at].iter().any(|w| w.bare() == Some(")")) => {
                cmdlet.property = name.rsplit('.').next().map(str::to_lowercase);
            }
            Some("-expandproperty" | "-ExpandProperty" | "-Expand" | "-expand") => {
                cmdlet.property = words.get(at).map(|w| w.text.to_lowercase());
            }
            Some("%" | "foreach-object" | "ForEach-Object") => cmdlet.property = words.get(at).and_then(Word::bare).map(str::to_lowercase),
            _ => {}
        }
    }
    (!cmdlet.name.is_empty()).then_some(cmdlet)
}

fn is_get(word: &str) -> bool {
    word.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case("get-")) && word[4..].chars().all(char::is_alphanumeric)
}

/// The literal that one cmdlet was asked for, from the words behind its name.
fn identity(words: &[Word]) -> Option<String> {
    let literal = |word: &Word| {
        let usable = !word.text.starts_with(['$', '@', '(', '{', '*']) && !word.text.contains('*') && !word.text.is_empty();
        (usable && (word.quoted || word.text.chars().any(char::is_alphanumeric))).then(|| word.text.trim_end_matches(',').to_owned())
    };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.bare() {
            Some("|" | ";" | ")") => return None,
            Some(parameter) if parameter.starts_with('-') => {
                let (name, inline) = parameter[1..].split_once(':').map_or((&parameter[1..], None), |(n, v)| (n, Some(v)));
                let name = name.to_lowercase();
                if SWITCHES.contains(&name.as_str()) {
                    continue;
                }
                let value = match inline.filter(|v| !v.is_empty()) {
                    Some(value) => Some(Word {
                        text: value.to_owned(),
                        quoted: false,
                    }),
                    None => words
                        .get(at)
                        .filter(|w| w.bare().is_none_or(|b| !b.starts_with(['-', '|', ';'])))
                        .cloned(),
                };
                at += usize::from(value.is_some() && inline.is_none_or(str::is_empty));
                // Abbreviated parameters are legal (`-Id`), as long as they are unique.
                if IDENTITIES.iter().any(|full| name.len() >= 2 && full.starts_with(&name)) {
                    return value.as_ref().and_then(literal);
                }
            }
            _ => return literal(word),
        }
    }
    None
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    quoted: bool,
}

impl Word {
    fn bare(&self) -> Option<&str> {
        (!self.quoted).then_some(self.text.as_str())
    }
}

/// Splits a command line into words: quotes group, `|`, `;`, `(` and `)` stand alone.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            _ if c.is_whitespace() => {
                chars.next();
            }
            '\'' | '"' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => {
                chars.next();
                let mut text = String::new();
                for next in chars.by_ref() {
                    if matches!(next, '\'' | '"' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}') {
                        break;
                    }
                    text.push(next);
                }
                words.push(Word { text, quoted: true });
            }
            '|' | ';' | '(' | ')' => {
                chars.next();
                words.push(Word {
                    text: c.to_string(),
                    quoted: false,
                });
            }
            _ => {
                let mut text = String::new();
                while let Some(&next) = chars.peek() {
                    if next.is_whitespace() || matches!(next, '|' | ';' | '(' | ')' | '\'' | '"') {
                        break;
                    }
                    text.push(next);
                    chars.next();
                }
                words.push(Word { text, quoted: false });
            }
        }
    }
    words
}

/// The mailbox or user that the section's command was asked for, as a fact of the command's line.
pub(super) fn asked_for(source: &Source<'_>, section: &Section) -> Field<String> {
    let Some(command) = &section.command else { return Field::Absent };
    let asked = read(&command.text).and_then(|c| c.identity).or_else(|| user_of_url(&command.text));
    match asked {
        Some(identity) => Field::Value(Fact::new(identity.to_lowercase(), Origin::line(source.path, command.line, &command.text))),
        None => Field::Absent,
    }
}

/// The file name, lower case, if it holds an address: a hint for exports that name nobody.
pub(super) fn name_hint(source: &Source<'_>) -> Option<String> {
    let name = source.path.rsplit(['/', '\\', '!']).next().unwrap_or(source.path);
    name.contains('@').then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<(String, Option<String>)> {
        read(text).map(|c| (c.name, c.identity))
    }

    #[test]
    fn finds_cmdlet_and_identity() {
        let is = |name: &str, identity: Option<&str>| Some((name.to_owned(), identity.map(str::to_owned)));
        assert_eq!(
            asked("Get-CASMailbox sales@contoso.com | fl *smtp*"),
            is("get-casmailbox", Some("sales@contoso.com"))
        );
        assert_eq!(
            asked("get-casmailbox -Identity 'Sales EMEA' | FL"),
            is("get-casmailbox", Some("Sales EMEA"))
        );
        assert_eq!(
            asked("$m = Get-Mailbox -id:sales@contoso.com"),
            is("get-mailbox", Some("sales@contoso.com"))
        );
        assert_eq!(asked("Get-CASMailbox -ResultSize Unlimited | ft"), is("get-casmailbox", None));
        assert_eq!(
            asked("Get-Mailbox -SoftDeletedMailbox sales@contoso.com"),
            is("get-mailbox", Some("sales@contoso.com"))
        );
        assert_eq!(
            asked("Get-Mailbox a@contoso.com | Get-MailboxPermission"),
            is("get-mailboxpermission", Some("a@contoso.com"))
        );
        assert_eq!(
            asked("Get-MailboxPermission $box | ft User,AccessRights"),
            is("get-mailboxpermission", None)
        );
        assert_eq!(asked("Get-Mailbox sales* | fl"), is("get-mailbox", None));
        assert_eq!(asked("Get-CASMailbox a@x.org; Get-TransportConfig"), None);
        assert_eq!(asked("dir C:\\"), None);
        let taken = read("(Get-TransportConfig).SmtpClientAuthenticationDisabled").unwrap();
        assert_eq!(
            (taken.name.as_str(), taken.property.as_deref()),
            ("get-transportconfig", Some("smtpclientauthenticationdisabled"))
        );
        let taken = read("Get-CASMailbox a@x.org | select -ExpandProperty SmtpClientAuthenticationDisabled").unwrap();
        assert_eq!(taken.property.as_deref(), Some("smtpclientauthenticationdisabled"));
    }

    #[test]
    fn finds_the_user_of_a_graph_url() {
        assert_eq!(
            user_of_url("https://graph.microsoft.com/v1.0/$metadata#users('svc@contoso.com')/licenseDetails").as_deref(),
            Some("svc@contoso.com")
        );
        assert_eq!(
            user_of_url("GET https://graph.microsoft.com/v1.0/users/Svc%40contoso.com/licenseDetails?$top=1").as_deref(),
            Some("svc@contoso.com")
        );
        assert_eq!(user_of_url("https://graph.microsoft.com/v1.0/$metadata#users"), None);
    }
}
