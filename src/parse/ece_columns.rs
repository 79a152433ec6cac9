//! Columns by meaning: the names that exports, screens and people give to the same property, and how its value is read.

use super::ece_labels::fold_label;
use super::ece_scope::whole_number;
use crate::model::{Fact, Field, Inbound};
use crate::syntax::{Node, Source, Value};

/// The property that goes by one of `names` (folded), best name first. A nested object counts by its `value`, `name` or `id`.
pub(super) fn column<'a>(bag: &'a Node, names: &[&str]) -> Option<(&'a str, &'a Node)> {
    names.iter().find_map(|name| {
        let mut same = bag.entries().iter().filter(|(key, _)| fold_label(&key.name) == *name);
        let (key, node) = same.next()?;
        Some((&*key.name, scalar(node)))
    })
}

/// True if the bag has a property by one of these names.
pub(super) fn has(bag: &Node, names: &[&str]) -> bool {
    bag.entries().iter().any(|(key, _)| names.contains(&fold_label(&key.name).as_str()))
}

/// What a nested object or element stands for.
fn scalar(node: &Node) -> &Node {
    let sole = node.sole();
    match &sole.value {
        Value::Bag(entries) => ["text", "value", "name", "emailaddress", "address", "id"]
            .iter()
            .find_map(|wanted| entries.iter().find(|(key, n)| fold_label(&key.name) == *wanted && n.text().is_some()))
            .map_or(sole, |(_, inner)| inner),
        _ => sole,
    }
}

/// A text property: absent, empty (also `NULL`), unreadable or a value without surrounding blanks.
pub(super) fn text(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<String> {
    let Some((name, node)) = column(bag, names) else { return Field::Absent };
    let origin = source.origin_of_property(name, node);
    match node.text().map(str::trim) {
        _ if node.is_blank() => Field::Empty(origin),
        Some("NULL" | "(null)" | "<null>" | "-" | "–" | "—") => Field::Empty(origin),
        Some(text) => Field::Value(Fact::new(text.to_owned(), origin)),
        None => Field::Unreadable(origin),
    }
}

/// A property that is a whole number or an id: `999.0` of a spreadsheet is 999.
pub(super) fn number(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<String> {
    text(source, bag, names).and_then(|t| Some(whole_number(&t)))
}

/// A port; text that is none is unreadable.
pub(super) fn port(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<u16> {
    number(source, bag, names).and_then(|t| {
        let digits: String = t.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|&p| p != 0)
    })
}

/// A host name, lower case, without scheme, port and remarks.
pub(super) fn host(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<String> {
    text(source, bag, names).and_then(|t| {
        let bare = t.split("://").last()?.split(['/', ':', ' ', ',', '(']).next()?;
        let host = bare.trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(host)
    })
}

/// The port behind a host (`outlook.office365.com:993`), where no column of its own holds it.
pub(super) fn port_of_host(source: &Source<'_>, bag: &Node, names: &[&str]) -> Field<u16> {
    match text(source, bag, names) {
        Field::Value(Fact { value, origin }) => {
            let rest = value.split("://").last().unwrap_or("");
            let digits = rest
                .split_once(':')
                .map(|(_, p)| p.trim().chars().take_while(char::is_ascii_digit).collect::<String>());
            match digits.and_then(|d| d.parse().ok()) {
                Some(port) => Field::Value(Fact::new(port, origin)),
                None => Field::Absent,
            }
        }
        _ => Field::Absent,
    }
}

/// How mail is fetched, in words; `None` for words that name none or several.
pub(super) fn read_inbound(text: &str) -> Option<Inbound> {
    let text = text.to_lowercase();
    match (text.contains("graph"), text.contains("imap"), text.contains("pop")) {
        (true, false, false) => Some(Inbound::Graph),
        (false, true, false) => Some(Inbound::Imap),
        (false, false, true) => Some(Inbound::Pop3),
        _ => None,
    }
}

/// The first e-mail address in a text, lower case.
pub(super) fn address_in(text: &str) -> Option<String> {
    addresses_in(text).next()
}

/// Every e-mail address in a text, lower case.
pub(super) fn addresses_in(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | '|' | '`'))
        .filter_map(|word| {
            let word = word.trim_end_matches(['.', ':']);
            let word = word
                .strip_prefix("mailto:")
                .or_else(|| word.strip_prefix("smtp:"))
                .or_else(|| word.strip_prefix("SMTP:"))
                .unwrap_or(word);
            let (user, domain) = word.split_once('@')?;
            let plausible = !user.is_empty() && domain.contains('.') && !domain.contains('@') && !domain.starts_with('.') && !domain.ends_with('.');
            (plausible && word.len() < 255 && !word.contains("://") && !word.contains('=')).then(|| word.to_lowercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_as_people_write_them() {
        let all: Vec<_> = addresses_in("Sales <Sales@example.com>; mailto:a@b.example.com, no@where, x@y.z. https://u@h.com/").collect();
        assert_eq!(all, ["sales@example.com", "a@b.example.com", "x@y.z"]);
    }

    #[test]
    fn reads_server_types() {
        assert_eq!(read_inbound("IMAP and SMTP"), Some(Inbound::Imap));
        assert_eq!(read_inbound("POP3 e SMTP"), Some(Inbound::Pop3));
        assert_eq!(read_inbound("Graph API"), Some(Inbound::Graph));
        assert_eq!(read_inbound("IMAP or POP3"), None);
        assert_eq!(read_inbound("2"), None);
    }
}
