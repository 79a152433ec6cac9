//! `log.retriever-polling`: each retriever instance polls every 30 s, to the end of the evidence.

use super::super::{Check, Gap};
use super::evidence::{STANDSTILL_MS, comparable, newest_member, on_host, others_go_on_until, same_host, streams_of, want_log};
use crate::case::{Case, moment};
use crate::finding::{Confidence, Finding, Severity, Subject, SubjectKind};
use crate::model::{LogStream, OperationKind, Origin, PollGap, PollSeries, Process, Stamp, Text, duration_words};
use crate::{counted, text};
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "log.retriever-polling",
    title: "Every retriever instance polls to the end",
    severity: Severity::Critical,
    why: "The retriever looks for mail every 30 s and logs each look. When the lines stop while the log goes on, no mail comes in, \
          and no error need show it: a hung or stopped instance is silent.",
    evidence: "`Rx Instance <n> Running` and `Waiting` in the rx-process logs; instances that aliases are attached to",
    remedy: &[
        "Before restarting, take a thread dump of the rx-process on the services server (`jstack <ProcessId>`), so that the cause of a hang can be found.",
        "In the System console open Partition > Services > Email > Retriever, and compare Last Run Time with now for the instance.",
        "Stop and start the retriever instance; if it does not stop, restart the retriever service process on the services server.",
        "Verify: `**** Rx Instance <n> Running ****` appears in the rx-process log every 30 s again, and a test mail becomes an activity.",
    ],
    references: &[
        "Cisco DocWiki: Initial Email Retrieval (polling every 30 s)",
        "Cisco DocWiki: Retriever issues (hung and crashed instances)",
    ],
    run,
};

/// Silence at the end of the log that is more than a slow poll.
const STOPPED_MS: i64 = 5 * 60_000;
/// A log has to be this long before a missing instance says something.
const LONG_ENOUGH_MS: i64 = 10 * 60_000;

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let logs: Vec<&LogStream> = streams_of(case, &Process::Retriever).collect();
    if logs.is_empty() && case.logs.polls.is_empty() {
        return Err(Gap::missing(
            text!("no retriever log is in the bundle: whether mail is looked for can't be seen"),
            vec![want_log(&Process::Retriever, text!("the retriever's log"))],
        ));
    }
    let mut findings: Vec<Finding> = case.logs.polls.iter().map(|series| judge(case, check, series)).collect();
    findings.extend(never_seen(case, check, &logs));
    if findings.is_empty() {
        findings.extend(logs.iter().map(|log| without_polls(case, check, log)));
    }
    Ok(findings)
}

fn subject(case: &Case, instance: &str, host: Option<&str>) -> Subject {
    let hosts: BTreeSet<_> = case.logs.polls.iter().filter(|s| s.instance == instance).map(|s| &s.host).collect();
    let name = match host {
        Some(host) if hosts.len() > 1 => format!("{instance} on {host}"),
        _ => instance.to_owned(),
    };
    let label = match host {
        Some(host) => format!("retriever instance {instance} on {host}"),
        None => format!("retriever instance {instance}"),
    };
    Subject::new(SubjectKind::Instance, name).labelled(Some(&label))
}

