//! What a hit's text says besides its signature: which redirect URI, application, tenant, user, host, ids for the sign-in log.

use crate::model::secret;
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Named values of a text, each name once: `redirect_uri`, `client_id`, `tenant`, `user`, `correlation_id`, `trace_id`, `timestamp`,
/// `host`, `port`, `codes`.
pub type Fields = BTreeMap<&'static str, String>;

/// Longest text that is searched for fields, in bytes.
const SEARCHED: usize = 64 * 1024;
/// Longest value that is kept, in characters.
const KEPT: usize = 256;

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    const GUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    [
        ("correlation_id", format!(r"correlation[ _+]?id\W{{1,6}}({GUID})")),
        ("trace_id", format!(r"trace[ _+]?id\W{{1,6}}({GUID})")),
        ("timestamp", String::from(r"timestamp\W{1,6}(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?)")),
        (
            "redirect_uri",
            String::from(r#"(?:redirect|reply)[ _]?(?:uri|url|address)\b[^'"\r\n]{0,24}['"]((?:https?|urn)[^'"\s<>]+)['"]"#),
        ),
        (
            "client_id",
            format!(r"(?:application|app|client)(?: with (?:app ?)?id(?:entifier)?)?[ _:=]*(?:id)?\W{{1,6}}({GUID})"),
        ),
        ("tenant", String::from(r#"(?:tenant|directory)(?: id)?[ :=]*['"]([^'"\s]+)['"]"#)),
        (
            "user",
            String::from(r#"\buser(?:name| account|principalname)?[ :=]*['"]?([a-z0-9._%+'-]+@[a-z0-9.-]*[a-z0-9])"#),
        ),
    ]
    .into_iter()
    .map(|(name, pattern)| {
        let pattern = RegexBuilder::new(&pattern)
            .unicode(false)
            .case_insensitive(true)
            .build()
            .expect("a constant pattern");
        (name, pattern)
    })
    .collect()
});

/// Names of groups in patterns whose captures are fields. Others may hold anything, a secret too.
const GROUPS: [&str; 5] = ["host", "port", "user", "sender", "redirect_uri"];

/// The fields of a text that was hit. `text` has its escapes undone.
pub fn of_text(text: &[u8]) -> Fields {
    let text = text.get(..SEARCHED).unwrap_or(text);
    PATTERNS
        .iter()
        .filter_map(|(name, pattern)| Some((*name, clean(pattern.captures(text)?.get(1)?.as_bytes())?)))
        .collect()
}

/// The fields that a signature's own pattern captures.
pub fn of_captures(captures: &Captures) -> Fields {
    GROUPS
        .into_iter()
        .filter_map(|name| Some((name, clean(captures.name(name)?.as_bytes())?)))
        .collect()
}

/// A value as reports may show it: masked, clipped, without the full stop that ends a sentence.
fn clean(value: &[u8]) -> Option<String> {
    let value = String::from_utf8_lossy(value);
    let value: String = secret::mask(value.trim().trim_end_matches(['.', ',', ';']))
        .chars()
        .filter(|c| !c.is_control())
        .take(KEPT)
        .collect();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_redirect_refusal() {
        let text = b"AADSTS50011: The redirect URI 'https://mail.example.com/system' specified in the request does not match the redirect URIs \
            configured for the application '11111111-2222-3333-4444-555555555555'. Trace ID: aaaaaaaa-0000-1111-2222-333333333333 \
            Correlation ID: bbbbbbbb-0000-1111-2222-333333333333 Timestamp: 2026-01-15 09:00:00Z";
        let fields = of_text(text);
        assert_eq!(fields.get("redirect_uri").map(String::as_str), Some("https://mail.example.com/system"));
        assert_eq!(fields.get("client_id").map(String::as_str), Some("11111111-2222-3333-4444-555555555555"));
        assert_eq!(fields.get("trace_id").map(String::as_str), Some("aaaaaaaa-0000-1111-2222-333333333333"));
        assert_eq!(
            fields.get("correlation_id").map(String::as_str),
            Some("bbbbbbbb-0000-1111-2222-333333333333")
        );
        assert_eq!(fields.get("timestamp").map(String::as_str), Some("2026-01-15 09:00:00Z"));
    }

    #[test]
    fn fields_of_other_answers() {
        let field = |text: &str, name: &str| of_text(text.as_bytes()).remove(name);
        assert_eq!(
            field(
                "AADSTS700016: Application with identifier '11111111-2222-3333-4444-555555555555' was not found in the directory 'Contoso'.",
                "client_id"
            )
            .as_deref(),
            Some("11111111-2222-3333-4444-555555555555")
        );
        assert_eq!(
            field("AADSTS90002: Tenant 'contoso-typo.example.com' not found.", "tenant").as_deref(),
            Some("contoso-typo.example.com")
        );
        assert_eq!(
            field("AADSTS50020: User account 'ada@contoso.com' from identity provider", "user").as_deref(),
            Some("ada@contoso.com")
        );
        assert_eq!(
            field("keys for app '11111111-2222-3333-4444-555555555555' are expired", "client_id").as_deref(),
            Some("11111111-2222-3333-4444-555555555555")
        );
        assert_eq!(field("The user credentials were incorrect", "user"), None);
    }
}
