//! Whether a Conditional Access policy concerns ECE's sign-ins and refreshes (offline: groups and roles can't be expanded).

use crate::case::Case;
use crate::model::permission::{EXCHANGE_ONLINE, GRAPH};
use crate::model::{ConditionalAccess, Inbound, Text};
use crate::text;
use std::collections::BTreeSet;

/// How far a policy concerns ECE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is off, or on trial, or about something else; why, in words.
    None(Text),
    /// It may: what would decide it, in words.
    Maybe(Text),
    /// It does.
    Yes,
}

/// How far `policy` concerns the users and resources of ECE.
pub(super) fn reach(case: &Case, policy: &ConditionalAccess) -> Reach {
    match policy.state.get().map(|s| s.to_ascii_lowercase()).as_deref() {
        Some("enabled") => {}
        Some("disabled") => return Reach::None(text!("it is disabled")),
        Some("enabledforreportingbutnotenforced") => return Reach::None(text!("it is in report-only mode, without effect")),
        _ => return Reach::Maybe(text!("whether it is enabled can't be read")),
    }
    if let Some(beside) = &policy.beside_mail {
        return Reach::None(beside.clone());
    }
    let legacy =
        |t: &String| t.eq_ignore_ascii_case("exchangeActiveSync") || t.eq_ignore_ascii_case("other") || t.eq_ignore_ascii_case("easSupported");
    if !policy.client_app_types.is_empty() && policy.client_app_types.iter().all(legacy) {
        return Reach::None(text!("it covers legacy authentication only, which OAuth is not"));
    }
    if let Some(why) = beside_apps(case, policy) {
        return why;
    }
    if let Some(why) = beside_users(case, policy) {
        return why;
    }
    if policy.cut {
        return Reach::Maybe(text!("the export was cut, so that exclusions may be missing"));
    }
    if !policy.narrowed_by.is_empty() {
        return Reach::Maybe(text!(
            "it applies under conditions only ({conditions})",
            conditions = Text::joined(&policy.narrowed_by, Text::figure("; "))
        ));
    }
    Reach::Yes
}

fn holds(list: &[String], word: &str) -> bool {
    list.iter().any(|w| w.eq_ignore_ascii_case(word))
}

fn beside_apps(case: &Case, policy: &ConditionalAccess) -> Option<Reach> {
    let graph_only = {
        let used = case.inbound_in_use();
        !used.is_empty() && used.keys().all(|i| *i == Inbound::Graph)
    };
    // Graph is no app that policies can name; its mail counts as Exchange Online's.
    let covers = |list: &[String]| holds(list, "Office365") || holds(list, EXCHANGE_ONLINE) || graph_only && holds(list, GRAPH);
    if covers(&policy.exclude_apps) {
        return Some(Reach::None(text!("it leaves Exchange Online out")));
    }
    if policy.include_apps.is_empty() && policy.cut {
        return Some(Reach::Maybe(text!("which applications it covers can't be read")));
    }
    if holds(&policy.include_apps, "All") || covers(&policy.include_apps) {
        return None;
    }
    let named = case.ece_app_ids().iter().any(|id| holds(&policy.include_apps, id));
    match named {
        // Policies go by the resource; ECE's own app is none that mail is asked of.
        true => Some(Reach::Maybe(text!(
            "it names ECE's own app, while policies go by the resource, Exchange Online"
        ))),
        false => Some(Reach::None(text!("it covers other applications"))),
    }
}

fn beside_users(case: &Case, policy: &ConditionalAccess) -> Option<Reach> {
    let users = user_ids(case);
    let any = |list: &[String]| list.iter().any(|w| users.contains(&w.to_lowercase()));
    let all = |list: &[String]| !users.is_empty() && case.mail_users().iter().all(|u| holds(list, u));
    if all(&policy.exclude_users) {
        return Some(Reach::None(text!("it leaves ECE's users out")));
    }
    if any(&policy.exclude_users) {
        return Some(Reach::Maybe(text!("it leaves one of ECE's users out")));
    }
    let everybody = holds(&policy.include_users, "All");
    if everybody || any(&policy.include_users) {
        if !policy.exclude_groups.is_empty() {
            return Some(Reach::Maybe(text!("it leaves out groups or roles whose members the bundle doesn't show")));
        }
        // Exclusions by object id can be of ECE's users, unless their ids are known to be others.
        let by_id = policy.exclude_users.iter().any(|u| !u.eq_ignore_ascii_case("GuestsOrExternalUsers"));
        let ids_known = users.iter().any(|u| !u.contains('@'));
        if everybody && by_id && !ids_known {
            return Some(Reach::Maybe(text!(
                "it leaves out users by object ID, and those of ECE's users aren't known"
            )));
        }
        return None;
    }
    if !policy.include_groups.is_empty() {
        return Some(Reach::Maybe(text!("it covers groups or roles whose members the bundle doesn't show")));
    }
    let guests = policy
        .include_users
        .iter()
        .all(|u| u.eq_ignore_ascii_case("GuestsOrExternalUsers") || u.eq_ignore_ascii_case("None"));
    if guests {
        return Some(Reach::None(text!("it covers guests only")));
    }
    let ids_known = users.iter().any(|u| !u.contains('@'));
    match ids_known {
        true => Some(Reach::None(text!("it covers other users"))),
        false => Some(Reach::Maybe(text!("it covers users by object ID, and those of ECE's users aren't known"))),
    }
}

/// Addresses and object ids of the users that ECE signs in as.
fn user_ids(case: &Case) -> BTreeSet<String> {
    let mut ids = case.mail_users();
    let users = ids.clone();
    for sign_in in &case.facts.entra.sign_ins {
        if let (Some(user), Some(id)) = (&sign_in.user, &sign_in.user_id)
            && users.contains(user)
        {
            ids.insert(id.clone());
        }
    }
    for (claims, _) in case.token_claims() {
        if let (Some(user), Some(id)) = (claims.user, claims.user_id)
            && users.contains(&user)
        {
            ids.insert(id);
        }
    }
    for mailbox in &case.facts.exchange.mailboxes {
        let ours = [mailbox.address.get(), mailbox.upn.get()]
            .into_iter()
            .flatten()
            .any(|n| users.contains(n));
        if let Some(id) = mailbox.object_id.get().filter(|_| ours) {
            ids.insert(id.clone());
        }
    }
    ids
}
