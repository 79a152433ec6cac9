//! What the evidence proves about connections from one server: tests that were run on it, and what its logs show.

use super::endpoints::{Purpose, is_mail_port, purpose_of};
use super::tie::Servers;
use crate::case::{Case, ServerView};
use crate::finding::Confidence;
use crate::model::{Inbound, LogEventKind, OperationKind, Origin, Outcome, Reach, Run, SignatureHit, Stamp, is_internal_ip, is_ip};
use std::collections::BTreeMap;

/// One proof about a host and port.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The host, lower case; for an operation of a log the host that it would use.
    pub host: String,
    /// What the host is for.
    pub purpose: Purpose,
    /// The port.
    pub port: u16,
    /// What is proven.
    pub reach: Reach,
    /// When, if known; of a run of attempts the last one.
    pub time: Option<Stamp>,
    /// First of a run of attempts.
    pub since: Option<Stamp>,
    /// True if a log shows it, false for a test that somebody ran.
    pub from_log: bool,
    /// What showed it.
    pub tool: &'static str,
    /// How surely it is from this server.
    pub confidence: Confidence,
    /// Where.
    pub origin: Origin,
}

/// The order of two times on one server: as instants where both name a zone, else by its local clock.
pub fn is_later(a: Stamp, b: Stamp) -> bool {
    match (a.instant(), b.instant()) {
        (Some(a), Some(b)) => a > b,
        _ => a.local_ms > b.local_ms,
    }
}

/// The last time that the fault `hit` is known to have stood on `server`, and the success that proves it healed. A success proves
/// it only for its own way: mail that still flows says nothing of the sign-in host, whose certificates rest on another root and
/// whose calls may take a proxy, and a token that was fetched says nothing of the mail hosts.
pub fn healed(case: &Case, server: &ServerView, hit: &SignatureHit) -> Option<(Stamp, Origin)> {
    let here = |run: &&Run| run.host.as_deref().is_some_and(|h| server.is_called(h));
    let runs = |way: Option<OperationKind>| {
        let operations = case.logs.operations.iter().filter(move |o| way.is_none_or(|way| way_of(o.kind) == way));
        operations.flat_map(|o| &o.runs).filter(here)
    };
    let failed = |way: OperationKind| {
        let of_hit = runs(Some(way)).filter(|r| matches!(&r.outcome, Outcome::Failed(ids) if ids.contains(&hit.id)));
        of_hit.map(|r| r.last).reduce(|best, next| if is_later(next, best) { next } else { best })
    };
    let all = [OperationKind::TokenRefresh, OperationKind::Fetch, OperationKind::Send];
    let ways: Vec<(Option<OperationKind>, Stamp)> = all.into_iter().filter_map(|way| Some((Some(way), failed(way)?))).collect();
    let ways = if ways.is_empty() { vec![(None, hit.span.last?)] } else { ways };
    let mut proof: Option<(Stamp, Origin)> = None;
    for (way, fault) in ways {
        let worked = runs(way).filter(|r| r.outcome == Outcome::Done && is_later(r.last, fault));
        let last = worked.reduce(|best, next| if is_later(next.last, best.last) { next } else { best })?;
        if proof.as_ref().is_none_or(|(time, _)| is_later(last.last, *time)) {
            proof = Some((last.last, last.last_origin.clone()));
        }
    }
    proof
}

/// Where an operation goes: tokens come from one host, whatever they are asked for.
fn way_of(kind: OperationKind) -> OperationKind {
    match kind {
        OperationKind::TokenGeneration => OperationKind::TokenRefresh,
        other => other,
    }
}

/// Proofs per server of `servers`, in the order of the evidence, and the tests that nothing ties to a server.
pub fn collect(case: &Case, servers: &Servers) -> (Vec<Vec<Proof>>, Vec<Origin>) {
    let mut proofs: Vec<Vec<Proof>> = vec![Vec::new(); servers.list.len()];
    let mut homeless = Vec::new();
    let names = names_of_addresses(case);
    for test in &case.facts.network.ports {
        let named = if is_ip(&test.to) {
            names.get(&test.to).cloned()
        } else {
            Some(test.to.clone())
        };
        let host = named.clone().unwrap_or_else(|| test.to.clone());
        let purpose = named.as_deref().and_then(purpose_of).or_else(|| {
            // On a mail server's ports, an address of the Internet is taken for the mail service: ECE has no other.
            let outside = is_ip(&test.to) && !is_internal_ip(&test.to);
            (outside && is_mail_port(test.port)).then_some(Purpose::Mail)
        });
        let Some(purpose) = purpose else { continue };
        match servers.tie(test.from.as_deref(), test.source_ip.as_deref(), &test.origin) {
            None => homeless.push(test.origin.clone()),
            Some((at, confidence)) => proofs[at].push(Proof {
                host,
                purpose,
                port: test.port,
                reach: test.reach,
                time: test.time,
                since: test.time,
                from_log: false,
                tool: test.tool,
                confidence,
                origin: test.origin.clone(),
            }),
        }
    }
    for event in &case.logs.events {
        let LogEventKind::Connection { host, port, reach } = &event.kind else {
            continue;
        };
        let (Some(at), Some(purpose)) = (log_server(servers, event.host.as_deref()), purpose_of(host)) else {
            continue;
        };
        proofs[at].push(Proof {
            host: host.clone(),
            purpose,
            port: *port,
            reach: *reach,
            time: event.time,
            since: event.time,
            from_log: true,
            tool: "log",
            confidence: Confidence::High,
            origin: event.origin.clone(),
        });
    }
    for (at, found) in operations(case, servers) {
        proofs[at].push(found);
    }
    (proofs, homeless)
}

