//! An execution's history as a table: when, what, which state, and what the work cost.

use crate::output::{self, BAD, FAINT, GOOD, ODD, PLAIN};
use clap::builder::styling::Style;
use serde_json::Value;
use std::collections::HashMap;
use stepwell_types::Timestamp;

/// Characters of the last column.
const DETAIL_CHARS_MAX: usize = 72;
const HEADING: [&str; 8] = ["Id", "Time", "Type", "State", "Ran", "Fuel", "Memory", "Detail"];
const RIGHT: [usize; 5] = [0, 1, 4, 5, 6];

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The event's id.
    pub(crate) id: u64,
    style: Style,
    cells: Vec<String>,
}

/// What one attempt of a task used.
#[derive(Clone, Debug)]
struct Used {
    duration_ms: u64,
    fuel: u64,
    memory_bytes: u64,
    limit: Option<String>,
}

/// Sums over an execution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Attempts that ran.
    pub(crate) attempts: usize,
    /// Their fuel.
    pub(crate) fuel: u64,
    /// Their time, in milliseconds.
    pub(crate) duration_ms: u64,
    /// The most memory that one of them held.
    pub(crate) memory_peak_bytes: u64,
    /// The limits that fired, with what to do about each.
    pub(crate) limits: Vec<String>,
}

/// Turns events into lines, one after the other, so that a history can be shown while it grows.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    started: Option<Timestamp>,
    /// The states in which each event stands, from the outermost; events follow each other by `previousEventId`.
    states: HashMap<u64, Vec<String>>,
    /// The event that scheduled the attempt to which an event belongs.
    scheduled: HashMap<u64, u64>,
    used: HashMap<u64, Used>,
}

impl Reader {
    /// A reader that knows what attempts used (`/v1/executions/{arn}/usage`).
    pub(crate) fn new(usage: &Value) -> Self {
        let mut reader = Self::default();
        reader.learn(usage);
        reader
    }

    /// Learns what further attempts used.
    pub(crate) fn learn(&mut self, usage: &Value) {
        for attempt in array(usage, "attempts") {
            let number = |name: &str| attempt.get(name).and_then(Value::as_u64).unwrap_or(0);
            let used = Used {
                duration_ms: number("durationMs"),
                fuel: number("fuel"),
                memory_bytes: number("memoryPeakBytes"),
                limit: text(attempt, "limit"),
            };
            self.used.insert(number("scheduledEventId"), used);
        }
    }

    /// The states in which an event stands.
    fn path(&self, kind: &str, previous: u64, name: Option<String>) -> Vec<String> {
        let mut path = self.states.get(&previous).cloned().unwrap_or_default();
        // An iteration may follow an event of an earlier one: where an event names its state, the name decides.
        if let Some(name) = name.as_ref().filter(|_| !kind.ends_with("StateEntered")) {
            match path.iter().rposition(|state| state == name) {
                Some(at) => path.truncate(at + 1),
                None => path = vec![name.clone()],
            }
        }
        match kind {
            // Within what has just begun; `StateEntered` of the first state puts its name in this place.
            "MapIterationStarted" | "ParallelStateStarted" => path.push(String::new()),
            "ParallelStateSucceeded" | "ParallelStateFailed" | "ParallelStateAborted" => drop(path.pop()),
            "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted" => {
                path.clear()
            }
            kind if kind.ends_with("StateEntered") => {
                path.pop();
                path.push(name.unwrap_or_default());
            }
            _ => {}
        }
        path
    }

