//! After a failure: Retry, then Catch, then the failure of whatever is around the state. `States.Runtime` knows none
//! of these: it ends the execution where it happens.

use super::close::Note;
use super::{Attempt, Step, Stop, Turn};
use crate::command::Outcome;
use crate::data_flow;
use crate::frame::{FrameId, Position, Waiting};
use crate::retry::{self, Origin, Trouble};
use crate::state;
use std::sync::Arc;
use stepwell_asl::definition::{Catcher, State, StateKind};
use stepwell_history::EventKind;
use stepwell_types::{ErrorName, Failure};

impl Turn<'_> {
    /// A Parallel or Map has failed since something inside it did; whatever else is in it ends.
    pub(crate) fn fail_inside(&mut self, id: FrameId, trouble: Trouble) -> Step {
        if !trouble.is_fatal() {
            let last = self.frame(id)?.last_event;
            self.abort_inside(id, Note::After(last))?;
        }
        self.fail(id, trouble)
    }

    /// A state has failed.
    pub(crate) fn fail(&mut self, id: FrameId, mut trouble: Trouble) -> Step {
        let machine = Arc::clone(&self.machine);
        let state = machine.state(self.frame(id)?.at);
        self.tell(id, |observer, place| observer.failed(place, &trouble.failure));
        if trouble.is_fatal() {
            return self.end_at(id, trouble.failure);
        }
        if self.retry(id, state, &trouble)? {
            return Ok(());
        }
        let before = self.frame(id)?.last_event;
        self.write_failed(id, state)?;
        let catcher =
            state.catch.iter().enumerate().find(|(_, catcher)| trouble.matches(&catcher.error_equals));
        if let Some((index, catcher)) = catcher {
            self.tell(id, |observer, place| observer.catch(place, index));
            match self.catch(id, catcher, &trouble.failure) {
                Ok(()) => return Ok(()),
                Err(Stop::Halt(halt)) => return Err(halt),
                Err(Stop::Failed(another)) if another.is_fatal() => {
                    return self.end_at(id, another.failure);
                }
                Err(Stop::Failed(another)) => {
                    // The state fails a second time, from where it stood before the first; nothing catches that.
                    trouble = another;
                    self.frame_mut(id)?.last_event = before;
                    self.write_failed(id, state)?;
                }
            }
        }
        self.propagate(id, trouble)
    }

    /// Writes that a Parallel or Map has failed; other states have no such event.
    fn write_failed(&mut self, id: FrameId, state: &State) -> Step {
        if let Some(kind) = state::failed(&state.kind) {
            let previous = self.frame(id)?.last_event;
            let failed = self.emit(previous, kind)?;
            self.frame_mut(id)?.last_event = failed;
        }
        Ok(())
    }

    /// Ends the execution with the failure of a state, wherever that is: `States.Runtime` leaves no trace of what is
    /// around the state or beside it (measured on AWS).
    fn end_at(&mut self, id: FrameId, failure: Failure) -> Step {
        let last = self.frame(id)?.last_event;
        self.abort_inside(FrameId::ROOT, Note::Nothing)?;
        self.emit(last, EventKind::ExecutionFailed(failure.clone().into()))?;
        self.close(Outcome::Failed(failure));
        Ok(())
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
        let (position, at, last) = (frame.position, frame.at, frame.last_event);
        if position != Position::Top && matches!(self.machine.state(at).kind, StateKind::Task(_)) {
            // A Task that ends its branch is given up as well (measured on AWS); nothing points back to that.
            self.note(last, EventKind::TaskStateAborted);
        }
        match position {
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
                let failed = EventKind::MapIterationFailed(self.iteration(parent, index)?);
                self.remove(id);
                let join = self.join_mut(parent)?;
                join.live = join.live.saturating_sub(1);
                join.failed += 1;
                let trouble = match join.tolerance {
                    Some(tolerance) if !tolerance.is_exceeded(join.failed, join.total) => {
                        join.last_event = last;
                        self.emit(last, failed)?;
                        return self.go_on(parent, last);
                    }
                    Some(_) => Trouble::from(Failure::new(
                        ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                        "The specified tolerated failure threshold was exceeded",
                    )),
                    None => Trouble { origin: Origin::Plain, ..trouble },
                };
                self.frame_mut(parent)?.last_event = last;
                // The others are given up before this one has failed, in AWS's order.
                self.abort_inside(parent, Note::After(last))?;
                self.emit(last, failed)?;
                self.fail(parent, trouble)
            }
        }
    }
}
