//! Rights of one user on one mailbox, from rows of permissions.

use crate::case::{Case, Directory, MailboxView};
use crate::model::{Fact, Field, Origin, Stamp};

/// A row of permissions, whichever cmdlet printed it.
pub(super) struct Grant<'a> {
    /// Who.
    pub who: &'a Field<String>,
    /// Lower case, without blanks.
    pub rights: &'a Field<Vec<String>>,
    /// Taken away rather than given.
    pub deny: &'a Field<bool>,
    /// Where.
    pub origin: &'a Origin,
    /// When its export was taken, if known.
    pub taken: Option<Stamp>,
}

/// What the rows say of one right of one user.
pub(super) enum Held {
    /// No row of this mailbox was collected.
    NotCollected,
    /// Given; the flag tells that the export shows that nothing denies it.
    Given(Vec<Origin>, bool),
    /// Denied by a row of its own.
    Denied(Origin),
    /// Rows name somebody who may be a group that the user belongs to.
    Perhaps(String, Vec<Origin>),
    /// The rows are there, and none gives it.
    Lacking(Vec<Origin>),
    /// A row is cut so that it can't be told.
    Unreadable(Origin),
    /// Two exports disagree, and none is known to be the later one.
    Conflict(Vec<Origin>),
}

impl Held {
    fn class(&self) -> u8 {
        match self {
            Self::NotCollected => 0,
            Self::Given(..) => 1,
            Self::Denied(_) => 2,
            Self::Perhaps(..) => 3,
            Self::Lacking(_) => 4,
            Self::Unreadable(_) => 5,
            Self::Conflict(_) => 6,
        }
    }
}

/// Accounts that Exchange itself puts into every list.
const BUILT_IN: &[&str] = &[
    "self",
    "system",
    "network service",
    "administrators",
    "domain admins",
    "enterprise admins",
    "organization management",
    "view-only organization management",
    "public folder management",
    "recipient management",
    "delegated setup",
    "exchange servers",
    "exchange domain servers",
    "exchange trusted subsystem",
    "exchange windows permissions",
    "managed availability servers",
    "discovery management",
    "compliance management",
    "hygiene management",
    "jitusers",
    "help desk",
];

fn is_built_in(who: &str) -> bool {
    let last = who.rsplit('\\').next().unwrap_or(who).trim();
    BUILT_IN.contains(&last)
}

