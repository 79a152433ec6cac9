//! `token.identity`: the token was issued for the mailbox account, not for the person who sat at the browser.

use super::identity_evidence::{Holder, Witness, evidence_of, strangers};
use crate::case::{Case, Directory};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Part;
use crate::model::{AccountKind, Operation, OperationKind, Origin, Outcome, fold_address};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "token.identity",
    title: "Tokens belong to the mailbox account",
    severity: Severity::Critical,
    why: "On a workstation that is signed in to the same directory, the browser answers Microsoft's sign-in by itself, with the person's own account (single sign-on). ECE then holds a token of that person for the mailbox: Microsoft issues and renews it without any error, and Exchange refuses it without a reason.",
    evidence: "tokens (upn, preferred_username), interactive sign-ins and refreshes of ECE's app, logins in mail traces, accounts of ECE, mailbox rights",
    remedy: &[
        "Open a private (InPrivate, incognito) browser window and open ECE's administration console in it under the external URL.",
        "At the e-mail account press Generate, choose \"Use another account\", and sign in as the mailbox (for a shared account: as its own user), not as yourself.",
        "Save, and re-activate the alias.",
        "Verify: the sign-in log shows the mailbox's address for ECE's app, and the alias fetches and sends.",
    ],
    references: &["Cisco 218453, sections Token generation and Mailbox rights"],
    run,
};

/// An account, or an alias without one, and whose token it should hold.
struct Unit {
    subject: Subject,
    /// Names that evidence may tie to it: account name, aliases, user; lower case.
    names: Vec<String>,
    /// Mailboxes that it serves.
    mailboxes: Vec<String>,
    /// Users whose token is right.
    right: Vec<String>,
    kind: Option<AccountKind>,
    /// User that ECE's settings name for it.
    user: Option<(String, Origin)>,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let units = units(case);
    let directory = case.directory();
    if units.is_empty() {
        let held = case.token_users();
        return Err(Gap {
            message: match held.first() {
                Some(token) => text!(
                    "a token of {user} is in the bundle, and nothing shows for which account or mailbox it was made",
                    user = token.user
                ),
                None => text!("the bundle shows neither ECE's e-mail accounts and aliases nor whose tokens it holds"),
            },
            evidence: held.iter().map(|t| t.origin.clone()).take(1).collect(),
            wants: vec![accounts_want()],
        });
    }
    let right: Vec<&str> = units.iter().flat_map(|u| u.right.iter().map(String::as_str)).collect();
    let sole = units.len() == 1;
    let own: Vec<Vec<Witness>> = units.iter().map(|u| evidence_of(case, &directory, &u.names, &u.right, sole)).collect();
    // Whose evidence names its account says nothing of another one.
    let tied = |stranger: &Witness| {
        own.iter()
            .flatten()
            .any(|witness| witness.origins.iter().any(|origin| stranger.origins.contains(origin)))
    };
    let mut strangers = strangers(case, &directory, &right);
    strangers.retain(|stranger| !tied(stranger));
    let lacking = own.iter().filter(|witnesses| witnesses.is_empty()).count();
    let judged = units.iter().zip(&own);
    Ok(judged
        .map(|(unit, witnesses)| match witnesses.last() {
            Some(last) => by_token(case, check, &directory, unit, last),
            None => by_strangers(case, check, &directory, unit, &strangers, lacking, units.len()),
        })
        .collect())
}

fn units(case: &Case) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let views = case.aliases();
    for account in &case.facts.ece.accounts {
        let name = account.name.get().cloned();
        let user = account
            .user
            .fact()
            .map(|f| (fold_address(&f.value), f.origin.clone()))
            .filter(|(u, _)| !u.is_empty());
        let served: Vec<String> = views
            .iter()
            .filter(|v| {
                v.account
                    .is_some_and(|a| a.name.get() == account.name.get() && a.user.get() == account.user.get())
            })
            .map(|v| v.address.clone())
            .collect();
        let label = name.clone().or_else(|| user.as_ref().map(|(u, _)| u.clone()));
        let Some(label) = label else { continue };
        if units.iter().any(|u| u.subject.name == label) {
            continue;
        }
        let kind = account.kind.get().copied();
        let own_user = user.as_ref().map(|(u, _)| u.clone());
        let right: Vec<String> = match kind {
            Some(AccountKind::Mailbox) if !served.is_empty() => served.clone(),
            Some(AccountKind::Mailbox | AccountKind::Shared) => own_user.clone().into_iter().collect(),
            None => own_user.clone().into_iter().chain(served.clone()).collect(),
        };
        let names = name.iter().map(|n| n.to_lowercase()).chain(served.clone()).chain(own_user).collect();
        units.push(Unit {
            subject: Subject::new(SubjectKind::Account, label),
            names,
            mailboxes: served,
            right,
            kind,
            user,
            origin: account.origin.clone(),
        });
    }
    for view in views.iter().filter(|v| v.account.is_none()) {
        let Some(row) = view.rows.first() else { continue };
        let names = std::iter::once(view.address.clone())
            .chain(view.name.as_ref().map(|n| n.to_lowercase()))
            .collect();
        units.push(Unit {
            subject: Subject::new(SubjectKind::Alias, view.address.as_str()).labelled(view.name.as_deref()),
            names,
            mailboxes: vec![view.address.clone()],
            right: vec![view.address.clone()],
            kind: None,
            user: None,
            origin: row.address.origin().unwrap_or(&row.origin).clone(),
        });
    }
    units
}

