//! Places commits into a group: judges preconditions, hands out sequences, turns writes into table rows.
//!
//! INVARIANT: a refused commit changes nothing, neither the group nor the placer nor any cell.

use super::encoding::{Decoder, Encoder, seal};
use super::read::Reader;
use super::record::{
    Change, IndexChange, JournalRecord, JournalTransition, decode_execution, encode_chunk, encode_execution,
    status_number,
};
use super::snapshot::Snapshot;
use super::table::{
    Table, catalog_key, closed_key, execution_key, history_index_key, journal_key, listing_key, name_key,
    pending_key,
};
use super::tail::{Generation, Tail};
use crate::catalog::{CatalogKey, CatalogWrite};
use crate::commit::{Commit, INDEX_CHUNK_TRANSITIONS, Precondition, Refusal, TransitionWrite};
use crate::execution::{ExecutionStatus, InputMatch, ListingCursor, Naming};
use crate::pending::{PendingKey, PendingWrite};
use crate::port::ReadError;
use crate::sequence::{EventId, ExecutionNumber, Sequence, SequenceRef, Shard};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Executions whose last transitions the placer remembers; beyond it, it reads rows again.
const REMEMBERED_MAX: usize = 65_536;

/// What the committed state is, for judging: the tail and the tables under it.
pub struct View<'a> {
    /// The tail.
    pub tail: &'a Tail,
    /// The tables.
    pub snapshot: &'a dyn Snapshot,
}

/// The writes of one group.
#[derive(Debug, Default)]
pub struct Group {
    /// Journal rows, in ascending order of their keys.
    pub journal: Vec<(Vec<u8>, Vec<u8>)>,
    /// Execution rows, ascending: each execution's last in this group.
    pub executions: BTreeMap<ExecutionNumber, Vec<u8>>,
    /// New index chunks.
    pub history_index: Vec<(Vec<u8>, Vec<u8>)>,
    /// Catalog rows; `None` deletes.
    pub catalog: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Changes of the merged tables, for the tail once the group is durable.
    pub index: Generation,
    /// The last sequence of the group, or of the journal if it is empty.
    pub through: Sequence,
}

/// What the placer remembers of an execution.
#[derive(Clone, Debug)]
struct Known {
    last_sequence: Sequence,
    transitions: u64,
    status: ExecutionStatus,
    /// First event and sequence of the transitions that no index chunk has.
    recent: Vec<(EventId, Sequence)>,
}

/// The writer's memory from group to group.
#[derive(Debug)]
pub struct Placer {
    shard: Shard,
    epoch: u64,
    next_sequence: Sequence,
    last_execution: ExecutionNumber,
    known: HashMap<ExecutionNumber, Known>,
}

impl Placer {
    /// For a journal that ends at `last_sequence`.
    #[must_use]
    pub fn new(shard: Shard, epoch: u64, last_sequence: Sequence, last_execution: ExecutionNumber) -> Self {
        Self { shard, epoch, next_sequence: last_sequence + 1, last_execution, known: HashMap::new() }
    }

    /// The largest execution number placed.
    #[must_use]
    pub fn last_execution(&self) -> ExecutionNumber {
        self.last_execution
    }

    /// What it remembers of an execution that is gone goes as well.
    pub(crate) fn forget(&mut self, execution: ExecutionNumber) {
        self.known.remove(&execution);
    }

    /// An empty group.
    pub fn begin(&mut self) -> Group {
        if self.known.len() > REMEMBERED_MAX {
            self.known.clear();
        }
        Group { through: self.next_sequence - 1, ..Group::default() }
    }

