//! What the logs say, after the engine has read them: streams, signature hits, operations, polls. All of it is bounded.

use super::{Claims, Excerpt, Origin, Stamp, TokenAnswer};
use crate::model::Text;
use crate::{text, word};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a log's process does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Process {
    /// `rx-process`.
    Retriever,
    /// `dx-process`.
    Dispatcher,
    /// Application server: consoles, first tokens.
    ApplicationServer,
    /// Any other, by the name in its file name.
    Other(String),
}

impl Process {
    /// Name as reports print it.
    pub fn name(&self) -> &str {
        match self {
            Self::Retriever => "rx-process",
            Self::Dispatcher => "dx-process",
            Self::ApplicationServer => "application server",
            Self::Other(name) => name,
        }
    }

    /// The same in a sentence.
    pub fn words(&self) -> Text {
        match self {
            Self::ApplicationServer => text!("application server"),
            Self::Retriever | Self::Dispatcher => Text::figure(self.name()),
            Self::Other(name) => Text::given(name),
        }
    }
}

/// First and last time of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Span {
    /// First.
    pub first: Option<Stamp>,
    /// Last.
    pub last: Option<Stamp>,
}

impl Span {
    /// Widens the span to hold `stamp`. Stamps are compared as instants where both have a zone, else by local time.
    pub fn add(&mut self, stamp: Stamp) {
        let key = |s: Stamp| s.instant().map_or(s.local_ms, |i| i.0);
        if self.first.is_none_or(|f| key(stamp) < key(f)) {
            self.first = Some(stamp);
        }
        if self.last.is_none_or(|l| key(stamp) > key(l)) {
            self.last = Some(stamp);
        }
    }

    /// Widens the span to hold `other`.
    pub fn merge(&mut self, other: Span) {
        if let Some(first) = other.first {
            self.add(first);
        }
        if let Some(last) = other.last {
            self.add(last);
        }
    }
}

/// One log of one process on one host: all its rotated files together.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LogStream {
    /// Host name as its file name or content shows it; `None` if neither does.
    pub host: Option<String>,
    /// Its process.
    pub process: Process,
    /// Members it consists of, oldest first.
    pub members: Vec<Arc<str>>,
    /// Span of each member, in the same order.
    pub member_spans: Vec<Span>,
    /// Records.
    pub records: u64,
    /// First and last record.
    pub span: Span,
    /// Records per level.
    pub levels: BTreeMap<String, u64>,
    /// Records per UTC (or, without zone, local) minute: minute since 1970 → records.
    #[serde(skip)]
    pub minutes: BTreeMap<i64, u32>,
    /// Distinct offsets to UTC, in minutes; `None` for records that name no zone.
    pub offsets: Vec<Option<i16>>,
}

/// A log's last record, of which only the beginning is there. What it begins to say is no proof that something works.
#[derive(Clone, Debug, serde::Serialize)]
pub struct HalfWritten {
    /// True for levels `ERROR` and `FATAL`: what is missing may name the error.
    pub is_error: bool,
    /// Where it begins.
    pub origin: Origin,
}

/// A signature's hits, over the whole bundle.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct SignatureHit {
    /// `entra.aadsts50011`.
    pub id: String,
    /// ECE log records and lines of other program output that hold it.
    pub count: u64,
    /// How many of them stand outside ECE logs.
    pub elsewhere: u64,
    /// How many of them stand in records of other sign-ins (agents' single sign-on, chat) or of other systems (databases,
    /// directories): no business of mail. Their fields are left out.
    pub aside: u64,
    /// First and last time.
    pub span: Span,
    /// Captured fields: name → distinct values (bounded).
    pub fields: BTreeMap<String, Vec<String>>,
    /// A few places, oldest first.
    pub samples: Vec<Origin>,
    /// Hits per process and host, those set aside left out: (host, process) → count.
    #[serde(skip)]
    pub by_source: BTreeMap<(String, String), u64>,
    /// Hits per minute since 1970 (UTC, or local without zone), bounded.
    #[serde(skip)]
    pub minutes: BTreeMap<i64, u32>,
}

