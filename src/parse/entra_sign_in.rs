//! Sign-ins: the portal's CSV, the Graph API's JSON, diagnostic settings, Log Analytics, copies that security tools keep, and
//! PowerShell. All of them become the same few columns; a tenant's log is long, so that a row is read in one pass.

use super::entra_records::Reader;
use crate::model::{Fact, Origin, SignIn, SignInKind, Text};
use crate::syntax::{Node, Value, fold_name};
use crate::text;

/// Sign-ins that are kept of one bundle's member; the portal's own limit for a download is 100,000.
const MOST: usize = 200_000;

/// True for a sign-in in any of its shapes.
pub(super) fn is_sign_in(bag: &Node) -> bool {
    let has = |name: &str| bag.has(name);
    let text = |name: &str| bag.get(name).and_then(Node::text).unwrap_or("");
    if has("category") && has("properties") && text("category").to_ascii_lowercase().ends_with("signinlogs") {
        return true;
    }
    if text("operationName") == "Sign-in activity" && has("resultType") {
        return true;
    }
    let who = has("userPrincipalName") || has("servicePrincipalId") || has("servicePrincipalName");
    let graph = has("appDisplayName") && who && (bag.at(&["status", "errorCode"]).is_some() || has("status") && has("createdDateTime"));
    // The portal's download, and the details of one sign-in as copied from the portal's page.
    let portal = has("Sign-in error code") && (has("Date (UTC)") || has("Request ID") || has("Correlation ID"));
    let analytics = has("resultType") && has("appDisplayName") && who;
    graph || portal || analytics
}

/// The properties of a bag under their folded names, the first of each name that has a value.
struct Columns<'n>(Vec<(String, &'n Node)>);

impl<'n> Columns<'n> {
    fn of(bag: &'n Node) -> Self {
        let mut columns: Vec<(String, &Node)> = bag.entries().iter().map(|(key, node)| (fold_name(&key.name), node)).collect();
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        Self(columns)
    }

    /// The values of the column `name` (already folded).
    fn all(&self, name: &str) -> impl Iterator<Item = &'n Node> {
        let from = self.0.partition_point(|(key, _)| key.as_str() < name);
        let to = self.0.partition_point(|(key, _)| key.as_str() <= name);
        self.0.get(from..to).unwrap_or_default().iter().map(|(_, node)| *node)
    }

    /// The first non-blank text among `names`. A column occurs twice in the portal's CSV (`Incoming token type`).
    fn text(&self, names: &[&str]) -> Option<&'n str> {
        names.iter().flat_map(|name| self.all(name)).find_map(|node| {
            let text = node.text()?.trim();
            let nothing = text.is_empty() || matches!(text, "null" | "NULL" | "-");
            (!nothing).then_some(text)
        })
    }

    fn node(&self, names: &[&str]) -> Option<&'n Node> {
        names.iter().flat_map(|name| self.all(name)).find(|node| !node.is_blank())
    }
}

