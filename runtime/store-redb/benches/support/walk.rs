//! An execution of one Task, commit by commit.

use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use stepwell_store::{
    Commit, ExecutionRow, ExecutionStatus, Lane, MachineScope, Naming, PendingKey, PendingWrite,
    SequenceCell, TransitionWrite,
};
use stepwell_types::{AccountId, Name, Region};

/// When the first began, in milliseconds since the epoch.
pub(crate) const STARTED_MS: i64 = 1_700_000_000_000;

/// An execution of one Task on its way.
pub(crate) struct Walk {
    number: u64,
    turn: u64,
    last: Option<SequenceCell>,
}

impl Walk {
    pub(crate) fn new(next: &mut u64) -> Self {
        *next += 1;
        Self { number: *next, turn: 0, last: None }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.turn == 5
    }

    pub(crate) fn next(&mut self, epoch: u64) -> Commit {
        let cell: SequenceCell = Arc::new(OnceLock::new());
        let execution = self.number;
        let mut commit = Commit::new(AccountId::DEFAULT, epoch);
        let attempt = PendingKey::Inflight { execution, event: 5 };
        let timer = PendingKey::Timer {
            due_ms: STARTED_MS + (execution.wrapping_mul(7_919) % 100_000).cast_signed(),
            execution,
            event: 5,
            slot: 0,
        };
        let (mut status, mut stopped_ms) = (ExecutionStatus::Running, None);
        match self.turn {
            0 => commit.lane = Lane::Start,
            1 => {
                commit.pending.push(PendingWrite::Add(attempt, Bytes::from_static(&[7; 48])));
                commit.pending.push(PendingWrite::Add(timer, Bytes::from_static(&[7; 16])));
            }
            2 => commit.pending.extend([PendingWrite::Remove(attempt), PendingWrite::Remove(timer)]),
            3 => {}
            _ => (status, stopped_ms) = (ExecutionStatus::Succeeded, Some(STARTED_MS + 500)),
        }
        let previous = self.last.replace(Arc::clone(&cell));
        let row = ExecutionRow {
            scope: MachineScope {
                account: AccountId::DEFAULT,
                region: Region::default(),
                machine: Name::new("order-fulfilment").expect("a name"),
            },
            name: Name::new(&format!("{execution:032x}")).expect("a name"),
            naming: Naming::Derived,
            status,
            started_ms: STARTED_MS + execution.cast_signed() / 10,
            stopped_ms,
            machine_revision: 1,
            input_hash: [3; 32],
            next_event: 2 + 2 * self.turn,
            frames: vec![(0, cell.clone().into())],
            details: Bytes::from_static(&[1; 32]),
        };
        commit.transition = Some(TransitionWrite {
            sequence: cell,
            execution,
            previous: previous.clone().map(Into::into),
            first_event: 1 + 2 * self.turn,
            event_count: 2,
            refs: previous.into_iter().map(Into::into).collect(),
            body: Bytes::from(vec![b'x'; 300]),
            row,
        });
        self.turn += 1;
        commit
    }
}
