//! Commits that wait for their group: a queue per account, taken in turn.

use crate::commit::{
    COMMIT_BYTES_MAX, Commit, CommitError, Committed, GROUP_BYTES_MAX, GROUP_COMMITS_MAX, Lane, SubmitError,
    Ticket,
};
use crate::port::{StopKind, StopReason};
use crate::promise::{Pledge, promise_or};
use std::collections::{HashMap, VecDeque};
use stepwell_types::AccountId;

/// A commit with the ticket it has to resolve.
#[derive(Debug)]
pub struct Queued {
    /// The commit.
    pub commit: Commit,
    /// Its ticket's other side.
    pub pledge: Pledge<Result<Committed, CommitError>>,
    weight_bytes: usize,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Commits with which starts are refused.
    pub start_commits_max: usize,
    /// Bytes with which starts are refused.
    pub start_bytes_max: usize,
    /// Commits of one account with which its starts are refused, so that others' go on.
    pub start_commits_per_account_max: usize,
    /// Commits with which everything is refused.
    pub commits_max: usize,
    /// Bytes with which everything is refused.
    pub bytes_max: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            start_commits_max: 16_384,
            start_bytes_max: 64 << 20,
            start_commits_per_account_max: 8_192,
            commits_max: 262_144,
            bytes_max: 512 << 20,
        }
    }
}

/// The queue.
#[derive(Debug)]
pub struct Queue {
    limits: QueueLimits,
    accounts: HashMap<AccountId, VecDeque<Queued>>,
    /// Accounts that have commits, the next first.
    turns: VecDeque<AccountId>,
    commits: usize,
    bytes: usize,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        Self { limits, accounts: HashMap::new(), turns: VecDeque::new(), commits: 0, bytes: 0 }
    }

    /// Commits that wait.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.commits
    }

    /// Their bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commits == 0
    }

    /// Why a start would be refused now, whosever it is.
    #[must_use]
    pub fn refuses_starts(&self) -> Option<SubmitError> {
        let full = self.commits >= self.limits.start_commits_max || self.bytes >= self.limits.start_bytes_max;
        full.then(|| self.full())
    }

    /// Whether half of the room is free: enough for those who were refused, should they all come at once.
    #[must_use]
    pub fn has_much_room(&self) -> bool {
        self.commits <= self.limits.commits_max / 2 && self.bytes <= self.limits.bytes_max / 2
    }

    fn full(&self) -> SubmitError {
        SubmitError::QueueFull { queued_commits: self.commits, queued_bytes: self.bytes }
    }

    /// Queues a commit.
    ///
    /// # Errors
    /// [`SubmitError`] if it is too large, or there is no room on its lane.
    pub fn push(&mut self, commit: Commit) -> Result<Ticket, SubmitError> {
        let weight_bytes = commit.weight_bytes();
        if weight_bytes > COMMIT_BYTES_MAX {
            return Err(SubmitError::TooLarge { bytes: weight_bytes });
        }
        let waiting = self.accounts.get(&commit.account).map_or(0, VecDeque::len);
        match commit.lane {
            Lane::Start => {
                if waiting >= self.limits.start_commits_per_account_max {
                    return Err(self.full());
                }
                if let Some(error) = self.refuses_starts() {
                    return Err(error);
                }
            }
            Lane::Progress => {
                if self.commits >= self.limits.commits_max || self.bytes >= self.limits.bytes_max {
                    return Err(self.full());
                }
            }
        }
        if waiting == 0 {
            self.turns.push_back(commit.account);
        }
        self.commits += 1;
        self.bytes += weight_bytes;
        let (ticket, pledge) = promise_or(writer_gone);
        self.accounts.entry(commit.account).or_default().push_back(Queued { commit, pledge, weight_bytes });
        Ok(ticket)
    }

    /// The next group: one commit of each account in turn until it is full.
    pub fn take_group(&mut self) -> Vec<Queued> {
        let mut group = Vec::with_capacity(self.commits.min(GROUP_COMMITS_MAX));
        let mut bytes = 0;
        while group.len() < GROUP_COMMITS_MAX
            && let Some(account) = self.turns.pop_front()
        {
            let Some(waiting) = self.accounts.get_mut(&account) else { continue };
            let fits = |queued: &Queued| bytes == 0 || bytes + queued.weight_bytes <= GROUP_BYTES_MAX;
            if !waiting.front().is_some_and(fits) {
                self.turns.push_front(account);
                break;
            }
            if let Some(queued) = waiting.pop_front() {
                bytes += queued.weight_bytes;
                group.push(queued);
            }
            if waiting.is_empty() {
                self.accounts.remove(&account);
            } else {
                self.turns.push_back(account);
            }
        }
        self.commits -= group.len();
        self.bytes -= bytes;
        group
    }

    /// Everything that waits, for a store that stops.
    pub fn drain(&mut self) -> Vec<Queued> {
        self.turns.clear();
        (self.commits, self.bytes) = (0, 0);
        self.accounts.drain().flat_map(|(_, waiting)| waiting).collect()
    }
}

