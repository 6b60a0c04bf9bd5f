//! Steps of retention, between the caller that plans them and the writer that carries them.
//!
//! A step is planned on the caller's thread, from a snapshot, and waits in the inbox for the next group; the writer
//! only looks whether it still holds. So a group pays for its rows, and commits never wait for its planning.

use super::{Core, Disk, Drive, lock};
use crate::backend::place::Group;
use crate::backend::read::Reader;
use crate::backend::retention::{Planner, Step};
use crate::backend::snapshot::Snapshot;
use crate::backend::table::{Table, closed_key, execution_key};
use crate::port::{ReadError, StopReason};
use crate::promise::{Pledge, promise_or};
use crate::retention::{HistoryOnly, MERGE_ASKED_INTERVAL_MS, NextStep, Retained};
use crate::sequence::ExecutionNumber;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How far behind its time a step may be before twice as many groups carry one: under full load for so long, what
/// closes must leave as fast as it comes.
const LAG_MS_MAX: i64 = 10 * 60 * 1_000;

/// What became of a chore.
pub(super) type ChoreResult = Result<Retained, StopReason>;

/// What the background asks of the writer.
#[derive(Debug)]
pub(super) enum Chore {
    /// To write a step.
    Write(Step, Pledge<ChoreResult>),
    /// To merge what is in the tail, part by part.
    Merge(Pledge<ChoreResult>),
}

impl Chore {
    pub(super) fn pledge(self) -> Pledge<ChoreResult> {
        match self {
            Self::Write(_, pledge) | Self::Merge(pledge) => pledge,
        }
    }

    /// Of how many groups with commits one may carry it, where `every` is the rule for steps.
    pub(super) fn interval(&self, every: u64) -> u64 {
        match self {
            Self::Write(step, _) if step.lag_ms >= LAG_MS_MAX => every / 2,
            Self::Write(..) => every,
            // Its parts are small and in proportion to the group.
            Self::Merge(_) => 0,
        }
    }

    pub(super) fn step(&self) -> Option<&Step> {
        match self {
            Self::Write(step, _) => Some(step),
            Self::Merge(_) => None,
        }
    }
}

/// Something was done, though nothing of a step: plan anew.
pub(super) const AGAIN: Retained =
    Retained { folded: 0, reduced: 0, expired: 0, journal_values: 0, bytes: 0, next: NextStep::Now };

impl<D: Disk> Core<D> {
    /// Whether no other step came in between, and the executions of this one are as they were when it was planned, with
    /// this group as well.
    pub(super) fn still_holds(
        &self,
        step: &Step,
        group: &Group,
        snapshot: &dyn Snapshot,
    ) -> Result<bool, ReadError> {
        if step.planned_after != self.steps_written.load(Ordering::Acquire) {
            return Ok(false);
        }
        for (number, value) in &step.guards {
            let found = snapshot.get(Table::Executions, &execution_key(self.options.shard, *number))?;
            if group.executions.contains_key(number) || found.as_ref() != Some(value) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) async fn retain_step(
        &self,
        now_ms: i64,
        history_only: HistoryOnly,
    ) -> Result<Retained, ReadError> {
        let step = self.plan(now_ms, history_only)?;
        let (done, pledge) = promise_or(writer_gone);
        let asks_for_merge = step.is_empty();
        let chore = if !asks_for_merge {
            Chore::Write(step, pledge)
        } else if self.should_ask_for_merge(now_ms) {
            Chore::Merge(pledge)
        } else {
            return Ok(Retained::default());
        };
        {
            let mut inbox = lock(&self.inbox);
            if let Some(reason) = &inbox.stopped {
                return Err(reason.clone().into());
            }
            if inbox.closing || inbox.chore.is_some() {
                return Ok(Retained::default());
            }
            if asks_for_merge {
                self.merge_asked_ms.store(now_ms, Ordering::Relaxed);
                self.closed_without_queue.store(false, Ordering::Relaxed);
            }
            inbox.chore = Some(chore);
        }
        match self.options.drive {
            Drive::Thread => self.arrived.notify_one(),
            Drive::ByHand => {}
            Drive::AtOnce => while done.peek().is_none() && self.run_group() == super::Ran::Something {},
        }
        Ok(done.await?)
    }

    fn plan(&self, now_ms: i64, history_only: HistoryOnly) -> Result<Step, ReadError> {
        // In this order: what is written and merged then is in the tables.
        let planned_after = self.steps_written.load(Ordering::Acquire);
        let merged = self.tail().merged();
        let snapshot = self.disk.snapshot()?;
        let reader = Reader::new(self.options.shard, &snapshot);
        let windows = self.options.retention;
        let ends_by_ms = lock(&self.clock_watch).ends_by(now_ms);
        let planner = Planner { reader: &reader, merged, now_ms, ends_by_ms, windows, history_only };
        let mut step = planner.plan()?;
        step.planned_after = planned_after;
        Ok(step)
    }

    /// Whether something due is only in the tail, and the last merge that was asked for is long ago.
    fn should_ask_for_merge(&self, now_ms: i64) -> bool {
        let last_ms = self.merge_asked_ms.load(Ordering::Relaxed);
        // A clock that was set back must not keep it from asking.
        let is_early = last_ms <= now_ms && now_ms.saturating_sub(last_ms) < MERGE_ASKED_INTERVAL_MS;
        let due = closed_key(self.options.shard, now_ms, ExecutionNumber::MAX);
        let is_due = || self.tail().first_key(Table::Closed).is_some_and(|first| first <= due.as_slice());
        !is_early && (self.closed_without_queue.load(Ordering::Relaxed) || is_due())
    }
}

/// What a caller hears whose writer panicked: as after a failed write.
fn writer_gone() -> ChoreResult {
    let message = Arc::from("its writer met a broken invariant");
    Err(StopReason { kind: crate::port::StopKind::WriteFailed, message })
}
