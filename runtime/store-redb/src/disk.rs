//! redb as ordered tables: one transaction per group, one read transaction per snapshot.

use bytes::Bytes;
use redb::{
    Database, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition, TableError, WriteTransaction,
};
use std::cell::OnceCell;
use std::fs::File;
use std::io;
use std::ops::{Bound, ControlFlow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use stepwell_store::backend::core::{Disk, Writes};
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
    /// Each group writes the allocator's state and syncs twice; an open after a crash takes milliseconds.
    #[default]
    Quick,
    /// Each group syncs once; an open after a crash reads the whole file.
    Rescan,
}

/// The tables of a store in one redb file.
#[derive(Debug)]
pub struct RedbDisk {
    // Dropped in this order: the lock outlives the database.
    database: Database,
    repair: Repair,
    folder: Option<PathBuf>,
    _lock: Option<File>,
}

impl RedbDisk {
    pub(crate) fn new(
        database: Database,
        repair: Repair,
        folder: Option<PathBuf>,
        lock: Option<File>,
    ) -> Self {
        Self { database, repair, folder, _lock: lock }
    }

    /// The tables over any storage of bytes, such as one that loses power: for tests.
    ///
    /// # Errors
    /// redb's, if the storage holds no database and is not empty.
    pub fn with_backend(backend: impl StorageBackend, repair: Repair) -> Result<Self, redb::DatabaseError> {
        let database = Database::builder().create_with_backend(backend)?;
        Ok(Self::new(database, repair, None, None))
    }

    fn write_all(&self, writes: &Writes<'_>) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(self.repair == Repair::Quick);
        write_rows(&transaction, writes)?;
        transaction.commit()?;
        Ok(())
    }
}

fn write_rows(transaction: &WriteTransaction, writes: &Writes<'_>) -> Result<(), redb::Error> {
    let group = writes.group;
    if !group.journal.is_empty() {
        let mut table = transaction.open_table(definition(Table::Journal))?;
        // Ascending keys behind all others: a cursor fills the last pages without a search per row.
        let mut cursor = table.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
        for (key, value) in &group.journal {
            cursor.insert_before(key.as_slice(), value.as_slice())?;
        }
        cursor.close()?;
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
    for part in writes.merge.chunk_by(|a, b| a.table == b.table) {
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
        error => ReadError::Io(error.to_string()),
    }
}

fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn stop_reason(error: &redb::Error) -> StopReason {
    let (kind, message) = match error {
        redb::Error::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
            (StopKind::DiskFull, "the disk is full".to_owned())
        }
        redb::Error::Corrupted(reason) => (StopKind::Damaged, format!("the store file is damaged: {reason}")),
        error => (StopKind::WriteFailed, format!("a write failed: {error}")),
    };
    StopReason { kind, message: Arc::from(message) }
}
