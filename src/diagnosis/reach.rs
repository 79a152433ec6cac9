//! How far a fault reaches: which functions, whose, on which servers; and what works all the same.

use crate::case::Case;
use crate::model::{Operation, OperationKind, Outcome};
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
    pub fn words(&self) -> String {
        if self.failing.is_empty() {
            return String::new();
        }
        let mut text = format!("{} {}", kinds(&self.failing), if self.failing.len() == 1 { "fails" } else { "fail" });
        let working: BTreeSet<OperationKind> = self.working.difference(&self.failing).copied().collect();
        if !working.is_empty() {
            text.push_str(&format!(", {} {}", kinds(&working), if working.len() == 1 { "works" } else { "work" }));
        }
        let named: BTreeSet<&String> = self.subjects.iter().filter(|s| !s.is_empty()).collect();
        match (named.len(), self.spared.len()) {
            (0, _) => {}
            (few, 0) if few <= NAMED => text.push_str(&format!("; affected: {}", listed(&named))),
            (many, 0) => text.push_str(&format!("; all {many} affected")),
            (some, spared) => {
                text.push_str(&format!("; {some} of {} affected: {}", some + spared, listed(&named)));
                text.push_str(&format!("; the same works for {}", listed(&self.spared.iter().collect())));
            }
        }
        if !self.hosts.is_empty() {
            text.push_str(&format!("; seen on {}", listed(&self.hosts.iter().collect())));
            if !self.spared_hosts.is_empty() {
                text.push_str(&format!(", not on {}", listed(&self.spared_hosts.iter().collect())));
            }
        }
        text
    }
}

fn kinds(kinds: &BTreeSet<OperationKind>) -> String {
    let words: Vec<&str> = kinds.iter().map(|k| k.words()).collect();
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => words.concat(),
    }
}

fn listed(names: &BTreeSet<&String>) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(|name| name.as_str()).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
