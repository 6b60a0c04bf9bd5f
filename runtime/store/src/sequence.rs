//! Sequences: the order of a shard's commits, handed out by its one writer.

use std::sync::{Arc, OnceLock};

/// A part of the store with its own writer, sequences and epoch; redb has one. Every key begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Shard(pub u16);

/// The place of a commit in its shard's journal: 1, 2, 3, … without a gap.
pub type Sequence = u64;

/// An execution's number within its shard, chosen by the caller: unique, and larger for later executions, since
/// rows that are written together should lie together.
pub type ExecutionNumber = u64;

/// The id of a history event: 1, 2, 3, … within its execution.
pub type EventId = u64;

/// A sequence to be: the writer fills it when it places the commit that carries it.
///
/// INVARIANT: commits of one execution are placed in the order of their submission, so whoever refers to an earlier
/// commit's cell finds it filled, or else that commit was refused.
pub type SequenceCell = Arc<OnceLock<Sequence>>;

/// A reference to an earlier commit of the same execution, which may not have its sequence yet.
#[derive(Clone, Debug)]
pub enum SequenceRef {
    /// Read from the store.
    Known(Sequence),
    /// Submitted in this process.
    Cell(SequenceCell),
}

impl SequenceRef {
    /// The sequence, or `None` while its commit is not placed (or was refused).
    #[must_use]
    pub fn get(&self) -> Option<Sequence> {
        match self {
            Self::Known(sequence) => Some(*sequence),
            Self::Cell(cell) => cell.get().copied(),
        }
    }
}

impl From<Sequence> for SequenceRef {
    fn from(sequence: Sequence) -> Self {
        Self::Known(sequence)
    }
}

impl From<SequenceCell> for SequenceRef {
    fn from(cell: SequenceCell) -> Self {
        Self::Cell(cell)
    }
}

impl PartialEq for SequenceRef {
    /// Equal if both are the same cell, or have the same sequence.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cell(a), Self::Cell(b)) if Arc::ptr_eq(a, b) => true,
            _ => self.get().is_some() && self.get() == other.get(),
        }
    }
}
