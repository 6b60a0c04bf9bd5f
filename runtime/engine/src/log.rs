//! What functions logged: kept in memory for each account and region, bounded, and followed live.
//!
//! An invocation's record is stored as it is and worded (START, lines, END, REPORT, as on Lambda) when it is read.

use crate::Scope;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stepwell_sandbox::{LogLine, LogStream, Usage};
use stepwell_types::Timestamp;
use tokio::sync::broadcast;

/// Bytes of log kept for one account and region; the oldest records go first.
pub const LOG_BYTES_MAX: usize = 16 << 20;
/// Bytes of log kept for all together. Beyond it nobody keeps more than an equal part of seven eighths of it.
pub const LOG_BYTES_TOTAL_MAX: usize = 256 << 20;
/// Records that a slow follower may lag behind before it misses some; each has at most some hundred kilobytes.
const FOLLOW_RECORDS_MAX: usize = 256;
/// Accounts and regions with which those that have no records are looked for and forgotten the first time.
const SCOPES_SWEPT_AT: usize = 256;
/// Bytes that an account and region costs beside its records.
const SCOPE_OVERHEAD_BYTES: usize = 512;
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
#[derive(Debug)]
pub struct Logs {
    scopes: Mutex<Scopes>,
    total_bytes: AtomicUsize,
    total_bytes_max: usize,
}

#[derive(Debug)]
struct Scopes {
    by_scope: HashMap<Scope, Arc<Mutex<ScopeLogs>>>,
    swept_at: usize,
}

#[derive(Debug, Default)]
struct ScopeLogs {
    records: VecDeque<Arc<InvocationLog>>,
    bytes: usize,
    /// Made for the first follower, gone with the last.
    live: Option<broadcast::Sender<Arc<InvocationLog>>>,
}

impl ScopeLogs {
    /// Drops the oldest records beyond so many bytes; how many bytes went.
    fn trim(&mut self, bytes_max: usize) -> usize {
        let before = self.bytes;
        while self.bytes > bytes_max
            && let Some(oldest) = self.records.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
        before - self.bytes
    }

    fn is_followed(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.receiver_count() > 0)
    }
}

impl Default for Logs {
    fn default() -> Self {
        Self::bounded(LOG_BYTES_TOTAL_MAX)
    }
}

impl Logs {
    fn bounded(total_bytes_max: usize) -> Self {
        let scopes = Scopes { by_scope: HashMap::new(), swept_at: SCOPES_SWEPT_AT };
        Self { scopes: Mutex::new(scopes), total_bytes: AtomicUsize::new(0), total_bytes_max }
    }

    /// Keeps a record and shows it to followers.
    pub fn push(&self, scope: &Scope, record: Arc<InvocationLog>) {
        let logs = self.of(scope);
        let mut logs = logs.lock();
        let added = record.bytes();
        logs.bytes += added;
        logs.records.push_back(Arc::clone(&record));
        let dropped = logs.trim(LOG_BYTES_MAX);
        if logs.is_followed() {
            if let Some(live) = &logs.live {
                // The last follower may just have gone.
                let _ = live.send(record);
            }
        } else {
            logs.live = None;
        }
        drop(logs);
        let before = self.total_bytes.fetch_add(added, Ordering::Relaxed);
        self.total_bytes.fetch_sub(dropped, Ordering::Relaxed);
        if before + added > self.total_bytes_max {
            self.make_room();
        }
    }

    /// Who keeps more than an equal part keeps that.
    fn make_room(&self) {
        let scopes = self.scopes.lock();
        if self.total_bytes.load(Ordering::Relaxed) <= self.total_bytes_max {
            return;
        }
        let part = self.total_bytes_max / 8 * 7 / scopes.by_scope.len().max(1);
        for logs in scopes.by_scope.values() {
            let dropped = logs.lock().trim(part);
            self.total_bytes.fetch_sub(dropped, Ordering::Relaxed);
        }
    }

