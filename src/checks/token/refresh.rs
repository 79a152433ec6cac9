//! `token.refresh`: tokens are renewed to the end of the evidence.

use super::holder;
use crate::case::{Case, moment};
use crate::checks::{Check, Gap};
use crate::finding::{Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::{AccountKind, Fact, OperationKind, Origin, Outcome, Run, SignIn, SignInKind, Stamp, Text, fold_address};
use crate::signatures::{Catalogue, Role as SignatureRole};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "token.refresh",
    title: "Tokens are renewed",
    severity: Severity::Critical,
    why: "An access token lives about an hour. When its renewal is refused, fetching and sending stop within that hour, and after three \
          failed attempts ECE takes the alias out of service, where it stays until someone makes it active again.",
    evidence: "token endpoint answers in ECE's logs, non-interactive sign-ins (`refreshTokenGrant`) in the Entra sign-in log",
    remedy: &[
        "Mend what the code of the last refusal names (`ecelens explain AADSTS<number>`); a network or TLS error names no code, then the path from the services server to the sign-in host is at fault.",
        "If the refresh token itself is dead (AADSTS700082, 70008, 50173, 50089): generate a new token for the e-mail account, in a private browser window, signed in as the mailbox or the shared account's user.",
        "Make each alias of the account active again: ECE leaves an alias inactive after repeated authentication failures.",
        "Verify: the rx-process log shows a renewal that worked, and the alias stays active over two polls.",
    ],
    references: &[
        "Cisco tech note 218453, \"Token generation\" and \"Access token: 60 minutes\"",
        "Microsoft: refresh tokens in the identity platform (90 days of inactivity)",
    ],
    run,
};

/// A renewal, or a run of like ones.
struct Step {
    worked: bool,
    /// Codes or signatures of a failure.
    reasons: BTreeSet<String>,
    first: Stamp,
    last: Stamp,
    count: u64,
    origin: Origin,
    last_origin: Origin,
    /// A new token was generated: it heals, but proves no renewal.
    generated: bool,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let mut renewals = of_logs(case);
    for (who, steps) in of_sign_ins(case) {
        renewals.entry(who).or_default().extend(steps);
    }
    if renewals.is_empty() {
        return Err(nothing_seen(case));
    }
    add_generations(case, &mut renewals);
    Ok(renewals.into_iter().map(|(who, steps)| judge(case, check, &who, steps)).collect())
}

fn nothing_seen(case: &Case) -> Gap {
    let exported = !case.facts.entra.sign_in_exports.is_empty() || !case.facts.entra.sign_ins.is_empty();
    let message = match (case.logs.streams.is_empty(), exported) {
        (true, false) => text!("neither ECE logs nor a sign-in log are in the bundle: whether tokens are renewed can't be seen"),
        (false, _) => text!("the logs show no renewal of a token, neither one that worked nor one that failed"),
        (true, true) => text!("the sign-in log shows no renewal of a token by ECE"),
    };
    Gap::missing(
        message,
        vec![
            Want::new(
                Role::EceAdmin,
                text!("a retriever log of at least two hours (tokens are renewed about once an hour)"),
                text!("On the services server copy `eg_log_<server>_rx-process.log` and its rotated files from `<ECE home>\\eService\\logs`"),
            ),
            Want::new(
                Role::EntraAdmin,
                text!("non-interactive sign-ins of the mail users"),
                text!("Entra admin centre > Users > Sign-in logs > User sign-ins (non-interactive), filter by the application, Download JSON"),
            ),
        ],
    )
}

/// Renewals in ECE's logs, by account or address.
fn of_logs(case: &Case) -> BTreeMap<String, Vec<Step>> {
    let mut renewals: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for operation in case.logs.operations.iter().filter(|o| o.kind == OperationKind::TokenRefresh) {
        let steps = operation.runs.iter().map(|run| step(run, false));
        renewals.entry(operation.subject.clone()).or_default().extend(steps);
    }
    renewals
}

