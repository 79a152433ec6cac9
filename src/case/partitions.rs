//! Settings by partition: with several partitions each is judged by itself.

use super::Case;
use crate::finding::{Subject, SubjectKind};
use crate::model::{Fact, Field, Scope, Setting, SettingKey};
use std::collections::BTreeMap;

/// The settings of one partition and its departments.
#[derive(Clone, Debug)]
pub struct PartitionView<'a> {
    /// `partition 2`, or the deployment where no export numbers its partitions.
    pub subject: Subject,
    /// Rows of the exports that belong to it, in the order of the evidence.
    pub rows: Vec<&'a Fact<Setting>>,
}

/// What the exports say of one setting in one place.
#[derive(Clone, Debug)]
pub enum SettingSlot<'a> {
    /// No row for it.
    Absent,
    /// The row is there and has no value.
    Empty(&'a Fact<Setting>),
    /// The row is there, but its value was cut.
    Unreadable(&'a Fact<Setting>),
    /// The value.
    Filled(&'a Fact<Setting>),
    /// Two exports of the same place disagree.
    Conflict(&'a Fact<Setting>, &'a Fact<Setting>),
}

impl Case {
    /// The settings by partition, in the order of the partitions' names. Rows that name no partition belong to the only one there
    /// is; with several they stand by themselves under the deployment. Empty if no row of a setting that a check knows was seen.
    pub fn partitions(&self) -> Vec<PartitionView<'_>> {
        let mut by_name: BTreeMap<Option<&str>, Vec<&Fact<Setting>>> = BTreeMap::new();
        for row in &self.facts.ece.settings {
            by_name.entry(partition_of(row)).or_default().push(row);
        }
        let named = by_name.keys().filter(|k| k.is_some()).count();
        if named == 1
            && let Some(unnamed) = by_name.remove(&None)
            && let Some(rows) = by_name.values_mut().next()
        {
            rows.extend(unnamed);
        }
        by_name
            .into_iter()
            .map(|(name, rows)| PartitionView {
                subject: name.map_or_else(Subject::deployment, |n| Subject::new(SubjectKind::Partition, format!("partition {n}"))),
                rows,
            })
            .collect()
    }
}

/// The partition that a row names: its number or name; `default` is none.
fn partition_of(row: &Setting) -> Option<&str> {
    let of_scope = match &row.scope {
        Scope::Partition(name) => Some(name.as_str()),
        _ => None,
    };
    row.partition.as_deref().or(of_scope).filter(|name| !name.eq_ignore_ascii_case("default"))
}

impl<'a> PartitionView<'a> {
    /// Rows of a setting.
    pub fn rows_of(&self, key: SettingKey) -> impl Iterator<Item = &'a Fact<Setting>> + '_ {
        self.rows.iter().copied().filter(move |row| row.key == key)
    }

    /// What counts for the partition as a whole: the partition's own row, else a row of unknown scope, else a department's.
    /// An empty row of a department inherits, and says nothing where another row is there.
    pub fn slot(&self, key: SettingKey) -> SettingSlot<'a> {
        let rank = |row: &Setting| match row.scope {
            Scope::Partition(_) => 0,
            Scope::Unknown => 1,
            Scope::Department(_) => 2,
        };
        let rows: Vec<&Fact<Setting>> = self.rows_of(key).collect();
        let Some(best) = rows.iter().map(|row| rank(row)).min() else {
            return SettingSlot::Absent;
        };
        let best: Vec<&Fact<Setting>> = rows.iter().copied().filter(|row| rank(row) == best).collect();
        let filled: Vec<_> = best.iter().copied().filter(|row| matches!(row.value.value, Field::Value(_))).collect();
        let empty = best.iter().copied().find(|row| row.value.value.is_empty());
        let unreadable = best.iter().copied().find(|row| matches!(row.value.value, Field::Unreadable(_)));
        let is_department = best.first().is_some_and(|row| matches!(row.scope, Scope::Department(_)));
        match (filled.first().copied(), empty, unreadable) {
            (Some(one), Some(other), _) if !is_department => SettingSlot::Conflict(one, other),
            (Some(one), _, _) => match filled.iter().copied().find(|row| !is_department && !same_value(row, one)) {
                Some(other) => SettingSlot::Conflict(one, other),
                None => SettingSlot::Filled(one),
            },
            (None, Some(empty), _) => SettingSlot::Empty(empty),
            (None, None, Some(cut)) => SettingSlot::Unreadable(cut),
            (None, None, None) => SettingSlot::Absent,
        }
    }
}

/// True if two rows hold the same value: URLs are compared without case of the host, default port and a lone trailing slash.
pub fn same_value(one: &Setting, other: &Setting) -> bool {
    match (one.value.get(), other.value.get()) {
        (Some(a), Some(b)) => normal_value(a) == normal_value(b),
        _ => false,
    }
}

/// A setting's value for comparing.
pub(crate) fn normal_value(value: &str) -> String {
    let value = value.trim();
    match crate::model::redirect_uri::split_uri(value) {
        Some(parts) => {
            let path = if parts.path == "/" { "" } else { parts.path };
            format!("{}://{}:{}{path}", parts.scheme, parts.host, parts.port.unwrap_or(0))
        }
        None => value.trim_end_matches(['.', '/']).to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;
    use std::sync::Arc;

    fn case(rows: &[(Scope, Option<&str>, &str)]) -> Case {
        let origin = Origin::whole(&Arc::from("s.csv"));
        let mut case = Case::default();
        for (scope, partition, value) in rows {
            let value = match *value {
                "" => Field::Empty(origin.clone()),
                text => Field::Value(Fact::new(text.to_owned(), origin.clone())),
            };
            let setting = Setting {
                key: SettingKey::ExternalUrl,
                label: "External URL of Application".into(),
                scope: scope.clone(),
                partition: partition.map(str::to_owned),
                value,
                secret: None,
                guessed: false,
            };
            case.facts.ece.settings.push(Fact::new(setting, origin.clone()));
        }
        case
    }

    #[test]
    fn partitions_stand_by_themselves() {
        let p = |n: &str| Scope::Partition(n.into());
        let two = case(&[
            (p("1"), Some("1"), "https://a.example.com"),
            (p("2"), Some("2"), ""),
            (Scope::Department("Sales".into()), Some("2"), "x"),
        ]);
        let views = two.partitions();
        let names: Vec<_> = views.iter().map(|v| (v.subject.name.as_str(), v.rows.len())).collect();
        assert_eq!(names, [("partition 1", 1), ("partition 2", 2)]);
        assert!(matches!(views[1].slot(SettingKey::ExternalUrl), SettingSlot::Empty(_)));
        assert!(matches!(views[1].slot(SettingKey::WebServerUrl), SettingSlot::Absent));
        let one = case(&[
            (p("default"), None, "https://a.example.com"),
            (Scope::Unknown, None, "https://A.example.com/"),
        ]);
        assert_eq!(one.partitions()[0].subject, Subject::deployment());
    }

    #[test]
    fn exports_that_disagree_are_a_conflict() {
        let p = || Scope::Partition("default".into());
        let views = case(&[(p(), None, "https://a.example.com"), (p(), None, "https://b.example.com")]);
        assert!(matches!(views.partitions()[0].slot(SettingKey::ExternalUrl), SettingSlot::Conflict(..)));
        let views = case(&[(p(), None, "https://a.example.com"), (p(), None, "https://A.example.com:443/")]);
        assert!(matches!(views.partitions()[0].slot(SettingKey::ExternalUrl), SettingSlot::Filled(_)));
    }
}
