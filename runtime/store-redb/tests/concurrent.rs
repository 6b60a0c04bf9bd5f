//! Many submitters and one writer: what only one may have, only one gets.

use bytes::Bytes;
use std::thread;
use stepwell_store::{
    Commit, CommitError, PendingKey, PendingKind, PendingWrite, Precondition, Refusal, Store, block_on,
};
use stepwell_store_redb::{RedbOptions, RedbStore};
use stepwell_types::AccountId;
use tempfile::TempDir;

const ROWS: u64 = 300;
const CLAIMANTS: u64 = 4;

fn key(id: u64) -> PendingKey {
    PendingKey::Invocation { due_ms: 0, id }
}

/// Claims every row it can; how many those were.
fn claim_all(store: &RedbStore, account: u64) -> usize {
    let account = AccountId::from_u64(account).expect("twelve digits");
    let claim = |id| {
        let mut commit = Commit::new(account, store.epoch());
        commit.preconditions.push(Precondition::PendingPresent(key(id)));
        commit.pending.push(PendingWrite::Remove(key(id)));
        store.submit(commit).expect("room in the queue")
    };
    let tickets: Vec<_> = (0..ROWS).map(claim).collect();
    let outcomes = tickets.into_iter().map(block_on);
    outcomes
        .filter(|outcome| match outcome {
            Ok(_) => true,
            Err(CommitError::Refused(Refusal::NotPending(_))) => false,
            Err(error) => panic!("{error}"),
        })
        .count()
}

#[test]
fn every_row_is_claimed_once() {
    let folder = TempDir::new().expect("a folder for a test");
    let store = RedbStore::open(folder.path(), RedbOptions::default()).expect("the folder opens");
    let mut fill = Commit::new(AccountId::DEFAULT, store.epoch());
    fill.pending.extend((0..ROWS).map(|id| PendingWrite::Add(key(id), Bytes::from_static(b"event"))));
    assert!(store.submit(fill).expect("room in the queue").wait().is_ok());
    let claimed: usize = thread::scope(|scope| {
        let store = &store;
        let claimants: Vec<_> =
            (0..CLAIMANTS).map(|account| scope.spawn(move || claim_all(store, account))).collect();
        claimants.into_iter().map(|claimant| claimant.join().expect("no claimant panics")).sum()
    });
    assert_eq!(claimed as u64, ROWS);
    assert!(block_on(store.pending(PendingKind::Invocation, None, 10)).expect("readable").rows.is_empty());
    // The one that filled, and one for each row: what is refused takes no sequence.
    assert_eq!(block_on(store.check()).expect("readable").commits, 1 + ROWS);
}
