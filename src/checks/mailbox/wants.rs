//! Evidence that settles what is open about mailboxes, with the exact command.

use crate::finding::{Role, Want};

pub(super) use crate::checks::wanted::{accounts, aliases};

pub(super) fn cas(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        format!("the protocol switches of {address}"),
        format!("Get-CASMailbox {address} | Format-List PrimarySmtpAddress,ImapEnabled,PopEnabled,SmtpClientAuthenticationDisabled"),
    )
}

pub(super) fn transport() -> Want {
    Want::new(
        Role::ExchangeAdmin,
        "the organisation's SMTP AUTH setting",
        "Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled",
    )
}

pub(super) fn mailbox(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        format!("type and state of {address}"),
        format!(
            "Get-Mailbox {address} | Format-List DisplayName,PrimarySmtpAddress,UserPrincipalName,RecipientTypeDetails,AccountDisabled,MailboxPlan,SKUAssigned,EmailAddresses"
        ),
    )
}

pub(super) fn recipient(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        format!("what kind of recipient {address} is"),
        format!("Get-Recipient {address} | Format-List DisplayName,PrimarySmtpAddress,RecipientTypeDetails"),
    )
}

pub(super) fn permission(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        format!("who may open {address}"),
        format!("Get-MailboxPermission {address} | Format-List Identity,User,AccessRights,IsInherited,Deny"),
    )
}

pub(super) fn send_as(address: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        format!("who may send as {address}"),
        format!("Get-RecipientPermission {address} | Format-List Identity,Trustee,AccessControlType,AccessRights"),
    )
}

pub(super) fn group(name: &str) -> Want {
    Want::new(
        Role::ExchangeAdmin,
        format!("what {name} is, and its members if it is a group"),
        format!(
            "Get-Recipient \"{name}\" | Format-List RecipientTypeDetails,PrimarySmtpAddress; Get-DistributionGroupMember \"{name}\" | Format-List PrimarySmtpAddress"
        ),
    )
}

pub(super) fn licence(user: &str) -> Want {
    Want::new(
        Role::EntraAdmin,
        format!("the licences of {user} with their service plans"),
        format!("Get-MgUserLicenseDetail -UserId {user} | ConvertTo-Json -Depth 5"),
    )
}

pub(super) fn user(user: &str) -> Want {
    Want::new(
        Role::EntraAdmin,
        format!("whether {user} may sign in"),
        format!(
            "Get-MgUser -UserId {user} -Property UserPrincipalName,AccountEnabled,PasswordPolicies,LastPasswordChangeDateTime | Format-List UserPrincipalName,AccountEnabled,PasswordPolicies,LastPasswordChangeDateTime"
        ),
    )
}
