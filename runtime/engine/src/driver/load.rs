//! Brings a stored execution back into memory.

use super::{Details, Live, NewExecution, Running, Turn, TurnError};
use crate::engine::{Engine, Inner};
use crate::execution::AttemptUsage;
use crate::{Scope, StoreFailure, journal};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use stepwell_asl::StateMachine;
use stepwell_history::{PayloadSource, Reader};
use stepwell_interpreter::frame::CompletionLink;
use stepwell_interpreter::{Cause, Command, Execution, FrameChanges, FrameId, Input, Record, Waiting};
use stepwell_store::{
    ExecutionStatus, HistoryQuery, Order, Sequence, SequenceRef, StoredEntry, StoredExecution,
};
use stepwell_types::{ExecutionArn, ExecutionKind, Payload, Timestamp};

pub(crate) type LoadJob = Shared<BoxFuture<'static, Result<Option<Arc<Live>>, StoreFailure>>>;

/// Transitions read from the store, and the payloads that they introduced.
#[derive(Default)]
pub(crate) struct Entries {
    owner: u64,
    entries: HashMap<Sequence, StoredEntry>,
    payloads: RefCell<HashMap<(Sequence, u32), Payload>>,
}

impl PayloadSource for Entries {
    fn payload(&self, sequence: u64, slot: u32) -> Option<Payload> {
        if let Some(payload) = self.payloads.borrow().get(&(sequence, slot)) {
            return Some(payload.clone());
        }
        let entry = self.entries.get(&sequence)?;
        let mut reader = Reader::open(self.owner, sequence, &entry.body, &entry.refs, &()).ok()?;
        let payload = reader.introduced(slot)?;
        self.payloads.borrow_mut().insert((sequence, slot), payload.clone());
        Some(payload)
    }
}

impl Entries {
    pub(crate) fn new(owner: u64) -> Self {
        Self { owner, ..Self::default() }
    }

    /// Transitions that were read already.
    pub(crate) fn add(&mut self, entries: impl IntoIterator<Item = StoredEntry>) {
        self.entries.extend(entries.into_iter().map(|entry| (entry.sequence, entry)));
    }

    /// Reads transitions that are missing, and those whose payloads they refer to.
    pub(crate) async fn read(
        &mut self,
        inner: &Inner,
        sequences: impl IntoIterator<Item = Sequence>,
    ) -> Result<(), StoreFailure> {
        let wanted: BTreeSet<Sequence> = sequences.into_iter().collect();
        self.read_missing(inner, &wanted).await?;
        // Of these alone: a chain of results asks for one transition after the other.
        let entries = wanted.iter().filter_map(|sequence| self.entries.get(sequence));
        let referred = entries.flat_map(|entry| entry.refs.iter().copied()).collect();
        self.read_missing(inner, &referred).await
    }

    async fn read_missing(&mut self, inner: &Inner, wanted: &BTreeSet<Sequence>) -> Result<(), StoreFailure> {
        let missing: Vec<Sequence> =
            wanted.iter().filter(|sequence| !self.entries.contains_key(sequence)).copied().collect();
        if !missing.is_empty() {
            let read = inner.store.entries(self.owner, missing).await?;
            self.add(read);
        }
        Ok(())
    }

