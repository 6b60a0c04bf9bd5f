//! What this invocation is.

use crate::host;
use alloc::string::String;
use core::time::Duration;

/// What this invocation is, and what it may use. Its answers stay the same for the whole invocation.
///
/// Each method asks the host: one call, and nothing before it is asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context;

/// The context of the running invocation.
#[must_use]
pub fn context() -> Context {
    Context
}

impl Context {
    /// The request id, a UUID: new for every attempt and every re-issue of one.
    #[must_use]
    pub fn invocation_id(self) -> String {
        host::invocation_id()
    }

    /// The ARN of the execution whose Task state called; none for a direct invocation.
    #[must_use]
    pub fn execution_arn(self) -> Option<String> {
        host::execution_arn()
    }

    /// How often this visit of the Task state has called, this call included: 1 at first, 2 after one retry.
    #[must_use]
    pub fn attempt(self) -> u32 {
        host::attempt()
    }

    /// When the invocation is stopped at the latest, as time since 1970-01-01T00:00:00Z, to the millisecond.
    #[must_use]
    pub fn deadline(self) -> Duration {
        Duration::from_millis(host::deadline_unix_ms())
    }

    /// The same text for every re-issue of one attempt, another one for every other attempt. Hand it to the service that
    /// you call, and a call that arrives twice acts once.
    #[must_use]
    pub fn idempotency_key(self) -> String {
        host::idempotency_key()
    }

    /// The function's name, without account, version or alias.
    #[must_use]
    pub fn function_name(self) -> String {
        host::function_name()
    }

    /// The version that runs: `$LATEST` or a number.
    #[must_use]
    pub fn function_version(self) -> String {
        host::function_version()
    }

    /// How much memory the invocation may have, in bytes.
    #[must_use]
    pub fn memory_limit_bytes(self) -> u64 {
        host::memory_limit_bytes()
    }
}
