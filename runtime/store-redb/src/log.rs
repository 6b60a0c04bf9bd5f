//! The log between two checkpoints: each group is appended and synced here, and applied to redb in memory.
//!
//! A sync of a few appended bytes is all a group waits for; redb writes its pages once per checkpoint instead of
//! once per group. A record is its length (4 bytes, little-endian) and a sealed value: the group's number and its
//! rows. The number of the last group applied stands in the database itself, so that an open knows what to replay;
//! after a checkpoint the log begins at its start again, over older records.

use bytes::Bytes;
use redb::StorageBackend;
use std::io;
use stepwell_store::ReadError;
use stepwell_store::backend::core::Writes;
use stepwell_store::backend::encoding::{Decoder, Encoder};
use stepwell_store::backend::table::{Table, execution_key};

/// Bytes by which the file grows, so that most appends change no metadata.
const GROWTH_BYTES: u64 = 4 << 20;
const LENGTH_BYTES: usize = 4;

/// One row of a logged group.
#[derive(Debug)]
pub(crate) struct LoggedRow {
    pub(crate) table: Table,
    pub(crate) key: Bytes,
    /// `None` removes it.
    pub(crate) value: Option<Bytes>,
}

/// The log's file.
#[derive(Debug)]
pub(crate) struct Log {
    storage: Box<dyn StorageBackend>,
    end: u64,
    allocated: u64,
}

impl Log {
    pub(crate) fn new(storage: Box<dyn StorageBackend>) -> io::Result<Self> {
        let allocated = storage.len()?;
        Ok(Self { storage, end: 0, allocated })
    }

    /// Bytes since the last checkpoint.
    pub(crate) fn bytes(&self) -> u64 {
        self.end
    }

    /// Appends a group; durable when it returns.
    pub(crate) fn append(&mut self, number: u64, writes: &Writes<'_>) -> io::Result<()> {
        let record = encode(number, writes);
        let end = self.end + record.len() as u64;
        if end > self.allocated {
            self.allocated = end + GROWTH_BYTES;
            self.storage.set_len(self.allocated)?;
        }
        self.storage.write(self.end, &record)?;
        self.storage.sync_data()?;
        self.end = end;
        Ok(())
    }

    /// Begins at the start again: everything in it is in a checkpoint.
    pub(crate) fn reset(&mut self) {
        self.end = 0;
    }

    /// The next record from `offset` on, if a whole one is there: its number, its rows, and where it ends. What a
    /// crash tore, or an older record left behind, is none.
    pub(crate) fn read(&self, offset: u64) -> Result<Option<(u64, Vec<LoggedRow>, u64)>, ReadError> {
        let io_error = |error: io::Error| ReadError::Io(error.to_string());
        let left = self.allocated.saturating_sub(offset);
        let mut length = [0; LENGTH_BYTES];
        if left < LENGTH_BYTES as u64 {
            return Ok(None);
        }
        self.storage.read(offset, &mut length).map_err(io_error)?;
        let length = u32::from_le_bytes(length);
        if length == 0 || u64::from(length) > left - LENGTH_BYTES as u64 {
            return Ok(None);
        }
        let mut value = vec![0; length as usize];
        self.storage.read(offset + LENGTH_BYTES as u64, &mut value).map_err(io_error)?;
        let decoder = match Decoder::open(value.into()) {
            Ok(decoder) => decoder,
            Err(_) => return Ok(None),
        };
        let (number, rows) = decode(decoder)?;
        Ok(Some((number, rows, offset + LENGTH_BYTES as u64 + u64::from(length))))
    }
}

fn encode(number: u64, writes: &Writes<'_>) -> Vec<u8> {
    let group = writes.group;
    let mut encoder = Encoder::with_capacity(64 << 10);
    encoder.number(number);
    let mut row = |table: Table, key: &[u8], value: Option<&[u8]>| {
        encoder.byte(table as u8).bytes(key);
        match value {
            Some(value) => encoder.byte(1).bytes(value),
            None => encoder.byte(0),
        };
    };
    group.journal.iter().for_each(|(key, value)| row(Table::Journal, key, Some(value)));
    for (number, value) in &group.executions {
        row(Table::Executions, &execution_key(writes.shard, *number), Some(value));
    }
    group.history_index.iter().for_each(|(key, value)| row(Table::HistoryIndex, key, Some(value)));
    group.catalog.iter().for_each(|(key, value)| row(Table::Catalog, key, value.as_deref()));
    writes.merge.iter().for_each(|write| row(write.table, &write.key, write.value.as_deref()));
    writes.meta.iter().for_each(|(key, value)| row(Table::Meta, key, Some(value)));
    let value = encoder.seal();
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    let mut record = Vec::with_capacity(LENGTH_BYTES + value.len());
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(&value);
    record
}

fn decode(mut decoder: Decoder) -> Result<(u64, Vec<LoggedRow>), ReadError> {
    let number = decoder.number()?;
    let mut rows = Vec::new();
    while !decoder.is_at_end() {
        let table = decoder.byte()?;
        let table = Table::ALL.into_iter().find(|known| *known as u8 == table);
        let table = table.ok_or_else(|| ReadError::Unsupported("a table of a newer release".to_owned()))?;
        let key = decoder.bytes()?;
        let value = match decoder.byte()? {
            0 => None,
            _ => Some(decoder.bytes()?),
        };
        rows.push(LoggedRow { table, key, value });
    }
    Ok((number, rows))
}
