//! Licences: Graph's licence details, `assignedLicenses`/`assignedPlans`, `Get-MsolUser`, the admin centre's list of users.
//!
//! Some exports spread one user's licences over several records (a row per SKU, a row per plan), so they are collected per user
//! until the section ends. An export that holds no licence at all is evidence as well: the user has none.

use super::{Context, Hint, Record, command, named_value};
use crate::model::{Fact, Field, Licence, Origin, ServicePlan};
use crate::parse::Findings;
use crate::syntax::{Node, Value};
use crate::text;
use std::collections::BTreeMap;

/// Licences of the section's users; the key is empty where the export names nobody.
#[derive(Default)]
pub(super) struct Collected {
    users: BTreeMap<String, Fact<Licence>>,
}

impl Collected {
    /// The licence of the user that the record is about.
    fn of(&mut self, record: &Record<'_>, user: Field<String>) -> &mut Licence {
        let key = user.get().cloned().unwrap_or_default();
        let fresh = || {
            let licence = Licence {
                user,
                hint: record.context.name_hint.clone(),
                taken: record.taken(),
                ..Licence::default()
            };
            Fact::new(licence, record.origin())
        };
        &mut self.users.entry(key).or_insert_with(fresh).value
    }

    pub(super) fn finish(self, context: &Context<'_>, out: &mut Findings) {
        for (_, licence) in self.users {
            out.recognise("licences", text!("licences of users"));
            out.facts.exchange.licences.push(licence);
        }
        let section = context.section;
        // `{}` and `[]` under a request for one user's licences.
        let nothing = section
            .nodes
            .iter()
            .all(|n| n.is_blank() || matches!(&n.value, Value::List(items, false) if items.is_empty()));
        if nothing && context.hint == Hint::Licence && context.asked.is_present() {
            let origin = section.nodes.first().map(|n| context.source.origin_of(n));
            if let Some(origin) = origin.or_else(|| context.asked.origin().cloned()) {
                let licence = Licence {
                    user: context.asked.clone(),
                    skus: Field::Empty(origin.clone()),
                    taken: section.printed,
                    ..Licence::default()
                };
                out.facts.exchange.licences.push(Fact::new(licence, origin));
            }
        }
    }

    /// Takes what the record says of licences. True if it says anything.
    pub(super) fn read(&mut self, record: &Record<'_>) -> bool {
        // The tenant's stock of SKUs is no user's licence.
        if record.has(&["consumedunits", "prepaidunits", "activeunits", "consumedlicenses", "totallicenses"]) {
            return true;
        }
        let of_user = record.has(&["userprincipalname", "upn", "objectid", "displayname", "mail", "mailbox", "id"]) || record.is(Hint::User);
        if record.has(&["skupartnumber", "accountskuid"])
            || (record.has(&["skuid"]) && record.has(&["serviceplans", "disabledplans", "servicestatus"]))
        {
            self.sku(record);
            return true;
        }
        if (record.has(&["serviceplanname", "serviceplanid", "serviceplan"])) && record.has(&["provisioningstatus", "capabilitystatus"]) {
            let licence = self.of(record, record.or_asked(owner(record)));
            match plan(record.node, None) {
                Some(plan) => push_plan(licence, plan, record.origin()),
                // What is known of a user whose only plan has no readable state: that there is something.
                None => set_unreadable(licence, &record.origin()),
            }
            return true;
        }
        if of_user
            && record.has(&[
                "islicensed",
                "licenses",
                "licences",
                "assignedlicenses",
                "assignedplans",
                "licenseassignmentstates",
            ])
        {
            return self.user(record);
        }
        self.empty_document(record)
    }

    /// A record per SKU: `skuId`, `skuPartNumber`, `servicePlans`.
    fn sku(&mut self, record: &Record<'_>) {
        let user = record.or_asked(owner(record));
        let licence = self.of(record, user);
        add_sku(record, licence, record.node);
    }

