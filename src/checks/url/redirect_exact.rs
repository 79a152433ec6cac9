//! `url.redirect-exact`

use super::application::{Registered, registered};
use super::{ALSO_TOUCHES, GENERATE, VERIFY};
use crate::case::{Case, Refusal, moment};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity, Subject, SubjectKind};
use crate::model::redirect_uri::{Difference, differences};
use crate::model::{LogEventKind, OperationKind, Origin, Stamp, Text};
use crate::text;
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "url.redirect-exact",
    title: "The redirect URI that ECE sends is registered character by character",
    severity: Severity::Critical,
    why: "Microsoft compares the redirect URI of the sign-in with the registered ones: the host without regard to case, everything else exactly. One letter of the path, a trailing slash, a port or http in place of https is enough for AADSTS50011, and no token can be generated.",
    evidence: "authorize requests and AADSTS50011 in logs, sign-in log; redirect URIs of the registration",
    remedy: &[
        "Copy the redirect URI that ECE sends (from the evidence of this finding) into the registration: Entra admin center, App registrations > (the ECE app) > Authentication > Platform Web > Add URI. Change nothing in it: scheme, case, port, path and trailing slash count.",
        "If the host itself is wrong, correct the external URL in ECE instead (12.6 and later: Partition > Apps > General Settings, `External URL of Application`; 11.5 to 12.5: `Web server URL or Load Balancer URL`).",
        ALSO_TOUCHES,
        GENERATE,
        VERIFY,
    ],
    references: &[
        "https://learn.microsoft.com/en-us/entra/identity-platform/reply-url",
        "Cisco tech note 218453, Azure AD application",
    ],
    run,
};

/// AADSTS codes that refuse a redirect URI: not registered, another one at redemption, none registered, malformed, wrong scheme.
const CODES: [u32; 6] = [50011, 500_112, 500_113, 500_115, 500_116, 500_117];

/// In what the nearest registered redirect URI differs, and which one it is.
type Nearest = (Vec<Difference>, usize);

/// A redirect URI that was sent.
struct Sent {
    uri: String,
    time: Option<Stamp>,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let (registered, mut findings) = registered(case, check);
    let sent = last_sent(case);
    let refusals = case.refusals(&CODES);
    let broken: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
    let finding = match (registered, sent.is_empty(), broken.first()) {
        (Ok(registered), false, _) => compare(case, check, &registered, &sent, &refusals),
        (Ok(registered), true, Some(_)) => refused(check, registered.subject.clone(), &broken, &[]).at(&registered.origin),
        (Err(gap), _, Some(_)) => refused(check, client_of(case), &broken, &sent)
            .at_all(&gap.evidence)
            .want(wanted::manifest()),
        (Ok(registered), true, None) => match refusals.first() {
            Some(healed) => healed_finding(check, registered.subject.clone(), healed),
            None => check
                .unknown(registered.subject.clone(), text!("no log shows which redirect URI ECE sends"))
                .at(&registered.origin)
                .want(wanted::application_log()),
        },
        (Err(gap), false, None) => check
            .unknown(
                gap.subject.clone(),
                text!("ECE sends `{uri}`; {message}", uri = sent.first().map(|s| &s.uri), message = gap.message),
            )
            .at_all(sent.iter().map(|s| &s.origin))
            .at_all(&gap.evidence)
            .want(wanted::manifest()),
        (Err(gap), true, None) => match refusals.first() {
            Some(healed) => healed_finding(check, gap.subject.clone(), healed),
            None => gap.want(wanted::application_log()),
        },
    };
    findings.insert(0, finding);
    Ok(findings)
}

/// The redirect URI that each server sent last; where no authorize request was logged, those that a refusal quotes.
fn last_sent(case: &Case) -> Vec<Sent> {
    let apps = case.ece_app_ids();
    let ours = |id: &Option<String>| id.as_ref().is_none_or(|id| apps.is_empty() || apps.contains(id));
    let mut by_host: BTreeMap<Option<&str>, Sent> = BTreeMap::new();
    for event in &case.logs.events {
        let LogEventKind::Authorize(request) = &event.kind else { continue };
        let Some(uri) = request.redirect_uri.as_ref().filter(|_| ours(&request.client_id)) else {
            continue;
        };
        let sent = Sent {
            uri: uri.clone(),
            time: event.time,
            origin: event.origin.clone(),
        };
        let host = event.host.as_deref();
        let is_newer = by_host.get(&host).is_none_or(|known| known.time.map(moment) <= sent.time.map(moment));
        if is_newer {
            by_host.insert(host, sent);
        }
    }
    if !by_host.is_empty() {
        let mut sent: Vec<Sent> = by_host.into_values().collect();
        sent.dedup_by(|a, b| a.uri == b.uri);
        return sent;
    }
    let quoted = case
        .logs
        .hits
        .iter()
        .filter(|hit| CODES.iter().any(|code| hit.id == format!("entra.aadsts{code}")));
    quoted
        .flat_map(|hit| {
            let uris = hit.fields.get("redirect_uri").into_iter().flatten();
            uris.filter_map(|uri| {
                // The sample that quotes it, else any.
                let origin = hit
                    .samples
                    .iter()
                    .find(|o| o.excerpt.as_str().contains(uri.as_str()))
                    .or(hit.samples.first())?;
                Some(Sent {
                    uri: uri.clone(),
                    time: hit.span.last,
                    origin: origin.clone(),
                })
            })
        })
        .collect()
}

