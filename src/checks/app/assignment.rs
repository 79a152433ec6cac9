//! `app.assignment`: where the application demands assignment, ECE's users are assigned.

use super::registration::service_principal_want;
use crate::case::{Case, Refusal};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::{Fact, Origin, RoleAssignment, ServicePrincipal, Text};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "app.assignment",
    title: "Users are assigned where assignment is required",
    severity: Severity::High,
    why: "With \"Assignment required\" only assigned users get a token (AADSTS50105), and users can't consent for themselves: an administrator must.",
    evidence: "service principal (appRoleAssignmentRequired), its assignments, AADSTS50105 in logs and sign-ins",
    remedy: &[
        "Entra admin center > Enterprise applications > ECE's app > Users and groups > Add user: assign the mailbox accounts, or the shared account's user.",
        "Or: Properties > \"Assignment required?\" No.",
        "In ECE generate the token of the account again, in a private browser window.",
        REACTIVATE_ALIASES,
        "Verify: the sign-in log shows the user's sign-in without AADSTS50105.",
    ],
    references: &["Microsoft: AADSTS50105; assign users and groups to an application"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let app_ids = case.ece_app_ids();
    let ours = |sp: &&Fact<ServicePrincipal>| sp.app_id.get().is_some_and(|id| app_ids.contains(id));
    let principals: Vec<&Fact<ServicePrincipal>> = case.facts.entra.service_principals.iter().filter(ours).collect();
    let label = principals.iter().find_map(|sp| sp.name.get()).map(String::as_str);
    let subject = match app_ids.first() {
        Some(id) => Subject::new(SubjectKind::Application, id.as_str()).labelled(label),
        None => Subject::deployment(),
    };
    let refusals = case.refusals(&[50105]);
    if let Some(refusal) = refusals.iter().find(|r: &&Refusal| r.healed.is_none()) {
        let whom = match refusal.who.as_str() {
            "" => text!("the user"),
            who => Text::given(who),
        };
        let message = text!("{whom} isn't assigned to the application, which demands assignment (AADSTS50105)", whom);
        let required = principals.iter().filter_map(|sp| sp.assignment_required.origin());
        return Ok(vec![
            check
                .fail(subject, message)
                .at_all(&refusal.origins)
                .at_all(required)
                .explains("signature:entra.aadsts50105"),
        ]);
    }
    let Some(required) = principals.iter().find_map(|sp| sp.assignment_required.fact()) else {
        return Err(Gap {
            message: text!("the bundle doesn't show whether the application demands assignment"),
            evidence: principals.iter().map(|sp| sp.origin.clone()).collect(),
            wants: vec![service_principal_want()],
        });
    };
    if !required.value {
        return Ok(vec![
            check
                .pass(subject, text!("the application doesn't demand assignment: every user may sign in"))
                .at(&required.origin),
        ]);
    }
    let ids: BTreeSet<&String> = principals.iter().filter_map(|sp| sp.id.get()).collect();
    let to_ece = |a: &&Fact<RoleAssignment>| a.resource_id.get().is_some_and(|id| ids.contains(id));
    let assigned: Vec<&Fact<RoleAssignment>> = case.facts.entra.role_assignments.iter().filter(to_ece).collect();
    Ok(vec![judge(case, check, subject, &required.origin, &assigned)])
}

fn judge(case: &Case, check: &Check, subject: Subject, required: &Origin, assigned: &[&Fact<RoleAssignment>]) -> Finding {
    let users: BTreeSet<String> = case.mailboxes().into_iter().filter_map(|m| m.signs_in_as).collect();
    let origins = || assigned.iter().map(|a| &a.origin);
    if assigned.is_empty() || users.is_empty() {
        let message = match assigned.is_empty() {
            true => text!("the application demands assignment, and the bundle doesn't show who is assigned"),
            false => text!("the application demands assignment, and the bundle doesn't show as whom ECE signs in"),
        };
        return check.unknown(subject, message).at(required).at_all(origins()).want(assignment_want());
    }
    let directory = case.directory();
    let mut ids: BTreeMap<&String, &String> = BTreeMap::new();
    for sign_in in &case.facts.entra.sign_ins {
        if let (Some(user), Some(id)) = (&sign_in.user, &sign_in.user_id) {
            ids.insert(user, id);
        }
    }
    let is_assigned = |user: &String| {
        assigned.iter().any(|a| {
            let id = a
                .principal_id
                .get()
                .is_some_and(|id| ids.get(user) == Some(&id) || directory.same(id, user));
            let name = a.principal_name.get().is_some_and(|n| directory.same(n, user));
            id || name
        })
    };
    let without: Vec<&String> = users.iter().filter(|u| !is_assigned(u)).collect();
    if without.is_empty() {
        return check
            .pass(subject, text!("assignment is required, and every user that ECE signs in as is assigned"))
            .at(required)
            .at_all(origins());
    }
    let groups = assigned
        .iter()
        .any(|a| a.principal_type.get().is_some_and(|t| t.eq_ignore_ascii_case("group")));
    let known = without.iter().filter(|u| ids.contains_key(**u)).count();
    let list = without.iter().map(|u| u.as_str()).collect::<Vec<_>>().join(", ");
    if groups || known < without.len() {
        let why = if groups {
            text!("a group is assigned whose members aren't listed")
        } else {
            text!("assignments name users by object ID or display name")
        };
        return check
            .unknown(
                subject,
                text!(
                    "assignment is required; whether {list} is assigned can't be told, because {why}",
                    list,
                    why
                ),
            )
            .at(required)
            .at_all(origins())
            .want(assignment_want());
    }
    check
        .fail(
            subject,
            text!(
                "assignment is required, and {list} is not among the assigned users: Microsoft refuses the sign-in (AADSTS50105)",
                list
            ),
        )
        .at(required)
        .at_all(origins())
        .explains("signature:entra.aadsts50105")
}

fn assignment_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the users and groups assigned to ECE's enterprise application"),
        text!(
            "$sp = Get-MgServicePrincipal -Filter \"appId eq '<client id of ECE>'\"; Get-MgServicePrincipalAppRoleAssignedTo -ServicePrincipalId $sp.Id -All | ConvertTo-Json -Depth 10 | Out-File ece-assigned.json"
        ),
    )
}
