//! `url.scopes-agree`

use super::external_url::label_of;
use super::{ALSO_TOUCHES, GENERATE, VERIFY};
use crate::case::{Case, PartitionView, normal_value, same_value};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Finding, Severity, Subject};
use crate::model::{Fact, Scope, Setting, SettingKey, Text};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "url.scopes-agree",
    title: "Partition and departments have the same external URL",
    severity: Severity::High,
    why: "Partition settings can be set anew for a department. Where a department has another external URL than its partition, its accounts send another redirect URI, and generating a token works in one place and fails in the other.",
    evidence: "rows of the external URL for the partition and each department",
    remedy: &[
        "Set the same external URL everywhere: reset the department's value to the partition's (Administration Console, <department> > Apps > General Settings), or correct the partition's (Partition > Apps > General Settings; up to 12.5: `Web server URL or Load Balancer URL`).",
        ALSO_TOUCHES,
        GENERATE,
        VERIFY,
    ],
    references: &["Cisco tech note 218453, System configuration"],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let keys = match case.external_url_setting() {
        Some(SettingKey::WebServerUrl) => [SettingKey::WebServerUrl, SettingKey::ExternalUrl],
        _ => [SettingKey::ExternalUrl, SettingKey::WebServerUrl],
    };
    let findings: Vec<Finding> = case
        .partitions()
        .iter()
        .filter_map(|partition| {
            // The setting that counts; where it is nowhere filled, the other one.
            let filled = |key: SettingKey| -> Vec<&Fact<Setting>> { partition.rows_of(key).filter(|row| row.value.value.get().is_some()).collect() };
            let (key, rows) = keys.into_iter().map(|key| (key, filled(key))).find(|(_, rows)| !rows.is_empty())?;
            Some(judge(check, partition, key, &rows))
        })
        .collect();
    if findings.is_empty() {
        let finding = check.unknown(
            Subject::deployment(),
            text!("no settings export with a filled external URL was collected"),
        );
        return Ok(vec![finding.want(wanted::settings())]);
    }
    Ok(findings)
}

fn judge(check: &Check, partition: &PartitionView<'_>, key: SettingKey, rows: &[&Fact<Setting>]) -> Finding {
    let subject = partition.subject.clone();
    let label = label_of(key);
    let origins = || rows.iter().take(6).map(|row| &row.origin);
    let values: BTreeSet<String> = rows.iter().filter_map(|row| row.value.value.get()).map(|v| normal_value(v)).collect();
    let scopes: BTreeSet<&Scope> = rows.iter().map(|row| &row.scope).collect();
    if values.len() < 2 {
        return match scopes.len() {
            0 | 1 => check
                .not_applicable(subject, text!("`{label}` is set in one place only", label))
                .at_all(origins()),
            n => check
                .pass(subject, text!("`{label}` has the same value in {n} scopes", label, n))
                .at_all(origins()),
        };
    }
    let list = Text::list(rows.iter().filter_map(|row| {
        let value = row.value.value.get()?.trim();
        Some(text!("{scope} `{value}`", scope = words(&row.scope), value))
    }));
    // Values of one and the same place, or of places that the exports don't name, can't be told from an older and a newer export.
    let contradicts_itself = rows
        .iter()
        .enumerate()
        .any(|(i, row)| rows.iter().skip(i + 1).any(|other| other.scope == row.scope && !same_value(row, other)));
    if contradicts_itself || scopes.contains(&Scope::Unknown) {
        return check
            .unknown(
                subject,
                text!(
                    "the exports give `{label}` several values, and not for which scope or time each one counts: {list}",
                    label,
                    list
                ),
            )
            .at_all(origins())
            .want(wanted::settings());
    }
    check
        .fail(
            subject,
            text!("`{label}` differs between scopes: {list}; they must be one and the same", label, list),
        )
        .at_all(origins())
}

fn words(scope: &Scope) -> Text {
    match scope {
        Scope::Partition(name) if name == "default" => text!("partition"),
        Scope::Partition(name) => text!("partition {name}", name),
        Scope::Department(name) => text!("department {name}", name),
        Scope::Unknown => text!("unnamed scope"),
    }
}
