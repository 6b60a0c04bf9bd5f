//! What a guest finds when it calls out: one file per capability, and the state that they share.

mod context;
mod denied;
mod logging;
mod slice;
mod stdio;
mod wasi;

pub(crate) use denied::{DeniedCall, link_denied};
pub(crate) use slice::{SLICE_FUEL, begin_slice};
pub(crate) use stdio::{CommandOutput, OutputFull};

use crate::limits::{AccountMemory, MemoryBudget, Meter};
use crate::log::LogBuffer;
use crate::{ComponentKind, InvokeRequest, LogLine};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;
use stepwell_types::Timestamp;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::WasiCtx;

/// Resources (streams, pollables) that one guest may hold of the host's, and handles to any: also what one call may
/// lend, which takes a core for milliseconds where it is ten times as much.
const RESOURCES_MAX: usize = 4_096;
/// Bytes that may cross from guest to host in one call, beyond the result's limit.
pub(crate) const TRANSFER_SLACK_BYTES: usize = 1 << 20;

/// The host's side of one invocation.
pub(crate) struct Guest {
    pub(crate) request: InvokeRequest,
    pub(crate) kind: ComponentKind,
    pub(crate) meter: Meter,
    pub(crate) started: Instant,
    pub(crate) started_at: Timestamp,
    pub(crate) host_calls: u64,
    pub(crate) slice: slice::SliceWatch,
    /// What a command writes to standard output.
    pub(crate) output: Option<Arc<Mutex<CommandOutput>>>,
    /// Made when first written to.
    log: Option<Arc<Mutex<LogBuffer>>>,
    /// Made when first asked for: most guests never ask.
    wasi: Option<WasiCtx>,
    resources: ResourceTable,
}

/// The guest called the host more often than it may.
#[derive(Debug, thiserror::Error)]
#[error("too many calls into the host")]
pub(crate) struct TooManyHostCalls;

impl Guest {
    pub(crate) fn new(
        request: InvokeRequest,
        kind: ComponentKind,
        budget: Arc<MemoryBudget>,
        own: Arc<AccountMemory>,
    ) -> Self {
        let meter = Meter::new(budget, &request.limits, own);
        Self {
            request,
            kind,
            meter,
            started: Instant::now(),
            started_at: now(),
            host_calls: 0,
            slice: slice::SliceWatch::default(),
            output: None,
            log: None,
            wasi: None,
            resources: ResourceTable::new(),
        }
    }

    pub(crate) fn log(&mut self) -> &Arc<Mutex<LogBuffer>> {
        let (started, limit_bytes) = (self.started, self.request.limits.log_bytes);
        self.log.get_or_insert_with(|| Arc::new(Mutex::new(LogBuffer::new(started, limit_bytes))))
    }

    pub(crate) fn take_log(&mut self) -> (Vec<LogLine>, u64) {
        self.log.as_ref().map_or_else(Default::default, |log| log.lock().finish())
    }
}

/// Everything that links, granted or not.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasi::link(&mut linker)?;
    context::link(&mut linker)?;
    logging::link(&mut linker)?;
    Ok(linker)
}

/// Sets a store's limits, but for its fuel.
pub(crate) fn limit(store: &mut Store<Guest>) {
    store.limiter(|guest| &mut guest.meter);
    store.set_hostcall_fuel(store.data().request.limits.output_bytes.saturating_add(TRANSFER_SLACK_BYTES));
    store.set_max_component_handles(RESOURCES_MAX);
    store.call_hook(slice::on_call);
}

/// The machine's time. Nothing that decides about an execution reads it here; it only labels.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
