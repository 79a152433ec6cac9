//! `url.single-fqdn`

use super::application::registered;
use super::console_host::console_hosts;
use super::redirect_host::host_and_port;
use super::{ALSO_TOUCHES, GENERATE, VERIFY};
use crate::case::Case;
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity, Subject};
use crate::model::redirect_uri::{host_matches, split_uri};
use crate::model::{LogEventKind, Origin, Text};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "url.single-fqdn",
    title: "One name everywhere: settings, registration, console, certificate, chat",
    severity: Severity::Medium,
    why: "OAuth in ECE hangs on one name: the external URL's host must be in the redirect URI, in the address bar when the token is generated, and in the web server's certificate. This check gathers every place that names it, and shows which agree.",
    evidence: "external URL, redirect URIs (registered and sent), console hosts, certificates, chat entry points",
    remedy: &[
        "Choose the one name under which people open ECE, and bring every place that this finding lists as different in line with it.",
        ALSO_TOUCHES,
        GENERATE,
        VERIFY,
    ],
    references: &["Cisco tech note 218453, System configuration and Azure AD application"],
    run,
};

/// How much a place that disagrees matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// The sign-in itself needs it.
    SignIn,
    /// People or certificates would notice.
    Beside,
}

struct Place {
    what: Text,
    name: String,
    agrees: bool,
    weight: Weight,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let subject = Subject::deployment();
    let urls: Vec<(String, Origin)> = case
        .external_urls()
        .into_iter()
        .filter_map(|url| Some((host_and_port(&url.url)?.0, url.origin)))
        .collect();
    let Some((external, first)) = urls.first() else {
        let finding = check.unknown(
            subject,
            text!("the external URL is unknown: there is no name to compare the other places with"),
        );
        return Ok(vec![finding.want(wanted::settings())]);
    };
    let hosts: Vec<&str> = urls.iter().map(|(host, _)| host.as_str()).collect();
    if hosts.iter().any(|host| host != external) {
        let finding = check
            .unknown(
                subject,
                text!("the external URL has several values (see url.scopes-agree): there is no one name to compare with"),
            )
            .at_all(urls.iter().map(|(_, origin)| origin).take(4))
            .want(wanted::settings());
        return Ok(vec![finding]);
    }
    let places = places(case, check, external);
    if places.is_empty() {
        let finding = check
            .unknown(
                subject,
                text!(
                    "the external URL's name is `{external}`; no other place that names it was collected",
                    external
                ),
            )
            .at(first)
            .want(wanted::manifest())
            .want(wanted::application_log());
        return Ok(vec![finding]);
    }
    let different: Vec<&Place> = places.iter().filter(|p| !p.agrees).collect();
    let list = different.iter().take(6).map(|p| text!("{what} `{name}`", what = p.what, name = p.name));
    let finding = if different.is_empty() {
        let agree: BTreeSet<&Text> = places.iter().map(|p| &p.what).collect();
        check.pass(
            subject,
            text!(
                "one name everywhere: `{external}` (external URL, {agree})",
                external,
                agree = Text::list(agree)
            ),
        )
    } else {
        let message = text!(
            "the external URL's name is `{external}`, but these places name another: {list}",
            external,
            list = Text::list(list)
        );
        match different.iter().any(|p| p.weight == Weight::SignIn) {
            true => check.fail(subject, message),
            false => check.warn(subject, message),
        }
    };
    Ok(vec![
        finding
            .at(first)
            .at_all(different.iter().map(|p| &p.origin).take(6))
            .at_all(places.iter().filter(|p| p.agrees).map(|p| &p.origin).take(3)),
    ])
}

/// Every place that names ECE's host. Of a kind of which one place agrees, those that don't are left out where several names are
/// normal: a registration may hold the redirect URIs of a test system too.
fn places(case: &Case, check: &Check, external: &str) -> Vec<Place> {
    let mut places = Vec::new();
    if let (Ok(registered), _) = registered(case, check) {
        let own: Vec<_> = registered.uris.iter().filter_map(|uri| Some((split_uri(&uri.uri)?.host, *uri))).collect();
        let agreeing = own.iter().find(|(host, _)| host_matches(external, host));
        let shown = match agreeing {
            Some(one) => vec![one],
            None if registered.complete => own.iter().take(3).collect(),
            None => Vec::new(),
        };
        places.extend(shown.into_iter().map(|(host, uri)| Place {
            what: text!("redirect URI"),
            name: host.clone(),
            agrees: host_matches(external, host),
            weight: Weight::SignIn,
            origin: uri.origin.clone(),
        }));
    }
    let apps = case.ece_app_ids();
    let sent = case.logs.events.iter().rev().find_map(|event| match &event.kind {
        LogEventKind::Authorize(request) if request.client_id.as_ref().is_none_or(|id| apps.is_empty() || apps.contains(id)) => {
            Some((split_uri(request.redirect_uri.as_deref()?)?.host, event.origin.clone()))
        }
        _ => None,
    });
    if let Some((name, origin)) = sent {
        places.push(Place {
            what: text!("redirect URI sent"),
            agrees: name == external,
            name,
            weight: Weight::SignIn,
            origin,
        });
    }
    let consoles: Vec<(String, Origin)> = console_hosts(case)
        .into_iter()
        .filter_map(|(host, origin)| Some((host_and_port(&host)?.0, origin)))
        .collect();
    let console_agrees = consoles.iter().any(|(host, _)| host == external);
    places.extend(consoles.into_iter().map(|(name, origin)| Place {
        what: text!("console"),
        agrees: name == external,
        name,
        // Where the right name is used too, the others are a habit to break, not a fault of the sign-in.
        weight: if console_agrees { Weight::Beside } else { Weight::SignIn },
        origin,
    }));
    for page in &case.facts.ece.entry_points {
        if let Some((name, _)) = host_and_port(&page.value).filter(|_| page.value.contains("://")) {
            places.push(Place {
                what: text!("chat entry point"),
                agrees: name == external,
                name,
                weight: Weight::Beside,
                origin: page.origin.clone(),
            });
        }
    }
    places.extend(certificate_places(case, external));
    places
}

/// Certificates for the external URL's domain: one that holds the name agrees; one that holds only neighbours of it does not.
fn certificate_places(case: &Case, external: &str) -> Vec<Place> {
    let domain = external.split_once('.').map_or("", |(_, domain)| domain);
    let about_us = |name: &String| !domain.is_empty() && (name == domain || name.ends_with(&format!(".{domain}")));
    let mut places: Vec<Place> = case
        .facts
        .network
        .certificates
        .iter()
        .filter_map(|certificate| {
            let agreeing = certificate.names.iter().find(|name| host_matches(external, name));
            let neighbour = certificate.names.iter().find(|name| about_us(name));
            let name = agreeing.or(neighbour)?;
            Some(Place {
                what: text!("certificate"),
                name: name.clone(),
                agrees: agreeing.is_some(),
                weight: Weight::Beside,
                origin: certificate.origin.clone(),
            })
        })
        .collect();
    if places.iter().any(|p| p.agrees) {
        places.retain(|p| p.agrees);
    }
    places
}
