//! What a server is called and which addresses it has: `ipconfig`, `systeminfo`, `Get-ComputerInfo`, `Get-NetIPAddress`.

use super::output::{Output, is_host};
use super::port_test::{records, text_of};
use crate::model::{Fact, HostAddress, Origin, is_ip};
use crate::parse::Findings;
use crate::syntax::{Section, Source};
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

/// Reads `Get-ComputerInfo`, `Get-NetIPAddress` and `Win32_NetworkAdapterConfiguration` records.
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    let mut ips: Vec<String> = Vec::new();
    let mut origin: Option<Origin> = None;
    let mut host = section.host.clone();
    for record in records(section) {
        let named = text_of(record, &["CsDNSHostName", "CsName"]);
        let is_address = record.has("IPAddress") && (record.has("PrefixLength") || record.has("DefaultIPGateway"));
        if let Some(name) = named.filter(|n| is_host(n)) {
            host = Some(name);
            origin.get_or_insert_with(|| source.origin_of(record.any(&["CsDNSHostName", "CsName"]).unwrap_or(record)));
        } else if is_address {
            let values = record.get("IPAddress").map(|n| n.items()).unwrap_or_default();
            for value in values {
                let text = value.text().unwrap_or("");
                ips.extend(text.split([',', ' ', '{', '}']).filter(|a| is_ip(a)).map(str::to_owned));
            }
            host = host.or_else(|| text_of(record, &["PSComputerName", "DNSHostName"]));
            origin.get_or_insert_with(|| source.origin_of(record.get("IPAddress").unwrap_or(record)));
        }
    }
    if let (Some(host), Some(origin)) = (host, origin) {
        push(host, ips, origin, findings);
    }
}

/// A label of `ipconfig` or `systeminfo` and its value. Labels are localised; dots lead from label to value in the former.
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(?P<l>\p{L}[^:]*?)[\s.]*:\s+(?P<v>\S.*?)\s*$").expect("a constant pattern"));
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*\[\d+\]:\s+(?P<v>\S+)\s*$").expect("a constant pattern"));

/// Reads `ipconfig` and `systeminfo`.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    let dotted = output.has(&[". . . ."]) && output.has(&["IPv4", "Windows IP", "ipconfig"]);
    let system = output.has(&["systeminfo", "[01]: "]) && output.has(&["Microsoft Windows"]);
    if !dotted && !system {
        return;
    }
    let mut host: Option<(u64, String)> = None;
    let mut ips = Vec::new();
    let mut first_ip = 0;
    let mut seen_label = false;
    for (line, text) in output.lines() {
        if let Some(found) = NUMBERED.captures(text).filter(|f| system && is_ip(&f["v"])) {
            ips.push(found["v"].to_owned());
            first_ip = if first_ip == 0 { line } else { first_ip };
            continue;
        }
        let Some(found) = LABEL.captures(text) else { continue };
        let is_dotted = text.contains(" . ");
        // The host name is the first label of either listing; without `/all`, ipconfig begins with an adapter.
        if !seen_label && ((dotted && is_dotted) || (system && !is_dotted)) {
            seen_label = true;
            let value = found["v"].to_owned();
            if is_host(&value) && !is_ip(&value) && !found["l"].contains("DNS") && !found["l"].contains("IP") {
                host = Some((line, value));
            }
        }
        if found["l"].contains("IPv4") {
            let address = found["v"].split('(').next().unwrap_or("").trim();
            if is_ip(address) {
                ips.push(address.to_owned());
                first_ip = if first_ip == 0 { line } else { first_ip };
            }
        }
    }
    let (line, host) = match (host, &output.host) {
        (Some((line, host)), _) => (line, host),
        (None, Some(host)) if !ips.is_empty() => (first_ip, host.clone()),
        _ => return,
    };
    push(host, ips, output.origin(line), findings);
}

fn push(host: String, ips: Vec<String>, origin: Origin, findings: &mut Findings) {
    findings.recognise("host-addresses", text!("the name and addresses of a host"));
    findings.facts.network.host_addresses.push(Fact::new(HostAddress { host, ips }, origin));
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;

    #[test]
    fn reads_ipconfig_in_any_language() {
        for text in [
            "\nWindows IP Configuration\n\n   Host Name . . . . . . . . . . . . : ECESVC01\n   Primary Dns Suffix  . . . . . . . : contoso.com\n\nEthernet adapter Ethernet0:\n\n   IPv4 Address. . . . . . . . . . . : 10.1.2.3(Preferred)\n   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n   Default Gateway . . . . . . . . . : 10.1.2.1\n   DNS Servers . . . . . . . . . . . : 10.0.0.10\n",
            "\nConfigurazione IP di Windows\n\n   Nome host . . . . . . . . . . . . . . : ECESVC01\n   Suffisso DNS primario . . . . . . . . : contoso.com\n   Indirizzo IPv4. . . . . . . . . . . . : 10.1.2.3(Preferenziale)\n   Subnet mask . . . . . . . . . . . . . : 255.255.255.0\n",
        ] {
            let facts = read("ipconfig /all", None, text);
            let listing = &facts.network.host_addresses[0];
            assert_eq!(
                (listing.host.as_str(), listing.ips.as_slice()),
                ("ECESVC01", ["10.1.2.3".to_owned()].as_slice()),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_systeminfo() {
        let facts = read(
            "systeminfo",
            None,
            "\nHost Name:                 ECEAPP01\nOS Name:                   Microsoft Windows Server 2019 Standard\nNetwork Card(s):           1 NIC(s) Installed.\n                           [01]: vmxnet3 Ethernet Adapter\n                                 IP address(es)\n                                 [01]: 10.1.2.4\n                                 [02]: fe80::1\n",
        );
        assert_eq!(facts.network.host_addresses[0].host, "ECEAPP01");
        assert_eq!(facts.network.host_addresses[0].ips, ["10.1.2.4", "fe80::1"]);
        assert!(
            read(
                "",
                None,
                "Windows IP Configuration\n\n   Connection-specific DNS Suffix  . : contoso.com\n   IPv4 Address. . . : 10.1.1.1\n"
            )
            .network
            .host_addresses
            .is_empty()
        );
    }
}
