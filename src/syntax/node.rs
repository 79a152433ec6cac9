//! The one shape that every structured format is read into: values with places, property bags, lists.
//!
//! A CSV row, a `Format-List` record, a CLIXML object, an XLSX row and a JSON object all become a [`Value::Bag`], so that the
//! evidence parsers (`parse`) know property names and never file formats.

use crate::bundle::Text;
use crate::model::{Excerpt, Fact, Field, Origin};
use std::sync::Arc;

/// Where a value stands inside its member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// 1-based line; 0 where the format has none (cells of a workbook).
    pub line: u64,
    /// 1-based column, in characters; 0 where there is none.
    pub column: u32,
    /// Byte offset in the decoded text.
    pub offset: Option<usize>,
    /// JSON pointer (`/web/redirectUris/0`) or XPath-like path (`/Objs/Obj[2]/Props/B[@N='PopEnabled']`).
    pub pointer: Option<Box<str>>,
    /// `sheet!B12`.
    pub cell: Option<Box<str>>,
}

/// A value of a structured format.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Null, or a property that is there without a value (an empty cell, `<Nil/>`, `Label :`).
    Null,
    /// A Boolean of the format itself; textual Booleans stay [`Value::Text`] (see [`Node::boolean`]).
    Bool(bool),
    /// A number as it was written.
    Number(Box<str>),
    /// Text.
    Text(Box<str>),
    /// Text whose end is missing (`abc...`, a cell cut at the column's width): no evidence for anything but its beginning.
    Cut(Box<str>),
    /// A list; the flag tells that it was shortened (`{a, b, c, d...}`).
    List(Vec<Node>, bool),
    /// Named properties, in their order. Names may repeat; [`Node::get`] gives the last one, and [`Node::all`] every one.
    Bag(Vec<(Key, Node)>),
}

/// A property name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The name as written, without surrounding blanks.
    pub name: Box<str>,
    /// Its place (of the header cell, the label, the JSON key).
    pub place: Place,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// A node of `value` at `place`.
    pub fn new(value: Value, place: Place) -> Self {
        Self { value, place }
    }

    /// The property `name` of a bag. Names are compared by [`fold_name`]: case, blanks and punctuation don't count.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .rev()
            .find(|(key, _)| same_name(&key.name, name))
            .map(|(_, node)| node)
    }

    /// Every property named `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.entries()
            .iter()
            .filter(move |(key, _)| same_name(&key.name, name))
            .map(|(_, node)| node)
    }

    /// The first of `names` that the bag has.
    pub fn any(&self, names: &[&str]) -> Option<&Node> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Follows a path of property names; single-element lists on the way are stepped through (PowerShell and Terraform write
    /// a list of one where others write the object, and the reverse).
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.sole().get(name))
    }

    /// True if the bag has a property `name`.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Properties of a bag; empty for anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Bag(entries) => entries,
            _ => &[],
        }
    }

    /// Elements of a list; a node that is no list counts as a list of itself, null as an empty one.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items, _) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The only element of a list of one, else the node itself.
    pub fn sole(&self) -> &Node {
        match &self.value {
            Value::List(items, false) if items.len() == 1 => &items[0],
            _ => self,
        }
    }

    /// Text of a scalar as written; `None` for null, lists, bags and cut values.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(t) | Value::Number(t) => Some(t),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// A Boolean in any of its spellings (`True`, `$false`, `1`, `VERO`, `Ja` …); anything else is `None`, never false.
    pub fn boolean(&self) -> Option<bool> {
        read_boolean(self.text()?)
    }

    /// True for null and for text of nothing but blanks.
    pub fn is_blank(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Text(t) => t.trim().is_empty(),
            Value::List(items, _) => items.is_empty(),
            _ => false,
        }
    }
}

/// Reads a Boolean as programs and people write it, in the languages in which Excel re-saves it.
pub fn read_boolean(text: &str) -> Option<bool> {
    match text.trim().trim_start_matches('$').to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "enabled" | "vero" | "sì" | "si" | "wahr" | "ja" | "vrai" | "oui" | "verdadero" | "sí" | "verdadeiro"
        | "sim" | "abilitato" | "activé" | "aktiviert" | "habilitado" => Some(true),
        "false" | "0" | "no" | "n" | "off" | "disabled" | "falso" | "falsch" | "nein" | "faux" | "non" | "não" | "disabilitato" | "désactivé"
        | "deaktiviert" | "deshabilitado" => Some(false),
        _ => None,
    }
}

/// True for the text that PowerShell writes instead of an object or list too deep for it: `@{id=1; type=Scope}`,
/// `System.Object[]`, `System.Collections.ArrayList`.
pub(super) fn is_cut_by_depth(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("@{") && text.ends_with('}') && text.contains('=')
        || text.starts_with("System.") && !text.contains(char::is_whitespace) && (text.ends_with("[]") || text.starts_with("System.Collections."))
}

/// Folds a property name so that `External URL of Application`, `external_url_of_application` and `ExternalUrlOfApplication`
/// meet: lower case, letters and digits only.
pub fn fold_name(name: &str) -> String {
    folded(name).collect()
}

/// True if two property names fold to the same. Compares without building either: large exports ask this millions of times.
pub fn same_name(one: &str, other: &str) -> bool {
    match (one.is_ascii(), other.is_ascii()) {
        (true, true) => ascii_folded(one).eq(ascii_folded(other)),
        _ => folded(one).eq(folded(other)),
    }
}

fn ascii_folded(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase())
}

fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// What a piece of a member is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Syntax {
    /// JSON, JSON lines, fragments of it.
    Json,
    /// XML of any vocabulary but CLIXML.
    Xml,
    /// PowerShell's CLIXML.
    Clixml,
    /// Comma, semicolon or tab separated values.
    Csv,
    /// A workbook's sheet.
    Sheet,
    /// `Format-List` records, and any `Label : value` block.
    FormatList,
    /// `Format-Table` and SQL result text: columns under a ruler of dashes.
    Columns,
    /// A Markdown table.
    Markdown,
    /// An HTML table.
    Html,
    /// `key=value` lines.
    Properties,
    /// Plain lines: console output, traces, prose.
    Lines,
}

/// The console command whose output a section is, from the prompt line above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The command as typed, masked by the redactor where it holds a secret.
    pub text: String,
    /// 1-based line of the prompt.
    pub line: u64,
}

/// One piece of evidence of a member: a file has several where people pasted several things into it.
#[derive(Clone, Debug)]
pub struct Section {
    /// How it is written.
    pub syntax: Syntax,
    /// The command that printed it, if a prompt stands above.
    pub command: Option<Command>,
    /// Host on which it was printed: transcript header, prompt, `hostname` output; proven, never guessed from a name.
    pub host: Option<String>,
    /// When it was printed (transcript start), as written.
    pub printed: Option<crate::model::Stamp>,
    /// A name that the format gives: sheet name, root element, `#TYPE` line, CLIXML type name.
    pub name: Option<String>,
    /// The records or documents. Empty for [`Syntax::Lines`], unless the lines had to be decoded first (the body of an e-mail,
    /// the text of an HTML page): then one text node per line. [`Source::lines`] gives the lines either way.
    pub nodes: Vec<Node>,
    /// First line of the section, 1-based; a row where it is a sheet's.
    pub first_line: u64,
    /// Last line of the section, 1-based. It stands before the first one if the lines belong to a [`Syntax::Lines`] section as well
    /// (see [`Section::is_shared`]), so that whoever goes through the lines of all sections meets each line once.
    pub last_line: u64,
}

impl Section {
    /// True if the section has no lines of its own: labels and properties, rows without a header, JSON behind other text of a line.
    /// Their grammar is so weak that the lines may be something else, and line readers get them in another section.
    pub fn is_shared(&self) -> bool {
        self.last_line < self.first_line
    }
}

/// A member's text together with its path: makes origins from places.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Path of the member.
    pub path: &'a Arc<str>,
    /// Decoded text; empty for workbooks.
    pub text: &'a Text,
}

impl Source<'_> {
    /// The origin of `place`, with the line that holds it as excerpt, or `shown` where the format has no lines.
    pub fn origin(&self, place: &Place, shown: &str) -> Origin {
        let excerpt = match place.line {
            0 => Excerpt::capture(shown),
            line => self.text.excerpt_at(line, place.column),
        };
        Origin {
            path: self.path.clone(),
            line: place.line,
            column: place.column,
            offset: place.offset.map(|at| self.text.original_offset(at)),
            pointer: place.pointer.clone(),
            cell: place.cell.clone(),
            excerpt,
        }
    }

    /// The lines of a section with their 1-based numbers in the member; none if they belong to another one.
    pub fn lines<'a>(&'a self, section: &'a Section) -> Box<dyn Iterator<Item = (u64, &'a str)> + 'a> {
        if section.syntax == Syntax::Lines && !section.nodes.is_empty() {
            return Box::new(section.nodes.iter().map(|node| (node.place.line, node.text().unwrap_or(""))));
        }
        Box::new((section.first_line..=section.last_line).map(|n| (n, self.text.line(n))))
    }

    /// The origin of a node.
    pub fn origin_of(&self, node: &Node) -> Origin {
        self.origin(&node.place, node.text().unwrap_or(""))
    }

    /// The origin of a property: an excerpt `name = value` where the format has no lines.
    pub fn origin_of_property(&self, name: &str, node: &Node) -> Origin {
        self.origin(&node.place, &format!("{name} = {}", node.text().unwrap_or("")))
    }

    /// The property `name` of `bag` as a text field: absent, empty, unreadable (cut, a list, `System.Object[]`) or a value.
    /// The literal `NULL` of SQL output is empty.
    pub fn field(&self, bag: &Node, names: &[&str]) -> Field<String> {
        let Some(node) = bag.any(names) else { return Field::Absent };
        let node = node.sole();
        let origin = self.origin_of_property(names[0], node);
        match node.text().map(str::trim) {
            _ if node.is_blank() => Field::Empty(origin),
            Some("NULL" | "(null)" | "<null>") => Field::Empty(origin),
            Some(text) if text.starts_with("System.") && (text.ends_with("[]") || text.contains("Collections")) => Field::Unreadable(origin),
            Some(text) => Field::Value(Fact::new(text.to_owned(), origin)),
            None => Field::Unreadable(origin),
        }
    }

    /// The property `name` as a Boolean field; a word that is no Boolean is unreadable.
    pub fn boolean(&self, bag: &Node, names: &[&str]) -> Field<bool> {
        self.field(bag, names).and_then(|text| read_boolean(&text))
    }

    /// The property `name` as a list of texts; a list that was shortened is unreadable.
    pub fn list(&self, bag: &Node, names: &[&str]) -> Field<Vec<String>> {
        let Some(node) = bag.any(names) else { return Field::Absent };
        let origin = self.origin_of_property(names[0], node);
        if let Value::List(_, true) | Value::Cut(_) = node.value {
            return Field::Unreadable(origin);
        }
        let texts: Vec<String> = node.items().iter().filter_map(|n| n.text().map(|t| t.trim().to_owned())).collect();
        match texts.is_empty() {
            true => Field::Empty(origin),
            false => Field::Value(Fact::new(texts, origin)),
        }
    }
}
