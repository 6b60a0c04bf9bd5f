//! `/v1/tasks`: answers to tasks that wait for a callback.

use super::V1;
use crate::body;
use crate::error::ApiError;
use crate::states::execution::failure as failure_of;
use crate::states::task::task_output;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use stepwell_types::quota::{CAUSE_CHARS_MAX, ERROR_CHARS_MAX, TASK_TOKEN_CHARS_MAX};

impl V1 {
    fn token(&self) -> Result<&str, ApiError> {
        self.only(&[])?;
        let token = self.segment("token");
        if token.len() > TASK_TOKEN_CHARS_MAX {
            return Err(ApiError::validation(format!(
                "a task token has at most {TASK_TOKEN_CHARS_MAX} characters"
            )));
        }
        Ok(token)
    }
}

/// `POST /v1/tasks/{token}/success`: the body is the task's output; nothing stands for `{}`.
pub(crate) async fn success(request: V1) -> Response {
    request
        .answer(async |mut request: V1| {
            let output = request.read_text(body::STATES_BYTES_MAX, "SendTaskSuccess").await?;
            let output = if output.trim().is_empty() { "{}".to_owned() } else { output };
            request
                .call
                .engine
                .send_task_success(&request.call.scope, request.token()?, task_output(output.into())?)
                .await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        })
        .await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    error: Option<Arc<str>>,
    cause: Option<Arc<str>>,
}

/// `POST /v1/tasks/{token}/failure`: the body is `{"error": …, "cause": …}`, both optional.
pub(crate) async fn failure(request: V1) -> Response {
    request
        .answer(async |mut request: V1| {
            let body = request.read(body::STATES_BYTES_MAX, "SendTaskFailure").await?;
            let failed: Failed = if body.iter().all(u8::is_ascii_whitespace) {
                Failed::default()
            } else {
                serde_json::from_slice(&body).map_err(|error| ApiError::serialization(error.to_string()))?
            };
            for (name, text, max) in
                [("error", &failed.error, ERROR_CHARS_MAX), ("cause", &failed.cause, CAUSE_CHARS_MAX)]
            {
                if text.as_ref().is_some_and(|text| text.chars().count() > max) {
                    return Err(ApiError::validation(format!("{name} may have at most {max} characters")));
                }
            }
            request
                .call
                .engine
                .send_task_failure(
                    &request.call.scope,
                    request.token()?,
                    failure_of(failed.error, failed.cause),
                )
                .await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        })
        .await
}

/// `POST /v1/tasks/{token}/heartbeat`
pub(crate) async fn heartbeat(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.call.engine.send_task_heartbeat(&request.call.scope, request.token()?).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        })
        .await
}
