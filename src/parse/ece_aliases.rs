//! E-mail aliases: rows of `EGML_MAILHOST` in any shape, tables made by hand from the Aliases screen, eGain's REST JSON, dumps
//! without headers; and the rows of `EGPL_CONFIG_PROPERTY` that belong to an alias.

use super::Findings;
use super::ece_columns::{address_in, column, has, host, number, port, port_of_host, read_inbound, text};
use super::ece_labels::fold_label;
use super::ece_scope::whole_number;
use crate::model::{Alias, AliasState, ConfigProperty, Fact, Field, Stamp};
use crate::syntax::{Node, Section, Source, Syntax, Value, read_boolean};
use crate::text;

const ADDRESS: &[&str] = &[
    "recvemailaddress",
    "emailaddress",
    "aliasaddress",
    "aliasemailaddress",
    "aliasemail",
    "email",
    "emailalias",
    "mailaddress",
    "mail",
    "receivingaddress",
    "indirizzoemail",
    "indirizzodipostaelettronica",
    "indirizzoaliasemail",
    "address",
    "indirizzo",
    "alias",
    "mailbox",
    "smtpaddress",
    "adresseemail",
    "emailadresse",
];
const NAME: &[&str] = &["aliasname", "name", "nomealias", "nome", "alias", "displayname", "nom"];
const ID: &[&str] = &["aliasid", "id", "idalias"];
const STATE: &[&str] = &[
    "aliasstatus",
    "status",
    "state",
    "aliasstate",
    "stato",
    "statoalias",
    "currentstatus",
    "active",
    "enabled",
    "isactive",
    "attivo",
    "statut",
    "estado",
    "zustand",
];
const DEPARTMENT: &[&str] = &["departmentname", "department", "departmentid", "dept", "reparto", "dipartimento"];
const INSTANCE: &[&str] = &[
    "instanceid",
    "retrieverinstance",
    "retrieverinstanceid",
    "retriever",
    "rxinstance",
    "rxinstanceid",
    "serviceinstance",
    "retrieverserviceinstance",
    "instance",
    "istanza",
    "istanzaretriever",
    "istanzadelretriever",
    "istanzarecupero",
    "retrieverid",
    "idistanza",
];
const INBOUND: &[&str] = &[
    "servertype",
    "incomingservertype",
    "incomingprotocol",
    "inboundprotocol",
    "protocol",
    "mailserverprotocol",
    "incomingtype",
    "tiposerver",
    "tipodiserver",
    "protocollo",
    "typeofserver",
    "mailprotocol",
    "retrievalprotocol",
];
const IN_HOST: &[&str] = &[
    "pop3server",
    "incomingserver",
    "incomingmailserver",
    "incomingservername",
    "incominghost",
    "inserver",
    "inboundserver",
    "imapserver",
    "popserver",
    "mailserver",
    "serverinentrata",
    "serverpostainarrivo",
    "serverdipostainarrivo",
    "serverinarrivo",
    "servernameincoming",
    "incomingserveraddress",
    "servername",
    "server",
];
const IN_PORT: &[&str] = &[
    "mailserverport",
    "incomingport",
    "incomingserverport",
    "inport",
    "inboundport",
    "imapport",
    "pop3port",
    "popport",
    "portainentrata",
    "portainarrivo",
    "portaserverinentrata",
    "portaserverpostainarrivo",
];
const IN_LOGIN: &[&str] = &[
    "pop3loginid",
    "incominguser",
    "incomingusername",
    "incominglogin",
    "incomingloginid",
    "incomingserverusername",
    "utenteinentrata",
    "imapuser",
    "popuser",
];
const IN_SECURITY: &[&str] = &[
    "incomingconnectiontypeflag",
    "incomingconnectiontype",
    "incomingconnection",
    "incomingsecurity",
    "incomingencryption",
    "inconnectiontype",
    "incomingssl",
    "tipoconnessioneinentrata",
    "connectiontype",
];
const OUT_HOST: &[&str] = &[
    "smtpserver",
    "outgoingserver",
    "outgoingmailserver",
    "outgoingservername",
    "outgoinghost",
    "outserver",
    "outboundserver",
    "serverinuscita",
    "serverpostainuscita",
    "serverdipostainuscita",
    "smtphost",
    "outgoingserveraddress",
];
const OUT_PORT: &[&str] = &[
    "smtpport",
    "outgoingport",
    "outgoingserverport",
    "outport",
    "outboundport",
    "portainuscita",
    "portasmtp",
    "portaserverinuscita",
];
const OUT_LOGIN: &[&str] = &[
    "smtploginid",
    "outgoinguser",
    "outgoingusername",
    "outgoinglogin",
    "outgoingloginid",
    "smtpuser",
    "smtpusername",
    "utenteinuscita",
];
const OUT_SECURITY: &[&str] = &[
    "outgoingconnectiontypeflag",
    "outgoingconnectiontype",
    "outgoingconnection",
    "outgoingsecurity",
    "outgoingencryption",
    "outconnectiontype",
    "smtpconnectiontype",
    "tipoconnessioneinuscita",
];
const AUTHENTICATION: &[&str] = &[
    "authenticationtype",
    "authentication",
    "authtype",
    "auth",
    "authmethod",
    "authenticationmethod",
    "autenticazione",
    "tipodiautenticazione",
    "tipoautenticazione",
];
const ACCOUNT: &[&str] = &[
    "account",
    "accountname",
    "emailaccount",
    "emailaccountname",
    "mailaccount",
    "accountemail",
    "nomeaccount",
    "accountid",
    "emailaccountid",
];
const DEFAULT: &[&str] = &[
    "isdefaultalias",
    "defaultalias",
    "isdefault",
    "default",
    "aliaspredefinito",
    "predefinito",
];
const DELETED: &[&str] = &["deleteflag", "deleted", "isdeleted", "eliminato"];
const MODIFIED: &[&str] = &["lastmodified"];
/// Columns that only aliases have, beside an address.
const ALIAS_SIGNS: &[&[&str]] = &[INSTANCE, IN_HOST, IN_PORT, OUT_HOST, OUT_PORT, IN_SECURITY];
/// Columns of Exchange's and Entra's own exports, which have addresses and states too.
const FOREIGN: &[&str] = &[
    "primarysmtpaddress",
    "imapenabled",
    "popenabled",
    "recipienttypedetails",
    "recipienttype",
    "userprincipalname",
    "exchangeguid",
    "licenses",
    "islicensed",
    "accessrights",
    "provider",
    "accounttype",
    "objectid",
    "createddatetime",
    "localport",
    "remoteaddress",
    "tcptestsucceeded",
    "foreignaddress",
];
/// Deepest nesting that is followed.
const DEPTH: usize = 64;

