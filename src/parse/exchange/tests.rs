use super::*;
use crate::bundle::{Encoding, Text};
use crate::model::ExchangeFacts;
use crate::syntax::{Command, Place};
use std::sync::Arc;

/// Everything that `text`, a member called `name`, says of Exchange Online.
fn facts(name: &str, text: &str) -> ExchangeFacts {
    let path: Arc<str> = Arc::from(name);
    let text = Text::new(text.to_owned(), Encoding::Utf8, 0);
    let source = Source { path: &path, text: &text };
    let mut out = Findings::default();
    for section in crate::syntax::sections(&text) {
        parse(&source, &section, &mut out);
    }
    out.facts.exchange
}

/// What one `Format-List` record (or, without properties, the plain text) under `command` says.
fn under(command: &str, printed: &[(&str, &str)], plain: &str) -> ExchangeFacts {
    let path: Arc<str> = Arc::from("session.txt");
    let lines: String = printed.iter().map(|(name, value)| format!("{name} : {value}\n")).collect();
    let text = Text::new(format!("PS C:\\> {command}\n{lines}{plain}"), Encoding::Utf8, 0);
    let place = |line| Place {
        line,
        column: 1,
        ..Place::default()
    };
    let entries: Vec<(Key, Node)> = (2..)
        .zip(printed)
        .map(|(line, (name, value))| {
            let key = Key {
                name: (*name).into(),
                place: place(line),
            };
            let value = if value.is_empty() { Value::Null } else { Value::Text((*value).into()) };
            (key, Node::new(value, place(line)))
        })
        .collect();
    let section = Section {
        syntax: if printed.is_empty() { Syntax::Lines } else { Syntax::FormatList },
        command: Some(Command {
            text: command.to_owned(),
            line: 1,
        }),
        host: None,
        printed: None,
        name: None,
        nodes: if printed.is_empty() {
            Vec::new()
        } else {
            vec![Node::new(Value::Bag(entries), place(2))]
        },
        first_line: 2,
        last_line: text.line_count(),
    };
    let mut out = Findings::default();
    parse(&Source { path: &path, text: &text }, &section, &mut out);
    out.facts.exchange
}

#[test]
fn an_absent_column_is_not_collected_and_an_empty_value_inherits() {
    let with = facts(
        "c.csv",
        "\"PrimarySmtpAddress\",\"ImapEnabled\",\"PopEnabled\",\"SmtpClientAuthenticationDisabled\"\n\"Sales@contoso.com\",\"True\",\"False\",\n",
    );
    let cas = &with.cas_mailboxes[0];
    assert_eq!(cas.address.get().map(String::as_str), Some("sales@contoso.com"));
    assert_eq!((cas.imap.get(), cas.pop.get()), (Some(&true), Some(&false)));
    assert!(cas.smtp_auth_disabled.is_empty());
    let without = facts("c.csv", "PrimarySmtpAddress;ImapEnabled;PopEnabled\nsales@contoso.com;VERO;FALSO\n");
    assert!(!without.cas_mailboxes[0].smtp_auth_disabled.is_present());
    assert_eq!(without.cas_mailboxes[0].pop.get(), Some(&false));
}

#[test]
fn the_command_tells_whose_switch_it_is() {
    let switch = [("SmtpClientAuthenticationDisabled", "True")];
    let organisation = under("Get-TransportConfig | fl SmtpClientAuthenticationDisabled", &switch, "");
    assert_eq!(organisation.transport[0].smtp_auth_disabled.get(), Some(&true));
    assert!(organisation.cas_mailboxes.is_empty());
    let mailbox = under("Get-CASMailbox sales@contoso.com | fl *smtp*", &switch, "");
    assert!(mailbox.transport.is_empty());
    assert_eq!(mailbox.cas_mailboxes[0].address.get().map(String::as_str), Some("sales@contoso.com"));
    assert_eq!(mailbox.cas_mailboxes[0].smtp_auth_disabled.get(), Some(&true));
    let bare = under("(Get-TransportConfig).SmtpClientAuthenticationDisabled", &[], "False\n");
    assert_eq!(bare.transport[0].smtp_auth_disabled.get(), Some(&false));
}

#[test]
fn an_empty_switch_without_owner_is_no_organisation() {
    let facts = facts("out.csv", "SmtpClientAuthenticationDisabled\n\"\"\n");
    assert!(facts.transport.is_empty() && facts.cas_mailboxes.is_empty());
}

#[test]
fn plans_for_new_mailboxes_are_no_mailboxes() {
    let csv = "DisplayName,Identity,ImapEnabled,PopEnabled\nExchangeOnlineDeskless,ExchangeOnlineDeskless-0f1,False,True\n";
    assert!(facts("plans.csv", csv).cas_mailboxes.is_empty());
}

