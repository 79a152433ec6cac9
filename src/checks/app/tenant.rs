//! `app.tenant`: settings, logs, tokens and exports are about the same tenant.

use super::audience::authority_want;
use super::registration::subject_of;
use crate::case::{Case, EceApplication, Refusal, SeenIn};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, Want};
use crate::model::{OperationKind, Origin, Part, Text};
use crate::text;
use std::collections::BTreeMap;

/// Tenant segments that name no tenant.
const NOT_ONE: &[&str] = &["common", "organizations", "consumers"];
/// The tenant of personal Microsoft accounts (Microsoft: access token claims).
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The check.
pub const CHECK: Check = Check {
    id: "app.tenant",
    title: "Everything is about one tenant",
    severity: Severity::Critical,
    why: "The registration, the mailboxes and the sign-in must belong to the same tenant: a foreign authority knows neither the application (AADSTS700016) nor the accounts, and a token of another tenant opens no mailbox of this one.",
    evidence: "authorize and token URLs in settings and logs, tokens (tid, iss), sign-in log, publisher domain of the registration",
    remedy: &[
        "Entra admin center > Overview: copy the Tenant ID of the directory that holds the mailboxes and the registration.",
        "In ECE enter it in the authorization URL and the token URL (https://login.microsoftonline.com/<tenant ID>/oauth2/v2.0/…).",
        "Generate the token of each account again, in a private browser window, as a user of that tenant.",
        REACTIVATE_ALIASES,
        "Verify: the sign-in appears in that tenant's sign-in log, and mail flows.",
    ],
    references: &["Cisco 218453, section Azure AD application", "Microsoft: AADSTS700016, AADSTS90002"],
    run,
};

/// A place that names a tenant.
struct Witness {
    what: Text,
    kind: SeenIn,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let subject = match case.application() {
        EceApplication::Chosen { exports, .. } => exports.first().map(|app| subject_of(app)),
        _ => None,
    };
    let matched = subject.is_some() && case.client_ids().iter().any(|s| s.seen_in != SeenIn::SignIn);
    let subject = subject.unwrap_or_else(Subject::deployment);
    let named = witnesses(case);
    if let Some(finding) = unknown_tenant(case, check, &subject, matched) {
        return Ok(vec![finding]);
    }
    let mut tenants = named.iter();
    let (Some((first, at)), second) = (tenants.next(), tenants.next()) else {
        return Err(Gap::missing(
            text!("nothing names the tenant that ECE works with"),
            vec![authority_want(), sign_in_want()],
        ));
    };
    if let Some((second, other)) = second {
        let (a, b) = (at.first(), other.first());
        let what = |w: Option<&Witness>| w.map(|w| w.what.clone());
        let message = text!(
            "{one} is about tenant {first}, {other} about tenant {second}: application, mailboxes and tokens must be of one tenant",
            one = what(a),
            first,
            other = what(b),
            second
        );
        let origins = at.iter().chain(other).map(|w| &w.origin);
        return Ok(vec![
            check
                .fail(subject, message)
                .at_all(origins)
                .explains("check:app.client-id")
                .explains("check:app.audience"),
        ]);
    }
    if first == PERSONAL {
        let message = text!("tokens are of the tenant of personal Microsoft accounts: the sign-in was made with a personal account");
        return Ok(vec![check.fail(subject, message).at_all(at.iter().map(|w| &w.origin))]);
    }
    let mut kinds: Vec<SeenIn> = at.iter().map(|w| w.kind).collect();
    kinds.dedup();
    let issued = case
        .logs
        .operations
        .iter()
        .any(|o| matches!(o.kind, OperationKind::TokenRefresh | OperationKind::TokenGeneration) && o.last_done().is_some());
    let finding = if kinds.len() > 1 {
        check.pass(
            subject,
            text!(
                "{places} are about the same tenant, {first}",
                places = Text::series(at.iter().map(|w| &w.what)),
                first
            ),
        )
    } else if issued {
        check
            .pass(subject, text!("tenant {first}, which ECE asks, issues tokens to it", first))
            .confidence(Confidence::Medium)
    } else {
        check
            .unknown(
                subject,
                text!(
                    "only {place} names the tenant ({first}): nothing to compare it with",
                    place = at.first().map(|w| &w.what),
                    first
                ),
            )
            .want(sign_in_want())
    };
    Ok(vec![finding.at_all(at.iter().map(|w| &w.origin))])
}

