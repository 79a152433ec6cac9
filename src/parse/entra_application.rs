//! App registrations: the manifest in both dialects of the portal, and in the shapes that the Graph API, the command line tools,
//! PowerShell and Teams Toolkit give it. The dialects differ in names and nesting only, so that one reader asks for every name.

use super::entra_records::Reader;
use crate::model::{Application, Credential, Fact, Field, Origin, Permission, PermissionKind, Platform, RedirectUri, Text};
use crate::syntax::{Node, Source, Value};
use crate::text;

/// Names of the list of secrets, per dialect (`password` is Terraform's).
const SECRETS: &[&str] = &["passwordCredentials", "passwordCredential", "password"];
/// Names of the list of certificates.
const CERTIFICATES: &[&str] = &["keyCredentials", "keyCredential"];
/// Names of the permissions asked for.
const PERMISSIONS: &[&str] = &["requiredResourceAccess", "requiredResourceAccesses"];

/// True for a registration, and for a fragment of one that holds something to judge.
pub(super) fn is_application(bag: &Node) -> bool {
    let has = |name: &str| bag.has(name);
    let typed = |name: &str, ends: &str| bag.get(name).and_then(Node::text).is_some_and(|t| t.ends_with(ends));
    has("replyUrlsWithType")
        || has("oauth2AllowImplicitFlow")
        || has("availableToOtherTenants")
        || typed("odata.type", "DirectoryServices.Application")
        || typed("@odata.type", "graph.application")
        || bag.at(&["web", "redirectUris"]).is_some()
        || bag.at(&["web", "implicitGrantSettings"]).is_some()
        || bag.at(&["api", "requestedAccessTokenVersion"]).is_some()
        || bag.at(&["installedClients", "redirectUrls"]).is_some()
        || PERMISSIONS.iter().any(|name| has(name))
        || has("signInAudience") && (has("appId") || has("passwordCredentials"))
        || has("appId") && has("displayName") && (has("passwordCredentials") || has("replyUrls") || has("identifierUris") || has("web"))
}

/// True for one element of a list of secrets or certificates (`az ad app credential list` prints nothing else).
pub(super) fn is_credential(node: &Node) -> bool {
    let has = |name: &str| node.has(name);
    has("keyId")
        && (has("endDateTime") || has("endDate"))
        && (has("hint") || has("secretText") || has("customKeyIdentifier") || has("usage"))
        && !has("appId")
}

/// True for one element of `requiredResourceAccess`.
pub(super) fn is_resource_access(node: &Node) -> bool {
    node.has("resourceAppId") && node.has("resourceAccess")
}

/// Pieces of registrations that were exported by themselves.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    lists: Vec<Application>,
    /// Objects that name the registration they belong to by object id (Terraform keeps secrets apart).
    pub by_object: Vec<(String, Application)>,
    credentials: Vec<Node>,
    permissions: Vec<Node>,
}

impl Pieces {
    /// Takes a list of secrets or certificates.
    pub fn credentials(&mut self, items: &[Node]) {
        self.credentials.extend_from_slice(items);
    }

    /// Takes a list of permissions.
    pub fn permissions(&mut self, items: &[Node]) {
        self.permissions.extend_from_slice(items);
    }

    /// Turns what stands alone into registrations without a name, and joins the rest with the registrations of the section.
    pub fn finish(mut self, reader: &mut Reader<'_, '_>) {
        if !self.credentials.is_empty() {
            let credentials = credentials_of(reader, &self.credentials);
            let origin = reader.source.origin_of(&self.credentials[0]);
            self.lists.push(Application {
                credentials: Field::Value(Fact::new(credentials, origin)),
                ..Application::default()
            });
        }
        if !self.permissions.is_empty() {
            let mut cut = false;
            let origin = reader.source.origin_of(&self.permissions[0]);
            let permissions = self
                .permissions
                .iter()
                .flat_map(|item| permissions_of(reader.source, item, &mut cut))
                .collect();
            self.lists.push(Application {
                permissions: Field::Value(Fact::new(permissions, origin)),
                cut,
                ..Application::default()
            });
        }
        for application in self.lists {
            let origin = [application.credentials.origin(), application.permissions.origin()]
                .into_iter()
                .flatten()
                .next()
                .cloned();
            if let Some(origin) = origin {
                reader.found.recognise(
                    "entra-application",
                    text!("secrets or permissions of an app registration, without its name"),
                );
                reader.found.facts.entra.applications.push(Fact::new(application, origin));
            }
        }
        for (object_id, piece) in self.by_object {
            let applications = &mut reader.found.facts.entra.applications;
            if let Some(own) = applications.iter_mut().find(|a| a.object_id.get() == Some(&object_id)) {
                join(&mut own.value.redirect_uris, piece.redirect_uris);
                join(&mut own.value.credentials, piece.credentials);
                join(&mut own.value.permissions, piece.permissions);
            }
        }
    }
}

