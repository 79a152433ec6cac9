//! `network.tls-version`: ECE's Java speaks TLS 1.2.

use super::proofs::{healed, is_later};
use super::tie::{Servers, unnamed};
use crate::case::{Case, ServerView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Part;
use crate::model::{Fact, JvmOption, Origin, Outcome, Stamp, ageing};
use crate::{counted, text};

/// The check.
pub const CHECK: Check = Check {
    id: "network.tls-version",
    title: "ECE's Java offers TLS 1.2 to Microsoft's hosts",
    severity: Severity::High,
    why: "Microsoft's sign-in and mail hosts refuse TLS 1.0 and 1.1. A Java that is old, or told to use them by an option, gets no connection.",
    evidence: "TLS errors in logs, https.protocols and similar Java options, Legacy TLS in sign-in processing details",
    remedy: &[
        "Take TLSv1 and TLSv1.1 out of https.protocols, jdk.tls.client.protocols and mail.*.ssl.protocols among the Java options; TLSv1.2 must stand there, or nothing.",
        "If no option names a version, Java itself is too old: install the latest ES of the release, which brings its Java.",
        "Restart the ECE services, and re-activate the aliases that have become inactive.",
        "Verify: the next poll and token renewal in the log show no TLS error.",
    ],
    references: &[
        "Microsoft MC1293480",
        "https://aka.ms/popimap_tls",
        "Cisco tech note 218453, Minimum version",
    ],
    run,
};

/// Signatures of a TLS version that one side refuses.
const REFUSED: [&str; 5] = [
    "java.ssl.alert_protocol_version",
    "java.ssl.no_appropriate_protocol",
    "smtp.421_4_7_66_tls",
    "entra.aadsts1002016",
    "pop.err_tls_version",
];

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let servers = Servers::of(case);
    let mut findings: Vec<Finding> = servers
        .list
        .iter()
        .enumerate()
        .map(|(at, server)| judge(case, check, &servers, at, server))
        .collect();
    if let Some(finding) = legacy_sign_in(case, check) {
        findings.push(finding);
    }
    if findings.is_empty() {
        return Err(unnamed(want));
    }
    Ok(findings)
}

fn want(host: &dyn Part) -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the Java version and options of {host}", host = host.part()),
        text!(
            "on {host}: hostname; \"<ECE>\\jdk\\bin\\java\" -version; wmic process where \"name='java.exe'\" get CommandLine (mask passwords); and the rx-process, dx-process and application server logs",
            host = host.part()
        ),
    )
}

fn judge(case: &Case, check: &Check, servers: &Servers, at: usize, server: &ServerView) -> Finding {
    let subject = Subject::new(SubjectKind::Server, server.host.clone());
    let host = &server.host;
    let worked = last_success(case, server);
    for hit in case.logs.hits.iter().filter(|h| REFUSED.contains(&h.id.as_str())) {
        if !hit.concerns(|host| server.is_called(host)) {
            continue;
        }
        let places = || hit.samples.iter().take(3);
        if let Some((time, origin)) = healed(case, server, hit) {
            return check
                .warn(
                    subject,
                    text!(
                        "a TLS version was refused on {host}; connections work again at {time}: healed",
                        host,
                        time
                    ),
                )
                .at_all(places())
                .at(&origin);
        }
        return check
            .fail(
                subject,
                text!(
                    "TLS from {host} to Microsoft fails over its version: TLS 1.2 is not offered, or an older one is refused",
                    host
                ),
            )
            .at_all(places())
            .explains(format!("signature:{}", hit.id));
    }
    let options = case.facts.network.jvm_options.iter().filter_map(|o| {
        let (server, confidence) = servers.tie(o.from.as_deref(), None, &o.origin)?;
        (server == at && is_protocol_option(&o.name)).then_some((o, confidence))
    });
    let options: Vec<(&Fact<JvmOption>, Confidence)> = options.collect();
    if let Some((option, confidence)) = options.iter().find(|(o, _)| !offers_modern(&o.value.value)) {
        return check
            .fail(
                subject,
                text!(
                    "Java on {host} is told `{name}={value}`: TLS 1.2 is not offered, and Microsoft refuses older versions",
                    host,
                    name = option.name,
                    value = option.value.value
                ),
            )
            .confidence(*confidence)
            .at(&option.origin);
    }
    if let Some((_, origin)) = worked {
        return check
            .pass(subject, text!("ECE's TLS connections from {host} to Microsoft work", host))
            .at(&origin);
    }
    match options.first() {
        Some((option, confidence)) => check
            .pass(
                subject,
                text!(
                    "Java on {host} offers TLS 1.2 (`{name}={value}`)",
                    host,
                    name = option.name,
                    value = option.value.value
                ),
            )
            .confidence(*confidence)
            .at(&option.origin),
        None => check
            .unknown(subject, text!("nothing shows which TLS versions Java on {host} offers", host))
            .want(want(&host)),
    }
}

/// Sign-ins whose processing detail says that they came over legacy TLS: they name no server.
fn legacy_sign_in(case: &Case, check: &Check) -> Option<Finding> {
    let ids: Vec<String> = case.client_ids().into_iter().map(|s| s.value).collect();
    let legacy: Vec<&Origin> = case
        .facts
        .entra
        .sign_ins
        .iter()
        .filter(|s| s.legacy_tls && s.app_id.as_ref().is_some_and(|id| ids.contains(id)))
        .map(|s| &s.origin)
        .collect();
    let first = legacy.first()?;
    let when = ageing::dated("legacy-tls-endpoints-end").map(|fact| text!(" ({fact})", fact = fact.sentence()));
    Some(
        check
            .warn(
                Subject::deployment(),
                counted!(
                    legacy.len(),
                    "1 sign-in of this app came over legacy TLS (1.0, 1.1 or 3DES): it ends with the next tightening{when}",
                    "{count} sign-ins of this app came over legacy TLS (1.0, 1.1 or 3DES): they end with the next tightening{when}",
                    when
                ),
            )
            .severity(Severity::Medium)
            .at(first)
            .at_all(legacy.last().copied()),
    )
}

fn last_success(case: &Case, server: &ServerView) -> Option<(Stamp, Origin)> {
    let runs = case.logs.operations.iter().flat_map(|o| &o.runs);
    runs.filter(|r| r.outcome == Outcome::Done && r.host.as_deref().is_some_and(|h| server.is_called(h)))
        .map(|r| (r.last, r.last_origin.clone()))
        .reduce(|best, next| if is_later(next.0, best.0) { next } else { best })
}

fn is_protocol_option(name: &str) -> bool {
    matches!(name, "https.protocols" | "jdk.tls.client.protocols") || (name.starts_with("mail.") && name.ends_with("ssl.protocols"))
}

/// True if a list like `TLSv1,TLSv1.2` holds a version that Microsoft accepts; an empty list is Java's own default.
fn offers_modern(list: &str) -> bool {
    let mut versions = list.split([',', ' ', ';']).map(str::trim).filter(|v| !v.is_empty()).peekable();
    versions.peek().is_none() || versions.any(|v| v.eq_ignore_ascii_case("TLSv1.2") || v.eq_ignore_ascii_case("TLSv1.3"))
}
