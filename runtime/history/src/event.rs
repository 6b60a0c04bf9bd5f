//! Every AWS `HistoryEventType` (2016-11-23 API model) with its details.

use crate::encoding::{DecodeError, Field, Reader, Writer};
use crate::render::{ExecutionData, Render};
use std::fmt;
use std::sync::Arc;
use stepwell_types::{ErrorName, Failure, Map, Payload, Timestamp, Value};

/// The number of an event within its execution: gapless from 1; 0 stands for "before the first".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

impl EventId {
    /// Before the first event: the `previousEventId` of what has no predecessor.
    pub const NONE: Self = Self(0);

    /// The id that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One event of an execution's history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// Its number.
    pub id: EventId,
    /// The event that led to it, along its own branch.
    pub previous_id: EventId,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// Declares a struct of details: fields with their AWS names.
macro_rules! details {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $aws:literal,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Field for $name {
            fn encode(&self, writer: &mut Writer) {
                $(self.$field.encode(writer);)*
                let _ = writer;
            }
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let _ = &reader;
                Ok(Self { $($field: Field::decode(reader)?,)* })
            }
        }

        impl Render for $name {
            fn render(&self, into: &mut Map, _name: &'static str, data: ExecutionData) {
                $(self.$field.render(into, $aws, data);)*
                let _ = (into, data);
            }
        }
    )* };
}

details! {
    /// Error and cause alone.
    FailureDetails {
        /// The error's name.
        error: Option<ErrorName> = "error",
        /// What happened.
        cause: Option<Arc<str>> = "cause",
    }
    /// An execution began.
    ExecutionStarted {
        /// Its input.
        input: Option<Payload> = "input",
        /// The role it runs as.
        role_arn: Option<Arc<str>> = "roleArn",
        /// The alias it was started by.
        state_machine_alias_arn: Option<Arc<str>> = "stateMachineAliasArn",
        /// The version it runs.
        state_machine_version_arn: Option<Arc<str>> = "stateMachineVersionArn",
    }
    /// An output alone.
    OutputDetails {
        /// The output.
        output: Option<Payload> = "output",
    }
    /// An execution was redriven.
    ExecutionRedriven {
        /// How often it has been, this time included.
        redrive_count: u64 = "redriveCount",
    }
    /// A state was entered.
    StateEntered {
        /// Its name.
        name: Arc<str> = "name",
        /// Its raw input.
        input: Option<Payload> = "input",
    }
    /// A state was left.
    StateExited {
        /// Its name.
        name: Arc<str> = "name",
        /// Its output.
        output: Option<Payload> = "output",
        /// The variables that it assigned.
        assigned_variables: Option<AssignedVariables> = "assignedVariables",
    }
    /// An activity was offered to its workers.
    ActivityScheduled {
        /// The activity's ARN.
        resource: Arc<str> = "resource",
        /// Its input.
        input: Option<Payload> = "input",
        /// Seconds it may take.
        timeout_s: Option<u64> = "timeoutInSeconds",
        /// Seconds between two heartbeats.
        heartbeat_s: Option<u64> = "heartbeatInSeconds",
    }
    /// A worker took an activity's task.
    ActivityStarted {
        /// The worker's name.
        worker_name: Option<Arc<str>> = "workerName",
    }
    /// A function was scheduled by a Task whose resource is its ARN.
    LambdaFunctionScheduled {
        /// The function's ARN.
        resource: Arc<str> = "resource",
        /// Its input.
        input: Option<Payload> = "input",
        /// Seconds it may take.
        timeout_s: Option<u64> = "timeoutInSeconds",
        /// The role it is called with, if the state names one.
        task_credentials: Option<TaskCredentials> = "taskCredentials",
    }
    /// A service integration was scheduled.
    TaskScheduled {
        /// The service, such as `lambda`.
        resource_type: Arc<str> = "resourceType",
        /// The action, such as `invoke.waitForTaskToken`.
        resource: Arc<str> = "resource",
        /// Where it is called.
        region: Arc<str> = "region",
        /// What it is called with.
        parameters: Parameters = "parameters",
        /// Seconds it may take.
        timeout_s: Option<u64> = "timeoutInSeconds",
        /// Seconds between two heartbeats.
        heartbeat_s: Option<u64> = "heartbeatInSeconds",
        /// The role it is called with, if the state names one.
        task_credentials: Option<TaskCredentials> = "taskCredentials",
    }
    /// A service integration was started.
    TaskStarted {
        /// The service.
        resource_type: Arc<str> = "resourceType",
        /// The action.
        resource: Arc<str> = "resource",
    }
    /// A service integration answered.
    TaskOutput {
        /// The service.
        resource_type: Arc<str> = "resourceType",
        /// The action.
        resource: Arc<str> = "resource",
        /// What it answered.
        output: Option<Payload> = "output",
    }
    /// A service integration failed.
    TaskFailure {
        /// The service.
        resource_type: Arc<str> = "resourceType",
        /// The action.
        resource: Arc<str> = "resource",
        /// The error's name.
        error: Option<ErrorName> = "error",
        /// What happened.
        cause: Option<Arc<str>> = "cause",
    }
    /// A Map began.
    MapStateStarted {
        /// How many items it has.
        length: u64 = "length",
    }
    /// Something happened to an iteration of a Map.
    MapIteration {
        /// The Map state's name.
        name: Arc<str> = "name",
        /// The item's place, from 0.
        index: u64 = "index",
    }
    /// A Map Run began.
    MapRunStarted {
        /// Its ARN.
        map_run_arn: Arc<str> = "mapRunArn",
    }
    /// A Map Run was redriven.
    MapRunRedriven {
        /// Its ARN.
        map_run_arn: Arc<str> = "mapRunArn",
        /// How often it has been, this time included.
        redrive_count: u64 = "redriveCount",
    }
    /// An expression failed.
    EvaluationFailed {
        /// The error's name.
        error: Option<ErrorName> = "error",
        /// What happened.
        cause: Option<Arc<str>> = "cause",
        /// The field, such as `Output/result`.
        location: Option<Arc<str>> = "location",
        /// The state's name.
        state: Arc<str> = "state",
    }
}

