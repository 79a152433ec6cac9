//! Microsoft's clouds and their hosts (`data/clouds.toml`).

use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Table {
    cloud: Vec<Cloud>,
}

/// A cloud.
#[derive(Debug, Deserialize)]
pub struct Cloud {
    /// `Worldwide`, `GCC High` …
    pub name: String,
    sign_in: Vec<String>,
    mail: Vec<String>,
    graph: Vec<String>,
    domains: Vec<String>,
}

/// What a host does in its cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloudHost {
    /// Sign-in and tokens.
    SignIn,
    /// Mail.
    Mail,
    /// Microsoft Graph.
    Graph,
    /// A tenant's initial domain.
    Domain,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(include_str!("../../data/clouds.toml")).expect("the table is part of the program"));

/// The clouds that a host (or a tenant's domain) belongs to: `login.microsoftonline.us` serves two. Empty for other hosts.
pub fn clouds_of(host: &str) -> Vec<(&'static Cloud, CloudHost)> {
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    let is = |listed: &String| {
        host == *listed || host.ends_with(listed.as_str()) && (listed.starts_with('.') || host[..host.len() - listed.len()].ends_with('.'))
    };
    let mut found = Vec::new();
    for cloud in &TABLE.cloud {
        for (hosts, what) in [
            (&cloud.sign_in, CloudHost::SignIn),
            (&cloud.mail, CloudHost::Mail),
            (&cloud.graph, CloudHost::Graph),
            (&cloud.domains, CloudHost::Domain),
        ] {
            if hosts.iter().any(is) {
                found.push((cloud, what));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_whose_host_it_is() {
        let names = |host: &str| clouds_of(host).into_iter().map(|(c, _)| c.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names("Outlook.Office365.com"), ["Worldwide"]);
        assert_eq!(names("login.microsoftonline.us"), ["GCC High", "DoD"]);
        assert_eq!(names("outlook.office365.us"), ["GCC High"]);
        assert_eq!(names("contoso.onmicrosoft.com"), ["Worldwide"]);
        assert!(names("mail.example.com").is_empty());
        assert!(names("xoutlook.office365.com").is_empty());
    }
}
