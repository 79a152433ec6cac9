//! The account that ECE signs in as may sign in.

use super::refusals::{Refusal, loose_hits, refusal, span_words, works};
use super::{Kind, is_shared, kind_of, mailboxes, signs_in_itself, subject, subject_of, wants};
use crate::case::{Case, Directory, MailboxView, Settled, settle};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity, Subject};
use crate::model::{Fact, OperationKind, Origin, SignIn, Stamp, Text};
use crate::text;

pub(super) const CHECK: Check = Check {
    id: "mailbox.account",
    title: "The account that ECE signs in as may sign in",
    severity: Severity::High,
    why: "Every token belongs to a directory account. If its sign-in is blocked, its password has expired or was changed in between, or it is locked or deleted, \
          Microsoft refuses to renew the token, and mail stops within the hour. The account of a shared mailbox is blocked by design; that is right where a shared account opens it.",
    evidence: "user exports (accountEnabled, BlockCredential, Block credential), AccountDisabled of Get-Mailbox, AADSTS50057, 50055, 50053, 50056, 50126, 50144 in logs and sign-ins",
    remedy: &[
        "Entra administrator: mend the account <mailbox>: unblock its sign-in, set a new password that doesn't expire, or restore it.",
        "ECE administrator: generate the account's token anew, in a private browser window, signed in as that account.",
        "Re-activate the aliases in ECE: repeated refusals make them inactive.",
        "Verify: the next renewal in the services server's log succeeds, and the sign-in log of Entra ID shows it without an error.",
    ],
    references: &[
        "Cisco tech note 218453, Token generation",
        "Microsoft: Entra authentication and authorization error codes",
    ],
    run,
};

const TOKENS: &[OperationKind] = &[
    OperationKind::TokenRefresh,
    OperationKind::TokenGeneration,
    OperationKind::Fetch,
    OperationKind::Send,
];

/// Codes whose reason is the account itself.
const CODES: &[(u32, &str)] = &[
    (50057, "entra.aadsts50057"),
    (50055, "entra.aadsts50055"),
    (50144, "entra.aadsts50144"),
    (50053, "entra.aadsts50053"),
    (50056, "entra.aadsts50056"),
    (50126, "entra.aadsts50126"),
];

fn signatures() -> Vec<&'static str> {
    CODES.iter().map(|(_, id)| *id).collect()
}

fn words_of(id: &str) -> Text {
    match id {
        "entra.aadsts50057" => text!("the account is disabled (AADSTS50057)"),
        "entra.aadsts50055" => text!("its password has expired (AADSTS50055)"),
        "entra.aadsts50144" => text!("its Active Directory password has expired (AADSTS50144)"),
        "entra.aadsts50053" => text!("the account is locked (AADSTS50053)"),
        "entra.aadsts50056" => text!("it has no valid password in the directory (AADSTS50056)"),
        "entra.aadsts50126" => text!("user name or password is wrong (AADSTS50126)"),
        _ => text!("the account is refused"),
    }
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    let mailboxes = match mailboxes(case) {
        Ok(mailboxes) => mailboxes,
        Err(gap) => return from_logs_alone(case, check).ok_or(gap),
    };
    let mut findings = Vec::new();
    // One finding per account that signs in, and one per mailbox that is opened by another's account.
    let mut judged: Vec<String> = Vec::new();
    for mailbox in &mailboxes {
        let Some(signer) = mailbox.signs_in_as.clone() else {
            let message = text!(
                "it isn't known which account ECE signs in as for {address}, so its state can't be judged",
                address = mailbox.address
            );
            findings.push(check.unknown(subject(mailbox), message).at(&mailbox.origin).want(wants::accounts()));
            continue;
        };
        let served: Vec<&MailboxView<'_>> = mailboxes
            .iter()
            .filter(|m| m.signs_in_as.as_deref().is_some_and(|s| directory.same(s, &signer)))
            .collect();
        let own = directory.same(&signer, &mailbox.address);
        if !judged.iter().any(|known| directory.same(known, &signer)) {
            judged.push(signer.clone());
            let about = match own {
                true => subject(mailbox),
                false => subject_of(&signer),
            };
            let finding = judge(case, check, &directory, about, &signer, &served, mailboxes.len());
            let all_stand_still = finding.verdict == crate::finding::Verdict::Fail && served.len() == mailboxes.len();
            findings.push(match all_stand_still {
                true => finding.severity(Severity::Critical),
                false => finding,
            });
        }
        if !own {
            let message = text!(
                "ECE opens {address} with the account of {signer}: whether its own account may sign in doesn't matter",
                address = mailbox.address,
                signer
            );
            findings.push(check.not_applicable(subject(mailbox), message).at(&mailbox.origin));
        }
    }
    Ok(findings)
}

