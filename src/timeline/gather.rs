//! Events out of facts and logs.

use super::{Event, EventKind, sort};
use crate::model::{
    Fact, Facts, Language, LogEvent, LogEventKind, LogFacts, Operation, Origin, Outcome, Part, PollSeries, SignIn, SignatureHit, Stamp, Text,
    duration_words,
};
use crate::text;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Of something that changes between success and failure more often, the first and the last changes are events; the ones
/// between are counted.
const FIRST_SHOWN: usize = 10;
const LAST_SHOWN: usize = 30;

/// All events, in order, told in `language`. A signature that the caller calls `dull` (context, no symptom) is left out.
pub fn gather(facts: &Facts, logs: &LogFacts, dull: &dyn Fn(&str) -> bool, language: Language) -> Vec<Event> {
    let told = |tell: &dyn Fn(&mut Teller)| {
        let mut teller = Teller {
            language,
            events: Vec::new(),
        };
        tell(&mut teller);
        teller.events
    };
    let operations = logs
        .operations
        .par_iter()
        .flat_map_iter(|operation| told(&|teller| teller.operation(operation)));
    let polls = logs.polls.par_iter().flat_map_iter(|series| told(&|teller| teller.polls(series)));
    let mut teller = Teller {
        language,
        events: operations.chain(polls).collect(),
    };
    logs.events.iter().for_each(|event| teller.log(event));
    logs.hits.iter().filter(|hit| !dull(&hit.id)).for_each(|hit| teller.hit(hit));
    teller.sign_ins(&facts.entra.sign_ins);
    teller.changes(facts);
    let mut events = teller.events;
    sort(&mut events);
    events
}

fn lane(host: Option<&String>) -> Text {
    host.map_or_else(|| text!("unknown server"), |host| host.part())
}

fn entra() -> Text {
    Text::figure("Entra ID")
}

/// Tells events in a language.
struct Teller {
    language: Language,
    events: Vec<Event>,
}

impl Teller {
    fn event(&self, at: Stamp, place: (&Text, &Text), kind: EventKind, text: &Text, origin: &Origin) -> Event {
        Event::new(self.language, at, place, kind, text, origin)
    }

