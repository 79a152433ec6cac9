//! SMTP AUTH is on for the mailbox that signs in.

use super::refusals::{Refusal, loose_hits, operations, refusal, span_words, works};
use super::{mailboxes, subject, wants};
use crate::case::{Case, Directory, MailboxView, Settled, settle};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity, Subject};
use crate::model::{Field, Inbound, OperationKind, Origin, Part, Stamp, Text};
use crate::text;

pub(super) const CHECK: Check = Check {
    id: "mailbox.smtp-auth",
    title: "SMTP AUTH is on for the sending mailbox",
    severity: Severity::High,
    why: "ECE sends through smtp.office365.com with SMTP AUTH. The switch SmtpClientAuthenticationDisabled stops OAuth as well as passwords. \
          The mailbox's value counts before the organisation's; an empty one means \"as the organisation\". Organisation off and mailbox on is the recommended state.",
    evidence: "Get-CASMailbox and Get-TransportConfig (SmtpClientAuthenticationDisabled), refusals 535 5.7.139 in the dispatcher's log, security defaults",
    remedy: &[
        "Exchange administrator: Set-CASMailbox <mailbox> -SmtpClientAuthenticationDisabled $false. The organisation's setting may stay off: the mailbox's own value counts first.",
        "Wait until the change has spread (minutes, seldom an hour).",
        "Verify: Get-CASMailbox <mailbox> | Format-List SmtpClientAuthenticationDisabled shows False, and a test mail from ECE leaves without 535 5.7.139 in the dispatcher's log.",
    ],
    references: &[
        "Cisco tech note 218453, Mailbox configuration",
        "Microsoft: Enable or disable authenticated client SMTP submission (SMTP AUTH) in Exchange Online",
    ],
    run,
};

/// Replies by which Exchange Online names the switch as its reason.
const REFUSALS: &[&str] = &[
    "smtp.535_5_7_139_tenant",
    "smtp.535_5_7_139_mailbox",
    "smtp.535_5_7_139_security_defaults",
];

const SENDING: &[OperationKind] = &[OperationKind::Send];

/// What the exports say of the switch, by the truth table mailbox × organisation.
enum Switch {
    /// On; by whose value.
    On(Text, Vec<Origin>, Option<Stamp>),
    /// Off; by whose value.
    Off(Text, Vec<Origin>, Option<Stamp>),
    /// Not decided by the evidence; what is there, and what isn't.
    Open(Text, Vec<Origin>, Missing),
}

/// What would decide an open switch.
#[derive(Clone, Copy, PartialEq)]
enum Missing {
    Mailbox,
    Organisation,
    Both,
    /// The account that sends.
    Sender,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    let mailboxes = match mailboxes(case) {
        Ok(mailboxes) => mailboxes,
        Err(gap) => return from_logs_alone(case, check).ok_or(gap),
    };
    Ok(mailboxes
        .iter()
        .map(|mailbox| judge(case, check, &directory, mailbox, mailboxes.len()))
        .collect())
}

