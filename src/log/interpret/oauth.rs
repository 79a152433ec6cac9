//! What a record shows of OAuth: authorize requests, token endpoints, token answers, tokens. It hangs on what Microsoft's
//! protocol fixes (URLs, JSON keys, `AADSTS` numbers), never on eGain's wording.

use crate::model::{AuthorizeRequest, Claims, TokenAnswer, claims_of};
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Which endpoint a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndpointKind {
    /// The browser's way.
    Authorize,
    /// Codes and refresh tokens are redeemed here.
    Token,
}

/// A URL of the sign-in service in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub kind: EndpointKind,
    /// Host, lower case.
    pub host: String,
    /// Tenant segment, lower case.
    pub tenant: String,
    /// What stands behind `?`, as written.
    pub query: String,
}

/// What a record shows of OAuth.
#[derive(Clone, Debug, Default)]
pub(super) struct OAuth {
    pub endpoints: Vec<Endpoint>,
    pub authorize: Option<AuthorizeRequest>,
    pub answer: Option<TokenAnswer>,
    /// Claims of a token that stands outside a token answer.
    pub token: Option<Claims>,
    /// `authorization_code`, `refresh_token`, if the record shows the request.
    pub grant: Option<String>,
}

static ENDPOINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)https?://([a-z0-9][a-z0-9.-]*)(?::[0-9]{1,5})?/([^/\s"'?<>]+)/oauth2/(?:v2\.0/)?(authorize|token)\b(?:\?([^\s"'<>\\]*))?"#)
        .expect("a constant pattern")
});
static URL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(?i)https?://[^\s"'<>\\]+"#).expect("a constant pattern"));
static URL_WITH_QUERY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(?i)https?://[^\s"'<>\\?]+\?[^\s"'<>\\]*"#).expect("a constant pattern"));
/// `"key": value` of JSON, `key=value` of forms and Java maps, quotes escaped or not.
fn value_pattern(key: &str, value: &str) -> Regex {
    Regex::new(&format!(r#"(?i)(?:^|[^A-Za-z0-9_-]){key}[\\"']*\s*[:=]\s*[\\"']*({value})"#)).expect("a constant pattern")
}
static EXPIRES_IN: LazyLock<Regex> = LazyLock::new(|| value_pattern("expires_in", r"[0-9]{1,9}"));
static TOKEN_TYPE: LazyLock<Regex> = LazyLock::new(|| value_pattern("token_type", r"[A-Za-z]{3,20}"));
static ACCESS_TOKEN: LazyLock<Regex> = LazyLock::new(|| value_pattern("access_token", r"[A-Za-z0-9_.\-]{8,}"));
static REFRESH_TOKEN: LazyLock<Regex> = LazyLock::new(|| value_pattern("refresh_token", r"[A-Za-z0-9_.!*\-]{8,}"));
static ID_TOKEN: LazyLock<Regex> = LazyLock::new(|| value_pattern("id_token", r"[A-Za-z0-9_.\-]{8,}"));
static ERROR: LazyLock<Regex> = LazyLock::new(|| value_pattern("error", "[a-z]+_[a-z_]+"));
static SCOPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:^|[^A-Za-z0-9_-])scope[\\"']*\s*[:=]\s*(?:[\\"']+([^\\"'\r\n]+)|([^\\"',}&\r\n]+))"#).expect("a constant pattern")
});
/// Longest list of scopes that is read, in characters.
const LONGEST_SCOPES: usize = 2_000;
static GRANT: LazyLock<Regex> = LazyLock::new(|| value_pattern("grant_type", "[a-z_]{4,40}"));
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)AADSTS[ _-]?([0-9]{4,8})").expect("a constant pattern"));
static CODES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(?i)error_codes[\\"']*\s*[:=]\s*\[([0-9,\s]{4,200})\]"#).expect("a constant pattern"));
static JWT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}").expect("a constant pattern"));

