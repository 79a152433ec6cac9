//! The mailbox has a licence with a full mailbox.

use super::{Kind, is_shared, kind_of, mailboxes, signs_in_itself, subject, subject_of, wants};
use crate::case::{Case, Directory, Settled, settle};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Severity, Subject, Verdict};
use crate::model::licence_table::{self, MailboxLevel};
use crate::model::{Fact, Field, Licence, Mailbox, Origin, Part, Text};
use crate::text;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    id: "mailbox.licence",
    title: "The mailbox has a licence with a full mailbox",
    severity: Severity::High,
    why: "A user's mailbox without an Exchange Online licence is taken away, and a kiosk plan has no IMAP by default. The tech note demands at least E3 (Exchange Online Plan 2); \
          Plan 1 works too, but isn't what was tested. Shared mailboxes need no licence; the user who opens them does.",
    evidence: "licence details (Get-MgUserLicenseDetail, Graph licenseDetails, Get-MsolUser, the admin centre's list of users), the mailbox plan of Get-Mailbox",
    remedy: &[
        "Microsoft 365 administrator: assign <mailbox> a licence with Exchange Online Plan 2 (Office 365 E3 or above, or Exchange Online Plan 2 alone), with the Exchange Online service switched on.",
        "Wait until the mailbox is provisioned (minutes, up to a day).",
        "Re-activate the alias in ECE: repeated refusals make it inactive.",
        "Verify: Get-MgUserLicenseDetail -UserId <mailbox> lists EXCHANGE_S_ENTERPRISE with provisioningStatus Success, and ECE fetches and sends mail.",
    ],
    references: &[
        "Cisco tech note 218453, Exchange licence",
        "Microsoft: Product names and service plan identifiers for licensing",
    ],
    run,
};

/// What one export says of a user's licence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    /// The best plan that is provisioned.
    Has(MailboxLevel, Text),
    /// Plan 2 or Plan 1 is licensed, but not provisioned: its state.
    NotProvisioned(Text),
    /// No licence at all.
    Unlicensed,
    /// Licensed, but without any service plan of Exchange.
    NoPlan,
    /// The table doesn't know it, or the export doesn't show it.
    Unknown(Text),
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let directory = case.directory();
    let mailboxes = mailboxes(case)?;
    let mut findings = Vec::new();
    let mut shared_users = BTreeSet::new();
    for mailbox in &mailboxes {
        let subject = subject(mailbox);
        let records = case.mailbox_records_of(&directory, &mailbox.address);
        let kind = kind_of(&records);
        let shared = is_shared(&directory, mailbox);
        if let Some(user) = mailbox
            .signs_in_as
            .as_ref()
            .filter(|user| shared && !directory.same(user, &mailbox.address))
        {
            shared_users.insert(user.clone());
        }
        match kind {
            Some((Kind::Shared | Kind::Resource, record, name)) => findings.push(
                check
                    .not_applicable(
                        subject,
                        text!("{address} is a {name}: it needs no licence of its own", address = mailbox.address, name),
                    )
                    .at_all(record.kind.origin()),
            ),
            Some((Kind::NoMailbox, record, name)) => findings.push(
                check
                    .not_applicable(
                        subject,
                        text!(
                            "{address} is a {name}, no mailbox: it can't be licensed (see mailbox.exists)",
                            address = mailbox.address,
                            name
                        ),
                    )
                    .at_all(record.kind.origin()),
            ),
            kind => {
                let finding = judge(case, check, &directory, subject, &mailbox.address, &records);
                // A mailbox that another user opens may be a shared mailbox, which needs none.
                let type_open = !matches!(kind, Some((Kind::User, ..)));
                let may_be_shared = match shared {
                    true => finding.verdict != Verdict::Pass,
                    false => finding.verdict == Verdict::Fail && !signs_in_itself(case, &directory, mailbox, kind.map(|(kind, ..)| kind)),
                };
                let excused = type_open && may_be_shared;
                findings.push(match excused {
                    true => check
                        .unknown(
                            super::subject(mailbox),
                            text!(
                                "{address} is opened by a shared account; whether it needs a licence depends on its type, which wasn't collected",
                                address = mailbox.address
                            ),
                        )
                        .at_all(&finding.evidence)
                        .want(wants::mailbox(&mailbox.address)),
                    false => finding,
                });
            }
        }
    }
    for user in shared_users {
        if mailboxes.iter().any(|m| directory.same(&m.address, &user)) {
            continue;
        }
        let records = case.mailbox_records_of(&directory, &user);
        findings.push(judge(case, check, &directory, subject_of(&user), &user, &records));
    }
    Ok(findings)
}

