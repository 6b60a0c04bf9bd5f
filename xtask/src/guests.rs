//! `cargo xtask guests`: build every guest example into the component that is checked in.
//!
//! One path for every toolchain: `cargo build` makes a core module per example, and `wit-component` turns it into a
//! component. What was built from which sources goes into a manifest, which a test holds against the tree.

mod component;
mod manifest;
mod toolchain;

use anyhow::{Context, Result};
use manifest::{Example, Manifest};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Build the guest examples, and the SDK's description of the task world.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Use this toolchain even if another one is found first.
    #[arg(long)]
    toolchain: Option<toolchain::Kind>,
}

/// The places in the repository that this command reads and writes.
struct Layout {
    root: PathBuf,
}

impl Layout {
    fn find() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        Self { root: root.to_owned() }
    }

    fn wit(&self) -> PathBuf {
        self.root.join("wit")
    }

    fn world_section(&self) -> PathBuf {
        self.root.join("sdk/rust/src/function.component-type")
    }

    fn examples(&self) -> PathBuf {
        self.root.join("guest-examples")
    }

    fn built(&self) -> PathBuf {
        self.examples().join("built")
    }
}

/// Run the command.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let layout = Layout::find();
    fs::write(layout.world_section(), component::world_section(&layout.wit())?)
        .context("writing the SDK's world section")?;

    let toolchain = toolchain::find(arguments.toolchain, &layout.root.join("target/guests"))?;
    eprintln!("guests: {toolchain}");
    let modules = toolchain.build(&layout.examples())?;

    fs::create_dir_all(layout.built())?;
    let mut manifest = Manifest::new(&layout)?;
    for example in manifest::examples(&layout)? {
        let module = modules.join(format!("{}.wasm", example.name.replace('-', "_")));
        let module = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
        let component = component::from_module(&module, &example.wit())
            .with_context(|| format!("making a component of {}", example.name))?;
        component::check(&component).with_context(|| format!("checking {}", example.name))?;
        fs::write(example.built(&layout), &component)?;
        eprintln!("guests: {} {} bytes", example.name, component.len());
        manifest.add(&example, &component)?;
    }
    manifest.write(&layout)?;
    remove_stale(&layout, &manifest)
}

/// Remove components whose example is gone.
fn remove_stale(layout: &Layout, manifest: &Manifest) -> Result<()> {
    for entry in fs::read_dir(layout.built())? {
        let path = entry?.path();
        let is_component = path.extension().is_some_and(|extension| extension == "wasm");
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if is_component && !manifest.names(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

impl Example {
    fn built(&self, layout: &Layout) -> PathBuf {
        layout.built().join(format!("{}.wasm", self.name))
    }
}

/// What is checked in, held against the sources; needs no wasm toolchain.
#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::ensure;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn components_are_built_from_these_sources() -> Result<()> {
        let layout = Layout::find();
        let mut want = Manifest::new(&layout)?;
        for example in manifest::examples(&layout)? {
            let component = fs::read(example.built(&layout)).with_context(|| example.name.clone())?;
            component::check(&component).with_context(|| example.name.clone())?;
            want.add(&example, &component)?;
        }
        let found = Manifest::read(&layout)?;
        ensure!(found == want, "guest-examples/built.toml is behind the sources: run `cargo xtask guests`");
        Ok(())
    }

    #[test]
    fn sdk_describes_the_world_of_wit() -> Result<()> {
        let layout = Layout::find();
        let section = fs::read(layout.world_section())?;
        ensure!(section == component::world_section(&layout.wit())?, "run `cargo xtask guests`");
        Ok(())
    }

    #[test]
    fn checked_in_components_stay_small() -> Result<()> {
        const TOTAL_BYTES_MAX: u64 = 4 << 20;
        let layout = Layout::find();
        let total =
            fs::read_dir(layout.built())?.map(|entry| Ok(entry?.metadata()?.len())).sum::<Result<u64>>()?;
        ensure!(total <= TOTAL_BYTES_MAX, "{total} bytes");
        Ok(())
    }

    #[derive(serde::Deserialize)]
    struct Deployment {
        functions: BTreeMap<String, Function>,
        machines: BTreeMap<String, Machine>,
    }

    #[derive(serde::Deserialize)]
    struct Function {
        wasm: String,
    }

    #[derive(serde::Deserialize)]
    struct Machine {
        file: String,
    }

    #[test]
    fn workflows_name_what_is_there() -> Result<()> {
        let folder = Layout::find().examples().join("workflows");
        let deployment: Deployment = toml::from_str(&fs::read_to_string(folder.join("stepwell.toml"))?)?;
        for function in deployment.functions.values() {
            ensure!(folder.join(&function.wasm).is_file(), "no file {}", function.wasm);
        }
        let mut unused: BTreeSet<&str> = deployment.functions.keys().map(String::as_str).collect();
        for Machine { file } in deployment.machines.values() {
            let definition = fs::read_to_string(folder.join(file)).with_context(|| file.clone())?;
            for (_, rest) in definition.match_indices("${").map(|(at, _)| definition.split_at(at + 2)) {
                let (name, _) = rest.split_once('}').context("a placeholder without end")?;
                ensure!(deployment.functions.contains_key(name), "{file} names `{name}`");
                unused.remove(name);
            }
        }
        ensure!(unused.is_empty(), "no workflow calls {unused:?}");
        Ok(())
    }

    #[test]
    fn conformance_functions_are_there() -> Result<()> {
        let folder = Layout::find().root.join("tests/conformance");
        let text = fs::read_to_string(folder.join("functions.json"))?;
        let functions: BTreeMap<String, BTreeMap<String, serde_json::Value>> = serde_json::from_str(&text)?;
        for (behaviour, function) in functions.iter().filter(|(behaviour, _)| *behaviour != "*") {
            let path = function.get("path").and_then(serde_json::Value::as_str).context("a path")?;
            ensure!(folder.join(path).is_file(), "{behaviour}: no file {path}");
        }
        Ok(())
    }
}