/// What `grants`, the rows of one mailbox, say of `right` for `user`. Each export is judged by itself; of several that differ the
/// later counts, if time shows which one that is.
pub(super) fn held(directory: &Directory, grants: &[Grant<'_>], user: &str, right: &str, is_user: &dyn Fn(&str) -> bool) -> Held {
    let mut exports: Vec<(&Grant<'_>, Vec<&Grant<'_>>)> = Vec::new();
    for grant in grants {
        match exports
            .iter_mut()
            .find(|(first, _)| first.origin.path == grant.origin.path && first.taken == grant.taken)
        {
            Some((_, rows)) => rows.push(grant),
            None => exports.push((grant, vec![grant])),
        }
    }
    let judged: Vec<(Option<Stamp>, Held)> = exports
        .iter()
        .map(|(first, rows)| (first.taken, held_in_one(directory, rows, user, right, is_user)))
        .collect();
    let later = |a: Option<Stamp>, b: Option<Stamp>| a.zip(b).is_some_and(|(a, b)| b.certainly_before(a));
    let latest = judged
        .iter()
        .position(|(taken, held)| judged.iter().all(|(other, h)| h.class() == held.class() || later(*taken, *other)));
    match latest {
        Some(at) => judged.into_iter().nth(at).map_or(Held::NotCollected, |(_, held)| held),
        None if judged.is_empty() => Held::NotCollected,
        None => Held::Conflict(exports.iter().map(|(first, _)| first.origin.clone()).collect()),
    }
}

fn held_in_one(directory: &Directory, grants: &[&Grant<'_>], user: &str, right: &str, is_user: &dyn Fn(&str) -> bool) -> Held {
    let mut given = Vec::new();
    let mut perhaps: Option<(String, Vec<Origin>)> = None;
    let mut unreadable = None;
    let mut denials_shown = true;
    for grant in grants {
        let has = grant.rights.get().is_some_and(|rights| rights.iter().any(|r| r == right));
        let Some(who) = grant.who.get() else {
            unreadable = unreadable.or(Some(grant.origin.clone()));
            continue;
        };
        let denied = grant.deny.get() == Some(&true);
        if directory.same(who, user) {
            match grant.rights {
                _ if has && denied => return Held::Denied(grant.origin.clone()),
                _ if has => {
                    denials_shown &= grant.deny.is_present();
                    given.push(grant.origin.clone());
                }
                Field::Unreadable(origin) => unreadable = unreadable.or(Some(origin.clone())),
                _ => {}
            }
        } else if has && !denied && !is_built_in(who) && !is_user(who) {
            let entry = perhaps.get_or_insert_with(|| (who.clone(), Vec::new()));
            entry.1.push(grant.origin.clone());
        }
    }
    match (given.is_empty(), unreadable, perhaps) {
        (false, ..) => Held::Given(given, denials_shown),
        (true, Some(origin), _) => Held::Unreadable(origin),
        (true, None, Some((who, origins))) => Held::Perhaps(who, origins),
        (true, None, None) => Held::Lacking(grants.iter().map(|g| g.origin.clone()).take(3).collect()),
    }
}

/// True if `who` is known to be one user, other than `user`, and not a group: the evidence lists it as a mailbox or as a directory
/// user, or it is an address beside the user's that doesn't sound like a group's (Exchange prints users by their UPN and groups by
/// their name). The same name at another domain may be the user's own UPN.
pub(super) fn is_other_user(case: &Case, directory: &Directory, who: &str, user: &str) -> bool {
    let records = case.mailbox_records_of(directory, who);
    match super::kind_of(&records) {
        Some((super::Kind::User | super::Kind::Shared | super::Kind::Resource, ..)) => return true,
        Some((super::Kind::NoMailbox, _, name)) => return !name.to_ascii_lowercase().contains("group"),
        _ => {}
    }
    if !case.users_called(directory, who).is_empty() {
        return true;
    }
    let Some(((local, domain), (_, own_domain))) = who.split_once('@').zip(user.split_once('@')) else {
        return false;
    };
    let sounds_like_group = ["group", "gruppe", "gruppo", "grupo", "groupe", "grp", "team"]
        .iter()
        .any(|word| local.contains(word))
        || ["dl-", "dl_", "sg-", "sg_", "gg_", "gg-"].iter().any(|prefix| local.starts_with(prefix));
    domain.eq_ignore_ascii_case(own_domain) && !sounds_like_group
}

/// True if both names may be one user's: the directory says so, or one is the other's name at another domain (`user@contoso.com`
/// and `user@contoso.onmicrosoft.com`).
fn may_be_same(directory: &Directory, a: &str, b: &str) -> bool {
    let local = |name: &str| name.split_once('@').map(|(local, _)| local.to_lowercase());
    directory.same(a, b) || local(a).is_some_and(|own| local(b) == Some(own))
}

/// The user whose rights count for a mailbox of a shared account, and where that is seen: the token's own user where a token
/// that belongs to this account shows another than the account's settings.
pub(super) struct Opener {
    /// Address of the user.
    pub user: String,
    /// Where the token shows it, if it isn't the account's own user.
    pub by_token: Option<(Origin, Option<Stamp>)>,
}

pub(super) fn opener(case: &Case, directory: &Directory, mailbox: &MailboxView<'_>) -> Option<Opener> {
    let account = mailbox.account.and_then(|a| a.name.get()).map(|n| n.to_lowercase());
    let sole_account = case.facts.ece.accounts.len() <= 1;
    let own = mailbox.signs_in_as.clone();
    let token = case
        .token_users()
        .into_iter()
        .filter(|token| match &token.account {
            Some(tied) => {
                account.as_ref() == Some(tied) || directory.same(tied, &mailbox.address) || own.as_deref().is_some_and(|o| directory.same(o, tied))
            }
            None => sole_account,
        })
        .max_by_key(|token| token.time.map(|t| t.instant().map_or(t.local_ms, |i| i.0)));
    match (own, token) {
        (Some(own), Some(token)) if !may_be_same(directory, &own, &token.user) => Some(Opener {
            user: token.user,
            by_token: Some((token.origin, token.time)),
        }),
        (Some(user), _) => Some(Opener { user, by_token: None }),
        (None, Some(token)) => Some(Opener {
            user: token.user,
            by_token: Some((token.origin, token.time)),
        }),
        (None, None) => None,
    }
}

/// Rows of `Get-MailboxPermission` for a mailbox.
pub(super) fn mailbox_grants<'a>(case: &'a Case, directory: &Directory, address: &str) -> Vec<Grant<'a>> {
    let rows = case.facts.exchange.mailbox_permissions.iter();
    rows.filter(|p| p.mailbox.get().is_some_and(|m| directory.same(m, address)))
        .map(|p: &Fact<_>| Grant {
            who: &p.user,
            rights: &p.rights,
            deny: &p.deny,
            origin: &p.origin,
            taken: p.taken,
        })
        .collect()
}

/// Rows of `Get-RecipientPermission` for a mailbox.
pub(super) fn recipient_grants<'a>(case: &'a Case, directory: &Directory, address: &str) -> Vec<Grant<'a>> {
    let rows = case.facts.exchange.recipient_permissions.iter();
    rows.filter(|p| p.recipient.get().is_some_and(|m| directory.same(m, address)))
        .map(|p: &Fact<_>| Grant {
            who: &p.trustee,
            rights: &p.rights,
            deny: &p.deny,
            origin: &p.origin,
            taken: p.taken,
        })
        .collect()
}
