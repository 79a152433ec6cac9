//! `version.graph-transition`

use crate::case::Case;
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity, Subject};
use crate::model::ageing;
use crate::model::{Fact, Inbound, Origin, Text, Version};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "version.graph-transition",
    title: "IMAP and POP accounts on a release that replaces them by Graph API",
    severity: Severity::Low,
    why: "From 12.6(1) ES10 on Cisco deprecates the server types `IMAP and SMTP` and `POP3 and SMTP` for Office 365 in favour of Graph API. They go on working, but the move should be planned before an upgrade to 15.0.",
    evidence: "version; server types of e-mail accounts, protocols and ports of aliases",
    remedy: &[
        "Plan the move to server type Graph API: the registration needs the delegated Microsoft Graph permissions Mail.ReadWrite and Mail.Send (their .Shared forms too for a shared account), and the servers need graph.microsoft.com on port 443.",
        "Change one account first: Administration Console, <department> > Apps > Email > Accounts > Server Type, and generate its token again in a private browser window.",
        "Verify: a test mail to an alias of that account is fetched and answered; then change the others.",
    ],
    references: &["CCE 12.6(1) release notes, chapter ECE", "CCE 15.0(1) release notes, chapter ECE"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let used = case.inbound_in_use();
    let mail: Vec<&Origin> = [Inbound::Imap, Inbound::Pop3].iter().filter_map(|i| used.get(i)).flatten().collect();
    if let (true, Some(graph)) = (mail.is_empty(), used.get(&Inbound::Graph)) {
        let finding = check.pass(Subject::deployment(), text!("all e-mail accounts use Graph API"));
        return Ok(vec![finding.at_all(graph)]);
    }
    let version = case.version()?;
    let finding = match has_graph(&version) {
        Some(false) => check.not_applicable(
            Subject::deployment(),
            text!(
                "ECE {version} has no Graph API: IMAP and POP accounts are its own way",
                version = version.value
            ),
        ),
        Some(true) if mail.is_empty() => check
            .unknown(Subject::deployment(), text!("nothing in the evidence says how mail is fetched"))
            .want(wanted::accounts()),
        Some(true) => {
            let names: Vec<&str> = [(Inbound::Imap, "IMAP"), (Inbound::Pop3, "POP3")]
                .iter()
                .filter(|(inbound, _)| used.contains_key(inbound))
                .map(|(_, name)| *name)
                .collect();
            check
                .warn(
                    Subject::deployment(),
                    text!(
                        "{names} accounts are in use on ECE {version}, where they are deprecated in favour of Graph API: they go on working, plan the move before the next upgrade",
                        names = Text::series(names),
                        version = version.value,
                    ),
                )
                .severity(Severity::Low)
                .at_all(mail.into_iter().take(5))
        }
        None => check
            .unknown(
                Subject::deployment(),
                text!(
                    "ECE {version} is named without its engineering special; IMAP and POP accounts are deprecated from ES10 on",
                    version = version.value
                ),
            )
            .want(Case::version_want()),
    };
    Ok(vec![finding.at(&version.origin)])
}

/// Whether the version has Graph API; `None` if that hangs on an engineering special that isn't named.
fn has_graph(version: &Fact<Version>) -> Option<bool> {
    match ageing::level_of(version) {
        Some(level) => match (level.graph_from_es, version.es) {
            (None, _) => Some(false),
            (Some(0), _) => Some(true),
            (Some(least), Some(es)) => Some(es >= least),
            (Some(_), None) => None,
        },
        None => Some(version.release() >= (15, 0)),
    }
}
