//! Bare wasmtime: a store, an instance, one call and their end.
//!
//! The same pooled engine as the sandbox has, without fuel, limits, logs, time-out or fairness.

use wasmtime::component::{Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store};

#[derive(ComponentType, Lift)]
#[component(record)]
struct TaskError {
    error: String,
    cause: String,
}

/// Whether calls are metered, as the sandbox's are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fuel {
    Off,
    Metered,
}

/// A component, ready to be called.
pub(crate) struct Bare {
    engine: Engine,
    pre: InstancePre<()>,
    handle: ComponentExportIndex,
    fuel: Fuel,
}

impl Bare {
    pub(crate) fn new(component: &[u8], fuel: Fuel) -> anyhow::Result<Self> {
        Self::make(component, fuel).map_err(described)
    }

    /// One call, in an instance of its own.
    pub(crate) async fn call(&self, event: &str) -> anyhow::Result<String> {
        self.call_anew(event).await.map_err(described)
    }

    fn make(component: &[u8], fuel: Fuel) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.max_memory_size(4 << 30).total_core_instances(20_000).total_tables(4_000);
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            pool.pagemap_scan(Enabled::Yes)
                .linear_memory_keep_resident(4 << 20)
                .table_keep_resident(64 << 10);
        }
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .concurrency_support(false)
            .consume_fuel(fuel == Fuel::Metered);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let pre = linker.instantiate_pre(&component)?;
        let handle = component.get_export_index(None, "handle");
        let handle = handle.ok_or_else(|| wasmtime::Error::msg("no handler"))?;
        Ok(Self { engine, pre, handle, fuel })
    }

    async fn call_anew(&self, event: &str) -> Result<String> {
        let mut store = Store::new(&self.engine, ());
        if self.fuel == Fuel::Metered {
            store.set_fuel(u64::MAX / 2)?;
        }
        let instance = self.pre.instantiate_async(&mut store).await?;
        let handle = instance
            .get_typed_func::<(&str,), (std::result::Result<String, TaskError>,)>(&mut store, &self.handle)?;
        let (result,) = handle.call_async(&mut store, (event,)).await?;
        result.map_err(|error| wasmtime::Error::msg(format!("{}: {}", error.error, error.cause)))
    }
}

fn described(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
