//! A world in which an execution runs: time that is only counted, functions that answer by a script.

use crate::journal::Journal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::StateMachine;
use stepwell_asl::definition::WorkflowType;
use stepwell_history::{EventKind, HistoryEvent};
use stepwell_interpreter::{
    AttemptId, Cause, Command, Execution, Input, Outcome, StartInput, TaskStart, TimerId, TokenKey,
    Transition,
};
use stepwell_types::{Failure, Payload, Timestamp};

/// When every simulated execution starts.
pub(crate) const EPOCH_MS: i64 = 1_700_000_000_000;

/// One thing that an attempt tells, some time after it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Saying {
    pub(crate) after: Duration,
    pub(crate) what: Word,
}

#[derive(Clone, Debug)]
pub(crate) enum Word {
    Submitted(Payload),
    Succeeded(Payload),
    Failed(Failure),
    Heartbeat,
}

/// Whether answers may be split into a start and an end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Starts {
    Told,
    Implied,
}

type Script = Box<dyn FnMut(&TaskStart) -> Vec<Saying>>;

/// Whether every input is also given to executions restored from the journal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restores {
    Checked,
    Trusted,
}

pub(crate) struct Simulation {
    pub(crate) now: Timestamp,
    pub(crate) execution: Option<Execution>,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) tokens: Vec<Arc<str>>,
    pub(crate) journal: Journal,
    pub(crate) refused: Vec<String>,
    starts: Starts,
    pub(crate) restores: Restores,
    /// What an attempt says.
    script: Script,
    /// Inputs to come, in order of time and of being asked for.
    queue: BTreeMap<(Timestamp, u64), Input>,
    timers: BTreeMap<TimerId, (Timestamp, u64)>,
    serial: u64,
    started: BTreeSet<u64>,
    called_back: BTreeSet<AttemptId>,
}

pub(crate) fn start_input(input: &str) -> StartInput {
    StartInput {
        shard: 0,
        number: 7,
        arn: "arn:aws:states:us-east-1:111111111111:execution:machine:run".parse().unwrap(),
        machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:machine".parse().unwrap(),
        version_arn: None,
        alias_arn: None,
        role_arn: Arc::from("arn:aws:iam::111111111111:role/role"),
        input: Payload::parse(input).unwrap(),
        seed: [3; 32],
        token_key: TokenKey([5; 32]),
        kind: WorkflowType::Standard,
        deadline: None,
    }
}

pub(crate) fn machine(definition: &str) -> Arc<StateMachine> {
    let (machine, findings) = stepwell_asl::parse(definition, WorkflowType::Standard);
    Arc::new(machine.unwrap_or_else(|| panic!("{findings:?}")))
}

impl Simulation {
    pub(crate) fn start(
        machine: Arc<StateMachine>,
        start: StartInput,
        script: impl FnMut(&TaskStart) -> Vec<Saying> + 'static,
    ) -> Self {
        Self::start_with(machine, start, Starts::Told, script)
    }

    pub(crate) fn start_with(
        machine: Arc<StateMachine>,
        start: StartInput,
        starts: Starts,
        script: impl FnMut(&TaskStart) -> Vec<Saying> + 'static,
    ) -> Self {
        let now = Timestamp::from_millis(EPOCH_MS);
        let mut simulation = Self {
            now,
            execution: None,
            events: Vec::new(),
            outcome: None,
            tokens: Vec::new(),
            journal: Journal::new(Arc::clone(&machine)),
            refused: Vec::new(),
            starts,
            restores: Restores::Checked,
            script: Box::new(script),
            queue: BTreeMap::new(),
            timers: BTreeMap::new(),
            serial: 0,
            started: BTreeSet::new(),
            called_back: BTreeSet::new(),
        };
        let cause = Cause::Started(Arc::new(start.clone()));
        let transition = Execution::start(machine, start, now);
        simulation.accept(transition, &cause);
        simulation
    }

    /// Runs until nothing is left to happen.
    pub(crate) fn run(&mut self) -> &mut Self {
        while self.step() {}
        self
    }

    /// Runs what happens until `time`, and lets the clock stand there.
    pub(crate) fn run_until(&mut self, time: Timestamp) -> &mut Self {
        while self.queue.first_key_value().is_some_and(|((at, _), _)| *at <= time) {
            self.step();
        }
        self.now = time;
        self
    }

    fn step(&mut self) -> bool {
        let Some(((at, _), input)) = self.queue.pop_first() else { return false };
        self.now = self.now.max(at);
        if let Input::TimerFired { id } = &input {
            self.timers.remove(id);
        }
        self.give(input);
        true
    }

    /// Gives an input now; a refusal is kept as text.
    pub(crate) fn give(&mut self, input: Input) {
        let execution = self.execution.take().unwrap();
        if self.restores == Restores::Checked {
            self.journal.check_restored(&execution, &input, self.now);
        }
        match execution.step(input.clone(), self.now) {
            Ok(transition) => self.accept(transition, &Cause::Took(input)),
            Err(rejected) => {
                self.refused.push(format!("{}: {}", input.name(), rejected.reason));
                self.execution = Some(rejected.execution);
            }
        }
    }

    fn accept(&mut self, transition: Transition, cause: &Cause) {
        self.journal.write(&transition, cause, self.now);
        let Transition { next, events, commands, .. } = transition;
        self.execution = Some(next);
        self.events.extend(events);
        for command in commands {
            self.obey(command);
        }
    }

