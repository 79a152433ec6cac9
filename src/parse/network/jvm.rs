//! Options of the product's Java: `-Dname=value` in scripts and command lines, `<property name= value=>` of WildFly.

use super::is_document;
use super::output::Output;
use crate::model::{Excerpt, Fact, From, JvmConfiguration, JvmOption, Origin, Proxy, ProxyUser};
use crate::parse::Findings;
use crate::syntax::{Node, Section, Source, Syntax, Value};
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

static OPTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"-D(?P<n>[A-Za-z][\w.]*)=(?:"(?P<q>[^"]*)"|'(?P<a>[^']*)'|(?P<v>[^\s"'<]*))"#).expect("a constant pattern"));
static PROPERTY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(?P<n>[a-z][\w.]+)\s*=\s*(?P<v>\S.*?)\s*$").expect("a constant pattern"));

/// Properties that concern mail over TLS.
fn matters(name: &str) -> bool {
    name.ends_with("proxyHost")
        || name.ends_with("proxyPort")
        || name.ends_with("nonProxyHosts")
        || matches!(
            name,
            "socksProxyHost"
                | "socksProxyPort"
                | "https.protocols"
                | "jdk.tls.client.protocols"
                | "jdk.tls.disabledAlgorithms"
                | "java.net.useSystemProxies"
                | "jdk.http.auth.tunneling.disabledSchemes"
        )
        || name.starts_with("javax.net.ssl.trustStore")
        || (name.starts_with("mail.") && name.ends_with("ssl.protocols"))
}

/// Reads options in lines: scripts, service definitions, the command line of a process, property files.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&["-D", "-Xmx", "javax.net.ssl.", "proxyHost", "https.protocols", "jdk.tls."]) {
        return;
    }
    let mut options: Vec<Fact<JvmOption>> = Vec::new();
    let mut listed = None;
    for (line, text) in output.lines() {
        let trimmed = text.trim_start();
        let lower = trimmed.get(..4).unwrap_or(trimmed).to_ascii_lowercase();
        if lower.starts_with('#') || lower.starts_with("rem ") || lower.starts_with("::") || lower.starts_with("<!--") || lower.starts_with("//") {
            continue;
        }
        if listed.is_none() && (text.contains("-Xmx") || text.contains("-Xms") || text.contains("-D")) && is_java(text) {
            listed = Some(line);
        }
        for found in OPTION.captures_iter(text) {
            let value = ["q", "a", "v"].iter().find_map(|name| found.name(name)).map_or("", |v| v.as_str());
            option(output.host.clone(), &found["n"], value, || output.origin(line), &mut options);
        }
        if let Some(found) = PROPERTY.captures(text).filter(|p| matters(&p["n"])) {
            option(output.host.clone(), &found["n"], &found["v"], || output.origin(line), &mut options);
        }
    }
    let configuration = listed.map(|line| output.origin(line));
    finish(output.host.clone(), options, configuration, findings);
}

/// True for a line that lists options of a Java process, not one that merely mentions `-D`.
fn is_java(text: &str) -> bool {
    text.contains("-Xmx") || text.contains("-Xms") || text.contains("-XX:") || text.to_ascii_lowercase().contains("java") || OPTION.is_match(text)
}

fn option(from: From, name: &str, value: &str, origin: impl FnOnce() -> Origin, options: &mut Vec<Fact<JvmOption>>) {
    if !matters(name) {
        return;
    }
    let value = if name.to_ascii_lowercase().contains("password") {
        "[masked password]".to_owned()
    } else {
        Excerpt::capture(value.trim()).as_str().to_owned()
    };
    let name = name.to_owned();
    options.push(Fact::new(JvmOption { from, name, value }, origin()));
}

