//! Trouble with the folder and the file: each has its own error, in plain words.

use bytes::Bytes;
use redb::backends::InMemoryBackend;
use redb::{ReadableTable as _, StorageBackend, TableDefinition};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stepwell_store::backend::core::CoreOptions;
use stepwell_store::backend::table::Table;
use stepwell_store::blob::MemoryBlobs;
use stepwell_store::{Blobs, Commit, CommitError, StopKind, Store, SubmitError, block_on};
use stepwell_store_redb::{
    CheckpointLimits, DirectoryBlobs, DiskOptions, OpenError, RedbDisk, RedbOptions, RedbStore, Repair,
};
use stepwell_types::AccountId;
use tempfile::TempDir;

fn folder() -> TempDir {
    TempDir::new().expect("a folder for a test")
}

fn open(folder: &Path) -> Result<RedbStore, OpenError> {
    RedbStore::open(folder, RedbOptions::default())
}

fn commit(store: &RedbStore, count: usize) {
    let tickets: Vec<_> =
        (0..count).map(|_| store.submit(Commit::new(AccountId::DEFAULT, store.epoch())).unwrap()).collect();
    assert!(tickets.iter().all(|ticket| ticket.wait().is_ok()));
}

/// A closed store with some commits; the path of its file.
fn made(folder: &Path) -> PathBuf {
    let store = open(folder).unwrap();
    commit(&store, 100);
    drop(store);
    folder.join("store.redb")
}

#[test]
fn the_thread_commits_and_an_open_finds_it() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    commit(&store, 1_000);
    assert_eq!(store.close().wait().kind, StopKind::Closed);
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!((store.epoch(), block_on(store.check()).unwrap().commits), (2, 1_000));
}

#[test]
fn a_second_server_is_refused() {
    let folder = folder();
    let first = open(folder.path()).unwrap();
    let second = open(folder.path()).unwrap_err();
    assert!(matches!(second, OpenError::InUse(_)), "{second}");
    assert!(second.to_string().starts_with("another Stepwell server has this folder open"));
    commit(&first, 1);
    drop(first);
    open(folder.path()).unwrap();
}

#[track_caller]
fn check_damage(damage: impl FnOnce(&mut Vec<u8>)) {
    let folder = folder();
    let file = made(folder.path());
    let mut bytes = fs::read(&file).unwrap();
    damage(&mut bytes);
    fs::write(&file, bytes).unwrap();
    let error = open(folder.path()).expect_err("a damaged file does not open");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("is damaged"), "{error}");
}

#[test]
fn a_file_of_something_else() {
    check_damage(|bytes| *bytes = b"SQLite format 3\0".repeat(1_000));
}

#[test]
fn a_file_with_a_bad_magic_number() {
    check_damage(|bytes| bytes[0] ^= 0xff);
}

#[test]
fn a_truncated_file() {
    check_damage(|bytes| bytes.truncate(bytes.len() / 2));
    check_damage(|bytes| bytes.truncate(100));
}

#[test]
fn a_file_with_damaged_values() {
    // Each page but the header's first: whatever of it a page holds, its checksums or shape give it away.
    check_damage(|bytes| bytes[4_096..].iter_mut().for_each(|byte| *byte ^= 0x55));
}

#[test]
fn a_flipped_byte_is_seen_or_hits_nothing() {
    let folder = folder();
    let file = made(folder.path());
    let bytes = fs::read(&file).unwrap();
    fs::copy(folder.path().join("store.log"), file.with_extension("kept")).unwrap();
    let mut seen = 0;
    // Places all over the file; where nothing is, nothing is lost.
    for at in (0..bytes.len()).step_by(1_499).filter(|at| bytes[*at] != 0) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        fs::write(&file, flipped).unwrap();
        match RedbStore::verify(folder.path(), RedbOptions::default()) {
            Err(error) => {
                assert!(error.to_string().contains("/store.redb is damaged: "), "{error}");
                seen += 1;
            }
            Ok(()) => {
                let store = open(folder.path()).unwrap();
                assert_eq!(block_on(store.check()).unwrap().commits, 100, "at {at}");
                drop(store);
                // The log goes with the file that was opened last.
                fs::remove_file(folder.path().join("store.log")).unwrap();
                fs::copy(file.with_extension("kept"), folder.path().join("store.log")).unwrap();
            }
        }
    }
    assert!(seen > 1, "{seen} were seen");
}

