//! What functions logged, as text: `/v1/functions/{name}/logs` and `/v1/executions/{arn}/logs`, with `follow=true`
//! as a stream that ends when the caller goes, or the server.

use super::V1;
use crate::error::ApiError;
use crate::lambda::name::resolve;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_TYPE, HeaderValue};
use std::convert::Infallible;
use std::sync::Arc;
use stepwell_engine::log::{InvocationLog, LogFilter};
use stepwell_types::ExecutionArn;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// `GET /v1/functions/{name}/logs?follow=`
pub(crate) async fn of_function(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            let function = resolve(&request.call.scope, request.segment("name"), None)?;
            request.call.engine.function(&request.call.scope, &function).await?;
            answer(&request, LogFilter::Function(function.name))
        })
        .await
}

/// `GET /v1/executions/{arn}/logs?follow=`
pub(crate) async fn of_execution(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            let arn: ExecutionArn = request.segment("arn").parse()?;
            answer(&request, LogFilter::Execution(arn.text()))
        })
        .await
}

fn answer(request: &V1, filter: LogFilter) -> Result<Response, ApiError> {
    request.only(&["follow"])?;
    let (records, live) = request.call.engine.logs().read(&request.call.scope, &filter);
    let body = match request.flag("follow")? {
        Some(true) => {
            let followed = stream::iter(records).chain(follow(live, filter));
            Body::from_stream(followed.take_until(request.ending.clone().cancelled_owned()).map(text))
        }
        None | Some(false) => Body::from_stream(stream::iter(records).map(text)),
    };
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], body).into_response())
}

fn text(record: Arc<InvocationLog>) -> Result<String, Infallible> {
    Ok(record.render())
}

/// Records as they come. A reader that is too slow misses some.
fn follow(
    live: Receiver<Arc<InvocationLog>>,
    filter: LogFilter,
) -> impl futures_util::Stream<Item = Arc<InvocationLog>> + Send {
    stream::unfold((live, filter), |(mut live, filter)| async move {
        loop {
            match live.recv().await {
                Ok(record) if filter.matches(&record) => return Some((record, (live, filter))),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}
