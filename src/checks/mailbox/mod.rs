//! The mailboxes behind the aliases, as Exchange Online and the directory have them (tech note "Mailbox configuration", "Exchange
//! licence", "Mailbox rights").

mod account;
mod exists;
mod full_access;
mod grants;
mod inbound_protocol;
mod licence;
mod refusals;
mod send_as;
mod smtp_auth;
mod wants;

use super::{Check, Gap};
use crate::case::{Case, Directory, MailboxView};
use crate::finding::{Subject, SubjectKind};
use crate::model::{Fact, Mailbox};
use crate::text;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[
    smtp_auth::CHECK,
    inbound_protocol::CHECK,
    licence::CHECK,
    exists::CHECK,
    full_access::CHECK,
    send_as::CHECK,
    account::CHECK,
];

/// The mailboxes that ECE works with; a gap where no evidence names one.
fn mailboxes(case: &Case) -> Result<Vec<MailboxView<'_>>, Gap> {
    let mailboxes = case.mailboxes();
    if mailboxes.is_empty() {
        return Err(Gap::missing(
            text!("no evidence names an alias or an e-mail account, so it isn't known which mailboxes ECE uses"),
            vec![wants::aliases(), wants::accounts()],
        ));
    }
    Ok(mailboxes)
}

/// The mailbox as a subject.
fn subject(mailbox: &MailboxView<'_>) -> Subject {
    Subject::new(SubjectKind::Mailbox, mailbox.address.clone()).labelled(mailbox.label.as_deref())
}

/// A user or mailbox that is no alias as a subject.
fn subject_of(address: &str) -> Subject {
    Subject::new(SubjectKind::Mailbox, address)
}

/// Whether several mailboxes are opened by one user.
fn is_shared(directory: &Directory, mailbox: &MailboxView<'_>) -> bool {
    mailbox.kind == Some(crate::model::AccountKind::Shared)
        || mailbox
            .signs_in_as
            .as_deref()
            .is_some_and(|user| !directory.same(user, &mailbox.address) && mailbox.kind.is_none())
}

/// True if ECE signs in to the mailbox with the mailbox's own account: its e-mail account says so, or, where none is in the
/// evidence, it is a user's mailbox or its own tokens or sign-ins show it.
fn signs_in_itself(case: &Case, directory: &Directory, mailbox: &MailboxView<'_>, kind: Option<Kind>) -> bool {
    let same = |user: &str| directory.same(user, &mailbox.address);
    match mailbox.account {
        Some(_) => mailbox.signs_in_as.as_deref().is_some_and(same),
        None => {
            kind == Some(Kind::User)
                || case.token_users().iter().any(|token| same(&token.user))
                || case.facts.entra.sign_ins.iter().any(|s| s.user.as_deref().is_some_and(same))
        }
    }
}

/// What a recipient type means for a mailbox of ECE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A user's mailbox.
    User,
    /// A shared mailbox: its own account's sign-in is disabled by design, and it needs no licence.
    Shared,
    /// A room or equipment mailbox: like a shared one.
    Resource,
    /// No mailbox of Exchange Online: a group, a contact, a mail user, a public folder.
    NoMailbox,
    /// `RecipientType` alone, or a type that nobody knows.
    Unclear,
}

impl Kind {
    /// Reads `RecipientTypeDetails` (or the words of the admin centre).
    fn of(text: &str) -> Self {
        let folded: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        match folded.as_str() {
            "sharedmailbox" | "shared" | "remotesharedmailbox" => Self::Shared,
            "roommailbox" | "equipmentmailbox" | "schedulingmailbox" | "room" | "equipment" => Self::Resource,
            "usermailbox" | "user" | "linkedmailbox" | "legacymailbox" | "remoteusermailbox" => Self::User,
            "teammailbox" | "discoverymailbox" | "arbitrationmailbox" => Self::Unclear,
            "groupmailbox" | "mailuser" | "mailcontact" | "guestmailuser" | "publicfolder" | "publicfoldermailbox" => Self::NoMailbox,
            _ if folded.contains("group") || folded.contains("contact") => Self::NoMailbox,
            _ => Self::Unclear,
        }
    }
}

/// The recipient type of an address with the record that shows it. Several records that differ: the later counts; if none is
/// known to be later, nothing is known.
fn kind_of<'a>(records: &[&'a Fact<Mailbox>]) -> Option<(Kind, &'a Fact<Mailbox>, String)> {
    let said = records.iter().filter_map(|r| {
        let fact = r.kind.fact()?;
        Some((Kind::of(&fact.value), fact.origin.clone(), r.taken))
    });
    let crate::case::Settled::Agreed(kind, origins, _) = crate::case::settle(said) else {
        return None;
    };
    let record = records
        .iter()
        .find(|r| r.kind.fact().is_some_and(|f| Kind::of(&f.value) == kind && origins.contains(&f.origin)))?;
    Some((kind, record, record.kind.get().cloned().unwrap_or_default()))
}
