//! Partition and department settings, and the OAuth application object: name/value tables, wide tables, `Label: value` blocks,
//! arbitrary JSON and XML, dumps without headers. ECE has no export of its own, so that every tool's and person's shape occurs.

use super::Findings;
use super::ece_labels::{LabelKind, fold_label, is_known_label, setting_of};
use super::ece_scope::ScopeHints;
use crate::model::secret::find as find_secrets;
use crate::model::{Excerpt, Fact, Field, Origin, Scope, Secret, SecretKind, SecretShape, Setting, SettingKey};
use crate::syntax::{Key, Node, Section, Source, Syntax, Value};
use crate::text;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Columns (attributes, keys) that hold a setting's name.
const NAMES: &[&str] = &[
    "settingname",
    "setting",
    "name",
    "label",
    "property",
    "preference",
    "key",
    "parameter",
    "parametername",
    "option",
    "propertyname",
    "item",
    "impostazione",
    "nomeimpostazione",
    "nome",
    "etichetta",
    "proprieta",
    "parametro",
    "einstellung",
    "parametre",
    "settinglabel",
    "displayname",
    "field",
];
/// Columns that hold its value, best first.
const VALUES: &[&str] = &[
    "settingval",
    "settingvalue",
    "currentvalue",
    "value",
    "valoreattuale",
    "valorecorrente",
    "valore",
    "val",
    "current",
    "configuredvalue",
    "actualvalue",
    "propertyvalue",
    "wert",
    "valeur",
    "valor",
    "text",
    "content",
];
/// Members that show an object to be Entra's, a token's or eGain's own, and not the OAuth application object of ECE.
const FOREIGN: &[&str] = &[
    "objectid",
    "appid",
    "requiredresourceaccess",
    "accesstoken",
    "refreshtoken",
    "granttype",
    "tokentype",
    "userprincipalname",
    "signinaudience",
    "supportedaccounttypes",
    "correlationid",
    "keyid",
    "issuer",
    "jwksuri",
    "resourcedisplayname",
    "clientappused",
    "idtoken",
    "passwordcredentials",
];
/// Deepest nesting that is followed.
const DEPTH: usize = 64;

/// A setting that was seen, before it is known whether a generic label counts.
struct Seen {
    setting: Setting,
    kind: LabelKind,
    origin: Origin,
}

struct Reader<'a> {
    source: &'a Source<'a>,
    section: &'a Section,
    seen: Vec<Seen>,
    /// Rows without a value, which count as empty if others have one.
    valueless: Vec<Seen>,
    has_values: bool,
    /// Labels of settings that no check looks at.
    known_rows: usize,
    /// A table whose columns are those of a settings export.
    has_columns: bool,
    foreign: bool,
    secrets: Vec<Fact<SecretKind>>,
}

/// Reads settings out of a section.
pub fn parse(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    let mut reader = Reader {
        source,
        section,
        seen: Vec::new(),
        valueless: Vec::new(),
        has_values: false,
        known_rows: 0,
        has_columns: false,
        foreign: false,
        secrets: Vec::new(),
    };
    let hints = ScopeHints::of_section(source, section);
    match section.syntax {
        Syntax::Lines => reader.lines(hints),
        // Labels and properties of a note: read from its lines.
        Syntax::FormatList | Syntax::Properties if section.is_shared() => {}
        _ => reader.documents(hints),
    }
    reader.finish(findings);
}

impl<'a> Reader<'a> {
    fn finish(mut self, findings: &mut Findings) {
        if self.has_values {
            self.seen.append(&mut self.valueless);
        }
        let own_oauth = self.seen.iter().any(|s| s.kind == LabelKind::Own && is_oauth(s.setting.key));
        let generic: BTreeSet<SettingKey> = self.seen.iter().filter(|s| s.kind == LabelKind::Generic).map(|s| s.setting.key).collect();
        let pair = generic.contains(&SettingKey::OauthClientId)
            && (generic.contains(&SettingKey::OauthClientSecret) || generic.contains(&SettingKey::OauthRedirectUrl));
        let (foreign, rows) = (self.foreign, self.known_rows);
        let generic_counts = !foreign && (own_oauth || pair);
        let kept: Vec<Seen> = self
            .seen
            .into_iter()
            .filter(|s| {
                if s.kind == LabelKind::Own {
                    !foreign || !is_oauth(s.setting.key)
                } else {
                    generic_counts
                }
            })
            .collect();
        let prose = self.section.syntax == Syntax::Lines;
        let is_export = !kept.is_empty() || !prose && (rows > 0 || self.has_columns);
        if !is_export {
            return;
        }
        let first = kept.first().map(|s| s.origin.clone()).or_else(|| {
            let node = self.section.nodes.first()?;
            Some(self.source.origin(&node.place, ""))
        });
        if let Some(origin) = first {
            findings.facts.ece.settings_exports.push(Fact::new((), origin));
        }
        let why = match kept.first() {
            Some(seen) => text!("setting `{label}`", label = seen.setting.label),
            None if rows > 0 => text!("labels of partition settings"),
            None => text!("columns of a settings export"),
        };
        findings.recognise("ece-settings", why);
        findings.facts.secrets.extend(self.secrets);
        for seen in kept {
            take(&mut findings.facts.ece.settings, Fact::new(seen.setting, seen.origin));
        }
    }

