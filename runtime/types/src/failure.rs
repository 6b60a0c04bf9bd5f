//! What went wrong: an error name that Retry and Catch match, and a cause for people.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The name of an error, as `ErrorEquals` matches it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorName(Cow<'static, str>);

macro_rules! error_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl ErrorName {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*
        }
    };
}

error_names! {
    /// Matches every error but `States.Runtime`; never an error's own name.
    ALL = "States.ALL";
    /// An output beyond the payload limit. Recorded on AWS, against its documentation: `States.ALL` catches it.
    DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded";
    /// An exception of the runtime, such as a path that finds nothing; not caught by `States.ALL`, never retried.
    RUNTIME = "States.Runtime";
    /// No heartbeat within `HeartbeatSeconds`.
    HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout";
    /// A state or an execution ran longer than its `TimeoutSeconds`.
    TIMEOUT = "States.Timeout";
    /// A task failed; as a matcher it means any error but `States.Timeout`.
    TASK_FAILED = "States.TaskFailed";
    /// The role may not do what the state asked for.
    PERMISSIONS = "States.Permissions";
    /// `ResultPath` cannot be applied to the state's input.
    RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure";
    /// A path in `Parameters`, `ItemSelector` or `ResultSelector` cannot be applied.
    PARAMETER_PATH_FAILURE = "States.ParameterPathFailure";
    /// A branch of a Parallel state failed.
    BRANCH_FAILED = "States.BranchFailed";
    /// No rule of a Choice matched and it has no `Default`.
    NO_CHOICE_MATCHED = "States.NoChoiceMatched";
    /// An intrinsic function failed.
    INTRINSIC_FAILURE = "States.IntrinsicFailure";
    /// More items of a Map failed than it tolerates.
    EXCEED_TOLERATED_FAILURE_THRESHOLD = "States.ExceedToleratedFailureThreshold";
    /// A Map could not read its items.
    ITEM_READER_FAILED = "States.ItemReaderFailed";
    /// A Map could not write its results.
    RESULT_WRITER_FAILED = "States.ResultWriterFailed";
    /// A JSONata expression failed.
    QUERY_EVALUATION_ERROR = "States.QueryEvaluationError";
    /// A service could not be called, or an attempt was lost and may not be repeated.
    LAMBDA_SDK_CLIENT_EXCEPTION = "Lambda.SdkClientException";
    /// Too many invocations at once.
    LAMBDA_TOO_MANY_REQUESTS_EXCEPTION = "Lambda.TooManyRequestsException";
    /// The invoker itself failed.
    LAMBDA_SERVICE_EXCEPTION = "Lambda.ServiceException";
    /// The function does not exist.
    LAMBDA_RESOURCE_NOT_FOUND_EXCEPTION = "Lambda.ResourceNotFoundException";
}

impl ErrorName {
    /// Any error name; custom names are free text.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ErrorName {
    fn from(text: &str) -> Self {
        Self(Cow::Owned(text.to_owned()))
    }
}

impl From<String> for ErrorName {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an attempt, a state or an execution did not succeed.
///
/// Both parts are optional since AWS leaves them out: a time-out carries no cause, a stop may carry neither.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Failure {
    /// The error's name; at most 256 characters when it comes from a caller.
    pub error: Option<ErrorName>,
    /// A text for people, or a JSON text (Lambda's error payload); at most 32,768 characters when it comes from a
    /// caller.
    pub cause: Option<Arc<str>>,
}

impl Failure {
    /// A failure with both parts.
    pub fn new(error: ErrorName, cause: impl Into<Arc<str>>) -> Self {
        Self { error: Some(error), cause: Some(cause.into()) }
    }

    /// A failure without a cause, such as a time-out.
    #[must_use]
    pub fn without_cause(error: ErrorName) -> Self {
        Self { error: Some(error), cause: None }
    }
}
