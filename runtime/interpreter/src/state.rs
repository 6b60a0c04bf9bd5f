//! One file per state type, and the events that each type has.

pub(crate) mod choice;
pub(crate) mod fail;
pub(crate) mod map;
pub(crate) mod parallel;
pub(crate) mod pass;
pub(crate) mod setting;
pub(crate) mod succeed;
pub(crate) mod task;
pub(crate) mod wait;

use crate::turn::{Halt, Step};
use stepwell_asl::definition::StateKind;
use stepwell_history::EventKind;
use stepwell_history::event::{StateEntered, StateExited};

/// The event with which a state is entered.
pub(crate) fn entered(kind: &StateKind, details: StateEntered) -> EventKind {
    match kind {
        StateKind::Task(_) => EventKind::TaskStateEntered(details),
        StateKind::Pass(_) => EventKind::PassStateEntered(details),
        StateKind::Choice(_) => EventKind::ChoiceStateEntered(details),
        StateKind::Wait(_) => EventKind::WaitStateEntered(details),
        StateKind::Succeed => EventKind::SucceedStateEntered(details),
        StateKind::Fail(_) => EventKind::FailStateEntered(details),
        StateKind::Parallel(_) => EventKind::ParallelStateEntered(details),
        StateKind::Map(_) => EventKind::MapStateEntered(details),
    }
}

/// The event with which a state is left.
pub(crate) fn exited(kind: &StateKind, details: StateExited) -> Step<EventKind> {
    Ok(match kind {
        StateKind::Task(_) => EventKind::TaskStateExited(details),
        StateKind::Pass(_) => EventKind::PassStateExited(details),
        StateKind::Choice(_) => EventKind::ChoiceStateExited(details),
        StateKind::Wait(_) => EventKind::WaitStateExited(details),
        StateKind::Succeed => EventKind::SucceedStateExited(details),
        StateKind::Fail(_) => return Err(Halt::Broken("the exit of a Fail state")),
        StateKind::Parallel(_) => EventKind::ParallelStateExited(details),
        StateKind::Map(_) => EventKind::MapStateExited(details),
    })
}

/// The event with which all that is inside a state has ended well.
pub(crate) fn succeeded(kind: &StateKind) -> Step<EventKind> {
    match kind {
        StateKind::Parallel(_) => Ok(EventKind::ParallelStateSucceeded),
        StateKind::Map(_) => Ok(EventKind::MapStateSucceeded),
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => Err(Halt::Broken("a join of a state without branches")),
    }
}

/// The event with which a state fails, of the types that have one.
pub(crate) fn failed(kind: &StateKind) -> Option<EventKind> {
    match kind {
        StateKind::Parallel(_) => Some(EventKind::ParallelStateFailed),
        StateKind::Map(_) => Some(EventKind::MapStateFailed),
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => None,
    }
}

/// The event with which a state is given up, of the types that can wait.
pub(crate) fn aborted(kind: &StateKind) -> Option<EventKind> {
    match kind {
        StateKind::Task(_) => Some(EventKind::TaskStateAborted),
        StateKind::Wait(_) => Some(EventKind::WaitStateAborted),
        StateKind::Parallel(_) => Some(EventKind::ParallelStateAborted),
        StateKind::Map(_) => Some(EventKind::MapStateAborted),
        StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Succeed | StateKind::Fail(_) => None,
    }
}