fn judge(case: &Case, check: &Check, series: &PollSeries) -> Finding {
    let subject = subject(case, &series.instance, series.host.as_deref());
    let who = text!(
        "retriever instance {instance}{host}",
        instance = series.instance,
        host = on_host(series.host.as_deref())
    );
    if let Some(finding) = stopped(case, check, series, &subject, &who) {
        return finding;
    }
    let silences: Vec<&PollGap> = series.gaps.iter().filter(|gap| is_silence(gap)).collect();
    let Some(longest) = silences.iter().max_by_key(|gap| gap.length_ms()) else {
        let (first, last) = (series.span.first, series.span.last);
        let span = first.zip(last).map(|(a, b)| text!(" from {a} to {b}", a, b));
        return check
            .pass(
                subject,
                text!(
                    "{who} polled without a pause: {polls}{span}",
                    who,
                    polls = counted!(series.polls, "1 poll", "{count} polls"),
                    span
                ),
            )
            .at(&series.first_origin)
            .at(&series.last_origin);
    };
    let length = duration_words(longest.length_ms());
    let more = match (silences.len(), series.gaps_left_out) {
        (1, 0) => Text::default(),
        (n, 0) => text!("; {n} further pauses of more than two minutes", n = n - 1),
        (n, _) => text!("; {n} or more further pauses of more than two minutes", n = n - 1),
    };
    let told = text!(
        "{who} was silent for {length}: no sign of life between {from} and {to}",
        who,
        length,
        from = longest.from,
        to = longest.to
    );
    let finding = if longest.length_ms() >= STANDSTILL_MS {
        let why = if longest.log_goes_on {
            text!("the log went on meanwhile: the instance hung")
        } else {
            text!("no mail was fetched meanwhile")
        };
        check.fail(
            subject,
            text!(
                "{told}, although it polls every 30 s; {why}. It polls again since; nothing shows that the cause is gone{more}",
                told,
                why,
                more
            ),
        )
    } else {
        check.warn(
            subject,
            text!("{told}, then it polled again (a restart, or a very long poll){more}", told, more),
        )
    };
    finding.at(&longest.from_origin).at(&longest.to_origin)
}

/// True if nothing of the log is missing in the gap, so that it is silence: both ends in one file, or other records in between.
fn is_silence(gap: &PollGap) -> bool {
    // A clock without zone jumps by an hour when summer time begins.
    let clock_change = gap.from.offset_minutes.is_none() && (58 * 60_000..=63 * 60_000).contains(&gap.length_ms());
    (gap.inside_one_file || gap.log_goes_on) && !clock_change
}

/// The instance polls no more, although its log or the server's other logs go on.
fn stopped(case: &Case, check: &Check, series: &PollSeries, subject: &Subject, who: &Text) -> Option<Finding> {
    let last = series.last_sign;
    let after = |end: Stamp| moment(end) - moment(last);
    let logs = streams_of(case, &Process::Retriever).filter(|log| same_host(log.host.as_deref(), series.host.as_deref()));
    // Several logs without a host: the one that holds the last poll counts.
    let log = logs
        .filter(|log| log.members.contains(&series.last_origin.path))
        .max_by_key(|log| log.span.last.map(moment))?;
    let end = log.span.last?;
    let own = after(end);
    if own >= STOPPED_MS {
        let finding = check.fail(
            subject.clone(),
            text!(
                "{who} polled for the last time at {last}; its log goes on until {end}, {own} longer, without a poll: mail is not looked for",
                who,
                last,
                end,
                own = duration_words(own)
            ),
        );
        return Some(finding.at(&series.last_origin).at_all(newest_member(log).as_ref()));
    }
    let (other, until) = others_go_on_until(case, log, last)?;
    if after(until) < STANDSTILL_MS {
        return None;
    }
    let finding = check.fail(
        subject.clone(),
        text!(
            "{who} polled for the last time at {last}, and the rx-process log ends there; the {process} log of the same server goes on until {until}, {duration} longer: the retriever process stopped",
            who,
            last,
            process = other.process.words(),
            until,
            duration = duration_words(after(until)),
        ),
    );
    Some(
        finding
            .confidence(Confidence::Medium)
            .at(&series.last_origin)
            .at_all(newest_member(other).as_ref())
            .want(want_log(
                &Process::Retriever,
                text!("the newest file of the retriever's log, should it not have been collected"),
            )),
    )
}

