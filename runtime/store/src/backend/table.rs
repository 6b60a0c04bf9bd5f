//! The tables and their keys: fixed big-endian fields, the shard first, so that byte order is the order of meaning.
//!
//! Texts in keys end with a NUL, which none of them holds.

use crate::catalog::{CatalogKey, CatalogKind, CatalogScope};
use crate::execution::{ListingCursor, MachineScope};
use crate::pending::{PendingKey, PendingKind};
use crate::port::ReadError;
use crate::sequence::{EventId, ExecutionNumber, Sequence, Shard};
use std::ops::Bound;
use std::sync::Arc;
use stepwell_types::{AccountId, Name, Region};

/// A table. The numbers are on disk, in the index changes of journal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// name → what the store knows of itself
    Meta = 0,
    /// sequence → one commit
    Journal = 1,
    /// execution → its row
    Executions = 2,
    /// execution, first event, ordinal → the sequences of 64 transitions
    HistoryIndex = 3,
    /// catalog key → revision and value
    Catalog = 4,
    /// machine, name → execution
    Names = 5,
    /// machine, newest start first → status
    Listing = 6,
    /// attempts
    Inflight = 7,
    /// due times
    Timers = 8,
    /// messages
    Outbox = 9,
    /// Express starts
    ExpressStarts = 10,
    /// queued invocations
    Invocations = 11,
    /// when a closed execution wants attention, execution → nothing
    Closed = 12,
    /// execution, first sequence → transitions of a folded history
    History = 13,
}

impl Table {
    /// Every table, in order.
    pub const ALL: [Self; 14] = [
        Self::Meta,
        Self::Journal,
        Self::Executions,
        Self::HistoryIndex,
        Self::Catalog,
        Self::Names,
        Self::Listing,
        Self::Inflight,
        Self::Timers,
        Self::Outbox,
        Self::ExpressStarts,
        Self::Invocations,
        Self::Closed,
        Self::History,
    ];

    /// Those that are not written in the hot commit, but merged from the tail.
    pub const MERGED: [Self; 8] = [
        Self::Names,
        Self::Listing,
        Self::Inflight,
        Self::Timers,
        Self::Outbox,
        Self::ExpressStarts,
        Self::Invocations,
        Self::Closed,
    ];

    /// Its name on disk.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Journal => "journal",
            Self::Executions => "executions",
            Self::HistoryIndex => "history_index",
            Self::Catalog => "catalog",
            Self::Names => "names",
            Self::Listing => "listing",
            Self::Inflight => "inflight",
            Self::Timers => "timers",
            Self::Outbox => "outbox",
            Self::ExpressStarts => "express_starts",
            Self::Invocations => "invocations",
            Self::Closed => "closed",
            Self::History => "history",
        }
    }

    /// Its place among the merged tables.
    pub(crate) fn merged_index(self) -> Option<usize> {
        Self::MERGED.iter().position(|table| *table == self)
    }

    pub(crate) fn of_number(number: u8) -> Result<Self, ReadError> {
        let table = Self::ALL.into_iter().find(|table| *table as u8 == number);
        table.ok_or_else(|| ReadError::Unsupported(format!("table {number}")))
    }
}

impl PendingKind {
    /// Where its rows are.
    #[must_use]
    pub fn table(self) -> Table {
        match self {
            Self::Inflight => Table::Inflight,
            Self::Timer => Table::Timers,
            Self::Outbox => Table::Outbox,
            Self::ExpressStart => Table::ExpressStarts,
            Self::Invocation => Table::Invocations,
        }
    }
}

/// A range of keys.
pub type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Makes a key field by field.
#[derive(Clone, Debug)]
pub struct KeyBuilder(Vec<u8>);

impl KeyBuilder {
    /// A key of this shard.
    #[must_use]
    pub fn new(shard: Shard) -> Self {
        let mut key = Vec::with_capacity(48);
        key.extend_from_slice(&shard.0.to_be_bytes());
        Self(key)
    }

    fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self.byte(0)
    }

    fn machine(self, scope: &MachineScope) -> Self {
        self.number(scope.account.as_u64()).text(scope.region.as_str()).text(scope.machine.as_str())
    }

    /// The key.
    #[must_use]
    pub fn build(self) -> Vec<u8> {
        self.0
    }
}

/// All keys that begin so.
#[must_use]
pub fn prefix_range(prefix: Vec<u8>) -> KeyRange {
    let mut end = prefix.clone();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return (Bound::Included(prefix), Bound::Excluded(end));
        }
    }
    (Bound::Included(prefix), Bound::Unbounded)
}

/// All keys of a shard in a table.
#[must_use]
pub fn shard_range(shard: Shard) -> KeyRange {
    prefix_range(KeyBuilder::new(shard).build())
}

/// A row of [`Table::Meta`].
#[must_use]
pub fn meta_key(shard: Shard, name: &str) -> Vec<u8> {
    KeyBuilder::new(shard).text(name).build()
}

/// A row of [`Table::Journal`].
#[must_use]
pub fn journal_key(shard: Shard, sequence: Sequence) -> Vec<u8> {
    KeyBuilder::new(shard).number(sequence).build()
}

