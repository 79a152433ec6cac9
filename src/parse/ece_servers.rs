//! Servers and their roles, as people write them into notes and tables: `ECEAPP01 = application server, 10.1.2.3`.
//!
//! A line counts only if nothing but role, host and address stands on it: prose about a server names many things that are none.

use super::Findings;
use super::ece_columns::{column, has};
use super::ece_labels::fold_label;
use crate::model::{Fact, Origin, ServerNote, ServerRole};
use crate::syntax::{Node, Section, Source, Syntax, Value};
use crate::text;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const HOST: &[&str] = &[
    "host",
    "hostname",
    "server",
    "servername",
    "machine",
    "machinename",
    "computer",
    "computername",
    "vm",
    "fqdn",
    "node",
    "name",
    "nomehost",
    "nomeserver",
    "nome",
    "macchina",
];
const ROLE: &[&str] = &[
    "role",
    "serverrole",
    "roles",
    "function",
    "purpose",
    "component",
    "servertype",
    "type",
    "ruolo",
    "ruoli",
    "funzione",
    "componente",
    "description",
    "usage",
    "tier",
];
const IP: &[&str] = &[
    "ip",
    "ipaddress",
    "ipaddr",
    "address",
    "ipv4",
    "ipv4address",
    "indirizzoip",
    "indirizzo",
    "ipaddresses",
];
/// Deepest nesting that is followed.
const DEPTH: usize = 64;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// `application server`, `application and services server`, `app-server`, `server applicativo`, `server dei servizi`.
static ROLE_PHRASE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\b(?:application|app|services?|svc|web|database|db|sql|file)\b(?:\s*(?:,|and|&|\+|/|e|-)\s*|\s+)){1,5}servers?\b|\b(?:app|web|file|db)servers?\b|\bservers?\s+(?:dei|di|delle|degli|per\s+(?:i|le|gli))?\s*(?:applicativ[oi]|applicazion[ei]|delle applicazioni|servizi|web|database|db|file)\b",
    )
});

/// `- application: HOST`, `services = HOST`, `DB: HOST`: a role without the word server at the beginning of a line.
static ROLE_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s*•>-]*(?P<role>application|app|services?|svc|web|database|db|sql|file|applicazioni?|servizi)(?:\s+(?:node|host|role|tier))?\s*[:=]",
    )
});

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"));

/// Words that may stand beside role, host and address.
const NOISE: &[&str] = &[
    "address",
    "addr",
    "ip",
    "ipv4",
    "is",
    "has",
    "the",
    "a",
    "an",
    "host",
    "hostname",
    "name",
    "named",
    "called",
    "server",
    "servers",
    "with",
    "at",
    "on",
    "as",
    "our",
    "of",
    "and",
    "primary",
    "secondary",
    "first",
    "second",
    "node",
    "fqdn",
    "role",
    "indirizzo",
    "ha",
    "è",
    "e",
    "il",
    "lo",
    "la",
    "nome",
    "con",
    "ece",
    "cisco",
    "number",
    "no",
    "main",
    "side",
    "runs",
    "machine",
    "vm",
    "ruolo",
];

/// Reads the servers that a section names.
pub fn parse(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    match section.syntax {
        Syntax::Json | Syntax::Xml | Syntax::Clixml | Syntax::Csv | Syntax::Sheet | Syntax::Html => {}
        _ => {
            for (number, line) in source.lines(section) {
                // Lines of labels are handed out twice, as a record and as lines.
                let known = findings
                    .facts
                    .ece
                    .servers
                    .iter()
                    .rev()
                    .take(64)
                    .any(|s| s.origin.line == number && s.origin.path == *source.path);
                for server in servers_in(line).into_iter().filter(|_| !known) {
                    findings.recognise("ece-note", text!("names servers and their roles"));
                    findings
                        .facts
                        .ece
                        .servers
                        .push(Fact::new(server, Origin::line(source.path, number, line)));
                }
            }
            return;
        }
    }
    for node in &section.nodes {
        walk(source, node, findings, DEPTH);
    }
}