    /// Takes over `runs`, leaving out the middle of very many. `unseen` were left out of it before.
    fn folded(&mut self, runs: Vec<Event>, unseen: u64) {
        let passed_over = runs.len().saturating_sub(FIRST_SHOWN + LAST_SHOWN);
        let left_out = passed_over as u64 + unseen;
        for (n, event) in runs.into_iter().enumerate() {
            if n == FIRST_SHOWN && left_out > 0 {
                // The row is told already.
                let row = Text::figure(&event.row);
                let text = text!("{left_out} more changes between success and failure ({row})", left_out, row);
                self.events.push(Event {
                    text: text.render(self.language),
                    kind: EventKind::Failure,
                    ..event.clone()
                });
            }
            if n < FIRST_SHOWN || n >= FIRST_SHOWN + passed_over {
                self.events.push(event);
            }
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let kind = operation.kind.words();
        let of = (!operation.subject.is_empty()).then(|| text!(" ({subject})", subject = operation.subject));
        let runs = operation.runs.iter().map(|run| {
            let (event_kind, text, signatures) = match &run.outcome {
                Outcome::Done => (EventKind::Success, text!("{kind} works{of}", kind, of), Vec::new()),
                Outcome::Failed(ids) if ids.is_empty() => (EventKind::Failure, text!("{kind} fails{of}", kind, of), Vec::new()),
                Outcome::Failed(ids) => (
                    EventKind::Failure,
                    text!("{kind} fails{of}: {ids}", kind, of, ids = ids.join(", ")),
                    ids.clone(),
                ),
            };
            Event {
                signatures,
                ..self
                    .event(run.first, (&lane(run.host.as_ref()), &kind), event_kind, &text, &run.origin)
                    .lasting(run.last, run.count)
            }
        });
        let runs = runs.collect();
        self.folded(runs, operation.left_out);
    }

    fn polls(&mut self, series: &PollSeries) {
        let lane = lane(series.host.as_ref());
        let row = text!("polls of instance {instance}", instance = series.instance);
        if let (Some(first), Some(last)) = (series.span.first, series.span.last) {
            let text = text!("retriever instance {instance} polls", instance = series.instance);
            self.events.push(
                self.event(first, (&lane, &row), EventKind::Polls, &text, &series.first_origin)
                    .lasting(last, series.polls),
            );
        }
        for gap in &series.gaps {
            let why = match (gap.log_goes_on, gap.inside_one_file) {
                (true, _) => text!("; the log of the process goes on meanwhile"),
                (false, true) => text!("; nothing is missing from the file"),
                (false, false) => text!("; a rotated file may be missing"),
            };
            let text = text!(
                "retriever instance {instance} is silent for {duration}{why}",
                instance = series.instance,
                duration = duration_words(gap.length_ms()),
                why
            );
            self.events.push(
                self.event(gap.from, (&lane, &row), EventKind::Silence, &text, &gap.from_origin)
                    .lasting(gap.to, 1),
            );
        }
    }

    fn log(&mut self, event: &LogEvent) {
        let Some(at) = event.time else { return };
        let process = event.process.words();
        let marks = || text!("marks");
        let (row, kind, text) = match &event.kind {
            LogEventKind::ProcessStart => (marks(), EventKind::Start, text!("{process} starts", process)),
            LogEventKind::InstanceFailed { text } => (marks(), EventKind::Stop, text!("an instance of {process} fails: {text}", process, text)),
            LogEventKind::AliasDisabled { address } => (marks(), EventKind::Stop, text!("ECE takes the alias {address} out of service", address)),
            LogEventKind::AliasActivated { address } => (marks(), EventKind::Start, text!("the alias {address} is active again", address)),
            LogEventKind::Authorize(request) => {
                let uri = request.redirect_uri.as_ref().map(|uri| text!(", redirect URI {uri}", uri));
                let text = text!("the browser is sent to {host}{uri}", host = request.host, uri);
                (text!("sign-in page"), EventKind::Change, text)
            }
            _ => return,
        };
        let told = self.event(at, (&lane(event.host.as_ref()), &row), kind, &text, &event.origin);
        self.events.push(told.lasting(event.last.unwrap_or(at), event.count.max(1)));
    }

    fn hit(&mut self, hit: &SignatureHit) {
        let (Some(first), Some(last), Some(origin)) = (hit.span.first, hit.span.last, hit.samples.first()) else {
            return;
        };
        let mut hosts: Vec<&str> = hit.by_source.keys().map(|(host, _)| host.as_str()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let lane = match hosts.as_slice() {
            [one] if !one.is_empty() => one.part(),
            _ => text!("several servers"),
        };
        let told = self.event(first, (&lane, &text!("errors")), EventKind::Error, &Text::figure(&hit.id), origin);
        self.events.push(Event {
            signatures: vec![hit.id.clone()],
            ..told.lasting(last, hit.count)
        });
    }

    /// Consecutive sign-ins of a user with the same outcome are one event.
    fn sign_ins(&mut self, sign_ins: &[Fact<SignIn>]) {
        let mut by_user: BTreeMap<Option<&str>, Vec<(Stamp, &Fact<SignIn>)>> = BTreeMap::new();
        for fact in sign_ins {
            if let (Some(time), Some(_)) = (fact.time, fact.error) {
                by_user.entry(fact.user.as_deref()).or_default().push((time, fact));
            }
        }
        for (user, mut rows) in by_user {
            let user = user.map_or_else(|| text!("an application"), |user| user.part());
            rows.sort_by(|a, b| (a.0.placed(), &a.1.origin).cmp(&(b.0.placed(), &b.1.origin)));
            let mut runs: Vec<(u32, Event)> = Vec::new();
            for (time, fact) in rows {
                let error = fact.error.unwrap_or_default();
                match runs.last_mut() {
                    Some((before, event)) if *before == error => {
                        event.until = Some(time);
                        event.count += 1;
                    }
                    _ => {
                        let app = fact.app_name.as_ref().map(|app| text!(" to {app}", app));
                        let (kind, text) = match error {
                            0 => (EventKind::Success, text!("{user} signs in{app}", user, app)),
                            error => (
                                EventKind::Failure,
                                text!("sign-in of {user}{app} is refused: AADSTS{error}", user, app, error),
                            ),
                        };
                        let mut event = self.event(time, (&entra(), &text!("sign-ins")), kind, &text, &fact.origin);
                        if error != 0 {
                            event.signatures.push(format!("entra.aadsts{error}"));
                        }
                        runs.push((error, event));
                    }
                }
            }
            self.folded(runs.into_iter().map(|(_, event)| event).collect(), 0);
        }
    }

    fn changes(&mut self, facts: &Facts) {
        let (credentials, changes) = (text!("credentials"), text!("changes"));
        for application in &facts.entra.applications {
            for credential in application.credentials.get().into_iter().flatten() {
                let what = if credential.is_secret {
                    text!("client secret")
                } else {
                    text!("certificate")
                };
                let name = credential.name.as_ref().map(|name| text!(" \"{name}\"", name));
                if let Some(start) = credential.start {
                    let text = text!("{what}{name} of the app registration begins", what, name);
                    self.events
                        .push(self.event(start, (&entra(), &credentials), EventKind::Start, &text, &credential.origin));
                }
                if let Some(end) = credential.end.fact() {
                    let text = text!("{what}{name} of the app registration ends", what, name);
                    self.events
                        .push(self.event(end.value, (&entra(), &credentials), EventKind::Credential, &text, &end.origin));
                }
            }
        }
        for policy in &facts.entra.conditional_access {
            let name = policy.name.get().map_or_else(|| text!("(unnamed)"), |name| name.part());
            let made = text!("Conditional Access policy \"{name}\" is made", name);
            let changed = text!("Conditional Access policy \"{name}\" is changed", name);
            for (field, text) in [(&policy.created, made), (&policy.modified, changed)] {
                if let Some(time) = field.fact() {
                    self.events
                        .push(self.event(time.value, (&entra(), &changes), EventKind::Change, &text, &time.origin));
                }
            }
        }
        for event in &facts.entra.audit {
            if let (Some(time), Some(activity)) = (event.time.get(), event.activity.get()) {
                let target = event.targets.first().map(|target| text!(" ({target})", target));
                let text = text!("audit: {activity}{target}", activity, target);
                self.events
                    .push(self.event(*time, (&entra(), &changes), EventKind::Change, &text, &event.origin));
            }
        }
        for alias in &facts.ece.aliases {
            if let (Some(time), Some(address)) = (alias.last_modified.fact(), alias.address.get()) {
                let text = text!("alias {address} is changed", address);
                self.events
                    .push(self.event(time.value, (&Text::figure("ECE"), &changes), EventKind::Change, &text, &time.origin));
            }
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
        let events = gather(&Facts::default(), &logs, &|_| false, Language::English);
        assert_eq!(events.len(), 41);
        assert!(events[10].text.starts_with("60 more changes"));
        assert!(events.windows(2).all(|pair| pair[0].at.placed() <= pair[1].at.placed()));
    }
}
