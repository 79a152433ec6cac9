//! Which registration a check of this area judges, and what several exports of it come to.

use crate::case::{Case, EceApplication, Seen};
use crate::checks::{Check, Gap};
use crate::finding::{Finding, Role, Subject, SubjectKind, Verdict, Want};
use crate::model::{AccountKind, Application, Fact, Field, Inbound, Origin, Text};
use crate::text;
use std::collections::BTreeSet;

/// What shows a registration whole.
pub(super) fn manifest_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the app registration that ECE uses, whole (manifest)"),
        text!(
            "Get-MgApplication -Filter \"appId eq '<client id of ECE>'\" | ConvertTo-Json -Depth 10 | Out-File ece-app.json  (or Entra admin center > App registrations > the app > Manifest > Download)"
        ),
    )
}

/// What shows the enterprise application.
pub(super) fn service_principal_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the enterprise application (service principal) of ECE's app"),
        text!("Get-MgServicePrincipal -Filter \"appId eq '<client id of ECE>'\" | ConvertTo-Json -Depth 10 | Out-File ece-enterprise-app.json"),
    )
}

/// What shows ECE's own client id.
pub(super) fn client_id_want() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the client ID that ECE sends"),
        text!(
            "ECE administration console: the OAuth application or e-mail account of Office 365 (copy the client ID, never the secret); or press Generate once and send the application server's log"
        ),
    )
}

/// The subject of a registration.
pub(super) fn subject_of(app: &Application) -> Subject {
    let name = app
        .app_id
        .get()
        .or(app.object_id.get())
        .map_or("(registration without its client ID)", String::as_str);
    Subject::new(SubjectKind::Application, name).labelled(app.name.get().map(String::as_str))
}

/// Judges the registration that ECE uses; others are not applicable, whatever state they are in.
pub(super) fn judge(case: &Case, check: &Check, one: impl Fn(&Fact<Application>, Subject) -> Finding) -> Result<Vec<Finding>, Gap> {
    match case.application() {
        EceApplication::NoExport => Err(Gap::missing(
            text!("the bundle has no export of the app registration"),
            vec![manifest_want()],
        )),
        EceApplication::Ambiguous => {
            let origins = case.facts.entra.applications.iter().map(|app| app.origin.clone()).collect();
            Err(Gap {
                message: text!("the bundle has several app registrations, and nothing shows which one ECE uses"),
                evidence: origins,
                wants: vec![client_id_want()],
            })
        }
        EceApplication::Unmatched { client_ids } => {
            let mut findings = vec![unmatched(check, &client_ids)];
            findings.extend(others(case, check, &[]));
            Ok(findings)
        }
        EceApplication::Chosen { exports, confidence } => {
            let subject = exports.iter().map(|app| subject_of(app)).min_by_key(|s| s.name.starts_with('('));
            let Some(subject) = subject else { return Ok(Vec::new()) };
            let judged = exports.iter().map(|app| one(app, subject.clone())).collect();
            let mut finding = agree(check, judged);
            finding.confidence = finding.confidence.max(confidence);
            let mut findings = vec![finding];
            findings.extend(others(case, check, &exports));
            Ok(findings)
        }
    }
}

fn unmatched(check: &Check, client_ids: &[Seen]) -> Finding {
    let name = client_ids.first().map_or("(unknown)", |seen| seen.value.as_str());
    let subject = Subject::new(SubjectKind::Application, name);
    check
        .unknown(
            subject,
            text!(
                "ECE uses the client ID {name}, and no exported registration has it (see app.client-id)",
                name
            ),
        )
        .at_all(client_ids.iter().map(|seen| &seen.origin).take(1))
        .want(manifest_want())
}

/// Registrations that ECE doesn't use.
fn others(case: &Case, check: &Check, used: &[&Fact<Application>]) -> Vec<Finding> {
    let mut known: BTreeSet<String> = used.iter().map(|app| subject_of(app).name).collect();
    let mut findings = Vec::new();
    for app in &case.facts.entra.applications {
        let subject = subject_of(app);
        if app.app_id.get().is_some() && known.insert(subject.name.clone()) {
            findings.push(check.not_applicable(subject, text!("ECE doesn't use this registration")).at(&app.origin));
        }
    }
    findings
}

/// One verdict from several exports of the same registration: an export that lacks the property leaves it to the others; exports
/// that contradict each other settle nothing.
fn agree(check: &Check, mut findings: Vec<Finding>) -> Finding {
    findings.sort_by_key(|f| (f.verdict == Verdict::Unknown, f.verdict));
    let decided: BTreeSet<Verdict> = findings.iter().map(|f| f.verdict).filter(|v| *v != Verdict::Unknown).collect();
    let contradiction = decided.contains(&Verdict::Fail) && decided.contains(&Verdict::Pass);
    let mut rest = findings.into_iter();
    let Some(first) = rest.next() else {
        return check.unknown(Subject::deployment(), text!("no export to judge"));
    };
    if !contradiction {
        return first;
    }
    let other = rest.find(|f| f.verdict == Verdict::Pass);
    let message = text!(
        "two exports of this registration contradict each other: one says that {one}; the other that {other}",
        one = first.message,
        other = other.as_ref().map(|f| &f.message)
    );
    let mut finding = check
        .unknown(first.subject.clone(), message)
        .at_all(&first.evidence)
        .want(manifest_want());
    if let Some(other) = other {
        finding = finding.at_all(&other.evidence);
    }
    finding
}

/// An export that lacks a property, or holds it unreadably: `unknown`, with the way to a whole one.
pub(super) fn undecided<T>(check: &Check, subject: Subject, app: &Fact<Application>, field: &Field<T>, what: Text) -> Finding {
    let message = match field {
        Field::Unreadable(_) => text!(
            "the export was cut where it lists {what} (PowerShell's -Depth, or a paste without its end)",
            what
        ),
        _ => text!("the export doesn't show {what}", what),
    };
    let origin: &Origin = field.origin().unwrap_or(&app.origin);
    check.unknown(subject, message).at(origin).want(manifest_want())
}

/// The scopes that the deployment's ways of fetching and sending need (Microsoft: "Authenticate an IMAP, POP or SMTP connection
/// using OAuth", and the Graph permissions of mail), and the places that say how it fetches. Empty if nothing says.
pub(in crate::checks) fn needed_scopes(case: &Case) -> (Vec<Origin>, Vec<&'static str>) {
    let used = case.inbound_in_use();
    let origins = used.values().filter_map(|origins| origins.first().cloned()).collect();
    let mut needed = Vec::new();
    if used.contains_key(&Inbound::Imap) {
        needed.push("IMAP.AccessAsUser.All");
    }
    if used.contains_key(&Inbound::Pop3) {
        needed.push("POP.AccessAsUser.All");
    }
    if used.keys().any(|inbound| *inbound != Inbound::Graph) {
        needed.push("SMTP.Send");
    }
    if used.contains_key(&Inbound::Graph) {
        needed.extend(["Mail.ReadWrite", "Mail.Send"]);
        let shared = case.facts.ece.accounts.iter().any(|account| {
            let graph = account.server_type.get() == Some(&Inbound::Graph);
            graph && account.kind.get() == Some(&AccountKind::Shared)
        });
        if shared {
            needed.extend(["Mail.ReadWrite.Shared", "Mail.Send.Shared"]);
        }
    }
    (origins, needed)
}