    /// The line of an event. Events come in the order of their ids.
    pub(crate) fn row(&mut self, event: &Value) -> Row {
        let id = event.get("id").and_then(Value::as_u64).unwrap_or(0);
        let previous = event.get("previousEventId").and_then(Value::as_u64).unwrap_or(0);
        let kind = text(event, "type").unwrap_or_default();
        let at =
            text(event, "timestamp").and_then(|at| Timestamp::parse_rfc3339(&at).ok()).unwrap_or_default();
        let since = at.since(*self.started.get_or_insert(at));
        let details = details(event);

        let path = self.path(&kind, previous, text(details, "name"));
        // What has just begun is shown as what it is part of.
        let state = path.iter().rev().find(|state| !state.is_empty()).cloned().unwrap_or_default();
        self.states.insert(id, path);
        let scheduled =
            if kind.ends_with("Scheduled") { Some(id) } else { self.scheduled.get(&previous).copied() };
        if let Some(scheduled) = scheduled {
            self.scheduled.insert(id, scheduled);
        }
        let ends = ["Succeeded", "Failed", "TimedOut", "Submitted"].iter().any(|end| kind.ends_with(end));
        let used = scheduled.filter(|_| ends).and_then(|scheduled| self.used.remove(&scheduled));
        let (ran, fuel, memory) = used.as_ref().map_or_else(Default::default, |used| {
            (format!("{} ms", used.duration_ms), grouped(used.fuel), bytes(used.memory_bytes))
        });
        let detail = used.and_then(|used| used.limit).or_else(|| detail(&kind, details)).unwrap_or_default();
        let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
        let cells = vec![
            id.to_string(),
            format!("+{:.3} s", since.as_secs_f64()),
            kind.clone(),
            state,
            ran,
            fuel,
            memory,
            output::cut(&detail, DETAIL_CHARS_MAX),
        ];
        Row { id, style: style(&kind), cells }
    }
}

/// What all attempts of an execution used together.
pub(crate) fn totals(usage: &Value) -> Totals {
    let mut totals = Totals::default();
    for attempt in array(usage, "attempts") {
        let number = |name: &str| attempt.get(name).and_then(Value::as_u64).unwrap_or(0);
        totals.attempts += 1;
        totals.fuel += number("fuel");
        totals.duration_ms += number("durationMs");
        totals.memory_peak_bytes = totals.memory_peak_bytes.max(number("memoryPeakBytes"));
        totals.limits.extend(text(attempt, "limit").filter(|limit| !totals.limits.contains(limit)));
    }
    totals
}

impl Totals {
    /// The sums in one line.
    pub(crate) fn line(&self) -> String {
        let Self { attempts, fuel, duration_ms, memory_peak_bytes, limits: _ } = self;
        let attempts = if *attempts == 1 {
            "1 attempt".to_owned()
        } else {
            format!("{} attempts", grouped(*attempts as u64))
        };
        format!(
            "{attempts}, {} ms in guests, {} fuel, at most {} each",
            grouped(*duration_ms),
            grouped(*fuel),
            bytes(*memory_peak_bytes)
        )
    }
}

/// The table of these lines; of more than `rows_max` the middle is left out and counted.
pub(crate) fn table(rows: Vec<Row>, rows_max: usize) -> String {
    let total = rows.len();
    let head = rows_max - rows_max / 3;
    let mut lines: Vec<(Style, Vec<String>)> = Vec::with_capacity(total.min(rows_max.saturating_add(1)));
    for (at, row) in rows.into_iter().enumerate() {
        if total <= rows_max || at < head || at >= total - rows_max / 3 {
            lines.push((row.style, row.cells));
        } else if at == head {
            let left_out = format!("… {} more", grouped((total - rows_max) as u64));
            let mut cells = vec![String::new(); HEADING.len()];
            if let Some(cell) = cells.get_mut(2) {
                *cell = left_out;
            }
            lines.push((FAINT, cells));
        }
    }
    output::table(&HEADING, lines, &RIGHT)
}

/// A line by itself, for a history that is watched.
pub(crate) fn line(row: &Row) -> String {
    let mut text = String::new();
    let widths = [5, 10, 24, 24, 8, 12, 9, 0];
    for ((cell, width), column) in row.cells.iter().zip(widths).zip(0..) {
        let gap = if column == 0 { "" } else { "  " };
        if RIGHT.contains(&column) {
            text.push_str(&format!("{gap}{cell:>width$}"));
        } else {
            text.push_str(&format!("{gap}{cell:<width$}"));
        }
    }
    let text = text.trim_end();
    if row.style == PLAIN { text.to_owned() } else { output::paint(row.style, text) }
}

