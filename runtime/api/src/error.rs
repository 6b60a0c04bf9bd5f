//! What a caller is told when a call does not succeed: the one place where the engine's errors, which know no HTTP,
//! become codes and statuses.

use crate::generated::lambda::LambdaError;
use crate::generated::states::StatesError;
use crate::schema::{ErrorShape, FaultMember};
use stepwell_engine::StoreFailure;
use stepwell_engine::execution::{ExecutionError, ListExecutionsError, StartExecutionError};
use stepwell_engine::function::FunctionError;
use stepwell_engine::machine::{
    CreateStateMachineError, DescribeStateMachineError, ListOfMachineError, TagMachineError,
    UpdateStateMachineError,
};
use stepwell_engine::page::PageError;
use stepwell_engine::tag::{TAGS_MAX, TagError};
use stepwell_engine::task_token::TaskTokenError;
use stepwell_types::{ArnError, NameError};

/// An error as every protocol can render it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// Code, status, and how a body carries the message.
    pub(crate) shape: ErrorShape,
    /// For a person.
    pub(crate) message: String,
    /// Further members of the body (`reason`, `resourceName`).
    pub(crate) members: Vec<(&'static str, String)>,
    /// The status on plain HTTP, where one code of AWS's stands for troubles that HTTP tells apart.
    pub(crate) plain_status: Option<u16>,
}

/// Errors that every service has and no model lists.
const fn common(code: &'static str, status: u16) -> ErrorShape {
    ErrorShape { code, status, message_member: "message", fault_member: FaultMember::None }
}

impl ApiError {
    fn new(shape: ErrorShape, message: impl Into<String>) -> Self {
        Self { shape, message: message.into(), members: Vec::new(), plain_status: None }
    }

    /// An error of Step Functions.
    pub(crate) fn states(error: StatesError, message: impl Into<String>) -> Self {
        Self::new(error.shape(), message)
    }

    /// An error of Lambda.
    pub(crate) fn lambda(error: LambdaError, message: impl Into<String>) -> Self {
        Self::new(error.shape(), message)
    }

    /// The same with another member in its body.
    pub(crate) fn with(mut self, member: &'static str, value: impl Into<String>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    /// A body that is no JSON, or a value of a wrong type.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new(common("SerializationException", 400), message)
    }

    /// A broken constraint.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(common("ValidationException", 400), message)
    }

    /// An operation that does not exist, or that is not served.
    pub(crate) fn unknown_operation(status: u16, message: impl Into<String>) -> Self {
        Self::new(common("UnknownOperationException", status), message)
    }

    /// An action of a query protocol that does not exist.
    pub(crate) fn invalid_action(message: impl Into<String>) -> Self {
        Self::new(common("InvalidAction", 400), message)
    }

    /// A service that Stepwell is not.
    pub(crate) fn not_served(service: &str) -> Self {
        let message = format!("Stepwell does not serve {service}");
        Self::new(common("NotImplemented", 501), message)
    }

    /// A request without what says where it goes.
    pub(crate) fn missing_target(message: impl Into<String>) -> Self {
        Self::new(common("MissingAuthenticationTokenException", 403), message)
    }

    /// A body of another type than the protocol's.
    pub(crate) fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(common("UnsupportedMediaTypeException", 415), message)
    }

    /// A body that is longer than it may be.
    pub(crate) fn too_large(bytes_max: usize, operation: &str) -> Self {
        let message = format!("Request must be smaller than {bytes_max} bytes for the {operation} operation");
        Self::new(common("RequestEntityTooLargeException", 413), message)
    }

    /// A body that ended early or came too slowly.
    pub(crate) fn incomplete_body() -> Self {
        Self::new(common("RequestTimeoutException", 408), "The request's body did not arrive in time")
    }

    /// A body for which the bodies of others leave no room.
    pub(crate) fn no_room_for_body() -> Self {
        let message = "The server reads too many large requests at once; try again";
        Self::new(common("ServiceUnavailable", 503), message)
    }

    /// A request that the server's end cuts short. What became of it is not said: it may have taken effect.
    pub(crate) fn stopping() -> Self {
        Self::new(common("ServiceUnavailable", 503), "the server is stopping")
    }

    /// A body that could not be read.
    pub(crate) fn unreadable_body() -> Self {
        Self::new(common("IncompleteBody", 400), "The request's body ended early")
    }

    /// A request that open mode does not answer.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(common("AccessDeniedException", 403), message)
    }

    /// Nothing is at this path.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(common("NotFound", 404), message)
    }

    /// The path knows no such method.
    pub(crate) fn method_not_allowed(message: impl Into<String>) -> Self {
        Self::new(common("MethodNotAllowed", 405), message)
    }

    /// A function that ran and failed, where plain HTTP says so.
    pub(crate) fn function_failed(message: impl Into<String>) -> Self {
        Self::new(common("FunctionFailed", 502), message)
    }

    /// Too much at once; SDKs try again.
    fn throttled() -> Self {
        Self::new(common("ThrottlingException", 400), "Rate exceeded")
    }

    /// Something failed that the caller cannot mend; the reason went to the log.
    pub(crate) fn internal() -> Self {
        Self::new(
            common("InternalFailure", 500),
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }
}

