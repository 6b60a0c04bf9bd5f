//! After a failure: Retry, then Catch, then the failure of whatever is around the state.

use super::{Attempt, Step, Stop, Turn};
use crate::command::Outcome;
use crate::data_flow;
use crate::frame::{FrameId, Position, Waiting};
use crate::retry::{self, Origin, Trouble};
use crate::state;
use std::sync::Arc;
use stepwell_asl::definition::{Catcher, State};
use stepwell_history::EventKind;
use stepwell_types::{ErrorName, Failure};

/// Whether the failure of a Parallel or Map is an event of its own: only if something inside it has failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    State,
    Inside,
}

impl Turn<'_> {
    /// A state has failed by itself.
    pub(crate) fn fail(&mut self, id: FrameId, trouble: Trouble) -> Step {
        self.decide(id, trouble, Where::State)
    }

    /// A Parallel or Map has failed since something inside it did; whatever else is in it ends.
    pub(crate) fn fail_inside(&mut self, id: FrameId, trouble: Trouble) -> Step {
        self.abort_inside(id)?;
        self.decide(id, trouble, Where::Inside)
    }

    fn decide(&mut self, id: FrameId, mut trouble: Trouble, at: Where) -> Step {
        let machine = Arc::clone(&self.machine);
        let state = machine.state(self.frame(id)?.at);
        self.tell(id, |observer, place| observer.failed(place, &trouble.failure));
        if self.retry(id, state, &trouble)? {
            return Ok(());
        }
        if at == Where::Inside {
            let previous = self.frame(id)?.last_event;
            let failed = self.emit(previous, state::failed(&state.kind)?)?;
            self.frame_mut(id)?.last_event = failed;
        }
        let catcher =
            state.catch.iter().enumerate().find(|(_, catcher)| trouble.matches(&catcher.error_equals));
        if let Some((index, catcher)) = catcher {
            self.tell(id, |observer, place| observer.catch(place, index));
            match self.catch(id, catcher, &trouble.failure) {
                Ok(()) => return Ok(()),
                Err(Stop::Halt(halt)) => return Err(halt),
                Err(Stop::Failed(another)) => trouble = another,
            }
        }
        self.propagate(id, trouble)
    }

    /// Schedules a retry if the first retrier that names the failure has one left.
    fn retry(&mut self, id: FrameId, state: &State, trouble: &Trouble) -> Step<bool> {
        let retrier =
            state.retry.iter().enumerate().find(|(_, retrier)| trouble.matches(&retrier.error_equals));
        let Some((index, retrier)) = retrier else { return Ok(false) };
        let frame = self.frame_mut(id)?;
        frame.retries.resize(state.retry.len().max(frame.retries.len()), 0);
        let Some(used) = frame.retries.get_mut(index) else { return Ok(false) };
        if u64::from(*used) >= retrier.max_attempts {
            return Ok(false);
        }
        *used += 1;
        let used = *used;
        let delay = retry::delay(retrier, used, || self.random());
        let alarm = self.set_timer(id, self.now.after(delay))?;
        self.frame_mut(id)?.waiting = Waiting::Retry(alarm);
        self.tell(id, |observer, place| observer.retry(place, index, delay));
        Ok(true)
    }

    fn catch(&mut self, id: FrameId, catcher: &Catcher, failure: &Failure) -> Attempt {
        let error = data_flow::error_output(failure);
        let output =
            self.evaluate(id, |at| data_flow::result_path(at, &catcher.result_path, error.clone()))?;
        let assigned = self.evaluate(id, |at| data_flow::assign(at, catcher.assign.as_ref(), &error))?;
        let previous = self.frame(id)?.last_event;
        self.exit(id, output, assigned, previous, Some(catcher.next))
    }

    /// Nothing takes the failure: what is around the state fails.
    fn propagate(&mut self, id: FrameId, trouble: Trouble) -> Step {
        let frame = self.frame(id)?;
        let last = frame.last_event;
        match frame.position {
            Position::Top => {
                let details = trouble.failure.clone().into();
                self.emit(last, EventKind::ExecutionFailed(details))?;
                self.close(Outcome::Failed(trouble.failure));
                Ok(())
            }
            Position::Branch { parent, .. } => {
                self.remove(id);
                self.frame_mut(parent)?.last_event = last;
                self.fail_inside(parent, Trouble { origin: Origin::Branch, ..trouble })
            }
            Position::Iteration { parent, index } => {
                let details = self.iteration(parent, index)?;
                let failed = self.emit(last, EventKind::MapIterationFailed(details))?;
                self.remove(id);
                let is_fatal = trouble.is_fatal();
                let join = self.join_mut(parent)?;
                join.live = join.live.saturating_sub(1);
                join.failed += 1;
                let trouble = match join.tolerance {
                    Some(tolerance) if !is_fatal => {
                        if !tolerance.is_exceeded(join.failed, join.total) {
                            join.last_event = failed;
                            return self.go_on(parent, last);
                        }
                        Trouble::from(Failure::new(
                            ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                            "The specified tolerated failure threshold was exceeded",
                        ))
                    }
                    Some(_) | None => Trouble { origin: Origin::Plain, ..trouble },
                };
                self.frame_mut(parent)?.last_event = last;
                self.fail_inside(parent, trouble)
            }
        }
    }
}
