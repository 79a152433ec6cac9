//! libFuzzer around one target, which the environment names. `fuzz/run` builds and starts it; see `fuzz/README.md`.
#![no_main]
#![allow(clippy::disallowed_methods)]

mod targets;

use std::sync::LazyLock;
use targets::{TARGETS, Target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| {
        // Without a target: which there are, and the ends of the names of the fixtures that they begin with.
        for target in TARGETS {
            println!("{} {}", target.name, target.seeds.join(" "));
        }
        std::process::exit(i32::from(!name.is_empty()));
    })
});

libfuzzer_sys::fuzz_target!(
    init: {
        LazyLock::force(&TARGET);
    },
    |bytes: &[u8]| (TARGET.run)(bytes)
);
