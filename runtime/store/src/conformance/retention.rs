//! What has closed is folded, reduced and removed, and reads as before until then.

use super::Backend;
use super::fixture::{Bench, Walk, history_only, name, scope};
use super::history::{gather, query};
use crate::backend::chunk::CHUNK_BYTES_MAX;
use crate::backend::core::CoreOptions;
use crate::catalog::{CatalogKey, CatalogKind, CatalogWrite};
use crate::commit::TransitionWrite;
use crate::execution::{ExecutionStatus, ExecutionsQuery, StoredEntry};
use crate::pending::{PendingKey, PendingWrite};
use crate::port::{CheckReport, Order, ReadError};
use crate::promise::block_on;
use crate::retention::{MERGE_ASKED_INTERVAL_MS, NextStep, RetentionWindows};
use crate::sequence::{ExecutionNumber, Sequence};
use bytes::Bytes;
use std::sync::Arc;
use stepwell_types::{AccountId, Region};

/// A time at which all executions of a case have closed and no redrive window has ended.
const CLOSED_MS: i64 = 1_000_000;

fn windows() -> RetentionWindows {
    RetentionWindows::default()
}

fn check(bench: &Bench<'_>) -> CheckReport {
    bench.read(bench.store().check())
}

/// An execution of so many transitions, the last of which closes it, with its frames. Bodies have a part for a redrive.
fn closed(bench: &Bench<'_>, number: ExecutionNumber, transitions: u32) -> Walk {
    let mut walk = Walk::new(number);
    for turn in 1..transitions {
        bench.submit(bench.transition(&walk.step(turn % 3, format!("{number}.{turn}|frames"))));
    }
    let mut end = walk.close(ExecutionStatus::Succeeded);
    end.row.frames = end.previous.iter().map(|previous| (3, previous.clone())).collect();
    bench.submit(bench.transition(&end));
    bench.settle();
    walk
}

fn entries(bench: &Bench<'_>, execution: ExecutionNumber, sequences: &[Sequence]) -> Vec<StoredEntry> {
    bench.read(bench.store().entries(execution, sequences.to_vec()))
}

fn all_entries(bench: &Bench<'_>, execution: ExecutionNumber) -> Vec<StoredEntry> {
    let mut entries = Vec::new();
    let mut next = Some(bench.execution(execution).last_sequence);
    while let Some(sequence) = next {
        let entry = self::entries(bench, execution, &[sequence]).pop().expect("one is asked for");
        next = entry.previous;
        entries.push(entry);
    }
    entries.reverse();
    entries
}

