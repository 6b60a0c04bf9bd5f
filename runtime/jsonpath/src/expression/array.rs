//! Arrays.

use super::Refusal;
use super::math::truncated;
use crate::limit::ARRAY_RANGE_ITEMS_MAX;
use std::collections::HashSet;
use std::fmt::Write;
use stepwell_types::Value;

fn items(value: &Value) -> Result<&[Value], Refusal> {
    value.as_array().ok_or(Refusal::Arguments)
}

/// A fraction of the size is dropped; it is at least 1.
pub(super) fn partition(array: &Value, size: &Value) -> Result<Value, Refusal> {
    let items = items(array)?;
    let size = usize::try_from(truncated(size)?).ok().filter(|size| *size > 0).ok_or(Refusal::Arguments)?;
    Ok(Value::array(items.chunks(size).map(|chunk| Value::array(chunk.to_vec())).collect()))
}

/// AWS compares what both print as, so that `1` is in `["1"]`, and `{"a":1,"b":2}` is not `{"b":2,"a":1}`.
pub(super) fn contains(array: &Value, wanted: &Value) -> Result<Value, Refusal> {
    let items = items(array)?;
    let wanted_text = printed(wanted);
    let found = items.iter().any(|item| match item {
        Value::Str(text) => **text == *wanted_text,
        item if std::mem::discriminant(item) == std::mem::discriminant(wanted) => {
            printed(item) == wanted_text
        }
        Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Bool(_) | Value::Null => {
            wanted.as_str().is_some_and(|wanted| *printed(item) == *wanted)
        }
        Value::Array(_) | Value::Object(_) => false,
    });
    Ok(Value::Bool(found))
}

fn printed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_json(), str::to_owned)
}

/// From `first` by `step`, up to `last` and with it if it is hit; fractions are dropped; at most 1,000 items.
pub(super) fn range(first: &Value, last: &Value, step: &Value) -> Result<Value, Refusal> {
    let (first, last, step) = (truncated(first)?, truncated(last)?, truncated(step)?);
    if step == 0 {
        return Err(Refusal::Arguments);
    }
    let mut numbers = Vec::new();
    let mut at = first;
    while if step > 0 { at <= last } else { at >= last } {
        if numbers.len() == ARRAY_RANGE_ITEMS_MAX {
            return Err(Refusal::Arguments);
        }
        numbers.push(Value::I64(at));
        at += step;
    }
    Ok(Value::array(numbers))
}

/// A fraction of the index is dropped. An empty array gives `null` for any index, as seen on AWS.
pub(super) fn get_item(array: &Value, index: &Value) -> Result<Value, Refusal> {
    let items = items(array)?;
    let index = usize::try_from(truncated(index)?).map_err(|_| Refusal::Arguments)?;
    match items.get(index) {
        Some(item) => Ok(item.clone()),
        None if items.is_empty() => Ok(Value::Null),
        None => Err(Refusal::Arguments),
    }
}

pub(super) fn length(array: &Value) -> Result<Value, Refusal> {
    Ok(Value::from(u64::try_from(items(array)?.len()).unwrap_or(u64::MAX)))
}

/// The first of equal items is kept. `1` and `1.0` differ, objects are equal in any order of their keys.
pub(super) fn unique(array: &Value) -> Result<Value, Refusal> {
    let items = items(array)?;
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for item in items {
        let mut key = String::new();
        canonical(item, &mut key);
        if seen.insert(key) {
            kept.push(item.clone());
        }
    }
    Ok(Value::array(kept))
}

/// JSON with sorted keys: equal values have equal texts.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for item in items.iter() {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(left, _), (right, _)| left.cmp(right));
            text.push('{');
            for (key, value) in fields {
                // Writing to a String cannot fail.
                let _ = write!(text, "{}:", Value::Str(key.clone()));
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}
