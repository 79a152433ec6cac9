//! Reads the claims of a JSON web token. The token itself is never kept: what is taken of it is who it was made for, by whom,
//! for what and how long.

use super::Claims;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// Payloads longer than this are left alone: Microsoft's tokens have some kilobytes.
const LONGEST_PAYLOAD: usize = 256 * 1024;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The claims of a token such as `eyJ0eX….eyJhdWQ….sig`, of either version of Microsoft's access tokens or of an id token.
/// `None` if it can't be decoded (encrypted, cut, no JSON) or names none of the claims that count: Microsoft guarantees no
/// format for tokens of its own resources, so that an undecodable one proves nothing.
pub fn claims_of(jwt: &str) -> Option<Claims> {
    let mut parts = jwt.trim().split('.');
    let (header, payload) = (parts.next()?, parts.next()?.trim());
    // `{"` in Base64: what doesn't begin so is no header, and is not masked as a token either.
    if !header.starts_with("eyJ") || payload.is_empty() || payload.len() > LONGEST_PAYLOAD {
        return None;
    }
    let bytes = URL_SAFE.decode(payload).or_else(|_| STANDARD.decode(payload)).ok()?;
    let Value::Object(payload) = serde_json::from_slice(&bytes).ok()? else {
        return None;
    };
    claims_from(|name| match payload.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        _ => Vec::new(),
    })
}

/// The claims that `values` gives by name, each as the texts that stand there: one for a scalar, several for a list. `None` if there
/// is none of the claims that count. Decoded payloads that people paste come here too.
pub fn claims_from(values: impl Fn(&str) -> Vec<String>) -> Option<Claims> {
    let text = |names: &[&str]| {
        let first = names.iter().find_map(|name| values(name).into_iter().next());
        first.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
    };
    let lower = |names: &[&str]| text(names).map(|v| v.to_lowercase());
    let words = |name: &str| -> Vec<String> { values(name).iter().flat_map(|v| v.split_whitespace()).map(str::to_owned).collect() };
    let seconds = |name: &str| text(&[name])?.parse().ok();
    let claims = Claims {
        audience: text(&["aud"]),
        tenant: lower(&["tid"]).or_else(|| tenant_of_issuer(&text(&["iss"])?)),
        app_id: lower(&["appid", "azp"]),
        user: lower(USER).map(|user| without_provider(&user)),
        user_id: lower(&["oid"]),
        scopes: words("scp"),
        roles: words("roles"),
        issued: seconds("iat"),
        not_before: seconds("nbf"),
        expires: seconds("exp"),
    };
    let says_something = claims.user.is_some() || claims.app_id.is_some() || claims.tenant.is_some() || claims.audience.is_some();
    says_something.then_some(claims)
}

/// Claims that name the user, the most telling first.
pub const USER: &[&str] = &["upn", "preferred_username", "unique_name"];

/// `unique_name` of a personal or guest account reads `live.com#someone@example.com`.
fn without_provider(user: &str) -> String {
    match user.split_once('#') {
        Some((provider, name)) if !provider.contains('@') && name.contains('@') => name.to_owned(),
        _ => user.to_owned(),
    }
}

/// The tenant in `https://sts.windows.net/<tenant>/` and `https://login.microsoftonline.com/<tenant>/v2.0`.
fn tenant_of_issuer(issuer: &str) -> Option<String> {
    let path = issuer.split_once("://")?.1;
    let segment = path.split('/').nth(1)?.trim().to_ascii_lowercase();
    (!segment.is_empty()).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("eyJ0eXAiOiJKV1QifQ.{}.c2ln", URL_SAFE.encode(payload).trim_end_matches('='))
    }

    #[test]
    fn reads_both_versions() {
        let v1 = claims_of(&token(
            r#"{"aud":"https://outlook.office365.com","iss":"https://sts.windows.net/AAAA1111-0000-4000-8000-000000000001/","iat":1717000000,"nbf":1717000000,"exp":1717003900,"appid":"BBBB1111-0000-4000-8000-000000000002","scp":"IMAP.AccessAsUser.All SMTP.Send","upn":"Jane.Doe@contoso.com","oid":"cc"}"#,
        ))
        .unwrap();
        assert_eq!(v1.user.as_deref(), Some("jane.doe@contoso.com"));
        assert_eq!(v1.tenant.as_deref(), Some("aaaa1111-0000-4000-8000-000000000001"));
        assert_eq!(v1.app_id.as_deref(), Some("bbbb1111-0000-4000-8000-000000000002"));
        assert_eq!(v1.scopes, ["IMAP.AccessAsUser.All", "SMTP.Send"]);
        assert_eq!(v1.expires.unwrap() - v1.issued.unwrap(), 3900);
        let v2 = claims_of(&token(r#"{"aud":"x","azp":"B2","tid":"T1","preferred_username":"ECE@contoso.com"}"#)).unwrap();
        assert_eq!(
            (v2.user.as_deref(), v2.app_id.as_deref(), v2.tenant.as_deref()),
            (Some("ece@contoso.com"), Some("b2"), Some("t1"))
        );
        let guest = claims_of(&token(r#"{"unique_name":"live.com#a@example.com"}"#)).unwrap();
        assert_eq!(guest.user.as_deref(), Some("a@example.com"));
    }

    #[test]
    fn what_cannot_be_decoded_proves_nothing() {
        for bad in [
            "",
            "eyJ0",
            "a.b",
            "a.!!!.c",
            "a.bm90IGpzb24.c",
            &token("[1,2]"),
            &token(r#"{"x":1}"#),
            &token(&"[".repeat(5000)),
        ] {
            assert_eq!(claims_of(bad), None, "{bad}");
        }
    }
}
