//! Enterprise applications (service principals): what a tenant decided about an application.

use super::entra_application::disabled_by;
use super::entra_records::Reader;
use crate::model::{Fact, ServicePrincipal};
use crate::syntax::Node;
use crate::text;

/// True for a service principal. Asked before the registration, which shares most of its properties.
pub(super) fn is_service_principal(bag: &Node) -> bool {
    let has = |name: &str| bag.has(name);
    has("servicePrincipalType")
        || has("appRoleAssignmentRequired") && (has("servicePrincipalNames") || has("appId"))
        || has("accountEnabled") && has("appId") && !has("userPrincipalName")
        || bag.get("objectType").and_then(Node::text) == Some("ServicePrincipal")
}

/// Reads a service principal.
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    let lower = |names: &[&str]| source.field(bag, names).and_then(|id| Some(id.to_ascii_lowercase()));
    let object_id = lower(&["objectId"]);
    let principal = ServicePrincipal {
        id: if object_id.is_present() { object_id } else { lower(&["id"]) },
        app_id: lower(&["appId", "clientId", "applicationId"]),
        name: source.field(bag, &["appDisplayName", "displayName"]),
        enabled: source.boolean(bag, &["accountEnabled"]),
        assignment_required: source.boolean(bag, &["appRoleAssignmentRequired"]),
        reply_urls: source.list(bag, &["replyUrls", "replyUrl"]),
        disabled: disabled_by(source, bag),
    };
    let origin = principal.app_id.origin().cloned().unwrap_or_else(|| source.origin_of(bag));
    reader
        .found
        .recognise("entra-service-principal", text!("enterprise application (service principal)"));
    reader.found.facts.entra.service_principals.push(Fact::new(principal, origin));
}
