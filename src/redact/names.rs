//! Pseudonyms of host names, domains and users: label by label, so that structure stays.

use super::{Kind, split_mail};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Most names that are learned: more than any deployment has; a hostile bundle ends here.
const MOST: usize = 200_000;

/// Last labels of names that are domains. Endings that are file types too (`md`, `py`, `sh` …) are left out.
const TOP: &str = " com net org edu gov mil int info biz name pro cloud io co eu uk us ca au nz de fr it es pt nl be lu ch at dk se no fi pl cz sk hu ro bg gr ie is ee lv lt si hr rs tr ru ua cn jp kr tw hk sg my th vn in id ph za ng ke eg ma il ae sa qa mx br ar cl pe ve uy local lan corp internal intranet home example test invalid ";

/// Domains that are nobody's in particular, or everybody's: they stay, with all that is below them.
const WELL_KNOWN: &[&str] = &[
    "microsoft.com",
    "microsoftonline.com",
    "microsoftonline.us",
    "microsoftonline.cn",
    "office.com",
    "office.net",
    "office365.com",
    "office365.us",
    "outlook.com",
    "outlook.cn",
    "outlook.office.com",
    "cloud.microsoft",
    "windows.net",
    "windows.com",
    "windowsazure.com",
    "azure.com",
    "azure.net",
    "azure.us",
    "azure.cn",
    "live.com",
    "msidentity.com",
    "msftidentity.com",
    "akadns.net",
    "exchangelabs.com",
    "microsoftonline-p.com",
    "aka.ms",
    "digicert.com",
    "digicert.cn",
    "cisco.com",
    "egain.com",
    "oracle.com",
    "java.com",
    "java.net",
    "sun.com",
    "apache.org",
    "w3.org",
    "xmlsoap.org",
    "openxmlformats.org",
    "jboss.org",
    "wildfly.org",
    "ietf.org",
    "google.com",
    "googleapis.com",
    "github.com",
    "asp.net",
    "ado.net",
    "vb.net",
    "system.net",
    "bouncycastle.org",
    "eclipse.org",
    "schemas.microsoft.com",
    "verisign.com",
    "baltimore.com",
    "zscaler.net",
];

/// Labels that many sites have, and that say nothing of one; they stay so that a reader sees what a host is for.
const COMMON: &str = " www mail smtp imap pop pop3 autodiscover localhost login outlook vpn dns ns ns1 ns2 com net org co gov edu ac onmicrosoft mail2 proxy example contoso-example ";

/// Second-level labels that belong to the ending (`co.uk`).
const SECOND: &str = " co com net org gov edu ac or ne go ";

/// True for a name that belongs to Microsoft, the product's makers, or a standard.
pub fn is_well_known(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    WELL_KNOWN
        .iter()
        .any(|domain| name == *domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|w| w == word)
}

/// What names were learned.
#[derive(Default)]
pub(super) struct Names {
    labels: BTreeMap<String, String>,
    users: BTreeMap<String, String>,
    /// Labels that are replaced where they stand alone, too.
    bare: BTreeMap<String, ()>,
}

/// Where a console or a log names the host that it is on.
static HOSTS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        r"(?m)^(?:Machine|Computer|Máquina|Macchina|Computadora|Ordinateur|Machine\s)\s*:\s*(?P<h>[A-Za-z][\w-]{2,62})\s",
        r"eg_log_(?P<h>[A-Za-z][A-Za-z0-9-]{2,62})_",
        r"(?im)^\s*(?:Host ?name|Nome host|Nom de l.h.te|Nombre de host|CsName|CsDNSHostName|PSComputerName)[\s.]*:\s*(?P<h>[A-Za-z][\w-]{2,62})\s*$",
        r"(?im)\b(?:application|services?|web|database|file|app|db)[ -]server\b\W{0,4}(?:is |has |: ?)?(?P<h>[A-Za-z][A-Za-z-]*[\w-]*\d[\w-]*)\b",
    ]
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
});

impl Names {
    pub(super) fn learn_user(&mut self, user: &str) {
        let user = user.to_lowercase();
        if self.users.len() < MOST && !self.users.contains_key(&user) {
            let made = format!("user{}", self.users.len() + 1);
            self.users.insert(user, made);
        }
    }

    /// Takes note of a domain name, if it is one of the customer's.
    pub(super) fn learn_domain(&mut self, name: &str) {
        let name = name.trim_end_matches('.').to_lowercase();
        if !is_domain(&name) || is_well_known(&name) {
            return;
        }
        let labels: Vec<&str> = name.split('.').collect();
        let ending = ending_of(&labels);
        for (at, label) in labels.iter().enumerate().take(labels.len() - ending) {
            self.learn_label(label, at + 1 + ending == labels.len());
        }
        // The organisation's label and the host's own name also stand alone: NetBIOS names, `Machine:` lines, file names.
        let organisation = labels.len() - ending - 1;
        for label in [labels.get(organisation), labels.first().filter(|_| labels.len() > ending + 1)]
            .into_iter()
            .flatten()
        {
            self.learn_bare(label);
        }
    }

    pub(super) fn learn_host(&mut self, host: &str) {
        let label = host.split('.').next().unwrap_or("").to_lowercase();
        if label.len() >= 3 && label.chars().any(|c| c.is_ascii_alphabetic()) {
            self.learn_label(&label, false);
            self.learn_bare(&label);
        }
        if host.contains('.') {
            self.learn_domain(host);
        }
    }

    pub(super) fn learn_hosts(&mut self, text: &str) {
        for pattern in HOSTS.iter() {
            for found in pattern.captures_iter(text) {
                self.learn_host(&found["h"]);
            }
        }
    }

