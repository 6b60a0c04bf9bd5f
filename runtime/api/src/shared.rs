//! What all handlers share, and what every request passes on its way to one.

use crate::error::ApiError;
use crate::metrics::Counters;
use crate::operation::Call;
use crate::ready::Readiness;
use crate::service::Target;
use crate::v1;
use crate::wire::Protocol;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use std::sync::Arc;
use stepwell_auth::{Authenticator, RequestId};
use stepwell_engine::{Engine, Scope};

pub(crate) use stepwell_auth::Caller;

/// Longest host that is repeated in a link.
const HOST_BYTES_MAX: usize = 255;

/// The API of one server. A clone is a reference count.
#[derive(Clone)]
pub struct Api(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) authenticator: Authenticator,
    pub(crate) readiness: Readiness,
    pub(crate) counters: Counters,
}

impl Api {
    /// An API that lets this engine work for whom this authenticator knows.
    #[must_use]
    pub fn new(engine: Engine, authenticator: Authenticator) -> Self {
        let shared =
            Shared { engine, authenticator, readiness: Readiness::default(), counters: Counters::default() };
        Self(Arc::new(shared))
    }

    /// What `/readyz` answers; shared with whoever starts and stops the server.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }
}

/// Judges each request before anything reads it, and notes who calls.
pub(crate) async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let caller = api.0.authenticator.authenticate(&head, RequestId::new());
    let request_id = caller.context.request_id;
    let response = match api.0.authenticator.admit(&head) {
        Ok(()) => {
            head.extensions.insert(caller);
            next.run(Request::from_parts(head, body)).await
        }
        Err(refusal) => {
            tracing::warn!(request_id = %request_id, %refusal, "request refused");
            let error = ApiError::forbidden(refusal.to_string());
            if v1::owns(head.uri.path()) {
                v1::problem::response(&error, request_id)
            } else {
                protocol_of(&head, caller.service.as_deref()).error(&error, request_id)
            }
        }
    };
    api.0.counters.count(response.status());
    response
}

/// The protocol in which a request can read its refusal.
fn protocol_of(request: &Parts, signed_for: Option<&str>) -> Protocol {
    match Target::of(request, signed_for) {
        Target::States(_) => Protocol::Json10,
        Target::Lambda | Target::Nothing => Protocol::RestJson,
        Target::Query => Protocol::Query,
        Target::Elsewhere(_, protocol) => protocol,
    }
}

/// A call by this caller.
pub(crate) fn call(api: &Api, caller: &Caller, request: &Parts) -> Call {
    Call {
        engine: api.0.engine.clone(),
        scope: Scope { account: caller.context.account, region: caller.context.region.clone() },
        host: host(request),
        payload: Bytes::new(),
    }
}

/// The host that the caller used; it was admitted, so it is one of ours.
fn host(request: &Parts) -> Arc<str> {
    let header = || request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri.authority().map(http::uri::Authority::as_str).or_else(header);
    host.filter(|host| host.len() <= HOST_BYTES_MAX).unwrap_or("localhost").into()
}
