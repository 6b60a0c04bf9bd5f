//! Admission: how many invocations may be live at once.

use super::turns::{Turn, Turns};
use crate::limits::{AccountMemory, MemoryBudget};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use stepwell_types::AccountId;
use tokio::sync::oneshot;

/// An account may take more places while it holds less than this many times what is free: alone it gets four fifths,
/// and whoever comes next always finds some. Guests that only wait would else keep all others out.
const TIMES_FREE: u32 = 4;

/// Lets invocations in while there are places and memory; the others wait, accounts in turn.
///
/// A guest that waits inside holds memory, so memory is asked for here, where a waiter holds nothing: guests cannot
/// block each other half grown.
pub(crate) struct Gate {
    budget: Arc<MemoryBudget>,
    waiting_per_account_max: usize,
    state: Mutex<State>,
}

/// INVARIANT: `held` has those accounts that hold places.
struct State {
    free: u32,
    held: HashMap<AccountId, Held>,
    line: Turns<Waiter>,
}

struct Held {
    places: u32,
    memory: Arc<AccountMemory>,
}

struct Waiter {
    weight: u32,
    enter: oneshot::Sender<Place>,
}

/// Too many invocations of one account wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineFull;

/// The right to be live; given back when dropped.
pub(crate) struct Place {
    gate: Arc<Gate>,
    account: AccountId,
    weight: u32,
    memory: Arc<AccountMemory>,
}

impl State {
    fn judge(&self, budget: &MemoryBudget, account: AccountId, weight: u32) -> Turn {
        let held = self.held.get(&account);
        let has_share = held.is_none_or(|held| {
            held.places < self.free.saturating_mul(TIMES_FREE) && budget.has_share(&held.memory)
        });
        if !has_share {
            Turn::PassOver
        } else if weight <= self.free && budget.has_room() {
            Turn::Take
        } else {
            Turn::Wait
        }
    }

    fn take(&mut self, gate: &Arc<Gate>, account: AccountId, weight: u32) -> Place {
        self.free -= weight;
        let held = self.held.entry(account).or_insert_with(|| Held { places: 0, memory: Arc::default() });
        held.places += weight;
        Place { gate: Arc::clone(gate), account, weight, memory: Arc::clone(&held.memory) }
    }

    fn give_back(&mut self, account: AccountId, weight: u32) {
        self.free += weight;
        if let Some(held) = self.held.get_mut(&account) {
            held.places -= weight;
            if held.places == 0 {
                self.held.remove(&account);
            }
        }
    }
}

impl Gate {
    pub(crate) fn new(places: u32, waiting_per_account_max: usize, budget: Arc<MemoryBudget>) -> Arc<Self> {
        let state = State { free: places, held: HashMap::new(), line: Turns::new() };
        Arc::new(Self { budget, waiting_per_account_max, state: Mutex::new(state) })
    }

    /// Waits for `weight` places.
    pub(crate) async fn enter(self: &Arc<Self>, account: AccountId, weight: u32) -> Result<Place, LineFull> {
        let entered = {
            let mut state = self.state.lock();
            if state.line.is_empty() && state.judge(&self.budget, account, weight) == Turn::Take {
                return Ok(state.take(self, account, weight));
            }
            if state.line.waiting(account) >= self.waiting_per_account_max {
                return Err(LineFull);
            }
            let (enter, entered) = oneshot::channel();
            state.line.push(account, Waiter { weight, enter });
            entered
        };
        // Those before it may only wait for their own account's share.
        self.admit();
        // The gate outlives its line: this borrow of it keeps every sender alive.
        entered.await.map_err(|_| LineFull)
    }

    /// Lets in who may.
    fn admit(self: &Arc<Self>) {
        let mut state = self.state.lock();
        while !state.line.is_empty() {
            let (mut line, budget) = (std::mem::replace(&mut state.line, Turns::new()), &self.budget);
            let mut entering = None;
            let waiter = line.pop_if(|account, waiter| {
                let turn = state.judge(budget, account, waiter.weight);
                entering = (turn == Turn::Take).then_some(account);
                turn
            });
            state.line = line;
            let (Some(waiter), Some(account)) = (waiter, entering) else { return };
            let place = state.take(self, account, waiter.weight);
            if let Err(place) = waiter.enter.send(place) {
                // The waiter has gone. Its place is returned by hand: its drop would come back here.
                state.give_back(account, place.forget());
            }
        }
    }
}

impl Place {
    /// What its account's guests hold.
    pub(crate) fn memory(&self) -> &Arc<AccountMemory> {
        &self.memory
    }

    fn forget(mut self) -> u32 {
        std::mem::take(&mut self.weight)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.weight > 0 {
            self.gate.state.lock().give_back(self.account, self.weight);
            self.gate.admit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::limits::Meter;
    use wasmtime::ResourceLimiter as _;

    fn account(number: u64) -> AccountId {
        AccountId::from_u64(number).unwrap()
    }

    #[tokio::test]
    async fn places_pass_on_and_lines_end() {
        let gate = Gate::new(2, 1, Arc::new(MemoryBudget::new(100)));
        let first = gate.enter(account(1), 1).await.unwrap();
        let second = gate.enter(account(1), 1).await.unwrap();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(account(1), 2).await.map(|place| place.weight) }
        });
        tokio::task::yield_now().await;
        assert_eq!(gate.enter(account(1), 1).await.err(), Some(LineFull));
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        assert_eq!(waiting.await.unwrap(), Ok(2));
        assert_eq!(gate.state.lock().free, 2);
    }

    #[tokio::test]
    async fn an_account_leaves_places_for_others() {
        let gate = Gate::new(10, 100, Arc::new(MemoryBudget::new(100)));
        let mut inside = Vec::new();
        for _ in 0..8 {
            inside.push(gate.enter(account(1), 1).await.unwrap());
        }
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(account(1), 1).await.is_ok() }
        });
        tokio::task::yield_now().await;
        let other = gate.enter(account(2), 1).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(other);
        inside.truncate(6);
        assert!(waiting.await.unwrap());
        drop(inside);
        let state = gate.state.lock();
        assert!(state.free == 10 && state.held.is_empty());
    }

    #[tokio::test]
    async fn an_account_leaves_memory_for_others() {
        let budget = Arc::new(MemoryBudget::new(1_000));
        let gate = Gate::new(10, 100, budget.clone());
        let first = gate.enter(account(1), 1).await.unwrap();
        let limits = Limits { memory_bytes: 850, ..Limits::default() };
        let mut meter = Meter::new(budget, &limits, first.memory().clone());
        assert!(meter.memory_growing(0, 850, None).unwrap());
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(account(1), 1).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        gate.enter(account(2), 1).await.unwrap();
        drop(meter);
        drop(first);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn who_has_gone_holds_no_place() {
        let gate = Gate::new(1, 100, Arc::new(MemoryBudget::new(100)));
        let place = gate.enter(account(1), 1).await.unwrap();
        for _ in 0..50 {
            let waiting = tokio::spawn({
                let gate = gate.clone();
                async move { gate.enter(account(1), 1).await.map(|_| ()) }
            });
            tokio::task::yield_now().await;
            waiting.abort();
            assert!(waiting.await.unwrap_err().is_cancelled());
        }
        drop(place);
        assert_eq!(gate.state.lock().free, 1);
        assert!(gate.enter(account(2), 1).await.is_ok());
    }
}
