//! `network.tls-trust`: Java on each server trusts the roots that Microsoft's hosts rest on, and nobody intercepts TLS.

use super::endpoints::purpose_of;
use super::proofs::{healed, is_later};
use super::roots::{self, Need};
use super::tie::{Servers, unnamed};
use crate::case::{Case, ServerView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Part;
use crate::model::{Fact, OperationKind, Origin, Outcome, Stamp, Text, TlsProbe, TrustStore, organisation};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "network.tls-trust",
    title: "Java on each server trusts the certificates of Microsoft's hosts",
    severity: Severity::Critical,
    why: "ECE's Java checks certificates against its own trust store, not the one of Windows. Microsoft moved its hosts to DigiCert Global Root G2 (sign-in in February 2025, mail in March 2026); a store without it, or a device that intercepts TLS with a private root, ends every connection.",
    evidence: "keytool -list of the product's trust store, PKIX errors in logs, issuers in openssl and curl output",
    remedy: &[
        "On each services and application server, import DigiCert Global Root G2 into the trust store of the Java that ECE uses: keytool -importcert -alias digicertglobalrootg2 -file DigiCertGlobalRootG2.crt -keystore <ECE>\\jdk\\lib\\security\\cacerts (or the file that javax.net.ssl.trustStore names).",
        "Check its fingerprint: SHA-1 DF:3C:24:F9:BF:D6:66:76:1B:26:80:73:FE:06:D1:CC:8D:4F:82:A4.",
        "If a device intercepts TLS, exempt login.microsoftonline.com and *.office365.com from it, or import the device's root as well.",
        "Restart the ECE services on that server; then re-activate inactive aliases.",
        "Verify: the next poll and token renewal in the log show no PKIX error.",
    ],
    references: &[
        "Microsoft MC1193408, MC1224565",
        "Exchange team blog of 28 January 2026: DigiCert Global Root G2",
        "Cisco tech note 218453, Network connectivity",
    ],
    run,
};

/// Signatures of a chain that Java doesn't accept.
const UNTRUSTED: [&str; 4] = [
    "java.ssl.pkix_path_building",
    "java.ssl.pkix_path_validation",
    "java.ssl.cert_expired",
    "java.ssl.trust_anchors",
];

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let servers = Servers::of(case);
    if servers.list.is_empty() {
        return without_servers(case, check);
    }
    Ok((0..servers.list.len()).map(|at| Server::of(case, &servers, at).judge(check)).collect())
}

/// Without servers the errors in logs still speak for the deployment.
fn without_servers(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let hit = case.logs.hits.iter().find(|h| UNTRUSTED.contains(&h.id.as_str()) && h.aside < h.count);
    match hit {
        Some(hit) => Ok(vec![
            check
                .fail(
                    Subject::deployment(),
                    text!("Java refuses the certificates of Microsoft's hosts (PKIX errors in a log); on which server, nothing says"),
                )
                .confidence(Confidence::Medium)
                .at_all(hit.samples.iter().take(3))
                .explains(format!("signature:{}", hit.id)),
        ]),
        None => Err(unnamed(want)),
    }
}

fn want(host: &dyn Part) -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the Java trust store of {host}", host = host.part()),
        text!(
            "on {host}: hostname; \"<ECE>\\jdk\\bin\\keytool\" -list -v -keystore \"<ECE>\\jdk\\lib\\security\\cacerts\" > truststore_{host}.txt (password: changeit, unless it was changed; the whole output, no filter)",
            host = host.part()
        ),
    )
}

/// PKIX errors with one text: signature id, the success that proves it healed, places.
type TrustError = (String, Option<(Stamp, Origin)>, Vec<Origin>);

/// What concerns one server.
struct Server<'a> {
    view: &'a ServerView,
    now: Option<Fact<Stamp>>,
    /// Errors; what isn't healed comes first.
    errors: Vec<TrustError>,
    /// Last success over TLS: tokens, mail.
    tokens_work: Option<(Stamp, Origin)>,
    mail_works: Option<(Stamp, Origin)>,
    stores: Vec<(&'a Fact<TrustStore>, Confidence)>,
    other_store: Option<&'a Origin>,
    intercepted: Option<(&'a Fact<TlsProbe>, &'a str, Confidence)>,
}