fn judge(case: &Case, check: &Check, directory: &Directory, mailbox: &MailboxView<'_>, mailboxes: usize) -> Finding {
    let subject = subject(mailbox);
    if let Some((Inbound::Graph, origin)) = &mailbox.inbound {
        return check
            .not_applicable(
                subject,
                text!(
                    "{address} is served through Microsoft Graph: SMTP AUTH isn't used",
                    address = mailbox.address
                ),
            )
            .at(origin);
    }
    let Some(signer) = mailbox.signs_in_as.as_deref() else {
        return check
            .unknown(
                subject,
                text!(
                    "it isn't known which user ECE signs in as to send for {address}, so its SMTP AUTH setting can't be judged",
                    address = mailbox.address
                ),
            )
            .at(&mailbox.origin)
            .want(wants::accounts())
            .want(wants::transport());
    };
    let who = match directory.same(signer, &mailbox.address) {
        true => mailbox.address.part(),
        false => text!(
            "{signer} (the shared account's user, who sends for {address})",
            signer,
            address = mailbox.address
        ),
    };
    let switch = match switch(case, directory, signer) {
        // Which account sends isn't known, and this one can't sign in: its switch decides nothing.
        Switch::Off(_, origins, _) if mailbox.account.is_none() && is_shared_type(case, directory, signer) => Switch::Open(
            text!(
                "it is off for {signer}, but that is a shared mailbox, which another user may send for, and no evidence shows who does",
                signer
            ),
            origins,
            Missing::Sender,
        ),
        switch => switch,
    };
    let sends = operations(case, directory, mailbox, SENDING);
    let finding = match refusal(&sends, REFUSALS) {
        Refusal::Failing { first, last, count, id } => {
            let reply = text!(
                "Exchange Online refused to send for {address}: {reply} ({span})",
                address = mailbox.address,
                reply = reply_words(&id),
                span = span_words(first, last, count)
            );
            match &switch {
                Switch::On(by, origins, Some(taken)) if last.last.certainly_before(*taken) => check
                    .warn(subject, text!(
                        "{reply}; since then SMTP AUTH is on by {by}, and no mail has been sent yet to show that it works",
                        reply,
                        by,
                    ))
                    .at(&last.last_origin)
                    .at_all(origins),
                Switch::On(by, origins, _) => check
                    .fail(
                        subject,
                        text!(
                            "{reply}; the export has it on by {by}: it was taken of another state or mailbox, or the change hasn't spread yet. Mail can't be sent",
                            reply,
                            by,
                        ),
                    )
                    .confidence(Confidence::Medium)
                    .at(&first.origin)
                    .at(&last.last_origin)
                    .at_all(origins)
                    .want(wants::cas(signer)),
                Switch::Off(by, origins, _) => check
                    .fail(subject, text!("{reply}. The exports agree: SMTP AUTH is off by {by}. Mail can't be sent", reply, by))
                    .at(&first.origin)
                    .at_all(origins),
                Switch::Open(_, origins, _) => check
                    .fail(subject, text!("{reply}: mail can't be sent", reply))
                    .at(&first.origin)
                    .at(&last.last_origin)
                    .at_all(origins),
            }
            .explains(format!("signature:{id}"))
        }
        Refusal::Healed { failed, done, id } => {
            let healed = text!(
                "{reply} until {last}; mail went out again at {time}",
                reply = reply_words(&id),
                last = failed.last,
                time = done.last
            );
            match &switch {
                Switch::Off(by, origins, taken) if !taken.is_some_and(|t| t.certainly_before(done.last)) => check
                    .fail(
                        subject,
                        text!("SMTP AUTH is off for {who} by {by}: mail can't be sent ({healed})", who, by, healed),
                    )
                    .at_all(origins)
                    .at(&failed.last_origin)
                    .at(&done.last_origin),
                Switch::Off(_, origins, _) | Switch::On(_, origins, _) | Switch::Open(_, origins, _) => check
                    .warn(
                        subject,
                        text!("sending for {address} was refused: {healed} (healed)", address = mailbox.address, healed),
                    )
                    .at(&failed.last_origin)
                    .at(&done.last_origin)
                    .at_all(origins),
            }
        }
        Refusal::None => without_refusal(case, check, subject, mailbox, signer, &who, switch, works(&sends), mailboxes),
    };
    finding.remedy_for(signer)
}

#[allow(clippy::too_many_arguments)]
fn without_refusal(
    case: &Case,
    check: &Check,
    subject: Subject,
    mailbox: &MailboxView<'_>,
    signer: &str,
    who: &Text,
    switch: Switch,
    works: Option<&crate::model::Run>,
    mailboxes: usize,
) -> Finding {
    // A refusal that names no mailbox, in a note or a bare trace: it is this mailbox's if there is only one.
    let loose = loose_hits(case, SENDING, REFUSALS, works);
    match switch {
        Switch::Off(by, origins, taken) => match works {
            Some(run) if taken.is_some_and(|t| t.certainly_before(run.last)) => check
                .warn(
                    subject,
                    text!(
                        "the export has SMTP AUTH off for {who} by {by}, but mail went out later, at {last}: it was switched on since, or mail takes another way",
                        who,
                        by,
                        last = run.last,
                    ),
                )
                .at_all(&origins)
                .at(&run.last_origin),
            _ => {
                let mut finding = check
                    .fail(subject, text!(
                        "SMTP AUTH is off for {who} by {by}: Exchange Online will refuse to send (535 5.7.139), OAuth or not",
                        who,
                        by,
                    ))
                    .at_all(&origins);
                for hit in loose {
                    finding = finding.at_all(hit.samples.first()).explains(format!("signature:{}", hit.id));
                }
                finding
            }
        },
        Switch::On(by, origins, _) => match security_defaults(case) {
            Some(origin) => check
                .warn(
                    subject,
                    text!(
                        "SMTP AUTH is on for {who} by {by}, but security defaults are on in the tenant: they are said to block SMTP AUTH; whether with OAuth as well is unconfirmed",
                        who,
                        by,
                    ),
                )
                .at_all(&origins)
                .at(&origin)
                .remedy([
                    text!(
                        "Entra administrator: replace security defaults by Conditional Access policies that leave out the mail account, if sending fails."
                    ),
                    text!("Verify: a test mail from ECE leaves without 535 5.7.139 in the dispatcher's log."),
                ]),
            None => check.pass(subject, text!("SMTP AUTH is on for {who} by {by}", who, by)).at_all(&origins).confidence(sure(mailbox)),
        },
        Switch::Open(reason, origins, missing) => match (works, loose.first()) {
            (_, Some(hit)) if mailboxes == 1 || (missing == Missing::Organisation && hit.id.ends_with("_tenant")) => check
                .fail(subject, text!("{reply}; {reason}: mail can't be sent", reply = reply_words(&hit.id), reason))
                .confidence(Confidence::Medium)
                .at_all(&hit.samples)
                .at_all(&origins)
                .explains(format!("signature:{}", hit.id)),
            (Some(run), _) => check
                .pass(subject, text!(
                    "mail for {address} went out at {last}: SMTP AUTH works for it ({reason})",
                    address = mailbox.address,
                    last = run.last,
                    reason,
                ))
                .confidence(Confidence::Medium)
                .at(&run.last_origin)
                .at_all(&origins),
            _ => {
                let finding = check.unknown(subject, text!("whether SMTP AUTH is on for {who} isn't known: {reason}", who, reason)).at_all(&origins);
                match missing {
                    Missing::Mailbox => finding.want(wants::cas(signer)),
                    Missing::Organisation => finding.want(wants::transport()),
                    Missing::Sender => finding.want(wants::accounts()),
                    Missing::Both => finding.want(wants::cas(signer)).want(wants::transport()),
                }
            }
        },
    }
}

