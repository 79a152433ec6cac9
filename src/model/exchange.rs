//! What a bundle says of Exchange Online: protocols, mailboxes, rights, licences, users.

use super::{Fact, Field, Stamp};
use crate::model::Text;

/// Protocol switches of a mailbox (`Get-CASMailbox`).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct CasMailbox {
    /// Primary address, lower case.
    pub address: Field<String>,
    /// Every address that the export shows, lower case. Lists are often shortened: an address that is missing proves nothing.
    pub addresses: Field<Vec<String>>,
    /// Display name.
    pub name: Field<String>,
    /// Directory object id, lower case.
    pub object_id: Field<String>,
    /// IMAP on.
    pub imap: Field<bool>,
    /// POP3 on.
    pub pop: Field<bool>,
    /// SMTP AUTH off (`SmtpClientAuthenticationDisabled`): empty means "as the organisation", absent means not collected.
    pub smtp_auth_disabled: Field<bool>,
    /// Whatever else names it: `Identity`, `Name`, `Guid`, `Alias`, lower case.
    pub other_names: Vec<String>,
    /// File name that may name the mailbox where the export doesn't.
    pub hint: Option<String>,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// The organisation's transport settings (`Get-TransportConfig`).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct TransportConfig {
    /// SMTP AUTH off for mailboxes without a value of their own.
    pub smtp_auth_disabled: Field<bool>,
    /// Old TLS versions admitted on the legacy endpoints.
    pub allow_legacy_tls: Field<bool>,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// The organisation's settings (`Get-OrganizationConfig`).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct OrganizationConfig {
    /// Modern authentication.
    pub modern_auth: Field<bool>,
    /// Default authentication policy.
    pub default_authentication_policy: Field<String>,
}

/// An authentication policy. `AllowBasicAuth*` governs basic authentication only.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct AuthenticationPolicy {
    /// Its name.
    pub name: Field<String>,
    /// Basic authentication over SMTP.
    pub allow_basic_smtp: Field<bool>,
    /// Basic authentication over IMAP.
    pub allow_basic_imap: Field<bool>,
    /// Basic authentication over POP3.
    pub allow_basic_pop: Field<bool>,
}

/// A mailbox or other recipient (`Get-Mailbox`, `Get-Recipient`, `Get-User`).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Mailbox {
    /// Primary address, lower case.
    pub address: Field<String>,
    /// User principal name, lower case.
    pub upn: Field<String>,
    /// Every address that the export shows, lower case. Lists are often shortened: an address that is missing proves nothing.
    pub addresses: Field<Vec<String>>,
    /// Display name.
    pub name: Field<String>,
    /// Directory object id, lower case.
    pub object_id: Field<String>,
    /// `UserMailbox`, `SharedMailbox`, `MailUser`, `GroupMailbox` …
    pub kind: Field<String>,
    /// Mailbox plan (`ExchangeOnlineEnterprise-<GUID>`).
    pub plan: Field<String>,
    /// Sign-in blocked. By design so for shared mailboxes.
    pub account_disabled: Field<bool>,
    /// Has a licence.
    pub sku_assigned: Field<bool>,
    /// Forwarding address.
    pub forwarding: Field<String>,
    /// Soft-deleted or inactive, in words.
    pub deleted: Field<Text>,
    /// Authentication policy.
    pub authentication_policy: Field<String>,
    /// Addresses or names that may send on behalf.
    pub send_on_behalf: Field<Vec<String>>,
    /// Whatever else names it: `Identity`, `Name`, `Guid`, `Alias`, lower case.
    pub other_names: Vec<String>,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// One mailbox permission.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct MailboxPermission {
    /// Mailbox, as written: address, name, GUID or alias.
    pub mailbox: Field<String>,
    /// Who.
    pub user: Field<String>,
    /// `FullAccess` and others; unreadable if cut.
    pub rights: Field<Vec<String>>,
    /// Taken away rather than given.
    pub deny: Field<bool>,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// One recipient permission.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct RecipientPermission {
    /// Recipient, as written.
    pub recipient: Field<String>,
    /// Who.
    pub trustee: Field<String>,
    /// `SendAs`.
    pub rights: Field<Vec<String>>,
    /// `Deny` rather than `Allow`.
    pub deny: Field<bool>,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// What is known of a user's licence.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Licence {
    /// User principal name or object id, lower case; absent where the export doesn't name the user.
    pub user: Field<String>,
    /// File name that may name the user where the export doesn't.
    pub hint: Option<String>,
    /// SKUs: part numbers, GUIDs or product names, as written. Empty: unlicensed.
    pub skus: Field<Vec<String>>,
    /// Service plans with their state.
    pub plans: Field<Vec<Fact<ServicePlan>>>,
    /// True if the export lists every service plan of every SKU, so that a plan that is missing is not there.
    pub plans_complete: bool,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// A service plan of a licence.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ServicePlan {
    /// Name or GUID, as written.
    pub name: String,
    /// GUID, lower case, if both are there.
    pub id: Option<String>,
    /// `Success`, `Disabled`, `PendingActivation` …; `None` if the export doesn't say.
    pub status: Option<String>,
    /// SKU that brings it, as in [`Licence::skus`], if the export says so.
    pub sku: Option<String>,
}