fn judge(case: &Case, check: &Check, directory: &Directory, subject: Subject, user: &str, records: &[&Fact<Mailbox>]) -> Finding {
    let licences = case.licences_of(directory, user);
    let hinted = licences.iter().all(|(_, hinted)| *hinted);
    let read: Vec<(Level, Origin, Option<crate::model::Stamp>)> = licences
        .iter()
        .map(|(licence, _)| (level_of(licence), evidence_of(licence), licence.taken))
        .collect();
    // An export that shows nothing doesn't contradict one that shows something.
    let telling: Vec<_> = read.iter().filter(|(level, ..)| !matches!(level, Level::Unknown(_))).cloned().collect();
    let settled = match (telling.is_empty(), read.first()) {
        (false, _) => settle(telling),
        (true, Some((level, origin, taken))) => Settled::Agreed(level.clone(), vec![origin.clone()], *taken),
        (true, None) => Settled::Missing,
    };
    let (level, origins) = match settled {
        Settled::Agreed(level, origins, _) => (level, origins),
        Settled::Conflict(origins) => {
            return check
                .unknown(
                    subject,
                    text!(
                        "the exports disagree about the licence of {user}, and none is known to be the later one",
                        user
                    ),
                )
                .at_all(&origins)
                .want(wants::licence(user));
        }
        Settled::Missing => match of_mailbox_plan(records) {
            Some((level, origin)) => (level, vec![origin]),
            None => {
                return check
                    .unknown(subject, text!("no export shows the licences of {user}", user))
                    .want(wants::licence(user));
            }
        },
    };
    let finding = match level {
        Level::Has(MailboxLevel::Plan2, name) => check.pass(subject, text!("{user} has {name}: a full mailbox, as E3 and above have it", user, name)),
        Level::Has(MailboxLevel::Plan1, name) => check.warn(
            subject,
            text!("{user} has {name}: a full mailbox that works with IMAP, POP3 and SMTP, but below the E3 that the tech note demands", user, name),
        ),
        Level::Has(MailboxLevel::Deskless, name) => check.fail(
            subject,
            text!(
                "{user} has {name} only: a kiosk plan without a full mailbox, whose defaults have IMAP off; at least E3 (Exchange Online Plan 2) is needed",
                user,
                name,
            ),
        ),
        Level::Has(MailboxLevel::None, name) => check.fail(
            subject,
            text!("{user} has no licence with a mailbox: of Exchange there is only {name}, which brings none", user, name),
        ),
        Level::NotProvisioned(state) => check.fail(subject, text!(
            "{user} is licensed, but its Exchange plan is not in service: {state}",
            user,
            state,
        )),
        Level::NoPlan => check.fail(subject, text!("{user} has no licence with a mailbox: none of its service plans is one of Exchange", user)),
        Level::Unlicensed => check.fail(subject, text!("{user} has no licence: Exchange Online gives its user no mailbox", user)),
        Level::Unknown(reason) => check
            .unknown(subject, text!("whether the licence of {user} brings a mailbox isn't known: {reason}", user, reason))
            .want(wants::licence(user)),
    };
    let finding = finding.at_all(&origins).remedy_for(user);
    match hinted && !licences.is_empty() {
        true => finding.confidence(Confidence::Low),
        false => finding,
    }
}

fn evidence_of(licence: &Fact<Licence>) -> Origin {
    let plan = licence
        .plans
        .get()
        .and_then(|plans| plans.iter().max_by_key(|p| licence_table::level_of_plan(&p.name, p.id.as_deref())))
        .filter(|p| licence_table::level_of_plan(&p.name, p.id.as_deref()).is_some());
    plan.map(|p| &p.origin).or(licence.skus.origin()).unwrap_or(&licence.origin).clone()
}