/// The newest evidence of a token that is tied to the account.
fn by_token(case: &Case, check: &Check, directory: &Directory, unit: &Unit, last: &Witness) -> Finding {
    let is = |user: &str| unit.right.iter().any(|r| directory.same(r, user));
    let with_origins = |finding: Finding| finding.at_all(&last.origins).at(&unit.origin);
    if is(&last.user) {
        let whose = match unit.kind {
            Some(AccountKind::Shared) => text!("the shared account's own user, {user}", user = last.user),
            _ => text!("the mailbox itself, {user}", user = last.user),
        };
        let message = text!("{token} is of {whose}", token = last.words(), whose);
        return with_origins(check.pass(unit.subject.clone(), message)).confidence(last.confidence);
    }
    let whose = unit.right.first().map_or("", String::as_str);
    if unit.right.is_empty() {
        let message = text!(
            "{token} is of {user}; the export doesn't say which user the account should have",
            token = last.words(),
            user = last.user
        );
        return with_origins(check.unknown(unit.subject.clone(), message)).want(accounts_want());
    }
    if unit.subject.kind == SubjectKind::Alias && !is_shut_out(case, directory, &last.user, &unit.mailboxes) {
        let message = text!(
            "{token} is of {user}, and whether {whose} has an account of its own or is served by a shared one isn't known",
            token = last.words(),
            user = last.user,
            whose
        );
        return with_origins(check.unknown(unit.subject.clone(), message)).want(accounts_want());
    }
    if let Some(rights) = full_access(case, directory, &last.user, &unit.mailboxes).filter(|_| unit.kind != Some(AccountKind::Shared)) {
        let message = text!(
            "{token} is of {user}, not of {whose}: it works only because that user has FullAccess, and ends with that account's password, MFA or departure",
            token = last.words(),
            user = last.user,
            whose
        );
        return with_origins(check.warn(unit.subject.clone(), message)).at_all(&rights);
    }
    // A UPN may differ from the address: another domain leaves room for that, while no export lists both.
    let domain = |address: &str| address.rsplit('@').next().unwrap_or("").to_owned();
    let may_be_upn = unit.kind != Some(AccountKind::Shared) && domain(&last.user) != domain(whose) && !are_listed(case, &[whose, &last.user]);
    let confidence = if may_be_upn {
        Confidence::Medium.max(last.confidence)
    } else {
        last.confidence
    };
    let message = match last.holder {
        Holder::Login => text!(
            "{token} is of {user}, where {whose} is expected: the token was generated for another user, and Exchange refuses it without a reason",
            token = last.words(),
            user = last.user,
            whose
        ),
        _ => text!(
            "{token} is of {user}, not of {whose}: the person at the browser was signed in by single sign-on when it was generated. Microsoft renews such a token without any error, and Exchange refuses it at the mailbox without a reason",
            token = last.words(),
            user = last.user,
            whose
        ),
    };
    with_origins(check.fail(unit.subject.clone(), message)).confidence(confidence)
}

/// True if a mailbox export lists all of `names`: then it is known that they are different mailboxes.
fn are_listed(case: &Case, names: &[&str]) -> bool {
    let mailboxes = &case.facts.exchange.mailboxes;
    names.iter().all(|name| {
        let called = |n: &&String| n.eq_ignore_ascii_case(name);
        mailboxes
            .iter()
            .any(|m| [m.address.get(), m.upn.get()].into_iter().flatten().any(|n| called(&n)))
    })
}

