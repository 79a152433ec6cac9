//! Every fuzz target over every input that is known: the fixtures it begins with, and the inputs that once broke a promise
//! (`fixtures/fuzz/TARGET/`). `fuzz/run` looks for new ones.

#![allow(clippy::disallowed_methods)]

mod support;
#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::collections::BTreeMap;
use support::{files, fixtures};
use targets::{TARGETS, Target};

/// Inputs by what they are called.
type Inputs = BTreeMap<String, Vec<u8>>;

/// Fixtures up to this size are inputs: what a target promises shows in small ones.
const SMALL: usize = 8 * 1024;

fn inputs(target: &Target, fixtures: &Inputs) -> Inputs {
    let known = format!("fuzz/{}/", target.name);
    fixtures
        .iter()
        .filter(|(name, content)| name.contains(&known) || content.len() <= SMALL && target.seeds.iter().any(|end| name.ends_with(end)))
        .map(|(name, content)| (name.clone(), content.clone()))
        .collect()
}

#[test]
fn no_known_input_breaks_a_promise() {
    let fixtures: Inputs = files(&fixtures(""))
        .iter()
        .map(|path| (path.display().to_string(), std::fs::read(path).expect("a fixture")))
        .collect();
    let mut broken = Vec::new();
    for target in TARGETS {
        let inputs = inputs(target, &fixtures);
        for (name, content) in &inputs {
            if std::panic::catch_unwind(|| (target.run)(content)).is_err() {
                broken.push(format!("{}: {name}", target.name));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
