//! The store on redb: group commit, append-ordered journal, merged indexes.
//!
//! A data folder holds `store.redb`, the blobs beside it and a lock file. The rules are those of
//! [`stepwell_store::backend`]; here are the tables, the durable write, the folder and its troubles.
//!
//! Each group is appended to a log and synced there, and applied to redb without a sync; a checkpoint now and then
//! makes redb durable, with quick-repair, so that an open after a crash replays a few megabytes instead of rescanning
//! the file. [`Repair`] has the two ways without a log.
//!
//! INVARIANT: one server per folder; the lock is held until the database is closed.

#![forbid(unsafe_code)]

mod blob;
mod disk;
mod error;
mod log;
mod store;

pub use blob::DirectoryBlobs;
pub use disk::{CheckpointLimits, DiskOptions, RedbDisk, Repair};
pub use error::OpenError;
pub use store::{RedbOptions, RedbStore};