fn style(kind: &str) -> Style {
    match kind {
        "ExecutionSucceeded" => GOOD,
        "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted" => BAD,
        kind if kind.ends_with("Failed") || kind.ends_with("TimedOut") || kind.ends_with("Aborted") => ODD,
        _ => PLAIN,
    }
}

/// An event's details stand under a name of their own for each type.
fn details(event: &Value) -> &Value {
    const NONE: &Value = &Value::Null;
    let fields = event.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| name.ends_with("EventDetails"))
        .map(|(_, details)| details)
        .next()
        .unwrap_or(NONE)
}

/// What is worth a glance.
fn detail(kind: &str, details: &Value) -> Option<String> {
    if let Some(error) = text(details, "error") {
        return Some(match text(details, "cause") {
            Some(cause) => format!("{error}: {}", short_cause(&cause)),
            None => error,
        });
    }
    match kind {
        "LambdaFunctionScheduled" => text(details, "resource").map(|arn| function_name(&arn)),
        "TaskScheduled" => {
            let parameters: Value = serde_json::from_str(&text(details, "parameters")?).ok()?;
            text(&parameters, "FunctionName")
                .map(|arn| function_name(&arn))
                .or_else(|| text(details, "resource"))
        }
        "MapIterationStarted" | "MapIterationSucceeded" | "MapIterationFailed" | "MapIterationAborted" => {
            Some(format!("iteration {}", details.get("index")?))
        }
        "MapStateStarted" => Some(format!("{} items", grouped(details.get("length")?.as_u64()?))),
        "ExecutionStarted" => text(details, "input"),
        "ExecutionSucceeded" | "LambdaFunctionSucceeded" | "TaskSucceeded" => text(details, "output"),
        _ => None,
    }
}

/// A function's error payload has the message that a person wants to read.
fn short_cause(cause: &str) -> String {
    let payload: Option<Value> = serde_json::from_str(cause).ok();
    payload.and_then(|payload| text(&payload, "errorMessage")).unwrap_or_else(|| cause.to_owned())
}