    fn documents(&mut self, hints: ScopeHints) {
        let mut running = hints;
        for node in &self.section.nodes {
            if let Some(title) = title_of(node) {
                running.hear_title(title);
                continue;
            }
            self.walk(node, &running, None, DEPTH);
        }
    }

    fn walk(&mut self, node: &Node, hints: &ScopeHints, key: Option<&str>, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match &node.value {
            Value::List(items, _) => items.iter().for_each(|item| self.walk(item, hints, None, depth)),
            Value::Bag(entries) => self.bag(node, entries, hints, key, depth),
            _ => {}
        }
    }

    fn bag(&mut self, bag: &Node, entries: &[(Key, Node)], hints: &ScopeHints, own_key: Option<&str>, depth: usize) {
        let folded: Vec<String> = entries.iter().map(|(key, _)| fold_label(&key.name)).collect();
        self.foreign |= folded.iter().any(|name| FOREIGN.contains(&name.as_str()));
        if is_settings_header(&folded) {
            self.has_columns = true;
        }
        let mut hints = hints.clone();
        let is_row = folded.iter().any(|n| VALUES.contains(&n.as_str()));
        self.has_values |= is_row;
        // In a table with a column per partition and department those columns hold values, not names.
        let names_setting = |(_, node): &(Key, Node)| node.sole().text().is_some_and(|t| is_known_label(t.trim()));
        if is_row || !entries.iter().any(names_setting) {
            hints.hear_bag(bag, !is_row);
        }
        if self.pairs(entries, &folded, &hints) || self.headerless(entries, &folded, &hints) {
            return;
        }
        // One such name may head a column of another table (`auto_bcc` of the aliases); two are a settings export.
        let known = entries.iter().filter(|(key, _)| is_known_label(&key.name)).count();
        self.known_rows += if known > 1 { known } else { 0 };
        for ((key, node), folded) in entries.iter().zip(&folded) {
            match setting_of(&key.name) {
                Some((setting, kind)) if !NAMES.contains(&folded.as_str()) => self.record_nested(setting, kind, &key.name, node, &hints),
                _ => {
                    let mut inner = hints.clone();
                    inner.hear_key(&key.name, own_key);
                    self.walk(node, &inner, Some(&key.name), depth);
                }
            }
        }
    }

    /// `name`/`value` members of one bag: a row of a table, an element with attributes, or several pairs one behind the other.
    /// Returns whether the bag is such a row.
    fn pairs(&mut self, entries: &[(Key, Node)], folded: &[String], hints: &ScopeHints) -> bool {
        let mut found = false;
        for (at, (_, node)) in entries.iter().enumerate() {
            let is_name = folded.get(at).is_some_and(|n| NAMES.contains(&n.as_str()));
            let Some(label) = node.sole().text().map(str::trim).filter(|_| is_name) else {
                continue;
            };
            let Some((setting, kind)) = setting_of(label) else {
                if is_known_label(label) {
                    self.known_rows += 1;
                    found = true;
                }
                continue;
            };
            found = true;
            // The best value column; of repeated ones the first behind the name.
            let value = VALUES.iter().find_map(|column| {
                let behind = (at + 1..entries.len()).chain(0..at);
                behind
                    .into_iter()
                    .find(|&i| folded.get(i).is_some_and(|n| n == column))
                    .and_then(|i| entries.get(i))
            });
            match value {
                Some((_, value)) => self.record(setting, kind, label, value, hints, false),
                None => self.columns_of_scopes(setting, kind, label, entries, hints),
            }
        }
        found
    }

