//! The in-memory model: the same rules over maps, with faults to order.

use crate::backend::core::{Core, CoreOptions, Disk, Drive, OpenCoreError, Writes};
use crate::backend::snapshot::{Snapshot, Visit};
use crate::backend::table::{KeyRange, Table, execution_key};
use crate::backend::tail::is_empty;
use crate::blob::{Blobs, MemoryBlobs};
use crate::port::{Order, ReadError, StopKind, StopReason, Store};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type RowKey = (Table, Vec<u8>);
type Rows = BTreeMap<RowKey, Bytes>;

/// A store in memory.
pub type MemoryStore = Core<MemoryDisk>;

/// What the model keeps when a process dies: give a clone of it to the next store.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
    blobs: Arc<MemoryBlobs>,
}

#[derive(Debug, Default)]
struct State {
    rows: Arc<Rows>,
    /// Row writes so far.
    writes: u64,
    fault: Option<Fault>,
    free_bytes: Option<u64>,
}

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The row write of this number (from 0) fails; what its group wrote before it is torn off.
    FailWrite(u64),
    /// As `FailWrite`, because the disk is full.
    DiskFull(u64),
    /// The group with this row write becomes durable, but the answer is lost: the store must treat it as failed.
    LoseAnswer(u64),
    /// As `FailWrite`, but on a disk without atomicity, that keeps the torn part. No store can bear it; with it the
    /// crash suite must fail, which shows that the suite looks.
    KeepTornGroup(u64),
}

impl Fault {
    fn at(self) -> u64 {
        match self {
            Self::FailWrite(at) | Self::DiskFull(at) | Self::LoseAnswer(at) | Self::KeepTornGroup(at) => at,
        }
    }

    fn reason(self) -> StopReason {
        let (kind, message) = match self {
            Self::DiskFull(_) => (StopKind::DiskFull, "no space left on the disk"),
            Self::FailWrite(_) | Self::LoseAnswer(_) | Self::KeepTornGroup(_) => {
                (StopKind::WriteFailed, "a write failed")
            }
        };
        StopReason { kind, message: Arc::from(message) }
    }
}

impl MemoryDisk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders a fault; a later order replaces an earlier one.
    pub fn inject(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Row writes so far: the numbers that faults can have.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Pretends that so many bytes are free.
    pub fn set_free_bytes(&self, free_bytes: u64) {
        self.lock().free_bytes = Some(free_bytes);
    }

    /// Opens a store over what the disk holds.
    ///
    /// # Errors
    /// [`OpenCoreError`] if a fault strikes on opening.
    pub fn open(&self, options: CoreOptions) -> Result<MemoryStore, OpenCoreError> {
        Core::open(self.clone(), Arc::clone(&self.blobs) as Arc<dyn Blobs>, options)
    }
}

/// A new store of which every submit is durable when it returns: for tests of what stands above it.
///
/// # Panics
/// Never: a new memory disk has no faults.
#[must_use]
pub fn memory_store() -> Arc<dyn Store> {
    let options = CoreOptions { drive: Drive::AtOnce, ..CoreOptions::default() };
    match MemoryDisk::default().open(options) {
        Ok(store) => Arc::new(store),
        Err(error) => unreachable!("a new memory disk opens: {error}"),
    }
}

impl Disk for MemoryDisk {
    type Snapshot = MemorySnapshot;

    fn snapshot(&self) -> Result<MemorySnapshot, ReadError> {
        Ok(MemorySnapshot(Arc::clone(&self.lock().rows)))
    }

    fn write(&self, writes: &Writes<'_>) -> Result<(), StopReason> {
        let mut state = self.lock();
        let rows = rows_of(writes);
        let end = state.writes + rows.len() as u64;
        let struck = state.fault.filter(|fault| (state.writes..end).contains(&fault.at()));
        let written = match struck {
            None | Some(Fault::LoseAnswer(_)) => rows.len(),
            Some(Fault::KeepTornGroup(at)) => usize::try_from(at - state.writes).unwrap_or(usize::MAX),
            Some(Fault::FailWrite(_) | Fault::DiskFull(_)) => 0,
        };
        state.writes = end;
        let table = Arc::make_mut(&mut state.rows);
        for (key, value) in rows.into_iter().take(written) {
            match value {
                Some(value) => table.insert(key, value),
                None => table.remove(&key),
            };
        }
        match struck {
            None => Ok(()),
            Some(fault) => {
                state.fault = None;
                Err(fault.reason())
            }
        }
    }

    fn free_bytes(&self) -> Option<u64> {
        self.lock().free_bytes
    }
}

fn rows_of(writes: &Writes<'_>) -> Vec<(RowKey, Option<Bytes>)> {
    let group = writes.group;
    let put = |table, key: &[u8], value: &[u8]| ((table, key.to_vec()), Some(Bytes::copy_from_slice(value)));
    let mut rows = Vec::new();
    rows.extend(group.journal.iter().map(|(key, value)| put(Table::Journal, key, value)));
    rows.extend(
        group
            .executions
            .iter()
            .map(|(number, value)| put(Table::Executions, &execution_key(writes.shard, *number), value)),
    );
    rows.extend(group.history_index.iter().map(|(key, value)| put(Table::HistoryIndex, key, value)));
    rows.extend(group.catalog.iter().map(|(key, value)| {
        ((Table::Catalog, key.clone()), value.as_ref().map(|value| Bytes::copy_from_slice(value)))
    }));
    let background = writes.merge.iter().chain(writes.retention);
    rows.extend(background.map(|write| ((write.table, write.key.clone()), write.value.clone())));
    rows.extend(writes.meta.iter().map(|(key, value)| put(Table::Meta, key, value)));
    rows
}

/// The rows at one instant; copied only if a write comes while it lives.
#[derive(Debug)]
pub struct MemorySnapshot(Arc<Rows>);

impl Snapshot for MemorySnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, ReadError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        range: KeyRange,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), ReadError> {
        if is_empty(&range) {
            return Ok(());
        }
        let (from, to) = range;
        let end = Bound::Excluded((table, vec![u8::MAX; 64]));
        let to = match to {
            Bound::Unbounded => end,
            to => to.map(|key| (table, key)),
        };
        let from = match from {
            Bound::Unbounded => Bound::Included((table, Vec::new())),
            from => from.map(|key| (table, key)),
        };
        let mut rows = self.0.range((from, to)).map(|((_, key), value)| visit(key, value));
        let _ = match order {
            Order::Ascending => rows.find(|flow| flow.is_break()),
            Order::Descending => rows.rfind(|flow| flow.is_break()),
        };
        Ok(())
    }
}
