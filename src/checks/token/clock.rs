//! `token.clock`: the servers' clocks agree with Microsoft's.

use crate::case::{Case, Refusal, moment};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::{Claims, LogEvent, LogEventKind, Text, duration_words};
use crate::{counted, text};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "token.clock",
    title: "The servers' clocks are right",
    severity: Severity::High,
    why: "Tokens and assertions carry times. A server whose clock is off sends assertions that Microsoft refuses, takes dead tokens for \
          good ones, and writes logs that can't be compared.",
    evidence: "AADSTS700024, 500133, 80013 in logs and sign-ins; `nbf` of tokens against the time of the record that shows them",
    remedy: &[
        "On each ECE server run `w32tm /query /status` and `w32tm /stripchart /computer:time.windows.com /samples:3 /dataonly`.",
        "Let the servers take their time from the domain or a time server: `w32tm /resync /rediscover`, and check the hypervisor's time synchronisation.",
        "Restart the retriever and dispatcher instances after a correction of minutes.",
        REACTIVATE_ALIASES,
        "Verify: the offset stays below one second, and the next renewal of a token works.",
    ],
    references: &["Microsoft: AADSTS error codes 700024, 500133", "RFC 7519 §4.1.5 (nbf)"],
    run,
};

/// Codes that a wrong clock brings about, or is the usual reason of.
const CODES: [u32; 3] = [700_024, 500_133, 80_013];
/// `nbf` may lie this much ahead of a record's time.
const TOLERANCE_MS: i64 = 60_000;
/// A distance beyond this says nothing about a clock: the token is of another time than the record.
const RELATED_MS: i64 = 24 * 3_600_000;

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let mut findings: Vec<Finding> = refusals(case, check);
    let (mut compared, mut renewed) = (0u64, None);
    let mut ahead: BTreeMap<Option<String>, (&LogEvent, i64)> = BTreeMap::new();
    for event in &case.logs.events {
        let claims = match &event.kind {
            LogEventKind::Token { claims, .. } => Some(claims),
            LogEventKind::TokenAnswer { answer, .. } if answer.error.is_none() => {
                renewed = Some(event);
                answer.claims.as_ref()
            }
            _ => None,
        };
        let Some(distance) = claims.and_then(|c| distance(c, event)) else {
            continue;
        };
        compared += 1;
        if distance > TOLERANCE_MS {
            let worst = ahead.entry(event.host.clone()).or_insert((event, distance));
            if distance > worst.1 {
                *worst = (event, distance);
            }
        }
    }
    for (host, (event, distance)) in ahead {
        let subject = host.map_or_else(Subject::deployment, |host| Subject::new(SubjectKind::Server, host));
        let length = duration_words(distance);
        findings.push(
            check
                .fail(
                    subject,
                    text!(
                        "a token in the log counts only from a moment {length} after the record that shows it: the server's clock is at least {length} slow",
                        length,
                    ),
                )
                .at(&event.origin),
        );
    }
    if !findings.is_empty() {
        return Ok(findings);
    }
    match (compared, renewed) {
        (0, None) => Err(Gap::missing(
            text!("nothing in the bundle ties a server's clock to Microsoft's"),
            vec![Want::new(
                Role::EceAdmin,
                text!("the clock offset of each ECE server"),
                text!("On each ECE server: w32tm /stripchart /computer:time.windows.com /samples:3 /dataonly"),
            )],
        )),
        (0, Some(event)) => Ok(vec![
            check
                .pass(Subject::deployment(), text!("tokens are issued, and no refusal names a wrong clock"))
                .confidence(Confidence::Medium)
                .at(&event.origin),
        ]),
        (n, event) => Ok(vec![
            check
                .pass(
                    Subject::deployment(),
                    counted!(
                        n,
                        "the token in the logs is not dated ahead of its record, and no refusal names a wrong clock",
                        "{count} tokens in the logs are not dated ahead of their records, and no refusal names a wrong clock"
                    ),
                )
                .at_all(event.map(|e| &e.origin)),
        ]),
    }
}

/// How far a token's `nbf` lies after the record that shows it, where both can be compared.
fn distance(claims: &Claims, event: &LogEvent) -> Option<i64> {
    let at = event.time?.instant()?;
    let begins = claims.not_before?.checked_mul(1000)?;
    let distance = begins.checked_sub(at.0)?;
    (distance.abs() <= RELATED_MS).then_some(distance)
}

/// Refusals that name the clock: failing if the same attempt didn't work after them.
fn refusals(case: &Case, check: &Check) -> Vec<Finding> {
    let of_code = |code: u32| {
        let refusals = case.refusals(&[code]);
        let open: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
        let counted: &[&Refusal] = &if open.is_empty() { refusals.iter().collect() } else { open.clone() };
        let times = Text::times(counted.iter().map(|r| r.count).sum());
        let told = text!(
            "Microsoft refused times that do not fit its clock (AADSTS{code}) {times}",
            code = code.to_string(),
            times
        );
        let origins = counted.iter().flat_map(|r| &r.origins);
        let healed = counted.iter().filter_map(|r| r.healed).max_by_key(|at| moment(*at));
        if counted.is_empty() {
            return None;
        }
        Some(match healed.filter(|_| open.is_empty()) {
            Some(last) => check
                .warn(Subject::deployment(), text!("{told}; tokens were issued again at {last}", told, last))
                .at_all(origins),
            None => check
                .fail(Subject::deployment(), told)
                .at_all(origins)
                .explains(format!("signature:entra.aadsts{code}")),
        })
    };
    CODES.into_iter().filter_map(of_code).collect()
}
