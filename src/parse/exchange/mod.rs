//! Evidence of Exchange Online and of licences: what `Get-CASMailbox`, `Get-Mailbox`, `Get-MgUserLicenseDetail` and their kin
//! print, in whatever format it was saved.
//!
//! A record is recognised by its property names; the cmdlet above it, or the type name of the format, decides where they are
//! ambiguous: `SmtpClientAuthenticationDisabled` alone is a property of the organisation and of a mailbox.

mod command;
mod labels;
mod licences;
mod mailboxes;
mod not_found;
mod protocols;
mod rights;
mod users;

use super::Findings;
use crate::model::{Fact, Field, Origin};
use crate::syntax::{Key, Node, Place, Section, Source, Syntax, Value, fold_name};
use std::collections::BTreeSet;

/// How deep records are looked for inside documents: ScubaGear's provider JSON nests three levels.
const DEPTH: usize = 8;

/// What a section is, as far as its command or its type name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    CasMailbox,
    CasMailboxPlan,
    Transport,
    Organization,
    AuthenticationPolicy,
    Mailbox,
    MailboxPermission,
    RecipientPermission,
    Licence,
    User,
    /// Something that no reader of this module wants, although its properties may look alike.
    Foreign,
    Unknown,
}

/// Folded cmdlet nouns and parts of type names, the longer before the shorter that they contain.
const HINTS: &[(&str, Hint)] = &[
    ("casmailboxplan", Hint::CasMailboxPlan),
    ("casmailbox", Hint::CasMailbox),
    ("transportconfig", Hint::Transport),
    ("organizationconfig", Hint::Organization),
    ("authenticationpolicy", Hint::AuthenticationPolicy),
    ("mailboxfolderpermission", Hint::Foreign),
    ("mailboxpermission", Hint::MailboxPermission),
    ("mailboxacepresentationobject", Hint::MailboxPermission),
    ("recipientpermission", Hint::RecipientPermission),
    ("recipientacepresentationobject", Hint::RecipientPermission),
    ("subscribedsku", Hint::Foreign),
    ("accountsku", Hint::Foreign),
    ("mailboxstatistics", Hint::Foreign),
    ("mailboxplan", Hint::Foreign),
    ("mailboxregionalconfiguration", Hint::Foreign),
    ("licensedetail", Hint::Licence),
    ("msoluser", Hint::User),
    ("mguser", Hint::User),
    ("azureaduser", Hint::User),
    ("getuser", Hint::Mailbox),
    ("mailbox", Hint::Mailbox),
    ("recipient", Hint::Mailbox),
];

fn hint_of(text: &str) -> Hint {
    let folded = fold_name(text);
    HINTS
        .iter()
        .find(|(part, _)| folded.contains(part))
        .map_or(Hint::Unknown, |(_, hint)| *hint)
}

/// What is said about the record from outside of it.
struct Context<'a> {
    source: &'a Source<'a>,
    section: &'a Section,
    hint: Hint,
    /// Mailbox or user that the command was asked for, lower case.
    asked: Field<String>,
    /// File name that may name the mailbox or user.
    name_hint: Option<String>,
}

/// One property bag, with what is said about it.
struct Record<'a> {
    context: &'a Context<'a>,
    node: &'a Node,
    keys: &'a BTreeSet<String>,
    /// User of the enclosing Graph document (`@odata.context`), lower case.
    within: Option<&'a Fact<String>>,
}

