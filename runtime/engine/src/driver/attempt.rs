//! One attempt of a Standard execution's Task: found, run, and answered.

use super::{Live, Pin, STARTED_AFTER, TurnError, internal_failure, message_of};
use crate::engine::Engine;
use crate::function::FunctionError;
use crate::function::invocation::Callable;
use crate::task::{Answer, Call, failure_of};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use stepwell_interpreter::{AttemptId, Input, Reason, TaskStart};
use stepwell_types::Failure;

impl Engine {
    /// Starts an attempt, unless it has been given up in between.
    pub(crate) fn start_attempt(&self, live: &Arc<Live>, start: Box<TaskStart>) {
        let mut turn = live.turn.lock();
        let Some(running) = turn.attempts.get_mut(&start.attempt) else { return };
        let (engine, live) = (self.clone(), Arc::clone(live));
        let task = tokio::spawn(async move {
            let attempt = start.attempt;
            let run = AssertUnwindSafe(engine.run_attempt(&live, &start)).catch_unwind();
            if let Err(panic) = run.await {
                let (execution, panic) = (&live.caller.execution_arn, message_of(&*panic));
                tracing::error!(execution.arn = %execution, %attempt, panic, "an attempt panicked");
                let input = Input::TaskFailed { attempt, failure: internal_failure() };
                let _ = engine.deliver(&live, input, None).await;
            }
        });
        running.handle = Some(task.abort_handle());
    }

    async fn run_attempt(&self, live: &Arc<Live>, start: &TaskStart) {
        let attempt = start.attempt;
        let answer = match self.resolve(live, start).await {
            Ok((call, callable)) => {
                let timed = start.timeout_s.is_some() || start.heartbeat_s.is_some();
                // An attempt that may not run twice is marked before it runs; recovery then knows that one without
                // the mark never left. Clocks of the state begin with the mark, too.
                if (timed || !callable.reruns) && !self.started(live, attempt).await {
                    return;
                }
                let marked = timed || !callable.reruns;
                let run = self.attempt(&live.caller, start, call, &callable);
                let mut run = std::pin::pin!(run);
                match tokio::time::timeout(STARTED_AFTER, &mut run).await {
                    Ok(answer) => answer,
                    Err(_) => {
                        if !marked {
                            // A callback may have come first. The function runs to its end nevertheless, as on AWS;
                            // what is to stop it aborts this very task.
                            self.started(live, attempt).await;
                        }
                        run.await
                    }
                }
            }
            Err(failure) => Answer { input: Input::TaskFailed { attempt, failure }, usage: None },
        };
        if let Err(error) = self.deliver(live, answer.input, answer.usage).await {
            tracing::debug!(execution.arn = %live.caller.execution_arn, %attempt, ?error, "an answer came too late");
        }
    }

    /// Writes down that an attempt has begun. `false` if it is not waited for any more.
    async fn started(&self, live: &Arc<Live>, attempt: AttemptId) -> bool {
        match self.deliver(live, Input::TaskStarted { attempt, worker: None }, None).await {
            Ok(ticket) => ticket.await.is_ok(),
            Err(TurnError::Rejected(Reason::AlreadyReported(_))) => true,
            Err(_) => false,
        }
    }

    /// Finds the code of an attempt: a retry keeps what its visit began with.
    async fn resolve(&self, live: &Arc<Live>, start: &TaskStart) -> Result<(Call, Arc<Callable>), Failure> {
        let call = Call::read(&live.caller.scope, start)?;
        let failure = |error: FunctionError| failure_of(&error);
        let mut callable = self.callable(&live.caller.scope, &call.function).await.map_err(failure)?;
        let pin = live.turn.lock().pins.get(&start.frame).copied().filter(|pin| pin.visit == start.visit.0);
        match pin {
            Some(pin) => callable = Self::pinned(callable, pin.digest),
            None => {
                let pin = Pin { visit: start.visit.0, digest: callable.digest };
                let mut turn = live.turn.lock();
                // Not where the attempt was given up in between: its frame may be gone.
                if turn.attempts.contains_key(&start.attempt) {
                    turn.pins.insert(start.frame, pin);
                }
            }
        }
        Ok((call, callable))
    }
}