pub(super) fn folded_reads_as_before(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let walk = closed(&bench, 1, 150);
    closed(&bench, 2, 1);
    closed(&bench, 3, 64);
    let last = walk.row.next_event - 1;
    let before = all_entries(&bench, 1);
    let row = bench.execution(1);
    // A page from before the fold; its token is used after it.
    let page = |from, order| bench.read(bench.store().history(query(1, order, from, 7)));
    let (forward, backward) = (page(None, Order::Ascending), page(None, Order::Descending));

    let reads_as_before = |bench: &Bench<'_>| {
        assert_eq!(all_entries(bench, 1), before);
        assert_eq!(bench.execution(1), row);
        for (number, transitions) in [(2, 1), (3, 64)] {
            assert_eq!(all_entries(bench, number).len(), transitions);
        }
        for entries_max in [1, 64, 1_000] {
            assert!(gather(bench, 1, Order::Ascending, None, entries_max).into_iter().eq(1..=last));
            assert!(gather(bench, 1, Order::Descending, None, entries_max).into_iter().eq((1..=last).rev()));
        }
        let from = forward.next_event;
        assert!(gather(bench, 1, Order::Ascending, from, 7).into_iter().eq(from.expect("more")..=last));
        let from = backward.next_event;
        assert!(gather(bench, 1, Order::Descending, from, 7).into_iter().eq((1..=from.expect("more")).rev()));
        for number in 1..=3 {
            let found = bench.store().execution_by_name(scope(0, "m"), name(&format!("e{number}")));
            assert_eq!(bench.read(found).map(|found| found.number), Some(number));
        }
        let query = ExecutionsQuery { scope: scope(0, "m"), status: None, after: None, limit: 10 };
        let listed = bench.read(bench.store().executions(query)).executions;
        assert!(listed.into_iter().map(|found| found.number).eq([3, 2, 1]));
        for (execution, sequence) in [(1, row.last_sequence + 1), (2, row.last_sequence), (1, 0), (9, 1)] {
            let entries = block_on(bench.store().entries(execution, vec![sequence]));
            assert!(matches!(entries, Err(ReadError::Damaged(_))), "{execution} {sequence}");
        }
    };
    reads_as_before(&bench);
    let done = bench.retain_all(CLOSED_MS, || reads_as_before(&bench));
    assert_eq!((done.folded, done.journal_values), (3, 215));
    for _ in 0..2 {
        reads_as_before(&bench);
        let report = check(&bench);
        assert_eq!((report.commits, report.journal_values, report.transitions), (215, 0, 215));
        assert_eq!((report.executions, report.folded), (3, 3));
        bench.reopen();
    }
    // The numbers go on where they were.
    let mut next = Walk::new(bench.store().last_execution() + 1);
    assert_eq!((next.number, bench.must_commit(bench.transition(&next.step(1, "")))), (4, 216));
}

pub(super) fn large_histories_are_folded_in_parts(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let mut walk = Walk::new(1);
    // Some that fit together, one that is larger than a chunk, and many without a body.
    let sizes = [100, CHUNK_BYTES_MAX / 3, CHUNK_BYTES_MAX / 3, CHUNK_BYTES_MAX / 2, 2 * CHUNK_BYTES_MAX, 10];
    for bytes in sizes.into_iter().chain([0; 40]).chain(sizes) {
        bench.submit(bench.transition(&walk.step(1, Bytes::from(vec![b'x'; bytes]))));
    }
    bench.submit(bench.transition(&walk.close(ExecutionStatus::Failed)));
    bench.settle();
    let (before, last) = (all_entries(&bench, 1), walk.row.next_event - 1);
    let mut steps = 0;
    let done = bench.retain_all(CLOSED_MS, || {
        steps += 1;
        assert_eq!(all_entries(&bench, 1), before);
        assert!(gather(&bench, 1, Order::Ascending, Some(3), 9).into_iter().eq(3..=last));
        assert!(gather(&bench, 1, Order::Descending, None, 9).into_iter().eq((1..=last).rev()));
        check(&bench);
    });
    assert_eq!(done.folded, 1);
    assert!(steps > 5, "only {steps} steps");
    bench.reopen();
    assert_eq!(all_entries(&bench, 1), before);
    bench.retain_all(CLOSED_MS + windows().redrive_ms, || {
        assert_eq!(all_entries(&bench, 1), before);
    });
    bench.retain_all(CLOSED_MS + windows().retention_ms, || {});
    let report = check(&bench);
    assert_eq!((report.executions, report.journal_values, report.waiting), (0, 0, 0));
}