/// Reads what `text`, a record's message, shows.
pub(super) fn read(text: &str) -> OAuth {
    // Stack frames are long and hold none of it.
    let text = text.find("\n\tat ").and_then(|at| text.get(..at)).unwrap_or(text);
    let text = &*unescaped(text);
    let mut found = OAuth::default();
    // A tenant is a GUID or a domain; a bound in the pattern would make it a hundred times as large.
    const LONGEST_TENANT: usize = 253;
    for url in ENDPOINT.captures_iter(text).filter(|url| url[2].len() <= LONGEST_TENANT).take(8) {
        let part = |n: usize| url.get(n).map_or(String::new(), |m| m.as_str().to_owned());
        let kind = if part(3).eq_ignore_ascii_case("authorize") {
            EndpointKind::Authorize
        } else {
            EndpointKind::Token
        };
        let endpoint = Endpoint {
            kind,
            host: part(1).to_ascii_lowercase(),
            tenant: part(2).to_ascii_lowercase(),
            query: part(4),
        };
        if !found.endpoints.contains(&endpoint) {
            found.endpoints.push(endpoint);
        }
    }
    // A URL's own parameters (`scope=`, `error=`) are no answer; a scope that is a URL is part of one.
    let bare = URL_WITH_QUERY.replace_all(text, "");
    found.grant = GRANT.captures(text).map(|c| c[1].to_ascii_lowercase());
    found.authorize = authorize_request(&found.endpoints, text);
    found.answer = token_answer(&bare);
    if found.answer.as_ref().is_none_or(|a| a.claims.is_none()) {
        found.token = JWT.find(text).and_then(|m| claims_of(m.as_str()));
    }
    found
}

/// JSON inside JSON, HTML and forms: the escapes that hide URLs.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !(text.contains("\\/") || text.contains("\\u0026") || text.contains("&amp;")) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\\/", "/").replace("\\u0026", "&").replace("&amp;", "&"))
}

fn authorize_request(endpoints: &[Endpoint], text: &str) -> Option<AuthorizeRequest> {
    let endpoint = endpoints.iter().find(|e| e.kind == EndpointKind::Authorize && e.query.contains('='));
    // A code's redemption repeats the redirect URI in the form body that goes to the token endpoint.
    static FORM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?:^|[\s"'\[{(?])((?:[a-z_]+=[^\s"'<>]*&)*redirect_uri=[^\s"'<>\])}]*)"#).expect("a constant pattern"));
    let (host, tenant, query) = match endpoint {
        Some(e) => (e.host.clone(), e.tenant.clone(), e.query.clone()),
        None => {
            let endpoint = endpoints.first()?;
            let form = FORM.captures(text)?;
            (endpoint.host.clone(), endpoint.tenant.clone(), form[1].to_owned())
        }
    };
    let mut request = AuthorizeRequest {
        host,
        tenant,
        ..AuthorizeRequest::default()
    };
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "client_id" => request.client_id = Some(value.to_ascii_lowercase()),
            "redirect_uri" => request.redirect_uri = Some(value.into_owned()),
            "scope" | "resource" => request.scopes.extend(value.split_whitespace().map(str::to_owned)),
            _ => {}
        }
    }
    (request.client_id.is_some() || request.redirect_uri.is_some()).then_some(request)
}

/// False for a request that asks for nobody's mail: signing agents or customers in is another application's business.
pub(super) fn is_for_mail(request: &AuthorizeRequest) -> bool {
    const PERSON: [&str; 5] = ["openid", "profile", "email", "offline_access", "user.read"];
    let name = |scope: &str| scope.rsplit('/').next().unwrap_or(scope).to_ascii_lowercase();
    let asks_for_the_person = request.scopes.iter().any(|s| name(s) == "openid");
    !(asks_for_the_person && request.scopes.iter().all(|s| PERSON.contains(&name(s).as_str())))
}

