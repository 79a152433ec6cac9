//! Where a setting counts: partition and department, from columns, attributes, nesting, titles and names.

use super::ece_labels::fold_label;
use crate::model::Scope;
use crate::syntax::{Key, Node, Place, Section, Source, Value};
use regex::Regex;
use std::sync::LazyLock;

/// Whether a value belongs to a partition as a whole or to one of its departments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Partition,
    Department,
}

/// What is known of the place at which settings are read, gathered from the outside in.
#[derive(Clone, Debug, Default)]
pub(super) struct ScopeHints {
    level: Option<Level>,
    partition: Option<String>,
    department: Option<String>,
}

const PARTITION: &[&str] = &[
    "partition",
    "partitionid",
    "partitionname",
    "partitionno",
    "partitionnumber",
    "partizione",
    "idpartizione",
    "nomepartizione",
    "numeropartizione",
];
const DEPARTMENT: &[&str] = &[
    "department",
    "departmentname",
    "departmentid",
    "dept",
    "deptid",
    "deptname",
    "reparto",
    "nomereparto",
    "idreparto",
    "dipartimento",
    "nomedipartimento",
    "iddipartimento",
];
const LEVEL: &[&str] = &[
    "level",
    "accesslevel",
    "settinglevel",
    "scope",
    "groupname",
    "group",
    "gruppo",
    "nomegruppo",
    "livello",
    "ambito",
    "leveltype",
    "scopetype",
];

/// `Partition 2`, `partition_settings_2`, `Partizione: 2`.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[^a-z])(?:partition|partizione)(?:[\s_.-]*(?:settings?|impostazioni|id|no|number))?[\s_#:=.-]*(\d{1,4})(?:[^\d]|$)")
        .expect("a constant pattern")
});

/// `Department: Sales`, `Department settings - Sales`, `Reparto Vendite`.
static DEPARTMENT_NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[^a-z])(?:department|dept|reparto|dipartimento)(?:\s*(?:settings?|level|impostazioni))?\s*(?:[:=–-]|\s)\s*['\x22(]?([\w][\w .&-]{0,60}?)['\x22)]?\s*$").expect("a constant pattern")
});

impl ScopeHints {
    /// What section name, file name and folders say.
    pub(super) fn of_section(source: &Source<'_>, section: &Section) -> Self {
        let mut hints = Self::default();
        let names = section.name.iter().map(String::as_str).chain(source.path.rsplit(['/', '\\', '!']));
        for name in names {
            if hints.partition.is_none()
                && let Some(number) = NUMBERED.captures(name).and_then(|c| c.get(1))
            {
                hints.partition = Some(number.as_str().to_owned());
            }
        }
        if let Some(name) = &section.name {
            hints.hear_title(name);
        }
        if hints.level.is_none() {
            let file = fold_label(source.path.rsplit(['/', '\\', '!']).next().unwrap_or(""));
            hints.level = level_in(&file);
        }
        hints
    }

    /// Takes over what a title says: `Partition settings`, `Department settings: Sales`. Returns whether it says anything.
    pub(super) fn hear_title(&mut self, title: &str) -> bool {
        let Some(level) = level_in(&fold_label(title)) else { return false };
        self.level = Some(level);
        match level {
            Level::Partition => {
                self.department = None;
                if let Some(number) = NUMBERED.captures(title).and_then(|c| c.get(1)) {
                    self.partition = Some(number.as_str().to_owned());
                }
            }
            Level::Department => {
                let name = DEPARTMENT_NAMED
                    .captures(title)
                    .and_then(|c| c.get(1))
                    .map(|m| m.as_str().trim().to_owned());
                self.department = name.filter(|n| !matches!(fold_label(n).as_str(), "settings" | "level" | "setting" | "impostazioni"));
            }
        }
        true
    }

