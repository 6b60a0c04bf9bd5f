//! Interfaces of WASI 0.2 that nobody implements here: they link, and fail when they are called.
//!
//! Toolchains import whole worlds, used or not; JavaScript's, for one, imports `wasi:http` into every component.

use super::Guest;
use crate::publish::is_implemented;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};
use wasmtime_wasi::p2::bindings::io::error::Error as IoError;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};

/// A resource that no function ever hands out.
struct Nothing;

/// The guest called an interface that it may not use.
#[derive(Debug, thiserror::Error)]
#[error("{capability} was called, which was not granted")]
pub(crate) struct DeniedCall {
    pub(crate) capability: String,
}

/// A linker that has what this component imports beyond what is implemented; `None` if there is nothing.
pub(crate) fn link_denied(
    linker: &Linker<Guest>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<Option<Linker<Guest>>> {
    let ty = component.component_type();
    let mut denied = Vec::new();
    let mut shared: Vec<(ResourceType, ResourceType)> = Vec::new();
    for (name, import) in ty.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else { continue };
        let implemented = is_implemented(name);
        for (item_name, item) in instance.exports(engine) {
            if let (true, ComponentItem::Resource(resource)) = (implemented, &item.ty)
                && let Some(host) = io_resource(item_name)
            {
                shared.push((*resource, host));
            }
        }
        if !implemented {
            denied.push((name.to_owned(), instance));
        }
    }
    if denied.is_empty() {
        return Ok(None);
    }
    let mut linker = linker.clone();
    for (name, instance) in denied {
        let mut linked = linker.instance(&name)?;
        for (item_name, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let capability = format!("{name}#{item_name}");
                    linked.func_new(item_name, move |_, _, _, _| {
                        Err(wasmtime::Error::new(DeniedCall { capability: capability.clone() }))
                    })?;
                }
                ComponentItem::Resource(resource) => {
                    // A resource of `wasi:io` passes through these interfaces under the type that it has there.
                    let host = shared
                        .iter()
                        .find(|(theirs, _)| *theirs == resource)
                        .map_or_else(ResourceType::host::<Nothing>, |(_, host)| *host);
                    linked.resource(item_name, host, |_, _| Ok(()))?;
                }
                ComponentItem::CoreFunc(_)
                | ComponentItem::Module(_)
                | ComponentItem::Component(_)
                | ComponentItem::ComponentInstance(_)
                | ComponentItem::Type(_) => {}
            }
        }
    }
    Ok(Some(linker))
}

fn io_resource(name: &str) -> Option<ResourceType> {
    match name {
        "input-stream" => Some(ResourceType::host::<DynInputStream>()),
        "output-stream" => Some(ResourceType::host::<DynOutputStream>()),
        "pollable" => Some(ResourceType::host::<DynPollable>()),
        "error" => Some(ResourceType::host::<IoError>()),
        _ => None,
    }
}
