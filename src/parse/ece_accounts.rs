//! E-mail accounts (12.6 and later): provider, server type, kind, user and the aliases served; and chat entry points, whose start
//! pages name the address that people use.

use super::Findings;
use super::ece_columns::{addresses_in, column, has, host, read_inbound, text};
use super::ece_labels::fold_label;
use crate::model::{AccountKind, Fact, Field, MailAccount};
use crate::syntax::{Node, Section, Source, Syntax, Value};
use crate::text;

const NAME: &[&str] = &["accountname", "name", "account", "emailaccount", "nomeaccount", "nome"];
const STATUS: &[&str] = &["status", "state", "stato"];
const PROVIDER: &[&str] = &["provider", "emailprovider", "serviceprovider", "fornitore", "provideremail"];
const ENDPOINT: &[&str] = &["endpoint", "cloud", "endpointtype"];
const SERVER_TYPE: &[&str] = &["servertype", "typeofserver", "tiposerver", "tipodiserver", "protocol", "servertypes"];
const ADDRESS: &[&str] = &["address", "serveraddress", "server", "indirizzo", "indirizzoserver"];
const AUTHENTICATION: &[&str] = &[
    "authenticationtype",
    "authentication",
    "authtype",
    "autenticazione",
    "tipodiautenticazione",
    "tipoautenticazione",
];
const KIND: &[&str] = &[
    "accounttype",
    "kind",
    "accountkind",
    "typeofaccount",
    "type",
    "tipoaccount",
    "tipodiaccount",
    "tipologiaaccount",
];
const USER: &[&str] = &[
    "username",
    "user",
    "tokenuser",
    "account user",
    "accountuser",
    "useraccount",
    "loginid",
    "login",
    "signedinas",
    "tokengeneratedfor",
    "generatedfor",
    "authorizedby",
    "nomeutente",
    "utente",
    "upn",
    "userid",
];
const ALIASES: &[&str] = &[
    "aliases",
    "alias",
    "emailaliases",
    "servedaliases",
    "mailboxes",
    "linkedaliases",
    "associatedaliases",
    "aliasserviti",
    "aliasassociati",
];
/// Columns of other tables that look alike.
const FOREIGN: &[&str] = &[
    "recvemailaddress",
    "incomingserver",
    "outgoingserver",
    "retrieverinstance",
    "instanceid",
    "incomingport",
    "pop3server",
    "userprincipalname",
    "primarysmtpaddress",
    "recipienttypedetails",
    "appid",
    "appdisplayname",
    "objectid",
    "correlationid",
    "conditionalaccessstatus",
    "clientappused",
];
/// Deepest nesting that is followed.
const DEPTH: usize = 64;

/// Reads e-mail accounts and entry points out of a section.
pub fn parse(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    for node in &section.nodes {
        walk(source, node, None, findings, DEPTH);
    }
    if matches!(section.syntax, Syntax::Lines | Syntax::FormatList | Syntax::Properties) {
        for (number, line) in source.lines(section) {
            for url in entry_point_urls(line) {
                let origin = crate::model::Origin::line(source.path, number, source.text.line(number));
                // Lines of labels are handed out twice, as a record and as lines.
                let known = findings.facts.ece.entry_points.iter().any(|e| e.value == url && e.origin.line == number);
                if !known {
                    findings.facts.ece.entry_points.push(Fact::new(url, origin));
                }
            }
        }
    }
}

fn walk(source: &Source<'_>, node: &Node, key: Option<&str>, findings: &mut Findings, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.value {
        Value::List(items, _) => items.iter().for_each(|item| walk(source, item, None, findings, depth)),
        Value::Bag(entries) => {
            if let Some((_, url)) = column(node, &["startpageurl"])
                && let Some(text) = url.text().map(str::trim).filter(|t| t.contains("://"))
            {
                findings.recognise("ece-entry-points", text!("start pages of chat entry points"));
                let fact = Fact::new(text.to_owned(), source.origin_of_property("start_page_url", url));
                findings.facts.ece.entry_points.push(fact);
                return;
            }
            if is_account(node) {
                findings.recognise("ece-accounts", text!("provider, server type or kind of e-mail accounts"));
                let account = account_of(source, node, key);
                let shown = account.name.get().map(|n| format!("account {n}")).unwrap_or_default();
                findings.facts.ece.accounts.push(Fact::new(account, source.origin(&node.place, &shown)));
                return;
            }
            for (key, inner) in entries {
                walk(source, inner, Some(&key.name), findings, depth);
            }
        }
        _ => {}
    }
}