/// A store as a killed server leaves it: its last groups, one commit each, are in the log alone.
fn killed(groups: usize) -> TempDir {
    let (folder, left) = (folder(), folder());
    let store = open(folder.path()).unwrap();
    for _ in 0..groups {
        commit(&store, 1);
    }
    for file in ["store.redb", "store.log"] {
        fs::copy(folder.path().join(file), left.path().join(file)).unwrap();
    }
    left
}

/// The commits that an open finds after the log was changed, or what it says.
fn opened_after(change: impl FnOnce(&mut Vec<u8>)) -> Result<u64, String> {
    let folder = killed(5);
    let file = folder.path().join("store.log");
    let mut bytes = fs::read(&file).unwrap();
    change(&mut bytes);
    fs::write(&file, bytes).unwrap();
    open(folder.path())
        .map(|store| block_on(store.check()).unwrap().commits)
        .map_err(|error| error.to_string())
}

/// Where the log's records begin, and what each of them begins with: its length, version, codec and key.
fn records(log: &[u8]) -> Vec<usize> {
    let mut at = 4_096;
    let mut found = Vec::new();
    loop {
        let length = u32::from_le_bytes(log[at..at + 4].try_into().unwrap());
        if length == 0 {
            return found;
        }
        found.push(at);
        at += 4 + length as usize;
    }
}

#[track_caller]
fn check_log_damage(what: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let error = opened_after(change).unwrap_err();
    assert!(error.contains("/store.log is damaged: ") && error.contains(what), "{error}");
}

#[test]
fn a_log_without_its_beginning() {
    assert_eq!(opened_after(|_| ()), Ok(5));
    check_log_damage("it is empty", Vec::clear);
    check_log_damage("it ends too early", |log| log.truncate(100));
    check_log_damage("it is no log of a store", |log| log.fill(0));
    check_log_damage("it is no log of a store", |log| log.fill(0xa5));
    check_log_damage("it is no log of a store", |log| *log = b"SQLite format 3\0".repeat(10_000));
    check_log_damage("checksum", |log| log[28] ^= 1);
    let other = fs::read(killed(3).path().join("store.log")).unwrap();
    check_log_damage("it belongs to another store", |log| *log = other);
    let folder = killed(5);
    fs::remove_file(folder.path().join("store.log")).unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("/store.log is damaged: it is empty"), "{error}");
}

#[test]
fn a_log_of_a_newer_release() {
    let error = opened_after(|log| log[16] = 2).unwrap_err();
    assert!(error.contains("/store.log was written by another release: format version 2"), "{error}");
}

#[test]
fn a_store_file_of_a_newer_release() {
    let folder = folder();
    let file = made(folder.path());
    let database = redb::Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    let rows = TableDefinition::<&[u8], &[u8]>::new(Table::Meta.name());
    {
        let mut table = transaction.open_table(rows).unwrap();
        let found: Vec<(Vec<u8>, Vec<u8>)> = table
            .iter()
            .unwrap()
            .map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).unwrap())
            .collect();
        for (key, mut value) in found {
            value[0] = 2;
            table.insert(key.as_slice(), value.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
    drop(database);
    let error = open(folder.path()).unwrap_err().to_string();
    let told = "/store.redb was written by another release: format version 2; open it with that release";
    assert!(error.contains(told), "{error}");
}

#[test]
fn a_log_with_a_damaged_record() {
    // The epoch, and five commits.
    let count = records(&fs::read(killed(5).path().join("store.log")).unwrap()).len();
    assert_eq!(count, 6);
    for record in 0..count - 1 {
        for byte in [0, 1, 4, 8, 12, 20] {
            check_log_damage("cannot be read", |log| {
                let at = records(log)[record] + byte;
                log[at] ^= 0x55;
            });
        }
    }
}

#[test]
fn a_log_with_a_torn_tail() {
    // What a crash leaves of a group that nobody was told of.
    let tail = |log: &[u8]| *records(log).last().unwrap();
    let torn = |log: &mut Vec<u8>| {
        let last = tail(log);
        log[last + 20..last + 40].fill(0);
    };
    assert_eq!(opened_after(torn), Ok(4));
    let cut = |log: &mut Vec<u8>| log.truncate(tail(log) + 20);
    assert_eq!(opened_after(cut), Ok(4));
}

/// Which file has no room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum File {
    Database,
    Log,
}

/// What a full disk refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Write,
    Sync,
}

