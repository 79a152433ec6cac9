//! Joins clues into ranked causes: what no other clue explains, by the rules and within its scope, stands as a cause.

use super::cause::{Candidate, RootCause};
use super::chain::{Class, class_of_check, concerns_mail, hits_all_alike};
use super::clue::{Clue, clues};
use super::onset::Onset;
use super::reach::Reach;
use super::rules::{Rule, SUMMARIES};
use super::scope::{Mailboxes, Scope};
use super::sign_in::Refused;
use super::{Diagnosis, KnownSignature};
use crate::case::{Case, moment};
use crate::finding::{Confidence, Finding, Severity, Verdict, Want};
use crate::model::{Operation, Outcome};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Finds the causes among `findings` and the case's signature hits, by `rules`. `known` tells what the catalogue knows of a
/// signature.
pub fn diagnose(case: &Case, findings: &[Finding], known: &(dyn Fn(&str) -> Option<KnownSignature> + Sync), rules: &[Rule]) -> Diagnosis {
    let mailboxes = Mailboxes::of(case);
    let refused = Refused::of(case, findings);
    let clues = clues(case, findings, &refused, known, &mailboxes);
    let joined = Joined::of(case, &clues, rules, &mailboxes);

    let mut causes: Vec<Ranked> = joined
        .roots()
        .into_par_iter()
        .filter_map(|roots| joined.cause(case, findings, &roots))
        .collect();
    causes.sort_by(|a, b| a.key().cmp(&b.key()));
    for at in 0..causes.len() {
        let masked = causes
            .iter()
            .filter(|other| causes[at].masks(other))
            .map(|other| other.cause.cause.clone());
        causes[at].cause.masks = masked.collect();
    }
    let causes: Vec<RootCause> = causes.into_iter().map(|ranked| ranked.cause).collect();

    let accounted: BTreeSet<&String> = causes.iter().flat_map(|cause| cause.explains.iter().chain([&cause.cause])).collect();
    let mut unexplained: Vec<String> = Vec::new();
    for clue in clues.iter().filter(|clue| clue.may_stand()) {
        if !accounted.contains(&clue.id) && !unexplained.contains(&clue.id) {
            unexplained.push(clue.id.clone());
        }
    }
    Diagnosis { causes, unexplained }
}

/// Another alias that works on for so long shows that what stops everybody isn't the reason: an access token lives 60 to 90 minutes.
const TOKEN_LIFE_MS: i64 = 90 * 60_000;
/// Clocks of two servers, and records of one moment, differ by so much.
const SLACK_MS: i64 = 2 * 60_000;

/// Which clue explains which.
struct Joined<'c, 'a> {
    clues: &'c [Clue<'a>],
    /// For each clue those that explain it.
    explained_by: Vec<Vec<usize>>,
    /// For each clue those that it explains: the same the other way round.
    explains: Vec<Vec<usize>>,
}

