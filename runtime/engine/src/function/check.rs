//! What a function's settings may be.

use super::{FunctionError, FunctionSettings};
use std::sync::Arc;
use stepwell_types::{Map, Value};

/// Bytes of all environment variables, measured as AWS does: as a JSON object. Source: AWS Lambda quota.
const ENVIRONMENT_BYTES_MAX: usize = 4_096;
/// Environment variables that no function may set. Source: AWS Lambda, "Defined runtime environment variables".
const RESERVED_VARIABLES: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];
/// Seconds of a time-out. Source: AWS Lambda quota.
const TIMEOUT_S_MAX: u32 = 900;
/// Megabytes of memory. Source: AWS Lambda quota.
const MEMORY_SIZE_MB: std::ops::RangeInclusive<u32> = 128..=10_240;
/// Characters of a description. Source: AWS Lambda API model.
const DESCRIPTION_CHARS_MAX: usize = 256;

/// Checks settings from outside, in Lambda's words.
///
/// # Errors
/// [`FunctionError::InvalidParameter`] for the first value that is out of its bounds.
pub(super) fn check(settings: &FunctionSettings) -> Result<(), FunctionError> {
    let refuse = |message: String| Err(FunctionError::InvalidParameter(message));
    if let Some(timeout_s) = settings.timeout_s
        && !(1..=TIMEOUT_S_MAX).contains(&timeout_s)
    {
        return refuse(format!("'timeout' must be between 1 and {TIMEOUT_S_MAX} seconds, not {timeout_s}"));
    }
    if let Some(memory_mb) = settings.memory_size_mb
        && !MEMORY_SIZE_MB.contains(&memory_mb)
    {
        let (min, max) = (MEMORY_SIZE_MB.start(), MEMORY_SIZE_MB.end());
        return refuse(format!("'memorySize' must be between {min} and {max} MB, not {memory_mb}"));
    }
    if let Some(description) = &settings.description
        && description.chars().count() > DESCRIPTION_CHARS_MAX
    {
        return refuse(format!("'description' may have at most {DESCRIPTION_CHARS_MAX} characters"));
    }
    if let Some(environment) = &settings.environment {
        check_environment(environment)?;
    }
    Ok(())
}

fn check_environment(environment: &[(Arc<str>, Arc<str>)]) -> Result<(), FunctionError> {
    let refuse = |why: String| {
        Err(FunctionError::InvalidParameter(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided {why}"
        )))
    };
    let named = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some((name, _)) = environment.iter().find(|(name, _)| !named(name)) {
        return Err(FunctionError::InvalidParameter(format!(
            "'{name}' is no name of an environment variable"
        )));
    }
    let reserved: Vec<&str> = environment
        .iter()
        .map(|(name, _)| &**name)
        .filter(|name| RESERVED_VARIABLES.contains(name))
        .collect();
    if !reserved.is_empty() {
        return refuse(format!(
            "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        ));
    }
    let measured: Map =
        environment.iter().map(|(name, value)| (Arc::clone(name), Value::Str(Arc::clone(value)))).collect();
    let measured = Value::object(measured).to_json();
    if measured.len() > ENVIRONMENT_BYTES_MAX {
        let shown = measured.get(..measured.floor_char_boundary(ENVIRONMENT_BYTES_MAX)).unwrap_or_default();
        return refuse(format!("exceeded the 4KB limit. String measured: {shown}"));
    }
    Ok(())
}