    /// A reader of one transition.
    pub(crate) fn reader(&self, sequence: Sequence) -> Result<Reader<'_>, StoreFailure> {
        let entry =
            self.entries.get(&sequence).ok_or_else(|| damaged(self.owner, "a transition is missing"))?;
        Reader::open(self.owner, sequence, &entry.body, &entry.refs, self)
            .map_err(|error| damaged(self.owner, &error.to_string()))
    }

    /// A transition and what the attempt that it answers used.
    pub(crate) fn record(
        &self,
        definition: &StateMachine,
        sequence: Sequence,
    ) -> Result<(Record, Option<AttemptUsage>), StoreFailure> {
        let mut reader = self.reader(sequence)?;
        let read = Record::decode(definition, &mut reader, sequence)
            .and_then(|record| Ok((record, journal::decode(&mut reader)?)));
        read.map_err(|error| damaged(self.owner, &error.to_string()))
    }

    /// Of a transition only what it changed.
    fn changes(&self, definition: &StateMachine, sequence: Sequence) -> Result<FrameChanges, StoreFailure> {
        FrameChanges::decode(definition, &mut self.reader(sequence)?, sequence)
            .map_err(|error| damaged(self.owner, &error.to_string()))
    }

    /// The outputs along a chain, from its newest link to its oldest.
    async fn chain(
        &mut self,
        inner: &Inner,
        definition: &StateMachine,
        head: Option<CompletionLink>,
    ) -> Result<Vec<(u32, Payload)>, StoreFailure> {
        let mut results = Vec::new();
        let mut next = head;
        let mut read: Option<(Sequence, FrameChanges)> = None;
        while let Some(link) = next {
            let address = link.address().ok_or_else(|| damaged(self.owner, "a result has no place"))?;
            let sequence = address
                .sequence
                .get()
                .copied()
                .ok_or_else(|| damaged(self.owner, "a result has no place"))?;
            if read.as_ref().is_none_or(|(at, _)| *at != sequence) {
                self.read(inner, [sequence]).await?;
                read = Some((sequence, self.changes(definition, sequence)?));
            }
            let completions =
                read.as_ref().map(|(_, changes)| changes.completions.as_slice()).unwrap_or_default();
            let completion = completions.get(address.slot as usize);
            let completion = completion.ok_or_else(|| damaged(self.owner, "a result is missing"))?;
            results.push((completion.index, completion.output.clone()));
            next = completion.previous.clone();
        }
        Ok(results)
    }
}

fn damaged(number: u64, what: &str) -> StoreFailure {
    StoreFailure::failed(format!("execution {number} cannot be read: {what}"))
}

/// The ARN of a stored Standard execution.
pub(crate) fn arn_of(stored: &StoredExecution) -> ExecutionArn {
    let scope = &stored.row.scope;
    ExecutionArn {
        region: scope.region.clone(),
        account: scope.account,
        machine: scope.machine.clone(),
        label: None,
        name: stored.row.name.clone(),
        kind: ExecutionKind::Standard,
    }
}

impl Engine {
    /// An execution that runs, in memory; `None` if it has closed or never was.
    pub(crate) async fn live(&self, number: u64) -> Result<Option<Arc<Live>>, TurnError> {
        if let Some(live) = self.0.drivers.live.lock().get(&number) {
            return Ok(Some(Arc::clone(live)));
        }
        self.load_job(number).await.map_err(TurnError::Store)
    }

    /// The one load of an execution, whoever asks for it.
    fn load_job(&self, number: u64) -> LoadJob {
        let mut loads = self.0.drivers.loads.lock();
        if let Some(job) = loads.get(&number) {
            return job.clone();
        }
        let engine = self.clone();
        let job = async move {
            let outcome = match engine.already_live(number) {
                Some(live) => Ok(Some(live)),
                // Whoever waits for it must hear of a panic, too.
                None => match AssertUnwindSafe(engine.load(number)).catch_unwind().await {
                    Ok(outcome) => outcome,
                    Err(panic) => Err(damaged(number, super::message_of(&*panic))),
                },
            };
            if let Ok(Some(live)) = &outcome {
                engine.0.drivers.live.lock().insert(number, Arc::clone(live));
            }
            engine.0.drivers.loads.lock().remove(&number);
            outcome
        };
        let job = job.boxed().shared();
        loads.insert(number, job.clone());
        // Runs on when every waiter has gone, so that the table of loads is always cleared.
        tokio::spawn(job.clone());
        job
    }

    pub(crate) fn already_live(&self, number: u64) -> Option<Arc<Live>> {
        self.0.drivers.live.lock().get(&number).cloned()
    }

