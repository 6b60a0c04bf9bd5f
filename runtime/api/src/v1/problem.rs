//! Errors of plain HTTP: problems after RFC 9457.
//!
//! The AWS protocols answer nearly everything with 400; here the status says what kind of trouble it is.

use crate::error::ApiError;
use crate::wire::stamp;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};
use stepwell_auth::RequestId;

/// An error as it is sent.
pub(crate) struct Problem {
    pub(crate) error: ApiError,
    pub(crate) request_id: RequestId,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        response(&self.error, self.request_id)
    }
}

/// Writes a problem.
pub(crate) fn response(error: &ApiError, request_id: RequestId) -> Response {
    let status = status(error);
    let mut body = Map::new();
    body.insert("type".to_owned(), Value::from(format!("urn:stepwell:problem:{}", error.shape.code)));
    body.insert("title".to_owned(), Value::from(status.canonical_reason().unwrap_or("Error")));
    body.insert("status".to_owned(), Value::from(status.as_u16()));
    body.insert("detail".to_owned(), Value::from(error.message.as_str()));
    body.insert("instance".to_owned(), Value::from(format!("urn:uuid:{request_id}")));
    body.insert("code".to_owned(), Value::from(error.shape.code));
    body.insert("requestId".to_owned(), Value::from(request_id.to_string()));
    for (member, value) in &error.members {
        body.insert((*member).to_owned(), Value::from(value.as_str()));
    }
    let mut response = (status, format!("{}\n", Value::Object(body))).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    stamp(response.headers_mut(), request_id);
    response
}

/// The status that plain HTTP has for an AWS error.
fn status(error: &ApiError) -> StatusCode {
    let code = error.shape.code;
    match StatusCode::from_u16(error.plain_status.unwrap_or(error.shape.status)) {
        Ok(StatusCode::BAD_REQUEST) if code.ends_with("DoesNotExist") || code.ends_with("NotFound") => {
            StatusCode::NOT_FOUND
        }
        Ok(StatusCode::BAD_REQUEST) if code.ends_with("AlreadyExists") || code == "ConflictException" => {
            StatusCode::CONFLICT
        }
        Ok(StatusCode::BAD_REQUEST)
            if code == "StateMachineDeleting" || code == "StateMachineTypeNotSupported" =>
        {
            StatusCode::CONFLICT
        }
        Ok(StatusCode::BAD_REQUEST) if code == "TaskTimedOut" => StatusCode::GONE,
        Ok(StatusCode::BAD_REQUEST) if code == "ThrottlingException" => StatusCode::TOO_MANY_REQUESTS,
        Ok(StatusCode::BAD_REQUEST)
            if code.ends_with("LimitExceeded")
                || code == "ServiceQuotaExceededException"
                || code == "CodeStorageExceededException" =>
        {
            StatusCode::INSUFFICIENT_STORAGE
        }
        // Only said by a server that stops.
        Ok(StatusCode::INTERNAL_SERVER_ERROR) if code == "ServiceException" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Ok(status) => status,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::lambda::LambdaError;
    use crate::generated::states::StatesError;
    use stepwell_engine::execution::StartExecutionError;

    #[track_caller]
    fn check(error: ApiError, expected: u16) {
        assert_eq!(status(&error).as_u16(), expected, "{}", error.shape.code);
    }

    #[test]
    fn statuses_say_what_kind_of_trouble_it_is() {
        check(ApiError::states(StatesError::StateMachineDoesNotExist, ""), 404);
        check(ApiError::states(StatesError::TaskDoesNotExist, ""), 404);
        check(ApiError::states(StatesError::ResourceNotFound, ""), 404);
        check(ApiError::states(StatesError::ExecutionAlreadyExists, ""), 409);
        check(ApiError::states(StatesError::StateMachineTypeNotSupported, ""), 409);
        check(ApiError::states(StatesError::TaskTimedOut, ""), 410);
        check(ApiError::states(StatesError::InvalidDefinition, ""), 400);
        check(ApiError::states(StatesError::ExecutionLimitExceeded, ""), 507);
        check(StartExecutionError::LimitExceeded.into(), 429);
        check(ApiError::states(StatesError::ServiceQuotaExceededException, ""), 507);
        check(ApiError::lambda(LambdaError::CodeStorageExceededException, ""), 507);
        check(ApiError::lambda(LambdaError::TooManyRequestsException, ""), 429);
        check(ApiError::lambda(LambdaError::ServiceException, ""), 503);
        check(ApiError::lambda(LambdaError::ResourceNotFoundException, ""), 404);
        check(ApiError::too_large(1, "x"), 413);
        check(ApiError::internal(), 500);
    }
}
