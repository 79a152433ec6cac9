//! From members to logs: rotated files are put in order by what stands in them, records that were cut in two are joined, and
//! what the members mean becomes what the logs of the bundle say.

use super::interpret::{self, Interpreter, Located, Meaning, MemberPolls, MemberRuns, NamedSource, Sampled, Spot, order_of, source_of_name};
use super::trace::{self, Dialogue};
use super::{Clock, Clocks, Filter, SegmentDigest, grammar, join};
use crate::model::{
    HalfWritten, LogEvent, LogFacts, LogStream, Operation, OperationKind, Origin, Outcome, Process, Run, SignatureHit, Span, Stamp, UnexplainedGroup,
    fold_address,
};
use crate::signatures::{Catalogue, Described, Role};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A head this much later than the tail before it doesn't continue it: files are missing in between.
const JOIN_WITHIN_MS: i64 = 3_600_000;
/// Groups of unexplained errors in the facts.
const GROUPS: usize = 200;
/// Codes that no list names which are kept.
const UNLISTED: usize = 200;
/// Events in the facts.
const EVENTS: usize = 20_000;

/// A member that holds ECE records.
#[derive(Debug)]
pub struct MemberLog {
    /// Its path.
    pub path: Arc<str>,
    /// Identity of its content (a hash): members with the same one are copies, and count once. `None`: not known.
    pub identity: Option<Box<[u8]>>,
    /// What the engine counted.
    pub counted: SegmentDigest,
    /// What the records mean.
    pub meaning: Meaning,
}

/// Names from the rest of the bundle, by which subjects of records are recognised.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Addresses of aliases, lower case.
    pub addresses: BTreeSet<String>,
    /// E-mail accounts by name, lower case, and the addresses of their aliases and users, as far as known.
    pub accounts: BTreeMap<String, BTreeSet<String>>,
    /// Services servers, by host name: a retriever or dispatcher log that names no host is of the only one.
    pub services: BTreeSet<String>,
    /// Application servers, likewise.
    pub applications: BTreeSet<String>,
}

/// What stands in a member without ECE records, or before the first record of one.
#[derive(Default)]
pub struct Elsewhere {
    /// Signature hits, counted by lines. Their samples hold unmasked text until they are quoted.
    hits: Vec<Sampled<SignatureHit>>,
    /// Events, without time.
    events: Vec<LogEvent>,
}

/// What became of a member.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its path.
    pub path: Arc<str>,
    /// Host of its log, if known.
    pub host: Option<String>,
    /// Process of its log.
    pub process: Process,
    /// Records that begin in it.
    pub records: u64,
    /// Half-written records and headers.
    pub losses: u64,
    /// Path of the member that it is a copy of: it was not counted.
    pub copy_of: Option<Arc<str>>,
}

/// Everything that the logs say, and what became of each member.
#[derive(Clone, Debug, Default)]
pub struct Assembled {
    /// The facts.
    pub facts: LogFacts,
    /// The members, by path.
    pub members: Vec<Placed>,
}

/// A member on its way to its log.
struct Piece {
    path: Arc<str>,
    named: NamedSource,
    host: Option<String>,
    process: Process,
    counted: SegmentDigest,
    meaning: Meaning,
    half_written: Option<HalfWritten>,
}

