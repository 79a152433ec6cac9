//! `network.proxy`: a proxy between a server and Microsoft that the product isn't told of.

use super::endpoints::Purpose;
use super::proofs::{Proof, collect};
use super::tie::Servers;
use crate::case::{Case, ServerView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Part;
use crate::model::{Fact, Origin, Proxy, ProxyUser, Reach};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "network.proxy",
    title: "No proxy stands between the servers and Microsoft that ECE isn't told of",
    severity: Severity::High,
    why: "Java obeys neither WinHTTP nor Internet Explorer settings: where a site forces web traffic through a proxy, a browser on the server works and ECE's token calls don't. An HTTP proxy never carries 587, 993 and 995.",
    evidence: "netsh winhttp show proxy, Java options and WildFly system properties, 407 answers in logs and curl output",
    remedy: &[
        "Let the ECE servers reach login.microsoftonline.com and *.office365.com directly on 443, 587 and 993 or 995; that is the simplest and what the tech note asks for.",
        "If the site insists on a proxy for 443: ECE 15.0 has a setting for it; older releases need -Dhttps.proxyHost and -Dhttps.proxyPort among the Java options of the services and application processes, and a proxy that asks these servers for no password.",
        "Restart the ECE services, and re-activate the aliases that have become inactive.",
        "Verify: the next poll and token renewal in the log work.",
    ],
    references: &[
        "Cisco tech note 218453, Network connectivity",
        "CCE 15.0(1) release notes, chapter ECE (proxy settings)",
        "Java networking properties",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let servers = Servers::named(case, want)?;
    let (proofs, _) = collect(case, &servers);
    let findings = servers.list.iter().enumerate().map(|(at, server)| {
        let seen = Seen::of(case, &servers, at);
        judge(case, check, server, &seen, &proofs[at])
    });
    Ok(findings.collect())
}

fn want(host: &dyn Part) -> Want {
    Want::new(
        Role::EceAdmin,
        text!("proxy settings and Java options of {host}", host = host.part()),
        text!(
            "on {host}: hostname; netsh winhttp show proxy; wmic process where \"name='java.exe'\" get CommandLine (mask passwords); curl.exe -v https://login.microsoftonline.com/common/discovery/keys",
            host = host.part()
        ),
    )
}

/// What concerns one server.
struct Seen<'a> {
    windows: Vec<&'a Fact<Proxy>>,
    java: Vec<&'a Fact<Proxy>>,
    met: Vec<&'a Fact<Proxy>>,
    configuration: Option<&'a Origin>,
    confidence: Confidence,
}

impl<'a> Seen<'a> {
    fn of(case: &'a Case, servers: &Servers, at: usize) -> Self {
        let mut seen = Self {
            windows: Vec::new(),
            java: Vec::new(),
            met: Vec::new(),
            configuration: None,
            confidence: Confidence::High,
        };
        for proxy in &case.facts.network.proxies {
            let Some((server, confidence)) = servers.tie(proxy.from.as_deref(), None, &proxy.origin) else {
                continue;
            };
            if server != at {
                continue;
            }
            seen.confidence = seen.confidence.max(confidence);
            match proxy.user {
                ProxyUser::Windows => seen.windows.push(proxy),
                ProxyUser::Java => seen.java.push(proxy),
                ProxyUser::Met => seen.met.push(proxy),
            }
        }
        let own = case.facts.network.jvm_configurations.iter().find(|c| {
            let tie = servers.tie(c.from.as_deref(), None, &c.origin);
            tie.is_some_and(|(server, _)| server == at)
        });
        seen.configuration = own.map(|c| &c.origin);
        seen
    }
}

/// Refusals by a proxy that the server's own logs show, with the last place.
fn refused_in_logs(case: &Case, server: &ServerView) -> Option<(String, Vec<Origin>)> {
    const IDS: [&str; 3] = ["java.net.proxy_407", "java.net.proxy_tunnel", "java.mail.proxy_connect_failed"];
    case.logs.hits.iter().filter(|hit| IDS.contains(&hit.id.as_str())).find_map(|hit| {
        let here = hit.concerns(|host| server.is_called(host));
        here.then(|| (hit.id.clone(), hit.samples.iter().take(3).cloned().collect()))
    })
}

