//! Terraform states and plans: the provider `azuread` keeps registrations, secrets, redirect URIs and enterprise applications as
//! resources of their own.

use super::entra_application::application_of;
use super::entra_records::Reader;
use super::entra_service_principal;
use crate::model::{Application, Credential, Fact, Field, Platform, RedirectUri};
use crate::syntax::Node;
use crate::text;

/// True for a state, a plan, or one that `terraform show -json` printed.
pub(super) fn is_terraform(bag: &Node) -> bool {
    bag.has("terraform_version") || bag.at(&["root_module", "resources"]).is_some()
}

/// Reads the resources of a state (`instances[].attributes`) or plan (`values`).
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let mut resources = Vec::new();
    for path in [
        &["resources"][..],
        &["values", "root_module", "resources"],
        &["planned_values", "root_module", "resources"],
        &["root_module", "resources"],
    ] {
        resources.extend(bag.at(path).map(Node::items).unwrap_or_default());
        if !resources.is_empty() {
            break;
        }
    }
    for resource in resources {
        let Some(kind) = resource.get("type").and_then(Node::text) else {
            continue;
        };
        let instances = resource.get("instances").map(Node::items).unwrap_or_default();
        let bodies = instances.iter().filter_map(|i| i.get("attributes")).chain(resource.get("values"));
        for body in bodies {
            match kind {
                "azuread_application" | "azuread_application_registration" => read_application(reader, body),
                "azuread_service_principal" => entra_service_principal::read(reader, body),
                "azuread_application_password" | "azuread_application_certificate" => {
                    piece(reader, body, |reader, body| Application {
                        credentials: credential(reader, body, kind.ends_with("password")),
                        ..Application::default()
                    });
                }
                "azuread_application_redirect_uris" => {
                    piece(reader, body, |reader, body| Application {
                        redirect_uris: redirect_uris(reader, body),
                        ..Application::default()
                    });
                }
                _ => {}
            }
        }
    }
}

fn read_application(reader: &mut Reader<'_, '_>, body: &Node) {
    let mut application = application_of(reader, body);
    // Secrets that were made as resources of their own, or by hand, are not among those of the application.
    if application.credentials.is_empty() {
        application.credentials = Field::Absent;
    }
    let origin = application.app_id.origin().cloned().unwrap_or_else(|| reader.source.origin_of(body));
    reader
        .found
        .recognise("entra-application", text!("Terraform resource azuread_application"));
    reader.found.facts.entra.applications.push(Fact::new(application, origin));
}

/// Keeps a resource that belongs to a registration until all of them are read.
fn piece(reader: &mut Reader<'_, '_>, body: &Node, make: impl FnOnce(&Reader<'_, '_>, &Node) -> Application) {
    let owner = body.any(&["application_id", "application_object_id"]).and_then(Node::text);
    // `/applications/<object id>` since version 2.44 of the provider.
    let Some(object_id) = owner.and_then(|o| o.rsplit('/').next()).map(str::to_ascii_lowercase) else {
        return;
    };
    let made = make(reader, body);
    reader.pieces.by_object.push((object_id, made));
}

fn credential(reader: &Reader<'_, '_>, body: &Node, is_secret: bool) -> Field<Vec<Fact<Credential>>> {
    let date = |name: &str| reader.source.field(body, &[name]).and_then(|t| reader.date(&t));
    let text = |name: &str| reader.source.field(body, &[name]).get().cloned();
    let place = body.get("end_date").unwrap_or(body);
    let origin = reader.source.origin_of_property("end_date", place);
    let credential = Credential {
        is_secret,
        name: text("display_name"),
        key_id: text("key_id").map(|id| id.to_ascii_lowercase()),
        start: date("start_date").get().copied(),
        end: date("end_date"),
    };
    Field::Value(Fact::new(vec![Fact::new(credential, origin.clone())], origin))
}

fn redirect_uris(reader: &Reader<'_, '_>, body: &Node) -> Field<Vec<Fact<RedirectUri>>> {
    let platform = match body.get("type").and_then(Node::text) {
        Some("Web") => Platform::Web,
        Some("SPA") => Platform::Spa,
        Some("PublicClient") => Platform::PublicClient,
        _ => Platform::Unknown,
    };
    let Some(list) = body.get("redirect_uris") else { return Field::Absent };
    let uris: Vec<_> = list
        .items()
        .iter()
        .filter_map(|item| {
            let uri = item.text()?.to_owned();
            Some(Fact::new(RedirectUri { uri, platform }, reader.source.origin_of(item)))
        })
        .collect();
    Field::Value(Fact::new(uris, reader.source.origin_of(list)))
}
