//! A queue that serves accounts in turn, each in its own order.

use std::collections::{HashMap, VecDeque};
use stepwell_types::AccountId;

/// INVARIANT: an account is in `ring` exactly once if it has something queued, and in `queues` only then.
#[derive(Debug)]
pub(super) struct Turns<T> {
    queues: HashMap<AccountId, VecDeque<T>>,
    ring: VecDeque<AccountId>,
}

impl<T> Turns<T> {
    pub(super) fn new() -> Self {
        Self { queues: HashMap::new(), ring: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    pub(super) fn waiting(&self, account: AccountId) -> usize {
        self.queues.get(&account).map_or(0, VecDeque::len)
    }

    pub(super) fn push(&mut self, account: AccountId, item: T) {
        let queue = self.queues.entry(account).or_default();
        if queue.is_empty() {
            self.ring.push_back(account);
        }
        queue.push_back(item);
    }

    /// The next account's first item, if `fits` takes it; otherwise nothing moves.
    pub(super) fn pop_if(&mut self, fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let account = *self.ring.front()?;
        let queue = self.queues.get_mut(&account)?;
        if !fits(queue.front()?) {
            return None;
        }
        self.ring.pop_front();
        let item = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(&account);
        } else {
            self.ring.push_back(account);
        }
        item
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.pop_if(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_take_turns() {
        let account = |number| AccountId::from_u64(number).unwrap();
        let mut turns = Turns::new();
        for item in ["a1", "a2", "a3"] {
            turns.push(account(1), item);
        }
        turns.push(account(2), "b1");
        assert_eq!(turns.waiting(account(1)), 3);
        assert_eq!(turns.pop_if(|item| *item == "b1"), None);
        let order: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        assert_eq!(order, ["a1", "b1", "a2", "a3"]);
        assert!(turns.is_empty());
        assert_eq!(turns.waiting(account(1)), 0);
    }
}
