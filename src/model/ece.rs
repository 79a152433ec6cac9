//! What a bundle says of ECE itself: version, settings, aliases, e-mail accounts, servers.

use super::{Fact, Field, Version};
use crate::word;

/// Where a setting's value counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Scope {
    /// A partition, by its number as written (`1`), or `default` where the export doesn't number it.
    Partition(String),
    /// A department, by its number or name.
    Department(String),
    /// The export doesn't say.
    Unknown,
}

/// Settings that a check looks at. Their labels per release stand in `data/setting-labels.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum SettingKey {
    /// `External URL of Application`, 12.6 and later (tech note "System configuration").
    ExternalUrl,
    /// `Web server URL or Load Balancer URL`, 11.5 to 12.5.
    WebServerUrl,
    /// Default SMTP server, used for alarms and notifications.
    DefaultSmtpServer,
    /// Port of the default SMTP server.
    DefaultSmtpPort,
    /// User of the default SMTP server.
    DefaultSmtpUser,
    /// Authentication type of the default SMTP server (15.0 and later).
    DefaultSmtpAuthentication,
    /// Client id of the OAuth application object.
    OauthClientId,
    /// Client secret of the OAuth application object: its shape only is kept.
    OauthClientSecret,
    /// Authorization URL of the OAuth application object.
    OauthAuthorizeUrl,
    /// Token URL of the OAuth application object.
    OauthTokenUrl,
    /// Scopes of the OAuth application object.
    OauthScope,
    /// Redirect URL of the OAuth application object.
    OauthRedirectUrl,
    /// Tenant of the OAuth application object.
    OauthTenant,
}

/// One row of a settings export.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Setting {
    /// Which setting, if a check knows it.
    pub key: SettingKey,
    /// The label as written.
    pub label: String,
    /// Where it counts.
    pub scope: Scope,
    /// Partition that it belongs to, where the export names one; for a department's value the partition of the department.
    pub partition: Option<String>,
    /// The value as it stands, stray blanks included; empty if the row is there and has none. A secret's value is never kept (see
    /// `shape`): it reads `(hidden)`.
    pub value: Field<String>,
    /// The value of a secret setting, out of sight; `value` then only says that there is one.
    pub secret: Option<super::Secret>,
    /// True if the table has no header, and the value was found by the label beside it.
    pub guessed: bool,
}

/// State of an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum AliasState {
    /// Polled.
    Active,
    /// Not polled; mail is still sent.
    Inactive,
    /// Disabled by the product (repeated authentication failure, full skip list).
    Disabled,
    /// Authentication failed.
    LoginFailed,
}

/// How mail is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Inbound {
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// Microsoft Graph.
    Graph,
}

/// An e-mail alias, from an `EGML_MAILHOST` export or a table made by hand.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Alias {
    /// The address (lower case), if the export has one.
    pub address: Field<String>,
    /// Its name.
    pub name: Field<String>,
    /// Its id.
    pub id: Field<String>,
    /// Its state.
    pub state: Field<AliasState>,
    /// Department, by number or name.
    pub department: Field<String>,
    /// Retriever instance that polls it.
    pub instance: Field<String>,
    /// Protocol of fetching, where named.
    pub inbound: Field<Inbound>,
    /// Server that mail is fetched from.
    pub in_host: Field<String>,
    /// Its port.
    pub in_port: Field<u16>,
    /// Login for fetching.
    pub in_login: Field<String>,
    /// Connection type of fetching, as written (`SSL`, `0` …).
    pub in_security: Field<String>,
    /// Server that mail is sent through.
    pub out_host: Field<String>,
    /// Its port.
    pub out_port: Field<u16>,
    /// Login for sending.
    pub out_login: Field<String>,
    /// Connection type of sending, as written.
    pub out_security: Field<String>,
    /// Authentication type, as written (`OAuth 2.0`, `Basic`).
    pub authentication: Field<String>,
    /// E-mail account that it belongs to.
    pub account: Field<String>,
    /// Whether sending falls back to unauthenticated SMTP.
    pub smtp_fallback: Field<bool>,
    /// Whether it is the department's default alias.
    pub is_default: Field<bool>,
    /// Whether the row is deleted (`delete_flag = 'y'`): listed, not judged.
    pub deleted: Field<bool>,
    /// When it was last changed (`last_modified` is UTC).
    pub last_modified: Field<super::Stamp>,
    /// True if the table has no header, and columns were found by what stands in them.
    pub guessed: bool,
}

/// Kind of an e-mail account (tech note "Account types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum AccountKind {
    /// One account and token per mailbox.
    Mailbox,
    /// One account whose user opens several mailboxes.
    Shared,
}

