//! Name look-ups: `nslookup` in any language, `Resolve-DnsName`, `ping`, `host`.

use super::output::{Output, is_domain};
use super::port_test::{records, text_of};
use crate::model::{Fact, NameLookup, Origin, is_ip};
use crate::parse::Findings;
use crate::syntax::{Section, Source};
use crate::text;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Reads the records of `Resolve-DnsName`: one per address or alias.
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    let mut found: BTreeMap<String, (Vec<String>, Origin)> = BTreeMap::new();
    let mut alias_of: BTreeMap<String, String> = BTreeMap::new();
    for record in records(section) {
        let (Some(name), true) = (text_of(record, &["Name"]), record.has("Type") || record.has("QueryType")) else {
            continue;
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if !is_domain(&name) || !(record.has("IPAddress") || record.has("IP4Address") || record.has("NameHost")) {
            continue;
        }
        if let Some(target) = text_of(record, &["NameHost"]) {
            alias_of.insert(name.clone(), target.trim_end_matches('.').to_ascii_lowercase());
        }
        let node = record.get("Name").unwrap_or(record);
        let entry = found.entry(name).or_insert_with(|| (Vec::new(), source.origin_of_property("Name", node)));
        entry
            .0
            .extend(text_of(record, &["IPAddress", "IP4Address", "IP6Address"]).filter(|a| is_ip(a)));
    }
    if found.is_empty() {
        return;
    }
    findings.recognise("name-lookup", text!("records of Resolve-DnsName"));
    let addresses_of = |name: &str| {
        let mut at = name;
        // An alias has its target's addresses; the chain is short, and a loop in it ends.
        for _ in 0..8 {
            match found.get(at) {
                Some((addresses, _)) if !addresses.is_empty() => return addresses.clone(),
                _ => {}
            }
            let Some(next) = alias_of.get(at) else { break };
            at = next;
        }
        Vec::new()
    };
    let lookups: Vec<_> = found
        .iter()
        .map(|(name, (_, origin))| {
            let lookup = NameLookup {
                from: section.host.clone(),
                name: name.clone(),
                resolved: true,
                addresses: addresses_of(name),
            };
            Fact::new(lookup, origin.clone())
        })
        .collect();
    findings.facts.network.lookups.extend(lookups);
}

static RESOLVE_FAILED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\((?P<h>[\w.-]+):String\) \[Resolve-DnsName\]|^Resolve-DnsName\s*:\s*(?P<g>[\w.-]+)\s*:\s*\S").expect("a constant pattern")
});
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:nslookup(?:\.exe)?|ping(?:\.exe)?|host|dig)\s+(?:-\S+\s+)*(?P<h>[\w-]+(?:\.[\w-]+)+)\.?").expect("a constant pattern")
});
static PINGED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\S.*?\b(?P<h>[\w-]+(?:\.[\w-]+)+) \[(?P<i>[0-9a-fA-F.:]+)\]").expect("a constant pattern"));

/// Reads look-ups.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if output.has(&["Resolve-DnsName"]) {
        let mut known: Vec<String> = Vec::new();
        for (line, text) in output.lines() {
            let Some(found) = RESOLVE_FAILED
                .captures(text.trim_start_matches([' ', '|', '+']))
                .or_else(|| RESOLVE_FAILED.captures(text))
            else {
                continue;
            };
            let name = found
                .name("h")
                .or(found.name("g"))
                .map_or("", |m| m.as_str())
                .trim_end_matches('.')
                .to_ascii_lowercase();
            if is_domain(&name) && !known.contains(&name) {
                known.push(name.clone());
                note(output, line, &name, Vec::new(), false, findings);
            }
        }
    }
    if output.has(&["nslookup", "*** ", "** server can't find", "Non-authoritative answer"]) {
        nslookup(output, findings);
    }
    if output.has(&["ping ", "Ping", "ping.exe"]) {
        for (line, text) in output.lines() {
            if let Some(found) = PINGED.captures(text).filter(|p| is_ip(&p["i"])) {
                let name = asked(output.command).unwrap_or_else(|| found["h"].to_ascii_lowercase());
                note(output, line, &name, vec![found["i"].to_owned()], true, findings);
                break;
            } else if text.starts_with("Ping request could not find host ")
                && let Some(name) = asked(output.command)
            {
                note(output, line, &name, Vec::new(), false, findings);
                break;
            }
        }
    }
}

