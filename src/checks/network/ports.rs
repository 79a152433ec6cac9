//! `network.ports`: the grid of server and port, each cell proven open, proven closed, or not collected.

use super::endpoints::{Purpose, configured_hosts};
use super::proofs::{Proof, collect, is_later};
use super::tie::Servers;
use crate::case::{Case, ServerView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::{Inbound, Origin, Reach, ServerRole, Text};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "network.ports",
    title: "The ports to Office 365 and Microsoft's sign-in are open from each server",
    severity: Severity::High,
    why: "The services server fetches mail (993 IMAP or 995 POP3), sends it (587) and renews tokens (443); the application server gets the first token (443) and sends alarm mail (587). A closed port stops that function alone.",
    evidence: "Test-NetConnection, telnet, curl, openssl and netstat output tied to a server; connections in the server's own logs",
    remedy: &[
        "Let the firewall pass TCP from this server to the host and port named above (tech note, Ports and URLs).",
        "Test again on this server: Test-NetConnection <host> -Port <port>; TcpTestSucceeded must be True.",
        "ECE recovers by itself ten minutes after a network fault; re-activate an alias that is inactive all the same.",
        "Verify: the next poll in the log fetches mail, and a reply leaves.",
    ],
    references: &[
        "Cisco tech note 218453, Network connectivity, URLs, Ports",
        "Microsoft 365 endpoints, id 2 (outlook.office365.com, smtp.office365.com: TCP 587, 993, 995) and id 56 (login.microsoftonline.com: TCP 443)",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let servers = Servers::of(case);
    let (proofs, homeless) = collect(case, &servers);
    if servers.list.is_empty() {
        let mut gap = Gap::missing(
            text!("no evidence names the application and services servers, so that no port test can be tied to one"),
            vec![
                Want::new(
                    Role::EceAdmin,
                    text!("host names, roles and addresses of the ECE servers"),
                    text!("a note with one line per server: name, role (application or services), IP address"),
                ),
                Want::new(
                    Role::Network,
                    text!("a port test from each server"),
                    text!(
                        "on each server: hostname; Test-NetConnection login.microsoftonline.com -Port 443; Test-NetConnection smtp.office365.com -Port 587; Test-NetConnection outlook.office365.com -Port 993"
                    ),
                ),
            ],
        );
        gap.evidence = homeless.into_iter().take(3).collect();
        return Err(gap);
    }
    let used: BTreeSet<Inbound> = case.inbound_in_use().into_keys().collect();
    let mut findings = Vec::new();
    for (server, proofs) in servers.list.iter().zip(&proofs) {
        for port in [443, 587, 993, 995] {
            let grid = Grid {
                case,
                check,
                server,
                used: &used,
                homeless: &homeless,
            };
            findings.extend(grid.cell(port, proofs));
        }
    }
    Ok(findings)
}

struct Grid<'a> {
    case: &'a Case,
    check: &'a Check,
    server: &'a ServerView,
    used: &'a BTreeSet<Inbound>,
    homeless: &'a [Origin],
}

