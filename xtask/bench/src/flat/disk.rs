//! A disk in memory that notes how many bytes each group writes, and when.

use crate::clock::process_cpu;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;
use stepwell_store::backend::core::{Disk, Writes};
use stepwell_store::backend::snapshot::{Snapshot, Visit};
use stepwell_store::backend::table::{KeyRange, Table, execution_key};
use stepwell_store::backend::tail::is_empty;
use stepwell_store::{Order, ReadError, StopReason};

/// One group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Keys and values, of merged indexes too.
    pub(crate) bytes: u64,
    /// CPU time that the process had used when it was written.
    pub(crate) cpu: Duration,
}

#[derive(Clone, Default)]
pub(crate) struct CountedDisk(Arc<State>);

#[derive(Default)]
struct State {
    rows: RwLock<BTreeMap<(Table, Vec<u8>), Bytes>>,
    written: Mutex<Vec<Written>>,
}

impl CountedDisk {
    /// What was written since the last call.
    pub(crate) fn take(&self) -> Vec<Written> {
        std::mem::take(&mut self.0.written.lock())
    }
}

impl Disk for CountedDisk {
    type Snapshot = Self;

    fn snapshot(&self) -> Result<Self, ReadError> {
        Ok(self.clone())
    }

    fn write(&self, writes: &Writes<'_>) -> Result<(), StopReason> {
        let mut rows = self.0.rows.write();
        let mut bytes = 0;
        let mut put = |table: Table, key: &[u8], value: Option<&[u8]>| {
            bytes += (key.len() + value.map_or(0, <[u8]>::len)) as u64;
            match value {
                Some(value) => drop(rows.insert((table, key.to_vec()), Bytes::copy_from_slice(value))),
                None => drop(rows.remove(&(table, key.to_vec()))),
            }
        };
        let group = writes.group;
        group.journal.iter().for_each(|(key, value)| put(Table::Journal, key, Some(value)));
        for (number, value) in &group.executions {
            put(Table::Executions, &execution_key(writes.shard, *number), Some(value));
        }
        group.history_index.iter().for_each(|(key, value)| put(Table::HistoryIndex, key, Some(value)));
        group.catalog.iter().for_each(|(key, value)| put(Table::Catalog, key, value.as_deref()));
        writes.merge.iter().for_each(|write| put(write.table, &write.key, write.value.as_deref()));
        writes.meta.iter().for_each(|(key, value)| put(Table::Meta, key, Some(value)));
        drop(rows);
        if !group.journal.is_empty() {
            self.0.written.lock().push(Written { bytes, cpu: process_cpu() });
        } else if let Some(last) = self.0.written.lock().last_mut() {
            last.bytes += bytes;
        }
        Ok(())
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }
}

/// Reads what is there now; nothing reads an older state here.
impl Snapshot for CountedDisk {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, ReadError> {
        Ok(self.0.rows.read().get(&(table, key.to_vec())).cloned())
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
        let from = match from {
            Bound::Unbounded => Bound::Included((table, Vec::new())),
            from => from.map(|key| (table, key)),
        };
        let to = match to {
            Bound::Unbounded => Bound::Excluded((table, vec![u8::MAX; 64])),
            to => to.map(|key| (table, key)),
        };
        let rows = self.0.rows.read();
        let mut found = rows.range((from, to)).map(|((_, key), value)| visit(key, value));
        let _ = match order {
            Order::Ascending => found.find(|flow| flow.is_break()),
            Order::Descending => found.rfind(|flow| flow.is_break()),
        };
        Ok(())
    }
}
