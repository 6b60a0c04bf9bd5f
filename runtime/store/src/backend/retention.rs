//! Plans the steps of retention from the tables alone: what one group should write, and what must still be so then.
//!
//! A step is bounded in bytes and rows; so is what planning it reads. Only what is merged is touched: then no key of it
//! is in the tail, and an open never replays what is gone. The journal loses a transition in the very group that
//! writes its chunk.
//!
//! Histories are folded from their newest transition to their oldest, along the references that each has to the one
//! before. Where the journal ends, an older chunk begins (of a time before a redrive), or the execution does.
//!
//! Journal values without a transition go when they are merged: a pass trims each part of the journal once, behind the
//! merge. The same pass puts into the queue what an earlier release closed, which knew no queue.

use super::chunk::{CHUNK_BYTES_MAX, CHUNK_TRANSITIONS_MAX, Chunk, Content, ENTRY_OVERHEAD_BYTES};
use super::encoding::{seal, unseal};
use super::place::decode_name;
use super::read::{Journaled, Reader};
use super::record::{Change, JournalRecord, decode_execution, encode_execution, status_of_number};
use super::table::{
    Table, closed_key, execution_key, history_key, journal_key, listing_key, name_key, number_of_key,
    prefix_range, read_closed_key, read_history_key, shard_range,
};
use super::tail::MergeWrite;
use crate::execution::{ExecutionStatus, ListingCursor, Naming, StoredEntry, StoredExecution};
use crate::port::{Order, ReadError};
use crate::retention::{HistoryOnly, NextStep, Retained, RetentionWindows};
use crate::sequence::{ExecutionNumber, Sequence};
use bytes::Bytes;
use std::collections::HashSet;
use std::ops::{Bound, ControlFlow};

/// The sequence up to which the journal was trimmed.
pub(super) const META_TRIMMED: &str = "trimmed";

/// The time by which the last step let things end, in milliseconds since the epoch.
pub(super) const META_ENDS_BY: &str = "ends-by";

/// Bytes that a step writes before it takes nothing more in; the last thing that it took may exceed them by a chunk.
const STEP_BYTES: usize = 256 << 10;
/// Rows that a step changes before it takes nothing more in, likewise.
const STEP_ROWS: usize = 1_024;
/// Rows of the queue that one step looks at.
const STEP_EXECUTIONS_MAX: usize = 512;
/// Journal values that one step of trimming looks at.
const TRIM_VALUES_MAX: usize = 4_096;
/// Their bytes, likewise.
const TRIM_BYTES_MAX: usize = 1 << 20;
/// Milliseconds until an execution that cannot be read is looked at again.
const SET_ASIDE_MS: i64 = 24 * 60 * 60 * 1_000;

type Found<T> = Result<T, ReadError>;

/// What one group should write.
#[derive(Debug, Default)]
pub struct Step {
    /// The rows of executions as they were when it was planned: it is void if one has changed.
    pub(super) guards: Vec<(ExecutionNumber, Bytes)>,
    /// Ordered by table and key.
    pub(super) writes: Vec<MergeWrite>,
    /// Executions that are gone with it.
    pub(super) expired: Vec<ExecutionNumber>,
    /// How far trimming has come with it.
    pub(super) trimmed: Option<Sequence>,
    /// What it does.
    pub(super) report: Retained,
    /// How many steps had been written when it was planned.
    pub(super) planned_after: u64,
    /// For how long the first of it has been due, in milliseconds.
    pub(super) lag_ms: i64,
    /// See [`Planner::ends_by_ms`].
    pub(super) ends_by_ms: i64,
    bytes: usize,
}

impl Step {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.trimmed.is_none()
    }

    /// Where it stands, to go back to.
    fn mark(&self) -> Mark {
        let Self { guards, writes, expired, report, bytes, .. } = self;
        Mark {
            guards: guards.len(),
            writes: writes.len(),
            expired: expired.len(),
            report: *report,
            bytes: *bytes,
        }
    }

    /// Forgets what came after the mark.
    fn undo(&mut self, mark: Mark) {
        self.guards.truncate(mark.guards);
        self.writes.truncate(mark.writes);
        self.expired.truncate(mark.expired);
        (self.report, self.bytes) = (mark.report, mark.bytes);
    }

    fn is_full(&self) -> bool {
        self.bytes >= STEP_BYTES || self.writes.len() >= STEP_ROWS
    }

    fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += key.len() + value.len();
        self.writes.push(MergeWrite { table, key, value: Some(value.into()) });
    }

    fn remove(&mut self, table: Table, key: Vec<u8>) {
        self.report.journal_values += u64::from(table == Table::Journal);
        self.writes.push(MergeWrite { table, key, value: None });
    }

    fn finish(mut self) -> Self {
        self.writes.sort_unstable_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
        self.report.bytes = self.bytes as u64;
        self.report.next = if self.is_empty() { NextStep::Later } else { NextStep::Now };
        self
    }
}

