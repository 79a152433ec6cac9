//! Clues: failing findings and known texts, each with its scope. A text is as many clues as there are kinds of attempts and
//! subjects that it makes fail, so that one alias's refusals aren't taken for another's.

use super::KnownSignature;
use super::chain::{ALL, Class, class_of_check, shown_by, stopped_by};
use super::rules::{SUMMARIES, is_refusal_without_reason};
use super::scope::{Mailboxes, Scope};
use super::sign_in::Refused;
use crate::case::{Case, HitState, moment, short_host};
use crate::finding::{Finding, Severity, Verdict};
use crate::model::{LogEventKind, Operation, OperationKind, Outcome, Run, SignatureHit};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// What a clue is.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A finding that fails.
    Finding(&'a Finding),
    /// A known text.
    Text(&'a SignatureHit),
}

/// Something that is wrong, or shows that something is.
#[derive(Clone)]
pub(super) struct Clue<'a> {
    pub source: Source<'a>,
    /// `check:<id>` or `signature:<id>`.
    pub id: String,
    /// The check whose place in the chain it takes: its own, or the one that a text bears on most. Empty if there is none.
    pub acts_as: String,
    /// What the catalogue knows of the text.
    pub known: Option<KnownSignature>,
    /// For a text: it says that something fails now, and matters.
    pub is_reason: bool,
    /// How far it reaches as a cause.
    pub stops: Scope,
    /// How far it reaches as a symptom.
    pub shows: Scope,
    /// As a cause: a moment at which everything concerned still worked.
    pub worked_until: Option<i64>,
    /// As a symptom: when it began at the latest.
    pub began: Option<i64>,
    /// Attempts that it makes fail at the end of the evidence.
    pub attempts: Vec<&'a Operation>,
}

impl<'a> Clue<'a> {
    pub fn check(&self) -> Option<&'static str> {
        match self.source {
            Source::Finding(finding) => Some(finding.check),
            Source::Text(_) => None,
        }
    }

    pub fn signature(&self) -> Option<&'a str> {
        match self.source {
            Source::Text(hit) => Some(&hit.id),
            Source::Finding(_) => None,
        }
    }

    pub fn finding(&self) -> Option<&'a Finding> {
        match self.source {
            Source::Finding(finding) => Some(finding),
            Source::Text(_) => None,
        }
    }

    /// A mail server's refusal that names no reason.
    pub fn is_refusal(&self) -> bool {
        self.signature().is_some_and(is_refusal_without_reason)
    }

    /// True if it merely shows that something is wrong.
    pub fn is_symptom(&self) -> bool {
        match self.source {
            Source::Finding(finding) => class_of_check(finding.check) == Class::Symptom,
            Source::Text(_) => self.is_refusal(),
        }
    }

    /// True if it is a bare symptom: any fault that reaches it explains it. A silent retriever is a fault of its own, whatever
    /// happens elsewhere.
    pub fn is_bare(&self) -> bool {
        match self.source {
            Source::Finding(finding) => self.is_symptom() && finding.check != "log.retriever-polling" && !SUMMARIES.contains(&finding.check),
            Source::Text(_) => self.is_refusal() || !self.is_reason,
        }
    }

    /// True if it may explain others: a failing check that sums up nothing, or a text with a reason.
    pub fn names_a_fault(&self) -> bool {
        match self.source {
            Source::Finding(finding) => !SUMMARIES.contains(&finding.check),
            Source::Text(_) => self.is_reason && !self.is_refusal(),
        }
    }

    /// True if it may stand as a cause where nothing explains it.
    pub fn may_stand(&self) -> bool {
        match self.source {
            Source::Finding(_) => self.names_a_fault(),
            Source::Text(_) => self.is_reason,
        }
    }
}

