//! One row per operation: its name, how its request is decoded, and its handler.
//!
//! A handler is an `async fn(Call, Input) -> Result<Output, ApiError>`; the input's type says which operation it is
//! (see [`Operation`]), so that a row is `row(machine::create)`.

use crate::body::Uploads;
use crate::error::ApiError;
use crate::schema::{Http, Operation, Shape, check};
use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use stepwell_engine::{Engine, Scope};

/// Bytes that most answers fit in; larger ones grow.
const ANSWER_BYTES: usize = 1_024;

/// One call on its way to its handler.
#[derive(Clone)]
pub(crate) struct Call {
    /// What does the work.
    pub(crate) engine: Engine,
    /// The caller's account and region.
    pub(crate) scope: Scope,
    /// The host that the caller sees, for links; `localhost` where the request names none.
    pub(crate) host: Arc<str>,
    /// `X-Amzn-Trace-Id`, if the request has one that could be a `traceHeader`.
    pub(crate) trace_header: Option<Arc<str>>,
    /// The body, where the operation takes it as it is; empty elsewhere.
    pub(crate) payload: Bytes,
    /// Turns of those who upload code.
    pub(crate) uploads: Uploads,
}

/// What a handler answers, ready to be sent.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// Headers beside content type and request id.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Body,
}

impl Answer {
    /// A JSON body.
    pub(crate) fn json(status: u16, output: &impl serde::Serialize) -> Result<Self, ApiError> {
        let mut body = Vec::with_capacity(ANSWER_BYTES);
        serde_json::to_writer(&mut body, output).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written");
            ApiError::internal()
        })?;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        // 204 has no body, whatever the operation's output.
        let body = if status == StatusCode::NO_CONTENT { Body::empty() } else { Body::from(body) };
        Ok(Self { status, headers: HeaderMap::new(), body })
    }
}

type Handler = Box<dyn Fn(Call, Value) -> BoxFuture<'static, Result<Answer, ApiError>> + Send + Sync>;

/// An operation that is served.
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: &'static str,
    /// Method, path and status.
    pub(crate) http: Http,
    /// The shape of its request.
    pub(crate) input: &'static Shape,
    handler: Handler,
}

impl Row {
    /// Decodes a request and lets the handler answer it.
    pub(crate) async fn run(&self, call: Call, request: Value) -> Result<Answer, ApiError> {
        (self.handler)(call, request).await
    }
}

/// A row whose answer is the operation's output as JSON.
pub(crate) fn row<I, F, R>(handler: F) -> Row
where
    I: Operation,
    F: Fn(Call, I) -> R + Send + Sync + Copy + 'static,
    R: Future<Output = Result<I::Output, ApiError>> + Send + 'static,
{
    raw_row(move |call, input| async move { Answer::json(I::HTTP.status, &handler(call, input).await?) })
}

/// A row whose handler writes the answer itself.
pub(crate) fn raw_row<I, F, R>(handler: F) -> Row
where
    I: Operation,
    F: Fn(Call, I) -> R + Send + Sync + Copy + 'static,
    R: Future<Output = Result<Answer, ApiError>> + Send + 'static,
{
    Row {
        name: I::NAME,
        http: I::HTTP,
        input: I::INPUT,
        handler: Box::new(move |call, request| {
            Box::pin(async move { handler(call, decode::<I>(request)?).await })
        }),
    }
}

/// Checks a request against its shape and makes it its type.
fn decode<I: Operation>(request: Value) -> Result<I, ApiError> {
    check::types(I::INPUT, &request).map_err(ApiError::serialization)?;
    check::constraints(I::INPUT, &request).map_err(ApiError::validation)?;
    serde_json::from_value(request).map_err(|error| ApiError::serialization(error.to_string()))
}
