//! What only a process can finish: rows that recovery reads, removed by the commit that finishes it.

use crate::sequence::{EventId, ExecutionNumber};
use bytes::Bytes;

/// The kinds of pending rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PendingKind {
    /// A running attempt.
    Inflight,
    /// A due time.
    Timer,
    /// A message from one execution to another.
    Outbox,
    /// An asynchronous Express start that has not ended.
    ExpressStart,
    /// An asynchronous function invocation that has not ended.
    Invocation,
}

/// The key of a pending row; within a kind ordered by its fields from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PendingKey {
    /// An attempt, named by the event that scheduled it.
    Inflight {
        /// Whose attempt.
        execution: ExecutionNumber,
        /// The scheduling event.
        event: EventId,
    },
    /// A timer; the earliest comes first.
    Timer {
        /// When it is due, in milliseconds since the epoch.
        due_ms: i64,
        /// Whose timer.
        execution: ExecutionNumber,
        /// The event that set it.
        event: EventId,
        /// Tells timers of one event apart (a task's time-out and its heartbeat).
        slot: u8,
    },
    /// A message, named by its sender and the event that sent it.
    Outbox {
        /// The sender.
        execution: ExecutionNumber,
        /// The sending event.
        event: EventId,
    },
    /// An Express start.
    ExpressStart {
        /// The execution's number.
        execution: ExecutionNumber,
    },
    /// A queued invocation; the earliest comes first.
    Invocation {
        /// When it may run, in milliseconds since the epoch.
        due_ms: i64,
        /// Unique among the queued ones.
        id: u64,
    },
}

impl PendingKey {
    /// The kind of the row.
    #[must_use]
    pub fn kind(&self) -> PendingKind {
        match self {
            Self::Inflight { .. } => PendingKind::Inflight,
            Self::Timer { .. } => PendingKind::Timer,
            Self::Outbox { .. } => PendingKind::Outbox,
            Self::ExpressStart { .. } => PendingKind::ExpressStart,
            Self::Invocation { .. } => PendingKind::Invocation,
        }
    }
}

/// A change of one pending row.
#[derive(Clone, Debug)]
pub enum PendingWrite {
    /// A row whose key is new. If it is removed soon it never reaches a table; so adding a key that is there already
    /// is a mistake of the caller, and may leave the old row behind.
    Add(PendingKey, Bytes),
    /// A new value for a row that may be there.
    Replace(PendingKey, Bytes),
    /// Removes the row; nothing if it is not there.
    Remove(PendingKey),
}

impl PendingWrite {
    /// About how many bytes it writes.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        match self {
            Self::Add(_, value) | Self::Replace(_, value) => 32 + value.len(),
            Self::Remove(_) => 32,
        }
    }
}

/// A row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRow {
    /// Its key.
    pub key: PendingKey,
    /// Its value.
    pub value: Bytes,
}

/// A page of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingPage {
    /// In key order.
    pub rows: Vec<PendingRow>,
    /// Give it as `after` for the next page; `None` at the end.
    pub next: Option<PendingKey>,
}
