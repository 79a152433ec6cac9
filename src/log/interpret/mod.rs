//! From records to what they mean: signature hits, operations and their outcome, polls, notable events, unexplained errors.
//!
//! eGain's own wording is not public and differs from release to release. What is read here hangs on what others have fixed:
//! the OAuth protocol's JSON and URLs, JavaMail's exceptions, SMTP's reply codes, the few texts of ECE that public documents show.

mod attempts;
mod burst;
mod events;
mod exception;
mod exposed;
mod hits;
mod marks;
mod oauth;
mod operation;
mod place;
mod polls;
mod runs;
mod source;
mod state;
mod subject;
mod template;
#[cfg(test)]
mod tests;

pub(super) use events::joined as joined_events;
pub(super) use hits::{SAMPLES, Sampled, VALUES, merge_minutes, minute_of};
pub(super) use place::{Spot, order_of};
pub(super) use polls::{MemberPolls, joined as joined_polls};
pub(super) use runs::{MemberRuns, operation};
pub use source::{NamedSource, source_of_name};

use super::trace::{Dialogue, Heard};
use super::{Clock, Record, Sink, scan};
use crate::model::{Excerpt, Fact, LogEvent, LogEventKind, OperationKind, Process, Reach, SecretKind, SignatureHit, UnexplainedGroup};
use crate::signatures::{Anchor, Catalogue, Role};
use attempts::Attempts;
use burst::{Bursts, Skimmed};
use events::Events;
use exception::Chain;
use exposed::Exposed;
use hits::Hits;
use marks::{Mark, Marks};
use memchr::memmem::Finder;
use oauth::{EndpointKind, OAuth};
use operation::{Loudness, Scene};
use polls::Polls;
use source::{Sources, Votes};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use subject::{Direction, subject};

/// Everything that the engine's filter has to look for: the catalogue's anchors and those of interpretation.
pub fn anchors(catalogue: &Catalogue) -> Vec<Anchor> {
    let mut anchors = catalogue.anchors();
    anchors.extend(marks::anchors(catalogue));
    anchors
}

/// What the records of a member, or of a part of one, mean. Bounded, whatever the member's size.
#[derive(Clone, Default)]
pub struct Meaning {
    hits: Hits,
    attempts: Attempts,
    polls: Polls,
    events: Events,
    exposed: Exposed,
    votes: Votes,
    voted: u32,
}

impl Meaning {
    /// Says that the segment that was read begins `lines` lines further down in its member.
    pub fn move_down(&mut self, lines: u64) {
        self.hits.move_down(lines);
        self.attempts.move_down(lines);
        self.polls.move_down(lines);
        self.events.move_down(lines);
    }

    /// Takes over what the part that follows in the same member means.
    pub fn append(&mut self, later: Self) {
        self.hits.append(later.hits);
        self.attempts.append(later.attempts);
        self.polls.append(later.polls);
        self.events.append(later.events);
        self.exposed.append(later.exposed);
        self.votes.merge(later.votes);
    }
}

/// What a member means, with places that can be quoted.
pub(super) struct Located {
    pub hits: Vec<Sampled<SignatureHit>>,
    pub unexplained: Vec<Sampled<UnexplainedGroup>>,
    pub runs: Vec<(OperationKind, String, MemberRuns)>,
    pub polls: Vec<MemberPolls>,
    pub events: Vec<LogEvent>,
    pub secrets: Vec<Fact<SecretKind>>,
    pub dropped: BTreeMap<&'static str, u64>,
}

impl Meaning {
    /// The process that the records point at; `classes` are those of all records.
    pub(super) fn process<'a>(&self, classes: impl Iterator<Item = &'a str>) -> Option<Process> {
        self.votes.process().or_else(|| source::process_of_classes(classes))
    }

    /// The host that the records point at.
    pub(super) fn host(&self) -> Option<String> {
        self.votes.host()
    }

    /// Ties everything to the member `path` of `host` and `process`.
    pub(super) fn located(self, path: &Arc<str>, host: &Option<String>, process: &Process) -> Located {
        let source = (host.clone().unwrap_or_default(), process.name().to_owned());
        let mut dropped = BTreeMap::new();
        for (what, n) in [
            ("unexplained errors", self.hits.dropped),
            ("attempts of further subjects", self.attempts.unnamed),
            ("polls of further instances", self.polls.dropped),
            ("events", self.events.dropped),
        ] {
            if n > 0 {
                dropped.insert(what, n);
            }
        }
        let (hits, unexplained) = self.hits.located(path, &source);
        Located {
            hits,
            unexplained,
            runs: self.attempts.located(path, host),
            polls: self.polls.located(path, host),
            events: self.events.located(path, host, process),
            secrets: self.exposed.located(path),
            dropped,
        }
    }
}

