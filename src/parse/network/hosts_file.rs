//! The Windows hosts file: names pinned to addresses.

use super::output::{Output, is_host};
use crate::model::{Fact, HostsEntry, is_ip};
use crate::parse::Findings;
use crate::text;

/// Reads a hosts file. It is told by its name, its header, the command that printed it, or by holding nothing but such lines.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    let entries: Vec<(u64, &str, Vec<String>)> = output
        .lines()
        .filter_map(|(line, text)| entry(text).map(|(ip, names)| (line, ip, names)))
        .collect();
    if entries.is_empty() {
        return;
    }
    let file = output.file_name().to_ascii_lowercase();
    let command = output.command.to_ascii_lowercase();
    let known = file == "hosts"
        || file.starts_with("hosts.")
        || file.starts_with("hosts_")
        || file.ends_with("_hosts")
        || file.contains("hosts_file")
        || command.contains("etc\\hosts")
        || command.contains("etc/hosts")
        || output.has(&["sample HOSTS file", "#\t127.0.0.1       localhost", "drivers\\etc\\hosts"]);
    let pure = || {
        output
            .lines()
            .all(|(_, text)| text.trim().is_empty() || text.trim_start().starts_with('#') || entry(text).is_some())
    };
    // An inventory that lists servers by address looks the same; only a pinned name of the mail service matters there.
    let unmarked = output.command.is_empty() && pure();
    if !(known || unmarked) {
        return;
    }
    findings.recognise("hosts-file", text!("lines of address and names"));
    for (line, ip, names) in entries {
        findings.facts.network.hosts_entries.push(Fact::new(
            HostsEntry {
                from: output.host.clone(),
                ip: ip.to_owned(),
                names,
            },
            output.origin(line),
        ));
    }
}

/// `IP name [alias…] # comment`.
fn entry(text: &str) -> Option<(&str, Vec<String>)> {
    let bare = text.split('#').next().unwrap_or("");
    let mut words = bare.split_whitespace();
    let ip = words.next().filter(|w| is_ip(w))?;
    let names: Vec<&str> = words.collect();
    let all_names = !names.is_empty()
        && names
            .iter()
            .all(|n| is_host(n) && !is_ip(n) && n.chars().any(|c| c.is_ascii_alphabetic()));
    all_names.then(|| (ip, names.iter().map(|n| n.to_ascii_lowercase()).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;

    #[test]
    fn reads_pinned_names() {
        let text = "# Copyright (c) 1993-2009 Microsoft Corp.\n#\n# This is a sample HOSTS file used by Microsoft TCP/IP for Windows.\n#\n127.0.0.1 localhost\n10.9.9.9\tlogin.microsoftonline.com login.windows.net # old proxy\n# 10.9.9.8 outlook.office365.com\n";
        let facts = read("", None, text);
        let names: Vec<_> = facts.network.hosts_entries.iter().map(|e| (e.ip.as_str(), e.names.len())).collect();
        assert_eq!(names, [("127.0.0.1", 1), ("10.9.9.9", 2)]);
        assert_eq!(
            read(
                "type C:\\Windows\\System32\\drivers\\etc\\hosts",
                None,
                "10.9.9.9 outlook.office365.com\nsome text\n"
            )
            .network
            .hosts_entries
            .len(),
            1
        );
        assert!(
            read("", None, "Servers of the customer\n10.1.1.1  ece-app-a\n")
                .network
                .hosts_entries
                .is_empty()
        );
        assert!(
            read("", None, "10.1.1.1  ece-app-a  (application server)\n")
                .network
                .hosts_entries
                .is_empty()
        );
    }
}
