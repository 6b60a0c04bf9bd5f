//! The store over a [`Disk`]: queue, groups, tail, tickets and reads.
//!
//! INVARIANT: a ticket resolves only after its group is durable and the tail has taken it in, so a read that begins
//! after it sees the commit.
//! INVARIANT: after a failed write nothing is accepted any more; whether the failed group is on disk is known again
//! when the store is opened anew.

mod retain;

use self::retain::{AGAIN, Chore, ChoreResult};
use super::encoding::Encoder;
use super::place::{Group, Placer, View};
use super::queue::{Queue, QueueLimits, Queued};
use super::read::{META_MERGED, Reader};
use super::retention::{META_ENDS_BY, META_TRIMMED, Step, closes_without_queue};
use super::snapshot::Snapshot;
use super::table::{Table, meta_key};
use super::tail::{MergeLimits, MergeSlice, MergeWrite, Tail};
use super::watch::ClockWatch;
use crate::blob::Blobs;
use crate::catalog::{CatalogKey, CatalogPage, CatalogRow, CatalogScope};
use crate::commit::{Commit, CommitError, Committed, Lane, SubmitError, Ticket};
use crate::execution::{
    ExecutionPage, ExecutionsQuery, HistoryPage, HistoryQuery, MachineScope, StoredEntry, StoredExecution,
};
use crate::pending::{PendingKey, PendingKind, PendingPage};
use crate::port::{Acceptance, Answer, CheckReport, Health, Order, ReadError, StopKind, StopReason, Store};
use crate::promise::{Pledge, Promise, promise, promise_or};
use crate::retention::{HistoryOnly, Retained, RetentionWindows};
use crate::sequence::{ExecutionNumber, Sequence, Shard};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use stepwell_types::Name;

const META_EPOCH: &str = "epoch";
const META_LAST_EXECUTION: &str = "last-execution";

/// How long a chore waits for commits to go along with.
const CHORE_PATIENCE: Duration = Duration::from_millis(5);

const MERGE_ROWS_PER_GROUP_MIN: usize = 64;
const MERGE_ROWS_PER_COMMIT: usize = 8;
const MERGE_ROWS_AT_CLOSE: usize = 16_384;

/// Ordered tables that a group changes atomically and durably.
pub trait Disk: Send + Sync + 'static {
    /// The tables at one instant.
    type Snapshot: Snapshot;

    /// The tables as of the last durable group.
    ///
    /// # Errors
    /// [`ReadError`] if they cannot be read.
    fn snapshot(&self) -> Result<Self::Snapshot, ReadError>;

    /// Writes all of it or nothing, and returns when it is durable.
    ///
    /// # Errors
    /// The reason for which the store must stop; then it is unknown whether it was written.
    fn write(&self, writes: &Writes<'_>) -> Result<(), StopReason>;

    /// Free bytes for more data, if that is known.
    fn free_bytes(&self) -> Option<u64>;
}

/// What one durable write consists of; no key is in two parts.
#[derive(Debug)]
pub struct Writes<'a> {
    /// Whose.
    pub shard: Shard,
    /// Commits.
    pub group: &'a Group,
    /// A part of a merge, in key order.
    pub merge: &'a [MergeWrite],
    /// A step of retention, by table and key.
    pub retention: &'a [MergeWrite],
    /// Rows of [`Table::Meta`].
    pub meta: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Who runs the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A thread of the backend that calls [`Core::work`].
    Thread,
    /// The caller, with [`Core::run_group`]: for tests that choose what is in a group.
    ByHand,
    /// Each submit, on the caller's thread: every commit is a group of its own.
    AtOnce,
}

/// What a store may be told.
#[derive(Clone, Copy, Debug)]
pub struct CoreOptions {
    /// Which shard.
    pub shard: Shard,
    /// Who runs the groups.
    pub drive: Drive,
    /// How much may wait.
    pub queue: QueueLimits,
    /// When a merge begins.
    pub merge: MergeLimits,
    /// Rows that a merge writes at most along with one group.
    pub merge_rows_per_group_max: usize,
    /// Free bytes below which starts are refused.
    pub free_bytes_mark: u64,
    /// How long what has closed is kept.
    pub retention: RetentionWindows,
    /// How many milliseconds the time of a step may be ahead of all before it, which a store keeps, until nothing more ends
    /// by it for an hour: a clock that is wrong for a while, as after a start, removes nothing.
    pub clock_jump_ms_max: i64,
    /// Of so many groups with commits one carries a step of retention, and of half as many if that lags far behind; a
    /// group without commits always may.
    pub groups_per_retention_step: u64,
}