/// Adds the values of `other` to those of `own`.
fn join<T>(own: &mut Field<Vec<T>>, other: Field<Vec<T>>) {
    match (own, other) {
        (_, Field::Absent) => {}
        (Field::Value(fact), Field::Value(more)) => fact.value.extend(more.value),
        (own @ (Field::Absent | Field::Empty(_)), more) => *own = more,
        _ => {}
    }
}

/// Reads a registration.
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let application = application_of(reader, bag);
    if application.cut {
        let why = text!("the export of the app registration was cut at PowerShell's default depth: run it again with ConvertTo-Json -Depth 10");
        reader.found.lose(bag.place.line, why);
    }
    let origin = application.app_id.origin().cloned().unwrap_or_else(|| reader.source.origin_of(bag));
    reader.found.recognise("entra-application", why_of(bag));
    reader.found.facts.entra.applications.push(Fact::new(application, origin));
}

fn why_of(bag: &Node) -> Text {
    if bag.has("replyUrlsWithType") {
        text!("app registration, Azure AD Graph dialect (replyUrlsWithType)")
    } else if bag.has("web") || bag.has("api") {
        text!("app registration, Microsoft Graph dialect (web, api)")
    } else if bag.has("availableToOtherTenants") || bag.has("oauth2AllowImplicitFlow") {
        text!("app registration, oldest dialect (replyUrls)")
    } else {
        text!("fragment of an app registration")
    }
}

/// A registration from its properties, in any dialect.
pub(super) fn application_of(reader: &Reader<'_, '_>, bag: &Node) -> Application {
    let source = reader.source;
    let mut cut = false;
    let lower = |names: &[&str]| source.field(bag, names).and_then(|id| Some(id.to_ascii_lowercase()));
    // `id` is the object id; Terraform's is `object_id`, and its `id` a path.
    let object_id = lower(&["objectId"]);
    let object_id = if object_id.is_present() { object_id } else { lower(&["id"]) };
    let disabled = disabled_by(source, bag);
    let shows_state = [
        "disabledByMicrosoftStatus",
        "isDisabled",
        "deletedDateTime",
        "deletionTimestamp",
        "disabledByMicrosoft",
    ]
    .iter()
    .any(|name| bag.has(name));
    Application {
        app_id: lower(&["appId", "clientId", "applicationId"]).and_then(|id| (!id.contains("${{")).then_some(id)),
        object_id,
        name: source.field(bag, &["displayName", "name"]),
        redirect_uris: redirect_uris(source, bag, &mut cut),
        credentials: credentials(reader, bag, &mut cut),
        permissions: permissions(source, bag, &mut cut),
        audience: audience(source, bag),
        publisher_domain: source.field(bag, &["publisherDomain"]),
        shows_enabled: shows_state && !disabled.is_present(),
        disabled,
        cut,
    }
}

/// What says that the application is off, in words; absent where nothing does.
pub(super) fn disabled_by(source: &Source<'_>, bag: &Node) -> Field<Text> {
    let said = |names: &[&str]| source.field(bag, names).fact().cloned();
    let status = said(&["disabledByMicrosoftStatus", "disabledByMicrosoft"]).filter(|s| !matches!(s.value.as_str(), "NotDisabled" | "None"));
    let flag = said(&["isDisabled"]).filter(|s| crate::syntax::read_boolean(&s.value) == Some(true));
    let deleted = said(&["deletedDateTime", "deletionTimestamp"]).filter(|s| !s.value.starts_with("0001-01-01"));
    let words = |fact: Option<Fact<String>>, what: fn(&str) -> Text| fact.map(|f| Fact::new(what(&f.value), f.origin));
    words(status, |s| text!("disabled by Microsoft ({status})", status = s))
        .or_else(|| words(deleted, |s| text!("deleted on {date}", date = s)))
        .or_else(|| words(flag, |_| text!("disabled (isDisabled)")))
        .map_or(Field::Absent, Field::Value)
}

fn audience(source: &Source<'_>, bag: &Node) -> Field<String> {
    let audience = source.field(bag, &["signInAudience"]);
    if audience.is_present() {
        return audience;
    }
    source.boolean(bag, &["availableToOtherTenants"]).and_then(|multiple| {
        let word = if multiple { "AzureADMultipleOrgs" } else { "AzureADMyOrg" };
        Some(word.to_owned())
    })
}

