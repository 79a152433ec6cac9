//! Events out of facts and logs.

use super::{Event, EventKind, sort};
use crate::model::{Fact, Facts, LogEvent, LogEventKind, LogFacts, Operation, Outcome, PollSeries, SignIn, SignatureHit, Stamp, duration_words};
use std::collections::BTreeMap;

/// Of something that changes between success and failure more often, the first and the last changes are events; the ones
/// between are counted.
const FIRST_SHOWN: usize = 10;
const LAST_SHOWN: usize = 30;

const ENTRA: &str = "Entra ID";
const ECE: &str = "ECE";
const SEVERAL: &str = "several servers";

/// All events, in order. A signature that the caller calls `dull` (context, no symptom) is left out.
pub fn gather(facts: &Facts, logs: &LogFacts, dull: &dyn Fn(&str) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    logs.operations.iter().for_each(|operation| of_operation(&mut events, operation));
    logs.polls.iter().for_each(|series| of_polls(&mut events, series));
    events.extend(logs.events.iter().filter_map(of_log));
    events.extend(logs.hits.iter().filter(|hit| !dull(&hit.id)).filter_map(of_hit));
    of_sign_ins(&mut events, &facts.entra.sign_ins);
    of_changes(&mut events, facts);
    sort(&mut events);
    events
}

fn lane(host: Option<&String>) -> &str {
    host.map_or("unknown server", String::as_str)
}

/// Takes over `runs`, leaving out the middle of very many. `unseen` were left out of it before.
fn folded(events: &mut Vec<Event>, runs: Vec<Event>, unseen: u64) {
    let passed_over = runs.len().saturating_sub(FIRST_SHOWN + LAST_SHOWN);
    let left_out = passed_over as u64 + unseen;
    for (n, event) in runs.into_iter().enumerate() {
        if n == FIRST_SHOWN && left_out > 0 {
            let text = format!("{left_out} more changes between success and failure ({})", event.row);
            events.push(Event {
                text,
                kind: EventKind::Failure,
                ..event.clone()
            });
        }
        if n < FIRST_SHOWN || n >= FIRST_SHOWN + passed_over {
            events.push(event);
        }
    }
}

fn of_operation(events: &mut Vec<Event>, operation: &Operation) {
    let kind = operation.kind.words();
    let of = if operation.subject.is_empty() {
        String::new()
    } else {
        format!(" ({})", operation.subject)
    };
    let runs = operation.runs.iter().map(|run| {
        let (event_kind, text, signatures) = match &run.outcome {
            Outcome::Done => (EventKind::Success, format!("{kind} works{of}"), Vec::new()),
            Outcome::Failed(ids) if ids.is_empty() => (EventKind::Failure, format!("{kind} fails{of}"), Vec::new()),
            Outcome::Failed(ids) => (EventKind::Failure, format!("{kind} fails{of}: {}", ids.join(", ")), ids.clone()),
        };
        Event {
            signatures,
            ..Event::new(run.first, lane(run.host.as_ref()), kind, event_kind, &text, &run.origin).lasting(run.last, run.count)
        }
    });
    folded(events, runs.collect(), operation.left_out);
}

fn of_polls(events: &mut Vec<Event>, series: &PollSeries) {
    let lane = lane(series.host.as_ref());
    let row = format!("polls of instance {}", series.instance);
    if let (Some(first), Some(last)) = (series.span.first, series.span.last) {
        let text = format!("retriever instance {} polls", series.instance);
        events.push(Event::new(first, lane, &row, EventKind::Polls, &text, &series.first_origin).lasting(last, series.polls));
    }
    for gap in &series.gaps {
        let why = match (gap.log_goes_on, gap.inside_one_file) {
            (true, _) => "; the log of the process goes on meanwhile",
            (false, true) => "; nothing is missing from the file",
            (false, false) => "; a rotated file may be missing",
        };
        let text = format!(
            "retriever instance {} is silent for {}{why}",
            series.instance,
            duration_words(gap.length_ms())
        );
        events.push(Event::new(gap.from, lane, &row, EventKind::Silence, &text, &gap.from_origin).lasting(gap.to, 1));
    }
}

fn of_log(event: &LogEvent) -> Option<Event> {
    let at = event.time?;
    let process = event.process.name();
    let (row, kind, text) = match &event.kind {
        LogEventKind::ProcessStart => ("marks", EventKind::Start, format!("{process} starts")),
        LogEventKind::InstanceFailed { text } => ("marks", EventKind::Stop, format!("an instance of {process} fails: {}", text.as_str())),
        LogEventKind::AliasDisabled { address } => ("marks", EventKind::Stop, format!("ECE takes the alias {address} out of service")),
        LogEventKind::AliasActivated { address } => ("marks", EventKind::Start, format!("the alias {address} is active again")),
        LogEventKind::Authorize(request) => {
            let uri = request
                .redirect_uri
                .as_ref()
                .map(|uri| format!(", redirect URI {uri}"))
                .unwrap_or_default();
            ("sign-in page", EventKind::Change, format!("the browser is sent to {}{uri}", request.host))
        }
        _ => return None,
    };
    Some(Event::new(at, lane(event.host.as_ref()), row, kind, &text, &event.origin).lasting(event.last.unwrap_or(at), event.count.max(1)))
}

