//! Drives what becomes of executions after their close: the store folds, reduces and removes them in bounded steps
//! ([`stepwell_store::retention`]); here is when, and what of a transition is history.

use crate::StoreFailure;
use crate::engine::Engine;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use stepwell_store::{NextStep, ReadError, Retained, StoredEntry, block_on};

/// The pause after which the store is asked again for what is due. Nothing waits for it: reads find the same before and
/// after, and what is due has been kept for days.
const INTERVAL: Duration = Duration::from_secs(10);
impl Engine {
    /// Folds and removes what has closed for as long as the engine lives.
    pub(crate) async fn run_retention(self) {
        while !self.0.stopping.is_cancelled() {
            match self.retain_step().await {
                Ok(Retained { next: NextStep::Now, .. }) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                Ok(Retained { next: NextStep::Later, .. }) => {}
                // So will the server.
                Err(ReadError::Stopped(_)) => return,
                Err(error) => {
                    tracing::error!(%error, "closed executions could not be folded; it is tried again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.0.stopping.cancelled() => return,
            }
        }
    }

    /// Does now what is due for closed executions: folds their histories, reduces those that can no longer be redriven,
    /// and removes those whose retention has ended. The engine does so by itself, in the background; what closed a moment
    /// ago may have to wait until the store merges its indexes.
    ///
    /// # Errors
    /// [`StoreFailure`] if the store cannot be read or has stopped.
    pub async fn retain(&self) -> Result<Retained, StoreFailure> {
        let mut all = Retained::default();
        loop {
            all = all.and(self.retain_step().await?);
            if all.next == NextStep::Later {
                return Ok(all);
            }
        }
    }

    /// One step, planned on a thread of its own: it reads some hundred kilobytes, perhaps from the disk.
    async fn retain_step(&self) -> Result<Retained, ReadError> {
        let now_ms = self.0.clock.now().as_millis();
        let store = Arc::clone(&self.0.store);
        let step = tokio::task::spawn_blocking(move || block_on(store.retain(now_ms, history_only)));
        step.await.unwrap_or_else(|error| Err(ReadError::Io(error.to_string())))
    }
}

/// Of a transition the events and what each attempt used.
fn history_only(entry: &StoredEntry) -> Option<Bytes> {
    let reduced =
        stepwell_interpreter::history_only(entry.execution, entry.sequence, &entry.body, &entry.refs);
    match reduced {
        Ok(body) => Some(body.into()),
        Err(error) => {
            let (number, sequence) = (entry.execution, entry.sequence);
            tracing::error!(execution.number = number, sequence, %error, "a transition stays as it was written");
            None
        }
    }
}