pub(super) fn an_execution_goes_in_its_time(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    for number in 1..=4 {
        closed(&bench, number, 70);
    }
    // They were closed at 100 milliseconds after their number.
    let at = |number: i64| number + 100;
    assert_eq!(bench.retain_all(at(2), || {}).folded, 2);
    assert_eq!(bench.retain_all(CLOSED_MS, || {}).folded, 2);
    let whole = all_entries(&bench, 1);
    assert!(whole.iter().any(|entry| entry.body.ends_with(b"|frames")));
    // A redrive finds the frames as at the close.
    let frames = bench.execution(1).row.frames;
    assert_eq!(frames.len(), 1);
    let places: Vec<_> = frames.iter().filter_map(|(_, at)| at.get()).collect();
    assert_eq!(entries(&bench, 1, &places), whole[68..69]);

    let reduced: Vec<_> = whole
        .iter()
        .map(|entry| StoredEntry {
            body: history_only(entry).unwrap_or_else(|| entry.body.clone()),
            ..entry.clone()
        })
        .collect();
    let redrive_end = |number| at(number) + windows().redrive_ms;
    assert_eq!(bench.retain_all(redrive_end(1) - 1, || {}), Default::default());
    assert_eq!(bench.execution(1).row.frames, frames);
    assert_eq!(bench.retain_all(redrive_end(1), || {}).reduced, 1);
    assert!(bench.execution(1).row.frames.is_empty() && bench.execution(2).row.frames.len() == 1);
    assert_eq!(all_entries(&bench, 1), reduced);
    assert!(all_entries(&bench, 2).iter().any(|entry| entry.body.ends_with(b"|frames")));
    assert_eq!(bench.retain_all(redrive_end(4), || {}).reduced, 3);
    bench.reopen();
    assert_eq!(all_entries(&bench, 1), reduced);

    let end = |number| at(number) + windows().retention_ms;
    assert_eq!(bench.retain_all(end(1) - 1, || {}), Default::default());
    let taken = Walk::new(1).step(1, "");
    assert!(bench.try_commit(bench.transition(&rename(taken.clone(), 5))).is_err());
    let done = bench.retain_all(end(2), || {
        check(&bench);
    });
    assert_eq!(done.expired, 2);
    for _ in 0..2 {
        for number in 1..=2 {
            assert!(bench.read(bench.store().execution(number)).is_none());
            let found = bench.store().execution_by_name(scope(0, "m"), name(&format!("e{number}")));
            assert!(bench.read(found).is_none());
            let page = bench.read(bench.store().history(query(number, Order::Ascending, None, 9)));
            assert!(page.entries.is_empty() && page.next_event.is_none());
        }
        let query = ExecutionsQuery { scope: scope(0, "m"), status: None, after: None, limit: 10 };
        let listed = bench.read(bench.store().executions(query)).executions;
        assert!(listed.into_iter().map(|found| found.number).eq([4, 3]));
        let report = check(&bench);
        assert_eq!((report.executions, report.transitions, report.folded, report.waiting), (2, 140, 2, 2));
        bench.reopen();
    }
    // Its name is free.
    bench.must_commit(bench.transition(&rename(taken, 5)));
    let found = bench.read(bench.store().execution_by_name(scope(0, "m"), name("e1")));
    assert_eq!(found.map(|found| found.number), Some(5));
    // Years later, and after a time in which nobody looked.
    closed(&bench, 6, 3);
    assert_eq!(bench.retain_all(100 * windows().retention_ms, || {}).expired, 3);
    assert_eq!(check(&bench).executions, 1);
}

/// The start of another execution under the same name.
fn rename(mut write: TransitionWrite, number: ExecutionNumber) -> TransitionWrite {
    write.execution = number;
    write.sequence = Arc::default();
    write.row.frames.clear();
    write
}

pub(super) fn what_runs_stays_in_the_journal(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let mut walk = Walk::new(1);
    for turn in 0..30u64 {
        bench.submit(bench.transition(&walk.step(1, format!("body {turn}"))));
        let mut other = bench.commit();
        let key = CatalogKey::new(CatalogKind::Setting, AccountId::DEFAULT, &Region::default(), "k");
        other.catalog.push(CatalogWrite::Put(key.expect("a name"), Bytes::from_static(b"v")));
        let key = PendingKey::ExpressStart { execution: 2 + turn / 2 };
        let value = Bytes::from_static(b"express");
        other.pending.push(if turn % 2 == 0 {
            PendingWrite::Add(key, value)
        } else {
            PendingWrite::Remove(key)
        });
        bench.submit(other);
        bench.settle();
    }
    let before = all_entries(&bench, 1);
    let done = bench.retain_all(CLOSED_MS, || assert_eq!(all_entries(&bench, 1), before));
    let (report, merged) = (check(&bench), bench.store().health().merged);
    // Of what is merged only the transitions are left.
    assert_eq!((done.folded, done.journal_values), (0, merged / 2));
    assert!(merged > 40);
    assert_eq!((report.commits, report.journal_values), (60, 60 - merged / 2));
    bench.reopen();
    assert_eq!(all_entries(&bench, 1), before);
    assert_eq!(bench.store().health().durable, 60);
    walk.last = Some(Arc::new(bench.execution(1).last_sequence.into()));
    assert_eq!(bench.must_commit(bench.transition(&walk.step(1, "more"))), 61);
}

