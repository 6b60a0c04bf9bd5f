//! Task: does a piece of work. Its events differ with what it calls: a function's ARN, an activity, a service.

mod argument;
mod event;

use super::setting;
use crate::command::{Command, TaskStart};
use crate::context::Surroundings;
use crate::data_flow;
use crate::execution::Execution;
use crate::frame::{Alarm, Frame, FrameId, Phase, TaskWait, Waiting};
use crate::input::{AttemptId, Input, TimerId};
use crate::observer::{Setting, Stage};
use crate::query;
use crate::rejected::Reason;
use crate::retry::{Origin, Trouble};
use crate::token::TaskToken;
use crate::turn::{Attempt, Halt, Step, Turn};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::{Pattern, Resource, State, StateKind, Task};
use stepwell_types::{ErrorName, Failure, Payload};

/// Schedules an attempt.
pub(crate) fn begin(turn: &mut Turn<'_>, id: FrameId, state: &State, task: &Task) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    // The attempt is named by the event that is about to be written.
    let attempt = AttemptId(turn.execution.progress.next_event);
    let token = match &task.resource {
        Resource::LambdaInvoke(pattern) => token_of(&turn.execution, *pattern, attempt),
        Resource::Service(service) => token_of(&turn.execution, service.pattern, attempt),
        Resource::Function(_) | Resource::Activity(_) => None,
    };
    let parameters =
        turn.evaluate(id, |at| data_flow::parameters(&at.with_token(token), state, input.clone()))?;
    turn.observe(id, Stage::AfterParameters, &parameters);
    if let Resource::LambdaInvoke(_) = task.resource {
        let faults = argument::faults(parameters.value());
        if !faults.is_empty() {
            return turn.evaluate(id, |at| Err(cannot_start(at, &parameters, &faults)));
        }
    }
    let parameters = data_flow::within_limit(parameters, event::service_name(task))?;
    turn.made(&parameters);
    let (timeout_s, heartbeat_s, role_arn) = turn.evaluate(id, |at| {
        let seconds = |field, setting: &Option<_>| {
            setting.as_ref().map(|setting| setting::seconds(at, field, setting, &input)).transpose()
        };
        let role =
            task.role_arn.as_ref().map(|role| query::text(at, "RoleArn.$", role, &input)).transpose()?;
        Ok((
            seconds("TimeoutSecondsPath", &task.timeout_seconds)?,
            seconds("HeartbeatSecondsPath", &task.heartbeat_seconds)?,
            role,
        ))
    })?;
    if turn.is_observed() {
        let timeout = timeout_s.map(Setting::TimeoutSeconds);
        let heartbeat = heartbeat_s.map(Setting::HeartbeatSeconds);
        for setting in timeout.into_iter().chain(heartbeat) {
            turn.tell(id, |observer, at| observer.setting(at, setting));
        }
    }
    let wait = TaskWait {
        attempt,
        phase: Phase::Scheduled,
        input: parameters,
        timeout_s,
        heartbeat_s,
        timeout: None,
        heartbeat: None,
        role_arn,
    };
    let previous = turn.frame(id)?.last_event;
    let region = Arc::from(turn.execution.start.arn.region.as_str());
    turn.emit(previous, event::scheduled(task, &wait, region))?;
    let frame = turn.frame_mut(id)?;
    frame.last_event = attempt.0;
    frame.waiting = Waiting::Task(Box::new(wait));
    let command = start_command(&turn.execution, turn.frame(id)?);
    turn.commands.extend(command);
    Ok(())
}

fn cannot_start(at: &Surroundings<'_>, parameters: &Payload, faults: &[String]) -> Failure {
    let (parameters, faults) = (parameters.text(), faults.join(", "));
    query::runtime(
        at,
        &format!("The Parameters '{parameters}' could not be used to start the Task: [{faults}]"),
    )
}

fn token_of(execution: &Execution, pattern: Pattern, attempt: AttemptId) -> Option<Arc<str>> {
    match pattern {
        Pattern::WaitForTaskToken => Some(token(execution, attempt)),
        Pattern::RequestResponse | Pattern::Sync | Pattern::Sync2 => None,
    }
}

fn token(execution: &Execution, attempt: AttemptId) -> Arc<str> {
    let start = &execution.start;
    TaskToken::new(start.shard, start.number, attempt, &start.token_key).text()
}

