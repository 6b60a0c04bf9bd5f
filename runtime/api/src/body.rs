//! Reads request bodies within limits of size and time.

use crate::error::ApiError;
use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a request to Step Functions. Source: AWS quota, 1 MB.
pub(crate) const STATES_BYTES_MAX: usize = 1_048_576;
/// Bytes of a request that carries a function's code. Source: AWS accepts 50 MB of code, which is 70 MB in base64.
pub(crate) const CODE_BYTES_MAX: usize = 70_000_000;
/// Bytes of an event that a caller waits for. Source: AWS Lambda, 6 MB.
pub(crate) const INVOKE_BYTES_MAX: usize = 6_291_456;
/// Bytes of an event that is queued. Source: AWS Lambda, 1 MB.
pub(crate) const INVOKE_EVENT_BYTES_MAX: usize = 1_048_576;
/// Bytes of any other request.
pub(crate) const OTHER_BYTES_MAX: usize = 1_048_576;

/// Bytes of a body that is too long which are still read and dropped after the answer, so that a sender who does not
/// look before its end reads the answer instead of a broken connection.
const DRAINED_BYTES_MAX: usize = 512 << 20;
/// How long a body may make no progress.
const STALL_MAX: Duration = Duration::from_secs(30);
/// How long a whole body may take.
const ARRIVAL_MAX: Duration = Duration::from_secs(600);
/// Bodies with a function's code that are in memory at once; each is there in up to four forms.
const UPLOADS_MAX: usize = 4;

/// Bytes of all bodies that are in memory at once. Source: house rule; seven uploads of the largest size.
const BODIES_BYTES_MAX: usize = 512 << 20;
/// Bytes of each body for which room need not be asked.
const FREE_BYTES: usize = 64 << 10;

/// Room in memory for the bodies of requests. A clone is the same one.
///
/// Taken as bytes arrive, so that whoever announces much and sends little keeps nobody out.
#[derive(Clone)]
pub(crate) struct BodyRoom {
    bytes: Arc<Semaphore>,
    /// How long a body waits for others to be done with.
    wait_max: Duration,
}

impl Default for BodyRoom {
    fn default() -> Self {
        Self { bytes: Arc::new(Semaphore::new(BODIES_BYTES_MAX)), wait_max: STALL_MAX }
    }
}

/// What one body has taken of it, until this is dropped.
#[derive(Default)]
struct Taken(Option<OwnedSemaphorePermit>);

impl Taken {
    async fn grow(&mut self, room: &BodyRoom, bytes: usize) -> Result<(), ApiError> {
        let bytes = u32::try_from(bytes).map_err(|_| ApiError::no_room_for_body())?;
        let more = Arc::clone(&room.bytes).acquire_many_owned(bytes);
        let Ok(Ok(more)) = tokio::time::timeout(room.wait_max, more).await else {
            return Err(ApiError::no_room_for_body());
        };
        match &mut self.0 {
            Some(taken) => taken.merge(more),
            None => self.0 = Some(more),
        }
        Ok(())
    }
}

/// Turns of those who upload code, so that many uploads at once do not fill the memory. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Uploads(Arc<Semaphore>);

impl Default for Uploads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(UPLOADS_MAX)))
    }
}

impl Uploads {
    /// Waits for a turn, which lasts until what is returned is dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

async fn read_all(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    operation: &str,
    room: &BodyRoom,
    taken: &mut Taken,
) -> Result<Bytes, ApiError> {
    let announced = announced_length(headers);
    if announced.is_some_and(|length| length > bytes_max) {
        // Who waits for 100-continue has not sent the body and will not.
        if !headers.contains_key(EXPECT) {
            tokio::spawn(drain(body));
        }
        return Err(ApiError::too_large(bytes_max, operation));
    }
    let mut body = body;
    let mut first: Option<Bytes> = None;
    let mut joined = BytesMut::new();
    while let Some(data) = next(&mut body, STALL_MAX).await? {
        let read = first.as_ref().map_or(joined.len(), Bytes::len);
        if read.saturating_add(data.len()) > bytes_max {
            tokio::spawn(drain(body));
            return Err(ApiError::too_large(bytes_max, operation));
        }
        if read + data.len() > FREE_BYTES {
            taken.grow(room, data.len()).await?;
        }
        // Most bodies arrive in one piece and need no copy.
        match first.take() {
            None if joined.is_empty() => first = Some(data),
            None => joined.extend_from_slice(&data),
            Some(earlier) => {
                joined.reserve(announced.unwrap_or(0).max(earlier.len() + data.len()));
                joined.extend_from_slice(&earlier);
                joined.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| joined.freeze()))
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The next piece of data; `None` at the end.
async fn next(body: &mut Body, stall_max: Duration) -> Result<Option<Bytes>, ApiError> {
    loop {
        match tokio::time::timeout(stall_max, body.frame()).await {
            Err(_) => return Err(ApiError::incomplete_body()),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(ApiError::unreadable_body()),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data)),
                // Trailers, and pieces of nothing.
                Ok(_) | Err(_) => {}
            },
        }
    }
}