impl std::fmt::Debug for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It holds unmasked text of the log until its places are quoted.
        f.debug_struct("Meaning").finish_non_exhaustive()
    }
}

/// How the records of the member `path` become a [`Meaning`], also where it is read in segments.
pub struct Interpretation<'c> {
    /// Signatures.
    pub catalogue: &'c Catalogue,
    /// Path of the member.
    pub path: Arc<str>,
    /// How its records are dated.
    pub clock: Clock,
}

impl<'c> scan::Interpretation for Interpretation<'c> {
    type Sink = Interpreter<'c>;
    type Meaning = Meaning;

    fn sink(&self) -> Interpreter<'c> {
        Interpreter::resumed(self.catalogue, source_of_name(&self.path).process, Meaning::default(), self.clock)
    }

    fn meaning(&self, sink: Interpreter<'c>) -> Meaning {
        sink.finish()
    }

    fn append(&self, meaning: &mut Meaning, mut later: Meaning, newlines: u64) {
        later.move_down(newlines);
        meaning.append(later);
    }
}

/// Reads what the records of one member mean. It is the engine's sink.
pub struct Interpreter<'c> {
    catalogue: &'c Catalogue,
    clock: Clock,
    named: Option<Process>,
    meaning: Meaning,
    /// Header offset of the last record and the signatures counted in it: a long record comes in parts, and counts once.
    counted: (u64, BTreeSet<String>),
    bursts: Bursts,
    sources: Sources,
    /// Pieces of protocol traces that show nothing.
    silent: BTreeSet<Box<[u8]>>,
}

impl<'c> Interpreter<'c> {
    /// Records that vote on whose log it is.
    const VOTES: u32 = 2_000;

    /// An interpreter for a member of this name.
    pub fn new(catalogue: &'c Catalogue, path: &str) -> Self {
        Self::resumed(catalogue, source_of_name(path).process, Meaning::default(), Clock::default())
    }

    /// An interpreter that adds to what is known of a member of the process `named`.
    pub(super) fn resumed(catalogue: &'c Catalogue, named: Option<Process>, meaning: Meaning, clock: Clock) -> Self {
        Self {
            catalogue,
            clock,
            named,
            meaning,
            counted: (u64::MAX, BTreeSet::new()),
            bursts: Bursts::default(),
            sources: Sources::default(),
            silent: BTreeSet::new(),
        }
    }

    /// What the records meant.
    pub fn finish(self) -> Meaning {
        self.meaning
    }

    /// Notes a poll; false if the record is none.
    fn poll(&mut self, record: &Record<'_>, message: &[u8]) -> bool {
        let poll = polls::poll(message);
        if let Some((id, state)) = poll {
            self.meaning.polls.note(id, state, record);
        }
        poll.is_some()
    }

    /// The frequent quiet records: a mail fetched or sent. True if that was all there is to the record.
    fn quick(&mut self, record: &Record<'_>, message: &[u8], marks: Marks, process: Option<&Process>) -> bool {
        if marks.has(Mark::Poll) {
            self.poll(record, message);
        }
        if !marks.only(&[Mark::Sent, Mark::Fetched]) {
            return false;
        }
        let outward = match process {
            Some(Process::Dispatcher) => true,
            Some(Process::Retriever) => false,
            Some(Process::ApplicationServer) => return true,
            _ => marks.has(Mark::Sent),
        };
        let text = Record::text(message);
        if outward && marks.has(Mark::Sent) {
            let whom = subject::address_of(&text, Direction::Out);
            // A reply code proves a delivery even where no alias is named; a phrase alone proves none.
            if whom.is_some() || text.contains("250 ") {
                self.meaning.attempts.done(OperationKind::Send, &whom.unwrap_or_default(), record);
            }
        } else if !outward
            && marks.has(Mark::Fetched)
            && let Some(whom) = subject::address_of(&text, Direction::In)
        {
            self.meaning.attempts.done(OperationKind::Fetch, &whom, record);
            self.meaning.polls.alive(record);
        }
        true
    }