/// A row of [`Table::Executions`].
#[must_use]
pub fn execution_key(shard: Shard, execution: ExecutionNumber) -> Vec<u8> {
    KeyBuilder::new(shard).number(execution).build()
}

/// A row of [`Table::HistoryIndex`].
#[must_use]
pub fn history_index_key(
    shard: Shard,
    execution: ExecutionNumber,
    first_event: EventId,
    ordinal: u64,
) -> Vec<u8> {
    KeyBuilder::new(shard).number(execution).number(first_event).number(ordinal).build()
}

/// A row of [`Table::History`].
#[must_use]
pub fn history_key(shard: Shard, execution: ExecutionNumber, first_sequence: Sequence) -> Vec<u8> {
    KeyBuilder::new(shard).number(execution).number(first_sequence).build()
}

/// The execution and the first sequence of a key of [`Table::History`].
///
/// # Errors
/// [`ReadError::Damaged`] for a key that is too short.
pub fn read_history_key(key: &[u8]) -> Result<(ExecutionNumber, Sequence), ReadError> {
    let mut fields = KeyReader::after_shard(key)?;
    Ok((fields.number()?, fields.number()?))
}

/// A row of [`Table::Closed`]; the earliest comes first.
#[must_use]
pub fn closed_key(shard: Shard, due_ms: i64, execution: ExecutionNumber) -> Vec<u8> {
    KeyBuilder::new(shard).number(ordered(due_ms)).number(execution).build()
}

/// When a key of [`Table::Closed`] is due, and its execution.
///
/// # Errors
/// [`ReadError::Damaged`] for a key that is too short.
pub fn read_closed_key(key: &[u8]) -> Result<(i64, ExecutionNumber), ReadError> {
    let mut fields = KeyReader::after_shard(key)?;
    Ok((unordered(fields.number()?), fields.number()?))
}

/// A row of [`Table::Names`].
#[must_use]
pub fn name_key(shard: Shard, scope: &MachineScope, name: &Name) -> Vec<u8> {
    KeyBuilder::new(shard).machine(scope).text(name.as_str()).build()
}

/// All of one machine in [`Table::Listing`].
#[must_use]
pub fn listing_prefix(shard: Shard, scope: &MachineScope) -> Vec<u8> {
    KeyBuilder::new(shard).machine(scope).build()
}

/// A row of [`Table::Listing`]; later starts have smaller keys.
#[must_use]
pub fn listing_key(shard: Shard, scope: &MachineScope, at: ListingCursor) -> Vec<u8> {
    KeyBuilder::new(shard).machine(scope).number(!ordered(at.started_ms)).number(!at.number).build()
}

/// The place that a listing key ends with.
///
/// # Errors
/// [`ReadError::Damaged`] for a key that is too short.
pub fn listing_cursor(key: &[u8]) -> Result<ListingCursor, ReadError> {
    let mut fields = KeyReader::new(key.get(key.len().saturating_sub(16)..).unwrap_or_default());
    Ok(ListingCursor { started_ms: unordered(!fields.number()?), number: !fields.number()? })
}

/// A row of the table of its kind.
#[must_use]
pub fn pending_key(shard: Shard, key: &PendingKey) -> Vec<u8> {
    let builder = KeyBuilder::new(shard);
    match *key {
        PendingKey::Inflight { execution, event } | PendingKey::Outbox { execution, event } => {
            builder.number(execution).number(event)
        }
        PendingKey::Timer { due_ms, execution, event, slot } => {
            builder.number(ordered(due_ms)).number(execution).number(event).byte(slot)
        }
        PendingKey::ExpressStart { execution } => builder.number(execution),
        PendingKey::Invocation { due_ms, id } => builder.number(ordered(due_ms)).number(id),
    }
    .build()
}

/// The pending key that these bytes are.
///
/// # Errors
/// [`ReadError::Damaged`] for other bytes.
pub fn read_pending_key(kind: PendingKind, key: &[u8]) -> Result<PendingKey, ReadError> {
    let mut fields = KeyReader::after_shard(key)?;
    Ok(match kind {
        PendingKind::Inflight => {
            PendingKey::Inflight { execution: fields.number()?, event: fields.number()? }
        }
        PendingKind::Outbox => PendingKey::Outbox { execution: fields.number()?, event: fields.number()? },
        PendingKind::Timer => PendingKey::Timer {
            due_ms: unordered(fields.number()?),
            execution: fields.number()?,
            event: fields.number()?,
            slot: fields.byte()?,
        },
        PendingKind::ExpressStart => PendingKey::ExpressStart { execution: fields.number()? },
        PendingKind::Invocation => {
            PendingKey::Invocation { due_ms: unordered(fields.number()?), id: fields.number()? }
        }
    })
}

/// A row of [`Table::Catalog`].
#[must_use]
pub fn catalog_key(shard: Shard, key: &CatalogKey) -> Vec<u8> {
    KeyBuilder::new(shard)
        .byte(key.kind as u8)
        .number(key.account.as_u64())
        .text(key.region.as_str())
        .text(&key.name)
        .text(&key.qualifier)
        .number(key.version)
        .build()
}