/// Reads aliases and their properties out of a section.
pub fn parse(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    let before = findings.facts.ece.aliases.len();
    let in_alias_place = |name: &str| ["alias", "mailhost"].iter().any(|w| fold_label(name).contains(w));
    let named = section.name.as_deref().is_some_and(in_alias_place) || in_alias_place(source.path.rsplit(['/', '!', '\\']).next().unwrap_or(""));
    if section.nodes.iter().all(is_headerless) && !section.nodes.is_empty() {
        super::ece_alias_dump::read(source, &section.nodes, findings);
    } else {
        for node in &section.nodes {
            walk(source, node, named, findings, DEPTH);
        }
    }
    if matches!(section.syntax, Syntax::Json | Syntax::Xml) {
        let own = findings.facts.ece.aliases.get_mut(before..).unwrap_or_default();
        fill_in_null(own);
    }
    if findings.facts.ece.aliases.len() > before {
        findings.recognise("ece-aliases", text!("rows of e-mail aliases"));
    }
}

fn walk(source: &Source<'_>, node: &Node, named: bool, findings: &mut Findings, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.value {
        Value::List(items, _) => items.iter().for_each(|item| walk(source, item, named, findings, depth)),
        Value::Bag(entries) => {
            if let Some(property) = property_of(source, node) {
                findings.recognise("ece-config-property", text!("properties of an alias (rx.alias.…, dx.alias.…)"));
                findings.facts.ece.properties.push(property);
                return;
            }
            if is_alias(node, named) {
                findings
                    .facts
                    .ece
                    .aliases
                    .push(Fact::new(alias_of(source, node), row_origin(source, node)));
                return;
            }
            for (key, inner) in entries {
                let named = named || fold_label(&key.name).contains("alias") && !matches!(inner.value, Value::Text(_));
                walk(source, inner, named, findings, depth);
            }
        }
        _ => {}
    }
}

