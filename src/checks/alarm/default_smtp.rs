//! `alarm.default-smtp`

use crate::case::{Case, PartitionView, SettingSlot};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Role, Severity, Subject, Want};
use crate::model::mail_host::{MailHost, mail_host};
use crate::model::{Fact, Setting, SettingKey, Version};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "alarm.default-smtp",
    title: "Alarm mail doesn't need OAuth where the release can't do it",
    severity: Severity::Medium,
    why: "Alarms and notifications leave through the default SMTP server, not through an alias. Before 15.0 that path knows basic authentication only, which Microsoft is switching off: alarms then stay unsent though all aliases work.",
    evidence: "default SMTP settings of the partition; version",
    remedy: &[
        "Before 15.0: let the default SMTP server be a relay of your own that takes mail from the ECE servers without OAuth (partition settings, `Default SMTP server`), and let that relay hand it to Office 365.",
        "15.0 and later: set the default SMTP server's authentication type to OAuth and generate its token.",
        "Verify: trigger an alarm notification, and see it arrive.",
    ],
    references: &["CCE 15.0(1) release notes, chapter ECE", "MC786329"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let partitions = case.partitions();
    let concerned: Vec<&PartitionView<'_>> = partitions
        .iter()
        .filter(|p| p.rows_of(SettingKey::DefaultSmtpServer).next().is_some())
        .collect();
    if concerned.is_empty() {
        let finding = match case.facts.ece.settings_exports.first() {
            Some(export) => check
                .unknown(
                    Subject::deployment(),
                    text!("the settings export holds no row of the default SMTP server"),
                )
                .at(&export.origin),
            None => check.unknown(Subject::deployment(), text!("no export of partition settings was collected")),
        };
        return Ok(vec![finding.want(want())]);
    }
    Ok(concerned.iter().map(|p| judge(case, check, p)).collect())
}

fn want() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the default SMTP server settings (server, port, authentication type)"),
        text!(
            "Administration Console, partition settings (12.6 and later: Partition > Apps > Email > Settings; up to 12.5: partition settings, group Email): the rows `Default SMTP server`, `Default SMTP port`, `Default SMTP authentication type`"
        ),
    )
}

fn judge(case: &Case, check: &Check, partition: &PartitionView<'_>) -> Finding {
    let subject = partition.subject.clone();
    let row = match partition.slot(SettingKey::DefaultSmtpServer) {
        SettingSlot::Filled(row) => row,
        SettingSlot::Empty(row) => {
            return check
                .not_applicable(subject, text!("no default SMTP server is set: alarm mail isn't sent"))
                .at(&row.origin);
        }
        SettingSlot::Conflict(one, other) => {
            return check
                .unknown(subject, text!("two exports disagree about the default SMTP server"))
                .at(&one.origin)
                .at(&other.origin)
                .want(want());
        }
        SettingSlot::Unreadable(row) => {
            return check
                .unknown(subject, text!("the default SMTP server is cut or unreadable in the export"))
                .at(&row.origin)
                .want(want());
        }
        SettingSlot::Absent => {
            return check
                .unknown(subject, text!("the settings export holds no row of the default SMTP server"))
                .want(wanted::settings());
        }
    };
    let host = row
        .value
        .value
        .get()
        .map_or("", |v| v.trim())
        .split([':', '/', ' '])
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    match mail_host(&host) {
        MailHost::Foreign => check
            .pass(subject, text!("the default SMTP server `{host}` is not Microsoft's: alarm mail doesn't need OAuth", host))
            .at(&row.origin),
        MailHost::Entrance => check
            .pass(subject, text!(
                "the default SMTP server `{host}` is the tenant's entrance for mail from outside, which takes no sign-in: alarm mail doesn't need OAuth",
                host,
            ))
            .at(&row.origin),
        _ => match case.version() {
            Ok(version) => of_microsoft(check, partition, subject, &host, row, &version),
            Err(gap) => {
                let mut finding = check
                    .unknown(subject, text!(
                        "the default SMTP server is Microsoft's (`{host}`); whether ECE can sign in there with OAuth hangs on its version: {message}",
                        host,
                        message = gap.message,
                    ))
                    .at(&row.origin)
                    .at_all(&gap.evidence);
                finding.wants.extend(gap.wants);
                finding
            }
        },
    }
}

fn of_microsoft(check: &Check, partition: &PartitionView<'_>, subject: Subject, host: &str, row: &Fact<Setting>, version: &Fact<Version>) -> Finding {
    if version.release() < (15, 0) {
        return check
            .fail(
                subject,
                text!(
                    "the default SMTP server is Microsoft's (`{host}`), but ECE {version} can only use basic authentication there: alarm and notification mail will be refused",
                    host,
                    version = version.value,
                ),
            )
            .at(&row.origin)
            .at(&version.origin);
    }
    let authentication = match partition.slot(SettingKey::DefaultSmtpAuthentication) {
        SettingSlot::Filled(row) => row.value.value.fact(),
        _ => None,
    };
    match authentication {
        Some(fact) if fact.value.to_lowercase().contains("oauth") => check
            .pass(
                subject,
                text!(
                    "the default SMTP server is Microsoft's (`{host}`), with authentication `{authentication}`",
                    host,
                    authentication = fact.value.trim()
                ),
            )
            .at(&row.origin)
            .at(&fact.origin),
        Some(fact) => check
            .fail(
                subject,
                text!(
                    "the default SMTP server is Microsoft's (`{host}`), with authentication `{authentication}`: alarm mail needs OAuth there",
                    host,
                    authentication = fact.value.trim()
                ),
            )
            .at(&row.origin)
            .at(&fact.origin),
        None => check
            .unknown(
                subject,
                text!(
                    "the default SMTP server is Microsoft's (`{host}`), and the export doesn't show its authentication type",
                    host
                ),
            )
            .at(&row.origin)
            .want(want()),
    }
}