/// The name that a command asks for.
fn asked(command: &str) -> Option<String> {
    COMMAND.captures(command).map(|found| found["h"].to_ascii_lowercase())
}

/// An answer of nslookup: the first name and address are the resolver's, those after it the answer's.
#[derive(Default)]
struct Answer {
    asked: Option<String>,
    resolver: Option<String>,
    resolver_done: bool,
    names: Vec<(u64, String)>,
    addresses: Vec<String>,
    in_aliases: bool,
}

fn nslookup(output: &Output<'_>, findings: &mut Findings) {
    let mut answer = Answer {
        asked: asked(output.command),
        ..Answer::default()
    };
    for (line, text) in output.lines() {
        let text = text.trim_end();
        if text.contains("nslookup")
            && let Some(name) = asked(text)
        {
            finish(output, &mut answer, findings);
            answer.asked = Some(name);
            continue;
        }
        if let Some(complaint) = text.strip_prefix("***").or_else(|| text.strip_prefix("** ")) {
            failed(output, &mut answer, line, complaint, findings);
            continue;
        }
        let label_value = text
            .split_once([':', '：'])
            .filter(|(label, _)| !label.is_empty() && !label.starts_with(char::is_whitespace));
        match label_value.map(|(label, value)| (label.trim(), value.trim())) {
            Some((label, value)) => labelled(output, &mut answer, line, label, value, findings),
            None => {
                let bare = text.trim();
                if is_ip(bare) && !answer.names.is_empty() {
                    answer.addresses.push(bare.to_owned());
                } else if answer.in_aliases && is_domain(bare) {
                    answer.names.push((line, bare.to_ascii_lowercase()));
                }
            }
        }
    }
    finish(output, &mut answer, findings);
}

fn labelled(output: &Output<'_>, answer: &mut Answer, line: u64, label: &str, value: &str, findings: &mut Findings) {
    answer.in_aliases = false;
    let address = value.split(['#', ' ']).next().unwrap_or("");
    if is_ip(address) {
        if !answer.resolver_done {
            answer.resolver_done = true;
        } else if !answer.names.is_empty() {
            answer.addresses.push(address.to_owned());
        }
    } else if is_domain(value) || (!answer.resolver_done && label.len() <= 12 && !value.contains(' ') && !value.is_empty()) {
        if !answer.resolver_done && answer.resolver.is_none() {
            answer.resolver = Some(value.to_ascii_lowercase());
        } else if answer.resolver_done && answer.addresses.is_empty() {
            answer.names.push((line, value.trim_end_matches('.').to_ascii_lowercase()));
        } else if answer.resolver_done {
            // After the addresses stand the aliases (`Aliases:`), or, where a label like `Server:` begins anew, the next answer.
            let plural_block = !answer.names.is_empty() && answer.asked.as_deref().is_none_or(|a| answer.names.iter().all(|(_, n)| n != a));
            if plural_block {
                answer.names.push((line, value.to_ascii_lowercase()));
                answer.in_aliases = true;
            } else {
                finish(output, answer, findings);
                answer.resolver = Some(value.to_ascii_lowercase());
            }
        }
    }
}

fn failed(output: &Output<'_>, answer: &mut Answer, line: u64, complaint: &str, findings: &mut Findings) {
    // `*** dns.contoso.com can't find login.microsoftonline.com: Non-existent domain`: the last name that isn't the resolver.
    let words = complaint
        .split(|c: char| c.is_whitespace() || matches!(c, ':' | '"' | '\'' | '»' | '«'))
        .map(|w| w.trim_end_matches('.'));
    let names: Vec<String> = words
        .filter(|w| is_domain(w))
        .map(str::to_ascii_lowercase)
        .filter(|w| Some(w) != answer.resolver.as_ref())
        .collect();
    let asked = answer.asked.clone();
    let about = names.last().filter(|n| asked.as_ref().is_none_or(|a| a == *n)).cloned().or(asked);
    if let Some(name) = about.filter(|n| is_domain(n)) {
        note(output, line, &name, Vec::new(), false, findings);
    }
    *answer = Answer::default();
}

