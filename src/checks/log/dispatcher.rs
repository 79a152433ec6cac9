//! `log.dispatcher`: mail is sent to the end of the evidence.

use super::super::{Check, Gap};
use super::evidence::{STANDSTILL_MS, newest_member, on_host, others_go_on_until, same_host, streams_of, want_log};
use crate::case::{Case, moment};
use crate::finding::{Confidence, Finding, Severity, Subject, SubjectKind};
use crate::model::{LogStream, OperationKind, Outcome, Process, Run, Stamp, Text, duration_words};
use crate::{counted, text};
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "log.dispatcher",
    title: "Mail is sent to the end",
    severity: Severity::High,
    why: "The dispatcher signs in to the mail server for each batch. Where its last attempts fail, replies pile up in ECE and customers \
          get no answer, while everything looks normal to the agents.",
    evidence: "failures and server replies (`250 2.x.x`) in the dx-process logs",
    remedy: &[
        "Mend the cause that the failing records name (the diagnosis ranks it); a reply such as `535 5.7.139` names its reason, `535 5.7.3` does not.",
        "Restart the dispatcher instance, so that waiting mail is tried again: System console > Partition > Services > Email > Dispatcher.",
        "Check the alias in the Administration console, and make it active again if the failure has disabled it.",
        "Verify: send a reply from an agent console and find `250 2.0.0` for it in the dx-process log.",
    ],
    references: &[
        "Cisco tech note 218453: Retriever and Dispatcher run on the services server",
        "eGain help: alias status (an inactive alias still sends)",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let logs: Vec<&LogStream> = streams_of(case, &Process::Dispatcher).collect();
    if logs.is_empty() {
        return Err(Gap::missing(
            text!("no dispatcher log is in the bundle: whether mail is sent can't be seen"),
            vec![want_log(&Process::Dispatcher, text!("the dispatcher's log"))],
        ));
    }
    let mut hosts: BTreeSet<Option<&str>> = BTreeSet::new();
    Ok(logs
        .iter()
        .filter(|log| hosts.insert(log.host.as_deref()))
        .map(|log| judge(case, check, log))
        .collect())
}

/// What became of one alias's mail on one host.
struct Sending<'a> {
    subject: &'a str,
    runs: Vec<&'a Run>,
}

impl<'a> Sending<'a> {
    fn tail(&self) -> &[&'a Run] {
        let start = self.runs.iter().rposition(|r| r.outcome == Outcome::Done).map_or(0, |i| i + 1);
        self.runs.get(start..).unwrap_or_default()
    }

    fn last_done(&self) -> Option<&'a Run> {
        self.runs.iter().rev().find(|r| r.outcome == Outcome::Done).copied()
    }

    fn last_failed(&self) -> Option<&'a Run> {
        self.runs.iter().rev().find(|r| r.outcome != Outcome::Done).copied()
    }
}

fn judge(case: &Case, check: &Check, log: &LogStream) -> Finding {
    let host = log.host.as_deref();
    let subject = host.map_or_else(Subject::deployment, |host| Subject::new(SubjectKind::Server, host));
    let sendings: Vec<Sending<'_>> = case
        .logs
        .operations
        .iter()
        .filter(|o| o.kind == OperationKind::Send)
        .map(|o| Sending {
            subject: &o.subject,
            runs: o.runs.iter().filter(|r| same_host(r.host.as_deref(), host)).collect(),
        })
        .filter(|s| !s.runs.is_empty())
        .collect();
    let failing: Vec<&Sending<'_>> = sendings.iter().filter(|s| !s.tail().is_empty()).collect();
    if !failing.is_empty() {
        return fails(check, subject, &failing, sendings.len());
    }
    if let Some(finding) = stops(case, check, log, &subject) {
        return finding;
    }
    let sent: Vec<&Run> = sendings.iter().filter_map(Sending::last_done).collect();
    let Some(last) = sent.iter().max_by_key(|r| moment(r.last)) else {
        return check
            .unknown(
                subject,
                text!("the dispatcher log{host} shows no mail that was sent or refused", host = on_host(host)),
            )
            .at_all(newest_member(log).as_ref())
            .want(want_log(
                &Process::Dispatcher,
                text!("a dispatcher log of a time in which mail was sent (let an agent send a reply first)"),
            ));
    };
    let healed = sendings
        .iter()
        .filter_map(|s| Some((s, s.last_failed()?)))
        .max_by_key(|(_, run)| moment(run.last));
    if let Some((sending, run)) = healed {
        let again = sending
            .runs
            .iter()
            .find(|r| r.outcome == Outcome::Done && moment(r.last) > moment(run.last));
        let again = again.map(|r| text!("; healed at {time}", time = first_after(r, run.last)));
        return check
            .warn(
                subject,
                text!(
                    "sending{from} failed {times}, last at {last}, and works again{again}",
                    from = from(sending.subject),
                    times = Text::times(run.count),
                    last = run.last,
                    again
                ),
            )
            .at(&run.last_origin)
            .at(&last.last_origin);
    }
    let count: u64 = sendings.iter().flat_map(|s| &s.runs).map(|r| r.count).sum();
    check
        .pass(
            subject,
            counted!(
                count,
                "the mail server took 1 mail{host}, at {last}",
                "the mail server took {count} mails{host}, the last at {last}",
                host = on_host(host),
                last = last.last
            ),
        )
        .at(&last.last_origin)
}

fn first_after(run: &Run, stamp: Stamp) -> Stamp {
    if moment(run.first) > moment(stamp) { run.first } else { run.last }
}

