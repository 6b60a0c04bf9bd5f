//! Listings of executions.

use super::Backend;
use super::fixture::{Bench, Walk, scope};
use crate::execution::{ExecutionStatus, ExecutionsQuery, MachineScope};
use crate::sequence::ExecutionNumber;

fn list(
    bench: &Bench<'_>,
    scope: MachineScope,
    status: Option<ExecutionStatus>,
    limit: usize,
) -> Vec<ExecutionNumber> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let query = ExecutionsQuery { scope: scope.clone(), status, after, limit };
        let page = bench.read(bench.store().executions(query));
        assert!(page.executions.len() <= limit);
        assert!(
            page.executions
                .iter()
                .all(|execution| status.is_none_or(|status| execution.row.status == status))
        );
        found.extend(page.executions.iter().map(|execution| execution.number));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

pub(super) fn newest_first_with_filter_and_paging(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let mut walks: Vec<_> = (1..=10).map(Walk::new).collect();
    for walk in &mut walks {
        if walk.number % 5 == 0 {
            walk.row.scope = scope(0, "other");
        }
        bench.must_commit(bench.transition(&walk.step(1, "")));
    }
    for walk in &mut walks {
        if walk.number % 3 == 0 {
            bench.must_commit(bench.transition(&walk.close(ExecutionStatus::Failed)));
        }
    }
    for _ in 0..2 {
        for limit in [1, 2, 3, 8, 100] {
            let of = |status| list(&bench, scope(0, "m"), status, limit);
            assert_eq!(of(None), [9, 8, 7, 6, 4, 3, 2, 1]);
            assert_eq!(of(Some(ExecutionStatus::Running)), [8, 7, 4, 2, 1]);
            assert_eq!(of(Some(ExecutionStatus::Failed)), [9, 6, 3]);
            assert!(of(Some(ExecutionStatus::Aborted)).is_empty());
        }
        assert_eq!(list(&bench, scope(0, "other"), None, 10), [10, 5]);
        assert!(list(&bench, scope(1, "m"), None, 10).is_empty());
        bench.reopen();
    }
}

pub(super) fn right_at_every_step_of_a_merge(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let mut walks: Vec<Walk> = Vec::new();
    for number in 1..=40u64 {
        let mut walk = Walk::new(number);
        bench.submit(bench.transition(&walk.step(1, "")));
        walks.push(walk);
        if number % 2 == 0 {
            let closed = &mut walks[usize::try_from(number / 2).unwrap_or(0) - 1];
            bench.submit(bench.transition(&closed.close(ExecutionStatus::Succeeded)));
        }
        assert!(bench.run_group());
        let all: Vec<_> = (1..=number).rev().collect();
        let closed: Vec<_> = (1..=number / 2).rev().collect();
        assert_eq!(list(&bench, scope(0, "m"), None, 7), all);
        assert_eq!(list(&bench, scope(0, "m"), Some(ExecutionStatus::Succeeded), 7), closed);
        if number % 9 == 0 {
            bench.reopen();
            assert_eq!(list(&bench, scope(0, "m"), None, 7), all);
        }
    }
    assert!(bench.store().health().merged > 0);
}
