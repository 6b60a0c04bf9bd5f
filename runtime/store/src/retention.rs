//! What becomes of an execution after its close: folded, reduced to its history, removed.
//!
//! A closed execution has a row in a queue, ordered by when it next wants attention, so that nobody scans executions:
//!
//! | from | what is done | what is there afterwards |
//! | --- | --- | --- |
//! | the close | its transitions leave the journal for chunks of their own | everything, for a redrive as well |
//! | the end of the redrive window | each transition is reduced to its history, its frames are forgotten | row, name, listing, history |
//! | the end of the retention | the rest is removed | nothing; the name is free |
//!
//! INVARIANT: each of these is a step of the background that one group carries, whole or not at all. What it does next
//! follows from what is stored, so that a step that a crash undid is done again, and one that is repeated does nothing.
//! INVARIANT: reads find the same, whatever the step. Events and sequences never change.

use crate::execution::StoredEntry;
use bytes::Bytes;
use stepwell_types::quota::{HISTORY_RETENTION_DAYS, REDRIVE_WINDOW_DAYS};

/// Milliseconds between two merges that a step of retention asks for because something due is not merged yet.
pub const MERGE_ASKED_INTERVAL_MS: i64 = 30_000;

const MS_PER_DAY: i64 = 24 * 60 * 60 * 1_000;

/// How long what has closed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionWindows {
    /// Milliseconds from the close in which an execution can be redriven.
    pub redrive_ms: i64,
    /// Milliseconds from the close after which nothing is left of it.
    pub retention_ms: i64,
}

impl Default for RetentionWindows {
    /// As on AWS.
    fn default() -> Self {
        Self {
            redrive_ms: REDRIVE_WINDOW_DAYS.cast_signed() * MS_PER_DAY,
            retention_ms: HISTORY_RETENTION_DAYS.cast_signed() * MS_PER_DAY,
        }
    }
}

/// The body of a transition without what only a redrive needs; `None` leaves it as it is. Whoever knows what the bytes
/// mean says so; references to the transition must mean the same afterwards.
pub type HistoryOnly = fn(&StoredEntry) -> Option<Bytes>;

/// What one step of retention did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Retained {
    /// Executions whose history is folded to its end now.
    pub folded: u64,
    /// Executions of which only the history is left now.
    pub reduced: u64,
    /// Executions that are gone now.
    pub expired: u64,
    /// Journal values that were removed.
    pub journal_values: u64,
    /// Bytes that were written for it.
    pub bytes: u64,
    /// When to go on.
    pub next: NextStep,
}

/// When the next step of retention is worth while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NextStep {
    /// At once: there may be more that is due.
    Now,
    /// When time has passed, or more has closed.
    #[default]
    Later,
}

impl Retained {
    /// Both together; the later one says when to go on.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            folded: self.folded + later.folded,
            reduced: self.reduced + later.reduced,
            expired: self.expired + later.expired,
            journal_values: self.journal_values + later.journal_values,
            bytes: self.bytes + later.bytes,
            next: later.next,
        }
    }
}
