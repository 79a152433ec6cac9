//! The table of permission ids (`data/permissions.toml`): an id means something only together with its resource.

use super::PermissionKind;
use serde::Deserialize;
use std::sync::LazyLock;

/// Microsoft Graph's app id.
pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Exchange Online's app id.
pub const EXCHANGE_ONLINE: &str = "00000002-0000-0ff1-ce00-000000000000";

#[derive(Deserialize)]
struct Table {
    resource: Vec<Resource>,
    permission: Vec<Known>,
}

#[derive(Deserialize)]
struct Resource {
    id: String,
    name: String,
}

/// A permission of the table.
#[derive(Clone, Debug, Deserialize)]
pub struct Known {
    /// `IMAP.AccessAsUser.All`.
    pub name: String,
    /// Its id, lower case.
    pub id: String,
    /// App id of the resource that offers it.
    pub resource: String,
    kind: Kind,
    /// The cloud that the id belongs to, if not the public one.
    pub cloud: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Scope,
    Role,
}

impl Known {
    /// Delegated or application permission.
    pub fn kind(&self) -> PermissionKind {
        match self.kind {
            Kind::Scope => PermissionKind::Scope,
            Kind::Role => PermissionKind::Role,
        }
    }
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/permissions.toml")).expect("the table is part of the program"));

/// Name of a resource by its app id; the id itself where it isn't known.
pub fn resource_name(resource: &str) -> &str {
    let known = TABLE.resource.iter().find(|r| r.id.eq_ignore_ascii_case(resource));
    known.map_or(resource, |r| r.name.as_str())
}

/// App id of a resource that a manifest names by id, or, as hand-made manifests do, by name.
pub fn resource_id(resource: &str) -> &str {
    let known = TABLE.resource.iter().find(|r| r.name.eq_ignore_ascii_case(resource));
    known.map_or(resource, |r| r.id.as_str())
}

/// Every permission with this id, or name: one id may belong to several resources.
pub fn permissions_called(id: &str) -> impl Iterator<Item = &'static Known> {
    let id = id.to_owned();
    TABLE
        .permission
        .iter()
        .filter(move |p| p.id.eq_ignore_ascii_case(&id) || p.name.eq_ignore_ascii_case(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_mean_something_only_with_their_resource() {
        let of = |id: &str| {
            permissions_called(id)
                .map(|p| (p.name.as_str(), resource_name(&p.resource)))
                .collect::<Vec<_>>()
        };
        assert_eq!(of("652390E4-393a-48de-9484-05f9b1212954"), [("IMAP.AccessAsUser.All", "Microsoft Graph")]);
        assert_eq!(
            of("195adc35-e27b-454b-a7ed-1ecdffa1c09f"),
            [("IMAP.AccessAsUser.All", "Office 365 Exchange Online")]
        );
        assert_eq!(of("b633e1c5-b582-4048-a93e-9f11b44c7e96").len(), 2);
        assert!(of("5df07973-7d5d-46ed-f847-aeb6baeafa96").is_empty());
        assert_eq!(resource_id("Microsoft Graph"), GRAPH);
        let well_formed = |p: &Known| p.id.len() == 36 && p.id == p.id.to_lowercase() && resource_name(&p.resource) != p.resource;
        assert!(TABLE.permission.iter().all(well_formed));
    }
}
