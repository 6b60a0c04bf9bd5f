//! What compiling a component may take, told before anything of it is looked at more closely.
//!
//! Neither the validator nor the compiler bounds these: a component of a kilobyte whose parts instantiate each other
//! twice, thirty levels deep, asks for a billion instances; a megabyte of empty functions takes gigabytes; and the time
//! for one function grows with the square of its length.

use super::PublishError;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef,
    Encoding, Instance, Parser, Payload,
};

/// Core functions in all modules together. Each takes five kilobytes while all of them are compiled.
const FUNCTIONS_MAX: u64 = 131_072;
/// What compiling may cost, in bytes of short functions: minutes of a core. A whole Python takes a tenth of it.
const COST_MAX: u64 = 128 << 20;
/// What a function costs beside its bytes.
const FUNCTION_COST: u64 = 100;
/// The length of a function whose every byte costs twice as much as one of a short function; thrice at twice the length.
const DOUBLE_COST_BYTES: u64 = 32 << 10;
/// Instances, functions that cross between them, and the like, counted anew for each instance of what they are in.
const ITEMS_MAX: u64 = 100_000;
/// Memory of the host's that one instance takes for the functions and globals of its modules.
const INSTANCE_BYTES_MAX: u64 = 8 << 20;
/// The part of one of them.
const FUNCTION_BYTES: u64 = 32;
/// Components and modules inside each other.
const DEPTH_MAX: usize = 100;

/// Refuses what takes too much to compile. What is not valid passes: the validator has better words for it.
pub(super) fn check(wasm: &[u8]) -> Result<(), PublishError> {
    let mut tally = Tally::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else { return Ok(()) };
        if tally.take(payload).is_err() {
            return Ok(());
        }
        tally.judge()?;
    }
    Ok(())
}

/// What an instance amounts to.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    items: u64,
    /// Memory of the host's, beside the linear memories.
    bytes: u64,
}

impl Size {
    /// Of something that is not known here.
    const UNKNOWN: Self = Self { items: u64::MAX, bytes: u64::MAX };

    fn items(items: usize) -> Self {
        Self { items: items as u64, bytes: 0 }
    }

    fn add(&mut self, other: Self) {
        self.items = self.items.saturating_add(other.items);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// One component or module that is being read.
#[derive(Default)]
struct Level {
    /// The components that it knows, and the modules, in their order.
    components: Vec<Size>,
    modules: Vec<Size>,
    /// What one instance of it amounts to.
    size: Size,
    is_component: bool,
}

#[derive(Default)]
struct Tally {
    levels: Vec<Level>,
    functions: u64,
    cost: u64,
    depth: usize,
}

impl Tally {
    fn judge(&self) -> Result<(), PublishError> {
        let refuse = |reason: String| Err(PublishError::TooComplex(reason));
        if self.functions > FUNCTIONS_MAX {
            return refuse(format!("it has more than {FUNCTIONS_MAX} functions"));
        }
        if self.cost > COST_MAX {
            return refuse("its functions are too many and too long".to_owned());
        }
        if self.depth > DEPTH_MAX {
            return refuse(format!("its parts lie more than {DEPTH_MAX} deep in each other"));
        }
        let components = || self.levels.iter().filter(|level| level.is_component);
        if components().any(|level| level.size.items > ITEMS_MAX) {
            return refuse(format!(
                "its parts have more than {ITEMS_MAX} instances and functions between them"
            ));
        }
        if components().any(|level| level.size.bytes > INSTANCE_BYTES_MAX) {
            return refuse("an instance of it takes too much memory beside its own".to_owned());
        }
        Ok(())
    }

    fn take(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::Version { encoding, .. } => {
                let is_component = encoding == Encoding::Component;
                self.levels.push(Level { is_component, ..Level::default() });
                self.depth = self.depth.max(self.levels.len());
            }
            Payload::End(_) => {
                let Some(mut ended) = self.levels.pop() else { return Ok(()) };
                ended.size.add(Size::items(1));
                if let Some(outer) = self.levels.last_mut() {
                    let known = if ended.is_component { &mut outer.components } else { &mut outer.modules };
                    known.push(ended.size);
                }
            }
            Payload::FunctionSection(section) => {
                self.functions += u64::from(section.count());
                self.add(Size { items: 0, bytes: FUNCTION_BYTES * u64::from(section.count()) });
            }
            Payload::ImportSection(section) => {
                self.add(Size { items: 0, bytes: FUNCTION_BYTES * u64::from(section.count()) });
            }
            Payload::GlobalSection(section) => {
                self.add(Size { items: 0, bytes: FUNCTION_BYTES * u64::from(section.count()) });
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len() as u64;
                let cost = bytes.saturating_add(bytes.saturating_mul(bytes) / DOUBLE_COST_BYTES);
                self.cost = self.cost.saturating_add(cost).saturating_add(FUNCTION_COST);
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    match instance? {
                        Instance::Instantiate { module_index, args } => {
                            let module = self.known(0, module_index, Kind::Module);
                            self.add(module);
                            self.add(Size::items(args.len()));
                        }
                        Instance::FromExports(exports) => self.add(Size::items(1 + exports.len())),
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    match instance? {
                        ComponentInstance::Instantiate { component_index, args } => {
                            let component = self.known(0, component_index, Kind::Component);
                            self.add(component);
                            self.add(Size::items(args.len()));
                        }
                        ComponentInstance::FromExports(exports) => self.add(Size::items(1 + exports.len())),
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.add(Size::items(1));
                    match alias? {
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            self.know(Kind::Component, self.known(count as usize, index, Kind::Component));
                        }
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, count, index } => {
                            self.know(Kind::Module, self.known(count as usize, index, Kind::Module));
                        }
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            self.know(Kind::Component, Size::UNKNOWN);
                        }
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => {
                            self.know(Kind::Module, Size::UNKNOWN);
                        }
                        ComponentAlias::Outer { .. }
                        | ComponentAlias::InstanceExport { .. }
                        | ComponentAlias::CoreInstanceExport { .. } => {}
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    self.add(Size::items(1));
                    // Which one it will be is not known here; nobody's tools make such.
                    match import?.ty {
                        ComponentTypeRef::Component(_) => self.know(Kind::Component, Size::UNKNOWN),
                        ComponentTypeRef::Module(_) => self.know(Kind::Module, Size::UNKNOWN),
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.add(Size::items(1));
                    let export = export?;
                    match export.kind {
                        ComponentExternalKind::Component => {
                            self.know(Kind::Component, self.known(0, export.index, Kind::Component));
                        }
                        ComponentExternalKind::Module => {
                            self.know(Kind::Module, self.known(0, export.index, Kind::Module));
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) => self.add(Size::items(section.count() as usize)),
            Payload::ComponentTypeSection(section) => self.add(Size::items(section.count() as usize)),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, size: Size) {
        if let Some(level) = self.levels.last_mut() {
            level.size.add(size);
        }
    }

    fn know(&mut self, kind: Kind, size: Size) {
        if let Some(level) = self.levels.last_mut() {
            match kind {
                Kind::Component => level.components.push(size),
                Kind::Module => level.modules.push(size),
            }
        }
    }

    /// What an instance of something amounts to that is known so many levels outside.
    fn known(&self, outside: usize, index: u32, kind: Kind) -> Size {
        let level = self.levels.iter().rev().nth(outside);
        let known = level.map(|level| match kind {
            Kind::Component => &level.components,
            Kind::Module => &level.modules,
        });
        known.and_then(|known| known.get(index as usize)).copied().unwrap_or(Size::UNKNOWN)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Component,
    Module,
}
