//! Aliases, e-mail accounts and mailboxes: who fetches and sends for whom, and as whom ECE signs in.

use super::Case;
use crate::model::{AccountKind, Alias, Fact, Inbound, LogEventKind, MailAccount, Origin, fold_address};
use std::collections::BTreeMap;

/// A live alias: its rows in the exports, and the e-mail account that serves it.
#[derive(Clone, Debug)]
pub struct AliasView<'a> {
    /// Its address, lower case.
    pub address: String,
    /// Its name, if an export has one.
    pub name: Option<String>,
    /// Its rows, in the order of the evidence; several where several exports list it.
    pub rows: Vec<&'a Fact<Alias>>,
    /// The account that serves it, if one lists it or a row names it.
    pub account: Option<&'a Fact<MailAccount>>,
}

/// A mailbox that ECE works with, and how it signs in to it.
#[derive(Clone, Debug)]
pub struct MailboxView<'a> {
    /// Its address, lower case.
    pub address: String,
    /// What people call it.
    pub label: Option<String>,
    /// The account that serves it, if known.
    pub account: Option<&'a Fact<MailAccount>>,
    /// Mailbox account or shared account; `None` if nothing says.
    pub kind: Option<AccountKind>,
    /// As whom ECE signs in: the shared account's user, else the mailbox itself; `None` if a shared account names no user or the
    /// kind is unknown.
    pub signs_in_as: Option<String>,
    /// How its mail is fetched: the alias's own protocol, else the one that the whole deployment uses.
    pub inbound: Option<(Inbound, Origin)>,
    /// Where the mailbox was named.
    pub origin: Origin,
}

impl Case {
    /// Live aliases, merged by address, in the order of first mention. Deleted rows are left out; an address that only an
    /// account lists counts as an alias without rows.
    pub fn aliases(&self) -> Vec<AliasView<'_>> {
        let mut views: Vec<AliasView<'_>> = Vec::new();
        let mut by_address: BTreeMap<String, usize> = BTreeMap::new();
        for row in &self.facts.ece.aliases {
            if row.deleted.get() == Some(&true) {
                continue;
            }
            let Some(address) = row.address.get().map(|a| fold_address(a)) else {
                continue;
            };
            let at = *by_address.entry(address.clone()).or_insert_with(|| {
                views.push(AliasView {
                    address,
                    name: None,
                    rows: Vec::new(),
                    account: None,
                });
                views.len() - 1
            });
            views[at].rows.push(row);
            views[at].name = views[at].name.take().or_else(|| row.name.get().cloned());
        }
        for account in &self.facts.ece.accounts {
            for listed in account.aliases.get().into_iter().flatten() {
                let known = by_address.get(&fold_address(listed)).copied().or_else(|| {
                    let same_name = |v: &AliasView<'_>| v.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(listed.trim()));
                    views.iter().position(same_name)
                });
                match known {
                    Some(at) => views[at].account = views[at].account.or(Some(account)),
                    None if listed.contains('@') => {
                        by_address.insert(fold_address(listed), views.len());
                        views.push(AliasView {
                            address: fold_address(listed),
                            name: None,
                            rows: Vec::new(),
                            account: Some(account),
                        });
                    }
                    None => {}
                }
            }
        }
        for view in &mut views {
            view.account = view.account.or_else(|| self.account_of(view));
        }
        views
    }

    /// The account that an alias row names, or whose user the alias's address is.
    fn account_of(&self, view: &AliasView<'_>) -> Option<&Fact<MailAccount>> {
        let named = view.rows.iter().find_map(|row| row.account.get());
        self.facts.ece.accounts.iter().find(|account| {
            named.is_some_and(|n| account.name.get().is_some_and(|own| own.eq_ignore_ascii_case(n.trim())))
                || account
                    .user
                    .get()
                    .is_some_and(|user| account.kind.get() != Some(&AccountKind::Shared) && fold_address(user) == view.address)
        })
    }

    /// Mailboxes that ECE works with: one per live alias. The user of a shared account is no entry of its own.
    pub fn mailboxes(&self) -> Vec<MailboxView<'_>> {
        let in_use = self.inbound_in_use();
        let sole_inbound = match in_use.iter().next() {
            Some((inbound, origins)) if in_use.len() == 1 => origins.first().map(|origin| (*inbound, origin.clone())),
            _ => None,
        };
        self.aliases()
            .into_iter()
            .filter_map(|alias| {
                let inbound = alias.inbound().or_else(|| sole_inbound.clone());
                let kind = alias.account.and_then(|a| a.kind.get().copied());
                let user = alias.account.and_then(|a| a.user.get()).map(|u| fold_address(u));
                let signs_in_as = match kind {
                    Some(AccountKind::Mailbox) => Some(alias.address.clone()),
                    Some(AccountKind::Shared) => user,
                    // An account that names a user other than the alias works as a shared one, whatever the export calls it.
                    None => user.or_else(|| alias.account.is_none().then(|| alias.address.clone())),
                };
                let origin = alias
                    .rows
                    .first()
                    .map(|r| r.address.origin().unwrap_or(&r.origin))
                    .or(alias.account.map(|a| &a.origin))?
                    .clone();
                Some(MailboxView {
                    address: alias.address,
                    label: alias.name,
                    account: alias.account,
                    kind,
                    signs_in_as,
                    inbound,
                    origin,
                })
            })
            .collect()
    }

    /// How mail is fetched in this deployment, with the places that say so: server types of accounts, else protocols and ports
    /// of aliases, else the permissions that ECE asks for in its logs. Empty if nothing says.
    pub fn inbound_in_use(&self) -> BTreeMap<Inbound, Vec<Origin>> {
        let mut used: BTreeMap<Inbound, Vec<Origin>> = BTreeMap::new();
        for account in &self.facts.ece.accounts {
            if let Some(fact) = account.server_type.fact() {
                used.entry(fact.value).or_default().push(fact.origin.clone());
            }
        }
        if used.is_empty() {
            for row in self.facts.ece.aliases.iter().filter(|row| row.deleted.get() != Some(&true)) {
                if let Some((inbound, origin)) = inbound_of(row) {
                    used.entry(inbound).or_default().push(origin.clone());
                }
            }
        }
        if used.is_empty() {
            for (scope, origin) in self.scopes_in_logs() {
                if let Some(inbound) = inbound_of_scope(scope) {
                    let seen = used.entry(inbound).or_default();
                    if seen.is_empty() {
                        seen.push(origin.clone());
                    }
                }
            }
        }
        used
    }
}

