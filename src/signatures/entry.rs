//! The entries of the catalogue, as the TOML files hold them. The build script includes this file too: it turns the built-in
//! files into constants, so that the program reads no TOML when it starts.

use super::Severity;
use serde::Deserialize;
use std::borrow::Cow;

/// Text of an entry: a constant of the built-in catalogue, or read from a user's pack.
pub type Text = Cow<'static, str>;

/// Several texts of an entry.
pub type Texts = Cow<'static, [Text]>;

/// What a hit proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Names a reason.
    Cause,
    /// The shell around a reason (an exception class, an OAuth error word): says little without what it wraps.
    Wrapper,
    /// The text without its code: counts where nothing more exact is in the same record.
    Generic,
    /// Ids, line shapes, markers: never a finding.
    Context,
}

impl Role {
    /// The role as the TOML files and reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Wrapper => "wrapper",
            Self::Generic => "generic",
            Self::Context => "context",
        }
    }
}

/// The text that a pattern is tried on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// As it stands, and with escapes undone.
    #[default]
    Raw,
    /// The same without URLs: what a link quotes is a mention, no event.
    UrlStripped,
}

/// A known error text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Stable id, `smtp.535_5_7_139_tenant`.
    pub id: Text,
    /// Who writes the text: `exchange_online_smtp`, `java_mail`, …
    pub component: Text,
    /// What a hit proves.
    pub role: Role,
    /// How bad it is where it is the reason.
    pub severity: Severity,
    /// The text that the pattern is tried on.
    #[serde(default)]
    pub scan: Scan,
    /// Texts of which every match holds one exactly as written, blanks included. Filled from `literal` or the pattern where absent.
    #[serde(default)]
    pub anchors: Texts,
    /// Fixed text of every match; a blank stands for any white space.
    #[serde(default)]
    pub literal: Text,
    /// Other fixed texts: a match holds one of them or `literal`.
    #[serde(default)]
    pub literal_alternatives: Texts,
    /// Literals and anchors are compared without case.
    #[serde(default)]
    pub ignore_case: bool,
    /// Regular expression over bytes (no look-around, no back-references). Absent: the literals themselves.
    #[serde(default)]
    pub pattern: Text,
    /// What the text says, in plain words.
    pub meaning: Text,
    /// Probable causes, likeliest first.
    #[serde(default)]
    pub causes: Texts,
    /// What to do.
    #[serde(default)]
    pub remedy: Text,
    /// Ids of the checks that a hit bears on, most direct first.
    #[serde(default)]
    pub checks: Texts,
    /// Ids that don't count in a record that this one hits.
    #[serde(default)]
    pub supersedes: Texts,
    /// Ids that legitimately hit the same text.
    #[serde(default)]
    pub overlaps: Texts,
    /// A remark.
    #[serde(default)]
    pub note: Text,
    /// Sources.
    #[serde(default)]
    pub references: Texts,
    /// Made-up texts that must match.
    pub examples: Texts,
    /// Made-up texts that must not match.
    #[serde(default)]
    pub near_misses: Texts,
}

/// A code of Entra ID's token service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AadstsCode {
    /// The number: 50011.
    pub code: u32,
    /// Microsoft's short name, where one is published.
    #[serde(default)]
    pub name: Text,
    /// Group: `redirect_uri`, `mfa`, …
    pub category: Text,
    /// When a new attempt can work: `transient`, `after_wait`, `after_reauth`, `after_fix`, `no`, `informational`.
    pub retryable: Text,
    /// How bad it is.
    pub severity: Severity,
    /// What a hit proves.
    #[serde(default = "cause")]
    pub role: Role,
    /// What it says, in plain words.
    pub meaning: Text,
    /// Where it arises: `token_generation` (browser), `token_endpoint` (redemption, refresh), `both`; empty: not known.
    #[serde(default)]
    pub phase: Text,
    /// Ids of the checks that a hit bears on, most direct first.
    #[serde(default)]
    pub checks: Texts,
    /// What to do.
    #[serde(default)]
    pub remedy: Text,
    /// A remark.
    #[serde(default)]
    pub note: Text,
    /// Sources.
    #[serde(default)]
    pub references: Texts,
}

fn cause() -> Role {
    Role::Cause
}
