//! Serves a router on a listener, within limits of headers, time and connections.
//!
//! What a connection can hold is bounded by its head, by one request's body and by one answer: requests that are sent
//! ahead wait in the system's buffers until theirs is the turn.

mod pace;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use pace::{Pace, Paced};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// Bytes of a request's first line and headers; a definition never is among them.
const HEAD_BYTES_MAX: usize = 64 * 1_024;
/// How long a request's head may take to arrive, and how long an idle connection is kept.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(60);
/// How much of an answer has to be taken in which time by whom it waits for.
const READER_PACE: Pace = Pace { bytes_min: 64 * 1_024, within: Duration::from_secs(30) };
/// Pause after a failed accept (no file descriptors left), so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What [`serve`] is told beside what it serves.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long open connections may take to end their requests when the server stops.
    pub grace: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self { connections_max: 10_000, grace: Duration::from_secs(5) }
    }
}

/// Answers every connection until `stop` is cancelled; then takes no new ones and gives the open ones time to end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, limits: ServeLimits) {
    let permits = Arc::new(Semaphore::new(limits.connections_max));
    let connections = tokio_util::task::TaskTracker::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let stop = stop.clone();
        connections.spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WAIT_MAX)
                .max_headers(HEADERS_MAX)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(Paced::new(stream, READER_PACE)), service);
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.grace, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were still open when the grace period ended");
    }
}
