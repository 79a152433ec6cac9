//! Proxy settings of Windows: WinHTTP, Internet Explorer, environment variables. Java ignores all of them.

use super::output::Output;
use super::port_test::{records, text_of};
use crate::model::{Fact, From, Origin, Proxy, ProxyUser};
use crate::parse::Findings;
use crate::syntax::{Section, Source};
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

/// Reads records of proxy settings (`ProxyAddress`, `ByPassList`; `ProxyEnable`, `ProxyServer`).
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    for record in records(section) {
        let node = match (record.get("ProxyAddress"), record.get("ProxyServer"), record.get("ProxyEnable")) {
            (Some(node), _, _) if record.has("ByPassList") || record.has("IsEnabled") || section.command.is_some() => node,
            (None, server, Some(enable)) => server.unwrap_or(enable),
            _ => continue,
        };
        let enabled = record.get("ProxyEnable").is_none_or(|n| n.boolean() != Some(false));
        let server = text_of(record, &["ProxyAddress", "ProxyServer"])
            .filter(|s| enabled && !s.eq_ignore_ascii_case("none"))
            .and_then(|s| server_of(&s));
        let bypass = text_of(record, &["ByPassList", "ProxyOverride"]);
        windows(section.host.clone(), server, bypass, source.origin_of(node), findings);
    }
}

fn windows(from: From, server: Option<String>, bypass: Option<String>, origin: Origin, findings: &mut Findings) {
    findings.recognise("proxy", text!("proxy settings of Windows"));
    let proxy = Proxy {
        from,
        user: ProxyUser::Windows,
        server,
        bypass,
        refused: false,
    };
    findings.facts.network.proxies.push(Fact::new(proxy, origin));
}

static SERVER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(?:https?://)?(?P<h>[a-z0-9][\w.-]*|\[[0-9a-f:]+\]):(?P<p>\d{2,5})\b").expect("a constant pattern"));
static REGISTRY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?P<n>Proxy(?:Enable|Server|Override))\s+REG_\w+\s+(?P<v>\S.*?)\s*$").expect("a constant pattern"));
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)^(?:set |export )?https?_proxy=(?P<v>\S+)").expect("a constant pattern"));

/// `host:port` of a setting; of `http=a:80;https=b:443` the one for https.
fn server_of(text: &str) -> Option<String> {
    let part = text
        .split(';')
        .find_map(|p| p.trim().strip_prefix("https="))
        .or_else(|| text.split(';').find(|p| !p.contains('=')).map(str::trim))
        .unwrap_or(text);
    let without_login = part.rsplit('@').next().unwrap_or(part);
    SERVER
        .captures(without_login)
        .map(|found| format!("{}:{}", found["h"].to_ascii_lowercase(), &found["p"]))
}

/// Reads `netsh winhttp show proxy` in any language, registry listings and environment variables.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if output.has(&["WinHTTP", "winhttp"]) {
        winhttp(output, findings);
    }
    if output.has(&["ProxyEnable"]) {
        registry(output, findings);
    }
    if output.has(&["_proxy=", "_PROXY="]) {
        for (line, text) in output.lines() {
            if let Some(found) = VARIABLE.captures(text.trim()) {
                windows(output.host.clone(), server_of(&found["v"]), None, output.origin(line), findings);
            }
        }
    }
}

fn winhttp(output: &Output<'_>, findings: &mut Findings) {
    let mut heading = false;
    let mut server: Option<(u64, String)> = None;
    let mut bypass = None;
    let mut direct = None;
    for (line, text) in output.lines() {
        let trimmed = text.trim();
        if !heading {
            heading = trimmed.contains("WinHTTP") && trimmed.ends_with([':', '：']);
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let value = trimmed.split_once([':', '：']).map(|(_, value)| value.trim());
        match value {
            Some(value) if server.is_none() && server_of(value).is_some() => server = server_of(value).map(|s| (line, s)),
            Some(value) if server.is_some() && bypass.is_none() => bypass = Some(value.to_owned()).filter(|v| !v.starts_with('(')),
            // One sentence without a value, to its full stop: direct access.
            None if server.is_none() && direct.is_none() && trimmed.ends_with(['.', '。']) => direct = Some(line),
            _ => {}
        }
    }
    match (server, direct) {
        (Some((line, server)), _) => windows(output.host.clone(), Some(server), bypass, output.origin(line), findings),
        (None, Some(line)) => windows(output.host.clone(), None, None, output.origin(line), findings),
        (None, None) => {}
    }
}

fn registry(output: &Output<'_>, findings: &mut Findings) {
    let mut enabled = None;
    let mut server = None;
    let mut bypass = None;
    for (line, text) in output.lines() {
        let Some(found) = REGISTRY.captures(text) else { continue };
        match &found["n"] {
            "ProxyEnable" => enabled = Some((line, !found["v"].trim_start_matches("0x").chars().all(|c| c == '0'))),
            "ProxyServer" => server = server_of(&found["v"]).map(|s| (line, s)),
            _ => bypass = Some(found["v"].to_owned()),
        }
    }
    match (enabled, server) {
        (Some((_, true)), Some((line, server))) => windows(output.host.clone(), Some(server), bypass, output.origin(line), findings),
        (Some((line, false)), _) => windows(output.host.clone(), None, None, output.origin(line), findings),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;

    fn server(text: &str) -> Option<Option<String>> {
        read("netsh winhttp show proxy", Some("ECESVC01"), text)
            .network
            .proxies
            .into_iter()
            .next()
            .map(|p| p.value.server)
    }

    #[test]
    fn reads_winhttp_in_any_language() {
        let proxy = Some(Some("proxy.contoso.com:8080".to_owned()));
        for text in [
            "\nCurrent WinHTTP proxy settings:\n\n    Proxy Server(s) :  proxy.contoso.com:8080\n    Bypass List     :  (none)\n",
            "\nImpostazioni proxy WinHTTP correnti:\n\n    Server proxy:  proxy.contoso.com:8080\n    Elenco indirizzi esclusi:  *.contoso.com\n",
            "\nAktuelle WinHTTP-Proxyeinstellungen:\n\n    Proxyserver:  http=other:80;https=proxy.contoso.com:8080\n    Umgehungsliste     :  (Keine)\n",
        ] {
            assert_eq!(server(text), proxy, "{text}");
        }
        for text in [
            "\nCurrent WinHTTP proxy settings:\n\n    Direct access (no proxy server).\n",
            "\nImpostazioni proxy WinHTTP correnti:\n\n    Accesso diretto (senza server proxy).\n",
        ] {
            assert_eq!(server(text), Some(None), "{text}");
        }
        assert_eq!(server("Current WinHTTP proxy settings:\n"), None);
        assert_eq!(server("Current WinHTTP proxy settings:\n\n    Proxy Se"), None);
    }

    #[test]
    fn reads_the_registry_and_variables() {
        assert_eq!(
            server("    ProxyEnable    REG_DWORD    0x1\n    ProxyServer    REG_SZ    proxy.contoso.com:8080\n"),
            Some(Some("proxy.contoso.com:8080".into()))
        );
        assert_eq!(
            server("    ProxyEnable    REG_DWORD    0x0\n    ProxyServer    REG_SZ    proxy.contoso.com:8080\n"),
            Some(None)
        );
        assert_eq!(
            server("HTTPS_PROXY=http://user:pw@proxy.contoso.com:8080\n"),
            Some(Some("proxy.contoso.com:8080".into()))
        );
    }
}
