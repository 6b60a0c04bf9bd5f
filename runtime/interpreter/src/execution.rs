//! One execution of one state machine version, at rest between two inputs.

use crate::command::{Command, Outcome};
use crate::frame::{Frame, FrameId, Position, Variables, Waiting};
use crate::input::{AttemptId, Input, TimerId};
use crate::observer::Observer;
use crate::rejected::{NeedFrames, Reason, Rejected};
use crate::start::{Extent, StartAt, StartInput};
use crate::state::task;
use crate::transition::{Completion, Transition};
use crate::turn::Turn;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::StateMachine;
use stepwell_asl::definition::WorkflowType;
use stepwell_history::EventId;
use stepwell_types::quota::{EXPRESS_EXECUTION_SECONDS_MAX, STANDARD_EXECUTION_SECONDS_MAX};
use stepwell_types::{Payload, Timestamp, Value};

/// One execution of one state machine version, at rest between two inputs.
///
/// INVARIANT: the same inputs in the same order give the same transitions, byte for byte.
/// Time arrives as `now`; randomness is derived from (seed, event id, counter), with no generator state.
///
/// It may be partial: of a stored execution the root and the addressed frame with its ancestors are enough for most
/// inputs, and what else an input must see it asks for ([`Reason::NeedFrames`]) before it has any effect.
#[derive(Clone, Debug)]
pub struct Execution {
    pub(crate) machine: Arc<StateMachine>,
    pub(crate) start: Arc<StartInput>,
    pub(crate) progress: Progress,
    pub(crate) frames: BTreeMap<FrameId, Frame>,
    /// Live frames that are not in memory.
    pub(crate) unloaded: BTreeSet<FrameId>,
    /// Outputs of ended branches and iterations by the frame that will join them; a frame that has completions but
    /// no entry here has not loaded them.
    pub(crate) results: BTreeMap<FrameId, Vec<(u32, Payload)>>,
    /// Replaces the context object, in an execution that began at a named state.
    pub(crate) context: Option<Arc<Value>>,
    pub(crate) extent: Extent,
}

/// The bounded part of an execution that every transition writes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Progress {
    /// The id that the next event gets.
    pub next_event: EventId,
    /// The id that the next frame gets.
    pub next_frame: FrameId,
    /// When the first event was written.
    pub started_at: Timestamp,
    /// When the last event was written; `now` is never earlier.
    pub last_at: Timestamp,
    /// Whether it goes on.
    pub status: Status,
    /// Whether the last step left something to do.
    pub resume: Resume,
}

/// Whether an execution goes on; AWS's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// `RUNNING`
    #[default]
    Running,
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `TIMED_OUT`
    TimedOut,
    /// `ABORTED`
    Aborted,
}

/// Whether a step left something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Resume {
    /// Every frame waits for something.
    #[default]
    Idle,
    /// Some frames are ready; [`Command::Resume`] was sent.
    Pending,
}

/// Rows that do not make an execution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A frame is not among the live ones.
    #[error("frame {} is not live", .0.0)]
    NotLive(FrameId),
    /// A frame stands inside one that is neither given nor live.
    #[error("frame {} has lost the frame around it", .0.0)]
    Orphan(FrameId),
    /// A frame joins nothing, or other results than were given.
    #[error("frame {} does not join {given} results", .frame.0)]
    Results {
        /// The frame.
        frame: FrameId,
        /// How many were given.
        given: usize,
    },
}

impl Execution {
    /// Starts an execution: its first events, up to where it first waits.
    pub fn start(machine: Arc<StateMachine>, start: StartInput, now: Timestamp) -> Transition {
        Self::begin(machine, start, now, None)
    }

