//! Where an execution stands, in AWS's terms.

use std::fmt;
use std::str::FromStr;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionStatus {
    /// It runs.
    Running,
    /// It ended with an output.
    Succeeded,
    /// It ended with a failure.
    Failed,
    /// It ran longer than its definition or AWS allows.
    TimedOut,
    /// It was stopped.
    Aborted,
    /// It waits for a place to be redriven.
    PendingRedrive,
}

/// A word that names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no status of an execution")]
pub struct StatusError;

impl ExecutionStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Succeeded, Self::Failed, Self::TimedOut, Self::Aborted, Self::PendingRedrive];

    /// AWS's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
            Self::PendingRedrive => "PENDING_REDRIVE",
        }
    }
}

impl fmt::Display for ExecutionStatus {
    /// AWS's word for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for ExecutionStatus {
    type Err = StatusError;

    /// Parses AWS's word.
    fn from_str(text: &str) -> Result<Self, StatusError> {
        Self::ALL.into_iter().find(|status| status.word() == text).ok_or(StatusError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for status in ExecutionStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        assert_eq!("running".parse::<ExecutionStatus>(), Err(StatusError));
    }
}
