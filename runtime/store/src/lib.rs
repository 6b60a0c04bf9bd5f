//! The store port: rows, commits, the in-memory model, and the tests every backend passes.
//!
//! A caller submits a [`Commit`], which is preconditions and writes, and gets a [`Ticket`]. One writer per shard
//! places commits into groups in their order, refuses those whose preconditions fail, and resolves the tickets of
//! a group when the group is durable.
//!
//! INVARIANT: nothing here names a runtime, a clock or a disk, and nothing knows the Amazon States Language: an
//! execution's frames and events are bytes.
//! INVARIANT: what a resolved ticket promised survives a crash; of a group that was not acknowledged, all is there
//! or nothing; the sequences of a shard have no gaps.
//! INVARIANT: what has closed leaves the journal in the background ([`retention`]), and in the end the store: its size
//! follows what runs and what is kept, not what ever ran.
//! Absent on purpose: a promise that an index is synchronous. Names, listings, timers and the rows of what is
//! pending are read from a memory tail over merged tables; the journal is their truth.

#![forbid(unsafe_code)]

pub mod backend;
pub mod blob;
pub mod catalog;
pub mod commit;
pub mod conformance;
pub mod execution;
pub mod memory;
pub mod pending;
pub mod port;
pub mod promise;
pub mod retention;
pub mod sequence;

pub use blob::{BlobEntry, BlobError, BlobId, Blobs, RemovalReport};
pub use catalog::{
    CatalogKey, CatalogKeyError, CatalogKind, CatalogPage, CatalogRow, CatalogScope, CatalogWrite,
};
pub use commit::{
    Commit, CommitError, Committed, Lane, Precondition, Refusal, SubmitError, Ticket, TransitionWrite,
};
pub use execution::{
    ExecutionPage, ExecutionRow, ExecutionStatus, ExecutionsQuery, HistoryPage, HistoryQuery, InputMatch,
    ListingCursor, MachineScope, Naming, StoredEntry, StoredExecution,
};
pub use memory::{Fault, MemoryDisk, MemoryStore, memory_store};
pub use pending::{PendingKey, PendingKind, PendingPage, PendingRow, PendingWrite};
pub use port::{Acceptance, Answer, CheckReport, Health, Order, ReadError, StopKind, StopReason, Store};
pub use promise::{Pledge, Promise, block_on, promise, promise_or};
pub use retention::{HistoryOnly, NextStep, Retained, RetentionWindows};
pub use sequence::{EventId, ExecutionNumber, Sequence, SequenceCell, SequenceRef, Shard};