/// Puts members together. `elsewhere` is what other texts hold. The order of `members` doesn't matter, nor do their names where
/// their content tells host and process.
pub fn assemble(
    mut members: Vec<MemberLog>,
    elsewhere: Vec<Elsewhere>,
    known: &Known,
    clocks: &Clocks,
    filter: &Filter,
    catalogue: &Catalogue,
) -> Assembled {
    members.sort_by(|a, b| a.path.cmp(&b.path));
    let mut assembled = Assembled::default();
    let mut copies: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    let mut seen: BTreeMap<Box<[u8]>, Arc<str>> = BTreeMap::new();
    members.retain(|member| {
        let Some(identity) = &member.identity else { return true };
        if let Some(first) = seen.get(identity) {
            copies.push((member.path.clone(), first.clone()));
            return false;
        }
        seen.insert(identity.clone(), member.path.clone());
        true
    });
    let mut pieces: Vec<Piece> = members.into_par_iter().map(Piece::of).collect();
    name_hosts_by_neighbours(&mut pieces);
    pieces.sort_by(|a, b| (a.source(), a.opens()).cmp(&(b.source(), b.opens())).then_with(|| a.path.cmp(&b.path)));

    let hosted: BTreeSet<Process> = pieces.iter().filter(|p| p.host.is_some()).map(|p| p.process.clone()).collect();
    let mut logs: Vec<Vec<Piece>> = Vec::new();
    let mut rest = pieces.into_iter().peekable();
    while let Some(first) = rest.next() {
        let source = first.source();
        let mut log = vec![first];
        while let Some(next) = rest.next_if(|next| next.source() == source) {
            log.push(next);
        }
        let mut chains = chains(log);
        if let ([chain], (None, process)) = (chains.as_mut_slice(), &source)
            && !hosted.contains(process)
            && let Some(host) = known.only_host(process)
        {
            chain.iter_mut().for_each(|piece| piece.host = Some(host.clone()));
        }
        logs.extend(chains);
    }
    let logs: Vec<Log> = logs.into_par_iter().map(|log| Log::of(log, clocks, filter, catalogue)).collect();
    let mut elsewhere = elsewhere;
    let mut located: Vec<(usize, Located)> = Vec::new();
    for log in logs {
        elsewhere.extend(log.prologues);
        assembled.members.extend(log.placed);
        assembled.facts.half_written.extend(log.half_written);
        located.extend(log.located.into_iter().map(|member| (assembled.facts.streams.len(), member)));
        assembled.facts.streams.push(log.stream);
    }
    // A log of which nothing is wanted is as if it weren't there.
    assembled.facts.streams.retain(|stream| stream.records > 0);
    assembled.facts.streams.sort_by(|a, b| {
        let key = |s: &LogStream| (s.host.clone(), s.process.clone(), s.members.first().cloned());
        key(a).cmp(&key(b))
    });
    for (path, of) in copies {
        let named = source_of_name(&path);
        assembled.members.push(Placed {
            path,
            host: named.host,
            process: named.process.unwrap_or(Process::Other(String::new())),
            records: 0,
            losses: 0,
            copy_of: Some(of),
        });
    }
    assembled.members.sort_by(|a, b| a.path.cmp(&b.path));
    gather(&mut assembled.facts, located, elsewhere, known, catalogue);
    assembled
}

impl Piece {
    fn of(member: MemberLog) -> Self {
        let MemberLog { counted, meaning, .. } = member;
        let named = source_of_name(&member.path);
        let process = named
            .process
            .clone()
            .or_else(|| meaning.process(counted.classes.iter().map(String::as_str)))
            .unwrap_or(Process::Other(String::new()));
        let host = named.host.clone().or_else(|| meaning.host());
        Self {
            path: member.path,
            named,
            host,
            process,
            counted,
            meaning,
            half_written: None,
        }
    }

    /// What all files of one log share: host (without domain and case) and process.
    fn source(&self) -> (Option<String>, Process) {
        (self.host.as_deref().map(short), self.process.clone())
    }

    fn opens(&self) -> Option<i64> {
        self.counted.opens.or(self.counted.span.first).map(order_of)
    }

    fn ends(&self) -> Option<i64> {
        self.counted.span.last.map(order_of)
    }

    fn placed(&self) -> Placed {
        Placed {
            path: self.path.clone(),
            host: self.host.clone(),
            process: self.process.clone(),
            records: self.counted.records,
            losses: self.counted.losses,
            copy_of: None,
        }
    }
}

/// A log, put together of its members.
struct Log {
    stream: LogStream,
    placed: Vec<Placed>,
    half_written: Vec<HalfWritten>,
    /// What its members mean, in their order.
    located: Vec<Located>,
    /// What stands before the first record of a member.
    prologues: Vec<Elsewhere>,
}

impl Log {
    fn of(mut chain: Vec<Piece>, clocks: &Clocks, filter: &Filter, catalogue: &Catalogue) -> Self {
        let prologues = join_ends(&mut chain, clocks, filter, catalogue);
        let mut log = Self {
            stream: stream_of(&chain),
            placed: chain.iter().map(Piece::placed).collect(),
            half_written: Vec::new(),
            located: Vec::new(),
            prologues,
        };
        for piece in chain {
            log.half_written.extend(piece.half_written);
            log.located.push(piece.meaning.located(&piece.path, &piece.host, &piece.process));
        }
        log
    }
}

fn short(host: &str) -> String {
    host.split('.').next().unwrap_or(host).to_ascii_lowercase()
}

