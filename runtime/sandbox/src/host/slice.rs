//! Keeps a guest's turn on a core short, whatever it does.
//!
//! A guest gives its core back after [`SLICE_FUEL`] units of fuel. Host calls burn no fuel, so a guest that does little
//! but call would hold its core for seconds. After each host call the clock is read; once the turn has lasted
//! [`SLICE_MAX`], the next slices are made short, so that the guest yields at its next loop or call. They get their
//! full length back at the first host call of a later turn.

use super::{Guest, TooManyHostCalls};
use std::cell::Cell;
use std::time::{Duration, Instant};
use wasmtime::{CallHook, StoreContextMut};

/// Units of fuel between two yields: 50 to 100 microseconds of computing.
pub(crate) const SLICE_FUEL: u64 = 100_000;
/// Units of fuel between two yields for a guest that spends its turn in host calls.
const SHORT_SLICE_FUEL: u64 = 2_000;
/// How long a turn with host calls may last.
const SLICE_MAX: Duration = Duration::from_micros(300);

thread_local! {
    /// When the turn of the guest that this thread polls began.
    static TURN_BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Marks the begin of a turn; to be called on the polling thread before each poll.
pub(crate) fn begin_slice(now: Instant) {
    TURN_BEGAN.set(Some(now));
}

/// What the hook remembers between two host calls.
#[derive(Debug, Default)]
pub(crate) struct SliceWatch {
    host_calls_seen: u64,
    shortened_in_turn: Option<Instant>,
}

/// Runs when control passes between guest and host, also for the engine's own library calls; these leave
/// `host_calls` as it is and are passed over, since fuel may not be touched in them.
pub(super) fn on_call(mut store: StoreContextMut<'_, Guest>, hook: CallHook) -> wasmtime::Result<()> {
    match hook {
        CallHook::CallingHost | CallHook::CallingWasm | CallHook::ReturningFromWasm => return Ok(()),
        CallHook::ReturningFromHost => {}
    }
    let guest = store.data_mut();
    if guest.host_calls == guest.slice.host_calls_seen {
        return Ok(());
    }
    guest.slice.host_calls_seen = guest.host_calls;
    if guest.host_calls > guest.request.limits.host_calls {
        return Err(wasmtime::Error::new(TooManyHostCalls));
    }
    let Some(turn) = TURN_BEGAN.get() else { return Ok(()) };
    match guest.slice.shortened_in_turn {
        None if turn.elapsed() > SLICE_MAX => {
            guest.slice.shortened_in_turn = Some(turn);
            store.fuel_async_yield_interval(Some(SHORT_SLICE_FUEL))
        }
        Some(shortened) if shortened != turn => {
            guest.slice.shortened_in_turn = None;
            store.fuel_async_yield_interval(Some(SLICE_FUEL))
        }
        None | Some(_) => Ok(()),
    }
}
