//! One step of an execution: takes the input to its frame, then lets every frame that is ready go on.
//!
//! Frames advance breadth-first by id, one state each and round; frames that begin in a round go on in the next.
//! A step ends with the round in which it has entered [`STATES_PER_STEP_MAX`] states, or with the state that has brought
//! its data to [`BYTES_PER_STEP_MAX`].

mod close;
mod fail;
mod leave;

use crate::command::Command;
use crate::context::Surroundings;
use crate::execution::{Execution, Resume, Status};
use crate::frame::{Alarm, Frame, FrameId, Position, Variables, Waiting};
use crate::input::{Input, TimerId};
use crate::limit::{BYTES_PER_STEP_MAX, STATES_PER_STEP_MAX};
use crate::observer::{Observer, Place, Stage};
use crate::rejected::{NeedFrames, Reason, Rejected};
use crate::retry::Trouble;
use crate::state;
use crate::transition::{Completion, FrameChanges, Transition};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use stepwell_asl::StateMachine;
use stepwell_asl::definition::{State, StateIdx, StateKind};
use stepwell_history::event::{ExecutionStarted, StateEntered};
use stepwell_history::{EventId, EventKind, HistoryEvent};
use stepwell_types::quota::HISTORY_EVENTS_MAX;
use stepwell_types::{ErrorName, Failure, Payload, Timestamp};

/// Why a step cannot go on as it would.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Only the execution's end has room in the history.
    HistoryFull,
    /// A partial execution lacks all frames that are not loaded.
    NeedFrames,
    /// A partial execution lacks the results that this frame joins.
    NeedResults(FrameId),
    /// An invariant does not hold: a defect, which must not take more than this execution with it.
    Broken(&'static str),
}

/// The outcome of something that cannot fail by itself.
pub(crate) type Step<T = ()> = Result<T, Halt>;

/// Why a state cannot go on.
pub(crate) enum Stop {
    /// The whole step halts.
    Halt(Halt),
    /// The state has failed; Retry and Catch decide.
    Failed(Trouble),
}

/// The outcome of a state's own work.
pub(crate) type Attempt<T = ()> = Result<T, Stop>;

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Trouble::from(failure))
    }
}

/// One step in the making.
pub(crate) struct Turn<'o> {
    pub(crate) execution: Execution,
    pub(crate) machine: Arc<StateMachine>,
    pub(crate) now: Timestamp,
    pub(crate) commands: Vec<Command>,
    events: Vec<HistoryEvent>,
    completions: Vec<Completion>,
    touched: BTreeSet<FrameId>,
    created: BTreeSet<FrameId>,
    removed: Vec<FrameId>,
    ready: BTreeSet<FrameId>,
    /// Bytes of the data that states have left with and iterations have begun with.
    data_bytes: usize,
    /// How often randomness was asked for.
    counter: Cell<u64>,
    observer: Option<&'o mut dyn Observer>,
}

impl<'o> Turn<'o> {
    pub(crate) fn new(execution: Execution, now: Timestamp, observer: Option<&'o mut dyn Observer>) -> Self {
        let machine = Arc::clone(&execution.machine);
        let is_ready = |frame: &&Frame| matches!(frame.waiting, Waiting::Ready);
        let ready = match execution.progress.resume {
            Resume::Idle => BTreeSet::new(),
            Resume::Pending => execution.frames.values().filter(is_ready).map(|frame| frame.id).collect(),
        };
        Self {
            execution,
            machine,
            now,
            commands: Vec::new(),
            events: Vec::new(),
            completions: Vec::new(),
            touched: BTreeSet::new(),
            created: BTreeSet::new(),
            removed: Vec::new(),
            ready,
            data_bytes: 0,
            counter: Cell::new(0),
            observer,
        }
    }

    /// The first events of an execution, up to where it first waits.
    pub(crate) fn start(&mut self) -> Step {
        let start = Arc::clone(&self.execution.start);
        let details = ExecutionStarted {
            input: Some(start.input.clone()),
            role_arn: Some(Arc::clone(&start.role_arn)),
            state_machine_alias_arn: start.alias_arn.clone(),
            state_machine_version_arn: start.version_arn.clone(),
        };
        self.emit(EventId::NONE, EventKind::ExecutionStarted(details))?;
        self.commands.push(Command::SetTimer { id: TimerId::DEADLINE, due: self.execution.deadline() });
        self.created.insert(FrameId::ROOT);
        self.touched.insert(FrameId::ROOT);
        self.ready.insert(FrameId::ROOT);
        self.run()
    }

