//! Port tests: `Test-NetConnection`, `Test-Connection -TcpPort`, `nc`, PortQry, and tables that test scripts print.

use super::output::{Output, is_domain, is_host};
use crate::model::{Fact, NameLookup, PortTest, Reach, is_ip};
use crate::parse::Findings;
use crate::syntax::{Node, Section, Source, read_boolean};
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

/// Reads records with a host, a port and a result.
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    for record in records(section) {
        if record.has("TcpTestSucceeded") {
            net_connection(source, section, record, findings);
        } else {
            scripted(source, section, record, findings);
        }
    }
}

/// Records of a section: its nodes, and those of a list document.
pub fn records(section: &Section) -> impl Iterator<Item = &Node> {
    section.nodes.iter().flat_map(|node| node.items())
}

/// Text of a property; an address object gives its address.
pub fn text_of(record: &Node, names: &[&str]) -> Option<String> {
    let node = record.any(names)?.sole();
    let inner = node.any(&["IPAddressToString", "IPAddress", "IPv4Address", "ToString", "value"]);
    let text = node.text().or_else(|| inner.and_then(Node::text))?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn net_connection(source: &Source<'_>, section: &Section, record: &Node, findings: &mut Findings) {
    let Some(result) = record.get("TcpTestSucceeded") else { return };
    let (Some(succeeded), Some(port)) = (
        result.sole().boolean(),
        text_of(record, &["RemotePort", "Port"]).and_then(|p| p.parse().ok()),
    ) else {
        return;
    };
    let address = text_of(record, &["RemoteAddress"]).filter(|a| is_ip(a));
    let Some(to) = text_of(record, &["ComputerName", "RemoteHost"]).or_else(|| address.clone()) else {
        return;
    };
    let to = to.trim_end_matches('.').to_ascii_lowercase();
    let origin = source.origin_of_property("TcpTestSucceeded", result);
    let from = runner(section, record);
    // A record that has the address property and no address in it: the name did not resolve.
    let unresolved = !succeeded && address.is_none() && record.get("RemoteAddress").is_some_and(Node::is_blank) && !is_ip(&to);
    if is_domain(&to) && (address.is_some() || unresolved) {
        findings.facts.network.lookups.push(Fact::new(
            NameLookup {
                from: from.clone(),
                name: to.clone(),
                resolved: address.is_some(),
                addresses: address.into_iter().collect(),
            },
            origin.clone(),
        ));
    }
    findings.recognise("port-test", text!("records with RemotePort and TcpTestSucceeded"));
    findings.facts.network.ports.push(Fact::new(
        PortTest {
            from,
            source_ip: text_of(record, &["SourceAddress"]).filter(|a| is_ip(a)),
            to,
            port,
            reach: match (succeeded, unresolved) {
                (true, _) => Reach::Open,
                (false, true) => Reach::NotResolved,
                (false, false) => Reach::Closed,
            },
            tool: "Test-NetConnection",
            time: section.printed,
        },
        origin,
    ));
}

/// Host that a record's test ran on: the record's own word for it (remoting, a script's column), else the session's.
fn runner(section: &Section, record: &Node) -> Option<String> {
    let own = text_of(
        record,
        &[
            "PSComputerName",
            "SourceHost",
            "SourceServer",
            "FromHost",
            "FromServer",
            "From",
            "Source",
            "TestedFrom",
            "RunOn",
        ],
    );
    own.filter(|host| is_host(host) && !is_ip(host) && !host.eq_ignore_ascii_case("localhost"))
        .or_else(|| section.host.clone())
}

/// A row of a table that a script made: it must name a host, a port and an unmistakable result.
fn scripted(source: &Source<'_>, section: &Section, record: &Node, findings: &mut Findings) {
    const HOSTS: &[&str] = &[
        "Destination",
        "DestinationHost",
        "Target",
        "TargetHost",
        "RemoteHost",
        "Endpoint",
        "Url",
        "Host",
        "HostName",
        "ComputerName",
        "To",
    ];
    const PORTS: &[&str] = &["Port", "RemotePort", "TargetPort", "DestinationPort", "TcpPort"];
    const RESULTS: &[&str] = &[
        "Open",
        "IsOpen",
        "PortOpen",
        "Connected",
        "Reachable",
        "Succeeded",
        "TcpSucceeded",
        "Result",
        "TcpTest",
        "PortStatus",
        "Status",
        "State",
    ];
    let Some(port) = text_of(record, PORTS).and_then(|p| p.parse::<u16>().ok()) else {
        return;
    };
    let to = text_of(record, HOSTS).map(|h| h.trim_end_matches('.').to_ascii_lowercase());
    let Some(to) = to.filter(|h| is_domain(h) || is_ip(h)) else { return };
    let Some(result) = record.any(RESULTS).map(Node::sole) else { return };
    let Some(reach) = result.text().and_then(reach_word) else { return };
    findings.recognise("port-test", text!("rows with host, port and result"));
    findings.facts.network.ports.push(Fact::new(
        PortTest {
            from: runner(section, record),
            source_ip: text_of(record, &["SourceAddress", "SourceIP", "LocalAddress"]).filter(|a| is_ip(a)),
            to,
            port,
            reach,
            tool: "port test script",
            time: section.printed,
        },
        source.origin_of_property("result", result),
    ));
}

/// What a script's word says of a port; words that could mean something else are none.
fn reach_word(word: &str) -> Option<Reach> {
    let word = word.trim().to_lowercase();
    match word.as_str() {
        "open" | "opened" | "connected" | "success" | "succeeded" | "successful" | "ok" | "reachable" | "listening" | "pass" | "passed"
        | "aperta" | "aperto" => Some(Reach::Open),
        "closed"
        | "blocked"
        | "filtered"
        | "refused"
        | "timeout"
        | "timed out"
        | "timedout"
        | "fail"
        | "failed"
        | "unreachable"
        | "not reachable"
        | "not listening"
        | "connection refused"
        | "connection timed out"
        | "chiusa"
        | "bloccata" => Some(Reach::Closed),
        "not resolved" | "unresolved" | "dns failure" | "nxdomain" => Some(Reach::NotResolved),
        _ => read_boolean(&word).map(|open| if open { Reach::Open } else { Reach::Closed }),
    }
}

/// `Test-NetConnection -ComputerName H -Port N`, `tnc H -p N`, `Test-Connection H -TcpPort N`, `TcpClient('H', N)`.
static COMMAND: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        r#"(?i)(?:Test-NetConnection|\btnc|Test-Connection)\b(?:.*?\s-(?:ComputerName|TargetName)\s+|\s+)["']?(?P<h>[\w.:-]+)["']?.*?\s-(?:Port|TcpPort|p)\s+(?P<p>\d{1,5})\b"#,
        r#"(?i)(?:Test-NetConnection|\btnc|Test-Connection)\b.*?\s-(?:Port|TcpPort|p)\s+(?P<p>\d{1,5})\b.*?(?:\s-(?:ComputerName|TargetName)\s+)["']?(?P<h>[\w.:-]+)"#,
        r#"(?i)TcpClient.*?\(\s*["'](?P<h>[\w.-]+)["']\s*,\s*(?P<p>\d{1,5})\s*\)"#,
    ]
    .map(|p| Regex::new(p).expect("a constant pattern"))
});

