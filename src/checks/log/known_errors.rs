//! `log.known-errors`: error texts that the signature catalogue knows.

use crate::case::{Case, HitState};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role as Who, Severity, Subject, Verdict, Want};
use crate::model::{LogFacts, SignatureHit, Text};
use crate::signatures::{Catalogue, Described, Role};
use crate::{counted, text};

/// The check.
pub const CHECK: Check = Check {
    id: "log.known-errors",
    title: "The logs hold no known error that goes on",
    severity: Severity::High,
    why: "Codes and error texts of Microsoft, of the mail library and of Java name the reason of a failure far more exactly than the \
          state of an alias does. The catalogue knows what each of them means and which check it bears on.",
    evidence: "ECE logs, JavaMail traces, output of commands and messages pasted into notes, against the signature catalogue",
    remedy: &[
        "Read what each error means (`ecelens explain <id>`), and settle the check that it bears on first.",
        "Re-activate the aliases that became inactive meanwhile: ECE does that by itself only after network faults.",
        "Verify: let ECE poll and send for some minutes, collect the logs again, and see that the errors don't come back.",
    ],
    references: &[
        "https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes",
        "https://learn.microsoft.com/en-us/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let logs = &case.logs;
    if logs.streams.is_empty() && logs.hits.is_empty() {
        return Err(Gap::missing(
            text!("no ECE log and no output of a mail session is in the bundle"),
            vec![want()],
        ));
    }
    let finding = judge_hits(case, check);
    match finding.verdict {
        Verdict::Pass => half_written(logs).map_or(Ok(vec![finding]), Err),
        _ => Ok(vec![finding]),
    }
}

/// What a record may say of which only the beginning is there: an error, or anything at all where no record is whole.
fn half_written(logs: &LogFacts) -> Option<Gap> {
    let is_all = !logs.streams.is_empty() && records(logs) <= logs.half_written.len() as u64;
    let half = logs.half_written.iter().find(|half| half.is_error || is_all)?;
    let message = match half.is_error {
        true => text!(
            "none of the known error texts stands in {logs} log records, but the last one is an error that is cut",
            logs = records(logs)
        ),
        false => text!("the logs hold nothing but the beginning of a record"),
    };
    Some(Gap {
        evidence: vec![half.origin.clone()],
        ..Gap::missing(message, vec![want()])
    })
}

fn judge_hits(case: &Case, check: &Check) -> Finding {
    let logs = &case.logs;
    let catalogue = Catalogue::builtin();
    let mut hits: Vec<Judged> = logs
        .hits
        .iter()
        .filter_map(|hit| {
            let role = catalogue.describe(&hit.id).map_or(Role::Cause, |known| known.role());
            (role != Role::Context).then(|| Judged {
                hit,
                known: catalogue.describe(&hit.id),
                state: case.state_of(hit),
            })
        })
        .collect();
    hits.sort_by_key(|judged| {
        (
            judged.state,
            judged.is_vague(),
            judged.severity(),
            std::cmp::Reverse(judged.hit.count),
            &judged.hit.id,
        )
    });

    let subject = Subject::deployment();
    if hits.is_empty() {
        let finding = check.pass(
            subject,
            text!(
                "none of the known error texts stands in {records}",
                records = counted!(records(logs), "1 log record", "{count} log records")
            ),
        );
        return match logs.streams.is_empty() {
            true => finding.confidence(Confidence::Low),
            false => finding,
        };
    }
    let failing: Vec<&Judged> = hits
        .iter()
        .filter(|judged| judged.state == HitState::GoesOn && judged.is_reason())
        .collect();
    let finding = if let Some(worst) = failing.first() {
        let severity = failing.iter().map(|judged| judged.severity()).min().unwrap_or(check.severity);
        let more = match failing.len() - 1 {
            0 => Text::default(),
            others => text!(" {others} more: {list}.", others, list = list(failing.iter().skip(1).copied())),
        };
        let message = text!(
            "known errors go on at the end of the logs: {counted}. {meaning}{more}",
            counted = worst.counted(),
            meaning = worst.meaning(),
            more
        );
        check.fail(subject, message).severity(severity)
    } else if let Some(worst) = hits
        .iter()
        .find(|judged| judged.state != HitState::Elsewhere && (judged.is_reason() || judged.state == HitState::GoesOn))
    {
        let message = text!(
            "{state}: {list}. {meaning}",
            state = words_of(worst.state),
            list = list(hits.iter()),
            meaning = worst.meaning()
        );
        check.warn(subject, message)
    } else {
        check.pass(
            subject,
            text!("only errors that are no fault of ECE's mail: {list}", list = list(hits.iter())),
        )
    };
    let shown = if failing.is_empty() { hits.iter().collect() } else { failing };
    finding.at_all(shown.iter().take(12).flat_map(|judged| judged.places()))
}

fn words_of(state: HitState) -> Text {
    match state {
        HitState::GoesOn => text!("errors that stop no mail by themselves, or only wrap a reason, go on at the end of the logs"),
        HitState::Undated { .. } => text!("known errors stand in texts without a date, so that nothing tells whether they are over"),
        HitState::Healed => text!("known errors are over: the same operations worked again later"),
        HitState::Elsewhere => text!("known errors concern another application"),
    }
}

struct Judged<'a> {
    hit: &'a SignatureHit,
    known: Option<Described<'a>>,
    state: HitState,
}

