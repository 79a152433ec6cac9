//! Under which host names consoles were opened: IIS logs.

use super::output::{Output, is_host};
use crate::model::{Fact, Origin};
use crate::parse::Findings;
use crate::text;
use std::collections::BTreeMap;

/// Paths of ECE's consoles: the first element is the context root (`/system/web/view/…`).
fn is_console(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.starts_with("/system/") || path.starts_with("/ece/") || path.contains("/web/view/platform/") || path.contains("partitionid=")
}

/// Reads IIS logs: the header line names the columns.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&["#Fields:"]) {
        return;
    }
    let mut columns: Vec<&str> = Vec::new();
    let mut hosts: BTreeMap<String, Origin> = BTreeMap::new();
    for (line, text) in output.lines() {
        if let Some(fields) = text.strip_prefix("#Fields:") {
            columns = fields.split_whitespace().collect();
            continue;
        }
        if text.starts_with('#') || columns.is_empty() {
            continue;
        }
        let column = |name: &str| columns.iter().position(|c| *c == name).and_then(|at| text.split_whitespace().nth(at));
        let (Some(host), Some(path)) = (column("cs-host"), column("cs-uri-stem")) else {
            continue;
        };
        if host == "-" || !is_console(path) {
            continue;
        }
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host).to_owned();
        if is_host(&host) {
            hosts.entry(host).or_insert_with(|| output.origin(line));
        }
    }
    if !columns.is_empty() {
        findings.recognise("iis-log", text!("an IIS log"));
    }
    let facts = hosts.into_iter().map(|(host, origin)| Fact::new(host, origin));
    findings.facts.network.console_hosts.extend(facts);
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;

    #[test]
    fn reads_hosts_of_consoles() {
        let facts = read(
            "",
            None,
            "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-host sc-status\n2025-01-06 10:00:00 10.1.1.1 GET /system/web/view/platform/common/login/root.jsp partitionId=1 443 ECE.example.com 200\n2025-01-06 10:00:01 10.1.1.1 GET /system/web/x.js - 443 ece.example.com 200\n2025-01-06 10:00:02 10.1.1.1 GET /favicon.ico - 443 scanner.example.net 404\n",
        );
        let hosts: Vec<_> = facts.network.console_hosts.iter().map(|h| (h.value.as_str(), h.origin.line)).collect();
        assert_eq!(hosts, [("ece.example.com", 3)]);
    }
}
