//! What the evidence says changed or ended in a span of time: expiry dates, policies, the audit log, aliases, restarts.

use crate::case::{Case, moment};
use crate::model::{Fact, LogEventKind, Origin, Part, Stamp, Text};
use crate::text;

/// Most changes that are told.
const TOLD: usize = 12;

/// What the evidence says changed or ended in a span of time (both ends in milliseconds since 1970).
pub(super) fn changes_between(case: &Case, from: i64, to: i64) -> Vec<Fact<Text>> {
    let within = |stamp: Stamp| (from..=to).contains(&moment(stamp));
    let mut changes: Vec<(i64, Fact<Text>)> = Vec::new();
    let mut note = |stamp: Stamp, text: Text, origin: &Origin| {
        if within(stamp) {
            changes.push((
                moment(stamp),
                Fact::new(text!("{time}: {text}", time = Text::figure(stamp.rfc3339()), text), origin.clone()),
            ));
        }
    };
    let entra = &case.facts.entra;
    for application in &entra.applications {
        for credential in application.credentials.get().into_iter().flatten() {
            if let Some(end) = credential.end.fact() {
                let ended = match credential.is_secret {
                    true => text!("a client secret of the app registration ended"),
                    false => text!("a certificate of the app registration ended"),
                };
                note(end.value, ended, &end.origin);
            }
        }
    }
    for policy in &entra.conditional_access {
        let name = policy.name.get().map_or_else(|| text!("(unnamed)"), |name| name.part());
        let made = text!("Conditional Access policy \"{name}\" was made", name);
        let changed = text!("Conditional Access policy \"{name}\" was changed", name);
        for (field, text) in [(&policy.created, made), (&policy.modified, changed)] {
            if let Some(time) = field.fact() {
                note(time.value, text, &time.origin);
            }
        }
    }
    for event in &entra.audit {
        if let (Some(time), Some(activity)) = (event.time.get(), event.activity.get()) {
            let target = event.targets.first().map(|target| text!(" ({target})", target));
            note(*time, text!("audit log: {activity}{target}", activity, target), &event.origin);
        }
    }
    for alias in &case.facts.ece.aliases {
        if let (Some(time), Some(address)) = (alias.last_modified.fact(), alias.address.get()) {
            note(time.value, text!("alias {address} was changed", address), &time.origin);
        }
    }
    for event in &case.logs.events {
        let text = match &event.kind {
            LogEventKind::ProcessStart => text!("{process} was started", process = event.process.words()),
            LogEventKind::InstanceFailed { .. } => text!("an instance of {process} failed", process = event.process.words()),
            _ => continue,
        };
        if let Some(time) = event.time {
            note(time, text, &event.origin);
        }
    }
    changes.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.value.cmp(&b.1.value)));
    changes.dedup_by(|a, b| a.1.value == b.1.value);
    changes.into_iter().map(|(_, fact)| fact).take(TOLD).collect()
}
