//! What a guest says about itself: lines of its output streams and of its logger.

use std::time::Duration;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// `stepwell:task/logging`, level trace.
    Trace,
    /// `stepwell:task/logging`, level debug.
    Debug,
    /// `stepwell:task/logging`, level info.
    Info,
    /// `stepwell:task/logging`, level warn.
    Warn,
    /// `stepwell:task/logging`, level error.
    Error,
    /// The host: what it dropped, why it stopped the guest.
    Host,
}

/// One line of an invocation's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, after the invocation got its core.
    pub at: Duration,
    /// Where from.
    pub stream: LogStream,
    /// The line without its end. Bytes that are no UTF-8 appear as U+FFFD.
    pub text: String,
}
