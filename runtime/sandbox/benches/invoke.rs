//! Invocations per second beside bare wasmtime, and what spinning guests do to the answers of a server, both measured
//! in one run: `cargo bench -p stepwell-sandbox --bench invoke`.
//!
//! Bare wasmtime is a store, an instance, one call and their end, on the same pooled engine, without fuel, limits,
//! logs, time-out or fairness. Rates are per second of CPU, so that other work on the machine does not count.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_sandbox::{
    Clocks, FunctionIdentity, Grants, InvokeRequest, Limits, Loaded, Randomness, Sandbox, SandboxConfig,
    prepare,
};
use stepwell_types::AccountId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wasmtime::component::{Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(400);
/// Invocations in flight.
const TASKS: usize = 8;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-examples/built/");
        for name in ["echo.wasm", "transform-record.wasm"] {
            let upload = std::fs::read(format!("{path}{name}"))?;
            throughput(name, &upload).await?;
        }
        latency().await
    })
}

// -- Throughput ------------------------------------------------------------------------------------------------------

async fn throughput(name: &str, upload: &[u8]) -> Result<()> {
    let dir = std::env::temp_dir().join(format!("stepwell-bench-{}", std::process::id()));
    let sandbox = Sandbox::new(SandboxConfig::new(&dir)).map_err(wasmtime::Error::new)?;
    let prepared = prepare(upload).map_err(wasmtime::Error::new)?;
    let bare = Arc::new(Bare::new(&prepared.component)?);
    let ours = sandbox.publish(prepared.digest, prepared.component).await.map_err(wasmtime::Error::new)?;
    let call_bare = move || {
        let bare = bare.clone();
        async move { bare.call(EVENT).await.map(drop) }
    };
    let request = request(Duration::from_secs(3));
    let call_ours = move || {
        let (sandbox, ours, request) = (sandbox.clone(), ours.clone(), request.clone());
        async move {
            let report = sandbox.invoke(&ours, request).await;
            report.outcome.map(drop).map_err(wasmtime::Error::new)
        }
    };
    let (mut bare_rates, mut our_rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare_rates.push(rate(call_bare.clone()).await?);
        our_rates.push(rate(call_ours.clone()).await?);
    }
    let (bare, ours) = (median(bare_rates), median(our_rates));
    println!("{name}: bare wasmtime {bare:.0}/s, sandbox {ours:.0}/s: {:.0} %", ours / bare * 100.0);
    let _ = std::fs::remove_dir_all(dir);
    Ok(())
}

const EVENT: &str = r#"{"id": 17, "station": "S3", "reading": 712}"#;

/// Calls per second of CPU, from several tasks at once.
async fn rate<F, C>(call: F) -> Result<f64>
where
    F: Fn() -> C + Clone + Send + 'static,
    C: Future<Output = Result<()>> + Send + 'static,
{
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut calls = 0_u32;
                while began.elapsed() < ROUND {
                    for _ in 0..50 {
                        call().await?;
                        calls += 1;
                    }
                    tokio::task::yield_now().await;
                }
                Ok::<_, wasmtime::Error>(calls)
            })
        })
        .collect();
    let mut calls = 0;
    for task in tasks {
        calls += task.await??;
    }
    Ok(f64::from(calls) / (cpu_seconds() - cpu))
}