/// Compares what is sent with what is registered.
fn compare(case: &Case, check: &Check, registered: &Registered<'_>, sent: &[Sent], refusals: &[Refusal]) -> Finding {
    let subject = registered.subject.clone();
    let broken: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
    // For each URI that was sent: the registered one that differs least, and in what.
    let judged: Vec<(&Sent, Option<Nearest>)> = sent
        .iter()
        .map(|s| {
            let all = registered.uris.iter().enumerate().map(|(i, uri)| (differences(&s.uri, &uri.uri), i));
            (s, all.min_by_key(|(d, _)| (d.iter().max().copied(), d.len())))
        })
        .collect();
    let wrong = judged.iter().find(|(_, best)| best.as_ref().is_none_or(|(d, _)| !d.is_empty()));
    match wrong {
        None => {
            let matched = judged.iter().filter_map(|(_, best)| registered.uris.get(best.as_ref()?.1));
            let at = |finding: Finding| finding.at_all(sent.iter().map(|s| &s.origin)).at_all(matched.map(|uri| &uri.origin));
            if let Some(refusal) = broken.first() {
                return after_refusal(case, check, subject, refusal, sent, at);
            }
            match refusals.first() {
                Some(healed) => at(healed_finding(check, subject, healed)),
                None => at(check.pass(
                    subject,
                    text!("the redirect URI that ECE sends, `{uri}`, is registered exactly so", uri = sent[0].uri),
                ))
                .confidence(registered.confidence),
            }
        }
        Some(_) if !registered.complete => check
            .unknown(
                subject,
                text!("the list of redirect URIs is cut in the export, and none of those shown equals the one that ECE sends"),
            )
            .at_all(sent.iter().map(|s| &s.origin))
            .at(&registered.origin)
            .want(wanted::manifest()),
        Some((sent, None)) => explaining(check.fail(
            subject,
            text!(
                "ECE sends `{uri}`, but the registration has no redirect URI at all: Microsoft refuses the sign-in (AADSTS500113)",
                uri = sent.uri
            ),
        ))
        .at(&sent.origin)
        .at(&registered.origin),
        Some((sent, Some((differences, nearest)))) => {
            let nearest = registered.uris.get(*nearest);
            let list = Text::joined(differences.iter().map(|d| d.words()), text!(" and "));
            let shown = nearest.map_or("", |uri| uri.uri.as_str());
            explaining(check.fail(
                subject,
                text!(
                    "ECE sends `{uri}`; the nearest registered redirect URI is `{shown}` and differs in {list}: Microsoft refuses the sign-in (AADSTS50011)",
                    uri = sent.uri,
                    shown,
                    list,
                ),
            ))
            .at(&sent.origin)
            .at_all(nearest.map(|uri| &uri.origin))
            .at_all(broken.iter().flat_map(|r| &r.origins).take(2))
            .confidence(registered.confidence)
        }
    }
}

/// What is sent is registered, but a refusal stands in the evidence and nothing worked after it: the registration may have been
/// mended since, or the export may be another tenant's.
fn after_refusal(case: &Case, check: &Check, subject: Subject, refusal: &Refusal, sent: &[Sent], at: impl FnOnce(Finding) -> Finding) -> Finding {
    let last = refusal.last.map(moment);
    let later = sent.iter().any(|s| s.time.map(moment) > last) && last.is_some();
    let generated = case
        .logs
        .operations
        .iter()
        .filter(|o| o.kind == OperationKind::TokenGeneration)
        .filter_map(|o| o.last_done())
        .any(|run| last.is_some_and(|l| moment(run.last) > l));
    let message = text!(
        "Microsoft refused a redirect URI (AADSTS{code}), yet the one that ECE sends now is registered exactly so",
        code = refusal.code
    );
    let finding = match later || generated {
        true => check.warn(subject, text!("{message}: mended since the refusal", message)),
        false => check
            .unknown(
                subject,
                text!(
                    "{message}: the registration was mended since, or the export is not the one that refused",
                    message
                ),
            )
            .want(wanted::application_log())
            .want(wanted::manifest()),
    };
    at(finding).at_all(refusal.origins.iter().take(2))
}

/// Microsoft named the reason, and no export contradicts it.
fn refused(check: &Check, subject: Subject, broken: &[&Refusal], sent: &[Sent]) -> Finding {
    let code = broken.first().map_or(50011, |r| r.code);
    let which = sent.first().map(|s| text!(" `{uri}`", uri = s.uri));
    let count: u64 = broken.iter().map(|r| r.count).sum();
    explaining(check.fail(
        subject,
        text!(
            "Microsoft refused the redirect URI{which} that ECE sends (AADSTS{code}, {times}): it isn't registered in this form",
            which,
            code,
            times = Text::times(count)
        ),
    ))
    .at_all(broken.iter().flat_map(|r| &r.origins).take(4))
    .at_all(sent.iter().map(|s| &s.origin).take(2))
}

fn healed_finding(check: &Check, subject: Subject, refusal: &Refusal) -> Finding {
    let when = refusal.healed.map(|at| text!(", healed at {at}", at));
    check
        .warn(
            subject,
            text!(
                "Microsoft refused the redirect URI earlier (AADSTS{code}){when}: generating a token worked again afterwards",
                code = refusal.code,
                when
            ),
        )
        .at_all(refusal.origins.iter().take(2))
}

fn explaining(finding: Finding) -> Finding {
    let codes = CODES.iter().map(|code| format!("signature:entra.aadsts{code}"));
    codes
        .chain([
            "check:url.single-fqdn".to_owned(),
            "check:token.refresh".to_owned(),
            "check:signin.failures".to_owned(),
        ])
        .fold(finding, Finding::explains)
}

/// The application that the logs name, where no registration was collected.
fn client_of(case: &Case) -> Subject {
    case.client_ids()
        .first()
        .map_or_else(Subject::deployment, |seen| Subject::new(SubjectKind::Application, seen.value.clone()))
}