impl ApiError {
    /// What Step Functions says of a failure of the store; `no_room` is the operation's own error for an account that
    /// holds as much as it may. SDKs repeat throttled calls and those that meet a server on its way down.
    fn states_failure(failure: StoreFailure, no_room: StatesError) -> Self {
        use StoreFailure as F;
        let message = failure.to_string();
        match failure {
            F::QueueFull { .. } => Self::new(common("ThrottlingException", 400), message),
            F::LowSpace { .. } | F::CodeDoesNotFit { .. } => Self::states(no_room, message),
            F::Stopped(_) => Self::new(common("ServiceUnavailable", 503), message),
            F::Failed(_) => Self::failed(&failure),
        }
    }

    /// What Lambda says of one.
    fn lambda_failure(failure: StoreFailure) -> Self {
        use StoreFailure as F;
        let message = failure.to_string();
        match failure {
            F::QueueFull { .. } => Self::lambda(LambdaError::TooManyRequestsException, message),
            F::LowSpace { .. } | F::CodeDoesNotFit { .. } => {
                Self::lambda(LambdaError::CodeStorageExceededException, message)
            }
            F::Stopped(_) => Self::lambda(LambdaError::ServiceException, message),
            F::Failed(_) => Self::failed(&failure),
        }
    }

    fn failed(failure: &StoreFailure) -> Self {
        tracing::error!(reason = %failure, "a call failed in the store");
        Self::internal()
    }
}

/// Where the operation has no error of its own for a full account.
impl From<StoreFailure> for ApiError {
    fn from(failure: StoreFailure) -> Self {
        Self::states_failure(failure, StatesError::ServiceQuotaExceededException)
    }
}

impl From<ArnError> for ApiError {
    fn from(error: ArnError) -> Self {
        Self::states(StatesError::InvalidArn, error.to_string())
    }
}

impl From<NameError> for ApiError {
    fn from(error: NameError) -> Self {
        Self::states(StatesError::InvalidName, error.to_string())
    }
}

impl From<PageError> for ApiError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::InvalidToken(_) => Self::states(StatesError::InvalidToken, error.to_string()),
            PageError::Store(failure) => failure.into(),
        }
    }
}

impl From<CreateStateMachineError> for ApiError {
    fn from(error: CreateStateMachineError) -> Self {
        use CreateStateMachineError as E;
        let message = error.to_string();
        match error {
            E::InvalidDefinition(_) => Self::states(StatesError::InvalidDefinition, message),
            E::AlreadyExists(_) => Self::states(StatesError::StateMachineAlreadyExists, message),
            E::Deleting(_) => Self::states(StatesError::StateMachineDeleting, message),
            E::Unsupported(_) => Self::validation(message),
            E::LimitExceeded => Self::states(StatesError::StateMachineLimitExceeded, message),
            E::Tags(error) => error.into(),
            E::Store(failure) => Self::states_failure(failure, StatesError::StateMachineLimitExceeded),
        }
    }
}

impl From<UpdateStateMachineError> for ApiError {
    fn from(error: UpdateStateMachineError) -> Self {
        use UpdateStateMachineError as E;
        let message = error.to_string();
        match error {
            E::DoesNotExist(_) => Self::states(StatesError::StateMachineDoesNotExist, message),
            E::Deleting(_) => Self::states(StatesError::StateMachineDeleting, message),
            E::InvalidDefinition(_) => Self::states(StatesError::InvalidDefinition, message),
            E::MissingRequiredParameter => Self::states(StatesError::MissingRequiredParameter, message),
            E::Conflict(_) => Self::states(StatesError::ConflictException, message),
            E::Unsupported(_) => Self::validation(message),
            E::Store(failure) => failure.into(),
        }
    }
}

