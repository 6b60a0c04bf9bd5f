//! The end of an execution, and of what is given up before its own end.

use super::{Halt, Step, Turn};
use crate::command::{Command, Outcome};
use crate::execution::Status;
use crate::frame::{FrameId, Position, Waiting};
use crate::state;
use std::collections::BTreeSet;
use std::sync::Arc;
use stepwell_history::event::FailureDetails;
use stepwell_history::{EventId, EventKind};
use stepwell_types::{ErrorName, Failure};

/// Drops what one and the same step asks for and withdraws, so that no attempt begins that nobody waits for; after
/// the end nothing is to begin at all.
pub(super) fn tidy(commands: Vec<Command>, status: Status) -> Vec<Command> {
    let (mut attempts, mut timers) = (BTreeSet::new(), BTreeSet::new());
    for command in &commands {
        match command {
            Command::CancelTask { attempt } => {
                attempts.insert(*attempt);
            }
            Command::ClearTimer { id } => {
                timers.insert(*id);
            }
            Command::StartTask(_)
            | Command::StartChild(_)
            | Command::StartMapRun { .. }
            | Command::SetTimer { .. }
            | Command::Resume
            | Command::Close(_) => {}
        }
    }
    let is_closed = status != Status::Running;
    let (mut never_begun, mut never_set) = (BTreeSet::new(), BTreeSet::new());
    let mut kept = Vec::with_capacity(commands.len());
    for command in commands {
        let is_kept = match &command {
            Command::StartTask(start) | Command::StartChild(start) => {
                let is_void = is_closed || attempts.contains(&start.attempt);
                if is_void {
                    never_begun.insert(start.attempt);
                }
                !is_void
            }
            Command::SetTimer { id, .. } => {
                let is_void = is_closed || timers.contains(id);
                if is_void {
                    never_set.insert(*id);
                }
                !is_void
            }
            Command::CancelTask { attempt } => !never_begun.contains(attempt),
            Command::ClearTimer { id } => !is_closed && !never_set.contains(id),
            Command::StartMapRun { .. } | Command::Resume => !is_closed,
            Command::Close(_) => true,
        };
        if is_kept {
            kept.push(command);
        }
    }
    kept
}

/// What is written of lines of control that are given up.
#[derive(Clone, Copy)]
pub(crate) enum Note {
    /// Events that point back along each line: somebody has stopped the execution, or its time is over.
    Own,
    /// Events that point back to this one: the newest of the line whose failure ends the others.
    After(EventId),
    /// Nothing.
    Nothing,
}

impl Turn<'_> {
    /// Ends the execution. Its frames stay as they are, for a redrive, unless it has succeeded.
    pub(crate) fn close(&mut self, outcome: Outcome) {
        for frame in self.execution.frames.values() {
            if let Waiting::Task(task) = &frame.waiting {
                self.commands.push(Command::CancelTask { attempt: task.attempt });
            }
        }
        self.execution.progress.status = Status::from(&outcome);
        self.ready.clear();
        self.execution.results.clear();
        if matches!(outcome, Outcome::Succeeded(_)) {
            for id in self.execution.frames.keys().copied().collect::<Vec<_>>() {
                self.remove(id);
            }
        }
        self.commands.push(Command::Close(outcome));
    }

    /// Fails the execution for a reason that is no state's.
    pub(crate) fn end_failed(&mut self, failure: Failure) {
        let next = self.execution.progress.next_event;
        let previous = EventId(next.0.saturating_sub(1));
        self.note(previous, EventKind::ExecutionFailed(failure.clone().into()));
        self.close(Outcome::Failed(failure));
    }

    /// Somebody has stopped the execution. What stands at the top level has no event of its own then, as recorded
    /// on AWS, and the abortion itself has no predecessor.
    pub(crate) fn stop(&mut self, failure: Failure) -> Step {
        self.abort_inside(FrameId::ROOT, Note::Own)?;
        let details = FailureDetails::from(failure.clone());
        self.emit(EventId::NONE, EventKind::ExecutionAborted(details))?;
        self.close(Outcome::Aborted(failure));
        Ok(())
    }

    /// The execution has taken too long. The event names the error and no cause (measured on AWS); DescribeExecution
    /// shows neither.
    pub(crate) fn time_out(&mut self) -> Step {
        self.abort_inside(FrameId::ROOT, Note::Own)?;
        let details = FailureDetails::from(Failure::without_cause(ErrorName::TIMEOUT));
        self.emit(EventId::NONE, EventKind::ExecutionTimedOut(details))?;
        self.close(Outcome::TimedOut);
        Ok(())
    }

    /// Ends whatever still runs inside a Parallel or Map.
    pub(crate) fn abort_inside(&mut self, id: FrameId, note: Note) -> Step {
        if !matches!(self.frame(id)?.waiting, Waiting::Join(_)) {
            return Ok(());
        }
        if !self.execution.unloaded.is_empty() {
            return Err(Halt::NeedFrames);
        }
        let inside = self.execution.frames.values().filter(|frame| frame.parent() == Some(id));
        for child in inside.map(|frame| frame.id).collect::<Vec<_>>() {
            self.abort(child, note)?;
        }
        self.execution.results.remove(&id);
        let join = self.join_mut(id)?;
        join.live = 0;
        join.done = crate::frame::Chain::default();
        Ok(())
    }

    /// Ends a frame that has not ended itself: its iteration, then its state, then what is inside that (the order
    /// was measured on AWS).
    fn abort(&mut self, id: FrameId, note: Note) -> Step {
        let machine = Arc::clone(&self.machine);
        let frame = self.frame(id)?;
        let (position, own, is_ready) =
            (frame.position, frame.last_event, matches!(frame.waiting, Waiting::Ready));
        let state = machine.state(frame.at);
        let previous = match note {
            Note::Own => Some(own),
            Note::After(event) => Some(event),
            Note::Nothing => None,
        };
        if let Some(previous) = previous {
            if let Position::Iteration { parent, index } = position {
                let details = self.iteration(parent, index)?;
                self.note(previous, EventKind::MapIterationAborted(details));
            }
            if !is_ready && let Some(kind) = state::aborted(&state.kind) {
                self.note(previous, kind);
            }
        }
        self.give_up(id)?;
        self.abort_inside(id, note)?;
        self.remove(id);
        Ok(())
    }

    /// Withdraws what a frame has asked for: its attempt and its timers.
    pub(crate) fn give_up(&mut self, id: FrameId) -> Step {
        let frame = self.frame(id)?;
        let attempt = frame.attempt().map(|attempt| Command::CancelTask { attempt });
        let timers: Vec<_> =
            frame.alarms().map(|alarm| Command::ClearTimer { id: frame.timer(alarm) }).collect();
        self.commands.extend(attempt);
        self.commands.extend(timers);
        Ok(())
    }
}
