//! redb as ordered tables: one transaction per group, one read transaction per snapshot.

use crate::log::{Log, LoggedRow, Record};
use bytes::Bytes;
use redb::{
    Database, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition, TableError, WriteTransaction,
};
use std::cell::OnceCell;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::ops::{Bound, ControlFlow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stepwell_store::backend::core::{Disk, Writes};
use stepwell_store::backend::encoding::{Decoder, Encoder};
use stepwell_store::backend::snapshot::{Snapshot, Visit};
use stepwell_store::backend::table::{KeyRange, Table, execution_key};
use stepwell_store::backend::tail::is_empty;
use stepwell_store::{Order, ReadError, StopKind, StopReason};

type Rows = TableDefinition<'static, &'static [u8], &'static [u8]>;
type RowsRead = ReadOnlyTable<&'static [u8], &'static [u8]>;

fn definition(table: Table) -> Rows {
    TableDefinition::new(table.name())
}

/// How the file is made ready again after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Repair {
    /// Each group is appended to a log and synced once there, and applied in memory; a checkpoint now and then writes
    /// the pages. An open after a crash replays the log, at most as much as lies between two checkpoints.
    #[default]
    Log,
    /// Each group writes its pages and the allocator's state and syncs twice; an open after a crash takes
    /// milliseconds.
    Quick,
    /// Each group syncs once; an open after a crash reads the whole file.
    Rescan,
}

/// How much a log may hold before a checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointLimits {
    /// Bytes.
    pub bytes: u64,
    /// Groups.
    pub groups: u64,
}

impl Default for CheckpointLimits {
    /// So that a checkpoint comes every few hundred milliseconds under load, and an open replays in less than that.
    fn default() -> Self {
        Self { bytes: 16 << 20, groups: 512 }
    }
}

/// Rows of the journal that one cursor appends: of the usual size they fill a buffer that the allocator keeps at hand.
const ROWS_PER_CURSOR: usize = 32;

/// The row of the last group applied, in a key that no shard's keys have.
const LAST_GROUP_KEY: &[u8] = b"\xff\xff\xfflast-group";
/// The row of the log's identity. A store without it is new, or was written by a release whose logs had none.
const LOG_IDENTITY_KEY: &[u8] = b"\xff\xff\xfflog-identity";

/// Which of a store's files cannot be used, and why.
#[derive(Debug)]
pub(crate) struct FileError {
    pub(crate) file: StoreFile,
    pub(crate) error: ReadError,
}

/// The files of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFile {
    Database,
    Log,
}

impl StoreFile {
    fn error(self, error: ReadError) -> FileError {
        FileError { file: self, error }
    }
}

#[derive(Debug)]
struct Logged {
    log: Log,
    last_group: u64,
    groups_since_checkpoint: u64,
}

/// The tables of a store in one redb file.
#[derive(Debug)]
pub struct RedbDisk {
    // Dropped in this order: the lock outlives the database.
    database: Database,
    repair: Repair,
    checkpoint: CheckpointLimits,
    logged: Mutex<Logged>,
    folder: Option<PathBuf>,
    _lock: Option<File>,
}

impl RedbDisk {
    /// Replays what the log has beyond the database.
    pub(crate) fn new(
        database: Database,
        log: Box<dyn StorageBackend>,
        options: DiskOptions,
        folder: Option<PathBuf>,
        lock: Option<File>,
    ) -> Result<Self, FileError> {
        let log = Log::new(log).map_err(|error| StoreFile::Log.error(ReadError::Io(error.to_string())))?;
        let logged = Logged { log, last_group: 0, groups_since_checkpoint: 0 };
        let DiskOptions { repair, checkpoint } = options;
        let disk = Self { database, repair, checkpoint, logged: Mutex::new(logged), folder, _lock: lock };
        disk.replay()?;
        Ok(disk)
    }