/// The servers that a line names, with the roles that it gives them.
pub(super) fn servers_in(line: &str) -> Vec<ServerNote> {
    let line = line.trim().trim_matches('|');
    if line.is_empty() || line.len() > 200 {
        return Vec::new();
    }
    let whole = one_statement(line);
    if !whole.is_empty() {
        return whole;
    }
    // `ECEAPP01 (application), ECESVC01 (services)`: each part for itself, if every part is a statement.
    let parts: Vec<Vec<ServerNote>> = line.split([',', ';']).map(one_statement).collect();
    match parts.len() > 1 && parts.iter().all(|p| !p.is_empty()) {
        true => parts.into_iter().flatten().collect(),
        false => Vec::new(),
    }
}

fn one_statement(line: &str) -> Vec<ServerNote> {
    let mut roles = BTreeSet::new();
    let mut rest = line.to_owned();
    let phrases: Vec<_> = ROLE_PHRASE.find_iter(line).map(|m| m.range()).collect();
    // A label without the word server is weak: it needs an address, or a name with a digit.
    let mut weak = false;
    if phrases.len() > 1 {
        return Vec::new();
    } else if let Some(range) = phrases.into_iter().next() {
        roles.extend(line.get(range.clone()).map(roles_of).unwrap_or_default());
        rest.replace_range(range, " ");
    } else if let Some(label) = ROLE_LABEL.captures(line).and_then(|c| c.name("role")) {
        roles.extend(roles_of(label.as_str()));
        rest.replace_range(label.range(), " ");
        weak = true;
    } else if let Some(role) = parenthesised_role(line) {
        roles.extend(roles_of(line.get(role.clone()).unwrap_or("")));
        rest.replace_range(role, " ");
        weak = true;
    }
    if roles.is_empty() {
        return Vec::new();
    }
    let ips: Vec<String> = ADDRESS.find_iter(&rest).map(|m| m.as_str().to_owned()).collect();
    let rest = ADDRESS.replace_all(&rest, " ");
    let mut hosts = Vec::new();
    for word in rest.split(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | '(' | ')' | '[' | ']' | '=' | '|' | '"' | '\'' | '`' | '*' | '→' | '/' | '•' | '>'
            )
    }) {
        let word = word.trim_matches([':', '.', '-', '–', '#', '_']);
        let lower = word.to_lowercase();
        if word.is_empty() || NOISE.contains(&lower.as_str()) || word.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        if !is_host(word, !ips.is_empty(), weak) {
            return Vec::new();
        }
        hosts.push(word.to_owned());
    }
    if hosts.is_empty() || hosts.len() > 8 || ips.len() > hosts.len() && hosts.len() > 1 {
        return Vec::new();
    }
    let paired = ips.len() == hosts.len();
    let note = |(i, host): (usize, &String)| {
        let ip = if paired {
            ips.get(i).cloned()
        } else if hosts.len() == 1 {
            ips.first().cloned()
        } else {
            None
        };
        roles
            .iter()
            .map(|role| ServerNote {
                host: host.clone(),
                ip: ip.clone(),
                role: Some(*role),
            })
            .collect::<Vec<_>>()
    };
    hosts.iter().enumerate().flat_map(note).collect()
}

/// A role in parentheses or behind a dash, without the word server: `ECEAPP01 (application)`, `ECEAPP01 - application`.
fn parenthesised_role(line: &str) -> Option<std::ops::Range<usize>> {
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:\(\s*|\s[–-]\s|=\s*)(?P<role>(?:application|app|services?|web|database|db|file)(?:\s*(?:,|and|&|\+|/|e)\s*(?:application|app|services?|web|database|db|file))*)\s*(?:\)|$)",
        )
    });
    BEHIND.captures(line)?.name("role").map(|m| m.range())
}

