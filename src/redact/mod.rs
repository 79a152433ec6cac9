//! Pseudonyms: a copy of a bundle that may be shared, and still says the same.
//!
//! Secrets are gone; names of hosts and domains, addresses, ids and IP addresses become others of the same form. Equal names stay
//! equal, sub-domains stay below their domains, addresses stay within their networks, so that the checks come to the same
//! verdicts. What belongs to Microsoft or to the product stays readable.
//!
//! A bundle is read three times: a [`Learner`] gathers the names, a [`Redactor`] replaces them, and a [`LeakCheck`] looks for what
//! was overlooked before anybody sees the [`copy()`].

mod coded;
mod copy;
mod domains;
mod edit;
mod guid;
mod ip;
mod leak;
mod learner;
mod map;
mod names;
mod plain;
mod redactor;
mod spot;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod vocabulary;
mod workbook;

pub use copy::{Copied, Failure, copy};
pub use domains::is_well_known;
pub use leak::{Leak, LeakCheck};
pub use learner::Learner;
pub use map::{Entry, Map};
pub use redactor::Redactor;

/// What a pseudonym stands for, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The label of a domain that somebody registered: `contoso` of `contoso.com`.
    Domain,
    /// A host's own label.
    Host,
    /// A label between the two.
    Label,
    /// The part of an address before the `@`.
    User,
    /// A GUID.
    Guid,
    /// An IP address.
    Ip,
}

impl Kind {
    /// The kind as the map names it; pseudonyms begin with it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Label => "label",
            Self::User => "user",
            Self::Guid => "guid",
            Self::Ip => "ip",
        }
    }
}
