//! `app.enabled`: registration and enterprise application exist and are switched on.

use super::registration::{judge as judge_registration, manifest_want, service_principal_want};
use crate::case::{Case, Refusal};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Severity, Subject, SubjectKind, Verdict};
use crate::model::{Application, Fact, Origin, Part, ServicePrincipal, Text};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "app.enabled",
    title: "Application is enabled",
    severity: Severity::Critical,
    why: "A disabled or deleted application, or an enterprise application whose sign-in is switched off, gets no token, for nobody (AADSTS7000112).",
    evidence: "app registration (disabledByMicrosoftStatus, isDisabled, deletedDateTime), service principal (accountEnabled), AADSTS7000112 in logs and sign-ins, AADSTS700016 after tokens were issued",
    remedy: &[
        "Entra admin center > Enterprise applications > ECE's app > Properties: set \"Enabled for users to sign-in?\" to Yes and save.",
        "If the registration was deleted less than 30 days ago: App registrations > Deleted applications > Restore; if only the enterprise application was deleted, grant admin consent again (App registrations > the app > API permissions), which makes it anew; if Microsoft disabled it, open a case with Microsoft.",
        REACTIVATE_ALIASES,
        "Verify: the services server's log shows a token refresh without AADSTS7000112 and AADSTS700016.",
    ],
    references: &["Microsoft: AADSTS7000112; disable user sign-in for an application"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let app_ids = case.ece_app_ids();
    let ours = |sp: &&Fact<ServicePrincipal>| sp.app_id.get().is_some_and(|id| app_ids.contains(id));
    let principals: Vec<&Fact<ServicePrincipal>> = case.facts.entra.service_principals.iter().filter(ours).collect();
    let registration = judge_registration(case, check, |app, subject| judge_one(check, app, subject));
    let refusals = case.refusals(&[7_000_112]);
    let subject = || match (&registration, app_ids.first()) {
        (Ok(findings), _) if !findings.is_empty() => findings[0].subject.clone(),
        (_, Some(id)) => Subject::new(SubjectKind::Application, id.as_str()),
        _ => Subject::deployment(),
    };
    let mut finding = if let Some(off) = principals.iter().find_map(|sp| off(sp)) {
        let message = text!(
            "the enterprise application is {off}: nobody can sign in to it, and no token is refreshed (AADSTS7000112)",
            off = off.1
        );
        check.fail(subject(), message).at(&off.0).explains("signature:entra.aadsts7000112")
    } else if let Some(refusal) = refusals.iter().find(|r: &&Refusal| r.healed.is_none()) {
        let message = text!("Microsoft refuses the application as disabled (AADSTS7000112)");
        check
            .fail(subject(), message)
            .at_all(&refusal.origins)
            .explains("signature:entra.aadsts7000112")
            .want(service_principal_want())
    } else if let Some((refusals, worked)) = case.vanished() {
        let message = text!(
            "the tenant issued tokens to ECE's application until {worked}, and now doesn't find it (AADSTS700016): the enterprise application or the registration was deleted",
            worked
        );
        check
            .fail(subject(), message)
            .at_all(refusals.iter().flat_map(|r| &r.origins))
            .explains("signature:entra.aadsts700016")
            .want(service_principal_want())
    } else {
        let mut findings = registration?;
        let Some(at) = findings.iter().position(|f| f.verdict != Verdict::NotApplicable) else {
            return Ok(findings);
        };
        let enabled = principals.iter().find(|sp| sp.enabled.get() == Some(&true));
        if let (Some(sp), Verdict::Pass | Verdict::Unknown) = (enabled, findings[at].verdict) {
            let evidence = std::mem::take(&mut findings[at].evidence);
            let message = text!("the enterprise application is enabled, and nothing says that the registration is disabled or deleted");
            findings[at] = check
                .pass(findings[at].subject.clone(), message)
                .at_all(sp.enabled.origin())
                .at_all(&evidence);
        }
        return Ok(findings);
    };
    if let Ok(findings) = &registration {
        finding = finding.at_all(findings.iter().filter(|f| f.verdict == Verdict::Fail).flat_map(|f| &f.evidence));
    }
    Ok(vec![finding])
}

/// Where and how a service principal is off.
fn off(sp: &ServicePrincipal) -> Option<(Origin, Text)> {
    if let Some(fact) = sp.enabled.fact().filter(|f| !f.value) {
        return Some((fact.origin.clone(), text!("switched off (accountEnabled = false)")));
    }
    let fact = sp.disabled.fact()?;
    Some((fact.origin.clone(), fact.value.part()))
}

fn judge_one(check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    if let Some(disabled) = app.disabled.fact() {
        let message = text!("the registration is {disabled}: no token is issued to it", disabled = disabled.value);
        return check.fail(subject, message).at(&disabled.origin);
    }
    if app.shows_enabled {
        let message = text!("the registration is neither disabled nor deleted");
        return check.pass(subject, message).at(&app.origin);
    }
    check
        .unknown(subject, text!("the export doesn't show whether the registration is disabled or deleted"))
        .at(&app.origin)
        .want(service_principal_want())
        .want(manifest_want())
}
