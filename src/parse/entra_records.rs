//! Finds the records of Entra ID in whatever an export wraps them in (`value[]`, `records[]`, bare arrays, JSON lines, rows of a
//! table, Terraform states), and hands each to the parser of its kind. A record is recognised by the properties it has, never by
//! the name of its file.

use super::culture_date::DateOrder;
use super::entra_application::{self, Pieces};
use super::{
    Findings, entra_audit, entra_conditional_access, entra_consent, entra_policies, entra_service_principal, entra_sign_in, entra_terraform,
    entra_token, har,
};
use crate::model::{Fact, Origin, Stamp};
use crate::syntax::{Key, Node, Section, Source, Syntax, Value};
use crate::text;
use std::cell::OnceCell;

/// Envelopes within envelopes: more than this is no export.
const DEEPEST: usize = 8;

/// What one section holds so far: needed where records only make sense together.
pub(super) struct Reader<'s, 'f> {
    pub source: &'s Source<'s>,
    pub found: &'f mut Findings,
    /// Order of day and month in this member's dates, once one was met that needs it.
    dates: OnceCell<DateOrder>,
    /// Pieces of registrations that stand apart from them.
    pub pieces: Pieces,
}

/// Reads every Entra ID record of a section.
pub fn parse(source: &Source<'_>, section: &Section, found: &mut Findings) {
    if section.syntax == Syntax::Lines {
        entra_token::read_lines(source, section, found);
        empty_output(source, section, found);
        return;
    }
    let mut reader = Reader {
        source,
        found,
        dates: OnceCell::new(),
        pieces: Pieces::default(),
    };
    // A table's rows, or several documents one after another: credentials of one list belong together.
    if let Some(details) = upright(&section.nodes).filter(entra_sign_in::is_sign_in) {
        reader.visit(&details, DEEPEST);
    } else if section.nodes.len() > 1 && section.nodes.iter().all(entra_application::is_credential) {
        reader.pieces.credentials(&section.nodes);
    } else {
        for node in &section.nodes {
            reader.visit(node, DEEPEST);
        }
    }
    let pieces = std::mem::take(&mut reader.pieces);
    pieces.finish(&mut reader);
}

/// The one record that a table of labels and values is, as a page's details are copied: `Status<tab>Failure`. The first line stands
/// where a table has its header.
fn upright(rows: &[Node]) -> Option<Node> {
    /// No page has more details.
    const LABELS: usize = 100;
    let (first, rest) = (rows.first()?, rows.get(1..).filter(|rest| (2..LABELS).contains(&rest.len()))?);
    let header = match first.entries() {
        [(label, _), (value, _)] => (label.clone(), Node::new(Value::Text(value.name.clone()), value.place.clone())),
        _ => return None,
    };
    let detail = |row: &Node| match row.entries() {
        [(_, label), (_, value)] => {
            let key = Key {
                name: label.text()?.into(),
                place: label.place.clone(),
            };
            Some((key, value.clone()))
        }
        _ => None,
    };
    let details: Option<Vec<_>> = std::iter::once(first).chain(rest).map(detail).collect();
    let entries = std::iter::once(header).chain(details?).collect();
    Some(Node::new(Value::Bag(entries), first.place.clone()))
}

impl Reader<'_, '_> {
    /// Looks at a node: a record, or something that wraps records.
    fn visit(&mut self, node: &Node, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match &node.value {
            Value::List(items, _) => {
                if !items.is_empty() && items.iter().all(entra_application::is_credential) {
                    self.pieces.credentials(items);
                } else if !items.is_empty() && items.iter().all(entra_application::is_resource_access) {
                    self.pieces.permissions(items);
                } else {
                    items.iter().for_each(|item| self.visit(item, depth));
                }
            }
            Value::Bag(_) if self.record(node) => {}
            Value::Bag(_) => self.envelope(node, depth),
            _ => {}
        }
    }

    /// A bag that is no record of its own: looks through the members that hold records.
    fn envelope(&mut self, bag: &Node, depth: usize) {
        if let Some(context) = bag.any(&["@odata.context", "odata.metadata"]).and_then(Node::text) {
            self.note_export(context, bag);
        }
        if bag.any(&["@odata.nextLink", "odata.nextLink"]).is_some_and(|link| !link.is_blank()) {
            let line = bag.place.line;
            self.found
                .cut(line, text!("the export has further pages (@odata.nextLink) that are not in the bundle"));
        }
        if entra_terraform::is_terraform(bag) {
            entra_terraform::read(self, bag);
            return;
        }
        for (_, member) in bag.entries() {
            if matches!(member.value, Value::List(..) | Value::Bag(_)) {
                self.visit(member, depth);
            }
        }
    }

