//! A queue that serves accounts in turn, each in its own order.

use std::collections::{HashMap, VecDeque};
use stepwell_types::AccountId;

/// INVARIANT: an account is in `ring` exactly once if it has something queued, and in `queues` only then.
#[derive(Debug)]
pub(super) struct Turns<T> {
    queues: HashMap<AccountId, VecDeque<T>>,
    ring: VecDeque<AccountId>,
}

/// What becomes of an account's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Its first item goes.
    Take,
    /// The next account's may.
    PassOver,
    /// Nobody's may.
    Wait,
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

    /// The first item of the next account, accounts passed over that may not have their turn now; nothing if `judge`
    /// has it wait, so that what comes behind does not overtake it for ever.
    pub(super) fn pop_if(&mut self, mut judge: impl FnMut(AccountId, &T) -> Turn) -> Option<T> {
        for place in 0..self.ring.len() {
            let account = *self.ring.get(place)?;
            let queue = self.queues.get_mut(&account)?;
            match judge(account, queue.front()?) {
                Turn::Take => {}
                Turn::PassOver => continue,
                Turn::Wait => return None,
            }
            self.ring.remove(place);
            let item = queue.pop_front();
            if queue.is_empty() {
                self.queues.remove(&account);
            } else {
                self.ring.push_back(account);
            }
            return item;
        }
        None
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.pop_if(|_, _| Turn::Take)
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
        assert_eq!(turns.pop_if(|_, item| if *item == "b1" { Turn::Take } else { Turn::Wait }), None);
        let order: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        assert_eq!(order, ["a1", "b1", "a2", "a3"]);
        assert!(turns.is_empty());
        for (number, item) in [(1, "a1"), (1, "a2"), (2, "b1"), (3, "c1")] {
            turns.push(account(number), item);
        }
        let others = |number, _: &_| if number == account(1) { Turn::PassOver } else { Turn::Take };
        assert_eq!(
            [turns.pop_if(others), turns.pop_if(others), turns.pop_if(others)],
            [Some("b1"), Some("c1"), None]
        );
        assert_eq!([turns.pop(), turns.pop()], [Some("a1"), Some("a2")]);
        assert_eq!(turns.waiting(account(1)), 0);
    }
}
