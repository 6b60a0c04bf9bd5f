//! Why there is no result, and how Lambda's callers and state machines read it.

use std::time::Duration;
use stepwell_types::Timestamp;

/// A sandbox that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The folder of compiled code cannot be made, is not ours, or cannot be made private.
    #[error("the folder of compiled code `{path}` cannot be used: {reason}")]
    CacheDir {
        /// The folder.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The WebAssembly engine does not start on this machine.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
    /// A thread for guests cannot be started.
    #[error("a thread for guests cannot be started")]
    Thread(#[source] std::io::Error),
    /// There is no Tokio runtime around the call.
    #[error("a sandbox needs a Tokio runtime for its timers")]
    NoRuntime,
}

/// Why an attempt has no result. [`FAILURES`] is the table of how each is reported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The guest's own error, as it named it.
    #[error("{error}: {cause}")]
    TaskError {
        /// The name, as `Retry` and `Catch` match it.
        error: String,
        /// What a person should read.
        cause: String,
    },
    /// The guest did what WebAssembly forbids.
    #[error("{reason}")]
    Trap {
        /// The trap in WebAssembly's words, such as ``wasm trap: wasm `unreachable` instruction executed``.
        reason: String,
        /// The functions on the guest's stack, innermost first; at most 20.
        stack: Vec<String>,
    },
    /// The guest burnt the fuel that its function is tagged with.
    #[error("used up its {limit} units of fuel")]
    OutOfFuel {
        /// Units of fuel.
        limit: u64,
    },
    /// The guest wanted more memory than it may have, and gave up.
    #[error("needs more memory than its {}", memory(*.limit_bytes))]
    OutOfMemory {
        /// Bytes that it may have.
        limit_bytes: u64,
    },
    /// The time-out passed.
    #[error("timed out after {:.2} seconds", limit.as_secs_f64())]
    TimedOut {
        /// The time-out.
        limit: Duration,
        /// When it passed.
        at: Timestamp,
    },
    /// The result is too long.
    #[error("returned {bytes} bytes, more than {limit_bytes}")]
    OutputTooLarge {
        /// Bytes of the result; for a command, of what was written up to the stop.
        bytes: usize,
        /// Bytes that it may have.
        limit_bytes: usize,
    },
    /// The result is no JSON text.
    #[error("returned what is not JSON: {reason}")]
    OutputNotJson {
        /// The first thing wrong with it, with line and column.
        reason: String,
    },
    /// The guest called the host too often.
    #[error("called the host more than {limit} times")]
    HostCallLimit {
        /// Calls that it may make.
        limit: u64,
    },
    /// The guest used a capability that it was not granted, in a way that has no error code of its own.
    #[error("used {capability}, which it was not granted")]
    Denied {
        /// The import that it called.
        capability: String,
    },
    /// The guest exited instead of answering.
    #[error("exited with status {status} before it answered")]
    Exited {
        /// The status.
        status: i32,
    },
    /// The account has too many invocations in line. Not the function's fault; a later try may do.
    #[error("too many invocations of this account are waiting")]
    TooManyRequests,
    /// The machine's memory for guests is used up. Not the function's fault; a later try may do.
    #[error("the memory for guests is used up")]
    MemoryExhausted,
    /// The sandbox itself failed.
    #[error("the sandbox failed: {0}")]
    Internal(String),
}

/// One line of the table of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureRow {
    /// The variant of [`InvokeError`].
    pub variant: &'static str,
    /// What callers see as `errorType` and state machines match as `Error`; `None` where the guest names it.
    pub error_type: Option<&'static str>,
    /// Lambda's own name for the nearest thing.
    pub lambda: &'static str,
}

