//! The queued invocations that memory knows of: those that are due wait in line, accounts in turn; those that are to be
//! repeated wait for their time.
//!
//! The store has them all. Memory knows so many of each account, and learns of more when these are nearly done: an
//! account that queues a million costs the others neither their turns nor the reading of its rows.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use stepwell_store::PendingKey;
use stepwell_types::AccountId;

/// How much memory knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineLimits {
    /// Invocations of one account in line.
    pub(super) per_account_max: usize,
    /// Invocations in line.
    pub(super) total_max: usize,
    /// Invocations that wait for their time.
    pub(super) later_max: usize,
}

impl Default for LineLimits {
    fn default() -> Self {
        Self { per_account_max: 1_024, total_max: 65_536, later_max: 16_384 }
    }
}

/// The line.
///
/// INVARIANT: an account is in `turns` exactly once if something of it waits, and in `waiting` only then.
#[derive(Debug)]
pub(super) struct Line {
    limits: LineLimits,
    waiting: HashMap<AccountId, VecDeque<PendingKey>>,
    turns: VecDeque<AccountId>,
    total: usize,
    later: BTreeMap<(i64, u64), AccountId>,
    /// Those that wait, run, or have ended since rows were read last: they are not taken from a row again.
    known: HashSet<u64>,
    /// Those whose rows are gone, durably.
    done: Vec<u64>,
    /// Accounts of which the store has more.
    more: HashSet<AccountId>,
    has_more_later: bool,
}

impl Line {
    /// Empty, with everything still in the store.
    pub(super) fn new(limits: LineLimits) -> Self {
        Self {
            limits,
            waiting: HashMap::new(),
            turns: VecDeque::new(),
            total: 0,
            later: BTreeMap::new(),
            known: HashSet::new(),
            done: Vec::new(),
            more: HashSet::new(),
            has_more_later: true,
        }
    }

    /// An invocation that the store has: just accepted, to be repeated, or read.
    pub(super) fn add(&mut self, account: AccountId, key: PendingKey, now_ms: i64) {
        let PendingKey::Invocation { due_ms, id } = key else { return };
        if self.known.contains(&id) {
            return;
        }
        if due_ms > now_ms {
            if self.later.len() < self.limits.later_max {
                self.later.insert((due_ms, id), account);
                self.known.insert(id);
            } else {
                self.has_more_later = true;
            }
            return;
        }
        if self.enter(account, key) {
            self.known.insert(id);
        }
    }

    fn enter(&mut self, account: AccountId, key: PendingKey) -> bool {
        let own = self.waiting.get(&account).map_or(0, VecDeque::len);
        if own >= self.limits.per_account_max || self.total >= self.limits.total_max {
            self.more.insert(account);
            return false;
        }
        if own == 0 {
            self.turns.push_back(account);
        }
        self.waiting.entry(account).or_default().push_back(key);
        self.total += 1;
        true
    }

    /// Lets those in whose time has come; when the next one's comes.
    pub(super) fn wake(&mut self, now_ms: i64) -> Option<i64> {
        while let Some(entry) = self.later.first_entry() {
            let (due_ms, id) = *entry.key();
            if due_ms > now_ms {
                return Some(due_ms);
            }
            let account = entry.remove();
            if !self.enter(account, PendingKey::Invocation { due_ms, id }) {
                self.known.remove(&id);
            }
        }
        None
    }

    /// The next invocation of the first account in turn that `admit` lets have one.
    pub(super) fn next<T>(
        &mut self,
        mut admit: impl FnMut(AccountId) -> Option<T>,
    ) -> Option<(AccountId, PendingKey, T)> {
        for _ in 0..self.turns.len() {
            let account = self.turns.pop_front()?;
            let Some(admitted) = admit(account) else {
                self.turns.push_back(account);
                continue;
            };
            let waiting = self.waiting.get_mut(&account)?;
            let key = waiting.pop_front()?;
            self.total -= 1;
            if waiting.is_empty() {
                self.waiting.remove(&account);
            } else {
                self.turns.push_back(account);
            }
            return Some((account, key, admitted));
        }
        None
    }

    /// Its row is gone.
    pub(super) fn done(&mut self, key: PendingKey) {
        if let PendingKey::Invocation { id, .. } = key {
            self.done.push(id);
        }
    }

