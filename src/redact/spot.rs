//! Where names stand in a text whose escapes are undone.

use super::domains::{has_form, is_domain, is_package, is_well_known};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Something that may identify the customer, by byte ranges of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A GUID, with dashes or without.
    Guid(Range<usize>),
    /// An address: the user, and its domain.
    Mail(Range<usize>, Range<usize>),
    /// An IP address.
    Ip(Range<usize>),
    /// The name of a domain or of a host in one.
    Domain(Range<usize>),
}

static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        # Escapes that are no part of the name behind them (`\nece.contoso.com`).
        \\[nrt]
        | (?P<guid>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b | \b[0-9A-Fa-f]{32}\b)
        | (?P<user>[A-Za-z0-9_+][A-Za-z0-9._+-]*)@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)
        | (?P<ip>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b)
        | (?P<ip6>[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}\b)
        | (?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+)",
    )
    .expect("a constant pattern")
});

/// Calls `each` for every name in `text`, in order. `is_known` says of a dotted word with an ending that files have too whether it
/// lies in a domain that was seen.
pub(super) fn spots(text: &str, is_known: &dyn Fn(&str) -> bool, each: &mut dyn FnMut(Spot)) {
    for found in PATTERN.captures_iter(text) {
        let range = |name: &str| found.name(name).map(|m| m.range());
        let spot = if let Some(guid) = range("guid") {
            Spot::Guid(guid)
        } else if let (Some(user), Some(domain)) = (range("user"), range("domain")) {
            // `Foo@1a2b.close` is an object of Java.
            let domain = domain.start..domain.start + without_file_ending(&text[domain]).len();
            if !has_form(&text[domain.clone()].to_ascii_lowercase()) || is_package(&text[user.clone()].to_ascii_lowercase()) {
                continue;
            }
            Spot::Mail(user, domain)
        } else if let Some(ip) = range("ip").or(range("ip6")) {
            if !crate::model::is_ip(&text[ip.clone()]) || is_version(text, &ip) || is_fingerprint(text, &ip) {
                continue;
            }
            Spot::Ip(ip)
        } else if let Some(name) = range("name") {
            let lower = text[name.clone()].to_ascii_lowercase();
            let is_url = text[..name.start].ends_with("://") && has_form(&lower);
            if is_well_known(&lower) || !(is_url || is_domain(&lower) || is_known(&lower)) {
                continue;
            }
            Spot::Domain(name)
        } else {
            continue;
        };
        each(spot);
    }
}

/// People name files by addresses: `licenses_sales@contoso.com.json`.
fn without_file_ending(domain: &str) -> &str {
    let stem = domain.rsplit_once('.').filter(|(stem, ending)| {
        let ending = ending.to_ascii_lowercase();
        stem.contains('.')
            && matches!(
                ending.as_str(),
                "json" | "csv" | "txt" | "log" | "xml" | "xlsx" | "html" | "md" | "zip" | "gz" | "eml"
            )
    });
    stem.map_or(domain, |(stem, _)| stem)
}

/// True for bytes in hex (`F7:F9:B0:3B:…`), of which eight look like an address.
fn is_fingerprint(text: &str, ip: &Range<usize>) -> bool {
    let touches = text[ip.end..].starts_with(':') || text[..ip.start].ends_with(':');
    let is_bytes = text[ip.clone()].split(':').count() == 8 && text[ip.clone()].split(':').all(|group| group.len() == 2);
    text[ip.clone()].contains(':') && (touches || is_bytes)
}

/// True for a version of four numbers, which looks like an address: the word before it tells, or its small numbers.
fn is_version(text: &str, ip: &Range<usize>) -> bool {
    const NEAR: usize = 24;
    let from = (ip.start.saturating_sub(NEAR)..=ip.start)
        .find(|&from| text.is_char_boundary(from))
        .unwrap_or(ip.start);
    let before = text[from..ip.start].trim_end_matches([' ', ':', '=', '"', '\'']).to_ascii_lowercase();
    if ["version", "build", "release", "windows nt"].iter().any(|word| before.ends_with(word)) {
        return true;
    }
    let numbers: Vec<u32> = text[ip.clone()].split('.').filter_map(|n| n.parse().ok()).collect();
    matches!(numbers.as_slice(), [1..=9 | 11..=31, 0..=63, 0..=15, 0..=31])
}