impl From<DescribeStateMachineError> for ApiError {
    fn from(error: DescribeStateMachineError) -> Self {
        use DescribeStateMachineError as E;
        match error {
            E::DoesNotExist(_) => Self::states(StatesError::StateMachineDoesNotExist, error.to_string()),
            E::Store(failure) => failure.into(),
        }
    }
}

/// As Step Functions says it.
impl From<TagError> for ApiError {
    fn from(error: TagError) -> Self {
        match error {
            TagError::TooMany => Self::states(
                StatesError::TooManyTags,
                format!("Too many tags: a resource may have {TAGS_MAX}"),
            ),
            TagError::KeyLength(_) | TagError::ValueLength { .. } | TagError::Reserved(_) => {
                Self::validation(error.to_string())
            }
        }
    }
}

impl From<TagMachineError> for ApiError {
    fn from(error: TagMachineError) -> Self {
        use TagMachineError as E;
        let message = error.to_string();
        match error {
            E::DoesNotExist(arn) => {
                Self::states(StatesError::ResourceNotFound, message).with("resourceName", arn.to_string())
            }
            E::Tags(error) => error.into(),
            E::Conflict(_) => Self::states(StatesError::ConflictException, message),
            E::Store(failure) => failure.into(),
        }
    }
}

impl From<ListOfMachineError> for ApiError {
    fn from(error: ListOfMachineError) -> Self {
        use ListOfMachineError as E;
        match error {
            E::DoesNotExist(_) => Self::states(StatesError::StateMachineDoesNotExist, error.to_string()),
            E::Page(error) => error.into(),
        }
    }
}

impl From<StartExecutionError> for ApiError {
    fn from(error: StartExecutionError) -> Self {
        use StartExecutionError as E;
        let message = error.to_string();
        match error {
            E::StateMachineDoesNotExist(_) => Self::states(StatesError::StateMachineDoesNotExist, message),
            E::StateMachineDeleting(_) => Self::states(StatesError::StateMachineDeleting, message),
            E::AlreadyExists(_) => Self::states(StatesError::ExecutionAlreadyExists, message),
            E::TypeNotSupported => Self::states(StatesError::StateMachineTypeNotSupported, message),
            // AWS has this one code for too many executions and, here, for too little space: only one of them passes
            // by waiting.
            E::LimitExceeded => {
                Self { plain_status: Some(429), ..Self::states(StatesError::ExecutionLimitExceeded, message) }
            }
            E::Throttled => Self::throttled(),
            E::Store(failure) => Self::states_failure(failure, StatesError::ExecutionLimitExceeded),
        }
    }
}

impl From<ExecutionError> for ApiError {
    fn from(error: ExecutionError) -> Self {
        use ExecutionError as E;
        let message = error.to_string();
        match error {
            E::DoesNotExist(_) => Self::states(StatesError::ExecutionDoesNotExist, message),
            E::TypeNotSupported => Self::states(StatesError::InvalidArn, message),
            E::InvalidToken(_) => Self::states(StatesError::InvalidToken, message),
            E::Store(failure) => failure.into(),
        }
    }
}

impl From<ListExecutionsError> for ApiError {
    fn from(error: ListExecutionsError) -> Self {
        use ListExecutionsError as E;
        let message = error.to_string();
        match error {
            E::StateMachineDoesNotExist(_) => Self::states(StatesError::StateMachineDoesNotExist, message),
            E::TypeNotSupported => Self::states(StatesError::StateMachineTypeNotSupported, message),
            E::Page(error) => error.into(),
        }
    }
}

impl From<TaskTokenError> for ApiError {
    fn from(error: TaskTokenError) -> Self {
        use TaskTokenError as E;
        let message = error.to_string();
        match error {
            E::InvalidToken => Self::states(StatesError::InvalidToken, message),
            E::TimedOut => Self::states(StatesError::TaskTimedOut, message),
            E::DoesNotExist => Self::states(StatesError::TaskDoesNotExist, message),
            E::InvalidOutput(_) => Self::states(StatesError::InvalidOutput, message),
            E::Store(failure) => failure.into(),
        }
    }
}