impl Default for CoreOptions {
    fn default() -> Self {
        Self {
            shard: Shard(0),
            drive: Drive::Thread,
            queue: QueueLimits::default(),
            merge: MergeLimits::default(),
            merge_rows_per_group_max: 1_024,
            free_bytes_mark: 256 << 20,
            retention: RetentionWindows::default(),
            clock_jump_ms_max: 24 * 60 * 60 * 1_000,
            groups_per_retention_step: 4,
        }
    }
}

/// Whether [`Core::run_group`] had something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// A group, a part of a merge or a step of retention.
    Something,
    /// Nothing waits, or the store has stopped.
    Nothing,
}

#[derive(Debug)]
struct Inbox {
    queue: Queue,
    chore: Option<Chore>,
    closing: bool,
    stopped: Option<StopReason>,
    low_space: Option<SubmitError>,
    /// Who waits for room.
    room: Option<(Promise<()>, Pledge<()>)>,
}

impl Inbox {
    /// The pledge to keep, outside of the lock, if there is room now or never again.
    fn freed(&mut self) -> Option<Pledge<()>> {
        let is_free = self.stopped.is_some() || self.queue.has_much_room();
        if is_free { self.room.take().map(|(_, pledge)| pledge) } else { None }
    }
}

/// A store over a disk.
pub struct Core<D> {
    options: CoreOptions,
    epoch: u64,
    disk: D,
    blobs: Arc<dyn Blobs>,
    inbox: Mutex<Inbox>,
    arrived: Condvar,
    tail: RwLock<Tail>,
    writer: Mutex<Writer>,
    last_execution: AtomicU64,
    /// When a merge was last asked for, in milliseconds since the epoch.
    merge_asked_ms: AtomicI64,
    /// Whether an earlier release closed something that is not merged: trimming behind the merge finds it.
    closed_without_queue: AtomicBool,
    clock_watch: Mutex<ClockWatch>,
    /// Steps of retention written since the open.
    steps_written: AtomicU64,
    stop_pledge: Pledge<StopReason>,
    stopped: Promise<StopReason>,
}

struct Writer {
    placer: Placer,
    groups: u64,
    /// The last group that carried a step of retention.
    last_step_group: u64,
}