/// The roles that a phrase names.
pub(super) fn roles_of(phrase: &str) -> BTreeSet<ServerRole> {
    let mut roles = BTreeSet::new();
    for word in phrase.split(|c: char| !c.is_alphanumeric()) {
        let word = word.to_lowercase();
        let role = match word.as_str() {
            "application" | "applications" | "app" | "appserver" | "appservers" | "applicativo" | "applicativi" | "applicazione" | "applicazioni" => {
                ServerRole::Application
            }
            "service" | "services" | "svc" | "servizi" => ServerRole::Services,
            "web" | "webserver" | "webservers" | "iis" => ServerRole::Web,
            "database" | "db" | "sql" | "dbserver" | "dbservers" => ServerRole::Database,
            "file" | "fileserver" | "fileservers" => ServerRole::File,
            _ => continue,
        };
        roles.insert(role);
    }
    roles
}

/// True for a word that can be a server's name. With an address beside it nearly any word can; else it must look like one.
fn is_host(word: &str, has_address: bool, weak: bool) -> bool {
    let lower = word.to_ascii_lowercase();
    let well_formed = word.len() > 1
        && word.len() <= 253
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && word.chars().any(char::is_alphabetic)
        && word.split('.').all(|label| !label.is_empty());
    let foreign = [
        "office365.com",
        "office.com",
        "microsoft.com",
        "microsoftonline.com",
        "windows.net",
        "-process",
        ".log",
        ".txt",
        ".csv",
        ".zip",
        ".xml",
        ".json",
        ".xlsx",
    ]
    .iter()
    .any(|end| lower.ends_with(end));
    let is_guid = word.len() == 36 && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let digit = word.chars().any(|c| c.is_ascii_digit());
    let upper = word.len() > 2 && word.chars().all(|c| c.is_uppercase() || !c.is_alphabetic());
    well_formed && !foreign && !is_guid && (has_address || digit || !weak && (word.contains('-') || word.contains('.') || upper))
}

fn walk(source: &Source<'_>, node: &Node, findings: &mut Findings, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.value {
        Value::List(items, _) => items.iter().for_each(|item| walk(source, item, findings, depth)),
        Value::Bag(entries) => {
            if let Some(servers) = of_row(node) {
                findings.recognise("ece-note", text!("names servers and their roles"));
                let shown = servers.first().map(|s| s.host.clone()).unwrap_or_default();
                let origin = source.origin(&node.place, &shown);
                findings
                    .facts
                    .ece
                    .servers
                    .extend(servers.into_iter().map(|s| Fact::new(s, origin.clone())));
                return;
            }
            for (key, inner) in entries {
                if let Some(server) = of_key(&key.name, inner) {
                    findings.recognise("ece-note", text!("names servers and their roles"));
                    findings
                        .facts
                        .ece
                        .servers
                        .push(Fact::new(server, source.origin_of_property(&key.name, inner.sole())));
                } else {
                    walk(source, inner, findings, depth);
                }
            }
        }
        _ => {}
    }
}

/// A row with a column for the host and one for the role.
fn of_row(row: &Node) -> Option<Vec<ServerNote>> {
    if has(
        row,
        &[
            "recvemailaddress",
            "emailaddress",
            "incomingserver",
            "settingname",
            "provider",
            "appid",
            "localport",
        ],
    ) {
        return None;
    }
    let host = HOST.iter().find_map(|name| {
        let (_, node) = column(row, &[name])?;
        let text = node.text()?.trim();
        (is_host(text, true, false) && roles_of(text).is_empty()).then(|| text.to_owned())
    })?;
    let roles = ROLE.iter().find_map(|name| {
        let (_, node) = column(row, &[name])?;
        let text = node.text()?.trim();
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).count();
        let roles = roles_of(text);
        (!roles.is_empty() && words <= 6).then_some(roles)
    })?;
    let ip = column(row, IP)
        .and_then(|(_, n)| n.text())
        .and_then(|t| ADDRESS.find(t))
        .map(|m| m.as_str().to_owned());
    let looks_like_server = ip.is_some() || is_host(&host, false, false);
    looks_like_server.then(|| {
        roles
            .into_iter()
            .map(|role| ServerNote {
                host: host.clone(),
                ip: ip.clone(),
                role: Some(role),
            })
            .collect()
    })
}

