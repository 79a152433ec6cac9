//! The user of a shared account may open the mailboxes that it serves.

use super::grants::{Held, held, is_other_user, mailbox_grants, opener};
use super::{is_shared, mailboxes, subject, wants};
use crate::case::{Case, Directory, MailboxView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::AccountKind;
use crate::text;

pub(super) const CHECK: Check = Check {
    id: "mailbox.full-access",
    title: "The shared account's user has FullAccess on its mailboxes",
    severity: Severity::High,
    why: "A shared account opens several mailboxes with the token of one user. Exchange Online lets that user in only where they have FullAccess; \
          otherwise the sign-in is accepted and the mailbox isn't opened.",
    evidence: "Get-MailboxPermission of each mailbox; the user of the shared account, and of its tokens",
    remedy: &[
        "Exchange administrator: Add-MailboxPermission <mailbox> -User <user> -AccessRights FullAccess -InheritanceType All -AutoMapping $false; take away any entry with Deny for that user.",
        "Wait until the right has spread (up to an hour).",
        "Re-activate the alias in ECE: repeated refusals make it inactive.",
        "Verify: Get-MailboxPermission <mailbox> -User <user> lists FullAccess, and the retriever's log shows the mailbox polled.",
    ],
    references: &[
        "Cisco tech note 218453, Mailbox rights",
        "Microsoft: Accessing shared mailboxes by IMAP or POP3 with OAuth",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    Ok(mailboxes(case)?.iter().map(|mailbox| judge(case, check, &directory, mailbox)).collect())
}

fn judge(case: &Case, check: &Check, directory: &Directory, mailbox: &MailboxView<'_>) -> Finding {
    let address = &mailbox.address;
    let subject = subject(mailbox);
    if !is_shared(directory, mailbox) {
        return match mailbox.kind {
            Some(AccountKind::Mailbox) => {
                let kind = mailbox.account.and_then(|a| a.kind.origin()).unwrap_or(&mailbox.origin);
                check
                    .not_applicable(
                        subject,
                        text!(
                            "{address} has a mailbox account: its own token opens it, no right on it has to be given",
                            address
                        ),
                    )
                    .at(kind)
            }
            _ => check
                .unknown(
                    subject,
                    text!(
                        "whether {address} is opened by a shared account isn't known; if it is, that account's user needs FullAccess on it",
                        address
                    ),
                )
                .at(&mailbox.origin)
                .want(wants::accounts()),
        };
    }
    let Some(opener) = opener(case, directory, mailbox) else {
        return check
            .unknown(
                subject,
                text!(
                    "{address} is opened by a shared account whose user isn't in the evidence, so that user's right on it can't be judged",
                    address
                ),
            )
            .at(&mailbox.origin)
            .want(wants::accounts())
            .want(wants::permission(address));
    };
    let user = &opener.user;
    if directory.same(user, address) {
        return check
            .not_applicable(
                subject,
                text!(
                    "{address} is the mailbox of the shared account's own user: no right on it has to be given",
                    address
                ),
            )
            .at(&mailbox.origin);
    }
    let who = match &opener.by_token {
        Some(_) => text!("{user}, whose token the shared account holds,", user),
        None => text!("{user}, the shared account's user,", user),
    };
    let grants = mailbox_grants(case, directory, address);
    let is_user = |who: &str| is_other_user(case, directory, who, user);
    let finding = match held(directory, &grants, user, "fullaccess", &is_user) {
        Held::Given(origins, denials_shown) => check
            .pass(subject, text!("{who} has FullAccess on {address}", who, address))
            .confidence(if denials_shown { Confidence::High } else { Confidence::Medium })
            .at_all(&origins),
        Held::Denied(origin) => check
            .fail(
                subject,
                text!(
                    "{who} is denied FullAccess on {address}; Deny counts before any other entry: ECE can't open the mailbox",
                    who,
                    address
                ),
            )
            .at(&origin),
        Held::Lacking(origins) => check
            .fail(
                subject,
                text!(
                    "{who} has no FullAccess on {address}: Exchange Online doesn't open the mailbox for ECE",
                    who,
                    address
                ),
            )
            .at_all(&origins),
        Held::Perhaps(group, origins) => check
            .unknown(
                subject,
                text!(
                    "{who} has no FullAccess on {address} of their own; “{group}” has, which may be a group that they belong to",
                    who,
                    address,
                    group
                ),
            )
            .at_all(&origins)
            .want(wants::group(&group)),
        Held::Conflict(origins) => check
            .unknown(
                subject,
                text!(
                    "the exports disagree whether {who} has FullAccess on {address}, and none is known to be the later one",
                    who,
                    address
                ),
            )
            .at_all(&origins)
            .want(wants::permission(address)),
        Held::Unreadable(origin) => check
            .unknown(
                subject,
                text!(
                    "the list of permissions on {address} is cut, so that it doesn't show whether {who} has FullAccess",
                    address,
                    who
                ),
            )
            .at(&origin)
            .want(wants::permission(address)),
        Held::NotCollected => check
            .unknown(
                subject,
                text!(
                    "whether {who} may open {address} isn't known: no export lists the permissions on it",
                    who,
                    address
                ),
            )
            .at(&mailbox.origin)
            .want(wants::permission(address)),
    };
    let finding = match &opener.by_token {
        Some((origin, _)) => finding.at(origin),
        None => match mailbox.account.and_then(|a| a.user.origin()) {
            Some(origin) if finding.verdict == crate::finding::Verdict::Fail => finding.at(origin),
            _ => finding,
        },
    };
    finding.remedy_for(address).remedy_with("<user>", user)
}