/// Host and port that a PowerShell command tests.
fn tested(command: &str) -> Option<(String, u16)> {
    COMMAND.iter().find_map(|pattern| {
        let found = pattern.captures(command)?;
        let host = found["h"].trim_end_matches('.').to_ascii_lowercase();
        Some((host, found["p"].parse().ok()?)).filter(|(host, _)| !host.starts_with('-'))
    })
}

/// `WARNING: TCP connect to (52.97.1.2 : 993) failed`: the parenthesis survives every language.
static WARNED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)TCP.*\((?P<h>[0-9a-fA-F.:]+?)\s*:\s*(?P<p>\d{1,5})\)").expect("a constant pattern"));

static NETCAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:N?cat|nc): (?:connect to )?(?:Connection to )?(?P<h>[\w.-]+)(?: \([\w.:]+\))? port (?P<p>\d+)\D.*failed|^(?:Connection to |Ncat: Connected to )(?P<h2>[\w.-]+?)(?: \([\w.:]+\),?)?[ :](?:port )?(?P<p2>\d+).*?(?P<ok>succeeded|\.$)")
        .expect("a constant pattern")
});

static PORTQRY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^TCP port (?P<p>\d+) \([^)]*\): (?P<r>LISTENING|NOT LISTENING|FILTERED)").expect("a constant pattern"));