impl Record<'_> {
    /// True if the bag has one of `names` (folded: lower case, letters and digits).
    fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.keys.contains(*name))
    }

    fn is(&self, hint: Hint) -> bool {
        self.context.hint == hint
    }

    fn origin(&self) -> Origin {
        match self.node.place.line {
            0 => self
                .context
                .source
                .origin(&self.node.place, self.node.entries().first().and_then(|(_, n)| n.text()).unwrap_or("")),
            _ => self.context.source.origin_of(self.node),
        }
    }

    fn text(&self, names: &[&str]) -> Field<String> {
        let Some(node) = self.node.any(names) else { return Field::Absent };
        match named_value(node.sole()) {
            // Identities are objects of their own in CLIXML and in JSON of Windows PowerShell.
            Some(text) if matches!(node.sole().value, Value::Bag(_)) => {
                Field::Value(Fact::new(text.to_owned(), self.context.source.origin_of_property(names[0], node.sole())))
            }
            _ => self.context.source.field(self.node, names),
        }
    }

    /// An address or another identity: lower case, without the prefix of proxy addresses.
    fn identity(&self, names: &[&str]) -> Field<String> {
        self.text(names).and_then(|text| {
            let lower = text.trim().to_lowercase();
            let bare = lower.strip_prefix("smtp:").unwrap_or(&lower).trim();
            (!bare.is_empty()).then(|| bare.to_owned())
        })
    }

    fn boolean(&self, names: &[&str]) -> Field<bool> {
        self.context.source.boolean(self.node, names)
    }

    /// A list, whether the format has lists or wrote it into one text, split at `separators`. Elements that were cut are left out;
    /// the flag tells that some are missing.
    fn texts(&self, names: &[&str], separators: &[char]) -> (Field<Vec<String>>, bool) {
        let Some(node) = self.node.any(names) else {
            return (Field::Absent, false);
        };
        let origin = self.context.source.origin_of_property(names[0], node);
        let mut missing = matches!(node.value, Value::List(_, true) | Value::Cut(_));
        let mut texts = Vec::new();
        for item in node.items() {
            match named_value(item) {
                Some(text) if text.starts_with("System.") || text.starts_with("Microsoft.") || text.starts_with("@{") => missing = true,
                Some(text) => {
                    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
                    texts.extend(inner.split(separators).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned));
                }
                None if item.is_blank() => {}
                None => missing = true,
            }
        }
        let field = match (texts.is_empty(), missing) {
            (true, true) => Field::Unreadable(origin),
            (true, false) => Field::Empty(origin),
            (false, _) => Field::Value(Fact::new(texts, origin)),
        };
        (field, missing)
    }

    /// Whatever names the object beside its address: lower case.
    fn other_names(&self) -> Vec<String> {
        let mut names: Vec<String> = [
            "Identity",
            "Name",
            "Alias",
            "Guid",
            "ExchangeGuid",
            "DistinguishedName",
            "SamAccountName",
            "Id",
        ]
        .iter()
        .filter_map(|name| self.identity(&[name]).get().cloned())
        .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Every e-mail address of the bag, and the primary one if it is marked (`SMTP:` in upper case).
    fn addresses(&self) -> (Field<Vec<String>>, Option<String>) {
        let (field, _) = self.texts(&["EmailAddresses", "ProxyAddresses", "Proxy addresses", "Email addresses"], &[]);
        let mut primary = None;
        let field = field.and_then(|texts| {
            let mut all = Vec::new();
            for text in &texts {
                proxy_addresses(text, &mut all, &mut primary);
            }
            all.sort();
            all.dedup();
            (!all.is_empty()).then_some(all)
        });
        (field, primary)
    }

    /// The mailbox that the command was asked for, if the bag itself names none, or by its display name only.
    fn or_asked(&self, own: Field<String>) -> Field<String> {
        let asked_by_address = self.context.asked.get().is_some_and(|asked| asked.contains('@'));
        match own {
            Field::Value(named) if asked_by_address && !named.value.contains('@') => self.context.asked.clone(),
            Field::Value(_) => own,
            _ if self.context.asked.is_present() => self.context.asked.clone(),
            _ => self.within.map_or(own, |user| Field::Value(user.clone())),
        }
    }

    fn taken(&self) -> Option<crate::model::Stamp> {
        self.context.section.printed
    }
}

/// Text of a scalar, or of the property by which an object is known.
fn named_value(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Bag(_) => ["ToString", "RawIdentity", "PrimarySmtpAddress", "Name", "#text"]
            .iter()
            .find_map(|name| node.get(name).and_then(Node::text)),
        _ => node.text(),
    }
}

/// Takes `SMTP:a@x.org`, `smtp:b@x.org` out of a text, whatever stands between them (`;`, `,`, blanks, the `+` of the admin centre).
fn proxy_addresses(text: &str, all: &mut Vec<String>, primary: &mut Option<String>) {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("smtp:") {
        // Graph's `proxyAddresses` always has prefixes; hand-made lists don't.
        all.extend(
            lower
                .split([';', ',', ' '])
                .filter(|t| t.contains('@') && !t.contains(':'))
                .map(str::to_owned),
        );
        return;
    }
    for (at, prefix) in lower.match_indices("smtp:") {
        let rest = &lower[at + prefix.len()..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '{' | '}' | '"' | '\''))
            .unwrap_or(rest.len());
        let mut address = &rest[..end];
        for next in ["+smtp:", "+sip:", "+x500:", "+spo:", "+eum:"] {
            address = address.split(next).next().unwrap_or(address);
        }
        // An address that is the last of a shortened list may be cut itself.
        if !address.contains('@') || address.ends_with("...") || address.ends_with('…') {
            continue;
        }
        if text.get(at..at + 4) == Some("SMTP") {
            primary.get_or_insert_with(|| address.to_owned());
        }
        all.push(address.to_owned());
    }
}

/// Recognises and reads the section's evidence of Exchange Online, licences and users.
pub fn parse(source: &Source<'_>, section: &Section, out: &mut Findings) {
    let from_command = section.command.as_ref().and_then(|c| command::read(&c.text));
    let hint = match (&section.name, &from_command) {
        (Some(name), _) if hint_of(name) != Hint::Unknown && section.syntax != Syntax::Sheet => hint_of(name),
        (_, Some(cmdlet)) => hint_of(&cmdlet.name),
        _ => Hint::Unknown,
    };
    let context = Context {
        source,
        section,
        hint,
        asked: command::asked_for(source, section),
        name_hint: command::name_hint(source),
    };
    not_found::parse(&context, out);
    if section.nodes.is_empty() {
        if let Some(property) = from_command.and_then(|c| c.property) {
            read_sole_value(&context, &property, out);
        }
        return;
    }
    let mut licences = licences::Collected::default();
    walk(&context, &mut licences, out);
    licences.finish(&context, out);
}

