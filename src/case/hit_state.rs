//! Whether a known error text stands for something that is wrong now: attempts that failed with it decide; an error outside any
//! attempt is over once an attempt of the kind that it belongs to works later and none of that kind fails at the end.

use super::{Case, moment};
use crate::model::{Operation, OperationKind, Outcome, SignatureHit};

/// Whether an error goes on at the end of the evidence, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitState {
    /// Nothing shows that the same operation worked again.
    GoesOn,
    /// It stands outside ECE's logs and has no date: it may be long over.
    Undated {
        /// Attempts of the kind that it belongs to work at the end of the logs, and none fails.
        works: bool,
    },
    /// The same operation worked again later.
    Healed,
    /// It concerns another application, or another sign-in than mail's.
    Elsewhere,
}

impl Case {
    /// Whether `hit` stands for something that is wrong now.
    pub fn state_of(&self, hit: &SignatureHit) -> HitState {
        if hit.aside == hit.count || self.is_foreign(hit) {
            return HitState::Elsewhere;
        }
        let holds = |outcome: &Outcome| matches!(outcome, Outcome::Failed(ids) if ids.contains(&hit.id));
        let attempted: Vec<&Operation> = self
            .logs
            .operations
            .iter()
            .filter(|operation| operation.runs.iter().any(|run| holds(&run.outcome)))
            .collect();
        if !attempted.is_empty() {
            let over = |operation: &&Operation| {
                let last = operation.runs.iter().rposition(|run| holds(&run.outcome)).unwrap_or(0);
                let later = operation.runs.get(last..).unwrap_or_default();
                later.iter().any(|run| run.outcome == Outcome::Done)
            };
            return if attempted.iter().all(over) {
                HitState::Healed
            } else {
                HitState::GoesOn
            };
        }
        let kinds = kinds(&hit.id);
        let same: Vec<&Operation> = self.logs.operations.iter().filter(|operation| kinds.contains(&operation.kind)).collect();
        let none_fails = !same.iter().any(|operation| operation.ends_failing());
        let done = same.iter().filter_map(|operation| operation.last_done());
        let last_done = done.map(|run| moment(run.last)).max();
        match hit.span.last {
            None if hit.elsewhere == hit.count => HitState::Undated {
                works: none_fails && last_done.is_some(),
            },
            Some(last) if none_fails && last_done > Some(moment(last)) => HitState::Healed,
            _ => HitState::GoesOn,
        }
    }

    /// True if the text names an application that isn't ECE's.
    fn is_foreign(&self, hit: &SignatureHit) -> bool {
        let own = self.ece_app_ids();
        let named = hit.fields.get("client_id");
        named.is_some_and(|ids| !own.is_empty() && ids.iter().all(|id| !own.contains(&id.to_lowercase())))
    }
}

/// Codes of the sign-in page: they stop the first token, and no renewal meets them.
pub(super) fn is_of_the_sign_in_page(code: u32) -> bool {
    const REDIRECT: &[u32] = &[50011, 50029, 70004, 500_112, 500_113, 500_115, 500_116, 500_117, 700_009, 900_971];
    const CONSENT: &[u32] = &[65004, 90093, 90094, 90095, 900_941];
    REDIRECT.contains(&code) || CONSENT.contains(&code)
}

/// Kinds of attempts that an error outside any attempt belongs to.
fn kinds(id: &str) -> &'static [OperationKind] {
    use OperationKind::{Fetch, Send, TokenGeneration, TokenRefresh};
    if super::refusals::code_of(id).is_some_and(is_of_the_sign_in_page) {
        return &[TokenGeneration];
    }
    match id.split('.').next().unwrap_or_default() {
        "smtp" => &[Send],
        "imap" | "pop" => &[Fetch],
        "entra" | "oauth" => &[TokenGeneration, TokenRefresh],
        _ => &[Fetch, Send, TokenGeneration, TokenRefresh],
    }
}
