//! Policies of the tenant: token lifetimes, security defaults, who may consent.

use super::entra_records::Reader;
use crate::model::{Fact, Field, TokenPolicy};
use crate::syntax::{Node, Value};
use crate::text;

/// The id that the policy of security defaults has in every tenant.
const SECURITY_DEFAULTS_ID: &str = "00000000-0000-0000-0000-000000000005";

/// Members of a token lifetime policy without effect since 2021-01-30 (Microsoft: configurable token lifetimes).
const IGNORED: &[&str] = &[
    "MaxInactiveTime",
    "MaxAgeSingleFactor",
    "MaxAgeMultiFactor",
    "MaxAgeSessionSingleFactor",
    "MaxAgeSessionMultiFactor",
];

/// The text of a policy's definition: JSON inside a string, inside a list.
fn definition(bag: &Node) -> Option<&Node> {
    let definition = bag.get("definition")?;
    definition
        .items()
        .iter()
        .find(|item| item.text().is_some_and(|t| t.contains("TokenLifetimePolicy")))
}

/// True for a token lifetime policy, also one whose definition was cut.
pub(super) fn is_token_policy(bag: &Node) -> bool {
    let typed = |name: &str| {
        bag.get(name)
            .and_then(Node::text)
            .is_some_and(|t| t.to_ascii_lowercase().ends_with("tokenlifetimepolicy"))
    };
    definition(bag).is_some() || typed("type") || typed("@odata.type")
}

/// Reads a token lifetime policy.
pub(super) fn read_token_policy(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    let place = definition(bag);
    let mut policy = TokenPolicy {
        id: source.field(bag, &["id", "objectId"]),
        name: source.field(bag, &["displayName"]),
        is_default: source.boolean(bag, &["isOrganizationDefault"]),
        applies_to: applies_to(reader, bag),
        ..TokenPolicy::default()
    };
    match place {
        Some(node) => {
            let origin = source.origin_of_property("definition", node);
            let text = node.text().unwrap_or_default();
            policy.access_seconds = match member(text, "AccessTokenLifetime") {
                None => Field::Absent,
                Some(value) => match time_span(value) {
                    Some(seconds) => Field::Value(Fact::new(seconds, origin)),
                    None => Field::Unreadable(origin),
                },
            };
            policy.ignored = IGNORED
                .iter()
                .filter_map(|name| Some(format!("{name} {}", member(text, name)?)))
                .collect();
        }
        None => policy.access_seconds = Field::Unreadable(reader.origin_at(bag, "definition")),
    }
    let origin = place.map_or_else(|| source.origin_of(bag), |node| source.origin_of_property("definition", node));
    reader.found.recognise("entra-token-policy", text!("token lifetime policy (definition)"));
    reader.found.facts.entra.token_policy_exports.push(Fact::new((), origin.clone()));
    reader.found.facts.entra.token_policies.push(Fact::new(policy, origin));
}

fn applies_to(reader: &Reader<'_, '_>, bag: &Node) -> Field<Vec<String>> {
    let Some(list) = bag.get("appliesTo") else { return Field::Absent };
    let origin = reader.source.origin_of(list);
    if let Value::List(_, true) | Value::Cut(_) | Value::Text(_) = list.value {
        return Field::Unreadable(origin);
    }
    // Objects that have the policy: applications and service principals, by id, appId and name.
    let mut names = Vec::new();
    for item in list.items() {
        let texts = ["appId", "id", "displayName"].iter().filter_map(|key| item.get(key)?.text());
        names.extend(texts.map(str::to_owned));
        names.extend(item.text().map(str::to_owned));
    }
    match names.is_empty() {
        true => Field::Empty(origin),
        false => Field::Value(Fact::new(names, origin)),
    }
}

/// The value of `"name":"value"` in a definition. Microsoft's own samples have trailing commas, and exports escape the quotes
/// once more, so that this looks for the member instead of parsing the whole.
fn member<'t>(definition: &'t str, name: &str) -> Option<&'t str> {
    let at = definition
        .to_ascii_lowercase()
        .find(&format!("{}\"", name.to_ascii_lowercase()))
        .or_else(|| definition.to_ascii_lowercase().find(&format!("{}\\\"", name.to_ascii_lowercase())))?;
    let rest = definition.get(at + name.len()..)?.trim_start_matches(['\\', '"', ' ', ':']);
    let end = rest.find(['"', '\\', ',', '}']).unwrap_or(rest.len());
    rest.get(..end).map(str::trim).filter(|v| !v.is_empty())
}