/// The token answer in `text` (URLs taken out), if it holds one: JSON, a Java map's print, or a form.
fn token_answer(text: &str) -> Option<TokenAnswer> {
    let mut answer = TokenAnswer {
        expires_in: EXPIRES_IN.captures(text).and_then(|c| c[1].parse().ok()),
        error: ERROR.captures(text).map(|c| c[1].to_ascii_lowercase()),
        ..TokenAnswer::default()
    };
    let access = ACCESS_TOKEN.captures(text);
    let is_answer = answer.expires_in.is_some() || answer.error.is_some() || (access.is_some() && TOKEN_TYPE.is_match(text));
    if !is_answer {
        return None;
    }
    // Help links name codes that nobody returned.
    for code in CODE.captures_iter(&URL.replace_all(text, "")).take(16) {
        push_code(&mut answer.codes, &code[1]);
    }
    for list in CODES.captures_iter(text).take(4) {
        list[1].split(',').for_each(|code| push_code(&mut answer.codes, code.trim()));
    }
    answer.claims = access
        .and_then(|c| claims_of(&c[1]))
        .or_else(|| ID_TOKEN.captures(text).and_then(|c| claims_of(&c[1])));
    answer.has_refresh_token = REFRESH_TOKEN.is_match(text);
    if answer.error.is_none() {
        let scope = SCOPE.captures(text).and_then(|c| c.get(1).or(c.get(2)));
        let scopes: String = scope.map_or("", |m| m.as_str()).chars().take(LONGEST_SCOPES).collect();
        let scopes = scopes.replace('+', " ").replace("%20", " ");
        answer.scopes = scopes.split_whitespace().map(str::to_owned).collect();
    }
    Some(answer)
}

fn push_code(codes: &mut Vec<u32>, text: &str) {
    if let Ok(code) = text.parse()
        && !codes.contains(&code)
    {
        codes.push(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn reads_an_authorize_request() {
        let text = format!(
            "Redirecting to https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?client_id=AAAA1111&response_type=code&redirect_uri=https%3A%2F%2Fece.example.com%2Fsystem%2Fcb.jsp&scope=https%3A%2F%2Foutlook.office.com%2FSMTP.Send%20offline_access&state=x"
        );
        let found = read(&text);
        let request = found.authorize.unwrap();
        assert_eq!(request.tenant, TENANT);
        assert_eq!(request.client_id.as_deref(), Some("aaaa1111"));
        assert_eq!(request.redirect_uri.as_deref(), Some("https://ece.example.com/system/cb.jsp"));
        assert_eq!(request.scopes, ["https://outlook.office.com/SMTP.Send", "offline_access"]);
        assert!(found.answer.is_none(), "a URL's parameters are no answer");
        let html = read(&text.replace('&', "&amp;"));
        assert_eq!(html.authorize.unwrap().client_id.as_deref(), Some("aaaa1111"));
    }

    #[test]
    fn reads_token_answers_in_every_print() {
        for text in [
            r#"{"token_type":"Bearer","scope":"https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send","expires_in":3599,"ext_expires_in":7199}"#,
            r#"{\"token_type\":\"Bearer\",\"scope\":\"https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send\",\"expires_in\":\"3599\"}"#,
            "{ext_expires_in=7199, token_type=Bearer, scope=IMAP.AccessAsUser.All SMTP.Send, expires_in=3599}",
            "{'expires_in': 3599, 'scope': 'IMAP.AccessAsUser.All SMTP.Send'}",
        ] {
            let answer = read(text).answer.unwrap_or_default();
            assert_eq!(answer.expires_in, Some(3599), "{text}");
            assert!(answer.error.is_none());
        }
        let plain = read("{ext_expires_in=7199, token_type=Bearer, scope=IMAP.AccessAsUser.All SMTP.Send, expires_in=3599}");
        assert_eq!(plain.answer.unwrap().scopes, ["IMAP.AccessAsUser.All", "SMTP.Send"]);
    }

    #[test]
    fn reads_refusals() {
        let text = format!(
            "POST https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token {{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70008: expired. Trace ID: x\",\"error_codes\":[70008,50173],\"error_uri\":\"https://login.microsoftonline.com/error?code=70008\"}}"
        );
        let found = read(&text);
        assert_eq!(found.endpoints.len(), 1);
        assert_eq!(found.endpoints[0].kind, EndpointKind::Token);
        let answer = found.answer.unwrap();
        assert_eq!(answer.error.as_deref(), Some("invalid_grant"));
        assert_eq!(answer.codes, [70008, 50173]);
        assert!(read("error=5 at line 3, Token expires_in the store").answer.is_none());
        assert!(read("Instance 5 cycle finished: failed=0").answer.is_none());
    }

    #[test]
    fn keeps_scopes_that_are_urls() {
        let found = read(r#"{"scope":"https://outlook.office.com/SMTP.Send","expires_in":3599}"#);
        assert_eq!(found.answer.unwrap().scopes, ["https://outlook.office.com/SMTP.Send"]);
    }
}