    /// A column per partition or department: `Setting | Partition | Sales department`.
    ///
    /// In XML and JSON a row without any value is one that has none (`FOR XML` and `FOR JSON` leave NULL out), if others have.
    fn columns_of_scopes(&mut self, setting: SettingKey, kind: LabelKind, label: &str, entries: &[(Key, Node)], hints: &ScopeHints) {
        let before = self.seen.len();
        for (key, node) in entries {
            let mut own = hints.clone();
            let is_scalar = node.sole().text().is_some() || node.is_blank();
            // `department_id` says which scope the row is of: it holds no value.
            let is_number = fold_label(&key.name).ends_with("id");
            if is_scalar && !is_number && own.hear_title(&key.name) {
                self.record(setting, kind, label, node, &own, false);
            }
        }
        let leaves_null_out = matches!(self.section.syntax, Syntax::Xml | Syntax::Json);
        let named = entries.iter().find(|(_, node)| node.sole().text().is_some_and(|t| t.trim() == label));
        if let (true, true, Some((_, node))) = (leaves_null_out, self.seen.len() == before, named) {
            let nothing = Node::new(Value::Null, node.place.clone());
            let mut own = hints.clone();
            own.hear_rows(entries);
            self.record(setting, kind, label, &nothing, &own, false);
            self.valueless.extend(self.seen.pop());
        }
    }

    /// A row of a dump without headers (`#1`, `#2` …): the value stands behind the label. Only labels that speak for themselves
    /// count here.
    fn headerless(&mut self, entries: &[(Key, Node)], folded: &[String], hints: &ScopeHints) -> bool {
        let numbered = |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        if entries.len() < 2 || !folded.iter().all(numbered) {
            return false;
        }
        let mut hints = hints.clone();
        for (_, node) in entries {
            if let Some(text) = node.text().filter(|t| t.len() < 60) {
                let is_group = fold_label(text).starts_with("l10n")
                    || matches!(fold_label(text).as_str(), "partition" | "department" | "partizione" | "reparto");
                if is_group {
                    hints.hear_title(text);
                }
            }
        }
        let mut found = false;
        for (at, (_, node)) in entries.iter().enumerate() {
            let Some(label) = node.text().map(str::trim) else { continue };
            if is_known_label(label) {
                self.known_rows += 1;
                found = true;
            }
            if let (Some((setting, LabelKind::Own)), Some((_, value))) = (setting_of(label), entries.get(at + 1)) {
                self.record(setting, LabelKind::Own, label, value, &hints, true);
                break;
            }
        }
        found
    }

    /// A value under its label: a scalar, `{"value": …}`, or one per partition and department.
    fn record_nested(&mut self, setting: SettingKey, kind: LabelKind, label: &str, node: &Node, hints: &ScopeHints) {
        let inner = node.sole();
        let Value::Bag(entries) = &inner.value else {
            self.record(setting, kind, label, node, hints, false);
            return;
        };
        let mut hints = hints.clone();
        if entries.iter().any(|(key, _)| VALUES.contains(&fold_label(&key.name).as_str())) {
            hints.hear_bag(inner, false);
        }
        if let Some(value) = VALUES
            .iter()
            .find_map(|column| entries.iter().find(|(key, _)| fold_label(&key.name) == *column))
        {
            self.record(setting, kind, label, &value.1, &hints, false);
            return;
        }
        for (key, value) in entries {
            let mut own = hints.clone();
            own.hear_key(&key.name, None);
            match &value.sole().value {
                Value::Bag(deeper) => {
                    for (name, value) in deeper {
                        let mut deepest = own.clone();
                        deepest.hear_key(&name.name, Some(&key.name));
                        self.record(setting, kind, label, value, &deepest, false);
                    }
                }
                _ => self.record(setting, kind, label, value, &own, false),
            }
        }
        // `<ExternalUrlOfApplication/>` is there and empty.
        if entries.is_empty() {
            self.record(setting, kind, label, inner, &hints, false);
        }
    }

    fn record(&mut self, key: SettingKey, kind: LabelKind, label: &str, node: &Node, hints: &ScopeHints, guessed: bool) {
        let node = text_node(node);
        let is_secret = key == SettingKey::OauthClientSecret;
        let origin = match is_secret {
            // The line may hold the secret in a shape that nothing recognises.
            true => Origin {
                excerpt: Excerpt::capture(&format!("{label} = (hidden)")),
                ..self.source.origin(&node.place, "")
            },
            false => self.source.origin_of_property(label, node),
        };
        let raw = node.text().map(|t| self.tidy(t));
        let mut secret = None;
        let value = match raw {
            _ if node.is_blank() => Field::Empty(origin.clone()),
            Some(text) if is_empty_word(&text) => Field::Empty(origin.clone()),
            Some(text) if self.is_half_null(&text, node) => Field::Unreadable(origin.clone()),
            Some(text) if is_secret => {
                let hidden = Secret::new(text.as_str());
                if !matches!(hidden.shape(), SecretShape::Guid | SecretShape::Hidden) && find_secrets(&text).is_empty() {
                    self.secrets.push(Fact::new(SecretKind::ClientSecret, origin.clone()));
                }
                secret = Some(hidden);
                Field::Value(Fact::new("(hidden)".to_owned(), origin.clone()))
            }
            Some(text) => Field::Value(Fact::new(text, origin.clone())),
            None if matches!(&node.value, Value::Bag(entries) if entries.is_empty()) => Field::Empty(origin.clone()),
            None => Field::Unreadable(origin.clone()),
        };
        let setting = Setting {
            key,
            label: label.trim().to_owned(),
            scope: hints.scope(),
            partition: hints.partition(),
            value,
            secret,
            guessed,
        };
        self.seen.push(Seen { setting, kind, origin });
    }