#[test]
fn addresses_join_with_whatever_stands_between_them() {
    let csv = "DisplayName,EmailAddresses,ImapEnabled,PopEnabled\nSales,smtp:s@contoso.onmicrosoft.com;SMTP:sales@contoso.com,True,True\n";
    let facts = facts("c.csv", csv);
    assert_eq!(facts.cas_mailboxes[0].address.get().map(String::as_str), Some("sales@contoso.com"));
    assert_eq!(facts.cas_mailboxes[0].addresses.get().map(Vec::len), Some(2));
}

#[test]
fn reads_rights_and_leaves_folder_permissions_alone() {
    let csv = "Identity,User,AccessRights,IsInherited,Deny\nsales@contoso.com,SVC@contoso.com,\"FullAccess, ReadPermission\",False,True\n";
    let read = facts("p.csv", csv);
    let permission = &read.mailbox_permissions[0];
    assert_eq!(
        permission.rights.get().cloned(),
        Some(vec!["fullaccess".to_owned(), "readpermission".to_owned()])
    );
    assert_eq!(permission.deny.get(), Some(&true));
    assert_eq!(permission.user.get().map(String::as_str), Some("svc@contoso.com"));
    let csv = "Identity,Trustee,AccessControlType,AccessRights\nSales,svc@contoso.com,Allow,{SendAs}\n";
    let read = facts("r.csv", csv);
    assert_eq!(read.recipient_permissions[0].rights.get().cloned(), Some(vec!["sendas".to_owned()]));
    assert_eq!(read.recipient_permissions[0].deny.get(), Some(&false));
    let csv = "FolderName,User,AccessRights,Identity\nInbox,svc@contoso.com,Owner,x\n";
    assert!(facts("f.csv", csv).mailbox_permissions.is_empty());
}

#[test]
fn a_graph_document_names_its_user_in_its_context() {
    let json = r#"{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('svc@contoso.com')/licenseDetails", "value": [
        {"id": "x", "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "skuPartNumber": "SPE_E3", "servicePlans": [
            {"servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0", "servicePlanName": "EXCHANGE_S_ENTERPRISE", "provisioningStatus": "Disabled", "appliesTo": "User"}]}]}"#;
    let read = facts("l.json", json);
    assert_eq!(read.licences.len(), 1);
    let licence = &read.licences[0];
    assert_eq!(licence.user.get().map(String::as_str), Some("svc@contoso.com"));
    assert!(licence.plans_complete);
    assert_eq!(licence.plans.get().unwrap()[0].status.as_deref(), Some("Disabled"));
    let none = r#"{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('svc@contoso.com')/licenseDetails", "value": []}"#;
    assert!(facts("l.json", none).licences[0].skus.is_empty(), "an empty answer: no licence");
}

#[test]
fn a_plan_whose_state_is_cut_is_not_in_service() {
    let session = "PS C:\\> (Get-MsolUser -UserPrincipalName a@contoso.com).Licenses.ServiceStatus\n\n\
        ServicePlan           ProvisioningStatus\n-----------           ------------------\n";
    let plans = |rows: &str| {
        let licences = facts("s.txt", &format!("{session}{rows}")).licences;
        licences[0].plans.get().map_or(0, Vec::len)
    };
    assert_eq!(plans("TEAMS1                Success\nEXCHANGE_S_ENTERPRISE Disabled"), 2);
    assert_eq!(plans("TEAMS1                Success\nEXCHANGE_S_ENTERPRISE "), 1);
    assert_eq!(plans("EXCHANGE_S_ENTERPRISE"), 0);
}

#[test]
fn the_tenants_stock_of_licences_is_nobodys() {
    let json = r#"{"value": [{"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "skuPartNumber": "SPE_E3", "consumedUnits": 4, "servicePlans": []}]}"#;
    assert!(facts("subscribedSkus.json", json).licences.is_empty());
}

#[test]
fn reads_the_lists_of_users() {
    let csv = "Display name,User principal name,Block credential,Licenses,Password never expires,Proxy addresses\n\
               Sales,sales@contoso.com,True,Office 365 E3+Power BI (free),True,SMTP:sales@contoso.com+smtp:s@contoso.onmicrosoft.com\n\
               Guest,guest@contoso.com,False,Unlicensed,False,\n";
    let read = facts("users.csv", csv);
    assert_eq!(read.users[0].enabled.get(), Some(&false));
    assert_eq!(read.users[0].password_never_expires.get(), Some(&true));
    let of = |user: &str| read.licences.iter().find(|l| l.user.get().is_some_and(|u| u == user)).unwrap();
    assert_eq!(
        of("sales@contoso.com").skus.get().cloned(),
        Some(vec!["Office 365 E3".to_owned(), "Power BI (free)".to_owned()])
    );
    assert!(of("guest@contoso.com").skus.is_empty());
    let msol = under(
        "Get-MsolUser -UserPrincipalName a@contoso.com | fl",
        &[
            ("UserPrincipalName", "a@contoso.com"),
            ("isLicensed", "True"),
            ("Licenses", "{contoso:ENTERPRISEPACK, contoso:EMS}"),
            ("BlockCredential", "False"),
        ],
        "",
    );
    assert_eq!(
        msol.licences[0].skus.get().cloned(),
        Some(vec!["ENTERPRISEPACK".to_owned(), "EMS".to_owned()])
    );
    assert_eq!(msol.users[0].enabled.get(), Some(&true));
    let useless = under(
        "Get-MsolUser -UserPrincipalName a@contoso.com | fl",
        &[
            ("UserPrincipalName", "a@contoso.com"),
            ("isLicensed", "True"),
            (
                "Licenses",
                "System.Collections.Generic.List`1[Microsoft.Online.Administration.UserLicense]",
            ),
        ],
        "",
    );
    assert!(matches!(useless.licences[0].skus, Field::Unreadable(_)));
}

