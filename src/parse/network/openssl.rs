//! `openssl s_client`: chain, issuer, TLS version, and whether there was a handshake at all. `Verify return code: 0 (ok)` is also
//! printed where none took place.

use super::output::{Output, is_domain};
use crate::model::{Excerpt, Fact, Instant, Reach, Stamp, TlsProbe, common_name, is_ip};
use crate::parse::Findings;
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

static COMMAND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bs_client\b.*?-connect\s+["']?(?P<h>\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<p>\d{1,5})"#).expect("a constant pattern"));
static CHAIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(?:(?P<n>\d+)\s+s|\s+i):\s*(?P<v>.+)$").expect("a constant pattern"));
static PROTOCOL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:Protocol(?: version)?\s*:\s*(?P<a>TLSv[\d.]+|SSLv\d)|New, (?P<b>TLSv[\d.]+|SSLv3), Cipher is [^(])")
        .expect("a constant pattern")
});
static VERIFY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:verify error:num=(?P<n>\d+):(?P<t>.+)|Verification error: (?P<u>.+)|Verify return code: (?P<c>\d+) \((?P<w>.+)\))")
        .expect("a constant pattern")
});
static STARTED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*Start Time: (?P<s>\d{9,11})\b").expect("a constant pattern"));

#[derive(Default)]
struct Handshake {
    target: Option<(String, u16)>,
    line: u64,
    connected: bool,
    broken: bool,
    subject: Option<String>,
    issuers: Vec<String>,
    has_certificate: bool,
    error: Option<String>,
    protocol: Option<String>,
}

/// Reads handshakes.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&["s_client", "CONNECTED(", "connect:errno"]) {
        return;
    }
    let mut open = Handshake::default();
    for (line, text) in output.with_command() {
        if let Some(command) = COMMAND.captures(text) {
            finish(output, &mut open, findings);
            let host = command["h"].trim_matches(['[', ']']).to_ascii_lowercase();
            open.target = command["p"].parse().ok().map(|port| (host, port));
        }
        if text.starts_with("CONNECTED(") {
            if open.connected {
                finish(output, &mut open, findings);
            }
            open.connected = true;
            open.line = line;
            continue;
        }
        if !open.connected {
            refused(output, &mut open, line, text, findings);
            continue;
        }
        read(output, &mut open, line, text, findings);
    }
    finish(output, &mut open, findings);
}

/// Failures before the connection stands.
fn refused(output: &Output<'_>, open: &mut Handshake, line: u64, text: &str, findings: &mut Findings) {
    let unresolved = [
        "getaddrinfo",
        "BIO_lookup",
        "Name or service not known",
        "No such host is known",
        "gethostbyname failure",
    ];
    let reach = if unresolved.iter().any(|mark| text.contains(mark)) {
        Reach::NotResolved
    } else if text.contains("connect:errno=") || text.contains("connect error") || text.starts_with("connect:") || text.contains("BIO_connect") {
        Reach::Closed
    } else {
        return;
    };
    if let Some((to, port)) = open.target.take() {
        port_fact(output, line, to, port, reach, findings);
    }
}

fn read(output: &Output<'_>, open: &mut Handshake, line: u64, text: &str, findings: &mut Findings) {
    if let Some(found) = CHAIN.captures(text) {
        let value = found["v"].trim().to_owned();
        match found.name("n") {
            Some(n) if n.as_str() == "0" => open.subject = Some(value),
            Some(_) => {}
            None => open.issuers.push(value),
        }
    } else if let Some(subject) = text.strip_prefix("subject=") {
        open.has_certificate = true;
        open.subject.get_or_insert_with(|| subject.trim().to_owned());
    } else if let Some(issuer) = text.strip_prefix("issuer=") {
        open.has_certificate = true;
        if open.issuers.is_empty() {
            open.issuers.push(issuer.trim().to_owned());
        }
    } else if text.contains("-----BEGIN CERTIFICATE-----") {
        open.has_certificate = true;
    } else if text.contains("no peer certificate available")
        || text.contains("Cipher is (NONE)")
        || text.contains("write:errno=")
        || text.contains("read:errno=")
    {
        open.broken = true;
        open.error.get_or_insert_with(|| text.trim().to_owned());
    } else if let Some(found) = PROTOCOL.captures(text) {
        let version = found.name("a").or(found.name("b")).map_or("", |v| v.as_str());
        open.protocol = Some(version.to_owned());
    } else if let Some(found) = VERIFY.captures(text) {
        if found.name("c").is_none_or(|code| code.as_str() != "0") {
            let reason = ["t", "u", "w"].iter().find_map(|name| found.name(name));
            open.error
                .get_or_insert_with(|| reason.map_or_else(String::new, |r| r.as_str().trim().to_owned()));
        }
    } else if text.contains(":error:") || text.contains("error:") && text.contains(":SSL ") {
        let clean = Excerpt::capture(text);
        open.error.get_or_insert_with(|| clean.as_str().to_owned());
    } else if let Some(stamp) = STARTED
        .captures(text)
        .and_then(|s| s["s"].parse().ok())
        .map(|s| Instant::from_epoch_seconds(s).stamp())
    {
        let dated: Fact<Stamp> = Fact::new(stamp, output.origin(line));
        findings.facts.dated.push(dated);
    }
}

