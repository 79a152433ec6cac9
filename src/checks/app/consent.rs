//! `app.consent`: the permissions that ECE needs are granted, for the organisation or for the token's user.

use super::registration::{needed_scopes, service_principal_want, subject_of};
use crate::case::{Case, EceApplication, Refusal};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Subject, Want};
use crate::model::{Fact, Grant, Origin, Text};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "app.consent",
    title: "Needed permissions are consented to",
    severity: Severity::High,
    why: "A registration only asks; consent grants. Without it the sign-in ends in \"admin approval required\" (AADSTS65001, AADSTS90094). Since 2025 Microsoft's default policy no longer lets ordinary users consent to IMAP, POP3 or mail permissions of Graph: an administrator must.",
    evidence: "oauth2PermissionGrants with the service principal, audit log (Consent to application), AADSTS65001 and AADSTS90094 in logs and sign-ins",
    remedy: &[
        "Entra admin center > App registrations > the app > API permissions > \"Grant admin consent for <tenant>\", as a Privileged Role Administrator or Cloud Application Administrator.",
        "In ECE generate the token of each account again, in a private browser window.",
        REACTIVATE_ALIASES,
        "Verify: the API permissions page shows \"Granted for <tenant>\" on every line, and the token is issued.",
    ],
    references: &["Microsoft: AADSTS65001, AADSTS90094; configure how users consent; manage app consent policies"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let subject = match case.application() {
        EceApplication::Chosen { exports, .. } => exports.iter().map(|a| subject_of(a)).min_by_key(|s| s.name.starts_with('(')),
        _ => None,
    };
    let app_ids = case.ece_app_ids();
    let subject = subject
        .or_else(|| {
            app_ids
                .first()
                .map(|id| Subject::new(crate::finding::SubjectKind::Application, id.as_str()))
        })
        .unwrap_or_else(Subject::deployment);
    let refusals = case.refusals(&[65001, 90094, 90095, 900941]);
    let open: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
    if let Some(finding) = refused(check, &subject, &open) {
        return Ok(vec![finding]);
    }
    let granted = grants_of_ece(case, &app_ids);
    let judged = match granted {
        Grants::None => Err(Gap::missing(
            text!("the bundle doesn't show which permissions are consented to: the registration only shows what is asked for"),
            vec![grant_want()],
        )),
        Grants::Unmapped(origins) => Err(Gap {
            message: text!(
                "delegated grants are in the bundle, but they name their client by the object ID of its enterprise application, which no export ties to ECE's app"
            ),
            evidence: origins,
            wants: vec![service_principal_want()],
        }),
        Grants::Of(grants) => Ok(judge(case, check, &subject, &grants)),
    };
    let healed = refusals.iter().filter_map(|r| Some((r, r.healed?))).next();
    match (judged, healed) {
        (Err(_), Some((past, at))) => {
            let message = text!("consent was missing (AADSTS{code}), healed at {at}", code = past.code, at);
            Ok(vec![check.warn(subject, message).at_all(&past.origins)])
        }
        (judged, _) => judged.map(|finding| vec![finding]),
    }
}

fn refused(check: &Check, subject: &Subject, open: &[&Refusal]) -> Option<Finding> {
    let first = open.first()?;
    let who: BTreeSet<&str> = open.iter().map(|r| r.who.as_str()).filter(|w| !w.is_empty()).collect();
    let whom = (!who.is_empty()).then(|| text!(" for {who}", who = Text::list(who)));
    let what = match first.code {
        65001 => text!("nobody has consented to what the app asks for"),
        _ => text!("an administrator's consent is demanded and missing"),
    };
    let message = text!(
        "Microsoft refuses the sign-in{whom} because {what} (AADSTS{code})",
        whom,
        what,
        code = first.code
    );
    let mut finding = check.fail(subject.clone(), message);
    for refusal in open {
        finding = finding
            .at_all(&refusal.origins)
            .explains(format!("signature:entra.aadsts{}", refusal.code));
    }
    Some(finding)
}

enum Grants<'a> {
    /// No export of grants.
    None,
    /// Grants, but nothing says whose.
    Unmapped(Vec<Origin>),
    /// The grants of ECE's app; empty if the export covers it and has none.
    Of(Vec<&'a Fact<Grant>>),
}

/// Grants name their client by the object id of its service principal: exports of it, or reports that show the appId, tie the two.
fn grants_of_ece<'a>(case: &'a Case, app_ids: &BTreeSet<String>) -> Grants<'a> {
    let grants = &case.facts.entra.grants;
    if grants.is_empty() {
        return Grants::None;
    }
    let principals: BTreeSet<&String> = case
        .facts
        .entra
        .service_principals
        .iter()
        .filter(|sp| sp.app_id.get().is_some_and(|id| app_ids.contains(id)))
        .filter_map(|sp| sp.id.get())
        .collect();
    let names: BTreeSet<&String> = case
        .facts
        .entra
        .applications
        .iter()
        .filter(|app| app.app_id.get().is_some_and(|id| app_ids.contains(id)))
        .filter_map(|app| app.name.get())
        .collect();
    let ours: Vec<&Fact<Grant>> = grants
        .iter()
        .filter(|g| {
            g.client_app_id.get().is_some_and(|id| app_ids.contains(id))
                || g.client_id.get().is_some_and(|id| principals.contains(id))
                || g.client_name.get().is_some_and(|name| names.contains(name))
        })
        .collect();
    if ours.is_empty() && principals.is_empty() && !grants.iter().all(|g| g.client_name.is_present() || g.client_app_id.is_present()) {
        return Grants::Unmapped(grants.iter().map(|g| g.origin.clone()).take(3).collect());
    }
    Grants::Of(ours)
}

