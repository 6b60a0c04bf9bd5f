//! A data folder as a store: lock, file, blobs, the writer's thread.

use crate::blob::DirectoryBlobs;
use crate::disk::{DiskOptions, FileError, RedbDisk, StoreFile};
use crate::error::OpenError;
use redb::backends::FileBackend;
use redb::{Database, StorageBackend};
use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use stepwell_store::backend::core::{Core, CoreOptions, Drive, OpenCoreError};
use stepwell_store::{
    Answer, Blobs, CatalogKey, CatalogPage, CatalogRow, CatalogScope, CheckReport, Commit, ExecutionNumber,
    ExecutionPage, ExecutionsQuery, Health, HistoryOnly, HistoryPage, HistoryQuery, MachineScope, Order,
    PendingKey, PendingKind, PendingPage, Promise, Retained, Sequence, Shard, StopKind, StopReason, Store,
    StoredEntry, StoredExecution, SubmitError, Ticket,
};
use stepwell_types::Name;

const LOCK_FILE: &str = "lock";
const STORE_FILE: &str = "store.redb";
const LOG_FILE: &str = "store.log";
const UNFINISHED_FILE: &str = "store.redb.unfinished";
const BLOB_FOLDER: &str = "blobs";

/// What a store on redb may be told.
#[derive(Clone, Copy, Debug)]
pub struct RedbOptions {
    /// The rules' options. Anything but [`Drive::Thread`] is for tests.
    pub core: CoreOptions,
    /// How it writes.
    pub disk: DiskOptions,
    /// Bytes of pages that redb keeps in memory.
    pub cache_bytes: usize,
}

impl Default for RedbOptions {
    fn default() -> Self {
        Self { core: CoreOptions::default(), disk: DiskOptions::default(), cache_bytes: 256 << 20 }
    }
}

/// Makes an empty database under another name first: one that a crash left half-made could never be opened.
fn make(folder: &Path, file: &Path) -> Result<(), OpenError> {
    let of_folder = |error| OpenError::of_folder(folder, error);
    let unfinished = folder.join(UNFINISHED_FILE);
    let database = Database::create(&unfinished);
    drop(database.map_err(|error| OpenError::of_database(folder, &unfinished, error))?);
    fs::rename(&unfinished, file).map_err(of_folder)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(of_folder)
}

/// Held for as long as the folder is used.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let file = folder.join(LOCK_FILE);
    let of_file = |error: io::Error| match OpenError::of_folder(folder, error) {
        OpenError::Unusable { reason, .. } => OpenError::Unusable { folder: file.clone(), reason },
        error => error,
    };
    let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(of_file)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(of_file(error)),
    }
}

/// A new folder has no log: it comes after the store file.
fn check_not_gone(folder: &Path, file: &Path) -> Result<(), OpenError> {
    if folder.join(LOG_FILE).try_exists().map_err(|error| OpenError::of_folder(folder, error))? {
        let reason = "it is gone, and its log is still there".to_owned();
        return Err(OpenError::Damaged { file: file.to_owned(), reason });
    }
    Ok(())
}

fn open_database(folder: &Path, file: &Path, cache_bytes: usize) -> Result<Database, OpenError> {
    // redb asserts what a damaged file may violate.
    let opened = catch_unwind(|| Database::builder().set_cache_size(cache_bytes).open(file));
    let opened = opened.map_err(|_| contradiction(file))?;
    opened.map_err(|error| OpenError::of_database(folder, file, error))
}

fn contradiction(file: &Path) -> OpenError {
    OpenError::Damaged { file: file.to_owned(), reason: "its pages contradict each other".to_owned() }
}

fn open_log(folder: &Path) -> io::Result<Box<dyn StorageBackend>> {
    let path = folder.join(LOG_FILE);
    let is_new = !path.try_exists()?;
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    if is_new {
        // Its entry has to survive a crash as well.
        File::open(folder)?.sync_all()?;
    }
    let backend = FileBackend::new(file).map_err(io::Error::other)?;
    Ok(Box::new(backend))
}

/// A store in a folder. Dropped, it finishes what is queued, merges and closes.
#[derive(Debug)]
pub struct RedbStore {
    core: Arc<Core<RedbDisk>>,
    writer: Option<JoinHandle<()>>,
}

impl RedbStore {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the folder or the file.
    pub fn open(folder: &Path, options: RedbOptions) -> Result<Self, OpenError> {
        let of_folder = |error| OpenError::of_folder(folder, error);
        fs::create_dir_all(folder).map_err(of_folder)?;
        let lock = lock(folder)?;
        let blobs = folder.join(BLOB_FOLDER);
        let blobs = DirectoryBlobs::open(&blobs).map_err(|error| OpenError::of_folder(&blobs, error))?;
        let unfinished = folder.join(UNFINISHED_FILE);
        if unfinished.try_exists().map_err(of_folder)? {
            fs::remove_file(&unfinished).map_err(of_folder)?;
        }
        let file = folder.join(STORE_FILE);
        if !file.try_exists().map_err(of_folder)? {
            check_not_gone(folder, &file)?;
            make(folder, &file)?;
        }
        let database = open_database(folder, &file, options.cache_bytes)?;
        let log = open_log(folder).map_err(of_folder)?;
        let core = catch_unwind(AssertUnwindSafe(|| {
            let disk = RedbDisk::new(database, log, options.disk, Some(folder.to_owned()), Some(lock));
            let disk = disk.map_err(|FileError { file: which, error }| {
                let file = match which {
                    StoreFile::Database => file.clone(),
                    StoreFile::Log => folder.join(LOG_FILE),
                };
                OpenError::of_core(folder, &file, error.into())
            })?;
            let core = Core::open(disk, Arc::new(blobs), options.core);
            core.map_err(|error| OpenError::of_core(folder, &file, error))
        }));
        let core = core.map_err(|_| contradiction(&file))??;
        Self::start(core, options.core).map_err(|error| OpenError::of_folder(folder, error))
    }

