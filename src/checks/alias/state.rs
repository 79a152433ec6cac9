//! `alias.state`

use super::{REACTIVATE, VERIFY, each, subject_of};
use crate::case::{AliasView, Case, moment};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Alias, AliasState, Fact, Field, LogEventKind, Operation, OperationKind, Origin, Outcome, Stamp, Text, fold_address};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "alias.state",
    title: "The alias is active",
    severity: Severity::High,
    why: "An inactive alias is not polled: its mail stays in the mailbox, while outgoing mail still leaves. ECE takes an alias out of service after three failed connections; after a refused sign-in or a full skip list it stays so until someone sets it back, even when the cause is mended.",
    evidence: "alias_status of EGML_MAILHOST or a table of aliases; log records that disable or activate an alias",
    remedy: &[
        "Mend the cause first (the sign-in, the network, or the mails that can't be deleted and fill the skip list): see the root causes.",
        REACTIVATE,
        VERIFY,
    ],
    references: &["eGain help: alias status change", "Cisco tech note 218453"],
    run,
};

/// What a log says last about the alias's service.
struct InLog {
    active: bool,
    time: Option<Stamp>,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    Ok(each(case, check, |alias| judge(case, check, alias)))
}

fn judge(case: &Case, check: &Check, alias: &AliasView<'_>) -> Finding {
    let subject = subject_of(alias);
    let in_log = last_in_log(case, alias);
    let row = match newest_row(alias) {
        Newest::One(row) => row,
        Newest::Disagree(one, other) => {
            // A log line that says what happened last settles what two exports can't.
            if let Some(log) = &in_log {
                return by_log(case, check, alias, log, None);
            }
            return check
                .unknown(
                    subject,
                    text!("two exports disagree about the alias's state, and nothing says which is newer"),
                )
                .at(&one.origin)
                .at(&other.origin)
                .want(wanted::aliases());
        }
    };
    let Some((state, row)) = row else {
        return match &in_log {
            Some(log) => by_log(case, check, alias, log, None),
            None => without_state(check, alias),
        };
    };
    let later_log = in_log.filter(|log| match (row.last_modified.get(), log.time) {
        (Some(changed), Some(seen)) => moment(seen) > moment(*changed),
        // Without a time of change the log's word is the only dated one; it overrules only what it contradicts.
        _ => true,
    });
    match later_log {
        Some(log) if log.active != (state.value == AliasState::Active) => by_log(case, check, alias, &log, Some(&state.origin)),
        _ => by_state(case, check, alias, &state),
    }
}

/// What the alias's rows say of its state.
enum Newest<'a> {
    /// The newest row that shows one, if any does.
    One(Option<(Fact<AliasState>, &'a Alias)>),
    /// Two disagree, and their times don't decide.
    Disagree(Fact<AliasState>, Fact<AliasState>),
}

fn newest_row<'a>(alias: &AliasView<'a>) -> Newest<'a> {
    let mut best: Option<(Fact<AliasState>, &'a Alias)> = None;
    for row in &alias.rows {
        let Some(state) = row.state.fact() else { continue };
        best = Some(match best {
            None => (state.clone(), &row.value),
            Some((known, own)) if known.value == state.value => (known, own),
            Some((known, own)) => match (own.last_modified.get(), row.last_modified.get()) {
                (Some(a), Some(b)) if moment(*a) > moment(*b) => (known, own),
                (Some(a), Some(b)) if moment(*a) < moment(*b) => (state.clone(), &row.value),
                _ => return Newest::Disagree(known, state.clone()),
            },
        });
    }
    Newest::One(best)
}

fn last_in_log(case: &Case, alias: &AliasView<'_>) -> Option<InLog> {
    let events = case.logs.events.iter().filter_map(|event| {
        let active = match &event.kind {
            LogEventKind::AliasDisabled { address } if is_called(alias, address) => false,
            LogEventKind::AliasActivated { address } if is_called(alias, address) => true,
            _ => return None,
        };
        Some(InLog {
            active,
            time: event.time,
            origin: event.origin.clone(),
        })
    });
    let last_event = events.max_by_key(|e| e.time.map(moment));
    // Mail that was fetched after the alias had been disabled shows that it is back.
    let fetched = fetches(case, alias).filter_map(|o| o.last_done()).max_by_key(|run| moment(run.last));
    match (last_event, fetched) {
        (Some(event), Some(run)) if !event.active && event.time.map(moment) < Some(moment(run.last)) => Some(InLog {
            active: true,
            time: Some(run.last),
            origin: run.last_origin.clone(),
        }),
        (event, _) => event,
    }
}

/// Log records call an alias by its address or by its name.
fn is_called(alias: &AliasView<'_>, written: &str) -> bool {
    fold_address(written) == alias.address || alias.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(written.trim()))
}

fn fetches<'a>(case: &'a Case, alias: &'a AliasView<'_>) -> impl Iterator<Item = &'a Operation> + 'a {
    let is_fetch = |o: &&Operation| o.kind == OperationKind::Fetch;
    case.logs.operations.iter().filter(is_fetch).filter(|o| is_called(alias, &o.subject))
}