    /// True if the file ends in the middle of `NULL`: a value that may be none, and is not `NU`.
    fn is_half_null(&self, text: &str, node: &Node) -> bool {
        let file = self.source.text;
        matches!(text, "N" | "NU" | "NUL") && node.place.line == file.line_count() && file.as_str().ends_with(text)
    }

    /// The value without what the format put around it. Blanks are kept only where a format keeps them on purpose.
    fn tidy(&self, text: &str) -> String {
        match self.section.syntax {
            Syntax::Csv | Syntax::Sheet | Syntax::Json | Syntax::Xml | Syntax::Clixml => text.to_owned(),
            _ => without_markup(text.trim()).to_owned(),
        }
    }

    /// Lines that no reader took for a table: `label: value`, `label = value`, `label is value`, or the value on the next line.
    fn lines(&mut self, mut hints: ScopeHints) {
        let lines: Vec<(u64, &str)> = self.source.lines(self.section).collect();
        for (at, (number, line)) in lines.iter().enumerate() {
            if line.len() > 2000 {
                continue;
            }
            let bare = line.trim().trim_start_matches(['-', '*', '•', '#', ' ', '\t']);
            let Some((label, value)) = split_label(bare) else {
                let next = lines.get(at + 1).map_or("", |(_, l)| l.trim());
                let is_address = next.starts_with("http://") || next.starts_with("https://");
                match setting_of(bare) {
                    Some((key, LabelKind::Own)) if is_address && !next.contains(char::is_whitespace) => {
                        let number = lines.get(at + 1).map_or(*number, |(n, _)| *n);
                        self.record_line(key, LabelKind::Own, bare, next, number, &hints);
                    }
                    None if bare.len() < 80 && bare.split_whitespace().count() < 8 => {
                        hints.hear_title(bare.trim_end_matches(':'));
                    }
                    _ => {}
                }
                continue;
            };
            if let Some((key, kind)) = setting_of(label) {
                self.record_line(key, kind, label, value, *number, &hints);
            } else if !is_known_label(label) && fold_label(label).len() < 40 && value.len() < 60 {
                hints.hear_title(bare);
            }
        }
    }

    fn record_line(&mut self, key: SettingKey, kind: LabelKind, label: &str, value: &str, line: u64, hints: &ScopeHints) {
        let text = self.source.text.line(line);
        let column = text
            .find(value)
            .filter(|_| !value.is_empty())
            .map_or(1, |at| text.get(..at).unwrap_or("").chars().count() as u32 + 1);
        let place = crate::syntax::Place {
            line,
            column,
            ..Default::default()
        };
        let value = match value.trim() {
            "" => Value::Null,
            text => Value::Text(text.into()),
        };
        self.record(key, kind, label, &Node::new(value, place), hints, false);
    }
}

/// Lines of labels are handed out twice, as a record and as lines: a value counts once, with the scope that is known.
fn take(settings: &mut Vec<Fact<Setting>>, fact: Fact<Setting>) {
    let is_same = |known: &&mut Fact<Setting>| {
        let here = fact.origin.line > 0 && known.origin.line == fact.origin.line && known.key == fact.key;
        let scope = known.scope == fact.scope || [&known.scope, &fact.scope].contains(&&Scope::Unknown);
        here && scope && known.value.value.get().map(|v| v.trim()) == fact.value.value.get().map(|v| v.trim())
    };
    match settings.iter_mut().rev().take(64).find(is_same) {
        None => settings.push(fact),
        Some(known) if known.scope == Scope::Unknown => *known = fact,
        Some(_) => {}
    }
}

fn is_oauth(key: SettingKey) -> bool {
    use SettingKey::*;
    matches!(
        key,
        OauthClientId | OauthClientSecret | OauthAuthorizeUrl | OauthTokenUrl | OauthScope | OauthRedirectUrl | OauthTenant
    )
}

