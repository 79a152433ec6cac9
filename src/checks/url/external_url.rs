//! `url.external-url`

use super::{ALSO_TOUCHES, GENERATE, VERIFY};
use crate::case::{Case, PartitionView, SettingSlot};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Confidence, Finding, Severity, Subject};
use crate::model::fqdn::{UrlProblem, problems_of_external_url};
use crate::model::{Fact, Field, Setting, SettingKey, Text};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "url.external-url",
    title: "The external URL is set and has the form https://<FQDN>",
    severity: Severity::Critical,
    why: "ECE builds the redirect URI of the Microsoft sign-in from this setting. While it is empty or malformed, the authorization code can't be generated, or Microsoft refuses it.",
    evidence: "`External URL of Application` (12.6 and later) or `Web server URL or Load Balancer URL` (11.5 to 12.5) in the partition settings",
    remedy: &[
        "Set the external URL to https:// and the one name under which agents and administrators open ECE, without a path: 12.6 and later: Administration Console, Partition > Apps > General Settings, `External URL of Application`; 11.5 to 12.5: partition setting `Web server URL or Load Balancer URL`.",
        ALSO_TOUCHES,
        GENERATE,
        VERIFY,
    ],
    references: &["Cisco tech note 218453, System configuration"],
    run,
};

/// The name of a setting on its screen.
pub(super) fn label_of(key: SettingKey) -> &'static str {
    match key {
        SettingKey::WebServerUrl => "Web server URL or Load Balancer URL",
        _ => "External URL of Application",
    }
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let partitions = case.partitions();
    let findings: Vec<Finding> = partitions.iter().filter_map(|partition| judge(case, check, partition)).collect();
    if findings.is_empty() {
        let finding = match case.facts.ece.settings_exports.first() {
            Some(export) => check
                .unknown(Subject::deployment(), text!("the settings export holds no row of the external URL"))
                .at(&export.origin),
            None => check.unknown(Subject::deployment(), text!("no export of partition settings was collected")),
        };
        return Ok(vec![finding.want(wanted::settings())]);
    }
    Ok(findings)
}

/// Judges one partition; `None` if it has no row of either setting and others have.
fn judge(case: &Case, check: &Check, partition: &PartitionView<'_>) -> Option<Finding> {
    let subject = partition.subject.clone();
    let (key, confidence) = match case.external_url_setting() {
        Some(key) => (key, Confidence::High),
        // Without a version the one setting that the export has is the one of its release.
        None => {
            let has = |key| !matches!(partition.slot(key), SettingSlot::Absent);
            match (has(SettingKey::ExternalUrl), has(SettingKey::WebServerUrl)) {
                (true, false) => (SettingKey::ExternalUrl, Confidence::Medium),
                (false, true) => (SettingKey::WebServerUrl, Confidence::Medium),
                (false, false) => return None,
                (true, true) => return Some(without_version(check, partition)),
            }
        }
    };
    let label = label_of(key);
    Some(match partition.slot(key) {
        SettingSlot::Absent => {
            let other = partition.rows_of(other_setting(key)).next()?;
            check
                .unknown(
                    subject,
                    text!(
                        "the settings export has no row `{label}`, which counts in this release; `{other}` is another release's",
                        label,
                        other = other.label
                    ),
                )
                .at(&other.origin)
                .want(wanted::settings())
        }
        SettingSlot::Unreadable(row) => check
            .unknown(subject, text!("`{label}` is cut or unreadable in the export", label))
            .at(&row.origin)
            .want(wanted::settings()),
        SettingSlot::Conflict(one, other) => check
            .unknown(
                subject,
                text!(
                    "two exports disagree about `{label}`: {one} and {other}, and nothing says which is newer",
                    label,
                    one = shown(one),
                    other = shown(other)
                ),
            )
            .at(&one.origin)
            .at(&other.origin)
            .want(wanted::settings()),
        SettingSlot::Empty(row) => {
            let other = partition.rows_of(other_setting(key)).find_map(|row| row.value.value.fact());
            let hint = other.map(|fact| {
                text!(
                    " (`{value}` stands in `{label}`, the setting of another release)",
                    value = fact.value.trim(),
                    label = label_of(other_setting(key))
                )
            });
            check
                .fail(
                    subject,
                    text!(
                        "`{label}` is empty{hint}: the authorization code can't be generated without it",
                        label,
                        hint
                    ),
                )
                .confidence(confidence)
                .at(&row.origin)
                .at_all(other.map(|f| &f.origin))
        }
        SettingSlot::Filled(row) => filled(check, subject, label, row).confidence(confidence),
    })
}

fn filled(check: &Check, subject: Subject, label: &str, row: &Fact<Setting>) -> Finding {
    let Some(value) = row.value.value.get() else {
        return check.unknown(subject, text!("`{label}` can't be read", label)).at(&row.origin);
    };
    let problems = problems_of_external_url(value);
    match problems.first() {
        None => check
            .pass(subject, text!("`{label}` is `{value}`", label, value = value.trim()))
            .at(&row.origin),
        Some(UrlProblem::Empty) => check
            .fail(
                subject,
                text!("`{label}` is empty: the authorization code can't be generated without it", label),
            )
            .at(&row.origin),
        Some(_) => {
            let list = Text::joined(problems.iter().map(UrlProblem::words), text!(", and "));
            check
                .fail(
                    subject,
                    text!(
                        "`{label}` is `{value}`: it {list}; expected is https:// and the fully qualified name under which ECE is opened, nothing else",
                        label,
                        value,
                        list,
                    ),
                )
                .at(&row.origin)
        }
    }
}

/// Both settings have a row and the release is unknown: equal values can be judged, others can't.
fn without_version(check: &Check, partition: &PartitionView<'_>) -> Finding {
    let subject = partition.subject.clone();
    let slots = [SettingKey::ExternalUrl, SettingKey::WebServerUrl].map(|key| partition.slot(key));
    let row = |slot: &SettingSlot<'_>| match slot {
        SettingSlot::Filled(row) | SettingSlot::Empty(row) | SettingSlot::Unreadable(row) | SettingSlot::Conflict(row, _) => Some(row.origin.clone()),
        SettingSlot::Absent => None,
    };
    let origins: Vec<_> = slots.iter().filter_map(row).collect();
    match &slots {
        [SettingSlot::Filled(one), SettingSlot::Filled(other)] if crate::case::same_value(one, other) => {
            filled(check, subject, &one.label, one).confidence(Confidence::Medium).at(&other.origin)
        }
        [SettingSlot::Empty(_), SettingSlot::Empty(_)] => check
            .fail(
                subject,
                text!("both settings that can hold the external URL are empty: the authorization code can't be generated without it"),
            )
            .at_all(&origins),
        _ => check
            .unknown(
                subject,
                text!("two settings can hold the external URL, their values differ, and which one counts hangs on the release, which is unknown"),
            )
            .at_all(&origins)
            .want(Case::version_want()),
    }
}

pub(super) fn other_setting(key: SettingKey) -> SettingKey {
    match key {
        SettingKey::WebServerUrl => SettingKey::ExternalUrl,
        _ => SettingKey::WebServerUrl,
    }
}

fn shown(row: &Setting) -> Text {
    match &row.value {
        Field::Value(fact) => text!("`{value}`", value = fact.value.trim()),
        _ => text!("empty"),
    }
}