/// Storage on which, from some operation on, no space is left until some is freed. A clone is the same one.
#[derive(Clone, Debug)]
struct Filling {
    storage: Arc<InMemoryBackend>,
    refused: Operation,
    left: Arc<AtomicU64>,
}

impl Filling {
    fn new(refused: Operation) -> Self {
        Self { storage: Arc::default(), refused, left: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// Refuses all but so many of its operations from now on.
    fn leave(&self, operations: u64) {
        self.left.store(operations, Ordering::SeqCst);
    }

    fn count(&self, operation: Operation) -> io::Result<()> {
        if operation != self.refused {
            return Ok(());
        }
        let count = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        count.map(drop).map_err(|_| io::ErrorKind::StorageFull.into())
    }
}

impl StorageBackend for Filling {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.storage.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.storage.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.count(Operation::Sync)?;
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.count(Operation::Write)?;
        self.storage.write(offset, data)
    }
}

/// The store stops with the reason; opened again with room, it has everything that was acknowledged, and goes on.
#[track_caller]
fn check_full(repair: Repair, full: File, refused: Operation, after: u64) {
    let (database, log) = (Filling::new(refused), Filling::new(refused));
    let filling = if full == File::Database { &database } else { &log };
    let options = DiskOptions { repair, checkpoint: CheckpointLimits { bytes: 16 << 20, groups: 8 } };
    let open = || {
        let disk = RedbDisk::with_backend(database.clone(), log.clone(), options).unwrap();
        RedbStore::over(disk, Arc::new(MemoryBlobs::default()), CoreOptions::default()).unwrap()
    };
    let store = open();
    filling.leave(after);
    let mut acknowledged = 0;
    let full = loop {
        match store.submit(Commit::new(AccountId::DEFAULT, store.epoch())).map(|ticket| ticket.wait()) {
            Ok(Ok(_)) => acknowledged += 1,
            Ok(Err(CommitError::Stopped(reason))) | Err(SubmitError::Stopped(reason)) => break reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        (full.kind, full.to_string().as_str()),
        (StopKind::DiskFull, "the store has stopped: the disk is full")
    );
    assert_eq!(store.stopped().wait(), full);
    drop(store);
    filling.leave(u64::MAX);
    let store = open();
    let found = block_on(store.check()).unwrap().commits;
    assert!((acknowledged..=acknowledged + 1).contains(&found), "{acknowledged} acknowledged, {found} found");
    commit(&store, 10);
}

#[test]
fn a_full_disk_stops_the_store_and_loses_nothing() {
    for after in 0..3 {
        // As the log is appended to.
        check_full(Repair::Log, File::Log, Operation::Write, after);
        check_full(Repair::Log, File::Log, Operation::Sync, after);
        // At a checkpoint.
        check_full(Repair::Log, File::Database, Operation::Sync, after);
    }
    for after in 0..20 {
        check_full(Repair::Log, File::Database, Operation::Write, after);
        check_full(Repair::Quick, File::Database, Operation::Write, after);
    }
}

#[test]
fn a_folder_that_is_a_file() {
    let folder = folder();
    let path = folder.path().join("data");
    fs::write(&path, "").unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
}

/// What is in the way is named.
#[track_caller]
fn check_in_the_way(name: &str, put: impl FnOnce(&Path)) {
    let folder = folder();
    put(&folder.path().join(name));
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("/{name} cannot be ")), "{error}");
}

#[test]
fn a_folder_with_something_in_the_way() {
    check_in_the_way("blobs", |path| fs::write(path, "").unwrap());
    check_in_the_way("lock", |path| fs::create_dir(path).unwrap());
    check_in_the_way("store.redb", |path| fs::create_dir(path).unwrap());
}

#[test]
fn an_unfinished_blob_is_removed_and_a_damaged_one_told() {
    let folder = folder();
    fs::write(folder.path().join("unfinished-0"), "half").unwrap();
    let blobs = DirectoryBlobs::open(folder.path()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let id = blobs.put(Bytes::from_static(b"component")).wait().unwrap();
    let file = folder.path().join(id.to_string());
    fs::write(&file, "compoment").unwrap();
    assert!(blobs.get(id).wait().unwrap_err().to_string().contains("is damaged"));
    blobs.put(Bytes::from_static(b"component")).wait().unwrap();
    assert_eq!(blobs.get(id).wait(), Ok(Some(Bytes::from_static(b"component"))));
}