/// True for a value in place of which PowerShell printed the name of its type, or `@{…}`: the depth of the export ended here.
fn is_cut(node: &Node) -> bool {
    match &node.value {
        Value::Cut(_) => true,
        Value::Text(text) => {
            let text = text.trim();
            text.starts_with("@{") || text.starts_with("System.") || text.starts_with("Microsoft.") && text.contains(".Models.") || text == "..."
        }
        _ => false,
    }
}

/// The redirect URIs of every platform. Portals write the list of the web platform twice (`redirectUriSettings`).
fn redirect_uris(source: &Source<'_>, bag: &Node, cut: &mut bool) -> Field<Vec<Fact<RedirectUri>>> {
    let mut found: Vec<Fact<RedirectUri>> = Vec::new();
    let mut seen: Option<Origin> = None;
    let mut unreadable: Option<Origin> = None;
    let mut take = |node: Option<&Node>, platform: Platform| {
        let Some(node) = node else { return };
        seen.get_or_insert_with(|| source.origin_of(node));
        if is_cut(node) || matches!(node.value, Value::List(_, true)) {
            unreadable.get_or_insert_with(|| source.origin_of(node));
        }
        for item in node.items() {
            if is_cut(item) {
                unreadable.get_or_insert_with(|| source.origin_of(item));
                continue;
            }
            // A list of texts, or of objects that hold one (`{uri, index}`).
            let text = item.text().or_else(|| item.any(&["uri", "url"])?.text());
            let Some(uri) = text.map(str::trim).filter(|uri| !uri.is_empty()) else {
                continue;
            };
            if !found.iter().any(|known| known.uri == uri && known.platform == platform) {
                let uri = uri.to_owned();
                found.push(Fact::new(RedirectUri { uri, platform }, source.origin_of(item)));
            }
        }
    };
    for (container, platform) in [
        ("web", Platform::Web),
        ("spa", Platform::Spa),
        ("singlePageApplication", Platform::Spa),
        ("publicClient", Platform::PublicClient),
        ("installedClients", Platform::PublicClient),
    ] {
        let Some(node) = bag.get(container) else { continue };
        if is_cut(node) {
            take(Some(node), platform);
            continue;
        }
        for name in ["redirectUris", "redirectUrls", "redirectUri", "redirectUriSettings"] {
            take(bag.at(&[container, name]), platform);
        }
    }
    take(bag.any(&["spaRedirectUri", "spaRedirectUris"]), Platform::Spa);
    take(bag.any(&["publicClientRedirectUri", "publicClientRedirectUris"]), Platform::PublicClient);
    let typed = bag.get("replyUrlsWithType");
    for item in typed.map(Node::items).unwrap_or_default() {
        let platform = match item.get("type").and_then(Node::text).map(str::to_ascii_lowercase).as_deref() {
            Some("web") => Platform::Web,
            Some("spa") => Platform::Spa,
            Some("installedclient" | "publicclient") => Platform::PublicClient,
            _ => Platform::Unknown,
        };
        take(Some(item), platform);
    }
    if let Some(node) = typed {
        // An empty list was looked at too.
        take(Some(node).filter(|n| n.is_blank() || is_cut(n)), Platform::Web);
    }
    if typed.is_none() && bag.get("web").is_none_or(|web| web.entries().is_empty()) {
        // The oldest dialect keeps one list for the one platform that it knows of.
        let platform = match bag.get("publicClient").map(Node::boolean) {
            Some(Some(true)) => Platform::PublicClient,
            Some(_) => Platform::Web,
            None if bag.has("spaRedirectUri") => Platform::Web,
            None => Platform::Unknown,
        };
        take(bag.any(&["replyUrls", "replyUrl"]), platform);
    }
    // The platform that ECE's address belongs to is missing: the file ends before it, or it wasn't selected.
    let web_shown = bag.has("web") || typed.is_some() || bag.any(&["replyUrls", "replyUrl"]).is_some();
    if !web_shown {
        unreadable = unreadable.or_else(|| seen.clone());
    }
    *cut |= unreadable.is_some();
    match (found.is_empty(), seen, unreadable) {
        (_, None, _) => Field::Absent,
        (true, _, Some(origin)) => Field::Unreadable(origin),
        (true, Some(origin), None) => Field::Empty(origin),
        (false, Some(origin), _) => Field::Value(Fact::new(found, origin)),
    }
}