/// `NAME` or `NAME:QUALIFIER` of a function's ARN.
fn function_name(arn: &str) -> String {
    arn.split_once(":function:").map_or(arn, |(_, name)| name).to_owned()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(ToOwned::to_owned)
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `1,234,567`
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `64 KiB`, `1.5 MiB`
pub(crate) fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        // One decimal.
        MIB..GIB => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
        _ => format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn events() -> Vec<Value> {
        let at = |ms: u32| format!("2026-01-01T00:00:00.{ms:03}Z");
        vec![
            json!({"id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": at(0),
                "executionStartedEventDetails": {"input": "{}"}}),
            json!({"id": 2, "previousEventId": 0, "type": "TaskStateEntered", "timestamp": at(1),
                "stateEnteredEventDetails": {"name": "Pay"}}),
            json!({"id": 3, "previousEventId": 2, "type": "LambdaFunctionScheduled", "timestamp": at(1),
                "lambdaFunctionScheduledEventDetails": {"resource": "arn:aws:lambda:r:a:function:pay"}}),
            json!({"id": 4, "previousEventId": 3, "type": "LambdaFunctionStarted", "timestamp": at(2)}),
            json!({"id": 5, "previousEventId": 4, "type": "LambdaFunctionFailed", "timestamp": at(9),
                "lambdaFunctionFailedEventDetails": {"error": "E", "cause": "{\"errorMessage\": \"no\"}"}}),
        ]
    }

    fn plain(text: &str) -> Vec<String> {
        anstream::adapter::strip_str(text).to_string().lines().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn states_and_costs_follow_the_chain() {
        let usage = json!({"attempts": [{"scheduledEventId": 3, "fuel": 1234, "durationMs": 7, "memoryPeakBytes": 65536}]});
        let mut reader = Reader::new(&usage);
        let rows: Vec<Row> = events().iter().map(|event| reader.row(event)).collect();
        let last = &rows.last().unwrap().cells;
        assert_eq!(last.join("|"), "5|+0.009 s|LambdaFunctionFailed|Pay|7 ms|1,234|64 KiB|E: no");
        assert_eq!(rows[2].cells.join("|"), "3|+0.001 s|LambdaFunctionScheduled|Pay||||pay");
        assert_eq!(rows[0].cells.join("|"), "1|+0.000 s|ExecutionStarted|||||{}");
        assert_eq!(totals(&usage).line(), "1 attempt, 7 ms in guests, 1,234 fuel, at most 64 KiB each");
    }

    #[test]
    fn inner_states_end_with_their_map() {
        let mut reader = Reader::default();
        let mut state = |id: u64, previous: u64, kind: &str, name: &str| {
            let details = if name.is_empty() { json!({}) } else { json!({ "name": name }) };
            let event =
                json!({"id": id, "previousEventId": previous, "type": kind, "xEventDetails": details});
            reader.row(&event).cells[3].clone()
        };
        assert_eq!(state(2, 0, "MapStateEntered", "M"), "M");
        assert_eq!(state(3, 2, "MapStateStarted", ""), "M");
        assert_eq!(state(4, 3, "MapIterationStarted", "M"), "M");
        assert_eq!(state(5, 4, "PassStateEntered", "P"), "P");
        assert_eq!(state(6, 5, "PassStateExited", "P"), "P");
        assert_eq!(state(7, 6, "MapIterationSucceeded", "M"), "M");
        assert_eq!(state(8, 6, "MapIterationStarted", "M"), "M");
        assert_eq!(state(9, 8, "PassStateEntered", "P"), "P");
        assert_eq!(state(8, 9, "MapIterationSucceeded", "M"), "M");
        assert_eq!(state(8, 7, "MapStateSucceeded", ""), "M");
        assert_eq!(state(9, 6, "MapStateExited", "M"), "M");
        assert_eq!(state(10, 9, "ParallelStateEntered", "Q"), "Q");
        assert_eq!(state(11, 10, "ParallelStateStarted", ""), "Q");
        assert_eq!(state(12, 11, "PassStateEntered", "R"), "R");
        assert_eq!(state(13, 12, "PassStateExited", "R"), "R");
        assert_eq!(state(14, 13, "ParallelStateSucceeded", ""), "Q");
        assert_eq!(state(15, 13, "ParallelStateExited", "Q"), "Q");
        assert_eq!(state(16, 15, "ExecutionSucceeded", ""), "");
    }

    #[test]
    fn a_limit_that_fired_comes_first() {
        let usage = json!({"attempts": [{"scheduledEventId": 3, "limit": "fuel 9: raise stepwell:fuel"}]});
        let mut reader = Reader::new(&usage);
        let rows: Vec<Row> = events().iter().map(|event| reader.row(event)).collect();
        assert_eq!(rows.last().unwrap().cells.last().unwrap(), "fuel 9: raise stepwell:fuel");
        assert_eq!(totals(&usage).limits, ["fuel 9: raise stepwell:fuel"]);
    }

    #[test]
    fn long_tables_lose_their_middle() {
        let mut reader = Reader::default();
        let rows: Vec<Row> = (1..=10).map(|id| reader.row(&json!({"id": id, "type": "X"}))).collect();
        let lines = plain(&table(rows.clone(), 3));
        assert_eq!(lines.len(), 5);
        assert!(lines[3].contains("… 7 more"), "{lines:?}");
        assert!(lines[4].starts_with("10"), "{lines:?}");
        assert_eq!(plain(&table(rows, 10)).len(), 11);
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(bytes(1), "1 B");
        assert_eq!(bytes(65_536), "64 KiB");
        assert_eq!(bytes(1_572_864), "1.5 MiB");
        assert_eq!(bytes(3 << 30), "3.0 GiB");
    }
}