fn judge(case: &Case, check: &Check, subject: &Subject, grants: &[&Fact<Grant>]) -> Finding {
    let subject = subject.clone();
    let all_origins: Vec<&Origin> = match grants.is_empty() {
        true => case.facts.entra.grants.iter().map(|g| &g.origin).take(3).collect(),
        false => grants.iter().map(|g| &g.origin).collect(),
    };
    let (seen_at, needed) = needed_scopes(case);
    let mut for_all: BTreeSet<&str> = BTreeSet::new();
    let mut per_user: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut unreadable = false;
    for grant in grants {
        let Some(scopes) = grant.scopes.get() else {
            unreadable |= !grant.scopes.is_empty();
            continue;
        };
        // A scope may be written with its resource in front.
        let names = scopes.iter().map(|s| s.rsplit('/').next().unwrap_or(s));
        match (grant.for_all.get(), grant.principal_id.get().or(grant.principal_name.get())) {
            (Some(true), _) => for_all.extend(names),
            (Some(false), Some(user)) => per_user.entry(user).or_default().extend(names),
            _ => unreadable = true,
        }
    }
    if needed.is_empty() {
        let message = text!("consent is in the bundle, but the server type of ECE's e-mail accounts, which says what is needed, isn't known");
        return check.unknown(subject, message).at_all(all_origins);
    }
    let covers = |name: &str, granted: &BTreeSet<&str>| granted.iter().any(|g| g.eq_ignore_ascii_case(name));
    let missing: Vec<&str> = needed.iter().copied().filter(|n| !covers(n, &for_all)).collect();
    if missing.is_empty() {
        return check
            .pass(
                subject,
                text!("{needed} are granted for the whole organisation", needed = needed.join(", ")),
            )
            .at_all(all_origins)
            .at_all(&seen_at);
    }
    if unreadable {
        let message = text!(
            "{missing} can't be seen among the granted permissions, and a grant was cut",
            missing = missing.join(", ")
        );
        return check.unknown(subject, message).at_all(all_origins).want(grant_want());
    }
    let has_all = |granted: &BTreeSet<&str>| missing.iter().all(|n| covers(n, granted));
    let users: Vec<&str> = per_user.iter().filter(|(_, granted)| has_all(granted)).map(|(user, _)| *user).collect();
    if !users.is_empty() {
        return by_user(case, check, subject, &users, &missing).at_all(all_origins);
    }
    let message = text!(
        "{missing} {are_not} consented to, neither for the organisation nor for a user: the sign-in ends in \"admin approval required\" or the token lacks it",
        missing = missing.join(", "),
        are_not = if missing.len() == 1 { text!("is not") } else { text!("are not") }
    );
    check.fail(subject, message).at_all(all_origins).at_all(&seen_at)
}

/// Users consented for themselves: enough if every user that ECE signs in as is among them.
fn by_user(case: &Case, check: &Check, subject: Subject, users: &[&str], missing: &[&str]) -> Finding {
    let signing: BTreeSet<String> = case.mailboxes().into_iter().filter_map(|m| m.signs_in_as).collect();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for sign_in in &case.facts.entra.sign_ins {
        if let (Some(user), Some(id)) = (&sign_in.user, &sign_in.user_id) {
            ids.insert(user.clone(), id.clone());
        }
    }
    for (claims, _) in case.token_claims() {
        if let (Some(user), Some(id)) = (claims.user, claims.user_id) {
            ids.insert(user, id);
        }
    }
    let consented = |user: &String| users.iter().any(|u| *u == user || ids.get(user).is_some_and(|id| id == u));
    let (with, without): (Vec<&String>, Vec<&String>) = signing.iter().partition(|user| consented(user));
    let scopes = missing.join(", ");
    if !signing.is_empty() && without.is_empty() {
        return check.pass(
            subject,
            text!("{scopes} are granted for each user that ECE signs in as, one by one", scopes),
        );
    }
    if let Some(user) = without.iter().find(|u| ids.contains_key(**u)) {
        return check.fail(
            subject,
            text!(
                "{scopes} are granted for {count} users, but not for {user}, as whom ECE signs in",
                scopes,
                count = users.len(),
                user
            ),
        );
    }
    let message = text!(
        "{scopes} are granted for {count} users by object ID only, and {others} of ECE's users can't be told to be among them",
        scopes,
        count = users.len(),
        others = signing.len().saturating_sub(with.len())
    );
    check.unknown(subject, message).want(Want::new(
        Role::EntraAdmin,
        text!("the object IDs of the users that ECE signs in as"),
        text!("Get-MgUser -UserId <mailbox address> | Select-Object Id,UserPrincipalName | ConvertTo-Json"),
    ))
}

fn grant_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the delegated permissions consented to for ECE's app"),
        text!(
            "$sp = Get-MgServicePrincipal -Filter \"appId eq '<client id of ECE>'\"; $sp | ConvertTo-Json -Depth 10 | Out-File ece-enterprise-app.json; Get-MgServicePrincipalOauth2PermissionGrant -ServicePrincipalId $sp.Id -All | ConvertTo-Json -Depth 10 | Out-File ece-grants.json"
        ),
    )
}
