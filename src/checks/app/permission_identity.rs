//! `app.permission-identity`: every permission id belongs to the resource and kind that it is declared under.

use super::registration::{judge, undecided};
use crate::case::Case;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Severity, Subject};
use crate::model::permission::{EXCHANGE_ONLINE, GRAPH, permissions_called, resource_id, resource_name};
use crate::model::{Application, Fact, Permission, PermissionKind, Text};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "app.permission-identity",
    title: "Permission ids belong to their resource and kind",
    severity: Severity::High,
    why: "The same permission has one id on Microsoft Graph and another on Exchange Online, and scopes are no roles. Under the wrong heading an id means nothing: the portal shows a bare GUID, consent passes it over, and the token lacks the permission. Several public instructions have them mixed up.",
    evidence: "app registration (requiredResourceAccess)",
    remedy: &[
        "Entra admin center > App registrations > the app > API permissions: remove the entries shown as bare GUIDs or under the wrong API.",
        "Add a permission > Microsoft Graph > Delegated permissions: choose IMAP.AccessAsUser.All or POP.AccessAsUser.All, SMTP.Send and offline_access by name; then \"Grant admin consent\".",
        "In ECE generate the token of each account again.",
        REACTIVATE_ALIASES,
        "Verify: the API permissions page shows names and \"Granted\" for each.",
    ],
    references: &[
        "Microsoft: Microsoft Graph permissions reference",
        "Microsoft: Authenticate an IMAP, POP or SMTP connection using OAuth",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    judge(case, check, |app, subject| judge_one(check, app, subject))
}

fn judge_one(check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    let Some(permissions) = app.permissions.get() else {
        return match app.permissions.is_empty() && !app.cut {
            true => check
                .not_applicable(subject, text!("the registration requests no permission (app.permissions judges that)"))
                .at_all(app.permissions.origin()),
            false => undecided(check, subject, app, &app.permissions, text!("the requested permissions")),
        };
    };
    let faults: Vec<(Text, &Fact<Permission>)> = permissions.iter().filter_map(|p| Some((fault(p)?, p))).collect();
    if let Some((first, _)) = faults.first() {
        let message = match faults.len() {
            1 => first.clone(),
            n => text!("{first} (and {others} more)", first, others = n - 1),
        };
        return check.fail(subject, message).at_all(faults.iter().map(|(_, p)| &p.origin));
    }
    let ours = |p: &&Fact<Permission>| [GRAPH, EXCHANGE_ONLINE].contains(&resource_id(&p.resource));
    let unknown: Vec<_> = permissions
        .iter()
        .filter(ours)
        .filter(|p| permissions_called(&p.id).next().is_none())
        .collect();
    let mut message = text!("every permission id for mail belongs to the resource and kind that it is declared under");
    if let Some(first) = unknown.first() {
        message = text!(
            "{message}; {id} on {resource} is in no table at hand (other permissions, and national clouds, have ids of their own)",
            message,
            id = first.id,
            resource = resource_name(resource_id(&first.resource))
        );
    }
    let shown = unknown.iter().copied().chain(permissions.first());
    check.pass(subject, message).at_all(shown.map(|p| &p.origin))
}

/// What is wrong with a permission, as a sentence.
fn fault(permission: &Permission) -> Option<Text> {
    let resource = resource_id(&permission.resource);
    let known: Vec<_> = permissions_called(&permission.id).collect();
    let first = known.first()?;
    let on_resource: Vec<_> = known.iter().filter(|k| k.resource == resource).collect();
    if on_resource.is_empty() {
        return Some(text!(
            "the id {id} is {name} of {resource}, but it is declared under {declared}, which has no such permission: consent passes it over, and tokens lack it",
            id = permission.id,
            name = first.name,
            resource = resource_name(&first.resource),
            declared = resource_name(resource)
        ));
    }
    let kind = permission.kind?;
    if on_resource.iter().any(|k| k.kind() == kind) {
        return None;
    }
    let (is, declared) = match kind {
        PermissionKind::Role => (text!("a delegated permission (Scope)"), text!("an application permission (Role)")),
        PermissionKind::Scope => (text!("an application permission (Role)"), text!("a delegated permission (Scope)")),
    };
    Some(text!(
        "{name} ({id}) is {is}, but declared as {declared}: it can't be consented to, and tokens lack it",
        name = first.name,
        id = permission.id,
        is,
        declared
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_resources_and_kinds_apart() {
        let permission = |resource: &str, id: &str, kind| Permission {
            resource: resource.into(),
            id: id.into(),
            kind,
        };
        let imap = "652390e4-393a-48de-9484-05f9b1212954";
        assert_eq!(fault(&permission(GRAPH, imap, Some(PermissionKind::Scope))), None);
        let wrong = fault(&permission(EXCHANGE_ONLINE, imap, Some(PermissionKind::Scope))).unwrap().english();
        assert!(wrong.contains("IMAP.AccessAsUser.All of Microsoft Graph") && wrong.contains("under Office 365 Exchange Online"));
        assert!(
            fault(&permission(GRAPH, imap, Some(PermissionKind::Role)))
                .unwrap()
                .english()
                .contains("declared as an application permission")
        );
        assert_eq!(
            fault(&permission(GRAPH, "11111111-0000-4000-8000-000000000000", Some(PermissionKind::Scope))),
            None
        );
        // One id, offered as a role by both resources.
        assert_eq!(
            fault(&permission(
                EXCHANGE_ONLINE,
                "b633e1c5-b582-4048-a93e-9f11b44c7e96",
                Some(PermissionKind::Role)
            )),
            None
        );
        // Hand-made manifests name both.
        assert_eq!(fault(&permission("microsoft graph", "SMTP.Send", Some(PermissionKind::Scope))), None);
    }
}
