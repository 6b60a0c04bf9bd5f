//! Pending rows, through merges and opens.

use super::Backend;
use super::fixture::Bench;
use crate::commit::{Precondition, Refusal};
use crate::pending::{PendingKey, PendingKind, PendingWrite};
use bytes::Bytes;

fn value(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn write(bench: &Bench<'_>, writes: impl IntoIterator<Item = PendingWrite>) {
    let mut commit = bench.commit();
    commit.pending.extend(writes);
    bench.must_commit(commit);
}

pub(super) fn rows_come_change_and_go(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let keys = [
        PendingKey::Inflight { execution: 1, event: 2 },
        PendingKey::Timer { due_ms: 5, execution: 1, event: 2, slot: 0 },
        PendingKey::Outbox { execution: 1, event: 2 },
        PendingKey::ExpressStart { execution: 70 },
        PendingKey::Invocation { due_ms: 3, id: 4 },
    ];
    for key in keys {
        let kind = key.kind();
        write(&bench, [PendingWrite::Add(key, value("a"))]);
        assert_eq!(bench.pending(kind), [(key, value("a"))]);
        write(&bench, [PendingWrite::Replace(key, value("b"))]);
        bench.reopen();
        assert_eq!(bench.pending(kind), [(key, value("b"))]);
        for other in 0..20 {
            let filler = PendingKey::Outbox { execution: 9, event: other };
            write(&bench, [PendingWrite::Add(filler, value("x"))]);
            write(&bench, [PendingWrite::Remove(filler)]);
        }
        assert_eq!(bench.pending(kind), [(key, value("b"))]);
        write(&bench, [PendingWrite::Remove(key), PendingWrite::Remove(key)]);
        assert_eq!(bench.pending(kind), []);
        bench.reopen();
        assert_eq!(bench.pending(kind), []);
    }
    assert_eq!(bench.store().last_execution(), 70, "the number of an Express start is not used again");
    assert!(bench.store().health().merged > 0);
}

pub(super) fn timers_come_in_due_order(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let timer = |due_ms, slot| PendingKey::Timer { due_ms, execution: 3, event: 4, slot };
    for due_ms in [50, -7, 30, 0, 90, 20, 70, 10, 60, 40, 80] {
        write(
            &bench,
            [
                PendingWrite::Add(timer(due_ms, 0), value("t")),
                PendingWrite::Add(timer(due_ms, 1), value("h")),
            ],
        );
    }
    write(&bench, [PendingWrite::Remove(timer(30, 0)), PendingWrite::Remove(timer(90, 1))]);
    for _ in 0..2 {
        let due: Vec<_> = bench.pending(PendingKind::Timer).into_iter().map(|(key, _)| key).collect();
        assert!(due.is_sorted());
        assert_eq!((due.len(), due.first(), due.last()), (20, Some(&timer(-7, 0)), Some(&timer(90, 0))));
        bench.reopen();
    }
}

pub(super) fn rows_can_be_claimed_once(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let key = PendingKey::Invocation { due_ms: 0, id: 1 };
    write(&bench, [PendingWrite::Add(key, value("a"))]);
    for _ in 0..30 {
        write(&bench, []);
    }
    bench.reopen();
    let claim = || {
        let mut commit = bench.commit();
        commit.preconditions.push(Precondition::PendingPresent(key));
        commit.pending.push(PendingWrite::Remove(key));
        commit
    };
    assert!(bench.try_commit(claim()).is_ok());
    assert_eq!(bench.try_commit(claim()), Err(Refusal::NotPending(key)));
}
