//! Lists of mailboxes that people made by hand, and lists of the admin centre in other languages: their columns stand for
//! properties of the cmdlets, by `data/mailbox-labels.toml`.

use crate::syntax::{Key, Node, Value, fold_name};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    property: Vec<Property>,
}

/// A property of the cmdlets, and what lists call it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    name: String,
    labels: Vec<String>,
    /// The property says "disabled" where the label says "enabled".
    #[serde(default)]
    inverted: bool,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("../../../data/mailbox-labels.toml")).expect("data/mailbox-labels.toml is checked by a test"));

/// Properties by folded label.
static BY_LABEL: LazyLock<BTreeMap<String, &'static Property>> = LazyLock::new(|| {
    let labelled = |property: &'static Property| property.labels.iter().map(move |label| (fold_name(label), property));
    TABLE.property.iter().flat_map(labelled).collect()
});

/// The row as a cmdlet would have written it, if it is one about a mailbox or user whose address it names; `keys` are its folded
/// names. A switch whose cell is neither on nor off (`IMAP: outlook.office365.com`) keeps its own name, and means nothing here.
pub(super) fn as_of_cmdlet(node: &Node, keys: &BTreeSet<String>) -> Option<Node> {
    let names_one = || node.entries().iter().any(|(_, cell)| cell.text().is_some_and(|text| text.contains('@')));
    if !keys.iter().any(|key| BY_LABEL.contains_key(key)) || !names_one() {
        return None;
    }
    let entries = node.entries().iter().map(|(key, cell)| {
        let Some(property) = BY_LABEL.get(&fold_name(&key.name)) else {
            return (key.clone(), cell.clone());
        };
        let is_switch = property.inverted || property.name.ends_with("Enabled");
        let value = match (is_switch, cell.boolean()) {
            (true, None) => return (key.clone(), cell.clone()),
            (true, Some(on)) => Value::Bool(on != property.inverted),
            (false, _) => cell.value.clone(),
        };
        let key = Key {
            name: property.name.as_str().into(),
            place: key.place.clone(),
        };
        (key, Node::new(value, cell.place.clone()))
    });
    Some(Node::new(Value::Bag(entries.collect()), node.place.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_stands_for_one_property() {
        let labels: usize = TABLE.property.iter().map(|p| p.labels.len()).sum();
        assert_eq!(BY_LABEL.len(), labels, "two labels fold to the same");
        for property in &TABLE.property {
            assert!(
                !BY_LABEL.contains_key(&fold_name(&property.name)),
                "{} is no label of its own",
                property.name
            );
        }
    }
}
