//! The crates of `runtime/` stand on floors, and arrows point downward.

use crate::expect_none;
use crate::tree::{Package, locked, packages};
use std::collections::BTreeSet;

/// Each crate's floor. A new crate gets its line here and in ARCHITECTURE.md.
const FLOORS: &[(&str, u8)] = &[
    ("stepwell", 6),
    ("stepwell-api", 5),
    ("stepwell-console", 5),
    ("stepwell-engine", 4),
    ("stepwell-auth", 4),
    ("stepwell-interpreter", 3),
    ("stepwell-store-redb", 3),
    ("stepwell-asl", 2),
    ("stepwell-store", 2),
    ("stepwell-sandbox", 2),
    ("stepwell-jsonpath", 1),
    ("stepwell-jsonata", 1),
    ("stepwell-history", 1),
    ("stepwell-types", 0),
];

/// Crates that may name only some of those below them, since what they do must not depend on the rest.
const NAMES_ONLY: &[(&str, &[&str])] = &[
    // Frames are bytes to a store, and a guest knows nothing of executions.
    ("stepwell-store", &["stepwell-types"]),
    ("stepwell-sandbox", &["stepwell-types"]),
    ("stepwell-store-redb", &["stepwell-types", "stepwell-store"]),
    // The interpreter sees no store, no sandbox, no clock, no socket.
    (
        "stepwell-interpreter",
        &["stepwell-types", "stepwell-history", "stepwell-jsonpath", "stepwell-jsonata", "stepwell-asl"],
    ),
    // The protocols see the engine, never what is below it; history is what the engine's answers are made of.
    ("stepwell-api", &["stepwell-types", "stepwell-history", "stepwell-engine", "stepwell-auth"]),
    ("stepwell-console", &["stepwell-types", "stepwell-history", "stepwell-engine", "stepwell-auth"]),
    // A task is written without the server.
    ("stepwell-task", &[]),
];

/// Who may name a backend of the store.
const NAMES_A_BACKEND: &[&str] = &["stepwell", "stepwell-tests", "xtask", "stepwell-bench"];
const BACKENDS: &[&str] = &["stepwell-store-redb", "stepwell-store-postgres"];

/// Crates that are the same everywhere and always: no runtime, no clock, no randomness, no input or output.
pub(crate) const PURE: &[&str] = &[
    "stepwell-types",
    "stepwell-history",
    "stepwell-jsonpath",
    "stepwell-jsonata",
    "stepwell-asl",
    "stepwell-interpreter",
];

/// What a pure crate and the store's port reach neither themselves nor by way of others.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "async-std",
    "smol",
    "getrandom",
    "rand",
    "hyper",
    "axum",
    "wasmtime",
    "redb",
    "rustix",
];

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, floor)| *floor)
}

fn is_ours(name: &str) -> bool {
    name == "stepwell" || name.starts_with("stepwell-")
}

fn below_runtime() -> impl Iterator<Item = Package> {
    packages().into_iter().filter(|package| package.folder.starts_with("runtime/"))
}

#[test]
fn every_crate_has_a_floor() {
    let strangers: Vec<String> = below_runtime()
        .filter(|package| floor(&package.name).is_none())
        .map(|package| package.name)
        .collect();
    expect_none("no line in the table of floors", &strangers);
}

#[test]
fn arrows_point_downward() {
    let mut faults = Vec::new();
    for package in below_runtime() {
        let Some(own) = floor(&package.name) else { continue };
        let all = package.dependencies.union(&package.dev_dependencies).filter(|name| is_ours(name));
        for dependency in all {
            match floor(dependency) {
                Some(other) if other < own => {}
                Some(other) => {
                    faults.push(format!("{} (F{own}) names {dependency} (F{other})", package.name))
                }
                None => {
                    faults.push(format!("{} (F{own}) names {dependency}, which has no floor", package.name))
                }
            }
        }
    }
    expect_none("an arrow points up or sideways", &faults);
}

#[test]
fn crates_name_only_what_they_may() {
    let mut faults = Vec::new();
    for package in packages() {
        let Some((_, allowed)) = NAMES_ONLY.iter().find(|(name, _)| *name == package.name) else { continue };
        let ours = package.dependencies.iter().filter(|name| is_ours(name));
        let beyond = ours.filter(|name| !allowed.contains(&name.as_str()));
        faults.extend(beyond.map(|dependency| format!("{} names {dependency}", package.name)));
    }
    expect_none("a crate names what it must not know", &faults);
}

#[test]
fn only_the_binary_and_the_tests_name_a_backend() {
    let mut faults = Vec::new();
    for package in packages() {
        if NAMES_A_BACKEND.contains(&package.name.as_str()) {
            continue;
        }
        let all = package.dependencies.union(&package.dev_dependencies);
        let backends = all.filter(|name| BACKENDS.contains(&name.as_str()));
        faults.extend(backends.map(|backend| format!("{} names {backend}", package.name)));
    }
    expect_none("a crate names a backend of the store", &faults);
}

#[test]
fn pure_crates_reach_no_runtime_and_no_randomness() {
    let locked = locked();
    let packages = packages();
    let mut faults = Vec::new();
    for name in PURE.iter().chain(&["stepwell-store"]) {
        let package = packages.iter().find(|package| package.name == *name).expect("a pure crate");
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = package.dependencies.iter().map(String::as_str).collect();
        while let Some(dependency) = next.pop() {
            if !reached.insert(dependency) || is_ours(dependency) {
                continue;
            }
            next.extend(locked.get(dependency).into_iter().flatten().map(String::as_str));
        }
        let impure = reached.iter().filter(|name| IMPURE.contains(name));
        faults.extend(impure.map(|dependency| format!("{name} reaches {dependency}")));
    }
    expect_none("a pure crate is built from what is not", &faults);
}
