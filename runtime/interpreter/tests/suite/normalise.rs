//! The rules by which recorded and observed values are compared, as far as the interpreter can meet them.

use stepwell_types::{Map, Value};

/// Applies `change` to every string, and `field` to every field first; `None` leaves a field out.
pub(crate) fn rewrite(
    value: &Value,
    field: &dyn Fn(&str, &Value) -> Option<Value>,
    change: &dyn Fn(&str) -> String,
) -> Value {
    match value {
        Value::Str(text) => Value::from(change(text)),
        Value::Array(items) => Value::array(items.iter().map(|item| rewrite(item, field, change)).collect()),
        Value::Object(fields) => {
            let mut into = Map::new();
            for (name, value) in fields.iter() {
                if let Some(value) = field(name, value) {
                    into.insert(name.to_string(), rewrite(&value, field, change));
                }
            }
            Value::object(into)
        }
        other => other.clone(),
    }
}

/// A string that begins like an object and is one becomes that object, one level deep.
pub(crate) fn parse_objects(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let parse = |value: &Value| match value {
                Value::Str(text) if text.starts_with('{') => {
                    Value::parse(text).unwrap_or_else(|_| value.clone())
                }
                other => parse_objects(other),
            };
            Value::object(fields.iter().map(|(name, value)| (name.to_string(), parse(value))).collect())
        }
        Value::Array(items) => Value::array(items.iter().map(parse_objects).collect()),
        other => other.clone(),
    }
}

/// What is the same on both sides after the case's own rules.
pub(crate) fn common(value: &Value) -> Value {
    rewrite(
        value,
        &|name, value| match name {
            "ResponseMetadata" | "SdkHttpMetadata" | "SdkResponseMetadata" => None,
            "stackTrace" => Some(Value::array(Vec::new())),
            "timestamp" => Some(Value::str("timestamp")),
            "cause" => {
                Some(value.as_str().map_or_else(|| value.clone(), |cause| Value::from(without_input(cause))))
            }
            // One UUID in a case at most is our own, the others are scripted with their numbers.
            name if name.to_lowercase().ends_with("id") && value.as_str().is_some_and(is_uuid) => {
                Some(Value::str("<uuid:1>"))
            }
            name if name.to_lowercase().contains("timestamp") => match value.as_str() {
                Some(text) if instant_at(text, 0).is_none() => Some(Value::str("timestamp")),
                _ => Some(value.clone()),
            },
            _ => Some(value.clone()),
        },
        &|text| without_stack_trace(&without_instants(text)),
    )
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// A cause that quotes its input loses it.
fn without_input(cause: &str) -> String {
    match (cause.rfind("'{"), cause.rfind("}'")) {
        (Some(from), Some(to)) if from < to && Value::parse(&cause[from + 1..=to]).is_ok() => {
            format!("{}<json-input:1>{}", &cause[..=from], &cause[to + 1..])
        }
        _ => cause.to_owned(),
    }
}

/// RFC 3339 instants become `date`.
fn without_instants(text: &str) -> String {
    let mut result = String::new();
    let mut at = 0;
    while at < text.len() {
        if let Some(end) = instant_at(text, at) {
            result.push_str("date");
            at = end;
        } else {
            let next = text[at..].chars().next().unwrap();
            result.push(next);
            at += next.len_utf8();
        }
    }
    result
}

/// Where an instant that begins at `at` ends.
fn instant_at(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    for (n, shape) in (0..).zip(b"dddd-dd-ddTdd:dd:dd") {
        let byte = *bytes.get(at + n)?;
        if !(if *shape == b'd' { byte.is_ascii_digit() } else { byte == *shape }) {
            return None;
        }
    }
    let number = |from: usize| text[at + from..at + from + 2].parse::<u8>().unwrap_or(99);
    if bytes[at] == b'0' || number(5) > 12 || number(8) > 31 || number(11) > 23 || number(14) > 59 {
        return None;
    }
    let mut end = at + 19;
    if bytes.get(end) == Some(&b'.') {
        end += 1;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
    }
    match bytes.get(end)? {
        b'Z' => Some(end + 1),
        b'+' | b'-' => Some((end + 6).min(text.len())),
        _ => None,
    }
}

/// A stack trace within a JSON text becomes an empty one.
fn without_stack_trace(text: &str) -> String {
    let Some(name) = text.find("stackTrace") else { return text.to_owned() };
    let Some(open) = text[name..].find('[').map(|n| name + n) else { return text.to_owned() };
    let Some(close) = text[open..].rfind(']').map(|n| open + n) else { return text.to_owned() };
    let colon = text[name..open].trim_end_matches(' ');
    format!("{}{colon}[]{}", &text[..name], &text[close + 1..])
}

/// Events between the start of a Parallel and its end lose their ids and are sorted by their text.
pub(crate) fn sort_parallel(events: &mut Vec<Value>) {
    let (mut start, mut inside, mut within) = (None, Vec::new(), false);
    let mut at = 0;
    while at < events.len() {
        let kind = events[at].get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        match &*kind {
            "ParallelStateSucceeded"
            | "ParallelStateAborted"
            | "ParallelStateExited"
            | "ParallelStateFailed" => {
                if let Some(start) = start {
                    inside.sort_by_key(Value::to_json);
                    let count = inside.len();
                    events.splice(start..at, inside.iter().cloned());
                    at = start + count;
                }
                within = false;
            }
            "ParallelStateStarted" => {
                inside = Vec::new();
                within = true;
                start = Some(at + 1);
            }
            _ if within => {
                let Value::Object(fields) = &events[at] else { continue };
                let mut fields: Map = (**fields).clone();
                fields.insert("id", Value::array(vec![Value::I64(0)]));
                fields.insert("previousEventId", Value::I64(0));
                // Sorted by name, so that both sides have one text.
                let mut sorted: Vec<_> = fields.into_iter().collect();
                sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
                events[at] = Value::object(sorted.into_iter().collect());
                inside.push(events[at].clone());
            }
            _ => {}
        }
        at += 1;
    }
}

#[test]
fn texts_lose_what_varies() {
    assert_eq!(without_instants("a 2016-03-14T01:59:00.1Z b"), "a date b");
    assert_eq!(without_instants("2016-13-14T01:59:00Z"), "2016-13-14T01:59:00Z");
    assert_eq!(without_stack_trace(r#"{"a": 1, "stackTrace": ["x [1]"]}"#), r#"{"a": 1, "stackTrace":[]}"#);
    assert_eq!(
        without_input("could not be found in the input '{\"a\":1}'"),
        "could not be found in the input '<json-input:1>'"
    );
}
