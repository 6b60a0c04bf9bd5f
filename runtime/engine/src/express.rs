//! Express executions: in memory, through the same interpreter and the same attempts, without a commit on the way.
//!
//! One future owns the execution from start to end, so there is no lock and no hop between threads that is not needed.
//! An asynchronous start is recorded first and its record removed by a later group that nothing waits for.

use crate::driver::{Pin, caught, internal_failure};
use crate::engine::Engine;
use crate::execution::Billing;
use crate::function::invocation::Callable;
use crate::machine::Machine;
use crate::share::Share;
use crate::task::{Answer, Call, Caller, failure_of};
use crate::{Scope, StoreFailure, row};
use futures_util::future::{AbortHandle, Abortable, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::WorkflowType;
use stepwell_interpreter::{
    AttemptId, Command, Execution, Input, Outcome, Rejected, StartInput, TaskStart, TimerId, Transition,
};
use stepwell_store::{Commit, Lane, PendingKey, PendingKind, PendingWrite, SubmitError};
use stepwell_types::{ExecutionArn, Failure, Name, Payload, Timestamp};

/// How often a recorded start is run again after a crash. Source: house rule.
const RUNS_MAX: u32 = 3;
/// Rows read at once.
const PAGE_ROWS: usize = 256;
/// Billed memory is rounded up to this. Source: AWS.
const BILLED_MEMORY_MB: u64 = 64;
/// Billed time is rounded up to this. Source: AWS.
const BILLED_TIME_MS: u64 = 100;

/// How an Express execution ended.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) stopped: Timestamp,
    pub(crate) billed: Billing,
}

/// A recorded asynchronous start.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StartRow {
    arn: String,
    revision: u64,
    input: Arc<str>,
    started_ms: i64,
    /// Runs begun.
    runs: u32,
}

/// What an Express execution begins with.
pub(crate) struct ExpressStart {
    pub(crate) number: u64,
    pub(crate) arn: ExecutionArn,
    pub(crate) input: Payload,
    pub(crate) started: Timestamp,
}

type AttemptFuture = Abortable<BoxFuture<'static, Answer>>;

/// An execution on its way.
struct Run<'a> {
    engine: &'a Engine,
    caller: Arc<Caller>,
    attempts: FuturesUnordered<AttemptFuture>,
    handles: HashMap<AttemptId, AbortHandle>,
    timers: BTreeSet<(Timestamp, TimerId)>,
    due: HashMap<TimerId, Timestamp>,
    ready: VecDeque<Input>,
    pins: Arc<parking_lot::Mutex<HashMap<u32, Pin>>>,
    memory_peak_bytes: Arc<std::sync::atomic::AtomicU64>,
}

