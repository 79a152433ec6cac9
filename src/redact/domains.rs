//! Which dotted words are names of domains, and which of them belong to nobody in particular.

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
    "purl.org",
    "verisign.com",
    "baltimore.com",
    "zscaler.net",
];

/// Labels that many sites have, and that say nothing of one; they stay so that a reader sees what a host is for.
const COMMON: &str =
    " www mail smtp imap pop pop3 autodiscover localhost login outlook vpn dns ns ns1 ns2 com net org co gov edu ac onmicrosoft mail2 proxy ";

/// Second-level labels that belong to the ending (`co.uk`).
const SECOND: &str = " co com net org gov edu ac or ne go ";

/// True for a name that belongs to Microsoft, the product's makers, or a standard.
pub fn is_well_known(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    WELL_KNOWN
        .iter()
        .any(|domain| name == *domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

/// True if the blank-separated `list` has `word`.
pub(super) fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|w| w == word)
}

/// True for a label that stays: it says what a host is for, and nothing of whose it is.
pub(super) fn is_common(label: &str) -> bool {
    listed(COMMON, label)
}

/// How many labels at the end belong to the ending: `com`, `co.uk`, `onmicrosoft.com`.
pub(super) fn ending_of(labels: &[&str]) -> usize {
    let second = labels.len().checked_sub(2).and_then(|at| labels.get(at));
    let last = labels.last().copied().unwrap_or("");
    match second {
        Some(&"onmicrosoft") => 2,
        Some(second) if labels.len() > 2 && last.len() == 2 && listed(SECOND, second) => 2,
        _ => 1,
    }
}

/// True if a lower-case dotted word has the form of a domain: labels of letters, digits and dashes, the last of letters.
pub(super) fn has_form(lower: &str) -> bool {
    let mut labels = lower.rsplit('.');
    let ending = labels.next().unwrap_or("");
    let rest: Vec<&str> = labels.collect();
    (2..=24).contains(&ending.len())
        && ending.bytes().all(|b| b.is_ascii_lowercase())
        && !rest.is_empty()
        && rest.iter().all(|l| !l.is_empty() && l.len() <= 63 && !l.contains('_'))
}

/// True for the name of a Java class, with its package.
pub(super) fn is_package(lower: &str) -> bool {
    let first = lower.split_once('.').map_or("", |(first, _)| first);
    matches!(first, "com" | "org" | "net" | "java" | "javax" | "jakarta" | "sun" | "io")
}

/// A lower-case dotted word that is a domain name by its ending, and unlike class names and file names.
pub(super) fn is_domain(lower: &str) -> bool {
    let ending = lower.rsplit('.').next().unwrap_or("");
    has_form(lower) && listed(TOP, ending) && !is_package(lower) && lower.split('.').rev().skip(1).any(|l| l.chars().any(char::is_alphabetic))
}