/// Each failure's `errorType` beside Lambda's own.
///
/// | failure | `errorType`, a state machine's `Error` | `errorMessage` | on Lambda |
/// | --- | --- | --- | --- |
/// | `TaskError` | the guest's `error` | the guest's `cause` | the exception's class and message |
/// | `Trap` | `Runtime.Trap` | `RequestId: … Error: wasm trap: …` | `Runtime.ExitError`, `signal: segmentation fault` |
/// | `OutOfFuel` | `Runtime.OutOfFuel` | `RequestId: … Error: Function used up its … units of fuel` | has none |
/// | `OutOfMemory` | `Runtime.OutOfMemory` | `RequestId: … Error: Runtime exited with error: signal: killed` | the same |
/// | `TimedOut` | `Sandbox.Timedout` | `RequestId: … Error: Task timed out after 3.00 seconds` | the same; older runtimes send no `errorType`, and state machines see `Lambda.Unknown` |
/// | `OutputTooLarge` | `Function.ResponseSizeTooLarge` | `Response payload size exceeded maximum allowed payload size (… bytes).` | the same |
/// | `OutputNotJson` | `Runtime.MarshalError` | `Unable to marshal response: …` | the same, from the runtimes that check |
/// | `HostCallLimit` | `Runtime.HostCallLimit` | `RequestId: … Error: Function called the host more than … times` | has none |
/// | `Denied` | `Runtime.AccessDenied` | `RequestId: … Error: …` | whatever the call that IAM refused says |
/// | `Exited` | `Runtime.ExitError` | `RequestId: … Error: Runtime exited with error: exit status 1` | the same |
/// | `TooManyRequests` | `Lambda.TooManyRequestsException` | `Rate Exceeded.` | the same, as an API error |
/// | `MemoryExhausted` | `Lambda.TooManyRequestsException` | `Rate Exceeded.` | the same, as an API error |
/// | `Internal` | `Lambda.ServiceException` | `Service exception.` | the same, as an API error |
pub const FAILURES: &[FailureRow] = &[
    FailureRow { variant: "TaskError", error_type: None, lambda: "the exception's class" },
    FailureRow { variant: "Trap", error_type: Some("Runtime.Trap"), lambda: "Runtime.ExitError" },
    FailureRow { variant: "OutOfFuel", error_type: Some("Runtime.OutOfFuel"), lambda: "none" },
    FailureRow {
        variant: "OutOfMemory",
        error_type: Some("Runtime.OutOfMemory"),
        lambda: "Runtime.OutOfMemory",
    },
    FailureRow { variant: "TimedOut", error_type: Some("Sandbox.Timedout"), lambda: "Sandbox.Timedout" },
    FailureRow {
        variant: "OutputTooLarge",
        error_type: Some("Function.ResponseSizeTooLarge"),
        lambda: "Function.ResponseSizeTooLarge",
    },
    FailureRow {
        variant: "OutputNotJson",
        error_type: Some("Runtime.MarshalError"),
        lambda: "Runtime.MarshalError",
    },
    FailureRow { variant: "HostCallLimit", error_type: Some("Runtime.HostCallLimit"), lambda: "none" },
    FailureRow { variant: "Denied", error_type: Some("Runtime.AccessDenied"), lambda: "none" },
    FailureRow { variant: "Exited", error_type: Some("Runtime.ExitError"), lambda: "Runtime.ExitError" },
    FailureRow {
        variant: "TooManyRequests",
        error_type: Some("Lambda.TooManyRequestsException"),
        lambda: "TooManyRequestsException",
    },
    FailureRow {
        variant: "MemoryExhausted",
        error_type: Some("Lambda.TooManyRequestsException"),
        lambda: "TooManyRequestsException",
    },
    FailureRow {
        variant: "Internal",
        error_type: Some("Lambda.ServiceException"),
        lambda: "ServiceException",
    },
];

impl InvokeError {
    /// Whether the function failed (a 200 with `FunctionError` on Lambda), rather than the service around it.
    #[must_use]
    pub fn is_function_error(&self) -> bool {
        match self {
            Self::TaskError { .. }
            | Self::Trap { .. }
            | Self::OutOfFuel { .. }
            | Self::OutOfMemory { .. }
            | Self::TimedOut { .. }
            | Self::OutputTooLarge { .. }
            | Self::OutputNotJson { .. }
            | Self::HostCallLimit { .. }
            | Self::Denied { .. }
            | Self::Exited { .. } => true,
            Self::TooManyRequests | Self::MemoryExhausted | Self::Internal(_) => false,
        }
    }

