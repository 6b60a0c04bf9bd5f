//! Where code is on its way to being invocable: derived from the sandbox, never stored, so that a crash in the middle
//! of a compilation leaves nothing to mend.

use super::CodeState;
use crate::StoreFailure;
use crate::engine::Engine;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{Digest, Loaded, PublishError};
use stepwell_store::BlobId;

/// How long a change waits for its code to compile before it answers `Pending`.
pub(crate) const COMPILE_WAIT: Duration = Duration::from_secs(2);
/// Failures that are remembered.
const FAILED_MAX: usize = 1_024;

type Job = Shared<BoxFuture<'static, Result<Loaded, Arc<CodeError>>>>;

/// Why code cannot be invoked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Compilations under way, and those that failed.
pub(crate) struct CodeJobs {
    running: Mutex<HashMap<Digest, Job>>,
    failed: Cache<Digest, Arc<CodeError>>,
}

impl Default for CodeJobs {
    fn default() -> Self {
        Self { running: Mutex::default(), failed: Cache::new(FAILED_MAX) }
    }
}

impl Engine {
    /// The code, compiled; waits as long as that takes.
    pub(crate) async fn code(&self, digest: Digest) -> Result<Loaded, Arc<CodeError>> {
        if let Some(loaded) = self.0.sandbox.load(digest).await {
            return Ok(loaded);
        }
        if let Some(failed) = self.0.code_jobs.failed.get(&digest) {
            return Err(failed);
        }
        self.code_job(digest).await
    }

    /// Where the code is, after at most `wait`.
    pub(crate) async fn code_state(&self, digest: Digest, wait: Duration) -> CodeState {
        match tokio::time::timeout(wait, self.code(digest)).await {
            Ok(Ok(_)) => CodeState::Active,
            Ok(Err(failed)) => CodeState::Failed(failed.to_string().into()),
            Err(_) => CodeState::Pending,
        }
    }

    /// The compilation of this code, started if nobody has.
    fn code_job(&self, digest: Digest) -> Job {
        let mut running = self.0.code_jobs.running.lock();
        if let Some(job) = running.get(&digest) {
            return job.clone();
        }
        let engine = self.clone();
        let job = async move {
            let outcome = engine.compile(digest).await.map_err(Arc::new);
            // What is the code's own fault stays so; what is the server's may pass.
            if let Err(failed) = &outcome
                && matches!(&**failed, CodeError::Publish(error) if !matches!(error, PublishError::Internal(_)))
            {
                engine.0.code_jobs.failed.insert(digest, Arc::clone(failed));
            }
            engine.0.code_jobs.running.lock().remove(&digest);
            outcome
        };
        let job = job.boxed().shared();
        running.insert(digest, job.clone());
        // Runs on when every waiter has gone.
        tokio::spawn(job.clone());
        job
    }

    async fn compile(&self, digest: Digest) -> Result<Loaded, CodeError> {
        let component = self.component(digest).await?;
        Ok(self.0.sandbox.publish(digest, Arc::from(&component[..])).await?)
    }

    /// The component's bytes.
    pub(crate) async fn component(&self, digest: Digest) -> Result<Bytes, StoreFailure> {
        let blob = self.0.store.blobs().get(BlobId(*digest.as_bytes())).await;
        let missing = || StoreFailure::failed(format!("component {digest} is missing from the data folder"));
        blob.map_err(StoreFailure::failed)?.ok_or_else(missing)
    }
}
