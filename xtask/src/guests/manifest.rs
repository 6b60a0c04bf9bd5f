//! `guest-examples/built.toml`: which sources each checked-in component was built from.

use super::Layout;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const HEADER: &str = "\
# Which sources each component in built/ was built from, as BLAKE3 digests.
# Written by `cargo xtask guests`; a test of that package holds it against the tree.

";

/// A guest example: a package two folders below `guest-examples`.
pub(super) struct Example {
    pub(super) name: String,
    folder: PathBuf,
}

impl Example {
    /// The folder of the interfaces that it imports beyond the task world; most have none.
    pub(super) fn wit(&self) -> PathBuf {
        self.folder.join("wit")
    }
}

/// All examples, by name.
pub(super) fn examples(layout: &Layout) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    for group in folders(&layout.examples())? {
        for folder in folders(&group)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if folder.join("Cargo.toml").is_file() {
                examples.push(Example { name, folder });
            }
        }
    }
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(examples)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let is_source = |path: &PathBuf| path.is_dir() && !path.ends_with("target");
    Ok(paths.into_iter().filter(is_source).collect())
}

/// The manifest's content.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Manifest {
    /// What every component is built from: the world, the SDK, the workspace.
    shared: String,
    components: BTreeMap<String, Component>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Component {
    /// Of the example's folder.
    sources: String,
    /// Of the component itself.
    component: String,
}

impl Manifest {
    /// A manifest of no components yet.
    pub(super) fn new(layout: &Layout) -> Result<Self> {
        let shared = digest(
            &layout.root,
            &[
                "wit",
                "sdk/rust/Cargo.toml",
                "sdk/rust/src",
                "guest-examples/Cargo.toml",
                "guest-examples/Cargo.lock",
            ],
        )?;
        Ok(Self { shared, components: BTreeMap::new() })
    }

    pub(super) fn add(&mut self, example: &Example, component: &[u8]) -> Result<()> {
        let sources = digest(&example.folder, &["."])?;
        let component = blake3::hash(component).to_hex().to_string();
        self.components.insert(example.name.clone(), Component { sources, component });
        Ok(())
    }

    pub(super) fn names(&self, component: &str) -> bool {
        self.components.contains_key(component)
    }

    #[cfg(test)]
    pub(super) fn read(layout: &Layout) -> Result<Self> {
        let text = fs::read_to_string(path(layout)).context("reading built.toml")?;
        Ok(toml::from_str(&text)?)
    }

    pub(super) fn write(&self, layout: &Layout) -> Result<()> {
        let text = format!("{HEADER}{}", toml::to_string(self)?);
        fs::write(path(layout), text).context("writing built.toml")
    }
}

fn path(layout: &Layout) -> PathBuf {
    layout.examples().join("built.toml")
}

/// The digest of files and of all files in folders, with their paths below `root`.
fn digest(root: &Path, places: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for place in places {
        collect(&root.join(place), &mut files)?;
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let name = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let content = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        for part in [name.as_bytes(), &content] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}
