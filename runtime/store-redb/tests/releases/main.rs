//! Stores as earlier releases wrote them still open, go on and are folded.
//!
//! Each file in `stores/` is a data folder as a crash left it: what the first life wrote is merged, what the second
//! wrote is in the log and the journal's end. The workload is the same for all, so that one test reads them all.
//! Before a release that changes what is written, `STEPWELL_WRITE_STORE=<name> cargo test -p stepwell-store-redb
//! --test releases` adds one; none is ever changed.

mod workload;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker};
use stepwell_store::backend::core::{CoreOptions, Drive, Ran};
use stepwell_store::backend::tail::MergeLimits;
use stepwell_store::{NextStep, Store, block_on};
use stepwell_store_redb::{RedbOptions, RedbStore};
use tempfile::TempDir;
use workload::Life;

const FILES: [&str; 2] = ["store.redb", "store.log"];

fn stores() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases/stores")
}

fn open(folder: &Path) -> RedbStore {
    let core = CoreOptions {
        drive: Drive::ByHand,
        merge: MergeLimits { rows: 40, ..MergeLimits::default() },
        free_bytes_mark: 0,
        clock_jump_ms_max: i64::MAX,
        ..CoreOptions::default()
    };
    RedbStore::open(folder, RedbOptions { core, ..RedbOptions::default() }).expect("the store opens")
}

fn run(store: &RedbStore) {
    while store.core().run_group() == Ran::Something {}
}

/// Writes a store as this release does.
#[test]
fn a_store_can_be_written() {
    let Ok(name) = std::env::var("STEPWELL_WRITE_STORE") else { return };
    let folder = TempDir::new().expect("a folder");
    let store = open(folder.path());
    workload::live(&store, Life::First, &|| run(&store));
    let _ = store.close().wait();
    drop(store);
    let store = open(folder.path());
    workload::live(&store, Life::Second, &|| run(&store));
    let target = stores().join(format!("{name}.zip"));
    let mut zip = zip::ZipWriter::new(File::create_new(target).expect("a new name"));
    for file in FILES {
        zip.start_file(file, zip::write::SimpleFileOptions::default()).expect("room");
        let bytes = fs::read(folder.path().join(file)).expect("an open store's file can be read");
        zip.write_all(&bytes).expect("room");
    }
    zip.finish().expect("room");
}

fn unpack(store: &Path) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let mut zip = zip::ZipArchive::new(File::open(store).expect("it is there")).expect("a zip");
    for file in FILES {
        let mut bytes = Vec::new();
        zip.by_name(file).expect("it holds the file").read_to_end(&mut bytes).expect("it is whole");
        fs::write(folder.path().join(file), bytes).expect("room");
    }
    folder
}

#[test]
fn stores_of_every_release_open_and_go_on() {
    let mut stores: Vec<_> =
        fs::read_dir(stores()).expect("stores").map(|entry| entry.expect("an entry").path()).collect();
    stores.sort();
    assert!(!stores.is_empty());
    for path in stores {
        let checked = catch_unwind(AssertUnwindSafe(|| check_store(&unpack(&path))));
        assert!(checked.is_ok(), "{}", path.display());
    }
}

fn check_store(folder: &TempDir) {
    let store = open(folder.path());
    workload::verify(&store);
    let report = block_on(store.check()).expect("the store is whole");
    assert_eq!(report.folded, 0);
    // What had closed by then is found, though it stands in no queue, and is folded; what runs stays as it is.
    retain(&store, workload::CLOSED_MS);
    workload::verify(&store);
    let report = block_on(store.check()).expect("the store is whole");
    assert_eq!((report.folded, report.waiting), (workload::CLOSED, workload::CLOSED));
    drop(store);
    let store = open(folder.path());
    workload::verify(&store);
    workload::go_on(&store, &|| run(&store));
    drop(store);
    let store = open(folder.path());
    workload::verify_end(&store);
    retain(&store, workload::CLOSED_MS);
    workload::verify_end(&store);
    retain(&store, workload::CLOSED_MS + CoreOptions::default().retention.retention_ms);
    let report = block_on(store.check()).expect("the store is whole");
    assert_eq!((report.executions, report.transitions, report.waiting), (0, 0, 0));
}

/// Does all that is due.
fn retain(store: &RedbStore, now_ms: i64) {
    loop {
        let mut step = store.retain(now_ms, |_| None);
        let mut context = Context::from_waker(Waker::noop());
        let step = loop {
            match step.as_mut().poll(&mut context) {
                Poll::Ready(step) => break step.expect("the store goes on"),
                Poll::Pending => assert!(store.core().run_group() == Ran::Something),
            }
        };
        if step.next == NextStep::Later {
            return;
        }
    }
}