    fn later(&mut self, at: Timestamp, input: Input) -> (Timestamp, u64) {
        self.serial += 1;
        self.queue.insert((at, self.serial), input);
        (at, self.serial)
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::StartTask(start) | Command::StartChild(start) => {
                assert!(self.started.insert(start.attempt.0.0), "attempt {} starts twice", start.attempt);
                let attempt = start.attempt;
                if let Some(token) = &start.token {
                    self.tokens.push(Arc::clone(token));
                    self.called_back.insert(attempt);
                }
                if self.starts == Starts::Told {
                    self.later(self.now, Input::TaskStarted { attempt, worker: None });
                }
                let sayings: VecDeque<_> = (self.script)(&start).into();
                for Saying { after, what } in sayings {
                    let input = match what {
                        Word::Submitted(output) => Input::TaskSubmitted { attempt, output },
                        Word::Succeeded(output) => Input::TaskSucceeded { attempt, output },
                        Word::Failed(failure) => Input::TaskFailed { attempt, failure },
                        Word::Heartbeat => Input::TaskHeartbeat { attempt },
                    };
                    self.later(self.now.after(after), input);
                }
            }
            Command::CancelTask { attempt } => {
                // Whoever holds a token does not hear of it.
                if !self.called_back.contains(&attempt) {
                    self.queue.retain(|_, input| input.attempt() != Some(attempt));
                }
            }
            Command::SetTimer { id, due } => {
                if let Some(key) = self.timers.remove(&id) {
                    self.queue.remove(&key);
                }
                let key = self.later(due, Input::TimerFired { id });
                self.timers.insert(id, key);
            }
            Command::ClearTimer { id } => {
                let key = self.timers.remove(&id).expect("only a set timer is cleared");
                self.queue.remove(&key);
            }
            Command::StartMapRun { .. } => panic!("no Map Run is asked for"),
            Command::Resume => {
                self.later(self.now, Input::Resumed);
            }
            Command::Close(outcome) => {
                assert!(self.outcome.replace(outcome).is_none(), "closed twice");
                for (_, key) in std::mem::take(&mut self.timers) {
                    self.queue.remove(&key);
                }
            }
        }
    }

    /// One line for each event: id, predecessor, type, and what is worth seeing of its details.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.events.iter().map(line).collect()
    }
}

/// `7 <- 6 PassStateEntered HandleItem 1`
pub(crate) fn line(event: &HistoryEvent) -> String {
    let mut line = format!("{} <- {} {}", event.id, event.previous_id, event.kind.name());
    let mut add = |text: &str| {
        line.push(' ');
        line.push_str(text);
    };
    let failure = |error: &Option<stepwell_types::ErrorName>, cause: &Option<Arc<str>>| {
        let error = error.as_ref().map_or("-", |error| error.as_str());
        format!("{error}: {}", cause.as_deref().unwrap_or("-"))
    };
    match &event.kind {
        EventKind::PassStateEntered(details)
        | EventKind::TaskStateEntered(details)
        | EventKind::ChoiceStateEntered(details)
        | EventKind::WaitStateEntered(details)
        | EventKind::SucceedStateEntered(details)
        | EventKind::FailStateEntered(details)
        | EventKind::ParallelStateEntered(details)
        | EventKind::MapStateEntered(details) => {
            add(&details.name);
            add(details.input.as_ref().unwrap().text());
        }
        EventKind::PassStateExited(details)
        | EventKind::TaskStateExited(details)
        | EventKind::ChoiceStateExited(details)
        | EventKind::WaitStateExited(details)
        | EventKind::SucceedStateExited(details)
        | EventKind::ParallelStateExited(details)
        | EventKind::MapStateExited(details) => {
            add(&details.name);
            add(details.output.as_ref().unwrap().text());
            for (name, value) in details.assigned_variables.iter().flat_map(|assigned| &assigned.0) {
                add(&format!("{name}={}", value.text()));
            }
        }
        EventKind::MapIterationStarted(details)
        | EventKind::MapIterationSucceeded(details)
        | EventKind::MapIterationFailed(details)
        | EventKind::MapIterationAborted(details) => add(&format!("{} {}", details.name, details.index)),
        EventKind::MapStateStarted(details) => add(&details.length.to_string()),
        EventKind::LambdaFunctionScheduled(details) => {
            add(details.input.as_ref().unwrap().text());
            if let Some(seconds) = details.timeout_s {
                add(&format!("timeout={seconds}"));
            }
        }
        EventKind::TaskScheduled(details) => {
            add(&format!("{}:{} {}", details.resource_type, details.resource, details.parameters.0.text()));
            if let Some(seconds) = details.timeout_s {
                add(&format!("timeout={seconds}"));
            }
            if let Some(seconds) = details.heartbeat_s {
                add(&format!("heartbeat={seconds}"));
            }
        }
        EventKind::LambdaFunctionSucceeded(details) | EventKind::ExecutionSucceeded(details) => {
            add(details.output.as_ref().unwrap().text());
        }
        EventKind::TaskSubmitted(details) | EventKind::TaskSucceeded(details) => {
            add(details.output.as_ref().unwrap().text());
        }
        EventKind::LambdaFunctionFailed(details)
        | EventKind::LambdaFunctionTimedOut(details)
        | EventKind::ExecutionFailed(details)
        | EventKind::ExecutionAborted(details)
        | EventKind::ExecutionTimedOut(details) => add(&failure(&details.error, &details.cause)),
        EventKind::TaskFailed(details) | EventKind::TaskTimedOut(details) => {
            add(&failure(&details.error, &details.cause));
        }
        EventKind::ExecutionStarted(details) => add(details.input.as_ref().unwrap().text()),
        _ => {}
    }
    line
}
