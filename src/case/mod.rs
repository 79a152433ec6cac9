//! The case: everything that the bundle says, as one typed view for the checks.
//!
//! What several checks need to know (which registration ECE uses, which servers do what, whose mailboxes are served) is
//! decided here once, so that two checks can't answer it differently.

mod application;
mod authority;
mod exchange;
mod hit_state;
mod mail;
mod moment;
mod partitions;
mod refusals;
mod servers;
mod tokens;
mod urls;
mod vanished;
mod version;

pub use application::{EceApplication, Seen, SeenIn};
pub use authority::Authority;
pub use exchange::{Directory, Settled, settle};
pub use hit_state::HitState;
pub use mail::{AliasView, MailboxView};
pub(crate) use partitions::normal_value;
pub use partitions::{PartitionView, SettingSlot, same_value};
pub use refusals::Refusal;
pub(crate) use refusals::moment;
pub use servers::{ServerView, short_host};
pub use tokens::TokenUser;
pub use urls::ExternalUrl;

use crate::model::{Facts, LogFacts, Stamp, Version};

/// The facts of a bundle, merged, and what the user said on the command line.
#[derive(Debug, Default)]
pub struct Case {
    /// Facts outside ECE logs.
    pub facts: Facts,
    /// What the ECE logs say.
    pub logs: LogFacts,
    /// What the user said.
    pub said: Said,
}

/// What the user said on the command line: it overrules the evidence.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// `--as-of`: the moment that expiry is judged by.
    pub as_of: Option<Stamp>,
    /// `--ece-version`.
    pub ece_version: Option<Version>,
}
