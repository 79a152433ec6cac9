//! How far a fault or a symptom reaches: functions, mailboxes, servers, and since when. What can't touch can't be cause and
//! consequence; what isn't known touches everything.

use crate::case::{Case, short_host};
use crate::finding::{Subject, SubjectKind};
use crate::model::{Operation, OperationKind, ServerRole, fold_address};
use std::collections::{BTreeMap, BTreeSet};

/// How far something reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// What it stops, or shows to stand still.
    pub functions: BTreeSet<OperationKind>,
    /// Mailboxes concerned, by address; `None`: all, or not known.
    pub mailboxes: Option<BTreeSet<String>>,
    /// Servers concerned, by short name; `None`: all, or not known.
    pub hosts: Option<BTreeSet<String>>,
}

impl Scope {
    /// True if the two can have to do with each other.
    pub fn touches(&self, other: &Self) -> bool {
        !self.functions.is_disjoint(&other.functions) && self.is_near(other)
    }

    /// True if the two may concern the same mailbox and the same server.
    pub fn is_near(&self, other: &Self) -> bool {
        let meet = |a: &Option<BTreeSet<String>>, b: &Option<BTreeSet<String>>| match (a, b) {
            (Some(a), Some(b)) => !a.is_disjoint(b),
            _ => true,
        };
        meet(&self.mailboxes, &other.mailboxes) && meet(&self.hosts, &other.hosts)
    }

    /// True if an attempt of `kind` for `mailboxes` on `host` lies inside.
    pub fn holds(&self, kind: OperationKind, mailboxes: &Option<BTreeSet<String>>, host: Option<&str>) -> bool {
        self.touches(&Self {
            functions: BTreeSet::from([kind]),
            mailboxes: mailboxes.clone(),
            hosts: host.map(|host| BTreeSet::from([short_host(host)])),
        })
    }

    /// Widens the scope to hold `other` too.
    pub fn widen(&mut self, other: &Self) {
        let join = |a: &mut Option<BTreeSet<String>>, b: &Option<BTreeSet<String>>| match (a.as_mut(), b) {
            (Some(a), Some(b)) => a.extend(b.iter().cloned()),
            _ => *a = None,
        };
        self.functions.extend(other.functions.iter().copied());
        join(&mut self.mailboxes, &other.mailboxes);
        join(&mut self.hosts, &other.hosts);
    }
}

/// Who is behind an address or a name: an account serves its aliases, a shared account's user all of them.
pub(super) struct Mailboxes {
    by_name: BTreeMap<String, BTreeSet<String>>,
    by_instance: BTreeMap<String, BTreeSet<String>>,
    application_hosts: BTreeSet<String>,
    services_hosts: BTreeSet<String>,
}

impl Mailboxes {
    pub fn of(case: &Case) -> Self {
        let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut by_instance: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for alias in case.aliases() {
            let account = alias.account.map(|account| &account.value);
            let names = [
                Some(alias.address.clone()),
                alias.name.as_ref().map(|name| name.to_lowercase()),
                account.and_then(|a| a.name.get()).map(|name| name.to_lowercase()),
                account.and_then(|a| a.user.get()).map(|user| fold_address(user)),
            ];
            for name in names.into_iter().flatten() {
                by_name.entry(name).or_default().insert(alias.address.clone());
            }
            for instance in alias.rows.iter().filter_map(|row| row.instance.get()) {
                by_instance.entry(instance.to_lowercase()).or_default().insert(alias.address.clone());
            }
        }
        let hosts = |role| case.servers_with(role).iter().map(|server| short_host(&server.host)).collect();
        Self {
            by_name,
            by_instance,
            application_hosts: hosts(ServerRole::Application),
            services_hosts: hosts(ServerRole::Services),
        }
    }

    /// The mailboxes behind an address or a name; an unknown address is itself, another unknown name may be any.
    pub fn named(&self, name: &str) -> Option<BTreeSet<String>> {
        let name = name.trim().to_lowercase();
        match self.by_name.get(&name) {
            Some(known) => Some(known.clone()),
            None if name.contains('@') => Some(BTreeSet::from([name])),
            None => None,
        }
    }

    /// Whose attempts these are.
    pub fn of_operation(&self, operation: &Operation) -> Option<BTreeSet<String>> {
        self.named(&operation.subject)
    }

    /// The scope of a finding about `subject` that concerns `functions`.
    pub fn of_subject(&self, subject: &Subject, functions: &[OperationKind]) -> Scope {
        let mut scope = Scope {
            functions: functions.iter().copied().collect(),
            ..Scope::default()
        };
        match subject.kind {
            SubjectKind::Alias | SubjectKind::Mailbox | SubjectKind::Account => scope.mailboxes = self.named(&subject.name),
            SubjectKind::Instance => scope.mailboxes = self.by_instance.get(&subject.name.to_lowercase()).cloned(),
            SubjectKind::Server => self.narrow_to_server(&mut scope, &subject.name),
            SubjectKind::Deployment | SubjectKind::Partition | SubjectKind::Application => {}
        }
        scope
    }

    /// `<host>`, or `<host> <port>` of the ports grid. Retriever, dispatcher and renewals run on the services server, first tokens
    /// come into being on the application server.
    fn narrow_to_server(&self, scope: &mut Scope, name: &str) {
        use OperationKind::{Fetch, Send, TokenGeneration};
        let (host, port) = name.split_once(' ').map_or((name, None), |(host, port)| (host, port.parse::<u16>().ok()));
        let host = short_host(host);
        if self.application_hosts.contains(&host) && !self.services_hosts.contains(&host) {
            scope.functions.retain(|function| *function == TokenGeneration);
        } else if self.services_hosts.contains(&host) && !self.application_hosts.contains(&host) {
            scope.functions.remove(&TokenGeneration);
        }
        match port {
            Some(25 | 465 | 587) => scope.functions.retain(|function| *function == Send),
            Some(110 | 143 | 993 | 995) => scope.functions.retain(|function| *function == Fetch),
            _ => {}
        }
        scope.hosts = Some(BTreeSet::from([host]));
    }
}
