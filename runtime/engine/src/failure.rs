//! What the store could not do, told apart by what a caller may do about it.

use std::sync::Arc;
use stepwell_store::{BlobError, CommitError, ReadError, StopReason, SubmitError};

/// The store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// Too many commits wait for their turn: the same call succeeds a little later.
    #[error(
        "the server is busy: {queued_commits} commits of {queued_bytes} bytes wait to be written; try again"
    )]
    QueueFull {
        /// Commits that wait.
        queued_commits: usize,
        /// Their bytes.
        queued_bytes: usize,
    },
    /// Too little free space for anything new. What runs goes on, and ends; the same call succeeds once there is room.
    #[error(
        "the data disk is nearly full: {free_bytes} bytes are free, and nothing new is accepted below {mark_bytes}; free some space and try again"
    )]
    LowSpace {
        /// Free bytes.
        free_bytes: u64,
        /// The mark below which nothing new is accepted.
        mark_bytes: u64,
    },
    /// Code for which there is no room; nothing of it was kept.
    #[error("the data disk is full: {bytes} bytes of code do not fit; free some space and try again")]
    CodeDoesNotFit {
        /// Its size.
        bytes: usize,
    },
    /// The store has stopped or is about to. Of a commit that was under way it is known only when the store is opened
    /// again whether it took effect.
    #[error("the server is stopping: {0}")]
    Stopped(Arc<str>),
    /// Anything else; the reason is for the log, not for the caller.
    #[error("the store failed: {0}")]
    Failed(Arc<str>),
}

impl StoreFailure {
    /// A failure that only the log explains.
    pub(crate) fn failed(reason: impl ToString) -> Self {
        Self::Failed(reason.to_string().into())
    }

    /// Of writing a blob of this size.
    pub(crate) fn of_upload(error: &BlobError, bytes: usize) -> Self {
        match error {
            BlobError::DiskFull(_) => Self::CodeDoesNotFit { bytes },
            BlobError::BadId(_) | BlobError::Damaged(_) | BlobError::Io(_) => Self::failed(error),
        }
    }
}

impl From<StopReason> for StoreFailure {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason.message)
    }
}

impl From<SubmitError> for StoreFailure {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::QueueFull { queued_commits, queued_bytes } => {
                Self::QueueFull { queued_commits, queued_bytes }
            }
            SubmitError::LowSpace { free_bytes, mark_bytes } => Self::LowSpace { free_bytes, mark_bytes },
            SubmitError::TooLarge { .. } => Self::failed(error),
            SubmitError::Stopped(reason) => reason.into(),
        }
    }
}

impl From<CommitError> for StoreFailure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(refusal) => Self::failed(refusal),
            CommitError::Stopped(reason) => reason.into(),
        }
    }
}

impl From<ReadError> for StoreFailure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged(_) | ReadError::Unsupported(_) | ReadError::Io(_) => Self::failed(error),
            ReadError::Stopped(reason) => reason.into(),
        }
    }
}