/// An e-mail account of 12.6 and later: provider, server type, kind, user.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct MailAccount {
    /// Its name.
    pub name: Field<String>,
    /// `Active` or not, as written.
    pub status: Field<String>,
    /// Provider, as written (`Microsoft Office 365`).
    pub provider: Field<String>,
    /// Endpoint (national cloud), as written (`Worldwide`).
    pub endpoint: Field<String>,
    /// How mail is fetched: `IMAP and SMTP`, `POP3 and SMTP`, `Graph API`.
    pub server_type: Field<Inbound>,
    /// Server address.
    pub address: Field<String>,
    /// Authentication type, as written.
    pub authentication: Field<String>,
    /// Mailbox or shared account.
    pub kind: Field<AccountKind>,
    /// User that the token was generated for.
    pub user: Field<String>,
    /// Addresses or names of the aliases that it serves.
    pub aliases: Field<Vec<String>>,
}

/// What a server does in an ECE deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum ServerRole {
    /// Consoles, first token, alarm mail.
    Application,
    /// Retriever, dispatcher, token refreshes.
    Services,
    /// IIS in front of the application server.
    Web,
    /// SQL Server.
    Database,
    /// File server.
    File,
}

impl ServerRole {
    /// The role in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Application => word!("application server"),
            Self::Services => word!("services server"),
            Self::Web => word!("web server"),
            Self::Database => word!("database server"),
            Self::File => word!("file server"),
        }
    }
}

/// A server named in a note or an inventory.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ServerNote {
    /// Host name, as written.
    pub host: String,
    /// Address, if named.
    pub ip: Option<String>,
    /// Role, if named.
    pub role: Option<ServerRole>,
}

/// How a text names a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum VersionRole {
    /// The one that runs (`now running`, `after`, `current`).
    Running,
    /// One that was left (`before`, `old`, `upgraded from`).
    Former,
    /// One that is planned or needed (`requires`, `upgrade to`).
    Planned,
    /// Named without saying.
    Named,
    /// Stands in a file's name: counts where no text names any.
    FileName,
}

/// A version of ECE named in a text.
#[derive(Clone, Debug, serde::Serialize)]
pub struct VersionNote {
    /// The version.
    pub version: Version,
    /// What the text says of it.
    pub role: VersionRole,
}

/// A row of `EGPL_CONFIG_PROPERTY`, kept where it concerns mail (`rx.alias.<address>`, `dx.alias.<address>`).
#[derive(Clone, Debug, serde::Serialize)]
pub struct ConfigProperty {
    /// `rx.alias.sales@example.com`.
    pub domain: String,
    /// `incoming_debug_flag`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Everything a member says of ECE.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct EceFacts {
    /// Rows of settings exports that a check knows.
    pub settings: Vec<Fact<Setting>>,
    /// Exports of partition or department settings, whether or not they hold a known row.
    pub settings_exports: Vec<Fact<()>>,
    /// Aliases.
    pub aliases: Vec<Fact<Alias>>,
    /// E-mail accounts.
    pub accounts: Vec<Fact<MailAccount>>,
    /// Versions named.
    pub versions: Vec<Fact<VersionNote>>,
    /// Servers named.
    pub servers: Vec<Fact<ServerNote>>,
    /// Properties of aliases.
    pub properties: Vec<Fact<ConfigProperty>>,
    /// Start-page URLs of chat entry points (further witnesses of the FQDN).
    pub entry_points: Vec<Fact<String>>,
}

impl EceFacts {
    /// Takes over the facts of another member, behind its own.
    pub fn append(&mut self, other: Self) {
        self.settings.extend(other.settings);
        self.settings_exports.extend(other.settings_exports);
        self.aliases.extend(other.aliases);
        self.accounts.extend(other.accounts);
        self.versions.extend(other.versions);
        self.servers.extend(other.servers);
        self.properties.extend(other.properties);
        self.entry_points.extend(other.entry_points);
    }
}

/// An e-mail address for comparing: without blanks, quotes, angle brackets and `SMTP:` prefix, in any order; lower case.
pub fn fold_address(address: &str) -> String {
    let around = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | ';' | ',');
    let address = address.trim_matches(around);
    let is_prefix = |prefix: &&str| prefix.eq_ignore_ascii_case("smtp:");
    let bare = address.get(..5).filter(is_prefix).map_or(address, |prefix| &address[prefix.len()..]);
    bare.trim_matches(around).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_whatever_stands_around_them() {
        for written in [
            "SMTP:Sales@contoso.com",
            "smtp: <sales@contoso.com>",
            "<sales@contoso.com> ;",
            "'Sales@Contoso.com' ,",
        ] {
            assert_eq!(fold_address(written), "sales@contoso.com", "{written}");
        }
    }
}