/// Reads a sign-in.
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let outer = Columns::of(bag);
    // Diagnostic records hold the Graph object under `properties`.
    let inner_bag = outer.node(&["properties"]).filter(|n| !n.entries().is_empty());
    let inner = inner_bag.map(Columns::of);
    let text = |names: &[&str]| inner.as_ref().and_then(|i| i.text(names)).or_else(|| outer.text(names));
    let lower = |names: &[&str]| text(names).map(str::to_lowercase);
    let owned = |names: &[&str]| text(names).map(str::to_owned);
    let node = |names: &[&str]| inner.as_ref().and_then(|i| i.node(names)).or_else(|| outer.node(names));
    let (error, reason) = status(reader, node(&["status"]), &text);
    let date = node(&["createddatetime", "dateutc", "time", "timegeneratedutc", "timegenerated", "date"]);
    let time = date
        .and_then(Node::text)
        .and_then(|t| reader.date(t))
        .map(|stamp| stamp.or_offset(Some(0)));
    let sign_in = SignIn {
        time,
        kind: kind(&text, node(&["signineventtypes"])),
        user: lower(&["userprincipalname", "username"]).filter(|u| u != "hidden"),
        user_id: lower(&["userid"]),
        app_id: lower(&["appid", "applicationid"]),
        app_name: owned(&["appdisplayname", "application"]),
        resource_id: lower(&["resourceid", "resourceidentity"]).filter(|id| !id.starts_with('/')),
        error,
        reason,
        client_app: owned(&["clientappused", "clientapp"]),
        ip: owned(&["ipaddress", "calleripaddress"]),
        tenant: lower(&["resourcetenantid", "hometenantid", "tenantid", "aadtenantid"]),
        correlation_id: lower(&["correlationid"]),
        protocol: owned(&["authenticationprotocol"]).filter(|p| !p.eq_ignore_ascii_case("none")),
        incoming_token: owned(&["incomingtokentype"]).filter(|p| !p.eq_ignore_ascii_case("none")),
        failed_policies: failed_policies(node(&["appliedconditionalaccesspolicies", "conditionalaccesspolicies"])),
        requirement: owned(&["authenticationrequirement"]),
        credential_key_id: lower(&["serviceprincipalcredentialkeyid", "credentialkeyid"]),
        legacy_tls: legacy_tls(node(&["authenticationprocessingdetails"])),
    };
    let place = date.unwrap_or(bag);
    let origin = reader.source.origin_of_property("createdDateTime", place);
    if sign_in.time.is_none() && date.is_some() {
        lose_once(
            reader,
            bag,
            text!("a sign-in's date can be read with the day or with the month first: its time is left out"),
        );
    }
    if let Some(time) = sign_in.time {
        newest(reader, time, &origin);
    }
    let facts = &mut reader.found.facts.entra;
    if facts.sign_in_exports.last().is_none_or(|e| e.origin.path != origin.path) {
        facts.sign_in_exports.push(Fact::new((), origin.clone()));
    }
    if facts.sign_ins.len() < MOST {
        facts.sign_ins.push(Fact::new(sign_in, origin));
    } else {
        lose_once(reader, bag, text!("more than {count} sign-ins: the rest is not read", count = MOST));
    }
    reader.found.recognise("entra-sign-ins", text!("sign-in log (its columns)"));
}

fn lose_once(reader: &mut Reader<'_, '_>, bag: &Node, reason: Text) {
    if !reader.found.losses.iter().any(|loss| loss.reason == reason) {
        reader.found.lose(bag.place.line, reason);
    }
}

/// Keeps the newest time of a section's sign-ins: one date is enough to judge expiry by.
fn newest(reader: &mut Reader<'_, '_>, time: crate::model::Stamp, origin: &Origin) {
    let dated = &mut reader.found.facts.dated;
    match dated.last_mut() {
        Some(last) if last.origin.path == origin.path => {
            if last.value.local_ms < time.local_ms {
                *last = Fact::new(time, origin.clone());
            }
        }
        _ => dated.push(Fact::new(time, origin.clone())),
    }
}

/// Error code and reason. 0 is success; a row that says neither code nor success has none.
fn status<'n>(reader: &Reader<'_, '_>, status: Option<&'n Node>, text: &impl Fn(&[&str]) -> Option<&'n str>) -> (Option<u32>, Option<String>) {
    let masked = |reason: Option<&str>| reason.map(|r| crate::model::Excerpt::capture(r).as_str().to_owned());
    if let Some(bag) = status.filter(|s| !s.entries().is_empty()) {
        let code = reader.source.field(bag, &["errorCode"]).and_then(|c| whole(&c));
        let reason = reader.source.field(bag, &["failureReason"]);
        return (code.get().copied(), masked(reason.get().map(String::as_str)));
    }
    let code = text(&["signinerrorcode", "errorcode", "statuserrorcode", "resulttype"]).and_then(whole);
    let word = status.and_then(Node::text).or_else(|| text(&["status"])).unwrap_or("");
    let reason = text(&["failurereason", "statusfailurereason", "resultdescription"]);
    let code = code.or_else(|| whole(word)).or_else(|| word.eq_ignore_ascii_case("success").then_some(0));
    (code, masked(reason.filter(|r| !r.eq_ignore_ascii_case("other."))))
}

