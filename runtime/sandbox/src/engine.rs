//! The one WebAssembly engine: how memory is pooled, how fuel is spent, what the language may contain.

use crate::{SandboxConfig, SandboxError};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy,
};

/// Bytes that one linear memory may grow to: all that a 32-bit address reaches.
const MEMORY_BYTES_MAX: usize = 4 << 30;
/// Bytes of a memory that stay resident for the next instance of the same slot. Only with `PAGEMAP_SCAN`: without it
/// wasmtime clears them by hand, which costs more than it saves.
const KEEP_RESIDENT_BYTES: usize = 4 << 20;
/// Elements of one table.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Parts of one component; a component of several languages linked together has a dozen.
const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 60;
const TABLES_PER_COMPONENT_MAX: u32 = 30;
const MEMORIES_PER_COMPONENT_MAX: u32 = 10;
/// Pool slots per admitted invocation. A component that needs more counts as several invocations.
const CORE_INSTANCES_PER_PLACE: u32 = CORE_INSTANCES_PER_COMPONENT_MAX;
pub(crate) const TABLES_PER_PLACE: u32 = 4;
pub(crate) const MEMORIES_PER_PLACE: u32 = 1;

/// Makes the engine.
///
/// INVARIANT: Cranelift only. Winch had a sandbox escape in 2026 (CVE-2026-34987).
pub(crate) fn engine(config: &SandboxConfig) -> Result<Engine, SandboxError> {
    let places = config.instances_max.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(places)
        .total_stacks(places)
        .total_core_instances(places.saturating_mul(CORE_INSTANCES_PER_PLACE))
        .total_memories(places.saturating_mul(MEMORIES_PER_PLACE))
        .total_tables(places.saturating_mul(TABLES_PER_PLACE))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
        .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
        .max_memories_per_component(MEMORIES_PER_COMPONENT_MAX)
        .max_core_instance_size(8 << 20)
        .max_component_instance_size(8 << 20)
        .max_memory_size(MEMORY_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_unused_warm_slots(100);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
            .table_keep_resident(64 << 10);
    }
    let mut wasm = Config::new();
    wasm.strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_init_cow(true)
        .wasm_component_model(true)
        .wasm_memory64(false)
        .concurrency_support(false)
        .consume_fuel(true);
    Engine::new(&wasm).map_err(|error| SandboxError::Engine(format!("{error:#}")))
}
