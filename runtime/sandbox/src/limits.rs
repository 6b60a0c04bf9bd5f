//! What one invocation may use.

use std::time::Duration;

/// The limits of one invocation. [`Limits::default`] is Lambda's where Lambda has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from the moment that the guest gets a core. Default 3 s (Lambda's default; Lambda's bound is 900 s).
    pub timeout: Duration,
    /// Bytes of all linear memories together. Default 128 MiB (Lambda's bound is 10,240 MB; a 32-bit guest ends at
    /// 4 GiB).
    pub memory_bytes: u64,
    /// Units of fuel, about one per WebAssembly instruction. Default none: then the time-out alone bounds it.
    pub fuel: Option<u64>,
    /// Bytes of the result. Default 6 MiB (Lambda's synchronous response).
    pub output_bytes: usize,
    /// Bytes of log lines; what comes after is dropped and counted. Default 256 KiB.
    pub log_bytes: usize,
    /// Elements of all tables together. Default 100,000.
    pub table_elements: usize,
    /// Calls into the host. Default 1,000,000.
    pub host_calls: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            memory_bytes: 128 << 20,
            fuel: None,
            output_bytes: 6 << 20,
            log_bytes: 256 << 10,
            table_elements: 100_000,
            host_calls: 1_000_000,
        }
    }
}