/// All clues: failing findings in the order of the report, then texts that go on, in logs and in sign-in exports.
pub(super) fn clues<'a>(
    case: &'a Case,
    findings: &'a [Finding],
    refused: &'a [Refused],
    known: &(dyn Fn(&str) -> Option<KnownSignature> + Sync),
    mailboxes: &Mailboxes,
) -> Vec<Clue<'a>> {
    let mut clues: Vec<Clue<'a>> = Vec::new();
    let texts: Vec<(&SignatureHit, KnownSignature)> = case
        .logs
        .hits
        .par_iter()
        .filter(|hit| goes_on(case, hit))
        .filter_map(|hit| Some((hit, known(&hit.id)?)))
        .collect();
    let failing = findings.par_iter().filter(|finding| finding.verdict == Verdict::Fail);
    clues.par_extend(failing.map(|finding| of_finding(case, finding, &texts, mailboxes)));
    clues.par_extend(texts.par_iter().flat_map_iter(|(hit, known)| of_text(case, hit, known, mailboxes)));
    for refused in refused {
        let Some(known) = known(&refused.text.id) else { continue };
        for mut clue in of_text(case, &refused.text, &known, mailboxes) {
            refused.narrow(&mut clue, mailboxes.named(&refused.who));
            clues.push(clue);
        }
    }
    clues
}

/// True for a text that stands for something wrong now. One without a date decides nothing beside attempts that work.
fn goes_on(case: &Case, hit: &SignatureHit) -> bool {
    match case.state_of(hit) {
        HitState::GoesOn => true,
        HitState::Undated { works } => !works,
        HitState::Healed | HitState::Elsewhere => false,
    }
}

fn holds(run: &Run, text: &str) -> bool {
    matches!(&run.outcome, Outcome::Failed(ids) if ids.iter().any(|id| id == text))
}

/// The attempts of `case` that end with failures for which `text` speaks.
fn failing_with<'a>(case: &'a Case, text: &str) -> Vec<&'a Operation> {
    let ends_so = |operation: &&Operation| operation.failing_tail().iter().any(|run| holds(run, text));
    case.logs.operations.iter().filter(ends_so).collect()
}

/// The last moment at which all of `operations` still worked, before the first of them failed.
fn worked_until(operations: &[&Operation]) -> Option<i64> {
    let first = operations
        .iter()
        .filter_map(|o| o.failing_tail().first())
        .map(|run| moment(run.first))
        .min()?;
    let done = operations.iter().flat_map(|o| &o.runs).filter(|run| run.outcome == Outcome::Done);
    done.map(|run| moment(run.last)).filter(|last| *last <= first).max()
}

fn of_finding<'a>(case: &'a Case, finding: &'a Finding, texts: &[(&SignatureHit, KnownSignature)], mailboxes: &Mailboxes) -> Clue<'a> {
    let mut stops = mailboxes.of_subject(&finding.subject, stopped_by(finding.check));
    let mut shows = mailboxes.of_subject(&finding.subject, shown_by(finding.check));
    if finding.check.starts_with("url.") && !has_renewed(case) {
        // Nothing shows that a token was there before: then the first one is what everything waits for.
        stops.functions.extend(ALL);
    }
    let own_text = |hit: &SignatureHit, known: &KnownSignature| {
        let named = finding.explains.iter().any(|e| e.strip_prefix("signature:") == Some(&hit.id));
        named || known.checks.first().is_some_and(|check| check == finding.check)
    };
    let mut attempts: Vec<&Operation> = Vec::new();
    for (hit, _) in texts.iter().filter(|(hit, known)| own_text(hit, known)) {
        for operation in failing_with(case, &hit.id) {
            let inside = stops.holds(operation.kind, &mailboxes.of_operation(operation), None);
            if inside && !attempts.iter().any(|known| std::ptr::eq(*known, operation)) {
                attempts.push(operation);
            }
        }
    }
    if stops.mailboxes.is_none() && class_of_check(finding.check) == Class::SignIn {
        // A policy reaches whom it is seen to refuse.
        let whose: Option<Vec<BTreeSet<String>>> = attempts.iter().map(|operation| mailboxes.of_operation(operation)).collect();
        stops.mailboxes = whose
            .map(|whose| whose.into_iter().flatten().collect::<BTreeSet<String>>())
            .filter(|whose| !whose.is_empty());
    }
    if finding.check == "log.dispatcher" {
        shows.mailboxes = whose_sending_fails(case, &shows, mailboxes);
    }
    let began = match finding.check {
        "alias.state" => out_of_service(case, finding, mailboxes),
        _ => None,
    };
    Clue {
        source: Source::Finding(finding),
        id: format!("check:{}", finding.check),
        acts_as: finding.check.to_owned(),
        known: None,
        is_reason: false,
        worked_until: worked_until(&attempts),
        began,
        attempts,
        stops,
        shows,
    }
}

