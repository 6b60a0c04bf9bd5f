//! Drives one durable execution: step, commit, dispatch.
//!
//! A turn steps the execution and submits its transition; the next turn may begin before that is durable. What a
//! transition asks of the world is held back until it is.
//!
//! INVARIANT: no command leaves before its transition is durable.
//! INVARIANT: at most one turn at a time per execution (the lock of [`Turn`]).
//! Not here: ASL semantics (`interpreter`), how a task runs (`task`), how an execution comes back into memory
//! (`load`) and leaves it (`leave`).

mod attempt;
mod broken;
mod details;
mod leave;
mod load;
mod waiter;

pub use broken::TurnProbe;
pub(crate) use broken::{caught, internal_failure, message_of};
pub(crate) use details::Details;
pub(crate) use load::{Entries, arn_of};

use crate::engine::Engine;
use crate::execution::AttemptUsage;
use crate::journal;
use crate::machine::Machine;
use crate::share::Share;
use crate::task::Caller;
use crate::{Scope, StoreFailure};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use stepwell_history::{SequenceCell, Writer};
use stepwell_interpreter::frame::Phase;
use stepwell_interpreter::{
    AttemptId, Cause, Command, Execution, FrameId, Input, Outcome, Reason, Rejected, TaskStart, TimerId,
    Transition, Waiting,
};
use stepwell_sandbox::Digest;
use stepwell_store::{
    Commit, CommitError, ExecutionRow, ExecutionStatus, Lane, MachineScope, Naming, PendingKey, PendingWrite,
    Pledge, Promise, Refusal, SequenceRef, SubmitError, Ticket, TransitionWrite, promise,
};
use stepwell_types::{ExecutionArn, Failure, Timestamp};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// How long an attempt runs before its start is written down by itself; until then its answer stands for it.
const STARTED_AFTER: Duration = Duration::from_millis(250);
/// The slot of the timer row that stands for a [`Command::Resume`].
const RESUME_SLOT: u8 = 1;

/// The executions in memory.
pub(crate) struct Drivers {
    live: Mutex<HashMap<u64, Arc<Live>>>,
    loads: Mutex<HashMap<u64, load::LoadJob>>,
    last_number: AtomicU64,
    /// Who waits for an execution to close.
    waiters: Mutex<HashMap<u64, Arc<Notify>>>,
}

impl Drivers {
    pub(crate) fn new(last_number: u64) -> Self {
        Self {
            live: Mutex::default(),
            loads: Mutex::default(),
            last_number: AtomicU64::new(last_number),
            waiters: Mutex::default(),
        }
    }

    /// How many executions are in memory.
    pub(crate) fn live_len(&self) -> usize {
        self.live.lock().len()
    }

    /// The number of a new execution.
    pub(crate) fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes an execution out of memory, unless it has been loaded anew in between.
    fn remove(&self, gone: &Arc<Live>) {
        let mut live = self.live.lock();
        if live.get(&gone.number).is_some_and(|found| Arc::ptr_eq(found, gone)) {
            live.remove(&gone.number);
        }
    }
}

/// A durable execution in memory.
pub(crate) struct Live {
    pub(crate) number: u64,
    pub(crate) caller: Caller,
    machine: Arc<Machine>,
    arn: ExecutionArn,
    naming: Naming,
    started: Timestamp,
    input_hash: [u8; 32],
    details: Details,
    _share: Share,
    turn: Mutex<Turn>,
    releases: Mutex<Releases>,
}

/// What a turn works on.
struct Turn {
    /// `None` once it has closed or left memory.
    execution: Option<Execution>,
    /// Whether it left memory and goes on from the store with the next input.
    evicted: bool,
    /// Kept when it has left memory, which it does after a step panicked.
    reloading: Option<Promise<()>>,
    last: Option<SequenceRef>,
    frames: BTreeMap<FrameId, SequenceRef>,
    timers: HashMap<TimerId, PendingKey>,
    /// Heartbeats' due times as they were moved in memory; the rows stay where they were.
    moved: HashMap<TimerId, PendingKey>,
    /// The row of a [`Command::Resume`] that no input has followed yet.
    resume: Option<PendingKey>,
    attempts: HashMap<AttemptId, Running>,
    /// The digest that each visit of a Task began with, for its retries.
    pins: BTreeMap<FrameId, Pin>,
    /// Commits that found no room, in order.
    unsent: VecDeque<(Commit, Pledge<Result<stepwell_store::Committed, CommitError>>)>,
    /// Set when a transition was larger than the store takes: it would be so each time, so the execution ends.
    oversized: Option<Failure>,
}