fn from(subject: &str) -> Option<Text> {
    (!subject.is_empty()).then(|| text!(" from {subject}", subject))
}

fn fails(check: &Check, subject: Subject, failing: &[&Sending<'_>], all: usize) -> Finding {
    let tails: Vec<&Run> = failing.iter().flat_map(|s| s.tail().iter().copied()).collect();
    let count: u64 = tails.iter().map(|r| r.count).sum();
    let first = tails.iter().min_by_key(|r| moment(r.first));
    let last = tails.iter().max_by_key(|r| moment(r.last));
    let done = failing.iter().filter_map(|s| s.last_done()).max_by_key(|r| moment(r.last));
    let names: Vec<&str> = failing.iter().map(|s| s.subject).filter(|s| !s.is_empty()).collect();
    let whose = match names.as_slice() {
        [] => Text::default(),
        [one] => text!(" from {one}", one),
        many if many.len() <= 4 => text!(" from {many}", many = many.join(", ")),
        many => text!(" from {count} aliases", count = many.len()),
    };
    let before = done.map_or(text!("nothing was sent before in these logs"), |r| {
        text!("the last mail that went out left at {last}", last = r.last)
    });
    let span = first
        .zip(last)
        .map(|(a, b)| text!(", first at {first}, last at {last}", first = a.first, last = b.last));
    let rest = (failing.len() < all).then(|| counted!(all - failing.len(), "; 1 other alias still sends", "; {count} other aliases still send"));
    let mut finding = check.fail(
        subject,
        text!(
            "sending{whose} fails to the end of the log: {failures}{span}; {before}{rest}",
            whose,
            failures = counted!(count, "1 failure", "{count} failures"),
            span,
            before,
            rest
        ),
    );
    if let (Some(first), Some(last)) = (first, last) {
        finding = finding.at(&first.origin).at(&last.last_origin);
    }
    if let Some(done) = done {
        finding = finding.at(&done.last_origin);
    }
    signatures(&tails)
        .into_iter()
        .fold(finding, |f, id| f.explains(format!("signature:{id}")))
}

fn signatures(runs: &[&Run]) -> BTreeSet<String> {
    let ids = runs.iter().filter_map(|r| match &r.outcome {
        Outcome::Failed(ids) => Some(ids),
        Outcome::Done => None,
    });
    ids.flatten().cloned().collect()
}

/// A dispatcher that says nothing any more, or said nothing for long in the middle of a file, though it usually speaks all the time.
fn stops(case: &Case, check: &Check, log: &LogStream, subject: &Subject) -> Option<Finding> {
    let last = log.span.last?;
    if let Some((other, until)) = others_go_on_until(case, log, last)
        && is_talkative(log)
        && moment(until) - moment(last) >= STANDSTILL_MS
    {
        return Some(
            check
                .fail(
                    subject.clone(),
                    text!(
                        "the dispatcher log{host} ends at {last}; the {process} log of the same server goes on until {until}, {duration} longer: the dispatcher process stopped",
                        host = on_host(log.host.as_deref()),
                        last,
                        process = other.process.words(),
                        until,
                        duration = duration_words(moment(until) - moment(last)),
                    ),
                )
                .confidence(Confidence::Medium)
                .at_all(newest_member(log).as_ref())
                .at_all(newest_member(other).as_ref())
                .want(want_log(&Process::Dispatcher, text!("the newest file of the dispatcher's log, should it not have been collected"))),
        );
    }
    let (from, to) = longest_silence(log)?;
    let length = (to - from) * 60_000;
    if length < STANDSTILL_MS || !is_talkative(log) {
        return None;
    }
    let stamp = |minute: i64| Stamp {
        local_ms: minute * 60_000,
        offset_minutes: last.offset_minutes.map(|_| 0),
    };
    let member = log
        .members
        .iter()
        .zip(&log.member_spans)
        .find(|(_, span)| holds(span, from, to))
        .map(|(m, _)| m)?;
    Some(
        check
            .fail(
                subject.clone(),
                text!(
                    "the dispatcher{host} was silent for {length}, between {from} and {to}, in the middle of a log that otherwise has a record every minute or two: it hung, and nothing was sent",
                    host = on_host(log.host.as_deref()),
                    length = duration_words(length),
                    from = stamp(from),
                    to = stamp(to),
                ),
            )
            .confidence(Confidence::Medium)
            .at(&crate::model::Origin::whole(member)),
    )
}

fn holds(span: &crate::model::Span, from: i64, to: i64) -> bool {
    let minute = |s: Stamp| moment(s).div_euclid(60_000);
    span.first.is_some_and(|s| minute(s) <= from) && span.last.is_some_and(|s| minute(s) >= to)
}

/// The longest time without a record that lies inside one file, by its minutes.
fn longest_silence(log: &LogStream) -> Option<(i64, i64)> {
    let minutes: Vec<i64> = log.minutes.keys().copied().collect();
    minutes
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.last()?)))
        .filter(|(a, b)| log.member_spans.iter().any(|span| holds(span, *a, *b)))
        .max_by_key(|(a, b)| b - a)
}

/// True if the log has records in most minutes, its longest pause left out: then silence means something.
fn is_talkative(log: &LogStream) -> bool {
    let (Some(first), Some(last)) = (log.minutes.keys().next(), log.minutes.keys().next_back()) else {
        return false;
    };
    let pause = longest_silence(log).map_or(0, |(a, b)| b - a);
    let covered = last - first - pause;
    covered >= 30 && log.minutes.len() as i64 * 10 >= covered * 6
}
