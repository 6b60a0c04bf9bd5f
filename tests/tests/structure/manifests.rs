//! What every package says of itself, and which rules it takes over.

use crate::expect_none;
use crate::floors::PURE;
use crate::tree::{files, packages, text, toml, top};
use std::collections::BTreeSet;

/// What a pure crate's `clippy.toml` bans, whatever its reasons are called.
const BANNED: &[&str] =
    &["std::time::SystemTime::now", "std::time::Instant::now", "std::collections::hash_map::RandomState"];

fn manifests() -> impl Iterator<Item = String> {
    files().into_iter().filter(|path| path.ends_with("Cargo.toml") && path != "Cargo.toml")
}

#[test]
fn every_package_takes_over_the_lints() {
    let mut faults = Vec::new();
    for path in manifests() {
        let manifest = toml(&path);
        if !manifest.contains_key("package") {
            continue;
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            faults.push(path);
        }
    }
    expect_none("`[lints] workspace = true` is missing", &faults);
}

#[test]
fn every_package_has_a_description_and_the_licence() {
    let mut faults = Vec::new();
    for package in packages() {
        if package.description.is_empty() {
            faults.push(format!("{}: no description", package.name));
        }
        if package.license != "Apache-2.0" {
            faults.push(format!("{}: licence `{}`", package.name, package.license));
        }
        if package.folder.starts_with("runtime/")
            && package.name != "stepwell"
            && Some(package.name.as_str())
                != package
                    .folder
                    .strip_prefix("runtime/")
                    .map(|folder| format!("stepwell-{folder}"))
                    .as_deref()
        {
            faults.push(format!("{}: its folder is {}", package.name, package.folder));
        }
    }
    expect_none("a package is named or described wrongly", &faults);
}

#[test]
fn pure_crates_ban_clock_and_randomness() {
    let mut faults = Vec::new();
    for package in packages().iter().filter(|package| PURE.contains(&package.name.as_str())) {
        let path = format!("{}/clippy.toml", package.folder);
        let Some(text) = text(&path) else {
            faults.push(format!("{path} is missing"));
            continue;
        };
        let missing = BANNED.iter().filter(|banned| !text.contains(**banned));
        faults.extend(missing.map(|banned| format!("{path} does not ban {banned}")));
        let library = self::text(&format!("{}/src/lib.rs", package.folder)).unwrap_or_default();
        if !library.contains("#![forbid(unsafe_code)]") {
            faults.push(format!("{}/src/lib.rs does not forbid unsafe code", package.folder));
        }
    }
    expect_none("a pure crate could cease to be one", &faults);
}

/// A shared version that nobody takes is one that nobody keeps up.
#[test]
fn every_shared_dependency_is_used() {
    let workspace = toml("Cargo.toml");
    let shared = workspace.get("workspace").and_then(|table| table.get("dependencies"));
    let shared = shared.and_then(toml::Value::as_table).expect("workspace.dependencies");
    let mut used = BTreeSet::new();
    for package in packages() {
        used.extend(package.dependencies);
        used.extend(package.dev_dependencies);
    }
    let unused: Vec<String> =
        shared.keys().filter(|name| !used.contains(*name) && !is_a_crate_to_come(name)).cloned().collect();
    expect_none("in [workspace.dependencies], and in no package", &unused);
}

/// A crate of our own that nothing above it calls yet.
fn is_a_crate_to_come(name: &str) -> bool {
    name.strip_prefix("stepwell-").is_some_and(|folder| top().join("runtime").join(folder).is_dir())
}