fn of_hit(hit: &SignatureHit) -> Option<Event> {
    let (first, last) = (hit.span.first?, hit.span.last?);
    let mut hosts: Vec<&str> = hit.by_source.keys().map(|(host, _)| host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let lane = match hosts.as_slice() {
        [one] if !one.is_empty() => *one,
        _ => SEVERAL,
    };
    let origin = hit.samples.first()?;
    Some(Event {
        signatures: vec![hit.id.clone()],
        ..Event::new(first, lane, "errors", EventKind::Error, &hit.id, origin).lasting(last, hit.count)
    })
}

/// Consecutive sign-ins of a user with the same outcome are one event.
fn of_sign_ins(events: &mut Vec<Event>, sign_ins: &[Fact<SignIn>]) {
    let mut by_user: BTreeMap<&str, Vec<(Stamp, &Fact<SignIn>)>> = BTreeMap::new();
    for fact in sign_ins {
        if let (Some(time), Some(_)) = (fact.time, fact.error) {
            by_user
                .entry(fact.user.as_deref().unwrap_or("an application"))
                .or_default()
                .push((time, fact));
        }
    }
    for (user, mut rows) in by_user {
        rows.sort_by(|a, b| (super::order(a.0), &a.1.origin).cmp(&(super::order(b.0), &b.1.origin)));
        let mut runs: Vec<(u32, Event)> = Vec::new();
        for (time, fact) in rows {
            let error = fact.error.unwrap_or_default();
            match runs.last_mut() {
                Some((before, event)) if *before == error => {
                    event.until = Some(time);
                    event.count += 1;
                }
                _ => {
                    let app = fact.app_name.as_ref().map(|app| format!(" to {app}")).unwrap_or_default();
                    let (kind, text) = match error {
                        0 => (EventKind::Success, format!("{user} signs in{app}")),
                        error => (EventKind::Failure, format!("sign-in of {user}{app} is refused: AADSTS{error}")),
                    };
                    let mut event = Event::new(time, ENTRA, "sign-ins", kind, &text, &fact.origin);
                    if error != 0 {
                        event.signatures.push(format!("entra.aadsts{error}"));
                    }
                    runs.push((error, event));
                }
            }
        }
        folded(events, runs.into_iter().map(|(_, event)| event).collect(), 0);
    }
}

fn of_changes(events: &mut Vec<Event>, facts: &Facts) {
    let entra = &facts.entra;
    for application in &entra.applications {
        for credential in application.credentials.get().into_iter().flatten() {
            let what = if credential.is_secret { "client secret" } else { "certificate" };
            let name = credential.name.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
            if let Some(start) = credential.start {
                let text = format!("{what}{name} of the app registration begins");
                events.push(Event::new(start, ENTRA, "credentials", EventKind::Start, &text, &credential.origin));
            }
            if let Some(end) = credential.end.fact() {
                let text = format!("{what}{name} of the app registration ends");
                events.push(Event::new(end.value, ENTRA, "credentials", EventKind::Credential, &text, &end.origin));
            }
        }
    }
    for policy in &entra.conditional_access {
        let name = policy.name.get().map_or("(unnamed)", String::as_str);
        for (field, did) in [(&policy.created, "made"), (&policy.modified, "changed")] {
            if let Some(time) = field.fact() {
                let text = format!("Conditional Access policy \"{name}\" is {did}");
                events.push(Event::new(time.value, ENTRA, "changes", EventKind::Change, &text, &time.origin));
            }
        }
    }
    for event in &entra.audit {
        if let (Some(time), Some(activity)) = (event.time.get(), event.activity.get()) {
            let target = event.targets.first().map(|t| format!(" ({t})")).unwrap_or_default();
            let text = format!("audit: {activity}{target}");
            events.push(Event::new(*time, ENTRA, "changes", EventKind::Change, &text, &event.origin));
        }
    }
    for alias in &facts.ece.aliases {
        if let (Some(time), Some(address)) = (alias.last_modified.fact(), alias.address.get()) {
            let text = format!("alias {address} is changed");
            events.push(Event::new(time.value, ECE, "changes", EventKind::Change, &text, &time.origin));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OperationKind, Origin, Run};
    use std::sync::Arc;

    fn run(outcome: Outcome, minute: i64) -> Run {
        let stamp = Stamp {
            local_ms: minute * 60_000,
            offset_minutes: Some(0),
        };
        let origin = Origin::line(&Arc::from("x.log"), 1, "");
        Run {
            outcome,
            first: stamp,
            last: stamp,
            count: 1,
            origin: origin.clone(),
            last_origin: origin,
            host: None,
        }
    }

    #[test]
    fn flapping_is_folded_and_everything_is_in_order() {
        let runs = (0..100).map(|n| {
            let outcome = if n % 2 == 0 { Outcome::Done } else { Outcome::Failed(vec![]) };
            run(outcome, n)
        });
        let logs = LogFacts {
            operations: vec![Operation {
                kind: OperationKind::Fetch,
                subject: "a@contoso.com".into(),
                runs: runs.collect(),
                left_out: 0,
            }],
            ..LogFacts::default()
        };
        let events = gather(&Facts::default(), &logs, &|_| false);
        assert_eq!(events.len(), 41);
        assert!(events[10].text.starts_with("60 more changes"));
        assert!(
            events
                .windows(2)
                .all(|pair| super::super::order(pair[0].at) <= super::super::order(pair[1].at))
        );
    }
}