    /// Whether rows are to be read: the store has more, and there is room for them.
    pub(super) fn wants_rows(&self) -> bool {
        let half = |max: usize| max.div_ceil(2);
        let has_room = |account: &AccountId| {
            self.waiting.get(account).map_or(0, VecDeque::len) < half(self.limits.per_account_max)
        };
        (self.has_more_later && self.later.len() < half(self.limits.later_max))
            || (self.total < half(self.limits.total_max) && self.more.iter().any(has_room))
    }

    /// To be called before all rows are read, from the first.
    pub(super) fn begin_reading(&mut self) {
        self.more.clear();
        self.has_more_later = false;
    }

    /// To be called before each page is read: one that was read earlier may still show those that are done, and they
    /// would run twice.
    pub(super) fn begin_page(&mut self) {
        for id in self.done.drain(..) {
            self.known.remove(&id);
        }
    }

    /// Whether reading on is of no use: what comes is later than all that memory can know.
    pub(super) fn is_full_of_later(&self) -> bool {
        self.has_more_later
    }

    /// Reading broke off.
    pub(super) fn read_again(&mut self) {
        self.has_more_later = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: LineLimits = LineLimits { per_account_max: 4, total_max: 6, later_max: 2 };

    fn account(number: u64) -> AccountId {
        AccountId::from_u64(number).unwrap()
    }

    fn key(due_ms: i64, id: u64) -> PendingKey {
        PendingKey::Invocation { due_ms, id }
    }

    /// A line that has read these rows (account, due time, id) at time 0.
    fn line(rows: &[(u64, i64, u64)]) -> Line {
        let mut line = Line::new(SMALL);
        assert!(line.wants_rows());
        line.begin_reading();
        line.begin_page();
        for (number, due_ms, id) in rows {
            line.add(account(*number), key(*due_ms, *id), 0);
        }
        line
    }

    fn ids(line: &mut Line, admit: impl Fn(u64) -> bool) -> Vec<u64> {
        let next = || {
            let (_, key, ()) = line.next(|account| admit(account.as_u64()).then_some(()))?;
            let PendingKey::Invocation { id, .. } = key else { return None };
            Some(id)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn accounts_take_turns() {
        let mut all = line(&[(1, 0, 1), (1, 0, 2), (1, 0, 3), (2, 0, 4)]);
        assert_eq!(ids(&mut all, |_| true), [1, 4, 2, 3]);
        let mut all = line(&[(1, 0, 1), (1, 0, 2), (2, 0, 4)]);
        assert_eq!(ids(&mut all, |account| account == 2), [4]);
        assert_eq!(ids(&mut all, |_| true), [1, 2]);
    }

    #[test]
    fn one_account_does_not_fill_the_line() {
        let rows: Vec<_> = (1..=9).map(|id| (1, 0, id)).chain([(2, 0, 10)]).collect();
        let mut line = line(&rows);
        assert!(!line.wants_rows());
        let (_, _, ()) = line.next(|_| Some(())).unwrap();
        assert_eq!(ids(&mut line, |account| account == 2), [10]);
        assert!(!line.wants_rows());
        assert_eq!(ids(&mut line, |_| true), [2, 3, 4]);
        assert!(line.wants_rows());
        // Those that run are known.
        line.begin_reading();
        line.begin_page();
        rows.iter().for_each(|(number, due_ms, id)| line.add(account(*number), key(*due_ms, *id), 0));
        assert_eq!(ids(&mut line, |_| true), [5, 6, 7, 8]);
    }

    #[test]
    fn what_is_done_is_forgotten_with_the_next_page() {
        let mut line = line(&[(1, 0, 1)]);
        assert_eq!(ids(&mut line, |_| true), [1]);
        line.done(key(0, 1));
        line.add(account(1), key(0, 1), 0);
        assert!(ids(&mut line, |_| true).is_empty());
        line.begin_page();
        assert!(line.known.is_empty());
    }

    #[test]
    fn what_is_repeated_waits_for_its_time() {
        let mut line = line(&[(1, 50, 1), (1, 20, 2), (1, 70, 3)]);
        assert!(line.is_full_of_later() && !line.wants_rows());
        assert_eq!(line.wake(10), Some(20));
        assert!(ids(&mut line, |_| true).is_empty());
        assert_eq!(line.wake(20), Some(50));
        assert_eq!(ids(&mut line, |_| true), [2]);
        assert_eq!(line.wake(60), None);
        assert_eq!(ids(&mut line, |_| true), [1]);
        assert!(line.wants_rows());
    }
}
