//! What is refused, what is not due, what is moved, what is still wanted after a restart.

use crate::simulation::{EPOCH_MS, Saying, Simulation, machine, start_input};
use stepwell_history::EventId;
use stepwell_interpreter::frame::Phase;
use stepwell_interpreter::{AttemptId, Command, FrameId, Input, Status, TaskStart, TimerId, Waiting};
use stepwell_types::{Failure, Payload, Timestamp, Value};

const TASK: &str = r#"{"StartAt":"S","States":{"S":{"Type":"Task","TimeoutSeconds":100,"HeartbeatSeconds":10,
    "Resource":"arn:aws:states:us-east-1:111111111111:activity:a","End":true}}}"#;

const ATTEMPT: AttemptId = AttemptId(EventId(3));

fn silent(_: &TaskStart) -> Vec<Saying> {
    Vec::new()
}

fn begin() -> Simulation {
    let mut simulation = Simulation::start(machine(TASK), start_input("{}"), silent);
    simulation.run_until(Timestamp::from_millis(EPOCH_MS));
    simulation
}

#[track_caller]
fn check_refused(simulation: &mut Simulation, input: Input, reason: &str) {
    let before = format!("{:?}", simulation.execution);
    simulation.give(input);
    assert_eq!(simulation.refused.pop().as_deref(), Some(reason));
    assert_eq!(format!("{:?}", simulation.execution), before, "unchanged");
}

#[test]
fn what_is_not_waited_for_is_refused() {
    let mut simulation = begin();
    let none = AttemptId(EventId(2));
    let output = Payload::from_value(Value::Null);
    let succeeded = |attempt| Input::TaskSucceeded { attempt, output: output.clone() };
    let timer = |serial| Input::TimerFired { id: TimerId { frame: FrameId::ROOT, serial } };
    let of_frame = |frame| Input::TimerFired { id: TimerId { frame: FrameId(frame), serial: 1 } };
    check_refused(&mut simulation, succeeded(none), "TaskSucceeded: attempt 2 is not waited for");
    let again = Input::TaskStarted { attempt: ATTEMPT, worker: None };
    check_refused(&mut simulation, again, "TaskStarted: attempt 3 has gone on since");
    check_refused(&mut simulation, timer(9), "TimerFired: timer 9 of frame 0 is not waited for");
    check_refused(&mut simulation, of_frame(5), "TimerFired: timer 1 of frame 5 is not waited for");
    check_refused(&mut simulation, timer(1), "TimerFired: timer 1 of frame 0 is not due");
    check_refused(&mut simulation, timer(0), "TimerFired: timer 0 of frame 0 is not due");
    check_refused(&mut simulation, Input::Resumed, "Resumed: nothing is left to resume");
    check_refused(
        &mut simulation,
        Input::RedriveRequested,
        "RedriveRequested: executions cannot be redriven yet",
    );
    simulation.give(succeeded(ATTEMPT));
    assert_eq!(simulation.execution.as_ref().unwrap().progress().status, Status::Succeeded);
    check_refused(&mut simulation, succeeded(ATTEMPT), "TaskSucceeded: the execution has ended");
    let stop = Input::StopRequested { failure: Failure::default() };
    check_refused(&mut simulation, stop, "StopRequested: the execution has ended");
    check_refused(
        &mut simulation,
        Input::RedriveRequested,
        "RedriveRequested: executions cannot be redriven yet",
    );
}

#[test]
fn a_heartbeat_moves_the_due_time_and_writes_nothing() {
    let mut simulation = begin();
    let execution = simulation.execution.take().unwrap();
    let now = Timestamp::from_millis(EPOCH_MS + 9_000);
    let transition = execution.step(Input::TaskHeartbeat { attempt: ATTEMPT }, now).unwrap();
    assert!(transition.is_transient());
    let due = Timestamp::from_millis(EPOCH_MS + 19_000);
    let id = TimerId { frame: FrameId::ROOT, serial: 2 };
    assert!(matches!(transition.commands[..], [Command::SetTimer { id: i, due: d }] if i == id && d == due));
    let early = transition.next.step(Input::TimerFired { id }, Timestamp::from_millis(EPOCH_MS + 10_000));
    assert_eq!(early.unwrap_err().reason.to_string(), "timer 2 of frame 0 is not due");
}

#[test]
fn the_clock_never_runs_backwards() {
    let mut simulation = begin();
    let execution = simulation.execution.take().unwrap();
    let failure = Failure::default();
    let transition =
        execution.step(Input::TaskFailed { attempt: ATTEMPT, failure }, Timestamp::from_millis(5)).unwrap();
    assert!(transition.events.iter().all(|event| event.timestamp.as_millis() == EPOCH_MS));
}

#[test]
fn what_is_outstanding_can_be_asked_for_again() {
    let simulation = begin();
    let execution = simulation.execution.as_ref().unwrap();
    let outstanding = execution.outstanding();
    let timers = outstanding.iter().filter(|command| matches!(command, Command::SetTimer { .. })).count();
    assert_eq!(timers, 3, "the deadline, the time-out and the heartbeat");
    assert!(outstanding.iter().any(|c| matches!(c, Command::StartTask(start) if start.attempt == ATTEMPT)));
    let frame = execution.frame_of(ATTEMPT).unwrap();
    assert!(matches!(&frame.waiting, Waiting::Task(wait) if wait.phase == Phase::Started));
}

#[test]
fn a_partial_execution_asks_for_what_a_join_or_a_stop_must_see() {
    let definition = r#"{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":2,"ItemProcessor":{"StartAt":"W",
        "States":{"W":{"Type":"Wait","SecondsPath":"$","End":true}}},"End":true}}}"#;
    let mut simulation = Simulation::start(machine(definition), start_input("[3,1,1]"), silent);
    simulation.run();
    let (frames, results) = &simulation.journal.asked;
    assert!(frames.get() >= 3, "each end of a wait needs its own frame");
    assert_eq!(results.get(), 2, "only the join needs results, of either restored execution");
}