/// What the proofs of one cell come to.
enum State<'a> {
    Open(Vec<&'a Proof>),
    /// Open again after a fault that its log shows.
    Healed {
        fault: &'a Proof,
        open: &'a Proof,
    },
    Closed(&'a Proof),
    Contradictory(&'a Proof, &'a Proof),
    NotResolved(&'a Proof),
    /// Only hosts were reached that don't decide.
    Elsewhere(&'a Proof),
    NotCollected,
}

impl Grid<'_> {
    fn is_services(&self) -> bool {
        self.server.roles.contains(&ServerRole::Services)
    }

    fn subject(&self, port: u16) -> Subject {
        let host = &self.server.host;
        Subject::new(SubjectKind::Server, format!("{host} {port}"))
    }

    fn role(&self) -> Text {
        match self.is_services() {
            true => text!("services server"),
            false => text!("application server"),
        }
    }

    fn cell(&self, port: u16, proofs: &[Proof]) -> Option<Finding> {
        let only_graph = self.used.len() == 1 && self.used.contains(&Inbound::Graph);
        if only_graph && port != 443 {
            let message = text!("mail goes over Graph API (443): port {port} isn't used", port);
            return Some(self.check.not_applicable(self.subject(port), message));
        }
        let fits = |inbound| self.used.is_empty() || self.used.contains(&inbound);
        let needed = match port {
            443 | 587 => true,
            993 => self.is_services() && fits(Inbound::Imap),
            _ => self.is_services() && fits(Inbound::Pop3),
        };
        let state = self.state(port, proofs, only_graph);
        if !needed {
            return self.unneeded(port, state);
        }
        // While the protocol of fetching is unknown, one of 993 and 995 is needed, and nobody knows which.
        let undecided = self.used.is_empty() && matches!(port, 993 | 995);
        Some(self.needed(port, state, undecided))
    }

    /// 993 and 995 where this server doesn't fetch by them: what was found is said, nothing is asked for.
    fn unneeded(&self, port: u16, state: State<'_>) -> Option<Finding> {
        let subject = self.subject(port);
        let fetched = match (port, self.is_services()) {
            (_, false) => text!("only the services server fetches mail"),
            (993, true) => text!("mail is fetched by POP3"),
            _ => text!("mail is fetched by IMAP"),
        };
        Some(match state {
            State::Closed(proof) if !self.is_services() => self
                .check
                .warn(
                    subject,
                    text!(
                        "port {port} to {host} is closed from the application server; {fetched}, but the tech note asks for it from both",
                        port,
                        host = proof.host,
                        fetched
                    ),
                )
                .severity(Severity::Low)
                .confidence(proof.confidence)
                .at(&proof.origin),
            State::Open(proofs) => with_all(
                self.check.pass(
                    subject,
                    text!(
                        "port {port} is open from the {role} {host}",
                        port,
                        role = self.role(),
                        host = self.server.host
                    ),
                ),
                &proofs,
            ),
            _ if self.is_services() && !self.used.is_empty() => self
                .check
                .not_applicable(subject, text!("{fetched}: port {port} isn't used", fetched, port)),
            _ => return None,
        })
    }

    fn needed(&self, port: u16, state: State<'_>, undecided: bool) -> Finding {
        let subject = self.subject(port);
        let (host, role) = (&self.server.host, self.role());
        let purpose = purpose_of_port(port);
        match state {
            State::Open(proofs) => with_all(
                self.check.pass(subject, text!(
                    "port {port} to {proofs} is open from the {role} {host} ({purpose})",
                    port,
                    proofs = hosts_of(&proofs),
                    role,
                    host,
                    purpose,
                )),
                &proofs,
            ),
            State::Healed { fault, open } => self
                .check
                .warn(
                    subject,
                    text!(
                        "connections from the {role} {host} to {to} port {port} failed{span}, and work again{again}: healed",
                        role,
                        host,
                        to = fault.host,
                        port,
                        span = span_words(fault),
                        again = open.time.map(|t| text!(" at {t}", t)),
                    ),
                )
                .at(&fault.origin)
                .at(&open.origin),
            State::Closed(proof) if undecided => self
                .check
                .unknown(
                    subject,
                    text!(
                        "port {port} to {to} is closed from the {role} {host}, but nothing says whether mail is fetched by IMAP (993) or POP3 (995)",
                        port,
                        to = proof.host,
                        role,
                        host,
                    ),
                )
                .at(&proof.origin)
                .want(Want::new(Role::EceAdmin, text!(
                    "the server type of the e-mail accounts"
                ), text!(
                    "Apps > Email > Accounts: Server Type of each account"
                ))),
            State::Closed(proof) => {
                let mut finding = self
                    .check
                    .fail(subject, text!(
                        "port {port} to {to} is closed from the {role} {host} ({tool}): {consequence}",
                        port,
                        to = proof.host,
                        role,
                        host,
                        tool = Text::figure(proof.tool),
                        consequence = consequence(port, self.is_services()),
                    ))
                    .severity(if port == 443 { Severity::Critical } else { Severity::High })
                    .confidence(proof.confidence)
                    .at(&proof.origin);
                for id in explained(port) {
                    finding = finding.explains(*id);
                }
                finding
            }
            State::Contradictory(closed, open) => self
                .check
                .unknown(
                    subject,
                    text!(
                        "one piece of evidence shows port {port} closed from {host} ({tool}, to {closed_host}), another open ({open_tool}, to {open_host}), and nothing says which is later",
                        port,
                        host,
                        tool = Text::figure(closed.tool),
                        closed_host = closed.host,
                        open_tool = Text::figure(open.tool),
                        open_host = open.host,
                    ),
                )
                .at(&closed.origin)
                .at(&open.origin)
                .want(self.want(port)),
            State::NotResolved(proof) => self
                .check
                .unknown(subject, text!(
                    "the name {to} did not resolve on {host}, so that port {port} was never tried (see network.hosts)",
                    to = proof.host,
                    host,
                    port,
                ))
                .at(&proof.origin)
                .want(self.want(port)),
            State::Elsewhere(proof) => self
                .check
                .unknown(subject, text!("port {port} is open from {host} to {to}, but the sign-in host was not tested", port, host, to = proof.host))
                .at(&proof.origin)
                .want(self.want(port)),
            State::NotCollected => {
                let note = (!self.homeless.is_empty()).then(|| text!("; port tests stand in the bundle, but nothing says on which server they ran"));
                self.check
                    .unknown(subject, text!("nothing shows whether port {port} is open from the {role} {host}{note}", port, role, host, note))
                    .at_all(self.homeless.iter().take(2))
                    .want(self.want(port))
            }
        }
    }

    fn want(&self, port: u16) -> Want {
        let target = match port {
            443 => Purpose::SignIn.usual_host(),
            587 => "smtp.office365.com",
            _ => Purpose::Mail.usual_host(),
        };
        Want::new(
            Role::EceAdmin,
            text!("a test of port {port} from {host}", port, host = self.server.host),
            text!(
                "on {host}: hostname; Test-NetConnection {target} -Port {port}",
                host = self.server.host,
                target,
                port
            ),
        )
    }

    fn state<'p>(&self, port: u16, proofs: &'p [Proof], only_graph: bool) -> State<'p> {
        let configured = configured_hosts(self.case, port);
        let at_port: Vec<&Proof> = proofs.iter().filter(|p| p.port == port).collect();
        let decides = |p: &&Proof| match port {
            443 => p.purpose == Purpose::SignIn || (only_graph && p.purpose == Purpose::Graph),
            _ => p.purpose == Purpose::Mail,
        };
        let mut deciding: Vec<&Proof> = at_port.iter().copied().filter(decides).collect();
        let on_configured: Vec<&Proof> = deciding.iter().copied().filter(|p| configured.contains(&p.host)).collect();
        if port != 443 && on_configured.iter().any(|p| p.reach != Reach::NotResolved) {
            deciding = on_configured;
        }
        if deciding.is_empty() {
            return match at_port.iter().find(|p| p.reach == Reach::Open) {
                Some(proof) => State::Elsewhere(proof),
                None => State::NotCollected,
            };
        }
        // Each host by itself: a firewall that passes one host may stop another.
        let hosts: BTreeSet<&str> = deciding.iter().map(|p| p.host.as_str()).collect();
        let mut open = Vec::new();
        let mut other = None;
        for host in hosts {
            let of_host: Vec<&Proof> = deciding.iter().copied().filter(|p| p.host == host).collect();
            match judge(&of_host) {
                State::Open(proofs) => open.extend(proofs),
                state => other = worse(other, state),
            }
        }
        match other {
            None => State::Open(open),
            Some(State::NotResolved(_)) if !open.is_empty() => State::Open(open),
            Some(state) => state,
        }
    }
}

