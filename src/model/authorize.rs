//! Reads the URL that sends a browser to Microsoft's sign-in.

use super::AuthorizeRequest;
use url::Url;

/// The authorize request in `https://<host>/<tenant>/oauth2[/v2.0]/authorize?…`; `None` for any other URL.
pub fn authorize_request(url: &Url) -> Option<AuthorizeRequest> {
    let mut segments = url.path_segments()?.filter(|s| !s.is_empty());
    let tenant = segments.next()?.to_ascii_lowercase();
    let rest: Vec<&str> = segments.collect();
    let is_authorize =
        rest.first().is_some_and(|s| s.eq_ignore_ascii_case("oauth2")) && rest.last().is_some_and(|s| s.eq_ignore_ascii_case("authorize"));
    if !is_authorize {
        return None;
    }
    let value = |name: &str| {
        url.query_pairs()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.into_owned())
    };
    Some(AuthorizeRequest {
        host: url.host_str()?.to_ascii_lowercase(),
        tenant,
        client_id: value("client_id").map(|id| id.trim().to_ascii_lowercase()),
        redirect_uri: value("redirect_uri"),
        scopes: value("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_was_asked() {
        let url = "https://Login.MicrosoftOnline.com/Common/oauth2/v2.0/authorize?client_id=AB-1&redirect_uri=https%3A%2F%2Fece.example.com%2Fx&scope=a%20b&state=s";
        let request = authorize_request(&Url::parse(url).unwrap()).unwrap();
        assert_eq!(request.host, "login.microsoftonline.com");
        assert_eq!(request.tenant, "common");
        assert_eq!(request.client_id.as_deref(), Some("ab-1"));
        assert_eq!(request.redirect_uri.as_deref(), Some("https://ece.example.com/x"));
        assert_eq!(request.scopes, ["a", "b"]);
        for other in [
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "https://ece.example.com/authorize",
            "mailto:a@example.com",
        ] {
            assert_eq!(authorize_request(&Url::parse(other).unwrap()), None, "{other}");
        }
    }
}