    /// Places one commit, or refuses it.
    ///
    /// # Errors
    /// [`Refusal`] with the first precondition that fails.
    pub fn place(&mut self, group: &mut Group, commit: Commit, view: &View<'_>) -> Result<Sequence, Refusal> {
        if commit.epoch != self.epoch {
            return Err(Refusal::EpochPassed { commit: commit.epoch, current: self.epoch });
        }
        for precondition in &commit.preconditions {
            self.judge(group, precondition, view)?;
        }
        let transition = match &commit.transition {
            Some(transition) => Some(self.resolve(group, transition, view)?),
            None => None,
        };

        let sequence = self.next_sequence;
        self.next_sequence += 1;
        group.through = sequence;
        let mut changes = Vec::new();
        let transition = match (transition, commit.transition) {
            (Some(resolved), Some(write)) => {
                Some(self.place_transition(group, sequence, resolved, write, &mut changes))
            }
            _ => None,
        };
        for write in commit.pending {
            changes.push(self.pending_change(write));
        }
        for write in commit.catalog {
            match write {
                CatalogWrite::Put(key, value) => group
                    .catalog
                    .insert(catalog_key(self.shard, &key), Some(encode_catalog(sequence, &value))),
                CatalogWrite::Delete(key) => group.catalog.insert(catalog_key(self.shard, &key), None),
            };
        }
        changes.iter().for_each(|change| group.index.apply(change));
        let record = JournalRecord { transition, changes };
        group.journal.push((journal_key(self.shard, sequence), record.encode(sequence)));
        Ok(sequence)
    }

    fn judge(&mut self, group: &Group, precondition: &Precondition, view: &View<'_>) -> Result<(), Refusal> {
        match precondition {
            Precondition::CatalogAbsent(key) => self.judge_catalog(group, key, view, |found| found.is_none()),
            Precondition::CatalogPresent(key) => {
                self.judge_catalog(group, key, view, |found| found.is_some())
            }
            Precondition::CatalogRevision(key, revision) => {
                self.judge_catalog(group, key, view, |found| found == Some(*revision))
            }
            Precondition::LastTransition(execution, expected) => {
                let Some(expected) = expected.get() else {
                    return Err(Refusal::EarlierRefused { execution: *execution });
                };
                let found = self.last_transition(*execution, view)?;
                expect_last(*execution, Some(expected), found)
            }
            Precondition::PendingPresent(key) => match self.pending(group, key, view)? {
                Some(_) => Ok(()),
                None => Err(Refusal::NotPending(*key)),
            },
            Precondition::PendingAbsent(key) => match self.pending(group, key, view)? {
                Some(_) => Err(Refusal::AlreadyPending(*key)),
                None => Ok(()),
            },
        }
    }

    fn judge_catalog(
        &self,
        group: &Group,
        key: &CatalogKey,
        view: &View<'_>,
        holds: impl Fn(Option<Sequence>) -> bool,
    ) -> Result<(), Refusal> {
        let bytes = catalog_key(self.shard, key);
        let value = match group.catalog.get(&bytes) {
            Some(written) => written.clone().map(Bytes::from),
            None => view.snapshot.get(Table::Catalog, &bytes).map_err(unreadable)?,
        };
        let found = value.map(|value| decode_catalog(value).map(|(revision, _)| revision)).transpose();
        let found = found.map_err(unreadable)?;
        if holds(found) { Ok(()) } else { Err(Refusal::CatalogDiffers { key: key.clone(), found }) }
    }

    fn pending(&self, group: &Group, key: &PendingKey, view: &View<'_>) -> Result<Option<Bytes>, Refusal> {
        self.lookup(group, view, key.kind().table(), &pending_key(self.shard, key))
    }

    fn lookup(
        &self,
        group: &Group,
        view: &View<'_>,
        table: Table,
        key: &[u8],
    ) -> Result<Option<Bytes>, Refusal> {
        match group.index.get(table, key) {
            Some(known) => Ok(known),
            None => view.tail.lookup(view.snapshot, table, key).map_err(unreadable),
        }
    }

    fn last_transition(
        &mut self,
        execution: ExecutionNumber,
        view: &View<'_>,
    ) -> Result<Option<Sequence>, Refusal> {
        Ok(self.known(execution, view)?.map(|known| known.last_sequence))
    }