fn finish(output: &Output<'_>, answer: &mut Answer, findings: &mut Findings) {
    let done = std::mem::take(answer);
    if done.addresses.is_empty() {
        return;
    }
    let mut names: Vec<(u64, String)> = done.names;
    if let (Some(asked), Some(&(line, _))) = (done.asked, names.first())
        && names.iter().all(|(_, n)| *n != asked)
    {
        // The answer names the end of a chain of aliases: it still answers what was asked.
        names.insert(0, (line, asked));
    }
    for (line, name) in names {
        note(output, line, &name, done.addresses.clone(), true, findings);
    }
}

fn note(output: &Output<'_>, line: u64, name: &str, addresses: Vec<String>, resolved: bool, findings: &mut Findings) {
    findings.recognise("name-lookup", text!("the answer of a resolver"));
    findings.facts.network.lookups.push(Fact::new(
        NameLookup {
            from: output.host.clone(),
            name: name.to_owned(),
            resolved,
            addresses,
        },
        output.origin(line),
    ));
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;

    fn lookups(command: &str, text: &str) -> Vec<(String, bool, usize)> {
        read(command, None, text)
            .network
            .lookups
            .into_iter()
            .map(|f| (f.value.name, f.value.resolved, f.value.addresses.len()))
            .collect()
    }

    #[test]
    fn the_first_block_is_the_resolver() {
        let login = || "login.microsoftonline.com".to_owned();
        assert_eq!(
            lookups(
                "nslookup login.microsoftonline.com",
                "Server:  dns01.contoso.com\nAddress:  10.0.0.10\n\nNon-authoritative answer:\nName:    www.tm.prd.ags.akadns.net\nAddresses:  2603:1026:3000:c8::2\n          20.190.159.2\n          20.190.159.4\nAliases:  login.microsoftonline.com\n          login.mso.msidentity.com\n",
            )
            .into_iter()
            .find(|l| l.0 == login()),
            Some((login(), true, 3))
        );
        assert_eq!(
            lookups(
                "nslookup login.microsoftonline.com",
                "Serveur :   dns01.contoso.com\nAddress:  10.0.0.10\n\nNom :    login.microsoftonline.com\nAddress:  20.190.159.2\n"
            ),
            [(login(), true, 1)]
        );
        // Only the resolver answered: nothing is known of the name.
        assert!(lookups("nslookup login.microsoftonline.com", "Server:  dns01.contoso.com\nAddress:  10.0.0.10\n").is_empty());
    }

    #[test]
    fn reads_failures_in_any_language() {
        for text in [
            "Server:  dns01.contoso.com\nAddress:  10.0.0.10\n\n*** dns01.contoso.com can't find login.microsoftonline.com: Non-existent domain",
            "Server:  UnKnown\nAddress:  10.0.0.10\n\n*** UnKnown can't find login.microsoftonline.com: No response from server",
            "Server:  dns01.contoso.com\nAddress:  10.0.0.10\n\n*** login.microsoftonline.com wurde von dns01.contoso.com nicht gefunden: Non-existent domain.",
            "*** dns01.contoso.com ne parvient pas à trouver login.microsoftonline.com : Non-existent domain",
            "** server can't find login.microsoftonline.com: NXDOMAIN",
        ] {
            assert_eq!(
                lookups("nslookup login.microsoftonline.com", text),
                [("login.microsoftonline.com".into(), false, 0)],
                "{text}"
            );
        }
        assert_eq!(
            lookups(
                "Resolve-DnsName smtp.office365.com",
                "Resolve-DnsName : smtp.office365.com : DNS name does not exist\nAt line:1 char:1\n    + CategoryInfo          : ResourceUnavailable: (smtp.office365.com:String) [Resolve-DnsName], Win32Exception\n"
            ),
            [("smtp.office365.com".into(), false, 0)]
        );
    }
}