/// A store that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenCoreError {
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new epoch cannot be written.
    #[error(transparent)]
    Write(#[from] StopReason),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A writer that panicked has left its group's tickets pending; what the locks guard is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D: Disk> Core<D> {
    /// Takes the shard over in a new epoch and replays the end of the journal into the tail.
    ///
    /// # Errors
    /// [`OpenCoreError`] if the disk cannot be read or written.
    pub fn open(disk: D, blobs: Arc<dyn Blobs>, options: CoreOptions) -> Result<Self, OpenCoreError> {
        let shard = options.shard;
        let snapshot = disk.snapshot()?;
        let reader = Reader::new(shard, &snapshot);
        let epoch = reader.meta(META_EPOCH)? + 1;
        let merged = reader.meta(META_MERGED)?;
        let mut last_execution =
            reader.meta(META_LAST_EXECUTION)?.max(reader.last_number(Table::Executions)?);
        let ends_by = reader.meta(META_ENDS_BY)?;
        let mut tail = Tail::new(merged);
        let mut closed_without_queue = false;
        reader.journal(merged + 1, &mut |sequence, record| {
            tail.replay(&record.changes, sequence);
            closed_without_queue |= closes_without_queue(&record)?;
            for change in record.changes.iter().filter(|change| change.table == Table::ExpressStarts) {
                last_execution = last_execution.max(super::table::number_of_key(&change.key)?);
            }
            Ok(())
        })?;
        drop(snapshot);
        let meta = vec![(meta_key(shard, META_EPOCH), number_value(epoch))];
        disk.write(&Writes { shard, group: &Group::default(), merge: &[], retention: &[], meta })?;

        let placer = Placer::new(shard, epoch, tail.durable(), last_execution);
        let (stopped, stop_pledge) = promise();
        let inbox = Inbox {
            queue: Queue::new(options.queue),
            chore: None,
            closing: false,
            stopped: None,
            low_space: None,
            room: None,
        };
        let core = Self {
            options,
            epoch,
            disk,
            blobs,
            inbox: Mutex::new(inbox),
            arrived: Condvar::new(),
            tail: RwLock::new(tail),
            writer: Mutex::new(Writer { placer, groups: 0, last_step_group: 0 }),
            last_execution: AtomicU64::new(last_execution),
            merge_asked_ms: AtomicI64::new(i64::MIN),
            closed_without_queue: AtomicBool::new(closed_without_queue),
            clock_watch: Mutex::new(ClockWatch::new(ends_by.cast_signed(), options.clock_jump_ms_max)),
            steps_written: AtomicU64::new(0),
            stop_pledge,
            stopped,
        };
        core.check_space();
        Ok(core)
    }

    /// The disk under the store.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// Groups written since the open.
    pub fn groups(&self) -> u64 {
        lock(&self.writer).groups
    }

    fn tail(&self) -> RwLockReadGuard<'_, Tail> {
        self.tail.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail_mut(&self) -> RwLockWriteGuard<'_, Tail> {
        self.tail.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_space(&self) -> Option<SubmitError> {
        let mark_bytes = self.options.free_bytes_mark;
        let free_bytes = self.disk.free_bytes().filter(|free| *free < mark_bytes);
        let low = free_bytes.map(|free_bytes| SubmitError::LowSpace { free_bytes, mark_bytes });
        lock(&self.inbox).low_space.clone_from(&low);
        low
    }

    /// Runs groups until the store stops; for the backend's thread.
    pub fn work(&self) {
        loop {
            {
                let mut inbox = lock(&self.inbox);
                let mut is_idle = false;
                while inbox.queue.is_empty() && !inbox.closing && inbox.stopped.is_none() {
                    if inbox.chore.is_none() {
                        inbox = self.arrived.wait(inbox).unwrap_or_else(PoisonError::into_inner);
                    } else if is_idle {
                        break;
                    } else {
                        // Those whose tickets have just resolved are about to submit more: a chore that goes along with
                        // their commits costs no sync of its own, and keeps nobody waiting.
                        let waited = self.arrived.wait_timeout(inbox, CHORE_PATIENCE);
                        let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                        (inbox, is_idle) = (guard, timeout.timed_out());
                    }
                }
                if inbox.stopped.is_some() {
                    return;
                }
                if inbox.closing && inbox.queue.is_empty() {
                    drop(inbox);
                    self.finish();
                    return;
                }
            }
            self.run_group();
        }
    }

    /// Places and writes one group, with a part of a merge if one is due and a step of retention if one waits, and
    /// resolves its tickets.
    pub fn run_group(&self) -> Ran {
        let mut writer = lock(&self.writer);
        let (group, chore, freed) = {
            let mut inbox = lock(&self.inbox);
            if inbox.stopped.is_some() {
                return Ran::Nothing;
            }
            let group = inbox.queue.take_group();
            let since = writer.groups - writer.last_step_group;
            let every = self.options.groups_per_retention_step;
            let chore = inbox.chore.take_if(|chore| group.is_empty() || since >= chore.interval(every));
            (group, chore, inbox.freed())
        };
        if chore.as_ref().is_some_and(|chore| chore.step().is_some()) {
            writer.last_step_group = writer.groups;
        }
        let wants_merge =
            matches!(chore, Some(Chore::Merge(_))) || self.tail().wants_merge(self.options.merge);
        if group.is_empty() && !wants_merge && chore.is_none() {
            drop(writer);
            if let Some(freed) = freed {
                freed.keep(());
            }
            return Ran::Nothing;
        }
        let rows_max = self.options.merge_rows_per_group_max;
        // In proportion to the group, so that a merge delays no small group by much and yet outruns what comes.
        let rows = MERGE_ROWS_PER_GROUP_MIN + MERGE_ROWS_PER_COMMIT * group.len();
        let rows = if group.is_empty() { rows_max } else { rows.min(rows_max) };
        let slice = if wants_merge { self.tail_mut().merge_slice(rows) } else { None };
        let merge_goes_on = slice.as_ref().is_some_and(|slice| slice.merged.is_none());
        let step = chore.as_ref().and_then(Chore::step);
        let Written { outcome, step } = self.write_group(&mut writer, group, slice, step);
        writer.groups += 1;
        // Tickets may wake whoever submits next on this very thread: no lock is held any more.
        drop(writer);
        if let Some(freed) = freed {
            freed.keep(());
        }
        // Costs far less than the group did; and others write to the same disk.
        self.check_space();
        for (pledge, result) in outcome {
            pledge.keep(result);
        }
        match chore {
            Some(Chore::Merge(pledge)) if step.is_ok() && merge_goes_on => {
                lock(&self.inbox).chore = Some(Chore::Merge(pledge));
            }
            Some(chore) => chore.pledge().keep(step),
            None => {}
        }
        Ran::Something
    }

    fn write_group(
        &self,
        writer: &mut Writer,
        queued: Vec<Queued>,
        slice: Option<MergeSlice>,
        step: Option<&Step>,
    ) -> Written {
        let mut group = writer.placer.begin();
        let mut outcome = Vec::with_capacity(queued.len());
        let mut step = step;
        match self.disk.snapshot() {
            Ok(snapshot) => {
                let tail = self.tail();
                let view = View { tail: &tail, snapshot: &snapshot };
                for Queued { commit, pledge, .. } in queued {
                    let placed = writer.placer.place(&mut group, commit, &view);
                    outcome.push((pledge, placed.map(|sequence| Committed { sequence }).map_err(Into::into)));
                }
                drop(tail);
                // One that cannot be judged waits for better times.
                step = step.filter(|step| self.still_holds(step, &group, &snapshot).unwrap_or(false));
            }
            Err(error) => {
                let pledges = queued.into_iter().map(|queued| queued.pledge);
                return self.stop(pledges, stop_of_read(&error));
            }
        }
        if group.journal.is_empty() && slice.is_none() && step.is_none() {
            return Written { outcome, step: Ok(AGAIN) };
        }
        let mut meta = Vec::new();
        if let Some(merged) = slice.as_ref().and_then(|slice| slice.merged) {
            meta.extend(self.merge_meta(merged, writer.placer.last_execution()));
        }
        if let Some(trimmed) = step.and_then(|step| step.trimmed) {
            meta.push((meta_key(self.options.shard, META_TRIMMED), number_value(trimmed)));
        }
        if let Some(step) = step {
            meta.push((
                meta_key(self.options.shard, META_ENDS_BY),
                number_value(step.ends_by_ms.max(0).cast_unsigned()),
            ));
        }
        let merge = slice.as_ref().map_or(&[][..], |slice| &slice.writes);
        let retention = step.map_or(&[][..], |step| &step.writes);
        let writes = Writes { shard: self.options.shard, group: &group, merge, retention, meta };
        if let Err(reason) = self.disk.write(&writes) {
            return self.stop(outcome.into_iter().map(|(pledge, _)| pledge), reason);
        }
        let mut tail = self.tail_mut();
        let journal_bytes = group.journal.iter().map(|(_, value)| value.len()).sum();
        tail.absorb(&group.index, group.through, journal_bytes);
        if let Some(slice) = slice {
            tail.merge_written(slice);
        }
        drop(tail);
        self.steps_written.fetch_add(u64::from(step.is_some()), Ordering::AcqRel);
        step.iter().flat_map(|step| &step.expired).for_each(|number| writer.placer.forget(*number));
        self.last_execution.store(writer.placer.last_execution(), Ordering::Release);
        Written { outcome, step: Ok(step.map_or(AGAIN, |step| step.report)) }
    }

    fn merge_meta(&self, merged: Sequence, last_execution: ExecutionNumber) -> Vec<(Vec<u8>, Vec<u8>)> {
        let key = |name| meta_key(self.options.shard, name);
        vec![
            (key(META_MERGED), number_value(merged)),
            (key(META_LAST_EXECUTION), number_value(last_execution)),
        ]
    }

    /// Stops, and gives these pledges and all that wait the reason.
    fn stop(&self, pledges: impl Iterator<Item = Pledge<TicketResult>>, reason: StopReason) -> Written {
        let (waiting, chore, freed) = {
            let mut inbox = lock(&self.inbox);
            inbox.stopped.get_or_insert_with(|| reason.clone());
            let (waiting, chore) = (inbox.queue.drain(), inbox.chore.take());
            (waiting, chore, inbox.freed())
        };
        if let Some(freed) = freed {
            freed.keep(());
        }
        self.arrived.notify_all();
        self.stop_pledge.keep(reason.clone());
        if let Some(chore) = chore {
            chore.pledge().keep(Err(reason.clone()));
        }
        let waiting = waiting.into_iter().map(|queued| queued.pledge);
        let refused = |pledge| (pledge, Err(CommitError::Stopped(reason.clone())));
        Written { outcome: pledges.chain(waiting).map(refused).collect(), step: Err(reason.clone()) }
    }

    /// Stops with this reason, for a backend whose thread ends otherwise than by [`Core::work`] returning.
    pub fn fail(&self, reason: StopReason) {
        for (pledge, result) in self.stop(std::iter::empty(), reason).outcome {
            pledge.keep(result);
        }
    }

    /// Merges what is in the tail and stops as asked for.
    fn finish(&self) {
        let mut writer = lock(&self.writer);
        let mut outcome = Vec::new();
        while lock(&self.inbox).stopped.is_none() {
            let slice = self.tail_mut().merge_slice(MERGE_ROWS_AT_CLOSE);
            let Some(slice) = slice else { break };
            outcome.extend(self.write_group(&mut writer, Vec::new(), Some(slice), None).outcome);
        }
        let closed = StopReason { kind: StopKind::Closed, message: Arc::from("it was closed") };
        if lock(&self.inbox).stopped.is_none() {
            outcome.extend(self.stop(std::iter::empty(), closed).outcome);
        }
        drop(writer);
        for (pledge, result) in outcome {
            pledge.keep(result);
        }
    }

    /// See [`Store::close`]; also usable where a type wraps the core.
    pub fn begin_close(&self) -> Promise<StopReason> {
        lock(&self.inbox).closing = true;
        match self.options.drive {
            Drive::Thread => self.arrived.notify_all(),
            Drive::ByHand | Drive::AtOnce => {
                while !lock(&self.inbox).queue.is_empty() {
                    self.run_group();
                }
                self.finish();
            }
        }
        self.stopped.clone()
    }

    /// A read of the tables.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let snapshot = self.disk.snapshot()?;
        read(&Reader::new(self.options.shard, &snapshot))
    }

    /// A read of merged tables: the tail first, the snapshot second, as its invariant demands. `then` reads on
    /// from the same snapshot without the tail, which the writer waits for.
    fn read_merged<L, T>(
        &self,
        look: impl FnOnce(&Reader<'_>, &Tail) -> Result<L, ReadError>,
        then: impl FnOnce(&Reader<'_>, L) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let tail = self.tail();
        let snapshot = self.disk.snapshot()?;
        let reader = Reader::new(self.options.shard, &snapshot);
        let found = look(&reader, &tail)?;
        drop(tail);
        then(&reader, found)
    }
}

type TicketResult = Result<Committed, CommitError>;

/// What became of a group, to be told when no lock is held.
struct Written {
    outcome: Vec<(Pledge<TicketResult>, TicketResult)>,
    step: ChoreResult,
}

fn number_value(number: u64) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(10);
    encoder.number(number);
    encoder.seal()
}

