//! `token.access-lifetime`: no policy makes access tokens live under 60 minutes.

use crate::case::Case;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, Want};
use crate::model::permission::{EXCHANGE_ONLINE, GRAPH};
use crate::model::{Fact, Field, Text, TokenPolicy, duration_words};
use crate::text;

/// What the tech note asks for.
const WANTED_SECONDS: u64 = 3600;
/// Microsoft's limits for `AccessTokenLifetime` (configurable token lifetimes).
const SHORTEST: u64 = 600;
const LONGEST: u64 = 86_400;

/// The check.
pub const CHECK: Check = Check {
    id: "token.access-lifetime",
    title: "Access tokens live 60 minutes or longer",
    severity: Severity::Medium,
    why: "ECE renews access tokens on the assumption that they live 60 minutes (Microsoft's default is 60 to 90). A token lifetime policy below that leaves gaps in which every poll and every message is refused.",
    evidence: "exports of token lifetime policies",
    remedy: &[
        "Connect-MgGraph -Scopes Policy.ReadWrite.ApplicationConfiguration; Get-MgPolicyTokenLifetimePolicy: find the policy named here.",
        "Update-MgPolicyTokenLifetimePolicy -TokenLifetimePolicyId <id> -Definition @('{\"TokenLifetimePolicy\":{\"Version\":1,\"AccessTokenLifetime\":\"01:00:00\"}}'), or unbind or remove the policy.",
        REACTIVATE_ALIASES,
        "Verify: the next token answer in the log says expires_in of 3599 or more.",
    ],
    references: &[
        "Cisco 218453, section Azure AD application (60 minutes)",
        "Microsoft: Configurable token lifetimes in the Microsoft identity platform",
    ],
    run,
};

/// Whether a policy governs the tokens that ECE gets for mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// Organisation's default, or bound to the resource.
    InForce,
    /// Bound to ECE's own app: lifetimes go by the resource, so that it most likely has no effect.
    ToClient,
    /// Neither default nor bound to anything of ECE's.
    Elsewhere,
    /// The export doesn't say.
    Unsaid,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let entra = &case.facts.entra;
    let subject = Subject::deployment();
    if entra.token_policies.is_empty() {
        let Some(export) = entra.token_policy_exports.first() else {
            return Err(Gap::missing(
                text!("the bundle has no export of token lifetime policies"),
                vec![policy_want()],
            ));
        };
        let message = text!("the tenant has no token lifetime policy: access tokens live 60 to 90 minutes, Microsoft's default");
        return Ok(vec![check.pass(subject, message).at(&export.origin)]);
    }
    let judged: Vec<Finding> = entra.token_policies.iter().map(|policy| judge(case, check, policy)).collect();
    let worst = judged.iter().map(|f| f.verdict).min();
    let mut kept: Vec<Finding> = judged.into_iter().filter(|f| Some(f.verdict) == worst).collect();
    let Some(mut finding) = kept.pop() else { return Ok(Vec::new()) };
    for other in kept.into_iter().rev() {
        finding.message = text!("{other}; {message}", other = other.message, message = finding.message);
        finding = finding.at_all(&other.evidence);
    }
    Ok(vec![finding])
}

fn judge(case: &Case, check: &Check, policy: &Fact<TokenPolicy>) -> Finding {
    let subject = Subject::deployment();
    let name = policy
        .name
        .get()
        .map_or_else(|| text!("without a name"), |n| text!("\"{name}\"", name = n));
    let ignored = match policy.ignored.is_empty() {
        true => Text::default(),
        false => text!(
            " (its refresh and session members, {ignored}, have had no effect since 2021-01-30)",
            ignored = policy.ignored.join(", ")
        ),
    };
    let origins = |finding: Finding| finding.at(&policy.origin).at_all(policy.is_default.origin());
    let seconds = match &policy.access_seconds {
        Field::Value(fact) => fact.value,
        Field::Absent => {
            let message = text!(
                "token lifetime policy {name} sets no access token lifetime{ignored}: Microsoft's default of 60 to 90 minutes holds",
                name,
                ignored
            );
            return origins(check.pass(subject, message));
        }
        _ => {
            let message = text!("the access token lifetime of policy {name} can't be read", name);
            return origins(check.unknown(subject, message)).want(policy_want());
        }
    };
    let minutes = duration_words(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000));
    let bound = bound(case, policy);
    if seconds >= WANTED_SECONDS {
        let range = (seconds > LONGEST).then(|| text!(", above Microsoft's limit of one day"));
        let message = text!(
            "token lifetime policy {name} gives access tokens {minutes}{range}{ignored}",
            name,
            minutes,
            range,
            ignored
        );
        return origins(check.pass(subject, message));
    }
    let floor = (seconds < SHORTEST).then(|| text!(" (below Microsoft's minimum of 10 minutes)"));
    match bound {
        Bound::InForce => {
            let message = text!(
                "token lifetime policy {name}, in force, gives access tokens {minutes}{floor}; ECE needs 60 minutes{ignored}",
                name,
                minutes,
                floor,
                ignored
            );
            origins(check.fail(subject, message)).explains("check:token.observed-lifetime")
        }
        Bound::Elsewhere => {
            let message = text!(
                "token lifetime policy {name} gives {minutes}, but is neither the organisation's default nor bound to mail: it doesn't touch ECE's tokens{ignored}",
                name,
                minutes,
                ignored
            );
            origins(check.pass(subject, message))
        }
        Bound::ToClient => {
            let message = text!(
                "token lifetime policy {name} gives {minutes} and is bound to ECE's own app; lifetimes go by the resource, so that it most likely has no effect on mail tokens{ignored}",
                name,
                minutes,
                ignored
            );
            origins(check.warn(subject, message)).confidence(Confidence::Medium)
        }
        Bound::Unsaid => {
            let message = text!(
                "token lifetime policy {name} gives access tokens {minutes}, and the export doesn't show whether it is the organisation's default or what it is bound to",
                name,
                minutes
            );
            origins(check.unknown(subject, message)).want(policy_want())
        }
    }
}

fn bound(case: &Case, policy: &TokenPolicy) -> Bound {
    let default = policy.is_default.get().copied();
    if default == Some(true) {
        return Bound::InForce;
    }
    let ids = case.ece_app_ids();
    let resources: Vec<&String> = case
        .facts
        .entra
        .service_principals
        .iter()
        .filter(|sp| sp.app_id.get().is_some_and(|id| id == EXCHANGE_ONLINE || id == GRAPH))
        .filter_map(|sp| sp.id.get())
        .collect();
    match policy.applies_to.get() {
        Some(targets) => {
            let is = |target: &String| {
                let target = target.to_lowercase();
                let named = target.contains("exchange online") || target == "microsoft graph";
                named || target == EXCHANGE_ONLINE || target == GRAPH || resources.iter().any(|r| **r == target)
            };
            if targets.iter().any(is) {
                Bound::InForce
            } else if targets.iter().any(|t| ids.contains(&t.to_lowercase())) {
                Bound::ToClient
            } else {
                Bound::Elsewhere
            }
        }
        // Not the default, and the export shows nothing that it is bound to.
        None if default == Some(false) => Bound::Elsewhere,
        None => Bound::Unsaid,
    }
}

fn policy_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the token lifetime policies of the tenant, also if there are none"),
        text!(
            "Invoke-MgGraphRequest -Uri 'https://graph.microsoft.com/v1.0/policies/tokenLifetimePolicies' -OutputType Json | Out-File tokenLifetimePolicies.json"
        ),
    )
}
