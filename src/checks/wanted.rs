//! Evidence that several checks ask for, and the exact screen or command that yields it.

use crate::finding::{Role, Want};
use crate::text;

/// An export of partition and department settings.
pub fn settings() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the partition and department settings, with the row of the external URL"),
        text!(
            "12.6 and later: Administration Console, Partition > Apps > General Settings, `External URL of Application`; 11.5 to 12.5: Administration Console, partition settings, `Web server URL or Load Balancer URL`. \
         Or SQL on the active database: SELECT g.group_name, g.department_id, s.setting_name, p.setting_val FROM eGActiveDB.dbo.EGPL_PREF_GROUP_PREFERENCES p JOIN eGActiveDB.dbo.EGPL_PREF_GLOBALSETTINGS s ON s.setting_id = p.setting_id JOIN eGActiveDB.dbo.EGPL_PREF_GROUP g ON g.group_id = p.group_id"
        ),
    )
}

/// An export of the aliases, without their passwords.
pub fn aliases() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the e-mail aliases with state, server, port and retriever instance"),
        text!(
            "SQL on the active database (passwords left out on purpose): SELECT alias_id, alias_name, recv_email_address, alias_status, department_id, instance_id, is_default_alias, pop3_server, mail_server_port, smtp_server, smtp_port, incoming_connection_type_flag, outgoing_connection_type_flag, delete_flag, last_modified FROM eGActiveDB.dbo.EGML_MAILHOST"
        ),
    )
}

/// The e-mail accounts.
pub fn accounts() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the e-mail accounts with server type, account type, user and aliases"),
        text!(
            "Administration Console, <department> > Apps > Email > Accounts: each account's General and Aliases tabs as a table (Name, Status, Provider, Endpoint, Server Type, Address, Authentication Type, Account type, User name, Aliases)"
        ),
    )
}

/// The manifest of the registration that ECE uses.
pub fn manifest() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the manifest of the app registration that ECE uses"),
        text!(
            "Entra admin center, App registrations > (the ECE app) > Manifest > Download; or PowerShell: Get-MgApplication -Filter \"appId eq '<client id>'\" | ConvertTo-Json -Depth 10"
        ),
    )
}

/// The application server's log of one token generation.
pub fn application_log() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the application server's log of one token generation"),
        text!(
            "Press Generate once in Administration Console, <department> > Apps > Email > Accounts, in a private browser window; then take eService\\logs\\eg_log_<host>_ApplicationServer.log from every application server"
        ),
    )
}

/// The Retriever's log.
pub fn retriever_log() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the Retriever's log of every services server"),
        text!("Take eService\\logs\\eg_log_<host>_rx-process.log and its rotated files from every services server"),
    )
}

/// The address under which the consoles are opened.
pub fn console_address() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("the address under which administrators open the console"),
        text!(
            "A HAR file of opening the console (browser, F12 > Network > Save all as HAR), or the IIS log of the web server: C:\\inetpub\\logs\\LogFiles\\W3SVC1 with the field cs-host"
        ),
    )
}
