//! Exchange Online under all its names: which records speak of one mailbox, and which of several exports counts.

use super::{Case, MailboxView};
use crate::model::{CasMailbox, Fact, Licence, Mailbox, Operation, OperationKind, Origin, Stamp, User, fold_address};
use std::collections::{BTreeMap, BTreeSet};

/// Mailboxes and users, each with every name that the evidence has for it.
///
/// Addresses, UPNs and ids join records. Display names and aliases only point at someone if nobody else has them.
#[derive(Debug, Default)]
pub struct Directory {
    /// Entry of each address, UPN or id.
    strong: BTreeMap<String, usize>,
    /// Entries of each display name or alias.
    weak: BTreeMap<String, BTreeSet<usize>>,
    /// Entry that an entry was merged into; itself while it stands alone.
    merged: Vec<usize>,
}

impl Directory {
    fn root(&self, mut entry: usize) -> usize {
        while let Some(&next) = self.merged.get(entry) {
            if next == entry {
                break;
            }
            entry = next;
        }
        entry
    }

    fn add(&mut self, strong: impl IntoIterator<Item = String>, weak: impl IntoIterator<Item = String>) {
        let mut own = self.merged.len();
        self.merged.push(own);
        for name in strong {
            match self.strong.get(&name).copied() {
                Some(other) => {
                    let other = self.root(other);
                    let (low, high) = (own.min(other), own.max(other));
                    self.merged[high] = low;
                    own = low;
                }
                None => {
                    self.strong.insert(name, own);
                }
            }
        }
        for name in weak {
            self.weak.entry(name).or_default().insert(own);
        }
    }

    /// The entry that `name` points at: an address, a UPN, an id, or a display name that only one entry has. `DOMAIN\name` and
    /// `contoso.com/Users/name` count by their last part.
    fn find(&self, name: &str) -> Option<usize> {
        let name = fold_address(name);
        if let Some(&entry) = self.strong.get(&name) {
            return Some(self.root(entry));
        }
        let last = name.rsplit(['\\', '/']).next().unwrap_or(&name);
        [name.as_str(), last].into_iter().find_map(|n| {
            let entries: BTreeSet<usize> = self.weak.get(n)?.iter().map(|e| self.root(*e)).collect();
            (entries.len() == 1).then(|| entries.first().copied())?
        })
    }

    /// True if both names point at one mailbox or user.
    pub fn same(&self, a: &str, b: &str) -> bool {
        fold_address(a) == fold_address(b) || self.find(a).is_some_and(|entry| self.find(b) == Some(entry))
    }

    /// True if `name` is an address or points at a mailbox or user that the evidence knows: then a comparison that fails shows
    /// that it is somebody else.
    pub fn knows(&self, name: &str) -> bool {
        self.find(name).is_some() || name.contains('@')
    }
}

/// What several exports say of one thing.
#[derive(Clone, Debug)]
pub enum Settled<T> {
    /// No export says it.
    Missing,
    /// They agree, or the later one counts; the origins are those that count.
    Agreed(T, Vec<Origin>, Option<Stamp>),
    /// They disagree, and nothing shows which is the later.
    Conflict(Vec<Origin>),
}

/// Settles what exports say: equal values agree; of different ones the later counts, if time or the order in one transcript shows
/// which that is.
pub fn settle<T: Clone + PartialEq>(said: impl IntoIterator<Item = (T, Origin, Option<Stamp>)>) -> Settled<T> {
    let said: Vec<(T, Origin, Option<Stamp>)> = said.into_iter().collect();
    let Some(first) = said.first() else { return Settled::Missing };
    let agreed = |value: &T, stamp: Option<Stamp>| {
        let origins = said.iter().filter(|(v, ..)| v == value).map(|(_, o, _)| o.clone()).collect();
        Settled::Agreed(value.clone(), origins, stamp)
    };
    if said.iter().all(|(value, ..)| *value == first.0) {
        let newest = said
            .iter()
            .filter_map(|(.., taken)| *taken)
            .max_by_key(|s| s.instant().map_or(s.local_ms, |i| i.0));
        return agreed(&first.0, newest);
    }
    let after = |a: &(T, Origin, Option<Stamp>), b: &(T, Origin, Option<Stamp>)| match (a.2, b.2) {
        (Some(a_taken), Some(b_taken)) if a.1.path == b.1.path && a_taken == b_taken => a.1.line > b.1.line,
        (Some(a_taken), Some(b_taken)) => b_taken.certainly_before(a_taken),
        _ => false,
    };
    let latest = said.iter().find(|one| said.iter().all(|other| other.0 == one.0 || after(one, other)));
    match latest {
        Some((value, origin, taken)) => Settled::Agreed(value.clone(), vec![origin.clone()], *taken),
        None => Settled::Conflict(said.iter().map(|(_, origin, _)| origin.clone()).collect()),
    }
}

