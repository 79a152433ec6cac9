//! The first reading of a bundle: which names there are.

use super::coded::coded;
use super::domains::listed;
use super::names::Learned;
use super::spot::{Spot, spots};
use super::{Kind, Map, Redactor, plain};
use regex::Regex;
use std::sync::LazyLock;

/// Gathers the names of a bundle. All of it has to be read before anything is replaced, so that a bare host name is known wherever
/// it stands.
pub struct Learner {
    map: Map,
    names: Learned,
}

/// Where a console, a log or a setting names a host without its domain.
static HOSTS: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    [
        r"(?m)^(?:Machine|Computer|Máquina|Macchina|Computadora|Ordinateur)\s*:\s*(?P<h>[A-Za-z][\w-]{2,62})\s",
        r"eg_log_(?P<h>[A-Za-z][A-Za-z0-9-]{2,62})_",
        r"(?im)^\s*(?:Host ?name|Nome host|Nom de l.h.te|Nombre de host|CsName|CsDNSHostName|PSComputerName)[\s.]*:\s*(?P<h>[A-Za-z][\w-]{2,62})\s*$",
        r"(?im)\b(?:application|services?|web|database|file|app|db)[ -]server\b\W{0,4}(?:is |has |: ?)?(?P<h>[A-Za-z][A-Za-z-]*[\w-]*\d[\w-]*)\b",
        r#"(?i)\b[a-z][a-z0-9+:]{2,20}://(?P<h>[a-z][a-z0-9-]{2,62})(?:[:/?"'\s]|$)"#,
        r#"(?im)(?:^|[\s"'=,;(])\\\\(?P<h>[a-z][a-z0-9-]{2,62})\\"#,
    ]
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
});

/// An account of a Windows domain, `CONTOSO\\svc_ece`; in JSON the backslash is doubled.
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)(?:^|[\s"'=:,;>(/])(?P<d>[A-Z][A-Z0-9-]{2,14})\\{1,2}(?P<u>[A-Za-z][A-Za-z0-9._-]{1,63})(?:[\s"',;<)]|$)"#)
        .expect("a constant pattern")
});

/// What stands before a backslash and is no domain.
const NO_DOMAIN: &str = " AUTHORITY BUILTIN HKLM HKCU HKCR WINDOWS SYSTEM SOFTWARE IIS APPPOOL CERT ";

/// A person, as the sign-in log names them.
static PERSON: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)\buserDisplayName"?\s*[:=]\s*"?(?P<p>[^"\\,;\r\n]{3,60})"#).expect("a constant pattern"));

/// True if what follows `before` and looks like an address is a password: `https://admin:secret@host`.
fn is_password(before: &str) -> bool {
    let account = before.strip_suffix(':').and_then(|before| before.rsplit_once("://"));
    account.is_some_and(|(_, user)| !user.contains(|c: char| c.is_whitespace() || "/@".contains(c)))
}

impl Learner {
    /// A learner that goes on from `map`: what has a pseudonym there keeps it.
    pub fn new(map: Map) -> Self {
        let mut names = Learned::default();
        for entry in &map.entries {
            if !matches!(entry.kind, Kind::Guid | Kind::Ip) {
                names.give(entry.kind, &entry.original, &entry.pseudonym);
            }
        }
        Self { map, names }
    }

    /// Takes note of the names in `text`, escaped or encoded as they may be.
    pub fn text(&mut self, text: &str) {
        let view = plain::plain(text);
        let shown = view.as_ref().map_or(text, |view| view.text.as_str());
        let mut found = Vec::new();
        spots(shown, &|lower| self.names.is_in_domain(lower), &mut |spot| found.push(spot));
        for spot in found {
            match spot {
                Spot::Mail(user, domain) => {
                    if !is_password(&shown[..user.start]) {
                        self.names.user(&shown[user]);
                    }
                    self.names.domain(&shown[domain]);
                }
                Spot::Domain(name) => self.names.domain(&shown[name]),
                Spot::Guid(_) | Spot::Ip(_) => {}
            }
        }
        self.hosts(shown);
        for blob in coded(text) {
            self.text(&blob.text);
        }
    }

    fn hosts(&mut self, text: &str) {
        for pattern in HOSTS.iter() {
            for found in pattern.captures_iter(text) {
                self.names.host(&found["h"]);
            }
        }
        for found in ACCOUNT.captures_iter(text) {
            if !listed(NO_DOMAIN, &found["d"]) {
                self.names.netbios(&found["d"]);
                self.names.user(&found["u"]);
            }
        }
        for found in PERSON.captures_iter(text) {
            self.names.user(found["p"].trim());
        }
    }

    /// Takes note of the names in a member's path.
    pub fn path(&mut self, path: &str) {
        self.hosts(path);
    }

    /// Takes note of a host that the caller knows of.
    pub fn host(&mut self, host: &str) {
        if !crate::model::is_ip(host) {
            self.names.host(host);
        }
    }

    /// The pseudonyms of what was learned.
    pub fn finish(self) -> Redactor {
        Redactor::new(self.map, self.names.settle())
    }
}
