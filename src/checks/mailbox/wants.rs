//! Evidence that settles what is open about mailboxes, with the exact command.

use crate::finding::{Role, Want};
use crate::text;

pub(super) use crate::checks::wanted::{accounts, aliases};

pub(super) fn cas(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("the protocol switches of {address}", address),
        text!(
            "Get-CASMailbox {address} | Format-List PrimarySmtpAddress,ImapEnabled,PopEnabled,SmtpClientAuthenticationDisabled",
            address
        ),
    )
}

pub(super) fn transport() -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("the organisation's SMTP AUTH setting"),
        text!("Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled"),
    )
}

pub(super) fn mailbox(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("type and state of {address}", address),
        text!(
            "Get-Mailbox {address} | Format-List DisplayName,PrimarySmtpAddress,UserPrincipalName,RecipientTypeDetails,AccountDisabled,MailboxPlan,SKUAssigned,EmailAddresses",
            address
        ),
    )
}

pub(super) fn recipient(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("what kind of recipient {address} is", address),
        text!(
            "Get-Recipient {address} | Format-List DisplayName,PrimarySmtpAddress,RecipientTypeDetails",
            address
        ),
    )
}

pub(super) fn permission(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("who may open {address}", address),
        text!(
            "Get-MailboxPermission {address} | Format-List Identity,User,AccessRights,IsInherited,Deny",
            address
        ),
    )
}

pub(super) fn send_as(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("who may send as {address}", address),
        text!(
            "Get-RecipientPermission {address} | Format-List Identity,Trustee,AccessControlType,AccessRights",
            address
        ),
    )
}

pub(super) fn group(name: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        text!("what {name} is, and its members if it is a group", name),
        text!(
            "Get-Recipient \"{name}\" | Format-List RecipientTypeDetails,PrimarySmtpAddress; Get-DistributionGroupMember \"{name}\" | Format-List PrimarySmtpAddress",
            name
        ),
    )
}

pub(super) fn licence(user: &str) -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the licences of {user} with their service plans", user),
        text!("Get-MgUserLicenseDetail -UserId {user} | ConvertTo-Json -Depth 5", user),
    )
}

pub(super) fn user(user: &str) -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("whether {user} may sign in", user),
        text!(
            "Get-MgUser -UserId {user} -Property UserPrincipalName,AccountEnabled,PasswordPolicies,LastPasswordChangeDateTime | Format-List UserPrincipalName,AccountEnabled,PasswordPolicies,LastPasswordChangeDateTime",
            user
        ),
    )
}
