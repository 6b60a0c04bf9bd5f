//! Queued invocations: accepted durably, run later, repeated if they fail.

use super::FunctionError;
use super::invocation::Attempt;
use super::line::{Line, LineLimits};
use crate::engine::{Engine, Inner};
use crate::log::InvocationLog;
use crate::share::Shares;
use crate::{Scope, StoreFailure, row};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{InvokeError, LogLine, LogStream, Usage};
use stepwell_store::{
    Commit, Lane, PendingKey, PendingKind, PendingRow, PendingWrite, ReadError, SubmitError,
};
use stepwell_types::{AccountId, FunctionArn, Timestamp};
use tokio::sync::Notify;

/// Queued invocations that run at once, of all accounts; the rest wait.
const RUNNING_MAX: usize = 256;
/// Rows read at once.
const PAGE_ROWS: usize = 256;
/// Attempts of a queued invocation. Source: AWS Lambda, two retries.
const ATTEMPTS_MAX: u32 = 3;
/// Seconds before a queued invocation's second and third attempt. Source: AWS Lambda.
const RETRY_DELAYS_S: [u64; 2] = [60, 120];
/// How long a queued invocation that cannot even begin is kept. Source: AWS Lambda, the maximum age of an event.
const AGE_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// How long the queue rests when it could not be read.
const REREAD_AFTER: Duration = Duration::from_secs(1);
/// Seconds before a queued invocation that found no room is tried again, not counted as an attempt: as long as it has
/// waited already, within these. Source: AWS Lambda, from 1 second exponentially to 5 minutes.
const THROTTLED_DELAYS_S: std::ops::RangeInclusive<u64> = 1..=300;
/// The longest rest: wall time is compared again after it, since clocks jump.
const REST_MAX: Duration = Duration::from_secs(60);

/// A queued invocation's row.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct QueuedRow {
    function: String,
    event: Arc<str>,
    request_id: Arc<str>,
    /// Attempts made.
    attempts: u32,
    /// When it was accepted; unknown in rows of releases that did not note it.
    #[serde(default)]
    accepted_ms: Option<i64>,
}

/// What memory knows of the queue.
pub(crate) struct Queue {
    line: Mutex<Line>,
    changed: Notify,
    running: Arc<Shares>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            line: Mutex::new(Line::new(LineLimits::default())),
            changed: Notify::new(),
            running: Shares::new(RUNNING_MAX),
        }
    }
}

/// What became of an attempt.
enum Left {
    /// Its row is gone; perhaps there is one for another attempt.
    Gone { again: Option<PendingKey> },
    /// Its row stays for another release or the next start.
    Behind,
}

impl Engine {
    /// Accepts an invocation durably.
    pub(super) async fn queue(
        &self,
        scope: &Scope,
        function: &FunctionArn,
        event: Arc<str>,
        request_id: Arc<str>,
    ) -> Result<(), FunctionError> {
        let accepted_ms = Some(self.0.clock.now().as_millis());
        let row = QueuedRow { function: function.to_string(), event, request_id, attempts: 0, accepted_ms };
        let (key, account) = (self.0.queued_key(0), scope.account);
        let mut commit = Commit::new(account, self.0.store.epoch());
        commit.lane = Lane::Start;
        commit.pending.push(PendingWrite::Add(key, row::encode(&row)));
        let arrive = move |inner: &Inner| {
            inner.queue.line.lock().add(account, key, inner.clock.now().as_millis());
            inner.queue.changed.notify_one();
        };
        let accepted = self.0.submit_then(commit, arrive).await;
        let outcome = accepted.map_err(|error| FunctionError::EventRefused(error.into()))?;
        outcome.map_err(StoreFailure::from)?;
        Ok(())
    }

