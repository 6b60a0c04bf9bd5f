//! Invocations.

use super::name::resolve;
use crate::error::ApiError;
use crate::generated::lambda::{InvocationRequest, InvocationType as WireType, LambdaError, LogType};
use crate::operation::{Answer, Call};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use stepwell_engine::function::{InvocationType, Invoke, Invoked};
use stepwell_types::Value;
use stepwell_types::syntax::{Source, SyntaxFault, place};

const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");

pub(crate) async fn invoke(call: Call, input: InvocationRequest) -> Result<Answer, ApiError> {
    let function = resolve(&call.scope, &input.function_name, input.qualifier.as_deref())?;
    let invocation_type = match input.invocation_type {
        None | Some(WireType::RequestResponse) => InvocationType::RequestResponse,
        Some(WireType::Event) => InvocationType::Event,
        Some(WireType::DryRun) => InvocationType::DryRun,
    };
    let request = Invoke { function, event: event_text(&call.payload)?, invocation_type };
    let (status, headers, body) = match call.engine.invoke(&call.scope, request).await? {
        Invoked::Ran { version, payload, function_error, log, .. } => {
            let mut headers = HeaderMap::new();
            insert(&mut headers, EXECUTED_VERSION, &version.to_string());
            if let Some(function_error) = function_error {
                insert(&mut headers, FUNCTION_ERROR, function_error);
            }
            match input.log_type {
                Some(LogType::Tail) => insert(&mut headers, LOG_RESULT, &STANDARD.encode(log.tail())),
                None | Some(LogType::None) => {}
            }
            (StatusCode::OK, headers, Body::from(payload))
        }
        Invoked::Accepted => (StatusCode::ACCEPTED, HeaderMap::new(), Body::empty()),
        Invoked::Checked => (StatusCode::NO_CONTENT, HeaderMap::new(), Body::empty()),
    };
    Ok(Answer { status, headers, body })
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// An event from outside, checked to be JSON; no body stands for `{}`.
pub(crate) fn event_text(body: &[u8]) -> Result<Arc<str>, ApiError> {
    let invalid = |reason: String| {
        let message =
            format!("Could not parse request body into json: Could not parse payload into json: {reason}");
        ApiError::lambda(LambdaError::InvalidRequestContentException, message)
    };
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Arc::from("{}"));
    }
    let text = std::str::from_utf8(body).map_err(|error| match body.get(error.valid_up_to()) {
        Some(byte) => invalid(format!("Invalid UTF-8 start byte {byte:#04x}")),
        None => invalid("Invalid UTF-8".to_owned()),
    })?;
    Value::parse(text).map_err(|error| match SyntaxFault::of(text, Source::Bytes) {
        Some(fault) => invalid(format!("{}\n at {}", fault.message, place(text, fault.end, Source::Bytes))),
        None => invalid(error.to_string()),
    })?;
    Ok(Arc::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], expected: Result<&str, &str>) {
        const PREFIX: &str = "Could not parse request body into json: Could not parse payload into json: ";
        let found = event_text(body).map_err(|error| error.message.replace(PREFIX, ""));
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn events() {
        check(b"", Ok("{}"));
        check(b" \n", Ok("{}"));
        check(b"[[1,  2]]", Ok("[[1,  2]]"));
        check(b"\xa7", Err("Invalid UTF-8 start byte 0xa7"));
        check(
            b"{\"a\":",
            Err(
                "Unexpected end-of-input within/between Object entries\n at [Source: (byte[])\"{\"a\":\"; line: 1, \
                 column: 6]",
            ),
        );
    }
}
