//! `curl -v`: name, TCP, proxy, TLS. Curl on Windows trusts the Windows store: what it accepts says nothing of Java's.

use super::output::{Output, is_domain, is_host};
use crate::model::{Fact, NameLookup, Proxy, ProxyUser, Reach, TlsProbe, is_ip};
use crate::parse::Findings;
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

/// The target of one transfer and what became of it.
#[derive(Default)]
struct Transfer {
    host: Option<String>,
    port: Option<u16>,
    proxy: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    protocol: Option<String>,
    secured: bool,
    error: Option<String>,
    tls_line: u64,
    reached: bool,
}

macro_rules! patterns {
    ($($name:ident = $pattern:expr;)+) => { $(static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));)+ };
}

patterns! {
    COMMAND = r"(?i)\bcurl(?:\.exe)?\b.*?\b(?P<s>https?|smtps?|imaps?|pop3s?|telnet)://(?P<h>[\w.-]+)(?::(?P<p>\d{1,5}))?";
    COMMAND_PROXY = r#"(?i)\bcurl(?:\.exe)?\b.*?\s(?:-x|--proxy)\s+["']?(?:\w+://)?(?P<x>[\w.-]+:\d+)"#;
    CONNECTED = r"^\* Connected to (?P<h>\S+) \((?P<i>[^)]*)\) port (?P<p>\d+)";
    REFUSED = r"^(?:\*\s+connect to (?P<i>\S+) port (?P<p>\d+)(?: from \S+ port \d+)? failed: |(?:\*|curl: \(\d+\)) (?:Failed to connect|connect) to (?P<h>\S+) port (?P<q>\d+))";
    TRYING = r"^\*\s+Trying (?:\[(?P<a>[0-9a-fA-F:]+)\]|(?P<b>[0-9.]+)):(?P<p>\d+)\.\.\.";
    UNRESOLVED = r"(?i)could not resolve host(?:name)?:\s*(?P<h>[\w.-]+)";
    UNRESOLVED_PROXY = r"(?i)could not resolve proxy(?: name)?:\s*(?P<h>[\w.-]+)";
    RESOLVED = r"^\* Host (?P<h>\S+?):\d+ was resolved";
    PROXY_VARIABLE = r"(?i)^\* Uses proxy env variable \S+ == '(?:\w+://)?(?:[^@']*@)?(?P<x>[^'/]+)";
    TUNNEL = r"^\* (?:Establish HTTP proxy tunnel to|CONNECT tunnel|Proxy replied|allocate connect buffer)";
    TUNNEL_TO = r"^(?:\* Establish HTTP proxy tunnel to|> CONNECT) (?P<h>[\w.-]+):(?P<p>\d+)";
    PROXY_REFUSED = r"(?i)^(?:curl: \(56\) )?(?:\* )?(?:Received HTTP code|CONNECT tunnel failed, response|Proxy CONNECT aborted)\s*(?P<c>\d{3})?|^< HTTP/[\d.]+ (?P<d>407)\b";
    ISSUER = r"^\*\s+issuer:\s*(?P<v>.+)$";
    SUBJECT = r"^\*\s+subject:\s*(?P<v>.+)$";
    SECURED = r"^\* SSL connection using (?P<v>TLSv[\d.]+)";
    EXIT = r"^curl: \((?P<c>\d+)\)\s*(?P<t>.*)$";
    DATE = r"^< [Dd]ate: (?P<d>.+?)\s*$";
}

/// Reads transfers.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&["curl", "* Connected to ", "* Could not resolve host", "*   Trying "]) {
        return;
    }
    let mut transfer = Transfer::default();
    let mut last_line = 0;
    for (line, text) in output.with_command() {
        let text = text.trim_end();
        last_line = line;
        if let Some(command) = COMMAND.captures(text) {
            finish(output, &mut transfer, line, findings);
            transfer.host = Some(command["h"].to_ascii_lowercase());
            let scheme = command["s"].to_ascii_lowercase();
            transfer.port = command.name("p").and_then(|p| p.as_str().parse().ok()).or(default_port(&scheme));
            transfer.proxy = COMMAND_PROXY.captures(text).map(|x| x["x"].to_ascii_lowercase());
            continue;
        }
        if text.starts_with("* Closing connection") || text.starts_with("* Connection #") || text.starts_with("* shutting down connection") {
            continue;
        }
        read(output, &mut transfer, line, text, findings);
    }
    finish(output, &mut transfer, last_line, findings);
}

fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "https" => 443,
        "http" => 80,
        "smtp" => 25,
        "smtps" => 465,
        "imap" => 143,
        "imaps" => 993,
        "pop3" => 110,
        "pop3s" => 995,
        _ => return None,
    })
}

fn read(output: &Output<'_>, transfer: &mut Transfer, line: u64, text: &str, findings: &mut Findings) {
    if let Some(found) = PROXY_VARIABLE.captures(text) {
        transfer.proxy = Some(found["x"].to_ascii_lowercase());
    } else if let Some(found) = TUNNEL_TO.captures(text) {
        transfer.host = Some(found["h"].to_ascii_lowercase());
        transfer.port = found["p"].parse().ok();
    } else if let Some(found) = CONNECTED.captures(text) {
        connected(output, transfer, line, &found, findings);
    } else if let Some(found) = RESOLVED.captures(text) {
        lookup(output, line, &found["h"], true, None, findings);
    } else if let Some(found) = UNRESOLVED_PROXY.captures(text) {
        met(output, line, Some(found["h"].to_ascii_lowercase()), false, findings);
    } else if let Some(found) = UNRESOLVED.captures(text) {
        lookup(output, line, &found["h"], false, None, findings);
        let host = found["h"].to_ascii_lowercase();
        if let Some(port) = transfer.port.filter(|_| !transfer.reached && transfer.host.as_ref() == Some(&host)) {
            reach(output, line, host, port, Reach::NotResolved, findings);
            transfer.reached = true;
        }
    } else if let Some(found) = PROXY_REFUSED.captures(text) {
        let code = found.name("c").or(found.name("d")).map_or("", |c| c.as_str());
        if matches!(code, "407" | "403" | "502" | "503" | "504") || transfer.proxy.is_some() {
            met(output, line, transfer.proxy.clone(), true, findings);
            transfer.reached = true;
        }
    } else if TUNNEL.is_match(text) {
        met(output, line, transfer.proxy.clone(), false, findings);
    } else if let Some(found) = ISSUER.captures(text) {
        transfer.issuer = Some(found["v"].to_owned());
        transfer.tls_line = line;
    } else if let Some(found) = SUBJECT.captures(text) {
        transfer.subject = Some(found["v"].to_owned());
    } else if let Some(found) = SECURED.captures(text) {
        transfer.secured = true;
        transfer.protocol = Some(found["v"].to_owned());
        transfer.tls_line = line;
    } else if let Some(stamp) = DATE.captures(text).and_then(|d| crate::model::http_date(&d["d"])) {
        findings.facts.dated.push(Fact::new(stamp, output.origin(line)));
    } else {
        failed(output, transfer, line, text, findings);
    }
}

fn connected(output: &Output<'_>, transfer: &mut Transfer, line: u64, found: &regex::Captures<'_>, findings: &mut Findings) {
    let host = found["h"].trim_start_matches('(').to_ascii_lowercase();
    let Ok(port) = found["p"].parse::<u16>() else { return };
    let is_proxy = transfer
        .proxy
        .as_ref()
        .is_some_and(|p| p.split(':').next() == Some(&host) || *p == format!("{}:{port}", &found["i"]))
        || transfer.host.as_ref().is_some_and(|target| *target != host && !is_ip(&host)) && matches!(port, 80 | 3128 | 8000..=9999);
    if is_proxy {
        // What lies behind a proxy was not reached directly: no proof for the port.
        transfer.proxy = Some(format!("{host}:{port}"));
        transfer.reached = true;
        met(output, line, transfer.proxy.clone(), false, findings);
        return;
    }
    if transfer.host.as_ref().is_none_or(|target| *target != host && is_host(&host)) {
        transfer.host = Some(host.clone());
    }
    transfer.port = Some(port);
    transfer.reached = true;
    if is_domain(&host) {
        lookup(output, line, &host, true, Some(&found["i"]), findings);
    }
    reach(output, line, host, port, Reach::Open, findings);
}