    /// What is known of an execution; everything that this group placed is, so the tables are up to date for the rest.
    fn known(&mut self, execution: ExecutionNumber, view: &View<'_>) -> Result<Option<&mut Known>, Refusal> {
        if !self.known.contains_key(&execution) {
            // Numbers grow, so a new execution's is above all; there is no row to look for.
            if execution > self.last_execution {
                return Ok(None);
            }
            let key = execution_key(self.shard, execution);
            let Some(value) = view.snapshot.get(Table::Executions, &key).map_err(unreadable)? else {
                return Ok(None);
            };
            let stored = decode_execution(execution, value).map_err(unreadable)?;
            let recent = Reader::new(self.shard, view.snapshot).unindexed(&stored).map_err(unreadable)?;
            let known = Known {
                last_sequence: stored.last_sequence,
                transitions: stored.transitions,
                status: stored.row.status,
                recent,
            };
            self.known.insert(execution, known);
        }
        Ok(self.known.get_mut(&execution))
    }

    /// Judges a transition's own preconditions and resolves its references.
    fn resolve(
        &mut self,
        group: &Group,
        write: &TransitionWrite,
        view: &View<'_>,
    ) -> Result<Resolved, Refusal> {
        let execution = write.execution;
        let earlier_refused = || Refusal::EarlierRefused { execution };
        let previous = match &write.previous {
            Some(previous) => Some(previous.get().ok_or_else(earlier_refused)?),
            None => None,
        };
        let known =
            self.known(execution, view)?.map(|known| (known.last_sequence, known.transitions, known.status));
        expect_last(execution, previous, known.map(|(last, _, _)| last))?;
        if previous.is_none() && write.row.naming == Naming::Given {
            self.judge_name(group, write, view)?;
        }
        let next_sequence = self.next_sequence;
        let sequence_of = |reference: &SequenceRef| match reference {
            // What this very transition wrote refers to its own cell, which is not filled yet.
            SequenceRef::Cell(cell) if Arc::ptr_eq(cell, &write.sequence) => Ok(next_sequence),
            SequenceRef::Cell(_) | SequenceRef::Known(_) => reference.get().ok_or_else(earlier_refused),
        };
        let refs = write.refs.iter().map(sequence_of).collect::<Result<_, _>>()?;
        let frames = write.row.frames.iter().map(|(frame, reference)| Ok((*frame, sequence_of(reference)?)));
        let frames = frames.collect::<Result<_, _>>()?;
        let (ordinal, status) =
            known.map_or((0, None), |(_, transitions, status)| (transitions, Some(status)));
        Ok(Resolved { previous, ordinal, status, refs, frames })
    }

    fn judge_name(&self, group: &Group, write: &TransitionWrite, view: &View<'_>) -> Result<(), Refusal> {
        let key = name_key(self.shard, &write.row.scope, &write.row.name);
        let Some(value) = self.lookup(group, view, Table::Names, &key)? else { return Ok(()) };
        let execution = decode_name(value).map_err(unreadable)?;
        let value = match group.executions.get(&execution) {
            Some(value) => Some(Bytes::from(value.clone())),
            None => {
                let key = execution_key(self.shard, execution);
                view.snapshot.get(Table::Executions, &key).map_err(unreadable)?
            }
        };
        let Some(value) = value else {
            return Err(Refusal::Unreadable(format!(
                "a name refers to execution {execution}, which has no row"
            )));
        };
        let row = decode_execution(execution, value).map_err(unreadable)?.row;
        let input = match row.input_hash == write.row.input_hash {
            true => InputMatch::Same,
            false => InputMatch::Different,
        };
        Err(Refusal::NameTaken { execution, input, status: row.status, started_ms: row.started_ms })
    }