    fn look(&mut self, record: &Record<'_>, message: &[u8], owners: &[u32], marks: Marks, process: Option<Process>, loudness: Loudness) {
        let text = &*Record::text(message);
        let mut hits = self.catalogue.matches(message, owners);
        hits.retain(|hit| hit.role != Role::Context);
        let unexplained = loudness == Loudness::Error && hits.is_empty();
        let skimmed = if unexplained { self.bursts.skim(text) } else { None };
        if let Some(skimmed) = &skimmed
            && skimmed.means_nothing
            && marks == Marks::default()
            && record.part == 0
            && !record.truncated
        {
            return self.note_unexplained(record, text, skimmed);
        }
        let words = &*exception::without_frames(text);
        let chain = if loudness >= Loudness::Warning {
            Chain::read(text)
        } else {
            Chain::default()
        };
        let speaks_oauth = marks.has(Mark::OAuth) || hits.iter().any(|hit| hit.code.is_some() || hit.id.starts_with("oauth."));
        let oauth = if speaks_oauth { oauth::read(text) } else { OAuth::default() };
        let scene = Scene {
            record,
            text,
            words,
            process,
            loudness,
            hits: &hits,
            chain: &chain,
            oauth: &oauth,
        };
        let aside = speaks_oauth && scene.is_other_sign_in() || !hits.is_empty() && scene.is_other_system();
        self.count(record, &hits, aside);
        if record.part > 0 {
            // A further part of a record that was read before: only what it holds counts.
            return;
        }
        // What stands at the end of half a record may be the beginning of a longer name: only what failed counts.
        let is_whole = !record.truncated;
        let attempts = scene.attempts();
        for attempt in &attempts {
            let token = matches!(attempt.kind, OperationKind::TokenGeneration | OperationKind::TokenRefresh);
            let direction = if attempt.kind == OperationKind::Send {
                Direction::Out
            } else {
                Direction::In
            };
            let whom = subject(text, direction).key(token);
            if !attempt.worked {
                let ids = hits.iter().map(|hit| hit.id.to_string()).collect();
                self.meaning.attempts.failed(attempt.kind, &whom, record, ids);
            } else if is_whole {
                self.meaning.attempts.done(attempt.kind, &whom, record);
            }
        }
        if is_whole && !aside {
            self.note_oauth(&scene);
        }
        self.note_connection(&scene);
        if is_whole
            && marks.has(Mark::Url)
            && scene.process == Some(Process::ApplicationServer)
            && let Some(host) = state::console_host(text)
        {
            self.meaning.events.note(LogEventKind::ConsoleHost { host }, record);
        }
        if is_whole && marks.has(Mark::Trace) {
            self.note_trace(record, text);
        }
        let change = (marks.has(Mark::Alias) || loudness >= Loudness::Warning)
            .then(|| state::alias_change(text))
            .flatten();
        if let Some(change) = change {
            self.meaning.events.note(change, record);
        }
        if marks.has(Mark::Life) {
            self.note_life(record, text);
        }
        if unexplained && attempts.iter().all(|a| !a.worked) {
            match &skimmed {
                Some(skimmed) => self.note_unexplained(record, text, skimmed),
                None => {
                    self.meaning.hits.unexplained(record, template::template(text, &chain));
                }
            }
        }
    }

    /// Files an error that no signature explains.
    fn note_unexplained(&mut self, record: &Record<'_>, text: &str, skimmed: &Skimmed<'_>) {
        match self.bursts.group(skimmed) {
            Some(group) => self.meaning.hits.once_more(group, record),
            None => {
                let template = self.bursts.template(skimmed, text);
                let group = self.meaning.hits.unexplained(record, template);
                self.bursts.remember(skimmed, group);
            }
        }
    }

    fn count(&mut self, record: &Record<'_>, hits: &[crate::signatures::Match], aside: bool) {
        if record.part == 0 || self.counted.0 != record.offset {
            self.counted = (record.offset, BTreeSet::new());
        }
        for hit in hits {
            if !self.counted.1.contains(&*hit.id) {
                self.counted.1.insert(hit.id.to_string());
                self.meaning.hits.count(hit, record, aside);
            }
        }
    }

    fn note_oauth(&mut self, scene: &Scene<'_, '_>) {
        let OAuth {
            endpoints,
            authorize,
            answer,
            token,
            ..
        } = scene.oauth;
        if let Some(request) = authorize.as_ref().filter(|request| oauth::is_for_mail(request)) {
            self.meaning.events.note(LogEventKind::Authorize(request.clone()), scene.record);
        }
        let endpoint = endpoints.iter().find(|e| e.kind == EndpointKind::Token);
        if let Some(endpoint) = endpoint {
            let kind = LogEventKind::TokenEndpoint {
                host: endpoint.host.clone(),
                tenant: endpoint.tenant.clone(),
            };
            self.meaning.events.note(kind, scene.record);
            if answer.is_some() {
                let kind = LogEventKind::Connection {
                    host: endpoint.host.clone(),
                    port: 443,
                    reach: Reach::Open,
                };
                self.meaning.events.note(kind, scene.record);
            }
        }
        let whom = || subject(scene.text, Direction::In);
        if let Some(answer) = answer {
            let whom = whom();
            let kind = LogEventKind::TokenAnswer {
                account: whom.account,
                address: whom.address,
                answer: answer.clone(),
            };
            self.meaning.events.note(kind, scene.record);
        }
        if let Some(claims) = token {
            let whom = whom();
            let kind = LogEventKind::Token {
                account: whom.account.or(whom.address),
                claims: claims.clone(),
            };
            self.meaning.events.note(kind, scene.record);
        }
    }

