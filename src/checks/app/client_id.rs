//! `app.client-id`: ECE uses the client ID of the registration.

use super::registration::{client_id_want, manifest_want, subject_of};
use crate::case::{Case, EceApplication, Refusal, Seen, SeenIn};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Confidence, Finding, Severity, Subject, SubjectKind};
use crate::model::{Application, Fact, Part, Text};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "app.client-id",
    title: "ECE uses the registration's client ID",
    severity: Severity::Critical,
    why: "The client ID names the registration at every sign-in and every refresh. Microsoft knows no application under another ID (AADSTS700016), and secrets, redirect URIs and consent of the real registration don't count for it.",
    evidence: "ECE settings, authorize requests and AADSTS700016 in logs, claims of tokens, app registration (appId)",
    remedy: &[
        "Entra admin center > App registrations > the app > Overview: copy \"Application (client) ID\" (not the object ID, not the ID of the secret).",
        "In ECE enter it as the client ID of the Office 365 application, together with that registration's secret value.",
        "Generate the token of each account again, in a private browser window.",
        REACTIVATE_ALIASES,
        "Verify: the sign-in page names the right application, and the account shows a token.",
    ],
    references: &["Cisco 218453, section Azure AD application", "Microsoft: AADSTS700016"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let own: Vec<Seen> = case.client_ids().into_iter().filter(|s| s.seen_in != SeenIn::SignIn).collect();
    let not_found: Vec<Refusal> = case.refusals(&[700016]).into_iter().filter(|r| r.healed.is_none()).collect();
    match case.application() {
        EceApplication::Unmatched { client_ids } => Ok(vec![unmatched(case, check, &client_ids)]),
        EceApplication::Chosen { exports, .. } => Ok(vec![chosen(case, check, &exports, &own)]),
        _ if !not_found.is_empty() && case.vanished().is_none() => {
            let name = own.first().map_or("deployment", |s| s.value.as_str());
            let subject = match own.first() {
                Some(_) => Subject::new(SubjectKind::Application, name),
                None => Subject::deployment(),
            };
            let message = text!(
                "Microsoft finds no application {id} in the directory that was asked (AADSTS700016): the client ID or the tenant in ECE is wrong",
                id = own.first().map_or_else(|| text!("with ECE's client ID"), |s| s.value.part())
            );
            let finding = check.fail(subject, message).at_all(not_found.iter().flat_map(|r| &r.origins));
            Ok(vec![finding.explains("signature:entra.aadsts700016").want(manifest_want())])
        }
        EceApplication::NoExport => Err(Gap {
            message: match own.first() {
                Some(seen) => text!(
                    "ECE uses the client ID {seen}, and the bundle has no app registration to compare it with",
                    seen = seen.value
                ),
                None => text!("the bundle has no app registration"),
            },
            evidence: own.first().map(|s| s.origin.clone()).into_iter().collect(),
            wants: vec![manifest_want()],
        }),
        EceApplication::Ambiguous => Err(Gap {
            message: text!("the bundle has several app registrations, and nothing shows which client ID ECE uses"),
            evidence: case.facts.entra.applications.iter().map(|a| a.origin.clone()).collect(),
            wants: vec![client_id_want()],
        }),
    }
}

fn unmatched(case: &Case, check: &Check, seen: &[Seen]) -> Finding {
    let Some(first) = seen.first() else {
        return check
            .unknown(Subject::deployment(), text!("nothing shows which client ID ECE uses"))
            .want(client_id_want());
    };
    let registered: Vec<_> = case.facts.entra.applications.iter().filter_map(|app| app.app_id.fact()).collect();
    let names: Vec<&str> = registered.iter().map(|f| f.value.as_str()).collect();
    let object = case.facts.entra.applications.iter().find(|app| app.object_id.get() == Some(&first.value));
    let secret = case.facts.entra.applications.iter().find(|app| {
        let mut credentials = app.credentials.get().into_iter().flatten();
        credentials.any(|c| c.key_id.as_ref() == Some(&first.value))
    });
    let trap = match (object, secret) {
        (Some(_), _) => text!(". It is the registration's object ID, which sits beside the client ID in the portal"),
        (_, Some(_)) => text!(". It is the ID of a secret of that registration"),
        _ => Text::default(),
    };
    let message = text!(
        "ECE uses the client ID {first}, but the exported registration has {names}: Microsoft doesn't take the one for the other (AADSTS700016){trap}",
        first = first.value,
        names = names.join(", "),
        trap
    );
    check
        .fail(Subject::new(SubjectKind::Application, first.value.as_str()), message)
        .at(&first.origin)
        .at_all(registered.iter().map(|f| &f.origin).take(4))
        .explains("signature:entra.aadsts700016")
}

fn chosen(case: &Case, check: &Check, exports: &[&Fact<Application>], own: &[Seen]) -> Finding {
    let known = exports.iter().find_map(|app| app.app_id.fact());
    let subject = exports
        .iter()
        .map(|app| subject_of(app))
        .min_by_key(|s| s.name.starts_with('('))
        .unwrap_or_else(Subject::deployment);
    let Some(app_id) = known else {
        let message = text!("the export of the registration doesn't show its client ID");
        return check
            .unknown(subject, message)
            .at_all(exports.iter().map(|a| &a.origin))
            .want(manifest_want());
    };
    let (same, other): (Vec<&Seen>, Vec<&Seen>) = own.iter().partition(|s| s.value == app_id.value);
    // Tokens of other programs may lie in a bundle; settings and logs speak for ECE.
    let other: Vec<_> = other.into_iter().filter(|s| s.seen_in != SeenIn::Token).collect();
    if let (Some(own), Some(other)) = (same.first(), other.first()) {
        let message = text!(
            "the evidence names two client IDs for ECE: {own} is the registration's, {other} is not. Where the latter is still in use, Microsoft refuses it (AADSTS700016)",
            own = own.value,
            other = other.value
        );
        return check
            .warn(subject, message)
            .at(&own.origin)
            .at(&other.origin)
            .at(&app_id.origin)
            .want(client_id_want());
    }
    if let Some(seen) = same.first() {
        let message = text!("ECE uses the client ID of the registration, {app_id}", app_id = app_id.value);
        return check.pass(subject, message).at(&seen.origin).at(&app_id.origin);
    }
    let sign_in = case.facts.entra.sign_ins.iter().find(|s| s.app_id.as_ref() == Some(&app_id.value));
    if let Some(sign_in) = sign_in {
        let message = text!(
            "sign-ins with the registration's client ID {app_id} are in the sign-in log",
            app_id = app_id.value
        );
        return check
            .pass(subject, message)
            .confidence(Confidence::Medium)
            .at(&sign_in.origin)
            .at(&app_id.origin);
    }
    check
        .unknown(
            subject,
            text!(
                "nothing shows which client ID ECE uses; the registration at hand has {app_id}",
                app_id = app_id.value
            ),
        )
        .at(&app_id.origin)
        .want(client_id_want())
}
