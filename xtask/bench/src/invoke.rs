//! Invocations of a function, through the sandbox and through the engine, against bare wasmtime.

use crate::Options;
use crate::bare::{Bare, Fuel};
use crate::clock::{median, process_cpu};
use crate::figure::Figure;
use crate::world::{EVENT, World, component};
use anyhow::{Result, anyhow, bail};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_engine::function::{InvocationType, Invoke, Invoked};
use stepwell_sandbox::{Clocks, FunctionIdentity, Grants, InvokeRequest, Limits, Randomness, prepare};
use stepwell_store::memory_store;
use stepwell_types::{AccountId, FunctionArn};

/// Invocations in flight.
const TASKS: usize = 8;

/// Two components: one of hand-written bytes in and out, one of the SDK with typed JSON.
pub(crate) async fn measure(options: &Options, print: &mut impl FnMut(Figure)) -> Result<()> {
    let world = World::open(memory_store()).await?;
    world.function("transform-record").await?;
    for name in ["echo", "transform-record"] {
        let prepared = prepare(&component(name)?)?;
        let (bare, metered) = (bare_calls(name, Fuel::Off)?, bare_calls(name, Fuel::Metered)?);
        let loaded = world.sandbox.publish(prepared.digest, prepared.component).await?;
        let (sandbox, request) = (world.sandbox.clone(), request(name));
        let in_sandbox = move || {
            let (sandbox, loaded, request) = (sandbox.clone(), loaded.clone(), request.clone());
            async move { Ok(sandbox.invoke(&loaded, request).await.outcome.map(drop)?) }
        };
        let (engine, scope) = (world.engine.clone(), world.scope.clone());
        let function: FunctionArn = format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
            .parse()
            .map_err(|_| anyhow!("an ARN"))?;
        let in_engine = move || {
            let (engine, scope) = (engine.clone(), scope.clone());
            let request = Invoke {
                function: function.clone(),
                event: EVENT.into(),
                invocation_type: InvocationType::RequestResponse,
            };
            async move {
                match engine.invoke(&scope, request).await? {
                    Invoked::Ran { function_error: None, .. } => Ok(()),
                    other => bail!("{other:?}"),
                }
            }
        };
        if options.ours_only {
            println!("{name}: {:.0}/s", rate(in_engine, options.round()).await?);
            continue;
        }
        let round = options.round() / 2;
        let mut rates: [Vec<f64>; 4] = Default::default();
        for _ in 0..options.rounds.max(1) {
            rates[0].push(rate(bare.clone(), round).await?);
            rates[1].push(rate(metered.clone(), round).await?);
            rates[2].push(rate(in_sandbox.clone(), round).await?);
            rates[3].push(rate(in_engine.clone(), round).await?);
        }
        let [bare, metered, sandbox, engine] = rates.map(median);
        let line = |what: &str, ours, limit, against: &str| Figure {
            what: format!("invocations of {name}, {what}"),
            unit: "/CPU s",
            ours,
            limit,
            against: against.to_owned(),
        };
        print(line("sandbox", sandbox, bare, "bare wasmtime"));
        print(line("engine", engine, bare, "bare wasmtime"));
        print(line("engine", engine, metered, "bare wasmtime with fuel"));
    }
    Ok(())
}

/// Calls of a component that is checked in, in bare wasmtime.
pub(crate) fn bare_calls(
    name: &str,
    fuel: Fuel,
) -> Result<impl Fn() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Clone + Send + 'static> {
    let bare = Arc::new(Bare::new(&prepare(&component(name)?)?.component, fuel)?);
    Ok(move || -> Pin<Box<dyn Future<Output = Result<()>> + Send>> {
        let bare = Arc::clone(&bare);
        Box::pin(async move { bare.call(EVENT).await.map(drop) })
    })
}

/// Calls per second of CPU, from several tasks at once.
pub(crate) async fn rate<F, C>(call: F, round: Duration) -> Result<f64>
where
    F: Fn() -> C + Clone + Send + 'static,
    C: Future<Output = Result<()>> + Send + 'static,
{
    let (began, cpu) = (Instant::now(), process_cpu());
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut calls = 0_u32;
                while began.elapsed() < round {
                    for _ in 0..50 {
                        call().await?;
                        calls += 1;
                    }
                    tokio::task::yield_now().await;
                }
                anyhow::Ok(calls)
            })
        })
        .collect();
    let mut calls = 0;
    for task in tasks {
        calls += task.await??;
    }
    Ok(f64::from(calls) / (process_cpu() - cpu).as_secs_f64())
}

fn request(name: &str) -> InvokeRequest {
    InvokeRequest {
        account: AccountId::DEFAULT,
        event: EVENT.into(),
        invocation_id: "7c1c3cd4-0000-4000-8000-000000000001".into(),
        execution_arn: None,
        attempt: 1,
        idempotency_key: "key".into(),
        function: FunctionIdentity { name: name.into(), version: "$LATEST".into() },
        environment: Arc::new([]),
        limits: Limits { timeout: Duration::from_secs(60), ..Limits::default() },
        grants: Grants::default(),
        clocks: Clocks::Real,
        randomness: Randomness::Real,
    }
}
