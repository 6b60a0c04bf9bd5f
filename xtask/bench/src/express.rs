//! Synchronous Express executions over HTTP against a bare axum handler that answers the same bytes.
//!
//! Clients are plain threads, each with a connection that it keeps; their CPU time is taken off, so what is left is
//! the server's, its system calls included. The bare handler runs no guest: a Task is compared with bare axum and bare
//! wasmtime together as well.

use crate::Options;
use crate::bare::Fuel;
use crate::client::{Client, start_sync};
use crate::clock::{in_turn, median, process_cpu, thread_cpu};
use crate::figure::Figure;
use crate::invoke;
use crate::world::{PASS, TASK, World};
use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use std::net::SocketAddr;
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

/// What an execution runs beside the engine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Nothing,
    Guest,
}

pub(crate) async fn measure(options: &Options, print: &mut impl FnMut(Figure)) -> Result<()> {
    let world = World::open(memory_store()).await?;
    let api = Api::new(world.engine.clone(), Authenticator::open(OpenMode::default()));
    api.readiness().set(Phase::Ready);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    tokio::spawn(stepwell_api::serve(listener, api.router(), stop.clone(), ServeLimits::default()));

    let guest = invoke::bare_calls("echo", Fuel::Off)?;
    for (what, name, definition, runs) in
        [("a Pass", "pass", PASS, Runs::Nothing), ("a Task", "task", TASK, Runs::Guest)]
    {
        let machine = world.machine(name, definition, MachineType::Express).await?;
        let request = start_sync(&machine);
        let answer = ask_once(address, Arc::clone(&request)).await?;
        ensure!(answer.contains("SUCCEEDED"), "{answer}");
        let (_, answer_body) = answer.split_once("\r\n\r\n").context("a head and a body")?;
        let bare_address = serve_bare(answer_body.to_owned()).await?;
        if options.ours_only {
            let (cpu, wall) = rate(address, &request, options.round()).await?;
            println!("{what}: {cpu:.0}/CPU s, {wall:.0}/s");
            continue;
        }
        let [mut ours, mut bare, mut our_wall, mut bare_wall, mut guest_cpu] = [const { Vec::new() }; 5];
        for _ in 0..options.rounds.max(1) {
            let (cpu, wall) = rate(bare_address, &request, options.round() / 2).await?;
            bare.push(cpu);
            bare_wall.push(wall);
            let (cpu, wall) = rate(address, &request, options.round() / 2).await?;
            ours.push(cpu);
            our_wall.push(wall);
            if runs == Runs::Guest {
                guest_cpu.push(invoke::rate(guest.clone(), options.round() / 2).await?);
            }
        }
        let line = |what: String, unit, ours: &[f64], limit: f64, against: &str| Figure {
            what,
            unit,
            ours: median(ours.to_vec()),
            limit,
            against: against.to_owned(),
        };
        let name = || format!("StartSyncExecution of {what} over HTTP");
        let bare = median(bare);
        print(line(name(), "/CPU s", &ours, bare, "bare axum"));
        if runs == Runs::Guest {
            let both = in_turn(bare, median(guest_cpu));
            print(line(name(), "/CPU s", &ours, both, "bare axum and bare wasmtime"));
        }
        let name = format!("StartSyncExecution of {what}, {CLIENTS} clients");
        print(line(name, "/s", &our_wall, median(bare_wall), "bare axum"));
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