    /// Exports that list policies are evidence even where they list none.
    fn note_export(&mut self, context: &str, bag: &Node) {
        let context = context.to_ascii_lowercase();
        let origin = self.source.origin_of(bag);
        if !bag.has("value") {
            return;
        }
        if context.contains("tokenlifetimepolicies") {
            self.found
                .recognise("entra-token-policy", text!("@odata.context names tokenLifetimePolicies"));
            self.found.facts.entra.token_policy_exports.push(Fact::new((), origin));
        } else if context.contains("conditionalaccess/policies") {
            self.found
                .recognise("entra-conditional-access", text!("@odata.context names conditionalAccess/policies"));
            self.found.facts.entra.conditional_access_exports.push(Fact::new((), origin));
        } else if context.contains("auditlogs/signins") {
            self.found.recognise("entra-sign-ins", text!("@odata.context names auditLogs/signIns"));
            self.found.facts.entra.sign_in_exports.push(Fact::new((), origin));
        }
    }

    /// Reads `bag` if it is a record of a known kind (the first that matches, in the order that tells them apart).
    fn record(&mut self, bag: &Node) -> bool {
        let has = |name: &str| bag.has(name);
        if entra_sign_in::is_sign_in(bag) {
            entra_sign_in::read(self, bag);
        } else if has("activityDisplayName") && has("targetResources") || entra_audit::is_diagnostic(bag) || entra_audit::is_portal_row(bag) {
            entra_audit::read(self, bag);
        } else if entra_conditional_access::is_policy(bag) {
            entra_conditional_access::read(self, bag);
        } else if entra_conditional_access::is_named_location(bag) {
            entra_conditional_access::read_location(self, bag);
        } else if entra_policies::is_token_policy(bag) {
            entra_policies::read_token_policy(self, bag);
        } else if entra_policies::is_security_defaults(bag) {
            entra_policies::read_security_defaults(self, bag);
        } else if entra_policies::is_authorization_policy(bag) {
            entra_policies::read_authorization_policy(self, bag);
        } else if har::is_archive(bag) {
            har::read(self, bag);
        } else if entra_service_principal::is_service_principal(bag) {
            entra_service_principal::read(self, bag);
        } else if entra_consent::is_grant(bag) {
            entra_consent::read_grant(self, bag);
        } else if entra_consent::is_role_assignment(bag) {
            entra_consent::read_role_assignment(self, bag);
        } else if entra_consent::is_assessed_application(bag) {
            entra_consent::read_assessed_application(self, bag);
        } else if entra_application::is_application(bag) {
            entra_application::read(self, bag);
        } else if entra_token::is_answer(bag) {
            entra_token::read_answer(self, bag);
        } else if entra_token::is_claims(bag) {
            entra_token::read_claims(self, bag);
        } else {
            return false;
        }
        true
    }

    /// The place of a record: that of `key` where it has one, else its own.
    pub(super) fn origin_at(&self, bag: &Node, key: &str) -> Origin {
        match bag.get(key) {
            Some(node) => self.source.origin_of_property(key, node),
            None => self.source.origin_of(bag),
        }
    }

    /// Reads a date, in whatever culture the export was saved in; `None` if the member doesn't show which.
    pub(super) fn date(&self, text: &str) -> Option<Stamp> {
        Stamp::parse(text).or_else(|| self.dates.get_or_init(|| DateOrder::of_text(self.source.text.as_str())).read(text))
    }

    /// Notes a time at which evidence was taken.
    pub(super) fn dated(&mut self, stamp: Stamp, origin: &Origin) {
        self.found.facts.dated.push(Fact::new(stamp, origin.clone()));
    }
}

/// `Get-MgPolicyTokenLifetimePolicy` and the like print nothing where there is no policy: a prompt with nothing under it says so.
fn empty_output(source: &Source<'_>, section: &Section, found: &mut Findings) {
    let Some(command) = &section.command else { return };
    let printed_nothing = (section.first_line.max(command.line + 1)..=section.last_line).all(|line| source.text.line(line).trim().is_empty());
    let text = command.text.to_ascii_lowercase();
    if !printed_nothing || text.contains('|') && text.contains("where") || text.contains("out-file") || text.contains("export-") || text.contains('>')
    {
        return;
    }
    let origin = Origin::line(source.path, command.line, &command.text);
    if ["get-mgpolicytokenlifetimepolicy", "get-mgbetapolicytokenlifetimepolicy"]
        .iter()
        .any(|cmdlet| text.contains(cmdlet))
    {
        found.recognise(
            "entra-token-policy",
            text!("a command that lists token lifetime policies, and printed none"),
        );
        found.facts.entra.token_policy_exports.push(Fact::new((), origin));
    }
}