impl Turn {
    /// At rest, after the transitions that these places name.
    fn new(
        execution: Option<Execution>,
        last: Option<SequenceRef>,
        frames: BTreeMap<FrameId, SequenceRef>,
        pins: BTreeMap<FrameId, Pin>,
    ) -> Self {
        Self {
            execution,
            evicted: false,
            reloading: None,
            last,
            frames,
            timers: HashMap::new(),
            moved: HashMap::new(),
            resume: None,
            attempts: HashMap::new(),
            pins,
            unsent: VecDeque::new(),
            oversized: None,
        }
    }
}

/// An attempt that is to run, or runs.
struct Running {
    handle: Option<AbortHandle>,
    origin: Origin,
}

/// Who scheduled an attempt.
enum Origin {
    /// This process: it starts with its transition.
    Scheduled,
    /// An earlier process: recovery decides whether it runs again.
    Restored(Box<TaskStart>),
}

/// The code of one visit of a Task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) visit: u64,
    pub(crate) digest: Digest,
}

#[derive(Default)]
struct Releases {
    queue: VecDeque<Release>,
    draining: bool,
}

/// What waits for an execution's transitions before it to be durable.
enum Release {
    /// Commands, which wait for their own transition, too.
    Commands(Ticket, Vec<Command>),
    /// A step panicked: what is in memory goes.
    Reload { pledge: Pledge<()>, own: Option<AttemptId> },
}

/// Why an input had no effect.
#[derive(Debug)]
pub(crate) enum TurnError {
    /// The interpreter refused it.
    Rejected(Reason),
    /// It has closed.
    Closed,
    /// It is not in memory any more.
    Evicted,
    /// The step panicked; the promise is kept when it may be loaded again.
    Panicked(Promise<()>),
    /// An earlier step panicked.
    Reloading(Promise<()>),
    /// The store failed.
    Store(StoreFailure),
}

/// What came of a step.
enum Stepped {
    Rejected(Reason),
    Transient,
    Changed(Box<Commit>, Vec<Command>),
}

/// What a new execution is made of.
pub(crate) struct NewExecution {
    pub(crate) number: u64,
    pub(crate) scope: Scope,
    pub(crate) machine: Arc<Machine>,
    pub(crate) arn: ExecutionArn,
    pub(crate) naming: Naming,
    pub(crate) started: Timestamp,
    pub(crate) input_hash: [u8; 32],
    pub(crate) details: Details,
    pub(crate) share: Share,
}

impl Live {
    fn new(new: NewExecution, turn: Turn) -> Arc<Self> {
        let NewExecution { number, scope, machine, arn, naming, started, input_hash, details, share } = new;
        Arc::new(Self {
            number,
            caller: Caller { scope, execution_arn: arn.text() },
            machine,
            arn,
            naming,
            started,
            input_hash,
            details,
            _share: share,
            turn: Mutex::new(turn),
            releases: Mutex::default(),
        })
    }

    /// The pending row of a timer.
    fn timer_key(&self, id: TimerId, due: Timestamp) -> PendingKey {
        let event = (u64::from(id.frame.0) << 32) | u64::from(id.serial);
        PendingKey::Timer { due_ms: due.as_millis(), execution: self.number, event, slot: 0 }
    }

    fn resume_key(&self) -> PendingKey {
        PendingKey::Timer { due_ms: 0, execution: self.number, event: 0, slot: RESUME_SLOT }
    }

    fn inflight_key(&self, attempt: AttemptId) -> PendingKey {
        PendingKey::Inflight { execution: self.number, event: attempt.0.0 }
    }

    /// What an earlier process had scheduled, once: from now on it belongs to this process.
    pub(crate) fn take_restored(&self, attempt: AttemptId) -> Option<Box<TaskStart>> {
        let mut turn = self.turn.lock();
        let running = turn.attempts.get_mut(&attempt)?;
        match std::mem::replace(&mut running.origin, Origin::Scheduled) {
            Origin::Restored(start) => Some(start),
            Origin::Scheduled => None,
        }
    }