impl Engine {
    /// Runs an Express execution to its end.
    pub(crate) async fn run_express(&self, scope: &Scope, machine: &Machine, start: ExpressStart) -> Ended {
        let ExpressStart { number, arn, input, started } = start;
        // From the first start on, also for an execution that runs again after a crash.
        let limit_s = stepwell_types::quota::EXPRESS_EXECUTION_SECONDS_MAX;
        let limit_s = machine.definition.timeout_seconds.map_or(limit_s, |own| own.min(limit_s));
        let deadline = started.after(Duration::from_secs(limit_s));
        let caller = Arc::new(Caller { scope: scope.clone(), execution_arn: arn.text() });
        let start = StartInput {
            shard: u32::from(self.0.store.shard().0),
            number,
            arn,
            machine_arn: machine.arn.clone(),
            version_arn: None,
            alias_arn: None,
            role_arn: Arc::clone(&machine.row.role_arn),
            input,
            seed: self.0.seed(number),
            token_key: self.0.token_key(number),
            kind: WorkflowType::Express,
            deadline: Some(deadline),
        };
        let mut run = Run {
            engine: self,
            caller: Arc::clone(&caller),
            attempts: FuturesUnordered::new(),
            handles: HashMap::new(),
            timers: BTreeSet::new(),
            due: HashMap::new(),
            ready: VecDeque::new(),
            pins: Arc::default(),
            memory_peak_bytes: Arc::default(),
        };
        let given_up = |panic: Box<str>| {
            let execution = &caller.execution_arn;
            tracing::error!(execution.arn = %execution, panic, "a step of an Express execution panicked; it fails");
            let stopped = self.0.clock.now().max(started);
            let billed = Billing { memory_mb: BILLED_MEMORY_MB, duration: stopped.since(started) };
            Ended { outcome: Outcome::Failed(internal_failure()), stopped, billed }
        };
        let began = caught(|| Execution::start(Arc::clone(&machine.definition), start, self.0.clock.now()));
        let mut transition = match began {
            Ok(transition) => transition,
            Err(panic) => return given_up(panic),
        };
        loop {
            let mut execution = transition.next;
            if let Some(outcome) = run.follow(transition.commands) {
                let stopped = execution.progress().last_at;
                return Ended { outcome, stopped, billed: run.billed(started, stopped) };
            }
            transition = loop {
                let (input, now) = run.next_input().await;
                match caught(|| self.express_step(&caller, execution, input, now)) {
                    Ok(Ok(transition)) => break transition,
                    // Late or early: nothing happened.
                    Ok(Err(rejected)) => execution = rejected.execution,
                    // There is nothing behind it to go on from.
                    Err(panic) => return given_up(panic),
                }
            };
        }
    }

    fn express_step(
        &self,
        caller: &Caller,
        execution: Execution,
        input: Input,
        now: Timestamp,
    ) -> Result<Transition, Box<Rejected>> {
        if let Some(probe) = &self.0.config.probe {
            probe.before_step(&caller.execution_arn, input.name());
        }
        execution.step(input, now)
    }

    /// Records an asynchronous start durably, then lets it run.
    pub(crate) async fn start_express(
        &self,
        scope: &Scope,
        machine: Arc<Machine>,
        start: ExpressStart,
        share: Share,
    ) -> Result<(), SubmitOrStore> {
        let row = StartRow {
            arn: start.arn.to_string(),
            revision: machine.revision,
            input: Arc::clone(start.input.text()),
            started_ms: start.started.as_millis(),
            runs: 1,
        };
        let key = PendingKey::ExpressStart { execution: start.number };
        let mut commit = Commit::new(scope.account, self.0.store.epoch());
        commit.lane = Lane::Start;
        commit.pending.push(PendingWrite::Add(key, row::encode(&row)));
        let ticket = self.0.store.submit(commit).map_err(SubmitOrStore::Submit)?;
        let (engine, scope, recorded) = (self.clone(), scope.clone(), ticket.clone());
        // What is recorded runs, whether or not the caller stays to hear of it.
        tokio::spawn(async move {
            if recorded.await.is_ok() {
                engine.run_recorded(&scope, &machine, start, key).await;
            }
            drop(share);
        });
        ticket.await.map(drop).map_err(|error| SubmitOrStore::Store(error.into()))
    }

    async fn run_recorded(&self, scope: &Scope, machine: &Machine, start: ExpressStart, key: PendingKey) {
        let arn = start.arn.clone();
        let Ended { outcome, .. } = self.run_express(scope, machine, start).await;
        if let Outcome::Failed(failure) = &outcome {
            tracing::info!(execution.arn = %arn, error = ?failure.error, "an Express execution failed");
        }
        self.drop_row(key);
    }

    /// Runs again what had been accepted and had not ended.
    pub(crate) async fn recover_express(&self) -> Result<(), stepwell_store::ReadError> {
        let mut after = None;
        loop {
            let page = self.0.store.pending(PendingKind::ExpressStart, after, PAGE_ROWS).await?;
            for found in page.rows {
                // Numbers above are this process's own.
                if let PendingKey::ExpressStart { execution } = found.key
                    && execution <= self.0.first_number
                {
                    self.recover_start(found.key, execution, &found.value).await;
                }
            }
            match page.next {
                Some(next) if !self.0.stopping.is_cancelled() => after = Some(next),
                _ => return Ok(()),
            }
        }
    }

