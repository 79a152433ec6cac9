//! What the logs say of a refusal: none, healed, or at the end of the evidence.

use crate::case::{Case, Directory, MailboxView};
use crate::model::{Operation, OperationKind, Outcome, Run, SignatureHit, Text};
use crate::text;

/// Refusals with certain signatures in the operations of one mailbox.
pub(super) enum Refusal<'a> {
    /// None seen.
    None,
    /// Refused once, and the same operation worked afterwards.
    Healed {
        /// The last refusal.
        failed: &'a Run,
        /// The success after it.
        done: &'a Run,
        /// Signature of the refusal.
        id: String,
    },
    /// Refused at the end of the evidence, with no success after it.
    Failing {
        /// The first refusal of the unbroken row.
        first: &'a Run,
        /// The last one.
        last: &'a Run,
        /// How many.
        count: u64,
        /// Signature of the refusal.
        id: String,
    },
}

/// The id among `ids` that the run failed with.
fn matched(run: &Run, ids: &[&str]) -> Option<String> {
    match &run.outcome {
        Outcome::Done => None,
        Outcome::Failed(seen) => seen.iter().find(|id| ids.contains(&id.as_str())).cloned(),
    }
}

/// What `operations` say of the refusals `ids`; a row that goes on weighs more than one that healed.
pub(super) fn refusal<'a>(operations: &[&'a Operation], ids: &[&str]) -> Refusal<'a> {
    let mut result = Refusal::None;
    for &operation in operations {
        let refused = |runs: &'a [Run]| -> Vec<(&'a Run, String)> { runs.iter().filter_map(|run| Some((run, matched(run, ids)?))).collect() };
        let tail = refused(operation.failing_tail());
        if let (Some((first, id)), Some((last, _))) = (tail.first(), tail.last()) {
            let count = tail.iter().map(|(run, _)| run.count).sum();
            return Refusal::Failing {
                first,
                last,
                count,
                id: id.clone(),
            };
        }
        if let (Some((failed, id)), Some(done)) = (refused(&operation.runs).last(), operation.last_done()) {
            result = Refusal::Healed {
                failed,
                done,
                id: id.clone(),
            };
        }
    }
    result
}

/// The last success of these operations, if none of them ends with failures.
pub(super) fn works<'a>(operations: &[&'a Operation]) -> Option<&'a Run> {
    let ends_well = !operations.is_empty() && operations.iter().all(|op| !op.ends_failing());
    ends_well
        .then(|| operations.iter().filter_map(|op| op.last_done()).max_by_key(|run| run.last.local_ms))
        .flatten()
}

/// Hits of `ids` that no operation of a named subject accounts for: notes, traces, records without an address. Hits that healed
/// are left out: where an operation shows it, or where `worked`, the mailbox's own last success, lies after them.
pub(super) fn loose_hits<'a>(case: &'a Case, kinds: &[OperationKind], ids: &[&str], worked: Option<&Run>) -> Vec<&'a SignatureHit> {
    let attributed = |id: &str| {
        let ops = case.logs.operations.iter().filter(|op| kinds.contains(&op.kind));
        ops.filter(|op| !op.subject.is_empty())
            .any(|op| op.runs.iter().any(|run| matched(run, &[id]).is_some()))
    };
    let healed = |id: &str| {
        let mut ops = case.logs.operations.iter().filter(|op| kinds.contains(&op.kind)).peekable();
        let carries = |op: &Operation| op.runs.iter().any(|run| matched(run, &[id]).is_some());
        let mut any = false;
        for op in ops.by_ref().filter(|op| carries(op)) {
            any = true;
            if op.failing_tail().iter().any(|run| matched(run, &[id]).is_some()) {
                return false;
            }
        }
        any
    };
    case.logs
        .hits
        .iter()
        .filter(|hit| ids.contains(&hit.id.as_str()) && !attributed(&hit.id) && !healed(&hit.id))
        .filter(|hit| !worked.is_some_and(|run| hit.span.last.is_some_and(|last| last.certainly_before(run.last))))
        // A pasted text without a date says nothing beside mail that goes out.
        .filter(|hit| !(worked.is_some() && hit.span.last.is_none() && hit.elsewhere == hit.count))
        .collect()
}

/// Operations of several kinds that concern a mailbox.
pub(super) fn operations<'a>(case: &'a Case, directory: &Directory, mailbox: &MailboxView<'_>, kinds: &[OperationKind]) -> Vec<&'a Operation> {
    kinds.iter().flat_map(|kind| case.operations_of(directory, mailbox, *kind)).collect()
}

/// `12 times from … to …`, `once, at …`.
pub(super) fn span_words(first: &Run, last: &Run, count: u64) -> Text {
    match count {
        0 | 1 => text!("at {last}", last = last.last),
        _ => text!("{count} times from {first} to {last}", count, first = first.first, last = last.last),
    }
}
