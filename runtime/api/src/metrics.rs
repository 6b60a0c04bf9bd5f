//! `/metrics`: the place for what a Prometheus server reads. For now, the answers given, by class of status.

use crate::shared::Api;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// Answers given, by the first digit of their status.
#[derive(Debug, Default)]
pub(crate) struct Counters([AtomicU64; 5]);

impl Counters {
    /// Counts an answer.
    pub(crate) fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.0.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    let mut text = String::from(
        "# HELP stepwell_http_responses_total Answers given, by class of status.\n\
         # TYPE stepwell_http_responses_total counter\n",
    );
    for (class, counter) in api.0.counters.0.iter().enumerate() {
        let count = counter.load(Ordering::Relaxed);
        let _ = writeln!(text, "stepwell_http_responses_total{{class=\"{}xx\"}} {count}", class + 1);
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
