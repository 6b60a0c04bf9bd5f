//! Limits: events, payloads, states per step, live iterations.

use crate::journal::waiting;
use crate::simulation::{Restores, Saying, Simulation, Word, machine, start_input};
use std::time::Duration;
use stepwell_history::EventKind;
use stepwell_interpreter::limit::{BYTES_PER_STEP_MAX, STATES_PER_STEP_MAX};
use stepwell_interpreter::{Outcome, TaskStart, Waiting};
use stepwell_types::quota::{HISTORY_EVENTS_MAX, INLINE_MAP_CONCURRENCY_MAX, PAYLOAD_BYTES_MAX};
use stepwell_types::{Payload, Value};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111111111111:function:f";

fn silent(_: &TaskStart) -> Vec<Saying> {
    Vec::new()
}

fn echo(task: &TaskStart) -> Vec<Saying> {
    let output = Payload::from_checked_text(std::sync::Arc::clone(task.input.text()));
    vec![Saying { after: Duration::from_millis(1), what: Word::Succeeded(output) }]
}

#[test]
fn event_25000_is_the_failure() {
    let machine = machine(
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
            "B":{"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"C"}],"Default":"A"},
            "C":{"Type":"Succeed"}}}"#,
    );
    let mut simulation = Simulation::start(machine, start_input(r#"{"x":1}"#), silent);
    let mut steps = 0;
    simulation.restores = Restores::Trusted;
    simulation.run();
    for cost in simulation.journal.cost() {
        steps += 1;
        assert!(cost.references <= 2, "{cost:?}");
    }
    assert!(steps >= 24_999 / 2 / STATES_PER_STEP_MAX, "no step goes on for ever: {steps}");
    assert_eq!(simulation.events.len() as u64, HISTORY_EVENTS_MAX);
    assert!((1..).zip(&simulation.events).all(|(id, event)| event.id.0 == id), "ids have no gap");
    let last = simulation.lines().pop().unwrap();
    assert_eq!(
        last,
        "25000 <- 24999 ExecutionFailed States.Runtime: The execution reached the maximum number of history events \
         (25000)."
    );
    assert!(matches!(simulation.outcome, Some(Outcome::Failed(_))));
}

#[test]
fn a_step_that_makes_much_data_is_committed_in_parts() {
    let branch = |n| {
        format!(
            r#"{{"StartAt":"A{n}","States":{{"A{n}":{{"Type":"Pass","Parameters":{{"a.$":"$.a"}},"Next":"B{n}"}},
            "B{n}":{{"Type":"Pass","Result":1,"End":true}}}}}}"#
        )
    };
    let branches = (0..200).map(branch).collect::<Vec<_>>().join(",");
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[{branches}],"End":true}}}}}}"#
    );
    let input = format!(r#"{{"a":"{}"}}"#, "x".repeat(PAYLOAD_BYTES_MAX - 100));
    let mut simulation = Simulation::start(machine(&definition), start_input(&input), silent);
    simulation.restores = Restores::Trusted;
    simulation.run();
    assert!(matches!(simulation.outcome, Some(Outcome::Succeeded(_))));
    let steps = simulation.journal.cost().len();
    assert!(steps > 200 * (PAYLOAD_BYTES_MAX - 100) / (BYTES_PER_STEP_MAX + PAYLOAD_BYTES_MAX), "{steps}");
}

#[test]
fn a_full_history_withdraws_what_the_step_asked_for() {
    let definition = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{{"StartAt":"T","States":{{
            "T":{{"Type":"Task","Resource":"{FUNCTION}","End":true}}}}}},"End":true}}}}}}"#
    );
    let items: Vec<_> = (0..10_000).map(Value::I64).collect();
    let input = Value::array(items).to_json();
    let mut simulation = Simulation::start(machine(&definition), start_input(&input), echo);
    simulation.restores = Restores::Trusted;
    simulation.run();
    assert_eq!(simulation.events.len() as u64, HISTORY_EVENTS_MAX);
    assert!(matches!(simulation.events.last().unwrap().kind, EventKind::ExecutionFailed(_)));
}

#[track_caller]
fn check_too_large(definition: &str, input: &str, want: &str) {
    let mut simulation = Simulation::start(machine(definition), start_input(input), echo);
    simulation.run();
    let last = simulation.lines().pop().unwrap();
    assert!(last.ends_with(want), "{last}");
}

#[test]
fn what_a_state_builds_has_a_limit() {
    let input = Value::from("x".repeat(PAYLOAD_BYTES_MAX / 2)).to_json();
    let limit = |what: &str| {
        format!(
            "ExecutionFailed States.DataLimitExceeded: The state/task '{what}' returned a result with a size \
             exceeding the maximum number of bytes service limit."
        )
    };
    check_too_large(
        r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"a.$":"$","b.$":"$"},"End":true}}}"#,
        &input,
        &limit("P"),
    );
    let branch = r#"{"StartAt":"X","States":{"X":{"Type":"Pass","End":true}}}"#.to_owned();
    let branches = format!("{branch},{}", branch.replace('X', "Y"));
    check_too_large(
        &format!(
            r#"{{"StartAt":"J","States":{{"J":{{"Type":"Parallel","Branches":[{branches}],"End":true}}}}}}"#
        ),
        &input,
        &limit("J"),
    );
    check_too_large(
        &format!(
            r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{FUNCTION}",
                "Parameters":{{"a.$":"$","b.$":"$"}},"End":true}}}}}}"#
        ),
        &input,
        &limit(FUNCTION),
    );
}

#[test]
fn at_most_40_iterations_live_at_once() {
    let definition = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{{"StartAt":"T","States":{{
            "T":{{"Type":"Task","Resource":"{FUNCTION}","End":true}}}}}},"End":true}}}}}}"#
    );
    let input = Value::array((0..100).map(Value::I64).collect()).to_json();
    let simulation = Simulation::start(machine(&definition), start_input(&input), silent);
    let live = waiting(simulation.execution.as_ref().unwrap(), |waiting| matches!(waiting, Waiting::Task(_)));
    assert_eq!(live, INLINE_MAP_CONCURRENCY_MAX);
    let mut simulation = Simulation::start(machine(&definition), start_input(&input), echo);
    simulation.run();
    let Some(Outcome::Succeeded(output)) = &simulation.outcome else { panic!("{:?}", simulation.outcome) };
    assert_eq!(**output.text(), input);
}

#[test]
fn data_cannot_be_wrapped_beyond_the_depth_that_can_be_read_back() {
    let nested = format!("{}1{}", "[".repeat(127), "]".repeat(127));
    let definition = |state: &str| format!(r#"{{"StartAt":"S","States":{{"S":{state}}}}}"#);
    let refused = "The data is nested deeper than 128 arrays and objects.";
    check_too_large(&definition(r#"{"Type":"Pass","InputPath":"$$","End":true}"#), &nested, refused);
    let branch = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let around = format!(
        r#"{{"StartAt":"B","States":{{"B":{{"Type":"Parallel","Branches":[{branch}],"End":true}}}}}}"#
    );
    let twice = definition(&format!(r#"{{"Type":"Parallel","Branches":[{around}],"End":true}}"#));
    check_too_large(&twice, &nested, refused);
}