pub(super) fn folded_executions_can_go_on(backend: &mut dyn Backend) {
    for reopens in [false, true] {
        let mut bench = Bench::new(&mut *backend);
        let number = bench.store().last_execution() + 1;
        let mut walk = closed(&bench, number, 70);
        bench.retain_all(CLOSED_MS, || {});
        if reopens {
            bench.reopen();
            walk.last = Some(Arc::new(bench.execution(number).last_sequence.into()));
        }
        let before = all_entries(&bench, number);
        // As a redrive would: it runs again, past the next index chunk, and closes later.
        (walk.row.status, walk.row.stopped_ms) = (ExecutionStatus::Running, None);
        for turn in 0..65 {
            bench.submit(bench.transition(&walk.step(1, format!("again {turn}"))));
        }
        bench.settle();
        bench.retain_all(CLOSED_MS + windows().retention_ms, || {});
        let events = walk.row.next_event - 1;
        assert_eq!(all_entries(&bench, number)[..70], before);
        assert!(gather(&bench, number, Order::Ascending, None, 9).into_iter().eq(1..=events));
        walk.row.started_ms += windows().retention_ms;
        let mut end = walk.close(ExecutionStatus::Failed);
        walk.row.started_ms -= windows().retention_ms;
        end.row.started_ms = walk.row.started_ms;
        bench.submit(bench.transition(&end));
        bench.settle();
        let again = all_entries(&bench, number);
        assert_eq!(again.len(), 136);
        let done = bench.retain_all(CLOSED_MS + windows().retention_ms, || {
            assert_eq!(all_entries(&bench, number), again);
            assert!(
                gather(&bench, number, Order::Descending, None, 9).into_iter().eq((1..=events + 1).rev())
            );
            check(&bench);
        });
        assert_eq!((done.folded, done.expired), (1, 0));
        let report = check(&bench);
        assert_eq!((report.journal_values, report.folded), (0, 1));
        let done = bench.retain_all(CLOSED_MS + 2 * windows().retention_ms, || {});
        assert_eq!((done.reduced, done.expired), (0, 1));
        let report = check(&bench);
        assert_eq!((report.executions, report.transitions, report.waiting), (0, 0, 0));
    }
}

pub(super) fn windows_may_be_shorter(backend: &mut dyn Backend) {
    let none = RetentionWindows { redrive_ms: 0, retention_ms: 0 };
    let only_histories = RetentionWindows { redrive_ms: 0, retention_ms: 1_000 };
    let never_redriven = RetentionWindows { redrive_ms: i64::MAX, retention_ms: 1_000 };
    let mut number = 0;
    for retention in [none, only_histories, never_redriven] {
        let bench = Bench::with(&mut *backend, CoreOptions { retention, ..super::options() });
        for transitions in [1, 70] {
            number += 1;
            closed(&bench, number, transitions);
        }
        let at = number.cast_signed() + 100;
        let done = bench.retain_all(at, || {});
        let reduced = u64::from(retention == only_histories) * 2;
        let expired = u64::from(retention == none) * 2;
        assert_eq!((done.folded, done.reduced, done.expired), (2, reduced, expired), "{retention:?}");
        let done = bench.retain_all(at + 1_000, || {});
        assert_eq!((done.folded, done.reduced, done.expired), (0, 0, 2 - expired), "{retention:?}");
        let report = check(&bench);
        assert_eq!((report.executions, report.transitions, report.waiting), (0, 0, 0));
    }
}

