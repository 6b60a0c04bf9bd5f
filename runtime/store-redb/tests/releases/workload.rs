//! What is in every release's store.

use bytes::Bytes;
use std::collections::BTreeMap;
use stepwell_store::{
    CatalogKey, CatalogKind, CatalogWrite, Commit, ExecutionNumber, ExecutionRow, ExecutionStatus,
    ExecutionsQuery, HistoryQuery, Lane, MachineScope, Naming, Order, PendingKey, PendingKind, PendingWrite,
    Sequence, SequenceRef, Store, StoredEntry, Ticket, TransitionWrite, block_on,
};
use stepwell_types::{AccountId, Name, Region};

/// When the executions started, in milliseconds since the epoch.
const STARTED_MS: i64 = 1_700_000_000_000;
/// How long each ran.
const RAN_MS: i64 = 1_000;
/// When all that close have closed, and no redrive window has ended.
pub(crate) const CLOSED_MS: i64 = STARTED_MS + 60_000;

/// Transitions of each execution, in order of their numbers, when the second life ends.
const TRANSITIONS: [u64; 12] = [3, 2, 5, 150, 70, 2, 64, 4, 2, 3, 65, 1];
/// Executions up to this number have closed.
pub(crate) const CLOSED: ExecutionNumber = 8;
const EXPRESS: ExecutionNumber = 13;

/// Which of the two lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    First,
    Second,
}

pub(crate) fn numbers() -> std::ops::RangeInclusive<ExecutionNumber> {
    1..=TRANSITIONS.len() as u64
}

fn transitions(number: ExecutionNumber) -> u64 {
    usize::try_from(number - 1).ok().and_then(|at| TRANSITIONS.get(at)).copied().unwrap_or(0)
}

pub(crate) fn scope() -> MachineScope {
    let account = AccountId::from_u64(42).expect("twelve digits");
    MachineScope { account, region: Region::default(), machine: Name::new("m").expect("a name") }
}

pub(crate) fn name(number: ExecutionNumber) -> Name {
    Name::new(&format!("e{number}")).expect("a name")
}

pub(crate) fn naming(number: ExecutionNumber) -> Naming {
    if number % 2 == 1 { Naming::Given } else { Naming::Derived }
}

pub(crate) fn status(number: ExecutionNumber) -> ExecutionStatus {
    match number {
        0..=4 => ExecutionStatus::Succeeded,
        5..=CLOSED => ExecutionStatus::Failed,
        _ => ExecutionStatus::Running,
    }
}

/// The events before a transition: each has two, and every fifth none.
fn events_before(turn: u64) -> u64 {
    2 * (turn - turn / 5)
}

fn event_count(turn: u64) -> u32 {
    u32::try_from(events_before(turn + 1) - events_before(turn)).unwrap_or(0)
}

pub(crate) fn body(number: ExecutionNumber, turn: u64) -> Bytes {
    let length = (number * 31 + turn * 17) % 97;
    Bytes::from(format!("{number}.{turn}:").repeat(usize::try_from(length).unwrap_or(0) + 1))
}

fn timer(number: ExecutionNumber) -> PendingKey {
    PendingKey::Timer { due_ms: STARTED_MS + number.cast_signed(), execution: number, event: 1, slot: 0 }
}

fn setting(name: &str) -> CatalogKey {
    let region = Region::default();
    CatalogKey::new(CatalogKind::Setting, AccountId::DEFAULT, &region, name).expect("a short name")
}

fn transition(number: ExecutionNumber, turn: u64, last: Option<Sequence>, closes: bool) -> TransitionWrite {
    let sequence = stepwell_store::SequenceCell::default();
    let status = if closes { status(number) } else { ExecutionStatus::Running };
    let started_ms = STARTED_MS + number.cast_signed();
    TransitionWrite {
        execution: number,
        previous: last.map(SequenceRef::Known),
        first_event: 1 + events_before(turn),
        event_count: event_count(turn),
        refs: last.map(SequenceRef::Known).into_iter().collect(),
        body: body(number, turn),
        row: ExecutionRow {
            scope: scope(),
            name: name(number),
            naming: naming(number),
            status,
            started_ms,
            stopped_ms: closes.then_some(started_ms + RAN_MS),
            machine_revision: 7,
            input_hash: [9; 32],
            next_event: 1 + events_before(turn + 1),
            // As at the close: a redrive goes on from there.
            frames: vec![(0, SequenceRef::Cell(sequence.clone()))],
            details: Bytes::from_static(b"details"),
        },
        sequence,
    }
}