    async fn recover_start(&self, key: PendingKey, number: u64, value: &[u8]) {
        let Ok(row) = row::decode::<StartRow>(value) else {
            tracing::error!(
                execution.number = number,
                "a recorded Express start cannot be read and is left where it is"
            );
            return;
        };
        let started = Timestamp::from_millis(row.started_ms);
        let Ok(arn) = row.arn.parse::<ExecutionArn>() else { return };
        if row.runs >= RUNS_MAX {
            tracing::error!(execution.arn = %arn, runs = row.runs, "an Express execution failed: the server stopped during each of its runs");
            return self.drop_row(key);
        }
        let scope = Scope { account: arn.account, region: arn.region.clone() };
        let machine = match self.0.machine_at(&scope, &arn.machine, row.revision).await {
            Ok(machine) => machine,
            Err(failure) => {
                tracing::error!(execution.arn = %arn, %failure, "an Express execution cannot run again");
                return;
            }
        };
        let mut commit = Commit::new(scope.account, self.0.store.epoch());
        let again = StartRow { runs: row.runs + 1, ..row.clone() };
        commit.pending.push(PendingWrite::Replace(key, row::encode(&again)));
        let Ok(ticket) = self.0.store.submit(commit) else { return };
        if ticket.await.is_err() {
            return;
        }
        let start = ExpressStart { number, arn, input: Payload::from_checked_text(row.input), started };
        let engine = self.clone();
        // Accepted before; it counts for those that are to be.
        let share = self.0.open_express.take_over(scope.account);
        tokio::spawn(async move {
            engine.run_recorded(&scope, &machine, start, key).await;
            drop(share);
        });
    }
}

/// Why a start was not recorded.
pub(crate) enum SubmitOrStore {
    Submit(SubmitError),
    Store(StoreFailure),
}

