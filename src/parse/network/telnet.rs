//! `telnet`: the failure line of Windows in any language, server banners, and the Unix client.

use super::output::{Output, is_domain};
use crate::model::Reach;
use crate::parse::Findings;
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

static COMMAND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\btelnet(?:\.exe)?\s+(?P<h>[\w.-]+)\s+(?P<p>\d{1,5})\b").expect("a constant pattern"));

/// `Connecting To HOST...Could not open connection to the host, on port N: Connect failed`: whatever the language, a host, three
/// dots, and a sentence that ends in port, colon and reason.
static REFUSED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?P<h>[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)\.\.\.\s*\D*?\s(?P<p>\d{1,5})\s*[:：]\s*\S").expect("a constant pattern")
});

/// Greetings of Exchange Online, and of mail servers in general.
fn is_banner(text: &str) -> bool {
    (text.starts_with("220 ") && text.contains("SMTP")) || text.starts_with("* OK ") || text.starts_with("+OK ")
}

/// Reads telnet sessions.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&["telnet", "Telnet", "..."]) {
        return;
    }
    let mut target: Option<(String, u16)> = None;
    let mut resolves = true;
    let mut pending: Option<(u64, String)> = None;
    for (line, text) in output.with_command() {
        let text = text.trim();
        if let Some(command) = COMMAND.captures(text) {
            target = command["p"].parse().ok().map(|port| (command["h"].to_ascii_lowercase(), port));
            resolves = true;
        }
        // The console wraps the failure line after its three dots.
        let joined = match pending.take() {
            Some((at, start)) if !text.is_empty() => Some((at, format!("{start} {text}"))),
            _ => None,
        };
        let (at, whole) = joined.unwrap_or((line, text.to_owned()));
        if let Some(refused) = REFUSED.captures(&whole)
            && let Ok(port) = refused["p"].parse()
        {
            note(output, at, refused["h"].to_ascii_lowercase(), port, Reach::Closed, findings);
            target = None;
            continue;
        }
        if text.ends_with("...") && text.split_whitespace().last().is_some_and(|w| is_domain(w.trim_end_matches('.'))) {
            pending = Some((line, text.to_owned()));
        }
        let Some((host, port)) = &target else { continue };
        let reach = match text {
            _ if text.starts_with("telnet: could not resolve") || text.contains("Name or service not known") => Some(Reach::NotResolved),
            _ if text.starts_with("telnet: Unable to connect") || text.starts_with("telnet: connect to address") => Some(Reach::Closed),
            _ if text.starts_with("Connected to ") || (resolves && is_banner(text)) => Some(Reach::Open),
            _ => None,
        };
        if let Some(reach) = reach {
            note(output, line, host.clone(), *port, reach, findings);
            resolves = false;
            target = None;
        }
    }
}

fn note(output: &Output<'_>, line: u64, to: String, port: u16, reach: Reach, findings: &mut Findings) {
    findings.recognise("port-test", text!("a telnet session"));
    findings.facts.network.ports.push(output.port_test(line, to, port, reach, "telnet"));
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use super::*;

    fn ports(command: &str, text: &str) -> Vec<(String, u16, Reach)> {
        read(command, None, text)
            .network
            .ports
            .into_iter()
            .map(|f| (f.value.to, f.value.port, f.value.reach))
            .collect()
    }

    #[test]
    fn reads_the_failure_in_any_language() {
        for text in [
            "Connecting To outlook.office365.com...Could not open connection to the host, on port 993: Connect failed",
            "Connessione a outlook.office365.com...Impossibile aprire una connessione con l'host. sulla porta 993: Connessione non riuscita",
            "Verbindungsaufbau zu outlook.office365.com...Es konnte keine Verbindung mit dem Host hergestellt werden, auf Port 993: Verbinden fehlgeschlagen",
            "Connexion à outlook.office365.com...\nImpossible d'ouvrir une connexion à l'hôte, sur le port 993: Échec lors de la connexion",
            "正在连接outlook.office365.com...无法打开到主机的连接。 在端口 993: 连接失败",
        ] {
            assert_eq!(ports("", text), [("outlook.office365.com".into(), 993, Reach::Closed)], "{text}");
        }
    }

    #[test]
    fn a_banner_proves_an_open_port_only_under_its_command() {
        let banner = "220 AM0PR01CA0098.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon, 6 Jan 2025 10:00:00 +0000\n";
        assert_eq!(
            ports("telnet smtp.office365.com 587", banner),
            [("smtp.office365.com".into(), 587, Reach::Open)]
        );
        assert!(ports("", banner).is_empty());
        assert!(ports("telnet outlook.office365.com 993", "\n\n").is_empty());
        assert_eq!(
            ports(
                "",
                "$ telnet smtp.office365.com 587\nTrying 52.97.1.2...\nConnected to smtp.office365.com.\nEscape character is '^]'.\n"
            ),
            [("smtp.office365.com".into(), 587, Reach::Open)]
        );
        assert!(ports("", "Loading data from server.example.com... please wait 30 seconds").is_empty());
    }
}
