//! `app.audience`: the supported account types fit the authority that ECE asks.

use super::registration::{judge, undecided};
use crate::case::Case;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Subject, Want};
use crate::model::{Application, Fact, Origin};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "app.audience",
    title: "Supported account types fit the authority in use",
    severity: Severity::High,
    why: "A single-tenant application is known at its own tenant's endpoint only: /common and /organizations refuse it (AADSTS50194). An application for personal accounts never signs in a mailbox of the organisation.",
    evidence: "app registration (signInAudience), authorize and token URLs in ECE's settings and logs, AADSTS50194 in logs and sign-ins",
    remedy: &[
        "In ECE replace common (or organizations) in the authorization and token URLs by the tenant's ID: Entra admin center > Overview > Tenant ID.",
        "Or, if users of several tenants must sign in: App registrations > the app > Authentication > Supported account types: accounts in any organizational directory.",
        "Generate the token again, in a private browser window.",
        REACTIVATE_ALIASES,
        "Verify: the sign-in page doesn't show AADSTS50194, and the account shows a token.",
    ],
    references: &["Microsoft: AADSTS50194; supported account types; OAuth 2.0 endpoints (tenant, common, organizations, consumers)"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    judge(case, check, |app, subject| judge_one(case, check, app, subject))
}

fn judge_one(case: &Case, check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    let Some(audience) = app.audience.fact() else {
        return undecided(check, subject, app, &app.audience, text!("the supported account types (signInAudience)"));
    };
    let word = audience.value.as_str();
    if word.eq_ignore_ascii_case("PersonalMicrosoftAccount") {
        let message = text!(
            "the registration is for personal Microsoft accounts only (PersonalMicrosoftAccount): a mailbox of the organisation can't sign in to it"
        );
        return check.fail(subject, message).at(&audience.origin);
    }
    let authorities = case.authorities();
    let single = word.eq_ignore_ascii_case("AzureADMyOrg");
    let known = single || word.eq_ignore_ascii_case("AzureADMultipleOrgs") || word.eq_ignore_ascii_case("AzureADandPersonalMicrosoftAccount");
    if !known {
        let message = text!(
            "the export names the account types {word}, which is no value that Microsoft documents",
            word
        );
        return check
            .unknown(subject, message)
            .at(&audience.origin)
            .want(super::registration::manifest_want());
    }
    let refused: Vec<Origin> = open_origins(case);
    let clash = authorities.iter().find(|a| match a.tenant.as_str() {
        "common" | "organizations" => single,
        "consumers" => true,
        _ => false,
    });
    if let Some(clash) = clash {
        let message = match clash.tenant.as_str() {
            "consumers" => text!(
                "ECE asks the authority /consumers, which signs in personal accounts only, while the registration is for {word}",
                word
            ),
            tenant => {
                text!(
                    "the registration is for one tenant ({word}), but ECE asks the authority /{tenant}: Microsoft refuses it there (AADSTS50194)",
                    word,
                    tenant
                )
            }
        };
        return check
            .fail(subject, message)
            .at(&audience.origin)
            .at(&clash.origin)
            .at_all(&refused)
            .explains("signature:entra.aadsts50194");
    }
    if single && !refused.is_empty() {
        let message = text!(
            "Microsoft refuses the registration as one for a single tenant, asked at /common or /organizations (AADSTS50194); the registration is for {word}",
            word
        );
        return check
            .fail(subject, message)
            .at(&audience.origin)
            .at_all(&refused)
            .explains("signature:entra.aadsts50194")
            .want(authority_want());
    }
    match authorities.first() {
        Some(authority) => {
            let message = text!(
                "{word} works with the authority that ECE asks, /{tenant}",
                word,
                tenant = authority.tenant
            );
            check.pass(subject, message).at(&audience.origin).at(&authority.origin)
        }
        None if !single => check
            .pass(subject, text!("{word} works with the tenant's authority as with /common", word))
            .at(&audience.origin),
        None => check
            .unknown(
                subject,
                text!(
                    "the registration is for one tenant ({word}), and nothing shows whether ECE asks that tenant's authority or /common",
                    word
                ),
            )
            .at(&audience.origin)
            .want(authority_want()),
    }
}

/// Where Microsoft refuses the account types, with no success after it.
fn open_origins(case: &Case) -> Vec<Origin> {
    let open = case.refusals(&[50_194]).into_iter().filter(|r| r.healed.is_none());
    open.flat_map(|r| r.origins).collect()
}

/// What shows the authority in use.
pub(super) fn authority_want() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the authorization and token URLs that ECE uses"),
        text!(
            "ECE administration console: the OAuth application or e-mail account of Office 365; or the application server's log of pressing Generate (the redirect to …/oauth2/v2.0/authorize)"
        ),
    )
}