fn failed(output: &Output<'_>, transfer: &mut Transfer, line: u64, text: &str, findings: &mut Findings) {
    if let Some(found) = TRYING.captures(text) {
        // Several addresses may be tried; only the end of the transfer tells.
        transfer.port = transfer.port.or(found["p"].parse().ok());
        return;
    }
    if let Some(found) = REFUSED.captures(text) {
        let named = found.name("h").map(|h| h.as_str().trim_end_matches([',', ':']).to_ascii_lowercase());
        let port = found.name("p").or(found.name("q")).and_then(|p| p.as_str().parse().ok());
        // One address that refuses is no verdict: the next one is tried. The sentence that names the host ends the attempt.
        if let (Some(host), Some(port), false) = (named, port, transfer.reached) {
            transfer.reached = true;
            if transfer.proxy.as_ref().is_some_and(|p| p.split(':').next() == Some(&host)) {
                met(output, line, transfer.proxy.clone(), true, findings);
            } else {
                reach(output, line, host, port, Reach::Closed, findings);
            }
        }
    }
    let Some(exit) = EXIT.captures(text) else { return };
    match &exit["c"] {
        // 7: no connection; 28: time-out, of the connection only while nothing was connected.
        "7" | "28" if !transfer.reached => {
            if let (Some(host), Some(port)) = (transfer.host.clone(), transfer.port) {
                reach(output, line, host, port, Reach::Closed, findings);
            }
            transfer.reached = true;
        }
        // TLS: 35 handshake, 51/60 certificate, 58/59/66/77/80/83/90/91 its neighbours.
        "35" | "51" | "58" | "59" | "60" | "66" | "77" | "80" | "83" | "90" | "91" => {
            transfer.error = Some(crate::model::Excerpt::capture(&exit["t"]).as_str().to_owned());
            transfer.tls_line = line;
        }
        _ => {}
    }
}

fn finish(output: &Output<'_>, transfer: &mut Transfer, line: u64, findings: &mut Findings) {
    let done = std::mem::take(transfer);
    if !done.secured && done.error.is_none() && done.issuer.is_none() {
        return;
    }
    findings.recognise("tls-probe", text!("the output of curl -v"));
    findings.facts.network.tls_probes.push(Fact::new(
        TlsProbe {
            from: output.host.clone(),
            to: done.host.zip(done.port),
            issuers: done.issuer.into_iter().collect(),
            subject: done.subject,
            completed: done.secured && done.error.is_none(),
            error: done.error,
            protocol: done.protocol,
            tool: "curl",
        },
        output.origin(if done.tls_line == 0 { line } else { done.tls_line }),
    ));
}

fn reach(output: &Output<'_>, line: u64, to: String, port: u16, reach: Reach, findings: &mut Findings) {
    findings.recognise("port-test", text!("the output of curl"));
    findings.facts.network.ports.push(output.port_test(line, to, port, reach, "curl"));
}

fn lookup(output: &Output<'_>, line: u64, name: &str, resolved: bool, address: Option<&str>, findings: &mut Findings) {
    let name = name.trim_end_matches(['.', ';']).to_ascii_lowercase();
    findings.facts.network.lookups.push(Fact::new(
        NameLookup {
            from: output.host.clone(),
            name,
            resolved,
            addresses: address.filter(|a| is_ip(a)).map(str::to_owned).into_iter().collect(),
        },
        output.origin(line),
    ));
}