impl<'a> Server<'a> {
    fn of(case: &'a Case, servers: &'a Servers, at: usize) -> Self {
        let view = &servers.list[at];
        let tied = |from: Option<&str>, origin: &Origin| servers.tie(from, None, origin).filter(|(server, _)| *server == at).map(|(_, c)| c);
        let configured = case
            .facts
            .network
            .jvm_options
            .iter()
            .find(|o| o.name == "javax.net.ssl.trustStore" && tied(o.from.as_deref(), &o.origin).is_some());
        let mut stores: Vec<(&Fact<TrustStore>, Confidence)> = Vec::new();
        let mut other_store = None;
        for store in &case.facts.network.trust_stores {
            let Some(confidence) = tied(store.from.as_deref(), &store.origin) else {
                continue;
            };
            let named = configured.map(|c| file_name(&c.value.value));
            let own = store.file.as_deref().map(file_name);
            match (named, own) {
                // The process is told to use another file than the one that was listed.
                (Some(named), Some(own)) if named != own => other_store = Some(&store.origin),
                _ => stores.push((store, confidence)),
            }
        }
        let intercepted = case.facts.network.tls_probes.iter().find_map(|probe| {
            let confidence = tied(probe.from.as_deref(), &probe.origin)?;
            let (host, _) = probe.to.as_ref()?;
            purpose_of(host)?;
            let foreign = probe
                .issuers
                .first()
                .filter(|_| !probe.issuers.iter().any(|i| roots::is_known_issuer(i)))?;
            Some((probe, foreign.as_str(), confidence))
        });
        let success = |wanted: &[OperationKind]| {
            let runs = case.logs.operations.iter().filter(|o| wanted.contains(&o.kind)).flat_map(|o| &o.runs);
            runs.filter(|r| r.outcome == Outcome::Done && r.host.as_deref().is_some_and(|h| view.is_called(h)))
                .map(|r| (r.last, r.last_origin.clone()))
                .reduce(|best, next| if is_later(next.0, best.0) { next } else { best })
        };
        Self {
            view,
            now: case.as_of(),
            errors: errors(case, view),
            tokens_work: success(&[OperationKind::TokenGeneration, OperationKind::TokenRefresh]),
            mail_works: success(&[OperationKind::Fetch, OperationKind::Send]),
            stores,
            other_store,
            intercepted,
        }
    }

    fn subject(&self) -> Subject {
        Subject::new(SubjectKind::Server, self.view.host.clone())
    }

    fn judge(&self, check: &Check) -> Finding {
        let host = &self.view.host;
        // Of several listings of one server the complete one counts.
        let listing = self
            .stores
            .iter()
            .find(|(s, _)| s.is_complete())
            .or_else(|| self.stores.iter().find(|(s, _)| s.problem.is_none()));
        let root = roots::needed();
        let has_root = listing.map(|(s, _)| root.is_in(s));
        if let Some(finding) = self.refused(check, listing.copied(), has_root) {
            return finding;
        }
        if let Some((probe, issuer, confidence)) = self.intercepted {
            return self.interception(check, probe, issuer, confidence, listing.copied());
        }
        match (listing, has_root) {
            (Some((store, confidence)), Some(true)) => check
                .pass(self.subject(), text!("the Java trust store of {host} has {name}", host, name = root.name))
                .confidence(*confidence)
                .at(&store.origin),
            (Some((store, confidence)), _) if store.is_complete() => self.lacking(check, store, *confidence),
            (Some((store, _)), _) => check
                .unknown(
                    self.subject(),
                    text!(
                        "the listing of {host}'s trust store doesn't show {name}, but it is incomplete",
                        host,
                        name = root.name
                    ),
                )
                .at(&store.origin)
                .want(want(&host)),
            (None, _) => self.unlisted(check),
        }
    }

