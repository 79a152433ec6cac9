//! Redirect URIs as Microsoft compares them (Microsoft, "Redirect URI best practices and limitations").
//!
//! The URI that ECE sends must be registered character by character, with few exceptions: the host's case doesn't count, a port
//! may be left out where it is the scheme's own, a URI without a path may end in `/` or not, and on localhost any port does.

use super::Text;
use crate::text;

/// A redirect URI, taken apart without changing a character of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectParts<'a> {
    /// `https`, lower case.
    pub scheme: String,
    /// Host, lower case, without a trailing dot.
    pub host: String,
    /// Port; the scheme's own where none is written.
    pub port: Option<u16>,
    /// Path as written; empty if there is none.
    pub path: &'a str,
    /// Query as written, without `?`.
    pub query: Option<&'a str>,
    /// Fragment as written, without `#`.
    pub fragment: Option<&'a str>,
}

/// In what two redirect URIs differ, lightest first: the one that differs least is the one that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// The path differs only by a slash at its end.
    TrailingSlash,
    /// The path differs only in upper and lower case.
    PathCase,
    /// Something follows `#`.
    Fragment,
    /// The part after `?`.
    Query,
    /// `http` and `https`.
    Scheme,
    /// The port.
    Port,
    /// The path.
    Path,
    /// The host.
    Host,
    /// One of them is no absolute URI.
    Malformed,
}

impl Difference {
    /// The difference in words.
    pub fn words(self) -> Text {
        match self {
            Self::TrailingSlash => text!("a trailing slash"),
            Self::PathCase => text!("upper and lower case of the path (Microsoft compares the path exactly)"),
            Self::Fragment => text!("the fragment after #"),
            Self::Query => text!("the query after ?"),
            Self::Scheme => text!("the scheme (http or https)"),
            Self::Port => text!("the port"),
            Self::Path => text!("the path"),
            Self::Host => text!("the host name"),
            Self::Malformed => text!("its form: it is no absolute URI"),
        }
    }
}

/// Takes a URI apart; `None` if it has no scheme or no host.
pub fn split_uri(uri: &str) -> Option<RedirectParts<'_>> {
    let uri = uri.trim();
    let (scheme, rest) = uri.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(a, b)| (a, Some(b)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && !port.is_empty() => (host, Some(port.parse().ok()?)),
        Some((host, "")) => (host, None),
        _ => (authority, None),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.is_empty() {
        return None;
    }
    let own = match scheme.as_str() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    Some(RedirectParts {
        scheme,
        host,
        port: port.or(own),
        path,
        query,
        fragment,
    })
}

/// In what the URI that was sent differs from a registered one; empty if Microsoft accepts it.
pub fn differences(sent: &str, registered: &str) -> Vec<Difference> {
    let (Some(sent), Some(own)) = (split_uri(sent), split_uri(registered)) else {
        return match sent.trim() == registered.trim() {
            true => Vec::new(),
            false => vec![Difference::Malformed],
        };
    };
    let mut found = Vec::new();
    let is_local = matches!(own.host.as_str(), "localhost" | "127.0.0.1");
    if !host_matches(&sent.host, &own.host) {
        found.push(Difference::Host);
    }
    if sent.scheme != own.scheme {
        found.push(Difference::Scheme);
    }
    // http against https already says that the default ports differ.
    let default_ports = sent.scheme != own.scheme && [sent.port, own.port].iter().all(|p| matches!(p, Some(80 | 443)));
    if sent.port != own.port && !is_local && !default_ports {
        found.push(Difference::Port);
    }
    found.extend(path_difference(sent.path, own.path));
    if sent.query != own.query {
        found.push(Difference::Query);
    }
    if sent.fragment != own.fragment {
        found.push(Difference::Fragment);
    }
    found.sort();
    found
}

/// True if a registered host stands for `host`: equal, or a wildcard (`*.contoso.com`) for the names below a domain.
pub fn host_matches(host: &str, registered: &str) -> bool {
    match registered.strip_prefix("*.") {
        Some(domain) => host
            .strip_suffix(domain)
            .and_then(|h| h.strip_suffix('.'))
            .is_some_and(|label| !label.is_empty() && !label.contains('.')),
        None => host == registered,
    }
}

fn path_difference(sent: &str, registered: &str) -> Option<Difference> {
    let bare = |path: &str| path.is_empty() || path == "/";
    if sent == registered || (bare(sent) && bare(registered)) {
        None
    } else if sent.trim_end_matches('/') == registered.trim_end_matches('/') {
        Some(Difference::TrailingSlash)
    } else if sent.eq_ignore_ascii_case(registered) {
        Some(Difference::PathCase)
    } else {
        Some(Difference::Path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Difference::*;

    #[test]
    fn compares_as_microsoft_does() {
        let base = "https://ece.example.com/system/oauth/callback";
        for (registered, expected) in [
            (base, vec![]),
            ("https://ECE.example.com/system/oauth/callback", vec![]),
            ("HTTPS://ece.example.com:443/system/oauth/callback", vec![]),
            ("https://*.example.com/system/oauth/callback", vec![]),
            ("https://ece.example.com/System/oauth/callback", vec![PathCase]),
            ("https://ece.example.com/system/oauth/callback/", vec![TrailingSlash]),
            ("http://ece.example.com/system/oauth/callback", vec![Scheme]),
            ("https://ece.example.com:8443/system/oauth/callback", vec![Port]),
            ("https://ece.example.com/system/other", vec![Path]),
            ("https://ece.example.com/system/oauth/callback?x=1", vec![Query]),
            ("https://other.example.com/system/oauth/callback", vec![Host]),
            ("http://other.example.com/x", vec![Scheme, Path, Host]),
            ("ece.example.com", vec![Malformed]),
            ("", vec![Malformed]),
        ] {
            assert_eq!(differences(base, registered), expected, "{registered}");
        }
        assert_eq!(differences("https://ece.example.com", "https://ece.example.com/"), []);
        assert_eq!(differences("http://localhost:9000/a", "http://localhost/a"), []);
        assert_eq!(differences("https://a.b.example.com/", "https://*.example.com/"), [Host]);
        assert_eq!(differences("nonsense", "nonsense"), []);
    }

    #[test]
    fn takes_odd_uris_apart_without_falling_over() {
        for odd in [
            "://",
            "https://",
            "https://:99999/",
            "https://[::1",
            "https://[::1]:8443/x",
            "a://b@c:d/e",
            "https://é.example.com:443",
        ] {
            let _ = differences(odd, "https://ece.example.com/");
            let _ = split_uri(odd);
        }
        assert_eq!(
            split_uri("https://[::1]:8443/x").map(|p| (p.host, p.port)),
            Some(("[::1]".into(), Some(8443)))
        );
    }
}
