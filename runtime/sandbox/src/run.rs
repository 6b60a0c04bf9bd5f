//! The life of one attempt: a store, an instance, one call, and nothing left of them.

use crate::host::{self, DeniedCall, Guest, OutputFull, SLICE_FUEL, TRANSFER_SLACK_BYTES, TooManyHostCalls};
use crate::limits::{BudgetExhausted, MemoryBudget};
use crate::registry::Loaded;
use crate::schedule::Place;
use crate::{ComponentKind, InvokeError, InvokeReport, InvokeRequest, Usage, json};
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use wasmtime::component::{ComponentType, Lift};
use wasmtime::{Store, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Units of fuel that no core burns in a second. A guest without a fuel limit gets this much for each second of its
/// time-out: fuel then never ends before the time does, and nothing is unbounded.
const FUEL_PER_SECOND_MAX: u64 = 20_000_000_000;
/// Functions of a trapped guest's stack that are reported.
const STACK_FRAMES_MAX: usize = 20;
/// Characters of each function's name: the guest chooses them.
const FRAME_CHARS_MAX: usize = 200;

#[derive(ComponentType, Lift)]
#[component(record)]
struct TaskError {
    error: String,
    cause: String,
}

/// Why a call ended without a result.
enum Stopped {
    Error(wasmtime::Error),
    TimedOut,
}

/// Runs one attempt; the time-out begins at the first poll.
pub(crate) async fn attempt(
    function: Loaded,
    request: InvokeRequest,
    budget: Arc<MemoryBudget>,
    called: Instant,
    place: Place,
) -> InvokeReport {
    let guest = Guest::new(request, function.kind(), budget, place.memory().clone());
    let started = guest.started;
    let limits = guest.request.limits;
    let fuel_max = FUEL_PER_SECOND_MAX.saturating_mul(limits.timeout.as_secs().saturating_add(1));
    let fuel = limits.fuel.map_or(fuel_max, |fuel| fuel.min(fuel_max));
    let mut store = Store::new(function.engine(), guest);
    host::limit(&mut store);
    let outcome = match store.set_fuel(fuel).and_then(|()| store.fuel_async_yield_interval(Some(SLICE_FUEL)))
    {
        Ok(()) => within(started, limits.timeout, call(&mut store, &function)).await,
        Err(error) => Err(Stopped::Error(error)),
    };
    let duration = started.elapsed();
    let fuel_used = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    let outcome = outcome.map(|result| result.and_then(|output| checked(output, limits.output_bytes)));
    let outcome = outcome.unwrap_or_else(|stopped| Err(explain(stopped, store.data())));
    let guest = store.data_mut();
    if let Err(error) = &outcome
        && let Some(remedy) = error.remedy()
    {
        let text = format!("stopped: {error}; {remedy}");
        guest.log().lock().host_line(text);
    }
    let (logs, log_lines_dropped) = guest.take_log();
    let usage = Usage {
        fuel: fuel_used,
        duration,
        billed_ms: u64::try_from(duration.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX),
        waited: started.saturating_duration_since(called),
        memory_peak_bytes: guest.meter.memory_bytes(),
        host_calls: guest.host_calls,
        log_lines_dropped,
    };
    // Its slot is free before its place is: who comes next finds one.
    drop(store);
    drop(place);
    InvokeReport { outcome, usage, logs }
}

/// Polls a call until it ends or its time does. A guest that waits in a host call is woken by a timer, which most calls
/// never need.
async fn within<T>(
    started: Instant,
    timeout: Duration,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, Stopped> {
    let mut call = pin!(call);
    let mut timer = None;
    poll_fn(|cx| {
        let now = Instant::now();
        if now.saturating_duration_since(started) >= timeout {
            return Poll::Ready(Err(Stopped::TimedOut));
        }
        host::begin_slice(now);
        if let Poll::Ready(result) = call.as_mut().poll(cx) {
            return Poll::Ready(result.map_err(Stopped::Error));
        }
        let timer = timer.get_or_insert_with(|| {
            let deadline = started.checked_add(timeout).unwrap_or(started);
            Box::pin(tokio::time::sleep_until(deadline.into()))
        });
        timer.as_mut().poll(cx).map(|()| Err(Stopped::TimedOut))
    })
    .await
}

async fn call(store: &mut Store<Guest>, function: &Loaded) -> wasmtime::Result<Result<String, InvokeError>> {
    let instance = function.pre().instantiate_async(&mut *store).await?;
    match function.kind() {
        ComponentKind::Task => {
            let handle = instance
                .get_typed_func::<(&str,), (Result<String, TaskError>,)>(&mut *store, function.export())?;
            let event = store.data().request.event.clone();
            let (result,) = handle.call_async(&mut *store, (&event,)).await?;
            Ok(result.map_err(|TaskError { error, cause }| InvokeError::TaskError { error, cause }))
        }
        ComponentKind::Command => {
            let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, function.export())?;
            let status = match run.call_async(&mut *store, ()).await {
                Ok((Ok(()),)) => 0,
                Ok((Err(()),)) => 1,
                Err(error) => error.downcast::<I32Exit>()?.0,
            };
            Ok(if status == 0 { command_result(store.data()) } else { Err(InvokeError::Exited { status }) })
        }
    }
}

/// What a command wrote, without the blanks and line ends around it.
fn command_result(guest: &Guest) -> Result<String, InvokeError> {
    let bytes =
        guest.output.as_ref().map(|output| std::mem::take(&mut output.lock().bytes)).unwrap_or_default();
    match std::str::from_utf8(bytes.trim_ascii()) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(InvokeError::OutputNotJson { reason: error.to_string() }),
    }
}

