//! A look at every stage of data flow and at every decision, named as in TestState's `inspectionData`.

use crate::frame::FrameId;
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::State;
use stepwell_history::EventId;
use stepwell_types::{Failure, Payload};

/// Where something was observed.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The line of control.
    pub frame: FrameId,
    /// The state.
    pub state: &'a State,
    /// The event with which it was entered.
    pub entered: EventId,
}

/// A stage of data flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// The state's raw input.
    Input,
    /// What `InputPath` selected.
    AfterInputPath,
    /// What `Parameters` built.
    AfterParameters,
    /// What `Arguments` built (JSONata).
    AfterArguments,
    /// What `ItemsPath` selected.
    AfterItemsPath,
    /// What `ItemSelector` built for one item.
    AfterItemSelector,
    /// The raw result.
    Result,
    /// What `ResultSelector` built.
    AfterResultSelector,
    /// The input with the result in it.
    AfterResultPath,
    /// What the next state gets.
    Output,
}

impl Stage {
    /// The name of this stage in `inspectionData`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::AfterInputPath => "afterInputPath",
            Self::AfterParameters => "afterParameters",
            Self::AfterArguments => "afterArguments",
            Self::AfterItemsPath => "afterItemsPath",
            Self::AfterItemSelector => "afterItemSelector",
            Self::Result => "result",
            Self::AfterResultSelector => "afterResultSelector",
            Self::AfterResultPath => "afterResultPath",
            Self::Output => "output",
        }
    }
}

/// A setting of a Map or Task that was read while it ran.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// `maxConcurrency`
    MaxConcurrency(u64),
    /// `toleratedFailureCount`
    ToleratedFailureCount(u64),
    /// `toleratedFailurePercentage`
    ToleratedFailurePercentage(f64),
    /// `TimeoutSeconds`
    TimeoutSeconds(u64),
    /// `HeartbeatSeconds`
    HeartbeatSeconds(u64),
}

/// Sees what a step does while it does it. Every method does nothing by default; without an observer nothing is
/// called and nothing is built.
pub trait Observer {
    /// Data at a stage.
    fn stage(&mut self, at: Place<'_>, stage: Stage, data: &Payload) {
        let _ = (at, stage, data);
    }
    /// A setting was read.
    fn setting(&mut self, at: Place<'_>, setting: Setting) {
        let _ = (at, setting);
    }
    /// Variables were assigned.
    fn assigned(&mut self, at: Place<'_>, variables: &[(Arc<str>, Payload)]) {
        let _ = (at, variables);
    }
    /// A Choice took the rule at this place, or its default.
    fn choice(&mut self, at: Place<'_>, rule: Option<usize>) {
        let _ = (at, rule);
    }
    /// The state failed; what is done about it follows.
    fn failed(&mut self, at: Place<'_>, failure: &Failure) {
        let _ = (at, failure);
    }
    /// The retrier at this place (`retryIndex`) tries again after a pause (`retryBackoffIntervalSeconds`).
    fn retry(&mut self, at: Place<'_>, retrier: usize, backoff: Duration) {
        let _ = (at, retrier, backoff);
    }
    /// The catcher at this place (`catchIndex`) takes the failure.
    fn catch(&mut self, at: Place<'_>, catcher: usize) {
        let _ = (at, catcher);
    }
    /// The state is left for this one, or for the end of its branch, iteration or execution.
    fn next_state(&mut self, at: Place<'_>, next: Option<&State>) {
        let _ = (at, next);
    }
}
