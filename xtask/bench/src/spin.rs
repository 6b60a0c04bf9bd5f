//! What guests that spin on every core do to others: how long an answer over HTTP and a durable commit take.
//!
//! The limit is the same with nothing else running. The house rule is that no 99th percentile doubles.

use crate::Options;
use crate::client::{Client, start_sync};
use crate::clock::percentile;
use crate::figure::Figure;
use crate::world::{EVENT, PASS, World};
use anyhow::{Context as _, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_api::{Api, Phase, ServeLimits};
use stepwell_auth::{Authenticator, OpenMode};
use stepwell_engine::function::{InvocationType, Invoke};
use stepwell_engine::machine::MachineType;
use stepwell_store_redb::{RedbOptions, RedbStore};
use stepwell_types::{FunctionArn, Payload, StateMachineArn};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Between two questions.
const PAUSE: Duration = Duration::from_micros(500);
/// Until the guests have their cores.
const SETTLE: Duration = Duration::from_millis(200);

pub(crate) async fn measure(options: &Options, print: &mut impl FnMut(Figure)) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = RedbStore::open(&folder.path().join("store"), RedbOptions::default())?;
    let world = World::open(Arc::new(store)).await?;
    world.function("spin").await?;
    let express = world.machine("express", PASS, MachineType::Express).await?;
    let standard = world.machine("standard", PASS, MachineType::Standard).await?;
    let api = Api::new(world.engine.clone(), Authenticator::open(OpenMode::default()));
    api.readiness().set(Phase::Ready);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    tokio::spawn(stepwell_api::serve(listener, api.router(), stop.clone(), ServeLimits::default()));

    let [mut answers, mut answers_alone, mut commits, mut commits_alone] = [const { Vec::new() }; 4];
    for _ in 0..options.rounds.max(1) {
        answers_alone.extend(answer_times(address, start_sync(&express), options.round()).await?);
        commits_alone.extend(commit_times(&world, &standard, options.round()).await?);
        let spinning = spin(&world)?;
        tokio::time::sleep(SETTLE).await;
        answers.extend(answer_times(address, start_sync(&express), options.round()).await?);
        commits.extend(commit_times(&world, &standard, options.round()).await?);
        for guest in spinning {
            guest.abort();
            let _ = guest.await;
        }
    }
    for (what, ours, alone) in
        [("an answer over HTTP", answers, answers_alone), ("a commit", commits, commits_alone)]
    {
        for part in [50, 99] {
            print(Figure {
                what: format!("{what} beside spinning guests, p{part}"),
                unit: "µs",
                ours: percentile(ours.clone(), part),
                limit: percentile(alone.clone(), part),
                against: "nothing else running (rule: p99 below 200%)".to_owned(),
            });
        }
    }
    stop.cancel();
    Ok(())
}

/// Two guests for each core that never end by themselves.
fn spin(world: &World) -> Result<Vec<tokio::task::JoinHandle<()>>> {
    let function: FunctionArn =
        "arn:aws:lambda:us-east-1:000000000000:function:spin".parse().ok().context("an ARN")?;
    let guests = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    let spin = |_| {
        let (engine, scope, function) = (world.engine.clone(), world.scope.clone(), function.clone());
        let invocation_type = InvocationType::RequestResponse;
        tokio::spawn(async move {
            let _ = engine.invoke(&scope, Invoke { function, event: "{}".into(), invocation_type }).await;
        })
    };
    Ok((0..guests).map(spin).collect())
}

/// Microseconds until each answer, asked for from a thread of its own as a client elsewhere would.
async fn answer_times(address: SocketAddr, request: Arc<[u8]>, round: Duration) -> Result<Vec<f64>> {
    let ask = move || {
        let mut client = Client::connect(address)?;
        let (began, mut times) = (Instant::now(), Vec::new());
        while began.elapsed() < round {
            let asked = Instant::now();
            client.ask(&request)?;
            times.push(asked.elapsed().as_secs_f64() * 1e6);
            std::thread::sleep(PAUSE);
        }
        Ok(times)
    };
    tokio::task::spawn_blocking(ask).await?
}

/// Microseconds until each start is durable.
async fn commit_times(world: &World, machine: &StateMachineArn, round: Duration) -> Result<Vec<f64>> {
    let input = Payload::parse(EVENT).context("JSON")?;
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < round {
        let asked = Instant::now();
        world.engine.start_execution(&world.scope, World::start(machine, &input)).await?;
        times.push(asked.elapsed().as_secs_f64() * 1e6);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}