fn finish(output: &Output<'_>, open: &mut Handshake, findings: &mut Findings) {
    let done = std::mem::take(open);
    if !done.connected {
        return;
    }
    findings.recognise("tls-probe", text!("the output of openssl s_client"));
    let named = done.subject.as_deref().and_then(common_name).filter(|cn| is_domain(cn));
    if let Some((to, port)) = done.target.clone() {
        port_fact(output, done.line, to, port, Reach::Open, findings);
    }
    let completed = !done.broken && (done.has_certificate || !done.issuers.is_empty());
    findings.facts.network.tls_probes.push(Fact::new(
        TlsProbe {
            from: output.host.clone(),
            to: done.target.or(named.map(|cn| (cn, 0))),
            issuers: done.issuers,
            subject: done.subject,
            completed,
            error: done.error,
            protocol: done.protocol,
            tool: "openssl s_client",
        },
        output.origin(done.line),
    ));
}

fn port_fact(output: &Output<'_>, line: u64, to: String, port: u16, reach: Reach, findings: &mut Findings) {
    if !is_domain(&to) && !is_ip(&to) {
        return;
    }
    findings.recognise("port-test", text!("the output of openssl s_client"));
    findings
        .facts
        .network
        .ports
        .push(output.port_test(line, to, port, reach, "openssl s_client"));
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use super::*;

    #[test]
    fn reads_a_chain() {
        let facts = read(
            "openssl s_client -starttls smtp -connect smtp.office365.com:587",
            Some("ECESVC01"),
            "CONNECTED(00000003)\ndepth=2 C = US, O = DigiCert Inc, CN = DigiCert Global Root G2\nverify return:1\n---\nCertificate chain\n 0 s:C = US, O = Microsoft Corporation, CN = outlook.com\n   i:C = US, O = DigiCert Inc, CN = DigiCert Cloud Services CA-1\n 1 s:C = US, O = DigiCert Inc, CN = DigiCert Cloud Services CA-1\n   i:C = US, O = DigiCert Inc, CN = DigiCert Global Root G2\n---\nServer certificate\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\nsubject=C = US, O = Microsoft Corporation, CN = outlook.com\nissuer=C = US, O = DigiCert Inc, CN = DigiCert Cloud Services CA-1\n---\nNew, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384\n    Protocol  : TLSv1.2\n    Start Time: 1736158272\n    Verify return code: 0 (ok)\n",
        );
        let probe = &facts.network.tls_probes[0];
        assert!(probe.completed && probe.error.is_none());
        assert_eq!(probe.issuers.len(), 2);
        assert_eq!(probe.protocol.as_deref(), Some("TLSv1.2"));
        assert_eq!(facts.network.ports[0].reach, Reach::Open);
        assert_eq!(facts.dated[0].value.date(), "2025-01-06");
    }

    #[test]
    fn code_zero_without_certificate_is_no_handshake() {
        let facts = read(
            "",
            None,
            "$ openssl s_client -connect outlook.office365.com:993\nCONNECTED(00000003)\n---\nno peer certificate available\n---\nNew, (NONE), Cipher is (NONE)\nVerify return code: 0 (ok)\n",
        );
        let probe = &facts.network.tls_probes[0];
        assert!(!probe.completed);
        assert_eq!(facts.network.ports[0].reach, Reach::Open);
    }

    #[test]
    fn reads_refusals() {
        let reach = |text: &str| read("openssl s_client -connect outlook.office365.com:993", None, text).network.ports[0].reach;
        assert_eq!(reach("connect: Connection refused\nconnect:errno=111"), Reach::Closed);
        assert_eq!(
            reach("4007A3:error:10000067:BIO routines:BIO_connect:connect error:\nconnect:errno=10060"),
            Reach::Closed
        );
        assert_eq!(
            reach("40E7:error:8000:system library:BIO_lookup_ex:Name or service not known\nconnect:errno=22"),
            Reach::NotResolved
        );
        assert!(
            read(
                "openssl s_client -connect outlook.office365.com:993",
                None,
                "connect: Connection refused\nconnect:errno=111"
            )
            .network
            .ports
            .len()
                == 1
        );
    }
}
