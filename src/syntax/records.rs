//! Labels and values, one pair after the other, gathered into records.

use super::header::is_value;
use super::{Key, Node, Value};
use std::collections::BTreeSet;

/// Longest label.
const LABEL: usize = 120;

/// Gathers pairs: a label that comes again begins another record.
#[derive(Default)]
pub(super) struct Records {
    nodes: Vec<Node>,
    entries: Vec<(Key, Node)>,
    seen: BTreeSet<String>,
}

impl Records {
    /// Adds a pair.
    pub(super) fn push(&mut self, key: Key, value: Node) {
        if !self.seen.insert(key.name.to_lowercase()) {
            self.end();
            self.seen.insert(key.name.to_lowercase());
        }
        self.entries.push((key, value));
    }

    /// Ends the record: the next pair begins another one.
    pub(super) fn end(&mut self) {
        self.seen.clear();
        if let Some((key, _)) = self.entries.first() {
            let place = key.place.clone();
            self.nodes.push(Node::new(Value::Bag(std::mem::take(&mut self.entries)), place));
        }
    }

    /// The records, a bag each.
    pub(super) fn into_nodes(mut self) -> Vec<Node> {
        self.end();
        self.nodes
    }
}

/// Rows of two cells without a header are a form if their first cells are labels: then its records. Other rows stay as they are.
pub(super) fn form(rows: Vec<Node>) -> Vec<Node> {
    let label = |row: &Node| match row.entries() {
        [(_, label)] | [(_, label), _] => label
            .text()
            .map(|t| t.trim().trim_end_matches(':').trim().to_owned())
            .filter(|t| is_label(t)),
        _ => None,
    };
    if rows.len() < 2 || !rows.iter().any(|row| row.entries().len() == 2) || !rows.iter().all(|row| label(row).is_some()) {
        return rows;
    }
    let mut records = Records::default();
    for row in rows {
        let Some(name) = label(&row) else { continue };
        let Value::Bag(entries) = row.value else { continue };
        let mut cells = entries.into_iter().map(|(_, node)| node);
        let Some(label) = cells.next() else { continue };
        let key = Key {
            name: name.into(),
            place: label.place.clone(),
        };
        records.push(key, cells.next().unwrap_or(Node::new(Value::Null, label.place)));
    }
    records.into_nodes()
}

fn is_label(text: &str) -> bool {
    text.chars().count() <= LABEL && text.chars().any(char::is_alphabetic) && !is_value(text)
}