fn has_renewed(case: &Case) -> bool {
    let mut renewals = case.logs.operations.iter().filter(|o| o.kind == OperationKind::TokenRefresh);
    renewals.any(|o| o.last_done().is_some())
}

/// The mailboxes whose sending fails on the dispatcher's server, if every one is known.
fn whose_sending_fails(case: &Case, scope: &Scope, mailboxes: &Mailboxes) -> Option<BTreeSet<String>> {
    let mut whose = BTreeSet::new();
    for operation in case.logs.operations.iter().filter(|o| o.kind == OperationKind::Send && o.ends_failing()) {
        let host = operation.failing_tail().last().and_then(|run| run.host.as_deref());
        if scope.holds(OperationKind::Send, &None, host) {
            whose.extend(mailboxes.of_operation(operation)?);
        }
    }
    (!whose.is_empty()).then_some(whose)
}

/// When the alias went out of service, at the latest: by the log, else by the last change of its row.
fn out_of_service(case: &Case, finding: &Finding, mailboxes: &Mailboxes) -> Option<i64> {
    let address = mailboxes.named(&finding.subject.name)?;
    let is_it = |name: &str| mailboxes.named(name).is_some_and(|named| named == address);
    let logged = case.logs.events.iter().filter_map(|event| match &event.kind {
        LogEventKind::AliasDisabled { address } if is_it(address) => event.time.map(moment),
        _ => None,
    });
    let changed = case.facts.ece.aliases.iter().filter(|row| row.address.get().is_some_and(|a| is_it(a)));
    let changed = changed.filter_map(|row| row.last_modified.get().copied().map(moment));
    logged.max().or_else(|| changed.max())
}

/// The clues of a text: one for each attempt that it makes fail, else one whose reach is not known.
fn of_text<'a>(case: &'a Case, hit: &'a SignatureHit, known: &KnownSignature, mailboxes: &Mailboxes) -> Vec<Clue<'a>> {
    let acts_as = known
        .checks
        .iter()
        .find(|check| class_of_check(check) != Class::Symptom)
        .cloned()
        .unwrap_or_default();
    let clue = |scope: Scope, attempts: Vec<&'a Operation>| Clue {
        source: Source::Text(hit),
        id: format!("signature:{}", hit.id),
        is_reason: known.is_cause && known.severity <= Severity::Medium && hit.count > hit.aside,
        stops: Scope {
            functions: match acts_as.as_str() {
                "" => scope.functions.clone(),
                check => stopped_by(check).iter().copied().chain(scope.functions.iter().copied()).collect(),
            },
            ..scope.clone()
        },
        shows: scope,
        acts_as: acts_as.clone(),
        known: Some(known.clone()),
        worked_until: worked_until(&attempts),
        began: attempts
            .iter()
            .filter_map(|o| o.failing_tail().first())
            .map(|run| moment(run.first))
            .min(),
        attempts,
    };
    let attempts = failing_with(case, &hit.id);
    if attempts.is_empty() {
        let hosts: BTreeSet<String> = hit
            .by_source
            .keys()
            .map(|(host, _)| short_host(host))
            .filter(|host| !host.is_empty())
            .collect();
        let dated = hit.elsewhere == 0 && !hosts.is_empty();
        return vec![clue(
            Scope {
                functions: ALL.iter().copied().collect(),
                mailboxes: None,
                hosts: dated.then_some(hosts),
            },
            Vec::new(),
        )];
    }
    let of_attempt = |operation: &'a Operation| {
        let hosts: BTreeSet<String> = operation
            .failing_tail()
            .iter()
            .filter_map(|run| run.host.as_deref())
            .map(short_host)
            .collect();
        let scope = Scope {
            functions: BTreeSet::from([operation.kind]),
            mailboxes: mailboxes.of_operation(operation),
            hosts: (!hosts.is_empty()).then_some(hosts),
        };
        clue(scope, vec![operation])
    };
    attempts.into_iter().map(of_attempt).collect()
}
