//! Mailboxes and other recipients: `Get-Mailbox`, `Get-EXOMailbox`, `Get-Recipient`, `Get-User`, the admin centre's list.

use super::{Hint, Record};
use crate::model::{Fact, Field, Mailbox, Text};
use crate::parse::Findings;
use crate::text;

const TYPE: &[&str] = &[
    "RecipientTypeDetails",
    "Recipient type details",
    "RecipientType",
    "Recipient type",
    "Mailbox type",
];

pub(super) fn read(record: &Record<'_>, out: &mut Findings) -> bool {
    let typed = record.has(&["recipienttypedetails", "recipienttype", "mailboxtype"]);
    let addressed = record.has(&[
        "primarysmtpaddress",
        "emailaddress",
        "windowsemailaddress",
        "userprincipalname",
        "emailaddresses",
    ]);
    let telling = record.has(&[
        "mailboxplan",
        "grantsendonbehalfto",
        "forwardingsmtpaddress",
        "skuassigned",
        "issoftdeletedbyremove",
        "issoftdeletedbydisable",
        "exchangeguid",
        "archivestatus",
        "authenticationpolicy",
        "isinactivemailbox",
        "accountdisabled",
        "isdirsynced",
        "isshared",
    ]);
    let by_command = record.is(Hint::Mailbox) && (addressed || telling || typed || record.has(&["name", "alias", "displayname"]));
    if !(by_command || (addressed && (typed || telling))) {
        return false;
    }
    out.recognise("exchange-mailbox", text!("mailboxes and other recipients"));
    out.facts.exchange.mailboxes.push(Fact::new(mailbox(record), record.origin()));
    true
}

fn mailbox(record: &Record<'_>) -> Mailbox {
    let (addresses, primary) = record.addresses();
    let own = match record.identity(&[
        "PrimarySmtpAddress",
        "Primary SMTP Address",
        "EmailAddress",
        "Email address",
        "WindowsEmailAddress",
        "Mail",
    ]) {
        Field::Value(address) if address.contains('@') => Field::Value(address),
        other => match (primary, addresses.origin()) {
            (Some(primary), Some(origin)) => Field::Value(Fact::new(primary, origin.clone())),
            _ => other,
        },
    };
    let upn = record.identity(&["UserPrincipalName", "User principal name", "MicrosoftOnlineServicesID", "WindowsLiveID"]);
    let address = match (&own, &upn) {
        (Field::Value(_), _) => own,
        // A list without addresses still names the mailbox by its UPN.
        (_, Field::Value(_)) if !record.context.asked.is_present() => upn.clone(),
        _ => record.or_asked(own),
    };
    let forwarding = match record.identity(&["ForwardingSmtpAddress"]) {
        Field::Value(address) => Field::Value(address),
        other => match record.identity(&["ForwardingAddress"]) {
            Field::Value(address) => Field::Value(address),
            Field::Absent => other,
            present => present,
        },
    };
    let (send_on_behalf, missing) = record.texts(&["GrantSendOnBehalfTo"], &[',', ';']);
    let send_on_behalf = match send_on_behalf {
        Field::Value(names) if missing => Field::Unreadable(names.origin),
        other => other.and_then(|names| Some(names.iter().map(|n| n.to_lowercase()).collect())),
    };
    Mailbox {
        address,
        upn,
        addresses,
        name: record.text(&["DisplayName", "Display name", "Name"]),
        object_id: record.identity(&["ExternalDirectoryObjectId", "ObjectId"]),
        kind: record.text(TYPE),
        plan: record.text(&["MailboxPlan"]),
        account_disabled: record.boolean(&["AccountDisabled"]),
        sku_assigned: record.boolean(&["SKUAssigned"]),
        forwarding,
        deleted: deleted(record),
        authentication_policy: record.text(&["AuthenticationPolicy"]),
        send_on_behalf,
        other_names: record.other_names(),
        taken: record.taken(),
    }
}

/// What shows that the mailbox is soft-deleted or inactive, in words. Present and false is a proof that it isn't.
fn deleted(record: &Record<'_>) -> Field<Text> {
    let flags = [
        ("IsSoftDeletedByRemove", text!("soft-deleted (its user was removed)")),
        ("IsSoftDeletedByDisable", text!("soft-deleted (the mailbox was disabled)")),
        (
            "IsInactiveMailbox",
            text!("an inactive mailbox (kept by a hold after its user was deleted)"),
        ),
    ];
    let mut healthy = None;
    for (name, words) in flags {
        if let Field::Value(flag) = record.boolean(&[name]) {
            if flag.value {
                return Field::Value(Fact::new(words, flag.origin));
            }
            healthy.get_or_insert(flag.origin);
        }
    }
    if let Field::Value(date) = record.text(&["WhenSoftDeleted"]) {
        return Field::Value(Fact::new(text!("soft-deleted on {date}", date = date.value), date.origin));
    }
    if let Field::Value(kind) = record.text(TYPE)
        && kind.to_ascii_lowercase().contains("softdeleted")
    {
        return Field::Value(Fact::new(text!("soft-deleted"), kind.origin));
    }
    // `Get-Mailbox -SoftDeletedMailbox` lists nothing but such mailboxes.
    if let Some(command) = &record.context.section.command
        && command.text.to_ascii_lowercase().contains("-softdeletedmailbox")
    {
        let origin = crate::model::Origin::line(record.context.source.path, command.line, &command.text);
        return Field::Value(Fact::new(text!("soft-deleted"), origin));
    }
    healthy.map_or(Field::Absent, Field::Empty)
}