/// The truth table (mailbox before organisation; an empty value of the mailbox means "as the organisation", an absent column
/// means that nobody asked).
fn switch(case: &Case, directory: &Directory, signer: &str) -> Switch {
    let organisation = settle(case.facts.exchange.transport.iter().filter_map(|transport| {
        let fact = transport.smtp_auth_disabled.fact()?;
        Some((fact.value, fact.origin.clone(), transport.taken))
    }));
    let records = case.cas_mailboxes_of(directory, signer);
    let own = settle(records.iter().filter_map(|cas| match &cas.smtp_auth_disabled {
        Field::Value(fact) => Some((Some(fact.value), fact.origin.clone(), cas.taken)),
        Field::Empty(origin) => Some((None, origin.clone(), cas.taken)),
        Field::Absent | Field::Unreadable(_) => None,
    }));
    let word = |disabled: bool| Text::figure(if disabled { "True" } else { "False" });
    match (own, organisation) {
        (Settled::Agreed(Some(false), origins, taken), _) => Switch::On(
            text!("the mailbox's own value (SmtpClientAuthenticationDisabled is False)"),
            origins,
            taken,
        ),
        (Settled::Agreed(Some(true), origins, taken), _) => Switch::Off(
            text!("the mailbox's own value (SmtpClientAuthenticationDisabled is True)"),
            origins,
            taken,
        ),
        (Settled::Agreed(None, own, own_taken), Settled::Agreed(disabled, organisation, taken)) => {
            let by = text!(
                "the organisation's setting (SmtpClientAuthenticationDisabled is {disabled}, the mailbox has no value of its own)",
                disabled = word(disabled)
            );
            // Both have to be known to be later than something for the pair of them to be so.
            let taken = own_taken.zip(taken).map(|(a, b)| if a.certainly_before(b) { a } else { b });
            let origins = organisation.into_iter().chain(own).collect();
            if disabled {
                Switch::Off(by, origins, taken)
            } else {
                Switch::On(by, origins, taken)
            }
        }
        (Settled::Agreed(None, origins, _), Settled::Missing) => Switch::Open(
            text!("the mailbox has no value of its own, and the organisation's setting wasn't collected"),
            origins,
            Missing::Organisation,
        ),
        (Settled::Agreed(None, own, _), Settled::Conflict(origins)) => Switch::Open(
            text!("the mailbox has no value of its own, and the exports disagree about the organisation's setting"),
            own.into_iter().chain(origins).collect(),
            Missing::Organisation,
        ),
        (Settled::Conflict(origins), _) => Switch::Open(text!("the exports disagree about the mailbox's value"), origins, Missing::Mailbox),
        (Settled::Missing, Settled::Agreed(disabled, origins, _)) => {
            let reason = match (disabled, records.is_empty()) {
                (true, true) => text!("the organisation has it off, and the mailbox's own value wasn't collected"),
                (true, false) => {
                    text!("the organisation has it off, and the export of the mailbox doesn't have the column SmtpClientAuthenticationDisabled")
                }
                (false, true) => text!("the organisation has it on, and the mailbox's own value wasn't collected"),
                (false, false) => {
                    text!("the organisation has it on, and the export of the mailbox doesn't have the column SmtpClientAuthenticationDisabled")
                }
            };
            let seen = records.iter().map(|r| r.origin.clone());
            Switch::Open(reason, origins.into_iter().chain(seen).collect(), Missing::Mailbox)
        }
        (Settled::Missing, Settled::Conflict(origins)) => Switch::Open(
            text!("the exports disagree about the organisation's setting, and the mailbox's own value wasn't collected"),
            origins,
            Missing::Both,
        ),
        (Settled::Missing, Settled::Missing) => Switch::Open(
            text!("neither the mailbox's value nor the organisation's was collected"),
            records.iter().map(|r| r.origin.clone()).collect(),
            Missing::Both,
        ),
    }
}