fn is_account(bag: &Node) -> bool {
    if has(bag, FOREIGN) {
        return false;
    }
    let is_kind = column(bag, KIND).and_then(|(_, n)| n.text()).is_some_and(|t| read_kind(t).is_some());
    let is_server_type = column(bag, SERVER_TYPE)
        .and_then(|(_, n)| n.text())
        .is_some_and(|t| read_inbound(t).is_some());
    let is_oauth = column(bag, AUTHENTICATION)
        .and_then(|(_, n)| n.text())
        .is_some_and(|t| fold_label(t).contains("oauth"));
    let is_provider = column(bag, PROVIDER).and_then(|(_, n)| n.text()).is_some_and(|t| {
        let t = t.to_lowercase();
        t.contains("microsoft") || t.contains("365") || t.contains("google") || t.contains("gmail")
    });
    let signs = [is_kind, is_server_type, is_oauth, is_provider].iter().filter(|s| **s).count();
    signs >= 2 || signs == 1 && has(bag, &["aliases", "accountname", "servedaliases"]) && (has(bag, USER) || has(bag, NAME))
}

fn account_of(source: &Source<'_>, row: &Node, key: Option<&str>) -> MailAccount {
    let mut name = text(source, row, NAME);
    if let (false, Some(key)) = (name.is_present(), key) {
        let generic = matches!(
            fold_label(key).as_str(),
            "account" | "accounts" | "emailaccount" | "emailaccounts" | "row" | "item" | "items" | "value"
        );
        if !generic {
            name = Field::Value(Fact::new(key.to_owned(), source.origin(&row.place, key)));
        }
    }
    MailAccount {
        name,
        status: text(source, row, STATUS),
        provider: text(source, row, PROVIDER),
        endpoint: text(source, row, ENDPOINT),
        server_type: text(source, row, SERVER_TYPE).and_then(|t| read_inbound(&t)),
        address: host(source, row, ADDRESS),
        authentication: text(source, row, AUTHENTICATION),
        kind: text(source, row, KIND).and_then(|t| read_kind(&t)),
        user: text(source, row, USER).and_then(|t| Some(addresses_in(&t).next().unwrap_or_else(|| t.to_lowercase()))),
        aliases: aliases_of(source, row),
    }
}

/// Kind of account in words.
fn read_kind(text: &str) -> Option<AccountKind> {
    let text = fold_label(text);
    let any = |words: &[&str]| words.iter().any(|w| text.contains(w));
    match (
        any(&["shared", "condivis", "partage", "gemeinsam", "compartid", "delegat"]),
        any(&["mailbox", "individual", "single", "casella", "postfach", "perrmailbox"]),
    ) {
        (true, _) => Some(AccountKind::Shared),
        (false, true) => Some(AccountKind::Mailbox),
        _ => None,
    }
}

/// The aliases that an account serves: a list, objects, or one text with any separator. Names without an address are kept.
fn aliases_of(source: &Source<'_>, row: &Node) -> Field<Vec<String>> {
    let entry = ALIASES
        .iter()
        .find_map(|name| row.entries().iter().find(|(key, _)| fold_label(&key.name) == *name));
    let Some((key, node)) = entry else { return Field::Absent };
    let origin = source.origin_of_property(&key.name, node.sole());
    if matches!(&node.value, Value::List(_, true) | Value::Cut(_)) {
        return Field::Unreadable(origin);
    }
    let mut found = Vec::new();
    collect_aliases(node, &mut found, 8);
    match found.is_empty() {
        true => Field::Empty(origin),
        false => Field::Value(Fact::new(found, origin)),
    }
}