fn step(run: &Run, generated: bool) -> Step {
    Step {
        worked: run.outcome == Outcome::Done,
        reasons: match &run.outcome {
            Outcome::Done => BTreeSet::new(),
            Outcome::Failed(ids) => ids.iter().cloned().collect(),
        },
        first: run.first,
        last: run.last,
        count: run.count,
        origin: run.origin.clone(),
        last_origin: run.last_origin.clone(),
        generated,
    }
}

/// A token that was generated anew after the last failure of the same account, or of one that no record names.
fn add_generations(case: &Case, renewals: &mut BTreeMap<String, Vec<Step>>) {
    let alone = renewals.len() == 1;
    for operation in case.logs.operations.iter().filter(|o| o.kind == OperationKind::TokenGeneration) {
        for (who, steps) in renewals.iter_mut() {
            if *who == operation.subject || alone && (who.is_empty() || operation.subject.is_empty()) {
                let done = operation.runs.iter().filter(|run| run.outcome == Outcome::Done);
                steps.extend(done.map(|run| step(run, true)));
            }
        }
    }
}

/// Renewals in the sign-in log, by the account whose user it is, else by user.
fn of_sign_ins(case: &Case) -> BTreeMap<String, Vec<Step>> {
    let mut renewals: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for sign_in in case.ece_sign_ins() {
        let (Some(user), Some(time), Some(error)) = (&sign_in.user, sign_in.time, sign_in.error) else {
            continue;
        };
        if !is_renewal(sign_in) {
            continue;
        }
        let reasons = if error == 0 {
            BTreeSet::new()
        } else {
            BTreeSet::from([format!("entra.aadsts{error}")])
        };
        renewals.entry(account_of(case, user)).or_default().push(Step {
            worked: error == 0,
            reasons,
            first: time,
            last: time,
            count: 1,
            origin: sign_in.origin.clone(),
            last_origin: sign_in.origin.clone(),
            generated: false,
        });
    }
    renewals
}

/// A non-interactive sign-in by a refresh token. Older rows name no protocol; then the kind alone has to tell, and a code's
/// redemption, which is non-interactive too, is left out where the row says so.
fn is_renewal(sign_in: &Fact<SignIn>) -> bool {
    let says = |value: &Option<String>, what: &str| value.as_ref().is_some_and(|v| v.eq_ignore_ascii_case(what));
    if says(&sign_in.protocol, "refreshTokenGrant") || says(&sign_in.incoming_token, "refreshToken") {
        return true;
    }
    // Basic authentication by a mail protocol is no renewal of a token.
    let mail_protocol = sign_in.client_app.as_deref().is_some_and(|app| {
        let app = app.to_ascii_lowercase();
        app.starts_with("imap") || app.starts_with("pop") || app.contains("smtp")
    });
    let redeems = sign_in
        .protocol
        .as_ref()
        .is_some_and(|p| p.to_ascii_lowercase().starts_with("authorizationcode"));
    sign_in.kind == Some(SignInKind::NonInteractive) && !redeems && !mail_protocol
}

/// The name of the account whose user this is; for a mailbox account that names no user, the alias's own account.
fn account_of(case: &Case, user: &str) -> String {
    let user = fold_address(user);
    let own = case
        .facts
        .ece
        .accounts
        .iter()
        .find(|a| a.user.get().is_some_and(|u| fold_address(u) == user));
    let name = own.and_then(|a| a.name.get().cloned()).or_else(|| {
        case.aliases()
            .into_iter()
            .find(|alias| alias.address == user)
            .and_then(|alias| alias.account)
            .filter(|account| account.kind.get() != Some(&AccountKind::Shared))
            .and_then(|account| account.name.get().cloned())
    });
    name.map_or(user, |name| name.to_lowercase())
}