impl Case {
    /// Who is who: mailboxes, protocol records and users joined by address, UPN and id.
    pub fn directory(&self) -> Directory {
        let mut directory = Directory::default();
        let strong_or_weak = |names: &[String]| {
            let (strong, weak): (Vec<String>, Vec<String>) = names.iter().cloned().partition(|n| n.contains('@') || is_guid(n));
            (strong, weak)
        };
        for mailbox in &self.facts.exchange.mailboxes {
            let (mut strong, mut weak) = strong_or_weak(&mailbox.other_names);
            strong.extend(mailbox.address.get().cloned());
            strong.extend(mailbox.upn.get().cloned());
            strong.extend(mailbox.object_id.get().cloned());
            strong.extend(mailbox.addresses.get().into_iter().flatten().cloned());
            weak.extend(mailbox.name.get().map(|n| n.to_lowercase()));
            directory.add(strong, weak);
        }
        for cas in &self.facts.exchange.cas_mailboxes {
            let (mut strong, mut weak) = strong_or_weak(&cas.other_names);
            strong.extend(cas.address.get().cloned());
            strong.extend(cas.object_id.get().cloned());
            strong.extend(cas.addresses.get().into_iter().flatten().cloned());
            weak.extend(cas.name.get().map(|n| n.to_lowercase()));
            directory.add(strong, weak);
        }
        for user in &self.facts.exchange.users {
            let strong = user.upn.get().into_iter().chain(user.object_id.get()).cloned();
            directory.add(strong, user.name.get().map(|n| n.to_lowercase()));
        }
        directory
    }

    /// Protocol records of a mailbox. Of records that name nobody, those count whose file name does.
    pub fn cas_mailboxes_of(&self, directory: &Directory, address: &str) -> Vec<&Fact<CasMailbox>> {
        self.facts
            .exchange
            .cas_mailboxes
            .iter()
            .filter(|cas| match cas.address.get() {
                Some(own) => directory.same(own, address),
                None => {
                    cas.other_names.iter().any(|n| directory.same(n, address))
                        || (!cas.name.is_present() && cas.hint.as_deref().is_some_and(|hint| names_address(hint, address)))
                }
            })
            .collect()
    }

    /// Mailbox and recipient records of an address.
    pub fn mailbox_records_of(&self, directory: &Directory, address: &str) -> Vec<&Fact<Mailbox>> {
        let is = |name: &String| directory.same(name, address);
        let records = self.facts.exchange.mailboxes.iter();
        records
            .filter(|m| m.address.get().is_some_and(is) || m.upn.get().is_some_and(is) || m.addresses.get().into_iter().flatten().any(is))
            .collect()
    }

    /// Directory records of a user.
    pub fn users_called(&self, directory: &Directory, name: &str) -> Vec<&Fact<User>> {
        let is = |n: &String| directory.same(n, name);
        let users = self.facts.exchange.users.iter();
        users
            .filter(|u| u.upn.get().is_some_and(is) || u.object_id.get().is_some_and(is))
            .collect()
    }

    /// Licence records of a user, and whether only a file's name ties one to them.
    pub fn licences_of(&self, directory: &Directory, name: &str) -> Vec<(&Fact<Licence>, bool)> {
        self.facts
            .exchange
            .licences
            .iter()
            .filter_map(|licence| match licence.user.get() {
                Some(user) => directory.same(user, name).then_some((licence, false)),
                None => licence
                    .hint
                    .as_deref()
                    .is_some_and(|hint| names_address(hint, name))
                    .then_some((licence, true)),
            })
            .collect()
    }