impl Judged<'_> {
    /// True if the hit itself says why something fails, and that matters.
    fn is_reason(&self) -> bool {
        let role = self.known.map_or(Role::Cause, |known| known.role());
        matches!(role, Role::Cause | Role::Generic) && self.severity() <= Severity::Medium
    }

    /// True if many reasons have this one answer (`AUTHENTICATE failed`): what names its reason is told first.
    fn is_vague(&self) -> bool {
        self.known.is_some_and(|known| known.role() != Role::Cause || known.checks().len() > 3)
    }

    fn severity(&self) -> Severity {
        self.known.map_or(Severity::Medium, |known| known.severity())
    }

    fn meaning(&self) -> Text {
        self.known.map_or_else(
            || text!("A signature of your own pack."),
            |known| Text::catalogued(known.meaning().to_owned()),
        )
    }

    /// Name, count, first and last time.
    fn counted(&self) -> Text {
        let name = self.known.and_then(|known| known.code()).unwrap_or_else(|| self.hit.id.clone());
        let span = match (self.hit.span.first, self.hit.span.last) {
            (Some(first), Some(last)) if first != last => text!(", {first} to {last}", first = first.rfc3339(), last = last.rfc3339()),
            (Some(only), _) => text!(", {only}", only = only.rfc3339()),
            _ => Text::default(),
        };
        text!("{name} ({count}×{span})", name, count = self.hit.count, span)
    }

    /// Where it was seen: first and last sample.
    fn places(&self) -> impl Iterator<Item = &crate::model::Origin> {
        let last = self.hit.samples.get(1..).and_then(|later| later.last());
        self.hit.samples.first().into_iter().chain(last)
    }
}

fn list<'a, 'b: 'a>(hits: impl Iterator<Item = &'a Judged<'b>>) -> Text {
    const SHOWN: usize = 8;
    let mut hits: Vec<Text> = hits.map(Judged::counted).collect();
    let more = hits.len().saturating_sub(SHOWN);
    hits.truncate(SHOWN);
    if more > 0 {
        hits.push(text!("and {more} more", more));
    }
    Text::list(hits)
}

fn records(logs: &LogFacts) -> u64 {
    logs.streams.iter().map(|stream| stream.records).sum()
}