/// The command that starts a frame's open attempt; `None` if it has none that is still to be run.
pub(crate) fn start_command(execution: &Execution, frame: &Frame) -> Option<Command> {
    let Waiting::Task(wait) = &frame.waiting else { return None };
    let state = execution.machine.state(frame.at);
    let StateKind::Task(task) = &state.kind else { return None };
    if wait.phase == Phase::Submitted {
        return None;
    }
    let (token, is_child) = match &task.resource {
        Resource::Function(_) => (None, false),
        Resource::Activity(_) => (Some(token(execution, wait.attempt)), false),
        Resource::LambdaInvoke(pattern) => (token_of(execution, *pattern, wait.attempt), false),
        Resource::Service(service) => {
            let is_child = &*service.service == "states" && &*service.action == "startExecution";
            (token_of(execution, service.pattern, wait.attempt), is_child)
        }
    };
    let start = Box::new(TaskStart {
        attempt: wait.attempt,
        visit: frame.entered_event,
        frame: frame.id,
        state: Arc::clone(&state.name),
        resource: task.resource.clone(),
        input: wait.input.clone(),
        retry: frame.retry_count(),
        timeout_s: wait.timeout_s,
        heartbeat_s: wait.heartbeat_s,
        token,
        role_arn: wait.role_arn.clone(),
    });
    Some(if is_child { Command::StartChild(start) } else { Command::StartTask(start) })
}

/// Whether a frame takes an input about its attempt.
pub(crate) fn accepts(frame: &Frame, input: &Input) -> Result<(), Reason> {
    let (Waiting::Task(wait), Some(attempt)) = (&frame.waiting, input.attempt()) else {
        return Err(Reason::NothingToResume);
    };
    let is_late = match input {
        Input::TaskStarted { .. } => wait.phase != Phase::Scheduled,
        Input::TaskSubmitted { .. } => wait.phase == Phase::Submitted,
        _ => false,
    };
    if is_late { Err(Reason::AlreadyReported(attempt)) } else { Ok(()) }
}

/// The attempt has begun: its clocks start.
pub(crate) fn started(turn: &mut Turn<'_>, id: FrameId, worker: Option<Arc<str>>) -> Step {
    ensure_started(turn, id, worker)?;
    let (timeout_s, heartbeat_s) = {
        let wait = wait_mut(turn, id)?;
        (wait.timeout_s, wait.heartbeat_s)
    };
    let timeout = set_timer(turn, id, timeout_s)?;
    let heartbeat = set_timer(turn, id, heartbeat_s)?;
    let wait = wait_mut(turn, id)?;
    wait.timeout = timeout;
    wait.heartbeat = heartbeat;
    Ok(())
}

fn set_timer(turn: &mut Turn<'_>, id: FrameId, seconds: Option<u64>) -> Step<Option<Alarm>> {
    let Some(seconds) = seconds else { return Ok(None) };
    let due = turn.now.after(Duration::from_secs(seconds));
    turn.set_timer(id, due).map(Some)
}

/// Writes that the attempt has begun, if that is not written yet.
fn ensure_started(turn: &mut Turn<'_>, id: FrameId, worker: Option<Arc<str>>) -> Step {
    if wait_mut(turn, id)?.phase != Phase::Scheduled {
        return Ok(());
    }
    let machine = Arc::clone(&turn.machine);
    let (_, task) = task_of(turn, &machine, id)?;
    write(turn, id, event::started(task, worker))?;
    wait_mut(turn, id)?.phase = Phase::Started;
    Ok(())
}

/// The service has taken the job; a callback or the job's end answers.
pub(crate) fn submitted(turn: &mut Turn<'_>, id: FrameId, output: Payload) -> Step {
    ensure_clocks(turn, id)?;
    let machine = Arc::clone(&turn.machine);
    let (_, task) = task_of(turn, &machine, id)?;
    match data_flow::within_limit(output, event::service_name(task)) {
        Ok(output) => {
            write(turn, id, event::submitted(task, output))?;
            wait_mut(turn, id)?.phase = Phase::Submitted;
            Ok(())
        }
        Err(failure) => failed(turn, id, failure),
    }
}

/// As [`ensure_started`], but the attempt goes on, so its clocks must run.
fn ensure_clocks(turn: &mut Turn<'_>, id: FrameId) -> Step {
    match wait_mut(turn, id)?.phase {
        Phase::Scheduled => started(turn, id, None),
        Phase::Started | Phase::Submitted => Ok(()),
    }
}

/// The attempt has succeeded.
pub(crate) fn succeeded(turn: &mut Turn<'_>, id: FrameId, output: Payload) -> Step {
    let machine = Arc::clone(&turn.machine);
    let (state, task) = task_of(turn, &machine, id)?;
    let output = match data_flow::within_limit(output, event::service_name(task)) {
        Ok(output) => output,
        Err(failure) => return failed(turn, id, failure),
    };
    ensure_started(turn, id, None)?;
    clear_timers(turn, id, None)?;
    write(turn, id, event::succeeded(task, output.clone()))?;
    let frame = turn.frame_mut(id)?;
    // The attempt is answered: nothing is to be cancelled, whatever comes of its result.
    frame.waiting = Waiting::Ready;
    let previous = frame.last_event;
    let result = turn.conclude(id, state, &output, previous);
    turn.settle(id, result)
}

