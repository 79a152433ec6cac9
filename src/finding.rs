//! What a check says: a verdict about one subject, with located evidence, what is still wanted, and what to do.

use crate::model::{Origin, Text};
use serde::{Deserialize, Serialize};

/// The outcome of a check for one subject, worst first (the order that reports sort by).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Evidence shows that this breaks, or will break, mail over OAuth.
    Fail,
    /// Works today or is likely to; risky, deprecated, or soon to expire.
    Warn,
    /// Evidence is missing, contradictory or unreadable.
    Unknown,
    /// Evidence shows that it is right.
    Pass,
    /// The deployment doesn't use this.
    NotApplicable,
}

impl Verdict {
    /// `fail`, `warn`, `unknown`, `pass`, `not-applicable`, as reports write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// How much a finding matters, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Mail stands still.
    Critical,
    /// Mail of some aliases, or one direction, stands still.
    High,
    /// Mail will stand still, or works by luck.
    Medium,
    /// Worth mending.
    Low,
    /// Worth knowing.
    Info,
}

/// How sure a finding is, surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Proven by the evidence.
    High,
    /// Follows from the evidence by an assumption that nothing contradicts.
    Medium,
    /// A reading of weak evidence.
    Low,
}

/// What kind of thing a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The ECE deployment as a whole.
    Deployment,
    /// A partition, `partition 1`.
    Partition,
    /// An e-mail alias, by its address.
    Alias,
    /// An Exchange mailbox, by its primary address.
    Mailbox,
    /// An application registration, by its appId.
    Application,
    /// A server by its host name, or `<host> <port>` for a cell of the ports grid.
    Server,
    /// An e-mail account of ECE, by its name.
    Account,
    /// A service instance, by its number.
    Instance,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Subject {
    /// The kind of thing.
    pub kind: SubjectKind,
    /// Its stable name: an address, an appId, a host name …
    pub name: String,
    /// What people call it, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Subject {
    /// The deployment as a whole.
    pub fn deployment() -> Self {
        Self::new(SubjectKind::Deployment, "deployment")
    }

    /// A subject of `kind` named `name`.
    pub fn new(kind: SubjectKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            label: None,
        }
    }

    /// The same subject with what people call it; an empty or equal label is dropped.
    pub fn labelled(mut self, label: Option<&str>) -> Self {
        self.label = label.filter(|l| !l.is_empty() && !l.eq_ignore_ascii_case(&self.name)).map(str::to_owned);
        self
    }
}

/// Who can supply a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Whoever administers ECE and its servers.
    EceAdmin,
    /// Whoever administers Entra ID (Azure AD).
    EntraAdmin,
    /// Whoever administers Exchange Online.
    ExchangeAdmin,
    /// Whoever runs the network, proxies and firewalls.
    Network,
}

/// Evidence that would settle an open question, and how to get it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// What is missing, in words.
    pub evidence: Text,
    /// The exact command or screen that yields it.
    pub how: Text,
    /// Who has the rights to run it.
    pub role: Role,
}

impl Want {
    /// Evidence `evidence`, which `role` gets by `how`.
    pub fn new(role: Role, evidence: Text, how: Text) -> Self {
        Self { evidence, how, role }
    }
}

/// What the user's configuration says about a finding or a cause that it suppresses: it stays in every report, and doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// Why.
    pub reason: String,
    /// The last day or moment of it, as written.
    pub expires: String,
    /// File and line, `ecelens.toml:12`.
    pub at: String,
}

/// One verdict about one subject.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the check, `url.redirect-host`.
    pub check: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// The outcome.
    pub verdict: Verdict,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The fact, the expectation, the consequence, in one or two sentences.
    pub message: Text,
    /// Where it was seen; for a contradiction both sides.
    pub evidence: Vec<Origin>,
    /// Ids of symptoms that this finding accounts for: `check:<id>` or `signature:<id>`.
    pub explains: Vec<String>,
    /// What would settle it.
    pub wants: Vec<Want>,
    /// What to do, step by step.
    pub remedy: Vec<Text>,
    /// Why it doesn't count, if the user suppressed it.
    pub suppressed: Option<Suppressed>,
    /// True if the check itself broke off: nothing was judged, and the report is partial.
    pub internal_error: bool,
}
