//! An observer sees every stage of a Task, a Map and a Choice, named as in TestState's `inspectionData`.

use crate::simulation::{EPOCH_MS, machine, start_input};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::State;
use stepwell_history::EventId;
use stepwell_interpreter::observer::{Place, Setting};
use stepwell_interpreter::{
    AttemptId, Command, Execution, Extent, Input, Observer, Outcome, Stage, StartAt, Transition,
};
use stepwell_types::{ErrorName, Failure, Payload, Timestamp, Value};

/// Writes down what it sees.
#[derive(Default)]
struct Notes(Vec<String>);

impl Observer for Notes {
    fn stage(&mut self, at: Place<'_>, stage: Stage, data: &Payload) {
        self.0.push(format!("{} {} {}", at.state.name, stage.name(), data.text()));
    }
    fn setting(&mut self, at: Place<'_>, setting: Setting) {
        self.0.push(format!("{} {setting:?}", at.state.name));
    }
    fn assigned(&mut self, at: Place<'_>, variables: &[(Arc<str>, Payload)]) {
        for (name, value) in variables {
            self.0.push(format!("{} assigns {name} {}", at.state.name, value.text()));
        }
    }
    fn choice(&mut self, at: Place<'_>, rule: Option<usize>) {
        self.0.push(format!("{} takes rule {rule:?}", at.state.name));
    }
    fn failed(&mut self, at: Place<'_>, failure: &Failure) {
        self.0.push(format!("{} fails {:?}", at.state.name, failure.error));
    }
    fn retry(&mut self, at: Place<'_>, retrier: usize, backoff: Duration) {
        self.0.push(format!("{} retryIndex {retrier} after {backoff:?}", at.state.name));
    }
    fn catch(&mut self, at: Place<'_>, catcher: usize) {
        self.0.push(format!("{} catchIndex {catcher}", at.state.name));
    }
    fn next_state(&mut self, at: Place<'_>, next: Option<&State>) {
        self.0.push(format!("{} then {:?}", at.state.name, next.map(|next| &*next.name)));
    }
}

const MACHINE: &str = r#"{"StartAt":"Task","States":{
    "Task":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","InputPath":"$.in",
        "Parameters":{"FunctionName":"f","Payload":{"x.$":"$.x","v.$":"$v"}},"TimeoutSeconds":9,
        "ResultSelector":{"r.$":"$.Payload"},"ResultPath":"$.out","OutputPath":"$.out","Assign":{"w.$":"$.StatusCode"},
        "Retry":[{"ErrorEquals":["A"]},{"ErrorEquals":["B"],"IntervalSeconds":4}],
        "Catch":[{"ErrorEquals":["C"],"Next":"Choice"},{"ErrorEquals":["States.ALL"],"Next":"Choice"}],"Next":"Choice"},
    "Choice":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":1,"Next":"Map"},
        {"Variable":"$.n","NumericGreaterThan":1,"Next":"Map"}],"Default":"Map"},
    "Map":{"Type":"Map","InputPath":"$.all","ItemsPath":"$.items","ItemSelector":{"v.$":"$$.Map.Item.Value"},
        "MaxConcurrency":2,"ToleratedFailureCount":1,"ItemProcessor":{"StartAt":"In","States":{
        "In":{"Type":"Pass","End":true}}},"ResultSelector":{"n.$":"States.ArrayLength($)"},"End":true}}}"#;

fn start_at(state: &str, input: &str, retries: Vec<u32>, extent: Extent) -> (Transition, Notes) {
    let machine = machine(MACHINE);
    let at = StartAt {
        start: start_input("{}"),
        state: machine.find_name(state).unwrap(),
        input: Payload::parse(input).unwrap(),
        variables: vec![(Arc::from("v"), Payload::from_value(Value::I64(5)))],
        context: None,
        retries,
        extent,
    };
    let mut notes = Notes::default();
    let transition = Execution::start_at(machine, at, Timestamp::from_millis(EPOCH_MS), &mut notes);
    (transition, notes)
}

const TASK_INPUT: &str = r#"{"in":{"x":1}}"#;
const ATTEMPT: AttemptId = AttemptId(EventId(3));

fn answer(transition: Transition, input: Input) -> (Transition, Notes) {
    let mut notes = Notes::default();
    let now = Timestamp::from_millis(EPOCH_MS);
    (transition.next.step_observed(input, now, &mut notes).unwrap(), notes)
}