    /// Attempts that an earlier process had scheduled, or that were given up with what was in memory.
    fn restored(&self) -> Vec<AttemptId> {
        let turn = self.turn.lock();
        let is_restored = |running: &Running| matches!(running.origin, Origin::Restored(_));
        turn.attempts
            .iter()
            .filter(|(_, running)| is_restored(running))
            .map(|(attempt, _)| *attempt)
            .collect()
    }

    /// Whether an attempt was marked as begun.
    pub(crate) fn has_begun(&self, attempt: AttemptId) -> bool {
        let turn = self.turn.lock();
        let frame = turn.execution.as_ref().and_then(|execution| execution.frame_of(attempt));
        frame.is_some_and(|frame| match &frame.waiting {
            Waiting::Task(wait) => wait.phase != Phase::Scheduled,
            Waiting::Ready | Waiting::Join(_) | Waiting::Time(_) | Waiting::Retry(_) => false,
        })
    }

    fn row(&self, turn: &Turn, execution: &Execution, stopped: Option<Timestamp>) -> ExecutionRow {
        let progress = execution.progress();
        ExecutionRow {
            scope: MachineScope {
                account: self.caller.scope.account,
                region: self.caller.scope.region.clone(),
                machine: self.arn.machine.clone(),
            },
            name: self.arn.name.clone(),
            naming: self.naming,
            status: status_of(progress.status),
            started_ms: self.started.as_millis(),
            stopped_ms: stopped.map(Timestamp::as_millis),
            machine_revision: self.machine.revision,
            input_hash: self.input_hash,
            next_event: progress.next_event.0,
            frames: turn.frames.iter().map(|(frame, at)| (u64::from(frame.0), at.clone())).collect(),
            details: self.details.encode(&turn.pins),
        }
    }
}

/// What a timer row stands for.
pub(crate) fn timer_input(event: u64, slot: u8) -> Input {
    if slot == RESUME_SLOT {
        return Input::Resumed;
    }
    // The halves that `timer_key` joined.
    let frame = FrameId((event >> 32) as u32);
    Input::TimerFired { id: TimerId { frame, serial: (event & 0xffff_ffff) as u32 } }
}

fn status_of(status: stepwell_interpreter::Status) -> ExecutionStatus {
    use stepwell_interpreter::Status;
    match status {
        Status::Running => ExecutionStatus::Running,
        Status::Succeeded => ExecutionStatus::Succeeded,
        Status::Failed => ExecutionStatus::Failed,
        Status::TimedOut => ExecutionStatus::TimedOut,
        Status::Aborted => ExecutionStatus::Aborted,
    }
}

impl Engine {
    /// Submits an execution's first transition. It takes inputs from now on, and what it asks for is done once it is
    /// durable, whether or not the caller stays to hear of it.
    pub(crate) fn submit_start(
        &self,
        new: NewExecution,
        transition: Transition,
    ) -> Result<Ticket, SubmitError> {
        let live = Live::new(new, Turn::new(None, None, BTreeMap::new(), BTreeMap::new()));
        let mut turn = live.turn.lock();
        let cause = Cause::Started(Arc::clone(transition.next.start_input()));
        let (commit, commands) = self.prepare(&live, &mut turn, cause, None, transition);
        // In memory before it can be durable: whoever finds its row then finds this one and loads no second.
        if turn.execution.is_some() {
            self.0.drivers.live.lock().insert(live.number, Arc::clone(&live));
        }
        match self.0.store.submit(commit) {
            Ok(ticket) => {
                self.release_later(&live, Release::Commands(ticket.clone(), commands));
                Ok(ticket)
            }
            Err(error) => {
                turn.execution = None;
                self.0.drivers.remove(&live);
                Err(error)
            }
        }
    }

    /// Gives an input to an execution, wherever it is. The ticket says when its effect is durable.
    pub(crate) async fn give(
        &self,
        number: u64,
        input: Input,
        usage: Option<AttemptUsage>,
    ) -> Result<Ticket, TurnError> {
        self.give_after(number, input, usage, 0).await
    }

