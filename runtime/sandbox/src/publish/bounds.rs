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

/// One component or module that is being read.
#[derive(Default)]
struct Level {
    /// What one instance of each component that it knows amounts to, in their order.
    components: Vec<u64>,
    /// What one instance of it amounts to.
    items: u64,
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
        let items = self.levels.iter().map(|level| level.items).max().unwrap_or(0);
        if items > ITEMS_MAX {
            return refuse(format!(
                "its parts have more than {ITEMS_MAX} instances and functions between them"
            ));
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
                let ended = self.levels.pop().filter(|level| level.is_component);
                if let (Some(ended), Some(outer)) = (ended, self.levels.last_mut()) {
                    outer.components.push(ended.items.saturating_add(1));
                }
            }
            Payload::FunctionSection(section) => self.functions += u64::from(section.count()),
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len() as u64;
                let cost = bytes.saturating_add(bytes.saturating_mul(bytes) / DOUBLE_COST_BYTES);
                self.cost = self.cost.saturating_add(cost).saturating_add(FUNCTION_COST);
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    let arguments = match instance? {
                        Instance::Instantiate { args, .. } => args.len(),
                        Instance::FromExports(exports) => exports.len(),
                    };
                    self.add(1 + arguments as u64);
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    match instance? {
                        ComponentInstance::Instantiate { component_index, args } => {
                            let inner = self.component(0, component_index);
                            self.add(inner.saturating_add(args.len() as u64));
                        }
                        ComponentInstance::FromExports(exports) => self.add(1 + exports.len() as u64),
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.add(1);
                    match alias? {
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            let known = self.component(count as usize, index);
                            self.know(known);
                        }
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            self.know(u64::MAX);
                        }
                        ComponentAlias::Outer { .. }
                        | ComponentAlias::InstanceExport { .. }
                        | ComponentAlias::CoreInstanceExport { .. } => {}
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    self.add(1);
                    // Which one it will be is not known here; nobody's tools make such.
                    if matches!(import?.ty, ComponentTypeRef::Component(_)) {
                        self.know(u64::MAX);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.add(1);
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        let known = self.component(0, export.index);
                        self.know(known);
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) => self.add(u64::from(section.count())),
            Payload::ComponentTypeSection(section) => self.add(u64::from(section.count())),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, items: u64) {
        if let Some(level) = self.levels.last_mut() {
            level.items = level.items.saturating_add(items);
        }
    }

    fn know(&mut self, component: u64) {
        if let Some(level) = self.levels.last_mut() {
            level.components.push(component);
        }
    }

    /// What an instance of a component amounts to that is known so many levels outside.
    fn component(&self, outside: usize, index: u32) -> u64 {
        let level = self.levels.iter().rev().nth(outside);
        level.and_then(|level| level.components.get(index as usize)).copied().unwrap_or(u64::MAX)
    }
}