    /// The name that callers see as `errorType` and state machines match as `Error`; see [`FAILURES`].
    #[must_use]
    pub fn error_type(&self) -> &str {
        match self {
            Self::TaskError { error, .. } => error,
            Self::Trap { .. } => "Runtime.Trap",
            Self::OutOfFuel { .. } => "Runtime.OutOfFuel",
            Self::OutOfMemory { .. } => "Runtime.OutOfMemory",
            Self::TimedOut { .. } => "Sandbox.Timedout",
            Self::OutputTooLarge { .. } => "Function.ResponseSizeTooLarge",
            Self::OutputNotJson { .. } => "Runtime.MarshalError",
            Self::HostCallLimit { .. } => "Runtime.HostCallLimit",
            Self::Denied { .. } => "Runtime.AccessDenied",
            Self::Exited { .. } => "Runtime.ExitError",
            Self::TooManyRequests | Self::MemoryExhausted => "Lambda.TooManyRequestsException",
            Self::Internal(_) => "Lambda.ServiceException",
        }
    }

    /// What a person can do about a limit that fired; `None` where no setting would help.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::OutOfFuel { .. } => Some("raise or remove the function's tag `stepwell:fuel`"),
            Self::OutOfMemory { .. } => Some("raise the function's MemorySize (128 to 10,240 MB)"),
            Self::TimedOut { .. } => Some("raise the function's Timeout (1 to 900 seconds)"),
            Self::OutputTooLarge { .. } => {
                Some("return less, or keep the data elsewhere and return where it is")
            }
            Self::HostCallLimit { .. } => Some("call the host less often, in larger pieces"),
            Self::Denied { .. } => Some("grant it to the function, or leave it out of the component"),
            Self::TooManyRequests | Self::MemoryExhausted => Some("try again later, or start fewer at once"),
            Self::TaskError { .. }
            | Self::Trap { .. }
            | Self::OutputNotJson { .. }
            | Self::Exited { .. }
            | Self::Internal(_) => None,
        }
    }

    /// Lambda's error payload: the `errorType`, and the whole payload's text, which becomes a state machine's `Cause`.
    ///
    /// A guest's own error is written as Lambda's Python runtime writes it, with a blank after each comma and colon;
    /// everything else as Lambda's platform writes it, without blanks.
    #[must_use]
    pub fn lambda_payload(&self, request_id: &str) -> (String, String) {
        let error_type = self.error_type();
        let message = match self {
            Self::TaskError { error, cause } => {
                let payload = format!(
                    "{{\"errorMessage\": {}, \"errorType\": {}, \"requestId\": {}, \"stackTrace\": []}}",
                    quoted(cause),
                    quoted(error),
                    quoted(request_id)
                );
                return (error.clone(), payload);
            }
            Self::Trap { reason, stack } => {
                let message = format!("RequestId: {request_id} Error: {reason}");
                let stack: Vec<_> = stack.iter().map(|frame| quoted(frame)).collect();
                let payload = format!(
                    "{{\"errorType\":{},\"errorMessage\":{},\"stackTrace\":[{}]}}",
                    quoted(error_type),
                    quoted(&message),
                    stack.join(",")
                );
                return (error_type.to_owned(), payload);
            }
            Self::OutOfFuel { limit } => {
                format!("RequestId: {request_id} Error: Function used up its {limit} units of fuel")
            }
            Self::OutOfMemory { .. } => {
                format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed")
            }
            Self::TimedOut { limit, .. } => {
                let seconds = limit.as_secs_f64();
                format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds")
            }
            Self::OutputTooLarge { limit_bytes, .. } => {
                format!("Response payload size exceeded maximum allowed payload size ({limit_bytes} bytes).")
            }
            Self::OutputNotJson { reason } => format!("Unable to marshal response: {reason}"),
            Self::HostCallLimit { limit } => {
                format!("RequestId: {request_id} Error: Function called the host more than {limit} times")
            }
            Self::Denied { capability } => {
                format!("RequestId: {request_id} Error: Function used {capability}, which it was not granted")
            }
            Self::Exited { status: 0 } => {
                format!("RequestId: {request_id} Error: Runtime exited without providing a reason")
            }
            Self::Exited { status } => {
                format!("RequestId: {request_id} Error: Runtime exited with error: exit status {status}")
            }
            Self::TooManyRequests | Self::MemoryExhausted => "Rate Exceeded.".to_owned(),
            Self::Internal(_) => "Service exception.".to_owned(),
        };
        let payload =
            format!("{{\"errorType\":{},\"errorMessage\":{}}}", quoted(error_type), quoted(&message));
        (error_type.to_owned(), payload)
    }
}

