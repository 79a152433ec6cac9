//! Rights on mailboxes: `Get-MailboxPermission` (FullAccess) and `Get-RecipientPermission` (SendAs).

use super::{Hint, Record};
use crate::model::{Fact, Field, MailboxPermission, RecipientPermission};
use crate::parse::Findings;
use crate::text;

/// How a mailbox is named in a permission's row.
const MAILBOX: &[&str] = &["Identity", "Mailbox", "PrimarySmtpAddress", "UserPrincipalName"];

pub(super) fn read(record: &Record<'_>, out: &mut Findings) -> bool {
    if !record.has(&["accessrights"]) || record.has(&["foldername", "sharingpermissionflags"]) {
        return false;
    }
    if record.has(&["trustee"]) {
        out.recognise("exchange-recipient-permission", text!("rights to send as a recipient"));
        let permission = RecipientPermission {
            recipient: record.or_asked(record.identity(&["Identity", "Recipient", "Mailbox", "PrimarySmtpAddress"])),
            trustee: record.identity(&["Trustee"]),
            rights: rights(record, "sendas"),
            deny: record
                .text(&["AccessControlType"])
                .and_then(|word| match word.trim().to_ascii_lowercase().as_str() {
                    "allow" | "0" => Some(false),
                    "deny" | "1" => Some(true),
                    _ => None,
                }),
            taken: record.taken(),
        };
        out.facts.exchange.recipient_permissions.push(Fact::new(permission, record.origin()));
        return true;
    }
    let telling = record.has(&["deny", "isinherited", "inheritancetype", "identity"]) || record.is(Hint::MailboxPermission);
    if !(record.has(&["user"]) && telling) {
        return false;
    }
    out.recognise("exchange-mailbox-permission", text!("rights to open a mailbox"));
    let permission = MailboxPermission {
        mailbox: record.or_asked(record.identity(MAILBOX)),
        user: record.identity(&["User"]),
        rights: rights(record, "fullaccess"),
        deny: record.boolean(&["Deny"]),
        taken: record.taken(),
    };
    out.facts.exchange.mailbox_permissions.push(Fact::new(permission, record.origin()));
    true
}

/// The rights, lower case. A shortened list counts only if `wanted` is among those that are visible.
fn rights(record: &Record<'_>, wanted: &str) -> Field<Vec<String>> {
    let (field, missing) = record.texts(&["AccessRights"], &[',', ';', '+', '|']);
    field.and_then(|rights| {
        let rights: Vec<String> = rights.iter().map(|r| r.to_lowercase().replace([' ', '-'], "")).collect();
        (!missing || rights.iter().any(|r| r == wanted)).then_some(rights)
    })
}
