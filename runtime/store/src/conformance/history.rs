//! Histories and entries.

use super::Backend;
use super::fixture::{Bench, Walk};
use crate::execution::{HistoryPage, HistoryQuery};
use crate::port::{Order, ReadError};
use crate::promise::block_on;
use crate::sequence::{EventId, ExecutionNumber};
use bytes::Bytes;

pub(super) fn query(
    execution: ExecutionNumber,
    order: Order,
    from_event: Option<EventId>,
    entries_max: usize,
) -> HistoryQuery {
    HistoryQuery { execution, order, from_event, entries_max, bytes_max: 1 << 20 }
}

pub(super) fn events(page: &HistoryPage) -> Vec<EventId> {
    page.entries
        .iter()
        .flat_map(|entry| (0..u64::from(entry.event_count)).map(|at| entry.first_event + at))
        .collect()
}

/// All events from one on, through pages.
pub(super) fn gather(
    bench: &Bench<'_>,
    execution: ExecutionNumber,
    order: Order,
    mut from: Option<EventId>,
    entries_max: usize,
) -> Vec<EventId> {
    let mut all = Vec::new();
    loop {
        let page = bench.read(bench.store().history(query(execution, order, from, entries_max)));
        assert!(page.entries.len() <= entries_max);
        let mut found: Vec<_> = events(&page);
        found.sort_unstable();
        match order {
            Order::Ascending => found.retain(|event| from.is_none_or(|from| *event >= from)),
            Order::Descending => {
                found.retain(|event| from.is_none_or(|from| *event <= from));
                found.reverse();
            }
        }
        all.extend(found);
        from = page.next_event;
        if from.is_none() {
            return all;
        }
    }
}

pub(super) fn pages_in_both_orders(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let mut walk = Walk::new(1);
    // Two index chunks and a rest, with transitions of none, one and several events, in groups of changing size.
    for turn in 0..150u32 {
        bench.submit(bench.transition(&walk.step(turn % 4, format!("body {turn}"))));
        if turn % 7 == 0 {
            bench.settle();
        }
        if turn == 100 {
            bench.settle();
            bench.reopen();
            walk.last = Some(std::sync::Arc::new(bench.execution(1).last_sequence.into()));
        }
    }
    bench.settle();
    let last = walk.row.next_event - 1;
    for round in 0..2 {
        for entries_max in [1, 2, 63, 64, 65, 1_000] {
            let forward: Vec<_> = (1..=last).collect();
            assert_eq!(gather(&bench, 1, Order::Ascending, None, entries_max), forward, "round {round}");
            let backward: Vec<_> = (1..=last).rev().collect();
            assert_eq!(gather(&bench, 1, Order::Descending, None, entries_max), backward, "round {round}");
        }
        for from in [1, 2, 95, 96, 97, 98, 150, last - 1, last] {
            assert_eq!(gather(&bench, 1, Order::Ascending, Some(from), 9), (from..=last).collect::<Vec<_>>());
            assert_eq!(
                gather(&bench, 1, Order::Descending, Some(from), 9),
                (1..=from).rev().collect::<Vec<_>>()
            );
        }
        assert!(gather(&bench, 1, Order::Ascending, Some(last + 1), 9).is_empty());
        bench.reopen();
    }
    assert!(bench.read(bench.store().history(query(2, Order::Ascending, None, 9))).entries.is_empty());
}

pub(super) fn pages_are_bounded_by_bytes(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let mut walk = Walk::new(1);
    for bytes in [10, 400, 600, 5_000, 10, 10] {
        bench.submit(bench.transition(&walk.step(1, Bytes::from(vec![b'x'; bytes]))));
    }
    bench.settle();
    let (mut pages, mut from) = (Vec::new(), None);
    loop {
        let query = HistoryQuery { bytes_max: 1_000, ..query(1, Order::Ascending, from, 100) };
        let page = bench.read(bench.store().history(query));
        pages.push(events(&page));
        from = page.next_event;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec![1, 2], vec![3], vec![4], vec![5, 6]]);
}

pub(super) fn entries_belong_to_their_execution(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let (mut one, mut two) = (Walk::new(1), Walk::new(2));
    bench.must_commit(bench.transition(&one.step(1, "a")));
    bench.must_commit(bench.transition(&two.step(1, "b")));
    bench.must_commit(bench.commit());
    assert_eq!(bench.read(bench.store().entries(2, vec![2])).len(), 1);
    for (execution, sequence) in [(1, 2), (2, 1), (1, 3), (1, 4)] {
        let entries = block_on(bench.store().entries(execution, vec![sequence]));
        assert!(matches!(entries, Err(ReadError::Damaged(_))), "{execution} {sequence}");
    }
}
