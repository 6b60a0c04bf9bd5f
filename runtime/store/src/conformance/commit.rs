//! Commits: order, preconditions, refusals, the end.

use super::Backend;
use super::fixture::{Bench, Walk, name, outcome, scope};
use crate::commit::{Precondition, Refusal, SubmitError};
use crate::execution::{ExecutionStatus, InputMatch, Naming, StoredExecution};
use crate::pending::{PendingKey, PendingWrite};
use crate::port::StopKind;
use crate::sequence::SequenceRef;
use bytes::Bytes;

pub(super) fn an_execution_lives_and_ends(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    assert_eq!(bench.store().last_execution(), 0);
    let mut walk = Walk::new(5);
    let first = bench.must_commit(bench.transition(&walk.step(2, "start")));
    let second = bench.must_commit(bench.transition(&walk.step(1, "middle")));
    let want = StoredExecution { number: 5, last_sequence: second, transitions: 2, row: walk.row.clone() };
    assert_eq!((first, second), (1, 2));
    assert_eq!(bench.execution(5), want);
    bench.must_commit(bench.transition(&walk.close(ExecutionStatus::Succeeded)));
    for round in 0..2 {
        let stored = bench.execution(5);
        assert_eq!((stored.row.status, stored.row.stopped_ms), (ExecutionStatus::Succeeded, Some(105)));
        assert!(stored.row.frames.is_empty());
        let found = bench.read(bench.store().execution_by_name(scope(0, "m"), name("e5")));
        assert_eq!(found.map(|found| found.number), Some(5), "round {round}");
        assert_eq!(bench.read(bench.store().execution(6)), None);
        assert_eq!(bench.store().last_execution(), 5);
        assert_eq!(bench.read(bench.store().check()).commits, 3);
        bench.reopen();
    }
}

pub(super) fn cells_are_filled_in_order(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let (mut one, mut two) = (Walk::new(1), Walk::new(2));
    let steps = [one.step(1, "a"), two.step(1, "b"), one.step(1, "c"), one.step(1, "d"), two.step(1, "e")];
    let tickets: Vec<_> = steps.iter().map(|step| bench.submit(bench.transition(step))).collect();
    assert!(tickets.iter().all(|ticket| ticket.peek().is_none()));
    assert!(bench.run_group());
    let sequences: Vec<_> = tickets.iter().map(|ticket| outcome(ticket).expect("placed")).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    assert_eq!(steps.each_ref().map(|step| step.sequence.get().copied().unwrap_or(0)), [1, 2, 3, 4, 5]);
    assert_eq!(bench.execution(1).row.frames, [(0, SequenceRef::Known(4))]);
    let entries = bench.read(bench.store().entries(1, vec![4, 1]));
    assert_eq!(
        (entries[0].previous, &*entries[0].refs, &entries[0].body[..]),
        (Some(3), &[3][..], &b"d"[..])
    );
    assert_eq!((entries[1].previous, entries[1].ordinal, &entries[1].body[..]), (None, 0, &b"a"[..]));
}

pub(super) fn a_refused_commit_touches_nobody_else(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let mut walk = Walk::new(1);
    bench.must_commit(bench.transition(&walk.step(1, "a")));
    let mut stale = Walk::new(1);
    let (stale_start, stale_next) = (stale.step(1, "x"), stale.step(1, "y"));
    let mut other = Walk::new(2);
    let tickets = [&stale_start, &stale_next, &walk.step(1, "b"), &other.step(1, "c")]
        .map(|step| bench.submit(bench.transition(step)));
    assert!(bench.run_group());
    let found = Refusal::LastTransitionDiffers { execution: 1, expected: None, found: Some(1) };
    assert_eq!(outcome(&tickets[0]), Err(found));
    assert_eq!(outcome(&tickets[1]), Err(Refusal::EarlierRefused { execution: 1 }));
    assert_eq!((outcome(&tickets[2]), outcome(&tickets[3])), (Ok(2), Ok(3)));
    assert_eq!(stale_start.sequence.get(), None);
    assert_eq!(bench.execution(1).transitions, 2);
}