    /// Takes an input to the frame that it addresses, which accepts it.
    pub(crate) fn take(&mut self, input: Input, target: FrameId) -> Step {
        match input {
            Input::TaskStarted { worker, .. } => state::task::started(self, target, worker)?,
            Input::TaskSubmitted { output, .. } => state::task::submitted(self, target, output)?,
            Input::TaskSucceeded { output, .. } => state::task::succeeded(self, target, output)?,
            Input::TaskFailed { failure, .. } => state::task::failed(self, target, failure)?,
            Input::TaskHeartbeat { .. } => return state::task::heartbeat(self, target),
            Input::ChildClosed { result: Ok(output), .. } => state::task::succeeded(self, target, output)?,
            Input::ChildClosed { result: Err(failure), .. } => state::task::failed(self, target, failure)?,
            Input::TimerFired { id: TimerId::DEADLINE } => self.time_out()?,
            Input::TimerFired { id } => self.timer_fired(target, id)?,
            Input::StopRequested { failure } => self.stop(failure)?,
            Input::GivenUp { failure } => self.end_failed(failure),
            Input::Resumed => {}
            Input::RedriveRequested => return Err(Halt::Broken("redrive")),
        }
        self.run()
    }

    fn timer_fired(&mut self, id: FrameId, timer: TimerId) -> Step {
        match &self.frame(id)?.waiting {
            Waiting::Task(_) => state::task::timed_out(self, id, timer),
            Waiting::Time(_) => state::wait::over(self, id),
            Waiting::Retry(_) => self.begin(id),
            Waiting::Ready | Waiting::Join(_) => Err(Halt::Broken("a timer that no frame waits for")),
        }
    }

