//! A component is checked: valid, called in a way we know, importing nothing that nobody provides.

use super::{ComponentKind, PublishError};
use wasmparser::component_types::{ComponentDefinedType, ComponentEntityType, ComponentValType};
use wasmparser::types::TypesRef;
use wasmparser::{
    BinaryReaderError, ComponentTypeRef, Parser, Payload, PrimitiveValType, TypeBounds, Validator,
    WasmFeatures,
};

/// The interfaces of WASI 0.2 that the sandbox implements; others link and fail when called.
const WASI_IMPLEMENTED: [(&str, &[&str]); 6] = [
    (
        "cli",
        &[
            "environment",
            "exit",
            "stderr",
            "stdin",
            "stdout",
            "terminal-input",
            "terminal-output",
            "terminal-stderr",
            "terminal-stdin",
            "terminal-stdout",
        ],
    ),
    ("clocks", &["monotonic-clock", "wall-clock"]),
    ("filesystem", &["preopens", "types"]),
    ("io", &["error", "poll", "streams"]),
    ("random", &["insecure", "insecure-seed", "random"]),
    (
        "sockets",
        &[
            "instance-network",
            "ip-name-lookup",
            "network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
];
/// The interfaces of `stepwell:task` that a component may import.
const TASK_INTERFACES: [&str; 3] = ["types", "context", "logging"];

#[derive(Debug)]
pub(super) struct Checked {
    pub(super) kind: ComponentKind,
    pub(super) denied_imports: Vec<String>,
}

/// The language that the engine compiles.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::default()
        - WasmFeatures::MEMORY64
        - WasmFeatures::THREADS
        - WasmFeatures::EXCEPTIONS
        - WasmFeatures::FUNCTION_REFERENCES
        - WasmFeatures::GC
        - WasmFeatures::GC_TYPES
        - WasmFeatures::CM_ASYNC
}

pub(super) fn invalid(error: &BinaryReaderError, len: usize) -> PublishError {
    if error.message().starts_with("unexpected end") {
        return PublishError::Truncated { at: len, of: "a section" };
    }
    PublishError::Invalid(error.to_string())
}

pub(super) fn check(component: &[u8]) -> Result<Checked, PublishError> {
    let types = Validator::new_with_features(features())
        .validate_all(component)
        .map_err(|error| invalid(&error, component.len()))?;
    let names = outer_names(component).map_err(|error| invalid(&error, component.len()))?;
    let mut denied_imports = Vec::new();
    for import in names.imports {
        match judge(&import) {
            Import::Provided => {}
            Import::Denied => denied_imports.push(import),
            Import::Forbidden => return Err(PublishError::ForbiddenImport(import)),
        }
    }
    let kind = kind(types.as_ref(), &names.exports)?;
    Ok(Checked { kind, denied_imports })
}

#[derive(Debug, PartialEq, Eq)]
enum Import {
    Provided,
    /// Links, and fails when it is called.
    Denied,
    Forbidden,
}

fn judge(import: &str) -> Import {
    let (path, version) = import.split_once('@').unwrap_or((import, ""));
    if let Some(interface) = path.strip_prefix("stepwell:task/") {
        let known = TASK_INTERFACES.contains(&interface) && version.starts_with("0.1.");
        return if known { Import::Provided } else { Import::Forbidden };
    }
    if !path.starts_with("wasi:") || !version.starts_with("0.2.") {
        return Import::Forbidden;
    }
    let Some((package, interface)) = path.trim_start_matches("wasi:").split_once('/') else {
        return Import::Forbidden;
    };
    let implemented =
        |(name, interfaces): &(&str, &[&str])| *name == package && interfaces.contains(&interface);
    if WASI_IMPLEMENTED.iter().any(implemented) { Import::Provided } else { Import::Denied }
}

/// Whether the sandbox provides this import.
pub(crate) fn is_implemented(import: &str) -> bool {
    judge(import) == Import::Provided
}

fn kind(types: TypesRef<'_>, exports: &[String]) -> Result<ComponentKind, PublishError> {
    if exports.iter().any(|name| name == "handle") {
        return if is_handler(types) { Ok(ComponentKind::Task) } else { Err(PublishError::WrongHandlerType) };
    }
    if exports.iter().any(|name| name.starts_with("wasi:cli/run@0.2.")) {
        return Ok(ComponentKind::Command);
    }
    if let Some(http) = exports.iter().find(|name| name.starts_with("wasi:http/incoming-handler@")) {
        return Err(PublishError::Unsupported(http.clone()));
    }
    let listed = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
    Err(PublishError::NoHandler(listed))
}

/// Whether `handle` is `func(event: string) -> result<string, record { error: string, cause: string }>`.
fn is_handler(types: TypesRef<'_>) -> bool {
    let Some(item) = types.component_item_for_export("handle") else { return false };
    let ComponentEntityType::Func(id) = item.ty else { return false };
    let function = &types[id];
    let [(_, event)] = function.params.as_ref() else { return false };
    let Some(ComponentValType::Type(result)) = function.result else { return false };
    let ComponentDefinedType::Result { ok: Some(ok), err: Some(ComponentValType::Type(error)), .. } =
        &types[result]
    else {
        return false;
    };
    let ComponentDefinedType::Record(record) = &types[*error] else { return false };
    let names: Vec<_> = record.fields.keys().map(|name| name.as_str()).collect();
    !function.async_
        && is_string(event)
        && is_string(ok)
        && names == ["error", "cause"]
        && record.fields.values().all(is_string)
}

fn is_string(ty: &ComponentValType) -> bool {
    matches!(ty, ComponentValType::Primitive(PrimitiveValType::String))
}

#[derive(Default)]
struct OuterNames {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Imports and exports of the outermost component, not of those inside.
fn outer_names(component: &[u8]) -> wasmparser::Result<OuterNames> {
    let mut names = OuterNames::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    let import = import?;
                    // A type that equals another is only a name for it, such as the world's own `task-error`.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        names.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    names.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_import(name: &str, want: Import) {
        assert_eq!(judge(name), want, "{name}");
    }

    #[test]
    fn imports_are_judged_by_package_and_version() {
        check_import("wasi:cli/environment@0.2.6", Import::Provided);
        check_import("wasi:sockets/tcp@0.2.0", Import::Provided);
        check_import("stepwell:task/context@0.1.0", Import::Provided);
        check_import("stepwell:task/types@0.1.3", Import::Provided);
        check_import("wasi:http/outgoing-handler@0.2.3", Import::Denied);
        check_import("wasi:clocks/timezone@0.2.0", Import::Denied);
        check_import("wasi:cli@0.2.0", Import::Forbidden);
        check_import("wasi:cli/environment@0.3.0", Import::Forbidden);
        check_import("wasi:cli/environment", Import::Forbidden);
        check_import("stepwell:task/secrets@0.1.0", Import::Forbidden);
        check_import("stepwell:task/context@0.2.0", Import::Forbidden);
        check_import("foo:bar/baz", Import::Forbidden);
        check_import("wasip", Import::Forbidden);
    }
}
