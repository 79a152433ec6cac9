//! Pseudonyms: a copy of a bundle that may be shared, and still says the same.
//!
//! Secrets are gone; names of hosts and domains, addresses, ids and IP addresses become others of the same form. Equal names stay
//! equal, sub-domains stay below their domains, addresses stay within their networks, so that the checks come to the same
//! verdicts. What belongs to Microsoft or to the product stays readable.
//!
//! A bundle is read twice: [`Redactor::learn`] gathers the names, [`Redactor::block`] replaces them.

mod guid;
mod ip;
mod leak;
mod names;
mod stream;

pub use leak::{Leak, LeakCheck};
pub use names::is_well_known;
pub use stream::{Pass, copy};

use crate::model::secret::Finder;
use names::Names;
use regex::Regex;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a pseudonym stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// One label of a host or domain name.
    Name,
    /// The part of an address before the `@`.
    User,
    /// A GUID.
    Guid,
    /// An IP address.
    Ip,
}

impl Kind {
    /// The kind as the map names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::User => "user",
            Self::Guid => "guid",
            Self::Ip => "ip",
        }
    }
}

/// Replaces what identifies the customer. The same key gives the same pseudonyms for ids and IP addresses; names are numbered in
/// the order in which they were learned.
pub struct Redactor {
    key: [u8; 32],
    names: Names,
    /// Ids and IP addresses that were replaced.
    replaced: BTreeMap<(Kind, String), String>,
    finder: Finder,
    secrets: u64,
}

/// Most ids and addresses that the map keeps; beyond that they are still replaced, but not listed.
const MOST_LISTED: usize = 500_000;

static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        # Escapes are no part of the name behind them (`https%3A%2F%2Fece.example.com`, `\nECESVC01`).
        %[0-9A-Fa-f]{2} | \\u[0-9A-Fa-f]{4} | \\[nrt]
        | (?P<guid>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b)
        | (?P<mail>[A-Za-z0-9_+][A-Za-z0-9._+-]*(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)
        | (?P<ip>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b)
        | (?P<ip6>[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}\b)
        | (?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*)",
    )
    .expect("a constant pattern")
});

