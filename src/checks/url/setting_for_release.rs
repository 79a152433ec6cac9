//! `url.setting-for-release`

use super::external_url::{label_of, other_setting};
use super::{ALSO_TOUCHES, GENERATE, VERIFY};
use crate::case::{Case, PartitionView, SettingSlot};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity, Subject};
use crate::model::{SettingKey, Version};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "url.setting-for-release",
    title: "The external URL stands in the setting of the running release",
    severity: Severity::Critical,
    why: "Up to 12.5 the address stands in `Web server URL or Load Balancer URL`, from 12.6 on in `External URL of Application`. After an upgrade the old setting may still be filled while the one that counts is empty: ECE then has no external URL, though the export shows one.",
    evidence: "both settings in the partition settings; version",
    remedy: &[
        "Copy the address into the setting of the running release: 12.6 and later: Administration Console, Partition > Apps > General Settings, `External URL of Application`; 11.5 to 12.5: partition setting `Web server URL or Load Balancer URL`.",
        ALSO_TOUCHES,
        GENERATE,
        VERIFY,
    ],
    references: &["Cisco tech note 218453, System configuration"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let partitions = case.partitions();
    let has_row = |p: &&PartitionView<'_>| {
        [SettingKey::ExternalUrl, SettingKey::WebServerUrl]
            .iter()
            .any(|&key| p.rows_of(key).next().is_some())
    };
    let concerned: Vec<&PartitionView<'_>> = partitions.iter().filter(has_row).collect();
    if concerned.is_empty() {
        let finding = check.unknown(
            Subject::deployment(),
            text!("no settings export with a row of the external URL was collected"),
        );
        return Ok(vec![finding.want(wanted::settings())]);
    }
    let version = case.version()?;
    let key = match version.release() >= (12, 6) {
        true => SettingKey::ExternalUrl,
        false => SettingKey::WebServerUrl,
    };
    Ok(concerned.iter().map(|p| judge(check, p, key, &version).at(&version.origin)).collect())
}

fn judge(check: &Check, partition: &PartitionView<'_>, key: SettingKey, version: &Version) -> Finding {
    let subject = partition.subject.clone();
    let (right, wrong) = (label_of(key), label_of(other_setting(key)));
    let filled_wrong = partition
        .rows_of(other_setting(key))
        .find(|row| row.value.value.get().is_some_and(|v| !v.trim().is_empty()));
    match (partition.slot(key), filled_wrong) {
        (SettingSlot::Filled(row), leftover) => {
            let also = leftover.map(|_| text!("; what the other release's setting holds has no effect"));
            check
                .pass(subject, text!("ECE {version} uses `{right}`, and that setting is filled{also}", version, right, also))
                .at(&row.origin)
        }
        (SettingSlot::Empty(row), Some(other)) => check
            .fail(
                subject,
                text!(
                    "ECE {version} uses `{right}`, which is empty; the address `{address}` stands in `{wrong}`, the setting of {others} releases: ECE has no external URL",
                    version,
                    right,
                    address = other.value.value.get().map_or("", |v| v.trim()),
                    wrong,
                    others = if key == SettingKey::ExternalUrl { text!("older") } else { text!("newer") },
                ),
            )
            .at(&row.origin)
            .at(&other.origin)
            .explains("check:url.external-url"),
        (SettingSlot::Absent, Some(other)) => check
            .warn(
                subject,
                text!(
                    "`{wrong}` is filled, but ECE {version} uses `{right}`, of which the export has no row: make sure that it is filled",
                    wrong,
                    version,
                    right,
                ),
            )
            .at(&other.origin)
            .want(wanted::settings()),
        (SettingSlot::Empty(row), None) => check
            .not_applicable(subject, text!("`{right}` is empty, and no other release's setting is filled in its place (see url.external-url)", right))
            .at(&row.origin),
        (SettingSlot::Conflict(one, other), _) => check
            .unknown(subject, text!("two exports disagree about `{right}`", right))
            .at(&one.origin)
            .at(&other.origin)
            .want(wanted::settings()),
        (SettingSlot::Unreadable(row), _) => check
            .unknown(subject, text!("`{right}` is cut or unreadable in the export", right))
            .at(&row.origin)
            .want(wanted::settings()),
        (SettingSlot::Absent, None) => check
            .unknown(subject, text!("the export has no row `{right}`, which counts in ECE {version}", right, version))
            .want(wanted::settings()),
    }
}
