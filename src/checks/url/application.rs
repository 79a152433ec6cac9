//! The registration whose redirect URIs count, and the findings where none can be told.

use crate::case::{Case, EceApplication};
use crate::checks::{Check, wanted};
use crate::finding::{Confidence, Finding, Subject, SubjectKind};
use crate::model::{Application, Fact, Field, Origin, RedirectUri};
use crate::text;

/// The redirect URIs of the registration that ECE uses.
pub(super) struct Registered<'a> {
    /// The registration as a subject.
    pub(super) subject: Subject,
    /// How sure it is that ECE uses it.
    pub(super) confidence: Confidence,
    /// Its redirect URIs, of every platform and every export.
    pub(super) uris: Vec<&'a Fact<RedirectUri>>,
    /// False if the exports may hold fewer than there are.
    pub(super) complete: bool,
    /// Where the registration stands.
    pub(super) origin: Origin,
}

/// The registration as a subject: its appId, labelled with its name.
pub(super) fn subject_of(app: &Application) -> Subject {
    match app.app_id.get() {
        Some(id) => Subject::new(SubjectKind::Application, id.clone()).labelled(app.name.get().map(String::as_str)),
        None => match app.name.get() {
            Some(name) => Subject::new(SubjectKind::Application, name.clone()),
            None => Subject::deployment(),
        },
    }
}

/// The redirect URIs that count, or the findings that say why they can't be told. Registrations that ECE doesn't use are
/// `not-applicable` (second part of the pair).
pub(super) fn registered<'a>(case: &'a Case, check: &Check) -> (Result<Registered<'a>, Finding>, Vec<Finding>) {
    let (exports, confidence) = match case.application() {
        EceApplication::Chosen { exports, confidence } => (exports, confidence),
        EceApplication::NoExport => {
            let finding = check.unknown(
                Subject::deployment(),
                text!("no app registration was collected: its redirect URIs are unknown"),
            );
            return (Err(finding.want(wanted::manifest())), Vec::new());
        }
        EceApplication::Ambiguous => {
            let finding = check
                .unknown(
                    Subject::deployment(),
                    text!("several app registrations were collected, and nothing says which one ECE uses"),
                )
                .at_all(case.facts.entra.applications.iter().map(|a| &a.origin).take(4));
            return (Err(finding.want(wanted::application_log())), Vec::new());
        }
        EceApplication::Unmatched { client_ids } => {
            let ids: Vec<&str> = client_ids.iter().map(|s| s.value.as_str()).collect();
            let finding = check
                .unknown(
                    Subject::deployment(),
                    text!(
                        "ECE uses client id {ids}, and no registration with that id was collected",
                        ids = ids.join(", ")
                    ),
                )
                .at_all(client_ids.iter().map(|s| &s.origin).take(3));
            return (Err(finding.want(wanted::manifest())), others(case, check, &[]));
        }
    };
    let Some(first) = exports.first() else {
        let finding = check.unknown(Subject::deployment(), text!("no app registration was collected"));
        return (Err(finding.want(wanted::manifest())), Vec::new());
    };
    let others = others(case, check, &exports);
    let lists: Vec<&Field<Vec<Fact<RedirectUri>>>> = exports.iter().map(|app| &app.redirect_uris).collect();
    let subject = subject_of(first);
    if !lists.iter().any(|list| matches!(list, Field::Value(_) | Field::Empty(_))) {
        let finding = check
            .unknown(subject, text!("the export of the registration shows no list of redirect URIs"))
            .at(&first.origin)
            .want(wanted::manifest());
        return (Err(finding), others);
    }
    let registered = Registered {
        subject,
        confidence,
        uris: lists.iter().filter_map(|list| list.get()).flatten().collect(),
        complete: !exports.iter().any(|app| app.cut) && !lists.iter().any(|list| matches!(list, Field::Unreadable(_))),
        origin: lists.iter().find_map(|list| list.origin()).unwrap_or(&first.origin).clone(),
    };
    (Ok(registered), others)
}

/// `not-applicable` for each registration that isn't ECE's.
fn others(case: &Case, check: &Check, chosen: &[&Fact<Application>]) -> Vec<Finding> {
    let own = |app: &Fact<Application>| {
        chosen
            .iter()
            .any(|c| std::ptr::eq(*c, app) || c.app_id.get().is_some() && c.app_id.get() == app.app_id.get())
    };
    let mut findings: Vec<Finding> = Vec::new();
    for app in case.facts.entra.applications.iter().filter(|app| !own(app)) {
        let subject = subject_of(app);
        if !findings.iter().any(|f| f.subject == subject) {
            findings.push(check.not_applicable(subject, text!("ECE doesn't use this registration")).at(&app.origin));
        }
    }
    findings
}