fn want() -> Want {
    Want::new(
        Who::EceAdmin,
        text!("the logs of the services servers (retriever, dispatcher) and of the application servers"),
        text!(
            r"copy <ECE home>\eService\logs\eg_log_*_rx-process.log*, eg_log_*_dx-process.log* and eg_log_*_ApplicationServer.log* from every server"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AuthorizeRequest, LogEvent, LogEventKind, LogStream, Operation, OperationKind, Origin, Outcome, Process, Run, Span, Stamp};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn at(minute: i64) -> Stamp {
        Stamp {
            local_ms: minute * 60_000,
            offset_minutes: Some(0),
        }
    }

    fn origin() -> Origin {
        Origin::line(
            &Arc::from("eg_log_SVC01_rx-process.log"),
            7,
            "AADSTS7000222: The provided client secret keys are expired",
        )
    }

    fn hit(id: &str, minutes: Option<(i64, i64)>) -> SignatureHit {
        let mut span = Span::default();
        if let Some((first, last)) = minutes {
            span.add(at(first));
            span.add(at(last));
        }
        SignatureHit {
            id: id.to_owned(),
            aside: 0,
            count: 4,
            elsewhere: if minutes.is_none() { 4 } else { 0 },
            span,
            fields: BTreeMap::new(),
            samples: vec![origin()],
            by_source: BTreeMap::new(),
            minutes: BTreeMap::new(),
        }
    }

    fn run_of(outcome: Outcome, minute: i64) -> Run {
        Run {
            outcome,
            first: at(minute),
            last: at(minute),
            count: 1,
            origin: origin(),
            last_origin: origin(),
            host: None,
        }
    }

    fn operation(kind: OperationKind, outcomes: &[(Option<&str>, i64)]) -> Operation {
        Operation {
            kind,
            subject: String::from("support@example.com"),
            runs: outcomes
                .iter()
                .map(|&(id, minute)| run_of(id.map_or(Outcome::Done, |id| Outcome::Failed(vec![id.to_owned()])), minute))
                .collect(),
            left_out: 0,
        }
    }

    fn case(hits: Vec<SignatureHit>, operations: Vec<Operation>) -> Case {
        let mut case = Case::default();
        case.logs.streams.push(LogStream {
            host: None,
            process: Process::Retriever,
            members: Vec::new(),
            member_spans: Vec::new(),
            records: 100,
            span: Span::default(),
            levels: BTreeMap::new(),
            minutes: BTreeMap::new(),
            offsets: Vec::new(),
        });
        case.logs.hits = hits;
        case.logs.operations = operations;
        case
    }

    fn judge(case: &Case) -> Finding {
        let findings = run(case, &CHECK).unwrap_or_default();
        assert_eq!(findings.len(), 1);
        findings.into_iter().next().expect("a finding")
    }

    const SECRET: &str = "entra.aadsts7000222";

    #[test]
    fn an_error_that_goes_on_fails_with_its_place() {
        let finding = judge(&case(vec![hit(SECRET, Some((5, 9)))], Vec::new()));
        assert_eq!((finding.verdict, finding.severity), (Verdict::Fail, Severity::Critical));
        assert!(
            finding.message.english().contains("AADSTS7000222 (4×") && finding.evidence == [origin()],
            "{finding:?}"
        );
        let failing = operation(OperationKind::TokenRefresh, &[(None, 1), (Some(SECRET), 5), (Some(SECRET), 9)]);
        assert_eq!(judge(&case(vec![hit(SECRET, Some((5, 9)))], vec![failing])).verdict, Verdict::Fail);
    }

    #[test]
    fn what_names_its_reason_is_told_first() {
        let hits = vec![hit("smtp.535_5_7_3", Some((5, 9))), hit("entra.aadsts53003", Some((5, 9)))];
        let message = judge(&case(hits, Vec::new())).message.english();
        assert!(message.find("AADSTS53003") < message.find("smtp.535_5_7_3"), "{message}");
    }

    #[test]
    fn an_error_after_which_the_same_works_again_is_a_warning() {
        let healed = operation(OperationKind::TokenRefresh, &[(Some(SECRET), 5), (None, 10)]);
        assert_eq!(judge(&case(vec![hit(SECRET, Some((5, 9)))], vec![healed])).verdict, Verdict::Warn);
        // Outside any attempt: a later success of the same kind counts, one of another kind doesn't.
        let reset = || vec![hit("smtp.421_4_4_2_dropped", Some((5, 9)))];
        assert_eq!(
            judge(&case(reset(), vec![operation(OperationKind::Send, &[(None, 10)])])).verdict,
            Verdict::Warn
        );
        assert_eq!(
            judge(&case(reset(), vec![operation(OperationKind::Fetch, &[(None, 10)])])).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn one_alias_of_two_that_is_not_healed_fails() {
        let healed = operation(OperationKind::Fetch, &[(Some("imap.no_authenticate_failed"), 5), (None, 10)]);
        let failing = operation(OperationKind::Fetch, &[(Some("imap.no_authenticate_failed"), 9)]);
        assert_eq!(
            judge(&case(vec![hit("imap.no_authenticate_failed", Some((5, 9)))], vec![healed, failing])).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn wrappers_alone_and_undated_texts_only_warn() {
        assert_eq!(
            judge(&case(vec![hit("ece.repeated_auth_failure_alias_disabled", Some((5, 9)))], Vec::new())).verdict,
            Verdict::Warn
        );
        assert_eq!(judge(&case(vec![hit(SECRET, None)], Vec::new())).verdict, Verdict::Warn);
        assert_eq!(judge(&case(vec![hit("smtp.550_5_1_1", Some((5, 9)))], Vec::new())).verdict, Verdict::Warn);
    }

    #[test]
    fn another_applications_errors_are_no_fault_of_ece() {
        let mut foreign = hit("entra.aadsts50011", Some((5, 9)));
        foreign
            .fields
            .insert(String::from("client_id"), vec![String::from("99999999-2222-3333-4444-555555555555")]);
        let mut case = case(vec![foreign], Vec::new());
        assert_eq!(judge(&case).verdict, Verdict::Fail, "whose it is isn't known");
        case.logs.events.push(LogEvent {
            kind: LogEventKind::Authorize(AuthorizeRequest {
                client_id: Some(String::from("11111111-2222-3333-4444-555555555555")),
                ..AuthorizeRequest::default()
            }),
            time: None,
            last: None,
            host: None,
            process: Process::ApplicationServer,
            count: 1,
            origin: origin(),
        });
        assert_eq!(judge(&case).verdict, Verdict::Pass);
    }

    #[test]
    fn a_healthy_log_passes_and_no_log_is_unknown() {
        assert_eq!(judge(&case(Vec::new(), Vec::new())).verdict, Verdict::Pass);
        assert!(run(&Case::default(), &CHECK).is_err_and(|gap| !gap.wants.is_empty()));
    }
}
