//! The type that the engine holds: one engine, one cache, one set of guest threads.

use crate::{
    Digest, InvokeReport, InvokeRequest, Loaded, Prepared, PublishError, SandboxConfig, SandboxError,
};
use std::sync::Arc;

/// Runs guest code. A clone is a reference count.
#[derive(Clone)]
pub struct Sandbox(Arc<()>);

impl Sandbox {
    /// Starts the engine, opens the folder of compiled code and starts the guest threads.
    ///
    /// # Errors
    /// [`SandboxError`] if the folder cannot be used, the engine does not start, or there is no Tokio runtime.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        todo!("{config:?}")
    }

    /// [`prepare`](crate::prepare) on a thread of the compile pool.
    ///
    /// # Errors
    /// [`PublishError`] says what is wrong with the upload.
    pub async fn prepare(&self, upload: impl Into<Arc<[u8]>>) -> Result<Prepared, PublishError> {
        todo!("{}", upload.into().len())
    }

    /// Compiles a component, unless it is compiled already, and loads it.
    ///
    /// Two calls with one digest compile once. Dropping the future abandons the wait, not the compilation, whose
    /// result is kept: a later `publish` or `load` finds it.
    ///
    /// # Errors
    /// `Compile`, `DoesNotFit` or `ForbiddenImport` for the component's own faults, `Internal` otherwise.
    pub async fn publish(&self, digest: Digest, component: Arc<[u8]>) -> Result<Loaded, PublishError> {
        todo!("{digest} {}", component.len())
    }

    /// The compiled component, from memory or from disk; `None` if it has to be published (again).
    ///
    /// Code on disk that is truncated, changed, or made by another engine counts as missing.
    pub async fn load(&self, digest: Digest) -> Option<Loaded> {
        todo!("{digest}")
    }

    /// Runs one attempt in a fresh instance. Never fails as a call: the report says what came of it.
    ///
    /// Dropping the future stops the guest.
    pub async fn invoke(&self, function: &Loaded, request: InvokeRequest) -> InvokeReport {
        todo!("{} {}", function.digest(), request.invocation_id)
    }
}