fn by_state(case: &Case, check: &Check, alias: &AliasView<'_>, state: &Fact<AliasState>) -> Finding {
    let subject = subject_of(alias);
    let said = match state.value {
        AliasState::Active => return check.pass(subject, text!("the alias is active")).at(&state.origin),
        AliasState::Inactive => text!("the alias is inactive"),
        AliasState::Disabled => text!("the alias is disabled"),
        AliasState::LoginFailed => text!("the alias is out of service because its sign-in failed"),
    };
    let cause = cause_of(case, alias, state.value);
    check
        .fail(subject, text!("{said}: its mail is not fetched; {cause}", said, cause = cause.words))
        .at(&state.origin)
        .at_all(cause.origin.as_ref())
}

fn by_log(case: &Case, check: &Check, alias: &AliasView<'_>, log: &InLog, row: Option<&Origin>) -> Finding {
    let subject = subject_of(alias);
    let when = log.time.map(|t| text!(" at {t}", t));
    let finding = if log.active {
        let earlier = row.map(|_| text!("; its row in the export is older"));
        check.pass(subject, text!("the log shows the alias active again{when}{earlier}", when, earlier))
    } else {
        let earlier = row.map(|_| text!(", after its row in the export was last changed"));
        let cause = cause_of(case, alias, AliasState::Disabled);
        check
            .fail(
                subject,
                text!(
                    "ECE took the alias out of service{when}{earlier}: its mail is not fetched; {cause}",
                    when,
                    earlier,
                    cause = cause.words
                ),
            )
            .at_all(cause.origin.as_ref())
    };
    finding.at(&log.origin).at_all(row).confidence(Confidence::Medium)
}

/// No state in any export and no word of the log: mail that is fetched at the end of the log still proves an active alias.
fn without_state(check: &Check, alias: &AliasView<'_>) -> Finding {
    let unreadable = alias.rows.iter().find_map(|row| match &row.state {
        Field::Unreadable(origin) => Some(origin),
        _ => None,
    });
    let message = match unreadable {
        Some(_) => text!("the alias's state is a code or word that this tool doesn't know"),
        None => text!("no export shows the alias's state"),
    };
    let places = unreadable
        .or(alias.rows.first().map(|row| &row.origin))
        .or(alias.account.map(|a| &a.origin));
    check.unknown(subject_of(alias), message).at_all(places).want(wanted::aliases())
}

struct Cause {
    words: Text,
    origin: Option<Origin>,
}

/// The class of the probable cause: from the failures that end the alias's log, else from what is known of its state.
fn cause_of(case: &Case, alias: &AliasView<'_>, state: AliasState) -> Cause {
    let mut classes: Vec<(Class, Origin)> = Vec::new();
    for operation in fetches(case, alias) {
        for run in operation.failing_tail() {
            if let Outcome::Failed(ids) = &run.outcome {
                let class = ids.iter().filter_map(|id| class_of(id)).min();
                classes.extend(class.map(|class| (class, run.origin.clone())));
            }
        }
    }
    if classes.is_empty() {
        let disabled_by_login = case.logs.hits.iter().find(|hit| hit.id == "ece.repeated_auth_failure_alias_disabled");
        let of_this = disabled_by_login.and_then(|hit| {
            let names_it = |values: &Vec<String>| values.iter().any(|v| is_called(alias, v));
            hit.fields.values().any(names_it).then(|| hit.samples.first().cloned()).flatten()
        });
        classes.extend(of_this.map(|origin| (Class::SignIn, origin)));
    }
    // The failure that happened last is the one that took it out of service.
    match classes.pop() {
        Some((class, origin)) => Cause {
            words: text!("probable cause: {class}", class = class.words()),
            origin: Some(origin),
        },
        None if state == AliasState::LoginFailed => Cause {
            words: text!("probable cause: {class}", class = Class::SignIn.words()),
            origin: None,
        },
        None => Cause {
            words: text!(
                "no log shows why: a refused sign-in and a full skip list leave an alias so until it is set back; a network fault heals after ten minutes; or someone switched it off"
            ),
            origin: None,
        },
    }
}

/// Classes of causes, surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    SkipList,
    SignIn,
    Network,
}

impl Class {
    fn words(self) -> Text {
        match self {
            Self::SkipList => {
                text!("the skip list is full (mails that can't be deleted after fetching); delete or move them, then set the alias back to active")
            }
            Self::SignIn => text!("the sign-in is refused; once it is mended, the alias must be set back to active by hand"),
            Self::Network => text!("the mail server could not be reached; ECE tries again by itself every ten minutes once it can be"),
        }
    }
}

fn class_of(signature: &str) -> Option<Class> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| signature.starts_with(p));
    if signature.contains("skip") {
        Some(Class::SkipList)
    } else if starts(&[
        "java.net.",
        "java.ssl.",
        "java.mail.mail_connect",
        "java.mail.socket_connect",
        "java.mail.could_not_connect",
        "java.mail.unknown_smtp_host",
        "java.mail.proxy",
    ]) {
        Some(Class::Network)
    } else if starts(&[
        "entra.",
        "oauth.",
        "imap.no_authenticate",
        "imap.authenticate",
        "imap.no_login",
        "imap.login",
        "imap.basic_auth",
        "imap.authenticationfailed",
        "imap.no_primary",
        "imap.bad_authenticated",
        "imap.bye_access_token",
        "pop.err_auth",
        "pop.err_logon",
        "java.mail.auth",
        "java.mail.no_auth",
        "java.mail.sasl",
        "java.mail.oauth2",
        "java.mail.pop3_oauth2",
        "ece.repeated_auth",
        "graph.invalid_auth",
        "graph.error_access",
        "graph.access",
    ]) {
        Some(Class::SignIn)
    } else {
        None
    }
}