impl Redactor {
    /// A redactor with a key of its own. Whoever has the key and guesses a GUID can prove the guess: keep it as private as the map.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            names: Names::default(),
            replaced: BTreeMap::new(),
            finder: Finder::default(),
            secrets: 0,
        }
    }

    /// Takes note of the names in `text`: domains, hosts, users. To be called over the whole bundle before anything is replaced, so
    /// that a bare host name is known wherever it stands.
    pub fn learn(&mut self, text: &str) {
        for found in PATTERN.captures_iter(text) {
            if let Some(mail) = found.name("mail") {
                if let Some((user, domain)) = split_mail(mail.as_str()) {
                    self.names.learn_user(user);
                    self.names.learn_domain(domain);
                }
            } else if let Some(name) = found.name("name").filter(|n| n.as_str().contains('.')) {
                self.names.learn_domain(name.as_str());
            }
        }
        self.names.learn_hosts(text);
    }

    /// Takes note of a host's name that the caller knows of.
    pub fn learn_host(&mut self, host: &str) {
        self.names.learn_host(host);
    }

    /// Forgets what the lines so far said of the next ones: a new member begins.
    pub fn begin_member(&mut self) {
        self.finder = Finder::default();
    }

    /// A block of whole lines with secrets masked and names replaced.
    pub fn block(&mut self, text: &str) -> String {
        let secrets = self.finder.block(text);
        self.secrets += secrets.len() as u64;
        let mut safe = String::with_capacity(text.len());
        let mut at = 0;
        for secret in secrets {
            safe.push_str(&self.replace(text.get(at..secret.range.start).unwrap_or("")));
            safe.push_str(&secret.label());
            at = secret.range.end;
        }
        safe.push_str(&self.replace(text.get(at..).unwrap_or("")));
        safe
    }

    /// Takes note of the names in a member's path.
    pub fn learn_path(&mut self, path: &str) {
        self.names.learn_hosts(path);
    }

    /// A member's path: names in it are replaced as in texts. An ending (`licenses_sales@example.com.json`)
    /// is no part of a domain.
    pub fn path(&mut self, path: &str) -> String {
        let mut safe = String::with_capacity(path.len());
        for part in path.split_inclusive(['/', '\\']) {
            let ending = part.rfind('.').filter(|at| part.len() - at <= 6).unwrap_or(part.len());
            let (name, ending) = part.split_at(ending);
            safe.push_str(&self.replace(name));
            safe.push_str(ending);
        }
        safe
    }

    /// How many secrets were masked.
    pub fn secrets(&self) -> u64 {
        self.secrets
    }

    /// Original and pseudonym of everything that was replaced, sorted: the private map.
    pub fn map(&self) -> Vec<(Kind, String, String)> {
        let replaced = self
            .replaced
            .iter()
            .map(|((kind, original), pseudonym)| (*kind, original.clone(), pseudonym.clone()));
        let mut map: Vec<_> = self.names.map().into_iter().chain(replaced).collect();
        map.sort();
        map
    }

    fn replace<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let mut out = String::new();
        let mut at = 0;
        for found in PATTERN.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            let replaced = if let Some(guid) = found.name("guid") {
                self.guid(guid.as_str())
            } else if let Some(mail) = found.name("mail") {
                self.names.mail(mail.as_str())
            } else if let Some(ip) = found.name("ip").or(found.name("ip6")) {
                // A version of four numbers looks the same; the word before it tells.
                if follows_version(text, whole.start()) {
                    None
                } else {
                    self.ip(ip.as_str())
                }
            } else if found.name("name").is_some() {
                self.names.name(whole.as_str())
            } else {
                None
            };
            if let Some(replaced) = replaced {
                out.push_str(text.get(at..whole.start()).unwrap_or(""));
                out.push_str(&replaced);
                at = whole.end();
            }
        }
        if at == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(text.get(at..).unwrap_or(""));
        Cow::Owned(out)
    }

    fn guid(&mut self, guid: &str) -> Option<String> {
        let pseudonym = guid::pseudonym(guid, |part| self.digest(part))?;
        self.list(Kind::Guid, &guid.to_lowercase(), &pseudonym.to_lowercase());
        Some(pseudonym)
    }

    fn ip(&mut self, ip: &str) -> Option<String> {
        let pseudonym = ip::pseudonym(ip, |part| self.digest(part))?;
        self.list(Kind::Ip, ip, &pseudonym);
        Some(pseudonym)
    }

    fn list(&mut self, kind: Kind, original: &str, pseudonym: &str) {
        if self.replaced.len() < MOST_LISTED && original != pseudonym {
            self.replaced.entry((kind, original.to_owned())).or_insert_with(|| pseudonym.to_owned());
        }
    }

    fn digest(&self, part: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(part);
        digest.finalize().into()
    }
}

/// True if the word before `at` says that a version follows.
fn follows_version(text: &str, at: usize) -> bool {
    const NEAR: usize = 24;
    let from = (at.saturating_sub(NEAR)..=at).find(|&from| text.is_char_boundary(from)).unwrap_or(at);
    let before = text
        .get(from..at)
        .unwrap_or("")
        .trim_end_matches([' ', ':', '=', '"', '\''])
        .to_ascii_lowercase();
    ["version", "build", "release", "windows nt"].iter().any(|word| before.ends_with(word))
}