/// Instances that aliases are attached to, and that no retriever log shows.
fn never_seen(case: &Case, check: &Check, logs: &[&LogStream]) -> Vec<Finding> {
    let mut attached: BTreeMap<String, (BTreeSet<String>, Vec<Origin>)> = BTreeMap::new();
    for alias in case.aliases() {
        for row in &alias.rows {
            let Some(fact) = row.instance.fact() else { continue };
            let instance = fact.value.trim().to_owned();
            if instance.is_empty() || !instance.bytes().all(|b| b.is_ascii_digit()) || instance.bytes().all(|b| b == b'0') {
                continue;
            }
            let (aliases, origins) = attached.entry(instance).or_default();
            aliases.insert(alias.address.clone());
            if !origins.contains(&fact.origin) {
                origins.push(fact.origin.clone());
            }
        }
    }
    let long = logs.iter().filter(|log| speaks(log) && length(log) >= LONG_ENOUGH_MS).count();
    let polled: BTreeSet<&str> = case.logs.polls.iter().map(|s| s.instance.as_str()).collect();
    // Without any poll in the logs, an instance that is missing from them says nothing of its own.
    if polled.is_empty() || long == 0 {
        return Vec::new();
    }
    let unseen = attached.into_iter().filter(|(instance, _)| !polled.contains(instance.as_str()));
    unseen
        .map(|(instance, (aliases, origins))| {
            let message = text!(
                "retriever instance {instance} never polls in the retriever logs, which show instance {polled}; aliases attached to it: {aliases}",
                instance,
                polled = Text::list(&polled),
                aliases = Text::list(aliases)
            );
            let subject = subject(case, &instance, None);
            // With several services servers it may run on one whose log wasn't collected.
            let alone = logs.iter().map(|log| log.host.as_deref()).collect::<BTreeSet<_>>().len() <= 1;
            let all_collected = case.servers_with(crate::model::ServerRole::Services).len() <= 1;
            if alone && all_collected {
                check
                    .fail(subject, text!("{message}: their mail is not fetched", message))
                    .confidence(Confidence::Medium)
                    .at_all(&origins)
                    .at_all(case.logs.polls.iter().take(1).map(|s| &s.last_origin))
            } else {
                check
                    .unknown(subject, text!("{message}. It may run on another services server", message))
                    .at_all(&origins)
                    .want(want_log(&Process::Retriever, text!("the retriever logs of all services servers")))
            }
        })
        .collect()
}

/// A retriever log without a single poll line.
fn without_polls(case: &Case, check: &Check, log: &LogStream) -> Finding {
    let host = log.host.as_deref();
    let subject = host.map_or_else(Subject::deployment, |host| Subject::new(SubjectKind::Server, host));
    let member = newest_member(log);
    let fetched = case
        .logs
        .operations
        .iter()
        .filter(|o| o.kind == OperationKind::Fetch)
        .filter_map(|o| o.runs.last())
        .max_by_key(|run| moment(run.last));
    if let (Some(run), Some(end)) = (fetched, log.span.last)
        && comparable(run.last, end)
        && moment(end) - moment(run.last) < STANDSTILL_MS
    {
        return check
            .pass(
                subject,
                text!(
                    "the retriever log shows no polls by their usual text, but the retriever looked for mail until {last}",
                    last = run.last
                ),
            )
            .confidence(Confidence::Medium)
            .at(&run.last_origin);
    }
    if speaks(log) && length(log) >= LONG_ENOUGH_MS {
        return check
            .fail(
                subject,
                text!(
                    "the retriever log{host} covers {duration} with {records} records and shows not one poll: no retriever instance runs",
                    host = on_host(host),
                    duration = duration_words(length(log)),
                    records = log.records
                ),
            )
            .confidence(Confidence::Medium)
            .at_all(member.as_ref());
    }
    check
        .unknown(
            subject,
            text!(
                "the retriever log{host} shows no poll, but it is too short, or its level leaves INFO records out, to say that none happens",
                host = on_host(host)
            ),
        )
        .at_all(member.as_ref())
        .want(want_log(
            &Process::Retriever,
            text!("a retriever log of at least ten minutes, written at level INFO"),
        ))
}

/// True if the log's level lets polls show: it holds a fair number of INFO records or more verbose ones.
fn speaks(log: &LogStream) -> bool {
    let quiet: u64 = log
        .levels
        .iter()
        .filter(|(level, _)| !matches!(level.as_str(), "ERROR" | "FATAL" | "WARN" | "SEVERE" | "WARNING"))
        .map(|(_, n)| n)
        .sum();
    quiet >= 10
}

fn length(log: &LogStream) -> i64 {
    log.span.first.zip(log.span.last).map_or(0, |(a, b)| moment(b) - moment(a))
}