/// A number as spreadsheets leave it: `50126`, `50126.0`, `AADSTS50126`.
fn whole(text: &str) -> Option<u32> {
    let text = text.trim().trim_start_matches("AADSTS");
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

fn kind<'n>(text: &impl Fn(&[&str]) -> Option<&'n str>, event_types: Option<&Node>) -> Option<SignInKind> {
    let types: Vec<String> = event_types
        .map(|n| n.items().iter().filter_map(|i| i.text().map(str::to_ascii_lowercase)).collect())
        .unwrap_or_default();
    // Log Analytics names its table in `Type`: `AADNonInteractiveUserSignInLogs`, `SigninLogs`.
    let named = |names: &[&str]| text(names).unwrap_or("").to_ascii_lowercase();
    let table = Some(named(&["type"])).filter(|table| table.ends_with("signinlogs"));
    let category = Some(named(&["category"]))
        .filter(|category| !category.is_empty())
        .or(table)
        .unwrap_or_default();
    let category = category.trim_start_matches("aad");
    let service = category.starts_with("serviceprincipal") || category.starts_with("managedidentity");
    if service || types.iter().any(|t| t == "serviceprincipal" || t == "managedidentity") {
        return Some(SignInKind::ServicePrincipal);
    }
    if category.starts_with("noninteractive") || types.iter().any(|t| t == "noninteractiveuser") {
        return Some(SignInKind::NonInteractive);
    }
    match text(&["isinteractive"]).and_then(crate::syntax::read_boolean) {
        Some(true) => return Some(SignInKind::Interactive),
        Some(false) => return Some(SignInKind::NonInteractive),
        None => {}
    }
    if category == "signinlogs" || types.iter().any(|t| t == "interactiveuser") {
        return Some(SignInKind::Interactive);
    }
    if text(&["userprincipalname", "username", "userid"]).is_none() && text(&["serviceprincipalid", "serviceprincipalname"]).is_some() {
        return Some(SignInKind::ServicePrincipal);
    }
    // The portal's two user files have the same columns: only what was shown at the door tells them apart.
    let token = fold_name(text(&["incomingtokentype"]).unwrap_or(""));
    let protocol = fold_name(text(&["authenticationprotocol"]).unwrap_or(""));
    if token.contains("refreshtoken") && !token.contains("primary") || protocol.contains("refreshtoken") {
        return Some(SignInKind::NonInteractive);
    }
    None
}

/// Names of the policies that refused. Security tools keep the list as JSON inside a text.
fn failed_policies(list: Option<&Node>) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    if let Some(text) = list.text() {
        return failed_in_text(text);
    }
    let mut names = Vec::new();
    for policy in list.items() {
        let text = |key: &str| policy.get(key).and_then(Node::text).filter(|t| !t.is_empty());
        if text("result").is_some_and(|r| r.eq_ignore_ascii_case("failure")) {
            names.extend(text("displayName").or_else(|| text("id")).map(str::to_owned));
        }
    }
    names
}

fn failed_in_text(text: &str) -> Vec<String> {
    let Ok(serde_json::Value::Array(policies)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let failed = policies.iter().filter(|p| {
        p.get("result")
            .and_then(|r| r.as_str())
            .is_some_and(|r| r.eq_ignore_ascii_case("failure"))
    });
    failed
        .filter_map(|p| p.get("displayName").or_else(|| p.get("id"))?.as_str().map(str::to_owned))
        .collect()
}

fn legacy_tls(details: Option<&Node>) -> bool {
    let Some(details) = details else { return false };
    if let Some(text) = details.text() {
        // Log Analytics: the list as JSON inside a text.
        let Some(rest) = text.split("Legacy TLS").nth(1) else { return false };
        return rest.chars().take(80).collect::<String>().to_ascii_lowercase().contains("true");
    }
    details.items().iter().any(|detail| {
        let named = detail.get("key").and_then(Node::text).is_some_and(|k| k.starts_with("Legacy TLS"));
        named && detail.get("value").and_then(Node::boolean) == Some(true)
    }) || matches!(details.value, Value::Bag(_))
        && details
            .entries()
            .iter()
            .any(|(key, v)| key.name.starts_with("Legacy TLS") && v.boolean() == Some(true))
}