/// True if the evidence shows that `user` opens none of `mailboxes`: their rights are listed without him, or Exchange let him in and
/// found nothing to open. Then he is no shared account's user either.
fn is_shut_out(case: &Case, directory: &Directory, user: &str, mailboxes: &[String]) -> bool {
    const NOT_CONNECTED: &str = "imap.bad_authenticated_not_connected";
    let listed = |mailbox: &String| {
        let mut rows = case
            .facts
            .exchange
            .mailbox_permissions
            .iter()
            .filter(|p| p.mailbox.get().is_some_and(|m| directory.same(m, mailbox)))
            .peekable();
        rows.peek().is_some() && rows.all(|p| p.user.get().is_some_and(|u| directory.knows(u) && !directory.same(u, user)))
    };
    let refused = |mailbox: &String| {
        let fetches = case
            .logs
            .operations
            .iter()
            .filter(|o| o.kind == OperationKind::Fetch && o.subject == *mailbox);
        let not_connected = |outcome: &Outcome| matches!(outcome, Outcome::Failed(ids) if ids.iter().any(|id| id == NOT_CONNECTED));
        fetches.flat_map(Operation::failing_tail).any(|run| not_connected(&run.outcome))
    };
    !mailboxes.is_empty() && (mailboxes.iter().all(listed) || mailboxes.iter().all(refused))
}

/// FullAccess of `user` on all of `mailboxes`, with the places that say so.
fn full_access(case: &Case, directory: &Directory, user: &str, mailboxes: &[String]) -> Option<Vec<Origin>> {
    let mut origins = Vec::new();
    for mailbox in mailboxes {
        let entries = case.facts.exchange.mailbox_permissions.iter().filter(|p| {
            p.mailbox.get().is_some_and(|m| directory.same(m, mailbox))
                && p.user.get().is_some_and(|u| directory.same(u, user))
                && p.rights
                    .get()
                    .is_some_and(|rights| rights.iter().any(|r| r.eq_ignore_ascii_case("FullAccess")))
        });
        let entries: Vec<_> = entries.collect();
        if entries.is_empty() || entries.iter().any(|p| p.deny.get() == Some(&true)) {
            return None;
        }
        origins.extend(entries.iter().map(|p| p.origin.clone()));
    }
    (!origins.is_empty()).then_some(origins)
}

/// No evidence is tied to the account: users that are none of ECE's, and yet sign in to its app, are what remains.
fn by_strangers(case: &Case, check: &Check, directory: &Directory, unit: &Unit, strangers: &[Witness], lacking: usize, units: usize) -> Finding {
    let whose = unit.right.first().map_or_else(|| text!("the mailbox"), |user| user.part());
    let configured = unit.user.as_ref().filter(|(user, _)| !unit.right.iter().any(|r| directory.same(r, user)));
    if let Some((user, origin)) = configured {
        let message = text!(
            "ECE's account names the user {user}, but it is a mailbox account of {whose}: the token is expected for the mailbox itself",
            user,
            whose
        );
        let finding = check.unknown(unit.subject.clone(), message).at(origin);
        return finding.want(sign_in_want());
    }
    let Some(first) = strangers.first() else {
        return check
            .unknown(unit.subject.clone(), text!("nothing shows whose token ECE holds for {whose}", whose))
            .at(&unit.origin)
            .want(sign_in_want());
    };
    let all = lacking == units;
    // A person's interactive sign-in alone may have been the administrator's consent; renewals are of tokens that ECE holds.
    let renewed = strangers.iter().find(|s| matches!(s.holder, Holder::Refresh | Holder::Token));
    let proof = renewed
        .filter(|_| lacking == 1 || all)
        .or(Some(first).filter(|s| s.holder == Holder::Login && lacking == 1));
    // Without an account table the stranger may be a shared account's user.
    let proof = proof.filter(|s| unit.subject.kind != SubjectKind::Alias || is_shut_out(case, directory, &s.user, &unit.mailboxes));
    match proof {
        Some(stranger) => {
            let message = text!(
                "{token} is of {user}, who is none of ECE's mail users, and there is none of {whose}: the token was issued for the person at the browser (single sign-on), and Exchange refuses it at the mailbox without a reason",
                token = stranger.words(),
                user = stranger.user,
                whose
            );
            let finding = check.fail(unit.subject.clone(), message).at_all(&stranger.origins).at(&unit.origin);
            finding.confidence(Confidence::Medium)
        }
        None => {
            let message = text!(
                "{token} is of {user}, who is none of ECE's mail users; whether the token of {whose} was made then can't be told",
                token = first.words(),
                user = first.user,
                whose
            );
            check
                .unknown(unit.subject.clone(), message)
                .at_all(&first.origins)
                .at(&unit.origin)
                .want(sign_in_want())
        }
    }
}

fn sign_in_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("who signed in to ECE's app, and whose tokens are refreshed"),
        text!(
            "Entra admin center > Identity > Monitoring & health > Sign-in logs > filter Application = ECE's app: download \"User sign-ins (interactive)\" and \"User sign-ins (non-interactive)\" as JSON, covering the moment of Generate"
        ),
    )
}

fn accounts_want() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("ECE's e-mail accounts with account type, user and aliases"),
        text!(
            "ECE administration console > E-mail > Accounts: list and details of each account (never the password or token); before 12.6 the aliases: SELECT * FROM EGML_MAILHOST"
        ),
    )
}