pub(super) fn a_clock_far_ahead_is_doubted(backend: &mut dyn Backend) {
    const HOUR_MS: i64 = 60 * 60 * 1_000;
    let options = CoreOptions { clock_jump_ms_max: 24 * HOUR_MS, ..super::options() };
    let mut bench = Bench::with(backend, options);
    for number in 1..=600 {
        let mut walk = Walk::new(number);
        bench.submit(bench.transition(&walk.step(1, "")));
        bench.submit(bench.transition(&walk.close(ExecutionStatus::Succeeded)));
    }
    bench.settle();
    assert_eq!(bench.retain_all(CLOSED_MS, || {}).folded, 600);
    let ahead_ms = CLOSED_MS + 100 * windows().retention_ms;
    // What closes by such a clock is folded, past all that seems to be due; after a restart as well.
    for number in 601..=602 {
        let mut walk = Walk::new(number);
        walk.row.started_ms = ahead_ms - 1_000;
        bench.submit(bench.transition(&walk.step(1, "")));
        bench.submit(bench.transition(&walk.close(ExecutionStatus::Succeeded)));
        bench.settle();
        let done = bench.retain_all(ahead_ms + MERGE_ASKED_INTERVAL_MS * number.cast_signed(), || {});
        assert_eq!((done.folded, done.reduced, done.expired), (1, 0, 0));
        bench.reopen();
    }
    // It was set.
    assert_eq!(bench.retain_all(CLOSED_MS + HOUR_MS, || {}), Default::default());
    // Or it was right: the machine was off for years.
    assert_eq!(bench.retain_all(ahead_ms, || {}).expired, 0);
    assert_eq!(bench.retain_all(ahead_ms + HOUR_MS, || {}).expired, 600);
}

pub(super) fn a_close_asks_for_its_merge(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    // Too few for a merge of its own.
    closed(&bench, 1, 2);
    assert_eq!(bench.store().health().merged, 0);
    // Not due by this clock.
    assert_eq!(bench.retain(50), Default::default());
    assert_eq!(bench.store().health().merged, 0);
    assert_eq!(bench.retain(CLOSED_MS).next, NextStep::Now);
    assert_eq!(bench.store().health().merged, 2);
    assert_eq!(bench.retain(CLOSED_MS).folded, 1);
    // The next waits: merges that are asked for have their distance.
    closed(&bench, 2, 2);
    assert_eq!(bench.retain_all(CLOSED_MS, || {}).folded, 0);
    assert_eq!(bench.retain_all(CLOSED_MS + MERGE_ASKED_INTERVAL_MS, || {}).folded, 1);
    // A clock that was set back does not keep it waiting.
    closed(&bench, 3, 2);
    assert_eq!(bench.retain_all(CLOSED_MS - 1, || {}).folded, 1);
}

pub(super) fn steps_are_bounded(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    for number in 1..=600 {
        let mut walk = Walk::new(number);
        bench.submit(bench.transition(&walk.step(1, Bytes::from(vec![b'x'; 1_000]))));
        bench.submit(bench.transition(&walk.step(1, Bytes::from(vec![b'x'; 1_000]))));
        bench.submit(bench.transition(&walk.close(ExecutionStatus::Succeeded)));
    }
    bench.settle();
    for (now_ms, steps_min) in
        [(CLOSED_MS, 4), (CLOSED_MS + windows().redrive_ms, 4), (CLOSED_MS + windows().retention_ms, 2)]
    {
        let mut steps = 0;
        loop {
            let step = bench.retain(now_ms);
            steps += 1;
            assert!(step.bytes < 300 << 10 && step.journal_values < 1_100, "{step:?}");
            if step.next == NextStep::Later {
                break;
            }
        }
        assert!(steps > steps_min, "{steps} steps");
    }
    let report = check(&bench);
    assert_eq!((report.executions, report.journal_values, report.waiting), (0, 0, 0));
}
