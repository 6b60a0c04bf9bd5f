//! One attempt of a function: what goes in and what comes out.

use crate::{InvokeError, Limits, LogLine};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use stepwell_types::{AccountId, Timestamp};

/// What a guest may do beyond computing. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grants {
    /// Addresses, each with its port, to which the guest may open TCP connections by `wasi:sockets`. Listening,
    /// accepting, UDP and the look-up of names are denied whatever stands here.
    pub tcp_addresses: Arc<[SocketAddr]>,
}

/// What a guest's clocks show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clocks {
    /// The machine's time.
    #[default]
    Real,
    /// Always this instant, and a monotonic clock that stands still; for replay.
    Fixed(Timestamp),
}

/// Where a guest's random bytes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Randomness {
    /// The machine's secure source.
    #[default]
    Real,
    /// A stream derived from this seed; for replay.
    Seeded(u64),
}

/// What the guest reads about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionIdentity {
    /// The name, without account, version or alias.
    pub name: Arc<str>,
    /// `$LATEST` or a number.
    pub version: Arc<str>,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct InvokeRequest {
    /// Who pays: cores and places in line are given to accounts in turn.
    pub account: AccountId,
    /// The event, a JSON text; it reaches the guest as it is.
    pub event: Arc<str>,
    /// The request id (a UUID), new for every attempt and every re-issue of one.
    pub invocation_id: Arc<str>,
    /// The execution that called; none where a caller invoked directly.
    pub execution_arn: Option<Arc<str>>,
    /// How often this visit of the Task state has called, this call included; 1 for a direct invocation.
    pub attempt: u32,
    /// The same for every re-issue of one attempt.
    pub idempotency_key: Arc<str>,
    /// Name and version, for the guest to read.
    pub function: FunctionIdentity,
    /// The function's own environment variables; the guest sees no others.
    pub environment: Arc<[(String, String)]>,
    /// What it may use.
    pub limits: Limits,
    /// What it may do.
    pub grants: Grants,
    /// What its clocks show.
    pub clocks: Clocks,
    /// Where its random bytes come from.
    pub randomness: Randomness,
}

/// What one attempt used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of fuel burnt, exactly.
    pub fuel: u64,
    /// Wall time from the first moment on a core to the end.
    pub duration: Duration,
    /// `duration` in whole milliseconds, rounded up.
    pub billed_ms: u64,
    /// Time spent in line before that.
    pub waited: Duration,
    /// The most that all linear memories held together.
    pub memory_peak_bytes: u64,
    /// Calls into the host.
    pub host_calls: u64,
    /// Log lines dropped since the log was full.
    pub log_lines_dropped: u64,
}

/// What came of one attempt.
#[derive(Debug)]
pub struct InvokeReport {
    /// The result, a JSON text as the guest wrote it, or why there is none.
    pub outcome: Result<String, InvokeError>,
    /// What it used.
    pub usage: Usage,
    /// What it said, in order.
    pub logs: Vec<LogLine>,
}