/// User and domain of an address; the at sign may be escaped as in URLs.
fn split_mail(mail: &str) -> Option<(&str, &str)> {
    mail.split_once('@').or_else(|| mail.split_once("%40"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut redactor = Redactor::new([7; 32]);
        redactor.learn(text);
        redactor.block(text)
    }

    #[test]
    fn equality_and_structure_stay() {
        let text = "URL https://ece.contoso.com/x ECE.CONTOSO.COM chat.contoso.com contoso.com other.fabrikam.org sales@contoso.com SALES@contoso.com sales@contoso.onmicrosoft.com";
        let words: Vec<String> = redacted(text).split_whitespace().map(str::to_owned).collect();
        let [_, url, upper, chat, domain, other, mail, mail_upper, tenant] = words.try_into().unwrap();
        let host = url.trim_start_matches("https://").trim_end_matches("/x").to_owned();
        assert_eq!(upper, host.to_uppercase());
        assert!(
            chat.ends_with(&format!(".{domain}")) && host.ends_with(&format!(".{domain}")) && chat != host,
            "{host} {chat} {domain}"
        );
        assert!(domain.ends_with(".com") && other.ends_with(".org") && !other.contains(domain.split('.').next().unwrap()));
        assert!(mail.ends_with(&format!("@{domain}")));
        assert_eq!(mail.to_lowercase(), mail_upper.to_lowercase());
        assert!(tenant.ends_with(".onmicrosoft.com") && tenant.split('@').next() == mail.split('@').next());
        let all = redacted(text).to_lowercase();
        assert!(redacted("ece.contoso.com https%3A%2F%2Fece.contoso.com%2Fx").ends_with("com%2Fx"));
        assert!(!redacted("x https%3A%2F%2Fece.contoso.com%2F7922ef35-4a6c-422a-b185-5b3eb50a7edf users('sales@contoso.com')").contains("7922ef35"));
        assert!(!all.contains("contoso") && !all.contains("fabrikam") && !all.contains("sales"), "{all}");
    }

    #[test]
    fn what_is_not_the_customers_stays() {
        for text in [
            "https://login.microsoftonline.com/common/oauth2/v2.0/token outlook.office365.com:993 smtp.office365.com",
            "00000003-0000-0000-c000-000000000000 00000002-0000-0ff1-ce00-000000000000",
            "javax.mail.AuthenticationFailedException: AUTHENTICATE failed. at com.egain.mail.module.retriever.Net.connect(Net.java:540)",
            "Cisco ECE 12.6(1) ES5, build 21.22.0.4, version 10.0.17763.5830",
            "rx-process.log keytool.exe web.config standalone.xml ASP.NET java.net.SocketException",
            "127.0.0.1 0.0.0.0 255.255.255.0 TLSv1.2 535 5.7.139",
            "2025-01-05 17:04:23.001 GMT+0100 <@> INFO <@> 12:34:56",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn bare_host_names_follow_their_domains() {
        let text = "Machine: ECESVC01 (Microsoft Windows NT 10.0)\neg_log_ECESVC01_rx-process.log\necesvc01.contoso.com 10.1.2.3\nECESVC01 <@> x\nCONTOSO\\admin\n";
        let out = redacted(text);
        assert!(
            !out.to_lowercase().contains("ecesvc01") && !out.to_lowercase().contains("contoso"),
            "{out}"
        );
        let name = out.split_whitespace().nth(1).unwrap().to_owned();
        assert!(
            out.contains(&format!("eg_log_{name}_rx-process.log")) && out.contains(&format!("{}.", name.to_lowercase())),
            "{out}"
        );
        assert!(out.contains("10.") && !out.contains("10.1.2.3"));
    }

    #[test]
    fn secrets_are_gone_and_ids_become_others() {
        let out = redacted(
            "client_secret=Abc8Q~abcdefghijklmnopqrstuvwxyz012345 appId 7922ef35-4a6c-422a-b185-5b3eb50a7edf 7922EF35-4A6C-422A-B185-5B3EB50A7EDF",
        );
        assert!(out.starts_with("client_secret=[masked client secret] appId "), "{out}");
        let ids: Vec<&str> = out.split_whitespace().rev().take(2).collect();
        assert_eq!(ids[0].to_lowercase(), ids[1]);
        assert_ne!(ids[1], "7922ef35-4a6c-422a-b185-5b3eb50a7edf");
    }

    #[test]
    fn the_map_tells_the_way_back() {
        let mut redactor = Redactor::new([7; 32]);
        let text = "ece.contoso.com sales@contoso.com 10.1.2.3";
        redactor.learn(text);
        redactor.block(text);
        let map = redactor.map();
        for (kind, original) in [
            (Kind::Name, "contoso"),
            (Kind::Name, "ece"),
            (Kind::User, "sales"),
            (Kind::Ip, "10.1.2.3"),
        ] {
            assert!(
                map.iter().any(|(k, o, p)| *k == kind && o == original && p != original),
                "{original}: {map:?}"
            );
        }
    }
}