    /// One turn. What it commits is dispatched, in order, when it is durable.
    pub(crate) fn turn(
        &self,
        live: &Arc<Live>,
        input: &Input,
        usage: Option<&AttemptUsage>,
    ) -> Result<Ticket, TurnError> {
        let mut turn = live.turn.lock();
        let Some(execution) = turn.execution.take() else {
            return Err(match &turn.reloading {
                Some(gone) => TurnError::Reloading(gone.clone()),
                None if turn.evicted => TurnError::Evicted,
                None => TurnError::Closed,
            });
        };
        let stepped = caught(|| self.step(live, &mut turn, execution, input, usage));
        match stepped {
            Ok(Stepped::Rejected(reason)) => Err(TurnError::Rejected(reason)),
            Ok(Stepped::Transient) => Ok(Ticket::kept(Ok(stepwell_store::Committed { sequence: 0 }))),
            Ok(Stepped::Changed(commit, commands)) => {
                let ticket = self.send(live, &mut turn, *commit);
                self.release_later(live, Release::Commands(ticket.clone(), commands));
                Ok(ticket)
            }
            Err(panic) => Err(self.broke(live, &mut turn, input.name(), input.attempt(), &panic)),
        }
    }

    /// The part of a turn before anything leaves it.
    fn step(
        &self,
        live: &Live,
        turn: &mut Turn,
        execution: Execution,
        input: &Input,
        usage: Option<&AttemptUsage>,
    ) -> Stepped {
        if let Some(probe) = &self.0.config.probe {
            probe.before_step(&live.caller.execution_arn, input.name());
        }
        let transition = match execution.step(input.clone(), self.0.clock.now()) {
            Ok(transition) => transition,
            Err(rejected) => {
                let Rejected { execution, reason } = *rejected;
                turn.execution = Some(execution);
                return Stepped::Rejected(reason);
            }
        };
        if transition.is_transient() {
            // A heartbeat: it moves a due time in memory.
            for command in &transition.commands {
                if let Command::SetTimer { id, due } = command {
                    let key = live.timer_key(*id, *due);
                    if let Some(earlier) = turn.moved.insert(*id, key) {
                        self.0.timers.remove(&earlier);
                    }
                    self.arm(key, *due);
                }
            }
            turn.execution = Some(transition.next);
            return Stepped::Transient;
        }
        let (commit, commands) = self.prepare(live, turn, Cause::Took(input.clone()), usage, transition);
        Stepped::Changed(Box::new(commit), commands)
    }

