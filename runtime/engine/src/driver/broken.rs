//! What becomes of an execution in which a step panicked: its memory goes, and it goes on from the store.
//!
//! A panic is a mistake of ours that only one execution has met, so only that one pays. What was in memory cannot be
//! trusted any more; what was committed before can. The input is taken once more from there, since chance may have
//! played a part (memory that ran short); if that panics, too, the execution fails with `States.Runtime`.
//!
//! INVARIANT: a panicked execution is loaded again only after all of its transitions before are durable.

use super::{Live, Release, Turn, TurnError};
use crate::StoreFailure;
use crate::engine::Engine;
use crate::execution::AttemptUsage;
use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use stepwell_interpreter::{AttemptId, Input};
use stepwell_store::{Pledge, Ticket, promise_or};
use stepwell_types::{ErrorName, Failure};

/// How often an input may panic before the execution is failed.
const PANICS_MAX: u32 = 2;

/// Sees each input before an execution takes it. For tests, which let a step go wrong by it; the server has none.
pub trait TurnProbe: Debug + Send + Sync {
    /// `execution` is its ARN, `input` the input's name.
    fn before_step(&self, execution: &str, input: &'static str);
}

/// Runs a piece of an execution's work; what it panicked with, if it did.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Box<str>> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message_of(&*panic).into())
}

pub(crate) fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words")
}

/// Why an execution failed that the server could not carry on.
pub(crate) fn internal_failure() -> Failure {
    let cause = "Internal error: the server could not take the execution's next step. Its log says more.";
    Failure::new(ErrorName::RUNTIME, cause)
}

impl Engine {
    /// A step of an execution panicked. Takes it out of memory as soon as its earlier transitions are durable.
    pub(super) fn broke(
        &self,
        live: &Arc<Live>,
        turn: &mut Turn,
        input: &'static str,
        own: Option<AttemptId>,
        panic: &str,
    ) -> TurnError {
        let execution = &live.caller.execution_arn;
        tracing::error!(execution.arn = %execution, input, panic, "a step panicked; the execution goes on from the store");
        turn.execution = None;
        for (attempt, running) in turn.attempts.drain() {
            // Not the one whose answer this is: whoever brings it brings it again.
            if Some(attempt) != own
                && let Some(handle) = running.handle
            {
                handle.abort();
            }
        }
        for (_, moved) in turn.moved.drain() {
            self.0.timers.remove(&moved);
        }
        let (gone, pledge) = promise_or(|| ());
        turn.reloading = Some(gone.clone());
        self.release_later(live, Release::Reload { pledge, own });
        TurnError::Panicked(gone)
    }

    /// Everything before the panic is durable.
    pub(super) fn reload(&self, live: &Arc<Live>, pledge: &Pledge<()>, own: Option<AttemptId>) {
        self.0.drivers.remove(live);
        pledge.keep(());
        let (engine, number) = (self.clone(), live.number);
        tokio::spawn(async move {
            match engine.live(number).await {
                Ok(Some(live)) => {
                    // Taken so that nobody decides about it: its answer is there.
                    let _ = own.and_then(|own| live.take_restored(own));
                    engine.go_on_with_attempts(&live);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(
                        execution.number = number,
                        ?error,
                        "an execution that panicked is not read again"
                    );
                }
            }
        });
    }

    /// As [`Engine::turn`], but an input that meets a panic is taken again from the store.
    pub(crate) async fn deliver(
        &self,
        live: &Arc<Live>,
        input: Input,
        usage: Option<AttemptUsage>,
    ) -> Result<Ticket, TurnError> {
        match self.turn(live, &input, usage.as_ref()) {
            Err(TurnError::Panicked(gone)) => {
                gone.await;
                self.give_after(live.number, input, usage, 1).await
            }
            Err(TurnError::Reloading(gone)) => {
                gone.await;
                self.give_after(live.number, input, usage, 0).await
            }
            outcome => outcome,
        }
    }

    /// Gives an input that has panicked this often.
    pub(super) async fn give_after(
        &self,
        number: u64,
        input: Input,
        usage: Option<AttemptUsage>,
        mut panics: u32,
    ) -> Result<Ticket, TurnError> {
        let mut input = input;
        loop {
            let live = self.live(number).await?.ok_or(TurnError::Closed)?;
            match self.turn(&live, &input, usage.as_ref()) {
                // It left memory in between: load it again.
                Err(TurnError::Evicted) => {}
                Err(TurnError::Reloading(gone)) => {
                    gone.await;
                    self.0.drivers.remove(&live);
                }
                Err(TurnError::Panicked(gone)) => {
                    gone.await;
                    self.0.drivers.remove(&live);
                    panics += 1;
                    if panics > PANICS_MAX {
                        return Err(TurnError::Store(StoreFailure::failed("a step panics again and again")));
                    }
                    if panics == PANICS_MAX {
                        tracing::error!(execution.arn = %live.caller.execution_arn, input = input.name(), "a step panicked again; the execution fails");
                        input = Input::GivenUp { failure: internal_failure() };
                    }
                }
                outcome => {
                    let is_transient = matches!(input, Input::TaskHeartbeat { .. });
                    if is_transient || matches!(outcome, Err(TurnError::Rejected(_))) {
                        // Nothing follows that would look whether it may leave memory again.
                        self.evict_if_idle(&live);
                    }
                    return outcome;
                }
            }
        }
    }
}
