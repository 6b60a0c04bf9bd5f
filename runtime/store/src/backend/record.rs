//! The two values of the hot commit: a journal value and an execution's row; and the index chunk.

use super::encoding::{Decoder, Encoder};
use super::table::Table;
use crate::execution::{ExecutionRow, ExecutionStatus, MachineScope, Naming, StoredEntry, StoredExecution};
use crate::port::ReadError;
use crate::sequence::{EventId, ExecutionNumber, Sequence, SequenceRef};
use bytes::Bytes;
use stepwell_types::{AccountId, Name, Region};

/// A change of a merged table, as the journal holds it; an open replays these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexChange {
    /// Which table.
    pub table: Table,
    /// Which row.
    pub key: Vec<u8>,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a row in a merged table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key is new.
    Add(Bytes),
    /// The key may be there.
    Replace(Bytes),
    /// It goes.
    Remove,
}

/// The transition part of a journal value, its references resolved.
#[derive(Clone, Debug)]
pub struct JournalTransition {
    /// Whose.
    pub execution: ExecutionNumber,
    /// Which of its transitions, from 0.
    pub ordinal: u64,
    /// The one before.
    pub previous: Option<Sequence>,
    /// The first event's id.
    pub first_event: EventId,
    /// How many events.
    pub event_count: u32,
    /// References.
    pub refs: Vec<Sequence>,
    /// The body.
    pub body: Bytes,
}

/// A journal value: one commit.
#[derive(Clone, Debug)]
pub struct JournalRecord {
    /// Its transition, if it has one.
    pub transition: Option<JournalTransition>,
    /// Its changes of merged tables, in order.
    pub changes: Vec<IndexChange>,
}

const WITHOUT_TRANSITION: u8 = 0;
const WITH_TRANSITION: u8 = 1;
const ADD: u8 = 0;
const REPLACE: u8 = 1;
const REMOVE: u8 = 2;

impl JournalRecord {
    /// As a value.
    #[must_use]
    pub fn encode(&self, sequence: Sequence) -> Vec<u8> {
        let body_len = self.transition.as_ref().map_or(0, |t| t.body.len() + 32);
        let changes_len: usize = self.changes.iter().map(|change| change.key.len() + 64).sum();
        let mut encoder = Encoder::with_capacity(body_len + changes_len + 16);
        match &self.transition {
            None => {
                encoder.byte(WITHOUT_TRANSITION);
            }
            Some(transition) => {
                encoder.byte(WITH_TRANSITION).number(transition.execution).number(transition.ordinal);
                encoder.number(transition.previous.unwrap_or(0)).number(transition.first_event);
                encoder.number(u64::from(transition.event_count)).number(transition.refs.len() as u64);
                // References are mostly near: their distance is shorter than they are.
                for reference in &transition.refs {
                    encoder.number(sequence.wrapping_sub(*reference));
                }
            }
        }
        encoder.number(self.changes.len() as u64);
        for IndexChange { table, key, change } in &self.changes {
            encoder.byte(*table as u8);
            match change {
                Change::Add(value) => encoder.byte(ADD).bytes(key).bytes(value),
                Change::Replace(value) => encoder.byte(REPLACE).bytes(key).bytes(value),
                Change::Remove => encoder.byte(REMOVE).bytes(key),
            };
        }
        if let Some(transition) = &self.transition {
            encoder.raw(&transition.body);
        }
        encoder.seal()
    }

    /// Reads a value.
    ///
    /// # Errors
    /// [`ReadError`] for bytes that are no journal value of this release.
    pub fn decode(sequence: Sequence, value: Bytes) -> Result<Self, ReadError> {
        let mut decoder = Decoder::open(value)?;
        let mut transition = match decoder.byte()? {
            WITHOUT_TRANSITION => None,
            WITH_TRANSITION => {
                let (execution, ordinal) = (decoder.number()?, decoder.number()?);
                let previous = Some(decoder.number()?).filter(|previous| *previous != 0);
                let first_event = decoder.number()?;
                let event_count = u32::try_from(decoder.number()?).map_err(|_| bad("event count"))?;
                let mut refs = Vec::with_capacity(decoder.count()?);
                for _ in 0..refs.capacity() {
                    refs.push(sequence.wrapping_sub(decoder.number()?));
                }
                let body = Bytes::new();
                Some(JournalTransition { execution, ordinal, previous, first_event, event_count, refs, body })
            }
            _ => return Err(bad("kind of journal value")),
        };
        let count = decoder.count()?;
        let mut changes = Vec::with_capacity(count);
        for _ in 0..count {
            let table = Table::of_number(decoder.byte()?)?;
            let kind = decoder.byte()?;
            let key = decoder.bytes()?.to_vec();
            let change = match kind {
                ADD => Change::Add(decoder.bytes()?),
                REPLACE => Change::Replace(decoder.bytes()?),
                REMOVE => Change::Remove,
                _ => return Err(bad("index change")),
            };
            changes.push(IndexChange { table, key, change });
        }
        if let Some(transition) = &mut transition {
            transition.body = decoder.rest();
        }
        Ok(Self { transition, changes })
    }

