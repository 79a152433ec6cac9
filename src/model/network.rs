//! What a bundle says of the network and of the servers' trust: ports, names, proxies, trust stores, certificates.

use super::{Fact, Stamp};

/// The four numbers of an IPv4 address.
fn ipv4(text: &str) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts
            .next()
            .filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// True for an IPv4 or IPv6 address, the latter with or without its zone (`%12`).
pub fn is_ip(text: &str) -> bool {
    let bare = text.split('%').next().unwrap_or("");
    let groups = || bare.split(':');
    let is_group = |g: &str| g.len() <= 4 && g.bytes().all(|b| b.is_ascii_hexdigit());
    ipv4(text).is_some()
        || (groups().count() >= 3 && groups().count() <= 8 && groups().all(|g| is_group(g) || ipv4(g).is_some()) && bare.bytes().any(|b| b != b':'))
            && (bare.contains("::") || groups().count() == 8)
        || bare == "::1"
}

/// True for an address that no server of Microsoft can have: loopback, private, link-local, unspecified.
pub fn is_internal_ip(text: &str) -> bool {
    match ipv4(text) {
        Some([0 | 10 | 127, ..] | [192, 168, ..] | [169, 254, ..]) => true,
        Some([172, b, ..]) => (16..32).contains(&b),
        Some([100, b, ..]) => (64..128).contains(&b),
        Some(_) => false,
        None => {
            let text = text.to_ascii_lowercase();
            is_ip(&text) && (text == "::1" || text == "::" || ["fc", "fd", "fe8", "fe9", "fea", "feb"].iter().any(|p| text.starts_with(p)))
        }
    }
}

/// Where something was observed: a host proven by the evidence itself, or unknown.
pub type From = Option<String>;

/// How a connection attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Reach {
    /// TCP connected (whatever TLS did afterwards).
    Open,
    /// Refused, filtered or timed out.
    Closed,
    /// The name did not resolve.
    NotResolved,
}

/// A port test, or a connection that proves the same.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PortTest {
    /// Host on which it ran.
    pub from: From,
    /// Source address, if shown: ties it to a server whose address is known.
    pub source_ip: Option<String>,
    /// Host that was tried, lower case.
    pub to: String,
    /// Port.
    pub port: u16,
    /// How it ended.
    pub reach: Reach,
    /// What showed it: `Test-NetConnection`, `telnet`, `netstat` …
    pub tool: &'static str,
    /// When, if known.
    pub time: Option<Stamp>,
}

/// A name look-up.
#[derive(Clone, Debug, serde::Serialize)]
pub struct NameLookup {
    /// Host on which it ran.
    pub from: From,
    /// Name, lower case.
    pub name: String,
    /// Whether it resolved.
    pub resolved: bool,
    /// Addresses.
    pub addresses: Vec<String>,
}

/// A line of a hosts file that pins a name.
#[derive(Clone, Debug, serde::Serialize)]
pub struct HostsEntry {
    /// Host that the file is from.
    pub from: From,
    /// Address.
    pub ip: String,
    /// Names, lower case.
    pub names: Vec<String>,
}

/// Who uses a proxy setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum ProxyUser {
    /// WinHTTP or Internet Explorer settings: Java ignores them.
    Windows,
    /// JVM options or WildFly system properties: the product uses them.
    Java,
    /// A tool met a proxy on its way (`407`, `CONNECT`).
    Met,
}

/// A proxy setting or a proxy that was met.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Proxy {
    /// Host that it is from.
    pub from: From,
    /// Who uses it.
    pub user: ProxyUser,
    /// `host:port`; `None`: direct access.
    pub server: Option<String>,
    /// Hosts that bypass it, as written.
    pub bypass: Option<String>,
    /// True if it refused (407, 403, 502).
    pub refused: bool,
}

/// A certificate of a trust store.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TrustEntry {
    /// Alias.
    pub alias: String,
    /// SHA-1 or SHA-256 fingerprint, upper-case hex without colons.
    pub fingerprints: Vec<String>,
    /// Owner, if listed.
    pub owner: Option<String>,
    /// True for a trusted certificate, false for a key of the host's own.
    pub trusted: bool,
}

/// A listing of a Java trust store (`keytool -list`).
#[derive(Clone, Debug, serde::Serialize)]
pub struct TrustStore {
    /// Host that it is from.
    pub from: From,
    /// Its file, if the command or path shows it.
    pub file: Option<String>,
    /// Entries that its header announces.
    pub announced: Option<u64>,
    /// Entries listed.
    pub entries: Vec<TrustEntry>,
    /// Why it is no evidence (wrong password, file missing), in words.
    pub problem: Option<String>,
}

impl TrustStore {
    /// True if every entry that the header announces is listed with its fingerprint: only then is an absent root proven absent.
    pub fn is_complete(&self) -> bool {
        self.problem.is_none() && self.announced == Some(self.entries.len() as u64) && self.entries.iter().all(|e| !e.fingerprints.is_empty())
    }
}

