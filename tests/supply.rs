//! The lock file holds no crate that could reach a network, and nothing that is banned in deny.toml.

#![allow(clippy::disallowed_methods, clippy::print_stderr)]

use std::collections::BTreeSet;
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

/// The table of DEPENDENCIES.md names exactly the direct dependencies of every kind.
#[test]
fn every_dependency_is_accounted_for() {
    let manifest: toml::Value = toml::from_str(&project("Cargo.toml")).expect("Cargo.toml");
    let mut tables = vec![&manifest];
    tables.extend(manifest["target"].as_table().into_iter().flat_map(|targets| targets.values()));
    let kinds = ["dependencies", "build-dependencies", "dev-dependencies"];
    let direct: BTreeSet<String> = tables
        .iter()
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(kind)?.as_table()))
        .flat_map(|dependencies| dependencies.keys().cloned())
        .collect();
    let table = project("DEPENDENCIES.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let told: BTreeSet<String> = rows.filter(|name| !matches!(*name, "crate" | "---")).map(str::to_owned).collect();
    assert_eq!(told, direct);
}

/// The packages of the lock file as cargo knows them.
fn packages() -> Option<Vec<serde_json::Value>> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let told = cargo
        .output()
        .ok()
        .and_then(|output| serde_json::from_slice::<serde_json::Value>(&output.stdout).ok());
    if told.is_none() {
        eprintln!("skipped: not every locked crate is on this machine (cargo fetch)");
    }
    Some(told?["packages"].as_array().expect("packages").clone())
}

#[test]
fn every_licence_is_accepted() {
    let Some(packages) = packages() else { return };
    let deny: toml::Value = toml::from_str(&project("deny.toml")).expect("deny.toml");
    let accepted: Vec<spdx::Licensee> = deny["licenses"]["allow"]
        .as_array()
        .expect("licences")
        .iter()
        .map(|licence| spdx::Licensee::parse(licence.as_str().expect("a text")).expect("a licence"))
        .collect();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        let expression = expression.unwrap_or_else(|error| panic!("{}: `{licence}`: {error}", package["name"]));
        let fits = expression.evaluate(|needed| accepted.iter().any(|licence| licence.satisfies(needed)));
        assert!(fits, "{}: {licence}", package["name"]);
    }
}

/// Programs that run while ecelens is built: a new one is looked at before it stands in the list.
#[test]
fn no_new_crate_runs_code_at_build_time() {
    let Some(packages) = packages() else { return };
    let runs = |package: &serde_json::Value| {
        package["targets"].as_array().into_iter().flatten().any(|target| {
            let kinds = target["kind"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind == "custom-build" || kind == "proc-macro")
        })
    };
    let running: BTreeSet<String> = packages
        .iter()
        .filter(|package| runs(package))
        .filter_map(|package| package["name"].as_str().map(str::to_owned))
        .collect();
    let known: BTreeSet<String> = project("tests/build-time.txt").lines().map(str::to_owned).collect();
    assert_eq!(running, known, "tests/build-time.txt lists the crates with a build script or macros");
}
