//! Why an input was refused.

use crate::execution::Execution;
use crate::frame::{CompletionLink, FrameId};
use crate::input::{AttemptId, TimerId};

/// An input that had no effect.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Rejected {
    /// The execution, unchanged.
    pub execution: Execution,
    /// Why.
    #[source]
    pub reason: Reason,
}

/// Why an input had no effect.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Reason {
    /// The execution has ended.
    #[error("the execution has ended")]
    Closed,
    /// The attempt was answered before, timed out or was given up.
    #[error("attempt {0} is not waited for")]
    StaleAttempt(AttemptId),
    /// The attempt has begun before, or its submission was reported before.
    #[error("attempt {0} has gone on since")]
    AlreadyReported(AttemptId),
    /// The timer is not waited for.
    #[error("timer {} of frame {} is not waited for", .0.serial, .0.frame.0)]
    StaleTimer(TimerId),
    /// The timer fired early, or a heartbeat has moved it since.
    #[error("timer {} of frame {} is not due", .0.serial, .0.frame.0)]
    NotDue(TimerId),
    /// Nothing is left to resume.
    #[error("nothing is left to resume")]
    NothingToResume,
    /// Redrive is not built yet.
    #[error("executions cannot be redriven yet")]
    RedriveUnsupported,
    /// The execution is partial, and this input must see more of it.
    #[error("frames or results are not loaded")]
    NeedFrames(NeedFrames),
}

/// What to load before the input is given again.
#[derive(Debug, Clone, Default)]
pub struct NeedFrames {
    /// Frames to add with [`Execution::add_frames`].
    pub frames: Vec<FrameId>,
    /// Chains of results to follow to their end and add with [`Execution::add_results`]: the frame that joins them
    /// and the newest link.
    pub results: Vec<(FrameId, CompletionLink)>,
}
