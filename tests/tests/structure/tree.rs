//! What the tests look at: the files of the repository and cargo's own view of its packages.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The top of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of the repository by its path from the top, with `/` between folders; what is built is left out.
pub(crate) fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(top().join(&folder)).expect("a folder of the repository") {
            let entry = entry.expect("an entry of a folder");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if entry.file_type().expect("the type of an entry").is_file() {
                found.push(path);
            } else if !matches!(name.as_str(), ".git" | "target" | "node_modules") {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a file; `None` if it is no text.
pub(crate) fn text(path: &str) -> Option<String> {
    String::from_utf8(std::fs::read(top().join(path)).ok()?).ok()
}

/// A file in TOML.
pub(crate) fn toml(path: &str) -> toml::Table {
    let text = text(path).unwrap_or_else(|| panic!("{path} is there"));
    text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder from the top, `runtime/types` for one.
    pub(crate) folder: String,
    pub(crate) description: String,
    pub(crate) license: String,
    /// What it is built from.
    pub(crate) dependencies: BTreeSet<String>,
    /// What its tests, benches and examples use beside that.
    pub(crate) dev_dependencies: BTreeSet<String>,
}

/// The packages of the workspace as `cargo metadata` tells them.
pub(crate) fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(top())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let root = PathBuf::from(word(&metadata, "workspace_root"));
    let packages = metadata.get("packages").and_then(Value::as_array).expect("packages");
    packages.iter().map(|package| self::package(package, &root)).collect()
}

fn package(package: &Value, root: &Path) -> Package {
    let manifest = PathBuf::from(word(package, "manifest_path"));
    let folder = manifest.parent().and_then(|folder| folder.strip_prefix(root).ok()).expect("a folder below");
    let named = |wanted: fn(&str) -> bool| {
        let dependencies = package.get("dependencies").and_then(Value::as_array).expect("dependencies");
        dependencies
            .iter()
            .filter(|dependency| wanted(dependency.get("kind").and_then(Value::as_str).unwrap_or("normal")))
            .map(|dependency| word(dependency, "name"))
            .collect()
    };
    Package {
        name: word(package, "name"),
        folder: folder.to_string_lossy().replace('\\', "/"),
        description: word(package, "description"),
        license: word(package, "license"),
        dependencies: named(|kind| kind != "dev"),
        dev_dependencies: named(|kind| kind == "dev"),
    }
}

fn word(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// For each package of Cargo.lock the packages that it names itself; of a registry's packages these are what they
/// are built from, whatever the platform.
pub(crate) fn locked() -> BTreeMap<String, BTreeSet<String>> {
    let lock = toml("Cargo.lock");
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock.get("package").and_then(toml::Value::as_array).expect("packages") {
        let name = package.get("name").and_then(toml::Value::as_str).expect("a name");
        let dependencies = package.get("dependencies").and_then(toml::Value::as_array);
        // `name`, or `name version` where there are several versions.
        let names = dependencies.into_iter().flatten().filter_map(toml::Value::as_str);
        let names = names.filter_map(|text| text.split(' ').next()).map(ToOwned::to_owned);
        named.entry(name.to_owned()).or_default().extend(names);
    }
    named
}
