//! What all handlers share, and what every request passes on its way to one.

use crate::aws;
use crate::body::{BodyRoom, Uploads};
use crate::error::ApiError;
use crate::metrics::Counters;
use crate::operation::Call;
use crate::ready::Readiness;
use crate::service::Target;
use crate::v1;
use crate::wire::Protocol;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::HOST;
use http::request::Parts;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use stepwell_auth::{Authenticator, RequestId};
use stepwell_engine::{Engine, Scope, random};
use tokio_util::sync::CancellationToken;

pub(crate) use stepwell_auth::Caller;

const TRACE_HEADER: &str = "x-amzn-trace-id";
/// Longest trace header that is kept. Source: AWS Step Functions API model, `TraceHeader`.
const TRACE_HEADER_BYTES_MAX: usize = 256;
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
    pub(crate) uploads: Uploads,
    pub(crate) body_room: BodyRoom,
    pub(crate) ending: Ending,
}

/// How a server comes to its end; shared with whoever ends it.
#[derive(Debug, Default)]
pub struct Ending {
    /// Cancelled, it ends the streams that have no end of their own.
    pub begun: CancellationToken,
    /// Cancelled, it ends the requests that are still under way with 503: their callers waited as long as they may.
    pub last_call: CancellationToken,
}

impl Api {
    /// An API that lets this engine work for whom this authenticator knows.
    #[must_use]
    pub fn new(engine: Engine, authenticator: Authenticator) -> Self {
        let shared = Shared {
            engine,
            authenticator,
            readiness: Readiness::default(),
            counters: Counters::default(),
            uploads: Uploads::default(),
            body_room: BodyRoom::default(),
            ending: Ending::default(),
        };
        Self(Arc::new(shared))
    }

    /// What ends the requests that do not end by themselves.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.0.ending
    }

    /// What `/readyz` answers; shared with whoever starts and stops the server.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }
}

/// Judges each request before anything reads it, and notes who calls what.
pub(crate) async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let caller = api.0.authenticator.authenticate(&head, RequestId::from(random::uuid()));
    let request_id = caller.context.request_id;
    let target = Target::of(&head, caller.service.as_deref());
    let form = Form::of(head.uri.path(), &target);
    let response = match api.0.authenticator.admit(&head) {
        Ok(()) => {
            let has_route = head.extensions.get::<MatchedPath>().is_some() || v1::owns(head.uri.path());
            let answer = async {
                if has_route {
                    head.extensions.insert(caller);
                    head.extensions.insert(target);
                    next.run(Request::from_parts(head, body)).await
                } else {
                    // Past the router, whose extensions, boxes and clones most calls would pay for and not use.
                    aws::dispatch(&api, &caller, target, &head, body).await
                }
            };
            let answer = AssertUnwindSafe(answer).catch_unwind();
            match api.0.ending.last_call.run_until_cancelled(answer).await {
                Some(Ok(answer)) => answer,
                Some(Err(_)) => {
                    tracing::error!(%request_id, "a handler panicked");
                    form.error(&ApiError::internal(), request_id)
                }
                None => form.error(&ApiError::stopping(), request_id),
            }
        }
        Err(refusal) => {
            tracing::warn!(%request_id, %refusal, "request refused");
            form.error(&ApiError::forbidden(refusal.to_string()), request_id)
        }
    };
    api.0.counters.count(response.status());
    response
}

/// The form in which a request can read an error, whatever became of it.
#[derive(Clone, Copy)]
enum Form {
    Aws(Protocol),
    Problem,
}

impl Form {
    fn of(path: &str, target: &Target) -> Self {
        if v1::owns(path) {
            return Self::Problem;
        }
        Self::Aws(match target {
            Target::States(_) => Protocol::Json10,
            Target::Lambda | Target::Nothing => Protocol::RestJson,
            Target::Query => Protocol::Query,
            Target::Elsewhere(_, protocol) => *protocol,
        })
    }

    fn error(self, error: &ApiError, request_id: RequestId) -> Response {
        match self {
            Self::Aws(protocol) => protocol.error(error, request_id),
            Self::Problem => v1::problem::response(error, request_id),
        }
    }
}

/// A call by this caller.
pub(crate) fn call(api: &Api, caller: &Caller, request: &Parts) -> Call {
    Call {
        engine: api.0.engine.clone(),
        scope: Scope { account: caller.context.account, region: caller.context.region.clone() },
        host: host(request),
        trace_header: trace_header(request),
        payload: Bytes::new(),
        uploads: api.0.uploads.clone(),
    }
}

/// What the header says that AWS's services pass on; it wins over a request's own `traceHeader` (AWS).
fn trace_header(request: &Parts) -> Option<Arc<str>> {
    let header = request.headers.get(TRACE_HEADER)?.to_str().ok()?;
    (header.len() <= TRACE_HEADER_BYTES_MAX).then(|| header.into())
}

/// The host that the caller used; it was admitted, so it is one of ours.
fn host(request: &Parts) -> Arc<str> {
    let header = || request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri.authority().map(http::uri::Authority::as_str).or_else(header);
    host.filter(|host| host.len() <= HOST_BYTES_MAX).unwrap_or("localhost").into()
}