/// The state of one host's proofs: the latest counts; undated ones that disagree with it contradict it.
fn judge<'p>(proofs: &[&'p Proof]) -> State<'p> {
    let tried: Vec<&Proof> = proofs.iter().copied().filter(|p| p.reach != Reach::NotResolved).collect();
    if tried.is_empty() {
        return proofs.first().map_or(State::NotCollected, |p| State::NotResolved(p));
    }
    let latest = tried
        .iter()
        .copied()
        .filter(|p| p.time.is_some())
        .reduce(|best, p| match (best.time, p.time) {
            (Some(b), Some(t)) if is_later(t, b) => p,
            _ => best,
        });
    let closed = |p: &&&Proof| p.reach == Reach::Closed;
    let open = |p: &&&Proof| p.reach == Reach::Open;
    let undated_closed = tried.iter().filter(|p| p.time.is_none()).find(closed).copied();
    let undated_open = tried.iter().filter(|p| p.time.is_none()).find(open).copied();
    match (latest, undated_closed, undated_open) {
        (Some(last), _, Some(undated)) if last.reach == Reach::Closed => State::Contradictory(last, undated),
        (Some(last), Some(undated), _) if last.reach == Reach::Open => State::Contradictory(undated, last),
        (Some(last), ..) if last.reach == Reach::Closed => State::Closed(last),
        (Some(last), ..) => {
            // A fault that lasted is worth saying; a single lost connection is not.
            const LASTING_MS: i64 = 10 * 60_000;
            let lasted = |p: &Proof| {
                p.from_log
                    && p.since
                        .zip(p.time)
                        .is_some_and(|(a, b)| b.local_ms.saturating_sub(a.local_ms) >= LASTING_MS)
            };
            let tested = tried.iter().any(|p| p.reach == Reach::Open && !p.from_log);
            match tried.iter().copied().find(|p| p.reach == Reach::Closed && lasted(p)) {
                Some(fault) if !tested => State::Healed { fault, open: last },
                _ => State::Open(tried.iter().copied().filter(|p| p.reach == Reach::Open).collect()),
            }
        }
        (None, Some(closed), Some(open)) => State::Contradictory(closed, open),
        (None, Some(closed), None) => State::Closed(closed),
        (None, None, Some(_)) => State::Open(tried),
        (None, None, None) => State::NotCollected,
    }
}