    async fn load(&self, number: u64) -> Result<Option<Arc<Live>>, StoreFailure> {
        let inner = &*self.0;
        let Some(stored) = inner.store.execution(number).await? else { return Ok(None) };
        if stored.row.status != ExecutionStatus::Running {
            return Ok(None);
        }
        let arn = arn_of(&stored);
        let scope = Scope { account: arn.account, region: arn.region.clone() };
        let machine = inner.machine_at(&scope, &arn.machine, stored.row.machine_revision).await?;
        let (details, pins) = Details::decode(&stored.row.details)?;
        let mut entries = Entries::new(number);
        let first = HistoryQuery {
            execution: number,
            order: Order::Ascending,
            from_event: None,
            entries_max: 1,
            bytes_max: 1,
        };
        let first = inner.store.history(first).await?.entries;
        let first_sequence = first.first().map(|entry| entry.sequence);
        let first_sequence =
            first_sequence.ok_or_else(|| damaged(number, "its first transition is missing"))?;
        entries.add(first);
        let known = |at: &SequenceRef| at.get().ok_or_else(|| damaged(number, "a frame has no place"));
        let mut frame_places: BTreeMap<Sequence, BTreeSet<FrameId>> = BTreeMap::new();
        let mut frames_at = BTreeMap::new();
        for (frame, at) in &stored.row.frames {
            let frame = FrameId(u32::try_from(*frame).map_err(|_| damaged(number, "a frame's number"))?);
            frame_places.entry(known(at)?).or_default().insert(frame);
            frames_at.insert(frame, at.clone());
        }
        entries
            .read(inner, frame_places.keys().copied().chain([first_sequence, stored.last_sequence]))
            .await?;

        let definition = &machine.definition;
        let Cause::Started(start) = entries.record(definition, first_sequence)?.0.cause else {
            return Err(damaged(number, "its first transition is no start"));
        };
        let mut progress = None;
        let mut frames = Vec::new();
        for (sequence, wanted) in
            frame_places.iter().map(|(sequence, wanted)| (*sequence, wanted.clone())).chain(
                (!frame_places.contains_key(&stored.last_sequence))
                    .then(|| (stored.last_sequence, BTreeSet::new())),
            )
        {
            let changes = entries.changes(definition, sequence)?;
            if sequence == stored.last_sequence {
                progress = Some(changes.progress.clone());
            }
            frames.extend(changes.upserts.into_iter().filter(|frame| wanted.contains(&frame.id)));
        }
        let progress = progress.ok_or_else(|| damaged(number, "its last transition is missing"))?;
        let restore = |error: stepwell_interpreter::RestoreError| damaged(number, &error.to_string());
        let live_frames: Vec<FrameId> = frames_at.keys().copied().collect();
        let chains: Vec<(FrameId, Option<CompletionLink>)> = frames
            .iter()
            .filter_map(|frame| match &frame.waiting {
                Waiting::Join(join) if join.done.count > 0 => Some((frame.id, join.done.head.clone())),
                _ => None,
            })
            .collect();
        let mut execution = Execution::restore(Arc::clone(definition), start, progress, live_frames, frames)
            .map_err(restore)?;
        for (frame, head) in chains {
            let results = entries.chain(inner, definition, head).await?;
            execution.add_results(frame, results).map_err(restore)?;
        }
        let last = Some(SequenceRef::Known(stored.last_sequence));
        let turn = Turn::new(Some(execution), last, frames_at, pins);
        let share = inner.live_executions.take_over(scope.account);
        let new = NewExecution {
            number,
            scope,
            machine,
            arn,
            naming: stored.row.naming,
            started: Timestamp::from_millis(stored.row.started_ms),
            input_hash: stored.row.input_hash,
            details,
            // It was accepted long ago.
            share,
        };
        let live = Live::new(new, turn);
        self.resume_clocks(&live);
        Ok(Some(live))
    }

    /// Notes what a restored execution waits for, and grants a full interval to every heartbeat: nobody could have
    /// sent one while the server was down.
    fn resume_clocks(&self, live: &Arc<Live>) {
        let mut turn = live.turn.lock();
        let Some(execution) = &turn.execution else { return };
        let outstanding = execution.outstanding();
        let mut heartbeats = Vec::new();
        for frame in execution.frames() {
            if let Waiting::Task(wait) = &frame.waiting
                && wait.heartbeat.is_some()
            {
                heartbeats.push(wait.attempt);
            }
        }
        for command in outstanding {
            match command {
                Command::SetTimer { id, due } => {
                    let key = live.timer_key(id, due);
                    turn.timers.insert(id, key);
                }
                Command::StartTask(start) => {
                    turn.attempts.insert(
                        start.attempt,
                        Running { handle: None, origin: super::Origin::Restored(start) },
                    );
                }
                Command::Resume => turn.resume = Some(live.resume_key()),
                _ => {}
            }
        }
        drop(turn);
        for attempt in heartbeats {
            // Refused only if it is not waited for.
            let _ = self.turn(live, &Input::TaskHeartbeat { attempt }, None);
        }
    }
}
