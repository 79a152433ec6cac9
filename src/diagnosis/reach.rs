//! How far a fault reaches: which functions, whose, on which servers; and what works all the same.

use crate::case::Case;
use crate::model::{Operation, OperationKind, Outcome, Text};
use crate::text;
use std::collections::BTreeSet;

/// How far a fault reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Kinds of attempts that fail now.
    pub failing: BTreeSet<OperationKind>,
    /// Kinds of attempts that work at the end of the evidence.
    pub working: BTreeSet<OperationKind>,
    /// Aliases and accounts that fail now.
    pub subjects: BTreeSet<String>,
    /// Aliases and accounts that the same attempts work for.
    pub spared: BTreeSet<String>,
    /// Hosts whose logs show it.
    pub hosts: BTreeSet<String>,
    /// Hosts on which the same attempts work.
    pub spared_hosts: BTreeSet<String>,
}

/// Most names that a sentence lists.
const NAMED: usize = 4;

impl Reach {
    /// The reach of a fault that makes `attempts` fail.
    pub(super) fn of(case: &Case, attempts: &[&Operation]) -> Self {
        let failing: BTreeSet<OperationKind> = attempts.iter().map(|o| o.kind).collect();
        let subjects: BTreeSet<String> = attempts.iter().map(|o| o.subject.clone()).collect();
        let hosts: BTreeSet<String> = attempts
            .iter()
            .flat_map(|o| o.failing_tail())
            .filter_map(|run| run.host.clone())
            .collect();
        let works = |o: &&Operation| o.runs.last().is_some_and(|run| run.outcome == Outcome::Done);
        let working: Vec<&Operation> = case.logs.operations.iter().filter(works).collect();
        let same: Vec<&&Operation> = working
            .iter()
            .filter(|o| failing.contains(&o.kind) && !subjects.contains(&o.subject))
            .collect();
        let spared_hosts = same
            .iter()
            .filter_map(|o| o.runs.last()?.host.clone())
            .filter(|host| !hosts.contains(host));
        Self {
            spared_hosts: spared_hosts.collect(),
            spared: same.iter().map(|o| o.subject.clone()).filter(|s| !s.is_empty()).collect(),
            working: working.iter().map(|o| o.kind).collect(),
            failing,
            subjects,
            hosts,
        }
    }

    /// In words: `token renewal and sending fail, fetching works; 2 of 3 affected: …; works for …; seen on ECESVC01`. Empty if the logs
    /// don't show it.
    pub fn words(&self) -> Text {
        if self.failing.is_empty() {
            return Text::default();
        }
        let mut text = match self.failing.len() {
            1 => text!("{attempts} fails", attempts = kinds(&self.failing)),
            _ => text!("{attempts} fail", attempts = kinds(&self.failing)),
        };
        let working: BTreeSet<OperationKind> = self.working.difference(&self.failing).copied().collect();
        text = match working.len() {
            0 => text,
            1 => text!("{text}, {attempts} works", text, attempts = kinds(&working)),
            _ => text!("{text}, {attempts} work", text, attempts = kinds(&working)),
        };
        let named: BTreeSet<&String> = self.subjects.iter().filter(|s| !s.is_empty()).collect();
        text = match (named.len(), self.spared.len()) {
            (0, _) => text,
            (few, 0) if few <= NAMED => text!("{text}; affected: {names}", text, names = listed(&named)),
            (many, 0) => text!("{text}; all {count} affected", text, count = many),
            (some, spared) => text!(
                "{text}; {count} of {all} affected: {names}; the same works for {others}",
                text,
                count = some,
                all = some + spared,
                names = listed(&named),
                others = listed(&self.spared.iter().collect())
            ),
        };
        if !self.hosts.is_empty() {
            text = text!("{text}; seen on {hosts}", text, hosts = listed(&self.hosts.iter().collect()));
            if !self.spared_hosts.is_empty() {
                text = text!("{text}, not on {hosts}", text, hosts = listed(&self.spared_hosts.iter().collect()));
            }
        }
        text
    }
}

fn kinds(kinds: &BTreeSet<OperationKind>) -> Text {
    Text::series(kinds.iter().map(|kind| kind.words()))
}

fn listed(names: &BTreeSet<&String>) -> Text {
    let shown: Vec<&String> = names.iter().take(NAMED).copied().collect();
    match names.len() - shown.len() {
        0 => Text::list(shown),
        more => text!("{names} and {others} more", names = Text::list(shown), others = more),
    }
}