fn stop_of_read(error: &ReadError) -> StopReason {
    match error {
        ReadError::Stopped(reason) => reason.clone(),
        ReadError::Damaged(_) | ReadError::Unsupported(_) => {
            StopReason { kind: StopKind::Damaged, message: Arc::from(error.to_string()) }
        }
        ReadError::Io(_) => StopReason { kind: StopKind::WriteFailed, message: Arc::from(error.to_string()) },
    }
}

impl<D: Disk> Store for Core<D> {
    fn shard(&self) -> Shard {
        self.options.shard
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn last_execution(&self) -> ExecutionNumber {
        self.last_execution.load(Ordering::Acquire)
    }

    fn submit(&self, commit: Commit) -> Result<Ticket, SubmitError> {
        let starts = commit.lane == Lane::Start;
        // Looked at again, so that starts go on once there is room.
        if starts
            && lock(&self.inbox).low_space.is_some()
            && let Some(low) = self.check_space()
        {
            return Err(low);
        }
        let (ticket, is_first) = {
            let mut inbox = lock(&self.inbox);
            if let Some(reason) = &inbox.stopped {
                return Err(SubmitError::Stopped(reason.clone()));
            }
            if inbox.closing {
                let message = Arc::from("it is being closed");
                return Err(SubmitError::Stopped(StopReason { kind: StopKind::Closed, message }));
            }
            let is_first = inbox.queue.is_empty();
            (inbox.queue.push(commit)?, is_first)
        };
        match self.options.drive {
            // The thread waits only while nothing is queued; to wake it is a call of the system, even if it runs.
            Drive::Thread if is_first => self.arrived.notify_one(),
            Drive::Thread | Drive::ByHand => {}
            Drive::AtOnce => {
                self.run_group();
            }
        }
        Ok(ticket)
    }

    fn room(&self) -> Promise<()> {
        let mut inbox = lock(&self.inbox);
        if inbox.stopped.is_some() || inbox.queue.has_much_room() {
            return Promise::kept(());
        }
        inbox.room.get_or_insert_with(|| promise_or(|| ())).0.clone()
    }

    fn execution(&self, number: ExecutionNumber) -> Answer<'_, Option<StoredExecution>> {
        Box::pin(async move { self.read(|reader| reader.execution(number)) })
    }

