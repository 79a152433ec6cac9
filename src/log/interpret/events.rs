//! Notable events, de-noised: one that repeats without another of its kind in between is one event with a count.

use super::place::{Place, order_of};
use crate::log::Record;
use crate::model::{Claims, LogEvent, LogEventKind, Process, Stamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events that are kept of a member.
const EVENTS: usize = 4_096;

#[derive(Clone)]
struct RawEvent {
    kind: LogEventKind,
    first: Option<Stamp>,
    last: Option<Stamp>,
    count: u64,
    place: Place,
}

/// The events of a member.
#[derive(Clone, Default)]
pub(super) struct Events {
    events: Vec<RawEvent>,
    /// Series of like events → the last of them.
    latest: BTreeMap<String, usize>,
    /// Events that found no room.
    pub dropped: u64,
}

impl Events {
    /// Notes an event at `record`.
    pub fn note(&mut self, kind: LogEventKind, record: &Record<'_>) {
        let series = series_of(&kind);
        if let Some(event) = self.latest.get(&series).and_then(|&at| self.events.get_mut(at))
            && repeats(&event.kind, &kind, event.first, record.time)
        {
            event.count += 1;
            event.last = record.time.or(event.last);
            return;
        }
        if self.events.len() >= EVENTS {
            self.dropped += 1;
            return;
        }
        self.latest.insert(series, self.events.len());
        self.events.push(RawEvent {
            kind,
            first: record.time,
            last: record.time,
            count: 1,
            place: Place::of(record),
        });
    }

    /// Moves every place `lines` lines down.
    pub fn move_down(&mut self, lines: u64) {
        self.events.iter_mut().for_each(|event| event.place.move_down(lines));
    }

    /// Takes over the events of the part that follows.
    pub fn append(&mut self, later: Self) {
        self.dropped += later.dropped;
        let room = EVENTS.saturating_sub(self.events.len());
        self.dropped += later.events.len().saturating_sub(room) as u64;
        for event in later.events.into_iter().take(room) {
            self.latest.insert(series_of(&event.kind), self.events.len());
            self.events.push(event);
        }
    }

    /// The events, located in the member `path`.
    pub fn located(&self, path: &Arc<str>, host: &Option<String>, process: &Process) -> Vec<LogEvent> {
        let located = self.events.iter().map(|event| LogEvent {
            kind: event.kind.clone(),
            time: event.first,
            last: event.last,
            host: host.clone(),
            process: process.clone(),
            count: event.count,
            origin: event.place.origin(path),
        });
        located.collect()
    }
}

/// Orders events by time and joins repetitions on one host.
pub(crate) fn joined(mut events: Vec<LogEvent>) -> Vec<LogEvent> {
    events.sort_by(|a, b| {
        let key = |e: &LogEvent| e.time.map_or(i64::MIN, order_of);
        key(a).cmp(&key(b)).then_with(|| a.origin.cmp(&b.origin))
    });
    let mut joined: Vec<LogEvent> = Vec::new();
    let mut latest: BTreeMap<(Option<String>, Process, String), usize> = BTreeMap::new();
    for event in events {
        let series = (event.host.clone(), event.process.clone(), series_of(&event.kind));
        if let Some(last) = latest.get(&series).and_then(|&at| joined.get_mut(at))
            && repeats(&last.kind, &event.kind, last.time, event.time)
        {
            last.count += event.count;
            last.last = event.last.or(last.last);
            continue;
        }
        latest.insert(series, joined.len());
        joined.push(event);
    }
    joined
}

/// What an event is one of a series of: only its own series breaks a repetition.
fn series_of(kind: &LogEventKind) -> String {
    let of = |option: &Option<String>| option.clone().unwrap_or_default().to_lowercase();
    match kind {
        LogEventKind::Authorize(_) => "authorize".into(),
        LogEventKind::TokenEndpoint { .. } => "endpoint".into(),
        LogEventKind::TokenAnswer { account, address, .. } => format!("answer {} {}", of(account), of(address)),
        LogEventKind::Token { account, claims } => format!("token {} {}", of(account), of(&claims.user)),
        LogEventKind::MailLogin { host, user, .. } => format!("login {} {user}", of(host)),
        LogEventKind::AliasDisabled { address } | LogEventKind::AliasActivated { address } => format!("alias {address}"),
        LogEventKind::ConsoleHost { host } => format!("console {host}"),
        LogEventKind::ProcessStart => "start".into(),
        LogEventKind::InstanceFailed { text } => format!("failed {}", text.as_str()),
        LogEventKind::Connection { host, port, .. } => format!("connection {host} {port}"),
    }
}

/// True if the second event is the first once more. Times inside tokens differ from one to the next and don't count, unless
/// they begin to disagree with the log's clock.
fn repeats(one: &LogEventKind, two: &LogEventKind, first: Option<Stamp>, second: Option<Stamp>) -> bool {
    match (one, two) {
        (LogEventKind::ProcessStart, _) => false,
        (LogEventKind::TokenAnswer { answer: a, .. }, LogEventKind::TokenAnswer { answer: b, .. }) => {
            let timeless = |answer: &crate::model::TokenAnswer| crate::model::TokenAnswer {
                claims: answer.claims.as_ref().map(timeless),
                ..answer.clone()
            };
            let ahead = |answer: &crate::model::TokenAnswer, time| answer.claims.as_ref().is_some_and(|c| is_ahead(c, time));
            timeless(a) == timeless(b) && ahead(a, first) == ahead(b, second)
        }
        (LogEventKind::Token { claims: a, .. }, LogEventKind::Token { claims: b, .. }) => {
            timeless(a) == timeless(b) && is_ahead(a, first) == is_ahead(b, second)
        }
        (one, two) => one == two,
    }
}

fn timeless(claims: &Claims) -> Claims {
    let lifetime = claims.expires.zip(claims.issued).map(|(e, i)| e.saturating_sub(i));
    Claims {
        issued: None,
        not_before: None,
        expires: lifetime,
        ..claims.clone()
    }
}

/// True if the token counts only from a moment after `time`.
fn is_ahead(claims: &Claims, time: Option<Stamp>) -> bool {
    let instant = time.and_then(Stamp::instant);
    instant.zip(claims.not_before).is_some_and(|(i, nbf)| nbf.saturating_mul(1000) > i.0)
}