    /// PKIX errors of this server that nothing healed.
    fn refused(&self, check: &Check, listing: Option<(&Fact<TrustStore>, Confidence)>, has_root: Option<bool>) -> Option<Finding> {
        let (id, healed, places) = self.errors.first()?;
        let host = &self.view.host;
        if let Some((time, origin)) = healed {
            let message = text!(
                "Java on {host} refused certificates of Microsoft's hosts for a while; connections work again at {time}: healed",
                host,
                time
            );
            return Some(check.warn(self.subject(), message).at_all(places).at(origin));
        }
        let root = &roots::needed().name;
        let complete = listing.is_some_and(|(s, _)| s.is_complete());
        let why = match (self.intercepted, has_root) {
            (Some((_, issuer, _)), _) => text!(
                "the chain is issued by `{issuer}`: a device intercepts TLS, and Java doesn't trust its root",
                issuer
            ),
            (None, Some(false)) if complete => text!("the trust store lacks {root}, on which Microsoft's hosts rest", root),
            (None, Some(true)) => {
                text!(
                    "the trust store has {root}, so another root is missing: most likely a device intercepts TLS with a private one",
                    root
                )
            }
            _ => text!(
                "the trust store lacks the root ({root} since 2025 and 2026), or a device intercepts TLS",
                root
            ),
        };
        let mut finding = check
            .fail(
                self.subject(),
                text!(
                    "Java on {host} refuses the certificates of Microsoft's hosts (PKIX errors in its log): {why}",
                    host,
                    why
                ),
            )
            .at_all(places.iter().take(3));
        for (id, ..) in &self.errors {
            finding = finding.explains(format!("signature:{id}"));
        }
        finding = finding
            .explains("check:token.refresh")
            .explains("check:log.dispatcher")
            .explains("check:alias.state");
        let _ = id;
        if let Some((store, _)) = listing {
            finding = finding.at(&store.origin);
        } else {
            finding = finding.want(want(&host));
        }
        Some(finding.at_all(self.intercepted.map(|(probe, ..)| &probe.origin)))
    }

    /// A foreign issuer without errors in the log.
    fn interception(
        &self,
        check: &Check,
        probe: &Fact<TlsProbe>,
        issuer: &str,
        confidence: Confidence,
        listing: Option<(&Fact<TrustStore>, Confidence)>,
    ) -> Finding {
        let host = &self.view.host;
        let to = probe.to.as_ref().map_or("", |(h, _)| h.as_str());
        let told = listing.is_some_and(|(store, _)| trusts_issuer(store, &probe.issuers));
        let message = text!(
            "{to} shows {host} a certificate issued by `{issuer}`, not by Microsoft or DigiCert: a device intercepts TLS",
            to,
            host,
            issuer
        );
        let works = self.tokens_work.as_ref().or(self.mail_works.as_ref());
        if told {
            let listed = listing.map(|(store, _)| &store.origin);
            return check
                .warn(self.subject(), text!("{message}; the Java trust store has its root", message))
                .confidence(confidence)
                .at(&probe.origin)
                .at_all(listed);
        }
        if let Some((_, origin)) = works {
            return check
                .warn(self.subject(), text!("{message}; ECE's own connections work all the same", message))
                .confidence(confidence)
                .at(&probe.origin)
                .at(origin);
        }
        check
            .fail(
                self.subject(),
                text!("{message}. Java trusts it only if the device's root stands in its own store", message),
            )
            .confidence(confidence.max(Confidence::Medium))
            .at(&probe.origin)
            .want(want(&host))
    }

    /// A complete listing without the root, and no errors: the date decides.
    fn lacking(&self, check: &Check, store: &Fact<TrustStore>, confidence: Confidence) -> Finding {
        let host = &self.view.host;
        let root = roots::needed();
        let former = roots::former_in(store);
        let age = (!former.is_empty()).then(|| text!(" (it has {former})", former = Text::joined(former, text!(" and "))));
        let message = text!("the Java trust store of {host} lacks {name}{age}", host, name = root.name, age);
        let due = |need: &&Need, now: Stamp| need.since().is_some_and(|since| !is_later(since, now));
        let finding = match &self.now {
            None => check
                .unknown(
                    self.subject(),
                    text!(
                        "{message}; Microsoft's hosts rest on it since {dates}, but nothing in the bundle is dated",
                        message,
                        dates = dates(&root.needed)
                    ),
                )
                .want(Want::new(
                    Role::EceAdmin,
                    text!("the day on which the evidence was taken"),
                    text!("run again with --as-of <date>"),
                )),
            Some(now) => match root.needed.iter().filter(|n| due(n, now.value)).collect::<Vec<_>>().as_slice() {
                [] => {
                    let sources = Text::joined(root.needed.iter().map(|n| Text::figure(&n.source)), Text::figure("; "));
                    let when = dates(&root.needed);
                    check.warn(
                        self.subject(),
                        text!("{message}: connections will fail from {when} on ({sources})", message, when, sources),
                    )
                }
                due => {
                    let hosts = due.iter().map(|n| {
                        text!(
                            "{hosts} (since {date})",
                            hosts = Text::catalogued(n.hosts.clone()),
                            date = n.since().map(|s| Text::figure(s.date()))
                        )
                    });
                    let hosts = Text::joined(hosts, text!(" and "));
                    if self.contradicted(due) {
                        check
                            .warn(
                                self.subject(),
                                text!(
                                    "{message}, on which {hosts} rest, yet ECE's connections work: another store is in use, or the listing is old",
                                    message,
                                    hosts,
                                ),
                            )
                            .at_all(self.tokens_work.as_ref().or(self.mail_works.as_ref()).map(|(_, o)| o))
                    } else {
                        check.fail(
                            self.subject(),
                            text!("{message}, on which {hosts} rest: Java refuses them", message, hosts),
                        )
                    }
                }
            },
        };
        finding.confidence(confidence).at(&store.origin)
    }