#[test]
fn assigned_licences_keep_which_plans_are_off() {
    let json = r#"{"userPrincipalName": "a@contoso.com", "accountEnabled": true, "passwordProfile": {"forceChangePasswordNextSignIn": true},
        "assignedLicenses": [{"disabledPlans": ["efb87545-963c-4e0d-99df-69c6916d9eb0"], "skuId": "6fd2c87f-b296-42f0-b197-1e91e994b900"}],
        "assignedPlans": [{"capabilityStatus": "Deleted", "service": "exchange", "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0"}]}"#;
    let read = facts("u.json", json);
    let plans = read.licences[0].plans.get().unwrap();
    assert_eq!(plans[0].status.as_deref(), Some("Disabled"));
    assert_eq!(plans[1].status.as_deref(), Some("Deleted"));
    assert!(read.users[0].password_state.get().is_some());
}

#[test]
fn a_command_that_finds_nothing_is_a_proof_even_when_wrapped() {
    let error = "The operation couldn't be performed because object 'nosuch@contoso.com' couldn't be fo\nund on 'DB7PR04A01DC003.EURPR04A001.PROD.OUTLOOK.COM'.\n";
    let read = under("Get-Mailbox nosuch@contoso.com", &[], error);
    assert_eq!(read.not_found[0].identity, "nosuch@contoso.com");
    let localised = "Impossibile trovare l'oggetto.\n+ CategoryInfo : NotSpecified: (:) [Get-CASMailbox], ManagementObjectNotFoundException\n";
    let read = under("Get-CASMailbox -Identity nosuch@contoso.com", &[], localised);
    assert_eq!(read.not_found[0].identity, "nosuch@contoso.com");
    let directory = under("Get-MgUser -UserId a@contoso.com", &[], "Get-MgUser : [Request_ResourceNotFound]\n");
    assert!(directory.not_found.is_empty(), "the directory looks by UPN only");
}

#[test]
fn reads_scubagears_provider_settings() {
    let json = r#"{"transport_config": [{"SmtpClientAuthenticationDisabled": true, "AllowLegacyTLSClients": null, "TLSReceiveDomainSecureList": []}],
        "org_config": [{"OAuth2ClientProfileEnabled": true, "DefaultAuthenticationPolicy": null}],
        "service_plans": [{"ServicePlanName": "EXCHANGE_S_ENTERPRISE", "ProvisioningStatus": "Success"}]}"#;
    let read = facts("ProviderSettingsExport.json", json);
    assert_eq!(read.transport[0].smtp_auth_disabled.get(), Some(&true));
    assert_eq!(read.organization[0].modern_auth.get(), Some(&true));
    assert!(
        read.licences.iter().all(|l| l.user.get().is_none()),
        "the tenant's plans belong to nobody"
    );
}

#[test]
fn lists_made_by_hand_and_in_other_languages_are_read() {
    let table = "| Mailbox | Licence | IMAP | POP | SMTP AUTH |\n|---|---|---|---|---|\n| Support@contoso.com | Exchange Online (Plan 1) | enabled | no | off |\n";
    let found = facts("mailboxes.md", table);
    let mailbox = &found.cas_mailboxes[0].value;
    assert_eq!(mailbox.address.get().unwrap(), "support@contoso.com");
    assert_eq!(
        (mailbox.imap.get(), mailbox.pop.get(), mailbox.smtp_auth_disabled.get()),
        (Some(&true), Some(&false), Some(&true))
    );
    assert_eq!(found.licences[0].value.skus.get().unwrap(), &["Exchange Online (Plan 1)"]);
    let german = "\"Anzeigename\";\"Benutzerprinzipalname\";\"Lizenzen\";\"Anmeldung blockiert\"\n\"Sales\";\"sales@contoso.com\";\"Nicht lizenziert\";\"Wahr\"\n";
    let found = facts("users.csv", german);
    assert!(found.licences[0].value.skus.is_empty());
    assert_eq!(found.users[0].value.enabled.get(), Some(&false));
    // Neither on nor off: a column of servers says nothing of a switch.
    let servers = facts("x.md", "| Mailbox | IMAP |\n|---|---|\n| a@contoso.com | outlook.office365.com |\n");
    assert!(servers.cas_mailboxes.is_empty());
}
