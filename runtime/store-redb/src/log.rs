//! The log between two checkpoints: each group is appended and synced here, and applied to redb in memory.
//!
//! A sync of a few appended bytes is all a group waits for; redb writes its pages once per checkpoint instead of
//! once per group. A record is its length (4 bytes, little-endian) and a sealed value: the group's number and its
//! rows. The number of the last group applied stands in the database itself, so that an open knows what to replay;
//! after a checkpoint the log begins at its start again, over older records.
//!
//! Before the records stands the log's identity, which the database knows as well: a log that is gone, empty, another
//! store's or overwritten is told, and not taken for one without records.
//!
//! INVARIANT: a group is synced before the next one is appended. So only the last record can be torn, and one that
//! cannot be read while a later one can is damaged. (Damage to the very last record of a killed server cannot be told
//! from a write that its end tore.)

use bytes::Bytes;
use redb::StorageBackend;
use std::io;
use stepwell_store::ReadError;
use stepwell_store::backend::core::Writes;
use stepwell_store::backend::encoding::{Decoder, Encoder, HEADER_BYTES};
use stepwell_store::backend::table::{Table, execution_key};

/// Bytes by which the file grows, so that most appends change no metadata.
const GROWTH_BYTES: u64 = 4 << 20;
const LENGTH_BYTES: usize = 4;
/// Bytes of a record whose buffer is kept for the next one; a larger one is rare, and given back.
const BUFFER_BYTES_KEPT: usize = 8 << 20;
/// What a log's file begins with.
const MAGIC: &[u8; 16] = b"stepwell log\0\0\0\0";
/// Bytes before the first record: a page, so that no torn record reaches into the identity.
const HEAD_BYTES: u64 = 4_096;
/// Bytes of an identity behind its magic number: a sealed value of eight bytes behind their length.
const IDENTITY_BYTES: usize = HEADER_BYTES + 1 + size_of::<u64>();

/// One row of a logged group.
#[derive(Debug)]
pub(crate) struct LoggedRow {
    pub(crate) table: Table,
    pub(crate) key: Bytes,
    /// `None` removes it.
    pub(crate) value: Option<Bytes>,
}

/// A record as it was read.
#[derive(Debug)]
pub(crate) struct Record {
    /// The group's number.
    pub(crate) number: u64,
    pub(crate) rows: Vec<LoggedRow>,
    /// Where the next record begins.
    pub(crate) end: u64,
}

/// The log's file.
#[derive(Debug)]
pub(crate) struct Log {
    storage: Box<dyn StorageBackend>,
    /// Where records begin: at 0 in a log without identity, as an earlier release wrote it.
    start: u64,
    end: u64,
    allocated: u64,
    /// Room for a record, kept from one to the next: memory of this size is new to the process, and zeroed by the
    /// kernel, each time that it is asked for.
    buffer: Vec<u8>,
}

impl Log {
    pub(crate) fn new(storage: Box<dyn StorageBackend>) -> io::Result<Self> {
        let allocated = storage.len()?;
        Ok(Self { storage, start: 0, end: 0, allocated, buffer: Vec::new() })
    }

    /// Bytes since the last checkpoint.
    pub(crate) fn bytes(&self) -> u64 {
        self.end - self.start
    }

    /// Where the first record is.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Reads on behind the identity, if it is this one.
    pub(crate) fn expect_identity(&mut self, expected: u64) -> Result<(), ReadError> {
        let damaged = |what: &str| Err(ReadError::Damaged(what.to_owned()));
        let mut head = [0; MAGIC.len() + IDENTITY_BYTES];
        if self.allocated == 0 {
            return damaged("it is empty, and what it held is lost");
        }
        if self.allocated < HEAD_BYTES {
            return damaged("it ends too early");
        }
        self.storage.read(0, &mut head).map_err(io_error)?;
        let Some(identity) = head.strip_prefix(MAGIC) else { return damaged("it is no log of a store") };
        let mut identity = Decoder::open(Bytes::copy_from_slice(identity))?;
        if identity.bytes()?.as_ref() != expected.to_le_bytes() {
            return damaged("it belongs to another store");
        }
        (self.start, self.end) = (HEAD_BYTES, HEAD_BYTES);
        Ok(())
    }

