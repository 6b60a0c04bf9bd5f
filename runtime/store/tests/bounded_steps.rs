//! What a step of retention reads does not grow with the history that it folds.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stepwell_store::backend::chunk::CHUNK_BYTES_MAX;
use stepwell_store::backend::core::{Core, CoreOptions, Disk, Drive, Writes};
use stepwell_store::backend::snapshot::{Snapshot, Visit};
use stepwell_store::backend::table::{KeyRange, Table};
use stepwell_store::memory::{MemoryDisk, MemorySnapshot};
use stepwell_store::{
    Commit, ExecutionRow, ExecutionStatus, Lane, MachineScope, Naming, Order, ReadError, SequenceRef,
    StopReason, Store, TransitionWrite, block_on,
};
use stepwell_types::{AccountId, Name, Region};

/// Counts the bytes of folded histories that are read.
struct Counting(MemoryDisk, Arc<AtomicU64>);

struct CountingSnapshot(MemorySnapshot, Arc<AtomicU64>);

impl Disk for Counting {
    type Snapshot = CountingSnapshot;

    fn snapshot(&self) -> Result<CountingSnapshot, ReadError> {
        Ok(CountingSnapshot(self.0.snapshot()?, Arc::clone(&self.1)))
    }

    fn write(&self, writes: &Writes<'_>) -> Result<(), StopReason> {
        self.0.write(writes)
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }
}

impl Snapshot for CountingSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, ReadError> {
        self.0.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        range: KeyRange,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), ReadError> {
        self.0.scan(table, range, order, &mut |key, value| {
            if table == Table::History {
                self.1.fetch_add(value.len() as u64, Ordering::Relaxed);
            }
            visit(key, value)
        })
    }
}

#[test]
fn a_large_history_is_folded_in_steps_that_read_no_more_than_they_need() {
    let read_bytes = Arc::new(AtomicU64::new(0));
    let disk = Counting(MemoryDisk::default(), Arc::clone(&read_bytes));
    let options = CoreOptions { drive: Drive::AtOnce, ..CoreOptions::default() };
    let store = Core::open(disk, Arc::new(stepwell_store::blob::MemoryBlobs::default()), options).unwrap();
    let (chunks, mut previous) = (40, None);
    for turn in 1..=chunks {
        let is_last = turn == chunks;
        let row = ExecutionRow {
            scope: MachineScope {
                account: AccountId::DEFAULT,
                region: Region::default(),
                machine: Name::new("m").unwrap(),
            },
            name: Name::new("e").unwrap(),
            naming: Naming::Given,
            status: if is_last { ExecutionStatus::Succeeded } else { ExecutionStatus::Running },
            started_ms: 1,
            stopped_ms: is_last.then_some(2),
            machine_revision: 1,
            input_hash: [7; 32],
            next_event: turn + 1,
            frames: Vec::new(),
            details: Bytes::new(),
        };
        let write = TransitionWrite {
            sequence: Arc::default(),
            execution: 1,
            previous,
            first_event: turn,
            event_count: 1,
            refs: Vec::new(),
            body: Bytes::from(vec![b'x'; CHUNK_BYTES_MAX - 100]),
            row,
        };
        let lane = if turn == 1 { Lane::Start } else { Lane::Progress };
        let commit =
            Commit { lane, transition: Some(write), ..Commit::new(AccountId::DEFAULT, store.epoch()) };
        let committed = store.submit(commit).unwrap().peek().unwrap().unwrap();
        previous = Some(SequenceRef::Known(committed.sequence));
    }
    let mut steps = 0;
    while block_on(store.retain(1_000, |_| None)).unwrap().folded == 0 {
        steps += 1;
    }
    assert!(steps >= chunks - 1, "{steps} steps");
    // Of each step the chunk that was folded last, and not all those before.
    let read_chunks = read_bytes.load(Ordering::Relaxed) / CHUNK_BYTES_MAX as u64;
    assert!(read_chunks <= chunks, "{read_chunks} chunks were read");
    assert_eq!(block_on(store.check()).unwrap().folded, 1);
}