/// Seconds of a .NET TimeSpan `[d.]hh:mm:ss[.fraction]`. Minutes above 59 occur in Microsoft's own text (`00:90:00`).
fn time_span(text: &str) -> Option<u64> {
    let text = text.trim();
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) if clock.contains(':') => (days.parse::<u64>().ok()?, clock),
        _ => (0, text),
    };
    let mut parts = clock.split(':');
    let mut next = |limit: u64| {
        let part = parts.next()?;
        let whole = part.split('.').next()?;
        whole.parse::<u64>().ok().filter(|n| *n < limit)
    };
    let (hours, minutes, seconds) = (next(100_000)?, next(6_000)?, next(3_600)?);
    Some(days.min(100_000) * 86_400 + hours * 3_600 + minutes * 60 + seconds)
}

/// True for the policy of security defaults.
pub(super) fn is_security_defaults(bag: &Node) -> bool {
    let context = bag
        .get("@odata.context")
        .and_then(Node::text)
        .is_some_and(|c| c.contains("identitySecurityDefaultsEnforcementPolicy"));
    bag.has("isEnabled") && (context || bag.get("id").and_then(Node::text) == Some(SECURITY_DEFAULTS_ID))
}

/// Reads whether security defaults are on.
pub(super) fn read_security_defaults(reader: &mut Reader<'_, '_>, bag: &Node) {
    reader
        .found
        .recognise("entra-security-defaults", text!("policy of security defaults (its well-known id)"));
    if let Field::Value(fact) = reader.source.boolean(bag, &["isEnabled"]) {
        reader.found.facts.entra.security_defaults.push(fact);
    }
}

/// True for the authorization policy: what users may do by themselves.
pub(super) fn is_authorization_policy(bag: &Node) -> bool {
    bag.has("defaultUserRolePermissions")
        || bag.has("permissionGrantPolicyIdsAssignedToDefaultUserRole")
        || bag.get("id").and_then(Node::text) == Some("authorizationPolicy")
}

/// Reads who may consent.
pub(super) fn read_authorization_policy(reader: &mut Reader<'_, '_>, bag: &Node) {
    reader
        .found
        .recognise("entra-authorization-policy", text!("authorization policy (defaultUserRolePermissions)"));
    let names = ["permissionGrantPoliciesAssigned", "permissionGrantPolicyIdsAssignedToDefaultUserRole"];
    let inner = bag.get("defaultUserRolePermissions").map(Node::sole);
    for holder in [inner, Some(bag)].into_iter().flatten() {
        match reader.source.list(holder, &names) {
            Field::Absent => continue,
            Field::Value(fact) => reader.found.facts.entra.user_consent.push(fact),
            Field::Empty(origin) => reader.found.facts.entra.user_consent.push(Fact::new(Vec::new(), origin)),
            Field::Unreadable(_) => {}
        }
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_time_spans() {
        for (text, seconds) in [
            ("8:00:00", 28_800),
            ("00:10:00", 600),
            ("00:90:00", 5_400),
            ("23:59:59", 86_399),
            ("90.00:00:00", 7_776_000),
            ("1.00:00:00", 86_400),
        ] {
            assert_eq!(time_span(text), Some(seconds), "{text}");
        }
        for bad in ["until-revoked", "", "60", "a:b:c", "-1:00:00", "99999999999:00:00"] {
            assert_eq!(time_span(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_definitions_leniently() {
        let plain = r#"{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"00:30:00","MaxInactiveTime":"20.00:00:00",}}"#;
        assert_eq!(member(plain, "AccessTokenLifetime"), Some("00:30:00"));
        assert_eq!(member(plain, "MaxInactiveTime"), Some("20.00:00:00"));
        assert_eq!(member(plain, "MaxAgeSingleFactor"), None);
        let escaped = r#"{\"TokenLifetimePolicy\":{\"Version\":1, \"AccessTokenLifetime\" : \"8:00:00\"}}"#;
        assert_eq!(member(escaped, "AccessTokenLifetime"), Some("8:00:00"));
    }
}