    /// As [`Execution::start`], observed.
    pub fn start_observed(
        machine: Arc<StateMachine>,
        start: StartInput,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Transition {
        Self::begin(machine, start, now, Some(observer))
    }

    /// Starts at a named state with given variables, context and retry counts: TestState and workflow tests begin
    /// here.
    pub fn start_at(
        machine: Arc<StateMachine>,
        at: StartAt,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Transition {
        let StartAt { start, state, input, variables, context, retries, extent } = at;
        let mut execution = Self::new(machine, start, now);
        execution.context = context.map(Arc::new);
        execution.extent = extent;
        let mut root = execution.root(state, input);
        root.scope = variables.into_iter().collect();
        root.retries = retries;
        execution.frames.insert(FrameId::ROOT, root);
        let mut turn = Turn::new(execution, now, Some(observer));
        let result = turn.start();
        turn.finish_start(result)
    }

    fn begin(
        machine: Arc<StateMachine>,
        start: StartInput,
        now: Timestamp,
        observer: Option<&mut dyn Observer>,
    ) -> Transition {
        let mut execution = Self::new(machine, start, now);
        let root = execution.root(execution.machine.start(), execution.start.input.clone());
        execution.frames.insert(FrameId::ROOT, root);
        let mut turn = Turn::new(execution, now, observer);
        let result = turn.start();
        turn.finish_start(result)
    }

    fn new(machine: Arc<StateMachine>, start: StartInput, now: Timestamp) -> Self {
        let progress = Progress {
            next_event: EventId(1),
            next_frame: FrameId(1),
            started_at: now,
            last_at: now,
            status: Status::Running,
            resume: Resume::Idle,
        };
        Self {
            machine,
            start: Arc::new(start),
            progress,
            frames: BTreeMap::new(),
            unloaded: BTreeSet::new(),
            results: BTreeMap::new(),
            context: None,
            extent: Extent::Whole,
        }
    }

    fn root(&self, at: stepwell_asl::definition::StateIdx, data: Payload) -> Frame {
        Frame {
            id: FrameId::ROOT,
            position: Position::Top,
            at,
            data,
            scope: Variables::default(),
            entered_event: EventId::NONE,
            entered_at: self.progress.started_at,
            last_event: EventId::NONE,
            retries: Vec::new(),
            timer_serial: 0,
            waiting: Waiting::Ready,
        }
    }

    /// Builds an execution from what was stored.
    ///
    /// `live` names every live frame; those that are not in `frames` stay on disk until an input asks for them.
    ///
    /// # Errors
    /// [`RestoreError`] for rows that do not belong together.
    pub fn restore(
        machine: Arc<StateMachine>,
        start: Arc<StartInput>,
        progress: Progress,
        live: impl IntoIterator<Item = FrameId>,
        frames: Vec<Frame>,
    ) -> Result<Self, RestoreError> {
        let mut execution = Self {
            machine,
            start,
            progress,
            frames: BTreeMap::new(),
            unloaded: live.into_iter().collect(),
            results: BTreeMap::new(),
            context: None,
            extent: Extent::Whole,
        };
        execution.add_frames(frames)?;
        Ok(execution)
    }

    /// Adds live frames that an input asked for.
    ///
    /// # Errors
    /// [`RestoreError`] for a frame that is not live or has lost the frame around it.
    pub fn add_frames(&mut self, frames: Vec<Frame>) -> Result<(), RestoreError> {
        for frame in &frames {
            if !self.unloaded.remove(&frame.id) && !self.frames.contains_key(&frame.id) {
                return Err(RestoreError::NotLive(frame.id));
            }
        }
        self.frames.extend(frames.into_iter().map(|frame| (frame.id, frame)));
        let is_known = |id: FrameId| self.frames.contains_key(&id) || self.unloaded.contains(&id);
        let lost = self.frames.values().find(|frame| frame.parent().is_some_and(|parent| !is_known(parent)));
        lost.map_or(Ok(()), |frame| Err(RestoreError::Orphan(frame.id)))
    }

    /// Adds the results that a frame joins, read along its chain, in any order.
    ///
    /// # Errors
    /// [`RestoreError::Results`] if the frame has joined more or fewer.
    pub fn add_results(&mut self, frame: FrameId, results: Vec<(u32, Payload)>) -> Result<(), RestoreError> {
        let given = results.len();
        let expected = self.frames.get(&frame).and_then(|frame| match &frame.waiting {
            Waiting::Join(join) => Some(join.done.count as usize),
            Waiting::Ready | Waiting::Task(_) | Waiting::Time(_) | Waiting::Retry(_) => None,
        });
        if expected != Some(given) {
            return Err(RestoreError::Results { frame, given });
        }
        self.results.insert(frame, results);
        Ok(())
    }

    /// Takes an input. Moves, never copies.
    ///
    /// # Errors
    /// [`Rejected`] gives the execution back unchanged: the input had no effect.
    pub fn step(self, input: Input, now: Timestamp) -> Result<Transition, Box<Rejected>> {
        self.step_with(input, now, None)
    }

    /// As [`Execution::step`], observed.
    ///
    /// # Errors
    /// As [`Execution::step`]; what was observed of a refused input has not happened.
    pub fn step_observed(
        self,
        input: Input,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<Transition, Box<Rejected>> {
        self.step_with(input, now, Some(observer))
    }

    fn step_with(
        self,
        input: Input,
        now: Timestamp,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Transition, Box<Rejected>> {
        let now = now.max(self.progress.last_at);
        let target = match self.target(&input, now) {
            Ok(target) => target,
            Err(reason) => return Err(Box::new(Rejected { execution: self, reason })),
        };
        // Only a partial execution can find out in the middle of a step that something is missing.
        let before = self.is_partial().then(|| self.clone());
        let mut turn = Turn::new(self, now, observer);
        let result = turn.take(input, target);
        turn.finish(result, before)
    }

    /// The frame that an input addresses, or why the input is refused.
    fn target(&self, input: &Input, now: Timestamp) -> Result<FrameId, Reason> {
        if self.progress.status != Status::Running {
            return Err(match input {
                Input::RedriveRequested => Reason::RedriveUnsupported,
                _ => Reason::Closed,
            });
        }
        let missing = || {
            Reason::NeedFrames(NeedFrames {
                frames: self.unloaded.iter().copied().collect(),
                results: Vec::new(),
            })
        };
        if self.progress.resume == Resume::Pending && !self.unloaded.is_empty() {
            // Frames that are ready go on with whatever comes, so all must be at hand.
            return Err(missing());
        }
        match input {
            Input::StopRequested { .. } | Input::GivenUp { .. } => {
                if self.unloaded.is_empty() {
                    Ok(FrameId::ROOT)
                } else {
                    Err(missing())
                }
            }
            Input::RedriveRequested => Err(Reason::RedriveUnsupported),
            Input::Resumed => match self.progress.resume {
                Resume::Pending => Ok(FrameId::ROOT),
                Resume::Idle => Err(Reason::NothingToResume),
            },
            Input::TimerFired { id } => self.timer_target(*id, now),
            Input::TaskStarted { attempt, .. }
            | Input::TaskSubmitted { attempt, .. }
            | Input::TaskSucceeded { attempt, .. }
            | Input::TaskFailed { attempt, .. }
            | Input::TaskHeartbeat { attempt }
            | Input::ChildClosed { attempt, .. } => match self.frame_of(*attempt) {
                Some(frame) => task::accepts(frame, input).map(|()| frame.id),
                None if self.unloaded.is_empty() => Err(Reason::StaleAttempt(*attempt)),
                None => Err(missing()),
            },
        }
    }

    fn timer_target(&self, id: TimerId, now: Timestamp) -> Result<FrameId, Reason> {
        if id == TimerId::DEADLINE {
            return if now < self.deadline() {
                Err(Reason::NotDue(id))
            } else if self.unloaded.is_empty() {
                Ok(FrameId::ROOT)
            } else {
                Err(Reason::NeedFrames(NeedFrames {
                    frames: self.unloaded.iter().copied().collect(),
                    results: Vec::new(),
                }))
            };
        }
        let Some(frame) = self.frames.get(&id.frame) else {
            return Err(if self.unloaded.contains(&id.frame) {
                Reason::NeedFrames(NeedFrames { frames: vec![id.frame], results: Vec::new() })
            } else {
                Reason::StaleTimer(id)
            });
        };
        match frame.alarms().find(|alarm| alarm.serial == id.serial) {
            None => Err(Reason::StaleTimer(id)),
            Some(alarm) if now < alarm.due => Err(Reason::NotDue(id)),
            Some(_) => Ok(frame.id),
        }
    }

    /// Whether some of its live frames or joined results are not in memory.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let lacks_results = |frame: &Frame| match &frame.waiting {
            Waiting::Join(join) => join.done.count > 0 && !self.results.contains_key(&frame.id),
            Waiting::Ready | Waiting::Task(_) | Waiting::Time(_) | Waiting::Retry(_) => false,
        };
        !self.unloaded.is_empty() || self.frames.values().any(lacks_results)
    }

    /// When it must have ended.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let limit_s = match self.start.kind {
            WorkflowType::Standard => STANDARD_EXECUTION_SECONDS_MAX,
            WorkflowType::Express => EXPRESS_EXECUTION_SECONDS_MAX,
        };
        let seconds = self.machine.timeout_seconds.map_or(limit_s, |own| own.min(limit_s));
        let due = self.progress.started_at.after(Duration::from_secs(seconds));
        self.start.deadline.map_or(due, |given| given.min(due))
    }

