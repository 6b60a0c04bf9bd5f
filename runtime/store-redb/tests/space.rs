//! What is gone gives its space back: the file's size follows what is kept, not what ever was.

use bytes::Bytes;
use std::fs;
use std::path::Path;
use std::task::{Context, Poll, Waker};
use stepwell_store::backend::core::{CoreOptions, Drive, Ran};
use stepwell_store::{
    Commit, ExecutionNumber, ExecutionRow, ExecutionStatus, Lane, MachineScope, Naming, NextStep, PendingKey,
    PendingWrite, SequenceCell, Store, TransitionWrite, block_on,
};
use stepwell_store_redb::{CheckpointLimits, DiskOptions, RedbOptions, RedbStore};
use stepwell_types::{AccountId, Name, Region};
use tempfile::TempDir;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const EXECUTIONS: u64 = 200;
const TRANSITIONS: u64 = 5;
const ROUNDS: u64 = 12;

fn open(folder: &Path) -> RedbStore {
    let core = CoreOptions {
        drive: Drive::ByHand,
        free_bytes_mark: 0,
        clock_jump_ms_max: i64::MAX,
        ..CoreOptions::default()
    };
    // A real server's checkpoints are further apart, and its files larger.
    let checkpoint = CheckpointLimits { bytes: 256 << 10, groups: 8 };
    let disk = DiskOptions { checkpoint, ..DiskOptions::default() };
    RedbStore::open(folder, RedbOptions { core, disk, ..RedbOptions::default() }).expect("the folder opens")
}

/// Starts and closes executions, each transition along with a commit that has none.
fn run(store: &RedbStore, first: ExecutionNumber, now_ms: i64) {
    let mut last: Vec<Option<SequenceCell>> = vec![None; usize::try_from(EXECUTIONS).expect("few")];
    for turn in 0..TRANSITIONS {
        for (execution, last) in (first..).zip(&mut last) {
            let sequence = SequenceCell::default();
            let previous = last.replace(sequence.clone());
            let closes = turn + 1 == TRANSITIONS;
            let mut commit = Commit::new(AccountId::DEFAULT, store.epoch());
            commit.lane = if turn == 0 { Lane::Start } else { Lane::Progress };
            commit.transition = Some(TransitionWrite {
                sequence,
                execution,
                previous: previous.map(Into::into),
                first_event: 1 + turn,
                event_count: 1,
                refs: Vec::new(),
                body: Bytes::from(vec![b'x'; 1_500]),
                row: ExecutionRow {
                    scope: MachineScope {
                        account: AccountId::DEFAULT,
                        region: Region::default(),
                        machine: Name::new("m").expect("a name"),
                    },
                    name: Name::new(&format!("e{execution}")).expect("a name"),
                    naming: Naming::Given,
                    status: if closes { ExecutionStatus::Succeeded } else { ExecutionStatus::Running },
                    started_ms: now_ms,
                    stopped_ms: closes.then_some(now_ms),
                    machine_revision: 1,
                    input_hash: [1; 32],
                    next_event: 2 + turn,
                    frames: Vec::new(),
                    details: Bytes::new(),
                },
            });
            drop(store.submit(commit).expect("room in the queue"));
            let mut other = Commit::new(AccountId::DEFAULT, store.epoch());
            let key = PendingKey::ExpressStart { execution: u64::MAX / 2 };
            other.pending.push(PendingWrite::Remove(key));
            drop(store.submit(other).expect("room in the queue"));
        }
        while store.core().run_group() == Ran::Something {}
    }
}

fn retain(store: &RedbStore, now_ms: i64) {
    loop {
        let mut step = store.retain(now_ms, |_| None);
        let step = loop {
            match step.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(step) => break step.expect("the store goes on"),
                Poll::Pending => assert!(store.core().run_group() == Ran::Something),
            }
        };
        if step.next == NextStep::Later {
            return;
        }
    }
}

#[test]
fn the_file_stays_flat_while_executions_come_and_go() {
    let folder = TempDir::new().expect("a folder");
    let size = || fs::metadata(folder.path().join("store.redb")).expect("a file").len();
    let mut sizes = Vec::new();
    let mut store = open(folder.path());
    for round in 0..ROUNDS {
        // By the next round this one's retention is over.
        let now_ms = i64::try_from(round).expect("few") * 91 * DAY_MS;
        run(&store, 1 + round * EXECUTIONS, now_ms);
        retain(&store, now_ms);
        retain(&store, now_ms + 15 * DAY_MS);
        if round % 5 == 4 {
            drop(store);
            store = open(folder.path());
        }
        let report = block_on(store.check()).expect("the store is whole");
        assert_eq!((report.executions, report.folded, report.journal_values), (EXECUTIONS, EXECUTIONS, 0));
        assert_eq!(report.commits, 2 * (round + 1) * EXECUTIONS * TRANSITIONS);
        sizes.push(size());
    }
    let settled = sizes[2];
    assert!(sizes.iter().skip(3).all(|size| *size <= settled + settled / 10), "{sizes:?}");
    retain(&store, i64::MAX);
    let report = block_on(store.check()).expect("the store is whole");
    assert_eq!((report.executions, report.transitions, report.waiting), (0, 0, 0));
}