    /// The tables over any storage of bytes, such as one that loses power: for tests.
    ///
    /// # Errors
    /// What redb says, if the storage holds no database and is not empty.
    pub fn with_backend(
        database: impl StorageBackend,
        log: impl StorageBackend,
        options: DiskOptions,
    ) -> Result<Self, ReadError> {
        let database = Database::builder().create_with_backend(database);
        let database = database.map_err(|error| read_error(error.into()))?;
        Self::new(database, Box::new(log), options, None, None).map_err(|failed| failed.error)
    }

    fn logged(&self) -> MutexGuard<'_, Logged> {
        self.logged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meta_number(&self, key: &[u8]) -> Result<Option<u64>, FileError> {
        let read = || {
            self.snapshot()?.get(Table::Meta, key)?.map(|value| Decoder::open(value)?.number()).transpose()
        };
        read().map_err(|error| StoreFile::Database.error(error))
    }

    fn replay(&self) -> Result<(), FileError> {
        let in_log = |error| StoreFile::Log.error(error);
        let in_database = |error| StoreFile::Database.error(error);
        let identity = self.meta_number(LOG_IDENTITY_KEY)?;
        let mut last_group = self.meta_number(LAST_GROUP_KEY)?.unwrap_or(0);
        let mut logged = self.logged();
        if let Some(identity) = identity {
            logged.log.expect_identity(identity).map_err(in_log)?;
        }
        let (mut offset, mut before) = (logged.log.start(), None);
        while let Some(Record { number, rows, end }) = logged.log.read(offset).map_err(in_log)? {
            // A number that does not follow is an older record behind the last one.
            if before.is_some_and(|before| number != before + 1) {
                break;
            }
            if number > last_group + 1 {
                let what =
                    format!("it begins with group {number}, and the store file ends with {last_group}");
                return Err(in_log(ReadError::Damaged(what)));
            }
            if number == last_group + 1 {
                guarded(|| self.apply(number, &rows)).map_err(in_database)?;
                last_group = number;
            }
            (offset, before) = (end, Some(number));
        }
        // The next record may be torn; one behind it shows that it once was whole.
        if let Some(found) = logged.log.find(last_group + 2, offset).map_err(in_log)? {
            let what = format!(
                "group {} cannot be read at byte {offset}, and a later one is at {found}",
                last_group + 1
            );
            return Err(in_log(ReadError::Damaged(what)));
        }
        logged.last_group = last_group;
        if offset > logged.log.start() {
            guarded(|| self.write_checkpoint(&mut logged)).map_err(in_database)?;
        }
        if identity.is_none() && self.repair == Repair::Log {
            let identity = new_identity();
            logged.log.identify(identity).map_err(|error| in_log(io_error(&error)))?;
            guarded(|| self.keep_log_identity(identity)).map_err(in_database)?;
        }
        Ok(())
    }

    fn keep_log_identity(&self, identity: u64) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        put_number(&transaction, LOG_IDENTITY_KEY, identity)?;
        transaction.commit()?;
        Ok(())
    }

    fn apply(&self, number: u64, rows: &[LoggedRow]) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::None)?;
        for LoggedRow { table, key, value } in rows {
            let mut table = transaction.open_table(definition(*table))?;
            match value {
                Some(value) => table.insert(key.as_ref(), value.as_ref())?,
                None => table.remove(key.as_ref())?,
            };
        }
        put_last_group(&transaction, number)?;
        transaction.commit()?;
        Ok(())
    }

    fn write_checkpoint(&self, logged: &mut Logged) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        put_last_group(&transaction, logged.last_group)?;
        transaction.commit()?;
        logged.log.reset();
        logged.groups_since_checkpoint = 0;
        Ok(())
    }

    fn write_logged(&self, writes: &Writes<'_>) -> Result<(), redb::Error> {
        let mut logged = self.logged();
        let number = logged.last_group + 1;
        // Durable first, visible second.
        logged.log.append(number, writes)?;
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::None)?;
        write_rows(&transaction, writes)?;
        put_last_group(&transaction, number)?;
        transaction.commit()?;
        logged.last_group = number;
        logged.groups_since_checkpoint += 1;
        let CheckpointLimits { bytes, groups } = self.checkpoint;
        if logged.log.bytes() >= bytes || logged.groups_since_checkpoint >= groups {
            self.write_checkpoint(&mut logged)?;
        }
        Ok(())
    }

    fn write_pages(&self, writes: &Writes<'_>) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(self.repair == Repair::Quick);
        write_rows(&transaction, writes)?;
        transaction.commit()?;
        Ok(())
    }

    fn write_all(&self, writes: &Writes<'_>) -> Result<(), redb::Error> {
        match self.repair {
            Repair::Log => self.write_logged(writes),
            Repair::Quick | Repair::Rescan => self.write_pages(writes),
        }
    }
}

