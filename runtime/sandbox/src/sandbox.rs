//! The type that the engine holds: one engine, one cache, one set of guest threads.

use crate::engine::engine;
use crate::limits::MemoryBudget;
use crate::registry::Registry;
use crate::run::attempt;
use crate::schedule::{Cores, Gate, LineFull};
use crate::{
    Digest, InvokeError, InvokeReport, InvokeRequest, Loaded, Prepared, PublishError, SandboxConfig,
    SandboxError, Usage,
};
use std::sync::Arc;
use std::time::Instant;

/// Runs guest code. A clone is a reference count; the guest threads end with the last one.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    budget: Arc<MemoryBudget>,
    gate: Arc<Gate>,
    cores: Cores,
}

impl Sandbox {
    /// Starts the engine, opens the folder of compiled code and starts the guest threads. To be called within the Tokio
    /// runtime whose timers the guests will use.
    ///
    /// # Errors
    /// [`SandboxError`] if the folder cannot be used, the engine does not start, or there is no Tokio runtime.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| SandboxError::NoRuntime)?;
        let registry = Registry::open(&config, engine(&config)?)?;
        let budget = Arc::new(MemoryBudget::new(config.memory_bytes_max));
        let places = config.instances_max.max(1);
        let gate = Gate::new(places, config.waiting_per_account_max, budget.clone());
        let cores = Cores::start(config.cores, runtime).map_err(SandboxError::Thread)?;
        Ok(Self(Arc::new(Inner { registry, budget, gate, cores })))
    }

    /// [`prepare`](crate::prepare) off the caller's thread.
    ///
    /// # Errors
    /// [`PublishError`] says what is wrong with the upload.
    pub async fn prepare(&self, upload: impl Into<Arc<[u8]>>) -> Result<Prepared, PublishError> {
        let upload = upload.into();
        let prepared = self.0.registry.read(move || crate::prepare(&upload)).await;
        prepared.unwrap_or_else(|| Err(PublishError::Invalid("the reader broke down on it".to_owned())))
    }

    /// Compiles a component, unless it is compiled already, and loads it.
    ///
    /// Two calls with one digest compile once. Dropping the future abandons the wait, not the compilation, whose
    /// result is kept: a later `publish` or `load` finds it.
    ///
    /// # Errors
    /// `Compile`, `DoesNotFit` or `DoesNotLink` for the component's own faults, `Internal` otherwise.
    pub async fn publish(&self, digest: Digest, component: Arc<[u8]>) -> Result<Loaded, PublishError> {
        self.0.registry.publish(digest, component).await
    }

    /// The compiled component, from memory or from disk; `None` if it has to be published (again).
    ///
    /// Code on disk that is truncated, changed, or made by another engine counts as missing.
    pub async fn load(&self, digest: Digest) -> Option<Loaded> {
        self.0.registry.load(digest).await
    }

    /// Drops compiled code that no version needs any more, from memory and from disk. Whoever still holds it as
    /// [`Loaded`] may go on invoking it; anybody else has to publish it again.
    pub fn forget(&self, digest: Digest) {
        self.0.registry.forget(digest);
    }

    /// Runs one attempt in a fresh instance. Never fails as a call: the report says what came of it.
    ///
    /// Dropping the future stops the guest. To be called within a Tokio runtime.
    pub async fn invoke(&self, function: &Loaded, request: InvokeRequest) -> InvokeReport {
        let called = Instant::now();
        let account = request.account;
        let inner = &self.0;
        let place = match inner.gate.enter(account, function.places()).await {
            Ok(place) => place,
            Err(LineFull) => return refused(called, InvokeError::TooManyRequests),
        };
        let first = function.first_slice();
        let guest = attempt(function.clone(), request, inner.budget.clone(), called, place);
        match inner.cores.run(account, first, guest).await {
            Some((report, course)) => {
                function.record(first, course);
                report
            }
            None => refused(called, InvokeError::Internal("the guest's thread broke down".to_owned())),
        }
    }
}

fn refused(called: Instant, error: InvokeError) -> InvokeReport {
    let usage = Usage { waited: called.elapsed(), ..Usage::default() };
    InvokeReport { outcome: Err(error), usage, logs: Vec::new() }
}
