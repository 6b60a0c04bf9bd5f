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
use stepwell_types::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a change waits for its code to compile before it answers `Pending`.
pub(crate) const COMPILE_WAIT: Duration = Duration::from_secs(2);
/// Components of one account that are compiled, or wait for the compiler with their bytes in memory.
const ACCOUNT_COMPILES_MAX: usize = 2;
/// The same of all accounts.
const COMPILES_MAX: usize = 16;
/// Accounts with which those that compile nothing are forgotten.
const ACCOUNTS_SWEPT_AT: usize = 256;
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
    turns: CompileTurns,
}

/// Who may compile: so many of each account, and so many in all, in the order of their coming. Whoever uploads a
/// thousand components keeps another one waiting for two of them.
struct CompileTurns {
    all: Arc<Semaphore>,
    by_account: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
}

impl CompileTurns {
    /// A turn; it ends when this is dropped.
    async fn take(&self, account: AccountId) -> [Option<OwnedSemaphorePermit>; 2] {
        let own = {
            let mut by_account = self.by_account.lock();
            if by_account.len() >= ACCOUNTS_SWEPT_AT {
                by_account.retain(|_, turns| Arc::strong_count(turns) > 1);
            }
            let own =
                by_account.entry(account).or_insert_with(|| Arc::new(Semaphore::new(ACCOUNT_COMPILES_MAX)));
            Arc::clone(own)
        };
        // They are never closed.
        let own = own.acquire_owned().await.ok();
        [own, Arc::clone(&self.all).acquire_owned().await.ok()]
    }
}

impl Default for CodeJobs {
    fn default() -> Self {
        let turns =
            CompileTurns { all: Arc::new(Semaphore::new(COMPILES_MAX)), by_account: Mutex::default() };
        Self { running: Mutex::default(), failed: Cache::new(FAILED_MAX), turns }
    }
}

impl Engine {
    /// The code, compiled; waits as long as that takes. Compiling it is this account's turn.
    pub(crate) async fn code(&self, account: AccountId, digest: Digest) -> Result<Loaded, Arc<CodeError>> {
        if let Some(loaded) = self.0.sandbox.load(digest).await {
            return Ok(loaded);
        }
        if let Some(failed) = self.0.code_jobs.failed.get(&digest) {
            return Err(failed);
        }
        self.code_job(account, digest).await
    }

    /// Where the code is, after at most `wait`.
    pub(crate) async fn code_state(&self, account: AccountId, digest: Digest, wait: Duration) -> CodeState {
        match tokio::time::timeout(wait, self.code(account, digest)).await {
            Ok(Ok(_)) => CodeState::Active,
            Ok(Err(failed)) => CodeState::Failed(failed.to_string().into()),
            Err(_) => CodeState::Pending,
        }
    }

    /// The compilation of this code, started if nobody has.
    fn code_job(&self, account: AccountId, digest: Digest) -> Job {
        let mut running = self.0.code_jobs.running.lock();
        if let Some(job) = running.get(&digest) {
            return job.clone();
        }
        let engine = self.clone();
        let job = async move {
            let outcome = engine.compile(account, digest).await.map_err(Arc::new);
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

    async fn compile(&self, account: AccountId, digest: Digest) -> Result<Loaded, CodeError> {
        // Before the bytes are read: who waits holds nothing.
        let _turn = self.0.code_jobs.turns.take(account).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_account_that_compiles_much_keeps_nobody_waiting() {
        let turns = CodeJobs::default().turns;
        let account = |number| AccountId::from_u64(number).unwrap();
        let held = [turns.take(account(1)).await, turns.take(account(1)).await];
        let third = tokio::time::timeout(Duration::from_millis(1), turns.take(account(1)));
        assert!(third.await.is_err());
        let _other = turns.take(account(2)).await;
        drop(held);
        let _third = turns.take(account(1)).await;
        for number in 1_000..2_000 {
            drop(turns.take(account(number)).await);
        }
        assert!(turns.by_account.lock().len() <= ACCOUNTS_SWEPT_AT);
    }
}
