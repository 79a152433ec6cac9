//! Conditional Access policies and named locations.

use super::entra_records::Reader;
use crate::model::{ConditionalAccess, Fact, NamedLocation, Text};
use crate::syntax::{Node, Value};
use crate::text;

/// True for a policy (in the Graph shape, also in PascalCase).
pub(super) fn is_policy(bag: &Node) -> bool {
    bag.has("conditions") && bag.has("state") && (bag.has("grantControls") || bag.has("sessionControls"))
}

/// True for a named location.
pub(super) fn is_named_location(bag: &Node) -> bool {
    bag.has("displayName") && (bag.has("ipRanges") || bag.has("countriesAndRegions") && bag.has("includeUnknownCountriesAndRegions"))
}

/// Reads a policy.
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    let mut cut = false;
    let conditions = bag.get("conditions").map(Node::sole);
    let mut words = |path: &[&str]| -> Vec<String> {
        let Some(node) = conditions.and_then(|c| c.at(path)) else {
            return Vec::new();
        };
        cut |= matches!(node.value, Value::List(_, true) | Value::Cut(_));
        let items = node.items().iter().filter_map(|item| item.text());
        let listed: Vec<&str> = items.filter(|t| !t.trim().is_empty()).collect();
        // PowerShell prints a type's name where its depth ends.
        cut |= listed.iter().any(|t| t.starts_with("System.") || t.starts_with("@{"));
        // At that depth short lists become one text, joined by blanks; ids and words hold none.
        listed.iter().flat_map(|t| t.split_whitespace()).map(str::to_owned).collect()
    };
    let include_apps = words(&["applications", "includeApplications"]);
    let exclude_apps = words(&["applications", "excludeApplications"]);
    let user_actions = words(&["applications", "includeUserActions"]);
    let include_users = words(&["users", "includeUsers"]);
    let exclude_users = words(&["users", "excludeUsers"]);
    let mut include_groups = words(&["users", "includeGroups"]);
    include_groups.extend(words(&["users", "includeRoles"]));
    let mut exclude_groups = words(&["users", "excludeGroups"]);
    exclude_groups.extend(words(&["users", "excludeRoles"]));
    let include_locations = words(&["locations", "includeLocations"]);
    let exclude_locations = words(&["locations", "excludeLocations"]);
    let client_app_types = words(&["clientAppTypes"]);
    let workload = words(&["clientApplications", "includeServicePrincipals"]);
    let flows = words(&["authenticationFlows", "transferMethods"]);
    let mut narrowed_by = Vec::new();
    let mut narrow = |list: Vec<String>, what: Text| {
        if !list.is_empty() && list.iter().all(|w| !w.eq_ignore_ascii_case("all") && !w.eq_ignore_ascii_case("none")) {
            narrowed_by.push(text!("{what} {list}", what, list = list.join(", ")));
        }
    };
    narrow(words(&["platforms", "includePlatforms"]), text!("device platforms"));
    narrow(words(&["signInRiskLevels"]), text!("sign-in risk"));
    narrow(words(&["userRiskLevels"]), text!("user risk"));
    narrow(words(&["devices", "deviceFilter", "rule"]), text!("a device filter"));
    narrow(words(&["insiderRiskLevels"]), text!("insider risk"));
    narrow(words(&["applications", "applicationFilter", "rule"]), text!("an application filter"));
    let grant = bag.get("grantControls").map(Node::sole);
    let mut controls: Vec<String> = grant
        .and_then(|g| g.get("builtInControls"))
        .map(|n| {
            n.items()
                .iter()
                .filter_map(Node::text)
                .flat_map(str::split_whitespace)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let strength = grant
        .and_then(|g| g.get("authenticationStrength"))
        .is_some_and(|s| !s.is_blank() && (s.text().is_some() || s.get("id").is_some_and(|id| !id.is_blank())));
    if strength && !controls.iter().any(|c| c == "mfa") {
        controls.push("mfa".into());
    }
    cut |= conditions.is_some_and(|c| c.text().is_some()) || grant.is_some_and(|g| g.text().is_some());
    let beside_mail = if !user_actions.is_empty() && include_apps.iter().all(|a| a == "None") {
        Some(text!("it covers user actions, no application"))
    } else if !workload.is_empty() && !workload.iter().all(|w| w == "None") {
        Some(text!("it covers workload identities, no user"))
    } else if !flows.is_empty() {
        Some(text!(
            "it covers the authentication flow {flows}, which ECE doesn't use",
            flows = flows.join(", ")
        ))
    } else {
        None
    };
    let date = |names: &[&str]| source.field(bag, names).and_then(|t| reader.date(&t));
    let policy = ConditionalAccess {
        id: source.field(bag, &["id"]).and_then(|id| Some(id.to_ascii_lowercase())),
        name: source.field(bag, &["displayName"]),
        state: source.field(bag, &["state"]),
        created: date(&["createdDateTime"]),
        modified: date(&["modifiedDateTime"]),
        client_app_types,
        include_apps,
        exclude_apps,
        include_users,
        exclude_users,
        include_groups,
        exclude_groups,
        include_locations,
        exclude_locations,
        operator: grant.and_then(|g| g.get("operator")).and_then(Node::text).map(|t| t.to_ascii_uppercase()),
        controls,
        narrowed_by,
        beside_mail,
        cut,
    };
    if cut {
        reader.found.lose(
            bag.place.line,
            text!("the Conditional Access export was cut at PowerShell's default depth: run it again with ConvertTo-Json -Depth 10"),
        );
    }
    let origin = policy.name.origin().cloned().unwrap_or_else(|| source.origin_of(bag));
    reader.found.recognise(
        "entra-conditional-access",
        text!("Conditional Access policy (conditions, grantControls, state)"),
    );
    reader.found.facts.entra.conditional_access_exports.push(Fact::new((), origin.clone()));
    reader.found.facts.entra.conditional_access.push(Fact::new(policy, origin));
}

/// Reads a named location.
pub(super) fn read_location(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    let ranges = bag.get("ipRanges").map(Node::items).unwrap_or_default();
    let location = NamedLocation {
        id: source.field(bag, &["id"]).and_then(|id| Some(id.to_ascii_lowercase())),
        name: source.field(bag, &["displayName"]),
        ranges: ranges
            .iter()
            .filter_map(|r| r.any(&["cidrAddress"]).and_then(Node::text).or_else(|| r.text()))
            .map(str::to_owned)
            .collect(),
        trusted: source.boolean(bag, &["isTrusted"]),
    };
    let origin = location.name.origin().cloned().unwrap_or_else(|| source.origin_of(bag));
    reader.found.recognise("entra-named-location", text!("named location (ipRanges)"));
    reader.found.facts.entra.named_locations.push(Fact::new(location, origin));
}