/// The attempt has failed.
pub(crate) fn failed(turn: &mut Turn<'_>, id: FrameId, failure: Failure) -> Step {
    ensure_started(turn, id, None)?;
    clear_timers(turn, id, None)?;
    let machine = Arc::clone(&turn.machine);
    let (_, task) = task_of(turn, &machine, id)?;
    write(turn, id, event::failed(task, failure.clone()))?;
    turn.frame_mut(id)?.waiting = Waiting::Ready;
    turn.fail(id, Trouble::from(failure))
}

/// The attempt has taken too long, or no heartbeat came. AWS records both as `States.Timeout` without a cause.
pub(crate) fn timed_out(turn: &mut Turn<'_>, id: FrameId, timer: TimerId) -> Step {
    let wait = wait_mut(turn, id)?;
    let is_heartbeat = wait.heartbeat.is_some_and(|alarm| alarm.serial == timer.serial);
    let attempt = wait.attempt;
    turn.commands.push(Command::CancelTask { attempt });
    clear_timers(turn, id, Some(timer))?;
    let machine = Arc::clone(&turn.machine);
    let (_, task) = task_of(turn, &machine, id)?;
    let failure = Failure::without_cause(ErrorName::TIMEOUT);
    write(turn, id, event::timed_out(task, failure.clone()))?;
    turn.frame_mut(id)?.waiting = Waiting::Ready;
    let origin = if is_heartbeat { Origin::Heartbeat } else { Origin::Plain };
    turn.fail(id, Trouble { failure, origin })
}

/// The attempt is alive: its heartbeat's due time moves, in memory alone.
pub(crate) fn heartbeat(turn: &mut Turn<'_>, id: FrameId) -> Step {
    let now = turn.now;
    let frame = turn.untouched_mut(id)?;
    let Waiting::Task(wait) = &mut frame.waiting else { return Err(Halt::Broken("no attempt")) };
    let (Some(seconds), Some(alarm)) = (wait.heartbeat_s, &mut wait.heartbeat) else { return Ok(()) };
    alarm.due = now.after(Duration::from_secs(seconds));
    let (alarm, id) = (*alarm, frame.id);
    turn.commands.push(Command::SetTimer { id: TimerId { frame: id, serial: alarm.serial }, due: alarm.due });
    Ok(())
}

fn clear_timers(turn: &mut Turn<'_>, id: FrameId, fired: Option<TimerId>) -> Step {
    let frame = turn.frame(id)?;
    let timers: Vec<_> = frame.alarms().map(|alarm| frame.timer(alarm)).collect();
    turn.commands.extend(
        timers.into_iter().filter(|timer| Some(*timer) != fired).map(|id| Command::ClearTimer { id }),
    );
    Ok(())
}

/// Writes an event along the frame's line.
fn write(turn: &mut Turn<'_>, id: FrameId, kind: stepwell_history::EventKind) -> Step {
    let previous = turn.frame(id)?.last_event;
    let event = turn.emit(previous, kind)?;
    turn.frame_mut(id)?.last_event = event;
    Ok(())
}

fn wait_mut<'t>(turn: &'t mut Turn<'_>, id: FrameId) -> Step<&'t mut TaskWait> {
    match &mut turn.frame_mut(id)?.waiting {
        Waiting::Task(wait) => Ok(wait),
        Waiting::Ready | Waiting::Time(_) | Waiting::Retry(_) | Waiting::Join(_) => {
            Err(Halt::Broken("no attempt"))
        }
    }
}

fn task_of<'m>(
    turn: &Turn<'_>,
    machine: &'m stepwell_asl::StateMachine,
    id: FrameId,
) -> Step<(&'m State, &'m Task)> {
    let state = machine.state(turn.frame(id)?.at);
    match &state.kind {
        StateKind::Task(task) => Ok((state, task)),
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_)
        | StateKind::Parallel(_)
        | StateKind::Map(_) => Err(Halt::Broken("an attempt outside of a Task")),
    }
}

impl<'a> Surroundings<'a> {
    /// The same surroundings with a task token.
    fn with_token(&self, token: Option<Arc<str>>) -> Surroundings<'a> {
        Surroundings { token, ..Surroundings::new(self.execution, self.frame, self.counter) }
    }
}