    /// Turns a transition into a commit, and the turn's state into what follows it.
    fn prepare(
        &self,
        live: &Live,
        turn: &mut Turn,
        cause: Cause,
        usage: Option<&AttemptUsage>,
        transition: Transition,
    ) -> (Commit, Vec<Command>) {
        let mut commit = Commit::new(live.caller.scope.account, self.0.store.epoch());
        let is_start = matches!(cause, Cause::Started(_));
        commit.lane = if is_start { Lane::Start } else { Lane::Progress };
        if let Cause::Took(input) = &cause {
            let answered = match input {
                Input::TaskSubmitted { attempt, .. }
                | Input::TaskSucceeded { attempt, .. }
                | Input::TaskFailed { attempt, .. } => Some(*attempt),
                _ => None,
            };
            if let Some(attempt) = answered
                && turn.attempts.remove(&attempt).is_some()
            {
                commit.pending.push(PendingWrite::Remove(live.inflight_key(attempt)));
            }
            if let Input::TimerFired { id } = input {
                commit.pending.extend(self.clear_timer(turn, *id));
            }
        }
        // Whatever the input is, frames that are ready go on with it.
        commit.pending.extend(turn.resume.take().map(PendingWrite::Remove));
        let sequence: SequenceCell = Arc::new(OnceLock::new());
        let event_count = u32::try_from(transition.events.len()).unwrap_or(u32::MAX);
        let now = transition.next.progress().last_at;
        let mut writer = Writer::new(live.number, Arc::clone(&sequence));
        transition.encode(&mut writer, &sequence, &cause, now);
        journal::encode(usage, &mut writer);
        let body = writer.finish();
        let Transition { next, frames, commands, events: _ } = transition;

        for frame in &frames.upserts {
            turn.frames.insert(frame.id, SequenceRef::Cell(Arc::clone(&sequence)));
        }
        for frame in &frames.removals {
            turn.frames.remove(frame);
            turn.pins.remove(frame);
        }
        let mut stopped = None;
        for command in &commands {
            match command {
                Command::StartTask(start) => {
                    turn.attempts.insert(start.attempt, Running { handle: None, origin: Origin::Scheduled });
                    commit.pending.push(PendingWrite::Add(live.inflight_key(start.attempt), Bytes::new()));
                }
                Command::CancelTask { attempt } => {
                    // The handle stays until the command is dispatched.
                    if turn.attempts.contains_key(attempt) {
                        commit.pending.push(PendingWrite::Remove(live.inflight_key(*attempt)));
                    }
                }
                Command::SetTimer { id, due } => {
                    let key = live.timer_key(*id, *due);
                    commit.pending.extend(self.clear_timer(turn, *id));
                    turn.timers.insert(*id, key);
                    commit.pending.push(PendingWrite::Add(key, Bytes::new()));
                }
                Command::ClearTimer { id } => commit.pending.extend(self.clear_timer(turn, *id)),
                Command::Resume => {
                    let key = live.resume_key();
                    turn.resume = Some(key);
                    commit.pending.push(PendingWrite::Add(key, Bytes::new()));
                }
                Command::Close(_) => {
                    stopped = Some(now);
                    let timers: Vec<TimerId> = turn.timers.keys().copied().collect();
                    commit.pending.extend(timers.into_iter().filter_map(|id| self.clear_timer(turn, id)));
                    let attempts = turn.attempts.keys().map(|attempt| live.inflight_key(*attempt));
                    commit.pending.extend(attempts.map(PendingWrite::Remove));
                }
                Command::StartChild(_) | Command::StartMapRun { .. } => {}
            }
        }
        let row = live.row(turn, &next, stopped);
        commit.transition = Some(TransitionWrite {
            sequence: Arc::clone(&sequence),
            execution: live.number,
            previous: turn.last.replace(SequenceRef::Cell(sequence)),
            first_event: row.next_event - u64::from(event_count),
            event_count,
            refs: body.references.into_iter().map(SequenceRef::Cell).collect(),
            body: body.bytes.into(),
            row,
        });
        turn.execution = stopped.is_none().then_some(next);
        (commit, commands)
    }

    /// Takes a timer that nothing waits for any more out of memory; gives the write that removes its row. Should that
    /// not become durable, the next scan finds the row again.
    fn clear_timer(&self, turn: &mut Turn, id: TimerId) -> Option<PendingWrite> {
        if let Some(moved) = turn.moved.remove(&id) {
            self.0.timers.remove(&moved);
        }
        let key = turn.timers.remove(&id)?;
        self.0.timers.remove(&key);
        Some(PendingWrite::Remove(key))
    }

    /// Submits a commit, after those of the same execution that found no room.
    fn send(&self, live: &Arc<Live>, turn: &mut Turn, commit: Commit) -> Ticket {
        if turn.unsent.is_empty() {
            match self.0.store.submit(commit.clone()) {
                Ok(ticket) => return ticket,
                Err(SubmitError::QueueFull { .. }) => {
                    let (engine, live) = (self.clone(), Arc::clone(live));
                    tokio::spawn(async move { engine.resubmit(&live).await });
                }
                Err(error) => {
                    turn.oversized = leave::oversized(&error);
                    return Ticket::kept(Err(stopped(&error)));
                }
            }
        }
        let (ticket, pledge) = promise();
        turn.unsent.push_back((commit, pledge));
        ticket
    }

    /// Submits what found no room, in order, until nothing is left.
    async fn resubmit(&self, live: &Arc<Live>) {
        loop {
            self.0.store.room().await;
            let mut turn = live.turn.lock();
            while let Some((commit, _)) = turn.unsent.front() {
                let outcome = self.0.store.submit(commit.clone());
                if matches!(outcome, Err(SubmitError::QueueFull { .. })) {
                    break;
                }
                let Some((_, pledge)) = turn.unsent.pop_front() else { break };
                match outcome {
                    Ok(ticket) => {
                        tokio::spawn(async move { pledge.keep(ticket.await) });
                    }
                    Err(error) => {
                        turn.oversized = leave::oversized(&error);
                        pledge.keep(Err(stopped(&error)));
                    }
                }
            }
            if turn.unsent.is_empty() {
                return;
            }
        }
    }

