//! Small words for the cases.

use super::{Backend, Subject};
use crate::backend::core::CoreOptions;
use crate::commit::{Commit, CommitError, Committed, Lane, Refusal, Ticket, TransitionWrite};
use crate::execution::{ExecutionRow, ExecutionStatus, MachineScope, Naming, StoredEntry, StoredExecution};
use crate::pending::{PendingKey, PendingKind};
use crate::port::{ReadError, Store};
use crate::promise::block_on;
use crate::retention::{NextStep, Retained};
use crate::sequence::{EventId, ExecutionNumber, Sequence, SequenceCell, SequenceRef};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use stepwell_types::{AccountId, Name, Region};

/// A backend with its open store.
pub struct Bench<'a> {
    backend: &'a mut dyn Backend,
    options: CoreOptions,
    subject: Option<Subject>,
}

impl<'a> Bench<'a> {
    /// Opens the store.
    pub fn new(backend: &'a mut dyn Backend) -> Self {
        Self::with(backend, super::options())
    }

    /// Opens the store with options of its own.
    pub fn with(backend: &'a mut dyn Backend, options: CoreOptions) -> Self {
        let subject = Some(backend.open(options));
        Self { backend, options, subject }
    }

    fn subject(&self) -> &Subject {
        self.subject.as_ref().expect("only `reopen` takes it, and gives another")
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.subject().store
    }

    /// Drops the store as it is, and opens it on the same data.
    pub fn reopen(&mut self) {
        self.subject = None;
        self.subject = Some(self.backend.open(self.options));
    }

    /// Runs groups until nothing waits.
    pub fn settle(&self) {
        while (self.subject().run_group)() {}
    }

    /// Runs one group.
    pub fn run_group(&self) -> bool {
        (self.subject().run_group)()
    }

    /// Queues a commit.
    pub fn submit(&self, commit: Commit) -> Ticket {
        self.store().submit(commit).expect("an empty queue takes it")
    }

    /// An empty commit of this epoch.
    pub fn commit(&self) -> Commit {
        Commit::new(AccountId::DEFAULT, self.store().epoch())
    }

    /// Commits in a group of its own.
    pub fn try_commit(&self, commit: Commit) -> Result<Sequence, Refusal> {
        let ticket = self.submit(commit);
        self.settle();
        outcome(&ticket)
    }

    /// Commits what must not be refused.
    #[track_caller]
    pub fn must_commit(&self, commit: Commit) -> Sequence {
        self.try_commit(commit).expect("the commit is not refused")
    }

    /// A commit of one transition.
    pub fn transition(&self, write: &TransitionWrite) -> Commit {
        let lane = if write.previous.is_none() { Lane::Start } else { Lane::Progress };
        Commit { lane, transition: Some(write.clone()), ..self.commit() }
    }

    /// An execution that is there.
    #[track_caller]
    pub fn execution(&self, number: ExecutionNumber) -> StoredExecution {
        self.read(self.store().execution(number)).expect("the execution is there")
    }

    /// The answer of a read that must not fail.
    #[track_caller]
    pub fn read<T>(&self, answer: impl Future<Output = Result<T, ReadError>>) -> T {
        block_on(answer).expect("the store can be read")
    }

    /// One step of retention, with the groups that carry it.
    #[track_caller]
    pub fn retain(&self, now_ms: i64) -> Retained {
        step_of(self.subject(), now_ms).expect("the store goes on")
    }

    /// All that is due, step by step; `between` looks at the store after each.
    #[track_caller]
    pub fn retain_all(&self, now_ms: i64, mut between: impl FnMut()) -> Retained {
        let mut all = Retained::default();
        loop {
            let step = self.retain(now_ms);
            all = all.and(step);
            between();
            if step.next == NextStep::Later {
                return all;
            }
        }
    }

    /// Keys and values of one kind, gathered from pages of two.
    #[track_caller]
    pub fn pending(&self, kind: PendingKind) -> Vec<(PendingKey, Bytes)> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = self.read(self.store().pending(kind, after, 2));
            rows.extend(page.rows.into_iter().map(|row| (row.key, row.value)));
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    }
}

/// One step of retention, with the groups that carry it.
///
/// # Errors
/// The reason for which the store has stopped.
pub(super) fn step_of(subject: &Subject, now_ms: i64) -> Result<Retained, ReadError> {
    let mut answer = subject.store.retain(now_ms, history_only);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(step) = answer.as_mut().poll(&mut context) {
            return step;
        }
        assert!((subject.run_group)(), "a step waits for a group");
    }
}

/// What stands before a `|` is history, the rest is for a redrive.
pub(super) fn history_only(entry: &StoredEntry) -> Option<Bytes> {
    let end = entry.body.iter().position(|byte| *byte == b'|')?;
    Some(entry.body.slice(..end))
}

/// What became of a commit whose group has run.
#[track_caller]
pub(super) fn outcome(ticket: &Ticket) -> Result<Sequence, Refusal> {
    match ticket.peek().expect("the group has run") {
        Ok(Committed { sequence }) => Ok(sequence),
        Err(CommitError::Refused(refusal)) => Err(refusal),
        Err(CommitError::Stopped(reason)) => panic!("{reason}"),
    }
}

/// A machine of an account.
pub(super) fn scope(account: u64, machine: &str) -> MachineScope {
    let account = AccountId::from_u64(account).expect("twelve digits");
    MachineScope { account, region: Region::default(), machine: name(machine) }
}

/// A name.
pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// An execution of machine `m` that makes transitions of one event each.
pub(super) struct Walk {
    /// Its number.
    pub(super) number: ExecutionNumber,
    /// Its row as of the next transition.
    pub(super) row: ExecutionRow,
    /// The last transition's cell.
    pub(super) last: Option<SequenceCell>,
}

impl Walk {
    /// One named `e<number>`, started at `number` milliseconds.
    pub(super) fn new(number: ExecutionNumber) -> Self {
        let row = ExecutionRow {
            scope: scope(0, "m"),
            name: name(&format!("e{number}")),
            naming: Naming::Given,
            status: ExecutionStatus::Running,
            started_ms: number.cast_signed(),
            stopped_ms: None,
            machine_revision: 1,
            input_hash: [7; 32],
            next_event: 1,
            frames: Vec::new(),
            details: Bytes::from_static(b"details"),
        };
        Self { number, row, last: None }
    }

    /// The next transition, of so many events, with a body.
    pub(super) fn step(&mut self, event_count: u32, body: impl Into<Bytes>) -> TransitionWrite {
        let sequence: SequenceCell = Arc::new(OnceLock::new());
        let first_event: EventId = self.row.next_event;
        self.row.next_event += u64::from(event_count);
        self.row.frames = vec![(0, SequenceRef::Cell(Arc::clone(&sequence)))];
        let previous = self.last.replace(Arc::clone(&sequence)).map(SequenceRef::Cell);
        TransitionWrite {
            sequence,
            execution: self.number,
            previous: previous.clone(),
            first_event,
            event_count,
            refs: previous.into_iter().collect(),
            body: body.into(),
            row: self.row.clone(),
        }
    }

    /// The transition that closes it.
    pub(super) fn close(&mut self, status: ExecutionStatus) -> TransitionWrite {
        self.row.status = status;
        self.row.stopped_ms = Some(self.row.started_ms + 100);
        let mut write = self.step(1, "end");
        write.row.frames.clear();
        write
    }
}