impl Run<'_> {
    /// Does what a transition asks; says how the execution ended, if it has.
    fn follow(&mut self, commands: Vec<Command>) -> Option<Outcome> {
        for command in commands {
            match command {
                Command::StartTask(start) => self.start(start),
                Command::CancelTask { attempt } => {
                    if let Some(handle) = self.handles.remove(&attempt) {
                        handle.abort();
                    }
                }
                Command::SetTimer { id, due } => {
                    if let Some(earlier) = self.due.insert(id, due) {
                        self.timers.remove(&(earlier, id));
                    }
                    self.timers.insert((due, id));
                }
                Command::ClearTimer { id } => {
                    if let Some(due) = self.due.remove(&id) {
                        self.timers.remove(&(due, id));
                    }
                }
                Command::Resume => self.ready.push_back(Input::Resumed),
                Command::StartChild(start) => {
                    let failure = crate::task::unsupported(&start.resource);
                    self.ready.push_back(Input::TaskFailed { attempt: start.attempt, failure });
                }
                Command::StartMapRun { attempt, .. } => {
                    let failure =
                        Failure::new(stepwell_types::ErrorName::RUNTIME, "Distributed Map is not served yet");
                    self.ready.push_back(Input::TaskFailed { attempt, failure });
                }
                Command::Close(outcome) => return Some(outcome),
            }
        }
        None
    }

    fn start(&mut self, start: Box<TaskStart>) {
        let attempt = start.attempt;
        if start.timeout_s.is_some() || start.heartbeat_s.is_some() {
            self.ready.push_back(Input::TaskStarted { attempt, worker: None });
        }
        let (engine, caller) = (self.engine.clone(), Arc::clone(&self.caller));
        let (pins, peak) = (Arc::clone(&self.pins), Arc::clone(&self.memory_peak_bytes));
        let future: BoxFuture<'static, Answer> = Box::pin(async move {
            match resolve(&engine, &caller, &start, &pins).await {
                Ok((call, callable)) => {
                    let answer = engine.attempt(&caller, &start, call, &callable).await;
                    let used = answer.usage.as_ref().map_or(0, |usage| usage.memory_peak_bytes);
                    peak.fetch_max(used, std::sync::atomic::Ordering::Relaxed);
                    answer
                }
                Err(failure) => Answer { input: Input::TaskFailed { attempt, failure }, usage: None },
            }
        });
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(attempt, handle);
        self.attempts.push(Abortable::new(future, registration));
    }

    /// What happens next, and when. A timer comes with the time that it was compared with: by a clock that has been
    /// set back since, it would be refused and lost.
    async fn next_input(&mut self) -> (Input, Timestamp) {
        loop {
            let now = self.engine.0.clock.now();
            // Before what is ready: a loop of states is always ready, and has a deadline nevertheless.
            if let Some((due, id)) = self.timers.first().copied()
                && due <= now
            {
                self.timers.remove(&(due, id));
                self.due.remove(&id);
                return (Input::TimerFired { id }, now);
            }
            if let Some(input) = self.ready.pop_front() {
                if matches!(input, Input::Resumed) {
                    // Behind other work that is ready: a loop of states must not hold a thread.
                    tokio::task::yield_now().await;
                }
                return (input, self.engine.0.clock.now());
            }
            // Due times are whole milliseconds of wall time: wait out the one that has begun.
            let wait = self.timers.first().map_or(Duration::from_secs(1), |(due, _)| due.since(now));
            let answered = if self.attempts.is_empty() {
                tokio::time::sleep(wait).await;
                None
            } else {
                tokio::select! {
                    biased;
                    answered = self.attempts.next() => answered,
                    () = tokio::time::sleep(wait) => None,
                }
            };
            // What was given up ends as `Aborted`, and nothing follows from it.
            if let Some(Ok(answer)) = answered {
                if let Some(attempt) = answer.input.attempt() {
                    self.handles.remove(&attempt);
                }
                return (answer.input, self.engine.0.clock.now());
            }
        }
    }

    fn billed(&self, started: Timestamp, stopped: Timestamp) -> Billing {
        let peak_mb = self.memory_peak_bytes.load(std::sync::atomic::Ordering::Relaxed).div_ceil(1 << 20);
        let millis = u64::try_from(stopped.since(started).as_millis()).unwrap_or(u64::MAX);
        Billing {
            memory_mb: peak_mb.max(1).next_multiple_of(BILLED_MEMORY_MB),
            duration: Duration::from_millis(millis.max(1).next_multiple_of(BILLED_TIME_MS)),
        }
    }
}

/// Finds the code of an attempt: a retry keeps what its visit began with.
async fn resolve(
    engine: &Engine,
    caller: &Caller,
    start: &TaskStart,
    pins: &parking_lot::Mutex<HashMap<u32, Pin>>,
) -> Result<(Call, Arc<Callable>), Failure> {
    let call = Call::read(&caller.scope, start)?;
    let callable =
        engine.callable(&caller.scope, &call.function).await.map_err(|error| failure_of(&error))?;
    let pin = pins.lock().get(&start.frame.0).copied().filter(|pin| pin.visit == start.visit.0);
    match pin {
        Some(pin) => Ok((call, Engine::pinned(callable, pin.digest))),
        None => {
            pins.lock().insert(start.frame.0, Pin { visit: start.visit.0, digest: callable.digest });
            Ok((call, callable))
        }
    }
}

/// The name of an execution that was started without one: a UUID.
pub(crate) fn random_name() -> Name {
    Name::new(&crate::random::uuid().to_string()).unwrap_or_else(|_| unreachable!("a UUID is a name"))
}