    /// Notes what the record's exceptions prove of a connection.
    fn note_connection(&mut self, scene: &Scene<'_, '_>) {
        if scene.chain.links.is_empty() {
            return;
        }
        let endpoint = scene.oauth.endpoints.iter().find(|e| e.kind == EndpointKind::Token);
        let endpoint = endpoint.map(|e| (e.host.as_str(), 443));
        let Some(connection) = exception::connection(scene.words, scene.chain, endpoint) else {
            return;
        };
        let kind = LogEventKind::Connection {
            host: connection.host,
            port: connection.port,
            reach: connection.reach,
        };
        self.meaning.events.note(kind, scene.record);
    }

    /// Notes what a piece of a protocol trace shows.
    fn note_trace(&mut self, record: &Record<'_>, text: &str) {
        /// Pieces that are remembered, and how long they may be: with DEBUG on, the same few come with every look for mail.
        const SILENT: usize = 64;
        const LONGEST: usize = 256;
        if self.silent.contains(text.as_bytes()) {
            return;
        }
        let mut dialogue = Dialogue::default();
        let mut heard = Vec::new();
        for line in text.lines() {
            if !dialogue.is_body(line) {
                heard.extend(dialogue.line(line));
            }
        }
        heard.extend(dialogue.unanswered());
        if heard.is_empty() && self.silent.len() < SILENT && text.len() <= LONGEST {
            self.silent.insert(text.as_bytes().into());
        }
        for heard in heard {
            self.meaning.events.note(event_of(heard), record);
        }
    }

    fn note_life(&mut self, record: &Record<'_>, text: &str) {
        if text.contains("Instance failed") || text.contains("OutOfMemoryError") {
            let kind = LogEventKind::InstanceFailed {
                text: Excerpt::capture(subject::head(text)),
            };
            self.meaning.events.note(kind, record);
        } else {
            self.meaning.events.note(LogEventKind::ProcessStart, record);
        }
    }
}

impl Sink for Interpreter<'_> {
    fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
        let (marks, known) = Marks::split(owners, self.catalogue);
        if marks.has(Mark::Secret) {
            self.meaning.exposed.note(record);
        }
        let marks = marks.without(Mark::Secret);
        let own = self.sources.process(record.class, record.thread);
        if self.meaning.voted < Self::VOTES {
            self.meaning.voted += 1;
            self.meaning.votes.count(own.as_ref(), record.thread);
        }
        let message = without_dump(record.message);
        let loudness = Loudness::of(record.level);
        let quiet = !known && loudness < Loudness::Error && !record.truncated;
        // Half the records of a retriever's log are polls.
        if quiet && marks.only(&[Mark::Poll]) && self.poll(record, &message) {
            return;
        }
        if quiet && loudness == Loudness::Quiet && record.part == 0 && marks.only(&[Mark::Trace]) {
            return self.note_trace(record, &Record::text(&message));
        }
        let process = own.or_else(|| self.named.clone());
        if quiet && self.quick(record, &message, marks, process.as_ref()) {
            return;
        }
        self.look(record, &message, owners, marks, process, loudness);
    }

    fn clock(&self) -> Clock {
        self.clock
    }
}

/// The event that a line of a protocol trace amounts to.
pub(super) fn event_of(heard: Heard) -> LogEventKind {
    match heard {
        Heard::Login { host, user, worked } => LogEventKind::MailLogin { host, user, worked },
        Heard::Connected { host, port, reach } => LogEventKind::Connection { host, port, reach },
        Heard::Token { user, claims } => LogEventKind::Token { account: Some(user), claims },
    }
}

/// A message without a Java thread dump that a process wrote behind it: class names in stacks are no events.
fn without_dump(message: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\n', message).is_none() {
        return message.into();
    }
    static DUMP: LazyLock<Finder> = LazyLock::new(|| Finder::new("Full thread dump "));
    match DUMP.find(message) {
        Some(at) => message.get(..at).unwrap_or_default().into(),
        None => message.into(),
    }
}
