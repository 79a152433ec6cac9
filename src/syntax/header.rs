//! Telling column names from values.

use super::fold_name;

/// Names that head columns in the exports of this product and its neighbours, folded.
const COLUMN_NAMES: &[&str] = &[
    "name",
    "value",
    "setting",
    "settingname",
    "settingval",
    "settingvalue",
    "label",
    "property",
    "preference",
    "currentvalue",
    "default",
    "defaultvalue",
    "level",
    "department",
    "description",
    "status",
    "provider",
    "endpoint",
    "servertype",
    "address",
    "username",
    "aliases",
    "alias",
    "emailaddress",
    "port",
    "host",
    "server",
    "user",
    "identity",
    "type",
    "id",
    "nome",
    "valore",
    "impostazione",
    "livello",
    "stato",
    "wert",
    "einstellung",
    "valeur",
    "valor",
];

/// True for text that may head a column: short, and neither a value nor a sentence.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty()
        && text.chars().count() <= 64
        && text.split_whitespace().count() <= 7
        && text.chars().any(char::is_alphabetic)
        && !text.ends_with(['.', '?', '!', ':', ','])
        && !is_value(text)
}

/// True for text that is data beyond doubt, and no column's name.
pub(super) fn is_value(text: &str) -> bool {
    let text = text.trim();
    let folded = text.to_ascii_lowercase();
    text.contains('@')
        || text.contains("://")
        || text.parse::<f64>().is_ok()
        || matches!(
            folded.as_str(),
            "null" | "true" | "false" | "yes" | "no" | "vero" | "falso" | "wahr" | "falsch" | "vrai" | "faux" | "n/a" | "-"
        )
        || crate::model::Stamp::parse(text).is_some()
        || text.len() >= 8 && text.bytes().all(|b| b.is_ascii_digit() || b"/:.- ".contains(&b))
        || text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        || text.contains('.') && !text.contains(char::is_whitespace) && text.split('.').count() > 2 && text.split('.').all(|p| !p.is_empty())
}

/// True for a name that heads columns in exports known here.
pub(super) fn is_column_name(text: &str) -> bool {
    COLUMN_NAMES.contains(&fold_name(text).as_str())
}

/// True if the first row names columns: it holds no value, and none of its cells stands again in its own column below.
pub(super) fn is_header(first: &[&str], below: &[Vec<&str>]) -> bool {
    let filled: Vec<(usize, &str)> = first
        .iter()
        .enumerate()
        .map(|(i, t)| (i, t.trim()))
        .filter(|(_, t)| !t.is_empty())
        .collect();
    if filled.is_empty() || filled.len() * 2 < first.len() || filled.iter().any(|(_, t)| is_value(t)) {
        return false;
    }
    let known = filled.iter().any(|(_, t)| is_column_name(t));
    let repeats = |(i, t): &(usize, &str)| below.iter().any(|row| row.get(*i).is_some_and(|c| c.trim() == *t));
    if !known && filled.iter().any(repeats) {
        return false;
    }
    let wordy = filled.iter().filter(|(_, t)| t.split_whitespace().count() > 3 || t.len() > 64).count();
    known || wordy * 2 < filled.len()
}
