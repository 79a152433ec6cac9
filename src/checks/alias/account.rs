//! `alias.account`

use super::{VERIFY, each, subject_of};
use crate::case::{AliasView, Case};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::mail_host::{MailHost, mail_host};
use crate::model::{AccountKind, Fact, Field, MailAccount, Part, fold_address};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "alias.account",
    title: "An OAuth e-mail account that can do so serves the alias",
    severity: Severity::High,
    why: "An alias signs in with OAuth only as part of an e-mail account. A mailbox account has one token for one mailbox; a shared account has one user who must hold full access to every mailbox it serves. An alias outside any account still uses basic authentication, which Exchange Online refuses.",
    evidence: "e-mail accounts with kind, state, user and aliases; authentication type of the alias",
    remedy: &[
        "12.6 and later: Administration Console, <department> > Apps > Email > Accounts: give each mailbox an account of its own, or make one shared account whose user has full access to all of them, and add the alias to it.",
        "Generate the account's token in a private browser window, signed in as the mailbox (mailbox account) or as the shared user (shared account).",
        "Set the alias back to active if it has become inactive, and restart the retriever and the dispatchers of the partition.",
        VERIFY,
    ],
    references: &["Cisco tech note 218453, Account types"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    Ok(each(case, check, |alias| judge(case, check, alias)))
}

fn judge(case: &Case, check: &Check, alias: &AliasView<'_>) -> Finding {
    match alias.account {
        Some(account) => served(check, alias, account),
        None => unserved(case, check, alias),
    }
}

fn served(check: &Check, alias: &AliasView<'_>, account: &Fact<MailAccount>) -> Finding {
    let subject = subject_of(alias);
    let name = account.name.get().map_or_else(|| text!("without a name"), |name| name.part());
    let row = alias.rows.first().map(|row| &row.origin);
    if let Some(fact) = account.authentication.fact().filter(|f| is_basic(&f.value)) {
        return check
            .fail(
                subject,
                text!(
                    "the account `{name}` uses basic authentication (`{value}`), which Exchange Online refuses",
                    name,
                    value = fact.value
                ),
            )
            .at(&fact.origin);
    }
    if let Some(fact) = account.status.fact().filter(|f| is_off(&f.value)) {
        return check
            .fail(
                subject,
                text!(
                    "the account `{name}` is not active (`{value}`): its aliases get no token",
                    name,
                    value = fact.value
                ),
            )
            .at(&fact.origin)
            .at_all(row);
    }
    let addresses: BTreeSet<String> = account.aliases.get().into_iter().flatten().map(|a| fold_address(a)).collect();
    match account.kind.fact() {
        Some(kind) if kind.value == AccountKind::Mailbox && addresses.len() > 1 => check
            .fail(
                subject,
                text!(
                    "the mailbox account `{name}` serves {count} aliases with the token of one mailbox: it can open only its own; the others need accounts of their own, or a shared account",
                    name,
                    count = addresses.len(),
                ),
            )
            .at(&kind.origin)
            .at_all(account.aliases.origin()),
        Some(kind) => {
            let of_kind = match kind.value {
                AccountKind::Mailbox => text!("mailbox account"),
                AccountKind::Shared => text!("shared account"),
            };
            check.pass(subject, text!("the {kind} `{name}` serves the alias", kind = of_kind, name)).at(&kind.origin).at(&account.origin)
        }
        None => check
            .pass(subject, text!("the account `{name}` serves the alias; the export doesn't show whether it is a mailbox or a shared account", name))
            .confidence(Confidence::Medium)
            .at(&account.origin),
    }
}

fn unserved(case: &Case, check: &Check, alias: &AliasView<'_>) -> Finding {
    let subject = subject_of(alias);
    let row = alias.rows.first().map(|row| &row.origin);
    let authentication = alias.rows.iter().find_map(|row| row.authentication.fact());
    if let Some(fact) = authentication {
        if is_basic(&fact.value) {
            return check
                .fail(
                    subject,
                    text!(
                        "the alias uses basic authentication (`{value}`), which Exchange Online refuses",
                        value = fact.value
                    ),
                )
                .at(&fact.origin);
        }
        if is_oauth(&fact.value) {
            return check
                .pass(subject, text!("the alias uses `{value}`", value = fact.value))
                .confidence(Confidence::Medium)
                .at(&fact.origin);
        }
    }
    let accounts = &case.facts.ece.accounts;
    if accounts.is_empty() {
        return check
            .unknown(
                subject,
                text!("no export of e-mail accounts was collected: which account serves the alias is unknown"),
            )
            .at_all(row)
            .want(wanted::accounts());
    }
    let named = alias.rows.iter().find_map(|row| row.account.fact());
    if let Some(fact) = named {
        return check
            .unknown(
                subject,
                text!(
                    "the alias names the account `{value}`, which is not in the export of accounts",
                    value = fact.value
                ),
            )
            .at(&fact.origin)
            .at(&accounts[0].origin)
            .want(wanted::accounts());
    }
    let all_list_aliases = accounts.iter().all(|a| matches!(a.aliases, Field::Value(_) | Field::Empty(_)));
    let elsewhere = alias
        .rows
        .iter()
        .filter_map(|row| row.in_host.get())
        .any(|host| mail_host(host) == MailHost::Foreign);
    match (all_list_aliases, elsewhere) {
        (true, true) => check
            .not_applicable(
                subject,
                text!("the alias belongs to no e-mail account, and its mail server is not Office 365"),
            )
            .at_all(row),
        (true, false) => check
            .fail(
                subject,
                text!("no e-mail account lists the alias: it still uses basic authentication, which Exchange Online refuses"),
            )
            .at_all(row)
            .at_all(accounts.iter().filter_map(|a| a.aliases.origin()).take(3)),
        (false, _) => check
            .unknown(subject, text!("the export of accounts doesn't show which aliases each one serves"))
            .at_all(row)
            .at(&accounts[0].origin)
            .want(wanted::accounts()),
    }
}

fn is_basic(text: &str) -> bool {
    let text = text.to_lowercase();
    !is_oauth(&text)
        && ["basic", "base", "password", "login", "plain", "legacy", "di base"]
            .iter()
            .any(|w| text.contains(w))
}

fn is_oauth(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("oauth") || text.contains("modern")
}

fn is_off(text: &str) -> bool {
    let text: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    matches!(
        text.as_str(),
        "inactive"
            | "inattivo"
            | "inattiva"
            | "notactive"
            | "nonattivo"
            | "disabled"
            | "disabilitato"
            | "deactivated"
            | "disattivato"
            | "false"
            | "no"
            | "off"
            | "inaktiv"
    )
}