impl Drop for RedbDisk {
    /// So that the next open has nothing to replay; where it fails, the log has everything.
    fn drop(&mut self) {
        let mut logged = self.logged();
        if logged.log.bytes() > 0 {
            let _ = guarded(|| self.write_checkpoint(&mut logged));
        }
    }
}

/// How a disk writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskOptions {
    /// How the file is made ready again after a crash.
    pub repair: Repair,
    /// How much the log may hold.
    pub checkpoint: CheckpointLimits,
}

fn put_last_group(transaction: &WriteTransaction, number: u64) -> Result<(), redb::Error> {
    put_number(transaction, LAST_GROUP_KEY, number)
}

fn put_number(transaction: &WriteTransaction, key: &[u8], number: u64) -> Result<(), redb::Error> {
    let mut encoder = Encoder::with_capacity(10);
    encoder.number(number);
    let mut table = transaction.open_table(definition(Table::Meta))?;
    table.insert(key, encoder.seal().as_slice())?;
    Ok(())
}

/// Tells a log from that of another folder: no secret, only another number each time.
fn new_identity() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn write_rows(transaction: &WriteTransaction, writes: &Writes<'_>) -> Result<(), redb::Error> {
    let group = writes.group;
    if !group.journal.is_empty() {
        let mut table = transaction.open_table(definition(Table::Journal))?;
        // Ascending keys behind all others: a cursor fills the last pages without a search per row. It gathers its
        // rows in a buffer that grows, so one cursor takes some of them.
        for rows in group.journal.chunks(ROWS_PER_CURSOR) {
            let mut cursor = table.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
            for (key, value) in rows {
                cursor.insert_before(key.as_slice(), value.as_slice())?;
            }
            cursor.close()?;
        }
    }
    if !group.executions.is_empty() {
        let mut table = transaction.open_table(definition(Table::Executions))?;
        for (number, value) in &group.executions {
            table.insert(execution_key(writes.shard, *number).as_slice(), value.as_slice())?;
        }
    }
    put_all(transaction, Table::HistoryIndex, &group.history_index)?;
    put_all(transaction, Table::Meta, &writes.meta)?;
    if !group.catalog.is_empty() {
        let mut table = transaction.open_table(definition(Table::Catalog))?;
        for (key, value) in &group.catalog {
            match value {
                Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                None => table.remove(key.as_slice())?,
            };
        }
    }
    let parts = [writes.merge, writes.retention];
    for part in parts.into_iter().flat_map(|writes| writes.chunk_by(|a, b| a.table == b.table)) {
        let Some(first) = part.first() else { continue };
        let mut table = transaction.open_table(definition(first.table))?;
        for write in part {
            match &write.value {
                Some(value) => table.insert(write.key.as_slice(), value.as_ref())?,
                None => table.remove(write.key.as_slice())?,
            };
        }
    }
    Ok(())
}

fn put_all(
    transaction: &WriteTransaction,
    table: Table,
    rows: &[(Vec<u8>, Vec<u8>)],
) -> Result<(), redb::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(definition(table))?;
    for (key, value) in rows {
        table.insert(key.as_slice(), value.as_slice())?;
    }
    Ok(())
}

impl Disk for RedbDisk {
    type Snapshot = RedbSnapshot;

