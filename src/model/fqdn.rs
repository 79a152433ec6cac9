//! What the external URL must look like: `https://` and the fully qualified name that people type, nothing else
//! (tech note "System configuration").

use super::Text;
use super::redirect_uri::split_uri;
use crate::text;

/// What is wrong with an external URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UrlProblem {
    /// Nothing but blanks.
    Empty,
    /// Text that stands where nobody has filled in a value.
    Placeholder,
    /// Blanks before, behind or inside.
    StrayBlanks,
    /// No `scheme://` in front.
    NoScheme,
    /// Another scheme than https.
    NotHttps(String),
    /// An IP address in place of a name.
    IpAddress,
    /// A name without a domain, or `localhost`.
    NotQualified,
    /// Characters that no host name has.
    BadHost,
    /// Something behind the host.
    HasPath(String),
    /// A user name or password in front of the host.
    UserInfo,
}

impl UrlProblem {
    /// The problem in words, of which the value is the subject: `is empty`.
    pub fn words(&self) -> Text {
        match self {
            Self::Empty => text!("is empty"),
            Self::Placeholder => text!("is a placeholder, not an address"),
            Self::StrayBlanks => text!("has stray blanks"),
            Self::NoScheme => text!("does not begin with https://"),
            Self::NotHttps(scheme) => text!("begins with {scheme}:// where https:// is needed", scheme),
            Self::IpAddress => text!("has an IP address in place of a name"),
            Self::NotQualified => text!("has a host name without a domain"),
            Self::BadHost => text!("has characters in its host that no host name may have"),
            Self::HasPath(path) => text!("has `{path}` behind the host, where nothing may follow", path),
            Self::UserInfo => text!("has a user name in front of the host"),
        }
    }
}

/// Everything that is wrong with `value` as an external URL, worst first; empty if it is right. `value` is the text as it
/// stands in the setting, blanks included.
pub fn problems_of_external_url(value: &str) -> Vec<UrlProblem> {
    let blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}');
    let bare: String = value.chars().filter(|&c| !blank(c)).collect();
    if bare.is_empty() {
        return vec![UrlProblem::Empty];
    }
    if is_placeholder(&bare) {
        return vec![UrlProblem::Placeholder];
    }
    let mut problems = Vec::new();
    if value.chars().any(blank) {
        problems.push(UrlProblem::StrayBlanks);
    }
    let Some(parts) = split_uri(&bare) else {
        problems.push(UrlProblem::NoScheme);
        return problems;
    };
    if parts.scheme != "https" {
        problems.push(UrlProblem::NotHttps(parts.scheme.clone()));
    }
    problems.extend(host_problem(&parts.host));
    if bare
        .split("://")
        .nth(1)
        .is_some_and(|rest| rest.split(['/', '?', '#']).next().is_some_and(|a| a.contains('@')))
    {
        problems.push(UrlProblem::UserInfo);
    }
    let behind = bare.splitn(4, '/').nth(3).map(|rest| format!("/{rest}"));
    match behind {
        Some(path) if path != "/" => problems.push(UrlProblem::HasPath(path)),
        None if parts.query.is_some() || parts.fragment.is_some() => problems.push(UrlProblem::HasPath("?".into())),
        _ => {}
    }
    problems
}

/// What is wrong with a host name that people are to type, if anything.
fn host_problem(host: &str) -> Option<UrlProblem> {
    let is_v4 = host.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    if is_v4 || host.starts_with('[') || host.contains(':') {
        Some(UrlProblem::IpAddress)
    } else if !host.split('.').all(is_label) {
        Some(UrlProblem::BadHost)
    } else if !host.contains('.') || host.ends_with(".localdomain") || host == "localhost" {
        Some(UrlProblem::NotQualified)
    } else {
        None
    }
}

/// A label of a host name: letters (of any script: IDN), digits, inner dashes. An underscore is no part of a host name, though
/// Windows lets people use it.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

fn is_placeholder(bare: &str) -> bool {
    let lower = bare.to_lowercase();
    let host = lower.split("://").last().unwrap_or("").split(['/', ':', '?', '#']).next().unwrap_or("");
    let first = host.split('.').next().unwrap_or("");
    matches!(
        lower.as_str(),
        "-" | "--" | "n/a" | "na" | "none" | "null" | "tbd" | "todo" | "?" | "https://" | "http://" | "undefined" | "changeme"
    ) || host.contains(['<', '>', '{', '}', '$', '%'])
        || [
            "external_application_url",
            "externalapplicationurl",
            "web_server",
            "load_balancer",
            "server_name",
            "yourdomain",
            "your-domain",
            "yourcompany",
            "your_",
        ]
        .iter()
        .any(|word| lower.contains(word))
        || matches!(
            first,
            "your" | "yourserver" | "your-server" | "hostname" | "servername" | "fqdn" | "xxx" | "changeme"
        )
        || matches!(
            host,
            "example.com" | "example.org" | "example.net" | "www.example.com" | "domain.com" | "company.com"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use UrlProblem::*;

    #[test]
    fn knows_a_right_external_url() {
        for right in [
            "https://ece.example.com",
            "https://ece.contoso.com/",
            "HTTPS://ECE.contoso.com",
            "https://ece.contoso.com:8443",
            "https://ece.contoso.com.",
            "https://müller.contoso.de",
        ] {
            assert_eq!(problems_of_external_url(right), [], "{right}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (value, expected) in [
            ("", vec![Empty]),
            (" \u{a0}\t", vec![Empty]),
            ("n/a", vec![Placeholder]),
            ("https://<ece fqdn>", vec![Placeholder]),
            ("https://external_application_url", vec![Placeholder]),
            ("https://example.com", vec![Placeholder]),
            (" https://ece.contoso.com", vec![StrayBlanks]),
            ("https://ece.contoso.com \u{200b}", vec![StrayBlanks]),
            ("https://ece .contoso.com", vec![StrayBlanks]),
            ("ece.contoso.com", vec![NoScheme]),
            ("https:/ece.contoso.com", vec![NoScheme]),
            ("http://ece.contoso.com", vec![NotHttps("http".into())]),
            ("https://10.1.2.3", vec![IpAddress]),
            ("https://[2001:db8::1]/", vec![IpAddress]),
            ("https://eceweb01", vec![NotQualified]),
            ("https://localhost", vec![NotQualified]),
            ("https://ece_web.contoso.com", vec![BadHost]),
            ("https://ece..contoso.com", vec![BadHost]),
            ("https://ece.contoso.com/system", vec![HasPath("/system".into())]),
            ("https://ece.contoso.com/system/web?x=1", vec![HasPath("/system/web?x=1".into())]),
            (
                "http://eceweb01/system",
                vec![NotHttps("http".into()), NotQualified, HasPath("/system".into())],
            ),
            ("https://admin@ece.contoso.com", vec![UserInfo]),
        ] {
            assert_eq!(problems_of_external_url(value), expected, "{value:?}");
        }
    }
}