    fn place_transition(
        &mut self,
        group: &mut Group,
        sequence: Sequence,
        resolved: Resolved,
        write: TransitionWrite,
        changes: &mut Vec<IndexChange>,
    ) -> JournalTransition {
        let Resolved { previous, ordinal, status: old_status, refs, frames } = resolved;
        let TransitionWrite { sequence: cell, execution, first_event, event_count, body, row, .. } = write;
        let _ = cell.set(sequence);
        self.last_execution = self.last_execution.max(execution);
        let known = self.known.entry(execution).or_insert_with(|| Known {
            last_sequence: 0,
            transitions: 0,
            status: row.status,
            recent: Vec::new(),
        });
        (known.last_sequence, known.transitions, known.status) = (sequence, ordinal + 1, row.status);
        known.recent.push((first_event, sequence));
        if known.transitions.is_multiple_of(INDEX_CHUNK_TRANSITIONS) {
            let chunk_event = known.recent.first().map_or(first_event, |(event, _)| *event);
            let chunk_ordinal = known.transitions - INDEX_CHUNK_TRANSITIONS;
            let key = history_index_key(self.shard, execution, chunk_event, chunk_ordinal);
            group.history_index.push((key, encode_chunk(&known.recent)));
            known.recent.clear();
        }
        group.executions.insert(execution, encode_execution(&row, &frames, sequence, ordinal + 1));

        if previous.is_none() && row.naming == Naming::Given {
            let key = name_key(self.shard, &row.scope, &row.name);
            changes.push(IndexChange {
                table: Table::Names,
                key,
                change: Change::Add(encode_name(execution)),
            });
        }
        if old_status != Some(row.status) {
            let at = ListingCursor { started_ms: row.started_ms, number: execution };
            let key = listing_key(self.shard, &row.scope, at);
            let value = Bytes::from(seal(&[status_number(row.status)]));
            let change = if old_status.is_none() { Change::Add(value) } else { Change::Replace(value) };
            changes.push(IndexChange { table: Table::Listing, key, change });
            if let Some(stopped_ms) = row.stopped_ms {
                let key = closed_key(self.shard, stopped_ms, execution);
                let change = Change::Add(Bytes::from(seal(&[])));
                changes.push(IndexChange { table: Table::Closed, key, change });
            }
        }
        JournalTransition { execution, ordinal, previous, first_event, event_count, refs, body }
    }

    fn pending_change(&mut self, write: PendingWrite) -> IndexChange {
        let (key, change) = match write {
            PendingWrite::Add(key, value) => {
                if let PendingKey::ExpressStart { execution } = key {
                    self.last_execution = self.last_execution.max(execution);
                }
                (key, Change::Add(seal(&value).into()))
            }
            PendingWrite::Replace(key, value) => (key, Change::Replace(seal(&value).into())),
            PendingWrite::Remove(key) => (key, Change::Remove),
        };
        IndexChange { table: key.kind().table(), key: pending_key(self.shard, &key), change }
    }
}

struct Resolved {
    previous: Option<Sequence>,
    ordinal: u64,
    status: Option<ExecutionStatus>,
    refs: Vec<Sequence>,
    frames: Vec<(u64, Sequence)>,
}

fn expect_last(
    execution: ExecutionNumber,
    expected: Option<Sequence>,
    found: Option<Sequence>,
) -> Result<(), Refusal> {
    if expected == found {
        Ok(())
    } else {
        Err(Refusal::LastTransitionDiffers { execution, expected, found })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: ReadError) -> Refusal {
    Refusal::Unreadable(error.to_string())
}

fn encode_name(execution: ExecutionNumber) -> Bytes {
    let mut encoder = Encoder::with_capacity(10);
    encoder.number(execution);
    encoder.seal().into()
}

pub(crate) fn decode_name(value: Bytes) -> Result<ExecutionNumber, ReadError> {
    Decoder::open(value)?.number()
}

fn encode_catalog(revision: Sequence, value: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(value.len() + 10);
    encoder.number(revision).raw(value);
    encoder.seal()
}

pub(crate) fn decode_catalog(value: Bytes) -> Result<(Sequence, Bytes), ReadError> {
    let mut decoder = Decoder::open(value)?;
    let revision = decoder.number()?;
    Ok((revision, decoder.rest()))
}
