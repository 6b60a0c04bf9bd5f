//! A store that counts what passes through it, and keeps the commits of one execution as a pattern.

use super::Commits;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stepwell_store::{
    Answer, Blobs, CatalogKey, CatalogPage, CatalogRow, CatalogScope, CheckReport, Commit, ExecutionNumber,
    ExecutionPage, ExecutionStatus, ExecutionsQuery, Health, HistoryOnly, HistoryPage, HistoryQuery,
    MachineScope, Order, PendingKey, PendingKind, PendingPage, Promise, Retained, Sequence, Shard,
    StopReason, Store, StoredEntry, StoredExecution, SubmitError, Ticket,
};
use stepwell_store_redb::RedbStore;
use stepwell_types::Name;
use tokio::sync::Semaphore;

pub(super) struct Watched {
    store: Arc<RedbStore>,
    commits: AtomicU64,
    closed: AtomicU64,
    pattern: Mutex<Pattern>,
    /// One for each execution that may still start; a closed one gives its place back.
    places: Arc<Semaphore>,
}

#[derive(Default)]
enum Pattern {
    #[default]
    Awaited,
    Recording(ExecutionNumber, Vec<Commit>),
    Whole(Arc<[Commit]>),
}

impl Watched {
    pub(super) fn new(store: Arc<RedbStore>) -> Self {
        Self {
            store,
            commits: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            pattern: Mutex::default(),
            places: Arc::new(Semaphore::new(0)),
        }
    }

    pub(super) fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.places)
    }

    /// Executions closed, and commits.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.closed.load(Ordering::Relaxed), self.commits.load(Ordering::Relaxed))
    }

    /// All commits of the first execution that closed.
    pub(super) fn template(&self) -> Option<Commits> {
        match &*self.pattern.lock() {
            Pattern::Whole(commits) => Some(Commits(Arc::clone(commits))),
            Pattern::Awaited | Pattern::Recording(..) => None,
        }
    }

    fn record(&self, commit: &Commit) {
        let Some(transition) = &commit.transition else { return };
        let mut pattern = self.pattern.lock();
        match &mut *pattern {
            Pattern::Whole(_) => {}
            Pattern::Awaited if transition.previous.is_none() => {
                *pattern = Pattern::Recording(transition.execution, vec![commit.clone()]);
            }
            Pattern::Recording(execution, commits) if *execution == transition.execution => {
                commits.push(commit.clone());
                if transition.row.stopped_ms.is_some() {
                    *pattern = Pattern::Whole(std::mem::take(commits).into());
                }
            }
            Pattern::Awaited | Pattern::Recording(..) => {}
        }
    }
}

impl Store for Watched {
    fn submit(&self, commit: Commit) -> Result<Ticket, SubmitError> {
        self.record(&commit);
        let closes = commit.transition.as_ref().is_some_and(|t| t.row.status != ExecutionStatus::Running);
        let ticket = self.store.submit(commit)?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        if closes {
            self.closed.fetch_add(1, Ordering::Relaxed);
            self.places.add_permits(1);
        }
        Ok(ticket)
    }

    fn shard(&self) -> Shard {
        self.store.shard()
    }

    fn epoch(&self) -> u64 {
        self.store.epoch()
    }

    fn last_execution(&self) -> ExecutionNumber {
        self.store.last_execution()
    }

    fn room(&self) -> Promise<()> {
        self.store.room()
    }

    fn execution(&self, number: ExecutionNumber) -> Answer<'_, Option<StoredExecution>> {
        self.store.execution(number)
    }

    fn execution_by_name(&self, scope: MachineScope, name: Name) -> Answer<'_, Option<StoredExecution>> {
        self.store.execution_by_name(scope, name)
    }

    fn executions(&self, query: ExecutionsQuery) -> Answer<'_, ExecutionPage> {
        self.store.executions(query)
    }

    fn entries(&self, execution: ExecutionNumber, sequences: Vec<Sequence>) -> Answer<'_, Vec<StoredEntry>> {
        self.store.entries(execution, sequences)
    }

    fn history(&self, query: HistoryQuery) -> Answer<'_, HistoryPage> {
        self.store.history(query)
    }

    fn catalog(&self, key: CatalogKey) -> Answer<'_, Option<CatalogRow>> {
        self.store.catalog(key)
    }

    fn catalog_scan(
        &self,
        scope: CatalogScope,
        order: Order,
        after: Option<CatalogKey>,
        limit: usize,
    ) -> Answer<'_, CatalogPage> {
        self.store.catalog_scan(scope, order, after, limit)
    }

    fn pending(&self, kind: PendingKind, after: Option<PendingKey>, limit: usize) -> Answer<'_, PendingPage> {
        self.store.pending(kind, after, limit)
    }

    fn retain(&self, now_ms: i64, history_only: HistoryOnly) -> Answer<'_, Retained> {
        self.store.retain(now_ms, history_only)
    }

    fn blobs(&self) -> &dyn Blobs {
        self.store.blobs()
    }

    fn health(&self) -> Health {
        self.store.health()
    }

    fn check(&self) -> Answer<'_, CheckReport> {
        self.store.check()
    }

    fn stopped(&self) -> Promise<StopReason> {
        self.store.stopped()
    }

    fn close(&self) -> Promise<StopReason> {
        self.store.close()
    }
}