fn log_server(servers: &Servers, host: Option<&str>) -> Option<usize> {
    servers.list.iter().position(|s| host.is_some_and(|h| s.is_called(h)))
}

/// Names of the addresses that look-ups in the bundle found.
fn names_of_addresses(case: &Case) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for lookup in case.facts.network.lookups.iter().filter(|l| purpose_of(&l.name).is_some()) {
        for address in &lookup.addresses {
            names.entry(address.clone()).or_insert_with(|| lookup.name.clone());
        }
    }
    names
}

/// What ECE's own attempts prove: one that worked, or that the other side answered, went through its port.
fn operations(case: &Case, servers: &Servers) -> Vec<(usize, Proof)> {
    let inbound: Vec<Inbound> = case.inbound_in_use().into_keys().collect();
    let mut found = Vec::new();
    for operation in &case.logs.operations {
        let Some((purpose, port)) = endpoint_of(operation.kind, &inbound) else {
            continue;
        };
        for run in &operation.runs {
            let (Some(at), Some(reach)) = (log_server(servers, run.host.as_deref()), reach_of(&run.outcome)) else {
                continue;
            };
            found.push((
                at,
                Proof {
                    host: if port == 587 { "smtp.office365.com" } else { purpose.usual_host() }.to_owned(),
                    purpose,
                    port,
                    reach,
                    time: Some(run.last),
                    since: Some(run.first),
                    from_log: true,
                    tool: "log",
                    confidence: Confidence::High,
                    origin: run.last_origin.clone(),
                },
            ));
        }
    }
    found
}

/// Where an operation goes; `None` while the protocol isn't known for certain.
fn endpoint_of(kind: OperationKind, inbound: &[Inbound]) -> Option<(Purpose, u16)> {
    match (kind, inbound) {
        (OperationKind::TokenGeneration | OperationKind::TokenRefresh, _) => Some((Purpose::SignIn, 443)),
        (_, [Inbound::Graph]) => Some((Purpose::Graph, 443)),
        (OperationKind::Fetch, [Inbound::Imap]) => Some((Purpose::Mail, 993)),
        (OperationKind::Fetch, [Inbound::Pop3]) => Some((Purpose::Mail, 995)),
        (OperationKind::Send, protocols) if !protocols.contains(&Inbound::Graph) => Some((Purpose::Mail, 587)),
        _ => None,
    }
}

/// Signatures of attempts that never got a connection.
const NO_CONNECTION: &[&str] = &[
    "java.net.connect_timed_out",
    "java.net.connection_refused",
    "java.net.no_route",
    "java.net.unreachable",
    "java.http.apache_connect_timeout",
    "java.mail.connect_failed",
];
const NOT_RESOLVED: &[&str] = &["java.net.unknown_host", "java.net.unresolved_address", "java.mail.unknown_smtp_host"];
/// Families of signatures whose texts come from the other side, or from TLS on top of the connection.
const ANSWERED: &[&str] = &[
    "smtp.",
    "imap.",
    "pop.",
    "entra.",
    "oauth.",
    "graph.",
    "java.ssl.",
    "java.mail.authentication_failed",
];

fn reach_of(outcome: &Outcome) -> Option<Reach> {
    let Outcome::Failed(ids) = outcome else { return Some(Reach::Open) };
    let any = |list: &[&str]| ids.iter().any(|id| list.contains(&id.as_str()));
    if any(NOT_RESOLVED) {
        Some(Reach::NotResolved)
    } else if any(NO_CONNECTION) {
        Some(Reach::Closed)
    } else if ids.iter().any(|id| ANSWERED.iter().any(|family| id.starts_with(family))) {
        Some(Reach::Open)
    } else {
        None
    }
}
