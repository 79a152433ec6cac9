//! `alias.retriever-instance`

use super::{VERIFY, each, subject_of};
use crate::case::{AliasView, Case};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Fact, Field, OperationKind, Process, ServerRole, fold_address};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "alias.retriever-instance",
    title: "The alias is attached to a retriever instance that runs",
    severity: Severity::High,
    why: "An alias belongs to exactly one retriever instance. Without one, or with one that doesn't run, nobody polls it: no error is logged, and its mail stays in the mailbox.",
    evidence: "instance_id of EGML_MAILHOST or a table of aliases; polls of the instances in Retriever logs",
    remedy: &[
        "Attach the alias to a retriever instance: up to 12.5: System console, Partition > (name) > Services > Email > Retriever > (instance) > Input tab; 12.6 and later: Administration Console, Partition > Services > Email > Retriever > (instance) > Input.",
        "Start the instance if it is stopped, and restart that retriever and every dispatcher instance of the partition: both read their aliases only when they start.",
        VERIFY,
    ],
    references: &["Unified WIM/EIM System Console guide, Retriever instances"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    Ok(each(case, check, |alias| judge(case, check, alias)))
}

fn judge(case: &Case, check: &Check, alias: &AliasView<'_>) -> Finding {
    let subject = subject_of(alias);
    let is_zero = |text: &str| text.bytes().all(|b| b == b'0');
    let none = alias.rows.iter().find_map(|row| match &row.instance {
        Field::Empty(origin) => Some(origin),
        Field::Value(fact) if is_zero(&fact.value) => Some(&fact.origin),
        _ => None,
    });
    let named: Vec<&Fact<String>> = alias
        .rows
        .iter()
        .filter_map(|row| row.instance.fact())
        .filter(|f| !is_zero(&f.value))
        .collect();
    let instances: BTreeSet<String> = named.iter().map(|f| f.value.to_lowercase()).collect();
    match (none, named.first()) {
        (Some(empty), Some(fact)) => check
            .unknown(
                subject,
                text!(
                    "two exports disagree: one attaches the alias to retriever instance {number}, the other to none",
                    number = fact.value
                ),
            )
            .at(empty)
            .at(&fact.origin)
            .want(wanted::aliases()),
        (Some(empty), None) => check
            .fail(subject, text!("the alias is attached to no retriever instance: nobody polls it"))
            .at(empty),
        (None, Some(fact)) if instances.len() > 1 => check
            .unknown(subject, text!("two exports attach the alias to different retriever instances"))
            .at(&fact.origin)
            .at_all(named.get(1).map(|f| &f.origin))
            .want(wanted::aliases()),
        (None, Some(fact)) => attached(case, check, alias, fact),
        (None, None) => unnamed(case, check, alias),
    }
}

fn attached(case: &Case, check: &Check, alias: &AliasView<'_>, instance: &Fact<String>) -> Finding {
    let subject = subject_of(alias);
    let number = &instance.value;
    if let Some(series) = case.logs.polls.iter().find(|p| p.instance.eq_ignore_ascii_case(number) && p.polls > 0) {
        return check
            .pass(
                subject,
                text!("the alias is attached to retriever instance {number}, which polls in the log", number),
            )
            .at(&instance.origin)
            .at(&series.last_origin);
    }
    let others: BTreeSet<&str> = case.logs.polls.iter().map(|p| p.instance.as_str()).collect();
    if others.is_empty() {
        return check
            .pass(
                subject,
                text!(
                    "the alias is attached to retriever instance {number}; no Retriever log shows whether it runs",
                    number
                ),
            )
            .confidence(Confidence::Medium)
            .at(&instance.origin);
    }
    // Another services server, whose log is missing, may run it.
    let logged: BTreeSet<String> = case
        .logs
        .streams
        .iter()
        .filter(|s| s.process == Process::Retriever)
        .filter_map(|s| s.host.as_deref().map(crate::case::short_host))
        .collect();
    let silent: Vec<String> = case
        .servers_with(ServerRole::Services)
        .into_iter()
        .filter(|server| !logged.contains(&crate::case::short_host(&server.host)))
        .map(|server| server.host)
        .collect();
    let list: Vec<&str> = others.into_iter().collect();
    let polls = case.logs.polls.iter().map(|p| &p.last_origin).take(2);
    if silent.is_empty() {
        check
            .fail(
                subject,
                text!(
                    "the alias is attached to retriever instance {number}, which never polls in the log (seen: {list}): nobody fetches its mail",
                    number,
                    list = list.join(", ")
                ),
            )
            .at(&instance.origin)
            .at_all(polls)
    } else {
        check
            .unknown(
                subject,
                text!(
                    "retriever instance {number} doesn't poll in the logs collected; it may run on {silent}, whose Retriever log is missing",
                    number,
                    silent = silent.join(", ")
                ),
            )
            .at(&instance.origin)
            .at_all(polls)
            .want(wanted::retriever_log())
    }
}

/// No export names the instance: fetched mail still proves that some instance polls the alias.
fn unnamed(case: &Case, check: &Check, alias: &AliasView<'_>) -> Finding {
    let subject = subject_of(alias);
    let fetched = case
        .logs
        .operations
        .iter()
        .filter(|o| o.kind == OperationKind::Fetch && fold_address(&o.subject) == alias.address)
        .find_map(|o| o.runs.last());
    if let Some(run) = fetched {
        return check
            .pass(subject, text!("the Retriever's log shows that an instance polls the alias"))
            .confidence(Confidence::Medium)
            .at(&run.last_origin);
    }
    let place = alias.rows.first().map(|row| &row.origin).or(alias.account.map(|a| &a.origin));
    check
        .unknown(subject, text!("no export shows which retriever instance polls the alias"))
        .at_all(place)
        .want(wanted::aliases())
}