/// Reads WildFly's `system-properties`, `<jvm-options>`, and any property list with these names. Comments are no settings.
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    if section.syntax != Syntax::Xml && !is_document(section.syntax) {
        return;
    }
    let mut options = Vec::new();
    let mut configuration = None;
    let mut pending: Vec<(&Node, bool)> = section.nodes.iter().map(|n| (n, false)).collect();
    // A stack of its own: a document may be nested deeper than calls may be.
    while let Some((node, in_properties)) = pending.pop() {
        match &node.value {
            Value::List(items, _) => pending.extend(items.iter().rev().map(|n| (n, in_properties))),
            Value::Bag(entries) => {
                let name = node.get("name").and_then(Node::text);
                let value = node.get("value").and_then(Node::text);
                if let (Some(name), Some(value)) = (name, value) {
                    option(
                        section.host.clone(),
                        name,
                        value,
                        || source.origin_of_property(name, node.get("value").unwrap_or(node)),
                        &mut options,
                    );
                }
                for (key, child) in entries.iter().rev() {
                    let is_list = key.name.eq_ignore_ascii_case("system-properties") || key.name.eq_ignore_ascii_case("jvm-options");
                    if is_list && configuration.is_none() {
                        configuration = Some(source.origin_of(child));
                    }
                    pending.push((child, in_properties || is_list));
                }
            }
            Value::Text(text) if text.contains("-D") => {
                for found in OPTION.captures_iter(text) {
                    let value = ["q", "a", "v"].iter().find_map(|name| found.name(name)).map_or("", |v| v.as_str());
                    option(section.host.clone(), &found["n"], value, || source.origin_of(node), &mut options);
                }
            }
            _ => {}
        }
    }
    let is_server = section.name.as_deref().is_some_and(|n| matches!(n, "server" | "domain" | "host"));
    if is_server && configuration.is_none() {
        configuration = section
            .nodes
            .first()
            .map(|n| source.origin_of(n))
            .filter(|_| section.nodes.first().is_some_and(|n| n.has("profile") || n.has("extensions")));
    }
    finish(section.host.clone(), options, configuration, findings);
}

fn finish(from: From, options: Vec<Fact<JvmOption>>, configuration: Option<Origin>, findings: &mut Findings) {
    if options.is_empty() && configuration.is_none() {
        return;
    }
    findings.recognise("java-options", text!("options of a Java process"));
    let network = &mut findings.facts.network;
    let value_of = |name: &str| options.iter().find(|o| o.name == name).map(|o| o.value.value.as_str());
    // `https.proxyHost` is what calls to the token endpoint obey; SOCKS carries mail as well.
    for (host, port, default) in [
        ("https.proxyHost", "https.proxyPort", "443"),
        ("socksProxyHost", "socksProxyPort", "1080"),
    ] {
        if let Some(fact) = options.iter().find(|o| o.name == host && !o.value.value.is_empty()) {
            let server = format!("{}:{}", fact.value.value.to_ascii_lowercase(), value_of(port).unwrap_or(default));
            network.proxies.push(Fact::new(
                Proxy {
                    from: from.clone(),
                    user: ProxyUser::Java,
                    server: Some(server),
                    bypass: value_of("http.nonProxyHosts").map(str::to_owned),
                    refused: false,
                },
                fact.origin.clone(),
            ));
        }
    }
    if let Some(origin) = configuration.or_else(|| options.first().map(|o| o.origin.clone())) {
        network.jvm_configurations.push(Fact::new(JvmConfiguration { from }, origin));
    }
    network.jvm_options.extend(options);
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;

    #[test]
    fn reads_options_and_hides_passwords() {
        let facts = read(
            "",
            Some("ECESVC01"),
            "rem set JAVA_OPTS=-Dhttps.proxyHost=dead.example.com\nset JAVA_OPTS=-Xmx2g -Dhttps.proxyHost=proxy.contoso.com -Dhttps.proxyPort=8080 \"-Dhttp.nonProxyHosts=localhost|*.contoso.com\" -Djavax.net.ssl.trustStore=C:\\ece\\jdk\\cacerts -Djavax.net.ssl.trustStorePassword=changeit9 -Dother=1\n",
        );
        let options: Vec<_> = facts
            .network
            .jvm_options
            .iter()
            .map(|o| (o.name.as_str(), o.value.value.as_str()))
            .collect();
        assert!(options.contains(&("javax.net.ssl.trustStore", "C:\\ece\\jdk\\cacerts")), "{options:?}");
        assert!(options.contains(&("javax.net.ssl.trustStorePassword", "[masked password]")));
        assert!(options.iter().all(|(n, v)| *n != "other" && *v != "dead.example.com"));
        assert_eq!(facts.network.proxies[0].server.as_deref(), Some("proxy.contoso.com:8080"));
        assert_eq!(facts.network.jvm_configurations.len(), 1);
    }

    #[test]
    fn a_list_without_proxy_says_that_there_is_none() {
        let facts = read("", None, "java.exe -Xms512m -Xmx2g -Degain.home=C:\\ECE -jar wildfly.jar\n");
        assert!(facts.network.proxies.is_empty() && facts.network.jvm_configurations.len() == 1);
        assert!(
            read("", None, "Please set the proxy in Java options\n")
                .network
                .jvm_configurations
                .is_empty()
        );
    }
}
