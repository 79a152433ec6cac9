//! Directory audit events: who changed what.

use super::entra_records::Reader;
use crate::model::{AuditEvent, Fact, Field};
use crate::syntax::Node;
use crate::text;

/// True for an audit event in the shape of diagnostic settings.
pub(super) fn is_diagnostic(bag: &Node) -> bool {
    bag.get("category").and_then(Node::text) == Some("AuditLogs") && bag.has("properties")
}

/// True for a row of the portal's audit CSV.
pub(super) fn is_portal_row(bag: &Node) -> bool {
    bag.has("Activity") && bag.has("Result") && bag.has("Date (UTC)") && bag.has("Service")
}

/// Properties whose values are key material.
const SECRET: &[&str] = &["key", "secret", "password", "credential", "thumbprint", "proof"];

/// Reads an audit event.
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let event = match bag.get("properties").filter(|p| p.has("activityDisplayName")) {
        Some(inner) => event_of(reader, inner),
        None if is_portal_row(bag) => row_of(reader, bag),
        None => event_of(reader, bag),
    };
    let origin = event.activity.origin().cloned().unwrap_or_else(|| reader.source.origin_of(bag));
    if let Some(time) = event.time.get() {
        reader.dated(*time, &origin);
    }
    reader
        .found
        .recognise("entra-audit", text!("directory audit events (activityDisplayName, targetResources)"));
    reader.found.facts.entra.audit.push(Fact::new(event, origin));
}

fn event_of(reader: &Reader<'_, '_>, bag: &Node) -> AuditEvent {
    let source = reader.source;
    let actor = ["user", "app"].iter().find_map(|who| {
        let who = bag.at(&["initiatedBy", who]).filter(|n| !n.is_blank())?;
        let name = who.any(&["userPrincipalName", "displayName", "servicePrincipalName"])?;
        Some(Fact::new(name.text()?.to_owned(), source.origin_of(name)))
    });
    let mut targets = Vec::new();
    let mut changes = Vec::new();
    for target in bag.get("targetResources").map(Node::items).unwrap_or_default() {
        let names = ["displayName", "userPrincipalName", "id"]
            .iter()
            .filter_map(|key| target.get(key)?.text());
        targets.extend(names.filter(|t| !t.is_empty()).map(str::to_owned));
        for property in target.get("modifiedProperties").map(Node::items).unwrap_or_default() {
            let text = |key: &str| property.get(key).and_then(Node::text).unwrap_or("");
            changes.extend(change(text("displayName"), text("oldValue"), text("newValue")));
        }
    }
    AuditEvent {
        time: source.field(bag, &["activityDateTime"]).and_then(|t| reader.date(&t)),
        activity: source
            .field(bag, &["activityDisplayName"])
            .and_then(|a| Some(a.trim_end_matches('.').to_owned())),
        result: source.field(bag, &["result"]),
        actor: actor.map_or(Field::Absent, Field::Value),
        targets,
        changes,
    }
}

/// A row of the portal's CSV: targets and their properties are numbered columns.
fn row_of(reader: &Reader<'_, '_>, bag: &Node) -> AuditEvent {
    let source = reader.source;
    let text = |name: &str| bag.get(name).and_then(Node::text).unwrap_or("");
    let mut targets = Vec::new();
    let mut changes = Vec::new();
    for target in 1..=3 {
        for column in ["DisplayName", "ObjectId", "UserPrincipalName"] {
            let value = text(&format!("Target{target}{column}"));
            targets.extend((!value.is_empty()).then(|| value.to_owned()));
        }
        for property in 1..=5 {
            let column = |what: &str| text(&format!("Target{target}ModifiedProperty{property}{what}"));
            changes.extend(change(column("Name"), column("OldValue"), column("NewValue")));
        }
    }
    AuditEvent {
        time: source.field(bag, &["Date (UTC)"]).and_then(|t| reader.date(&t)),
        activity: source.field(bag, &["Activity"]),
        result: source.field(bag, &["Result"]),
        actor: source.field(bag, &["ActorUserPrincipalName", "ActorDisplayName"]),
        targets,
        changes,
    }
}

/// `name: old -> new` without JSON's quotes; key material is left out, what is left is masked.
fn change(name: &str, old: &str, new: &str) -> Option<String> {
    const LONGEST: usize = 400;
    if name.is_empty() {
        return None;
    }
    let folded = name.to_ascii_lowercase();
    if SECRET.iter().any(|word| folded.contains(word)) {
        return Some(format!("{name}: changed"));
    }
    let tidy = |value: &str| -> String {
        let value = value.trim().trim_matches('"').trim_matches(['\\', '"']);
        crate::model::secret::mask(value).chars().take(LONGEST).collect()
    };
    Some(format!("{name}: {} -> {}", tidy(old), tidy(new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_material_stays_out() {
        assert_eq!(
            change("KeyDescription", "", r#"["[KeyIdentifier=x,KeyType=Password]"]"#).unwrap(),
            "KeyDescription: changed"
        );
        assert_eq!(
            change("ConsentContext.IsAdminConsent", "", "\"True\"").unwrap(),
            "ConsentContext.IsAdminConsent:  -> True"
        );
        assert_eq!(change("", "a", "b"), None);
    }
}