    /// The records kept, oldest first, and what comes after them.
    #[must_use]
    pub fn read(
        &self,
        scope: &Scope,
        filter: &LogFilter,
    ) -> (Vec<Arc<InvocationLog>>, broadcast::Receiver<Arc<InvocationLog>>) {
        let logs = self.of(scope);
        let mut logs = logs.lock();
        // Subscribed under the lock, so that no record is missed or seen twice.
        let live = logs.live.get_or_insert_with(|| broadcast::channel(FOLLOW_RECORDS_MAX).0).subscribe();
        (logs.records.iter().filter(|record| filter.matches(record)).cloned().collect(), live)
    }

    fn of(&self, scope: &Scope) -> Arc<Mutex<ScopeLogs>> {
        let mut scopes = self.scopes.lock();
        if let Some(logs) = scopes.by_scope.get(scope) {
            return Arc::clone(logs);
        }
        if scopes.by_scope.len() >= scopes.swept_at {
            // Whoever only asked leaves nothing behind, and neither does one whose records have gone.
            scopes.by_scope.retain(|_, logs| {
                let is_held = Arc::strong_count(logs) > 1;
                let found = logs.lock();
                let is_kept = is_held || !found.records.is_empty() || found.is_followed();
                if !is_kept {
                    self.total_bytes.fetch_sub(SCOPE_OVERHEAD_BYTES, Ordering::Relaxed);
                }
                is_kept
            });
            scopes.swept_at = SCOPES_SWEPT_AT.max(scopes.by_scope.len() * 2);
        }
        self.total_bytes.fetch_add(SCOPE_OVERHEAD_BYTES, Ordering::Relaxed);
        Arc::clone(scopes.by_scope.entry(scope.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_types::{AccountId, Region};

    fn scope(number: u64) -> Scope {
        Scope { account: AccountId::from_u64(number).unwrap(), region: Region::default() }
    }

    fn record(text_bytes: usize) -> Arc<InvocationLog> {
        let text = "x".repeat(text_bytes);
        Arc::new(InvocationLog {
            ended: Timestamp::from_millis(0),
            function: "f".into(),
            version: "1".into(),
            request_id: "r".into(),
            execution_arn: None,
            lines: vec![LogLine { at: std::time::Duration::ZERO, stream: LogStream::Stdout, text }],
            usage: Usage::default(),
            memory_size_mb: 128,
            failure: None,
        })
    }

    fn kept(logs: &Logs, number: u64) -> usize {
        logs.read(&scope(number), &LogFilter::Function("f".into())).0.len()
    }

    #[test]
    fn all_logs_together_are_bounded_and_who_says_little_keeps_it() {
        let logs = Logs::bounded(100_000);
        for _ in 0..3 {
            logs.push(&scope(1), record(100));
        }
        for number in 2..=9 {
            for _ in 0..100 {
                logs.push(&scope(number), record(700));
                assert!(logs.total_bytes.load(Ordering::Relaxed) <= 100_000);
            }
        }
        assert_eq!(kept(&logs, 1), 3);
        assert!((2..=9).all(|number| kept(&logs, number) > 0));
        let bytes: usize = logs.scopes.lock().by_scope.values().map(|logs| logs.lock().bytes).sum();
        assert_eq!(logs.total_bytes.load(Ordering::Relaxed), bytes + 9 * SCOPE_OVERHEAD_BYTES);
    }

    #[test]
    fn who_only_asked_leaves_nothing_behind() {
        let logs = Logs::default();
        for number in 0..10_000 {
            assert_eq!(kept(&logs, number), 0);
        }
        assert!(logs.scopes.lock().by_scope.len() <= SCOPES_SWEPT_AT);
        let (_, mut live) = logs.read(&scope(1), &LogFilter::Function("f".into()));
        logs.push(&scope(1), record(1));
        assert!(live.try_recv().is_ok());
        drop(live);
        logs.push(&scope(1), record(1));
        assert!(logs.of(&scope(1)).lock().live.is_none());
    }
}