/// CPU time of this process, to a hundredth of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    fields.iter().skip(11).take(2).sum::<f64>() / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn request(timeout: Duration) -> InvokeRequest {
    InvokeRequest {
        account: AccountId::DEFAULT,
        event: EVENT.into(),
        invocation_id: "7c1c3cd4-0000-4000-8000-000000000001".into(),
        execution_arn: None,
        attempt: 1,
        idempotency_key: "key".into(),
        function: FunctionIdentity { name: "demo".into(), version: "$LATEST".into() },
        environment: Arc::new([]),
        limits: Limits { timeout, ..Limits::default() },
        grants: Grants::default(),
        clocks: Clocks::Real,
        randomness: Randomness::Real,
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct TaskError {
    error: String,
    cause: String,
}

struct Bare {
    engine: Engine,
    pre: InstancePre<()>,
    handle: ComponentExportIndex,
}

impl Bare {
    fn new(component: &[u8]) -> Result<Self> {
        Self::with(component, false)
    }

    fn with(component: &[u8], fuel: bool) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.max_memory_size(4 << 30).total_core_instances(20_000).total_tables(4_000);
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            pool.pagemap_scan(Enabled::Yes)
                .linear_memory_keep_resident(4 << 20)
                .table_keep_resident(64 << 10);
        }
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .concurrency_support(false)
            .consume_fuel(fuel);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let pre = linker.instantiate_pre(&component)?;
        let handle = component.get_export_index(None, "handle");
        let handle = handle.ok_or_else(|| wasmtime::Error::msg("no handler"))?;
        Ok(Self { engine, pre, handle })
    }

    async fn call(&self, event: &str) -> Result<String> {
        self.call_in(Store::new(&self.engine, ()), event).await
    }

    async fn call_in(&self, mut store: Store<()>, event: &str) -> Result<String> {
        let instance = self.pre.instantiate_async(&mut store).await?;
        let handle = instance
            .get_typed_func::<(&str,), (std::result::Result<String, TaskError>,)>(&mut store, &self.handle)?;
        let (result,) = handle.call_async(&mut store, (event,)).await?;
        result.map_err(|error| wasmtime::Error::msg(format!("{}: {}", error.error, error.cause)))
    }
}

// -- Latency beside spinning guests ----------------------------------------------------------------------------------

async fn latency() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-examples/built/spin.wasm");
    let prepared = prepare(&std::fs::read(path)?).map_err(wasmtime::Error::new)?;
    let dir = std::env::temp_dir().join(format!("stepwell-bench-{}", std::process::id()));
    let sandbox = Sandbox::new(SandboxConfig::new(&dir)).map_err(wasmtime::Error::new)?;
    let on_workers = Arc::new(Bare::with(&prepared.component, true)?);
    let ours: Loaded =
        sandbox.publish(prepared.digest, prepared.component).await.map_err(wasmtime::Error::new)?;
    let address = serve().await?;
    let spinners = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let report = |name: &str, mut times: Vec<Duration>| {
        times.sort();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
        println!("an answer over loopback, {name}: p50 {:?}, p99 {:?}", at(50), at(99));
    };
    report("nothing else running", ask(address).await?);

    let guests: Vec<_> = (0..spinners)
        .map(|_| {
            let (sandbox, ours) = (sandbox.clone(), ours.clone());
            tokio::spawn(async move { sandbox.invoke(&ours, request(Duration::from_secs(60))).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    report("spinning guests on the guest threads", ask(address).await?);
    for guest in guests {
        guest.abort();
        let _ = guest.await;
    }

    let guests: Vec<_> = (0..spinners)
        .map(|_| {
            let bare = on_workers.clone();
            tokio::spawn(async move {
                let mut store = Store::new(&bare.engine, ());
                store.set_fuel(u64::MAX / 2)?;
                store.fuel_async_yield_interval(Some(100_000))?;
                bare.call_in(store, "{}").await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    report("spinning guests on the server's own threads", ask(address).await?);
    for guest in guests {
        guest.abort();
        let _ = guest.await;
    }
    let _ = std::fs::remove_dir_all(dir);
    Ok(())
}

/// A server that answers each line with a line.
async fn serve() -> Result<std::net::SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut line = [0; 16];
                while stream.read_exact(&mut line).await.is_ok() {
                    if stream.write_all(&line).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(address)
}

/// Asks from a thread of its own, as a client elsewhere would, with a pause between two questions.
async fn ask(address: std::net::SocketAddr) -> Result<Vec<Duration>> {
    let client = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut line = [b'x'; 16];
        let mut times = Vec::new();
        for _ in 0..2_000 {
            let began = Instant::now();
            stream.write_all(&line)?;
            stream.read_exact(&mut line)?;
            times.push(began.elapsed());
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok::<_, std::io::Error>(times)
    });
    Ok(client.await??)
}