    /// Takes over what a bag's own scalars say: columns of a row, attributes of an element. `names_itself` tells that the bag is
    /// no row, so that `name` and `id` are its own.
    pub(super) fn hear_bag(&mut self, bag: &Node, names_itself: bool) {
        let text = |names: &[&str]| {
            bag.entries()
                .iter()
                .filter(|(key, _)| names.contains(&fold_label(&key.name).as_str()))
                .filter_map(|(_, node)| node.sole().text())
                .map(str::trim)
                .find(|t| !t.is_empty() && !t.eq_ignore_ascii_case("null") && *t != "-")
                .map(whole_number)
        };
        let level = text(LEVEL);
        if let Some(level) = &level {
            // `Partition, Department` says where a setting may be edited, not where this value counts.
            self.hear_title(level);
        }
        if let Some(partition) = text(PARTITION) {
            let number = NUMBERED.captures(&partition).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned());
            self.partition = Some(number.unwrap_or(partition));
            self.level = self.level.or(Some(Level::Partition));
        }
        let department = text(&[
            "departmentname",
            "department",
            "dept",
            "deptname",
            "reparto",
            "nomereparto",
            "dipartimento",
            "nomedipartimento",
        ])
        .or_else(|| text(DEPARTMENT));
        if let Some(department) = department {
            let says_partition = level.as_deref().and_then(|l| level_in(&fold_label(l))) == Some(Level::Partition);
            if !says_partition
                && !matches!(
                    fold_label(&department).as_str(),
                    "partition" | "all" | "none" | "partizione" | "tutti" | "na" | "0"
                )
            {
                self.level = Some(Level::Department);
                self.department = Some(department);
            }
        }
        if names_itself && let Some(own) = text(&["name", "nome"]).or_else(|| text(&["id", "number", "numero"])) {
            match self.level {
                Some(Level::Department) if self.department.is_none() => self.department = Some(own),
                Some(Level::Partition) if self.partition.is_none() => self.partition = Some(own),
                _ => {}
            }
        }
    }

    /// Takes over what the columns of a row say that has no value.
    pub(super) fn hear_rows(&mut self, entries: &[(Key, Node)]) {
        let bag = Node::new(Value::Bag(entries.to_vec()), Place::default());
        self.hear_bag(&bag, false);
    }

    /// Takes over what the name of a nested bag says: `partition`, `partition2`, `departments`, or the name of one of several
    /// departments or partitions.
    pub(super) fn hear_key(&mut self, key: &str, parent: Option<&str>) {
        let parent = parent.map(fold_label);
        match parent.as_deref() {
            Some("departments" | "reparti" | "dipartimenti" | "departmentsettings") => {
                self.level = Some(Level::Department);
                self.department = Some(key.trim().to_owned());
            }
            Some("partitions" | "partizioni") => {
                self.level = Some(Level::Partition);
                self.partition = Some(
                    NUMBERED
                        .captures(key)
                        .and_then(|c| c.get(1))
                        .map_or(key.trim(), |m| m.as_str())
                        .to_owned(),
                );
            }
            _ => {
                if self.hear_title(key)
                    && matches!(
                        fold_label(key).as_str(),
                        "departments" | "departmentsettings" | "reparti" | "dipartimenti"
                    )
                {
                    self.department = None;
                }
            }
        }
    }

    /// The scope that the hints add up to.
    pub(super) fn scope(&self) -> Scope {
        match (self.level, &self.department, &self.partition) {
            (Some(Level::Department), department, _) => Scope::Department(department.clone().unwrap_or_else(|| "unnamed".to_owned())),
            (Some(Level::Partition), _, partition) => Scope::Partition(partition.clone().unwrap_or_else(|| "default".to_owned())),
            (None, _, Some(partition)) => Scope::Partition(partition.clone()),
            (None, _, None) => Scope::Unknown,
        }
    }

    /// The partition, if named.
    pub(super) fn partition(&self) -> Option<String> {
        self.partition.clone()
    }
}

/// `999.0` of a spreadsheet is 999.
pub(super) fn whole_number(text: &str) -> String {
    let text = text.trim();
    match text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")) {
        Some(whole) if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) => whole.to_owned(),
        _ => text.to_owned(),
    }
}

/// The level that a folded text names; none if it names both.
fn level_in(folded: &str) -> Option<Level> {
    let partition = folded.contains("partition") || folded.contains("partizion");
    let department = folded.contains("department")
        || folded.contains("reparto")
        || folded.contains("reparti")
        || folded.contains("dipartiment")
        || folded == "dept";
    match (partition, department) {
        (true, false) => Some(Level::Partition),
        (false, true) => Some(Level::Department),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> Scope {
        let mut hints = ScopeHints::default();
        hints.hear_title(text);
        hints.scope()
    }

    #[test]
    fn titles_name_scopes() {
        assert_eq!(title("Partition settings"), Scope::Partition("default".into()));
        assert_eq!(title("L10N_PARTITION"), Scope::Partition("default".into()));
        assert_eq!(title("Partition 2"), Scope::Partition("2".into()));
        assert_eq!(title("partition_settings_3"), Scope::Partition("3".into()));
        assert_eq!(title("Department settings: Sales"), Scope::Department("Sales".into()));
        assert_eq!(title("Department - Retail Bank"), Scope::Department("Retail Bank".into()));
        assert_eq!(title("Impostazioni reparto"), Scope::Department("unnamed".into()));
        assert_eq!(title("Partition, Department"), Scope::Unknown);
        assert_eq!(title("System"), Scope::Unknown);
    }

    #[test]
    fn spreadsheets_write_whole_numbers_as_fractions() {
        assert_eq!(whole_number("999.0"), "999");
        assert_eq!(whole_number("12.6"), "12.6");
    }
}
