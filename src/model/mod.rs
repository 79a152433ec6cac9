//! The vocabulary: facts and the things they are about. No I/O, and no knowledge of file formats.

pub mod ageing;
mod authorize;
pub mod cloud;
mod distinguished_name;
mod ece;
mod entra;
mod exchange;
pub mod fqdn;
mod inventory;
mod jwt;
pub mod licence_table;
mod logs;
pub mod mail_host;
mod network;
mod origin;
mod period;
pub mod permission;
pub mod redirect_uri;
pub mod secret;
mod text;
mod time;
mod version;
mod version_text;

pub use authorize::authorize_request;
pub use distinguished_name::{common_name, organisation};
pub use ece::*;
pub use entra::*;
pub use exchange::*;
pub use inventory::{InventoryEntry, ZoneBasis};
pub use jwt::{USER as USER_CLAIMS, claims_from, claims_of};
pub use logs::*;
pub use network::*;
pub use origin::{Excerpt, Fact, Field, Origin};
pub use period::{Bound, Period};
pub use secret::{Secret, SecretKind, SecretShape};
#[doc(hidden)]
pub use text::said;
pub use text::{Language, Part, Text};
pub use time::{Instant, Stamp, certificate_date, duration_words, http_date, parse_offset, zone_name};
pub use version::Version;
pub use version_text::{VersionMention, versions_in};

/// Everything that one member says outside ECE logs, or, merged, everything that a bundle says.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Facts {
    /// Of ECE itself.
    pub ece: EceFacts,
    /// Of Entra ID.
    pub entra: EntraFacts,
    /// Of Exchange Online.
    pub exchange: ExchangeFacts,
    /// Of the network.
    pub network: NetworkFacts,
    /// Secrets that stand in clear sight: kind and place, never the value.
    pub secrets: Vec<Fact<SecretKind>>,
    /// Times at which evidence was taken (transcripts, sign-ins, audit events, certificate listings): what "now" is judged by.
    pub dated: Vec<Fact<Stamp>>,
    /// Where members end before their evidence does: cut, damaged, not the only page, or beyond a limit.
    pub cut: Vec<Cut>,
}

/// Where a member ends before its evidence does.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cut {
    /// The place.
    pub at: Origin,
    /// Kinds of evidence that the member was taken for; empty if what is there of it shows none.
    pub kinds: Vec<String>,
}

impl Facts {
    /// Takes over the facts of another member, behind its own.
    pub fn append(&mut self, other: Self) {
        self.ece.append(other.ece);
        self.entra.append(other.entra);
        self.exchange.append(other.exchange);
        self.network.append(other.network);
        self.secrets.extend(other.secrets);
        self.dated.extend(other.dated);
        self.cut.extend(other.cut);
    }

    /// Leaves out what happened outside `period`: sign-ins and audit events. Exports of a state stay; what was taken after its end
    /// doesn't say what "now" is.
    pub fn leave_in(&mut self, period: Period) {
        self.entra.sign_ins.retain(|sign_in| sign_in.time.is_none_or(|time| period.holds(time)));
        self.entra.audit.retain(|event| event.time.get().is_none_or(|time| period.holds(*time)));
        let upto = Period { since: None, ..period };
        self.dated.retain(|fact| upto.holds(fact.value));
    }
}