fn judge(case: &Case, check: &Check, server: &ServerView, seen: &Seen<'_>, proofs: &[Proof]) -> Finding {
    let subject = Subject::new(SubjectKind::Server, server.host.clone());
    let host = &server.host;
    let last = |reach: Reach| {
        proofs
            .iter()
            .rev()
            .find(|p| p.port == 443 && p.purpose == Purpose::SignIn && p.reach == reach)
    };
    let works = proofs
        .iter()
        .rev()
        .find(|p| p.port == 443 && p.purpose == Purpose::SignIn && p.from_log && p.reach == Reach::Open);
    let told = seen.java.iter().find(|p| p.server.is_some());

    if let Some((id, origins)) = refused_in_logs(case, server) {
        let healed = works.is_some_and(|w| {
            let fault = case.logs.hits.iter().find(|h| h.id == id).and_then(|h| h.span.last);
            fault.zip(w.time).is_some_and(|(f, t)| super::proofs::is_later(t, f))
        });
        let message = text!("a proxy refused calls of ECE on {host} (407 or a failed tunnel in its log)", host);
        let finding = if healed {
            check
                .warn(subject, text!("{message}, and later calls went through: healed", message))
                .at_all(works.map(|w| &w.origin))
        } else {
            check.fail(
                subject,
                text!(
                    "{message}: it wants a login that ECE can't give, so no token is issued or renewed",
                    message
                ),
            )
        };
        return finding
            .at_all(&origins)
            .explains(format!("signature:{id}"))
            .explains("check:token.refresh");
    }
    if let Some(met) = seen.met.iter().find(|p| p.refused).filter(|_| works.is_none()) {
        let name = met.server.as_ref().map_or_else(|| text!("a proxy"), |server| server.part());
        return check
            .fail(
                subject,
                text!(
                    "{name} stands between {host} and Microsoft and refuses the connection: ECE's token calls end there too",
                    name,
                    host
                ),
            )
            .confidence(seen.confidence)
            .at(&met.origin);
    }
    if let Some(java) = told {
        let name = java.server.as_deref().unwrap_or("");
        let bypassed = java.bypass.as_deref().is_some_and(bypasses_sign_in);
        if bypassed && let Some(closed) = last(Reach::Closed) {
            return check
                .fail(
                    subject,
                    text!(
                        "Java's proxy {name} is bypassed for the sign-in host (http.nonProxyHosts), and the direct way from {host} is closed",
                        name,
                        host
                    ),
                )
                .at(&java.origin)
                .at(&closed.origin);
        }
        return check
            .pass(subject, text!("Java on {host} is told to use the proxy {name}", host, name))
            .confidence(seen.confidence)
            .at(&java.origin);
    }
    if let Some(works) = works {
        return check
            .pass(
                subject,
                text!("calls of ECE on {host} reach the sign-in host: no proxy stands in their way", host),
            )
            .at(&works.origin);
    }
    let windows = seen
        .windows
        .iter()
        .find(|p| p.server.is_some())
        .or(seen.met.iter().find(|p| p.server.is_some()));
    if let Some(windows) = windows {
        let name = windows.server.as_deref().unwrap_or("");
        let open = last(Reach::Open);
        let closed = last(Reach::Closed);
        return match (open, closed, seen.configuration) {
            (Some(open), _, _) => check
                .pass(subject, text!(
                    "Windows on {host} uses the proxy {name}, but the sign-in host is reached directly: Java needs no proxy",
                    host,
                    name,
                ))
                .confidence(seen.confidence)
                .at(&windows.origin)
                .at(&open.origin),
            (None, Some(closed), configuration) if configuration.is_some() || closed.from_log => check
                .fail(subject, text!(
                    "Windows on {host} reaches the web through the proxy {name}, Java is not told of it, and the direct way to the sign-in host is closed: ECE gets no tokens",
                    host,
                    name,
                ))
                .confidence(seen.confidence)
                .at(&windows.origin)
                .at(&closed.origin)
                .at_all(configuration),
            (None, None, Some(configuration)) => check
                .warn(subject, text!(
                    "Windows on {host} uses the proxy {name}, and Java's options name none: Java ignores the setting of Windows, so ECE's token calls go directly or fail",
                    host,
                    name,
                ))
                .confidence(seen.confidence)
                .at(&windows.origin)
                .at(configuration)
                .want(want(&host)),
            _ => check
                .unknown(subject, text!(
                    "Windows on {host} uses the proxy {name}; whether Java is told of it, and whether the direct way is open, isn't shown",
                    host,
                    name,
                ))
                .at(&windows.origin)
                .at_all(closed.map(|c| &c.origin))
                .want(want(&host)),
        };
    }
    if let Some(direct) = seen.windows.first() {
        return check
            .pass(subject, text!("Windows on {host} has direct access: no proxy is set", host))
            .confidence(seen.confidence.max(Confidence::Medium))
            .at(&direct.origin);
    }
    check
        .unknown(subject, text!("nothing shows whether a proxy stands between {host} and Microsoft", host))
        .want(want(&host))
}

/// True if a list like `localhost|*.contoso.com` takes the sign-in host out of the proxy's hands.
fn bypasses_sign_in(list: &str) -> bool {
    let host = Purpose::SignIn.usual_host();
    list.split(['|', ';', ',']).map(str::trim).any(|pattern| match pattern.strip_prefix('*') {
        Some(tail) => !tail.is_empty() && host.ends_with(tail) || pattern == "*",
        None => pattern.eq_ignore_ascii_case(host),
    })
}
