//! Seeded random machines, answers and stops. Each run must end, leave nothing behind, survive leaving memory
//! before every input, and replay byte for byte. A failure prints its seed; a found seed becomes a fixture.

use crate::simulation::{EPOCH_MS, Saying, Simulation, Word, machine, start_input};
use std::cell::Cell;
use std::time::Duration;
use stepwell_history::{EventId, EventKind};
use stepwell_interpreter::{Input, TaskStart};
use stepwell_types::{ErrorName, Failure, Payload, Timestamp, Value};

const SEEDS: u64 = 200;

/// A splitmix64 generator.
struct Dice(Cell<u64>);

impl Dice {
    fn below(&self, bound: u64) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// Writes random flows; every state has a name of its own, and all data has an array at `$.items`.
struct Author<'d> {
    dice: &'d Dice,
    names: Cell<u64>,
}

impl Author<'_> {
    fn flow(&self, depth: u64) -> String {
        let first = self.names.get();
        let count = 1 + self.dice.below(3);
        self.names.set(first + count);
        let states: Vec<_> = (first..first + count)
            .map(|n| {
                let next = if n + 1 == first + count { None } else { Some(n + 1) };
                format!(r#""S{n}":{}"#, self.state(n, next, depth))
            })
            .collect();
        format!(r#"{{"StartAt":"S{first}","States":{{{}}}}}"#, states.join(","))
    }

    fn state(&self, n: u64, next: Option<u64>, depth: u64) -> String {
        let end = next.map_or_else(|| r#""End":true"#.to_owned(), |next| format!(r#""Next":"S{next}""#));
        let handlers = self.handlers(next);
        match self.dice.below(if depth == 0 { 6 } else { 10 }) {
            0 => format!(r#"{{"Type":"Pass","Assign":{{"v{n}.$":"$.items[0]"}},{end}}}"#),
            1 => format!(r#"{{"Type":"Wait","Seconds":{},{end}}}"#, self.dice.below(4)),
            2 if next.is_some() => {
                let next = next.unwrap_or(n);
                let rule = format!(r#"{{"Variable":"$.items[0]","NumericEquals":1,"Next":"S{next}"}}"#);
                format!(r#"{{"Type":"Choice","Choices":[{rule}],"Default":"S{next}"}}"#)
            }
            3 if next.is_none() && self.dice.one_in(2) => {
                r#"{"Type":"Fail","Error":"E1","Cause":"by chance"}"#.to_owned()
            }
            2..=5 => {
                let limit = if self.dice.one_in(2) { r#""TimeoutSeconds":3,"# } else { "" };
                format!(
                    r#"{{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:111111111111:function:f",{limit}{handlers}
                    "ResultPath":"$.r",{end}}}"#
                )
            }
            6 | 7 => {
                let branches: Vec<_> = (0..1 + self.dice.below(3)).map(|_| self.flow(depth - 1)).collect();
                let branches = branches.join(",");
                format!(r#"{{"Type":"Parallel","Branches":[{branches}],{handlers}"ResultPath":"$.p",{end}}}"#)
            }
            _ => {
                let at_once = self.dice.below(4);
                let tolerated = if self.dice.one_in(3) { r#""ToleratedFailureCount":1,"# } else { "" };
                let selector = r#"{"items.$":"$.items","item.$":"$$.Map.Item.Value"}"#;
                format!(
                    r#"{{"Type":"Map","ItemsPath":"$.items","ItemSelector":{selector},"MaxConcurrency":{at_once},
                    {tolerated}{handlers}"ItemProcessor":{},"ResultPath":"$.m",{end}}}"#,
                    self.flow(depth - 1)
                )
            }
        }
    }

    fn handlers(&self, next: Option<u64>) -> String {
        let mut text = String::new();
        if self.dice.one_in(2) {
            text.push_str(
                r#""Retry":[{"ErrorEquals":["E1"],"MaxAttempts":1},
                {"ErrorEquals":["States.ALL"],"MaxAttempts":1,"JitterStrategy":"FULL"}],"#,
            );
        }
        if let Some(next) = next.filter(|_| self.dice.one_in(2)) {
            text.push_str(&format!(
                r#""Catch":[{{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"S{next}"}}],"#
            ));
        }
        text
    }
}

fn answer(dice: &Dice, _: &TaskStart) -> Vec<Saying> {
    let after = Duration::from_millis(dice.below(5_000));
    let fail = |error: &'static str| Word::Failed(Failure::without_cause(ErrorName::new(error)));
    let what = match dice.below(10) {
        0 => fail("E1"),
        1 => fail("E2"),
        2 if dice.one_in(4) => fail("States.Runtime"),
        3 if dice.one_in(3) => return Vec::new(),
        _ => Word::Succeeded(Payload::from_value(Value::from(format!(
            "a result, drawn: {}",
            dice.below(1_000)
        )))),
    };
    vec![Saying { after, what }]
}

fn run(seed: u64) -> usize {
    let dice = Dice(Cell::new(seed));
    let definition = Author { dice: &dice, names: Cell::new(0) }.flow(3);
    let stop = dice.one_in(5).then(|| dice.below(6_000));
    let answers = Dice(Cell::new(!seed));
    let input = start_input(r#"{"items":[1,2,3]}"#);
    let mut simulation = Simulation::start(machine(&definition), input, move |task| answer(&answers, task));
    if let Some(at_ms) = stop {
        simulation.run_until(Timestamp::from_millis(EPOCH_MS + i64::try_from(at_ms).unwrap()));
        simulation.give(Input::StopRequested { failure: Failure::default() });
    }
    simulation.run();
    assert!(simulation.outcome.is_some(), "it ends");
    assert!((1..).zip(&simulation.events).all(|(id, event)| event.id == EventId(id)), "ids have no gap");
    assert!(simulation.events.iter().all(|event| event.previous_id < event.id), "events point back");
    let last = &simulation.events.last().unwrap().kind;
    assert!(matches!(
        last,
        EventKind::ExecutionSucceeded(_)
            | EventKind::ExecutionFailed(_)
            | EventKind::ExecutionAborted(_)
            | EventKind::ExecutionTimedOut(_)
    ));
    simulation.journal.check_replay();
    simulation.journal.check_history_only();
    simulation.events.len()
}

#[test]
fn random_machines_end_restore_and_replay() {
    let mut events = 0;
    for seed in 0..SEEDS {
        let result = std::panic::catch_unwind(|| run(seed));
        events += result.unwrap_or_else(|_| panic!("seed {seed}"));
    }
    println!("{SEEDS} random machines, {events} events");
}