    /// As a reader gets it; `None` for a commit without a transition.
    #[must_use]
    pub fn into_entry(self, sequence: Sequence) -> Option<StoredEntry> {
        let JournalTransition { execution, ordinal, previous, first_event, event_count, refs, body } =
            self.transition?;
        Some(StoredEntry { sequence, execution, previous, ordinal, first_event, event_count, refs, body })
    }
}

fn bad(what: &str) -> ReadError {
    ReadError::Damaged(format!("unknown {what}"))
}

/// A status's number on disk; never changed.
#[must_use]
pub fn status_number(status: ExecutionStatus) -> u8 {
    match status {
        ExecutionStatus::Running => 0,
        ExecutionStatus::Succeeded => 1,
        ExecutionStatus::Failed => 2,
        ExecutionStatus::TimedOut => 3,
        ExecutionStatus::Aborted => 4,
        ExecutionStatus::PendingRedrive => 5,
    }
}

/// The status with this number.
///
/// # Errors
/// [`ReadError::Damaged`] for another number.
pub fn status_of_number(number: u8) -> Result<ExecutionStatus, ReadError> {
    let found = ExecutionStatus::ALL.into_iter().find(|status| status_number(*status) == number);
    found.ok_or_else(|| bad("execution status"))
}

/// An execution's row as a value; `frames` are the row's frames with their sequences.
#[must_use]
pub fn encode_execution(
    row: &ExecutionRow,
    frames: &[(u64, Sequence)],
    last_sequence: Sequence,
    transitions: u64,
) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(row.weight_bytes());
    encoder.number(last_sequence).number(transitions);
    encoder.number(row.scope.account.as_u64()).bytes(row.scope.region.as_str().as_bytes());
    encoder.bytes(row.scope.machine.as_str().as_bytes()).bytes(row.name.as_str().as_bytes());
    encoder.byte(match row.naming {
        Naming::Given => 0,
        Naming::Derived => 1,
    });
    encoder.byte(status_number(row.status)).signed(row.started_ms);
    match row.stopped_ms {
        None => encoder.byte(0),
        Some(stopped_ms) => encoder.byte(1).signed(stopped_ms),
    };
    encoder.number(row.machine_revision).raw(&row.input_hash).number(row.next_event);
    encoder.number(frames.len() as u64);
    for (frame, sequence) in frames {
        encoder.number(*frame).number(last_sequence.wrapping_sub(*sequence));
    }
    encoder.raw(&row.details);
    encoder.seal()
}

/// Reads an execution's row.
///
/// # Errors
/// [`ReadError`] for bytes that are no such row of this release.
pub fn decode_execution(number: ExecutionNumber, value: Bytes) -> Result<StoredExecution, ReadError> {
    let mut decoder = Decoder::open(value)?;
    let (last_sequence, transitions) = (decoder.number()?, decoder.number()?);
    let account = AccountId::from_u64(decoder.number()?).map_err(|_| bad("account"))?;
    let region = Region::new(&decoder.text()?).map_err(|_| bad("region"))?;
    let machine = Name::new(&decoder.text()?).map_err(|_| bad("machine name"))?;
    let name = Name::new(&decoder.text()?).map_err(|_| bad("execution name"))?;
    let naming = match decoder.byte()? {
        0 => Naming::Given,
        1 => Naming::Derived,
        _ => return Err(bad("naming")),
    };
    let status = status_of_number(decoder.byte()?)?;
    let started_ms = decoder.signed()?;
    let stopped_ms = match decoder.byte()? {
        0 => None,
        1 => Some(decoder.signed()?),
        _ => return Err(bad("stop time")),
    };
    let (machine_revision, input_hash, next_event) = (decoder.number()?, decoder.array()?, decoder.number()?);
    let count = decoder.count()?;
    let mut frames = Vec::with_capacity(count);
    for _ in 0..count {
        let frame = decoder.number()?;
        frames.push((frame, SequenceRef::Known(last_sequence.wrapping_sub(decoder.number()?))));
    }
    let scope = MachineScope { account, region, machine };
    let details = decoder.rest();
    let row = ExecutionRow {
        scope,
        name,
        naming,
        status,
        started_ms,
        stopped_ms,
        machine_revision,
        input_hash,
        next_event,
        frames,
        details,
    };
    Ok(StoredExecution { number, last_sequence, transitions, row })
}