/// A file without a host in its name (`rx-process.log`) belongs to the host of its folder's other logs, if those agree.
fn name_hosts_by_neighbours(pieces: &mut [Piece]) {
    let folder = |path: &str| path.rfind(['/', '\\']).map_or("", |at| path.get(..at).unwrap_or("")).to_owned();
    let mut hosts: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for piece in pieces.iter() {
        if let Some(host) = &piece.named.host {
            hosts.entry(folder(&piece.path)).or_default().insert(short(host), host.clone());
        }
    }
    for piece in pieces.iter_mut().filter(|p| p.host.is_none()) {
        if let Some(found) = hosts.get(&folder(&piece.path))
            && let (Some(host), 1) = (found.values().next(), found.len())
        {
            piece.host = Some(host.clone());
        }
    }
}

/// Splits the members of one source into logs that each go on in time. Where the host is known they are one log; where it isn't,
/// members that overlap were written by different servers.
fn chains(log: Vec<Piece>) -> Vec<Vec<Piece>> {
    /// Clocks are read by several threads: the last record of a file may be a little younger than the first of the next.
    const SLACK_MS: i64 = 5_000;
    if log.first().is_none_or(|piece| piece.host.is_some()) {
        return vec![log];
    }
    let mut chains: Vec<Vec<Piece>> = Vec::new();
    for piece in log {
        let fits = |chain: &Vec<Piece>| {
            let end = chain.iter().filter_map(Piece::ends).max();
            end.zip(piece.opens()).is_none_or(|(end, opens)| opens + SLACK_MS >= end)
        };
        match chains.iter_mut().find(|chain| fits(chain)) {
            Some(chain) => chain.push(piece),
            None => chains.push(vec![piece]),
        }
    }
    chains
}

/// Reads the last record of each member, with what the next one begins with where that continues it. Start-up output at the
/// beginning of a member is other program output; it is returned.
fn join_ends(chain: &mut [Piece], clocks: &Clocks, filter: &Filter, catalogue: &Catalogue) -> Vec<Elsewhere> {
    let mut prologues = Vec::new();
    let mut heads: Vec<Option<super::Fragment>> = Vec::new();
    for (at, piece) in chain.iter_mut().enumerate() {
        let head = piece.counted.head.take();
        let Some(fragment) = head else {
            heads.push(None);
            continue;
        };
        let text = String::from_utf8_lossy(&fragment.bytes);
        if is_prologue(&text) || at == 0 && trace::recognise(text.lines()).is_some_and(|(kind, _)| kind.is_evidence()) {
            let lines = text.lines().zip(fragment.line..).map(|(line, number)| (number, line));
            let clock = clocks.of(&piece.path);
            prologues.push(elsewhere(&piece.path, piece.host.as_deref(), lines, clock, catalogue));
            heads.push(None);
        } else {
            heads.push(Some(fragment));
        }
    }
    for at in 0..chain.len() {
        let next_opens = chain.get(at + 1).and_then(Piece::opens);
        let Some(piece) = chain.get_mut(at) else { continue };
        let Some(tail) = piece.counted.tail.take() else { continue };
        let near = next_opens.zip(piece.ends()).is_some_and(|(next, end)| next - end <= JOIN_WITHIN_MS);
        let head = heads.get(at + 1).and_then(Option::as_ref).filter(|_| near);
        let heads: Vec<&super::Fragment> = head.into_iter().collect();
        let meaning = std::mem::take(&mut piece.meaning);
        let mut interpreter = Interpreter::resumed(catalogue, Some(piece.process.clone()), meaning, clocks.of(&piece.path));
        let joined = join(filter, &tail, &heads, &mut interpreter);
        piece.meaning = interpreter.finish();
        piece.counted.records += joined.records;
        piece.counted.losses = piece.counted.losses.saturating_sub(joined.mended);
        piece.half_written = joined.half.then(|| half_written(&piece.path, &tail));
    }
    prologues
}

/// The record that `tail` begins, which nothing completes.
fn half_written(path: &Arc<str>, tail: &super::Fragment) -> HalfWritten {
    let line = tail.header_line();
    HalfWritten {
        is_error: grammar::header(line).is_some_and(|header| super::is_error(header.level.of(line))),
        origin: Origin::line(path, tail.line, &String::from_utf8_lossy(line)),
    }
}

/// True for what a Java process prints before its log begins: no record goes on like that.
fn is_prologue(text: &str) -> bool {
    let first = text.lines().map(str::trim_end).find(|line| !line.is_empty()).unwrap_or_default();
    ["Picked up ", "log4j:", "SLF4J: ", "OpenJDK ", "Java HotSpot", "DEBUG: setDebug"]
        .iter()
        .any(|start| first.starts_with(start))
}