impl<'c, 'a> Joined<'c, 'a> {
    fn of(case: &Case, clues: &'c [Clue<'a>], rules: &[Rule], mailboxes: &Mailboxes) -> Self {
        // Each clue is compared with each other one: what hangs on one alone is asked once.
        let which = |applies: &dyn Fn(&Rule) -> bool| -> Vec<usize> { (0..rules.len()).filter(|at| applies(&rules[*at])).collect() };
        let causing: Vec<Vec<usize>> = clues
            .iter()
            .map(|clue| which(&|rule| rule.faults.iter().any(|is| is.causes(clue))))
            .collect();
        let showing: Vec<Vec<usize>> = clues
            .iter()
            .map(|clue| which(&|rule| rule.symptoms.iter().any(|is| is.shows(clue))))
            .collect();
        let may_lead: Vec<bool> = clues
            .iter()
            .map(|fault| fault.names_a_fault() || fault.is_refusal() && fault.is_reason)
            .collect();
        let by_rule = |fault: usize, symptom: usize| {
            let applies = causing[fault].iter().any(|rule| showing[symptom].contains(rule));
            applies && !seen_apart(&clues[fault], &clues[symptom])
        };
        let reaches = |fault: &Clue<'_>, symptom: &Clue<'_>| symptom.is_bare() && !fault.is_symptom() && concerns_mail(&fault.acts_as);
        // Most pairs have no function in common: numbers tell it before anything is compared.
        let functions = |scope: &Scope| scope.functions.iter().fold(0_u32, |bits, function| bits | 1 << *function as u32);
        let stopping: Vec<u32> = clues.iter().map(|clue| functions(&clue.stops)).collect();
        let shown: Vec<u32> = clues.iter().map(|clue| functions(&clue.shows)).collect();
        let leads = |fault_at: usize, symptom_at: usize| {
            let (fault, symptom) = (&clues[fault_at], &clues[symptom_at]);
            may_lead[fault_at]
                && stopping[fault_at] & shown[symptom_at] != 0
                && fits(fault, symptom)
                && fault.id != symptom.id
                && (by_rule(fault_at, symptom_at) || names(fault, symptom) || reaches(fault, symptom))
                && !works_elsewhere(case, fault, symptom, mailboxes)
        };
        let explains =
            |fault: usize, symptom: usize| leads(fault, symptom) && !(leads(symptom, fault) && comes_first(&clues[symptom], &clues[fault]));
        let explained_by: Vec<Vec<usize>> = (0..clues.len())
            .into_par_iter()
            .map(|symptom| (0..clues.len()).filter(|fault| explains(*fault, symptom)).collect())
            .collect();
        let mut explains = vec![Vec::new(); clues.len()];
        for (symptom, faults) in explained_by.iter().enumerate() {
            faults.iter().for_each(|fault| explains[*fault].push(symptom));
        }
        let mut joined = Self {
            clues,
            explained_by,
            explains,
        };
        joined.break_circles();
        joined
    }

    /// Clues that explain each other in a circle need one that stands: a fault before a symptom, what attempts show before what
    /// exports say, a check before a text, the earlier in the chain.
    fn break_circles(&mut self) {
        loop {
            let roots: Vec<usize> = (0..self.clues.len()).filter(|at| self.explained_by[*at].is_empty()).collect();
            let reached = self.consequences(&roots);
            let circling = (0..self.clues.len()).filter(|at| !reached.contains(at));
            let standing = circling.min_by_key(|at| {
                let clue = &self.clues[*at];
                let is_text = clue.signature().is_some();
                (
                    !clue.may_stand(),
                    clue.is_symptom(),
                    clue.attempts.is_empty(),
                    is_text,
                    class_of_check(&clue.acts_as),
                    *at,
                )
            });
            match standing {
                Some(at) => {
                    for fault in std::mem::take(&mut self.explained_by[at]) {
                        self.explains[fault].retain(|symptom| *symptom != at);
                    }
                }
                None => return,
            }
        }
    }

    /// The clues that stand as causes, one group for each cause.
    fn roots(&self) -> Vec<Vec<usize>> {
        let standing: Vec<usize> = (0..self.clues.len())
            .filter(|at| self.clues[*at].may_stand() && self.explained_by[*at].is_empty())
            .collect();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in standing {
            let clue = &self.clues[at];
            let same = |group: &&mut Vec<usize>| {
                group
                    .iter()
                    .any(|other| self.clues[*other].id == clue.id || self.is_one_refusal(*other, at))
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        groups
    }

    /// Fetching and sending of one mailbox that are both refused without a reason are refused for one.
    fn is_one_refusal(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.clues[one], &self.clues[other]);
        let meet = |a: &Option<BTreeSet<String>>, b: &Option<BTreeSet<String>>| match (a, b) {
            (Some(a), Some(b)) => !a.is_disjoint(b),
            _ => true,
        };
        one.is_refusal() && other.is_refusal() && meet(&one.shows.mailboxes, &other.shows.mailboxes)
    }

    /// Everything that `roots` explain, directly or by what they explain.
    fn consequences(&self, roots: &[usize]) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = roots.iter().copied().collect();
        let mut next: Vec<usize> = roots.to_vec();
        while let Some(at) = next.pop() {
            next.extend(self.explains[at].iter().filter(|symptom| found.insert(**symptom)));
        }
        found
    }

    fn cause(&self, case: &Case, findings: &[Finding], roots: &[usize]) -> Option<Ranked> {
        let clues: Vec<&Clue<'_>> = roots.iter().map(|at| &self.clues[*at]).collect();
        let own: Vec<&Clue<'_>> = clues.iter().copied().filter(|clue| clue.id == clues[0].id).collect();
        let mut cause = RootCause::of(&own)?;
        let consequences = self.consequences(roots);
        let mut explains: BTreeSet<String> = consequences
            .iter()
            .map(|at| self.clues[*at].id.clone())
            .filter(|id| *id != cause.cause)
            .collect();
        let reads_texts = cause.cause.starts_with("signature:") || explains.iter().any(|id| id.starts_with("signature:"));
        for clue in self
            .clues
            .iter()
            .filter(|clue| clue.check().is_some_and(|check| SUMMARIES.contains(&check)))
        {
            let named = clues.iter().any(|own| names(own, clue));
            if named || reads_texts && clue.check() == Some("log.known-errors") {
                explains.insert(clue.id.clone());
            }
        }
        cause.explains = explains.into_iter().collect();
        let mut attempts: Vec<&Operation> = Vec::new();
        for operation in consequences.iter().flat_map(|at| &self.clues[*at].attempts) {
            if !attempts.iter().any(|known| std::ptr::eq(*known, *operation)) {
                attempts.push(operation);
            }
        }
        let mut reach = clues[0].stops.clone();
        clues.iter().for_each(|clue| reach.widen(&clue.stops));
        cause.onset = Onset::of(case, &attempts);
        cause.reach = Reach::of(case, &attempts);
        cause.candidates = candidates(&clues, findings);
        Some(Ranked {
            is_symptom: clues.iter().all(|clue| clue.is_symptom()),
            harms: !attempts.is_empty(),
            class: class_of_check(&cause.acts_as),
            reach,
            cause,
        })
    }
}

