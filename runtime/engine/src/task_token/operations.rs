//! Answers by task token.

use super::TaskTokenError;
use crate::driver::TurnError;
use crate::engine::Engine;
use crate::{Scope, StoreFailure};
use stepwell_interpreter::{Input, Reason, TaskToken};
use stepwell_types::quota::PAYLOAD_BYTES_MAX;
use stepwell_types::{Failure, Payload};

impl Engine {
    /// `SendTaskSuccess`. Durable when it answers.
    ///
    /// # Errors
    /// [`TaskTokenError`]
    pub async fn send_task_success(
        &self,
        scope: &Scope,
        token: &str,
        output: Payload,
    ) -> Result<(), TaskTokenError> {
        if output.encoded_len() > PAYLOAD_BYTES_MAX {
            return Err(TaskTokenError::InvalidOutput(format!(
                "the output has {} bytes; at most {PAYLOAD_BYTES_MAX} are allowed",
                output.encoded_len()
            )));
        }
        self.answer(scope, token, |attempt| Input::TaskSucceeded { attempt, output }).await
    }

    /// `SendTaskFailure`. Durable when it answers.
    ///
    /// # Errors
    /// [`TaskTokenError`]
    pub async fn send_task_failure(
        &self,
        scope: &Scope,
        token: &str,
        failure: Failure,
    ) -> Result<(), TaskTokenError> {
        self.answer(scope, token, |attempt| Input::TaskFailed { attempt, failure }).await
    }

    /// `SendTaskHeartbeat`: moves the due time of the heartbeat, in memory.
    ///
    /// # Errors
    /// [`TaskTokenError`]
    pub async fn send_task_heartbeat(&self, scope: &Scope, token: &str) -> Result<(), TaskTokenError> {
        self.answer(scope, token, |attempt| Input::TaskHeartbeat { attempt }).await
    }

    async fn answer(
        &self,
        scope: &Scope,
        token: &str,
        input: impl FnOnce(stepwell_interpreter::AttemptId) -> Input,
    ) -> Result<(), TaskTokenError> {
        let parsed = TaskToken::parse(token).ok_or(TaskTokenError::InvalidToken)?;
        let is_ours = parsed.shard == u32::from(self.0.store.shard().0)
            && parsed.is_genuine(&self.0.token_key(parsed.execution));
        // A token is of no use to another account, nor in another region (AWS).
        if !is_ours || !self.is_of(scope, parsed.execution).await? {
            return Err(TaskTokenError::InvalidToken);
        }
        match self.give(parsed.execution, input(parsed.attempt), None).await {
            Ok(ticket) => match ticket.await {
                Ok(_) => Ok(()),
                Err(error) => Err(StoreFailure::from(error).into()),
            },
            Err(TurnError::Closed) => Err(TaskTokenError::TimedOut),
            Err(TurnError::Evicted | TurnError::Panicked(_) | TurnError::Reloading(_)) => {
                Err(StoreFailure::failed("the execution left memory").into())
            }
            Err(TurnError::Rejected(reason)) => match reason {
                Reason::Closed | Reason::StaleAttempt(_) | Reason::AlreadyReported(_) => {
                    Err(TaskTokenError::TimedOut)
                }
                Reason::StaleTimer(_)
                | Reason::NotDue(_)
                | Reason::NothingToResume
                | Reason::RedriveUnsupported
                | Reason::NeedFrames(_) => Err(StoreFailure::failed(reason).into()),
            },
            Err(TurnError::Store(failure)) => Err(failure.into()),
        }
    }

    /// Whether an execution belongs to an account and a region.
    async fn is_of(&self, scope: &Scope, execution: u64) -> Result<bool, StoreFailure> {
        if let Some(live) = self.already_live(execution) {
            return Ok(live.caller.scope == *scope);
        }
        let stored = self.0.store.execution(execution).await?;
        Ok(stored.is_some_and(|stored| scope.owns(stored.row.scope.account, &stored.row.scope.region)))
    }
}