impl From<FunctionError> for ApiError {
    fn from(error: FunctionError) -> Self {
        use FunctionError as E;
        let message = error.to_string();
        match error {
            E::NotFound(_) => Self::lambda(LambdaError::ResourceNotFoundException, message),
            E::AlreadyExists(_) | E::UpdateInProgress(_) => {
                Self::lambda(LambdaError::ResourceConflictException, message)
            }
            // AWS's answer while a function is created: a conflict, which SDKs do not repeat by themselves.
            E::NotReady(_) => Self::lambda(LambdaError::ResourceConflictException, message),
            E::InvalidCode(_) | E::InvalidParameter(_) | E::Tags(_) => {
                Self::lambda(LambdaError::InvalidParameterValueException, message)
            }
            E::PreconditionFailed => Self::lambda(LambdaError::PreconditionFailedException, message),
            E::Page(PageError::InvalidToken(_)) => {
                Self::lambda(LambdaError::InvalidParameterValueException, message)
            }
            E::TooManyRequests => Self::lambda(LambdaError::TooManyRequestsException, message)
                .with("Reason", "ConcurrentInvocationLimitExceeded"),
            // An event is no code; what is full will be taken later.
            E::EventRefused(StoreFailure::LowSpace { .. }) => {
                Self::lambda(LambdaError::TooManyRequestsException, message)
            }
            E::EventRefused(failure) | E::Page(PageError::Store(failure)) | E::Store(failure) => {
                Self::lambda_failure(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE_FULL: StoreFailure = StoreFailure::QueueFull { queued_commits: 16_384, queued_bytes: 7 };
    const LOW_SPACE: StoreFailure = StoreFailure::LowSpace { free_bytes: 5, mark_bytes: 10 };
    const DOES_NOT_FIT: StoreFailure = StoreFailure::CodeDoesNotFit { bytes: 9 };

    /// Code, status, and a part of the message, which keeps the reason wherever the caller can do something about it.
    #[track_caller]
    fn check(error: impl Into<ApiError>, code: &str, status: u16, part: &str) {
        let error = error.into();
        assert_eq!((error.shape.code, error.shape.status), (code, status));
        assert!(error.message.contains(part), "{}", error.message);
    }

    #[test]
    fn limits_that_accounts_share_are_told_in_the_words_of_aws() {
        let running = "The maximum number of running executions has been reached.";
        check(StartExecutionError::LimitExceeded, "ExecutionLimitExceeded", 400, running);
        check(StartExecutionError::Throttled, "ThrottlingException", 400, "Rate exceeded");
        check(FunctionError::TooManyRequests, "TooManyRequestsException", 429, "Rate Exceeded.");
    }

    #[test]
    fn what_the_store_does_not_take_is_told_with_its_figures() {
        check(StartExecutionError::Store(QUEUE_FULL), "ThrottlingException", 400, "16384 commits of 7 bytes");
        check(CreateStateMachineError::Store(QUEUE_FULL), "ThrottlingException", 400, "try again");
        check(FunctionError::Store(QUEUE_FULL), "TooManyRequestsException", 429, "16384 commits");
        check(FunctionError::EventRefused(QUEUE_FULL), "TooManyRequestsException", 429, "16384 commits");

        const LOW: &str = "5 bytes are free, and nothing new is accepted below 10";
        check(StartExecutionError::Store(LOW_SPACE), "ExecutionLimitExceeded", 400, LOW);
        check(CreateStateMachineError::Store(LOW_SPACE), "StateMachineLimitExceeded", 400, LOW);
        check(UpdateStateMachineError::Store(LOW_SPACE), "ServiceQuotaExceededException", 400, LOW);
        check(FunctionError::Store(LOW_SPACE), "CodeStorageExceededException", 400, LOW);
        check(FunctionError::EventRefused(LOW_SPACE), "TooManyRequestsException", 429, LOW);
        check(FunctionError::Store(DOES_NOT_FIT), "CodeStorageExceededException", 400, "9 bytes of code");
    }

    #[test]
    fn a_server_on_its_way_down_says_so() {
        let stopped = || StoreFailure::Stopped("the disk is full".into());
        check(StartExecutionError::Store(stopped()), "ServiceUnavailable", 503, "the disk is full");
        check(TaskTokenError::Store(stopped()), "ServiceUnavailable", 503, "the disk is full");
        check(FunctionError::Store(stopped()), "ServiceException", 500, "the disk is full");
    }

    #[test]
    fn other_failures_are_for_the_log() {
        let failed = || StoreFailure::Failed("a path of this machine".into());
        check(ExecutionError::Store(failed()), "InternalFailure", 500, "unknown error");
        check(FunctionError::Store(failed()), "InternalFailure", 500, "unknown error");
    }
}
