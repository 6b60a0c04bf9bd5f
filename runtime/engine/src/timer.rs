//! Due times. All of them are rows of the store; in memory wait only those of the next minute.

use crate::driver::{TurnError, timer_input};
use crate::engine::Engine;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use stepwell_interpreter::Reason;
use stepwell_store::{Commit, PendingKey, PendingKind, PendingWrite, ReadError};
use stepwell_types::{AccountId, Timestamp};
use tokio::sync::{Notify, Semaphore};

/// How far ahead due times are kept in memory.
pub(crate) const HORIZON: Duration = Duration::from_secs(60);
/// How often the store is asked for the due times that come nearer; also how late a jump of the clock is noticed.
const SCAN_INTERVAL: Duration = Duration::from_secs(20);
/// The longest sleep: wall time is compared again after it, since clocks jump.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// Executions that are loaded for their timers at once.
const FIRING_MAX: usize = 64;
/// Due times in memory with which a scan ends; it leaves the latest to the next.
const NEAR_MAX: usize = 1_000_000;
/// Rows read at once.
const PAGE_ROWS: usize = 1_000;

/// The due times of the next minute, earliest first.
#[derive(Default)]
pub(crate) struct Timers {
    near: Mutex<BTreeSet<PendingKey>>,
    earlier: Notify,
}

impl Timers {
    fn insert(&self, key: PendingKey) {
        let mut near = self.near.lock();
        near.insert(key);
        if near.first() == Some(&key) {
            self.earlier.notify_one();
        }
    }

    fn is_full(&self) -> bool {
        self.near.lock().len() >= NEAR_MAX
    }

    /// Nothing waits for it any more.
    pub(crate) fn remove(&self, key: &PendingKey) {
        self.near.lock().remove(key);
    }

    /// Takes what is due; or says when the next is.
    fn due(&self, now_ms: i64) -> Result<PendingKey, Option<i64>> {
        let mut near = self.near.lock();
        match near.first() {
            Some(PendingKey::Timer { due_ms, .. }) if *due_ms > now_ms => Err(Some(*due_ms)),
            Some(_) => near.pop_first().ok_or(None),
            None => Err(None),
        }
    }
}

impl Engine {
    /// Keeps a due time in memory if it is near; a far one is found by a later scan.
    pub(crate) fn arm(&self, key: PendingKey, due: Timestamp) {
        if due <= self.0.clock.now().after(HORIZON) {
            self.0.timers.insert(key);
        }
    }

    /// Fires timers for as long as the engine lives.
    pub(crate) async fn run_timers(self) {
        let permits = Arc::new(Semaphore::new(FIRING_MAX));
        let mut scanned: Option<tokio::time::Instant> = None;
        while !self.0.stopping.is_cancelled() {
            if scanned.is_none_or(|at| at.elapsed() >= SCAN_INTERVAL) {
                match self.scan().await {
                    Ok(()) => {}
                    // So will the server.
                    Err(ReadError::Stopped(_)) => return,
                    Err(error) => tracing::error!(%error, "due times could not be read and are read again"),
                }
                scanned = Some(tokio::time::Instant::now());
            }
            let now = self.0.clock.now();
            match self.0.timers.due(now.as_millis()) {
                Ok(key) => {
                    let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
                    let engine = self.clone();
                    tokio::spawn(async move {
                        engine.fire(key).await;
                        drop(permit);
                    });
                }
                Err(next_ms) => {
                    let wait = next_ms.map_or(SLEEP_MAX, |next_ms| {
                        Duration::from_millis(u64::try_from(next_ms - now.as_millis()).unwrap_or(0))
                            .min(SLEEP_MAX)
                    });
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.0.timers.earlier.notified() => {}
                        () = self.0.stopping.cancelled() => return,
                    }
                }
            }
        }
    }

    /// Takes the due times of the next minute into memory.
    async fn scan(&self) -> Result<(), ReadError> {
        let until_ms = self.0.clock.now().after(HORIZON).as_millis();
        let mut after = None;
        loop {
            let page = self.0.store.pending(PendingKind::Timer, after, PAGE_ROWS).await?;
            for row in page.rows {
                match row.key {
                    PendingKey::Timer { due_ms, .. } if due_ms <= until_ms => self.0.timers.insert(row.key),
                    _ => return Ok(()),
                }
            }
            match page.next {
                Some(next) if !self.0.timers.is_full() => after = Some(next),
                _ => return Ok(()),
            }
        }
    }

    async fn fire(&self, key: PendingKey) {
        let PendingKey::Timer { execution, event, slot, .. } = key else { return };
        match self.give(execution, timer_input(event, slot), None).await {
            // A resume's row goes with whatever is given next; the next resume's has the same key.
            Ok(_)
            | Err(
                TurnError::Evicted
                | TurnError::Panicked(_)
                | TurnError::Reloading(_)
                | TurnError::Rejected(Reason::NotDue(_) | Reason::NothingToResume),
            ) => {}
            // Nothing waits for it: the row goes.
            Err(TurnError::Closed | TurnError::Rejected(_)) => {
                let mut commit = Commit::new(AccountId::DEFAULT, self.0.store.epoch());
                commit.pending.push(PendingWrite::Remove(key));
                // Not durable means that it fires again after the next start, and is refused again.
                let _ = self.0.store.submit(commit);
            }
            Err(TurnError::Store(failure)) => {
                tracing::error!(execution.number = execution, %failure, "a timer could not be fired and is tried again");
            }
        }
    }
}
