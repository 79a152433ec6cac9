//! Which authority ECE asks for tokens: host and tenant, and what it asked last.

use super::{Case, moment};
use crate::model::{LogEventKind, Origin, SettingKey, Stamp};
use url::Url;

/// A use of an authority.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Host of the sign-in service, lower case; empty where only the tenant is named.
    pub host: String,
    /// Tenant segment, lower case: a GUID, a domain, `common`, `organizations`, `consumers`.
    pub tenant: String,
    /// When it was last used, for logs.
    pub last: Option<Stamp>,
    /// True if ECE's settings say so (else a log or a recording shows it).
    pub configured: bool,
    /// Where.
    pub origin: Origin,
}

impl Case {
    /// The authorities that ECE uses: those of settings, and of logs the one that was used last (an earlier one was put right).
    /// One entry per host, tenant and kind of evidence.
    pub fn authorities(&self) -> Vec<Authority> {
        let mut found: Vec<Authority> = Vec::new();
        for setting in &self.facts.ece.settings {
            let Some(fact) = setting.value.value.fact() else { continue };
            let named = match setting.key {
                SettingKey::OauthTenant => Some((String::new(), fact.value.trim().to_ascii_lowercase())),
                SettingKey::OauthAuthorizeUrl | SettingKey::OauthTokenUrl => of_url(&fact.value),
                _ => None,
            };
            let Some((host, tenant)) = named.filter(|(_, tenant)| !tenant.is_empty()) else {
                continue;
            };
            if !found.iter().any(|a| a.configured && a.host == host && a.tenant == tenant) {
                found.push(Authority {
                    host,
                    tenant,
                    last: None,
                    configured: true,
                    origin: fact.origin.clone(),
                });
            }
        }
        found.extend(self.authority_in_logs());
        found
    }

    /// The authority that logs and recordings show last.
    fn authority_in_logs(&self) -> Option<Authority> {
        let logged = self.logs.events.iter().filter_map(|event| {
            let (host, tenant) = match &event.kind {
                LogEventKind::Authorize(request) => (&request.host, &request.tenant),
                LogEventKind::TokenEndpoint { host, tenant } => (host, tenant),
                _ => return None,
            };
            Some((host, tenant, event.time, &event.origin))
        });
        let recorded = self.facts.entra.authorize_requests.iter();
        let recorded = recorded.map(|request| (&request.host, &request.tenant, None, &request.origin));
        let last = logged
            .chain(recorded)
            .filter(|(_, tenant, ..)| !tenant.is_empty())
            .max_by_key(|(_, _, time, _)| time.map(moment))?;
        Some(Authority {
            host: last.0.clone(),
            tenant: last.1.clone(),
            last: last.2,
            configured: false,
            origin: last.3.clone(),
        })
    }
}

/// Host and tenant of an authorize or token URL.
fn of_url(text: &str) -> Option<(String, String)> {
    let url = Url::parse(text.trim()).ok()?;
    let tenant = url.path_segments()?.next()?.to_ascii_lowercase();
    Some((url.host_str()?.to_ascii_lowercase(), tenant))
}