/// A key that names the role and a value that names the host: `"services_server": "ECESVC01"`.
fn of_key(key: &str, value: &Node) -> Option<ServerNote> {
    let folded = fold_label(key);
    if !folded.contains("server") || folded.contains("url") || folded.contains("smtp") {
        return None;
    }
    let words = key.replace(['_', '-', '.'], " ");
    let roles = roles_of(&words);
    let text = value.sole().text()?.trim();
    let host = text.split([' ', ',', '(']).next()?;
    let ip = ADDRESS.find(text).map(|m| m.as_str().to_owned());
    let role = (roles.len() == 1).then(|| roles.first().copied()).flatten()?;
    (is_host(host, false, false) && !host.contains("://")).then(|| ServerNote {
        host: host.to_owned(),
        ip,
        role: Some(role),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServerRole::*;

    fn one(line: &str) -> Option<(String, Option<String>, ServerRole)> {
        let found = servers_in(line);
        assert!(found.len() < 2, "{line}: {found:?}");
        found.into_iter().next().map(|s| (s.host, s.ip, s.role.unwrap()))
    }

    #[test]
    fn reads_the_ways_of_the_field() {
        for (line, host, ip, role) in [
            (
                "ORCHECEA1 = application server, 10.108.1.220",
                "ORCHECEA1",
                Some("10.108.1.220"),
                Application,
            ),
            (
                "- application: ECEAPP01, address 10.68.79.219",
                "ECEAPP01",
                Some("10.68.79.219"),
                Application,
            ),
            (
                "10.166.141.238  ece-svc-a  (services server)",
                "ece-svc-a",
                Some("10.166.141.238"),
                Services,
            ),
            (
                "application server ece-app-a has 10.114.8.33",
                "ece-app-a",
                Some("10.114.8.33"),
                Application,
            ),
            ("Services server: ECESVC01 (10.43.187.38)", "ECESVC01", Some("10.43.187.38"), Services),
            ("ECEDB01: database server", "ECEDB01", None, Database),
            ("The web server is ece-web-a.example.com", "ece-web-a.example.com", None, Web),
            ("| ECEAPP01 | application server | 10.1.2.3 |", "ECEAPP01", Some("10.1.2.3"), Application),
            ("ECESVC01 (services)", "ECESVC01", None, Services),
            (
                "Server applicativo: ECEAPP01, indirizzo 10.1.2.3",
                "ECEAPP01",
                Some("10.1.2.3"),
                Application,
            ),
            ("server dei servizi ECESVC01 10.1.2.4", "ECESVC01", Some("10.1.2.4"), Services),
            ("* Application server #2: eceapp (10.1.2.3)", "eceapp", Some("10.1.2.3"), Application),
        ] {
            assert_eq!(one(line), Some((host.to_owned(), ip.map(str::to_owned), role)), "{line}");
        }
        let both: Vec<_> = servers_in("ECE01 = application and services server, 10.1.2.3")
            .into_iter()
            .filter_map(|s| s.role)
            .collect();
        assert_eq!(both, [Application, Services]);
        let two = servers_in("Application servers: ECEAPP01 (10.1.1.1), ECEAPP02 (10.1.1.2)");
        assert_eq!(two.iter().map(|s| s.ip.as_deref().unwrap()).collect::<Vec<_>>(), ["10.1.1.1", "10.1.1.2"]);
        assert_eq!(servers_in("ECEAPP01 (application), ECESVC01 (services)").len(), 2);
    }

    #[test]
    fn leaves_prose_and_other_things() {
        for line in [
            "The application server cannot reach login.microsoftonline.com",
            "services server: unknown",
            "Restart the services server ECESVC01 tonight",
            "Services: rx-process, dx-process",
            "Application: ECE-Mail",
            "Application: ECE 12.6(1) ES5",
            "Database: eGActiveDB",
            "application server -> outlook.office365.com 993",
            "Server Type: IMAP and SMTP",
            "",
        ] {
            assert!(servers_in(line).is_empty(), "{line}: {:?}", servers_in(line));
        }
    }
}
