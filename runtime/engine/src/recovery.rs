//! What a process that stopped had left unfinished: read at the start, in the background, while serving.
//!
//! Executions are never scanned. Timers and queued invocations are found by those who run them (`timer`,
//! `function::invocation`); here are attempts that were in flight, and Express executions that had been accepted.

use crate::driver::Live;
use crate::engine::Engine;
use crate::function::FunctionError;
use crate::task::{Call, lost_attempt};
use std::sync::Arc;
use std::time::Duration;
use stepwell_interpreter::{AttemptId, Input, TaskStart};
use stepwell_store::{Commit, PendingKey, PendingKind, PendingRow, PendingWrite, ReadError};
use stepwell_types::AccountId;

/// Rows read at once.
const PAGE_ROWS: usize = 256;
/// How often attempts that were in flight are read if that fails: nothing else would find them before the next start.
const READS_MAX: usize = 5;
/// The pause between.
const REREAD_AFTER: Duration = Duration::from_secs(1);

impl Engine {
    pub(crate) async fn recover(self) {
        for _ in 0..READS_MAX {
            // What was recovered already is not taken twice.
            let Err(failure) = self.recover_attempts().await else { break };
            tracing::error!(%failure, "attempts that were in flight could not be recovered");
            if matches!(failure, ReadError::Stopped(_)) {
                return;
            }
            tokio::time::sleep(REREAD_AFTER).await;
        }
        if let Err(failure) = self.0.resume_deleting().await {
            tracing::error!(%failure, "machines that are being deleted could not be read");
        }
        if let Err(failure) = self.recover_express().await {
            tracing::error!(%failure, "Express executions could not be recovered");
        }
    }

    async fn recover_attempts(&self) -> Result<(), ReadError> {
        let mut after = None;
        loop {
            let page = self.0.store.pending(PendingKind::Inflight, after, PAGE_ROWS).await?;
            for PendingRow { key, .. } in page.rows {
                // Numbers above are this process's own.
                if let PendingKey::Inflight { execution, event } = key
                    && execution <= self.0.first_number
                {
                    self.recover_attempt(key, execution, AttemptId(stepwell_history::EventId(event))).await;
                }
            }
            match page.next {
                Some(next) if !self.0.stopping.is_cancelled() => after = Some(next),
                _ => return Ok(()),
            }
        }
    }

    async fn recover_attempt(&self, key: PendingKey, execution: u64, attempt: AttemptId) {
        let live = match self.live(execution).await {
            Ok(Some(live)) => live,
            Ok(None) => return self.drop_row(key),
            Err(error) => {
                tracing::error!(execution.number = execution, ?error, "an execution could not be loaded");
                return;
            }
        };
        // Taken once; an attempt that this process started is none of recovery's business.
        if let Some(start) = live.take_restored(attempt) {
            self.decide(&live, start).await;
        }
    }

    /// An attempt runs again if it never left, or if nobody can tell that it ran twice; else it fails with an error
    /// that the definition's own Retry can name.
    pub(crate) async fn decide(&self, live: &Arc<Live>, start: Box<TaskStart>) {
        let attempt = start.attempt;
        let runs_again = !live.has_begun(attempt) || self.reruns(live, &start).await;
        if runs_again {
            self.start_attempt(live, start);
        } else {
            let input = Input::TaskFailed { attempt, failure: lost_attempt() };
            if let Err(error) = self.deliver(live, input, None).await {
                tracing::debug!(%attempt, ?error, "a lost attempt was not waited for any more");
            }
        }
    }

    /// Whether the function's attempts may run twice. One that is gone fails by itself when it is called; of one that
    /// cannot be read now nobody knows, and it may be there again a moment later.
    async fn reruns(&self, live: &Arc<Live>, start: &TaskStart) -> bool {
        let Ok(call) = Call::read(&live.caller.scope, start) else { return true };
        match self.callable(&live.caller.scope, &call.function).await {
            Ok(callable) => callable.reruns,
            Err(FunctionError::NotFound(_)) => true,
            Err(error) => {
                let (execution, attempt) = (&live.caller.execution_arn, start.attempt);
                tracing::warn!(execution.arn = %execution, %attempt, %error, "a lost attempt's function is not ready");
                false
            }
        }
    }

    pub(crate) fn drop_row(&self, key: PendingKey) {
        let mut commit = Commit::new(AccountId::DEFAULT, self.0.store.epoch());
        commit.pending.push(PendingWrite::Remove(key));
        // Not durable means that the next start finds it and drops it again.
        let _ = self.0.store.submit(commit);
    }
}