/// What the exports say of an account.
enum State {
    Fine(Vec<Origin>, Option<Stamp>),
    Bad(Text, Vec<Origin>, Option<Stamp>),
    Conflict(Vec<Origin>),
    /// Bad if ECE signs in with it, which nothing shows.
    Open(Text, Vec<Origin>),
    Unknown,
}

fn judge(case: &Case, check: &Check, directory: &Directory, subject: Subject, signer: &str, served: &[&MailboxView<'_>], all: usize) -> Finding {
    let records = case.mailbox_records_of(directory, signer);
    let mut operations: Vec<&crate::model::Operation> = Vec::new();
    for mailbox in served {
        for operation in super::refusals::operations(case, directory, mailbox, TOKENS) {
            if !operations.iter().any(|known| std::ptr::eq(*known, operation)) {
                operations.push(operation);
            }
        }
    }
    let ids = signatures();
    let log = refusal(&operations, &ids);
    let shared_type = matches!(kind_of(&records), Some((Kind::Shared | Kind::Resource, ..)));
    let refused = matches!(log, Refusal::Failing { .. }) || refused_sign_ins(case, directory, signer).is_some_and(|r| r.healed.is_none());
    if shared_type && !refused && served.iter().all(|m| !is_shared(directory, m)) {
        let origin = kind_of(&records).and_then(|(_, record, _)| record.kind.origin().cloned());
        return check
            .not_applicable(
                subject,
                text!(
                    "{signer} is a shared mailbox, whose account is blocked by design: what matters is who opens it (see mailbox.exists)",
                    signer
                ),
            )
            .at_all(&origin);
    }
    let kind = kind_of(&records).map(|(kind, ..)| kind);
    let state = match exported_state(case, directory, signer, &records) {
        // Blocked by design, if it is a shared mailbox that another user opens: nothing excludes that here.
        State::Bad(words, origins, _) if !served.iter().any(|m| m.account.is_some() || signs_in_itself(case, directory, m, kind)) => {
            State::Open(words, origins)
        }
        state => state,
    };
    let renewals: Vec<_> = operations
        .iter()
        .copied()
        .filter(|op| matches!(op.kind, OperationKind::TokenRefresh | OperationKind::TokenGeneration))
        .collect();
    let finding = match log {
        Refusal::Failing { first, last, count, id } => {
            let message = text!(
                "Microsoft refuses the sign-in of {signer}: {reason} ({span})",
                signer,
                reason = words_of(&id),
                span = span_words(first, last, count)
            );
            match &state {
                State::Fine(origins, Some(taken)) if last.last.certainly_before(*taken) => check
                    .warn(
                        subject,
                        text!(
                            "{message}; an export of later shows the account in order, and no renewal has succeeded yet",
                            message
                        ),
                    )
                    .at(&last.last_origin)
                    .at_all(origins),
                State::Fine(origins, _) | State::Bad(_, origins, _) | State::Conflict(origins) | State::Open(_, origins) => {
                    check.fail(subject, message).at(&first.origin).at(&last.last_origin).at_all(origins)
                }
                State::Unknown => check
                    .fail(subject, message)
                    .at(&first.origin)
                    .at(&last.last_origin)
                    .want(wants::user(signer)),
            }
            .explains(format!("signature:{id}"))
        }
        other => {
            let sign_ins = refused_sign_ins(case, directory, signer);
            match (state, sign_ins, other) {
                (State::Bad(words, origins, taken), _, _) => match works(&renewals) {
                    Some(run) if taken.is_some_and(|t| t.certainly_before(run.last)) => check
                        .warn(
                            subject,
                            text!(
                                "an export shows of {signer} that {words}, but its token was renewed later, at {last}: it was mended since",
                                signer,
                                words,
                                last = run.last,
                            ),
                        )
                        .at_all(&origins)
                        .at(&run.last_origin),
                    _ => check
                        .fail(
                            subject,
                            text!("{words} for {signer}: Microsoft refuses to renew its token, and mail stops", words, signer),
                        )
                        .at_all(&origins),
                },
                (
                    _,
                    Some(Refused {
                        code,
                        origin,
                        healed: None,
                        count,
                    }),
                    _,
                ) => {
                    let words = words_of(&format!("entra.aadsts{code}"));
                    check
                        .fail(
                            subject,
                            text!(
                                "Microsoft refuses the sign-in of {signer}: {words}, {times} in the sign-in log and no success after it",
                                signer,
                                words,
                                times = Text::times(count),
                            ),
                        )
                        .at(&origin)
                        .explains(format!("signature:entra.aadsts{code}"))
                }
                (State::Open(words, origins), None, Refusal::None) => check
                    .unknown(
                        subject,
                        text!(
                            "{words} for {signer}: right for a shared mailbox that another user opens, wrong if ECE signs in as {signer}; the evidence shows neither",
                            words,
                            signer,
                        ),
                    )
                    .at_all(&origins)
                    .want(wants::accounts())
                    .want(wants::mailbox(signer)),
                (State::Conflict(origins), _, _) => check
                    .unknown(
                        subject,
                        text!("the exports disagree about the state of {signer}, and none is known to be the later one", signer),
                    )
                    .at_all(&origins)
                    .want(wants::user(signer)),
                (
                    _,
                    Some(Refused {
                        code,
                        origin,
                        healed: Some(done),
                        ..
                    }),
                    _,
                ) => {
                    let words = words_of(&format!("entra.aadsts{code}"));
                    check
                        .warn(
                            subject,
                            text!("the sign-in of {signer} was refused for a time ({words}) and worked again afterwards (healed)", signer, words),
                        )
                        .at(&origin)
                        .at(&done)
                }
                (_, None, Refusal::Healed { failed, done, id }) => check
                    .warn(
                        subject,
                        text!(
                            "the sign-in of {signer} was refused until {last}: {reason}; it worked again at {time} (healed)",
                            signer,
                            last = failed.last,
                            reason = words_of(&id),
                            time = done.last,
                        ),
                    )
                    .at(&failed.last_origin)
                    .at(&done.last_origin),
                (state, None, _) => {
                    let loose = loose_hits(case, TOKENS, &ids, works(&renewals));
                    match (state, loose.first(), works(&renewals)) {
                        (State::Unknown, Some(hit), None) if served.len() == all => check
                            .fail(
                                subject,
                                text!(
                                    "Microsoft refuses a sign-in of this deployment, whose only account is {signer}: {words}",
                                    signer,
                                    words = words_of(&hit.id),
                                ),
                            )
                            .confidence(Confidence::Medium)
                            .at_all(&hit.samples)
                            .explains(format!("signature:{}", hit.id))
                            .want(wants::user(signer)),
                        (State::Fine(origins, _), ..) => check.pass(subject, text!("{signer} may sign in", signer)).at_all(&origins),
                        (_, _, Some(run)) => check
                            .pass(subject, text!("{signer} may sign in: its token was renewed at {last}", signer, last = run.last))
                            .confidence(Confidence::Medium)
                            .at(&run.last_origin),
                        _ => check
                            .unknown(subject, text!("whether {signer} may sign in isn't known: no export shows its account", signer))
                            .want(wants::user(signer)),
                    }
                }
            }
        }
    };
    finding.remedy_for(signer)
}

fn exported_state(case: &Case, directory: &Directory, signer: &str, records: &[&Fact<crate::model::Mailbox>]) -> State {
    let users = case.users_called(directory, signer);
    for user in &users {
        for field in [&user.deleted, &user.password_state] {
            if let Some(fact) = field.fact() {
                let words = match std::ptr::eq(field, &user.deleted) {
                    true => text!("the account is {state}", state = fact.value),
                    false => fact.value.clone(),
                };
                return State::Bad(words, vec![fact.origin.clone()], user.taken);
            }
        }
    }
    let by_user = users.iter().filter_map(|user| {
        let fact = user.enabled.fact()?;
        Some((fact.value, fact.origin.clone(), user.taken))
    });
    let by_mailbox = records.iter().filter_map(|record| {
        let fact = record.account_disabled.fact()?;
        Some((!fact.value, fact.origin.clone(), record.taken))
    });
    match settle(by_user.chain(by_mailbox)) {
        Settled::Missing => State::Unknown,
        Settled::Agreed(true, origins, taken) => State::Fine(origins, taken),
        Settled::Agreed(false, origins, taken) => State::Bad(text!("sign-in is blocked"), origins, taken),
        Settled::Conflict(origins) => State::Conflict(origins),
    }
}

/// Sign-ins of an account that were refused for a reason of the account itself.
struct Refused {
    code: u32,
    origin: Origin,
    /// Where a later success stands.
    healed: Option<Origin>,
    count: u64,
}

fn refused_sign_ins(case: &Case, directory: &Directory, signer: &str) -> Option<Refused> {
    let ids: Vec<String> = case.client_ids().into_iter().map(|seen| seen.value).collect();
    let of_ece = |sign_in: &SignIn| match &sign_in.app_id {
        Some(app) => ids.is_empty() || ids.contains(app),
        None => true,
    };
    let own: Vec<&Fact<SignIn>> = case
        .facts
        .entra
        .sign_ins
        .iter()
        .filter(|s| {
            let named = [s.user.as_deref(), s.user_id.as_deref()];
            named.into_iter().flatten().any(|name| directory.same(name, signer)) && of_ece(s)
        })
        .collect();
    let time = |s: &Fact<SignIn>| s.time.map(|t| t.instant().map_or(t.local_ms, |i| i.0));
    let refused: Vec<&&Fact<SignIn>> = own
        .iter()
        .filter(|s| s.error.is_some_and(|e| CODES.iter().any(|(code, _)| *code == e)))
        .collect();
    let last = refused.iter().max_by_key(|s| (time(s), s.origin.clone()))?;
    let healed = own
        .iter()
        .filter(|s| s.error == Some(0) && time(s).zip(time(last)).is_some_and(|(done, failed)| done > failed))
        .max_by_key(|s| (time(s), s.origin.clone()));
    Some(Refused {
        code: last.error?,
        origin: last.origin.clone(),
        healed: healed.map(|s| s.origin.clone()),
        count: refused.len() as u64,
    })
}

/// Without aliases and accounts the logs may still show whose sign-in is refused.
fn from_logs_alone(case: &Case, check: &Check) -> Option<Vec<Finding>> {
    let ids = signatures();
    let mut findings = Vec::new();
    for operation in case.logs.operations.iter().filter(|op| TOKENS.contains(&op.kind)) {
        let subject = if operation.subject.contains('@') {
            subject_of(&operation.subject)
        } else {
            Subject::deployment()
        };
        let finding = match refusal(&[operation], &ids) {
            Refusal::Failing { first, last, count, id } => check
                .fail(
                    subject,
                    text!(
                        "Microsoft refused the sign-in {span}: {reason}",
                        span = span_words(first, last, count),
                        reason = words_of(&id)
                    ),
                )
                .at(&first.origin)
                .at(&last.last_origin)
                .explains(format!("signature:{id}")),
            Refusal::Healed { failed, done, id } => check
                .warn(
                    subject,
                    text!(
                        "the sign-in was refused until {last}: {reason}; it worked again at {time} (healed)",
                        last = failed.last,
                        reason = words_of(&id),
                        time = done.last
                    ),
                )
                .at(&failed.last_origin)
                .at(&done.last_origin),
            Refusal::None => continue,
        };
        if !findings.iter().any(|known: &Finding| known.subject == finding.subject) {
            findings.push(finding.remedy_for(&operation.subject));
        }
    }
    if findings.is_empty() {
        let hit = loose_hits(case, TOKENS, &ids, None).into_iter().next()?;
        let finding = check
            .fail(
                Subject::deployment(),
                text!(
                    "Microsoft refuses a sign-in: {words}; the evidence doesn't say whose",
                    words = words_of(&hit.id)
                ),
            )
            .confidence(Confidence::Medium)
            .at_all(&hit.samples)
            .explains(format!("signature:{}", hit.id));
        findings.push(finding.remedy_for("of ECE"));
    }
    Some(findings)
}
