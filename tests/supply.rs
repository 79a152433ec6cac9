//! The lock file holds no crate that could reach a network, and nothing that is banned in deny.toml.

#![allow(clippy::disallowed_methods)]

use std::path::Path;

fn project(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file)
}

fn locked() -> Vec<String> {
    let lock: toml::Value = toml::from_str(&project("Cargo.lock")).expect("a lock file");
    let packages = lock["package"].as_array().expect("packages");
    packages.iter().filter_map(|p| p["name"].as_str().map(str::to_owned)).collect()
}

#[test]
fn no_banned_crate_is_locked() {
    let deny: toml::Value = toml::from_str(&project("deny.toml")).expect("deny.toml");
    let banned: Vec<&str> = deny["bans"]["deny"]
        .as_array()
        .expect("bans")
        .iter()
        .filter_map(|b| b["crate"].as_str())
        .collect();
    assert!(banned.len() > 15);
    let locked = locked();
    let found: Vec<_> = banned.iter().filter(|name| locked.iter().any(|l| l == *name)).collect();
    assert!(found.is_empty(), "banned crates are locked: {found:?}");
}

#[test]
fn every_package_comes_from_the_registry() {
    let lock: toml::Value = toml::from_str(&project("Cargo.lock")).expect("a lock file");
    for package in lock["package"].as_array().expect("packages") {
        let source = package.get("source").and_then(|s| s.as_str());
        let name = package["name"].as_str().unwrap_or_default();
        assert!(
            name == "ecelens" || source.is_some_and(|s| s.starts_with("registry+")),
            "{name}: {source:?}"
        );
    }
}