    /// Operations of one kind that concern a mailbox: by its address, its account's name or the user that signs in for it.
    pub fn operations_of<'a>(&'a self, directory: &Directory, mailbox: &MailboxView<'_>, kind: OperationKind) -> Vec<&'a Operation> {
        let account = mailbox.account.and_then(|a| a.name.get()).map(|n| n.to_lowercase());
        let by_user = matches!(kind, OperationKind::TokenGeneration | OperationKind::TokenRefresh);
        self.logs
            .operations
            .iter()
            .filter(|op| op.kind == kind && !op.subject.is_empty())
            .filter(|op| {
                directory.same(&op.subject, &mailbox.address)
                    || account.as_deref() == Some(op.subject.as_str())
                    || (by_user && mailbox.signs_in_as.as_deref().is_some_and(|user| directory.same(user, &op.subject)))
            })
            .collect()
    }
}

/// True if a file name holds the address as a word of its own: `Get-CASMailbox_sales@contoso.com.txt`.
fn names_address(file_name: &str, address: &str) -> bool {
    file_name.match_indices(address).any(|(at, _)| {
        let before = file_name[..at].chars().next_back();
        let after = &file_name[at + address.len()..];
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '-') && !after.strip_prefix('.').is_some_and(|rest| rest.contains('.'));
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '.')) && ends
    })
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Field;
    use std::sync::Arc;

    fn value(text: &str) -> Field<String> {
        Field::Value(Fact::new(text.to_owned(), Origin::whole(&Arc::from("m.csv"))))
    }

    fn mailbox(address: &str, upn: &str, name: &str) -> Fact<Mailbox> {
        let mailbox = Mailbox {
            address: value(address),
            upn: value(upn),
            name: value(name),
            ..Mailbox::default()
        };
        Fact::new(mailbox, Origin::whole(&Arc::from("m.csv")))
    }

    #[test]
    fn joins_by_strong_names_and_by_display_names_that_are_unique() {
        let mut case = Case::default();
        case.facts.exchange.mailboxes = vec![
            mailbox("sales@contoso.com", "sales@contoso.onmicrosoft.com", "Sales"),
            mailbox("a@contoso.com", "a@contoso.com", "Service"),
            mailbox("b@contoso.com", "b@contoso.com", "Service"),
        ];
        let directory = case.directory();
        assert!(directory.same("Sales", "sales@contoso.com"));
        assert!(directory.same("SALES@contoso.onmicrosoft.com", "sales@contoso.com"));
        assert!(directory.same("CONTOSO\\sales", "sales@contoso.com"));
        assert!(!directory.same("Service", "a@contoso.com"), "two have this name");
        assert!(!directory.knows("ECE Admins"));
    }

    #[test]
    fn the_later_export_counts_and_a_tie_is_a_conflict() {
        let origin = |path: &str, line| Origin::line(&Arc::from(path), line, "x");
        let at = |text: &str| Stamp::parse(text);
        let settled = settle([
            (true, origin("a", 1), at("2024-01-01T10:00:00Z")),
            (false, origin("b", 1), at("2024-01-02T10:00:00Z")),
        ]);
        assert!(matches!(settled, Settled::Agreed(false, _, Some(_))));
        assert!(matches!(settle([(true, origin("a", 1), None), (false, origin("b", 1), None)]), Settled::Conflict(o) if o.len() == 2));
        let same_transcript = at("20240101100000");
        let settled = settle([(true, origin("a", 5), same_transcript), (false, origin("a", 9), same_transcript)]);
        assert!(matches!(settled, Settled::Agreed(false, ..)));
        let unzoned = settle([
            (true, origin("a", 5), at("20240101100000")),
            (false, origin("b", 9), at("20240101200000")),
        ]);
        assert!(matches!(unzoned, Settled::Conflict(_)), "ten hours may be the zones");
    }

    #[test]
    fn file_names_name_whole_addresses_only() {
        assert!(names_address("licensedetails_svc_ece@contoso.com.json", "svc_ece@contoso.com"));
        assert!(!names_address("licensedetails_xsvc@contoso.com.json", "svc@contoso.com"));
        assert!(!names_address("svc@contoso.com.au.json", "svc@contoso.com"));
    }
}
