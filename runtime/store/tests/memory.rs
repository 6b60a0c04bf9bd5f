//! The in-memory model passes the conformance suite, and bears faults at every write.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use stepwell_store::backend::core::{CoreOptions, Drive, Ran};
use stepwell_store::backend::queue::QueueLimits;
use stepwell_store::conformance::crash::{self, CrashBackend, Survived};
use stepwell_store::conformance::{self, Backend, Subject};
use stepwell_store::memory::{Fault, MemoryDisk, MemoryStore};
use stepwell_store::{
    Acceptance, Commit, CommitError, Lane, ReadError, Retained, StopKind, Store, SubmitError, memory_store,
};
use stepwell_types::AccountId;

#[derive(Default)]
struct Memory {
    disk: MemoryDisk,
    fault: Option<fn(u64) -> Fault>,
    struck_at: u64,
}

fn subject(store: MemoryStore) -> Subject {
    let store = Arc::new(store);
    let by_hand = Arc::clone(&store);
    Subject { store, run_group: Box::new(move || by_hand.run_group() == Ran::Something) }
}

impl Backend for Memory {
    fn open(&mut self, options: CoreOptions) -> Subject {
        subject(self.disk.open(options).expect("no fault is ordered"))
    }
}

impl CrashBackend for Memory {
    fn open_until(&mut self, point: u64) -> Option<Subject> {
        self.struck_at = self.disk.writes() + point;
        if let Some(fault) = self.fault {
            self.disk.inject(fault(self.struck_at));
        }
        self.disk.open(conformance::options()).ok().map(subject)
    }

    fn open(&mut self) -> Result<Subject, String> {
        // A fault that did not strike is called off.
        self.disk.inject(Fault::FailWrite(u64::MAX));
        self.disk.open(conformance::options()).map(subject).map_err(|error| error.to_string())
    }

    fn struck(&self) -> bool {
        self.disk.writes() > self.struck_at
    }
}

#[test]
fn conformance_suite() {
    conformance::run(|| Box::new(Memory::default()));
}

/// The first error of runs that crash at every write in turn, or the number of points.
fn crash_at_every_write(fault: fn(u64) -> Fault, seed: u64) -> Result<u64, String> {
    for point in 0.. {
        let mut memory = Memory { fault: Some(fault), ..Memory::default() };
        match crash::run(&mut memory, seed, point)
            .map_err(|error| format!("seed {seed}, point {point}: {error}"))?
        {
            Survived::Crashes => {}
            Survived::NoCrash => return Ok(point),
        }
    }
    unreachable!("a workload ends")
}

#[track_caller]
fn check_crashes(fault: fn(u64) -> Fault) {
    let points = crash_at_every_write(fault, 1).expect("every crash is survived");
    assert!(points > 150, "only {points} points");
}

#[test]
fn failed_writes_are_survived() {
    check_crashes(Fault::FailWrite);
}

#[test]
fn lost_answers_are_survived() {
    check_crashes(Fault::LoseAnswer);
}

#[test]
fn the_crash_suite_sees_torn_groups() {
    let error = crash_at_every_write(Fault::KeepTornGroup, 1).expect_err("torn groups must be seen");
    assert!(error.contains("seed 1"), "{error}");
}

fn start(store: &dyn Store) -> Commit {
    Commit { lane: Lane::Start, ..Commit::new(AccountId::DEFAULT, store.epoch()) }
}

#[test]
fn a_full_disk_stops_the_store_with_a_reason() {
    let disk = MemoryDisk::default();
    let store = disk.open(conformance::options()).unwrap();
    disk.inject(Fault::DiskFull(disk.writes()));
    let (first, second) = (store.submit(start(&store)).unwrap(), store.submit(start(&store)).unwrap());
    store.run_group();
    let Some(Err(CommitError::Stopped(reason))) = first.peek() else { panic!("{first:?}") };
    assert_eq!(
        (reason.kind, reason.to_string().as_str()),
        (StopKind::DiskFull, "the store has stopped: no space left on the disk")
    );
    assert_eq!(second.peek(), first.peek());
    assert_eq!(store.stopped().peek(), Some(reason.clone()));
    assert_eq!(store.submit(start(&store)).unwrap_err(), SubmitError::Stopped(reason.clone()));
    assert_eq!(store.health().acceptance, Acceptance::Nothing(reason));
    assert_eq!(store.run_group(), Ran::Nothing);
}

#[test]
fn little_space_refuses_starts_and_lets_others_go_on() {
    let disk = MemoryDisk::default();
    disk.set_free_bytes(99);
    let store = disk.open(CoreOptions { free_bytes_mark: 100, ..conformance::options() }).unwrap();
    let low = SubmitError::LowSpace { free_bytes: 99, mark_bytes: 100 };
    assert_eq!(store.submit(start(&store)).unwrap_err(), low);
    assert_eq!(store.health().acceptance, Acceptance::ProgressOnly(low));
    assert!(store.submit(Commit::new(AccountId::DEFAULT, store.epoch())).is_ok());
    disk.set_free_bytes(100);
    assert!(store.submit(start(&store)).is_ok());
    assert_eq!(store.health().acceptance, Acceptance::All);
}

#[test]
fn a_store_for_tests_commits_at_once() -> Result<(), ReadError> {
    let store = memory_store();
    let ticket = store.submit(start(&*store)).unwrap();
    assert!(matches!(ticket.peek(), Some(Ok(_))));
    assert_eq!(stepwell_store::block_on(store.check())?.commits, 1);
    Ok(())
}

#[test]
fn one_step_of_retention_is_done_at_a_time() {
    let disk = MemoryDisk::default();
    let store = disk.open(conformance::options()).unwrap();
    for _ in 0..40 {
        drop(store.submit(Commit::new(AccountId::DEFAULT, store.epoch())).unwrap());
        store.run_group();
    }
    let mut context = Context::from_waker(Waker::noop());
    // Abandoned, and yet carried by the next group.
    let mut abandoned = store.retain(0, |_| None);
    assert!(abandoned.as_mut().poll(&mut context).is_pending());
    drop(abandoned);
    let mut refused = store.retain(0, |_| None);
    let nothing = Poll::Ready(Ok(Retained::default()));
    assert_eq!(refused.as_mut().poll(&mut context), nothing, "one step at a time");
    while store.run_group() == Ran::Something {}
    let report = stepwell_store::block_on(store.check()).unwrap();
    assert!(report.journal_values < 20, "{report:?}");
}

#[test]
fn room_is_told_when_half_of_it_is_free() {
    let queue = QueueLimits { commits_max: 600, ..QueueLimits::default() };
    let options = CoreOptions { queue, drive: Drive::ByHand, ..CoreOptions::default() };
    let store = MemoryDisk::default().open(options).unwrap();
    let progress = || store.submit(Commit::new(AccountId::DEFAULT, store.epoch()));
    assert_eq!(store.room().peek(), Some(()));
    while progress().is_ok() {}
    let room = store.room();
    store.run_group();
    assert_eq!(room.peek(), None);
    store.run_group();
    assert_eq!(room.peek(), Some(()));
    while progress().is_ok() {}
    let room = store.room();
    drop(store.close());
    assert_eq!(room.peek(), Some(()));
}
