//! What a caller asks of the store: preconditions and writes that take effect together or not at all.

use crate::catalog::{CatalogKey, CatalogWrite};
use crate::execution::{ExecutionRow, ExecutionStatus, InputMatch};
use crate::pending::{PendingKey, PendingWrite};
use crate::port::StopReason;
use crate::promise::Promise;
use crate::sequence::{EventId, ExecutionNumber, Sequence, SequenceCell, SequenceRef};
use bytes::Bytes;
use stepwell_types::AccountId;

/// Commits in one group. Source: house rule, the knee of the measured curve.
pub const GROUP_COMMITS_MAX: usize = 256;
/// Bytes of the bodies and rows in one group; one larger commit is a group alone.
pub const GROUP_BYTES_MAX: usize = 4 << 20;
/// Bytes of one commit: bodies, rows and pending values together.
pub const COMMIT_BYTES_MAX: usize = 64 << 20;
/// Transitions between two index chunks of an execution's history.
pub const INDEX_CHUNK_TRANSITIONS: u64 = 64;

/// One atomic change.
///
/// Beside its writes each commit takes one place in the journal, so that sequences tell the order of everything.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Whose turn it takes when a group is formed; commits of one account keep their order.
    pub account: AccountId,
    /// What may be refused when the queue is full.
    pub lane: Lane,
    /// The shard epoch under which the caller works ([`crate::Store::epoch`]); an old one is refused.
    pub epoch: u64,
    /// All must hold, judged in the order of the group: earlier commits of the group count as done.
    pub preconditions: Vec<Precondition>,
    /// At most one transition of one execution.
    pub transition: Option<TransitionWrite>,
    /// Machines, functions and the like.
    pub catalog: Vec<CatalogWrite>,
    /// Inflight attempts, timers, outbox rows, Express starts, queued invocations.
    pub pending: Vec<PendingWrite>,
}

impl Commit {
    /// An empty commit on the lane for progress, to be filled in.
    #[must_use]
    pub fn new(account: AccountId, epoch: u64) -> Self {
        Self {
            account,
            lane: Lane::Progress,
            epoch,
            preconditions: Vec::new(),
            transition: None,
            catalog: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// About how many bytes it writes; the measure for every limit on queues and groups.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        let transition =
            self.transition.as_ref().map_or(0, |t| t.body.len() + 8 * t.refs.len() + t.row.weight_bytes());
        let catalog: usize = self.catalog.iter().map(CatalogWrite::weight_bytes).sum();
        let pending: usize = self.pending.iter().map(PendingWrite::weight_bytes).sum();
        64 + transition + catalog + pending
    }
}

/// What happens to a commit when room runs short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Starts something: refused when the queue is full or the disk nearly so.
    Start,
    /// Lets something that runs go on or end (answers, timers, stops): has room reserved for it.
    Progress,
}

/// One transition of one execution: a journal value and the execution's new row.
///
/// Implies preconditions of its own: `previous` is the execution's last transition (for a start: there is none yet),
/// and a start's given name is free.
#[derive(Clone, Debug)]
pub struct TransitionWrite {
    /// Filled when the commit is placed; the caller keeps clones of it for later references.
    pub sequence: SequenceCell,
    /// Which execution.
    pub execution: ExecutionNumber,
    /// Its last transition; `None` starts the execution.
    pub previous: Option<SequenceRef>,
    /// The id of the transition's first event; of the next event to come if it has none.
    pub first_event: EventId,
    /// How many events it has; their ids have no gaps.
    pub event_count: u32,
    /// Earlier transitions of this execution that the body refers to by position in this table.
    pub refs: Vec<SequenceRef>,
    /// The transition itself: input, `now`, events, changed frames. Bytes to the store.
    pub body: Bytes,
    /// The execution after it.
    pub row: ExecutionRow,
}