/// Service plans count before SKUs: they say what is provisioned.
fn level_of(licence: &Licence) -> Level {
    let plans = licence.plans.get().map(Vec::as_slice).unwrap_or_default();
    let known: Vec<_> = plans
        .iter()
        .filter_map(|plan| Some((licence_table::level_of_plan(&plan.name, plan.id.as_deref())?, plan)))
        .collect();
    let in_service = |status: &Option<String>| status.as_deref().is_none_or(|s| s.eq_ignore_ascii_case("success"));
    let working = known.iter().filter(|(_, plan)| in_service(&plan.status)).max_by_key(|(level, _)| *level);
    let stalled = known.iter().filter(|(_, plan)| !in_service(&plan.status)).max_by_key(|(level, _)| *level);
    if let Some((level, plan)) = working
        && *level > MailboxLevel::None
    {
        return Level::Has(*level, words(plan.name.as_str(), plan.id.as_deref()));
    }
    let skus = licence.skus.get().map(Vec::as_slice).unwrap_or_default();
    // A SKU one of whose plans the export shows as off is judged by that plan alone.
    let stalled_sku = |sku: &String| stalled.is_some_and(|(level, plan)| *level > MailboxLevel::None && plan.sku.as_ref() == Some(sku));
    let best = skus
        .iter()
        .filter(|sku| !licence.plans_complete && !stalled_sku(sku))
        .filter_map(|sku| Some((licence_table::sku(sku)?.level()?, sku)))
        .max_by_key(|(level, _)| *level);
    let unlisted = skus
        .iter()
        .find(|sku| !licence.plans_complete && licence_table::sku(sku).is_none() && !stalled_sku(sku));
    match (best, unlisted) {
        (Some((MailboxLevel::Plan2, sku)), _) => return Level::Has(MailboxLevel::Plan2, sku_words(sku)),
        (_, Some(sku)) => {
            return Level::Unknown(text!(
                "{sku} is not in the table of licences (as of {date}), and the export doesn't list its service plans",
                sku = sku_words(sku),
                date = Text::figure(licence_table::as_of())
            ));
        }
        (Some((level, sku)), None) => return Level::Has(level, sku_words(sku)),
        (None, None) => {}
    }
    if let Some((level, plan)) = stalled
        && *level > MailboxLevel::None
    {
        return Level::NotProvisioned(text!(
            "{name} is {status}",
            name = plan.name,
            status = plan.status.as_ref().map_or_else(|| text!("off"), |status| status.part())
        ));
    }
    let strange = plans
        .iter()
        .find(|p| p.name.to_ascii_uppercase().starts_with("EXCHANGE") && licence_table::level_of_plan(&p.name, p.id.as_deref()).is_none());
    match (&licence.skus, strange) {
        (Field::Empty(_), _) if plans.is_empty() => Level::Unlicensed,
        (_, Some(plan)) => Level::Unknown(text!(
            "the service plan {name} is not in the table of licences (as of {date})",
            name = plan.name,
            date = Text::figure(licence_table::as_of())
        )),
        _ if licence.plans_complete => match (known.first(), skus.iter().find(|sku| licence_table::sku(sku).is_none())) {
            (Some((_, plan)), _) => Level::Has(MailboxLevel::None, plan.name.part()),
            (None, Some(sku)) => Level::Unknown(text!(
                "{sku} is not in the table of licences (as of {date}), and none of its service plans is known to be one of Exchange",
                sku = sku_words(sku),
                date = Text::figure(licence_table::as_of())
            )),
            (None, None) => Level::NoPlan,
        },
        _ => Level::Unknown(text!("the export shows neither its products nor its service plans")),
    }
}

fn words(plan: &str, id: Option<&str>) -> Text {
    match id {
        Some(id) if id == plan => text!("the service plan {id}", id),
        _ => Text::given(plan),
    }
}

/// `<id> <part number>` as `Office 365 E3 (ENTERPRISEPACK)`.
fn sku_words(sku: &str) -> Text {
    match (licence_table::sku(sku), sku.split_once(' ')) {
        (Some(known), _) => text!("{name} ({id})", name = known.name, id = known.part),
        (None, Some((id, part))) if id.len() == 36 => text!("{name} ({id})", name = part, id),
        (None, _) => text!("“{sku}”", sku),
    }
}

/// `Get-Mailbox` names the plan that the licence brought, and whether there is one.
fn of_mailbox_plan(records: &[&Fact<Mailbox>]) -> Option<(Level, Origin)> {
    for record in records {
        if let Some(plan) = record.plan.fact() {
            let folded = plan.value.to_ascii_lowercase();
            let level = match folded.split_once('-').map_or(folded.as_str(), |(name, _)| name) {
                "exchangeonlineenterprise" => Some(MailboxLevel::Plan2),
                "exchangeonline" | "exchangeonlineessentials" => Some(MailboxLevel::Plan1),
                "exchangeonlinedeskless" => Some(MailboxLevel::Deskless),
                _ => None,
            };
            if let Some(level) = level {
                return Some((
                    Level::Has(level, text!("the mailbox plan {plan}", plan = plan.value)),
                    plan.origin.clone(),
                ));
            }
        }
        if let Some(assigned) = record.sku_assigned.fact()
            && !assigned.value
            && record.kind.get().is_some_and(|k| Kind::of(k) == Kind::User)
        {
            return Some((Level::Unlicensed, assigned.origin.clone()));
        }
    }
    None
}
