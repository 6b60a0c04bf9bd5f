//! Synchronous Express executions over HTTP against a bare axum handler that answers the same bytes.
//!
//! Clients are plain threads, each with a connection that it keeps; their CPU time is taken off, so what is left is
//! the server's, its system calls included.

use crate::Options;
use crate::clock::{median, process_cpu, thread_cpu};
use crate::figure::Figure;
use crate::world::{EVENT, PASS, TASK, World};
use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_api::{Api, Phase, ServeLimits};
use stepwell_auth::{Authenticator, OpenMode};
use stepwell_engine::machine::MachineType;
use stepwell_store::memory_store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Clients, each with one request on its way.
const CLIENTS: usize = 16;

pub(crate) async fn measure(options: &Options, print: &mut impl FnMut(Figure)) -> Result<()> {
    let world = World::open(memory_store()).await?;
    let api = Api::new(world.engine.clone(), Authenticator::open(OpenMode::default()));
    api.readiness().set(Phase::Ready);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    tokio::spawn(stepwell_api::serve(listener, api.router(), stop.clone(), ServeLimits::default()));

    for (what, name, definition) in [("a Pass", "pass", PASS), ("a Task", "task", TASK)] {
        let machine = world.machine(name, definition, MachineType::Express).await?;
        let body = serde_json::json!({"stateMachineArn": machine.to_string(), "input": EVENT}).to_string();
        let request = request(&body);
        let answer = ask_once(address, Arc::clone(&request)).await?;
        ensure!(answer.contains("SUCCEEDED"), "{answer}");
        let (_, answer_body) = answer.split_once("\r\n\r\n").context("a head and a body")?;
        let bare_address = serve_bare(answer_body.to_owned()).await?;
        if options.ours_only {
            let (cpu, wall) = rate(address, &request, options.round()).await?;
            println!("{what}: {cpu:.0}/CPU s, {wall:.0}/s");
            continue;
        }
        let (mut ours, mut bare, mut our_wall, mut bare_wall) = (vec![], vec![], vec![], vec![]);
        for _ in 0..options.rounds.max(1) {
            let (cpu, wall) = rate(bare_address, &request, options.round() / 2).await?;
            bare.push(cpu);
            bare_wall.push(wall);
            let (cpu, wall) = rate(address, &request, options.round() / 2).await?;
            ours.push(cpu);
            our_wall.push(wall);
        }
        let line = |what: String, unit, ours, limit| Figure {
            what,
            unit,
            ours: median(ours),
            limit: median(limit),
            against: "bare axum".to_owned(),
        };
        print(line(format!("StartSyncExecution of {what} over HTTP"), "/CPU s", ours, bare));
        print(line(format!("StartSyncExecution of {what}, {CLIENTS} clients"), "/s", our_wall, bare_wall));
    }
    stop.cancel();
    Ok(())
}

/// A handler that reads the request's body and answers these bytes.
async fn serve_bare(answer: String) -> Result<SocketAddr> {
    let answer = Bytes::from(answer);
    let handler = move |body: Bytes| async move {
        drop(body);
        ([("content-type", "application/x-amz-json-1.0")], answer)
    };
    let router: Router = Router::new().route("/", post(handler));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// A request as an AWS SDK sends it.
fn request(body: &str) -> Arc<[u8]> {
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

async fn ask_once(address: SocketAddr, request: Arc<[u8]>) -> Result<String> {
    let ask = move || {
        Client::connect(address)?.ask(&request).map(|answer| String::from_utf8_lossy(answer).into_owned())
    };
    tokio::task::spawn_blocking(ask).await?
}

/// Requests per second of the server's CPU, and per second.
async fn rate(address: SocketAddr, request: &Arc<[u8]>, round: Duration) -> Result<(f64, f64)> {
    let (began, cpu) = (Instant::now(), process_cpu());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let request = Arc::clone(request);
            std::thread::spawn(move || {
                let mut client = Client::connect(address)?;
                let mut answers = 0_u32;
                while began.elapsed() < round {
                    client.ask(&request)?;
                    answers += 1;
                }
                anyhow::Ok((answers, thread_cpu()))
            })
        })
        .collect();
    tokio::task::spawn_blocking(move || {
        let (mut answers, mut clients_cpu) = (0, Duration::ZERO);
        for client in clients {
            let (count, cpu) = client.join().map_err(|_| anyhow::anyhow!("a client failed"))??;
            answers += count;
            clients_cpu += cpu;
        }
        let cpu = (process_cpu() - cpu).saturating_sub(clients_cpu);
        let answers = f64::from(answers);
        Ok((answers / cpu.as_secs_f64(), answers / began.elapsed().as_secs_f64()))
    })
    .await?
}

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 << 10] })
    }

    /// Sends a request and reads one whole answer.
    fn ask(&mut self, request: &[u8]) -> Result<&[u8]> {
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