/// A directory user.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct User {
    /// User principal name, lower case.
    pub upn: Field<String>,
    /// Object id, lower case.
    pub object_id: Field<String>,
    /// Display name.
    pub name: Field<String>,
    /// Sign-in allowed (`accountEnabled`, `BlockCredential` inverted).
    pub enabled: Field<bool>,
    /// Password never expires.
    pub password_never_expires: Field<bool>,
    /// Password has expired or must be changed, in words.
    pub password_state: Field<Text>,
    /// Deleted, in words.
    pub deleted: Field<Text>,
    /// When it was printed, if known.
    pub taken: Option<Stamp>,
}

/// A command that did not find the recipient it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotFound {
    /// What it was asked for, lower case: an address or another name.
    pub identity: String,
    /// The command, `Get-CASMailbox`, if known.
    pub command: Option<String>,
    /// When, if known.
    pub taken: Option<Stamp>,
}

/// Everything a member says of Exchange Online.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct ExchangeFacts {
    /// Protocol switches.
    pub cas_mailboxes: Vec<Fact<CasMailbox>>,
    /// Transport settings.
    pub transport: Vec<Fact<TransportConfig>>,
    /// Organisation settings.
    pub organization: Vec<Fact<OrganizationConfig>>,
    /// Authentication policies.
    pub authentication_policies: Vec<Fact<AuthenticationPolicy>>,
    /// Mailboxes and recipients.
    pub mailboxes: Vec<Fact<Mailbox>>,
    /// Mailbox permissions.
    pub mailbox_permissions: Vec<Fact<MailboxPermission>>,
    /// Recipient permissions.
    pub recipient_permissions: Vec<Fact<RecipientPermission>>,
    /// Licences.
    pub licences: Vec<Fact<Licence>>,
    /// Users.
    pub users: Vec<Fact<User>>,
    /// Commands that answered "couldn't be found": proof that there was no such recipient.
    pub not_found: Vec<Fact<NotFound>>,
}

impl ExchangeFacts {
    /// Takes over the facts of another member, behind its own.
    pub fn append(&mut self, other: Self) {
        self.cas_mailboxes.extend(other.cas_mailboxes);
        self.transport.extend(other.transport);
        self.organization.extend(other.organization);
        self.authentication_policies.extend(other.authentication_policies);
        self.mailboxes.extend(other.mailboxes);
        self.mailbox_permissions.extend(other.mailbox_permissions);
        self.recipient_permissions.extend(other.recipient_permissions);
        self.licences.extend(other.licences);
        self.users.extend(other.users);
        self.not_found.extend(other.not_found);
    }
}