    fn execution_by_name(&self, scope: MachineScope, name: Name) -> Answer<'_, Option<StoredExecution>> {
        Box::pin(async move {
            self.read_merged(
                |reader, tail| reader.number_by_name(tail, &scope, &name),
                |reader, number| number.map_or(Ok(None), |number| reader.execution(number)),
            )
        })
    }

    fn executions(&self, query: ExecutionsQuery) -> Answer<'_, ExecutionPage> {
        Box::pin(async move {
            self.read_merged(
                |reader, tail| reader.listed(tail, &query),
                |reader, listed| reader.executions(&listed),
            )
        })
    }

    fn entries(&self, execution: ExecutionNumber, sequences: Vec<Sequence>) -> Answer<'_, Vec<StoredEntry>> {
        Box::pin(async move { self.read(|reader| reader.entries(execution, &sequences)) })
    }

    fn history(&self, query: HistoryQuery) -> Answer<'_, HistoryPage> {
        Box::pin(async move { self.read(|reader| reader.history(&query)) })
    }

    fn catalog(&self, key: CatalogKey) -> Answer<'_, Option<CatalogRow>> {
        Box::pin(async move { self.read(|reader| reader.catalog(key)) })
    }

    fn catalog_scan(
        &self,
        scope: CatalogScope,
        order: Order,
        after: Option<CatalogKey>,
        limit: usize,
    ) -> Answer<'_, CatalogPage> {
        Box::pin(async move { self.read(|reader| reader.catalog_scan(&scope, order, after.as_ref(), limit)) })
    }

    fn pending(&self, kind: PendingKind, after: Option<PendingKey>, limit: usize) -> Answer<'_, PendingPage> {
        Box::pin(async move {
            self.read_merged(
                |reader, tail| reader.pending(tail, kind, after.as_ref(), limit),
                |_, page| Ok(page),
            )
        })
    }

    fn retain(&self, now_ms: i64, history_only: HistoryOnly) -> Answer<'_, Retained> {
        Box::pin(self.retain_step(now_ms, history_only))
    }

    fn blobs(&self) -> &dyn Blobs {
        &*self.blobs
    }

    fn health(&self) -> Health {
        self.check_space();
        let (durable, merged) = {
            let tail = self.tail();
            (tail.durable(), tail.merged())
        };
        let inbox = lock(&self.inbox);
        let acceptance =
            match (&inbox.stopped, inbox.low_space.clone().or_else(|| inbox.queue.refuses_starts())) {
                (Some(reason), _) => Acceptance::Nothing(reason.clone()),
                (None, Some(refusal)) => Acceptance::ProgressOnly(refusal),
                (None, None) => Acceptance::All,
            };
        let (queued_commits, queued_bytes) = (inbox.queue.commits(), inbox.queue.bytes());
        Health { acceptance, queued_commits, queued_bytes, durable, merged }
    }

    fn check(&self) -> Answer<'_, CheckReport> {
        Box::pin(async move { self.read(|reader| reader.check()) })
    }

    fn stopped(&self) -> Promise<StopReason> {
        self.stopped.clone()
    }

    fn close(&self) -> Promise<StopReason> {
        self.begin_close()
    }
}

impl<D> fmt::Debug for Core<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("shard", &self.options.shard)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