/// A TLS connection that a tool made: chain and outcome.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TlsProbe {
    /// Host on which it ran.
    pub from: From,
    /// Host and port it went to, if shown.
    pub to: Option<(String, u16)>,
    /// Issuers of the chain, leaf's first.
    pub issuers: Vec<String>,
    /// Subject of the leaf.
    pub subject: Option<String>,
    /// True if the handshake was completed.
    pub completed: bool,
    /// What failed, in the tool's words.
    pub error: Option<String>,
    /// `TLSv1.2`.
    pub protocol: Option<String>,
    /// The tool.
    pub tool: &'static str,
}

/// A certificate, decoded.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Certificate {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// DNS names (SAN, else the CN), lower case.
    pub names: Vec<String>,
    /// Begins.
    pub start: Option<Stamp>,
    /// Ends.
    pub end: Option<Stamp>,
}

/// An IIS or WildFly binding of the web site.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Binding {
    /// Host that it is from.
    pub from: From,
    /// Protocol.
    pub protocol: String,
    /// Port.
    pub port: u16,
    /// Host header, lower case; empty for any.
    pub host: String,
}

/// A JVM option or system property that concerns mail over TLS.
#[derive(Clone, Debug, serde::Serialize)]
pub struct JvmOption {
    /// Host that it is from.
    pub from: From,
    /// `https.proxyHost`, `javax.net.ssl.trustStore`, `https.protocols` …
    pub name: String,
    /// Value; masked for passwords.
    pub value: String,
}

/// A place that lists the options of the product's Java (a start script, `standalone.xml`, a process's command line): with it, an
/// option that isn't listed is known to be unset.
#[derive(Clone, Debug, serde::Serialize)]
pub struct JvmConfiguration {
    /// Host that it is from.
    pub from: From,
}

/// A host and its addresses, from `ipconfig`, `systeminfo`, `hostname`.
#[derive(Clone, Debug, serde::Serialize)]
pub struct HostAddress {
    /// Host name.
    pub host: String,
    /// Addresses.
    pub ips: Vec<String>,
}

/// Everything a member says of the network.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct NetworkFacts {
    /// Port tests.
    pub ports: Vec<Fact<PortTest>>,
    /// Name look-ups.
    pub lookups: Vec<Fact<NameLookup>>,
    /// Hosts file lines.
    pub hosts_entries: Vec<Fact<HostsEntry>>,
    /// Proxies.
    pub proxies: Vec<Fact<Proxy>>,
    /// Trust stores.
    pub trust_stores: Vec<Fact<TrustStore>>,
    /// TLS connections.
    pub tls_probes: Vec<Fact<TlsProbe>>,
    /// Certificates.
    pub certificates: Vec<Fact<Certificate>>,
    /// Bindings.
    pub bindings: Vec<Fact<Binding>>,
    /// JVM options.
    pub jvm_options: Vec<Fact<JvmOption>>,
    /// Places that list the product's Java options.
    pub jvm_configurations: Vec<Fact<JvmConfiguration>>,
    /// Hosts and their addresses.
    pub host_addresses: Vec<Fact<HostAddress>>,
    /// Hosts under which consoles were opened, seen outside ECE logs (HAR, IIS logs), lower case, with port if not 443.
    pub console_hosts: Vec<Fact<String>>,
}

impl NetworkFacts {
    /// Takes over the facts of another member, behind its own.
    pub fn append(&mut self, other: Self) {
        self.ports.extend(other.ports);
        self.lookups.extend(other.lookups);
        self.hosts_entries.extend(other.hosts_entries);
        self.proxies.extend(other.proxies);
        self.trust_stores.extend(other.trust_stores);
        self.tls_probes.extend(other.tls_probes);
        self.certificates.extend(other.certificates);
        self.bindings.extend(other.bindings);
        self.jvm_options.extend(other.jvm_options);
        self.jvm_configurations.extend(other.jvm_configurations);
        self.host_addresses.extend(other.host_addresses);
        self.console_hosts.extend(other.console_hosts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_from_names() {
        for ip in [
            "52.97.183.162",
            "10.0.0.1",
            "2603:1026:206::5",
            "fe80::1%12",
            "::1",
            "2603:1026:0:1:2:3:4:5",
        ] {
            assert!(is_ip(ip), "{ip}");
        }
        for other in [
            "outlook.office365.com",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "12:30:45",
            "ece",
            "",
            "a:b",
            "CB:3C:CB",
        ] {
            assert!(!is_ip(other), "{other}");
        }
        assert!(is_internal_ip("127.0.0.1") && is_internal_ip("172.20.1.1") && is_internal_ip("fe80::1"));
        assert!(!is_internal_ip("52.97.183.162") && !is_internal_ip("172.32.0.1") && !is_internal_ip("2603:1026:206::5"));
    }
}
