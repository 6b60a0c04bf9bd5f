//! One execution as a deterministic machine: an input in, a transition out.
//!
//! - [`execution`]: [`Execution`], how it starts, steps and is restored.
//! - [`input`]: what can happen to it; [`command`]: what it asks of the world; [`transition`]: all that one input
//!   caused.
//! - [`frame`]: one line of control.
//! - [`encoding`]: a transition as bytes, and back.
//! - [`observer`]: a look at every stage of data flow and every decision.
//! - [`token`]: task tokens, which need no table.
//!
//! INVARIANT: no clock, no randomness, no store, no sandbox. Time arrives as `now`; what is random is derived from
//! (seed, event id, counter), so that the same inputs in the same order give the same transitions, byte for byte.
//! Not here: what a task does (`sandbox`), when a timer fires and where a transition is kept (`engine`).

#![forbid(unsafe_code)]

pub mod command;
mod context;
mod data_flow;
pub mod encoding;
pub mod execution;
pub mod frame;
pub mod input;
pub mod limit;
pub mod observer;
mod query;
mod random;
pub mod rejected;
mod retry;
pub mod start;
mod state;
pub mod token;
pub mod transition;
mod turn;

pub use command::{Command, Outcome, TaskStart};
pub use encoding::{Cause, Record, history_only};
pub use execution::{Execution, Progress, RestoreError, Status};
pub use frame::{Frame, FrameId, Waiting};
pub use input::{AttemptId, Input, TimerId};
pub use observer::{Observer, Stage};
pub use rejected::{NeedFrames, Reason, Rejected};
pub use start::{Extent, StartAt, StartInput};
pub use token::{TaskToken, TokenKey};
pub use transition::{Completion, FrameChanges, Transition};
