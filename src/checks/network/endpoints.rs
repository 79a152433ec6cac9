//! What a host is to ECE's mail.

use crate::case::Case;

/// Purposes of Microsoft's hosts (tech note "URLs").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Tokens.
    SignIn,
    /// Mail over Graph.
    Graph,
    /// IMAP, POP3, SMTP.
    Mail,
}

impl Purpose {
    /// The host that a test would name, in the worldwide cloud.
    pub fn usual_host(self) -> &'static str {
        match self {
            Self::SignIn => "login.microsoftonline.com",
            Self::Graph => "graph.microsoft.com",
            Self::Mail => "outlook.office365.com",
        }
    }
}

const SIGN_IN: &[&str] = &[
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.microsoftonline.de",
];
const GRAPH: &[&str] = &[
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];
const MAIL: &[&str] = &[
    "office365.com",
    "outlook.office.com",
    "office365.us",
    "partner.outlook.cn",
    "outlook.cloud.microsoft",
    "outlook.office.de",
];

/// What `host` is for; `None` for a host that has nothing to do with ECE's mail.
pub fn purpose_of(host: &str) -> Option<Purpose> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let within = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    if SIGN_IN.iter().any(|d| within(d)) {
        Some(Purpose::SignIn)
    } else if GRAPH.contains(&host.as_str()) {
        Some(Purpose::Graph)
    } else if MAIL.iter().any(|d| within(d)) {
        Some(Purpose::Mail)
    } else {
        None
    }
}

/// The port that ECE uses on hosts of this purpose where a name alone is known.
pub fn is_mail_port(port: u16) -> bool {
    matches!(port, 587 | 993 | 995)
}

/// Hosts that live aliases fetch from or send through on `port`, lower case. Empty if no export names any.
pub fn configured_hosts(case: &Case, port: u16) -> Vec<String> {
    let mut hosts = Vec::new();
    for alias in case.aliases() {
        for row in alias.rows {
            let pairs = [(&row.in_host, &row.in_port), (&row.out_host, &row.out_port)];
            for (host, at) in pairs {
                if at.get() == Some(&port)
                    && let Some(host) = host.get()
                {
                    hosts.push(host.trim().to_ascii_lowercase());
                }
            }
        }
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_hosts() {
        assert_eq!(purpose_of("LOGIN.microsoftonline.com."), Some(Purpose::SignIn));
        assert_eq!(purpose_of("smtp.office365.com"), Some(Purpose::Mail));
        assert_eq!(purpose_of("AM0PR01.outlook.office365.com"), Some(Purpose::Mail));
        assert_eq!(purpose_of("graph.microsoft.com"), Some(Purpose::Graph));
        for other in ["notoffice365.com", "www.microsoft.com", "mail.contoso.com", "office365.com.evil.example"] {
            assert_eq!(purpose_of(other), None, "{other}");
        }
    }
}
