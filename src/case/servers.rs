//! The servers of the deployment and what each does.

use super::Case;
use crate::model::{Origin, Process, ServerRole};
use std::collections::BTreeSet;

/// A server, put together from notes, logs and host listings.
#[derive(Clone, Debug)]
pub struct ServerView {
    /// Host name as first written.
    pub host: String,
    /// What it does: from notes, or from the logs it wrote (Retriever and Dispatcher run on the services server).
    pub roles: BTreeSet<ServerRole>,
    /// Its addresses.
    pub ips: BTreeSet<String>,
    /// Where it was named.
    pub origins: Vec<Origin>,
}

/// A host name's first label, lower case: `ECEAPP01` and `eceapp01.contoso.com` are one server. An IP address stays whole.
pub fn short_host(host: &str) -> String {
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_ip = host.contains(':') || host.chars().all(|c| c.is_ascii_digit() || c == '.');
    if is_ip {
        host
    } else {
        host.split('.').next().unwrap_or_default().to_owned()
    }
}

impl ServerView {
    /// True if `host` names this server, with or without its domain, or is one of its addresses.
    pub fn is_called(&self, host: &str) -> bool {
        short_host(&self.host) == short_host(host) || self.ips.contains(host.trim())
    }
}

impl Case {
    /// Every server that the evidence names, in the order of first mention.
    pub fn servers(&self) -> Vec<ServerView> {
        let mut servers: Vec<ServerView> = Vec::new();
        let mut note = |host: &str, role: Option<ServerRole>, ips: &[String], origin: &Origin| {
            if host.trim().is_empty() {
                return;
            }
            let at = servers.iter().position(|s| s.is_called(host)).unwrap_or_else(|| {
                servers.push(ServerView {
                    host: host.trim().to_owned(),
                    roles: BTreeSet::new(),
                    ips: BTreeSet::new(),
                    origins: Vec::new(),
                });
                servers.len() - 1
            });
            servers[at].roles.extend(role);
            servers[at].ips.extend(ips.iter().cloned());
            servers[at].origins.push(origin.clone());
        };
        for server in &self.facts.ece.servers {
            note(&server.host, server.role, server.ip.as_slice(), &server.origin);
        }
        for stream in &self.logs.streams {
            let role = match stream.process {
                Process::Retriever | Process::Dispatcher => Some(ServerRole::Services),
                Process::ApplicationServer => Some(ServerRole::Application),
                Process::Other(_) => None,
            };
            if let (Some(host), Some(member)) = (&stream.host, stream.members.first()) {
                note(host, role, &[], &Origin::whole(member));
            }
        }
        // A host listing alone (an administrator's workstation) makes no server of the deployment; it adds addresses to a known one.
        for listing in &self.facts.network.host_addresses {
            if let Some(server) = servers.iter_mut().find(|s| s.is_called(&listing.host)) {
                server.ips.extend(listing.ips.iter().cloned());
                server.origins.push(listing.origin.clone());
            }
        }
        servers
    }

    /// The servers that do `role`.
    pub fn servers_with(&self, role: ServerRole) -> Vec<ServerView> {
        self.servers().into_iter().filter(|s| s.roles.contains(&role)).collect()
    }
}