/// `FOR XML` and `FOR JSON` leave NULL out: a row of the table without an instance has none, if other rows have one.
fn fill_in_null(rows: &mut [Fact<Alias>]) {
    let is_of_table = rows.iter().all(|row| row.id.is_present() && row.in_host.is_present());
    if !is_of_table || !rows.iter().any(|row| row.instance.is_present()) {
        return;
    }
    for row in rows {
        if !row.instance.is_present() {
            row.value.instance = Field::Empty(row.origin.clone());
        }
    }
}

/// A row of a dump without headers has the columns `#1`, `#2` …
fn is_headerless(node: &Node) -> bool {
    node.entries().len() > 2 && node.entries().iter().all(|(key, _)| key.name.starts_with('#'))
}

fn is_alias(bag: &Node, named: bool) -> bool {
    if has(bag, &["recvemailaddress"]) {
        return true;
    }
    if has(bag, FOREIGN) {
        return false;
    }
    let address = address_field(bag).is_some();
    let own = has(bag, &["pop3server", "mailserverport", "aliasstatus", "smtpserver"]) && has(bag, &["aliasid", "aliasname"]);
    let signs = ALIAS_SIGNS.iter().filter(|columns| has(bag, columns)).count();
    let stated = has(bag, STATE);
    own || address
        && (signs >= 2
            || signs >= 1 && stated
            || named && (stated || signs >= 1 || has(bag, NAME))
            || has(bag, &["aliasaddress", "aliasemailaddress"]) && stated)
}

/// The column that holds the alias's address: the first by name that has one in it.
fn address_field(bag: &Node) -> Option<(&str, &Node, String)> {
    ADDRESS.iter().find_map(|name| {
        let (key, node) = column(bag, &[name])?;
        Some((key, node, address_in(node.text()?)?))
    })
}

fn row_origin(source: &Source<'_>, row: &Node) -> crate::model::Origin {
    let shown = address_field(row)
        .map(|(key, _, address)| format!("{key} = {address}"))
        .unwrap_or_default();
    source.origin(&row.place, &shown)
}

fn alias_of(source: &Source<'_>, row: &Node) -> Alias {
    let address = match address_field(row) {
        Some((key, node, address)) => Field::Value(Fact::new(address, source.origin_of_property(key, node))),
        None => text(source, row, ADDRESS).and_then(|_| None),
    };
    // A column named `Alias` may hold the name or the address.
    let name = text(source, row, NAME).and_then(|t| Some(t).filter(|t| !t.contains('@')));
    let or_behind_host = |own: Field<u16>, names: &[&str]| if own.is_present() { own } else { port_of_host(source, row, names) };
    Alias {
        address,
        name: if matches!(name, Field::Unreadable(_)) { Field::Absent } else { name },
        id: number(source, row, ID),
        state: text(source, row, STATE).and_then(|t| read_state(&t)),
        department: number(source, row, DEPARTMENT),
        instance: number(source, row, INSTANCE),
        // The codes of `mail_server_protocol` are not public: a number says nothing, the port does.
        inbound: match text(source, row, INBOUND).and_then(|t| read_inbound(&t)) {
            Field::Unreadable(_) | Field::Empty(_) => Field::Absent,
            read => read,
        },
        in_host: host(source, row, IN_HOST),
        in_port: or_behind_host(port(source, row, IN_PORT), IN_HOST),
        in_login: text(source, row, IN_LOGIN),
        in_security: number(source, row, IN_SECURITY),
        out_host: host(source, row, OUT_HOST),
        out_port: or_behind_host(port(source, row, OUT_PORT), OUT_HOST),
        out_login: text(source, row, OUT_LOGIN),
        out_security: number(source, row, OUT_SECURITY),
        authentication: text(source, row, AUTHENTICATION),
        account: number(source, row, ACCOUNT),
        smtp_fallback: fallback_of(source, row),
        is_default: text(source, row, DEFAULT).and_then(|t| read_boolean(&whole_number(&t))),
        deleted: text(source, row, DELETED).and_then(|t| read_boolean(&whole_number(&t))),
        last_modified: text(source, row, MODIFIED)
            .and_then(|t| Stamp::parse(&t))
            .and_then(|stamp| Some(stamp.or_offset(Some(0)))),
        guessed: false,
    }
}

/// A column whose label speaks of falling back to SMTP: `Use SMTP when ESMTP authentication fails`, `SMTP fallback`.
fn fallback_of(source: &Source<'_>, row: &Node) -> Field<bool> {
    let label = row
        .entries()
        .iter()
        .map(|(key, _)| fold_label(&key.name))
        .find(|name| is_fallback_label(name));
    match label {
        Some(name) => text(source, row, &[name.as_str()]).and_then(|t| read_boolean(&whole_number(&t))),
        None => Field::Absent,
    }
}

