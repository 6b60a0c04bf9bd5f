//! Core modules become components.
//!
//! | module | becomes |
//! | --- | --- |
//! | with a `component-type` section, as wit-bindgen leaves it | what the section says |
//! | exports `handle` with the canonical ABI (C, Go) | a component of world `stepwell:task/function` |
//! | exports `_start` (wasip1 command) | a `wasi:cli/run` component |

use super::PublishError;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Parser, Payload, Validator};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// The world that a module with a bare `handle` is taken to mean.
const TASK_WIT: &str = include_str!("../../../../wit/task.wit");

/// The component made from a core module; `None` if the bytes are a component already.
pub(super) fn to_component(wasm: &[u8]) -> Result<Option<Vec<u8>>, PublishError> {
    if !wasm.starts_with(b"\0asm") {
        return Err(PublishError::NotWasm(beginning(wasm)));
    }
    match wasm.get(4..8) {
        Some([1, 0, 0, 0]) => encode(wasm).map(Some),
        Some([0x0d, 0, 1, 0]) => Ok(None),
        Some([number, _, layer, _]) => Err(PublishError::Invalid(format!(
            "version {number} of layer {layer} is neither a core module (1 of 0) nor a component (13 of 1)"
        ))),
        _ => Err(PublishError::Truncated { at: wasm.len(), of: "the header" }),
    }
}

/// What there is to know about a module before it is encoded.
#[derive(Default)]
struct Shape {
    has_component_type: bool,
    exports_handle: bool,
    exports_start: bool,
    imports_wasip1: bool,
    is_go: bool,
}

fn encode(module: &[u8]) -> Result<Vec<u8>, PublishError> {
    Validator::new_with_features(super::component::features())
        .validate_all(module)
        .map_err(|error| super::component::invalid(&error, module.len()))?;
    let shape = shape(module).map_err(|error| super::component::invalid(&error, module.len()))?;
    let failed = |error: &dyn std::fmt::Display| PublishError::Module(format!("{error:#}"));
    let mut module = std::borrow::Cow::Borrowed(module);
    let mut adapter = WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
    if !shape.has_component_type {
        if shape.exports_handle {
            let mut resolve = wit_parser::Resolve::default();
            let world = resolve
                .push_source("task.wit", TASK_WIT)
                .and_then(|package| resolve.select_world(&[package], Some("function")))
                .map_err(|error| failed(&error))?;
            embed_component_metadata(module.to_mut(), &resolve, world, StringEncoding::UTF8)
                .map_err(|error| failed(&error))?;
        } else if shape.exports_start {
            adapter = WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;
        } else {
            return Err(PublishError::NoHandler("no function of either name".to_owned()));
        }
    }
    // Go's allocator does not work before its runtime has begun, so the adapter has to find its memory elsewhere.
    let mut encoder = ComponentEncoder::default()
        .validate(false)
        .realloc_via_memory_grow(shape.is_go)
        .module(&module)
        .map_err(|error| failed(&error))?;
    if shape.imports_wasip1 {
        encoder =
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter).map_err(|error| failed(&error))?;
    }
    encoder.encode().map_err(|error| failed(&error))
}

fn shape(module: &[u8]) -> wasmparser::Result<Shape> {
    let mut shape = Shape::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    shape.imports_wasip1 |= import?.module == WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    match export?.name {
                        "handle" => shape.exports_handle = true,
                        "_start" => shape.exports_start = true,
                        _ => {}
                    }
                }
            }
            Payload::CustomSection(section) => {
                shape.has_component_type |= section.name().starts_with("component-type");
                shape.is_go |= section.name().starts_with("go:") || section.name().starts_with("go.");
            }
            _ => {}
        }
    }
    Ok(shape)
}

/// Names the commonest things that are uploaded by mistake.
fn beginning(bytes: &[u8]) -> String {
    let known: [(&[u8], &str); 6] = [
        (b"\x7fELF", "the header of a native Linux program"),
        (b"#!", "`#!`, as a script does"),
        (b"(module", "`(module`: WebAssembly text, which has to be assembled first"),
        (b"(component", "`(component`: WebAssembly text, which has to be assembled first"),
        (b"\x1f\x8b", "the header of a gzip file; upload the .wasm or a zip"),
        (b"\0as", "a WebAssembly header that breaks off"),
    ];
    let named = known.iter().find(|(magic, _)| bytes.starts_with(magic));
    let hex = || bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    named.map_or_else(|| format!("the bytes {}", hex()), |(_, name)| (*name).to_owned())
}
