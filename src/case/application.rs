//! Which app registration ECE uses, and which client ids and tenants the evidence names.

use super::Case;
use crate::finding::Confidence;
use crate::model::{Application, Claims, Fact, LogEventKind, Origin, SettingKey};
use std::collections::BTreeSet;

/// What kind of evidence names an id: settings and ECE's own logs weigh more than sign-ins, which other apps have too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeenIn {
    /// ECE's settings.
    Settings,
    /// ECE's logs: authorize requests, token endpoints, refusals.
    Logs,
    /// A token's claims.
    Token,
    /// A sign-in log.
    SignIn,
    /// An app registration or enterprise application.
    Registration,
}

/// An id or tenant, and where it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The value, lower case.
    pub value: String,
    /// What kind of evidence names it.
    pub seen_in: SeenIn,
    /// Where.
    pub origin: Origin,
}

/// The registration that ECE uses.
#[derive(Clone, Debug)]
pub enum EceApplication<'a> {
    /// This one. Several exports of it are all listed, the first is the one to judge unless they disagree.
    Chosen {
        /// Exports of the registration.
        exports: Vec<&'a Fact<Application>>,
        /// High if its client id was seen in ECE's evidence; medium if it is merely the only one.
        confidence: Confidence,
    },
    /// ECE's client id is known, and no registration has it.
    Unmatched {
        /// Client ids seen, strongest evidence first.
        client_ids: Vec<Seen>,
    },
    /// Several registrations, and nothing says which one ECE uses.
    Ambiguous,
    /// No registration was collected.
    NoExport,
}

impl Case {
    /// Every client id that the evidence names as ECE's, strongest evidence first. Sign-ins count only where they belong to a
    /// user of ECE's mail or to an exported registration: a tenant's log is full of other apps.
    pub fn client_ids(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        for setting in self.facts.ece.settings.iter().filter(|s| s.key == SettingKey::OauthClientId) {
            if let Some(fact) = setting.value.value.fact() {
                seen.push(Seen {
                    value: fact.value.trim().to_ascii_lowercase(),
                    seen_in: SeenIn::Settings,
                    origin: fact.origin.clone(),
                });
            }
        }
        for event in &self.logs.events {
            match &event.kind {
                LogEventKind::Authorize(request) => {
                    let id = request.client_id.clone();
                    seen.extend(id.map(|value| Seen {
                        value,
                        seen_in: SeenIn::Logs,
                        origin: event.origin.clone(),
                    }));
                }
                LogEventKind::Token { claims, .. } => seen.extend(app_of(claims, &event.origin)),
                LogEventKind::TokenAnswer { answer, .. } => seen.extend(answer.claims.as_ref().and_then(|c| app_of(c, &event.origin))),
                _ => {}
            }
        }
        for request in &self.facts.entra.authorize_requests {
            seen.extend(request.client_id.clone().map(|value| Seen {
                value,
                seen_in: SeenIn::Logs,
                origin: request.origin.clone(),
            }));
        }
        // Refusals quote the application's id too, but those of agents' single sign-on stand in the same logs: they count only where
        // nothing better is known.
        if seen.is_empty() {
            for hit in &self.logs.hits {
                for id in hit.fields.get("client_id").into_iter().flatten() {
                    let Some(origin) = hit.samples.first() else { continue };
                    seen.push(Seen {
                        value: id.to_ascii_lowercase(),
                        seen_in: SeenIn::Logs,
                        origin: origin.clone(),
                    });
                }
            }
        }
        for token in self.facts.entra.tokens.iter().filter(|t| is_for_mail(t)) {
            seen.extend(app_of(token, &token.origin));
        }
        for answer in &self.facts.entra.token_answers {
            let claims = answer.claims.as_ref().filter(|c| is_for_mail(c));
            seen.extend(claims.and_then(|c| app_of(c, &answer.origin)));
        }
        let registered: BTreeSet<String> = self.facts.entra.applications.iter().filter_map(|a| a.app_id.get().cloned()).collect();
        for sign_in in &self.facts.entra.sign_ins {
            if let Some(id) = sign_in.app_id.as_ref().filter(|id| registered.contains(*id)) {
                seen.push(Seen {
                    value: id.clone(),
                    seen_in: SeenIn::SignIn,
                    origin: sign_in.origin.clone(),
                });
            }
        }
        keep_first_of_each(seen)
    }

