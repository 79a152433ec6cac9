//! Joins findings and signature hits into ranked causes.

use super::KnownSignature;
use super::onset::{Onset, Reach, onset, reach};
use super::rules::{Class, MAY_BE_CAUSE, NEVER_A_CAUSE, class_of_check, healed, is_refusal_without_reason, leads_to_check, leads_to_signature};
use crate::case::Case;
use crate::finding::{Confidence, Finding, Severity, Suppressed, Verdict, Want};
use crate::model::{Origin, SignatureHit};
use std::collections::{BTreeMap, BTreeSet};

/// A cause, and what it accounts for.
#[derive(Clone, Debug)]
pub struct RootCause {
    /// `check:<id>` or `signature:<id>`.
    pub cause: String,
    /// The check whose place in the chain it takes: its own, or the one that a signature bears on most. Empty if there is none.
    pub acts_as: String,
    /// What it is about: the finding's subject, or several of them.
    pub subject: String,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong, in the words of the finding.
    pub summary: String,
    /// Symptoms that it accounts for: `check:<id>` or `signature:<id>`.
    pub explains: Vec<String>,
    /// Where it is seen.
    pub evidence: Vec<Origin>,
    /// What to do.
    pub remedy: Vec<String>,
    /// When it began, where attempts in the logs show it.
    pub onset: Option<Onset>,
    /// How far it reaches.
    pub reach: Reach,
    /// For a refusal that names no reason: the checks that may hold it and are still open, likeliest first.
    pub candidates: Vec<Candidate>,
    /// Causes further down the chain that may show only once this one is mended: `check:<id>` or `signature:<id>`.
    pub masks: Vec<String>,
    /// Why it doesn't count, if the user suppressed all that it is made of.
    pub suppressed: Option<Suppressed>,
}

/// A check that may hold the reason of a refusal.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id.
    pub check: String,
    /// What would decide it.
    pub wants: Vec<Want>,
}

/// The causes, worst and surest first, and what none of them accounts for.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What is broken now. Empty: no fault was found in the evidence given.
    pub causes: Vec<RootCause>,
    /// Symptoms that no cause accounts for.
    pub unexplained: Vec<String>,
}

/// Finds the causes among `findings` and the case's signature hits. `known` tells what the catalogue knows of a signature.
pub fn diagnose(case: &Case, findings: &[Finding], known: &dyn Fn(&str) -> Option<KnownSignature>) -> Diagnosis {
    let failing: BTreeMap<&str, Vec<&Finding>> =
        findings
            .iter()
            .filter(|f| f.verdict == Verdict::Fail)
            .fold(BTreeMap::new(), |mut by_check, finding| {
                by_check.entry(finding.check).or_insert_with(Vec::new).push(finding);
                by_check
            });
    // What agents' and customers' own sign-ins are refused is no business of mail.
    let hits: Vec<(&SignatureHit, KnownSignature)> = case
        .logs
        .hits
        .iter()
        .filter(|hit| hit.aside < hit.count)
        .filter_map(|hit| Some((hit, known(&hit.id)?)))
        .filter(|(hit, _)| !healed(hit, &case.logs))
        .collect();

    let mut causes: Vec<RootCause> = Vec::new();
    for (&check, group) in &failing {
        let explained = failing.keys().any(|&other| other != check && is_cause_over(other, check, &failing));
        if !explained && !NEVER_A_CAUSE.contains(&check) && (class_of_check(check) != Class::Symptom || MAY_BE_CAUSE.contains(&check)) {
            let counting: Vec<&Finding> = group.iter().copied().filter(|f| f.suppressed.is_none()).collect();
            causes.push(of_findings(check, if counting.is_empty() { group } else { &counting }));
        }
    }
    // A symptom stands as a cause only while no text of the logs names a reason for it.
    let reasons: Vec<&(&SignatureHit, KnownSignature)> = hits.iter().filter(|(hit, k)| names_a_reason(hit, k)).collect();
    for (hit, k) in &reasons {
        let explained = causes.iter().any(|cause| !is_symptom(cause) && accounts_for_signature(cause, &hit.id, k));
        if !explained {
            causes.push(of_hit(hit, k));
        }
    }
    let reason_found = causes.iter().any(|cause| !is_symptom(cause));
    causes.retain(|cause| !(is_symptom(cause) && reason_found && explained_by_any(cause, &reasons, &failing)));

    for cause in &mut causes {
        cause.explains = explained_by(cause, &failing, &hits);
        cause.onset = onset(case, &cause.cause, &cause.explains);
        cause.reach = reach(case, &cause.cause, &cause.explains);
        cause.candidates = candidates(cause, findings, &hits);
    }
    causes.sort_by(|a, b| {
        rank(a)
            .cmp(&rank(b))
            .then_with(|| b.explains.len().cmp(&a.explains.len()))
            .then_with(|| a.cause.cmp(&b.cause))
    });

    let order: Vec<(Class, String)> = causes.iter().map(|cause| (class_of_cause(cause), cause.cause.clone())).collect();
    for cause in &mut causes {
        let own = class_of_cause(cause);
        cause.masks = order
            .iter()
            .filter(|(class, _)| *class > own && *class != Class::Symptom)
            .map(|(_, id)| id.clone())
            .collect();
    }

    let accounted: BTreeSet<&String> = causes.iter().flat_map(|cause| cause.explains.iter().chain([&cause.cause])).collect();
    let symptoms = failing.keys().map(|check| format!("check:{check}")).chain(
        hits.iter()
            .filter(|(_, k)| k.is_cause && k.severity <= Severity::Medium)
            .map(|(hit, _)| format!("signature:{}", hit.id)),
    );
    let unexplained = symptoms
        .filter(|symptom| !accounted.contains(symptom) && !NEVER_A_CAUSE.iter().any(|id| symptom.ends_with(id)))
        .collect();
    Diagnosis { causes, unexplained }
}

