//! `/healthz`: the process answers. `/readyz`: it takes work.

use crate::shared::Api;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::sync::{Arc, PoisonError, RwLock};

/// Whether the server takes work; a clone is the same one.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<RwLock<Phase>>);

/// Where a server is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is on its way up.
    #[default]
    Starting,
    /// It takes work.
    Ready,
    /// It is on its way down, or cannot work, for this reason.
    NotReady(Arc<str>),
}

impl Readiness {
    /// Enters a phase.
    pub fn set(&self, phase: Phase) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// The phase.
    #[must_use]
    pub fn get(&self) -> Phase {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(api): State<Api>) -> Response {
    match api.readiness().get() {
        Phase::Ready => "ready\n".into_response(),
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting\n").into_response(),
        Phase::NotReady(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}