/// `(Get-TransportConfig).SmtpClientAuthenticationDisabled` prints one bare word.
fn read_sole_value(context: &Context<'_>, property: &str, out: &mut Findings) {
    let section = context.section;
    if section.last_line.saturating_sub(section.first_line) > 8 {
        return;
    }
    let lines: Vec<(u64, &str)> = (section.first_line..=section.last_line)
        .map(|n| (n, context.source.text.line(n).trim()))
        .filter(|(n, line)| !line.is_empty() && section.command.as_ref().is_none_or(|c| c.line != *n))
        .collect();
    let &[(line, word)] = lines.as_slice() else { return };
    let place = Place {
        line,
        column: 1,
        ..Place::default()
    };
    let value = Node::new(Value::Text(word.into()), place.clone());
    let bag = Node::new(
        Value::Bag(vec![(
            Key {
                name: property.into(),
                place: place.clone(),
            },
            value,
        )]),
        place,
    );
    let keys = [fold_name(property)].into();
    let record = Record {
        context,
        node: &bag,
        keys: &keys,
        within: None,
    };
    protocols::read(&record, out);
}

fn walk(context: &Context<'_>, licences: &mut licences::Collected, out: &mut Findings) {
    struct Visit<'a> {
        node: &'a Node,
        depth: usize,
        within: Option<std::rc::Rc<Fact<String>>>,
    }
    // Rows of a table have the same columns: their names are folded once.
    let is_table = matches!(
        context.section.syntax,
        Syntax::Csv | Syntax::Sheet | Syntax::Columns | Syntax::Markdown | Syntax::Html
    );
    let mut columns: Option<(usize, BTreeSet<String>)> = None;
    let mut stack: Vec<Visit<'_>> = context
        .section
        .nodes
        .iter()
        .rev()
        .map(|node| Visit {
            node,
            depth: 0,
            within: None,
        })
        .collect();
    while let Some(Visit { node, depth, within }) = stack.pop() {
        let inner = |child| Visit {
            node: child,
            depth: depth + 1,
            within: within.clone(),
        };
        let entries = match &node.value {
            Value::List(items, _) if depth < DEPTH => {
                stack.extend(
                    items
                        .iter()
                        .rev()
                        .filter(|i| matches!(i.value, Value::Bag(_) | Value::List(..)))
                        .map(inner),
                );
                continue;
            }
            Value::Bag(entries) => entries,
            _ => continue,
        };
        let keys = match &columns {
            Some((count, keys)) if is_table && *count == entries.len() => keys,
            _ => &columns.insert((entries.len(), folded_names(entries))).1,
        };
        // Rows that people wrote have nothing inside.
        if let Some(row) = labels::as_of_cmdlet(node, keys) {
            let keys = folded_names(row.entries());
            let record = Record {
                context,
                node: &row,
                keys: &keys,
                within: within.as_deref(),
            };
            read(&record, licences, out);
            continue;
        }
        let named = if keys.contains("odatacontext") || keys.contains("odataid") {
            user_of_document(context, node)
        } else {
            None
        };
        let within = named.map(std::rc::Rc::new).or(within);
        let record = Record {
            context,
            node,
            keys,
            within: within.as_deref(),
        };
        if read(&record, licences, out) || depth >= DEPTH {
            continue;
        }
        let nested = entries
            .iter()
            .rev()
            .map(|(_, child)| child)
            .filter(|c| matches!(c.value, Value::Bag(_) | Value::List(..)));
        stack.extend(nested.map(|child| Visit {
            node: child,
            depth: depth + 1,
            within: within.clone(),
        }));
    }
}

fn folded_names(entries: &[(Key, Node)]) -> BTreeSet<String> {
    entries.iter().map(|(key, _)| fold_name(&key.name)).collect()
}

/// The user in a Graph document's `@odata.context`.
fn user_of_document(context: &Context<'_>, node: &Node) -> Option<Fact<String>> {
    ["@odata.context", "@odata.id"].iter().find_map(|name| {
        let url = node.get(name)?;
        Some(Fact::new(command::user_of_url(url.text()?)?, context.source.origin_of(url)))
    })
}

/// Hands the record to whoever knows it. True if it was taken, so that nothing is looked for inside.
fn read(record: &Record<'_>, licences: &mut licences::Collected, out: &mut Findings) -> bool {
    if record.is(Hint::Foreign) {
        return false;
    }
    // A user's record says several things at once: who he is, whether he may sign in, what he is licensed for.
    let of_user = users::read(record, out);
    let of_licence = licences.read(record);
    let of_mailbox = protocols::read(record, out) || rights::read(record, out) || mailboxes::read(record, out);
    of_user || of_licence || of_mailbox
}

#[cfg(test)]
mod tests;
