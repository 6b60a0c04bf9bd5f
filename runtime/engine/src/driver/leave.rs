//! How an execution leaves memory: at rest, or because a commit took no effect.

use super::Live;
use crate::engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use stepwell_interpreter::execution::Resume;
use stepwell_interpreter::{Input, Waiting};
use stepwell_store::{CommitError, PendingKey, Refusal, SubmitError};
use stepwell_types::{ErrorName, Failure};

/// How long an execution that was given up rests before it goes on from the store.
const GO_ON_AFTER: Duration = Duration::from_secs(1);

impl Engine {
    /// Drops an execution from memory that waits for a callback or for a far due time: its next input loads it again.
    ///
    /// Not one that waits for a heartbeat, whose due time moves in memory only.
    pub(super) fn evict_if_idle(&self, live: &Arc<Live>) {
        let mut turn = live.turn.lock();
        let releases = live.releases.lock();
        let Some(execution) = &turn.execution else { return };
        let is_durable = !releases.draining && releases.queue.is_empty() && turn.unsent.is_empty();
        let near_ms = self.0.clock.now().after(crate::timer::HORIZON).as_millis();
        let is_near =
            |key: &PendingKey| matches!(key, PendingKey::Timer { due_ms, .. } if *due_ms <= near_ms);
        let beats = |waiting: &Waiting| matches!(waiting, Waiting::Task(wait) if wait.heartbeat.is_some());
        let is_idle = turn.attempts.is_empty()
            && execution.progress().resume == Resume::Idle
            && !turn.timers.values().any(is_near)
            && !execution.frames().any(|frame| beats(&frame.waiting));
        if is_durable && is_idle {
            turn.execution = None;
            turn.evicted = true;
            self.0.drivers.remove(live);
        }
    }

    /// A commit took no effect: what is in memory is ahead of the store and is dropped, and goes on from there.
    pub(super) fn give_up(&self, live: &Arc<Live>, error: &CommitError) {
        let mut turn = live.turn.lock();
        turn.execution = None;
        turn.evicted = true;
        for (_, running) in turn.attempts.drain() {
            if let Some(handle) = running.handle {
                handle.abort();
            }
        }
        let oversized = turn.oversized.take();
        drop(turn);
        self.0.drivers.remove(live);
        // A start whose name is taken is answered as such, and never was.
        if matches!(error, CommitError::Refused(Refusal::NameTaken { .. })) {
            return;
        }
        tracing::error!(execution.arn = %live.caller.execution_arn, %error, "a transition was not committed");
        match error {
            CommitError::Stopped(_) | CommitError::Refused(Refusal::EpochPassed { .. }) => {}
            CommitError::Refused(_) => {
                let (engine, number) = (self.clone(), live.number);
                tokio::spawn(async move { engine.go_on(number, oversized).await });
            }
        }
    }

    /// Goes on from the store with an execution that was given up: nothing else would decide about its attempts.
    async fn go_on(&self, number: u64, oversized: Option<Failure>) {
        // Whatever refused the commit may last: not in a circle without a pause.
        tokio::time::sleep(GO_ON_AFTER).await;
        let outcome = match oversized {
            Some(failure) => self.give(number, Input::StopRequested { failure }, None).await.map(drop),
            None => self.live(number).await.map(|live| {
                if let Some(live) = live {
                    self.go_on_with_attempts(&live);
                }
            }),
        };
        if let Err(error) = outcome {
            tracing::error!(
                execution.number = number,
                ?error,
                "an execution that was given up does not go on"
            );
        }
    }

    pub(super) fn go_on_with_attempts(&self, live: &Arc<Live>) {
        for start in live.restored().into_iter().filter_map(|attempt| live.take_restored(attempt)) {
            let (engine, live) = (self.clone(), Arc::clone(live));
            tokio::spawn(async move { engine.decide(&live, start).await });
        }
    }
}

/// Why an execution ends whose transition the store does not take, whenever it comes.
pub(super) fn oversized(error: &SubmitError) -> Option<Failure> {
    match error {
        SubmitError::TooLarge { .. } => Some(Failure::new(ErrorName::DATA_LIMIT_EXCEEDED, error.to_string())),
        SubmitError::QueueFull { .. } | SubmitError::LowSpace { .. } | SubmitError::Stopped(_) => None,
    }
}
