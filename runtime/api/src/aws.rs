//! The AWS side of the port: finds the service of a request, lets it answer, and gives errors its form.

use crate::body::{self, Unread};
use crate::error::ApiError;
use crate::operation::Answer;
use crate::query;
use crate::service::Target;
use crate::shared::{Api, Caller, call};
use crate::wire::{Protocol, stamp};
use crate::{lambda, states, sts};
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{ALLOW, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode};
use stepwell_auth::RequestId;
use tracing::{Instrument as _, info_span};

/// Answers whatever no route of our own has.
pub(crate) async fn dispatch(
    api: &Api,
    caller: &Caller,
    target: Target,
    request: &Parts,
    body: Body,
) -> Response {
    let body = Unread::new(&request.headers, body, &api.0.body_room);
    if request.method == Method::OPTIONS {
        return options(caller.context.request_id);
    }
    let request_id = caller.context.request_id;
    match target {
        Target::States(operation) => {
            let span =
                info_span!("states", operation, request_id = %request_id, account = %caller.context.account);
            let call = call(api, caller, request);
            let answer = states::call(call, request, body, operation.as_deref()).instrument(span).await;
            finish(Protocol::Json10, answer, request_id)
        }
        Target::Lambda => {
            let span = info_span!("lambda", path = request.uri.path(), request_id = %request_id, account = %caller.context.account);
            let call = call(api, caller, request);
            let answer = lambda::call(call, request, body).instrument(span).await;
            finish(Protocol::RestJson, answer, request_id)
        }
        Target::Query => {
            let answer = query_call(caller, request, body).await;
            answer.unwrap_or_else(|error| Protocol::Query.error(&error, request_id))
        }
        Target::Elsewhere(service, protocol) => protocol.error(&ApiError::not_served(&service), request_id),
        Target::Nothing => nothing(request, request_id),
    }
}

/// An action of STS, in the query or in a form.
async fn query_call(caller: &Caller, request: &Parts, mut body: Unread) -> Result<Response, ApiError> {
    let mut parameters = query::parameters(request.uri.query().unwrap_or_default());
    if query::parameter(&parameters, "Action").is_none() {
        let body = body.read(&request.headers, body::OTHER_BYTES_MAX, "query").await?;
        parameters.extend(query::parameters(&String::from_utf8_lossy(&body)));
    }
    let action = query::parameter(&parameters, "Action");
    match (action, caller.service.as_deref()) {
        (Some(action), signed_for) if signed_for == Some("sts") || sts::knows(action) => {
            sts::call(&caller.context, request, action)
        }
        (None, Some("sts")) => Err(ApiError::invalid_action("The request names no Action")),
        _ => Err(ApiError::not_served(
            "this service; it serves Step Functions, Lambda and sts:GetCallerIdentity",
        )),
    }
}

fn finish(protocol: Protocol, answer: Result<Answer, ApiError>, request_id: RequestId) -> Response {
    match answer {
        Ok(answer) => {
            let mut response = protocol.answer(answer.status, answer.body, request_id);
            response.headers_mut().extend(answer.headers);
            response
        }
        Err(error) => {
            tracing::debug!(request_id = %request_id, code = error.shape.code, message = error.message, "refused");
            protocol.error(&error, request_id)
        }
    }
}

/// `OPTIONS`: there is no CORS here, since no web page of another origin may call.
fn options(request_id: RequestId) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE, OPTIONS"));
    stamp(response.headers_mut(), request_id);
    response
}

/// What a person sees who opens the address, and a probe that looks for something else.
fn nothing(request: &Parts, request_id: RequestId) -> Response {
    if request.uri.path() == "/" && matches!(request.method, Method::GET | Method::HEAD) {
        let text =
            "Stepwell serves the APIs of AWS Step Functions and AWS Lambda here, and plain HTTP at /v1.\n";
        let mut response = text.into_response();
        stamp(response.headers_mut(), request_id);
        return response;
    }
    if request.method == Method::POST && request.uri.path() == "/" {
        let error = ApiError::missing_target(
            "this is no call of an AWS API: it has neither an X-Amz-Target header nor a signature",
        );
        return Protocol::Json10.error(&error, request_id);
    }
    crate::v1::problem::response(
        &ApiError::not_found("nothing is here; the AWS APIs are at /, plain HTTP is at /v1"),
        request_id,
    )
}
