//! Texts and JSON.

use super::Refusal;
use std::collections::HashSet;
use std::sync::Arc;
use stepwell_types::Value;

/// The left object's fields, then the right one's, which win. Only a shallow merge exists: `true` for a deep one is
/// refused, as on AWS.
pub(super) fn json_merge(left: &Value, right: &Value, deep: &Value) -> Result<Value, Refusal> {
    let (Value::Object(left), Value::Object(right)) = (left, right) else { return Err(Refusal::Arguments) };
    if deep.as_bool() == Some(true) {
        return Err(Refusal::Arguments);
    }
    let mut merged = Arc::clone(left);
    let fields = Arc::make_mut(&mut merged);
    for (key, value) in right.iter() {
        fields.insert(Arc::clone(key), value.clone());
    }
    Ok(Value::Object(merged))
}

/// The value that a text spells; a blank text is `null`.
pub(super) fn string_to_json(text: &Value) -> Result<Value, Refusal> {
    let text = text.as_str().ok_or(Refusal::Arguments)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    Value::parse(text).map_err(|_| Refusal::Arguments)
}

/// Every character of `delimiters` splits; empty pieces are dropped.
pub(super) fn split(text: &Value, delimiters: &Value) -> Result<Value, Refusal> {
    let (Some(text), Some(delimiters)) = (text.as_str(), delimiters.as_str()) else {
        return Err(Refusal::Arguments);
    };
    let delimiters: HashSet<char> = delimiters.chars().collect();
    let pieces = text.split(|c| delimiters.contains(&c)).filter(|piece| !piece.is_empty());
    Ok(Value::array(pieces.map(Value::str).collect()))
}