fn credentials(reader: &Reader<'_, '_>, bag: &Node, cut: &mut bool) -> Field<Vec<Fact<Credential>>> {
    let lists: Vec<&Node> = [SECRETS, CERTIFICATES].iter().filter_map(|names| bag.any(names)).collect();
    let Some(first) = lists.first() else { return Field::Absent };
    let origin = reader.source.origin_of(first);
    let unreadable = lists
        .iter()
        .any(|list| is_cut(list) || matches!(list.value, Value::List(_, true)) || list.items().iter().any(|item| item.entries().is_empty()));
    let items: Vec<Node> = lists
        .iter()
        .flat_map(|list| list.items())
        .filter(|i| !i.entries().is_empty())
        .cloned()
        .collect();
    *cut |= unreadable;
    let found = credentials_of(reader, &items);
    match found.is_empty() {
        true if unreadable => Field::Unreadable(origin),
        true => Field::Empty(origin),
        false => Field::Value(Fact::new(found, origin)),
    }
}

/// Secrets and certificates; their values, hints and thumbprints are left where they are.
fn credentials_of(reader: &Reader<'_, '_>, items: &[Node]) -> Vec<Fact<Credential>> {
    let source = reader.source;
    let read = |item: &Node| {
        let text = |names: &[&str]| source.field(item, names).get().cloned();
        let date = |names: &[&str]| source.field(item, names).and_then(|t| reader.date(&t));
        let end_names = ["endDateTime", "endDate"];
        let credential = Credential {
            is_secret: !(item.has("usage") || item.has("type")),
            name: text(&["displayName"]),
            key_id: text(&["keyId"]).map(|id| id.to_ascii_lowercase()),
            start: date(&["startDateTime", "startDate"]).get().copied(),
            end: date(&end_names),
        };
        let place = item.any(&end_names).unwrap_or(item);
        Fact::new(credential, source.origin_of_property("endDateTime", place))
    };
    items.iter().map(read).collect()
}

fn permissions(source: &Source<'_>, bag: &Node, cut: &mut bool) -> Field<Vec<Fact<Permission>>> {
    let Some(list) = bag.any(PERMISSIONS) else { return Field::Absent };
    let origin = source.origin_of(list);
    let mut found = Vec::new();
    let mut unreadable = is_cut(list) || matches!(list.value, Value::List(_, true));
    for item in list.items() {
        // A resource that is printed as text: `{class RequiredResourceAccess { … }`.
        unreadable |= is_cut(item) || !item.is_blank() && !item.has("resourceAppId");
        found.extend(permissions_of(source, item, &mut unreadable));
    }
    *cut |= unreadable;
    match found.is_empty() {
        true if unreadable => Field::Unreadable(origin),
        true => Field::Empty(origin),
        false => Field::Value(Fact::new(found, origin)),
    }
}

/// The permissions of one resource. At the depth where PowerShell stops it prints objects as `@{id=…; type=Scope}`: those still
/// hold everything.
fn permissions_of(source: &Source<'_>, item: &Node, cut: &mut bool) -> Vec<Fact<Permission>> {
    let Some(resource) = item.get("resourceAppId").and_then(Node::text) else {
        return Vec::new();
    };
    let resource = resource.trim().to_ascii_lowercase();
    let mut found = Vec::new();
    for access in item.any(&["resourceAccess", "resourceAccesses"]).map(Node::items).unwrap_or_default() {
        let mut take = |id: &str, kind: Option<&str>, place: &Node| {
            let kind = kind.and_then(|k| match k.trim().to_ascii_lowercase().as_str() {
                "scope" => Some(PermissionKind::Scope),
                "role" => Some(PermissionKind::Role),
                _ => None,
            });
            let permission = Permission {
                resource: resource.clone(),
                id: id.trim().to_ascii_lowercase(),
                kind,
            };
            found.push(Fact::new(permission, source.origin_of_property("id", place)));
        };
        let printed = match &access.value {
            Value::Cut(text) => Some(&**text),
            _ => access.text(),
        };
        match (printed, access.get("id")) {
            (None, Some(id)) => match id.text() {
                Some(text) => take(text, access.get("type").and_then(Node::text), id),
                None => *cut = true,
            },
            (Some(text), _) => {
                let objects = printed_objects(text);
                *cut |= objects.is_empty() || !text.trim_end().ends_with('}');
                for (id, kind) in objects {
                    take(id, kind, access);
                }
            }
            _ => *cut = true,
        }
    }
    found
}

/// `id` and `type` of each object in `@{id=a; type=Scope} @{id=b; type=Role}`.
fn printed_objects(text: &str) -> Vec<(&str, Option<&str>)> {
    let body = |part: &'_ str| -> Option<(usize, usize)> { Some((part.find('{')? + 1, part.find('}')?)) };
    text.split('@')
        .filter_map(|part| {
            let (from, to) = body(part)?;
            let inner = part.get(from..to)?;
            let value = |name: &str| {
                inner.split(';').find_map(|pair| {
                    let (key, value) = pair.split_once('=')?;
                    key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
                })
            };
            Some((value("id")?, value("type")))
        })
        .collect()
}
