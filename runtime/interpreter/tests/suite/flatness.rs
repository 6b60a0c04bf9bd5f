//! What a transition costs does not grow with history, with the width of a Map or with the size of the input.

use crate::journal::Cost;
use crate::simulation::{Restores, Saying, Simulation, Word, machine, start_input};
use std::time::Duration;
use stepwell_interpreter::TaskStart;
use stepwell_types::{Payload, Value};

/// Bytes that a transition may write beyond the texts of new payloads, where it begins at most one frame.
const CONTENT_BYTES_MAX: usize = 2_048;

fn answer(_: &TaskStart) -> Vec<Saying> {
    let output = Payload::from_value(Value::from("an answer that is long enough to be a payload of its own"));
    vec![Saying { after: Duration::from_millis(1), what: Word::Succeeded(output) }]
}

fn costs(definition: &str, input: &str) -> Vec<Cost> {
    let mut simulation = Simulation::start(machine(definition), start_input(input), answer);
    simulation.restores = Restores::Trusted;
    simulation.run();
    simulation.journal.cost()
}

/// The mean of the costs from `from` to `to`, in per cent of the number of transitions.
fn mean(costs: &[Cost], from: usize, to: usize) -> f64 {
    let part = &costs[costs.len() * from / 100..costs.len() * to / 100];
    let sum: usize = part.iter().map(|cost| cost.content).sum();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let mean = sum as f64 / part.len() as f64;
    mean
}

fn map(width: usize) -> (String, String) {
    let definition = r#"{"StartAt":"Each","States":{"Each":{"Type":"Map","MaxConcurrency":2,"ItemProcessor":{
        "StartAt":"Work","States":{"Work":{"Type":"Task","End":true,
        "Resource":"arn:aws:lambda:us-east-1:111111111111:function:worker"}}},"End":true}}}"#;
    let items = (0..width).map(|n| Value::from(format!("{n:06}"))).collect();
    (definition.to_owned(), Value::array(items).to_json())
}

#[test]
fn flat_over_the_width_of_a_map() {
    let (definition, input) = map(10);
    let narrow = costs(&definition, &input);
    let (definition, input) = map(10_000);
    let wide = costs(&definition, &input);
    // The last transitions of the wide one meet the end of the history.
    let middle = &wide[..wide.len() - 100];
    let most = narrow.iter().chain(middle).map(|cost| cost.content).max().unwrap();
    let (narrow_mean, wide_mean) = (mean(&narrow, 20, 80), mean(middle, 20, 80));
    println!("Map of 10: {narrow_mean:.0} bytes a transition; of 10,000: {wide_mean:.0}; most {most}");
    assert!(most <= CONTENT_BYTES_MAX, "{most}");
    assert!(wide_mean <= narrow_mean * 1.2, "{wide_mean} {narrow_mean}");
    assert!(middle.iter().all(|cost| cost.references <= 4), "few earlier transitions are named");
}

const LOOP: &str = r#"{"StartAt":"Work","States":{
    "Work":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:111111111111:function:worker",
        "ResultPath":"$.result","Next":"Again"},
    "Again":{"Type":"Choice","Choices":[{"Variable":"$.done","IsPresent":true,"Next":"End"}],"Default":"Work"},
    "End":{"Type":"Succeed"}}}"#;

#[test]
fn flat_over_history() {
    let costs = costs(LOOP, r#"{"name":"a loop of a Task and a Choice"}"#);
    assert!(costs.len() > 7_000, "{}", costs.len());
    let (early, late) = (mean(&costs, 0, 5), mean(&costs, 90, 99));
    let most = costs.iter().map(|cost| cost.content).max().unwrap();
    println!("first 5 % of 25,000 events: {early:.0} bytes a transition; last: {late:.0}; most {most}");
    assert!(late <= early * 1.2, "{late} {early}");
    assert!(most <= CONTENT_BYTES_MAX, "{most}");
}

#[test]
fn flat_over_the_size_of_the_input() {
    let input = |bytes: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes));
    let definition = LOOP.replace(r#""ResultPath":"$.result""#, r#""ResultPath":null"#);
    let [small, large] = [1 << 10, 200 << 10].map(|bytes| mean(&costs(&definition, &input(bytes)), 0, 20));
    println!("input of 1 KiB: {small:.0} bytes a transition; of 200 KiB: {large:.0}");
    assert!(large <= small * 1.2, "{large} {small}");
}

#[test]
fn a_map_that_begins_40_iterations_writes_40_frames_once() {
    let (definition, input) = map(1_000);
    let costs = costs(&definition.replace(r#""MaxConcurrency":2,"#, ""), &input);
    let first = costs[0].content;
    let most = costs[1..].iter().map(|cost| cost.content).max().unwrap();
    println!("a Map's start with 40 iterations: {first} bytes; later transitions: at most {most}");
    assert!(first <= 40 * CONTENT_BYTES_MAX / 4, "{first}");
    assert!(most <= CONTENT_BYTES_MAX, "{most}");
}
