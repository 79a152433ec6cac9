//! `network.hosts`: names of the sign-in and mail hosts resolve on each server, and nothing pins them elsewhere.

use super::endpoints::{Purpose, purpose_of};
use super::proofs::{Proof, collect, is_later};
use super::tie::Servers;
use crate::case::Case;
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Part;
use crate::model::{Origin, Reach, Stamp, Text, is_internal_ip};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "network.hosts",
    title: "The names of Microsoft's sign-in and mail hosts resolve on each server",
    severity: Severity::High,
    why: "ECE reaches Office 365 by name only: login.microsoftonline.com for tokens, *.office365.com for mail. A name that doesn't resolve, or that a hosts file pins to an old address, stops it however open the firewall is.",
    evidence: "nslookup and Resolve-DnsName output, hosts files, RemoteAddress of port tests, curl's answers, UnknownHostException in logs",
    remedy: &[
        "Let the server's DNS resolve login.microsoftonline.com and *.office365.com (forwarders, or a proxy's own DNS), and take entries for these names out of the hosts file.",
        "On the server: ipconfig /flushdns; nslookup login.microsoftonline.com; nslookup outlook.office365.com. Both must give addresses of Microsoft.",
        "Restart the ECE services if Java still holds the failure in its cache; re-activate an alias that is inactive all the same.",
        "Verify: the next poll and token renewal in the log work.",
    ],
    references: &["Cisco tech note 218453, URLs", "Microsoft 365 endpoints, ids 2, 56, 71"],
    run,
};

/// What a name was seen to do.
struct Seen {
    resolved: bool,
    time: Option<Stamp>,
    confidence: Confidence,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let servers = Servers::named(case, want)?;
    let (proofs, _) = collect(case, &servers);
    let findings = servers.list.iter().enumerate().map(|(at, server)| {
        let subject = Subject::new(SubjectKind::Server, server.host.clone());
        if let Some(finding) = pinned(case, check, &servers, at, &subject, &proofs[at]) {
            return finding;
        }
        let names = names(case, &servers, at, &proofs[at]);
        judge(check, &server.host, subject, &names)
    });
    Ok(findings.collect())
}

fn want(host: &dyn Part) -> Want {
    Want::new(
        Role::EceAdmin,
        text!("name look-ups on {host}", host = host.part()),
        text!(
            "on {host}: hostname; nslookup login.microsoftonline.com; nslookup outlook.office365.com; nslookup smtp.office365.com; type C:\\Windows\\System32\\drivers\\etc\\hosts",
            host = host.part()
        ),
    )
}

/// A hosts file that pins a Microsoft name: an internal address can't be right unless a connection shows it.
fn pinned(case: &Case, check: &Check, servers: &Servers, at: usize, subject: &Subject, proofs: &[Proof]) -> Option<Finding> {
    for entry in &case.facts.network.hosts_entries {
        let Some((server, confidence)) = servers.tie(entry.from.as_deref(), None, &entry.origin) else {
            continue;
        };
        let Some(name) = entry.names.iter().find(|n| purpose_of(n).is_some()).filter(|_| server == at) else {
            continue;
        };
        let works = proofs.iter().any(|p| p.host == *name && p.reach == Reach::Open);
        let message = text!(
            "the hosts file of {host} pins {name} to {ip}",
            host = servers.list.get(at).map(|s| &s.host),
            name,
            ip = entry.ip
        );
        let finding = if is_internal_ip(&entry.ip) && !works {
            check.fail(
                subject.clone(),
                text!("{message}, an internal address: connections to it never reach Microsoft", message),
            )
        } else {
            check.warn(
                subject.clone(),
                text!(
                    "{message}: Microsoft's addresses change, and the entry will send ECE to a dead one",
                    message
                ),
            )
        };
        return Some(finding.confidence(confidence).at(&entry.origin));
    }
    None
}

fn names(case: &Case, servers: &Servers, at: usize, proofs: &[Proof]) -> BTreeMap<String, Vec<Seen>> {
    let mut names: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for lookup in case.facts.network.lookups.iter().filter(|l| purpose_of(&l.name).is_some()) {
        let Some((server, confidence)) = servers.tie(lookup.from.as_deref(), None, &lookup.origin) else {
            continue;
        };
        if server == at {
            names.entry(lookup.name.clone()).or_default().push(Seen {
                resolved: lookup.resolved,
                time: None,
                confidence,
                origin: lookup.origin.clone(),
            });
        }
    }
    for proof in proofs.iter().filter(|p| purpose_of(&p.host).is_some()) {
        // A refused connection to a name shows that it resolved. An operation of a log names no host of its own: only what it
        // reached says something, and only of the usual one.
        names.entry(proof.host.clone()).or_default().push(Seen {
            resolved: proof.reach != Reach::NotResolved,
            time: proof.time,
            confidence: proof.confidence,
            origin: proof.origin.clone(),
        });
    }
    names
}

