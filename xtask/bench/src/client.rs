//! A client of the API on a plain thread: no runtime of its own, one connection that it keeps.

use crate::world::EVENT;
use anyhow::{Context as _, Result, ensure};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use stepwell_types::StateMachineArn;

/// A `StartSyncExecution` of this machine, as an AWS SDK sends it.
pub(crate) fn start_sync(machine: &StateMachineArn) -> Arc<[u8]> {
    let body = serde_json::json!({"stateMachineArn": machine.to_string(), "input": EVENT}).to_string();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.0\r\n\
         x-amz-target: AWSStepFunctions.StartSyncExecution\r\nx-amz-date: 20260101T000000Z\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/states/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={:064x}\r\n\
         user-agent: aws-sdk\r\ncontent-length: {}\r\n\r\n{body}",
        0,
        body.len()
    );
    head.into_bytes().into()
}

/// A connection that is kept.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 << 10] })
    }

    /// Sends a request and reads one whole answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request)?;
        let mut read = 0;
        loop {
            let count = self.stream.read(&mut self.buffer[read..])?;
            ensure!(count > 0, "the server closed the connection");
            read += count;
            if let Some(end) = end_of(&self.buffer[..read])?
                && read >= end
            {
                ensure!(
                    self.buffer.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&self.buffer[..read])
                );
                return Ok(&self.buffer[..read]);
            }
        }
    }
}

/// Where an answer ends, once its head is there.
fn end_of(answer: &[u8]) -> Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head])?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    Ok(Some(head + 4 + length.context("an answer with a length")?.parse::<usize>()?))
}
