//! The sending identity may send as the alias.

use super::grants::{Held, held, is_other_user, opener, recipient_grants};
use super::refusals::{Refusal, loose_hits, operations, refusal, span_words, works};
use super::{is_shared, mailboxes, subject, wants};
use crate::case::{Case, Directory, MailboxView};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{AccountKind, OperationKind, Origin, SignatureHit, Stamp, Text};
use crate::text;

pub(super) const CHECK: Check = Check {
    id: "mailbox.send-as",
    title: "The shared account's user may send as the alias",
    severity: Severity::High,
    why: "A shared account sends every alias's mail as one user. Exchange Online refuses a sender address that this user has no SendAs right for (5.2.252, 5.7.60). \
          FullAccess doesn't include SendAs, and send-on-behalf isn't enough.",
    evidence: "Get-RecipientPermission of each mailbox, GrantSendOnBehalfTo of Get-Mailbox, refusals 5.2.252 SendAsDenied and 5.7.60 in the dispatcher's log",
    remedy: &[
        "Exchange administrator: Add-RecipientPermission <mailbox> -Trustee <user> -AccessRights SendAs.",
        "Wait until the right has spread (up to an hour).",
        "Verify: Get-RecipientPermission <mailbox> -Trustee <user> lists SendAs, and a test mail from the alias leaves without SendAsDenied in the dispatcher's log.",
    ],
    references: &[
        "Cisco tech note 218453, Mailbox rights",
        "Microsoft: Manage permissions for recipients in Exchange Online",
    ],
    run,
};

/// Replies by which Exchange Online says that the right is missing.
const REFUSALS: &[&str] = &[
    "smtp.554_send_as_denied",
    "smtp.550_5_7_60",
    "smtp.550_5_7_1_send_as",
    "graph.error_send_as_denied",
    "graph.send_as_denied_text",
];

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    let mailboxes = mailboxes(case)?;
    Ok(mailboxes
        .iter()
        .map(|m| judge(case, check, &directory, m, mailboxes.len() == 1))
        .collect())
}

fn judge(case: &Case, check: &Check, directory: &Directory, mailbox: &MailboxView<'_>, sole: bool) -> Finding {
    let address = &mailbox.address;
    let opener = opener(case, directory, mailbox);
    let user = opener.as_ref().map(|o| o.user.clone());
    let sends = operations(case, directory, mailbox, &[OperationKind::Send]);
    let finding = match refusal(&sends, REFUSALS) {
        Refusal::Failing { first, last, count, id } => {
            let who = match &user {
                Some(user) if !directory.same(user, address) => text!("{user} may not send as {address}", user, address),
                _ => text!("the user whose token ECE holds may not send as {address}", address),
            };
            refused(
                case,
                check,
                directory,
                mailbox,
                user.as_deref(),
                text!(
                    "{who}: Exchange Online refused the mail ({span})",
                    who,
                    span = span_words(first, last, count)
                ),
                last.last,
            )
            .at(&first.origin)
            .at(&last.last_origin)
            .explains(format!("signature:{id}"))
        }
        Refusal::Healed { failed, done, .. } => match by_export(case, check, directory, mailbox, user.as_deref(), None) {
            exported if exported.verdict == crate::finding::Verdict::Fail => exported.at(&failed.last_origin),
            _ => check
                .warn(
                    subject(mailbox),
                    text!(
                        "mail from {address} was refused for want of SendAs until {last}, and went out again at {time} (healed)",
                        address,
                        last = failed.last,
                        time = done.last
                    ),
                )
                .at(&failed.last_origin)
                .at(&done.last_origin),
        },
        Refusal::None => match loose_hits(case, &[OperationKind::Send], REFUSALS, works(&sends))
            .iter()
            .find(|hit| concerns(directory, hit, address, sole))
        {
            Some(hit) => check
                .fail(
                    subject(mailbox),
                    text!(
                        "the right to send as {address} is missing: Exchange Online refused mail with SendAsDenied",
                        address
                    ),
                )
                .confidence(Confidence::Medium)
                .at_all(&hit.samples)
                .explains(format!("signature:{}", hit.id)),
            _ => by_export(
                case,
                check,
                directory,
                mailbox,
                user.as_deref(),
                works(&sends).map(|run| (&run.last_origin, run.last)),
            ),
        },
    };
    finding
        .remedy_for(address)
        .remedy_with("<user>", user.as_deref().unwrap_or("<user of the account>"))
}

/// True if the refusal is this mailbox's: the reply names the sender, or there is only one mailbox.
fn concerns(directory: &Directory, hit: &SignatureHit, address: &str, sole: bool) -> bool {
    match hit.fields.get("sender") {
        Some(senders) if !senders.is_empty() => senders.iter().any(|sender| directory.same(sender, address)),
        _ => sole,
    }
}

