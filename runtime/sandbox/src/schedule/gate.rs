//! Admission: how many invocations may be live at once.

use super::turns::Turns;
use crate::limits::MemoryBudget;
use parking_lot::Mutex;
use std::sync::Arc;
use stepwell_types::AccountId;
use tokio::sync::oneshot;

/// Lets invocations in while there are places and memory; the others wait, accounts in turn.
///
/// A guest that waits inside holds memory, so memory is asked for here, where a waiter holds nothing: guests cannot
/// block each other half grown.
pub(crate) struct Gate {
    budget: Arc<MemoryBudget>,
    waiting_per_account_max: usize,
    state: Mutex<State>,
}

struct State {
    free: u32,
    line: Turns<Waiter>,
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
    weight: u32,
}

impl Gate {
    pub(crate) fn new(places: u32, waiting_per_account_max: usize, budget: Arc<MemoryBudget>) -> Arc<Self> {
        let state = Mutex::new(State { free: places, line: Turns::new() });
        Arc::new(Self { budget, waiting_per_account_max, state })
    }

    /// Waits for `weight` places.
    pub(crate) async fn enter(self: &Arc<Self>, account: AccountId, weight: u32) -> Result<Place, LineFull> {
        let entered = {
            let mut state = self.state.lock();
            if state.line.is_empty() && state.free >= weight && self.budget.has_room() {
                state.free -= weight;
                return Ok(Place { gate: self.clone(), weight });
            }
            if state.line.waiting(account) >= self.waiting_per_account_max {
                return Err(LineFull);
            }
            let (enter, entered) = oneshot::channel();
            state.line.push(account, Waiter { weight, enter });
            entered
        };
        // The gate outlives its line: this borrow of it keeps every sender alive.
        entered.await.map_err(|_| LineFull)
    }

    fn give_back(self: &Arc<Self>, weight: u32) {
        let mut returned = weight;
        loop {
            let (waiter, weight) = {
                let mut state = self.state.lock();
                state.free += returned;
                let free = state.free;
                let budget = &self.budget;
                let Some(waiter) = state.line.pop_if(|waiter| waiter.weight <= free && budget.has_room())
                else {
                    return;
                };
                state.free -= waiter.weight;
                let weight = waiter.weight;
                (waiter, weight)
            };
            returned = 0;
            if let Err(place) = waiter.enter.send(Place { gate: self.clone(), weight }) {
                // The waiter has gone. Its place is returned by hand: its drop would come back here, one frame deeper
                // for every waiter that went.
                returned = place.weight;
                place.forget();
            }
        }
    }
}

impl Place {
    fn forget(mut self) {
        self.weight = 0;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.weight > 0 {
            self.gate.give_back(self.weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
