//! Plain HTTP, for curl and scripts without AWS tooling, over the same engine calls.
//!
//! Bodies are what they are (a component, a definition, an input), not wrapped; answers are JSON with instants in
//! RFC 3339; errors are problems after RFC 9457 whose `code` is the AWS error's name.

mod execution;
mod function;
mod log;
mod machine;
pub(crate) mod problem;
mod task;

use crate::body::Unread;
use crate::error::ApiError;
use crate::operation::Call;
use crate::query;
use crate::service::Target;
use crate::shared::{Api, Caller, call};
use crate::wire::stamp;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts as _, RawPathParams, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use problem::Problem;
use serde::Serialize;
use std::time::Duration;
use stepwell_auth::RequestId;
use tokio_util::sync::CancellationToken;

/// The routes, below `/v1`.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/functions/{name}", put(function::put).get(function::get))
        .route("/functions/{name}/invoke", post(function::invoke))
        .route("/functions/{name}/code", get(function::code))
        .route("/functions/{name}/logs", get(log::of_function))
        .route("/state-machines/{name}", put(machine::put).get(machine::get))
        .route("/state-machines/{name}/executions", post(execution::start))
        .route("/executions/{arn}", get(execution::get))
        .route("/executions/{arn}/history", get(execution::history))
        .route("/executions/{arn}/usage", get(execution::usage))
        .route("/executions/{arn}/logs", get(log::of_execution))
        .route("/tasks/{token}/success", post(task::success))
        .route("/tasks/{token}/failure", post(task::failure))
        .route("/tasks/{token}/heartbeat", post(task::heartbeat))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
}

/// Whether a path is below `/v1`.
pub(crate) fn owns(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

async fn nowhere(request: V1) -> Response {
    // Batch and others have paths below /v1, too.
    if let Some(Target::Elsewhere(service, protocol)) = request.head.extensions.get() {
        return protocol.error(&ApiError::not_served(service), request.request_id);
    }
    request.problem(ApiError::not_found("/v1 has no such path")).into_response()
}

async fn wrong_method(request: V1) -> Problem {
    let message = format!("this path is not used with {}", request.head.method);
    request.problem(ApiError::method_not_allowed(message))
}

/// A request below `/v1`, taken apart.
pub(crate) struct V1 {
    pub(crate) call: Call,
    /// Cancelled when the server begins to end.
    ending: CancellationToken,
    request_id: RequestId,
    head: Parts,
    body: Unread,
    path: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
}

impl FromRequest<Api> for V1 {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (mut head, body) = request.into_parts();
        let Some(caller) = head.extensions.get::<Caller>().cloned() else {
            // The guard is in front of every route.
            return Err(problem::response(&ApiError::internal(), RequestId::new()));
        };
        let request_id = caller.context.request_id;
        let body = Unread::new(&head.headers, body, &api.0.body_room);
        let path = match RawPathParams::from_request_parts(&mut head, api).await {
            Ok(path) => path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            Err(_) => {
                return Err(problem::response(&ApiError::validation("the path is no UTF-8"), request_id));
            }
        };
        let parameters = query::parameters(head.uri.query().unwrap_or_default());
        let ending = api.0.ending.begun.clone();
        Ok(Self { call: call(api, &caller, &head), ending, request_id, head, body, path, parameters })
    }
}

impl V1 {
    /// Lets a handler answer, and makes its error a problem.
    async fn answer<F, R>(self, handler: F) -> Response
    where
        F: FnOnce(Self) -> R,
        R: Future<Output = Result<Response, ApiError>>,
    {
        let request_id = self.request_id;
        match handler(self).await {
            Ok(mut response) => {
                stamp(response.headers_mut(), request_id);
                response
            }
            Err(error) => problem::response(&error, request_id),
        }
    }

    fn problem(self, error: ApiError) -> Problem {
        Problem { error, request_id: self.request_id }
    }

    /// A segment of the path.
    fn segment(&self, name: &str) -> &str {
        query::parameter(&self.path, name).unwrap_or_default()
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<&str> {
        query::parameter(&self.parameters, name)
    }

    /// A number among the query's parameters.
    fn number(&self, name: &str) -> Result<Option<u32>, ApiError> {
        let number = |text: &str| {
            text.parse().map_err(|_| ApiError::validation(format!("the parameter {name} must be a number")))
        };
        self.parameter(name).map(number).transpose()
    }

    /// `true` or `false` among the query's parameters.
    fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let flag = |text: &str| match text {
            "true" | "" => Ok(true),
            "false" => Ok(false),
            _ => Err(ApiError::validation(format!("the parameter {name} must be true or false"))),
        };
        self.parameter(name).map(flag).transpose()
    }

    /// Refuses a query with a parameter that nobody reads: it is a typing error. A presigned URL carries its
    /// signature among them.
    fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let is_read = |name: &str| known.contains(&name) || name.to_ascii_lowercase().starts_with("x-amz-");
        match self.parameters.iter().find(|(name, _)| !is_read(name)) {
            None => Ok(()),
            Some(_) if known.is_empty() => Err(ApiError::validation("this path takes no parameters")),
            Some((name, _)) => {
                let name: String = name.chars().take(100).collect();
                Err(ApiError::validation(format!(
                    "no parameter is called {name}; there are: {}",
                    known.join(", ")
                )))
            }
        }
    }

    /// Reads the body.
    async fn read(&mut self, bytes_max: usize, operation: &str) -> Result<Bytes, ApiError> {
        self.body.read(&self.head.headers, bytes_max, operation).await
    }

    /// Reads a body that must be UTF-8.
    async fn read_text(&mut self, bytes_max: usize, operation: &str) -> Result<String, ApiError> {
        let body = self.read(bytes_max, operation).await?;
        String::from_utf8(body.into()).map_err(|_| ApiError::serialization("the body is no UTF-8"))
    }
}

/// A JSON answer.
fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, ApiError> {
    let mut text = serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        ApiError::internal()
    })?;
    // Most readers are terminals.
    text.push('\n');
    let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((status, [content_type], text).into_response())
}

/// `30s`, `500ms`, `2m`, or seconds without a unit.
fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" | "" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected_ms: Option<u64>) {
        assert_eq!(duration(text), expected_ms.map(Duration::from_millis), "{text}");
    }

    #[test]
    fn durations() {
        check("30s", Some(30_000));
        check("30", Some(30_000));
        check("500ms", Some(500));
        check("2m", Some(120_000));
        for bad in ["", "s", "-1s", "1h", "1.5s", "99999999999999999999s", "18446744073709551615m"] {
            check(bad, None);
        }
    }
}
