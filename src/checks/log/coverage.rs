//! `log.coverage`: which servers, processes and spans the logs of the bundle cover. An information row.

use super::super::{Check, Gap};
use super::evidence::{newest_member, on_host, want_log};
use crate::case::{Case, moment};
use crate::finding::{Finding, Severity, Subject, SubjectKind};
use crate::model::{LogStream, Process, Text, duration_words};
use crate::{counted, text};

/// The check.
pub const CHECK: Check = Check {
    id: "log.coverage",
    title: "What the logs cover",
    severity: Severity::Info,
    why: "A verdict about the logs is worth what they cover: a server, process or night that was not collected is not healthy, it is unknown.",
    evidence: "all ECE logs: host, process, first and last record, holes between rotated files, zones",
    remedy: &[
        "Collect the logs that are missing, of the same span from all servers.",
        "Verify: scan again, this row lists them.",
    ],
    references: &["checklist: logs of retriever, dispatcher (services server) and application server are needed together"],
    run,
};

/// Without a record for this long between two files of one log, a file is missing.
const HOLE_MS: i64 = 60 * 60_000;

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let mut findings: Vec<Finding> = case.logs.streams.iter().map(|log| describe(check, log)).collect();
    let missing: Vec<Process> = [Process::Retriever, Process::Dispatcher, Process::ApplicationServer]
        .into_iter()
        .filter(|process| case.logs.streams.iter().all(|s| s.process != *process || s.records == 0))
        .collect();
    if !missing.is_empty() {
        let names = Text::list(missing.iter().map(Process::words));
        let mut finding = check.pass(Subject::deployment(), text!("no log of these is in the bundle: {names}", names));
        for process in &missing {
            finding = finding.want(want_log(process, text!("the {process} log", process = process.words())));
        }
        findings.push(finding);
    }
    for (what, n) in &case.logs.dropped {
        findings.push(check.pass(
            Subject::deployment(),
            text!("limits left {n} {what} out of the analysis", n, what = Text::figure(what)),
        ));
    }
    Ok(findings)
}

fn describe(check: &Check, log: &LogStream) -> Finding {
    let host = log.host.as_deref();
    let subject = host.map_or_else(Subject::deployment, |host| Subject::new(SubjectKind::Server, host));
    let span = log
        .span
        .first
        .zip(log.span.last)
        .map_or(text!("no dated record"), |(a, b)| text!("{a} to {b}", a, b));
    let process = match &log.process {
        Process::Other(name) if name.is_empty() => text!("a process that neither name nor content tell"),
        process => process.words(),
    };
    let mut message = text!(
        "{process}{host}: {records} in {files}, {span}",
        process,
        host = on_host(host),
        records = counted!(log.records, "1 record", "{count} records"),
        files = counted!(log.members.len(), "1 file", "{count} files"),
        span
    );
    if log.offsets.contains(&None) && log.records > 0 {
        message = text!("{message}; its times name no zone and can't be ordered against other servers", message);
    } else if log.offsets.len() > 1 {
        message = text!(
            "{message}; its offset to UTC changes on the way (summer time, or a changed zone)",
            message
        );
    }
    let holes = holes(log);
    if let Some(longest) = holes.iter().max() {
        let longest = duration_words(*longest);
        message = counted!(
            holes.len(),
            "{message}; 1 hole between its files, of {longest}",
            "{message}; {count} holes between its files, the longest of {longest}",
            message,
            longest
        );
    }
    check.pass(subject, message).at_all(newest_member(log).as_ref())
}

/// Lengths of the times between two files that no record covers.
fn holes(log: &LogStream) -> Vec<i64> {
    let mut end: Option<i64> = None;
    let mut holes = Vec::new();
    for span in &log.member_spans {
        let (Some(first), Some(last)) = (span.first.map(moment), span.last.map(moment)) else {
            continue;
        };
        if let Some(end) = end
            && first - end >= HOLE_MS
        {
            holes.push(first - end);
        }
        end = Some(end.map_or(last, |end| end.max(last)));
    }
    holes
}