/// A request's body before it is read.
///
/// INVARIANT: a body that nobody reads is taken in nevertheless, within bounds, unless its sender waits to be asked for
/// it. Otherwise the connection would end with the answer, and the next request on it would find it gone.
pub(crate) struct Unread {
    body: Option<Body>,
    is_awaited: bool,
    room: BodyRoom,
    /// What it takes of the room as it is read; kept until it is released, or the request has been answered.
    taken: Taken,
}

impl Unread {
    pub(crate) fn new(headers: &HeaderMap, body: Body, room: &BodyRoom) -> Self {
        let is_awaited = headers.contains_key(EXPECT);
        Self { body: Some(body), is_awaited, room: room.clone(), taken: Taken::default() }
    }

    /// Reads it whole; a second time it is empty.
    ///
    /// # Errors
    /// 413 beyond `bytes_max`, 408 if it stalls, 400 if it ends early, 503 if others leave no room for it.
    pub(crate) async fn read(
        &mut self,
        headers: &HeaderMap,
        bytes_max: usize,
        operation: &str,
    ) -> Result<Bytes, ApiError> {
        let body = self.body.take().unwrap_or_default();
        let whole = read_all(headers, body, bytes_max, operation, &self.room, &mut self.taken);
        tokio::time::timeout(ARRIVAL_MAX, whole).await.unwrap_or_else(|_| Err(ApiError::incomplete_body()))
    }

    /// Gives back what it took of the room: for calls that last, once what they hold on to counts where invocations
    /// and executions are bounded. Their bodies would keep everybody else's out for minutes.
    pub(crate) fn release(&mut self) {
        self.taken = Taken::default();
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if !self.is_awaited
            && let Some(body) = self.body.take().filter(|body| !body.is_end_stream())
        {
            tokio::spawn(drain(body));
        }
    }
}

async fn drain(mut body: Body) {
    let mut left = DRAINED_BYTES_MAX;
    let rest = async {
        while left > 0
            && let Ok(Some(data)) = next(&mut body, STALL_MAX).await
        {
            left = left.saturating_sub(data.len());
        }
    };
    // Whoever is slower has had the answer for long.
    let _ = tokio::time::timeout(ARRIVAL_MAX, rest).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, u16> {
        let mut body = Unread::new(headers, body, &BodyRoom::default());
        body.read(headers, bytes_max, "Test").await.map_err(|error| error.shape.status)
    }

    #[tokio::test]
    async fn bodies_share_the_room_that_there_is() {
        let room = BodyRoom { bytes: Arc::new(Semaphore::new(150_000)), wait_max: Duration::ZERO };
        let read = async |bytes: usize| {
            let mut body = Unread::new(&HeaderMap::new(), Body::from(vec![0; bytes]), &room);
            let read = body.read(&HeaderMap::new(), usize::MAX, "Test").await;
            read.map(|_| body).map_err(|error| error.shape.status)
        };
        let first = read(100_000).await.ok().unwrap();
        assert_eq!(read(100_000).await.err(), Some(503));
        // Small ones need no room.
        let _small = read(FREE_BYTES).await.ok().unwrap();
        drop(first);
        let mut second = read(100_000).await.ok().unwrap();
        assert_eq!(read(100_000).await.err(), Some(503));
        second.release();
        let _third = read(100_000).await.ok().unwrap();
    }

    async fn read_pieces(pieces: Vec<&'static [u8]>, bytes_max: usize) -> Result<Bytes, u16> {
        let pieces = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
        let body = Body::from_stream(stream::iter(pieces));
        read(&HeaderMap::new(), body, bytes_max).await
    }

    #[tokio::test]
    async fn bodies_within_the_limit() {
        assert_eq!(read_pieces(vec![], 4).await.unwrap(), "");
        assert_eq!(read_pieces(vec![b"abcd"], 4).await.unwrap(), "abcd");
        assert_eq!(read_pieces(vec![b"a", b"", b"b", b"cd"], 4).await.unwrap(), "abcd");
    }

    #[tokio::test]
    async fn bodies_beyond_it() {
        assert_eq!(read_pieces(vec![b"abcde"], 4).await, Err(413));
        assert_eq!(read_pieces(vec![b"ab", b"cd", b"e"], 4).await, Err(413));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, "5".parse().unwrap());
        assert_eq!(read(&headers, Body::from("abcde"), 4).await, Err(413));
    }

    #[tokio::test]
    async fn broken_bodies() {
        let pieces = [Ok(Bytes::from_static(b"ab")), Err(std::io::Error::other("gone"))];
        let body = Body::from_stream(stream::iter(pieces));
        assert_eq!(read(&HeaderMap::new(), body, 4).await, Err(400));
    }

    #[tokio::test]
    async fn stalled_bodies() {
        let mut body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(next(&mut body, Duration::ZERO).await.unwrap_err().shape.status, 408);
    }
}