    /// Holds commands back until their transition is durable; transitions of one execution are released in order.
    fn release_later(&self, live: &Arc<Live>, release: Release) {
        let mut releases = live.releases.lock();
        releases.queue.push_back(release);
        if !std::mem::replace(&mut releases.draining, true) {
            let (engine, live) = (self.clone(), Arc::clone(live));
            tokio::spawn(async move { engine.drain(&live).await });
        }
    }

    async fn drain(&self, live: &Arc<Live>) {
        loop {
            let next = {
                let mut releases = live.releases.lock();
                let next = releases.queue.pop_front();
                releases.draining = next.is_some();
                next
            };
            match next {
                None => return self.evict_if_idle(live),
                Some(Release::Reload { pledge, own }) => return self.reload(live, &pledge, own),
                Some(Release::Commands(ticket, commands)) => match ticket.await {
                    Ok(_) => {
                        if let Err(panic) = caught(|| self.dispatch(live, commands)) {
                            let mut turn = live.turn.lock();
                            // Loaded again, it asks for the same once more.
                            self.broke(live, &mut turn, "dispatch", None, &panic);
                        }
                    }
                    Err(error) => {
                        // Whoever waits for a reload finds it gone, as promised.
                        live.releases.lock().queue.clear();
                        self.give_up(live, &error);
                        return;
                    }
                },
            }
        }
    }

    /// Does what a durable transition asks of the world.
    fn dispatch(&self, live: &Arc<Live>, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::StartTask(start) => self.start_attempt(live, start),
                Command::CancelTask { attempt } => {
                    let running = live.turn.lock().attempts.remove(&attempt);
                    if let Some(handle) = running.and_then(|running| running.handle) {
                        handle.abort();
                    }
                }
                Command::SetTimer { id, due } => {
                    let key = live.timer_key(id, due);
                    // Not one that a later transition has cleared already.
                    let turn = live.turn.lock();
                    if turn.timers.get(&id) == Some(&key) {
                        self.arm(key, due);
                    }
                }
                // Cleared with the transition.
                Command::ClearTimer { .. } => {}
                Command::Resume => {
                    let (engine, live) = (self.clone(), Arc::clone(live));
                    // Behind other work that is ready: a loop of states must not hold a thread.
                    tokio::spawn(async move { engine.deliver(&live, Input::Resumed, None).await.map(drop) });
                }
                Command::StartChild(start) => {
                    let failure = crate::task::unsupported(&start.resource);
                    let input = Input::TaskFailed { attempt: start.attempt, failure };
                    let _ = self.turn(live, &input, None);
                }
                Command::StartMapRun { attempt, .. } => {
                    tracing::error!(%attempt, "a Distributed Map was not refused when its machine was created");
                }
                Command::Close(outcome) => self.closed(live, &outcome),
            }
        }
    }

    /// An execution has closed, durably.
    fn closed(&self, live: &Arc<Live>, outcome: &Outcome) {
        let Live { number, caller, arn, .. } = &**live;
        tracing::debug!(execution.arn = %caller.execution_arn, outcome = outcome_name(outcome), "closed");
        for (_, running) in live.turn.lock().attempts.drain() {
            if let Some(handle) = running.handle {
                handle.abort();
            }
        }
        self.0.drivers.remove(live);
        let waiter = self.0.drivers.waiters.lock().remove(number);
        if let Some(waiter) = waiter {
            waiter.notify_waiters();
        }
        // A machine that is being deleted goes with its last execution.
        if self.0.is_deleting(&caller.scope, &arn.machine) {
            let (engine, scope, machine) = (self.clone(), caller.scope.clone(), arn.machine.clone());
            tokio::spawn(async move { engine.0.finish_deleting(&scope, &machine).await });
        }
    }
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded(_) => "SUCCEEDED",
        Outcome::Failed(_) => "FAILED",
        Outcome::TimedOut => "TIMED_OUT",
        Outcome::Aborted(_) => "ABORTED",
    }
}

/// A refused submission in the words of a failed commit.
fn stopped(error: &SubmitError) -> CommitError {
    match error {
        SubmitError::Stopped(reason) => CommitError::Stopped(reason.clone()),
        SubmitError::QueueFull { .. } | SubmitError::LowSpace { .. } | SubmitError::TooLarge { .. } => {
            CommitError::Refused(Refusal::Unreadable(error.to_string()))
        }
    }
}