    /// Reads every page of the store file and compares its checksum; nobody may have it open.
    ///
    /// Values have checksums of their own, which each read compares. What only this finds is a damaged key.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the folder or the file.
    pub fn verify(folder: &Path, options: RedbOptions) -> Result<(), OpenError> {
        let _lock = lock(folder)?;
        let file = folder.join(STORE_FILE);
        if !file.try_exists().map_err(|error| OpenError::of_folder(folder, error))? {
            return check_not_gone(folder, &file);
        }
        let mut database = open_database(folder, &file, options.cache_bytes)?;
        let verified = catch_unwind(AssertUnwindSafe(|| database.check_integrity()));
        match verified.map_err(|_| contradiction(&file))? {
            Ok(true) => Ok(()),
            Ok(false) => Err(contradiction(&file)),
            Err(error) => Err(OpenError::of_database(folder, &file, error)),
        }
    }

    /// A store over a disk that a test made.
    ///
    /// # Errors
    /// [`OpenCoreError`] if the disk cannot be read or written.
    ///
    /// # Panics
    /// If the system gives no thread.
    pub fn over(disk: RedbDisk, blobs: Arc<dyn Blobs>, options: CoreOptions) -> Result<Self, OpenCoreError> {
        let core = Core::open(disk, blobs, options)?;
        match Self::start(core, options) {
            Ok(store) => Ok(store),
            Err(error) => panic!("the system gives no thread: {error}"),
        }
    }

    fn start(core: Core<RedbDisk>, options: CoreOptions) -> io::Result<Self> {
        let core = Arc::new(core);
        let writer = match options.drive {
            Drive::ByHand | Drive::AtOnce => None,
            Drive::Thread => {
                let core = Arc::clone(&core);
                let work = move || {
                    if catch_unwind(AssertUnwindSafe(|| core.work())).is_err() {
                        let message = Arc::from("its writer met a broken invariant");
                        core.fail(StopReason { kind: StopKind::WriteFailed, message });
                    }
                    let reason = core.stopped().wait();
                    if reason.kind != StopKind::Closed {
                        tracing::error!(reason = %reason.message, "the store has stopped");
                    }
                };
                Some(std::thread::Builder::new().name("stepwell-store".to_owned()).spawn(work)?)
            }
        };
        Ok(Self { core, writer })
    }

    /// The rules behind it, to run groups by hand.
    #[must_use]
    pub fn core(&self) -> &Core<RedbDisk> {
        &self.core
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            self.core.begin_close();
            let _ = writer.join();
        }
    }
}

impl Store for RedbStore {
    fn shard(&self) -> Shard {
        self.core.shard()
    }

    fn epoch(&self) -> u64 {
        self.core.epoch()
    }

    fn last_execution(&self) -> ExecutionNumber {
        self.core.last_execution()
    }

    fn submit(&self, commit: Commit) -> Result<Ticket, SubmitError> {
        self.core.submit(commit)
    }

    fn room(&self) -> Promise<()> {
        self.core.room()
    }

    fn execution(&self, number: ExecutionNumber) -> Answer<'_, Option<StoredExecution>> {
        self.core.execution(number)
    }

    fn execution_by_name(&self, scope: MachineScope, name: Name) -> Answer<'_, Option<StoredExecution>> {
        self.core.execution_by_name(scope, name)
    }

    fn executions(&self, query: ExecutionsQuery) -> Answer<'_, ExecutionPage> {
        self.core.executions(query)
    }

    fn entries(&self, execution: ExecutionNumber, sequences: Vec<Sequence>) -> Answer<'_, Vec<StoredEntry>> {
        self.core.entries(execution, sequences)
    }

    fn history(&self, query: HistoryQuery) -> Answer<'_, HistoryPage> {
        self.core.history(query)
    }

    fn catalog(&self, key: CatalogKey) -> Answer<'_, Option<CatalogRow>> {
        self.core.catalog(key)
    }

    fn catalog_scan(
        &self,
        scope: CatalogScope,
        order: Order,
        after: Option<CatalogKey>,
        limit: usize,
    ) -> Answer<'_, CatalogPage> {
        self.core.catalog_scan(scope, order, after, limit)
    }

    fn pending(&self, kind: PendingKind, after: Option<PendingKey>, limit: usize) -> Answer<'_, PendingPage> {
        self.core.pending(kind, after, limit)
    }

    fn retain(&self, now_ms: i64, history_only: HistoryOnly) -> Answer<'_, Retained> {
        self.core.retain(now_ms, history_only)
    }

    fn blobs(&self) -> &dyn Blobs {
        self.core.blobs()
    }

    fn health(&self) -> Health {
        self.core.health()
    }

    fn check(&self) -> Answer<'_, CheckReport> {
        self.core.check()
    }

    fn stopped(&self) -> Promise<StopReason> {
        self.core.stopped()
    }

    fn close(&self) -> Promise<StopReason> {
        self.core.close()
    }
}
