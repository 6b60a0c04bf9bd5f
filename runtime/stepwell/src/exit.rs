//! How a command ends: what is said, and with which exit code.

use crate::client::Refusal;
use std::io;
use std::process::ExitCode;

/// How a command that ran to its end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All as it should be: exit code 0.
    Good,
    /// What was asked about failed (an execution, a check, a definition), and was shown: exit code 1.
    Failed,
}

/// Why a command did not run to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// It was called in a way that cannot work: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers: exit code 3.
    #[error(
        "no server answers at {endpoint} ({reason}); start one with `stepwell dev`, or name another with --endpoint"
    )]
    NoServer {
        /// Where it was looked for.
        endpoint: String,
        /// What the system says.
        reason: String,
    },
    /// The server said no: exit code 1.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The output cannot be written. Where its reader has gone away, nobody is left to be told.
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
    /// Anything else: exit code 1.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl CommandError {
    /// A call that cannot work.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }
}

/// What `main` returns, after it has said what went wrong.
pub(crate) fn exit_code(ended: Result<Outcome, CommandError>) -> ExitCode {
    let error = match ended {
        Ok(Outcome::Good) => return ExitCode::SUCCESS,
        Ok(Outcome::Failed) => return ExitCode::from(1),
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(error) => error,
    };
    crate::output::complain(&error.to_string());
    ExitCode::from(match error {
        CommandError::Usage(_) => 2,
        CommandError::NoServer { .. } => 3,
        CommandError::Refused(_) | CommandError::Output(_) | CommandError::Other(_) => 1,
    })
}