#[test]
fn all_stages_of_a_task() {
    let (transition, notes) = start_at("Task", TASK_INPUT, Vec::new(), Extent::OneState);
    assert_eq!(
        notes.0,
        [
            r#"Task input {"in":{"x":1}}"#,
            r#"Task afterInputPath {"x":1}"#,
            r#"Task afterParameters {"FunctionName":"f","Payload":{"x":1,"v":5}}"#,
            "Task TimeoutSeconds(9)",
        ]
    );
    let output = Payload::parse(r#"{"Payload":"p","StatusCode":200}"#).unwrap();
    let (transition, notes) = answer(transition, Input::TaskSucceeded { attempt: ATTEMPT, output });
    assert_eq!(
        notes.0,
        [
            r#"Task result {"Payload":"p","StatusCode":200}"#,
            r#"Task afterResultSelector {"r":"p"}"#,
            r#"Task afterResultPath {"in":{"x":1},"out":{"r":"p"}}"#,
            r#"Task output {"r":"p"}"#,
            "Task assigns w 200",
            r#"Task then Some("Choice")"#,
        ]
    );
    let [.., Command::Close(Outcome::Succeeded(output))] = &transition.commands[..] else {
        panic!("not closed")
    };
    assert_eq!(&**output.text(), r#"{"r":"p"}"#, "one state alone ends the run");
}

#[track_caller]
fn check_failure(error: &'static str, retries: Vec<u32>, want: &[&str]) {
    let (transition, _) = start_at("Task", TASK_INPUT, retries, Extent::OneState);
    let failure = Failure::without_cause(ErrorName::new(error));
    let (_, notes) = answer(transition, Input::TaskFailed { attempt: ATTEMPT, failure });
    assert_eq!(notes.0, want);
}

#[test]
fn retry_and_catch_say_which_entry_decides() {
    check_failure("B", Vec::new(), &["Task fails Some(B)", "Task retryIndex 1 after 4s"]);
    check_failure("B", vec![0, 1], &["Task fails Some(B)", "Task retryIndex 1 after 8s"]);
    check_failure(
        "B",
        vec![0, 3],
        &[
            "Task fails Some(B)",
            "Task catchIndex 1",
            r#"Task output {"Error":"B","Cause":""}"#,
            r#"Task then Some("Choice")"#,
        ],
    );
}

#[test]
fn all_stages_of_a_choice() {
    let (_, notes) = start_at("Choice", r#"{"n":2}"#, Vec::new(), Extent::OneState);
    assert_eq!(
        notes.0,
        [
            r#"Choice input {"n":2}"#,
            r#"Choice afterInputPath {"n":2}"#,
            "Choice takes rule Some(1)",
            r#"Choice output {"n":2}"#,
            r#"Choice then Some("Map")"#,
        ]
    );
    let (_, notes) = start_at("Choice", r#"{"n":0}"#, Vec::new(), Extent::OneState);
    assert_eq!(notes.0[2], "Choice takes rule None");
}

#[test]
fn all_stages_of_a_map() {
    let (_, notes) = start_at("Map", r#"{"all":{"items":["a"]}}"#, Vec::new(), Extent::Whole);
    assert_eq!(
        notes.0,
        [
            r#"Map input {"all":{"items":["a"]}}"#,
            r#"Map afterInputPath {"items":["a"]}"#,
            r#"Map afterItemsPath ["a"]"#,
            "Map MaxConcurrency(2)",
            "Map ToleratedFailureCount(1)",
            r#"Map afterItemSelector {"v":"a"}"#,
            r#"In input {"v":"a"}"#,
            r#"In afterInputPath {"v":"a"}"#,
            r#"In afterParameters {"v":"a"}"#,
            r#"In result {"v":"a"}"#,
            r#"In afterResultSelector {"v":"a"}"#,
            r#"In afterResultPath {"v":"a"}"#,
            r#"In output {"v":"a"}"#,
            "In then None",
            r#"Map result [{"v":"a"}]"#,
            r#"Map afterResultSelector {"n":1}"#,
            r#"Map afterResultPath {"n":1}"#,
            r#"Map output {"n":1}"#,
            "Map then None",
        ]
    );
}
