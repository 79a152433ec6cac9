//! Which licences bring an Exchange Online mailbox, from `data/licences.toml`.
//!
//! The check keys on service plans; SKUs and product names only lead to them. What the table doesn't list is unknown, never "no
//! mailbox": the vendor's own table has holes.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a service plan gives, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailboxLevel {
    /// No mailbox (`EXCHANGE_S_FOUNDATION` and the like).
    None,
    /// Kiosk: no full mailbox; IMAP is off in its defaults.
    Deskless,
    /// A full mailbox below E3.
    Plan1,
    /// What E3 and above bring.
    Plan2,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Plan {
    name: String,
    id: Option<String>,
    level: MailboxLevel,
}

/// A licence that brings a mailbox.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sku {
    /// Part number, with the stray blanks and punctuation of its vendor.
    pub part: String,
    /// SKU id, lower case.
    pub id: String,
    /// Product name.
    pub name: String,
    /// Its service plan for Exchange.
    pub plan: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    as_of: String,
    plan: Vec<Plan>,
    sku: Vec<Sku>,
}

#[derive(Debug)]
struct Table {
    file: File,
    /// Plans by folded name and by id.
    plans: BTreeMap<String, usize>,
    /// SKUs by id and folded part number.
    skus: BTreeMap<String, usize>,
    /// SKUs by folded product name: the last resort.
    products: BTreeMap<String, usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../data/licences.toml")).expect("data/licences.toml is part of the program");
    let mut table = Table {
        plans: BTreeMap::new(),
        skus: BTreeMap::new(),
        products: BTreeMap::new(),
        file,
    };
    for (at, plan) in table.file.plan.iter().enumerate() {
        table.plans.insert(fold(&plan.name), at);
        table.plans.extend(plan.id.clone().map(|id| (id, at)));
    }
    for (at, sku) in table.file.sku.iter().enumerate() {
        table.skus.insert(sku.id.clone(), at);
        table.skus.insert(fold(&sku.part), at);
        table.products.entry(fold(&sku.name)).or_insert(at);
    }
    table
});

/// Part numbers and names are compared by letters and digits alone: the vendor's own strings differ in the rest.
fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The day of the table.
pub fn as_of() -> &'static str {
    &TABLE.file.as_of
}

/// What a service plan gives, by its id (lower case) or else its name. `None`: the table doesn't know it.
pub fn level_of_plan(name: &str, id: Option<&str>) -> Option<MailboxLevel> {
    let by_id = id.and_then(|id| TABLE.plans.get(id));
    let at = by_id
        .or_else(|| TABLE.plans.get(&name.to_lowercase()))
        .or_else(|| TABLE.plans.get(&fold(name)))?;
    TABLE.file.plan.get(*at).map(|plan| plan.level)
}

/// The SKU that is meant by `<id>`, `<id> <part number>`, a part number or a product name. `None`: the table doesn't know it.
pub fn sku(text: &str) -> Option<&'static Sku> {
    let text = text.trim();
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let by_id = TABLE.skus.get(&first.to_lowercase());
    let at = by_id
        .or_else(|| TABLE.skus.get(&fold(text)))
        .or_else(|| TABLE.skus.get(&fold(rest)).filter(|_| first.len() == 36))
        .or_else(|| TABLE.products.get(&fold(text)))?;
    TABLE.file.sku.get(*at)
}

impl Sku {
    /// What its Exchange plan gives.
    pub fn level(&self) -> Option<MailboxLevel> {
        level_of_plan(&self.plan, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sku_leads_to_a_plan_with_a_mailbox() {
        assert_eq!(TABLE.file.sku.len(), 103);
        for sku in &TABLE.file.sku {
            assert!(sku.level().is_some_and(|l| l > MailboxLevel::None), "{}", sku.part);
        }
    }

    #[test]
    fn finds_skus_under_all_their_names_and_keeps_the_confusable_apart() {
        let level = |text: &str| sku(text).and_then(Sku::level);
        assert_eq!(level("SPE_E3"), Some(MailboxLevel::Plan2));
        assert_eq!(level("05e9a617-0261-4cee-bb44-138d3ef5d965 SPE_E3"), Some(MailboxLevel::Plan2));
        assert_eq!(level("00000000-0000-0000-0000-000000000000 SPE_F1"), Some(MailboxLevel::Deskless));
        assert_eq!(
            level("Microsoft_365_Business_Premium_(no_Teams)"),
            Some(MailboxLevel::Plan1),
            "stray blanks of the vendor"
        );
        assert_eq!(level("Office 365 E3"), Some(MailboxLevel::Plan2));
        assert_eq!(
            sku("O365_BUSINESS_PREMIUM").map(|s| s.name.as_str()),
            Some("Microsoft 365 Business Standard")
        );
        assert_eq!(level("M365_F1_COMM"), Some(MailboxLevel::Deskless));
        assert_eq!(level("M365_F1"), None);
        assert_eq!(level("M365_FRONTIER_SUITE_2026"), None);
        assert_eq!(level_of_plan("EXCHANGE_S_FOUNDATION", None), Some(MailboxLevel::None));
        assert_eq!(
            level_of_plan("x", Some("efb87545-963c-4e0d-99df-69c6916d9eb0")),
            Some(MailboxLevel::Plan2)
        );
        assert_eq!(level_of_plan("EXCHANGE_S_NEW", None), None);
    }
}