fn judge(case: &Case, check: &Check, who: &str, mut steps: Vec<Step>) -> Finding {
    steps.sort_by(|a, b| {
        (moment(a.last), a.worked)
            .cmp(&(moment(b.last), b.worked))
            .then_with(|| a.origin.cmp(&b.origin))
    });
    let subject = holder(case, who);
    let whose = match subject.kind {
        SubjectKind::Deployment => Text::default(),
        _ => text!(" of {name}", name = subject.name),
    };
    let start = steps.iter().rposition(|s| s.worked).map_or(0, |at| at + 1);
    let (before, tail) = steps.split_at(start);
    if let (Some(first), Some(last)) = (tail.iter().min_by_key(|s| moment(s.first)), tail.last()) {
        return refused(check, subject, &whose, before, tail, (first, last));
    }
    let renewed = |s: &&Step| s.worked && !s.generated;
    let failed = before.iter().rev().find(|s| !s.worked);
    let done = before.iter().rev().find(renewed);
    match (failed, done) {
        (Some(failed), _) => {
            let again = before.iter().find(|s| s.worked && moment(s.last) >= moment(failed.last));
            let how = match again {
                Some(again) if again.generated => text!("a new token was generated at {last}, no refusal since", last = again.last),
                Some(again) => text!(
                    "healed at {last}",
                    last = if moment(again.first) >= moment(failed.last) {
                        again.first
                    } else {
                        again.last
                    }
                ),
                None => text!("it works again"),
            };
            let count: u64 = before.iter().filter(|s| !s.worked).map(|s| s.count).sum();
            let finding = check.warn(
                subject,
                text!(
                    "renewal of the token{whose} was refused {times}, last at {last} ({reasons}); {how}",
                    whose,
                    times = Text::times(count),
                    last = failed.last,
                    reasons = reasons(std::slice::from_ref(failed)),
                    how
                ),
            );
            let finding = finding.at(&failed.last_origin);
            again.map_or(finding.clone(), |again| finding.at(&again.last_origin))
        }
        (None, Some(done)) => {
            let count: u64 = before.iter().filter(renewed).map(|s| s.count).sum();
            check
                .pass(
                    subject,
                    text!(
                        "the token{whose} was renewed {times}, last at {last}, and never refused",
                        whose,
                        times = Text::times(count),
                        last = done.last
                    ),
                )
                .at(&done.last_origin)
        }
        (None, None) => check.unknown(
            subject,
            text!("no renewal of the token{whose} is shown, only that one was generated", whose),
        ),
    }
}

fn refused(check: &Check, subject: Subject, whose: &Text, before: &[Step], tail: &[Step], (first, last): (&Step, &Step)) -> Finding {
    let count: u64 = tail.iter().map(|s| s.count).sum();
    let worked = before.iter().rev().find(|s| s.worked);
    let earlier = worked.map_or_else(
        || text!("no renewal before it is shown"),
        |s| match s.generated {
            true => text!("it was last generated at {last}", last = s.last),
            false => text!("it was last renewed at {last}", last = s.last),
        },
    );
    let message = text!(
        "renewal of the token{whose} is refused to the end of the evidence: {times}, first at {first}, last at {last}, {reasons}; {earlier}. The access token runs out within the hour, then mail stands still",
        whose,
        times = Text::times(count),
        first = first.first,
        last = last.last,
        reasons = reasons(tail),
        earlier
    );
    let mut finding = check.fail(subject, message).at(&first.origin).at(&last.last_origin);
    if let Some(worked) = worked {
        finding = finding.at(&worked.last_origin);
    }
    let ids: BTreeSet<&String> = tail.iter().flat_map(|s| &s.reasons).collect();
    ids.into_iter().fold(finding, |f, id| f.explains(format!("signature:{id}")))
}

/// `AADSTS53003`, or the signatures of a failure that names no code.
fn reasons(steps: &[Step]) -> Text {
    let ids: BTreeSet<&String> = steps.iter().flat_map(|s| &s.reasons).collect();
    let codes: Vec<String> = ids
        .iter()
        .filter_map(|id| id.strip_prefix("entra.aadsts"))
        .map(|n| format!("AADSTS{n}"))
        .collect();
    if !codes.is_empty() {
        return Text::list(codes);
    }
    if ids.is_empty() {
        return text!("an error without a code");
    }
    // A shell such as an exception's class says nothing beside what it wraps.
    let catalogue = Catalogue::builtin();
    let is_cause = |id: &&&String| catalogue.describe(id).is_none_or(|known| known.role() == SignatureRole::Cause);
    let causes: Vec<&&String> = ids.iter().filter(is_cause).collect();
    let shown = if causes.is_empty() { ids.iter().collect() } else { causes };
    Text::list(shown)
}