impl SignatureHit {
    /// True if the log of a host that satisfies `test` holds it as a fault of mail.
    pub fn concerns(&self, test: impl Fn(&str) -> bool) -> bool {
        self.by_source.iter().any(|((host, _), count)| *count > 0 && test(host))
    }
}

/// What ECE tried to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum OperationKind {
    /// First token: redemption of an authorization code (application server).
    TokenGeneration,
    /// Renewal of a token (services server).
    TokenRefresh,
    /// Fetching mail of an alias.
    Fetch,
    /// Sending mail of an alias.
    Send,
}

impl OperationKind {
    /// What an attempt is called in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::TokenGeneration => word!("token generation"),
            Self::TokenRefresh => word!("token renewal"),
            Self::Fetch => word!("fetching"),
            Self::Send => word!("sending"),
        }
    }

    /// The same in a sentence.
    pub fn words(self) -> Text {
        Text::catalogued(self.name())
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Outcome {
    /// It worked.
    Done,
    /// It failed, with the ids of the signatures seen in the record (none: an unknown error).
    Failed(Vec<String>),
}

/// Consecutive attempts with the same outcome.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Run {
    /// How they ended.
    pub outcome: Outcome,
    /// First of them.
    pub first: Stamp,
    /// Last of them.
    pub last: Stamp,
    /// How many.
    pub count: u64,
    /// Where the first one stands.
    pub origin: Origin,
    /// Where the last one stands.
    pub last_origin: Origin,
    /// Host whose log shows it, if known.
    pub host: Option<String>,
}

/// All attempts of one kind for one subject, oldest first.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Operation {
    /// What was tried.
    pub kind: OperationKind,
    /// Alias address or account name, lower case; empty if the record names none.
    pub subject: String,
    /// Its runs, ordered by time. Of very many those at both ends, and those that show each outcome.
    pub runs: Vec<Run>,
    /// Runs that were left out; their attempts count with the run before them of the same outcome.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Operation {
    /// The last run that worked.
    pub fn last_done(&self) -> Option<&Run> {
        self.runs.iter().rev().find(|r| r.outcome == Outcome::Done)
    }

    /// The last run that failed.
    pub fn last_failed(&self) -> Option<&Run> {
        self.runs.iter().rev().find(|r| r.outcome != Outcome::Done)
    }

    /// True if the evidence ends with failures: something failed and nothing worked after it.
    pub fn ends_failing(&self) -> bool {
        self.runs.last().is_some_and(|r| r.outcome != Outcome::Done)
    }

    /// The failing runs at the end of the evidence.
    pub fn failing_tail(&self) -> &[Run] {
        let start = self.runs.iter().rposition(|r| r.outcome == Outcome::Done).map_or(0, |i| i + 1);
        &self.runs[start..]
    }
}

/// Polls of one retriever instance on one host.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PollSeries {
    /// Host, if known.
    pub host: Option<String>,
    /// Instance number.
    pub instance: String,
    /// Polls seen (`Running`).
    pub polls: u64,
    /// First and last poll.
    pub span: Span,
    /// Last sign of life: a poll, its end (`Waiting`), or mail that was fetched.
    pub last_sign: Stamp,
    /// Times of more than two minutes without a sign of life, oldest first (bounded: the longest).
    pub gaps: Vec<PollGap>,
    /// Shorter ones that were left out.
    pub gaps_left_out: u64,
    /// Where the first poll stands.
    pub first_origin: Origin,
    /// Where the last poll stands.
    pub last_origin: Origin,
}

/// A time without polls, between two signs of life of an instance.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PollGap {
    /// Last sign of life before it.
    pub from: Stamp,
    /// First one after it.
    pub to: Stamp,
    /// Where the one before it stands.
    pub from_origin: Origin,
    /// Where the one after it stands.
    pub to_origin: Origin,
    /// True if the log of the process goes on during the gap (other records of it stand inside): it hung, and was not cut out.
    pub log_goes_on: bool,
    /// True if both ends stand in one file: then nothing is missing between them, and silence is silence.
    pub inside_one_file: bool,
}

impl PollGap {
    /// Its length in milliseconds.
    pub fn length_ms(&self) -> i64 {
        let at = |s: Stamp| s.instant().map_or(s.local_ms, |i| i.0);
        at(self.to).saturating_sub(at(self.from))
    }
}

