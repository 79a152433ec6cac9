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
        // A stamp without zone is taken as UTC here: hours don't matter to expiry dates, and the newest one only has to be found.
        logs.chain(sign_ins)
            .chain(audit)
            .chain(dated)
            .max_by_key(|fact| (fact.value.instant().map_or(fact.value.local_ms, |i| i.0), fact.origin.clone()))
    }
}
