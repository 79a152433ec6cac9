//! Consent: delegated grants, app role assignments, and the reports that put both into words.

use super::entra_records::Reader;
use crate::model::{Fact, Field, Grant, RoleAssignment};
use crate::syntax::{Node, Source, Value};
use crate::text;

/// True for an `oauth2PermissionGrant`, and for a row of the well-known script that lists grants by name.
pub(super) fn is_grant(bag: &Node) -> bool {
    let has = |name: &str| bag.has(name);
    has("consentType") && (has("clientId") && has("resourceId") || has("clientObjectId") && has("permission"))
}

/// True for an `appRoleAssignment`.
pub(super) fn is_role_assignment(bag: &Node) -> bool {
    bag.has("principalId") && bag.has("resourceId") && (bag.has("appRoleId") || bag.has("principalType"))
}

/// True for an application in a security assessment that lists its permissions with the consent given.
pub(super) fn is_assessed_application(bag: &Node) -> bool {
    let permissions = bag.get("permissions").map(Node::items).unwrap_or_default();
    permissions.iter().any(|p| p.has("isAdminConsented") && p.has("roleDisplayName"))
}

fn lower(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<String> {
    source.field(bag, names).and_then(|id| Some(id.to_lowercase()))
}

/// Names in `scope`: separated by blanks, sometimes with one in front. A cut list says nothing of what is missing.
fn scopes(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<Vec<String>> {
    if let Some(Value::List(..)) = bag.any(names).map(|n| &n.value) {
        return source.list(bag, names);
    }
    source.field(bag, names).and_then(|text| {
        let cut = text.ends_with('…') || text.ends_with("...");
        (!cut).then(|| text.split_whitespace().map(str::to_owned).collect())
    })
}

/// Reads a delegated grant.
pub(super) fn read_grant(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    // The script lists application permissions in the same table.
    let kind = source.field(bag, &["permissionType"]);
    if kind.get().is_some_and(|k| k.eq_ignore_ascii_case("application")) {
        return;
    }
    let grant = Grant {
        client_id: lower(source, bag, &["clientId", "clientObjectId"]),
        client_name: source.field(bag, &["clientDisplayName"]),
        for_all: source.field(bag, &["consentType"]).and_then(|t| match t.to_ascii_lowercase().as_str() {
            "allprincipals" => Some(true),
            "principal" => Some(false),
            _ => None,
        }),
        principal_id: lower(source, bag, &["principalId", "principalObjectId"]),
        principal_name: lower(source, bag, &["principalUserPrincipalName", "principalDisplayName"]),
        resource_id: lower(source, bag, &["resourceId", "resourceObjectId"]),
        scopes: scopes(source, bag, &["scope", "scopes", "permission"]),
        client_app_id: Field::Absent,
    };
    let origin = reader.origin_at(bag, if bag.has("scope") { "scope" } else { "permission" });
    reader
        .found
        .recognise("entra-grant", text!("delegated permission grant (consentType, clientId, resourceId)"));
    reader.found.facts.entra.grants.push(Fact::new(grant, origin));
}

/// Reads an app role assignment.
pub(super) fn read_role_assignment(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    let assignment = RoleAssignment {
        role_id: lower(source, bag, &["appRoleId"]),
        principal_id: lower(source, bag, &["principalId"]),
        principal_name: source.field(bag, &["principalDisplayName"]),
        principal_type: source.field(bag, &["principalType"]),
        resource_id: lower(source, bag, &["resourceId"]),
        resource_name: source.field(bag, &["resourceDisplayName"]),
    };
    let origin = reader.origin_at(bag, "principalId");
    reader
        .found
        .recognise("entra-role-assignment", text!("app role assignment (principalId, resourceId)"));
    reader.found.facts.entra.role_assignments.push(Fact::new(assignment, origin));
}

/// Reads an application of an assessment: a permission with administrator's consent is a grant for everybody.
pub(super) fn read_assessed_application(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    for permission in bag.get("permissions").map(Node::items).unwrap_or_default() {
        let delegated = permission
            .get("roleType")
            .and_then(Node::text)
            .is_some_and(|t| t.eq_ignore_ascii_case("delegated"));
        if !delegated || permission.get("isAdminConsented").and_then(Node::boolean) != Some(true) {
            continue;
        }
        let origin = source.origin_of(permission);
        let grant = Grant {
            client_id: lower(source, bag, &["objectId"]),
            client_app_id: lower(source, bag, &["appId"]),
            client_name: source.field(bag, &["displayName"]),
            for_all: Field::Value(Fact::new(true, origin.clone())),
            scopes: source.field(permission, &["roleDisplayName"]).and_then(|name| Some(vec![name])),
            ..Grant::default()
        };
        reader
            .found
            .recognise("entra-grant", text!("assessment that lists applications with consented permissions"));
        reader.found.facts.entra.grants.push(Fact::new(grant, origin));
    }
}
