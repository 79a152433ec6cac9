//! Certificates: PEM blocks anywhere in a member, `keytool -printcert`, `openssl x509 -text`.

use super::der;
use super::is_document;
use super::output::{Output, is_domain};
use crate::model::{Certificate, Fact, Origin, certificate_date, common_name};
use crate::parse::Findings;
use crate::syntax::{Section, Source};
use crate::text;
use base64::Engine;
use regex::Regex;
use std::sync::LazyLock;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const BEGIN_TRUSTED: &str = "-----BEGIN TRUSTED CERTIFICATE-----";
/// Lines of one certificate; more is none.
const LONGEST: usize = 400;

/// The bytes of each PEM certificate in `lines`, with the number of its first line.
pub fn blocks<'a>(lines: impl Iterator<Item = (u64, &'a str)>) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open: Option<(u64, String, usize)> = None;
    for (line, text) in lines {
        let text = text.trim();
        if text.contains(BEGIN) || text.contains(BEGIN_TRUSTED) {
            open = Some((line, String::new(), 0));
        } else if text.starts_with("-----END") {
            if let Some((at, base64, _)) = open.take()
                && let Ok(der) = base64::engine::general_purpose::STANDARD.decode(base64)
            {
                found.push((at, der));
            }
        } else if let Some((_, base64, count)) = &mut open {
            *count += 1;
            if *count > LONGEST {
                open = None;
            } else {
                base64.push_str(text);
            }
        }
    }
    found
}

/// Reads PEM certificates. Those inside a trust store's listing or a server's chain belong to their own readers and are no
/// certificates of ECE; they do no harm here, since only those that name a host of the deployment are looked at.
pub fn pem(source: &Source<'_>, sections: &[Section], findings: &mut Findings) {
    let is_text = sections.is_empty() || sections.iter().any(|s| !is_document(s.syntax));
    if !is_text || memchr::memmem::find(source.text.as_str().as_bytes(), b"-----BEGIN ").is_none() {
        return;
    }
    for (line, der) in blocks(source.text.lines()) {
        let Some(decoded) = der::certificate(&der) else {
            findings.lose(line, text!("a PEM block that is no X.509 certificate"));
            continue;
        };
        let mut names: Vec<String> = decoded.dns_names;
        if names.is_empty() {
            names.extend(decoded.common_name.map(|cn| cn.to_ascii_lowercase()));
        }
        findings.recognise("certificate", text!("a PEM certificate"));
        let origin = Origin::line(source.path, line, &format!("certificate of {}", decoded.subject));
        findings.facts.network.certificates.push(Fact::new(
            Certificate {
                subject: decoded.subject,
                issuer: decoded.issuer,
                names,
                start: decoded.start,
                end: decoded.end,
            },
            origin,
        ));
    }
}

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*\p{L}[^:：=]{0,30}[:：]\s*(?P<v>(?:CN|O|OU|C|DC|L|ST|EMAILADDRESS)\s?=.+)$").expect("a constant pattern"));
static DNS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:DNSName: |DNS:)(?P<v>[*\w.-]+)").expect("a constant pattern"));
static DATES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?P<d>(?:\w{3} )?\w{3} [ \d]\d \d\d:\d\d:\d\d (?:[A-Z]{3,4} \d{4}|\d{4} [A-Z]{3}))").expect("a constant pattern"));

/// Reads decoded certificates. The order of the lines tells owner from issuer where labels are localised: keytool prints the
/// owner first, openssl the issuer.
pub fn printcert(output: &Output<'_>, findings: &mut Findings) {
    let by_openssl = output.has(&["Certificate:\n    Data:", "Certificate:\r\n    Data:"]);
    let by_keytool = output.has(&["-printcert"]) || (output.has(&["DNSName: "]) && !output.has(&["trustedCertEntry", "PrivateKeyEntry"]));
    if !by_openssl && !by_keytool {
        return;
    }
    let mut distinguished: Vec<(u64, String)> = Vec::new();
    let mut dates = Vec::new();
    let mut names = Vec::new();
    for (line, text) in output.lines() {
        if distinguished.len() == 2 && NAME.is_match(text) {
            // The next certificate of a chain: only the first one is the host's.
            break;
        }
        if let Some(found) = NAME.captures(text) {
            distinguished.push((line, found["v"].trim().to_owned()));
        }
        names.extend(DNS.captures_iter(text).map(|f| f["v"].to_ascii_lowercase()));
        dates.extend(DATES.captures_iter(text).filter_map(|f| certificate_date(&f["d"])));
    }
    let [(first_line, first), (_, second)] = distinguished.as_slice() else {
        return;
    };
    let (subject, issuer) = if by_openssl { (second, first) } else { (first, second) };
    if names.is_empty() {
        names.extend(common_name(subject).filter(|cn| is_domain(cn)));
    }
    findings.recognise("certificate", text!("a decoded certificate"));
    findings.facts.network.certificates.push(Fact::new(
        Certificate {
            subject: subject.clone(),
            issuer: issuer.clone(),
            names,
            start: dates.first().copied(),
            end: dates.get(1).copied(),
        },
        output.origin(*first_line),
    ));
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use super::*;

    /// A throw-away certificate of `ece.example.com`, `www.example.com`, made for this test.
    const PEM: &str = include_str!("../../../fixtures/parse/certificate/ece.pem");

    #[test]
    fn decodes_pem() {
        let facts = read("", None, &format!("Certificate of the web server:\n\n{PEM}\n"));
        let certificate = &facts.network.certificates[0];
        assert_eq!(certificate.names, ["ece.example.com", "www.example.com"]);
        assert_eq!(certificate.subject, "O=Contoso, CN=ece.example.com");
        assert!(certificate.end.is_some());
        assert_eq!(certificate.origin.line, 3);
    }

    #[test]
    fn broken_certificates_are_losses() {
        for cut in 1..PEM.len() / 8 {
            let text: String = PEM.chars().take(cut * 8).chain("\n-----END CERTIFICATE-----\n".chars()).collect();
            let _ = read("", None, &text);
        }
        for (_, der) in blocks(PEM.lines().map(|l| (1, l))) {
            for at in 0..der.len() {
                let mut bent = der.clone();
                bent[at] ^= 0xFF;
                let _ = der::certificate(&bent);
                let _ = der::certificate(&der[..at]);
            }
        }
    }

    #[test]
    fn reads_decoded_certificates() {
        for text in [
            "Proprietario: CN=ece.example.com, O=Contoso\nEmittente: CN=Contoso CA, O=Contoso\nNumero di serie: 6d\nValido da: Mon Nov 23 22:13:40 UTC 2026 a: Thu Nov 20 22:13:40 UTC 2036\nSubjectAlternativeName [\n  DNSName: ece.example.com\n]\n",
            "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Issuer: O = Contoso, CN = Contoso CA\n        Validity\n            Not Before: Nov 23 22:13:40 2026 GMT\n            Not After : Nov 20 22:13:40 2036 GMT\n        Subject: O = Contoso, CN = ece.example.com\n            X509v3 Subject Alternative Name: \n                DNS:ece.example.com\n",
        ] {
            let facts = read("", None, text);
            let certificate = &facts.network.certificates[0];
            assert_eq!(certificate.names, ["ece.example.com"], "{text}");
            assert!(certificate.issuer.contains("Contoso CA"));
            assert_eq!(certificate.end.map(|e| e.date()).as_deref(), Some("2036-11-20"));
        }
    }
}