    /// Rounds of all frames that are ready, until none is or the step has done enough.
    fn run(&mut self) -> Step {
        self.execution.progress.resume = Resume::Idle;
        let mut entered = 0;
        while !self.ready.is_empty() && self.is_running() {
            if entered >= STATES_PER_STEP_MAX || self.is_full() {
                self.execution.progress.resume = Resume::Pending;
                self.commands.push(Command::Resume);
                break;
            }
            for id in std::mem::take(&mut self.ready) {
                if self.is_full() {
                    // It goes on with the next step.
                    self.ready.insert(id);
                    continue;
                }
                let is_ready =
                    self.execution.frames.get(&id).is_some_and(|f| matches!(f.waiting, Waiting::Ready));
                if is_ready && self.is_running() {
                    entered += 1;
                    self.advance(id)?;
                }
            }
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.data_bytes >= BYTES_PER_STEP_MAX
    }

    /// Notes data that this step has made.
    pub(crate) fn made(&mut self, data: &Payload) {
        self.data_bytes = self.data_bytes.saturating_add(data.encoded_len());
    }

    /// Enters the state that a frame stands before.
    fn advance(&mut self, id: FrameId) -> Step {
        let machine = Arc::clone(&self.machine);
        let frame = self.frame(id)?;
        let state = machine.state(frame.at);
        let details = StateEntered { name: Arc::clone(&state.name), input: Some(frame.data.clone()) };
        let previous = frame.last_event;
        let entered = self.emit(previous, state::entered(&state.kind, details))?;
        let now = self.now;
        let frame = self.frame_mut(id)?;
        frame.entered_event = entered;
        frame.entered_at = now;
        frame.last_event = entered;
        let data = frame.data.clone();
        self.observe(id, Stage::Input, &data);
        self.begin(id)
    }

    /// Begins the work of the state that a frame is in: after its entry, and again for each retry.
    pub(crate) fn begin(&mut self, id: FrameId) -> Step {
        let machine = Arc::clone(&self.machine);
        let state = machine.state(self.frame(id)?.at);
        let result = match &state.kind {
            StateKind::Task(task) => state::task::begin(self, id, state, task),
            StateKind::Pass(pass) => state::pass::run(self, id, state, pass),
            StateKind::Choice(choice) => state::choice::run(self, id, state, choice),
            StateKind::Wait(wait) => state::wait::begin(self, id, state, wait),
            StateKind::Succeed => state::succeed::run(self, id, state),
            StateKind::Fail(fail) => state::fail::run(self, id, fail),
            StateKind::Parallel(parallel) => state::parallel::begin(self, id, state, parallel),
            StateKind::Map(map) => state::map::begin(self, id, state, map),
        };
        self.settle(id, result)
    }

    /// Hands a state's failure to Retry and Catch.
    pub(crate) fn settle(&mut self, id: FrameId, result: Attempt) -> Step {
        match result {
            Ok(()) => Ok(()),
            Err(Stop::Halt(halt)) => Err(halt),
            Err(Stop::Failed(trouble)) => self.fail(id, trouble),
        }
    }

    /// Writes an event and returns its id.
    pub(crate) fn emit(&mut self, previous_id: EventId, kind: EventKind) -> Step<EventId> {
        if !self.has_room(&kind) {
            return Err(Halt::HistoryFull);
        }
        Ok(self.write(previous_id, kind))
    }

    /// Writes an event if there is room for it: for what nothing else depends on.
    pub(crate) fn note(&mut self, previous_id: EventId, kind: EventKind) {
        if self.has_room(&kind) {
            self.write(previous_id, kind);
        }
    }

    fn has_room(&self, kind: &EventKind) -> bool {
        let is_last = matches!(
            kind,
            EventKind::ExecutionSucceeded(_)
                | EventKind::ExecutionFailed(_)
                | EventKind::ExecutionAborted(_)
                | EventKind::ExecutionTimedOut(_)
        );
        self.execution.progress.next_event.0 < HISTORY_EVENTS_MAX || is_last
    }

    fn write(&mut self, previous_id: EventId, kind: EventKind) -> EventId {
        let progress = &mut self.execution.progress;
        let id = progress.next_event;
        progress.next_event = id.next();
        progress.last_at = self.now;
        self.events.push(HistoryEvent { id, previous_id, timestamp: self.now, kind });
        id
    }

    pub(crate) fn is_running(&self) -> bool {
        self.execution.progress.status == Status::Running
    }

    pub(crate) fn frame(&self, id: FrameId) -> Step<&Frame> {
        self.execution.frames.get(&id).ok_or(match self.execution.unloaded.contains(&id) {
            true => Halt::NeedFrames,
            false => Halt::Broken("a frame that does not exist"),
        })
    }

    /// A frame that is about to change.
    pub(crate) fn frame_mut(&mut self, id: FrameId) -> Step<&mut Frame> {
        self.touched.insert(id);
        self.untouched_mut(id)
    }

    /// A frame of which only something that is not written is about to change.
    pub(crate) fn untouched_mut(&mut self, id: FrameId) -> Step<&mut Frame> {
        self.execution.frames.get_mut(&id).ok_or(match self.execution.unloaded.contains(&id) {
            true => Halt::NeedFrames,
            false => Halt::Broken("a frame that does not exist"),
        })
    }

    /// A new line of control, ready to enter `at`.
    pub(crate) fn spawn(&mut self, position: Position, at: StateIdx, data: Payload, last_event: EventId) {
        let id = self.execution.progress.next_frame;
        self.execution.progress.next_frame = FrameId(id.0 + 1);
        if matches!(position, Position::Iteration { .. }) {
            self.made(&data);
        }
        let frame = Frame {
            id,
            position,
            at,
            data,
            scope: Variables::default(),
            entered_event: EventId::NONE,
            entered_at: self.now,
            last_event,
            retries: Vec::new(),
            timer_serial: 0,
            waiting: Waiting::Ready,
        };
        self.execution.frames.insert(id, frame);
        self.created.insert(id);
        self.touched.insert(id);
        self.ready.insert(id);
    }

    /// Ends a line of control.
    pub(crate) fn remove(&mut self, id: FrameId) {
        self.execution.frames.remove(&id);
        self.execution.results.remove(&id);
        self.touched.remove(&id);
        self.ready.remove(&id);
        if !self.created.remove(&id) {
            self.removed.push(id);
        }
    }

    /// Makes a frame ready to enter `at`.
    pub(crate) fn ready(&mut self, id: FrameId, at: StateIdx, data: Payload) -> Step {
        let frame = self.frame_mut(id)?;
        frame.at = at;
        frame.data = data;
        frame.retries.clear();
        frame.entered_event = EventId::NONE;
        frame.waiting = Waiting::Ready;
        self.ready.insert(id);
        Ok(())
    }

    /// Sets a timer of a frame.
    pub(crate) fn set_timer(&mut self, id: FrameId, due: Timestamp) -> Step<Alarm> {
        let frame = self.frame_mut(id)?;
        frame.timer_serial += 1;
        let alarm = Alarm { serial: frame.timer_serial, due };
        let id = frame.timer(alarm);
        self.commands.push(Command::SetTimer { id, due });
        Ok(alarm)
    }

    /// Evaluates something in a frame's surroundings.
    pub(crate) fn evaluate<T>(
        &self,
        id: FrameId,
        evaluate: impl FnOnce(&Surroundings<'_>) -> Result<T, Failure>,
    ) -> Attempt<T> {
        let frame = self.frame(id)?;
        Ok(evaluate(&Surroundings::new(&self.execution, frame, &self.counter))?)
    }

    /// Random bits outside of any expression.
    pub(crate) fn random(&self) -> u64 {
        let counter = self.counter.get();
        self.counter.set(counter + 1);
        crate::random::bits(&self.execution.start.seed, self.execution.progress.next_event, counter)
    }

    /// Shows the observer, if there is one, data at a stage.
    pub(crate) fn observe(&mut self, id: FrameId, stage: Stage, data: &Payload) {
        self.tell(id, |observer, at| observer.stage(at, stage, data));
    }

    /// Tells the observer, if there is one, something about a frame's state.
    pub(crate) fn tell(&mut self, id: FrameId, tell: impl FnOnce(&mut dyn Observer, Place<'_>)) {
        if let Some(observer) = self.observer.as_deref_mut()
            && let Some(frame) = self.execution.frames.get(&id)
        {
            let state: &State = self.machine.state(frame.at);
            tell(observer, Place { frame: id, state, entered: frame.entered_event });
        }
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.observer.is_some()
    }

    /// The transition of a start, which nothing can refuse.
    pub(crate) fn finish_start(self, result: Step) -> Transition {
        match self.finish(result, None) {
            Ok(transition) => transition,
            // Nothing is unloaded at a start, so no frame can be asked for.
            Err(rejected) => Transition {
                next: rejected.execution,
                events: Vec::new(),
                frames: FrameChanges::default(),
                commands: Vec::new(),
            },
        }
    }

    /// The transition, or the execution as it was before where something is missing.
    pub(crate) fn finish(
        mut self,
        result: Step,
        before: Option<Execution>,
    ) -> Result<Transition, Box<Rejected>> {
        let need = match result {
            Ok(()) => None,
            Err(Halt::HistoryFull) => {
                self.history_full();
                None
            }
            Err(Halt::NeedFrames) => Some(None),
            Err(Halt::NeedResults(frame)) => Some(Some(frame)),
            Err(Halt::Broken(what)) => {
                self.broken(what);
                None
            }
        };
        match (need, before) {
            (Some(need), Some(execution)) => {
                let reason = Reason::NeedFrames(missing(&execution, need));
                return Err(Box::new(Rejected { execution, reason }));
            }
            (Some(_), None) => self.broken("a frame or result that is not there"),
            (None, _) => {}
        }
        let upserts = self.touched.iter().filter_map(|id| self.execution.frames.get(id)).cloned().collect();
        let frames = FrameChanges {
            progress: self.execution.progress.clone(),
            upserts,
            removals: self.removed,
            completions: self.completions,
        };
        let commands = close::tidy(self.commands, self.execution.progress.status);
        Ok(Transition { next: self.execution, events: self.events, frames, commands })
    }

    /// An invariant does not hold: this execution fails, and nothing else.
    fn broken(&mut self, what: &'static str) {
        let failure = Failure::new(ErrorName::RUNTIME, format!("Internal error: {what}"));
        self.end_failed(failure);
    }

    fn history_full(&mut self) {
        let cause =
            format!("The execution reached the maximum number of history events ({HISTORY_EVENTS_MAX}).");
        self.end_failed(Failure::new(ErrorName::RUNTIME, cause));
    }
}

/// What a partial execution lacks: the results that a frame joins, or all frames that are not loaded.
fn missing(execution: &Execution, results_of: Option<FrameId>) -> NeedFrames {
    let Some(id) = results_of else {
        return NeedFrames { frames: execution.unloaded.iter().copied().collect(), results: Vec::new() };
    };
    let head = execution.frames.get(&id).and_then(|frame| match &frame.waiting {
        Waiting::Join(join) => join.done.head.clone(),
        Waiting::Ready | Waiting::Task(_) | Waiting::Time(_) | Waiting::Retry(_) => None,
    });
    NeedFrames { frames: Vec::new(), results: head.map(|head| (id, head)).into_iter().collect() }
}
