//! One word for one concept, in every format.

use super::{Cause, FindingRow, OnsetPartRow, OnsetRow, Report, ServerRow};
use crate::config::State;
use crate::finding::{Confidence, Role, Severity, Subject, SubjectKind, Suppressed};
use crate::model::Language;
use crate::{counted, say, word};

/// `critical` to `info`, as the JSON report writes them.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}

/// A verdict or severity as reports for people show it, the same in every language: `open` for what is unknown, `n/a`.
pub fn shown_verdict(word: &str) -> &str {
    match word {
        "not-applicable" => "n/a",
        "unknown" => "open",
        other => other,
    }
}

/// That nothing is wrong, or nothing but what is suppressed.
pub fn no_fault(report: &Report) -> String {
    match report.diagnosis.is_empty() {
        true => say!(report.language, "No fault was found in the evidence given."),
        false => say!(report.language, "No fault but what is suppressed was found in the evidence given."),
    }
}

/// How sure a cause is, in a few words.
pub fn confidence(confidence: Confidence, language: Language) -> String {
    match confidence {
        Confidence::High => say!(language, "proven by the evidence"),
        Confidence::Medium => say!(language, "likely"),
        Confidence::Low => say!(language, "a weak sign"),
    }
}

impl OnsetRow {
    /// When a fault began and whether it goes on: `<first failure> (last good …); last failure …, and nothing worked since`.
    pub fn words(&self, language: Language) -> String {
        let before = match &self.last_good {
            Some(good) => say!(language, "last good {good}", good),
            None => say!(language, "no success before it is in the logs"),
        };
        let (first, last) = (&self.first_bad, &self.last_bad);
        say!(
            language,
            "{first} ({before}); last failure {last}, and nothing worked since",
            first,
            before,
            last
        )
    }
}

impl OnsetPartRow {
    /// `token renewal, sales o365 on ECESVC01: from … (last good …) to …, 12 failures`.
    pub fn words(&self, language: Language) -> String {
        let whose = self.subject.as_ref().map(|subject| format!(", {subject}")).unwrap_or_default();
        let host = self.host.as_ref().map(|host| say!(language, " on {host}", host)).unwrap_or_default();
        let before = self.last_good.as_ref();
        let before = before.map(|good| say!(language, " (last good {good})", good)).unwrap_or_default();
        let (first, last) = (&self.first_bad, &self.last_bad);
        let span = match self.failures {
            1 => say!(language, "once at {first}{before}", first, before),
            count => say!(language, "from {first}{before} to {last}, {count} failures", first, before, last, count),
        };
        format!("{}{whose}{host}: {span}", language.of(self.function))
    }
}

/// Who a role is, as a heading.
pub fn role(role: Role, language: Language) -> String {
    match role {
        Role::EceAdmin => say!(language, "ECE administrator"),
        Role::EntraAdmin => say!(language, "Entra administrator"),
        Role::ExchangeAdmin => say!(language, "Exchange administrator"),
        Role::Network => say!(language, "Network"),
    }
}

/// Kind of a subject, in the singular.
pub fn subject_kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Deployment => word!("deployment"),
        SubjectKind::Partition => word!("partition"),
        SubjectKind::Alias => word!("alias"),
        SubjectKind::Mailbox => word!("mailbox"),
        SubjectKind::Application => word!("application"),
        SubjectKind::Server => word!("server"),
        SubjectKind::Account => word!("account"),
        SubjectKind::Instance => word!("instance"),
    }
}

/// A subject as people read it: its name and what it is called.
pub fn subject(subject: &Subject) -> String {
    match &subject.label {
        Some(label) => format!("{} \"{label}\"", subject.name),
        None => subject.name.clone(),
    }
}

/// Why something doesn't count: the reason, and where and until when the configuration says so.
pub fn suppressed(mark: &Suppressed, language: Language) -> String {
    say!(
        language,
        "suppressed until {end} [{place}]: {reason}",
        end = mark.expires,
        place = mark.at,
        reason = mark.reason
    )
}

/// Why a suppression does nothing; `None` if it does something.
pub fn idle(state: State, language: Language) -> Option<String> {
    match state {
        State::Used => None,
        State::Expired => Some(say!(language, "has ended: the finding counts again")),
        State::Undated => Some(say!(
            language,
            "its end can't be judged, since nothing in the bundle is dated: the finding counts"
        )),
        State::Stale => Some(say!(language, "nothing is wrong there now: remove it")),
        State::Unmatched => Some(say!(language, "nothing has this id and subject")),
    }
}

/// A server with what it does and, if they are wanted, its addresses: `ECESVC01 (services server, 10.0.0.2)`.
pub fn server(server: &ServerRow, with_addresses: bool, language: Language) -> String {
    let roles = server.roles.iter().map(|role| language.of(role));
    let addresses = server.ips.iter().map(String::as_str).filter(|_| with_addresses);
    let about: Vec<&str> = roles.chain(addresses).collect();
    match about.as_slice() {
        [] => server.host.clone(),
        about => format!("{} ({})", server.host, about.join(", ")),
    }
}

/// How many pieces of a file could not be read.
pub fn lost(losses: usize, language: Language) -> String {
    counted!(losses, "1 piece lost", "{count} pieces lost").render(language)
}

/// That the program ran without its sandbox, if it did.
pub fn sandbox(report: &Report) -> Option<String> {
    report.unconfined.then(|| say!(report.language, "off, as --no-sandbox asks"))
}

/// Who can mend what a check or a signature is about.
pub fn mender(check: &str) -> Role {
    match check {
        "app.client-id" | "mailbox.refusals" => Role::EceAdmin,
        "url.redirect-host" | "url.redirect-exact" => Role::EntraAdmin,
        "mailbox.licence" | "mailbox.account" | "token.access-lifetime" => Role::EntraAdmin,
        "network.tls-trust" | "network.tls-version" => Role::EceAdmin,
        _ => match check.split('.').next() {
            Some("app" | "signin" | "entra" | "oauth") => Role::EntraAdmin,
            Some("mailbox" | "exchange" | "smtp" | "imap" | "pop3" | "graph") => Role::ExchangeAdmin,
            Some("network" | "net") => Role::Network,
            _ => Role::EceAdmin,
        },
    }
}

impl FindingRow {
    /// Area of its check: the part of the id before the dot.
    pub fn area(&self) -> &'static str {
        self.check.split('.').next().unwrap_or(self.check)
    }

    /// What makes it the same finding in another report: check and subject. Lines may move.
    pub fn identity(&self) -> String {
        format!("{} {}:{}", self.check, subject_kind(self.subject.kind), self.subject.name)
    }
}

impl Cause {
    /// The check or signature that it is, without its prefix.
    pub fn id(&self) -> &str {
        self.cause.split_once(':').map_or(self.cause.as_str(), |(_, id)| id)
    }
}
