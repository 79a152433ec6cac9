//! An application that its tenant knew, and knows no longer: neither the client ID nor the tenant is wrong then.

use super::{Case, Refusal, SeenIn, moment};
use crate::model::{LogEventKind, OperationKind, Stamp};
use std::collections::BTreeSet;

impl Case {
    /// Open refusals with AADSTS700016 that came after tokens of the same client ID and tenant, and when the last of those was
    /// issued. None where nothing shows that it ever worked, or where the evidence names several client IDs or tenants.
    pub fn vanished(&self) -> Option<(Vec<Refusal>, Stamp)> {
        let refusals: Vec<Refusal> = self.refusals(&[700_016]).into_iter().filter(|r| r.healed.is_none()).collect();
        let first = refusals.iter().filter_map(|r| r.first).map(moment).min()?;
        let worked = self.token_issued_before(first)?;
        (self.ids_asked_with().len() <= 1 && self.tenants_asked().len() <= 1).then_some((refusals, worked))
    }

    fn token_issued_before(&self, moment_of_refusal: i64) -> Option<Stamp> {
        let of_tokens = |kind| matches!(kind, OperationKind::TokenRefresh | OperationKind::TokenGeneration);
        let operations = self.logs.operations.iter().filter(|o| of_tokens(o.kind));
        let logged = operations.flat_map(|o| &o.runs).filter(|run| run.outcome == crate::model::Outcome::Done);
        let logged = logged.map(|run| if moment(run.last) < moment_of_refusal { run.last } else { run.first });
        let signed_in = self.ece_sign_ins().into_iter().filter(|s| s.error == Some(0)).filter_map(|s| s.time);
        logged
            .chain(signed_in)
            .filter(|at| moment(*at) < moment_of_refusal)
            .max_by_key(|at| moment(*at))
    }

    /// Client IDs that ECE's own evidence and the refusals name.
    fn ids_asked_with(&self) -> BTreeSet<String> {
        let own = self
            .client_ids()
            .into_iter()
            .filter(|seen| seen.seen_in != SeenIn::SignIn)
            .map(|seen| seen.value);
        let refused = self.logs.hits.iter().filter(|hit| hit.id == "entra.aadsts700016");
        let refused = refused.filter_map(|hit| hit.fields.get("client_id")).flatten();
        own.chain(refused.map(|id| id.to_ascii_lowercase())).collect()
    }

    fn tenants_asked(&self) -> BTreeSet<&str> {
        let asked = self.logs.events.iter().filter_map(|event| match &event.kind {
            LogEventKind::Authorize(request) => Some(request.tenant.as_str()),
            LogEventKind::TokenEndpoint { tenant, .. } => Some(tenant.as_str()),
            _ => None,
        });
        asked.filter(|tenant| !tenant.is_empty()).collect()
    }
}