fn is_fallback_label(folded: &str) -> bool {
    let smtp = folded.contains("smtp");
    smtp && [
        "fallback",
        "fallsback",
        "fallingback",
        "fails",
        "failure",
        "fallisce",
        "nonriesce",
        "ripiego",
        "failover",
    ]
    .iter()
    .any(|w| folded.contains(w))
        || matches!(folded, "fallback" | "usesmtp" | "usesmtpinstead")
}

/// The state behind a code or a word, in the languages of the field. `alias_status` 1 is active, 2 inactive; other codes are not
/// known.
pub(super) fn read_state(text: &str) -> Option<AliasState> {
    let folded = fold_label(&whole_number(text));
    let any = |words: &[&str]| words.iter().any(|w| folded.contains(w));
    if any(&[
        "loginfail",
        "authenticationfail",
        "authfail",
        "failedlogin",
        "accessononriuscito",
        "accessofallito",
        "autenticazionenonriuscita",
        "autenticazionefallita",
    ]) {
        return Some(AliasState::LoginFailed);
    }
    match folded.as_str() {
        "1" | "true" | "yes" | "y" | "si" | "on" | "running" | "ok" | "up" | "started" => return Some(AliasState::Active),
        "2" | "false" | "no" | "n" | "off" | "stopped" | "down" | "suspended" | "sospeso" => return Some(AliasState::Inactive),
        _ => {}
    }
    if any(&["disabled", "disabilitat", "desactive", "deshabilitad"]) {
        Some(AliasState::Disabled)
    } else if any(&[
        "inactiv",
        "inattiv",
        "nonattiv",
        "notactive",
        "inaktiv",
        "deactivat",
        "disattivat",
        "deaktiviert",
        "inactif",
        "inactiv",
    ]) {
        Some(AliasState::Inactive)
    } else if any(&["active", "attiv", "aktiv", "actif", "activo", "ativo", "enabled", "abilitat"]) {
        Some(AliasState::Active)
    } else {
        None
    }
}