fn met(output: &Output<'_>, line: u64, server: Option<String>, refused: bool, findings: &mut Findings) {
    findings.recognise("proxy", text!("curl met a proxy"));
    let proxy = Proxy {
        from: output.host.clone(),
        user: ProxyUser::Met,
        server,
        bypass: None,
        refused,
    };
    let known = findings
        .facts
        .network
        .proxies
        .last()
        .is_some_and(|p| p.server == proxy.server && p.refused == proxy.refused);
    if !known {
        findings.facts.network.proxies.push(Fact::new(proxy, output.origin(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use super::*;

    #[test]
    fn reads_a_good_transfer() {
        let facts = read(
            "curl.exe -v https://login.microsoftonline.com/common/discovery/keys",
            Some("ECEAPP01"),
            "*   Trying 20.190.159.2:443...\n* Connected to login.microsoftonline.com (20.190.159.2) port 443 (#0)\n* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n*  subject: C=US; O=Microsoft Corporation; CN=stamp2.login.microsoftonline.com\n*  issuer: C=US; O=DigiCert Inc; CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1\n*  SSL certificate verify ok.\n< HTTP/1.1 200 OK\n< Date: Mon, 06 Jan 2025 10:11:12 GMT\n* Connection #0 to host login.microsoftonline.com left intact\n",
        );
        let port = &facts.network.ports[0];
        assert_eq!((port.to.as_str(), port.port, port.reach), ("login.microsoftonline.com", 443, Reach::Open));
        let probe = &facts.network.tls_probes[0];
        assert!(probe.completed && probe.issuers[0].contains("DigiCert Inc"));
        assert_eq!(facts.dated[0].value.rfc3339(), "2025-01-06T10:11:12Z");
        assert!(facts.network.lookups[0].resolved);
    }

    #[test]
    fn reads_every_way_to_fail() {
        let ports = |command: &str, text: &str| -> Vec<(String, u16, Reach)> {
            read(command, None, text)
                .network
                .ports
                .into_iter()
                .map(|f| (f.value.to, f.value.port, f.value.reach))
                .collect()
        };
        let login = || "login.microsoftonline.com".to_owned();
        let url = "curl -v https://login.microsoftonline.com/";
        for text in [
            "*   Trying 20.190.1.1:443...\n* connect to 20.190.1.1 port 443 failed: Connection refused\n* Failed to connect to login.microsoftonline.com port 443: Connection refused\ncurl: (7) Failed to connect to login.microsoftonline.com port 443: Connection refused",
            "curl: (7) Failed to connect to login.microsoftonline.com port 443 after 21034 ms: Couldn't connect to server",
            "curl: (28) Failed to connect to login.microsoftonline.com port 443 after 21034 ms: Timed out",
            "*   Trying 20.190.1.1:443...\n* Connection timed out after 10001 milliseconds\ncurl: (28) Connection timed out after 10001 milliseconds",
        ] {
            assert_eq!(ports(url, text), [(login(), 443, Reach::Closed)], "{text}");
        }
        assert_eq!(
            ports(
                url,
                "* Could not resolve host: login.microsoftonline.com\n* Closing connection 0\ncurl: (6) Could not resolve host: login.microsoftonline.com"
            ),
            [(login(), 443, Reach::NotResolved)]
        );
        // A time-out after the connection, and a broken certificate, leave the port open.
        let tls = read(
            url,
            None,
            "* Connected to login.microsoftonline.com (20.190.1.1) port 443\n* SSL certificate problem: unable to get local issuer certificate\ncurl: (60) SSL certificate problem: unable to get local issuer certificate",
        );
        assert_eq!(tls.network.ports[0].reach, Reach::Open);
        assert!(!tls.network.tls_probes[0].completed);
    }

    #[test]
    fn a_proxy_on_the_way_is_no_proof_for_the_port() {
        let facts = read(
            "curl -v https://login.microsoftonline.com/",
            Some("ECESVC01"),
            "* Uses proxy env variable https_proxy == 'http://user:pw@proxy.contoso.com:8080'\n*   Trying 10.1.1.1:8080...\n* Connected to proxy.contoso.com (10.1.1.1) port 8080 (#0)\n* Establish HTTP proxy tunnel to login.microsoftonline.com:443\n< HTTP/1.1 407 Proxy Authentication Required\n* CONNECT tunnel failed, response 407\ncurl: (56) CONNECT tunnel failed, response 407\n",
        );
        assert!(facts.network.ports.is_empty());
        assert!(
            facts
                .network
                .proxies
                .iter()
                .any(|p| p.refused && p.server.as_deref() == Some("proxy.contoso.com:8080"))
        );
    }
}