    /// A record per user.
    fn user(&mut self, record: &Record<'_>) -> bool {
        let user = record.or_asked(owner(record));
        let licence = self.of(record, user);
        let source = record.context.source;
        for name in ["AssignedLicenses", "Licenses", "Licences"] {
            let Some(node) = record.node.get(name) else { continue };
            let origin = source.origin_of_property(name, node);
            let cut = matches!(node.value, Value::List(_, true) | Value::Cut(_));
            let mut seen = false;
            for item in node.items() {
                match &item.value {
                    Value::Bag(_) => {
                        add_sku(record, licence, item);
                        seen = true;
                    }
                    _ => {
                        for sku in item.text().map(sku_names).unwrap_or_default() {
                            match sku {
                                Named::Sku(name) => push_sku(licence, name, &origin),
                                Named::Nothing => set_empty(licence, &origin),
                                Named::Unreadable => set_unreadable(licence, &origin),
                            }
                            seen = true;
                        }
                    }
                }
            }
            match (seen, cut) {
                (_, true) if licence.skus.get().is_none() => set_unreadable(licence, &origin),
                (false, false) => set_empty(licence, &origin),
                _ => {}
            }
        }
        match record.boolean(&["isLicensed", "Is licensed"]) {
            Field::Value(licensed) if !licensed.value => set_empty(licence, &licensed.origin),
            Field::Value(licensed) if !licence.skus.is_present() => licence.skus = Field::Unreadable(licensed.origin),
            _ => {}
        }
        if let Some(plans) = record.node.get("AssignedPlans") {
            for item in plans.items() {
                if let Some(plan) = plan(item, None) {
                    push_plan(licence, plan, source.origin_of(item));
                }
            }
        }
        true
    }

    /// `{"@odata.context": "…users('x')/licenseDetails", "value": []}`: no licence.
    fn empty_document(&mut self, record: &Record<'_>) -> bool {
        let Some(context) = record.node.get("@odata.context").and_then(Node::text) else {
            return false;
        };
        let Some(value) = record.node.get("value") else { return false };
        let lower = context.to_ascii_lowercase();
        let empty = matches!(&value.value, Value::List(items, false) if items.is_empty());
        if !empty || !(lower.ends_with("/licensedetails") || lower.ends_with("/assignedlicenses")) {
            return false;
        }
        let user = match command::user_of_url(context) {
            Some(_) => record.within.map_or(Field::Absent, |user| Field::Value(user.clone())),
            None => record.or_asked(Field::Absent),
        };
        let origin = record.context.source.origin_of(value);
        let licence = self.of(record, user);
        set_empty(licence, &origin);
        true
    }
}

/// Who the licence belongs to, as the record itself says.
fn owner(record: &Record<'_>) -> Field<String> {
    match record.identity(&["UserPrincipalName", "User principal name", "UPN", "User", "Mail", "Mailbox"]) {
        // A detail's `id` is its own, a user's is the user's.
        Field::Absent if !record.has(&["skuid", "skupartnumber", "serviceplanname"]) => record.identity(&["ObjectId", "Object Id", "Id"]),
        named => named,
    }
}

fn push_sku(licence: &mut Licence, name: String, origin: &Origin) {
    match &mut licence.skus {
        Field::Value(skus) if skus.value.contains(&name) => {}
        Field::Value(skus) => skus.value.push(name),
        other => *other = Field::Value(Fact::new(vec![name], origin.clone())),
    }
}

fn set_empty(licence: &mut Licence, origin: &Origin) {
    if !matches!(licence.skus, Field::Value(_) | Field::Unreadable(_)) {
        licence.skus = Field::Empty(origin.clone());
    }
}

fn set_unreadable(licence: &mut Licence, origin: &Origin) {
    if !matches!(licence.skus, Field::Value(_)) {
        licence.skus = Field::Unreadable(origin.clone());
    }
}

fn push_plan(licence: &mut Licence, plan: ServicePlan, origin: Origin) {
    let fact = Fact::new(plan, origin.clone());
    match &mut licence.plans {
        Field::Value(plans) => plans.value.push(fact),
        other => *other = Field::Value(Fact::new(vec![fact], origin)),
    }
}