/// Commits a life's part: half of each execution's transitions, all executions in turn.
pub(crate) fn live(store: &dyn Store, life: Life, run: &dyn Fn()) {
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut submit = |commit: Commit| {
        tickets.push(store.submit(commit).expect("room in the queue"));
        run();
    };
    let empty = || Commit::new(AccountId::DEFAULT, store.epoch());
    let mut last = BTreeMap::new();
    for turn in 0..TRANSITIONS.into_iter().max().unwrap_or(0) {
        for number in numbers() {
            let half = transitions(number) / 2;
            let turns = if life == Life::First { 0..half } else { half..transitions(number) };
            if !turns.contains(&turn) {
                continue;
            }
            let before = last.get(&number).copied().or_else(|| {
                block_on(store.execution(number)).expect("readable").map(|found| found.last_sequence)
            });
            let closes = number <= CLOSED && turn + 1 == transitions(number);
            let write = transition(number, turn, before, closes);
            let cell = write.sequence.clone();
            let mut commit = Commit { transition: Some(write), ..empty() };
            if turn == 0 {
                commit.lane = Lane::Start;
                commit.pending.push(PendingWrite::Add(timer(number), body(number, 0)));
            }
            if closes {
                commit.pending.push(PendingWrite::Remove(timer(number)));
            }
            submit(commit);
            last.insert(number, cell.get().copied().expect("its group has run"));
        }
    }
    let mut commit = empty();
    match life {
        Life::First => {
            for name in ["gone", "kept"] {
                commit.catalog.push(CatalogWrite::Put(setting(name), Bytes::from_static(b"first")));
            }
        }
        Life::Second => {
            commit.catalog.push(CatalogWrite::Delete(setting("gone")));
            let key = PendingKey::ExpressStart { execution: EXPRESS };
            commit.pending.push(PendingWrite::Add(key, Bytes::from_static(b"express")));
        }
    }
    submit(commit);
    submit(empty());
    assert!(tickets.iter().all(|ticket| matches!(ticket.peek(), Some(Ok(_)))));
}

/// All transitions of an execution that have events, oldest first.
pub(crate) fn history(store: &dyn Store, execution: ExecutionNumber, order: Order) -> Vec<StoredEntry> {
    let (mut entries, mut from_event) = (Vec::new(), None);
    loop {
        let query = HistoryQuery { execution, order, from_event, entries_max: 7, bytes_max: 4_000 };
        let page = block_on(store.history(query)).expect("readable");
        entries.extend(page.entries);
        from_event = page.next_event;
        if from_event.is_none() {
            return entries;
        }
    }
}

/// An execution's history and its entries are as they were written.
#[track_caller]
pub(crate) fn verify_history(store: &dyn Store, number: ExecutionNumber) {
    let wanted: Vec<_> = (0..transitions(number)).filter(|turn| event_count(*turn) > 0).collect();
    let bodies = |entries: Vec<StoredEntry>| entries.into_iter().map(|entry| entry.body).collect::<Vec<_>>();
    let mut want: Vec<_> = wanted.iter().map(|turn| body(number, *turn)).collect();
    assert_eq!(bodies(history(store, number, Order::Ascending)), want, "execution {number}");
    want.reverse();
    assert_eq!(bodies(history(store, number, Order::Descending)), want, "execution {number}");
}

fn pending(store: &dyn Store, kind: PendingKind) -> Vec<PendingKey> {
    let page = block_on(store.pending(kind, None, 1_000)).expect("readable");
    page.rows.into_iter().map(|row| row.key).collect()
}

/// What the two lives wrote is there.
pub(crate) fn verify(store: &dyn Store) {
    assert_eq!(store.last_execution(), EXPRESS);
    for number in numbers() {
        let stored = block_on(store.execution(number)).expect("readable").expect("it is there");
        assert_eq!((stored.transitions, stored.row.status), (transitions(number), status(number)));
        verify_history(store, number);
        let found = block_on(store.execution_by_name(scope(), name(number))).expect("readable");
        let want = (naming(number) == Naming::Given).then_some(number);
        assert_eq!(found.map(|found| found.number), want);
    }
    let query = ExecutionsQuery { scope: scope(), status: None, after: None, limit: 100 };
    let page = block_on(store.executions(query)).expect("readable");
    let listed = page.executions.into_iter().map(|stored| stored.number);
    assert!(listed.eq(numbers().rev()));
    assert_eq!(
        pending(store, PendingKind::Timer),
        numbers().filter(|number| *number > CLOSED).map(timer).collect::<Vec<_>>()
    );
    assert_eq!(pending(store, PendingKind::ExpressStart), [PendingKey::ExpressStart { execution: EXPRESS }]);
    assert!(block_on(store.catalog(setting("gone"))).expect("readable").is_none());
    assert!(block_on(store.catalog(setting("kept"))).expect("readable").is_some());
    block_on(store.check()).expect("the store is whole");
}

/// What was running goes on and closes.
pub(crate) fn go_on(store: &dyn Store, run: &dyn Fn()) {
    for number in numbers().filter(|number| *number > CLOSED) {
        let stored = block_on(store.execution(number)).expect("readable").expect("it is there");
        let turn = stored.transitions;
        let mut write = transition(number, turn, Some(stored.last_sequence), false);
        write.row.status = ExecutionStatus::Aborted;
        write.row.stopped_ms = Some(STARTED_MS + RAN_MS);
        let mut commit = Commit::new(AccountId::DEFAULT, store.epoch());
        commit.transition = Some(write);
        commit.pending.push(PendingWrite::Remove(timer(number)));
        let ticket = store.submit(commit).expect("room in the queue");
        run();
        assert!(matches!(ticket.peek(), Some(Ok(_))), "{ticket:?}");
    }
}

/// What went on is there as well.
pub(crate) fn verify_end(store: &dyn Store) {
    for number in numbers() {
        let stored = block_on(store.execution(number)).expect("readable").expect("it is there");
        assert!(stored.row.stopped_ms.is_some());
        let added = u64::from(number > CLOSED);
        assert_eq!(stored.transitions, transitions(number) + added);
    }
    assert!(pending(store, PendingKind::Timer).is_empty());
    block_on(store.check()).expect("the store is whole");
}
