//! Executions: their rows, listings and histories.

use crate::port::Order;
use crate::sequence::{EventId, ExecutionNumber, Sequence, SequenceRef};
use bytes::Bytes;
use stepwell_types::{AccountId, Name, Region};

pub use stepwell_types::ExecutionStatus;

/// Whose executions: all of one state machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineScope {
    /// The machine's account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Its name.
    pub machine: Name,
}

/// Whether an execution's name needs an index row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The caller chose it: it is reserved, and found by [`crate::Store::execution_by_name`].
    Given,
    /// Made from the execution's number, which can be read from it: no row.
    Derived,
}

/// Whether two starts of one name agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputMatch {
    /// Equal input hashes.
    Same,
    /// Different ones.
    Different,
}

/// An execution between two transitions: bounded, rewritten by each, never growing with its history.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionRow {
    /// Its machine.
    pub scope: MachineScope,
    /// Its name.
    pub name: Name,
    /// Who chose the name.
    pub naming: Naming,
    /// Where it stands; a change moves it in filtered listings.
    pub status: ExecutionStatus,
    /// When it started, in milliseconds since the epoch; listings are ordered by it. Never changes.
    pub started_ms: i64,
    /// When it closed.
    pub stopped_ms: Option<i64>,
    /// The machine's revision it runs ([`crate::CatalogRow::revision`] or whatever the caller pins).
    pub machine_revision: u64,
    /// A hash of the input, for idempotent starts.
    pub input_hash: [u8; 32],
    /// The id of the event to come.
    pub next_event: EventId,
    /// Each live frame with the transition that holds its newest version.
    pub frames: Vec<(u64, SequenceRef)>,
    /// Whatever else the caller wants in listings and on loading (semantics version, seed, version and alias names,
    /// redrive count): small, bytes to the store.
    pub details: Bytes,
}

impl ExecutionRow {
    /// About how many bytes it takes.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        128 + self.scope.machine.as_str().len()
            + self.name.as_str().len()
            + 12 * self.frames.len()
            + self.details.len()
    }
}

/// A row as it was read; its frames' references are known.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredExecution {
    /// The execution.
    pub number: ExecutionNumber,
    /// Its last transition.
    pub last_sequence: Sequence,
    /// How many transitions it has made.
    pub transitions: u64,
    /// The row.
    pub row: ExecutionRow,
}

/// Asks for executions of one machine, newest start first.
#[derive(Clone, Debug)]
pub struct ExecutionsQuery {
    /// Which machine.
    pub scope: MachineScope,
    /// Only those that stand here.
    pub status: Option<ExecutionStatus>,
    /// Where the page before ended.
    pub after: Option<ListingCursor>,
    /// Executions on the page, at most 1,000.
    pub limit: usize,
}

/// A place in a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingCursor {
    /// Start of the last execution seen, in milliseconds since the epoch.
    pub started_ms: i64,
    /// Its number.
    pub number: ExecutionNumber,
}

/// A page of a listing. With a status filter it may be short, even empty, and yet have a next one: a page looks at
/// a bounded number of entries.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionPage {
    /// Newest start first.
    pub executions: Vec<StoredExecution>,
    /// Where to go on; `None` at the end.
    pub next: Option<ListingCursor>,
}

/// Asks for the part of an execution's history that is left from `from_event` on, in the given order.
#[derive(Clone, Debug)]
pub struct HistoryQuery {
    /// Which execution.
    pub execution: ExecutionNumber,
    /// Ascending: oldest first.
    pub order: Order,
    /// The event to begin with (in the given order); `None` begins at the end that the order names.
    pub from_event: Option<EventId>,
    /// Transitions on the page, at most 1,000.
    pub entries_max: usize,
    /// Bytes of bodies on the page; at least one transition comes anyway.
    pub bytes_max: usize,
}

/// A page of transitions that have events.
///
/// The first may hold events before `from_event` (after it, newest first): the caller cuts them.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// In the order asked for.
    pub entries: Vec<StoredEntry>,
    /// The event to begin the next page with; `None` at the end.
    pub next_event: Option<EventId>,
}

/// A transition as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place in the journal.
    pub sequence: Sequence,
    /// Whose.
    pub execution: ExecutionNumber,
    /// This execution's transition before it.
    pub previous: Option<Sequence>,
    /// Which of its execution's transitions it is, from 0.
    pub ordinal: u64,
    /// The id of its first event; of the next event if it has none.
    pub first_event: EventId,
    /// How many events.
    pub event_count: u32,
    /// What the body refers to.
    pub refs: Vec<Sequence>,
    /// The transition.
    pub body: Bytes,
}