fn stream_of(chain: &[Piece]) -> LogStream {
    let mut stream = LogStream {
        host: chain.iter().find_map(|p| p.host.clone()),
        process: chain.first().map_or(Process::Other(String::new()), |p| p.process.clone()),
        members: Vec::new(),
        member_spans: Vec::new(),
        records: 0,
        span: Span::default(),
        levels: BTreeMap::new(),
        minutes: BTreeMap::new(),
        offsets: Vec::new(),
    };
    let mut offsets = BTreeSet::new();
    for piece in chain {
        stream.members.push(piece.path.clone());
        stream.member_spans.push(piece.counted.span);
        stream.records += piece.counted.records;
        stream.span.merge(piece.counted.span);
        for (level, n) in &piece.counted.levels {
            *stream.levels.entry(level.clone()).or_default() += n;
        }
        for (minute, n) in &piece.counted.minutes {
            let own = stream.minutes.entry(*minute).or_default();
            *own = own.saturating_add(*n);
        }
        offsets.extend(piece.counted.offsets.iter().copied());
    }
    stream.offsets = offsets.into_iter().collect();
    stream
}

/// Merges what all members mean; each comes with the number of its log.
fn gather(facts: &mut LogFacts, located: Vec<(usize, Located)>, elsewhere: Vec<Elsewhere>, known: &Known, catalogue: &Catalogue) {
    let mut hits: Vec<Sampled<SignatureHit>> = Vec::new();
    let mut runs: BTreeMap<(OperationKind, String), Vec<MemberRuns>> = BTreeMap::new();
    let mut polls: BTreeMap<(usize, String), Vec<MemberPolls>> = BTreeMap::new();
    let mut events: Vec<LogEvent> = Vec::new();
    let mut groups: BTreeMap<String, Vec<Sampled<UnexplainedGroup>>> = BTreeMap::new();
    for (log, member) in located {
        hits.extend(member.hits);
        for (kind, subject, of_member) in member.runs {
            runs.entry((kind, known.subject(kind, subject))).or_default().push(of_member);
        }
        for series in member.polls {
            polls.entry((log, series.instance.clone())).or_default().push(series);
        }
        events.extend(member.events);
        facts.secrets.extend(member.secrets);
        for group in member.unexplained {
            groups.entry(group.of.template.clone()).or_default().push(group);
        }
        for (what, n) in member.dropped {
            *facts.dropped.entry(what).or_default() += n;
        }
    }
    for other in elsewhere {
        hits.extend(other.hits);
        events.extend(other.events);
    }
    facts.hits = merge_hits(hits);
    let unlisted = leave_out_unlisted(&mut facts.hits, catalogue);
    if unlisted > 0 {
        *facts.dropped.entry("codes that no list names").or_default() += unlisted;
    }
    facts.operations = runs
        .into_par_iter()
        .map(|((kind, subject), members)| interpret::operation(kind, subject, members))
        .collect();
    heal_the_unnamed(&mut facts.operations);
    facts.polls = polls
        .into_par_iter()
        .filter_map(|(_, members)| interpret::joined_polls(members))
        .collect();
    for series in &mut facts.polls {
        let streams = facts
            .streams
            .iter()
            .filter(|s| s.process == Process::Retriever && s.host.as_deref().map(short) == series.host.as_deref().map(short));
        let streams: Vec<_> = streams.collect();
        for gap in &mut series.gaps {
            let inside = interpret::minute_of(gap.from) + 1..interpret::minute_of(gap.to);
            gap.log_goes_on = !inside.is_empty() && streams.iter().any(|s| s.minutes.range(inside.clone()).next().is_some());
        }
    }
    facts.events = interpret::joined_events(events);
    if facts.events.len() > EVENTS {
        let more = (facts.events.len() - EVENTS) as u64;
        *facts.dropped.entry("events").or_default() += more;
        facts.events.truncate(EVENTS);
    }
    let mut groups: Vec<_> = groups.into_par_iter().filter_map(|(_, groups)| merge_groups(groups)).collect();
    groups.sort_by(|a, b| b.of.count.cmp(&a.of.count).then_with(|| a.of.template.cmp(&b.of.template)));
    let more: u64 = groups.iter().skip(GROUPS).map(|group| group.of.count).sum();
    if more > 0 {
        *facts.dropped.entry("unexplained errors").or_default() += more;
    }
    groups.truncate(GROUPS);
    let quoted = groups.into_par_iter().map(|group| UnexplainedGroup {
        samples: group.samples(),
        ..group.of
    });
    facts.unexplained = quoted.collect();
}

