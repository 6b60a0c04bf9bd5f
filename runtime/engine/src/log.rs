//! What functions logged: kept in memory for each account and region, bounded, and followed live.
//!
//! An invocation's record is stored as it is and worded (START, lines, END, REPORT, as on Lambda) when it is read.

use crate::Scope;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use stepwell_sandbox::{LogLine, LogStream, Usage};
use stepwell_types::Timestamp;
use tokio::sync::broadcast;

/// Bytes of log kept for one account and region; the oldest records go first.
pub const LOG_BYTES_MAX: usize = 16 << 20;
/// Records that a slow follower may lag behind before it misses some.
const FOLLOW_RECORDS_MAX: usize = 1_024;
/// Accounts and regions with which those that have no records are forgotten.
const SCOPES_SWEPT_AT: usize = 256;
/// Bytes of the end of a log that `Invoke` answers (`LogType=Tail`). Source: AWS Lambda.
pub const TAIL_BYTES_MAX: usize = 4_096;

/// One invocation's record.
#[derive(Clone, Debug)]
pub struct InvocationLog {
    /// When it ended.
    pub ended: Timestamp,
    /// The function's name.
    pub function: Arc<str>,
    /// `$LATEST` or a number.
    pub version: Arc<str>,
    /// Its request id.
    pub request_id: Arc<str>,
    /// The execution that called, if one did.
    pub execution_arn: Option<Arc<str>>,
    /// What the guest said, and what the host said of it.
    pub lines: Vec<LogLine>,
    /// What it used.
    pub usage: Usage,
    /// Megabytes it might have used.
    pub memory_size_mb: u32,
    /// Why it did not succeed, unless a line of the host says it.
    pub failure: Option<Arc<str>>,
}

impl InvocationLog {
    /// The record as Lambda words it, each line ended by a line feed.
    #[must_use]
    pub fn render(&self) -> String {
        let Self { request_id, version, usage, .. } = self;
        let mut text = format!("START RequestId: {request_id} Version: {version}\n");
        for line in &self.lines {
            let level = match line.stream {
                LogStream::Stdout | LogStream::Stderr => "",
                LogStream::Trace => "TRACE ",
                LogStream::Debug => "DEBUG ",
                LogStream::Info => "INFO ",
                LogStream::Warn => "WARN ",
                LogStream::Error => "ERROR ",
                LogStream::Host => "HOST ",
            };
            let _ = writeln!(text, "{level}{}", line.text);
        }
        if let Some(failure) = &self.failure {
            let _ = writeln!(text, "{request_id} {failure}");
        }
        let _ = writeln!(
            text,
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\tFuel: {}",
            usage.duration.as_secs_f64() * 1_000.0,
            usage.billed_ms,
            self.memory_size_mb,
            usage.memory_peak_bytes.div_ceil(1 << 20),
            usage.fuel,
        );
        text
    }

    /// The end of the record, at most [`TAIL_BYTES_MAX`] bytes.
    #[must_use]
    pub fn tail(&self) -> String {
        let mut text = self.render();
        let mut from = text.len().saturating_sub(TAIL_BYTES_MAX);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.split_off(from)
    }

    fn bytes(&self) -> usize {
        256 + self.lines.iter().map(|line| line.text.len() + 48).sum::<usize>()
    }
}

/// Whose records are wanted.
#[derive(Clone, Debug)]
pub enum LogFilter {
    /// Of this function, all versions.
    Function(Arc<str>),
    /// Of this execution, by its ARN.
    Execution(Arc<str>),
}

impl LogFilter {
    /// Whether a record is wanted.
    #[must_use]
    pub fn matches(&self, record: &InvocationLog) -> bool {
        match self {
            Self::Function(name) => record.function == *name,
            Self::Execution(arn) => record.execution_arn.as_ref() == Some(arn),
        }
    }
}

/// The logs of everybody, apart from each other.
#[derive(Debug, Default)]
pub struct Logs {
    scopes: Mutex<HashMap<Scope, Arc<ScopeLogs>>>,
}

#[derive(Debug)]
struct ScopeLogs {
    records: Mutex<(VecDeque<Arc<InvocationLog>>, usize)>,
    live: broadcast::Sender<Arc<InvocationLog>>,
}

impl Default for ScopeLogs {
    fn default() -> Self {
        Self { records: Mutex::default(), live: broadcast::channel(FOLLOW_RECORDS_MAX).0 }
    }
}

impl Logs {
    /// Keeps a record and shows it to followers.
    pub fn push(&self, scope: &Scope, record: Arc<InvocationLog>) {
        let logs = self.of(scope);
        let (records, bytes) = &mut *logs.records.lock();
        *bytes += record.bytes();
        records.push_back(Arc::clone(&record));
        while *bytes > LOG_BYTES_MAX
            && let Some(oldest) = records.pop_front()
        {
            *bytes -= oldest.bytes();
        }
        // Nobody may be following.
        let _ = logs.live.send(record);
    }

    /// The records kept, oldest first, and what comes after them.
    #[must_use]
    pub fn read(
        &self,
        scope: &Scope,
        filter: &LogFilter,
    ) -> (Vec<Arc<InvocationLog>>, broadcast::Receiver<Arc<InvocationLog>>) {
        let logs = self.of(scope);
        let records = logs.records.lock();
        // Subscribed under the lock, so that no record is missed or seen twice.
        let live = logs.live.subscribe();
        (records.0.iter().filter(|record| filter.matches(record)).cloned().collect(), live)
    }

    fn of(&self, scope: &Scope) -> Arc<ScopeLogs> {
        let mut scopes = self.scopes.lock();
        if let Some(logs) = scopes.get(scope) {
            return Arc::clone(logs);
        }
        if scopes.len() >= SCOPES_SWEPT_AT {
            // Whoever only asked leaves nothing behind.
            scopes.retain(|_, logs| {
                !logs.records.lock().0.is_empty()
                    || logs.live.receiver_count() > 0
                    || Arc::strong_count(logs) > 1
            });
        }
        Arc::clone(scopes.entry(scope.clone()).or_default())
    }
}
