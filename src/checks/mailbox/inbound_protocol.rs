//! The protocol by which ECE fetches mail is on.

use super::{mailboxes, subject, wants};
use crate::case::{Case, Directory, MailboxView, Settled, settle};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{CasMailbox, Fact, Field, Inbound, Origin, Stamp};
use crate::text;

pub(super) const CHECK: Check = Check {
    id: "mailbox.inbound-protocol",
    title: "The protocol that ECE fetches with is on",
    severity: Severity::High,
    why: "The retriever opens the mailbox by IMAP or by POP3, as the account is configured. Exchange Online refuses the sign-in if that protocol is off for the mailbox, and gives no reason. \
          The other protocol may be off.",
    evidence: "Get-CASMailbox (ImapEnabled, PopEnabled); the server type of the e-mail account, or the port of the alias",
    remedy: &[
        "Exchange administrator: Set-CASMailbox <mailbox> <switch> $true.",
        "Wait until the change has spread (minutes, seldom an hour).",
        "Re-activate the alias in ECE: repeated refusals make it inactive.",
        "Verify: Get-CASMailbox <mailbox> | Format-List ImapEnabled,PopEnabled shows it on, and the retriever's log shows the mailbox polled without AUTHENTICATE failed.",
    ],
    references: &[
        "Cisco tech note 218453, Mailbox configuration",
        "Microsoft: Enable or disable POP3 or IMAP4 access for a user",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    Ok(mailboxes(case)?.iter().map(|mailbox| judge(case, check, &directory, mailbox)).collect())
}

fn judge(case: &Case, check: &Check, directory: &Directory, mailbox: &MailboxView<'_>) -> Finding {
    let subject = subject(mailbox);
    let address = &mailbox.address;
    let records = case.cas_mailboxes_of(directory, address);
    let (protocol, used_at) = match &mailbox.inbound {
        Some((Inbound::Graph, origin)) => {
            return check
                .not_applicable(
                    subject,
                    text!(
                        "mail of {address} is fetched through Microsoft Graph: neither IMAP nor POP3 is used",
                        address
                    ),
                )
                .at(origin);
        }
        Some((protocol, origin)) => (*protocol, origin),
        None => return without_protocol(check, subject, mailbox, &records),
    };
    let (name, property, switch) = match protocol {
        Inbound::Pop3 => ("POP3", "PopEnabled", "-PopEnabled"),
        _ => ("IMAP", "ImapEnabled", "-ImapEnabled"),
    };
    match switched(&records, protocol) {
        Settled::Agreed(true, origins, _) => check
            .pass(
                subject,
                text!("{name} is on for {address}, and ECE fetches its mail with {name}", name, address),
            )
            .at_all(&origins)
            .at(used_at),
        Settled::Agreed(false, origins, _) => {
            check
                .fail(
                    subject,
                    text!(
                        "ECE fetches the mail of {address} with {name}, but {property} is False for the mailbox: Exchange Online refuses the retriever's sign-in",
                        address,
                        name,
                        property,
                    ),
                )
                .at_all(&origins)
                .at(used_at)
                .remedy_for(address)
                .remedy_with("<switch>", switch)
        }
        Settled::Conflict(origins) => check
            .unknown(
                subject,
                text!(
                    "the exports disagree whether {name} is on for {address}, and none is known to be the later one",
                    name,
                    address
                ),
            )
            .at_all(&origins)
            .want(wants::cas(address)),
        Settled::Missing => {
            let reason = match records.is_empty() {
                true => text!("no export shows its protocol switches"),
                false => text!("the export of the mailbox doesn't show {property}", property),
            };
            check
                .unknown(
                    subject,
                    text!("whether {name} is on for {address} isn't known: {reason}", name, address, reason),
                )
                .at_all(records.iter().map(|r| &r.origin))
                .want(wants::cas(address))
        }
    }
}

/// Where nothing says how mail is fetched, both protocols on is right in any case.
fn without_protocol(check: &Check, subject: crate::finding::Subject, mailbox: &MailboxView<'_>, records: &[&Fact<CasMailbox>]) -> Finding {
    let address = &mailbox.address;
    match (switched(records, Inbound::Imap), switched(records, Inbound::Pop3)) {
        (Settled::Agreed(true, imap, _), Settled::Agreed(true, pop, _)) => check
            .pass(subject, text!("both IMAP and POP3 are on for {address}; the evidence doesn't say which of them ECE uses", address))
            .confidence(Confidence::Medium)
            .at_all(&imap)
            .at_all(&pop),
        (Settled::Agreed(false, imap, _), Settled::Agreed(false, pop, _)) => check
            .unknown(
                subject,
                text!(
                    "both IMAP and POP3 are off for {address}; the evidence doesn't say whether ECE fetches its mail with one of them or through Microsoft Graph",
                    address,
                ),
            )
            .at_all(&imap)
            .at_all(&pop)
            .want(wants::accounts()),
        _ => {
            let finding = check
                .unknown(subject, text!("the evidence doesn't say whether ECE fetches the mail of {address} with IMAP or with POP3", address))
                .at_all(records.iter().map(|r| &r.origin))
                .want(wants::accounts());
            match records.is_empty() {
                true => finding.want(wants::cas(address)),
                false => finding,
            }
        }
    }
}

fn switched(records: &[&Fact<CasMailbox>], protocol: Inbound) -> Settled<bool> {
    let said = |cas: &&Fact<CasMailbox>| -> Option<(bool, Origin, Option<Stamp>)> {
        let field: &Field<bool> = match protocol {
            Inbound::Pop3 => &cas.pop,
            _ => &cas.imap,
        };
        let fact = field.fact()?;
        Some((fact.value, fact.origin.clone(), cas.taken))
    };
    settle(records.iter().filter_map(said))
}
