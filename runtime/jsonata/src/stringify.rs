//! `JSON.stringify` of a value.

use crate::number::write_number;
use crate::text::{index_key, quote_into};
use stepwell_types::{Map, Value};

/// JSON text as JavaScript's `JSON.stringify` prints the value: numbers as doubles in JavaScript's notation, keys
/// that look like array indices first and in order, the others as they stand.
///
/// ```
/// use stepwell_types::Value;
/// let value = Value::parse(r#"{"b":1.0,"10":1e30,"9":[null]}"#)?;
/// assert_eq!(stepwell_jsonata::stringify(&value), r#"{"9":[null],"10":1e+30,"b":1}"#);
/// # Ok::<(), stepwell_types::ParseError>(())
/// ```
#[must_use]
pub fn stringify(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::I64(_) | Value::U64(_) | Value::F64(_) => {
            write_number(value.as_f64().unwrap_or(0.0), out);
        }
        Value::Str(text) => quote_into(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            let mut first = true;
            let mut field = |key: &str, value: &Value| {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                quote_into(key, out);
                out.push(':');
                write(value, out);
            };
            match javascript_order(fields) {
                None => fields.iter().for_each(|(key, value)| field(key, value)),
                Some(order) => {
                    order.iter().filter_map(|at| fields.get_index(*at)).for_each(|(k, v)| field(k, v))
                }
            }
            out.push('}');
        }
    }
}

/// The order in which JavaScript walks an object's keys, where it is not the order in which they stand.
pub(crate) fn javascript_order(fields: &Map) -> Option<Vec<usize>> {
    if !fields.keys().any(|key| key.as_bytes().first().is_some_and(u8::is_ascii_digit)) {
        return None;
    }
    let mut order: Vec<(Option<u32>, usize)> =
        fields.keys().enumerate().map(|(at, key)| (index_key(key), at)).collect();
    order.sort_by_key(|(index, at)| (index.is_none(), *index, *at));
    Some(order.into_iter().map(|(_, at)| at).collect())
}
