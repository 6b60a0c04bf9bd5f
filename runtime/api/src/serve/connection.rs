//! One connection, until its client is done, or the server is, or others need its place.

use super::pace::{Pace, Paced};
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// Bytes of a request's first line and headers; a definition never is among them.
const HEAD_BYTES_MAX: usize = 64 * 1_024;
/// How long a request's head may take to arrive, and how long an idle connection is kept.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(60);
/// How long a client may take for its first request's head while others wait for a place.
pub(super) const CROWDED_HEAD_WAIT_MAX: Duration = Duration::from_secs(1);
/// How much of an answer has to be taken in which time by whom it waits for.
const READER_PACE: Pace = Pace { bytes_min: 64 * 1_024, within: Duration::from_secs(30) };

/// What ends a connection from outside.
#[derive(Clone)]
pub(super) struct Signals {
    /// The server takes no more requests.
    pub(super) stop: CancellationToken,
    /// Others wait for a place: whoever is not in the middle of a request leaves.
    pub(super) crowded: Arc<Notify>,
}

/// Answers the requests of one connection.
pub(super) async fn answer(stream: TcpStream, router: Router, signals: Signals) {
    let accepted = Instant::now();
    let has_asked = Arc::new(AtomicBool::new(false));
    let service = TowerToHyperService::new(router);
    let asked = Arc::clone(&has_asked);
    let service = service_fn(move |request| {
        asked.store(true, Ordering::Relaxed);
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Paced::new(stream, READER_PACE)), service);
    let mut connection = std::pin::pin!(connection);
    let mut is_leaving = false;
    let ended = loop {
        let patience = tokio::select! {
            ended = connection.as_mut() => break ended,
            () = signals.stop.cancelled(), if !is_leaving => Duration::ZERO,
            () = signals.crowded.notified(), if !is_leaving => CROWDED_HEAD_WAIT_MAX,
        };
        if has_asked.load(Ordering::Relaxed) {
            // It ends with the answer that is under way, or at once if there is none.
            connection.as_mut().graceful_shutdown();
            is_leaving = true;
        } else if accepted.elapsed() >= patience {
            // It has not said anything whole yet, and would be waited for until it does.
            return;
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
