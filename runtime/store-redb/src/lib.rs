//! The store on redb: group commit, append-ordered journal, merged indexes.
//!
//! A data folder holds `store.redb`, the blobs beside it and a lock file. The rules are those of
//! [`stepwell_store::backend`]; here are the tables, the durable write, the folder and its troubles.
//!
//! Each group is one redb transaction with quick-repair: a second sync per group buys an open after a crash that
//! reads neither the file nor the allocator's state anew (a plain file is rescanned, seconds per gigabyte).
//!
//! INVARIANT: one server per folder; the lock is held until the database is closed.

#![forbid(unsafe_code)]

mod blob;
mod disk;
mod error;
mod store;

pub use blob::DirectoryBlobs;
pub use disk::{RedbDisk, Repair};
pub use error::OpenError;
pub use store::{RedbOptions, RedbStore};
