//! From a core module to a component of the task world.

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata, metadata};
use wit_parser::{Resolve, WorldItem, WorldKey};

/// The task world in binary form, as an SDK embeds it for tools to find.
pub(super) fn world_section(wit: &Path) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some("function"))?;
    metadata::encode(&resolve, world, StringEncoding::UTF8, None)
}

/// Make a component of a module that carries its world, and of what `wit` adds to it, if there is such a folder.
pub(super) fn from_module(module: &[u8], wit: &Path) -> Result<Vec<u8>> {
    let mut module = module.to_vec();
    if wit.is_dir() {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path(wit)?;
        let world = resolve.select_world(&[package], None)?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    }
    ComponentEncoder::default().module(&module)?.validate(true).encode()
}

/// Hold a component against the task world: it exports `handle`, and imports nothing but `stepwell:` and `wasi:`.
pub(super) fn check(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("not a component");
    };
    let world = resolve.worlds.get(world).context("a component without a world")?;
    ensure!(
        world.exports.iter().any(|(key, item)| {
            matches!((key, item), (WorldKey::Name(name), WorldItem::Function(_)) if name == "handle")
        }),
        "no export `handle`"
    );
    for key in world.imports.keys() {
        let name = resolve.name_world_key(key);
        let allowed = name.starts_with("stepwell:task/") || name.starts_with("wasi:") || name == "task-error";
        ensure!(allowed, "import `{name}`");
    }
    Ok(())
}