    /// The definition that it runs.
    #[must_use]
    pub fn machine(&self) -> &Arc<StateMachine> {
        &self.machine
    }

    /// What it began with.
    #[must_use]
    pub fn start_input(&self) -> &Arc<StartInput> {
        &self.start
    }

    /// Counters and status.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Its frames in memory, by id.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.frames.values()
    }

    /// Every live frame, in memory or not, by id.
    #[must_use]
    pub fn live_frames(&self) -> BTreeSet<FrameId> {
        self.frames.keys().chain(&self.unloaded).copied().collect()
    }

    /// The frame in memory that waits for an attempt.
    #[must_use]
    pub fn frame_of(&self, attempt: AttemptId) -> Option<&Frame> {
        self.frames.values().find(|frame| frame.attempt() == Some(attempt))
    }

    /// The commands that its frames in memory still wait for, as after a restart: attempts to start, timers to set,
    /// a resume to send.
    #[must_use]
    pub fn outstanding(&self) -> Vec<Command> {
        if self.progress.status != Status::Running {
            return Vec::new();
        }
        let mut commands = vec![Command::SetTimer { id: TimerId::DEADLINE, due: self.deadline() }];
        for frame in self.frames.values() {
            commands.extend(
                frame.alarms().map(|alarm| Command::SetTimer { id: frame.timer(alarm), due: alarm.due }),
            );
            commands.extend(task::start_command(self, frame));
        }
        if self.progress.resume == Resume::Pending {
            commands.push(Command::Resume);
        }
        commands
    }
}

impl From<&Outcome> for Status {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Succeeded(_) => Self::Succeeded,
            Outcome::Failed(_) => Self::Failed,
            Outcome::TimedOut => Self::TimedOut,
            Outcome::Aborted(_) => Self::Aborted,
        }
    }
}

impl From<Completion> for (u32, Payload) {
    fn from(completion: Completion) -> Self {
        (completion.index, completion.output)
    }
}
