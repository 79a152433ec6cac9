//! `url.console-host`

use super::redirect_host::host_and_port;
use super::{GENERATE, VERIFY};
use crate::case::Case;
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity, Subject};
use crate::model::{LogEventKind, Origin};
use crate::text;
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "url.console-host",
    title: "The console is opened under the external URL's name",
    severity: Severity::High,
    why: "After the sign-in Microsoft sends the browser back to the external URL. If the console was opened under another name (a server's own, an old alias, an address), the answer arrives in a session that doesn't exist there, and no token is stored.",
    evidence: "hosts in the application server log, HAR files and IIS logs; external URL in the settings",
    remedy: &[
        "Open the console only under the name of the external URL; correct bookmarks and gadget addresses that use another one.",
        "If that other name is the one people are meant to use, make it the external URL and register its redirect URI instead.",
        GENERATE,
        VERIFY,
    ],
    references: &["Cisco tech note 218453, System configuration"],
    run,
};

/// Every host under which a console was opened, with the first place of each.
pub(super) fn console_hosts(case: &Case) -> BTreeMap<String, Origin> {
    let mut hosts = BTreeMap::new();
    for event in &case.logs.events {
        if let LogEventKind::ConsoleHost { host } = &event.kind {
            hosts.entry(host.clone()).or_insert_with(|| event.origin.clone());
        }
    }
    for fact in &case.facts.network.console_hosts {
        hosts.entry(fact.value.clone()).or_insert_with(|| fact.origin.clone());
    }
    hosts
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let subject = Subject::deployment();
    let hosts = console_hosts(case);
    if hosts.is_empty() {
        let finding = check.unknown(subject, text!("nothing in the evidence shows under which name the console is opened"));
        return Ok(vec![finding.want(wanted::console_address())]);
    }
    let urls: Vec<_> = case
        .external_urls()
        .into_iter()
        .filter_map(|url| Some((host_and_port(&url.url)?, url.origin)))
        .collect();
    if urls.is_empty() {
        let finding = check.unknown(
            subject,
            text!("the external URL is unknown: the console's name can't be compared with it"),
        );
        return Ok(vec![finding.at_all(hosts.values().take(3)).want(wanted::settings())]);
    }
    let is_external = |host: &str| host_and_port(host).is_some_and(|own| urls.iter().any(|(external, _)| *external == own));
    let (right, wrong): (Vec<_>, Vec<_>) = hosts.iter().partition(|(host, _)| is_external(host));
    let external = &urls[0].0.0;
    let names: Vec<String> = wrong.iter().take(5).map(|(host, _)| format!("`{host}`")).collect();
    let finding = match (right.is_empty(), wrong.is_empty()) {
        (_, true) => check.pass(subject, text!("the console was opened under the external URL's name `{external}`", external)),
        (true, false) => check
            .fail(
                subject,
                text!(
                    "the console was opened under {names}, but the external URL's name is `{external}`: the answer of Microsoft's sign-in will not reach that session",
                    names = names.join(", "),
                    external,
                ),
            )
            .explains("check:url.single-fqdn"),
        (false, false) => check.warn(
            subject,
            text!(
                "the console was opened under the external URL's name `{external}`, and also under {names}: generating a token works only under the first",
                external,
                names = names.join(", "),
            ),
        ),
    };
    Ok(vec![
        finding
            .at_all(wrong.iter().map(|(_, origin)| *origin).take(3))
            .at_all(right.iter().map(|(_, origin)| *origin).take(2))
            .at_all(urls.iter().map(|(_, origin)| origin).take(2)),
    ])
}