/// What a ticket says whose writer panicked: as after a failed write, the group may be on disk or not.
fn writer_gone() -> Result<Committed, CommitError> {
    let message = "its writer met a broken invariant".into();
    Err(CommitError::Stopped(StopReason { kind: StopKind::WriteFailed, message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pending::{PendingKey, PendingWrite};
    use bytes::Bytes;

    const SMALL: QueueLimits = QueueLimits {
        start_commits_max: 6,
        start_bytes_max: 1 << 30,
        start_commits_per_account_max: 4,
        commits_max: 8,
        bytes_max: 1 << 30,
    };

    fn commit(account: u64, lane: Lane, bytes: usize) -> Commit {
        let mut commit = Commit::new(AccountId::from_u64(account).unwrap(), 0);
        commit.lane = lane;
        let key = PendingKey::ExpressStart { execution: account };
        commit.pending.push(PendingWrite::Add(key, Bytes::from(vec![0; bytes])));
        commit
    }

    fn accounts(group: &[Queued]) -> Vec<u64> {
        group.iter().map(|queued| queued.commit.account.as_u64()).collect()
    }

    #[test]
    fn accounts_take_turns_and_keep_their_order() {
        let mut queue = Queue::new(QueueLimits::default());
        for account in [1, 1, 1, 2, 3, 2] {
            queue.push(commit(account, Lane::Start, 0)).unwrap();
        }
        assert_eq!(accounts(&queue.take_group()), [1, 2, 3, 1, 2, 1]);
        assert!(queue.is_empty() && queue.bytes() == 0);
    }

    #[test]
    fn a_group_closes_at_its_limits() {
        let mut queue = Queue::new(QueueLimits::default());
        for _ in 0..GROUP_COMMITS_MAX + 1 {
            queue.push(commit(1, Lane::Start, 0)).unwrap();
        }
        assert_eq!(
            (queue.take_group().len(), queue.take_group().len(), queue.take_group().len()),
            (256, 1, 0)
        );
        for _ in 0..3 {
            queue.push(commit(1, Lane::Start, GROUP_BYTES_MAX)).unwrap();
            queue.push(commit(2, Lane::Start, 10)).unwrap();
        }
        assert_eq!(accounts(&queue.take_group()), [1]);
        assert_eq!(accounts(&queue.take_group()), [2]);
        assert_eq!(accounts(&queue.take_group()), [1]);
    }

    #[test]
    fn starts_are_refused_while_progress_has_room() {
        let mut queue = Queue::new(SMALL);
        for _ in 0..4 {
            queue.push(commit(1, Lane::Start, 0)).unwrap();
        }
        assert!(matches!(
            queue.push(commit(1, Lane::Start, 0)),
            Err(SubmitError::QueueFull { queued_commits: 4, .. })
        ));
        queue.push(commit(2, Lane::Start, 0)).unwrap();
        queue.push(commit(2, Lane::Start, 0)).unwrap();
        assert!(queue.push(commit(3, Lane::Start, 0)).is_err());
        queue.push(commit(1, Lane::Progress, 0)).unwrap();
        queue.push(commit(1, Lane::Progress, 0)).unwrap();
        assert!(queue.push(commit(1, Lane::Progress, 0)).is_err());
        assert_eq!(queue.drain().len(), 8);
        queue.push(commit(3, Lane::Start, 0)).unwrap();
    }

    #[test]
    fn a_giant_is_refused() {
        let mut queue = Queue::new(SMALL);
        assert!(matches!(
            queue.push(commit(1, Lane::Progress, COMMIT_BYTES_MAX)),
            Err(SubmitError::TooLarge { .. })
        ));
    }
}
