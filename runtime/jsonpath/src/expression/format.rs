//! `States.Format`: a template with `{}` for each argument.

use super::Refusal;
use crate::bounds::Budget;
use std::fmt::Write;
use stepwell_types::Value;

/// A parsed template: what stands before each `{}`, and after the last.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormatTemplate {
    pieces: Vec<String>,
}

impl FormatTemplate {
    /// Parses a template; `\{`, `\}`, `\'` and `\\` stand for the character, any other `\` for itself.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => piece.push(chars.next_if(|c| matches!(c, '\\' | '{' | '}' | '\'')).unwrap_or('\\')),
                '{' if chars.next_if_eq(&'}').is_some() => pieces.push(std::mem::take(&mut piece)),
                '{' => return Err("matching '}' not found for '{'."),
                '}' => return Err("matching '{' not found for '}'."),
                c => piece.push(c),
            }
        }
        pieces.push(piece);
        Ok(Self { pieces })
    }

    /// The text with the values in their places.
    pub(super) fn fill(&self, values: &[Value]) -> Result<Value, Refusal> {
        if values.len() + 1 != self.pieces.len() {
            return Err(Refusal::Because("number of arguments do not match the occurrences of {}."));
        }
        let mut budget = Budget::new();
        let mut text = String::new();
        for (i, piece) in self.pieces.iter().enumerate() {
            text.push_str(piece);
            if let Some(value) = values.get(i) {
                budget.charge(value, 0)?;
                print(value, &mut text);
            }
        }
        Ok(Value::from(text))
    }
}

/// A value as Java prints it: texts without quotes, `{a=1, b=[x, y]}`.
pub(super) fn print(value: &Value, text: &mut String) {
    match value {
        Value::Str(part) => text.push_str(part),
        Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => {
            // Writing to a String cannot fail.
            let _ = write!(text, "{value}");
        }
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { ", " });
                print(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (i, (key, value)) in fields.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { ", " });
                text.push_str(key);
                text.push('=');
                print(value, text);
            }
            text.push('}');
        }
    }
}