/// True if the fault's own check, or the catalogue's entry of the text, says that the two belong together.
fn names(fault: &Clue<'_>, symptom: &Clue<'_>) -> bool {
    let lists = |by: &Clue<'_>, id: &str| by.finding().is_some_and(|finding| finding.explains.iter().any(|named| named == id));
    let bears_on = |text: &Clue<'_>, check: &str| text.known.as_ref().is_some_and(|known| known.checks.iter().any(|id| id == check));
    match (fault.check(), symptom.check()) {
        // A check explains the texts that bear on it; one that looks for a fault also those that its finding lists.
        (Some(check), None) => !only_watches(check) && (bears_on(symptom, check) || !fault.is_symptom() && lists(fault, &symptom.id)),
        // What merely shows that something is wrong lists what it saw: that is its reason.
        (None, Some(check)) if only_watches(check) => bears_on(fault, check) || lists(symptom, &fault.id),
        (None, Some(check)) => symptom.is_symptom() && lists(symptom, &fault.id) && !bears_on(fault, check),
        (Some(check), Some(_)) => !only_watches(check) && lists(fault, &symptom.id),
        (None, None) => false,
    }
}

/// Checks that watch what happens, and look for no fault.
fn only_watches(check: &str) -> bool {
    check == "alias.state" || check == "signin.failures" || check.starts_with("log.")
}

/// True if the fault can be behind a symptom of the same function: same mailbox and server, and not the symptom first.
fn fits(fault: &Clue<'_>, symptom: &Clue<'_>) -> bool {
    let in_time = match (fault.worked_until, symptom.began) {
        (Some(worked), Some(began)) => began + SLACK_MS >= worked,
        _ => true,
    };
    in_time && fault.stops.is_near(&symptom.shows)
}