    /// The registration that ECE uses (checks.md, "Which application").
    pub fn application(&self) -> EceApplication<'_> {
        let applications = &self.facts.entra.applications;
        if applications.is_empty() {
            return EceApplication::NoExport;
        }
        let client_ids = self.client_ids();
        let with_id = |id: &str| -> Vec<&Fact<Application>> { applications.iter().filter(|a| a.app_id.get().is_some_and(|own| own == id)).collect() };
        let own: Vec<&Seen> = client_ids.iter().filter(|s| s.seen_in != SeenIn::SignIn).collect();
        for seen in &own {
            let exports = with_id(&seen.value);
            if !exports.is_empty() {
                return EceApplication::Chosen {
                    exports,
                    confidence: Confidence::High,
                };
            }
        }
        // A registration whose export lacks its appId (a pasted fragment) is not contradicted by any client id.
        let nameless: Vec<_> = applications.iter().filter(|a| a.app_id.get().is_none()).collect();
        if !own.is_empty() && nameless.is_empty() {
            return EceApplication::Unmatched {
                client_ids: own.into_iter().cloned().collect(),
            };
        }
        let signed_in: BTreeSet<&str> = client_ids.iter().map(|s| s.value.as_str()).collect();
        let ids: BTreeSet<&str> = applications.iter().filter_map(|a| a.app_id.get().map(String::as_str)).collect();
        let sole_sign_in = (signed_in.len() == 1)
            .then(|| with_id(signed_in.first().copied().unwrap_or_default()))
            .filter(|exports| !exports.is_empty());
        match (sole_sign_in, ids.len()) {
            (Some(exports), _) => EceApplication::Chosen {
                exports,
                confidence: Confidence::High,
            },
            (None, 0 | 1) => EceApplication::Chosen {
                exports: applications.iter().collect(),
                confidence: Confidence::Medium,
            },
            _ => EceApplication::Ambiguous,
        }
    }

    /// Every tenant (GUID, domain, or `common` and the like) that the evidence names for ECE's mail, strongest evidence first.
    pub fn tenants(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        for setting in self.facts.ece.settings.iter() {
            let Some(fact) = setting.value.value.fact() else { continue };
            let value = match setting.key {
                SettingKey::OauthTenant => Some(fact.value.trim().to_ascii_lowercase()),
                SettingKey::OauthAuthorizeUrl | SettingKey::OauthTokenUrl => tenant_of_url(&fact.value),
                _ => None,
            };
            seen.extend(value.map(|value| Seen {
                value,
                seen_in: SeenIn::Settings,
                origin: fact.origin.clone(),
            }));
        }
        for event in &self.logs.events {
            let (value, seen_in) = match &event.kind {
                LogEventKind::Authorize(request) => (Some(request.tenant.clone()), SeenIn::Logs),
                LogEventKind::TokenEndpoint { tenant, .. } => (Some(tenant.clone()), SeenIn::Logs),
                LogEventKind::Token { claims, .. } => (claims.tenant.clone(), SeenIn::Token),
                LogEventKind::TokenAnswer { answer, .. } => (answer.claims.as_ref().and_then(|c| c.tenant.clone()), SeenIn::Token),
                _ => (None, SeenIn::Logs),
            };
            seen.extend(value.filter(|v| !v.is_empty()).map(|value| Seen {
                value,
                seen_in,
                origin: event.origin.clone(),
            }));
        }
        for request in &self.facts.entra.authorize_requests {
            seen.push(Seen {
                value: request.tenant.clone(),
                seen_in: SeenIn::Logs,
                origin: request.origin.clone(),
            });
        }
        for token in &self.facts.entra.tokens {
            seen.extend(token.tenant.clone().map(|value| Seen {
                value,
                seen_in: SeenIn::Token,
                origin: token.origin.clone(),
            }));
        }
        let ids: BTreeSet<String> = self.client_ids().into_iter().map(|s| s.value).collect();
        for sign_in in &self.facts.entra.sign_ins {
            if sign_in.app_id.as_ref().is_some_and(|id| ids.contains(id)) {
                seen.extend(sign_in.tenant.clone().map(|value| Seen {
                    value,
                    seen_in: SeenIn::SignIn,
                    origin: sign_in.origin.clone(),
                }));
            }
        }
        keep_first_of_each(seen)
    }
}

/// The tenant segment of an authorize or token URL, lower case.
pub(crate) fn tenant_of_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    let segment = url.path_segments()?.next()?.to_ascii_lowercase();
    (!segment.is_empty()).then_some(segment)
}

fn app_of(claims: &Claims, origin: &Origin) -> Option<Seen> {
    let value = claims.app_id.clone()?;
    Some(Seen {
        value,
        seen_in: SeenIn::Token,
        origin: origin.clone(),
    })
}

/// Applications of Microsoft's own, with which administrators work: Graph Command Line Tools, Azure AD PowerShell, Azure CLI, Graph
/// Explorer.
const ADMIN_TOOLS: &[&str] = &[
    "14d82eec-204b-4c2f-b7e8-296a70dab67e",
    "1b730954-1685-4b74-9bfd-dac224a7b894",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "de8bc8b5-d9f9-48b1-a8ad-b748da725064",
];

/// True for a token that somebody may have made for mail: people paste tokens of other programs too.
fn is_for_mail(claims: &Claims) -> bool {
    let tool = claims.app_id.as_deref().is_some_and(|id| ADMIN_TOOLS.contains(&id));
    let mail_scope = claims.scopes.iter().any(|s| {
        let name = s.rsplit('/').next().unwrap_or(s).to_ascii_lowercase();
        name.ends_with(".accessasuser.all") || name.starts_with("mail.") || name == "smtp.send"
    });
    let exchange = claims
        .audience
        .as_deref()
        .is_some_and(|a| a.contains("outlook") || a.contains(crate::model::permission::EXCHANGE_ONLINE));
    !tool && (mail_scope || exchange)
}

/// The first place of each value per kind of evidence, strongest kind first; the order within a kind stays.
fn keep_first_of_each(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.sort_by_key(|s| s.seen_in);
    let mut known = BTreeSet::new();
    seen.retain(|s| known.insert((s.seen_in, s.value.clone())));
    seen
}