impl Case {
    /// Permissions that ECE asks for, and those that its tokens come with.
    fn scopes_in_logs(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.logs.events.iter().flat_map(|event| {
            let scopes = match &event.kind {
                LogEventKind::Authorize(request) => request.scopes.as_slice(),
                LogEventKind::TokenAnswer { answer, .. } => answer.scopes.as_slice(),
                _ => &[],
            };
            scopes.iter().map(|scope| (scope.as_str(), &event.origin))
        })
    }
}

/// How mail is fetched with a permission such as `https://outlook.office.com/IMAP.AccessAsUser.All`.
fn inbound_of_scope(scope: &str) -> Option<Inbound> {
    let name = scope.rsplit('/').next().unwrap_or(scope).to_ascii_lowercase();
    match name.as_str() {
        "imap.accessasuser.all" => Some(Inbound::Imap),
        "pop.accessasuser.all" => Some(Inbound::Pop3),
        "mail.readwrite" | "mail.readwrite.shared" => Some(Inbound::Graph),
        _ => None,
    }
}

impl AliasView<'_> {
    /// How its mail is fetched: the account's server type, else the row's protocol or port.
    pub fn inbound(&self) -> Option<(Inbound, Origin)> {
        let of_account = self.account.and_then(|a| a.server_type.fact()).map(|f| (f.value, f.origin.clone()));
        of_account.or_else(|| {
            self.rows
                .iter()
                .find_map(|row| inbound_of(row))
                .map(|(inbound, origin)| (inbound, origin.clone()))
        })
    }
}

/// Protocol of an alias row: named, else by its port (993/143 IMAP, 995/110 POP3).
fn inbound_of(row: &Fact<Alias>) -> Option<(Inbound, &Origin)> {
    if let Some(fact) = row.inbound.fact() {
        return Some((fact.value, &fact.origin));
    }
    let port = row.in_port.fact()?;
    match port.value {
        993 | 143 => Some((Inbound::Imap, &port.origin)),
        995 | 110 => Some((Inbound::Pop3, &port.origin)),
        _ => None,
    }
}
