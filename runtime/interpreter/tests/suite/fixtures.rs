//! One runner for all files in `tests/fixtures`: definition, input, scripted answers and expected history together.
//!
//! Each line of a history is `+MILLISECONDS ID <- PREVIOUS TYPE …`. A run with `STEPWELL_BLESS=1` writes what
//! happens into the files, to be read before it is committed.
//!
//! Every fixture also proves that its execution may leave memory before any input, and that its journal replays
//! byte for byte.

use crate::simulation::{EPOCH_MS, Saying, Simulation, Starts, Word, line, machine, start_input};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::WorkflowType;
use stepwell_interpreter::{Input, Outcome, TaskStart, TaskToken};
use stepwell_types::{ErrorName, Failure, Map, Payload, Timestamp, Value};

#[test]
fn all_fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let fixture = Value::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let have = run(&fixture, Starts::Told);
        let want = fixture.get("expect").cloned().unwrap_or_default();
        if std::env::var_os("STEPWELL_BLESS").is_some() {
            let Value::Object(fields) = &fixture else { panic!("no object") };
            let mut fields: Map = (**fields).clone();
            fields.insert("expect", have);
            std::fs::write(file, pretty(&Value::object(fields), 0) + "\n").unwrap();
        } else if want != have {
            wrong.push(format!("{}\n{}", file.display(), difference(&want, &have)));
        } else if fixture.get("starts_may_be_implied") == Some(&Value::Bool(true)) {
            let have = run(&fixture, Starts::Implied);
            assert_eq!(without_times(&have), without_times(&want), "{} with implied starts", file.display());
        }
    }
    assert!(files.len() >= 25, "the fixtures are there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The history, what was refused and how it ended.
fn run(fixture: &Value, starts: Starts) -> Value {
    let definition = fixture.get("definition").unwrap().to_json();
    let machine = machine(&definition);
    let input = fixture.get("input").map_or_else(|| "{}".to_owned(), Value::to_json);
    let mut start = start_input(&input);
    if fixture.get("type").and_then(Value::as_str) == Some("EXPRESS") {
        start.kind = WorkflowType::Express;
    }
    let key = start.token_key.clone();
    let answers = fixture.get("answers").cloned().unwrap_or_default();
    let mut attempts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let script = move |task: &TaskStart| {
        let attempt = attempts.entry(Arc::clone(&task.state)).or_default();
        let scripted = answers.get(&task.state).and_then(Value::as_array).unwrap_or_default();
        let sayings =
            scripted.get(*attempt).or(scripted.last()).and_then(Value::as_array).unwrap_or_default();
        *attempt += 1;
        sayings.iter().map(|saying| parse_saying(saying, task)).collect::<Vec<_>>()
    };
    let mut simulation = Simulation::start_with(machine, start, starts, script);
    for event in fixture.get("events").and_then(Value::as_array).unwrap_or_default() {
        let at = Timestamp::from_millis(EPOCH_MS + event.get("at_ms").and_then(Value::as_i64).unwrap());
        simulation.run_until(at);
        simulation.give(Input::StopRequested { failure: failure(event.get("stop").unwrap()) });
    }
    simulation.run();
    for token in &simulation.tokens {
        assert!(TaskToken::parse(token).unwrap().is_genuine(&key));
    }
    simulation.journal.check_replay();
    simulation.journal.check_history_only();
    let mut have = Map::new();
    let lines = simulation.events.iter().map(|event| {
        let text = format!("+{} {}", event.timestamp.as_millis() - EPOCH_MS, line(event));
        Value::from(simulation.tokens.iter().fold(text, |text, token| text.replace(&**token, "<token>")))
    });
    have.insert("history", Value::array(lines.collect()));
    if !simulation.refused.is_empty() {
        have.insert("refused", Value::array(simulation.refused.iter().map(Value::str).collect()));
    }
    have.insert("outcome", Value::str(outcome(simulation.outcome.as_ref())));
    Value::object(have)
}

/// The history alone, without `+MILLISECONDS`: a start that is implied happens with the answer.
fn without_times(result: &Value) -> Vec<String> {
    let history = result.get("history").and_then(Value::as_array).unwrap_or_default();
    let text =
        |line: &Value| line.as_str().and_then(|line| line.split_once(' ')).map(|(_, text)| text.to_owned());
    history.iter().filter_map(text).collect()
}

fn outcome(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Succeeded(_)) => "SUCCEEDED",
        Some(Outcome::Failed(_)) => "FAILED",
        Some(Outcome::TimedOut) => "TIMED_OUT",
        Some(Outcome::Aborted(_)) => "ABORTED",
        None => "RUNNING",
    }
}

/// `{"after_ms": 5, "succeeded": X}`, `submitted`, `failed`, `heartbeat`, or `echo`: the task's own input.
fn parse_saying(saying: &Value, task: &TaskStart) -> Saying {
    let after_ms = saying.get("after_ms").and_then(Value::as_u64).unwrap_or(0);
    let payload = |value: &Value| Payload::from_value(value.clone());
    let what = if let Some(output) = saying.get("succeeded") {
        Word::Succeeded(payload(output))
    } else if let Some(output) = saying.get("submitted") {
        Word::Submitted(payload(output))
    } else if let Some(reason) = saying.get("failed") {
        Word::Failed(failure(reason))
    } else if saying.get("heartbeat").is_some() {
        Word::Heartbeat
    } else {
        assert!(saying.get("echo").is_some(), "a saying says something: {saying}");
        Word::Succeeded(Payload::from_checked_text(Arc::clone(task.input.text())))
    };
    Saying { after: Duration::from_millis(after_ms), what }
}

fn failure(value: &Value) -> Failure {
    Failure {
        error: value.get("error").and_then(Value::as_str).map(ErrorName::from),
        cause: value.get("cause").and_then(Value::as_str).map(Arc::from),
    }
}

fn difference(want: &Value, have: &Value) -> String {
    let lines = |value: &Value| {
        let history = value.get("history").and_then(Value::as_array).unwrap_or_default();
        let mut lines: Vec<_> =
            history.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect();
        lines.push(format!("refused {}", value.get("refused").unwrap_or(&Value::Null)));
        lines.push(format!("outcome {}", value.get("outcome").unwrap_or(&Value::Null)));
        lines
    };
    let (want, have) = (lines(want), lines(have));
    let same = want.iter().zip(&have).take_while(|(want, have)| want == have).count();
    let rest =
        |lines: &[String]| lines.iter().skip(same).take(4).map(|l| format!("   {l}\n")).collect::<String>();
    format!("  want\n{}  have\n{}", rest(&want), rest(&have))
}

/// JSON that people read: small values on one line.
fn pretty(value: &Value, indent: usize) -> String {
    let text = value.to_json();
    let (inner, outer) = ("  ".repeat(indent + 1), "  ".repeat(indent));
    match value {
        Value::Array(items) if !items.is_empty() && (text.len() > 90 || indent == 1) => {
            let items: Vec<_> =
                items.iter().map(|item| format!("{inner}{}", pretty(item, indent + 1))).collect();
            format!("[\n{}\n{outer}]", items.join(",\n"))
        }
        Value::Object(fields) if !fields.is_empty() && (text.len() > 90 || indent == 0) => {
            let field = |(key, value): &(Arc<str>, Value)| {
                format!("{inner}{}: {}", Value::str(key).to_json(), pretty(value, indent + 1))
            };
            format!("{{\n{}\n{outer}}}", fields.iter().map(field).collect::<Vec<_>>().join(",\n"))
        }
        _ => text,
    }
}
