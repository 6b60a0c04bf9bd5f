//! Every read of the port, over a snapshot and (for names, listings and pending rows) the tail.

use super::chunk::Chunk;
use super::encoding::{Decoder, unseal};
use super::place::{decode_catalog, decode_name};
use super::record::{JournalRecord, decode_chunk, decode_execution, status_of_number};
use super::snapshot::Snapshot;
use super::table::{
    KeyRange, Table, catalog_key, catalog_prefix, execution_key, history_index_key, history_key, journal_key,
    listing_cursor, listing_key, listing_prefix, meta_key, name_key, number_of_key, pending_key,
    prefix_range, read_catalog_key, read_history_key, read_pending_key, shard_range,
};
use super::tail::Tail;
use crate::catalog::{CatalogKey, CatalogPage, CatalogRow, CatalogScope};
use crate::commit::INDEX_CHUNK_TRANSITIONS;
use crate::execution::{
    ExecutionPage, ExecutionStatus, ExecutionsQuery, HistoryPage, HistoryQuery, ListingCursor, MachineScope,
    StoredEntry, StoredExecution,
};
use crate::pending::{PendingKey, PendingKind, PendingPage, PendingRow};
use crate::port::{CheckReport, Order, PAGE_BYTES_MAX, PAGE_ROWS_MAX, ReadError};
use crate::sequence::{EventId, ExecutionNumber, Sequence, Shard};
use bytes::Bytes;
use std::cell::RefCell;
use std::ops::{Bound, ControlFlow};
use stepwell_types::Name;

/// The sequence up to which the merged tables have everything; beyond it the journal has no gap.
pub(super) const META_MERGED: &str = "merged";

/// Entries that one page of a filtered listing looks at.
pub const LISTING_LOOKS_MAX: usize = 4_096;

type Found<T> = Result<T, ReadError>;

/// A page of a listing before its rows are read.
#[derive(Debug)]
pub struct Listed {
    cursors: Vec<ListingCursor>,
    next: Option<ListingCursor>,
}

/// Reads of one shard from one snapshot.
pub struct Reader<'a> {
    pub(super) shard: Shard,
    pub(super) snapshot: &'a dyn Snapshot,
    /// The last chunk of a folded history that was read: what is asked for next is mostly in it, too.
    chunk: RefCell<Option<(ExecutionNumber, Chunk)>>,
}

impl<'a> Reader<'a> {
    /// A reader of this shard.
    #[must_use]
    pub fn new(shard: Shard, snapshot: &'a dyn Snapshot) -> Self {
        Self { shard, snapshot, chunk: RefCell::default() }
    }

    /// A number that the store keeps of itself; 0 if it was never written.
    ///
    /// # Errors
    /// [`ReadError`], as for every read here.
    pub fn meta(&self, name: &str) -> Found<u64> {
        match self.snapshot.get(Table::Meta, &meta_key(self.shard, name))? {
            Some(value) => Decoder::open(value)?.number(),
            None => Ok(0),
        }
    }

    /// See [`crate::Store::execution`].
    ///
    /// # Errors
    /// [`ReadError`], as for every read here.
    pub fn execution(&self, number: ExecutionNumber) -> Found<Option<StoredExecution>> {
        let value = self.snapshot.get(Table::Executions, &execution_key(self.shard, number))?;
        value.map(|value| decode_execution(number, value)).transpose()
    }