fn collect_aliases(node: &Node, found: &mut Vec<String>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.value {
        Value::List(items, _) => items.iter().for_each(|item| collect_aliases(item, found, depth)),
        Value::Bag(entries) => {
            let own = column(
                node,
                &["emailaddress", "address", "recvemailaddress", "email", "text", "value", "name", "alias"],
            );
            match own.filter(|(_, n)| n.text().is_some()) {
                Some((_, inner)) => collect_aliases(inner, found, depth),
                None => entries.iter().for_each(|(_, inner)| collect_aliases(inner, found, depth)),
            }
        }
        _ => {
            let text = node.text().unwrap_or("").trim();
            let mut addresses: Vec<String> = addresses_in(text).collect();
            if addresses.is_empty() && !text.eq_ignore_ascii_case("null") {
                addresses.extend(
                    text.split([',', ';', '\n', '|'])
                        .map(|t| t.trim().to_owned())
                        .filter(|t| !t.is_empty() && t != "-"),
                );
            }
            found.extend(addresses);
        }
    }
}

/// URLs of chat entry points in a line.
fn entry_point_urls(line: &str) -> Vec<String> {
    if !line.to_ascii_lowercase().contains("entrypointid=") {
        return Vec::new();
    }
    line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '|' | '`'))
        .filter(|word| word.contains("://") && word.to_ascii_lowercase().contains("entrypointid="))
        .map(|word| word.trim_end_matches(['.', ',', ';']).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use crate::model::Inbound;
    use crate::syntax;
    use std::sync::Arc;

    fn read(content: &str) -> Findings {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let path: Arc<str> = Arc::from("x");
        let source = Source { path: &path, text: &text };
        let mut findings = Findings::default();
        for section in &syntax::sections(&text) {
            parse(&source, section, &mut findings);
        }
        findings
    }

    #[test]
    fn accounts_of_both_kinds() {
        let found = read(
            "Name,Description,Status,Provider,Endpoint,Server Type,Address,Authentication Type,Account type,User name,Aliases\n\
             Sales O365,,Active,Microsoft Office 365,Worldwide,IMAP and SMTP,outlook.office365.com,OAuth 2.0,Mailbox account,Sales@example.com,sales@example.com\n\
             Shared,,Active,Microsoft Office 365,Worldwide,Graph API,graph.microsoft.com,OAuth 2.0,Shared account,svc@example.com,\"a@example.com, b@example.com\"\n",
        );
        let accounts = &found.facts.ece.accounts;
        assert_eq!(accounts.len(), 2);
        assert_eq!(
            (accounts[0].kind.get(), accounts[0].server_type.get()),
            (Some(&AccountKind::Mailbox), Some(&Inbound::Imap))
        );
        assert_eq!(accounts[0].user.get().map(String::as_str), Some("sales@example.com"));
        assert_eq!(
            (accounts[1].kind.get(), accounts[1].server_type.get()),
            (Some(&AccountKind::Shared), Some(&Inbound::Graph))
        );
        assert_eq!(accounts[1].aliases.get().map(Vec::len), Some(2));
        let found = read(
            r#"{"accounts":{"Sales O365":{"Provider":"Microsoft Office 365","Server Type":"POP3 and SMTP","Aliases":[{"address":"sales@example.com"}]}}}"#,
        );
        let account = &found.facts.ece.accounts[0];
        assert_eq!(account.name.get().map(String::as_str), Some("Sales O365"));
        assert_eq!(account.aliases.get(), Some(&vec!["sales@example.com".to_owned()]));
    }

    #[test]
    fn entry_points_name_a_host() {
        let found = read("entry_point_id,entry_point_name,is_active,start_page_url\n1000,Web,1,https://ece.example.com/system/templates/chat.html\n");
        assert_eq!(
            found.facts.ece.entry_points[0].value,
            "https://ece.example.com/system/templates/chat.html"
        );
        let found = read("Snippet in use: https://ece.example.com/system/web/view/live/templates/x/chat.html?entryPointId=1000.\n");
        assert_eq!(found.facts.ece.entry_points.len(), 1);
    }

    #[test]
    fn leaves_aliases_and_sign_ins() {
        for content in [
            "Name,Email address,Status,Server type,Incoming server,Retriever instance\nSales,sales@example.com,Active,IMAP,outlook.office365.com,999\n",
            "User,Client app,Status,authenticationType\nsales@example.com,IMAP4,Success,OAuth\n",
        ] {
            assert_eq!(read(content).facts.ece.accounts.len(), 0, "{content}");
        }
    }
}