pub(super) fn a_given_name_is_taken_once(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let start = |number, machine: &str, hash: u8| {
        let mut walk = Walk::new(number);
        walk.row.name = name("same");
        walk.row.scope = scope(0, machine);
        walk.row.input_hash = [hash; 32];
        walk.step(1, "start")
    };
    let tickets = [start(1, "m", 1), start(2, "m", 1), start(3, "m", 2), start(4, "n", 1)]
        .map(|step| bench.submit(bench.transition(&step)));
    assert!(bench.run_group());
    let taken = |input| {
        Err(Refusal::NameTaken { execution: 1, input, status: ExecutionStatus::Running, started_ms: 1 })
    };
    assert_eq!(
        tickets.each_ref().map(outcome),
        [Ok(1), taken(InputMatch::Same), taken(InputMatch::Different), Ok(2)]
    );
    for number in 10..40 {
        bench.must_commit(bench.transition(&Walk::new(number).step(1, "")));
        assert_eq!(bench.try_commit(bench.transition(&start(99, "m", 1))), taken(InputMatch::Same));
    }
    bench.reopen();
    assert_eq!(bench.try_commit(bench.transition(&start(99, "m", 2))), taken(InputMatch::Different));
    assert_eq!(bench.read(bench.store().execution(99)), None);
}

pub(super) fn derived_names_are_not_indexed(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    for number in 1..4 {
        let mut walk = Walk::new(number);
        walk.row.naming = Naming::Derived;
        walk.row.name = name("same");
        bench.must_commit(bench.transition(&walk.step(1, "")));
    }
    assert_eq!(bench.read(bench.store().execution_by_name(scope(0, "m"), name("same"))), None);
}

pub(super) fn an_old_epoch_is_refused(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let old = bench.commit();
    bench.reopen();
    assert_eq!(bench.store().epoch(), old.epoch + 1);
    let current = bench.store().epoch();
    assert_eq!(bench.try_commit(old.clone()), Err(Refusal::EpochPassed { commit: old.epoch, current }));
    assert_eq!(bench.try_commit(bench.commit()), Ok(1));
}

pub(super) fn preconditions_see_the_group_so_far(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let timer = PendingKey::Timer { due_ms: 5, execution: 1, event: 2, slot: 0 };
    let mut walk = Walk::new(1);
    let mut start = bench.transition(&walk.step(1, "a"));
    start.pending.push(PendingWrite::Add(timer, Bytes::from_static(b"t")));
    let with = |precondition| {
        let mut commit = bench.commit();
        commit.preconditions.push(precondition);
        commit
    };
    let mut fire = with(Precondition::PendingPresent(timer));
    fire.pending.push(PendingWrite::Remove(timer));
    let last = |sequence| with(Precondition::LastTransition(1, SequenceRef::Known(sequence)));
    let tickets = [
        with(Precondition::PendingPresent(timer)),
        start,
        with(Precondition::PendingAbsent(timer)),
        last(1),
        fire.clone(),
        fire,
        last(9),
        with(Precondition::PendingAbsent(timer)),
    ]
    .map(|commit| bench.submit(commit));
    assert!(bench.run_group());
    let differs = Refusal::LastTransitionDiffers { execution: 1, expected: Some(9), found: Some(1) };
    let want = [
        Err(Refusal::NotPending(timer)),
        Ok(1),
        Err(Refusal::AlreadyPending(timer)),
        Ok(2),
        Ok(3),
        Err(Refusal::NotPending(timer)),
        Err(differs),
        Ok(4),
    ];
    assert_eq!(tickets.each_ref().map(outcome), want);
}

pub(super) fn a_closed_store_refuses_and_keeps(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let mut walk = Walk::new(1);
    let ticket = bench.submit(bench.transition(&walk.step(1, "a")));
    let reason = bench.store().close().wait();
    assert_eq!(reason.kind, StopKind::Closed);
    assert_eq!(outcome(&ticket), Ok(1));
    assert!(matches!(bench.store().submit(bench.commit()), Err(SubmitError::Stopped(_))));
    let health = bench.store().health();
    assert_eq!((health.durable, health.merged), (1, 1));
    bench.reopen();
    assert_eq!(bench.execution(1).transitions, 1);
}
