//! What a bundle says of the network and of the servers' trust: ports, names, proxies, trust stores, certificates.

use super::{Fact, Stamp};

/// Where something was observed: a host proven by the evidence itself, or unknown.
pub type From = Option<String>;

/// How a connection attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// TCP connected (whatever TLS did afterwards).
    Open,
    /// Refused, filtered or timed out.
    Closed,
    /// The name did not resolve.
    NotResolved,
}

/// A port test, or a connection that proves the same.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct HostsEntry {
    /// Host that the file is from.
    pub from: From,
    /// Address.
    pub ip: String,
    /// Names, lower case.
    pub names: Vec<String>,
}

/// Who uses a proxy setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyUser {
    /// WinHTTP or Internet Explorer settings: Java ignores them.
    Windows,
    /// JVM options or WildFly system properties: the product uses them.
    Java,
    /// A tool met a proxy on its way (`407`, `CONNECT`).
    Met,
}

/// A proxy setting or a proxy that was met.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct TrustEntry {
    /// Alias.
    pub alias: String,
    /// SHA-1 or SHA-256 fingerprint, upper-case hex without colons.
    pub fingerprints: Vec<String>,
    /// Owner, if listed.
    pub owner: Option<String>,
}

/// A listing of a Java trust store (`keytool -list`).
#[derive(Clone, Debug)]
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

/// A TLS connection that a tool made: chain and outcome.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// DNS names (SAN, else the CN), lower case.
    pub names: Vec<String>,
    /// Ends.
    pub end: Option<Stamp>,
}

/// An IIS or WildFly binding of the web site.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct JvmOption {
    /// Host that it is from.
    pub from: From,
    /// `https.proxyHost`, `javax.net.ssl.trustStore`, `https.protocols` …
    pub name: String,
    /// Value; masked for passwords.
    pub value: String,
}

/// A host and its addresses, from `ipconfig`, `systeminfo`, `hostname`.
#[derive(Clone, Debug)]
pub struct HostAddress {
    /// Host name.
    pub host: String,
    /// Addresses.
    pub ips: Vec<String>,
}

/// Everything a member says of the network.
#[derive(Clone, Debug, Default)]
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
        self.host_addresses.extend(other.host_addresses);
        self.console_hosts.extend(other.console_hosts);
    }
}