/// Order of the causes: severity, confidence, place in the chain.
fn rank(cause: &RootCause) -> (bool, Severity, Confidence, Class) {
    (is_symptom(cause), cause.severity, cause.confidence, class_of_cause(cause))
}

fn class_of_cause(cause: &RootCause) -> Class {
    class_of_check(&cause.acts_as)
}

/// Checks that bear on a refusal without a reason and are open, in the order in which the catalogue names them.
fn candidates(cause: &RootCause, findings: &[Finding], hits: &[(&SignatureHit, KnownSignature)]) -> Vec<Candidate> {
    let Some(signature) = cause.cause.strip_prefix("signature:").filter(|id| is_refusal_without_reason(id)) else {
        return Vec::new();
    };
    let bears_on = hits
        .iter()
        .find(|(hit, _)| hit.id == signature)
        .map(|(_, known)| known.checks.clone())
        .unwrap_or_default();
    let open = |check: &String| {
        let of_check: Vec<&Finding> = findings.iter().filter(|f| f.check == check && f.verdict == Verdict::Unknown).collect();
        let mut wants: Vec<Want> = of_check.iter().flat_map(|f| f.wants.iter().cloned()).collect();
        wants.sort();
        wants.dedup();
        (!of_check.is_empty()).then(|| Candidate { check: check.clone(), wants })
    };
    bears_on.iter().filter_map(open).collect()
}

fn is_symptom(cause: &RootCause) -> bool {
    match cause.cause.strip_prefix("check:") {
        Some(check) => class_of_check(check) == Class::Symptom,
        None => cause.cause.strip_prefix("signature:").is_some_and(is_refusal_without_reason),
    }
}

/// True if the failure of `other` explains that of `check`, and not the reverse as well (then the earlier in the chain, or the
/// one named first in the rules, is the cause).
fn is_cause_over(other: &str, check: &str, failing: &BTreeMap<&str, Vec<&Finding>>) -> bool {
    if NEVER_A_CAUSE.contains(&other) || !leads_to_check(other, check) {
        return false;
    }
    let named = |by: &str, symptom: &str| {
        failing
            .get(by)
            .is_some_and(|group| group.iter().any(|f| f.explains.iter().any(|e| e == &format!("check:{symptom}"))))
    };
    if leads_to_check(check, other) {
        return match (named(other, check), named(check, other)) {
            (true, false) => true,
            (false, true) => false,
            _ => (class_of_check(other), other) < (class_of_check(check), check),
        };
    }
    true
}

/// A text that names a reason, or at least shows that something is refused now.
fn names_a_reason(hit: &SignatureHit, known: &KnownSignature) -> bool {
    known.is_cause && known.severity <= Severity::Medium && hit.count > 0
}