fn checked(output: String, limit_bytes: usize) -> Result<String, InvokeError> {
    if output.len() > limit_bytes {
        return Err(InvokeError::OutputTooLarge { bytes: output.len(), limit_bytes });
    }
    json::check(&output).map_err(|reason| InvokeError::OutputNotJson { reason })?;
    Ok(output)
}

fn explain(stopped: Stopped, guest: &Guest) -> InvokeError {
    let limits = &guest.request.limits;
    let timed_out = || InvokeError::TimedOut { limit: limits.timeout, at: host::now() };
    let error = match stopped {
        Stopped::TimedOut => return timed_out(),
        Stopped::Error(error) => error,
    };
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        return limits.fuel.map_or_else(timed_out, |limit| InvokeError::OutOfFuel { limit });
    }
    if guest.meter.refused {
        return InvokeError::OutOfMemory { limit_bytes: limits.memory_bytes };
    }
    if error.is::<BudgetExhausted>() || error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return InvokeError::MemoryExhausted;
    }
    if error.is::<TooManyHostCalls>() {
        return InvokeError::HostCallLimit { limit: limits.host_calls };
    }
    if let Some(full) = error.downcast_ref::<OutputFull>() {
        return InvokeError::OutputTooLarge { bytes: full.bytes, limit_bytes: limits.output_bytes };
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return InvokeError::Exited { status: exit.0 };
    }
    let stack = error.downcast_ref::<WasmBacktrace>();
    let reason = error.root_cause().to_string();
    if trap.is_none() {
        if let Some(denied) = error.downcast_ref::<DeniedCall>() {
            return InvokeError::Denied { capability: denied.capability.clone() };
        }
        // Wasmtime has no type for this one.
        if stack.is_none() && reason.contains("fuel allocated for hostcalls") {
            let bytes = limits.output_bytes.saturating_add(TRANSFER_SLACK_BYTES);
            return InvokeError::OutputTooLarge { bytes, limit_bytes: limits.output_bytes };
        }
        if error.root_cause().is::<std::str::Utf8Error>() {
            return InvokeError::OutputNotJson { reason };
        }
    }
    InvokeError::Trap { reason, stack: frames(stack) }
}

fn frames(stack: Option<&WasmBacktrace>) -> Vec<String> {
    let Some(stack) = stack else { return Vec::new() };
    let name = |frame: &wasmtime::FrameInfo| {
        let cut = |name: &str| name.chars().take(FRAME_CHARS_MAX).collect();
        frame.func_name().map_or_else(|| format!("function {}", frame.func_index()), cut)
    };
    stack.frames().iter().take(STACK_FRAMES_MAX).map(name).collect()
}
