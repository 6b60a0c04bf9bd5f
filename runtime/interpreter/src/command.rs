//! What an execution asks of the world.

use crate::frame::FrameId;
use crate::input::{AttemptId, TimerId};
use std::sync::Arc;
use stepwell_asl::definition::Resource;
use stepwell_history::EventId;
use stepwell_types::{Failure, Payload, Timestamp};

/// What an execution asks of the world, once its transition is durable.
#[derive(Clone, Debug)]
pub enum Command {
    /// Run an attempt; answers carry its id.
    StartTask(Box<TaskStart>),
    /// The answer of this attempt no longer counts; stop it if that is possible.
    CancelTask {
        /// Which.
        attempt: AttemptId,
    },
    /// Send [`crate::Input::TimerFired`] at `due` or later. The same id again moves it.
    SetTimer {
        /// Which.
        id: TimerId,
        /// When.
        due: Timestamp,
    },
    /// This timer is no longer waited for. One that fires nevertheless is refused.
    ClearTimer {
        /// Which.
        id: TimerId,
    },
    /// Start another execution (`states:startExecution`, with any pattern); without a pattern the answer is
    /// `TaskSucceeded`, with `.sync` it is `TaskSubmitted` and in the end `ChildClosed`.
    StartChild(Box<TaskStart>),
    /// Start the Map Run of a Distributed Map. Not sent yet: such a machine is refused when it is created.
    StartMapRun {
        /// The attempt that its end answers.
        attempt: AttemptId,
        /// JSON Pointer of the Map state.
        state: Arc<str>,
        /// The Map's effective input.
        input: Payload,
    },
    /// Send [`crate::Input::Resumed`]: there is more to do than one step may.
    Resume,
    /// The execution has ended; all its timers are void.
    Close(Outcome),
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `SUCCEEDED`
    Succeeded(Payload),
    /// `FAILED`
    Failed(Failure),
    /// `TIMED_OUT`
    TimedOut,
    /// `ABORTED`
    Aborted(Failure),
}

/// Everything that whoever runs an attempt needs to know.
#[derive(Clone, Debug)]
pub struct TaskStart {
    /// The attempt.
    pub attempt: AttemptId,
    /// The event with which its state was entered: the same for all retries of one visit, which keep the
    /// function's digest.
    pub visit: EventId,
    /// The frame that waits for it.
    pub frame: FrameId,
    /// The state's name.
    pub state: Arc<str>,
    /// What to call.
    pub resource: Resource,
    /// A function's or activity's input, or the service's parameters.
    pub input: Payload,
    /// Which retry of this visit it is: 0 for the first attempt.
    pub retry: u32,
    /// Seconds the attempt may take; watched by a timer of the execution.
    pub timeout_s: Option<u64>,
    /// Seconds between two heartbeats; watched by a timer of the execution.
    pub heartbeat_s: Option<u64>,
    /// The task token of `.waitForTaskToken` and of activities.
    pub token: Option<Arc<str>>,
    /// `Credentials.RoleArn`
    pub role_arn: Option<Arc<str>>,
}
