//! `token.observed-lifetime`: access tokens live an hour.

use super::holder;
use crate::case::{Case, moment};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Want};
use crate::model::{Claims, LogEventKind, Origin, Stamp, duration_words};
use crate::text;
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "token.observed-lifetime",
    title: "Access tokens live an hour",
    severity: Severity::Medium,
    why: "ECE counts on access tokens of 60 minutes. Shorter ones run out between two renewals, and sign-ins to the mail server fail now \
          and then.",
    evidence: "`expires_in` of token answers and `exp`, `iat` of tokens, in logs and elsewhere",
    remedy: &[
        "Find the token lifetime policy that shortens them: `Get-MgPolicyTokenLifetimePolicy | Format-List *`, on the organisation or on the resource.",
        "Set AccessTokenLifetime to 01:00:00, or remove the policy or its assignment (Entra administrator).",
        "Generate the tokens of the e-mail accounts anew.",
        REACTIVATE_ALIASES,
        "Verify: the next token answer in the rx-process log names an `expires_in` of 3599 or more.",
    ],
    references: &[
        "Cisco tech note 218453, \"Access token: 60 minutes\"",
        "Microsoft: configurable token lifetimes",
    ],
    run,
};

/// Shortest life that counts as an hour, in seconds: a minute is lost between issue and answer.
const HOUR: i64 = 3540;
/// What `exp − iat` holds beyond the life: tokens are dated five minutes back (observed: 3900 for an hour).
const BACKDATED: i64 = 300;

/// A life that was seen.
struct Seen {
    seconds: i64,
    time: Option<Stamp>,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let mut by_account: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    let mut note = |account: Option<&String>, seconds: Option<i64>, time: Option<Stamp>, origin: &Origin| {
        if let Some(seconds) = seconds.filter(|s| *s > 0) {
            let account = account.map(|a| a.to_lowercase()).unwrap_or_default();
            let origin = origin.clone();
            by_account.entry(account).or_default().push(Seen { seconds, time, origin });
        }
    };
    for event in &case.logs.events {
        let time = event.last.or(event.time);
        match &event.kind {
            LogEventKind::TokenAnswer { account, address, answer } if answer.error.is_none() => {
                let seconds = answer.expires_in.and_then(|s| i64::try_from(s).ok());
                let seconds = seconds.or_else(|| answer.claims.as_ref().and_then(life));
                note(account.as_ref().or(address.as_ref()), seconds, time, &event.origin);
            }
            LogEventKind::Token { account, claims } => note(account.as_ref(), life(claims), time, &event.origin),
            _ => {}
        }
    }
    for answer in &case.facts.entra.token_answers {
        let seconds = answer.expires_in.and_then(|s| i64::try_from(s).ok());
        note(None, seconds.or_else(|| answer.claims.as_ref().and_then(life)), None, &answer.origin);
    }
    for token in &case.facts.entra.tokens {
        note(None, life(token), None, &token.origin);
    }
    if by_account.is_empty() {
        return Err(Gap::missing(
            text!("no token answer and no token is in the bundle: how long access tokens live can't be seen"),
            vec![Want::new(
                Role::EceAdmin,
                text!("a renewal of a token in the log, with the answer of the token endpoint"),
                text!(
                    "On the services server copy `eg_log_<server>_rx-process.log` of at least two hours; if it shows no `expires_in`, set the log level of the rx-process to DEBUG for two hours"
                ),
            )],
        ));
    }
    Ok(by_account.into_iter().map(|(account, seen)| judge(case, check, &account, seen)).collect())
}

/// The life of a token in seconds, by its claims.
fn life(claims: &Claims) -> Option<i64> {
    let issued = claims.issued.or(claims.not_before)?;
    Some(claims.expires?.checked_sub(issued)? - BACKDATED)
}

fn judge(case: &Case, check: &Check, account: &str, mut seen: Vec<Seen>) -> Finding {
    let subject = holder(case, account);
    seen.sort_by(|a, b| {
        let key = |s: &Seen| s.time.map_or(i64::MIN, moment);
        key(a).cmp(&key(b)).then_with(|| a.origin.cmp(&b.origin))
    });
    let short: Vec<&Seen> = seen.iter().filter(|s| s.seconds < HOUR).collect();
    let words = |s: &Seen| duration_words(s.seconds * 1000);
    let Some(shortest) = short.iter().min_by_key(|s| s.seconds) else {
        let least = seen.iter().min_by_key(|s| s.seconds);
        let message = least.map(|s| {
            text!(
                "access tokens live {words} or longer ({seconds} s)",
                words = words(s),
                seconds = s.seconds
            )
        });
        return check.pass(subject, message.unwrap_or_default()).at_all(least.map(|s| &s.origin));
    };
    // Times decide: what was short before and is an hour now has been mended.
    let last = seen.iter().rev().find(|s| s.time.is_some());
    match last {
        Some(last) if last.seconds >= HOUR && shortest.time.is_some() => check
            .warn(
                subject,
                text!(
                    "access tokens lived only {shortest} ({seconds} s), and live {last} since",
                    shortest = words(shortest),
                    seconds = shortest.seconds,
                    last = words(last),
                ),
            )
            .at(&shortest.origin)
            .at(&last.origin),
        _ => check
            .fail(
                subject,
                text!(
                    "access tokens live only {shortest} ({seconds} s); ECE counts on 60 minutes, so they run out before they are renewed: a token lifetime policy shortens them",
                    shortest = words(shortest),
                    seconds = shortest.seconds,
                ),
            )
            .at(&shortest.origin),
    }
}