    /// True if every connection that the missing root would stop is seen to work after Microsoft's change.
    fn contradicted(&self, due: &[&Need]) -> bool {
        due.iter().all(|need| {
            let worked = if need.endpoint == "mail" { &self.mail_works } else { &self.tokens_work };
            worked.as_ref().zip(need.since()).is_some_and(|((time, _), since)| is_later(*time, since))
        })
    }

    fn unlisted(&self, check: &Check) -> Finding {
        let host = &self.view.host;
        let needs: Vec<&Need> = roots::needed().needed.iter().collect();
        if self.contradicted(&needs) {
            let places = [&self.tokens_work, &self.mail_works].into_iter().flatten().map(|(_, o)| o);
            return check
                .pass(
                    self.subject(),
                    text!(
                        "ECE's own TLS connections from {host} to sign-in and mail hosts work after Microsoft's change of roots",
                        host
                    ),
                )
                .at_all(places);
        }
        let mut finding = match (self.stores.first(), self.other_store) {
            (Some((store, _)), _) => check
                .unknown(
                    self.subject(),
                    text!(
                        "the trust store of {host} could not be listed: {problem}",
                        host,
                        problem = store.problem.as_ref().map_or_else(|| text!("keytool failed"), |problem| problem.part())
                    ),
                )
                .at(&store.origin),
            (None, Some(origin)) => check
                .unknown(
                    self.subject(),
                    text!(
                        "the trust store listed for {host} is not the one that javax.net.ssl.trustStore names",
                        host
                    ),
                )
                .at(origin),
            (None, None) => check.unknown(
                self.subject(),
                text!("no listing of {host}'s Java trust store, and no PKIX error in its logs", host),
            ),
        };
        finding = finding.want(want(&host));
        finding
    }
}

/// PKIX errors in the logs of `server`: from failed operations, whose times are known, else from signature hits.
fn errors(case: &Case, server: &ServerView) -> Vec<TrustError> {
    let mut errors = Vec::new();
    for hit in case.logs.hits.iter().filter(|h| UNTRUSTED.contains(&h.id.as_str())) {
        if !hit.concerns(|host| server.is_called(host)) {
            continue;
        }
        let failed = case.logs.operations.iter().flat_map(|o| &o.runs).filter(|r| {
            let of_hit = matches!(&r.outcome, Outcome::Failed(ids) if ids.contains(&hit.id));
            of_hit && r.host.as_deref().is_some_and(|h| server.is_called(h))
        });
        let last_run = failed.reduce(|best, next| if is_later(next.last, best.last) { next } else { best });
        let mut places: Vec<Origin> = last_run.map(|r| vec![r.origin.clone()]).unwrap_or_default();
        places.extend(hit.samples.iter().take(3).cloned());
        errors.push((hit.id.clone(), healed(case, server, hit), places));
    }
    errors.sort_by_key(|(_, healed, _)| healed.is_some());
    errors
}

fn dates(needs: &[Need]) -> Text {
    Text::list(needs.iter().filter_map(|need| {
        let (date, endpoint) = (Text::figure(need.since()?.date()), Text::catalogued(need.endpoint.clone()));
        Some(text!("{date} ({endpoint})", date, endpoint))
    }))
}

/// The last part of a path, lower case.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or("").trim_matches('"').to_ascii_lowercase()
}

/// True if an owner in the store is an issuer of the chain.
fn trusts_issuer(store: &TrustStore, issuers: &[String]) -> bool {
    let mut owners = store.entries.iter().filter(|e| e.trusted).filter_map(|e| e.owner.as_deref());
    owners.any(|owner| {
        issuers.iter().any(|issuer| {
            let same_name = crate::model::common_name(owner).is_some_and(|cn| crate::model::common_name(issuer).is_some_and(|i| i == cn));
            same_name && organisation(owner) == organisation(issuer)
        })
    })
}
