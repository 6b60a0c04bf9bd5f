//! A limit that accounts share, so that none of them takes all of it.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use stepwell_types::AccountId;

/// An account may take more while it holds less than this many times what is free: alone it gets four fifths, two that
/// want all get four ninths each, and whoever comes next always finds something. Source: dynamic thresholds, as
/// switches share their buffers.
const TIMES_FREE: usize = 4;

/// The limit.
#[derive(Debug)]
pub(crate) struct Shares {
    limit: usize,
    held: Mutex<Held>,
}

/// INVARIANT: `total` is the sum of `by_account`, which has no zero in it.
#[derive(Debug, Default)]
struct Held {
    total: usize,
    by_account: HashMap<AccountId, usize>,
}

/// One of them; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    account: AccountId,
}

impl Shares {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, held: Mutex::default() })
    }

    /// Takes one, if this account may have one more.
    pub(crate) fn take(self: &Arc<Self>, account: AccountId) -> Option<Share> {
        let mut held = self.held.lock();
        let free = self.limit.saturating_sub(held.total);
        let own = held.by_account.get(&account).copied().unwrap_or(0);
        if own >= free.saturating_mul(TIMES_FREE) {
            return None;
        }
        held.add(account);
        Some(Share { shares: Arc::clone(self), account })
    }

    /// Takes one for what was accepted before, whatever the limit says; it counts for those that come.
    pub(crate) fn take_over(self: &Arc<Self>, account: AccountId) -> Share {
        self.held.lock().add(account);
        Share { shares: Arc::clone(self), account }
    }
}

impl Held {
    fn add(&mut self, account: AccountId) {
        self.total += 1;
        *self.by_account.entry(account).or_default() += 1;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.held.lock();
        held.total -= 1;
        if let Some(own) = held.by_account.get_mut(&self.account) {
            *own -= 1;
            if *own == 0 {
                held.by_account.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64) -> AccountId {
        AccountId::from_u64(number).unwrap()
    }

    /// How many of a limit these accounts get that take turns in wanting more.
    #[track_caller]
    fn check(limit: usize, accounts: &[u64], want: &[usize]) -> Vec<Share> {
        let shares = Shares::new(limit);
        let mut taken = Vec::new();
        let mut counts = vec![0; accounts.len()];
        loop {
            let before = taken.len();
            for (number, count) in accounts.iter().zip(&mut counts) {
                if let Some(share) = shares.take(account(*number)) {
                    *count += 1;
                    taken.push(share);
                }
            }
            if taken.len() == before {
                assert_eq!(counts, want);
                return taken;
            }
        }
    }

    #[test]
    fn nobody_gets_all_of_it() {
        check(100, &[1], &[80]);
        check(100, &[1, 2], &[45, 44]);
        check(256, &[1], &[205]);
        check(1, &[1], &[1]);
        check(0, &[1], &[0]);
    }

    #[test]
    fn who_comes_later_finds_room_and_gives_it_back() {
        let shares = Shares::new(100);
        let greedy: Vec<_> = std::iter::from_fn(|| shares.take(account(1))).collect();
        assert_eq!(greedy.len(), 80);
        let later: Vec<_> = std::iter::from_fn(|| shares.take(account(2))).collect();
        assert_eq!(later.len(), 16);
        drop(greedy);
        assert!(shares.take(account(2)).is_some());
        drop(later);
        assert!(shares.held.lock().by_account.is_empty());
    }

    #[test]
    fn what_was_accepted_before_counts() {
        let shares = Shares::new(2);
        let over: Vec<_> = (0..3).map(|_| shares.take_over(account(1))).collect();
        assert!(shares.take(account(2)).is_none());
        drop(over);
        assert!(shares.take(account(2)).is_some());
    }
}