/// True if a recipient type shows a mailbox whose own account can't sign in.
fn is_shared_type(case: &Case, directory: &Directory, address: &str) -> bool {
    let records = case.mailbox_records_of(directory, address);
    matches!(super::kind_of(&records), Some((super::Kind::Shared | super::Kind::Resource, ..)))
}

/// Where the evidence shows security defaults on, and nothing shows them off.
fn security_defaults(case: &Case) -> Option<Origin> {
    let seen = &case.facts.entra.security_defaults;
    seen.iter().all(|fact| fact.value).then(|| seen.first().map(|fact| fact.origin.clone()))?
}

/// A mailbox whose account isn't in the evidence is taken to sign in by itself.
fn sure(mailbox: &MailboxView<'_>) -> Confidence {
    match mailbox.account {
        Some(_) => Confidence::High,
        None => Confidence::Medium,
    }
}

fn reply_words(id: &str) -> Text {
    match id {
        "smtp.535_5_7_139_mailbox" => text!("SMTP AUTH is disabled for the mailbox (535 5.7.139)"),
        "smtp.535_5_7_139_security_defaults" => text!("security defaults of the tenant block the sign-in (535 5.7.139)"),
        _ => text!("SMTP AUTH is disabled for the tenant, and the mailbox has no exception (535 5.7.139)"),
    }
}

/// Without aliases and accounts the logs may still show who was refused.
fn from_logs_alone(case: &Case, check: &Check) -> Option<Vec<Finding>> {
    let mut findings = Vec::new();
    for operation in case.logs.operations.iter().filter(|op| op.kind == OperationKind::Send) {
        let named = operation.subject.contains('@');
        let subject = if named {
            super::subject_of(&operation.subject)
        } else {
            Subject::deployment()
        };
        let signer = if named { operation.subject.as_str() } else { "<mailbox>" };
        match refusal(&[operation], REFUSALS) {
            Refusal::Failing { first, last, count, id } => findings.push(
                check
                    .fail(
                        subject,
                        text!(
                            "Exchange Online refused to send: {reply} ({span}); mail can't be sent",
                            reply = reply_words(&id),
                            span = span_words(first, last, count)
                        ),
                    )
                    .at(&first.origin)
                    .at(&last.last_origin)
                    .explains(format!("signature:{id}"))
                    .remedy_for(signer),
            ),
            Refusal::Healed { failed, done, id } => findings.push(
                check
                    .warn(
                        subject,
                        text!(
                            "sending was refused: {reply} until {last}; mail went out again at {time} (healed)",
                            reply = reply_words(&id),
                            last = failed.last,
                            time = done.last
                        ),
                    )
                    .at(&failed.last_origin)
                    .at(&done.last_origin)
                    .remedy_for(signer),
            ),
            Refusal::None => {}
        }
    }
    if findings.is_empty() {
        let hit = loose_hits(case, SENDING, REFUSALS, None).into_iter().next()?;
        let finding = check
            .fail(
                Subject::deployment(),
                text!(
                    "Exchange Online refused to send: {reply}; the evidence doesn't say for which mailbox",
                    reply = reply_words(&hit.id)
                ),
            )
            .confidence(Confidence::Medium)
            .at_all(&hit.samples)
            .explains(format!("signature:{}", hit.id));
        findings.push(finding);
    }
    Some(findings)
}

impl Finding {
    /// Puts the mailbox's address into the commands of the remedy.
    pub(super) fn remedy_for(self, address: &str) -> Self {
        self.remedy_with("<mailbox>", address)
    }

    /// Puts `name` in the place of `word` in the commands of the remedy.
    pub(super) fn remedy_with(mut self, word: &'static str, name: &str) -> Self {
        self.remedy = self.remedy.into_iter().map(|step| step.naming(word, name)).collect();
        self
    }
}