/// Refused at the end of the logs: the rights in the exports may explain it, or be of a later day.
fn refused(case: &Case, check: &Check, directory: &Directory, mailbox: &MailboxView<'_>, user: Option<&str>, message: Text, last: Stamp) -> Finding {
    let subject = subject(mailbox);
    let grants = recipient_grants(case, directory, &mailbox.address);
    let is_user = |who: &str| is_other_user(case, directory, who, user.unwrap_or_default());
    let held = user.map(|user| held(directory, &grants, user, "sendas", &is_user));
    match held {
        Some(Held::Given(origins, _)) => {
            let later = grants
                .iter()
                .any(|g| origins.contains(g.origin) && g.taken.is_some_and(|taken| last.certainly_before(taken)));
            match later {
                true => check.warn(subject, text!(
                    "{message}; an export of later has SendAs, and no mail has been sent yet to show that it works",
                    message,
                )),
                false => check
                    .fail(
                        subject,
                        text!(
                            "{message}, although an export has SendAs for that user: it was given later or hasn't spread yet, or ECE holds another user's token",
                            message,
                        ),
                    )
                    .confidence(Confidence::Medium),
            }
            .at_all(&origins)
        }
        Some(Held::Lacking(origins)) => check.fail(subject, message).at_all(&origins),
        Some(Held::Denied(origin)) => check.fail(subject, message).at(&origin),
        _ => check.fail(subject, message),
    }
}

fn by_export(
    case: &Case,
    check: &Check,
    directory: &Directory,
    mailbox: &MailboxView<'_>,
    user: Option<&str>,
    sent: Option<(&Origin, Stamp)>,
) -> Finding {
    let address = &mailbox.address;
    let subject = subject(mailbox);
    if !is_shared(directory, mailbox) {
        return match mailbox.kind {
            Some(AccountKind::Mailbox) => check
                .not_applicable(
                    subject,
                    text!("{address} has a mailbox account and sends as itself: no right has to be given", address),
                )
                .at(mailbox.account.and_then(|a| a.kind.origin()).unwrap_or(&mailbox.origin)),
            _ => check
                .unknown(
                    subject,
                    text!(
                        "whether {address} sends through a shared account isn't known; if it does, that account's user needs SendAs on it",
                        address
                    ),
                )
                .at(&mailbox.origin)
                .want(wants::accounts()),
        };
    }
    let Some(user) = user else {
        return check
            .unknown(
                subject,
                text!(
                    "{address} sends through a shared account whose user isn't in the evidence, so that user's right to send as it can't be judged",
                    address
                ),
            )
            .at(&mailbox.origin)
            .want(wants::accounts())
            .want(wants::send_as(address));
    };
    if directory.same(user, address) {
        return check
            .not_applicable(
                subject,
                text!("{address} is the shared account's own mailbox: it sends as itself", address),
            )
            .at(&mailbox.origin);
    }
    let grants = recipient_grants(case, directory, address);
    let is_user = |who: &str| is_other_user(case, directory, who, user);
    let on_behalf = case.mailbox_records_of(directory, address).into_iter().find_map(|record| {
        let names = record.send_on_behalf.fact()?;
        names.value.iter().any(|n| directory.same(n, user)).then(|| names.origin.clone())
    });
    let only_on_behalf = on_behalf.as_ref().map(|_| text!("; it may send on behalf of it, which isn't enough"));
    let finding = match (held(directory, &grants, user, "sendas", &is_user), sent) {
        (Held::Given(origins, _), _) => check.pass(subject, text!("{user} may send as {address}", user, address)).at_all(&origins),
        (Held::Denied(origin), _) => check
            .fail(subject, text!(
                "{user}, the shared account's user, is denied SendAs on {address}: Exchange Online refuses its mail (5.2.252 SendAsDenied)",
                user,
                address,
            ))
            .at(&origin),
        (Held::Lacking(origins), _) => check
            .fail(
                subject,
                text!(
                    "{user}, the shared account's user, has no SendAs on {address}{only_on_behalf}: Exchange Online refuses its mail (5.2.252 SendAsDenied)",
                    user,
                    address,
                    only_on_behalf,
                ),
            )
            .at_all(&origins),
        (Held::Perhaps(group, origins), _) => check
            .unknown(subject, text!(
                "{user} has no SendAs on {address} of its own; “{group}” has, which may be a group that it belongs to",
                user,
                address,
                group,
            ))
            .at_all(&origins)
            .want(wants::group(&group)),
        (Held::Conflict(origins), _) => check
            .unknown(subject, text!(
                "the exports disagree whether {user} may send as {address}, and none is known to be the later one",
                user,
                address,
            ))
            .at_all(&origins)
            .want(wants::send_as(address)),
        (Held::Unreadable(origin), _) => check
            .unknown(subject, text!("the list of rights on {address} is cut, so that it doesn't show whether {user} may send as it", address, user))
            .at(&origin)
            .want(wants::send_as(address)),
        (Held::NotCollected, Some((origin, when))) => check
            .pass(subject, text!("mail from {address} went out at {when} through the shared account: {user} may send as it", address, when, user))
            .confidence(Confidence::Medium)
            .at(origin),
        (Held::NotCollected, None) => check
            .unknown(
                subject,
                text!(
                    "whether {user}, the shared account's user, may send as {address} isn't known: no export lists who may{only_on_behalf}",
                    user,
                    address,
                    only_on_behalf,
                ),
            )
            .at(&mailbox.origin)
            .want(wants::send_as(address)),
    };
    match on_behalf {
        Some(origin) => finding.at(&origin),
        None => finding,
    }
}