impl From<Failure> for FailureDetails {
    fn from(Failure { error, cause }: Failure) -> Self {
        Self { error, cause }
    }
}

/// The names and values that a state assigned; a value is shown as its JSON *text*.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssignedVariables(pub Vec<(Arc<str>, Payload)>);

/// What a service is called with, shown as a text without truncation details.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters(pub Payload);

impl Default for Parameters {
    /// `null`
    fn default() -> Self {
        Self(Payload::from_value(Value::Null))
    }
}

/// The role that a Task is called with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskCredentials {
    /// Its ARN.
    pub role_arn: Arc<str>,
}

/// Declares the kinds: variant, byte on disk (never reused), details and the AWS name of their member.
macro_rules! kinds {
    ($($variant:ident $(($details:ty, $member:literal))? = $tag:literal,)*) => {
        /// What happened; one variant per AWS `HistoryEventType`, in the API model's own names.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "the variants are the AWS API's own names; their details are documented")]
        pub enum EventKind { $($variant $(($details))?,)* }

        impl EventKind {
            /// AWS's name of this type.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(kinds!(@pattern $variant $($details)?) => stringify!($variant),)* }
            }

            /// Every type's name, in the order of the bytes on disk.
            pub const NAMES: &[&str] = &[$(stringify!($variant)),*];

            pub(crate) fn render_details(&self, into: &mut Map, data: ExecutionData) {
                match self { $(kinds!(@bind details $variant $($details)?) => kinds!(@render details into data $($member)?),)* }
            }
        }

        impl Field for EventKind {
            fn encode(&self, writer: &mut Writer) {
                match self { $(kinds!(@bind details $variant $($details)?) => {
                    writer.byte($tag);
                    kinds!(@encode details writer $($member)?);
                })* }
            }
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match reader.byte()? {
                    $($tag => Ok(kinds!(@decode reader $variant $($details)?)),)*
                    tag => Err(DecodeError::UnknownTag { what: "event", tag }),
                }
            }
        }
    };
    (@pattern $variant:ident $details:ty) => { Self::$variant(_) };
    (@pattern $variant:ident) => { Self::$variant };
    (@bind $name:ident $variant:ident $details:ty) => { Self::$variant($name) };
    (@bind $name:ident $variant:ident) => { Self::$variant };
    (@render $name:ident $into:ident $data:ident $member:literal) => {{
        let mut fields = Map::new();
        $name.render(&mut fields, $member, $data);
        $into.insert($member, Value::object(fields));
    }};
    (@render $name:ident $into:ident $data:ident) => {{ let _ = (&$into, $data); }};
    (@encode $name:ident $writer:ident $member:literal) => { $name.encode($writer) };
    (@encode $name:ident $writer:ident) => {};
    (@decode $reader:ident $variant:ident $details:ty) => { Self::$variant(Field::decode($reader)?) };
    (@decode $reader:ident $variant:ident) => { Self::$variant };
}