/// A row of `EGPL_CONFIG_PROPERTY` about an alias.
fn property_of(source: &Source<'_>, row: &Node) -> Option<Fact<ConfigProperty>> {
    let (_, domain) = column(row, &["domain"])?;
    let domain_text = domain.text()?.trim();
    let lower = domain_text.to_ascii_lowercase();
    if !lower.starts_with("rx.alias.") && !lower.starts_with("dx.alias.") {
        return None;
    }
    let (_, name) = column(row, &["name"])?;
    let (_, value) = column(row, &["value"])?;
    let property = ConfigProperty {
        domain: lower,
        name: name.text()?.trim().to_owned(),
        value: value.text().unwrap_or("").trim().to_owned(),
    };
    Some(Fact::new(property, source.origin_of_property("value", value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use crate::model::Inbound;
    use crate::syntax;
    use std::sync::Arc;

    fn read(name: &str, content: &str) -> Findings {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let path: Arc<str> = Arc::from(name);
        let source = Source { path: &path, text: &text };
        let mut findings = Findings::default();
        for section in &syntax::sections(&text) {
            parse(&source, section, &mut findings);
        }
        findings
    }

    #[test]
    fn rows_of_the_table() {
        let found = read(
            "x.csv",
            "alias_id,alias_name,recv_email_address,alias_status,department_id,instance_id,is_default_alias,pop3_server,mail_server_port,smtp_server,smtp_port,delete_flag,last_modified\n\
             1000,Sales,Sales@Example.com,1,1004,999,1,outlook.office365.com,993.0,smtp.office365.com,587,n,2026-09-17 18:20:24.000\n\
             1001,Old,old@example.com,2,1004,NULL,0,outlook.office365.com,995,smtp.office365.com,587,Y,NULL\n",
        );
        let aliases = &found.facts.ece.aliases;
        assert_eq!(aliases.len(), 2);
        let sales = &aliases[0];
        assert_eq!(sales.address.get().map(String::as_str), Some("sales@example.com"));
        assert_eq!(sales.state.get(), Some(&AliasState::Active));
        assert_eq!((sales.in_port.get(), sales.out_port.get()), (Some(&993), Some(&587)));
        assert_eq!(sales.instance.get().map(String::as_str), Some("999"));
        assert_eq!(sales.deleted.get(), Some(&false));
        assert_eq!(sales.last_modified.get().map(|s| s.rfc3339()).as_deref(), Some("2026-09-17T18:20:24Z"));
        assert!(aliases[1].instance.is_empty() && aliases[1].deleted.get() == Some(&true));
        assert_eq!(aliases[1].state.get(), Some(&AliasState::Inactive));
        assert_eq!(found.recognised[0].kind, "ece-aliases");
    }

    #[test]
    fn tables_made_by_hand() {
        let found = read(
            "x.csv",
            "Name;Email address;Department;Status;Server type;Incoming server;Incoming port;Outgoing server;Outgoing port;Account;Retriever instance;Use SMTP if ESMTP authentication fails\n\
             Service;service@example.com;Retail;Non attivo;IMAP;outlook.office365.com:993;;smtp.office365.com;587;Service O365;1001;No\n",
        );
        let alias = &found.facts.ece.aliases[0];
        assert_eq!(alias.state.get(), Some(&AliasState::Inactive));
        assert_eq!(alias.inbound.get(), Some(&Inbound::Imap));
        assert_eq!(alias.in_host.get().map(String::as_str), Some("outlook.office365.com"));
        assert!(alias.in_port.is_empty());
        assert_eq!(alias.smtp_fallback.get(), Some(&false));
        assert_eq!(alias.account.get().map(String::as_str), Some("Service O365"));
        let found = read("x.csv", "Alias,Stato,Istanza\nsales@example.com,Attivo,999\n");
        assert_eq!(found.facts.ece.aliases[0].state.get(), Some(&AliasState::Active));
    }

    #[test]
    fn json_of_the_interface() {
        let found = read(
            "x.json",
            r#"{"departments":[{"name":"Sales","alias":[{"id":"1000","name":"Sales","emailAddress":"sales@example.com","status":{"value":"enabled"}}]}]}"#,
        );
        assert_eq!(found.facts.ece.aliases[0].state.get(), Some(&AliasState::Active));
        let found = read(
            "x.json",
            r#"[{"domain":"rx.alias.sales@example.com","name":"incoming_debug_flag","value":"0"},{"domain":"common","name":"a","value":"b"}]"#,
        );
        assert_eq!(found.facts.ece.properties.len(), 1);
    }

    #[test]
    fn states_in_words_and_codes() {
        for (text, state) in [
            ("1.0", Some(AliasState::Active)),
            ("Attiva", Some(AliasState::Active)),
            ("Inactive (login failed)", Some(AliasState::LoginFailed)),
            ("inattivo", Some(AliasState::Inactive)),
            ("Disabled", Some(AliasState::Disabled)),
            ("disattivato", Some(AliasState::Inactive)),
            ("Not Active", Some(AliasState::Inactive)),
            ("7", None),
            ("pending", None),
        ] {
            assert_eq!(read_state(text), state, "{text}");
        }
    }

    #[test]
    fn leaves_exports_of_others() {
        for (name, content) in [
            (
                "x.csv",
                "Name,PrimarySmtpAddress,ImapEnabled,Status\nSales,sales@example.com,True,Active\n",
            ),
            ("x.csv", "Name,Email address,Country\nSales,sales@example.com,IT\n"),
            ("aliases.csv", "Host,Port\na.example.com,443\n"),
            ("x.csv", "DisplayName,UserPrincipalName,Status\nSales,sales@example.com,Active\n"),
        ] {
            assert_eq!(read(name, content).facts.ece.aliases.len(), 0, "{content}");
        }
    }

    #[test]
    fn dumps_without_headers() {
        let found = read(
            "x.csv",
            "1000,Sales,sales@example.com,1,999,outlook.office365.com,993,sales@example.com,smtp.office365.com,587,sales@example.com,n\n\
             1001,Old,old@example.com,1,999,outlook.office365.com,110,old@example.com,smtp.office365.com,587,old@example.com,y\n",
        );
        let aliases = &found.facts.ece.aliases;
        assert_eq!(aliases.len(), 2);
        assert!(aliases[0].guessed && !aliases[0].state.is_present());
        assert_eq!(aliases[0].in_host.get().map(String::as_str), Some("outlook.office365.com"));
        assert_eq!(aliases[1].in_port.get(), Some(&110));
        assert_eq!((aliases[0].deleted.get(), aliases[1].deleted.get()), (Some(&false), Some(&true)));
    }
}