/// True if `cause` is what makes the logs say `signature`. A refusal that names no reason explains nothing.
fn accounts_for_signature(cause: &RootCause, signature: &str, known: &KnownSignature) -> bool {
    if is_symptom(cause) && cause.cause.starts_with("signature:") {
        return false;
    }
    let bears_on = cause.cause.starts_with("check:") && known.checks.contains(&cause.acts_as);
    bears_on || leads_to_signature(&cause.acts_as, signature) || cause.explains.iter().any(|e| e.strip_prefix("signature:") == Some(signature))
}

fn explained_by_any(cause: &RootCause, reasons: &[&(&SignatureHit, KnownSignature)], failing: &BTreeMap<&str, Vec<&Finding>>) -> bool {
    let Some(check) = cause.cause.strip_prefix("check:") else {
        // A refusal without a reason stands behind any cause that could have led to it.
        return failing.keys().any(|other| class_of_check(other) != Class::Symptom);
    };
    // A silent retriever is a fault of its own, whatever the logs say elsewhere.
    check != "log.retriever-polling" && reasons.iter().any(|(hit, known)| known.is_cause && !is_refusal_without_reason(&hit.id))
}

fn explained_by(cause: &RootCause, failing: &BTreeMap<&str, Vec<&Finding>>, hits: &[(&SignatureHit, KnownSignature)]) -> Vec<String> {
    let mut explains: BTreeSet<String> = cause.explains.iter().cloned().collect();
    let own = |id: &str| cause.cause.strip_prefix("check:") == Some(id);
    explains.extend(
        failing
            .keys()
            .filter(|check| !own(check) && leads_to_check(&cause.acts_as, check))
            .map(|check| format!("check:{check}")),
    );
    for (hit, known) in hits {
        let id = format!("signature:{}", hit.id);
        if id != cause.cause && accounts_for_signature(cause, &hit.id, known) {
            explains.insert(id);
        }
    }
    if cause.cause.starts_with("signature:") && failing.contains_key("log.known-errors") {
        explains.insert("check:log.known-errors".into());
    }
    explains.into_iter().collect()
}

/// One cause from all failing subjects of a check: the same fault of ten mailboxes is one cause.
fn of_findings(check: &str, group: &[&Finding]) -> RootCause {
    let first = group.iter().min_by_key(|f| (f.severity, f.confidence)).copied().unwrap_or(group[0]);
    let names: Vec<&str> = group.iter().map(|f| f.subject.name.as_str()).collect();
    let subject = match names.as_slice() {
        [one] => (*one).to_owned(),
        many if many.len() <= 5 => many.join(", "),
        many => format!("{} and {} more", many[..5].join(", "), many.len() - 5),
    };
    let summary = match group.len() {
        1 => first.message.clone(),
        n => format!("{} (and {} more like it)", first.message, n - 1),
    };
    let mut evidence: Vec<Origin> = Vec::new();
    for origin in group.iter().flat_map(|f| &f.evidence) {
        if evidence.len() < 8 && !evidence.contains(origin) {
            evidence.push(origin.clone());
        }
    }
    RootCause {
        cause: format!("check:{check}"),
        acts_as: check.to_owned(),
        subject,
        severity: first.severity,
        confidence: first.confidence,
        summary,
        explains: group.iter().flat_map(|f| f.explains.iter().cloned()).collect(),
        evidence,
        remedy: first.remedy.clone(),
        onset: None,
        reach: Reach::default(),
        candidates: Vec::new(),
        masks: Vec::new(),
        suppressed: first.suppressed.clone(),
    }
}

fn of_hit(hit: &SignatureHit, known: &KnownSignature) -> RootCause {
    RootCause {
        cause: format!("signature:{}", hit.id),
        acts_as: known
            .checks
            .iter()
            .find(|check| class_of_check(check) != Class::Symptom)
            .cloned()
            .unwrap_or_default(),
        subject: "deployment".into(),
        severity: known.severity,
        confidence: if is_refusal_without_reason(&hit.id) {
            Confidence::Low
        } else {
            Confidence::Medium
        },
        summary: known.meaning.clone(),
        explains: Vec::new(),
        evidence: hit.samples.iter().take(3).cloned().collect(),
        remedy: known.remedy.clone(),
        onset: None,
        reach: Reach::default(),
        candidates: Vec::new(),
        masks: Vec::new(),
        suppressed: None,
    }
}