kinds! {
    ActivityFailed(FailureDetails, "activityFailedEventDetails") = 1,
    ActivityScheduled(ActivityScheduled, "activityScheduledEventDetails") = 2,
    ActivityScheduleFailed(FailureDetails, "activityScheduleFailedEventDetails") = 3,
    ActivityStarted(ActivityStarted, "activityStartedEventDetails") = 4,
    ActivitySucceeded(OutputDetails, "activitySucceededEventDetails") = 5,
    ActivityTimedOut(FailureDetails, "activityTimedOutEventDetails") = 6,
    ChoiceStateEntered(StateEntered, "stateEnteredEventDetails") = 7,
    ChoiceStateExited(StateExited, "stateExitedEventDetails") = 8,
    ExecutionAborted(FailureDetails, "executionAbortedEventDetails") = 9,
    ExecutionFailed(FailureDetails, "executionFailedEventDetails") = 10,
    ExecutionStarted(ExecutionStarted, "executionStartedEventDetails") = 11,
    ExecutionSucceeded(OutputDetails, "executionSucceededEventDetails") = 12,
    ExecutionTimedOut(FailureDetails, "executionTimedOutEventDetails") = 13,
    ExecutionRedriven(ExecutionRedriven, "executionRedrivenEventDetails") = 14,
    EvaluationFailed(EvaluationFailed, "evaluationFailedEventDetails") = 15,
    FailStateEntered(StateEntered, "stateEnteredEventDetails") = 16,
    LambdaFunctionFailed(FailureDetails, "lambdaFunctionFailedEventDetails") = 17,
    LambdaFunctionScheduled(LambdaFunctionScheduled, "lambdaFunctionScheduledEventDetails") = 18,
    LambdaFunctionScheduleFailed(FailureDetails, "lambdaFunctionScheduleFailedEventDetails") = 19,
    LambdaFunctionStarted = 20,
    LambdaFunctionStartFailed(FailureDetails, "lambdaFunctionStartFailedEventDetails") = 21,
    LambdaFunctionSucceeded(OutputDetails, "lambdaFunctionSucceededEventDetails") = 22,
    LambdaFunctionTimedOut(FailureDetails, "lambdaFunctionTimedOutEventDetails") = 23,
    MapIterationAborted(MapIteration, "mapIterationAbortedEventDetails") = 24,
    MapIterationFailed(MapIteration, "mapIterationFailedEventDetails") = 25,
    MapIterationStarted(MapIteration, "mapIterationStartedEventDetails") = 26,
    MapIterationSucceeded(MapIteration, "mapIterationSucceededEventDetails") = 27,
    MapRunAborted = 28,
    MapRunFailed(FailureDetails, "mapRunFailedEventDetails") = 29,
    MapRunRedriven(MapRunRedriven, "mapRunRedrivenEventDetails") = 30,
    MapRunStarted(MapRunStarted, "mapRunStartedEventDetails") = 31,
    MapRunSucceeded = 32,
    MapStateAborted = 33,
    MapStateEntered(StateEntered, "stateEnteredEventDetails") = 34,
    MapStateExited(StateExited, "stateExitedEventDetails") = 35,
    MapStateFailed = 36,
    MapStateStarted(MapStateStarted, "mapStateStartedEventDetails") = 37,
    MapStateSucceeded = 38,
    ParallelStateAborted = 39,
    ParallelStateEntered(StateEntered, "stateEnteredEventDetails") = 40,
    ParallelStateExited(StateExited, "stateExitedEventDetails") = 41,
    ParallelStateFailed = 42,
    ParallelStateStarted = 43,
    ParallelStateSucceeded = 44,
    PassStateEntered(StateEntered, "stateEnteredEventDetails") = 45,
    PassStateExited(StateExited, "stateExitedEventDetails") = 46,
    SucceedStateEntered(StateEntered, "stateEnteredEventDetails") = 47,
    SucceedStateExited(StateExited, "stateExitedEventDetails") = 48,
    TaskFailed(TaskFailure, "taskFailedEventDetails") = 49,
    TaskScheduled(TaskScheduled, "taskScheduledEventDetails") = 50,
    TaskStarted(TaskStarted, "taskStartedEventDetails") = 51,
    TaskStartFailed(TaskFailure, "taskStartFailedEventDetails") = 52,
    TaskStateAborted = 53,
    TaskStateEntered(StateEntered, "stateEnteredEventDetails") = 54,
    TaskStateExited(StateExited, "stateExitedEventDetails") = 55,
    TaskSubmitFailed(TaskFailure, "taskSubmitFailedEventDetails") = 56,
    TaskSubmitted(TaskOutput, "taskSubmittedEventDetails") = 57,
    TaskSucceeded(TaskOutput, "taskSucceededEventDetails") = 58,
    TaskTimedOut(TaskFailure, "taskTimedOutEventDetails") = 59,
    WaitStateAborted = 60,
    WaitStateEntered(StateEntered, "stateEnteredEventDetails") = 61,
    WaitStateExited(StateExited, "stateExitedEventDetails") = 62,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_62_types() {
        assert_eq!(EventKind::NAMES.len(), 62);
    }
}