/// One SKU with its plans. The id counts more than the part number (the vendor's own part numbers hold stray blanks), and that
/// more than a product's name.
fn add_sku(record: &Record<'_>, licence: &mut Licence, node: &Node) {
    let source = record.context.source;
    let text = |names: &[&str]| {
        node.any(names)
            .and_then(|n| named_value(n.sole()))
            .map(str::trim)
            .filter(|t| !t.is_empty())
    };
    let part = text(&["SkuPartNumber", "AccountSkuId"]).map(|p| p.rsplit(':').next().unwrap_or(p).to_owned());
    let id = text(&["SkuId"]).map(str::to_lowercase);
    let Some(sku) = id.filter(|id| command::looks_like_guid(id)).or_else(|| part.clone()) else {
        return set_unreadable(licence, &source.origin_of(node));
    };
    // The part number is what people know: it is kept beside the id, as `<id> <part number>`.
    let named = match part {
        Some(part) if part != sku => format!("{sku} {part}"),
        _ => sku,
    };
    let listed = node.any(&["ServicePlans", "ServiceStatus"]);
    // One SKU without its plans, and the list of the user's plans is not whole.
    let whole = listed.is_some_and(|l| matches!(&l.value, Value::List(items, false) if items.iter().all(|i| matches!(i.value, Value::Bag(_)))));
    licence.plans_complete = whole && (licence.plans_complete || !licence.skus.is_present());
    push_sku(licence, named.clone(), &source.origin_of(node));
    if let Some(plans) = listed {
        for item in plans.items() {
            match &item.value {
                Value::Bag(_) => {
                    if let Some(plan) = plan(item, Some(&named)) {
                        push_plan(licence, plan, source.origin_of(item));
                    }
                }
                // `{EXCHANGE_S_ENTERPRISE, TEAMS1...}`: names without their state.
                _ => {
                    for word in item
                        .text()
                        .unwrap_or("")
                        .split([',', ';', ' ', '{', '}'])
                        .filter(|w| w.contains('_') && !w.contains('.'))
                    {
                        let plan = ServicePlan {
                            name: word.to_owned(),
                            id: None,
                            status: None,
                            sku: Some(named.clone()),
                        };
                        push_plan(licence, plan, source.origin_of(item));
                    }
                }
            }
        }
    }
    if let Some(disabled) = node.get("DisabledPlans") {
        for item in disabled.items() {
            for word in item.text().unwrap_or("").split([',', ';', ' ', '{', '}']).filter(|w| !w.is_empty()) {
                let plan = ServicePlan {
                    name: word.to_owned(),
                    id: command::looks_like_guid(word).then(|| word.to_lowercase()),
                    status: Some("Disabled".to_owned()),
                    sku: Some(named.clone()),
                };
                push_plan(licence, plan, source.origin_of(item));
            }
        }
    }
}

/// A service plan in any dialect: `servicePlanName` + `provisioningStatus`, `ServicePlan` (an object) + `ProvisioningStatus`,
/// `servicePlanId` + `capabilityStatus`. `None` if its name is missing, or its state is cut: then it isn't known to be in service.
fn plan(node: &Node, sku: Option<&str>) -> Option<ServicePlan> {
    let text = |names: &[&str]| {
        node.any(names)
            .and_then(|n| n.text())
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty())
    };
    let state = node.any(&["ProvisioningStatus", "CapabilityStatus"]);
    if state.is_some_and(|state| matches!(state.value, Value::Cut(_))) {
        return None;
    }
    let nested = node.get("ServicePlan");
    let name = text(&["ServicePlanName"])
        .or_else(|| {
            nested
                .and_then(|n| n.sole().any(&["ServiceName", "ServicePlanName", "ToString"]))
                .and_then(Node::text)
                .map(str::to_owned)
        })
        .or_else(|| nested.and_then(Node::text).map(str::to_owned));
    let id = text(&["ServicePlanId"])
        .map(|id| id.to_lowercase())
        .filter(|id| command::looks_like_guid(id));
    let status = text(&["ProvisioningStatus"]).or_else(|| {
        text(&["CapabilityStatus"]).map(|status| match status.to_ascii_lowercase().as_str() {
            "enabled" => "Success".to_owned(),
            _ => status,
        })
    });
    Some(ServicePlan {
        name: name.or_else(|| id.clone())?,
        id,
        status,
        sku: sku.map(str::to_owned),
    })
}

enum Named {
    Sku(String),
    Nothing,
    Unreadable,
}

/// Licences written into one text: `{tenant:ENTERPRISEPACK, tenant:EMS}`, `Office 365 E3+Power BI (free)`, `Unlicensed`.
fn sku_names(text: &str) -> Vec<Named> {
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
    if inner.is_empty() {
        return Vec::new();
    }
    if inner.starts_with("System.")
        || inner.starts_with("Microsoft.") && inner.contains(".Models.")
        || inner.starts_with("@{")
        || inner.starts_with("class ")
    {
        return vec![Named::Unreadable];
    }
    inner
        .split(['+', ',', ';'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .map(|name| match name.to_lowercase().as_str() {
            "unlicensed" | "none" | "no licenses" | "senza licenza" | "nicht lizenziert" | "sans licence" | "sin licencia" => Named::Nothing,
            _ if name.ends_with("...") || name.ends_with('…') => Named::Unreadable,
            _ => Named::Sku(match name.split_once(':') {
                Some((tenant, part)) if !tenant.contains(' ') => part.trim().to_owned(),
                _ => name.to_owned(),
            }),
        })
        .collect()
}