    /// The number behind a name; see [`crate::Store::execution_by_name`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn number_by_name(
        &self,
        tail: &Tail,
        scope: &MachineScope,
        name: &Name,
    ) -> Found<Option<ExecutionNumber>> {
        let value = tail.lookup(self.snapshot, Table::Names, &name_key(self.shard, scope, name))?;
        value.map(decode_name).transpose()
    }

    /// The places of the executions on a page; see [`crate::Store::executions`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn listed(&self, tail: &Tail, query: &ExecutionsQuery) -> Found<Listed> {
        let limit = query.limit.clamp(1, PAGE_ROWS_MAX);
        let mut range = prefix_range(listing_prefix(self.shard, &query.scope));
        if let Some(after) = query.after {
            range.0 = Bound::Excluded(listing_key(self.shard, &query.scope, after));
        }
        let (mut cursors, mut next, mut last, mut looks) = (Vec::new(), None, None, 0);
        let mut failed = Ok(());
        tail.scan(self.snapshot, Table::Listing, range, &mut |key, value| {
            if cursors.len() == limit || looks == LISTING_LOOKS_MAX {
                next = last;
                return ControlFlow::Break(());
            }
            looks += 1;
            match listing_cursor(key).and_then(|cursor| Ok((cursor, listed_status(value)?))) {
                Ok((cursor, status)) => {
                    last = Some(cursor);
                    if query.status.is_none_or(|wanted| wanted == status) {
                        cursors.push(cursor);
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed?;
        Ok(Listed { cursors, next })
    }

    /// The rows of a page.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn executions(&self, listed: &Listed) -> Found<ExecutionPage> {
        let mut executions = Vec::with_capacity(listed.cursors.len());
        for cursor in &listed.cursors {
            executions.extend(self.execution(cursor.number)?);
        }
        Ok(ExecutionPage { executions, next: listed.next })
    }

    /// See [`crate::Store::entries`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn entries(&self, execution: ExecutionNumber, sequences: &[Sequence]) -> Found<Vec<StoredEntry>> {
        sequences.iter().map(|sequence| self.entry(execution, *sequence)).collect()
    }

    /// One transition, from the journal or from a chunk of its execution's folded history.
    pub(super) fn entry(&self, execution: ExecutionNumber, sequence: Sequence) -> Found<StoredEntry> {
        if let Some((of, chunk)) = &*self.chunk.borrow()
            && *of == execution
            && let Some(entry) = chunk.find(sequence)
        {
            return Ok(entry.clone());
        }
        let found = match self.journal_entry(sequence)? {
            Journaled::Transition(entry) => Some(entry).filter(|entry| entry.execution == execution),
            Journaled::Other => None,
            Journaled::Nothing => self.folded_entry(execution, sequence)?,
        };
        found.ok_or_else(|| {
            ReadError::Damaged(format!("commit {sequence} is no transition of execution {execution}"))
        })
    }

    /// What the journal has at a sequence.
    pub(super) fn journal_entry(&self, sequence: Sequence) -> Found<Journaled> {
        let Some(value) = self.snapshot.get(Table::Journal, &journal_key(self.shard, sequence))? else {
            return Ok(Journaled::Nothing);
        };
        let entry = JournalRecord::decode(sequence, value)?.into_entry(sequence);
        Ok(entry.map_or(Journaled::Other, Journaled::Transition))
    }

    fn folded_entry(&self, execution: ExecutionNumber, sequence: Sequence) -> Found<Option<StoredEntry>> {
        let Some(chunk) = self.chunk_before(execution, sequence)? else { return Ok(None) };
        let entry = chunk.find(sequence).cloned();
        self.chunk.replace(Some((execution, chunk)));
        Ok(entry)
    }

    /// The last chunk of an execution that begins at this sequence or before.
    pub(super) fn chunk_before(
        &self,
        execution: ExecutionNumber,
        sequence: Sequence,
    ) -> Found<Option<Chunk>> {
        self.first_chunk(execution, sequence, Order::Descending)
    }

    /// The first chunk of an execution.
    pub(super) fn oldest_chunk(&self, execution: ExecutionNumber) -> Found<Option<Chunk>> {
        self.first_chunk(execution, Sequence::MAX, Order::Ascending)
    }

    /// The first that comes in this order of an execution's chunks that begin at this sequence or before.
    fn first_chunk(&self, execution: ExecutionNumber, to: Sequence, order: Order) -> Found<Option<Chunk>> {
        let from = Bound::Included(history_key(self.shard, execution, 0));
        let to = Bound::Included(history_key(self.shard, execution, to));
        let mut found = Ok(None);
        self.snapshot.scan(Table::History, (from, to), order, &mut |key, value| {
            found = read_history_key(key).and_then(|(execution, first_sequence)| {
                Chunk::decode(execution, first_sequence, Bytes::copy_from_slice(value)).map(Some)
            });
            ControlFlow::Break(())
        })?;
        found
    }

    /// See [`crate::Store::history`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn history(&self, query: &HistoryQuery) -> Found<HistoryPage> {
        let mut page = PageOfHistory::new(query);
        let Some(stored) = self.execution(query.execution)? else { return Ok(page.done()) };
        match query.order {
            Order::Ascending => {
                if self.visit_indexed(query, &mut page)?.is_continue() {
                    for (_, sequence) in self.unindexed(&stored)? {
                        if page.take(self.entry(query.execution, sequence)?).is_break() {
                            break;
                        }
                    }
                }
            }
            Order::Descending => {
                let unindexed = self.unindexed(&stored)?;
                if self.visit_newest_first(query, &unindexed, &mut page)?.is_continue() {
                    let _ = self.visit_indexed(query, &mut page)?;
                }
            }
        }
        Ok(page.done())
    }

    /// First event and sequence of the transitions that no index chunk has yet, fewer than a chunk, oldest first.
    pub(super) fn unindexed(&self, stored: &StoredExecution) -> Found<Vec<(EventId, Sequence)>> {
        let mut found = Vec::new();
        let mut next = Some(stored.last_sequence);
        for _ in 0..stored.transitions % INDEX_CHUNK_TRANSITIONS {
            let Some(sequence) = next else { break };
            let entry = self.entry(stored.number, sequence)?;
            found.push((entry.first_event, sequence));
            next = entry.previous;
        }
        found.reverse();
        Ok(found)
    }

    fn visit_newest_first(
        &self,
        query: &HistoryQuery,
        transitions: &[(EventId, Sequence)],
        page: &mut PageOfHistory,
    ) -> Found<ControlFlow<()>> {
        for (first_event, sequence) in transitions.iter().rev() {
            if query.from_event.is_some_and(|from| *first_event > from) {
                continue;
            }
            if page.take(self.entry(query.execution, *sequence)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn visit_indexed(&self, query: &HistoryQuery, page: &mut PageOfHistory) -> Found<ControlFlow<()>> {
        let execution = query.execution;
        let whole = prefix_range(execution_key(self.shard, execution));
        let from_key =
            query.from_event.map(|event| history_index_key(self.shard, execution, event, u64::MAX));
        // The event is in the last chunk that begins at it or before.
        let range = match (query.order, from_key) {
            (_, None) => whole,
            (Order::Descending, Some(key)) => (whole.0, Bound::Included(key)),
            (Order::Ascending, Some(key)) => {
                match self.last_key(Table::HistoryIndex, (whole.0.clone(), Bound::Included(key)))? {
                    Some(start) => (Bound::Included(start), whole.1),
                    None => whole,
                }
            }
        };
        let (mut flow, mut failed) = (ControlFlow::Continue(()), Ok(()));
        self.snapshot.scan(Table::HistoryIndex, range, query.order, &mut |_, value| {
            match self.visit_chunk(query, value, page) {
                Ok(next) => flow = next,
                Err(error) => (flow, failed) = (ControlFlow::Break(()), Err(error)),
            }
            flow
        })?;
        failed?;
        Ok(flow)
    }

    fn visit_chunk(
        &self,
        query: &HistoryQuery,
        value: &[u8],
        page: &mut PageOfHistory,
    ) -> Found<ControlFlow<()>> {
        let chunk = decode_chunk(Bytes::copy_from_slice(value))?;
        if query.order == Order::Descending {
            return self.visit_newest_first(query, &chunk, page);
        }
        let next_events = chunk.iter().skip(1).map(|(event, _)| Some(*event)).chain([None]);
        for ((_, sequence), next_event) in chunk.iter().zip(next_events) {
            // All its events come before the one asked for: not worth reading.
            if query.from_event.is_some_and(|from| next_event.is_some_and(|next| next <= from)) {
                continue;
            }
            if page.take(self.entry(query.execution, *sequence)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The last key of a range.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn last_key(&self, table: Table, range: KeyRange) -> Found<Option<Vec<u8>>> {
        let mut last = None;
        self.snapshot.scan(table, range, Order::Descending, &mut |key, _| {
            last = Some(key.to_vec());
            ControlFlow::Break(())
        })?;
        Ok(last)
    }

    /// The largest number in a table whose keys are shard and number; 0 if it is empty.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn last_number(&self, table: Table) -> Found<u64> {
        self.last_key(table, shard_range(self.shard))?.map_or(Ok(0), |key| number_of_key(&key))
    }

    /// See [`crate::Store::catalog`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn catalog(&self, key: CatalogKey) -> Found<Option<CatalogRow>> {
        let Some(value) = self.snapshot.get(Table::Catalog, &catalog_key(self.shard, &key))? else {
            return Ok(None);
        };
        let (revision, value) = decode_catalog(value)?;
        Ok(Some(CatalogRow { key, revision, value }))
    }

    /// See [`crate::Store::catalog_scan`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn catalog_scan(
        &self,
        scope: &CatalogScope,
        order: Order,
        after: Option<&CatalogKey>,
        limit: usize,
    ) -> Found<CatalogPage> {
        let (CatalogScope::Kind(kind) | CatalogScope::Region(kind, ..) | CatalogScope::Name(kind, ..)) =
            scope;
        let mut range = prefix_range(catalog_prefix(self.shard, scope));
        if let Some(after) = after {
            let bound = Bound::Excluded(catalog_key(self.shard, after));
            match order {
                Order::Ascending => range.0 = bound,
                Order::Descending => range.1 = bound,
            }
        }
        let mut rows = Rows::new(limit);
        self.snapshot.scan(Table::Catalog, range, order, &mut |key, value| {
            rows.take(value.len(), || {
                let key = read_catalog_key(*kind, key)?;
                let (revision, value) = decode_catalog(Bytes::copy_from_slice(value))?;
                Ok(CatalogRow { key, revision, value })
            })
        })?;
        let (rows, more) = rows.done()?;
        let next = if more { rows.last().map(|row| row.key.clone()) } else { None };
        Ok(CatalogPage { rows, next })
    }

    /// See [`crate::Store::pending`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn pending(
        &self,
        tail: &Tail,
        kind: PendingKind,
        after: Option<&PendingKey>,
        limit: usize,
    ) -> Found<PendingPage> {
        let mut range = shard_range(self.shard);
        if let Some(after) = after {
            range.0 = Bound::Excluded(pending_key(self.shard, after));
        }
        let mut rows = Rows::new(limit);
        tail.scan(self.snapshot, kind.table(), range, &mut |key, value| {
            rows.take(value.len(), || {
                let value = unseal(Bytes::copy_from_slice(value))?;
                Ok(PendingRow { key: read_pending_key(kind, key)?, value })
            })
        })?;
        let (rows, more) = rows.done()?;
        let next = if more { rows.last().map(|row| row.key) } else { None };
        Ok(PendingPage { rows, next })
    }

    /// Visits the journal from a sequence on.
    ///
    /// # Errors
    /// [`ReadError`] also for a gap.
    pub fn journal(
        &self,
        from: Sequence,
        visit: &mut dyn FnMut(Sequence, JournalRecord) -> Found<()>,
    ) -> Found<()> {
        let range = (Bound::Included(journal_key(self.shard, from)), shard_range(self.shard).1);
        let (mut expected, mut result) = (from, Ok(()));
        self.snapshot.scan(Table::Journal, range, Order::Ascending, &mut |key, value| {
            let visited = number_of_key(key).and_then(|sequence| {
                if sequence != expected {
                    return Err(ReadError::Damaged(format!("the journal lacks sequence {expected}")));
                }
                visit(sequence, JournalRecord::decode(sequence, Bytes::copy_from_slice(value))?)
            });
            expected += 1;
            match visited {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    result = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        result
    }

    /// See [`crate::Store::check`].
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn check(&self) -> Found<CheckReport> {
        let merged = self.meta(META_MERGED)?;
        let mut report = CheckReport { commits: merged, ..CheckReport::default() };
        let mut transitions = self.check_journal(merged, &mut report)?;
        let mut shown: Option<(ExecutionNumber, bool)> = None;
        self.each(Table::History, |key, value| {
            let (number, first_sequence) = read_history_key(key)?;
            let chunk = Chunk::decode(number, first_sequence, Bytes::copy_from_slice(value))?;
            let exists = match shown {
                Some((of, exists)) if of == number => exists,
                _ => self.snapshot.get(Table::Executions, &execution_key(self.shard, number))?.is_some(),
            };
            shown = Some((number, exists));
            // Of an execution that is being removed the chunks go last.
            transitions += if exists { chunk.entries.len() as u64 } else { 0 };
            Ok(())
        })?;
        self.each(Table::Executions, |key, value| {
            let number = number_of_key(key)?;
            let stored = decode_execution(number, Bytes::copy_from_slice(value))?;
            let last = self.entry(number, stored.last_sequence)?;
            if last.ordinal.checked_add(1) != Some(stored.transitions) {
                return Err(ReadError::Damaged(format!("execution {number} is not at its last transition")));
            }
            let journal_key = journal_key(self.shard, stored.last_sequence);
            report.folded += u64::from(self.snapshot.get(Table::Journal, &journal_key)?.is_none());
            report.executions += 1;
            report.transitions += stored.transitions;
            Ok(())
        })?;
        self.each(Table::Closed, |_, _| {
            report.waiting += 1;
            Ok(())
        })?;
        if report.transitions == transitions {
            Ok(report)
        } else {
            let told = report.transitions;
            let message = format!("{transitions} transitions are there, and {told} by the executions' rows");
            Err(ReadError::Damaged(message))
        }
    }

    /// Counts the transitions of the journal, which may have gaps up to the last merge.
    fn check_journal(&self, merged: Sequence, report: &mut CheckReport) -> Found<u64> {
        let mut transitions = 0;
        self.each(Table::Journal, |key, value| {
            let sequence = number_of_key(key)?;
            if sequence > merged && sequence != report.commits + 1 {
                let missing = report.commits + 1;
                return Err(ReadError::Damaged(format!("the journal lacks sequence {missing}")));
            }
            let record = JournalRecord::decode(sequence, Bytes::copy_from_slice(value))?;
            transitions += u64::from(record.transition.is_some());
            report.journal_values += 1;
            report.commits = report.commits.max(sequence);
            Ok(())
        })?;
        Ok(transitions)
    }

    /// Visits every row of a table, in order, until one is an error.
    fn each(&self, table: Table, mut visit: impl FnMut(&[u8], &[u8]) -> Found<()>) -> Found<()> {
        self.each_in(table, shard_range(self.shard), |key, value| {
            visit(key, value).map(|()| ControlFlow::Continue(()))
        })
    }

    /// Visits the rows of a range in ascending order, until the visitor breaks off or one is an error.
    pub(super) fn each_in(
        &self,
        table: Table,
        range: KeyRange,
        mut visit: impl FnMut(&[u8], &[u8]) -> Found<ControlFlow<()>>,
    ) -> Found<()> {
        let mut failed = Ok(());
        self.snapshot.scan(table, range, Order::Ascending, &mut |key, value| match visit(key, value) {
            Ok(flow) => flow,
            Err(error) => {
                failed = Err(error);
                ControlFlow::Break(())
            }
        })?;
        failed
    }
}

/// What the journal has at a sequence.
pub(super) enum Journaled {
    /// A transition.
    Transition(StoredEntry),
    /// A commit without one.
    Other,
    /// Nothing (any more).
    Nothing,
}

fn listed_status(value: &[u8]) -> Found<ExecutionStatus> {
    let content = unseal(Bytes::copy_from_slice(value))?;
    status_of_number(content.first().copied().unwrap_or(u8::MAX))
}

/// Gathers transitions until the page is full.
struct PageOfHistory {
    page: HistoryPage,
    order: Order,
    from_event: Option<EventId>,
    entries_left: usize,
    bytes_left: usize,
}

impl PageOfHistory {
    fn new(query: &HistoryQuery) -> Self {
        Self {
            page: HistoryPage { entries: Vec::new(), next_event: None },
            order: query.order,
            from_event: query.from_event,
            entries_left: query.entries_max.clamp(1, PAGE_ROWS_MAX),
            bytes_left: query.bytes_max.min(PAGE_BYTES_MAX),
        }
    }

    fn take(&mut self, entry: StoredEntry) -> ControlFlow<()> {
        let (first, end) =
            (entry.first_event, entry.first_event.saturating_add(u64::from(entry.event_count)));
        let wanted = self.from_event.is_none_or(|from| match self.order {
            Order::Ascending => end > from,
            Order::Descending => first <= from,
        });
        if first == end || !wanted {
            return ControlFlow::Continue(());
        }
        let fits = self.page.entries.is_empty() || entry.body.len() <= self.bytes_left;
        if self.entries_left == 0 || !fits {
            self.page.next_event = Some(match self.order {
                Order::Ascending => first,
                Order::Descending => end.saturating_sub(1),
            });
            return ControlFlow::Break(());
        }
        self.entries_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(entry.body.len());
        self.page.entries.push(entry);
        ControlFlow::Continue(())
    }

    fn done(self) -> HistoryPage {
        self.page
    }
}

/// Gathers rows until the page is full, or one cannot be read.
struct Rows<T> {
    rows: Vec<T>,
    limit: usize,
    bytes: usize,
    more: bool,
    failed: Option<ReadError>,
}

impl<T> Rows<T> {
    fn new(limit: usize) -> Self {
        Self { rows: Vec::new(), limit: limit.clamp(1, PAGE_ROWS_MAX), bytes: 0, more: false, failed: None }
    }

    fn take(&mut self, bytes: usize, read: impl FnOnce() -> Found<T>) -> ControlFlow<()> {
        self.bytes += bytes;
        if self.rows.len() == self.limit || (!self.rows.is_empty() && self.bytes > PAGE_BYTES_MAX) {
            self.more = true;
            return ControlFlow::Break(());
        }
        match read() {
            Ok(row) => {
                self.rows.push(row);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn done(self) -> Found<(Vec<T>, bool)> {
        match self.failed {
            Some(error) => Err(error),
            None => Ok((self.rows, self.more)),
        }
    }
}