/// True for column names that only a settings export has together.
fn is_settings_header(folded: &[String]) -> bool {
    let has = |names: &[&str]| folded.iter().any(|n| names.contains(&n.as_str()));
    let strict = has(&["settingname"]) && has(&["settingval", "settingvalue", "value"]);
    let by_hand = has(&["setting", "impostazione", "settinglabel", "preference"])
        && has(&["value", "currentvalue", "valore", "valoreattuale"])
        && has(&[
            "default",
            "defaultvalue",
            "level",
            "accesslevel",
            "department",
            "livello",
            "predefinito",
            "valorepredefinito",
            "partition",
        ]);
    let screen = has(&["name", "nome"])
        && has(&["value", "valore"])
        && has(&["defaultvalue", "default", "valorepredefinito"])
        && has(&["level", "accesslevel", "livello"]);
    strict || by_hand || screen
}

/// A row that is the title of a block: one filled cell.
fn title_of(node: &Node) -> Option<&str> {
    let mut filled = node.entries().iter().filter(|(_, n)| !n.is_blank());
    let (_, only) = filled.next()?;
    let single = filled.next().is_none() && (node.entries().len() == 1 || node.entries().len() > 1);
    let text = only.text()?.trim();
    let in_table = node
        .entries()
        .iter()
        .any(|(key, _)| NAMES.contains(&fold_label(&key.name).as_str()) || key.name.starts_with('#'));
    (single && in_table && !is_known_label(text) && text.len() < 80).then_some(text)
}

/// The text of a leaf element stands under `#text`.
fn text_node(node: &Node) -> &Node {
    let sole = node.sole();
    match &sole.value {
        Value::Bag(entries) => entries.iter().find(|(key, _)| &*key.name == "#text").map_or(sole, |(_, text)| text),
        _ => sole,
    }
}

/// Words that people and tools write for nothing.
fn is_empty_word(text: &str) -> bool {
    let text = text.trim();
    matches!(text, "NULL" | "(null)" | "<null>" | "\"\"" | "''")
        || matches!(
            text.to_lowercase().as_str(),
            "(empty)"
                | "<empty>"
                | "empty"
                | "[empty]"
                | "(blank)"
                | "blank"
                | "(not set)"
                | "not set"
                | "not configured"
                | "(vuoto)"
                | "vuoto"
                | "non impostato"
                | "nil"
        )
}

/// `` `x` ``, `<x>`, `[text](x)`, `**x**` and quotes around a value.
fn without_markup(text: &str) -> &str {
    static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\[[^\]]*\]\(([^()\s]+)\)$").expect("a constant pattern"));
    let text = text.trim_matches('*').trim();
    if let Some(target) = LINK.captures(text).and_then(|c| c.get(1)) {
        return target.as_str();
    }
    let pairs = [("`", "`"), ("\"", "\""), ("'", "'"), ("“", "”")];
    let inner = pairs.iter().find_map(|(a, b)| text.strip_prefix(a)?.strip_suffix(b)).unwrap_or(text);
    match inner.strip_prefix('<').and_then(|t| t.strip_suffix('>')) {
        Some(url) if url.contains("://") && !url.contains(' ') => url,
        _ => inner,
    }
}

/// Splits `label: value`, `label = value`, `label -> value`, `label is value`; the label must name a setting or be short.
fn split_label(line: &str) -> Option<(&str, &str)> {
    static SPLIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?P<label>[^:=\t|]{2,120}?)(?:\*\*)?\s*(?:\s?:(?:\*\*)?(?:\s|$)|=|\t+|->|=>|\|)\s*(?P<value>.*)$").expect("a constant pattern")
    });
    static VERB: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:the\s+)?(?:setting\s+)?[\x22'`“]?(?P<label>.{3,80}?)[\x22'`”]?\s+(?:is|è|ist)\s+(?:set to\s+|impostato a\s+)?(?P<value>https?://[^\s,;]+|\S+\.?$)").expect("a constant pattern")
    });
    let split = SPLIT.captures(line).or_else(|| {
        VERB.captures(line)
            .filter(|c| c.name("label").is_some_and(|l| setting_of(l.as_str()).is_some()))
    })?;
    let label = split.name("label")?.as_str().trim().trim_matches(['*', '`', '"']);
    let value = split.name("value")?.as_str().trim().trim_end_matches('|').trim();
    Some((label, value))
}

#[cfg(test)]
#[path = "ece_settings_tests.rs"]
mod tests;