/// What all keys of a scan begin with.
#[must_use]
pub fn catalog_prefix(shard: Shard, scope: &CatalogScope) -> Vec<u8> {
    let start = |kind: CatalogKind| KeyBuilder::new(shard).byte(kind as u8);
    match scope {
        CatalogScope::Kind(kind) => start(*kind),
        CatalogScope::Region(kind, account, region) => {
            start(*kind).number(account.as_u64()).text(region.as_str())
        }
        CatalogScope::Name(kind, account, region, name) => {
            start(*kind).number(account.as_u64()).text(region.as_str()).text(name)
        }
    }
    .build()
}

/// The catalog key that these bytes are; `kind` is known from the scan.
///
/// # Errors
/// [`ReadError::Damaged`] for other bytes.
pub fn read_catalog_key(kind: CatalogKind, key: &[u8]) -> Result<CatalogKey, ReadError> {
    let mut fields = KeyReader::after_shard(key)?;
    fields.byte()?;
    Ok(CatalogKey {
        kind,
        account: AccountId::from_u64(fields.number()?).map_err(|_| bad_key())?,
        region: Region::new(fields.text()?).map_err(|_| bad_key())?,
        name: Arc::from(fields.text()?),
        qualifier: Arc::from(fields.text()?),
        version: fields.number()?,
    })
}

/// The number that a key of [`Table::Journal`] or [`Table::Executions`] holds behind the shard.
///
/// # Errors
/// [`ReadError::Damaged`] for a key that is too short.
pub fn number_of_key(key: &[u8]) -> Result<u64, ReadError> {
    KeyReader::after_shard(key)?.number()
}

/// Maps signed to unsigned so that the order stays.
fn ordered(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

fn unordered(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

fn bad_key() -> ReadError {
    ReadError::Damaged("a key has the wrong form".to_owned())
}

struct KeyReader<'a>(&'a [u8]);

impl<'a> KeyReader<'a> {
    fn new(key: &'a [u8]) -> Self {
        Self(key)
    }

    fn after_shard(key: &'a [u8]) -> Result<Self, ReadError> {
        Ok(Self(key.get(2..).ok_or_else(bad_key)?))
    }

    fn number(&mut self) -> Result<u64, ReadError> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(bad_key)?;
        self.0 = rest;
        Ok(u64::from_be_bytes(*number))
    }

    fn byte(&mut self) -> Result<u8, ReadError> {
        let (byte, rest) = self.0.split_first().ok_or_else(bad_key)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn text(&mut self) -> Result<&'a str, ReadError> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or_else(bad_key)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        str::from_utf8(text).map_err(|_| bad_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: Shard = Shard(3);

    #[test]
    fn pending_keys_come_back_in_order() {
        let timer = |due_ms, execution| PendingKey::Timer { due_ms, execution, event: 5, slot: 1 };
        let keys = [timer(-3, 9), timer(0, 1), timer(7, 1), timer(7, 2)];
        let encoded: Vec<_> = keys.iter().map(|key| pending_key(SHARD, key)).collect();
        assert!(encoded.is_sorted());
        for (key, bytes) in keys.iter().zip(&encoded) {
            assert_eq!(read_pending_key(PendingKind::Timer, bytes).unwrap(), *key);
        }
    }

    #[test]
    fn catalog_keys_come_back_in_order() {
        let region = Region::default();
        let key = |name: &str, qualifier: &str, version| {
            let key = CatalogKey::new(CatalogKind::Function, AccountId::DEFAULT, &region, name).unwrap();
            key.with_qualifier(qualifier).unwrap().with_version(version)
        };
        let keys = [key("a", "", 0), key("a", "", 256), key("a", "b", 1), key("ab", "", 0), key("b", "", 0)];
        let encoded: Vec<_> = keys.iter().map(|key| catalog_key(SHARD, key)).collect();
        assert!(encoded.is_sorted() && keys.is_sorted());
        for (key, bytes) in keys.iter().zip(&encoded) {
            assert_eq!(read_catalog_key(CatalogKind::Function, bytes).unwrap(), *key);
        }
    }

    #[test]
    fn listings_begin_with_the_newest() {
        let scope = MachineScope {
            account: AccountId::DEFAULT,
            region: Region::default(),
            machine: Name::new("m").unwrap(),
        };
        let cursors = [(9, 1), (5, 3), (5, 2), (-1, 7)]
            .map(|(started_ms, number)| ListingCursor { started_ms, number });
        let keys = cursors.map(|cursor| listing_key(SHARD, &scope, cursor));
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| listing_cursor(&key).unwrap()), cursors);
    }

    #[test]
    fn a_prefix_ends_where_it_should() {
        let end = |prefix: &[u8]| prefix_range(prefix.to_vec()).1;
        assert_eq!(end(&[1, 2]), Bound::Excluded(vec![1, 3]));
        assert_eq!(end(&[1, 255]), Bound::Excluded(vec![2]));
        assert_eq!(end(&[255, 255]), Bound::Unbounded);
    }
}