/// True if each is seen in failing attempts of its own: then they are two faults, whatever a rule says.
fn seen_apart(one: &Clue<'_>, other: &Clue<'_>) -> bool {
    let shared = one
        .attempts
        .iter()
        .any(|attempt| other.attempts.iter().any(|a| std::ptr::eq(*a, *attempt)));
    !one.is_symptom() && !other.is_symptom() && !one.attempts.is_empty() && !other.attempts.is_empty() && !shared
}

/// True if the fault would hit every mailbox alike, and others do what this one can't, long after it began: then it isn't the reason.
fn works_elsewhere(case: &Case, fault: &Clue<'_>, symptom: &Clue<'_>, mailboxes: &Mailboxes) -> bool {
    let (Some(whose), Some(began)) = (&symptom.shows.mailboxes, symptom.began) else {
        return false;
    };
    if !symptom.is_refusal() || !hits_all_alike(&fault.acts_as) {
        return false;
    }
    let works = |operation: &Operation| {
        let others = mailboxes.of_operation(operation).is_some_and(|others| others.is_disjoint(whose));
        let last = operation.runs.last().filter(|run| run.outcome == Outcome::Done);
        let inside = |run: &crate::model::Run| {
            let beside = Scope {
                mailboxes: None,
                ..symptom.shows.clone()
            };
            beside.holds(operation.kind, &None, run.host.as_deref())
        };
        others && last.is_some_and(|run| inside(run) && moment(run.last) > began + TOKEN_LIFE_MS)
    };
    case.logs.operations.iter().any(works)
}

/// Of two clues that explain each other: the one that names the other wins, else the earlier in the chain, else the first by name.
fn comes_first(one: &Clue<'_>, other: &Clue<'_>) -> bool {
    let named = |by: &Clue<'_>, symptom: &Clue<'_>| by.finding().is_some_and(|finding| finding.explains.contains(&symptom.id));
    match (named(one, other), named(other, one)) {
        (true, false) => true,
        (false, true) => false,
        _ => (class_of_check(&one.acts_as), &one.id) < (class_of_check(&other.acts_as), &other.id),
    }
}

/// Checks that bear on refusals without a reason and are open, in the order in which the catalogue names them.
fn candidates(clues: &[&Clue<'_>], findings: &[Finding]) -> Vec<Candidate> {
    let mut bears_on: Vec<&String> = Vec::new();
    for check in clues
        .iter()
        .filter(|clue| clue.is_refusal())
        .filter_map(|clue| clue.known.as_ref())
        .flat_map(|known| &known.checks)
    {
        if !bears_on.contains(&check) {
            bears_on.push(check);
        }
    }
    let open = |check: &String| {
        let of_check: Vec<&Finding> = findings.iter().filter(|f| f.check == check && f.verdict == Verdict::Unknown).collect();
        let mut wants: Vec<Want> = of_check.iter().flat_map(|f| f.wants.iter().cloned()).collect();
        wants.sort();
        wants.dedup();
        (!of_check.is_empty()).then(|| Candidate { check: check.clone(), wants })
    };
    bears_on.into_iter().filter_map(open).collect()
}

/// A cause with what ranks it.
struct Ranked {
    is_symptom: bool,
    harms: bool,
    class: Class,
    reach: Scope,
    cause: RootCause,
}

impl Ranked {
    /// Order of the causes: faults before bare symptoms, then how much it matters, whether attempts are seen to fail by it, how sure
    /// it is, its place in the chain. How often something was logged plays no part.
    fn key(&self) -> (bool, Severity, bool, Confidence, Class, usize, &str) {
        (
            self.is_symptom,
            self.cause.severity,
            !self.harms,
            self.cause.confidence,
            self.class,
            usize::MAX - self.cause.explains.len(),
            &self.cause.cause,
        )
    }

    /// True if `other` lies further down the chain within the reach of this one: it may show only once this one is mended.
    fn masks(&self, other: &Self) -> bool {
        other.class > self.class && other.class != Class::Symptom && self.reach.touches(&other.reach)
    }
}
