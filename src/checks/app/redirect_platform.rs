//! `app.redirect-platform`: the redirect URI belongs to the platform Web.

use super::registration::{judge, undecided};
use crate::case::Case;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Severity, Subject};
use crate::model::{Application, Fact, LogEventKind, Platform, RedirectUri};
use crate::text;
use std::collections::BTreeSet;
use url::Url;

/// The check.
pub const CHECK: Check = Check {
    id: "app.redirect-platform",
    title: "Redirect URI is registered for the platform Web",
    severity: Severity::High,
    why: "ECE redeems the authorization code on its application server with a client secret. Microsoft allows that for redirect URIs of the platform Web only: for a single-page application it refuses the code (AADSTS9002327), or its refresh token dies after 24 hours; a public client must not send a secret.",
    evidence: "app registration (web, spa, publicClient; replyUrlsWithType), external URL, authorize requests in logs, AADSTS9002327 in logs and sign-ins",
    remedy: &[
        "Entra admin center > App registrations > the app > Authentication: remove ECE's redirect URI from \"Single-page application\" or \"Mobile and desktop applications\".",
        "Add the same URI under \"Web\" (Add a platform > Web) and save.",
        "In ECE generate the token of each account again, in a private browser window.",
        REACTIVATE_ALIASES,
        "Verify: the token is issued, and its refresh still works the day after.",
    ],
    references: &[
        "Cisco 218453, section Azure AD application",
        "Microsoft: Redirect URI best practices; refresh tokens in the Microsoft identity platform",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    judge(case, check, |app, subject| judge_one(case, check, app, subject))
}

fn judge_one(case: &Case, check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    let Some(uris) = app.redirect_uris.get() else {
        return match app.redirect_uris.is_empty() && !app.cut {
            // That there is none is url.redirect-host's business; no URI stands under a wrong platform.
            true => check
                .unknown(
                    subject,
                    text!("the registration has no redirect URI on any platform, so there is none whose platform could be judged"),
                )
                .at_all(app.redirect_uris.origin()),
            false => undecided(check, subject, app, &app.redirect_uris, text!("the redirect URIs")),
        };
    };
    let ours = ece_uris(case, uris);
    if let Some(refusal) = case.refusals(&[9_002_327]).into_iter().find(|r| r.healed.is_none()) {
        let message = text!(
            "Microsoft refuses ECE's code as one of a single-page application (AADSTS9002327, {times}): the redirect URI stands under that platform",
            times = refusal.times()
        );
        return check
            .fail(subject, message)
            .at_all(&refusal.origins)
            .at_all(ours.iter().map(|u| &u.origin))
            .explains("signature:entra.aadsts9002327")
            .explains("signature:entra.aadsts700084");
    }
    let on = |platform| ours.iter().filter(move |u| u.platform == platform).copied().collect::<Vec<_>>();
    let (web, spa, public) = (on(Platform::Web), on(Platform::Spa), on(Platform::PublicClient));
    let same = |a: &Fact<RedirectUri>| web.iter().any(|w| w.uri == a.uri);
    if let Some(twice) = spa.iter().find(|u| same(u)) {
        let message = text!(
            "{uri} is registered under Web and under Single-page application: under the latter Microsoft ends its refresh tokens after 24 hours",
            uri = twice.uri
        );
        return check.warn(subject, message).at_all(ours.iter().map(|u| &u.origin));
    }
    if let (Some(first), Some(_)) = (web.first(), spa.first().or(public.first())) {
        if exact(case).is_empty() && ece_hosts(case).is_empty() {
            let message = text!("redirect URIs stand under several platforms, and nothing shows which one ECE uses");
            return check
                .unknown(subject, message)
                .at_all(ours.iter().map(|u| &u.origin))
                .want(super::registration::client_id_want());
        }
        return check
            .pass(subject, text!("{uri} is registered under Web", uri = first.uri))
            .at(&first.origin);
    }
    if let Some(first) = web.first() {
        return check
            .pass(subject, text!("{uri} is registered under Web", uri = first.uri))
            .at(&first.origin);
    }
    if let Some(first) = spa.first() {
        let message = text!(
            "{uri} is registered under Single-page application, not under Web: Microsoft refuses a server that redeems its code (AADSTS9002327), and refresh tokens die after 24 hours",
            uri = first.uri
        );
        return check
            .fail(subject, message)
            .at(&first.origin)
            .explains("signature:entra.aadsts9002327")
            .explains("signature:entra.aadsts700084");
    }
    if let Some(first) = public.first() {
        let message = text!(
            "{uri} is registered only as a public client (mobile and desktop): ECE sends a client secret, which Microsoft accepts for the platform Web only",
            uri = first.uri
        );
        return check.fail(subject, message).at(&first.origin).explains("signature:entra.aadsts700025");
    }
    check
        .unknown(subject, text!("the export doesn't say for which platform the redirect URI is registered"))
        .at_all(uris.iter().map(|u| &u.origin).take(3))
        .want(super::registration::manifest_want())
}

/// The redirect URIs that logs and recordings show being sent.
fn exact(case: &Case) -> BTreeSet<String> {
    let logged = case.logs.events.iter().filter_map(|event| match &event.kind {
        LogEventKind::Authorize(request) => request.redirect_uri.clone(),
        _ => None,
    });
    let recorded = case.facts.entra.authorize_requests.iter().filter_map(|r| r.redirect_uri.clone());
    logged.chain(recorded).collect()
}

fn ece_hosts(case: &Case) -> BTreeSet<String> {
    let external = case.external_urls().into_iter().filter_map(|u| u.host());
    let sent = exact(case).into_iter().filter_map(|u| host_of(&u));
    external.chain(sent).collect()
}

fn host_of(uri: &str) -> Option<String> {
    Url::parse(uri.trim())
        .ok()?
        .host_str()
        .map(|h| h.trim_end_matches('.').to_ascii_lowercase())
}

/// The registered URIs that are ECE's: the one that is sent; else those with the external URL's host; else all of them, as long as
/// nothing is known of ECE's host or none has it while there is just one.
pub(super) fn ece_uris<'a>(case: &Case, uris: &'a [Fact<RedirectUri>]) -> Vec<&'a Fact<RedirectUri>> {
    let sent = exact(case);
    let by_text: Vec<_> = uris.iter().filter(|u| sent.contains(&u.uri)).collect();
    if !by_text.is_empty() {
        return by_text;
    }
    let hosts = ece_hosts(case);
    let by_host: Vec<_> = uris.iter().filter(|u| host_of(&u.uri).is_some_and(|h| hosts.contains(&h))).collect();
    match by_host.is_empty() {
        true => uris.iter().collect(),
        false => by_host,
    }
}