fn judge(check: &Check, host: &str, subject: Subject, names: &BTreeMap<String, Vec<Seen>>) -> Finding {
    let mut good: Vec<(&str, &Seen)> = Vec::new();
    let mut healed: Vec<(&str, &Seen, &Seen)> = Vec::new();
    for (name, seen) in names {
        match last_word(seen) {
            Word::Resolves(best) => good.push((name, best)),
            Word::Healed(bad, now) => healed.push((name, bad, now)),
            Word::Fails(bad) => {
                return check
                    .fail(
                        subject,
                        text!(
                            "the name {name} does not resolve on {host}: ECE can't reach {what}",
                            name,
                            host,
                            what = what(name)
                        ),
                    )
                    .confidence(bad.confidence)
                    .at(&bad.origin)
                    .explains("signature:java.net.unknown_host")
                    .explains("signature:java.net.unresolved_address")
                    .explains("signature:java.mail.unknown_smtp_host")
                    .explains("check:network.ports");
            }
            Word::Contradiction(bad, ok) => {
                return check
                    .unknown(subject, text!(
                        "one piece of evidence shows that {name} does not resolve on {host}, another that it does, and nothing says which is later",
                        name,
                        host,
                    ))
                    .at(&bad.origin)
                    .at(&ok.origin)
                    .want(want(&host));
            }
        }
    }
    if let Some((name, bad, now)) = healed.first() {
        let since = now.time.map(|t| text!(" at {t}", t));
        return check
            .warn(
                subject,
                text!(
                    "the name {name} did not resolve on {host} for a while, and does again{since}: healed",
                    name,
                    host,
                    since
                ),
            )
            .at(&bad.origin)
            .at(&now.origin);
    }
    let purposes: BTreeSet<Purpose> = good.iter().filter_map(|(name, _)| purpose_of(name)).collect();
    if purposes.contains(&Purpose::SignIn) && (purposes.contains(&Purpose::Mail) || purposes.contains(&Purpose::Graph)) {
        let listed: Vec<&str> = good.iter().map(|(name, _)| *name).collect();
        let surest = good.iter().map(|(_, s)| s.confidence).max().unwrap_or(Confidence::High);
        return check
            .pass(subject, text!("{listed} resolve on {host}", listed = listed.join(", "), host))
            .confidence(surest)
            .at_all(good.iter().take(4).map(|(_, s)| &s.origin));
    }
    let partly = match good.first() {
        Some((name, _)) => text!(
            "{name} resolves on {host}, but nothing shows it for the {kind} host",
            name,
            host,
            kind = if purposes.contains(&Purpose::SignIn) {
                text!("mail")
            } else {
                text!("sign-in")
            }
        ),
        None => text!("nothing shows whether Microsoft's names resolve on {host}", host),
    };
    check
        .unknown(subject, partly)
        .at_all(good.iter().take(2).map(|(_, s)| &s.origin))
        .want(want(&host))
}

fn what(name: &str) -> Text {
    match purpose_of(name) {
        Some(Purpose::SignIn) => text!("the sign-in service, so no token is issued or renewed"),
        Some(Purpose::Graph) => text!("Graph, so no mail is fetched or sent"),
        _ => text!("the mail service"),
    }
}

enum Word<'a> {
    Resolves(&'a Seen),
    Healed(&'a Seen, &'a Seen),
    Fails(&'a Seen),
    Contradiction(&'a Seen, &'a Seen),
}

/// The latest dated word counts; undated words must agree with it and with each other.
fn last_word(seen: &[Seen]) -> Word<'_> {
    let latest = seen.iter().filter(|s| s.time.is_some()).reduce(|best, s| match (best.time, s.time) {
        (Some(b), Some(t)) if is_later(t, b) => s,
        _ => best,
    });
    let undated = |resolved| seen.iter().find(|s| s.time.is_none() && s.resolved == resolved);
    let earlier_failure = seen.iter().find(|s| s.time.is_some() && !s.resolved);
    match (latest, undated(false), undated(true)) {
        (Some(last), _, Some(ok)) if !last.resolved => Word::Contradiction(last, ok),
        (Some(last), Some(bad), _) if last.resolved => Word::Contradiction(bad, last),
        (Some(last), ..) if !last.resolved => Word::Fails(last),
        (Some(last), ..) => match earlier_failure {
            Some(bad) if last.time.zip(bad.time).is_some_and(|(l, b)| is_later(l, b)) => Word::Healed(bad, last),
            _ => Word::Resolves(last),
        },
        (None, Some(bad), Some(ok)) => Word::Contradiction(bad, ok),
        (None, Some(bad), None) => Word::Fails(bad),
        (None, None, Some(ok)) => Word::Resolves(ok),
        // No word at all: the caller only asks about names that were seen.
        (None, None, None) => seen.first().map_or_else(|| unreachable!("a name without a word"), Word::Resolves),
    }
}