impl Known {
    /// The subject under which attempts of `kind` for a record's subject are filed: tokens belong to accounts, mail to addresses.
    /// An address of nobody that the bundle knows, nor of one of its domains, is a customer's, and names nobody.
    fn subject(&self, kind: OperationKind, subject: String) -> String {
        let of_tokens = matches!(kind, OperationKind::TokenGeneration | OperationKind::TokenRefresh);
        if subject.contains('@') {
            let address = fold_address(&subject);
            let mut serving = self.accounts.iter().filter(|(_, served)| of_tokens && served.contains(&address));
            if let (Some((account, _)), None) = (serving.next(), serving.next()) {
                return account.clone();
            }
            let domain = |a: &str| a.rsplit('@').next().unwrap_or_default().to_owned();
            let ours = self.addresses.is_empty() || self.addresses.contains(&address) || self.addresses.iter().any(|a| domain(a) == domain(&address));
            return if ours { address } else { String::new() };
        }
        let Some((account, served)) = self.account(&subject) else {
            return subject;
        };
        match served.first() {
            Some(address) if !of_tokens && served.len() == 1 => address.clone(),
            _ => account.clone(),
        }
    }

    /// The host of a process's log that names none, if the deployment has only one server for it.
    fn only_host(&self, process: &Process) -> Option<&String> {
        let hosts = match process {
            Process::Retriever | Process::Dispatcher => &self.services,
            Process::ApplicationServer => &self.applications,
            Process::Other(_) => return None,
        };
        let first = hosts.first()?;
        hosts.iter().all(|host| short(host) == short(first)).then_some(first)
    }

    /// The account of this name, or the one whose name and the sentence's words begin alike.
    fn account(&self, name: &str) -> Option<(&String, &BTreeSet<String>)> {
        let longest = |fits: &dyn Fn(&str) -> bool| self.accounts.iter().filter(|(a, _)| fits(a)).max_by_key(|(a, _)| a.len());
        self.accounts
            .get_key_value(name)
            .or_else(|| longest(&|a| !a.is_empty() && name.starts_with(a)))
            .or_else(|| longest(&|a| name.len() >= 3 && a.starts_with(name)))
    }
}

/// A failure of nobody in particular is over once attempts of its kind work again later and none of a named subject fails to the
/// end: the first such success is filed with it, without counting twice.
fn heal_the_unnamed(operations: &mut [Operation]) {
    for kind in [
        OperationKind::TokenGeneration,
        OperationKind::TokenRefresh,
        OperationKind::Fetch,
        OperationKind::Send,
    ] {
        let named = || operations.iter().filter(|o| o.kind == kind && !o.subject.is_empty());
        if named().any(Operation::ends_failing) {
            continue;
        }
        let Some(failed) = operations
            .iter()
            .find(|o| o.kind == kind && o.subject.is_empty())
            .and_then(|o| o.runs.last())
        else {
            continue;
        };
        let after = order_of(failed.last);
        let healing = named()
            .flat_map(|o| &o.runs)
            .filter(|run| failed.outcome != Outcome::Done && run.outcome == Outcome::Done && order_of(run.last) > after)
            .min_by_key(|run| order_of(run.last))
            .cloned();
        let unnamed = operations.iter_mut().find(|o| o.kind == kind && o.subject.is_empty());
        if let (Some(run), Some(unnamed)) = (healing, unnamed) {
            unnamed.runs.push(Run { count: 0, ..run });
        }
    }
}

/// Keeps the most frequent [`UNLISTED`] of the codes that no list names, and says how many more there were: each of them is weighed
/// against each other text, and a log that was made to harm has any number of them.
fn leave_out_unlisted(hits: &mut Vec<SignatureHit>, catalogue: &Catalogue) -> u64 {
    let is_unlisted = |hit: &SignatureHit| matches!(catalogue.describe(&hit.id), Some(Described::Unlisted(_)));
    let mut unlisted: Vec<(std::cmp::Reverse<u64>, String)> = hits
        .iter()
        .filter(|hit| is_unlisted(hit))
        .map(|hit| (std::cmp::Reverse(hit.count), hit.id.clone()))
        .collect();
    unlisted.sort();
    let rare: BTreeSet<String> = unlisted.into_iter().skip(UNLISTED).map(|(_, id)| id).collect();
    hits.retain(|hit| !rare.contains(&hit.id));
    rare.len() as u64
}

