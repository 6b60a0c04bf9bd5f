//! What can happen to an execution.

use crate::frame::FrameId;
use std::fmt;
use std::sync::Arc;
use stepwell_history::EventId;
use stepwell_types::{Failure, Payload};

/// One attempt of a Task, named by the id of the event that scheduled it: unique for the execution's whole life,
/// later visits and redrives included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub EventId);

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One timer of an execution; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    /// The frame that waits for it.
    pub frame: FrameId,
    /// Its number within that frame, from 1; 0 of the root frame is the deadline of the execution.
    pub serial: u32,
}

impl TimerId {
    /// The timer that ends the whole execution.
    pub const DEADLINE: Self = Self { frame: FrameId::ROOT, serial: 0 };
}

/// What can happen to an execution after its start.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An attempt has begun: its time-out and heartbeat clocks start. May be left out for an attempt that has
    /// neither; the answer then stands for it.
    TaskStarted {
        /// Which.
        attempt: AttemptId,
        /// The worker that took an activity's task.
        worker: Option<Arc<str>>,
    },
    /// A call with `.sync` or `.waitForTaskToken` was accepted by the service; the task goes on.
    TaskSubmitted {
        /// Which.
        attempt: AttemptId,
        /// What the service answered.
        output: Payload,
    },
    /// An attempt succeeded. With `.waitForTaskToken` this is the callback; what the called service answers is
    /// [`Input::TaskSubmitted`].
    TaskSucceeded {
        /// Which.
        attempt: AttemptId,
        /// Its whole result; of `lambda:invoke` the object with `ExecutedVersion`, `Payload`, `StatusCode` and the
        /// rest, which the dispatcher builds.
        output: Payload,
    },
    /// An attempt failed.
    TaskFailed {
        /// Which.
        attempt: AttemptId,
        /// Why.
        failure: Failure,
    },
    /// An attempt is alive. Writes nothing: see [`crate::Transition::is_transient`].
    TaskHeartbeat {
        /// Which.
        attempt: AttemptId,
    },
    /// A timer came due.
    TimerFired {
        /// Which.
        id: TimerId,
    },
    /// An execution that a Task had started has ended.
    ChildClosed {
        /// The attempt that started it.
        attempt: AttemptId,
        /// The Task's result, or why it failed.
        result: Result<Payload, Failure>,
    },
    /// Somebody stops the execution.
    StopRequested {
        /// Error and cause as given; both may be absent.
        failure: Failure,
    },
    /// Somebody redrives a closed execution. Always refused until redrive is built.
    RedriveRequested,
    /// Whoever drives the execution cannot carry it on: it fails.
    GivenUp {
        /// Why.
        failure: Failure,
    },
    /// The step before had more to do ([`crate::Command::Resume`]).
    Resumed,
}

impl Input {
    /// Its name, for logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TaskStarted { .. } => "TaskStarted",
            Self::TaskSubmitted { .. } => "TaskSubmitted",
            Self::TaskSucceeded { .. } => "TaskSucceeded",
            Self::TaskFailed { .. } => "TaskFailed",
            Self::TaskHeartbeat { .. } => "TaskHeartbeat",
            Self::TimerFired { .. } => "TimerFired",
            Self::ChildClosed { .. } => "ChildClosed",
            Self::StopRequested { .. } => "StopRequested",
            Self::RedriveRequested => "RedriveRequested",
            Self::GivenUp { .. } => "GivenUp",
            Self::Resumed => "Resumed",
        }
    }

    /// The attempt that it is about, if it is about one.
    #[must_use]
    pub fn attempt(&self) -> Option<AttemptId> {
        match self {
            Self::TaskStarted { attempt, .. }
            | Self::TaskSubmitted { attempt, .. }
            | Self::TaskSucceeded { attempt, .. }
            | Self::TaskFailed { attempt, .. }
            | Self::TaskHeartbeat { attempt }
            | Self::ChildClosed { attempt, .. } => Some(*attempt),
            Self::TimerFired { .. }
            | Self::StopRequested { .. }
            | Self::RedriveRequested
            | Self::GivenUp { .. }
            | Self::Resumed => None,
        }
    }
}