/// A notable event that is neither an operation nor a poll.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LogEvent {
    /// What happened.
    pub kind: LogEventKind,
    /// When: of a repeated one the first time.
    pub time: Option<Stamp>,
    /// The last time of a repeated one.
    pub last: Option<Stamp>,
    /// Host, if known.
    pub host: Option<String>,
    /// Process.
    pub process: Process,
    /// How often in a row (an authorize request that repeats counts up).
    pub count: u64,
    /// Where.
    pub origin: Origin,
}

/// Kinds of notable events.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum LogEventKind {
    /// The browser was sent to the authorize endpoint.
    Authorize(AuthorizeRequest),
    /// A request to, or an answer of, the token endpoint that names the endpoint.
    TokenEndpoint {
        /// Host, lower case.
        host: String,
        /// Tenant segment of its path, lower case.
        tenant: String,
    },
    /// A token answer with its content.
    TokenAnswer {
        /// Account it is for, if named.
        account: Option<String>,
        /// Alias or user address in the record, if named.
        address: Option<String>,
        /// What was answered.
        answer: TokenAnswer,
    },
    /// A token's claims, wherever it stood.
    Token {
        /// Account or alias it is for, if named.
        account: Option<String>,
        /// Its claims.
        claims: Claims,
    },
    /// The mail library logged in as a user (`protocolConnect login, user=`), or tried to.
    MailLogin {
        /// Server host.
        host: Option<String>,
        /// User, lower case.
        user: String,
        /// Whether the server let it in; `None` if the trace ends before the answer.
        worked: Option<bool>,
    },
    /// The product disabled an alias.
    AliasDisabled {
        /// Its address, lower case.
        address: String,
    },
    /// An alias became active again.
    AliasActivated {
        /// Its address, lower case.
        address: String,
    },
    /// A console was opened, under this host (lower case, with port if not 443).
    ConsoleHost {
        /// The host.
        host: String,
    },
    /// The process started (a restart if the log had begun before).
    ProcessStart,
    /// A service instance failed (`Instance failed`, `OutOfMemoryError`).
    InstanceFailed {
        /// What the record says.
        text: Excerpt,
    },
    /// A connection to a mail or sign-in host failed or worked: proof for the ports grid.
    Connection {
        /// Host, lower case.
        host: String,
        /// Port.
        port: u16,
        /// How it ended.
        reach: super::Reach,
    },
}

/// An authorize request, from its URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct AuthorizeRequest {
    /// Host of the sign-in service, lower case.
    pub host: String,
    /// Tenant segment of the path, lower case.
    pub tenant: String,
    /// `client_id`, lower case.
    pub client_id: Option<String>,
    /// `redirect_uri`, decoded.
    pub redirect_uri: Option<String>,
    /// `scope`, decoded, one name each.
    pub scopes: Vec<String>,
}

/// ERROR and FATAL records that no signature explains, grouped by what stays the same in them.
#[derive(Clone, Debug, serde::Serialize)]
pub struct UnexplainedGroup {
    /// The text with numbers, ids, addresses and hosts replaced.
    pub template: String,
    /// Class of the first record.
    pub class: String,
    /// How many.
    pub count: u64,
    /// First and last.
    pub span: Span,
    /// A few places.
    pub samples: Vec<Origin>,
}

/// Everything the logs of a bundle say.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct LogFacts {
    /// Logs, by host and process.
    pub streams: Vec<LogStream>,
    /// Signature hits, by id.
    pub hits: Vec<SignatureHit>,
    /// Operations, by kind and subject.
    pub operations: Vec<Operation>,
    /// Polls, by host and instance.
    pub polls: Vec<PollSeries>,
    /// Notable events, by time (bounded).
    pub events: Vec<LogEvent>,
    /// Unexplained errors, most frequent first (bounded).
    pub unexplained: Vec<UnexplainedGroup>,
    /// What found no room within the limits: what it is → how many.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Last records that end before their end: a log that was copied while it was written, or cut.
    pub half_written: Vec<HalfWritten>,
    /// Secrets in clear sight, session ids left out: kind and place, never the value (bounded).
    pub secrets: Vec<super::Fact<super::SecretKind>>,
}
