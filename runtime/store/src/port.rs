//! The port itself: what every backend offers.

use crate::blob::Blobs;
use crate::catalog::{CatalogKey, CatalogPage, CatalogRow, CatalogScope};
use crate::commit::{Commit, SubmitError, Ticket};
use crate::execution::{
    ExecutionPage, ExecutionsQuery, HistoryPage, HistoryQuery, MachineScope, StoredEntry, StoredExecution,
};
use crate::pending::{PendingKey, PendingKind, PendingPage};
use crate::promise::Promise;
use crate::retention::{HistoryOnly, Retained};
use crate::sequence::{ExecutionNumber, Sequence, Shard};
use std::pin::Pin;
use std::sync::Arc;
use stepwell_types::Name;

/// Rows on one page, whatever the caller asks for.
pub const PAGE_ROWS_MAX: usize = 1_000;
/// Bytes of values on one page of a scan or a history; one larger row comes alone.
pub const PAGE_BYTES_MAX: usize = 4 << 20;

/// What a read returns. A backend may do a short read of a local file within `poll`.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ReadError>> + Send + 'a>>;

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key, oldest event.
    Ascending,
    /// Largest key, newest event.
    Descending,
}

/// A read that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// What is stored cannot be what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Written by a newer release, or with a key that this server does not have.
    #[error("the store holds a value this release cannot read: {0}")]
    Unsupported(String),
    /// The disk or the connection failed.
    #[error("reading the store failed: {0}")]
    Io(String),
    /// The store has stopped.
    #[error(transparent)]
    Stopped(#[from] StopReason),
}

/// Why the store has stopped. It does not start again by itself: open it anew, or exit with this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store has stopped: {message}")]
pub struct StopReason {
    /// What happened.
    pub kind: StopKind,
    /// In plain words.
    pub message: Arc<str>,
}

/// The kinds of stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopKind {
    /// Asked for.
    Closed,
    /// A write or sync failed.
    WriteFailed,
    /// A write failed since the disk is full.
    DiskFull,
    /// What is stored is damaged.
    Damaged,
}

/// What the store takes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Everything.
    All,
    /// No starts: too little free space, or a full queue.
    ProgressOnly(SubmitError),
    /// Nothing.
    Nothing(StopReason),
}

/// How the store is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What it takes now.
    pub acceptance: Acceptance,
    /// Commits that wait for their group.
    pub queued_commits: usize,
    /// Their bytes.
    pub queued_bytes: usize,
    /// The sequence up to which everything is durable.
    pub durable: Sequence,
    /// The sequence up to which the index tables are merged.
    pub merged: Sequence,
}

/// What [`Store::check`] found whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Commits ever made: also the last sequence.
    pub commits: u64,
    /// Those that are in the journal still. Beyond the last merge there is no gap.
    pub journal_values: u64,
    /// Transitions, in the journal and in folded histories: as many as the executions' rows say.
    pub transitions: u64,
    /// Execution rows.
    pub executions: u64,
    /// Those whose history is folded.
    pub folded: u64,
    /// Executions that wait for their removal, or for that of their last chunks, or for any other step.
    pub waiting: u64,
}

/// One shard of a store.
///
/// Reads see what is durable: once a ticket has resolved, every read that begins afterwards sees its commit.
pub trait Store: Send + Sync + 'static {
    /// Which shard this is.
    fn shard(&self) -> Shard;

    /// The epoch under which this process holds the shard; each open raises it.
    fn epoch(&self) -> u64;

    /// The largest execution number ever committed, in a transition or an Express start; 0 if there is none. Numbers
    /// are the caller's to choose; it goes on from here.
    fn last_execution(&self) -> ExecutionNumber;

    /// Queues a commit and returns at once, so that the caller can go on with later transitions of the same
    /// execution; they are placed in this order.
    ///
    /// # Errors
    /// [`SubmitError`] if the queue has no room on this lane, the commit is too large, or the store has stopped.
    fn submit(&self, commit: Commit) -> Result<Ticket, SubmitError>;

    /// Resolves when commits for progress that the queue refused ([`SubmitError::QueueFull`]) can be tried again: when
    /// half of its room is free, or the store has stopped.
    fn room(&self) -> Promise<()>;

    /// An execution's row.
    fn execution(&self, number: ExecutionNumber) -> Answer<'_, Option<StoredExecution>>;

    /// The execution with this given name. Derived names have no row: read the number from the name.
    fn execution_by_name(&self, scope: MachineScope, name: Name) -> Answer<'_, Option<StoredExecution>>;

    /// Executions of one machine, newest first.
    fn executions(&self, query: ExecutionsQuery) -> Answer<'_, ExecutionPage>;

    /// Transitions of one execution by their sequences, in the order asked for, wherever they are kept by now. A
    /// sequence that is not one of its transitions is [`ReadError::Damaged`], since only stored references are asked
    /// for.
    fn entries(&self, execution: ExecutionNumber, sequences: Vec<Sequence>) -> Answer<'_, Vec<StoredEntry>>;

    /// A page of an execution's history.
    fn history(&self, query: HistoryQuery) -> Answer<'_, HistoryPage>;

    /// One catalog row.
    fn catalog(&self, key: CatalogKey) -> Answer<'_, Option<CatalogRow>>;

    /// A page of catalog rows.
    fn catalog_scan(
        &self,
        scope: CatalogScope,
        order: Order,
        after: Option<CatalogKey>,
        limit: usize,
    ) -> Answer<'_, CatalogPage>;

    /// A page of pending rows of one kind in key order: recovery reads them all, and for timers the head again and
    /// again.
    fn pending(&self, kind: PendingKind, after: Option<PendingKey>, limit: usize) -> Answer<'_, PendingPage>;

    /// Does one bounded step of what is due by `now_ms` for closed executions ([`crate::retention`]); resolves when it
    /// is durable. One step at a time: a second call meanwhile does nothing. Dropped, the step is done or not.
    ///
    /// It asks for a merge where something due is not merged yet, at most every
    /// [`crate::retention::MERGE_ASKED_INTERVAL_MS`].
    fn retain(&self, now_ms: i64, history_only: HistoryOnly) -> Answer<'_, Retained>;

    /// Component bytes.
    fn blobs(&self) -> &dyn Blobs;

    /// How the store is doing.
    fn health(&self) -> Health;

    /// Reads the whole journal, every folded history and every execution's row, for `doctor` and for tests.
    fn check(&self) -> Answer<'_, CheckReport>;

    /// Resolves when the store stops, with the reason.
    fn stopped(&self) -> Promise<StopReason>;

    /// Takes no more commits, finishes those queued, merges the indexes and closes. Resolves with the reason of the
    /// stop, which is [`StopKind::Closed`] if all went well.
    fn close(&self) -> Promise<StopReason>;
}
