//! Answers to tasks that wait for a callback.

mod operations;

use crate::StoreFailure;

/// Why an answer by task token was refused.
#[derive(Debug, thiserror::Error)]
pub enum TaskTokenError {
    /// The token is not one of ours.
    #[error("Invalid Token: 'Invalid token'")]
    InvalidToken,
    /// Nothing waits for it any more: it was answered, or its execution has closed.
    #[error("Task Timed Out: 'Provided task does not exist anymore'")]
    TimedOut,
    /// Nothing ever waited for it.
    #[error("Task does not exist")]
    DoesNotExist,
    /// The output is no JSON or too large.
    #[error("Invalid Output: '{0}'")]
    InvalidOutput(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}