    /// Runs queued invocations for as long as the engine lives.
    pub(crate) async fn run_queued(self) {
        let queue = &self.0.queue;
        while !self.0.stopping.is_cancelled() {
            let wants_rows = queue.line.lock().wants_rows();
            if wants_rows {
                match self.read_queued().await {
                    Ok(()) => {}
                    // So will the server.
                    Err(ReadError::Stopped(_)) => return,
                    Err(error) => {
                        tracing::error!(%error, "queued invocations could not be read and are read again");
                        queue.line.lock().read_again();
                        tokio::time::sleep(REREAD_AFTER).await;
                    }
                }
            }
            let now_ms = self.0.clock.now().as_millis();
            let next_due_ms = queue.line.lock().wake(now_ms);
            loop {
                let next = queue.line.lock().next(|account| queue.running.take(account));
                let Some((account, key, share)) = next else { break };
                let engine = self.clone();
                tokio::spawn(async move {
                    engine.run_known(account, key).await;
                    drop(share);
                    engine.0.queue.changed.notify_one();
                });
            }
            if queue.line.lock().wants_rows() {
                continue;
            }
            let rest = next_due_ms.map_or(REST_MAX, |due_ms| {
                Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0)).min(REST_MAX)
            });
            tokio::select! {
                () = queue.changed.notified() => {}
                () = tokio::time::sleep(rest) => {}
                () = self.0.stopping.cancelled() => return,
            }
        }
    }

    /// Learns of rows, from the first on, as many as there is room for.
    async fn read_queued(&self) -> Result<(), ReadError> {
        let line = &self.0.queue.line;
        line.lock().begin_reading();
        let mut after = None;
        loop {
            line.lock().begin_page();
            let page = self.0.store.pending(PendingKind::Invocation, after, PAGE_ROWS).await?;
            let now_ms = self.0.clock.now().as_millis();
            let mut line = line.lock();
            let mut is_due = true;
            for PendingRow { key, value } in page.rows {
                is_due = matches!(key, PendingKey::Invocation { due_ms, .. } if due_ms <= now_ms);
                match read(&value) {
                    Some((_, function)) => line.add(function.account, key, now_ms),
                    None => {
                        tracing::error!(?key, "a queued invocation cannot be read and is left where it is");
                    }
                }
            }
            match page.next {
                Some(next) if is_due || !line.is_full_of_later() => after = Some(next),
                _ => return Ok(()),
            }
        }
    }

    /// Runs an attempt of an invocation whose row was seen.
    async fn run_known(&self, account: AccountId, key: PendingKey) {
        let PendingKey::Invocation { due_ms, id } = key else { return };
        let before = PendingKey::Invocation { due_ms, id: id.saturating_sub(1) };
        let page = loop {
            match self.0.store.pending(PendingKind::Invocation, Some(before), 1).await {
                Err(ReadError::Io(error)) if !self.0.stopping.is_cancelled() => {
                    tracing::error!(%error, ?key, "a queued invocation could not be read and is read again");
                    tokio::time::sleep(REREAD_AFTER).await;
                }
                page => break page,
            }
        };
        let left = match page {
            Ok(page) => match page.rows.into_iter().find(|row| row.key == key) {
                Some(row) => self.run_one_queued(key, &row.value).await,
                // It ended before.
                None => Left::Gone { again: None },
            },
            Err(error) => {
                tracing::error!(%error, ?key, "a queued invocation could not be read and waits for the next start");
                Left::Behind
            }
        };
        if let Left::Gone { again } = left {
            let mut line = self.0.queue.line.lock();
            line.done(key);
            if let Some(again) = again {
                line.add(account, again, self.0.clock.now().as_millis());
            }
        }
    }

    async fn run_one_queued(&self, key: PendingKey, value: &[u8]) -> Left {
        let Some((row, function)) = read(value) else { return Left::Behind };
        let scope = Scope { account: function.account, region: function.region.clone() };
        let mut commit = Commit::new(scope.account, self.0.store.epoch());
        commit.pending.push(PendingWrite::Remove(key));
        let outcome = match self.callable(&scope, &function).await {
            Ok(callable) => {
                let attempt = Attempt {
                    event: Arc::clone(&row.event),
                    request_id: Arc::clone(&row.request_id),
                    execution_arn: None,
                    number: row.attempts + 1,
                    idempotency_key: format!("{}/{}", row.request_id, row.attempts).into(),
                };
                self.run(&scope, &callable, attempt).await.report.outcome.map(drop)
            }
            Err(error) => {
                self.note(&scope, &function, &row.request_id, &error.to_string());
                match error {
                    // It was deleted after it was accepted: nobody can run it any more.
                    FunctionError::NotFound(_) => Ok(()),
                    _ => Err(InvokeError::TooManyRequests),
                }
            }
        };
        let accepted = row.accepted_ms.map(Timestamp::from_millis);
        let age = accepted.map_or(Duration::ZERO, |accepted| self.0.clock.now().since(accepted));
        let throttled_delay_s = throttled_delay_s(age);
        // Attempts that count, and the delay.
        let again = match outcome {
            Ok(()) => None,
            Err(InvokeError::TooManyRequests | InvokeError::MemoryExhausted | InvokeError::Internal(_))
                if age >= AGE_MAX =>
            {
                self.note(&scope, &function, &row.request_id, "given up after 6 hours");
                None
            }
            Err(InvokeError::TooManyRequests | InvokeError::MemoryExhausted | InvokeError::Internal(_)) => {
                Some((row.attempts, throttled_delay_s))
            }
            Err(_) if row.attempts + 1 < ATTEMPTS_MAX => {
                let delay_s = RETRY_DELAYS_S.get(row.attempts as usize).copied().unwrap_or(0);
                Some((row.attempts + 1, delay_s))
            }
            Err(_) => {
                self.note(&scope, &function, &row.request_id, "given up after 3 attempts");
                None
            }
        };
        let again = again.map(|(attempts, delay_s)| {
            let (key, row) = (self.0.queued_key(delay_s), QueuedRow { attempts, ..row.clone() });
            commit.pending.push(PendingWrite::Add(key, row::encode(&row)));
            key
        });
        loop {
            match self.0.store.submit(commit.clone()) {
                Ok(ticket) if ticket.clone().await.is_ok() => return Left::Gone { again },
                Err(SubmitError::QueueFull { .. }) => self.0.store.room().await,
                Ok(_) | Err(_) => return Left::Behind,
            }
        }
    }

    /// A line in a function's log that no guest wrote.
    fn note(&self, scope: &Scope, function: &FunctionArn, request_id: &Arc<str>, text: &str) {
        let line = LogLine { at: Duration::ZERO, stream: LogStream::Host, text: text.to_owned() };
        let record = InvocationLog {
            ended: self.0.clock.now(),
            function: Arc::clone(&function.name),
            version: "$LATEST".into(),
            request_id: Arc::clone(request_id),
            execution_arn: None,
            lines: vec![line],
            usage: Usage::default(),
            memory_size_mb: 0,
            failure: Some(text.into()),
        };
        self.0.logs.push(scope, Arc::new(record));
    }
}

/// Seconds until an invocation of this age, for which there was no room, is tried again.
fn throttled_delay_s(age: Duration) -> u64 {
    age.as_secs().clamp(*THROTTLED_DELAYS_S.start(), *THROTTLED_DELAYS_S.end())
}

/// A row and its function, if both can be read.
fn read(value: &[u8]) -> Option<(QueuedRow, FunctionArn)> {
    let row = row::decode::<QueuedRow>(value).ok()?;
    let function = row.function.parse().ok()?;
    Some((row, function))
}

impl Inner {
    /// The key of a queued invocation that is due after a delay.
    fn queued_key(&self, delay_s: u64) -> PendingKey {
        let now = self.clock.now();
        let due = now.after(Duration::from_secs(delay_s));
        PendingKey::Invocation { due_ms: due.as_millis(), id: self.new_revision(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(age_s: u64, expected_s: u64) {
        assert_eq!(throttled_delay_s(Duration::from_secs(age_s)), expected_s);
    }

    #[test]
    fn the_longer_it_has_waited_the_longer_it_waits() {
        check(0, 1);
        check(1, 1);
        check(60, 60);
        check(301, 300);
        check(21_600, 300);
    }
}