    /// Gives the log an identity; durable when it returns. Whatever it held must be in a checkpoint.
    pub(crate) fn identify(&mut self, identity: u64) -> io::Result<()> {
        let mut encoder = Encoder::with_capacity(size_of::<u64>());
        encoder.bytes(&identity.to_le_bytes());
        if self.allocated < HEAD_BYTES {
            self.allocated = HEAD_BYTES;
            self.storage.set_len(self.allocated)?;
        }
        self.storage.write(0, &[MAGIC.as_slice(), &encoder.seal()].concat())?;
        self.storage.sync_data()?;
        (self.start, self.end) = (HEAD_BYTES, HEAD_BYTES);
        Ok(())
    }

    /// Appends a group; durable when it returns.
    pub(crate) fn append(&mut self, number: u64, writes: &Writes<'_>) -> io::Result<()> {
        let record = encode(std::mem::take(&mut self.buffer), number, writes);
        let end = self.end + record.len() as u64;
        if end > self.allocated {
            self.allocated = end + GROWTH_BYTES;
            self.storage.set_len(self.allocated)?;
        }
        self.storage.write(self.end, &record)?;
        self.storage.sync_data()?;
        self.end = end;
        if record.capacity() <= BUFFER_BYTES_KEPT {
            self.buffer = record;
        }
        Ok(())
    }

    /// Begins at the start again: everything in it is in a checkpoint.
    pub(crate) fn reset(&mut self) {
        self.end = self.start;
    }

    /// The next record from `offset` on, if a whole one is there. What a crash tore, or an older record left behind, is
    /// none.
    pub(crate) fn read(&self, offset: u64) -> Result<Option<Record>, ReadError> {
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
        Ok(Some(Record { number, rows, end: offset + LENGTH_BYTES as u64 + u64::from(length) }))
    }

    /// The place of a whole record of this group or a later one, wherever it is from `offset` on.
    pub(crate) fn find(&self, number_min: u64, offset: u64) -> Result<Option<u64>, ReadError> {
        let length = usize::try_from(self.allocated.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut rest = vec![0; length];
        self.storage.read(offset, &mut rest).map_err(io_error)?;
        let mut at = 0;
        while let Some(found) = rest.get(at + LENGTH_BYTES..).and_then(position_of_header) {
            at += found;
            let found = offset + at as u64;
            match self.read(found)? {
                Some(record) if record.number >= number_min => return Ok(Some(found)),
                Some(record) => at = usize::try_from(record.end - offset).unwrap_or(usize::MAX),
                None => at += 1,
            }
        }
        Ok(None)
    }
}

/// Where a sealed value may begin.
fn position_of_header(bytes: &[u8]) -> Option<usize> {
    let header = Encoder::with_capacity(0).seal();
    let (first, others) = header.get(..HEADER_BYTES / 2)?.split_first()?;
    let mut from = 0;
    // Most of a log is empty: one byte after the other is looked at by itself.
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| byte == first)?;
        from = at + 1;
        if bytes.get(from..)?.starts_with(others) {
            return Some(at);
        }
    }
}

fn io_error(error: io::Error) -> ReadError {
    ReadError::Io(error.to_string())
}

/// A record, in a buffer whose content does not count.
fn encode(mut buffer: Vec<u8>, number: u64, writes: &Writes<'_>) -> Vec<u8> {
    let group = writes.group;
    buffer.clear();
    buffer.extend_from_slice(&[0; LENGTH_BYTES]);
    let mut encoder = Encoder::behind(buffer);
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
    let background = writes.merge.iter().chain(writes.retention);
    background.for_each(|write| row(write.table, &write.key, write.value.as_deref()));
    writes.meta.iter().for_each(|(key, value)| row(Table::Meta, key, Some(value)));
    let mut record = encoder.seal();
    if let Some((length, value)) = record.split_first_chunk_mut::<LENGTH_BYTES>() {
        *length = u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes();
    }
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
