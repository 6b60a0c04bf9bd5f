//! All that one input caused.

use crate::command::Command;
use crate::execution::{Execution, Progress};
use crate::frame::{CompletionLink, Frame, FrameId};
use stepwell_history::HistoryEvent;
use stepwell_types::Payload;

/// All that one input caused; committed together or not at all.
#[must_use = "a transition has no effect until it is committed"]
#[derive(Debug)]
pub struct Transition {
    /// The execution after it; the next input may be given to it before this transition is committed.
    pub next: Execution,
    /// New events, in order.
    pub events: Vec<HistoryEvent>,
    /// What is to be written of the execution.
    pub frames: FrameChanges,
    /// What to do once this is committed, in order.
    pub commands: Vec<Command>,
}

impl Transition {
    /// Whether there is nothing to commit: a heartbeat only moves a due time in memory, and its commands may be
    /// followed at once.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.events.is_empty() && self.frames.is_empty()
    }
}

/// What one transition changed of an execution at rest: the frames that it touched, and no others.
#[derive(Debug, Clone, Default)]
pub struct FrameChanges {
    /// Counters and status after the transition: the bounded part that every transition writes.
    pub progress: Progress,
    /// Frames that are new or changed, as they are now.
    pub upserts: Vec<Frame>,
    /// Frames that ended.
    pub removals: Vec<FrameId>,
    /// Branches and iterations that ended well; each joins the chain of its parent.
    pub completions: Vec<Completion>,
}

impl FrameChanges {
    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty() && self.removals.is_empty() && self.completions.is_empty()
    }
}

/// A branch or iteration that ended well. It stays where it was written until the join.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The Parallel's or Map's frame.
    pub parent: FrameId,
    /// The branch's or item's place, from 0.
    pub index: u32,
    /// Its output.
    pub output: Payload,
    /// Its own place, filled when the transition is encoded.
    pub link: CompletionLink,
    /// The completion of the same parent before this one.
    pub previous: Option<CompletionLink>,
}