/// An index chunk: first event and sequence of each transition.
#[must_use]
pub fn encode_chunk(transitions: &[(EventId, Sequence)]) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(transitions.len() * 4);
    encoder.number(transitions.len() as u64);
    let mut before = (0, 0);
    for &(event, sequence) in transitions {
        encoder.number(event.wrapping_sub(before.0)).number(sequence.wrapping_sub(before.1));
        before = (event, sequence);
    }
    encoder.seal()
}

/// Reads an index chunk.
///
/// # Errors
/// [`ReadError`] for bytes that are no chunk of this release.
pub fn decode_chunk(value: Bytes) -> Result<Vec<(EventId, Sequence)>, ReadError> {
    let mut decoder = Decoder::open(value)?;
    let count = decoder.count()?;
    let mut transitions = Vec::with_capacity(count);
    let mut before = (0u64, 0u64);
    for _ in 0..count {
        before = (before.0.wrapping_add(decoder.number()?), before.1.wrapping_add(decoder.number()?));
        transitions.push(before);
    }
    Ok(transitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Bytes {
        let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn record() -> JournalRecord {
        let change = |table, change| IndexChange { table, key: vec![0, 0, table as u8], change };
        JournalRecord {
            transition: Some(JournalTransition {
                execution: 300,
                ordinal: 2,
                previous: Some(998),
                first_event: 7,
                event_count: 2,
                refs: vec![998, 500],
                body: Bytes::from_static(b"body"),
            }),
            changes: vec![
                change(Table::Timers, Change::Add(Bytes::from_static(b"t"))),
                change(Table::Listing, Change::Replace(Bytes::from_static(b"l"))),
                change(Table::Inflight, Change::Remove),
            ],
        }
    }

    fn row() -> ExecutionRow {
        ExecutionRow {
            scope: MachineScope {
                account: AccountId::from_u64(42).unwrap(),
                region: Region::default(),
                machine: Name::new("machine").unwrap(),
            },
            name: Name::new("größe").unwrap(),
            naming: Naming::Given,
            status: ExecutionStatus::TimedOut,
            started_ms: 1_700_000_000_000,
            stopped_ms: Some(-1),
            machine_revision: 9,
            input_hash: [0xab; 32],
            next_event: 11,
            frames: vec![(0, SequenceRef::Known(1_000)), (3, SequenceRef::Known(990))],
            details: Bytes::from_static(b"details"),
        }
    }

    // What this release writes; a later one must still read it. A change here is a new format version.
    const RECORD: &str =
        "0100000049c2410501ac0202e60707020202f403030800030000080174060103000006016c070203000007626f6479";
    const ROW: &str = "01000000e5f75af6e807052a0975732d656173742d31076d616368696e65076772c3b6c39f65000380a0abfef962010109abababababababababababababababababababababababababababababababab0b020000030a64657461696c73";
    const CHUNK: &str = "010000007a1680e603010a0002088403";

    #[test]
    fn values_on_disk_stay_readable() {
        assert_eq!(hex(&record().encode(1_000)), RECORD);
        let read = JournalRecord::decode(1_000, unhex(RECORD)).unwrap();
        assert_eq!(read.changes, record().changes);
        assert_eq!(read.into_entry(1_000), record().into_entry(1_000));

        assert_eq!(hex(&encode_execution(&row(), &[(0, 1_000), (3, 990)], 1_000, 5)), ROW);
        let stored = StoredExecution { number: 300, last_sequence: 1_000, transitions: 5, row: row() };
        assert_eq!(decode_execution(300, unhex(ROW)).unwrap(), stored);

        let chunk = [(1, 10), (1, 12), (9, 400)];
        assert_eq!(hex(&encode_chunk(&chunk)), CHUNK);
        assert_eq!(decode_chunk(unhex(CHUNK)).unwrap(), chunk);
    }

    #[test]
    fn a_commit_without_transition_comes_back() {
        let record = JournalRecord { transition: None, changes: Vec::new() };
        let read = JournalRecord::decode(3, record.encode(3).into()).unwrap();
        assert!(read.changes.is_empty() && read.into_entry(3).is_none());
    }

    #[test]
    fn statuses_come_back() {
        for status in ExecutionStatus::ALL {
            assert_eq!(status_of_number(status_number(status)), Ok(status));
        }
        assert!(status_of_number(6).is_err());
    }
}
