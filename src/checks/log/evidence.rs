//! What the log checks share: how long the logs of a server go on, and who can supply what is missing.

use crate::case::{Case, moment, short_host};
use crate::finding::{Role, Want};
use crate::model::{LogStream, Origin, Process, Stamp, Text};
use crate::text;

/// Silence of this length is a standstill, not a restart.
pub(super) const STANDSTILL_MS: i64 = 30 * 60_000;

/// True if both names are of one server, or both are unknown.
pub(super) fn same_host(a: Option<&str>, b: Option<&str>) -> bool {
    a.map(short_host) == b.map(short_host)
}

/// The logs of `process`.
pub(super) fn streams_of<'a>(case: &'a Case, process: &'a Process) -> impl Iterator<Item = &'a LogStream> {
    case.logs.streams.iter().filter(move |s| s.process == *process && s.records > 0)
}

/// The newest record of the other logs of the host of `stream`, where it can be compared with `stamp`.
pub(super) fn others_go_on_until<'a>(case: &'a Case, stream: &LogStream, stamp: Stamp) -> Option<(&'a LogStream, Stamp)> {
    case.logs
        .streams
        .iter()
        .filter(|other| other.process != stream.process && same_host(other.host.as_deref(), stream.host.as_deref()))
        .filter_map(|other| Some((other, other.span.last?)))
        .filter(|(_, last)| comparable(*last, stamp))
        .max_by_key(|(_, last)| moment(*last))
}

/// Stamps of which one has a zone and the other has none can't be ordered.
pub(super) fn comparable(a: Stamp, b: Stamp) -> bool {
    a.offset_minutes.is_some() == b.offset_minutes.is_some()
}

/// The newest file of a log.
pub(super) fn newest_member(stream: &LogStream) -> Option<Origin> {
    stream.members.last().map(Origin::whole)
}

/// ` on ECESVC01`, or nothing where the host is unknown.
pub(super) fn on_host(host: Option<&str>) -> Option<Text> {
    host.map(|host| text!(" on {host}", host))
}

/// The files of a process's log that are missing.
pub(super) fn want_log(process: &Process, what: Text) -> Want {
    let file = match process {
        Process::Retriever => "eg_log_<server>_rx-process.log",
        Process::Dispatcher => "eg_log_<server>_dx-process.log",
        Process::ApplicationServer => "eg_log_<server>_ApplicationServer.log",
        Process::Other(_) => "eg_log_<server>_<process>.log",
    };
    let place = match process {
        Process::ApplicationServer => text!("each application server"),
        _ => text!("the services server"),
    };
    Want::new(
        Role::EceAdmin,
        what,
        text!(
            "On {place} copy `{file}` and its rotated files (`.log.1` …) from `<ECE home>\\eService\\logs`, all of the same span",
            place,
            file
        ),
    )
}