/// How far a step had come.
struct Mark {
    guards: usize,
    writes: usize,
    expired: usize,
    report: Retained,
    bytes: usize,
}

/// Whether a part of a step came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    GoesOn,
}

/// A row of the queue.
struct Due {
    key: Vec<u8>,
    due_ms: i64,
    number: ExecutionNumber,
}

/// Plans over one snapshot.
pub struct Planner<'a> {
    /// Reads of a snapshot that has everything up to `merged` in its tables.
    pub reader: &'a Reader<'a>,
    /// The sequence up to which the tables are merged.
    pub merged: Sequence,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Likewise, the time by which something may end: earlier where the clock may be wrong.
    pub ends_by_ms: i64,
    /// How long what has closed is kept.
    pub windows: RetentionWindows,
    /// How a transition is reduced.
    pub history_only: HistoryOnly,
}

impl Planner<'_> {
    /// The next step; an empty one if nothing merged is due.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn plan(&self) -> Found<Step> {
        let mut step = Step { ends_by_ms: self.ends_by_ms, ..Step::default() };
        let due = self.due()?;
        step.lag_ms = due.first().map_or(0, |first| self.now_ms.saturating_sub(first.due_ms));
        let mut attended = HashSet::new();
        for Due { key, number, .. } in due {
            if step.is_full() {
                break;
            }
            // One that was closed twice may have two rows; the second finds what the first did only in the next step.
            if !attended.insert(number) {
                continue;
            }
            let before = step.mark();
            match self.attend(&mut step, key.clone(), number) {
                Err(error @ (ReadError::Damaged(_) | ReadError::Unsupported(_))) => {
                    step.undo(before);
                    self.set_aside(&mut step, key, number, &error);
                }
                attended => attended?,
            }
        }
        if step.is_empty() {
            self.trim(&mut step)?;
        }
        Ok(step.finish())
    }

    /// The head of the queue; its other end while some of the head may not end yet, since that waits in the way.
    fn due(&self) -> Found<Vec<Due>> {
        let from = shard_range(self.reader.shard).0;
        let to = Bound::Included(closed_key(self.reader.shard, self.now_ms, ExecutionNumber::MAX));
        let order = if self.ends_by_ms < self.now_ms { Order::Descending } else { Order::Ascending };
        let (mut due, mut failed) = (Vec::new(), Ok(()));
        self.reader.snapshot.scan(Table::Closed, (from, to), order, &mut |key, _| {
            match read_closed_key(key) {
                Ok((due_ms, number)) => due.push(Due { key: key.to_vec(), due_ms, number }),
                Err(error) => failed = Err(error),
            }
            match due.len() {
                0..STEP_EXECUTIONS_MAX if failed.is_ok() => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        })?;
        failed.map(|()| due)
    }

    /// Does for one execution what comes next.
    fn attend(&self, step: &mut Step, key: Vec<u8>, number: ExecutionNumber) -> Found<()> {
        let shard = self.reader.shard;
        let Some(value) = self.reader.snapshot.get(Table::Executions, &execution_key(shard, number))? else {
            return self.remove_rest(step, key, number);
        };
        let stored = decode_execution(number, value.clone())?;
        // It runs again, and gets another row when it closes.
        let Some(stopped_ms) = stored.row.stopped_ms else {
            step.remove(Table::Closed, key);
            return Ok(());
        };
        if stored.last_sequence > self.merged {
            return Ok(());
        }
        step.guards.push((number, value));
        let redrive_end_ms = stopped_ms.saturating_add(self.windows.redrive_ms);
        let end_ms = stopped_ms.saturating_add(self.windows.retention_ms);
        let next_ms = match self.unfolded(&stored)? {
            Some(newest) => {
                if self.fold(step, newest)? == Progress::GoesOn {
                    return Ok(());
                }
                step.report.folded += 1;
                redrive_end_ms.min(end_ms)
            }
            None if self.ends_by_ms >= end_ms => return self.expire(step, key, &stored),
            None if self.ends_by_ms >= redrive_end_ms => {
                if self.reduce(step, &stored)? == Progress::GoesOn {
                    return Ok(());
                }
                step.report.reduced += 1;
                end_ms
            }
            None => redrive_end_ms.min(end_ms),
        };
        let next_key = closed_key(shard, next_ms, number);
        if next_key != key {
            step.remove(Table::Closed, key);
            step.put(Table::Closed, next_key, seal(&[]));
        }
        Ok(())
    }

    /// Lets an execution that cannot be read wait, as it is, so that those behind it do not: what is damaged is told,
    /// and neither removed nor in anybody's way.
    fn set_aside(&self, step: &mut Step, key: Vec<u8>, number: ExecutionNumber, error: &ReadError) {
        tracing::error!(execution.number = number, %error, "a closed execution stays as it is: it cannot be read");
        let next_key = closed_key(self.reader.shard, self.now_ms.saturating_add(SET_ASIDE_MS), number);
        step.remove(Table::Closed, key);
        step.put(Table::Closed, next_key, seal(&[]));
    }

    /// A transition that the journal still has: the last one, or one right before a chunk.
    fn unfolded(&self, stored: &StoredExecution) -> Found<Option<StoredEntry>> {
        let (number, mut sequence) = (stored.number, stored.last_sequence);
        // Mostly folding has come to where the oldest chunk begins, and to read those above it in each step would take ever
        // longer. Only what went on after it was folded has a gap above the oldest.
        let mut oldest = None;
        if let Journaled::Nothing = self.reader.journal_entry(sequence)? {
            oldest = self.reader.oldest_chunk(number)?.as_ref().and_then(before_chunk);
        }
        sequence = oldest.unwrap_or(sequence);
        loop {
            match self.reader.journal_entry(sequence)? {
                Journaled::Transition(entry) => return Ok(Some(entry)),
                Journaled::Other => return Err(lost(number, sequence)),
                Journaled::Nothing => {}
            }
            let chunk = self.reader.chunk_before(number, sequence)?;
            let chunk = chunk.filter(|chunk| chunk.find(sequence).is_some());
            match before_chunk(&chunk.ok_or_else(|| lost(number, sequence))?) {
                Some(previous) => sequence = previous,
                None => return Ok(None),
            }
        }
    }

    /// Folds from this transition of the journal back, as much as one chunk holds.
    fn fold(&self, step: &mut Step, newest: StoredEntry) -> Found<Progress> {
        let number = newest.execution;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        let mut next = Some(newest);
        let mut progress = Progress::Done;
        while let Some(entry) = next.take() {
            let entry_bytes = entry.body.len() + ENTRY_OVERHEAD_BYTES + 4 * entry.refs.len();
            let fits = bytes + entry_bytes <= CHUNK_BYTES_MAX && entries.len() < CHUNK_TRANSITIONS_MAX;
            if !entries.is_empty() && !fits {
                progress = Progress::GoesOn;
                break;
            }
            if let Some(previous) = entry.previous {
                next = match self.reader.journal_entry(previous)? {
                    Journaled::Transition(entry) if entry.execution == number => Some(entry),
                    Journaled::Transition(_) | Journaled::Other => return Err(lost(number, previous)),
                    // Folded before a redrive: if it is nowhere, this finds out.
                    Journaled::Nothing => self.reader.entry(number, previous).map(|_| None)?,
                };
            }
            bytes += entry_bytes;
            step.remove(Table::Journal, journal_key(self.reader.shard, entry.sequence));
            entries.push(entry);
        }
        entries.reverse();
        let first_sequence = entries.first().map_or(0, |first| first.sequence);
        let chunk = Chunk { content: Content::Whole, entries };
        step.put(Table::History, history_key(self.reader.shard, number, first_sequence), chunk.encode());
        Ok(progress)
    }

    /// Reduces the transitions that still hold everything, oldest first, and then forgets the frames.
    fn reduce(&self, step: &mut Step, stored: &StoredExecution) -> Found<Progress> {
        let whole = prefix_range(execution_key(self.reader.shard, stored.number));
        let mut progress = Progress::Done;
        self.reader.each_in(Table::History, whole, |key, value| {
            if !Chunk::is_whole(value) {
                return Ok(ControlFlow::Continue(()));
            }
            if step.is_full() {
                progress = Progress::GoesOn;
                return Ok(ControlFlow::Break(()));
            }
            let (number, first_sequence) = read_history_key(key)?;
            let mut chunk = Chunk::decode(number, first_sequence, Bytes::copy_from_slice(value))?;
            chunk.content = Content::HistoryOnly;
            for entry in &mut chunk.entries {
                if let Some(body) = (self.history_only)(entry) {
                    entry.body = body;
                }
            }
            step.put(Table::History, key.to_vec(), chunk.encode());
            Ok(ControlFlow::Continue(()))
        })?;
        if progress == Progress::Done && !stored.row.frames.is_empty() {
            let value = encode_execution(&stored.row, &[], stored.last_sequence, stored.transitions);
            step.put(Table::Executions, execution_key(self.reader.shard, stored.number), value);
        }
        Ok(progress)
    }

    /// Removes an execution: at once what it can be found by, then the rest.
    fn expire(&self, step: &mut Step, key: Vec<u8>, stored: &StoredExecution) -> Found<()> {
        let (shard, number, row) = (self.reader.shard, stored.number, &stored.row);
        step.remove(Table::Executions, execution_key(shard, number));
        if row.naming == Naming::Given {
            let name = name_key(shard, &row.scope, &row.name);
            let named = self.reader.snapshot.get(Table::Names, &name)?;
            if named.map(decode_name).transpose()? == Some(number) {
                step.remove(Table::Names, name);
            }
        }
        let at = ListingCursor { started_ms: row.started_ms, number };
        step.remove(Table::Listing, listing_key(shard, &row.scope, at));
        step.expired.push(number);
        step.report.expired += 1;
        self.remove_rest(step, key, number)
    }

    /// Removes chunks of an execution that is gone, and its row in the queue with the last of them.
    fn remove_rest(&self, step: &mut Step, key: Vec<u8>, number: ExecutionNumber) -> Found<()> {
        let whole = prefix_range(execution_key(self.reader.shard, number));
        let mut progress = Progress::Done;
        for table in [Table::HistoryIndex, Table::History] {
            self.reader.each_in(table, whole.clone(), |key, _| {
                if step.is_full() {
                    progress = Progress::GoesOn;
                    return Ok(ControlFlow::Break(()));
                }
                step.remove(table, key.to_vec());
                Ok(ControlFlow::Continue(()))
            })?;
        }
        if progress == Progress::Done {
            step.remove(Table::Closed, key);
        }
        Ok(())
    }

    /// Passes over the journal's next values: removes those without a transition.
    fn trim(&self, step: &mut Step) -> Found<()> {
        let shard = self.reader.shard;
        let before = self.reader.meta(META_TRIMMED)?;
        if before >= self.merged {
            return Ok(());
        }
        let from = Bound::Included(journal_key(shard, before + 1));
        let to = Bound::Included(journal_key(shard, self.merged));
        let (mut values, mut bytes, mut through, mut closings) = (0, 0, self.merged, Vec::new());
        self.reader.each_in(Table::Journal, (from, to), |key, value| {
            let sequence = number_of_key(key)?;
            (values, bytes) = (values + 1, bytes + value.len());
            match trimmable(sequence, value) {
                Ok(Trimmable::Value) => step.remove(Table::Journal, key.to_vec()),
                Ok(Trimmable::Closing(execution)) => closings.push((execution, sequence)),
                Ok(Trimmable::Nothing) => {}
                Err(error @ (ReadError::Damaged(_) | ReadError::Unsupported(_))) => {
                    tracing::error!(sequence, %error, "a value of the journal stays as it is: it cannot be read");
                }
                Err(error) => return Err(error),
            }
            if values == TRIM_VALUES_MAX || bytes >= TRIM_BYTES_MAX || step.is_full() {
                through = sequence;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (number, sequence) in closings {
            if let Some(stored) = self.reader.execution(number)?
                && stored.last_sequence == sequence
                && let Some(stopped_ms) = stored.row.stopped_ms
            {
                step.put(Table::Closed, closed_key(shard, stopped_ms, number), seal(&[]));
            }
        }
        step.trimmed = Some(through);
        Ok(())
    }
}

/// What trimming does about a value of the journal.
enum Trimmable {
    /// Removes it.
    Value,
    /// Puts the execution that it closed into the queue.
    Closing(ExecutionNumber),
    Nothing,
}

fn trimmable(sequence: Sequence, value: &[u8]) -> Found<Trimmable> {
    let record = JournalRecord::decode(sequence, Bytes::copy_from_slice(value))?;
    Ok(match &record.transition {
        None => Trimmable::Value,
        Some(transition) if closes_without_queue(&record)? => Trimmable::Closing(transition.execution),
        Some(_) => Trimmable::Nothing,
    })
}

/// Whether a commit closed an execution without a row in the queue: by a release that had none.
pub(super) fn closes_without_queue(record: &JournalRecord) -> Found<bool> {
    let mut closes = false;
    for change in &record.changes {
        match (change.table, &change.change) {
            (Table::Closed, _) => return Ok(false),
            (Table::Listing, Change::Add(value) | Change::Replace(value)) => {
                let status = unseal(value.clone())?.first().copied();
                closes = match status_of_number(status.unwrap_or(u8::MAX))? {
                    ExecutionStatus::Running | ExecutionStatus::PendingRedrive => false,
                    ExecutionStatus::Succeeded
                    | ExecutionStatus::Failed
                    | ExecutionStatus::TimedOut
                    | ExecutionStatus::Aborted => true,
                };
            }
            _ => {}
        }
    }
    Ok(closes)
}

/// The transition before the first of a chunk.
fn before_chunk(chunk: &Chunk) -> Option<Sequence> {
    chunk.entries.first().and_then(|first| first.previous)
}

fn lost(execution: ExecutionNumber, sequence: Sequence) -> ReadError {
    ReadError::Damaged(format!("transition {sequence} of execution {execution} is missing"))
}