    fn learn_label(&mut self, label: &str, is_organisation: bool) {
        if self.labels.len() >= MOST || self.labels.contains_key(label) || listed(COMMON, label) {
            return;
        }
        let number = self.labels.len() + 1;
        let made = if is_organisation {
            format!("domain{number}")
        } else {
            format!("host{number}")
        };
        self.labels.insert(label.to_owned(), made);
    }

    /// A label that is replaced where it stands alone must be no everyday word.
    fn learn_bare(&mut self, label: &str) {
        const WORDS: &str = " ece chat email mail service services support sales test prod dev app web admin portal secure contact help login server proxy cloud online office online group the and cce ucce pcce care agent agents engage interaction webcare ";
        if label.len() >= 4 && !listed(WORDS, label) && !listed(COMMON, label) && self.labels.contains_key(label) {
            self.bare.insert(label.to_owned(), ());
        }
    }

    /// The pseudonym of a word: a domain name, or a bare name that was learned; `None` if it stays.
    pub(super) fn name(&self, word: &str) -> Option<String> {
        let lower = word.to_lowercase();
        if word.contains('.') && is_domain(&lower) && !is_well_known(&lower) {
            return self.domain(word);
        }
        if self.bare.contains_key(&lower) {
            return self.labels.get(&lower).map(|made| in_case_of(word, made));
        }
        // Names within a word: `eg_log_ECESVC01_rx-process.log`, `keytool_ECESVC01.txt`.
        let mut out = String::new();
        let mut changed = false;
        for piece in word.split_inclusive(['_', '.']) {
            let bare = piece.trim_end_matches(['_', '.']);
            let known = self.bare.get(&bare.to_lowercase()).and_then(|()| self.labels.get(&bare.to_lowercase()));
            match known {
                Some(made) => {
                    changed = true;
                    out.push_str(&in_case_of(bare, made));
                    out.push_str(piece.get(bare.len()..).unwrap_or(""));
                }
                None => out.push_str(piece),
            }
        }
        changed.then_some(out)
    }

    fn domain(&self, word: &str) -> Option<String> {
        let labels: Vec<&str> = word.split('.').collect();
        let lower: Vec<String> = labels.iter().map(|l| l.to_lowercase()).collect();
        let ending = ending_of(&lower.iter().map(String::as_str).collect::<Vec<_>>());
        let keep_from = labels.len() - ending;
        let made: Vec<String> = labels
            .iter()
            .zip(&lower)
            .enumerate()
            .map(|(at, (label, low))| match self.labels.get(low).filter(|_| at < keep_from) {
                Some(made) => in_case_of(label, made),
                None => (*label).to_owned(),
            })
            .collect();
        let made = made.join(".");
        (made != word).then_some(made)
    }

    /// The pseudonym of an address.
    pub(super) fn mail(&self, mail: &str) -> Option<String> {
        let (user, domain) = split_mail(mail)?;
        let at = mail.get(user.len()..mail.len() - domain.len())?;
        let user_made = self.user(user);
        let domain_made = if is_well_known(domain) {
            domain.to_owned()
        } else {
            self.domain(domain).unwrap_or_else(|| domain.to_owned())
        };
        Some(format!("{user_made}{at}{domain_made}"))
    }

    /// The pseudonym of a user; of `licenses_sales`, as file names have it, of the user that is known.
    fn user(&self, user: &str) -> String {
        let starts = std::iter::once(0).chain(user.match_indices('_').map(|(at, _)| at + 1));
        let known = starts.into_iter().find_map(|at| {
            let own = user.get(at..)?;
            let made = self.users.get(&own.to_lowercase())?;
            Some(format!("{}{}", user.get(..at)?, in_case_of(own, made)))
        });
        known.unwrap_or_else(|| "user".to_owned())
    }

    pub(super) fn map(&self) -> Vec<(Kind, String, String)> {
        let names = self.labels.iter().map(|(o, p)| (Kind::Name, o.clone(), p.clone()));
        names.chain(self.users.iter().map(|(o, p)| (Kind::User, o.clone(), p.clone()))).collect()
    }
}

/// How many labels at the end belong to the ending: `com`, `co.uk`, `onmicrosoft.com`.
fn ending_of(labels: &[&str]) -> usize {
    let second = labels.len().checked_sub(2).and_then(|at| labels.get(at));
    let last = labels.last().copied().unwrap_or("");
    match second {
        Some(&"onmicrosoft") => 2,
        Some(second) if labels.len() > 2 && last.len() == 2 && listed(SECOND, second) => 2,
        _ => 1,
    }
}

/// A dotted word that is a domain name: by its ending, and unlike class names and file names.
fn is_domain(lower: &str) -> bool {
    let mut labels = lower.rsplit('.');
    let ending = labels.next().unwrap_or("");
    let rest: Vec<&str> = labels.collect();
    let is_package = matches!(
        rest.last().copied(),
        Some("com" | "org" | "net" | "java" | "javax" | "jakarta" | "sun" | "io")
    );
    listed(TOP, ending)
        && !rest.is_empty()
        && !is_package
        && rest.iter().all(|l| !l.is_empty() && !l.contains('_'))
        && rest.iter().any(|l| l.chars().any(char::is_alphabetic))
}

/// The pseudonym in the letter case of the original: capitals, capitalised, or small.
fn in_case_of(original: &str, made: &str) -> String {
    let letters = || original.chars().filter(|c| c.is_alphabetic());
    if letters().count() > 0 && letters().all(char::is_uppercase) {
        return made.to_uppercase();
    }
    if letters().next().is_some_and(char::is_uppercase) {
        let mut chars = made.chars();
        return chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default();
    }
    made.to_owned()
}
