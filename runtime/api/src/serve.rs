//! Serves a router on a listener, within limits of headers, time and connections.
//!
//! What a connection can hold is bounded by its head, by one request's body and by one answer: requests that are sent
//! ahead wait in the system's buffers until theirs is the turn.

mod connection;
mod pace;

use axum::Router;
use connection::{CROWDED_HEAD_WAIT_MAX, Signals, answer};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Pause after a failed accept (no file descriptors left), so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What [`serve`] is told beside what it serves.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once. More wait until one ends; those whose clients say nothing end for them.
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
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let signals = Signals { stop, crowded: Arc::default() };
    let connections = tokio_util::task::TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = signals.stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = tokio::select! {
            place = find_place(&places, &signals.crowded) => place,
            () = signals.stop.cancelled() => break,
        };
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let (router, signals) = (router.clone(), signals.clone());
        connections.spawn(async move {
            answer(stream, router, signals).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.grace, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were still open when the grace period ended");
    }
}

/// A place for one more connection, if need be that of a client who says nothing. `None` is never met: the places are
/// never closed.
async fn find_place(places: &Arc<Semaphore>, crowded: &Notify) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        crowded.notify_waiters();
        let place = Arc::clone(places).acquire_owned();
        if let Ok(place) = tokio::time::timeout(CROWDED_HEAD_WAIT_MAX, place).await {
            return place.ok();
        }
    }
}
