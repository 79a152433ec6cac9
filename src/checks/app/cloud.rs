//! `app.cloud`: sign-in, mail and registration are in the same cloud.

use super::audience::authority_want;
use crate::case::Case;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Severity, Subject};
use crate::model::cloud::clouds_of;
use crate::model::{LogEventKind, Origin, Text};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "app.cloud",
    title: "Sign-in, mail and registration are in one cloud",
    severity: Severity::Critical,
    why: "Microsoft's national clouds (US Government, China, and others) have directories, sign-in hosts and mail hosts of their own: a token of one opens no mailbox of another.",
    evidence: "authorize and token URLs, mail hosts of aliases and accounts, publisher domain, audience of tokens",
    remedy: &[
        "Find the cloud of the mailboxes: the tenant's portal (entra.microsoft.com, portal.azure.us, portal.azure.cn).",
        "In ECE use that cloud's hosts throughout: sign-in and token URLs, mail servers, scopes; in 12.6 choose it as the account's endpoint.",
        "Generate the token of each account again.",
        REACTIVATE_ALIASES,
        "Verify: the token's audience is the mail host's cloud, and mail is fetched and sent.",
    ],
    references: &["Microsoft: National clouds; Microsoft Entra authentication endpoints"],
    run,
};

/// A host or domain of Microsoft's, and the clouds that it may belong to.
struct Witness {
    what: String,
    clouds: BTreeSet<&'static str>,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let found = witnesses(case);
    let Some(first) = found.first() else {
        return Err(Gap::missing(
            text!("nothing names a host of Microsoft's that ECE uses"),
            vec![authority_want()],
        ));
    };
    let subject = match case.ece_app_ids().first() {
        Some(id) => Subject::new(crate::finding::SubjectKind::Application, id.as_str()),
        None => Subject::deployment(),
    };
    for (at, witness) in found.iter().enumerate() {
        if let Some(other) = found.iter().skip(at + 1).find(|o| o.clouds.is_disjoint(&witness.clouds)) {
            let name = |w: &Witness| Text::joined(&w.clouds, text!(" or "));
            let message = text!(
                "{what} belongs to the cloud {cloud}, but {other} to {other_cloud}: a token of one cloud opens no mailbox of another",
                what = witness.what,
                cloud = name(witness),
                other = other.what,
                other_cloud = name(other)
            );
            return Ok(vec![check.fail(subject, message).at(&witness.origin).at(&other.origin)]);
        }
    }
    let common = found
        .iter()
        .fold(first.clouds.clone(), |all, w| all.intersection(&w.clouds).copied().collect());
    let name = Text::joined(common, text!(" or "));
    if found.len() == 1 {
        let message = text!(
            "{what} belongs to the cloud {name}; nothing else names a cloud to compare it with",
            what = first.what,
            name
        );
        return Ok(vec![check.unknown(subject, message).at(&first.origin).want(authority_want())]);
    }
    let message = text!("every host of Microsoft's in use belongs to the cloud {name}", name);
    Ok(vec![check.pass(subject, message).at_all(found.iter().map(|w| &w.origin).take(4))])
}

fn witnesses(case: &Case) -> Vec<Witness> {
    let mut found: Vec<Witness> = Vec::new();
    let mut note = |host: &str, origin: &Origin| {
        let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
        let clouds: BTreeSet<&'static str> = clouds_of(&host).into_iter().map(|(cloud, _)| cloud.name.as_str()).collect();
        if !clouds.is_empty() && !found.iter().any(|w| w.what == host) {
            found.push(Witness {
                what: host,
                clouds,
                origin: origin.clone(),
            });
        }
    };
    for authority in case.authorities() {
        note(&authority.host, &authority.origin);
        note(&authority.tenant, &authority.origin);
    }
    for account in &case.facts.ece.accounts {
        if let Some(fact) = account.address.fact() {
            note(&fact.value, &fact.origin);
        }
    }
    for row in case.aliases().into_iter().flat_map(|alias| alias.rows) {
        for host in [&row.in_host, &row.out_host] {
            if let Some(fact) = host.fact() {
                note(&fact.value, &fact.origin);
            }
        }
    }
    for event in &case.logs.events {
        if let LogEventKind::MailLogin { host: Some(host), .. } = &event.kind {
            note(host, &event.origin);
        }
    }
    for (claims, origin) in case.token_claims() {
        let audience = claims.audience.unwrap_or_default();
        if let Some(host) = audience.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest)) {
            note(host, &origin);
        }
    }
    if let crate::case::EceApplication::Chosen { exports, .. } = case.application()
        && let Some(fact) = exports.iter().find_map(|app| app.publisher_domain.fact())
    {
        note(&fact.value, &fact.origin);
    }
    found
}
