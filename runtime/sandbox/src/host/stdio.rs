//! Standard output and standard error: lines of the log, or a command's result.

use crate::log::{LogBuffer, Output};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Bytes that a guest may write at once.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// A stream into the log.
#[derive(Clone)]
pub(super) struct LogWriter {
    pub(super) log: Arc<Mutex<LogBuffer>>,
    pub(super) output: Output,
}

/// What a command wrote to standard output, up to the limit of a result.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) bytes: Vec<u8>,
    pub(crate) limit_bytes: usize,
}

/// A command wrote more than a result may have.
#[derive(Debug, thiserror::Error)]
#[error("the result is too long")]
pub(crate) struct OutputFull {
    pub(crate) bytes: usize,
}

/// A stream into a command's result.
#[derive(Clone)]
pub(super) struct ResultWriter(pub(super) Arc<Mutex<CommandOutput>>);

/// Where bytes of a stream go. Never waits.
trait Sink: Clone + Send + Sync + Unpin + 'static {
    fn take(&self, bytes: &[u8]) -> Result<(), OutputFull>;
}

impl Sink for LogWriter {
    fn take(&self, bytes: &[u8]) -> Result<(), OutputFull> {
        self.log.lock().write(self.output, bytes);
        Ok(())
    }
}

impl Sink for ResultWriter {
    fn take(&self, bytes: &[u8]) -> Result<(), OutputFull> {
        let mut output = self.0.lock();
        let total = output.bytes.len().saturating_add(bytes.len());
        if total > output.limit_bytes {
            return Err(OutputFull { bytes: total });
        }
        output.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

struct Stream<S>(S);

impl<S: Sink> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(self.0.take(bytes).map(|()| bytes.len()).map_err(std::io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait]
impl<S: Sink> Pollable for Stream<S> {
    async fn ready(&mut self) {}
}

#[async_trait]
impl<S: Sink> OutputStream for Stream<S> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > WRITE_BYTES_MAX {
            return Err(StreamError::trap("wrote more than `check-write` permitted"));
        }
        self.0.take(&bytes).map_err(|full| StreamError::Trap(wasmtime::Error::new(full)))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

macro_rules! output_stream {
    ($writer:ty) => {
        impl IsTerminal for $writer {
            fn is_terminal(&self) -> bool {
                false
            }
        }

        impl StdoutStream for $writer {
            fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
                Box::new(Stream(self.clone()))
            }

            fn p2_stream(&self) -> Box<dyn OutputStream> {
                Box::new(Stream(self.clone()))
            }
        }
    };
}

output_stream!(LogWriter);
output_stream!(ResultWriter);
