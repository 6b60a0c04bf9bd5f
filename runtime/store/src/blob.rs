//! Component bytes by the hash of their content.

use crate::promise::Promise;
use bytes::Bytes;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The BLAKE3 hash of a blob's bytes; prints as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    /// The id of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BlobId {
    type Err = BlobError;

    /// Only the printed form: 64 lower-case digits.
    fn from_str(text: &str) -> Result<Self, BlobError> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| BlobError::BadId(text.to_owned()))?;
        let id = Self(*hash.as_bytes());
        if id.to_string() == text { Ok(id) } else { Err(BlobError::BadId(text.to_owned())) }
    }
}

/// A blob that could not be kept or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// Not 64 hexadecimal digits.
    #[error("`{0}` is no blob id")]
    BadId(String),
    /// What is stored has another hash.
    #[error("blob {0} is damaged: its bytes have another hash")]
    Damaged(BlobId),
    /// No room.
    #[error("no space is left for blob {0}")]
    DiskFull(BlobId),
    /// Another failure of the disk.
    #[error("blob storage failed: {0}")]
    Io(String),
}

/// A blob, and until when it was surely needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobEntry {
    /// Its id.
    pub id: BlobId,
    /// When it was put or touched last.
    pub used: SystemTime,
}

/// What a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RemovalReport {
    /// Blobs removed.
    pub removed: usize,
    /// Bytes freed.
    pub removed_bytes: u64,
}

/// Content-addressed bytes, durable before their id is returned: so a row may name them at once.
///
/// The promises may be dropped; the work goes on.
///
/// INVARIANT: a put or a touch that resolves before a removal judges the blob counts for that judgement: what was used
/// since `unused_before` stays, whatever runs at the same time.
pub trait Blobs: Send + Sync {
    /// Keeps the bytes; nothing is written twice.
    fn put(&self, bytes: Bytes) -> Promise<Result<BlobId, BlobError>>;

    /// The bytes, checked against their id; `None` if there are none.
    fn get(&self, id: BlobId) -> Promise<Result<Option<Bytes>, BlobError>>;

    /// Notes that a blob is needed until now; nothing if there is none.
    fn touch(&self, id: BlobId) -> Promise<Result<(), BlobError>>;

    /// All blobs, in no order.
    fn list(&self) -> Promise<Result<Vec<BlobEntry>, BlobError>>;

    /// Removes those of these blobs that were used last before `unused_before`. Which these are is the caller's to
    /// know; that instant leaves time between a put and the commit of the row that names it.
    fn remove(
        &self,
        ids: Vec<BlobId>,
        unused_before: SystemTime,
    ) -> Promise<Result<RemovalReport, BlobError>>;
}

/// Blobs in memory.
#[derive(Debug, Default)]
pub struct MemoryBlobs(Mutex<HashMap<BlobId, (Bytes, SystemTime)>>);

impl MemoryBlobs {
    fn lock(&self) -> MutexGuard<'_, HashMap<BlobId, (Bytes, SystemTime)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for MemoryBlobs {
    fn put(&self, bytes: Bytes) -> Promise<Result<BlobId, BlobError>> {
        let id = BlobId::of(&bytes);
        self.lock().insert(id, (bytes, SystemTime::now()));
        Promise::kept(Ok(id))
    }

    fn get(&self, id: BlobId) -> Promise<Result<Option<Bytes>, BlobError>> {
        Promise::kept(Ok(self.lock().get(&id).map(|(bytes, _)| bytes.clone())))
    }

    fn touch(&self, id: BlobId) -> Promise<Result<(), BlobError>> {
        if let Some((_, used)) = self.lock().get_mut(&id) {
            *used = SystemTime::now();
        }
        Promise::kept(Ok(()))
    }

    fn list(&self) -> Promise<Result<Vec<BlobEntry>, BlobError>> {
        let entries = self.lock().iter().map(|(id, (_, used))| BlobEntry { id: *id, used: *used }).collect();
        Promise::kept(Ok(entries))
    }

    fn remove(
        &self,
        ids: Vec<BlobId>,
        unused_before: SystemTime,
    ) -> Promise<Result<RemovalReport, BlobError>> {
        let mut report = RemovalReport::default();
        let mut blobs = self.lock();
        for id in ids {
            if blobs.get(&id).is_some_and(|(_, used)| *used < unused_before)
                && let Some((bytes, _)) = blobs.remove(&id)
            {
                report.removed += 1;
                report.removed_bytes += bytes.len() as u64;
            }
        }
        Promise::kept(Ok(report))
    }
}
