//! Protocol switches: `Get-CASMailbox`, `Get-TransportConfig`, `Get-OrganizationConfig`, `Get-AuthenticationPolicy`.

use super::{Hint, Record};
use crate::model::{AuthenticationPolicy, CasMailbox, Fact, Field, OrganizationConfig, TransportConfig};
use crate::parse::Findings;
use crate::text;

const SWITCH: &str = "SmtpClientAuthenticationDisabled";

/// Names of a mailbox in these exports.
const ADDRESS: &[&str] = &[
    "PrimarySmtpAddress",
    "Primary SMTP Address",
    "EmailAddress",
    "WindowsEmailAddress",
    "Mailbox",
];
const OWNERS: &[&str] = &[
    "primarysmtpaddress",
    "emailaddresses",
    "emailaddress",
    "displayname",
    "userprincipalname",
    "mailbox",
    "externaldirectoryobjectid",
    "samaccountname",
];

pub(super) fn read(record: &Record<'_>, out: &mut Findings) -> bool {
    if is_plan(record) {
        out.recognise(
            "exchange-cas-mailbox-plan",
            text!("defaults of new mailboxes; existing mailboxes have values of their own"),
        );
        return true;
    }
    if is_cas_mailbox(record) {
        out.recognise("exchange-cas-mailbox", text!("protocol switches of mailboxes"));
        out.facts.exchange.cas_mailboxes.push(Fact::new(cas_mailbox(record), record.origin()));
        return true;
    }
    if is_transport(record) {
        out.recognise("exchange-transport-config", text!("the organisation's transport settings"));
        let transport = TransportConfig {
            smtp_auth_disabled: record.boolean(&[SWITCH]),
            allow_legacy_tls: record.boolean(&["AllowLegacyTLSClients"]),
            taken: record.taken(),
        };
        out.facts.exchange.transport.push(Fact::new(transport, record.origin()));
        return true;
    }
    if record.has(&["oauth2clientprofileenabled"]) || (record.is(Hint::Organization) && record.has(&["defaultauthenticationpolicy"])) {
        out.recognise("exchange-organization-config", text!("the organisation's settings"));
        let organization = OrganizationConfig {
            modern_auth: record.boolean(&["OAuth2ClientProfileEnabled"]),
            default_authentication_policy: record.text(&["DefaultAuthenticationPolicy"]),
        };
        out.facts.exchange.organization.push(Fact::new(organization, record.origin()));
        return true;
    }
    if record.keys.iter().any(|key| key.starts_with("allowbasicauth")) {
        out.recognise("exchange-authentication-policy", text!("an authentication policy"));
        let policy = AuthenticationPolicy {
            name: record.text(&["Name", "Identity", "Id"]),
            allow_basic_smtp: record.boolean(&["AllowBasicAuthSmtp"]),
            allow_basic_imap: record.boolean(&["AllowBasicAuthImap"]),
            allow_basic_pop: record.boolean(&["AllowBasicAuthPop"]),
        };
        out.facts.exchange.authentication_policies.push(Fact::new(policy, record.origin()));
        return true;
    }
    false
}

/// CAS mailbox plans look like mailboxes, and say nothing of any mailbox that exists.
fn is_plan(record: &Record<'_>) -> bool {
    let protocols = record.has(&["imapenabled", "popenabled"]);
    record.is(Hint::CasMailboxPlan)
        || (protocols
            && !record.has(&["primarysmtpaddress", "emailaddresses"])
            && record
                .text(&["Identity", "Name", "DisplayName"])
                .get()
                .is_some_and(|name| name.starts_with("ExchangeOnline")))
}

fn is_cas_mailbox(record: &Record<'_>) -> bool {
    let switches = record.has(&["imapenabled", "popenabled", "smtpclientauthenticationdisabled"]);
    (record.has(&["imapenabled"]) && record.has(&["popenabled"]))
        || (switches && record.is(Hint::CasMailbox))
        || (switches && !record.is(Hint::Transport) && record.has(OWNERS))
        || (record.has(&["imapenabled", "popenabled"]) && record.has(&["identity", "name", "owaenabled", "mapienabled", "activesyncenabled"]))
}

fn is_transport(record: &Record<'_>) -> bool {
    let named = record.has(&["tlsreceivedomainsecurelist", "allowlegacytlsclients"]);
    let sole = record.has(&["smtpclientauthenticationdisabled"])
        && match record.context.hint {
            Hint::Transport => true,
            // A mailbox's value may be empty, the organisation's never is; and a file named after the other cmdlet is one of its.
            Hint::Unknown => {
                !record.boolean(&[SWITCH]).is_empty()
                    && !record.context.source.path.to_ascii_lowercase().contains("casmailbox")
                    && !record.has(OWNERS)
            }
            _ => false,
        };
    named || sole
}

fn cas_mailbox(record: &Record<'_>) -> CasMailbox {
    let (addresses, primary) = record.addresses();
    let own = match record.identity(ADDRESS) {
        Field::Value(address) if address.contains('@') => Field::Value(address),
        other => match (primary, addresses.origin()) {
            (Some(primary), Some(origin)) => Field::Value(Fact::new(primary, origin.clone())),
            _ => match other {
                Field::Value(named) => Field::Unreadable(named.origin),
                other => other,
            },
        },
    };
    CasMailbox {
        address: record.or_asked(own),
        addresses,
        name: record.text(&["DisplayName", "Display name", "Name"]),
        object_id: record.identity(&["ExternalDirectoryObjectId", "ObjectId"]),
        imap: record.boolean(&["ImapEnabled"]),
        pop: record.boolean(&["PopEnabled", "Pop3Enabled"]),
        smtp_auth_disabled: record.boolean(&[SWITCH]),
        other_names: record.other_names(),
        hint: record.context.name_hint.clone(),
        taken: record.taken(),
    }
}