/// Microsoft itself says that the authority is the wrong one: AADSTS90002, or AADSTS700016 though the client ID is right.
fn unknown_tenant(case: &Case, check: &Check, subject: &Subject, client_id_is_right: bool) -> Option<Finding> {
    let open = |codes: &[u32]| -> Vec<Refusal> { case.refusals(codes).into_iter().filter(|r| r.healed.is_none()).collect() };
    let missing = open(&[90002]);
    let asked = case.authorities();
    let tenant = asked.last().map_or_else(|| text!("that ECE asks"), |a| a.tenant.part());
    let origins = |refusals: &[Refusal]| -> Vec<Origin> {
        let seen = refusals.iter().flat_map(|r| r.origins.clone());
        seen.chain(asked.last().map(|a| a.origin.clone())).collect()
    };
    if !missing.is_empty() {
        let message = text!(
            "Microsoft knows no tenant {tenant} (AADSTS90002): the tenant in ECE's authorization and token URLs is wrong",
            tenant
        );
        return Some(
            check
                .fail(subject.clone(), message)
                .at_all(&origins(&missing))
                .explains("signature:entra.aadsts90002"),
        );
    }
    let foreign = open(&[700016]);
    if foreign.is_empty() || !client_id_is_right || case.vanished().is_some() {
        return None;
    }
    let message = text!(
        "tenant {tenant} doesn't know the client ID (AADSTS700016), though the registration exists: ECE asks the authority of another tenant than the registration's",
        tenant
    );
    Some(
        check
            .fail(subject.clone(), message)
            .at_all(&origins(&foreign))
            .explains("signature:entra.aadsts700016"),
    )
}

/// Tenants by id, with the places that name them. Domains and `common` can't be compared with ids, and are left out.
fn witnesses(case: &Case) -> BTreeMap<String, Vec<Witness>> {
    let mut named: BTreeMap<String, Vec<Witness>> = BTreeMap::new();
    let mut note = |tenant: &str, what: Text, kind: SeenIn, origin: &Origin| {
        if !is_guid(tenant) || NOT_ONE.contains(&tenant) {
            return;
        }
        let places = named.entry(tenant.to_owned()).or_default();
        if !places.iter().any(|w| w.what == what) {
            let origin = origin.clone();
            places.push(Witness { what, kind, origin });
        }
    };
    for authority in case.authorities() {
        match authority.configured {
            true => note(&authority.tenant, text!("ECE's setting"), SeenIn::Settings, &authority.origin),
            false => note(&authority.tenant, text!("the authority in ECE's log"), SeenIn::Logs, &authority.origin),
        }
    }
    let ids = case.ece_app_ids();
    let ours = |app: &Option<String>| app.as_ref().is_none_or(|id| ids.is_empty() || ids.contains(id));
    // Of tokens the last one counts: an earlier one may be from before a repair.
    let tokens = case.token_claims();
    if let Some((claims, origin)) = tokens.iter().rev().find(|(c, _)| c.tenant.is_some() && ours(&c.app_id)) {
        note(claims.tenant.as_deref().unwrap_or_default(), text!("the token"), SeenIn::Token, origin);
    }
    let newest = case
        .ece_sign_ins()
        .into_iter()
        .filter(|s| s.tenant.is_some() && s.app_id.as_ref().is_some_and(|id| ids.contains(id)));
    if let Some(sign_in) = newest.max_by_key(|s| s.time.map(crate::case::moment)) {
        note(
            sign_in.tenant.as_deref().unwrap_or_default(),
            text!("the sign-in log"),
            SeenIn::SignIn,
            &sign_in.origin,
        );
    }
    named
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn sign_in_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the sign-ins of ECE's app in the tenant that holds the mailboxes"),
        text!(
            "Entra admin center > Identity > Monitoring & health > Sign-in logs > filter Application = ECE's app, interactive and non-interactive > Download JSON"
        ),
    )
}
