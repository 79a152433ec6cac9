//! What is left of an access token: its claims under pseudonyms, without a signature. It opens nothing any more, and the checks
//! still see whose it was.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::Regex;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// `{"alg":"none"}`, the header of every token in a copy.
const HEADER: &str = "eyJhbGciOiJub25lIn0";

/// Claims that stay: for whom, by whom, for what, how long. Names of people and their addresses are not among them.
const KEPT: [&str; 15] = [
    "aud",
    "iss",
    "tid",
    "appid",
    "azp",
    "upn",
    "preferred_username",
    "unique_name",
    "oid",
    "scp",
    "roles",
    "iat",
    "nbf",
    "exp",
    "ver",
];

static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^((?i:Bearer )?)eyJ[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_-]*)?$").expect("a constant pattern"));

/// The token `secret` with the claims that `redact` makes of its own; `None` if it is none, or can't be read.
pub(super) fn unsigned(secret: &str, redact: &mut dyn FnMut(&str) -> String) -> Option<String> {
    let found = TOKEN.captures(secret)?;
    crate::model::claims_of(secret.get(found[1].len()..)?)?;
    let payload: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&found[2]).ok()?).ok()?;
    let kept: Map<String, Value> = payload.into_iter().filter(|(name, _)| KEPT.contains(&name.as_str())).collect();
    let claims = redact(&Value::Object(kept).to_string());
    Some(format!("{}{HEADER}.{}.", &found[1], URL_SAFE_NO_PAD.encode(claims)))
}

/// The claims of a token that [`unsigned`] made; `None` for any other.
pub(super) fn claims(secret: &str) -> Option<String> {
    let payload = secret.strip_prefix("Bearer ").unwrap_or(secret).strip_prefix(HEADER)?.trim_matches('.');
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
