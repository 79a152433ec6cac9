//! "Now", as far as the evidence goes.

use super::Case;
use crate::model::{Fact, Origin, Stamp};
use std::sync::Arc;

impl Case {
    /// The moment that expiry is judged by: `--as-of`, else the newest dated evidence (log record, sign-in, audit event,
    /// transcript, certificate listing). `None` if nothing in the bundle is dated. Never the machine's clock.
    pub fn as_of(&self) -> Option<Fact<Stamp>> {
        if let Some(stamp) = self.said.as_of {
            return Some(Fact::new(stamp, Origin::whole(&Arc::from("--as-of"))));
        }
        let logs = self.logs.streams.iter().filter_map(|stream| {
            let last = stream.span.last?;
            let member = stream.members.last()?;
            Some(Fact::new(last, Origin::whole(member)))
        });
        let sign_ins = self
            .facts
            .entra
            .sign_ins
            .iter()
            .filter_map(|s| Some(Fact::new(s.time?, s.origin.clone())));
        let audit = self.facts.entra.audit.iter().filter_map(|event| event.time.fact().cloned());
        let dated = self.facts.dated.iter().cloned();
        let all: Vec<Fact<Stamp>> = logs.chain(sign_ins).chain(audit).chain(dated).collect();
        let newest =
            |facts: &mut dyn Iterator<Item = &Fact<Stamp>>| facts.max_by_key(|fact| (taken_as_utc(fact.value), fact.origin.clone())).cloned();
        let zoned = newest(&mut all.iter().filter(|fact| fact.value.offset_minutes.is_some()));
        let newest = newest(&mut all.iter())?;
        // No zone is further than 14 hours from UTC: within these a stamp that names its zone is the better witness.
        let witness = zoned
            .filter(|fact| taken_as_utc(newest.value) - taken_as_utc(fact.value) <= 14 * 3_600_000)
            .unwrap_or(newest);
        Some(Fact::new(witness.value.or_offset(Some(0)), witness.origin))
    }
}

/// Milliseconds since 1970; a stamp without zone is taken as UTC, since hours don't matter to expiry dates.
fn taken_as_utc(stamp: Stamp) -> i64 {
    stamp.instant().map_or(stamp.local_ms, |i| i.0)
}
