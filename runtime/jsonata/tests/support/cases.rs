//! Cases in JSON Lines: how one is evaluated, and how its answer looks.

use std::time::{Instant, SystemTime};
use stepwell_jsonata::{Budget, Environment, Error, Expression, Limit, Options, Outcome, stringify};
use stepwell_types::{Map, Value};

/// Stack of a thread that evaluates cases.
pub(crate) const STACK_BYTES: usize = 1 << 30;
/// Levels of evaluation where a case sets none.
const DEPTH_MAX: u32 = 200_000;
/// Milliseconds where a case sets none.
const TIME_MILLIS_MAX: u64 = 20_000;

/// The answer to one case, as a line of JSON.
pub(crate) fn answer(line: &str) -> String {
    let mut answer = Map::new();
    match Value::parse(line) {
        Ok(case) => {
            answer.insert("id", case.get("id").cloned().unwrap_or_default());
            match evaluate(&case) {
                Ok(Outcome::Undefined) => insert(&mut answer, "status", "undefined"),
                Ok(Outcome::Function) => insert(&mut answer, "status", "function"),
                Ok(Outcome::Value(value)) => {
                    insert(&mut answer, "status", "result");
                    insert(&mut answer, "json", &stringify(&value));
                }
                Err(error) => insert_error(&mut answer, &error, case.get("depth").is_some()),
            }
        }
        Err(error) => {
            answer.insert("id", Value::Null);
            insert(&mut answer, "status", "error");
            insert(&mut answer, "message", &format!("not a case: {error}"));
        }
    }
    stringify(&Value::object(answer))
}

fn insert(answer: &mut Map, key: &str, text: &str) {
    answer.insert(key, Value::str(text));
}

fn insert_error(answer: &mut Map, error: &Error, boxed: bool) {
    insert(answer, "status", "error");
    insert(answer, "code", error.code);
    if let Some(position) = error.position {
        answer.insert("position", Value::I64(position.into()));
    }
    if let Some(token) = &error.token {
        answer.insert("token", token.clone());
    }
    // The suite's cases with limits of their own name the limit, where the reference's runner has a text.
    let message = match error.limit {
        Some(Limit::Depth) if boxed => "stack",
        Some(Limit::Fuel | Limit::Deadline) if boxed => "time",
        _ => &error.message,
    };
    insert(answer, "message", message);
}

/// Evaluates a case.
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
pub(crate) fn evaluate(case: &Value) -> Result<Outcome, Error> {
    let text = case.get("expr").and_then(Value::as_str).unwrap_or_default();
    let data = case.get("data").and_then(Value::as_str).map(|text| Value::parse(text).unwrap_or_default());
    let no_bindings = Map::new();
    let bindings = case.get("bindings").and_then(Value::as_object).unwrap_or(&no_bindings);
    let number = |key: &str| case.get(key).and_then(Value::as_u64);
    let depth = number("depth").and_then(|depth| u32::try_from(depth).ok()).unwrap_or(DEPTH_MAX);
    let slower = if cfg!(debug_assertions) { 4 } else { 1 };
    let limit = std::time::Duration::from_millis(number("timelimit").unwrap_or(TIME_MILLIS_MAX) * slower);
    let start = Instant::now();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let passed = || start.elapsed() > limit;
    let environment = Environment {
        now_millis: now.ok().and_then(|now| i64::try_from(now.as_millis()).ok()).unwrap_or(0),
        seed: 1,
        budget: Budget { bytes: 8 << 30, ..Budget::unlimited(depth) },
        deadline: Some(&passed),
    };
    Expression::compile(text, &Options::standard())?.evaluate(data.as_ref(), bindings, &environment)
}
