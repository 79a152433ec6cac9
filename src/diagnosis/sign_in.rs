//! AADSTS codes that stand in a sign-in export alone: a known text as good as one in a log, whose reason is no less the cause.

use super::clue::Clue;
use crate::case::Case;
use crate::finding::{Finding, Verdict};
use crate::model::{SignatureHit, Span};
use std::collections::BTreeSet;

/// A refusal in a sign-in export, as the text that its code stands for.
pub(super) struct Refused {
    pub text: SignatureHit,
    /// The user, or the application where the export shows no user.
    pub who: String,
}

impl Refused {
    /// Codes that failing findings list and no log holds, by user.
    pub fn of(case: &Case, findings: &[Finding]) -> Vec<Self> {
        let failing = findings.iter().filter(|f| f.verdict == Verdict::Fail);
        let listed: BTreeSet<&str> = failing.flat_map(|f| &f.explains).filter_map(|id| id.strip_prefix("signature:")).collect();
        let logged = |id: &str| case.logs.hits.iter().any(|hit| hit.id == id);
        let open = case.refusals_of_sign_ins(|_| true).into_iter().filter(|r| r.healed.is_none());
        open.map(|refusal| Self {
            text: SignatureHit {
                id: format!("entra.aadsts{}", refusal.code),
                count: refusal.count,
                elsewhere: refusal.count,
                span: Span {
                    first: refusal.first,
                    last: refusal.last,
                },
                samples: refusal.origins,
                ..SignatureHit::default()
            },
            who: refusal.who,
        })
        .filter(|refused| listed.contains(refused.text.id.as_str()) && !logged(&refused.text.id))
        .collect()
    }

    /// Narrows a clue of its text to the mailboxes of whom it concerns.
    pub fn narrow(&self, clue: &mut Clue<'_>, mailboxes: Option<BTreeSet<String>>) {
        clue.shows.mailboxes.clone_from(&mailboxes);
        clue.stops.mailboxes = mailboxes;
    }
}