/// What must hold for a commit to take effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Precondition {
    /// There is no such catalog row.
    CatalogAbsent(CatalogKey),
    /// There is such a row, and this commit wrote it last ([`crate::CatalogRow::revision`]).
    CatalogRevision(CatalogKey, Sequence),
    /// There is such a row, whatever its revision.
    CatalogPresent(CatalogKey),
    /// The execution's last transition is this one.
    LastTransition(ExecutionNumber, SequenceRef),
    /// The row of something pending is still there: whoever removes it first has it.
    PendingPresent(PendingKey),
    /// There is no such row.
    PendingAbsent(PendingKey),
}

/// Why one commit was refused; nothing of it took effect, and others are not touched by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another server has taken over the shard.
    #[error("the shard is in epoch {current}, this commit comes from epoch {commit}")]
    EpochPassed {
        /// The caller's.
        commit: u64,
        /// The store's.
        current: u64,
    },
    /// A start whose name an execution of the same machine has.
    #[error("execution {execution} has this name already")]
    NameTaken {
        /// Who has it.
        execution: ExecutionNumber,
        /// Whether that one started with the same input: an idempotent start is answered as the first was.
        input: InputMatch,
        /// Its status.
        status: ExecutionStatus,
        /// When it started, in milliseconds since the epoch.
        started_ms: i64,
    },
    /// The execution's last transition is another one (or it has none, or has one already).
    #[error("execution {execution} is at transition {found:?}, not at {expected:?}")]
    LastTransitionDiffers {
        /// Which execution.
        execution: ExecutionNumber,
        /// What the commit expects.
        expected: Option<Sequence>,
        /// What is there.
        found: Option<Sequence>,
    },
    /// It refers to a transition that was itself refused.
    #[error("an earlier commit of execution {execution} was refused")]
    EarlierRefused {
        /// Which execution.
        execution: ExecutionNumber,
    },
    /// The catalog row is not as expected.
    #[error("catalog row {key} is at revision {found:?}")]
    CatalogDiffers {
        /// Which row.
        key: CatalogKey,
        /// Its revision; `None` if there is no such row.
        found: Option<Sequence>,
    },
    /// The pending row is not there.
    #[error("{0:?} is not pending")]
    NotPending(PendingKey),
    /// The pending row is there already.
    #[error("{0:?} is pending already")]
    AlreadyPending(PendingKey),
    /// The store could not read what it needed to judge the preconditions.
    #[error("the preconditions could not be judged: {0}")]
    Unreadable(String),
}

/// A commit that takes no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A precondition failed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its group failed, or the store stopped before its turn. Whether the group is on disk is unknown until the
    /// store is opened again.
    #[error(transparent)]
    Stopped(#[from] StopReason),
}

/// A commit that was not even queued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full: try later. Only for [`Lane::Start`] as long as reserved room is left.
    #[error("the commit queue is full ({queued_commits} commits, {queued_bytes} bytes)")]
    QueueFull {
        /// Commits that wait.
        queued_commits: usize,
        /// Their bytes.
        queued_bytes: usize,
    },
    /// Too little free space on the disk for new starts.
    #[error("only {free_bytes} bytes are free on the data disk; starts need {mark_bytes}")]
    LowSpace {
        /// Free bytes.
        free_bytes: u64,
        /// The mark below which starts are refused.
        mark_bytes: u64,
    },
    /// Above [`COMMIT_BYTES_MAX`].
    #[error("a commit of {bytes} bytes is above the limit of {COMMIT_BYTES_MAX}")]
    TooLarge {
        /// Its weight.
        bytes: usize,
    },
    /// The store has stopped.
    #[error(transparent)]
    Stopped(#[from] StopReason),
}

/// A durable commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its place in the journal; also the revision of the catalog rows it wrote.
    pub sequence: Sequence,
}

/// Resolves when the commit's group is durable, or the commit is refused, or the store has stopped.
pub type Ticket = Promise<Result<Committed, CommitError>>;