/// Reads quiet port tests (a bare `True` or `False` under the command), netcat and PortQry.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    let mut found: Vec<(u64, String, u16, Reach, &'static str)> = Vec::new();
    if let Some((to, port)) = tested(output.command) {
        quiet(output, &to, port, &mut found);
    }
    if output.has(&["nc:", "cat:", "Connection to "]) {
        for (line, text) in output.lines() {
            let Some(captures) = NETCAT.captures(text.trim()) else { continue };
            let open = captures.name("ok").is_some();
            let part = |a: &str, b: &str| captures.name(a).or(captures.name(b)).map(|m| m.as_str().to_ascii_lowercase());
            if let (Some(host), Some(Ok(port))) = (part("h", "h2"), part("p", "p2").map(|p| p.parse())) {
                found.push((line, host, port, if open { Reach::Open } else { Reach::Closed }, "nc"));
            }
        }
    }
    if output.has(&["Querying target system called"]) {
        let mut target = None;
        let mut expected = false;
        for (line, text) in output.lines() {
            let text = text.trim();
            if text.starts_with("Querying target system called") {
                expected = true;
            } else if expected && !text.is_empty() {
                target = Some(text.to_ascii_lowercase()).filter(|t| is_domain(t) || is_ip(t));
                expected = false;
            } else if let (Some(captures), Some(host)) = (PORTQRY.captures(text), &target) {
                let reach = if &captures["r"] == "LISTENING" { Reach::Open } else { Reach::Closed };
                found.extend(captures["p"].parse().ok().map(|port| (line, host.clone(), port, reach, "PortQry")));
            }
        }
    }
    if found.is_empty() {
        return;
    }
    findings.recognise("port-test", text!("the output of a port test"));
    for (line, to, port, reach, tool) in found {
        findings.facts.network.ports.push(output.port_test(line, to, port, reach, tool));
    }
}

/// A test whose result is no record: a bare Boolean, an exception of `TcpClient`, or only the warnings (the record was cut off).
fn quiet(output: &Output<'_>, to: &str, port: u16, found: &mut Vec<(u64, String, u16, Reach, &'static str)>) {
    if memchr::memmem::find(output.text().as_bytes(), b"TcpTestSucceeded").is_some() {
        return;
    }
    let tool = if output.command.contains("TcpClient") {
        "TcpClient"
    } else {
        "Test-NetConnection"
    };
    for (line, text) in output.lines() {
        let text = text.trim();
        let reach = match text {
            "True" => Some(Reach::Open),
            "False" => Some(Reach::Closed),
            _ if tool == "TcpClient" && (text.contains("MethodInvocationException") || text.contains("SocketException")) => Some(Reach::Closed),
            _ => WARNED
                .captures(text)
                .filter(|w| w["p"].parse() == Ok(port) && is_ip(&w["h"]))
                .map(|_| Reach::Closed),
        };
        if let Some(reach) = reach {
            found.push((line, to.to_owned(), port, reach, tool));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use super::*;

    fn ports(command: &str, text: &str) -> Vec<(String, u16, Reach)> {
        read(command, Some("ECESVC01"), text)
            .network
            .ports
            .into_iter()
            .map(|f| (f.value.to, f.value.port, f.value.reach))
            .collect()
    }

    #[test]
    fn reads_quiet_tests_by_their_command() {
        let host = || "outlook.office365.com".to_owned();
        for (command, output, reach) in [
            (
                "Test-NetConnection outlook.office365.com -Port 993 -InformationLevel Quiet",
                "True\n",
                Reach::Open,
            ),
            (
                "tnc -ComputerName outlook.office365.com -Port 993 -InformationLevel Quiet",
                "WARNING: TCP connect to (52.97.1.2 : 993) failed\nFalse\n",
                Reach::Closed,
            ),
            ("Test-Connection -TargetName outlook.office365.com -TcpPort 993", "True", Reach::Open),
            (
                "Test-NetConnection -Port 993 -ComputerName outlook.office365.com",
                "AVVISO: TCP connect to (52.97.1.2 : 993) failed",
                Reach::Closed,
            ),
            (
                "(New-Object Net.Sockets.TcpClient).Connect('outlook.office365.com', 993)",
                "    + FullyQualifiedErrorId : SocketException",
                Reach::Closed,
            ),
        ] {
            assert_eq!(ports(command, output), [(host(), 993, reach)], "{command}");
        }
        assert!(ports("Test-NetConnection outlook.office365.com", "True").is_empty());
    }

    #[test]
    fn reads_netcat_and_portqry() {
        assert_eq!(
            ports(
                "",
                "Connection to smtp.office365.com 587 port [tcp/submission] succeeded!\nnc: connect to outlook.office365.com port 993 (tcp) failed: Connection timed out"
            ),
            [
                ("smtp.office365.com".into(), 587, Reach::Open),
                ("outlook.office365.com".into(), 993, Reach::Closed)
            ]
        );
        assert_eq!(
            ports(
                "",
                "Querying target system called:\n\n outlook.office365.com\n\nName resolved to 52.97.1.2\n\nTCP port 995 (pop3s service): FILTERED\n"
            ),
            [("outlook.office365.com".into(), 995, Reach::Closed)]
        );
    }
}
