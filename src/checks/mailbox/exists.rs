//! The alias's address is a mailbox that can serve.

use super::refusals::{operations, works};
use super::{Kind, is_shared, kind_of, mailboxes, subject, wants};
use crate::case::{Case, Directory, MailboxView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Field, OperationKind, Origin, Stamp};
use crate::text;

pub(super) const CHECK: Check = Check {
    id: "mailbox.exists",
    title: "The alias's address is a mailbox that can be signed in to",
    severity: Severity::High,
    why: "ECE opens one mailbox per alias. A group, a contact or a mail user has none in Exchange Online, a deleted one refuses every sign-in, and the account of a shared mailbox \
          is disabled by design, so that only the user of a shared account can open it.",
    evidence: "Get-Mailbox or Get-Recipient (RecipientTypeDetails), commands that found no such recipient, the kind of the e-mail account",
    remedy: &[
        "Exchange administrator: give <mailbox> a mailbox of its own (or restore it), or change the alias in ECE to the address of one.",
        "For a shared mailbox: serve it by a shared account in ECE, whose user has FullAccess and SendAs on it, and generate that account's token anew.",
        "Re-activate the alias in ECE: repeated refusals make it inactive.",
        "Verify: Get-Mailbox <mailbox> | Format-List RecipientTypeDetails,AccountDisabled shows a mailbox, and ECE fetches its mail.",
    ],
    references: &["Cisco tech note 218453, Account types and Mailbox rights"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    Ok(mailboxes(case)?
        .iter()
        .map(|m| judge(case, check, &directory, m).remedy_for(&m.address))
        .collect())
}

fn judge(case: &Case, check: &Check, directory: &Directory, mailbox: &MailboxView<'_>) -> Finding {
    let address = &mailbox.address;
    let subject = subject(mailbox);
    let records = case.mailbox_records_of(directory, address);
    let cas = case.cas_mailboxes_of(directory, address);
    let deleted = records.iter().find_map(|r| Some((r.deleted.fact()?, r.taken)));
    let alive: Vec<(Origin, Option<Stamp>)> = records
        .iter()
        .filter(|r| r.deleted.fact().is_none())
        .map(|r| (r.kind.origin().unwrap_or(&r.origin).clone(), r.taken))
        .chain(cas.iter().map(|c| (c.address.origin().unwrap_or(&c.origin).clone(), c.taken)))
        .collect();
    let missing = case
        .facts
        .exchange
        .not_found
        .iter()
        .find(|n| directory.same(&n.identity, address))
        .map(|n| {
            (
                &n.origin,
                n.taken,
                text!("{command} found no such recipient", command = n.command.as_deref().unwrap_or("a command")),
            )
        });
    // Gone or there: where both were seen, the later counts.
    let gone = deleted
        .map(|(fact, taken)| (&fact.origin, taken, text!("it is {fact}", fact = fact.value)))
        .or(missing);
    if let Some((origin, taken, words)) = gone {
        let later = |one: Option<Stamp>, other: Option<Stamp>| one.zip(other).is_some_and(|(a, b)| b.certainly_before(a));
        let overruled = alive.iter().find(|(_, seen)| later(*seen, taken));
        let contradicted = alive.iter().find(|(_, seen)| !later(taken, *seen));
        match (overruled, contradicted) {
            (Some(_), _) => {}
            (None, Some((other, _))) => {
                return check
                    .unknown(
                        subject,
                        text!(
                            "whether {address} is a mailbox isn't settled: {words}, but another export lists it, and none is known to be the later one",
                            address,
                            words,
                        ),
                    )
                    .at(origin)
                    .at(other)
                    .want(wants::mailbox(address));
            }
            (None, None) => {
                return check
                    .fail(
                        subject,
                        text!(
                            "{address} has no mailbox that works: {words}. ECE can neither fetch nor send its mail",
                            address,
                            words
                        ),
                    )
                    .at(origin);
            }
        }
    }
    let shared = is_shared(directory, mailbox);
    let Some((kind, record, name)) = kind_of(&records) else {
        let Some((origin, _)) = alive.first() else {
            return check
                .unknown(subject, text!("no export shows whether {address} is a mailbox", address))
                .want(wants::mailbox(address))
                .want(wants::recipient(address));
        };
        // Get-CASMailbox lists mailboxes alone; other exports list groups and contacts too.
        if let Some(cut) = records.iter().find(|r| matches!(r.kind, Field::Unreadable(_)) && cas.is_empty()) {
            return check
                .unknown(
                    subject,
                    text!(
                        "whether {address} is a mailbox isn't known: its type is cut or unreadable in the export",
                        address
                    ),
                )
                .at_all(cut.kind.origin())
                .want(wants::recipient(address));
        }
        return check
            .pass(
                subject,
                text!("{address} is a mailbox of Exchange Online (its type wasn't collected)", address),
            )
            .confidence(Confidence::Medium)
            .at(origin);
    };
    let finding = match (kind, shared) {
        (Kind::NoMailbox, _) => check.fail(
            subject,
            text!(
                "{address} is a {name}, no mailbox of Exchange Online: ECE can neither fetch nor send its mail",
                address,
                name
            ),
        ),
        (Kind::User, _) => check.pass(subject, text!("{address} is a mailbox ({name})", address, name)),
        (Kind::Shared | Kind::Resource, true) => check.pass(
            subject,
            text!(
                "{address} is a {name}, and a shared account opens it: right, for its own account can't sign in",
                address,
                name
            ),
        ),
        (Kind::Shared | Kind::Resource, false) => return alone(case, check, directory, mailbox, record, &name),
        (Kind::Unclear, _) => check
            .unknown(
                subject,
                text!(
                    "{address} is a recipient of type {name}, which doesn't show whether it is a mailbox that can sign in",
                    address,
                    name
                ),
            )
            .want(wants::mailbox(address)),
    };
    finding.at_all(record.kind.origin()).at(&mailbox.origin)
}

/// A shared or resource mailbox that ECE signs in to as itself.
fn alone(
    case: &Case,
    check: &Check,
    directory: &Directory,
    mailbox: &MailboxView<'_>,
    record: &crate::model::Fact<crate::model::Mailbox>,
    name: &str,
) -> Finding {
    let address = &mailbox.address;
    let subject = subject(mailbox);
    let mail = operations(case, directory, mailbox, &[OperationKind::Fetch, OperationKind::Send]);
    let users = case.users_called(directory, address);
    let enabled = record
        .account_disabled
        .fact()
        .map(|f| (!f.value, &f.origin))
        .or_else(|| users.iter().find_map(|u| u.enabled.fact()).map(|f| (f.value, &f.origin)));
    let known = mailbox.kind.is_some();
    let finding = match (works(&mail), enabled) {
        (Some(run), _) => check
            .warn(
                subject,
                text!(
                    "{address} is a {name}, whose own account is disabled by design, and yet ECE works with it (last at {last}): its token is another user's; a shared account is the right way",
                    address,
                    name,
                    last = run.last,
                ),
            )
            .at(&run.last_origin),
        (None, Some((true, origin))) => check
            .warn(
                subject,
                text!(
                    "{address} is a {name} whose account may sign in: it works as long as somebody leaves it enabled; a shared account is the right way",
                    address,
                    name,
                ),
            )
            .at(origin),
        (None, Some((false, origin))) if known => check
            .fail(
                subject,
                text!(
                    "{address} is a {name} whose account is disabled, but ECE serves it by a mailbox account, which signs in as the mailbox itself: Microsoft refuses that. It needs a shared account",
                    address,
                    name,
                ),
            )
            .at(origin),
        (None, None) if known => check
            .fail(
                subject,
                text!(
                    "{address} is a {name}, whose own account can't sign in by design, but ECE serves it by a mailbox account, which signs in as the mailbox itself. It needs a shared account",
                    address,
                    name,
                ),
            )
            .confidence(Confidence::Medium),
        _ => check
            .unknown(
                subject,
                text!(
                    "{address} is a {name}: right with a shared account, wrong with a mailbox account, and the evidence doesn't show which one serves it",
                    address,
                    name,
                ),
            )
            .want(wants::accounts()),
    };
    let finding = finding.at_all(record.kind.origin()).at(&mailbox.origin);
    match mailbox.account.and_then(|account| account.kind.origin()) {
        Some(origin) => finding.at(origin),
        None => finding,
    }
}
