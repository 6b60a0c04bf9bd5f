//! On the way out of a state: the stages of its result, its exit, and the ends of branches and iterations.

use super::{Attempt, Halt, Step, Turn};
use crate::command::Outcome;
use crate::data_flow::{self, Assigned};
use crate::execution::Status;
use crate::frame::{Chain, CompletionLink, FrameId, Join, Position, Waiting};
use crate::observer::Stage;
use crate::query;
use crate::start::Extent;
use crate::state;
use crate::transition::Completion;
use std::sync::Arc;
use stepwell_asl::definition::{State, StateIdx, Transition};
use stepwell_history::event::{AssignedVariables, MapIteration, OutputDetails, StateExited};
use stepwell_history::{EventId, EventKind};
use stepwell_types::{Payload, Value};

impl Turn<'_> {
    /// Takes the result of a Task, Pass, Parallel or Map through `ResultSelector`, `ResultPath`, `Assign` and
    /// `OutputPath`, and leaves the state. The exit points back to `previous`.
    pub(crate) fn conclude(
        &mut self,
        id: FrameId,
        state: &State,
        result: &Payload,
        previous: EventId,
    ) -> Attempt {
        self.observe(id, Stage::Result, result);
        let selected = self.evaluate(id, |at| data_flow::result_selector(at, state, result.clone()))?;
        self.observe(id, Stage::AfterResultSelector, &selected);
        let merged = self.evaluate(id, |at| data_flow::result_path(at, &state.result_path, selected))?;
        self.observe(id, Stage::AfterResultPath, &merged);
        let output = self.evaluate(id, |at| data_flow::output(at, state, &merged))?;
        let assigned = self.evaluate(id, |at| data_flow::assign(at, state.assign.as_ref(), result))?;
        let next = match state.next {
            Transition::Next(at) => Some(at),
            Transition::End | Transition::Chosen => None,
        };
        self.exit(id, output, assigned, previous, next)
    }

    /// Writes the exit of a state and goes on to `next`, or ends the frame.
    pub(crate) fn exit(
        &mut self,
        id: FrameId,
        output: Payload,
        assigned: Assigned,
        previous: EventId,
        next: Option<StateIdx>,
    ) -> Attempt {
        let machine = Arc::clone(&self.machine);
        let state = machine.state(self.frame(id)?.at);
        let output = data_flow::within_limit(output, &state.name)?;
        self.made(&output);
        assigned.iter().for_each(|(_, value)| self.made(value));
        self.observe(id, Stage::Output, &output);
        if self.is_observed() {
            if !assigned.is_empty() {
                self.tell(id, |observer, at| observer.assigned(at, &assigned));
            }
            self.tell(id, |observer, at| observer.next_state(at, next.map(|next| machine.state(next))));
        }
        let details = StateExited {
            name: Arc::clone(&state.name),
            output: Some(output.clone()),
            assigned_variables: (!assigned.is_empty()).then(|| AssignedVariables(assigned.clone())),
        };
        let exited = self.emit(previous, state::exited(&state.kind, details)?)?;
        let frame = self.frame_mut(id)?;
        frame.last_event = exited;
        for (name, value) in assigned {
            frame.scope.set(&name, value);
        }
        match next {
            Some(next) if !(id == FrameId::ROOT && self.execution.extent == Extent::OneState) => {
                Ok(self.ready(id, next, output)?)
            }
            Some(_) | None => Ok(self.complete(id, output)?),
        }
    }

    /// Ends a line of control well.
    fn complete(&mut self, id: FrameId, output: Payload) -> Step {
        let frame = self.frame(id)?;
        let last = frame.last_event;
        match frame.position {
            Position::Top => {
                let details = OutputDetails { output: Some(output.clone()) };
                self.emit(last, EventKind::ExecutionSucceeded(details))?;
                self.close(Outcome::Succeeded(output));
                debug_assert!(self.execution.progress.status == Status::Succeeded);
                Ok(())
            }
            Position::Branch { parent, index } => {
                self.remove(id);
                self.record(parent, index, output, last)?;
                self.go_on(parent, last)
            }
            Position::Iteration { parent, index } => {
                let kind = EventKind::MapIterationSucceeded(self.iteration(parent, index)?);
                let succeeded = self.emit(last, kind)?;
                self.remove(id);
                self.record(parent, index, output, succeeded)?;
                self.go_on(parent, last)
            }
        }
    }

    /// The details of an event about an iteration.
    pub(crate) fn iteration(&self, parent: FrameId, index: u32) -> Step<MapIteration> {
        let name = Arc::clone(&self.machine.state(self.frame(parent)?.at).name);
        Ok(MapIteration { name, index: u64::from(index) })
    }

    /// What a frame joins.
    pub(crate) fn join(&self, id: FrameId) -> Step<&Join> {
        match &self.frame(id)?.waiting {
            Waiting::Join(join) => Ok(join),
            Waiting::Ready | Waiting::Task(_) | Waiting::Time(_) | Waiting::Retry(_) => {
                Err(Halt::Broken("a branch outside of a Parallel or Map"))
            }
        }
    }

    pub(crate) fn join_mut(&mut self, id: FrameId) -> Step<&mut Join> {
        match &mut self.frame_mut(id)?.waiting {
            Waiting::Join(join) => Ok(join),
            Waiting::Ready | Waiting::Task(_) | Waiting::Time(_) | Waiting::Retry(_) => {
                Err(Halt::Broken("a branch outside of a Parallel or Map"))
            }
        }
    }

    /// Adds an end to the chain of its parent.
    fn record(&mut self, parent: FrameId, index: u32, output: Payload, event: EventId) -> Step {
        let link = CompletionLink::default();
        let bytes = output.encoded_len() as u64;
        let join = self.join_mut(parent)?;
        join.live = join.live.saturating_sub(1);
        join.last_event = event;
        let is_first = join.done.count == 0;
        let previous = join.done.head.replace(link.clone());
        join.done.count += 1;
        join.done.bytes += bytes;
        if is_first {
            self.execution.results.insert(parent, vec![(index, output.clone())]);
        } else if let Some(results) = self.execution.results.get_mut(&parent) {
            results.push((index, output.clone()));
        }
        self.completions.push(Completion { parent, index, output, link, previous });
        Ok(())
    }

    /// After an end within a Parallel or Map: begins what may begin now, or joins. `last` is the newest event of
    /// the line that has ended, which the next iteration points back to.
    pub(crate) fn go_on(&mut self, parent: FrameId, last: EventId) -> Step {
        let machine = Arc::clone(&self.machine);
        let frame = self.frame_mut(parent)?;
        frame.last_event = last;
        let state = machine.state(frame.at);
        let result = state::map::refill(self, parent, state, last);
        let result = result.and_then(|()| {
            let join = self.join(parent)?;
            if join.live == 0 && join.next >= join.total { self.join_results(parent, state) } else { Ok(()) }
        });
        match result {
            Err(super::Stop::Failed(trouble)) => self.fail_inside(parent, trouble),
            other => self.settle(parent, other),
        }
    }

    /// Puts the results together and leaves the Parallel or Map.
    pub(crate) fn join_results(&mut self, id: FrameId, state: &State) -> Attempt {
        let join = self.join(id)?;
        let (last, count) = (join.last_event, join.done.count as usize);
        let mut results = self.execution.results.remove(&id).unwrap_or_default();
        if results.len() != count {
            return Err(Halt::NeedResults(id).into());
        }
        results.sort_by_key(|(index, _)| *index);
        let result = data_flow::within_limit(joined(&results), &state.name)?;
        self.evaluate(id, |at| query::check_depth(at, result.value()))?;
        self.join_mut(id)?.done = Chain::default();
        let succeeded = self.emit(last, state::succeeded(&state.kind)?)?;
        self.frame_mut(id)?.last_event = succeeded;
        let result = self.conclude(id, state, &result, last);
        Ok(self.settle(id, result)?)
    }
}

/// The array of results, its text that of the results joined.
fn joined(results: &[(u32, Payload)]) -> Payload {
    let bytes: usize = results.iter().map(|(_, result)| result.encoded_len() + 1).sum();
    let mut text = String::with_capacity(bytes + 2);
    text.push('[');
    for (n, (_, result)) in results.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(result.text());
    }
    text.push(']');
    let value = Value::array(results.iter().map(|(_, result)| result.value().clone()).collect());
    Payload::from_parts(text, value)
}