/// The worse of two states that are not open.
fn worse<'p>(one: Option<State<'p>>, two: State<'p>) -> Option<State<'p>> {
    let rank = |state: &State<'_>| match state {
        State::Closed(_) => 0,
        State::Contradictory(..) => 1,
        State::Healed { .. } => 2,
        State::NotResolved(_) => 3,
        _ => 4,
    };
    match one {
        Some(one) if rank(&one) <= rank(&two) => Some(one),
        _ => Some(two),
    }
}

fn with_all(finding: Finding, proofs: &[&Proof]) -> Finding {
    const SHOWN: usize = 4;
    let surest = proofs.iter().map(|p| p.confidence).min().unwrap_or(Confidence::High);
    // Tests that somebody ran are read at a glance; a log's line comes after them.
    let mut shown: Vec<&&Proof> = proofs.iter().collect();
    shown.sort_by_key(|p| p.from_log);
    finding.confidence(surest).at_all(shown.into_iter().take(SHOWN).map(|p| &p.origin))
}

fn hosts_of(proofs: &[&Proof]) -> String {
    let hosts: BTreeSet<&str> = proofs.iter().map(|p| p.host.as_str()).collect();
    hosts.into_iter().collect::<Vec<_>>().join(", ")
}

fn span_words(fault: &Proof) -> Text {
    match (fault.since, fault.time) {
        (Some(since), Some(time)) if since != time => text!(" from {since} to {time}", since, time),
        (_, Some(time)) => text!(" at {time}", time),
        _ => Text::default(),
    }
}

fn purpose_of_port(port: u16) -> Text {
    match port {
        443 => text!("tokens"),
        587 => text!("sending"),
        993 => text!("fetching by IMAP"),
        _ => text!("fetching by POP3"),
    }
}

fn consequence(port: u16, services: bool) -> Text {
    match (port, services) {
        (443, true) => text!("tokens can't be renewed, and an hour later all mail stands still"),
        (443, false) => text!("no first token can be generated"),
        (587, true) => text!("no mail can be sent"),
        (587, false) => text!("alarm and notification mail can't be sent through Office 365"),
        _ => text!("no mail can be fetched"),
    }
}

/// Symptoms of a closed port.
fn explained(port: u16) -> &'static [&'static str] {
    const NET: [&str; 5] = [
        "signature:java.net.connect_timed_out",
        "signature:java.net.connection_refused",
        "signature:java.net.no_route",
        "signature:java.mail.mail_connect",
        "signature:java.mail.socket_connect",
    ];
    const SIGN_IN: [&str; 4] = [NET[0], NET[1], NET[2], "check:token.refresh"];
    const SENDING: [&str; 6] = [
        NET[0],
        NET[1],
        NET[2],
        NET[3],
        "signature:java.mail.could_not_connect_smtp",
        "check:log.dispatcher",
    ];
    const FETCHING: [&str; 6] = [NET[0], NET[1], NET[2], NET[3], NET[4], "check:alias.state"];
    match port {
        443 => &SIGN_IN,
        587 => &SENDING,
        _ => &FETCHING,
    }
}