/// Bytes in the unit in which memory is given, where they are so many of it.
fn memory(bytes: u64) -> String {
    const MB: u64 = 1 << 20;
    if bytes > 0 && bytes.is_multiple_of(MB) {
        format!("{} MB", bytes / MB)
    } else {
        format!("{bytes} bytes")
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: InvokeError, error_type: &str, payload: &str) {
        assert_eq!(error.lambda_payload("r-1"), (error_type.to_owned(), payload.to_owned()));
        serde_json::from_str::<serde_json::Value>(payload).unwrap();
        let name = format!("{error:?}");
        let variant = name.split([' ', '(']).next().unwrap();
        let row = FAILURES.iter().find(|row| row.variant == variant).unwrap();
        assert!(row.error_type.is_none_or(|in_table| in_table == error_type), "{row:?}");
    }

    #[test]
    fn memory_is_told_as_it_is_given() {
        let told = |limit_bytes| InvokeError::OutOfMemory { limit_bytes }.to_string();
        assert_eq!(told(128 << 20), "needs more memory than its 128 MB");
        assert_eq!(told(1_000_000), "needs more memory than its 1000000 bytes");
    }

    #[test]
    fn a_task_error_is_written_as_python_writes_it() {
        check(
            InvokeError::TaskError { error: "Exception".into(), cause: "Some \"e\".".into() },
            "Exception",
            r#"{"errorMessage": "Some \"e\".", "errorType": "Exception", "requestId": "r-1", "stackTrace": []}"#,
        );
    }

    #[test]
    fn the_platform_writes_without_blanks() {
        check(
            InvokeError::TimedOut { limit: Duration::from_secs(3), at: Timestamp::from_millis(0) },
            "Sandbox.Timedout",
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r-1 Error: Task timed out after 3.00 seconds"}"#,
        );
        check(
            InvokeError::OutOfMemory { limit_bytes: 1 },
            "Runtime.OutOfMemory",
            r#"{"errorType":"Runtime.OutOfMemory","errorMessage":"RequestId: r-1 Error: Runtime exited with error: signal: killed"}"#,
        );
        check(
            InvokeError::Exited { status: 2 },
            "Runtime.ExitError",
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r-1 Error: Runtime exited with error: exit status 2"}"#,
        );
        check(
            InvokeError::Trap { reason: "wasm trap: x".into(), stack: vec!["f".into()] },
            "Runtime.Trap",
            r#"{"errorType":"Runtime.Trap","errorMessage":"RequestId: r-1 Error: wasm trap: x","stackTrace":["f"]}"#,
        );
    }

    #[test]
    fn every_failure_stands_in_the_table() {
        let all = [
            InvokeError::OutOfFuel { limit: 1 },
            InvokeError::OutputTooLarge { bytes: 2, limit_bytes: 1 },
            InvokeError::OutputNotJson { reason: "r".into() },
            InvokeError::HostCallLimit { limit: 1 },
            InvokeError::Denied { capability: "c".into() },
            InvokeError::Exited { status: 0 },
            InvokeError::TooManyRequests,
            InvokeError::MemoryExhausted,
            InvokeError::Internal("i".into()),
        ];
        for error in all {
            let (error_type, payload) = error.lambda_payload("r-1");
            check(error, &error_type, &payload);
        }
    }
}