    fn snapshot(&self) -> Result<RedbSnapshot, ReadError> {
        let transaction = self.database.begin_read().map_err(|error| read_error(error.into()))?;
        Ok(RedbSnapshot { transaction, tables: Default::default() })
    }

    fn write(&self, writes: &Writes<'_>) -> Result<(), StopReason> {
        // redb asserts what a damaged page may violate; the store stops then, the server tells why.
        match catch_unwind(AssertUnwindSafe(|| self.write_all(writes))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(stop_reason(&error)),
            Err(_) => {
                Err(StopReason { kind: StopKind::Damaged, message: Arc::from("the store file is damaged") })
            }
        }
    }

    fn free_bytes(&self) -> Option<u64> {
        let space = rustix::fs::statvfs(self.folder.as_ref()?).ok()?;
        Some(space.f_bavail.saturating_mul(space.f_frsize))
    }
}

/// The tables as of the last durable group.
pub struct RedbSnapshot {
    transaction: ReadTransaction,
    tables: [OnceCell<Option<RowsRead>>; Table::ALL.len()],
}

impl RedbSnapshot {
    /// The table; `None` if no row was ever written to it.
    fn table(&self, table: Table) -> Result<Option<&RowsRead>, redb::Error> {
        let Some(cell) = self.tables.get(table as usize) else { return Ok(None) };
        if let Some(opened) = cell.get() {
            return Ok(opened.as_ref());
        }
        let opened = match self.transaction.open_table(definition(table)) {
            Ok(opened) => Some(opened),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(cell.get_or_init(|| opened).as_ref())
    }

    fn scan_rows(
        &self,
        table: Table,
        range: &KeyRange,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), redb::Error> {
        let Some(table) = self.table(table)? else { return Ok(()) };
        let range = (range.0.as_ref().map(Vec::as_slice), range.1.as_ref().map(Vec::as_slice));
        let mut rows = ReadableTable::range::<&[u8]>(table, range)?;
        loop {
            let row = match order {
                Order::Ascending => rows.next(),
                Order::Descending => rows.next_back(),
            };
            let Some(row) = row else { return Ok(()) };
            let (key, value) = row?;
            if let ControlFlow::Break(()) = visit(key.value(), value.value()) {
                return Ok(());
            }
        }
    }
}

impl Snapshot for RedbSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, ReadError> {
        let get = || -> Result<Option<Bytes>, redb::Error> {
            let Some(table) = self.table(table)? else { return Ok(None) };
            Ok(ReadableTable::get(table, key)?.map(|value| Bytes::copy_from_slice(value.value())))
        };
        guarded(get)
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
        guarded(|| self.scan_rows(table, &range, order, visit))
    }
}

fn guarded<T>(read: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(read_error),
        Err(_) => Err(ReadError::Damaged("a page of the store file is damaged".to_owned())),
    }
}

fn read_error(error: redb::Error) -> ReadError {
    match error {
        redb::Error::Corrupted(reason) => ReadError::Damaged(reason),
        redb::Error::Io(error) if is_damage(&error) => ReadError::Damaged(error.to_string()),
        redb::Error::Io(error) => io_error(&error),
        error => ReadError::Io(error.to_string()),
    }
}

/// Of a file; an open writes as well.
fn io_error(error: &io::Error) -> ReadError {
    if is_full(error) { ReadError::Stopped(disk_full()) } else { ReadError::Io(error.to_string()) }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn disk_full() -> StopReason {
    StopReason { kind: StopKind::DiskFull, message: Arc::from("the disk is full") }
}

fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn stop_reason(error: &redb::Error) -> StopReason {
    let (kind, message) = match error {
        redb::Error::Io(error) if is_full(error) => return disk_full(),
        redb::Error::Corrupted(reason) => (StopKind::Damaged, format!("the store file is damaged: {reason}")),
        error => (StopKind::WriteFailed, format!("a write failed: {error}")),
    };
    StopReason { kind, message: Arc::from(message) }
}
