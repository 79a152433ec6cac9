//! `app.permissions`: the registration asks for what ECE's way of fetching and sending needs.

use super::registration::{judge, needed_scopes, undecided};
use crate::case::Case;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Subject, Want};
use crate::model::permission::{EXCHANGE_ONLINE, GRAPH, permissions_called, resource_id};
use crate::model::{Application, Fact, Permission, PermissionKind, Text};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "app.permissions",
    title: "Delegated permissions for the server type are requested",
    severity: Severity::High,
    why: "A token opens IMAP, POP3, SMTP or Graph only if it holds the delegated permission for it. ECE signs in as a user, so that application permissions (IMAP.AccessAsApp and the like) don't count.",
    evidence: "app registration (requiredResourceAccess), e-mail accounts and aliases of ECE (server type)",
    remedy: &[
        "Entra admin center > App registrations > the app > API permissions > Add a permission > Microsoft Graph > Delegated permissions: add what is missing.",
        "Press \"Grant admin consent\".",
        "In ECE generate the token of each account again, in a private browser window: tokens keep the permissions that they were made with.",
        REACTIVATE_ALIASES,
        "Verify: the token answer in the log names the permissions in its scope, and mail is fetched and sent.",
    ],
    references: &["Microsoft: Authenticate an IMAP, POP or SMTP connection using OAuth; Microsoft Graph permissions reference"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    judge(case, check, |app, subject| judge_one(case, check, app, subject))
}

/// Names of the delegated permissions that a registration asks for: on either resource they open the same door.
fn requested(permissions: &[Fact<Permission>]) -> (BTreeSet<String>, bool) {
    let mut names = BTreeSet::new();
    let mut foreign = false;
    for permission in permissions {
        let resource = resource_id(&permission.resource);
        let known: Vec<_> = permissions_called(&permission.id).collect();
        let own = known.iter().find(|k| k.resource == resource && k.kind() == PermissionKind::Scope);
        match own {
            Some(own) if permission.kind != Some(PermissionKind::Role) => {
                names.insert(own.name.clone());
            }
            // Ids that no table has may be those of another cloud.
            None if known.is_empty() && [GRAPH, EXCHANGE_ONLINE].contains(&resource) && permission.kind != Some(PermissionKind::Role) => {
                foreign = true
            }
            _ => {}
        }
    }
    // EWS and full mail permissions don't open IMAP or SMTP, but reading and writing a shared mailbox includes one's own.
    (names, foreign)
}

fn judge_one(case: &Case, check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    let permissions = match app.permissions.fact() {
        Some(fact) => fact.value.as_slice(),
        None if app.permissions.is_empty() && !app.cut => &[],
        None => return undecided(check, subject, app, &app.permissions, text!("the requested permissions")),
    };
    let origin = app.permissions.origin().unwrap_or(&app.origin);
    let (names, foreign) = requested(permissions);
    let (seen_at, needed) = needed_scopes(case);
    if needed.is_empty() {
        return without_server_type(check, subject, &names, permissions, origin);
    }
    let missing: Vec<&str> = needed.iter().copied().filter(|n| !names.contains(*n)).collect();
    let at_permissions = |finding: Finding| finding.at(origin).at_all(&seen_at);
    if missing.is_empty() {
        if !names.contains("offline_access") {
            let message = text!(
                "{needed} are requested, but not offline_access: ECE may ask for it at sign-in all the same; without it there is no refresh token, and mail stops after an hour",
                needed = needed.join(", ")
            );
            return at_permissions(check.warn(subject, message));
        }
        return at_permissions(check.pass(subject, text!("{needed} and offline_access are requested", needed = needed.join(", "))));
    }
    if app.cut {
        let message = text!(
            "{missing} can't be seen among the requested permissions, and the export is cut",
            missing = missing.join(", ")
        );
        return at_permissions(check.unknown(subject, message)).want(super::registration::manifest_want());
    }
    if foreign {
        let message = text!(
            "{missing} can't be seen among the requested permissions, but the registration asks for ids of no public table: national clouds have ids of their own",
            missing = missing.join(", ")
        );
        return at_permissions(check.unknown(subject, message)).want(consent_names_want());
    }
    let roles = permissions.iter().any(|p| p.kind == Some(PermissionKind::Role));
    let hint = match roles
        && names
            .iter()
            .all(|n| !n.contains("AccessAsUser") && n != "SMTP.Send" && !n.starts_with("Mail."))
    {
        true => text!(". It asks for application permissions instead, which a user's sign-in doesn't use"),
        false => Text::default(),
    };
    let message = text!(
        "the registration doesn't request {missing}, which ECE's server type needs: tokens come without it, and Exchange refuses them{hint}",
        missing = missing.join(", "),
        hint
    );
    let finding = at_permissions(check.fail(subject, message));
    finding.at_all(permissions.iter().map(|p| &p.origin).take(6))
}

/// Nothing shows how ECE fetches mail: sending by SMTP and fetching by either protocol, or Graph, are the ways there are.
fn without_server_type(
    check: &Check,
    subject: Subject,
    names: &BTreeSet<String>,
    permissions: &[Fact<Permission>],
    origin: &crate::model::Origin,
) -> Finding {
    let has = |name: &str| names.contains(name);
    let protocols = (has("IMAP.AccessAsUser.All") || has("POP.AccessAsUser.All")) && has("SMTP.Send");
    let graph = has("Mail.ReadWrite") && has("Mail.Send");
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    let asked = match shown.is_empty() {
        true => text!("nothing for mail"),
        false => Text::list(shown),
    };
    let message = if protocols || graph {
        text!(
            "the registration asks for {asked}; whether that fits can't be said without the server type of ECE's e-mail accounts",
            asked
        )
    } else {
        text!(
            "the registration asks for {asked}, and the server type of ECE's e-mail accounts isn't known",
            asked
        )
    };
    let finding = check.unknown(subject, message).at(origin).at_all(permissions.first().map(|p| &p.origin));
    finding.want(Want::new(
        Role::EceAdmin,
        text!("the server type of ECE's e-mail accounts (IMAP, POP3 or Graph)"),
        text!(
            "ECE administration console > E-mail > Accounts: the list with server type and account type; or SELECT * FROM EGML_MAILHOST on the active database"
        ),
    ))
}

fn consent_names_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the requested permissions by name"),
        text!("Entra admin center > App registrations > the app > API permissions: a picture or copy of the table"),
    )
}
