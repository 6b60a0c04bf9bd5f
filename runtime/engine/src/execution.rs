//! Executions as callers see them: requests, answers, errors.

mod name;
mod operations;

use crate::StoreFailure;
use crate::machine::MachineType;
use crate::page::{PageError, PageRequest};
use std::sync::Arc;
use std::time::Duration;
use stepwell_history::HistoryEvent;
use stepwell_types::{ExecutionArn, Failure, Name, Payload, StateMachineArn, Timestamp};

pub use stepwell_types::ExecutionStatus;

/// `StartExecution` and `StartSyncExecution`
#[derive(Clone, Debug)]
pub struct StartExecution {
    /// The machine, perhaps with a version or alias.
    pub machine: StateMachineArn,
    /// The name; the engine makes one where it is missing.
    pub name: Option<Name>,
    /// The input, at most 256 KiB; `{}` where the caller gave none.
    pub input: Payload,
    /// `traceHeader`, at most 256 characters.
    pub trace_header: Option<Arc<str>>,
}

/// What `StartExecution` answers.
#[derive(Clone, Debug)]
pub struct StartedExecution {
    /// Its ARN.
    pub arn: ExecutionArn,
    /// When it was started: for a repeated call, the first time.
    pub started: Timestamp,
}

/// Why an execution was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartExecutionError {
    /// The machine does not exist.
    #[error("State Machine Does Not Exist: '{0}'")]
    StateMachineDoesNotExist(StateMachineArn),
    /// The machine is being deleted.
    #[error("State Machine is being deleted: '{0}'")]
    StateMachineDeleting(StateMachineArn),
    /// An execution of this name exists with another input, or has closed.
    #[error("Execution Already Exists: '{0}'")]
    AlreadyExists(ExecutionArn),
    /// A synchronous start of a Standard machine.
    #[error("This operation is not supported by this type of state machine")]
    TypeNotSupported,
    /// The caller has its share open of the executions that the server can hold.
    #[error(
        "The maximum number of running executions has been reached. Running executions must end or be stopped before a new execution can be started."
    )]
    LimitExceeded,
    /// Too many Express executions are open: try again.
    #[error("Rate exceeded")]
    Throttled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// What `StartSyncExecution` answers, whatever came of the execution.
#[derive(Clone, Debug)]
pub struct SyncExecution {
    /// Its ARN.
    pub arn: ExecutionArn,
    /// The machine it ran.
    pub machine: StateMachineArn,
    /// Its name.
    pub name: Name,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Timestamp,
    /// How it ended: `Succeeded`, `Failed` or `TimedOut`.
    pub status: ExecutionStatus,
    /// Its input.
    pub input: Payload,
    /// Its output, if it succeeded.
    pub output: Option<Payload>,
    /// Why it did not succeed.
    pub failure: Failure,
    /// As it was given.
    pub trace_header: Option<Arc<str>>,
    /// What is billed.
    pub billed: Billing,
}

/// What an Express execution used, as AWS bills it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billing {
    /// Memory, rounded up to 64 MB.
    pub memory_mb: u64,
    /// Duration, rounded up to 100 ms.
    pub duration: Duration,
}

/// Why an execution cannot be found or changed.
#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    /// It does not exist.
    #[error("Execution Does Not Exist: '{0}'")]
    DoesNotExist(ExecutionArn),
    /// Express executions are not kept: AWS takes no ARN of one here.
    #[error("Invalid Arn: 'Resource type not valid in this context: express'")]
    TypeNotSupported,
    /// The page cannot be given.
    #[error("Invalid Token: '{0}'")]
    InvalidToken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<PageError> for ExecutionError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::InvalidToken(token) => Self::InvalidToken(token),
            PageError::Store(failure) => Self::Store(failure),
        }
    }
}

/// An execution: `DescribeExecution`.
#[derive(Clone, Debug)]
pub struct ExecutionDescription {
    /// Its ARN.
    pub arn: ExecutionArn,
    /// The machine it runs, without version or alias.
    pub machine: StateMachineArn,
    /// The version it was started with.
    pub version_arn: Option<StateMachineArn>,
    /// The alias it was started with.
    pub alias_arn: Option<StateMachineArn>,
    /// Its name.
    pub name: Name,
    /// Where it is.
    pub status: ExecutionStatus,
    /// When it started.
    pub started: Timestamp,
    /// When it closed.
    pub stopped: Option<Timestamp>,
    /// Its input.
    pub input: Payload,
    /// Its output, if it succeeded.
    pub output: Option<Payload>,
    /// Why it did not succeed. Empty for a time-out, as on AWS.
    pub failure: Failure,
    /// As it was given.
    pub trace_header: Option<Arc<str>>,
}

/// An execution in a list.
#[derive(Clone, Debug)]
pub struct ExecutionSummary {
    /// Its ARN.
    pub arn: ExecutionArn,
    /// The machine it runs.
    pub machine: StateMachineArn,
    /// Its name.
    pub name: Name,
    /// Where it is.
    pub status: ExecutionStatus,
    /// When it started.
    pub started: Timestamp,
    /// When it closed.
    pub stopped: Option<Timestamp>,
}

/// `ListExecutions`: newest first.
#[derive(Clone, Debug)]
pub struct ListExecutions {
    /// Of this machine, perhaps of one version or alias of it.
    pub machine: StateMachineArn,
    /// Only those in this status.
    pub status: Option<ExecutionStatus>,
    /// Only those that were (`true`) or were not (`false`) redriven; none can be yet.
    pub redriven: Option<bool>,
    /// Which page: 100 by default, 1,000 at most.
    pub page: PageRequest,
}

/// Why executions cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListExecutionsError {
    /// The machine does not exist.
    #[error("State Machine Does Not Exist: '{0}'")]
    StateMachineDoesNotExist(StateMachineArn),
    /// Express executions are not kept.
    #[error("This operation is not supported by this type of state machine")]
    TypeNotSupported,
    /// The page cannot be given.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// In which order a history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOrder {
    /// From event 1.
    OldestFirst,
    /// From the last event.
    NewestFirst,
}

/// One page of a history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// Its events.
    pub events: Vec<HistoryEvent>,
    /// Where the next page begins, if there is one.
    pub next_token: Option<String>,
}

/// What each attempt of a task used: Stepwell's own addition, kept beside the history and never inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptUsage {
    /// The event that scheduled the attempt.
    pub scheduled_event: u64,
    /// The function's ARN, with the version that ran.
    pub function: Arc<str>,
    /// The code's digest.
    pub digest: Arc<str>,
    /// Units of fuel.
    pub fuel: u64,
    /// Wall time in microseconds; whole milliseconds, rounded up, where an early release wrote it.
    pub duration_us: u64,
    /// Most bytes of memory held at once.
    pub memory_peak_bytes: u64,
    /// The limit that fired and what to do about it, if one did.
    pub limit: Option<Arc<str>>,
}

/// What a synchronous caller may wait for.
#[derive(Clone, Debug)]
pub enum Waited {
    /// It closed in time.
    Closed(Box<ExecutionDescription>),
    /// It still runs.
    Running(Box<ExecutionDescription>),
}

/// Which kind of machine an execution belongs to, told by its ARN.
#[must_use]
pub fn machine_type_of(arn: &ExecutionArn) -> MachineType {
    match arn.kind {
        stepwell_types::ExecutionKind::Standard => MachineType::Standard,
        stepwell_types::ExecutionKind::Express(_) => MachineType::Express,
    }
}