fn merge_hits(mut hits: Vec<Sampled<SignatureHit>>) -> Vec<SignatureHit> {
    hits.sort_by(|a, b| a.of.id.cmp(&b.of.id).then_with(|| a.order(b, |hit| hit.span)));
    let mut merged: Vec<Sampled<SignatureHit>> = Vec::new();
    for hit in hits {
        let Some(known) = merged.last_mut().filter(|known| known.of.id == hit.of.id) else {
            merged.push(hit);
            continue;
        };
        known.add_samples(hit.spots);
        let (own, hit) = (&mut known.of, hit.of);
        own.count += hit.count;
        own.elsewhere += hit.elsewhere;
        own.aside += hit.aside;
        own.span.merge(hit.span);
        for (name, values) in hit.fields {
            let own = own.fields.entry(name).or_default();
            for value in values {
                if own.len() < interpret::VALUES && !own.contains(&value) {
                    own.push(value);
                }
            }
        }
        for (source, n) in hit.by_source {
            *own.by_source.entry(source).or_default() += n;
        }
        interpret::merge_minutes(&mut own.minutes, &hit.minutes);
    }
    let quoted = merged.into_par_iter().map(|hit| SignatureHit {
        samples: hit.samples(),
        ..hit.of
    });
    quoted.collect()
}

fn merge_groups(mut groups: Vec<Sampled<UnexplainedGroup>>) -> Option<Sampled<UnexplainedGroup>> {
    groups.sort_by(|a, b| a.order(b, |group| group.span));
    groups.into_iter().reduce(|mut own, other| {
        own.of.count += other.of.count;
        own.of.span.merge(other.of.span);
        own.add_samples(other.spots);
        own
    })
}

/// Reads the lines of another program's output: signatures, which count per line, and what a protocol trace in it shows. Mail
/// bodies and thread dumps in it are passed over.
pub fn elsewhere<'t>(
    path: &Arc<str>,
    host: Option<&str>,
    lines: impl Iterator<Item = (u64, &'t str)>,
    clock: Clock,
    catalogue: &Catalogue,
) -> Elsewhere {
    let mut dialogue = Dialogue::default();
    let mut found = Elsewhere::default();
    let mut hits: BTreeMap<String, Sampled<SignatureHit>> = BTreeMap::new();
    let event = |heard, origin: Origin| LogEvent {
        kind: interpret::event_of(heard),
        time: None,
        last: None,
        host: host.map(str::to_owned),
        process: Process::Other("mail trace".into()),
        count: 1,
        origin,
    };
    let mut last = Origin::whole(path);
    for (number, line) in lines {
        let line = line.trim_end_matches(['\r', '\n']);
        let mut time = leading_time(line);
        if dialogue.is_body(line) || !clock.admits(&mut time) {
            continue;
        }
        for heard in dialogue.line(line) {
            last = Origin::line(path, number, line);
            found.events.push(event(heard, last.clone()));
        }
        for hit in catalogue.match_line(line) {
            if hit.role == Role::Context {
                continue;
            }
            let known = hits.entry(hit.id.to_string()).or_insert_with(|| Sampled {
                of: SignatureHit {
                    id: hit.id.to_string(),
                    count: 0,
                    elsewhere: 0,
                    aside: 0,
                    span: Span::default(),
                    fields: BTreeMap::new(),
                    samples: Vec::new(),
                    by_source: BTreeMap::new(),
                    minutes: BTreeMap::new(),
                },
                spots: Vec::new(),
            });
            if known.spots.len() < interpret::SAMPLES {
                known.spots.push(Spot::line(path, number, line));
            }
            let tally = &mut known.of;
            tally.count += 1;
            tally.elsewhere += 1;
            if let Some(time) = time {
                tally.span.add(time);
            }
            for (name, value) in hit.fields {
                let values = tally.fields.entry(name.to_owned()).or_default();
                if values.len() < interpret::VALUES && !values.contains(&value) {
                    values.push(value);
                }
            }
        }
    }
    if let Some(heard) = dialogue.unanswered() {
        found.events.push(event(heard, last));
    }
    found.hits = hits.into_values().collect();
    found
}

/// The time that a console line begins with, if it is unambiguous.
fn leading_time(line: &str) -> Option<Stamp> {
    [29, 23, 20, 19].iter().find_map(|&n| Stamp::parse(line.get(..n)?))
}
