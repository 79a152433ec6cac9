//! What the evidence says changed or ended in a span of time: expiry dates, policies, the audit log, aliases, restarts.

use crate::case::{Case, moment};
use crate::model::{Fact, LogEventKind, Origin, Stamp};

/// Most changes that are told.
const TOLD: usize = 12;

/// What the evidence says changed or ended in a span of time (both ends in milliseconds since 1970).
pub(super) fn changes_between(case: &Case, from: i64, to: i64) -> Vec<Fact<String>> {
    let within = |stamp: Stamp| (from..=to).contains(&moment(stamp));
    let mut changes: Vec<(i64, Fact<String>)> = Vec::new();
    let mut note = |stamp: Stamp, text: String, origin: &Origin| {
        if within(stamp) {
            changes.push((moment(stamp), Fact::new(format!("{}: {text}", stamp.rfc3339()), origin.clone())));
        }
    };
    let entra = &case.facts.entra;
    for application in &entra.applications {
        for credential in application.credentials.get().into_iter().flatten() {
            if let Some(end) = credential.end.fact() {
                let what = if credential.is_secret { "client secret" } else { "certificate" };
                note(end.value, format!("a {what} of the app registration ended"), &end.origin);
            }
        }
    }
    for policy in &entra.conditional_access {
        let name = policy.name.get().map_or("(unnamed)", String::as_str);
        for (field, did) in [(&policy.created, "made"), (&policy.modified, "changed")] {
            if let Some(time) = field.fact() {
                note(time.value, format!("Conditional Access policy \"{name}\" was {did}"), &time.origin);
            }
        }
    }
    for event in &entra.audit {
        if let (Some(time), Some(activity)) = (event.time.get(), event.activity.get()) {
            let target = event.targets.first().map(|t| format!(" ({t})")).unwrap_or_default();
            note(*time, format!("audit log: {activity}{target}"), &event.origin);
        }
    }
    for alias in &case.facts.ece.aliases {
        if let (Some(time), Some(address)) = (alias.last_modified.fact(), alias.address.get()) {
            note(time.value, format!("alias {address} was changed"), &time.origin);
        }
    }
    for event in &case.logs.events {
        let text = match &event.kind {
            LogEventKind::ProcessStart => format!("{} was started", event.process.name()),
            LogEventKind::InstanceFailed { .. } => format!("an instance of {} failed", event.process.name()),
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
