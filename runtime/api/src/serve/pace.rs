//! A stream whose peer has to take what is written to it at some pace.
//!
//! An answer stays in memory until its reader has it, so that readers who take nothing, or a byte now and then, would
//! hold as much of it as they have connections.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How much of what waits has to be taken within which time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Bytes, or all there is.
    pub(super) bytes_min: usize,
    /// Within this time.
    pub(super) within: Duration,
}

/// The stream. Reads are not its concern.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    /// What the peer has to take before a moment; `None` while nothing waits.
    owed: Option<Owed>,
}

struct Owed {
    until: Pin<Box<Sleep>>,
    taken_bytes: usize,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, owed: None }
    }

    /// Judges a write of `offered` bytes.
    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        offered: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(taken)) => {
                if let Some(owed) = &mut self.owed {
                    owed.taken_bytes += taken;
                    if taken == offered || owed.taken_bytes >= self.pace.bytes_min {
                        self.owed = None;
                    }
                }
                Poll::Ready(Ok(taken))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let within = self.pace.within;
                let begin = || Owed { until: Box::pin(sleep(within)), taken_bytes: 0 };
                let owed = self.owed.get_or_insert_with(begin);
                ready!(owed.until.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.judge(cx, bytes.len(), written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.judge(cx, pieces.iter().map(|piece| piece.len()).sum(), written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const SOON: Pace = Pace { bytes_min: 64, within: Duration::from_millis(1) };
    const PATIENT: Pace = Pace { bytes_min: 64, within: Duration::from_secs(600) };

    #[tokio::test]
    async fn who_takes_nothing_is_left() {
        let (server, _client) = duplex(16);
        let mut paced = Paced::new(server, SOON);
        let error = paced.write_all(&[0; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_a_byte_now_and_then_is_left() {
        let (server, mut client) = duplex(16);
        let mut paced = Paced::new(server, SOON);
        let trickle = async {
            // One byte each time the server has been told that it waits, for as long as it does.
            let mut byte = [0];
            while client.read(&mut byte).await.is_ok_and(|read| read > 0) {
                sleep(SOON.within).await;
            }
        };
        let write = async {
            let error = paced.write_all(&[0; 1 << 20]).await.unwrap_err();
            drop(paced);
            error.kind()
        };
        let (kind, ()) = tokio::join!(write, trickle);
        assert_eq!(kind, io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_reads_gets_all() {
        let (server, mut client) = duplex(16);
        let mut paced = Paced::new(server, PATIENT);
        let write = async {
            paced.write_all(&[7; 100_000]).await.unwrap();
            paced.shutdown().await.unwrap();
        };
        let mut read = Vec::new();
        let ((), taken) = tokio::join!(write, client.read_to_end(&mut read));
        assert_eq!((taken.unwrap(), read), (100_000, vec![7; 100_000]));
        assert!(paced.owed.is_none());
    }
}
