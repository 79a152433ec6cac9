//! `url.redirect-host`

use super::application::{Registered, registered};
use super::{ALSO_TOUCHES, GENERATE, VERIFY};
use crate::case::{Case, ExternalUrl};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity};
use crate::model::Text;
use crate::model::redirect_uri::{RedirectParts, host_matches, split_uri};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "url.redirect-host",
    title: "A redirect URI of the application has the external URL's host",
    severity: Severity::Critical,
    why: "ECE sends a redirect URI that it builds from the external URL. If the registration holds none with that host and port, Microsoft refuses the sign-in with AADSTS50011, and no token can be generated. Tokens that exist go on being refreshed, so that the fault may stay unseen until the next Generate.",
    evidence: "external URL in the settings; redirect URIs of the registration, on every platform",
    remedy: &[
        "Decide which name is right: the one under which agents and administrators open ECE.",
        "If the registration is wrong: Entra admin center, App registrations > (the ECE app) > Authentication > Platform Web: add the redirect URI with that host, written exactly as ECE sends it (take it from the address bar or from the application server's log after Generate).",
        "If ECE is wrong: correct the external URL (12.6 and later: Partition > Apps > General Settings, `External URL of Application`; 11.5 to 12.5: partition setting `Web server URL or Load Balancer URL`).",
        ALSO_TOUCHES,
        GENERATE,
        VERIFY,
    ],
    references: &[
        "Cisco tech note 218453, Azure AD application",
        "https://learn.microsoft.com/en-us/entra/identity-platform/reply-url",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let (registered, mut findings) = registered(case, check);
    let finding = match registered {
        Ok(registered) => judge(case, check, &registered),
        Err(finding) => finding.at_all(case.external_urls().iter().map(|u| &u.origin).take(2)),
    };
    findings.insert(0, finding);
    Ok(findings)
}

fn judge(case: &Case, check: &Check, registered: &Registered<'_>) -> Finding {
    let subject = registered.subject.clone();
    let urls: Vec<(ExternalUrl, String, Option<u16>)> = case
        .external_urls()
        .into_iter()
        .filter_map(|url| {
            let (host, port) = host_and_port(&url.url)?;
            Some((url, host, port))
        })
        .collect();
    let Some((first, ..)) = urls.first() else {
        return check
            .unknown(subject, text!("the external URL is unknown: the redirect URIs can't be compared with it"))
            .at(&registered.origin)
            .want(wanted::settings());
    };
    if case.external_url_setting().is_some_and(|key| key != first.setting) {
        return check
            .unknown(
                subject,
                text!(
                    "the setting that counts in this release holds no external URL (see url.setting-for-release); `{url}` of the other one isn't what ECE uses",
                    url = first.url,
                ),
            )
            .at(&first.origin)
            .at(&registered.origin)
            .want(wanted::settings());
    }
    let matches = |host: &str, port: Option<u16>| {
        registered
            .uris
            .iter()
            .find(|uri| split_uri(&uri.uri).is_some_and(|own| host_matches(host, &own.host) && is_same_port(&own, port)))
    };
    let (right, wrong): (Vec<_>, Vec<_>) = urls.iter().partition(|(_, host, port)| matches(host, *port).is_some());
    match (right.is_empty(), wrong.as_slice()) {
        (_, []) => {
            let found: Vec<_> = urls.iter().filter_map(|(_, host, port)| matches(host, *port)).collect();
            let names: BTreeSet<&str> = urls.iter().map(|(_, host, _)| host.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            check
                .pass(
                    subject,
                    text!(
                        "a redirect URI of the registration has the external URL's host `{names}`",
                        names = names.join("`, `")
                    ),
                )
                .confidence(registered.confidence)
                .at_all(urls.iter().map(|(url, ..)| &url.origin).take(3))
                .at_all(found.iter().map(|uri| &uri.origin).take(3))
        }
        (true, _) if !registered.complete => check
            .unknown(
                subject,
                text!("the list of redirect URIs is cut in the export, and none of those shown has the external URL's host"),
            )
            .at(&first.origin)
            .at(&registered.origin)
            .want(wanted::manifest()),
        (true, _) => {
            let (url, host, port) = &urls[0];
            check
                .fail(subject, mismatch(url, host, *port, registered))
                .confidence(registered.confidence)
                .at_all(urls.iter().map(|(url, ..)| &url.origin).take(3))
                .at_all(registered.uris.iter().map(|uri| &uri.origin).take(5))
                .at(&registered.origin)
                .explains("signature:entra.aadsts50011")
                .explains("check:url.redirect-exact")
                .explains("check:url.single-fqdn")
        }
        (false, wrong) => {
            let names: Vec<String> = wrong.iter().map(|(url, ..)| format!("`{}`", url.url)).collect();
            check
                .unknown(
                    subject,
                    text!(
                        "the external URL has several values; the redirect URIs fit some of them, but not {names} (see url.scopes-agree)",
                        names = names.join(", ")
                    ),
                )
                .at_all(urls.iter().map(|(url, ..)| &url.origin).take(4))
                .at(&registered.origin)
                .want(wanted::settings())
        }
    }
}

/// Host and port of an external URL; a value without `https://` still names its host.
pub(super) fn host_and_port(url: &str) -> Option<(String, Option<u16>)> {
    let bare: String = url.chars().filter(|c| !c.is_whitespace()).collect();
    let with_scheme = if bare.contains("://") { bare } else { format!("https://{bare}") };
    let parts = split_uri(&with_scheme)?;
    Some((parts.host, parts.port))
}

/// Another scheme brings another port of its own: that is a fault of the scheme, which app.redirect-form names.
fn is_same_port(own: &RedirectParts<'_>, port: Option<u16>) -> bool {
    own.port == port || own.scheme == "http" && own.port == Some(80) && port == Some(443)
}

fn mismatch(url: &ExternalUrl, host: &str, port: Option<u16>, registered: &Registered<'_>) -> Text {
    if registered.uris.is_empty() {
        return text!(
            "external URL is `{url}`, but the registration has no redirect URI at all: Microsoft will refuse the sign-in (AADSTS500113)",
            url = url.url
        );
    }
    let parts: Vec<_> = registered.uris.iter().filter_map(|uri| split_uri(&uri.uri)).collect();
    if let Some(same_host) = parts.iter().find(|own| host_matches(host, &own.host)) {
        let shown = |port: Option<u16>| port.map_or_else(|| text!("none"), Text::figure);
        return text!(
            "external URL `{url}` has port {port}, but the redirect URI of that host has port {registered}: Microsoft will refuse the sign-in (AADSTS50011)",
            url = url.url,
            port = shown(port),
            registered = shown(same_host.port)
        );
    }
    let hosts: BTreeSet<&str> = parts.iter().map(|own| own.host.as_str()).collect();
    let hosts: Vec<String> = hosts.into_iter().take(5).map(|h| format!("`{h}`")).collect();
    text!(
        "external URL host is `{host}`, but the app's redirect URIs name only {hosts}: Microsoft will refuse the sign-in (AADSTS50011)",
        host,
        hosts = hosts.join(", ")
    )
}
