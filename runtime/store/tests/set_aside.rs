//! What cannot be read waits for somebody to mend it, and keeps nothing else from being folded and removed.

use bytes::Bytes;
use std::sync::Arc;
use stepwell_store::backend::core::{CoreOptions, Disk, Drive, Writes};
use stepwell_store::backend::place::Group;
use stepwell_store::backend::snapshot::Snapshot;
use stepwell_store::backend::table::{Table, execution_key, journal_key};
use stepwell_store::backend::tail::MergeWrite;
use stepwell_store::memory::{MemoryDisk, MemoryStore};
use stepwell_store::retention::MERGE_ASKED_INTERVAL_MS;
use stepwell_store::{
    CatalogKey, CatalogKind, CatalogWrite, Commit, ExecutionNumber, ExecutionRow, ExecutionStatus, Lane,
    MachineScope, Naming, NextStep, Retained, Sequence, SequenceRef, Shard, Store, TransitionWrite, block_on,
};
use stepwell_types::{AccountId, Name, Region};

const SHARD: Shard = Shard(0);
const NOW_MS: i64 = 1_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Every commit is a group of its own.
fn open(disk: &MemoryDisk) -> MemoryStore {
    let options = CoreOptions { drive: Drive::AtOnce, free_bytes_mark: 0, ..CoreOptions::default() };
    disk.open(options).unwrap()
}

fn commit(store: &MemoryStore, commit: Commit) -> Sequence {
    store.submit(commit).unwrap().peek().unwrap().unwrap().sequence
}

/// An execution of two transitions that is closed, and their sequences.
fn closed(store: &MemoryStore, number: ExecutionNumber) -> [Sequence; 2] {
    let name = Name::new(&format!("e{number}")).unwrap();
    let machine = Name::new("m").unwrap();
    let mut row = ExecutionRow {
        scope: MachineScope { account: AccountId::DEFAULT, region: Region::default(), machine },
        name,
        naming: Naming::Given,
        status: ExecutionStatus::Running,
        started_ms: number.cast_signed(),
        stopped_ms: None,
        machine_revision: 1,
        input_hash: [7; 32],
        next_event: 2,
        frames: Vec::new(),
        details: Bytes::new(),
    };
    let write = |row: &ExecutionRow, previous: Option<Sequence>| {
        let write = TransitionWrite {
            sequence: Arc::default(),
            execution: number,
            previous: previous.map(SequenceRef::Known),
            first_event: row.next_event - 1,
            event_count: 1,
            refs: Vec::new(),
            body: Bytes::from_static(b"body"),
            row: row.clone(),
        };
        let lane = if previous.is_none() { Lane::Start } else { Lane::Progress };
        let account = AccountId::DEFAULT;
        Commit { lane, transition: Some(write), ..Commit::new(account, store.epoch()) }
    };
    let first = commit(store, write(&row, None));
    (row.status, row.stopped_ms, row.next_event) =
        (ExecutionStatus::Succeeded, Some(100 + row.started_ms), 3);
    [first, commit(store, write(&row, Some(first)))]
}

/// A commit without a transition.
fn setting(store: &MemoryStore) -> Sequence {
    let mut setting = Commit::new(AccountId::DEFAULT, store.epoch());
    let key = CatalogKey::new(CatalogKind::Setting, AccountId::DEFAULT, &Region::default(), "k").unwrap();
    setting.catalog.push(CatalogWrite::Put(key, Bytes::from_static(b"v")));
    commit(store, setting)
}

fn retain_all(store: &MemoryStore, now_ms: i64) -> Retained {
    let mut all = Retained::default();
    loop {
        all = all.and(block_on(store.retain(now_ms, |_| None)).unwrap());
        if all.next == NextStep::Later {
            return all;
        }
    }
}

/// Puts another value where one is, and gives that.
fn replace(disk: &MemoryDisk, table: Table, key: &[u8], value: Bytes) -> Bytes {
    let before = disk.snapshot().unwrap().get(table, key).unwrap().unwrap();
    let merge = [MergeWrite { table, key: key.to_vec(), value: Some(value) }];
    let (group, meta) = (Group::default(), Vec::new());
    disk.write(&Writes { shard: SHARD, group: &group, merge: &merge, retention: &[], meta }).unwrap();
    before
}

fn check_set_aside(table: Table, key: impl Fn([Sequence; 2]) -> Vec<u8>) {
    let disk = MemoryDisk::default();
    let store = open(&disk);
    let key = key(closed(&store, 1));
    closed(&store, 2);
    let whole = replace(&disk, table, &key, Bytes::from_static(b"damaged"));

    // The one behind it is folded, and removed in its time; it is left as it was found.
    let done = retain_all(&store, NOW_MS);
    assert_eq!((done.folded, done.journal_values), (1, 2), "{table:?}");
    let later = MERGE_ASKED_INTERVAL_MS;
    assert_eq!(retain_all(&store, NOW_MS + later), Retained::default(), "{table:?}");
    replace(&disk, table, &key, whole);
    assert_eq!(retain_all(&store, NOW_MS + later + DAY_MS).folded, 1, "{table:?}");
    let report = block_on(store.check()).unwrap();
    assert_eq!((report.executions, report.folded, report.journal_values), (2, 2, 0), "{table:?}");
}

#[test]
fn an_execution_that_cannot_be_read_waits_by_itself() {
    check_set_aside(Table::Executions, |_| execution_key(SHARD, 1));
    check_set_aside(Table::Journal, |[first, _]| journal_key(SHARD, first));
    check_set_aside(Table::Journal, |[_, last]| journal_key(SHARD, last));
}

#[test]
fn a_journal_value_that_cannot_be_read_stays_by_itself() {
    let disk = MemoryDisk::default();
    let store = open(&disk);
    let (damaged, _) = (setting(&store), setting(&store));
    closed(&store, 1);
    replace(&disk, Table::Journal, &journal_key(SHARD, damaged), Bytes::from_static(b"damaged"));
    let done = retain_all(&store, NOW_MS);
    assert_eq!((done.folded, done.journal_values), (1, 3));
    // What closes afterwards is merged and folded as ever.
    closed(&store, 2);
    assert_eq!(retain_all(&store, NOW_MS + MERGE_ASKED_INTERVAL_MS).folded, 1);
}
