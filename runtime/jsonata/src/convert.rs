//! Values out of the evaluator, and what many parts ask of them: text, truth, equality.

use crate::budget::{Limit, VALUE_DEPTH_MAX};
use crate::eval::identical;
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::number::{round_to_15_digits, write_number};
use crate::text::quote_into;
use crate::val::{Field, Items, OUTER, Text, Val};
use std::sync::Arc;
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;
use stepwell_types::{Map, Value};

/// How numbers and functions print.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As errors show values.
    Plain,
    /// As `$string` does: numbers to 15 digits, functions as empty strings.
    Rounded,
    /// Likewise, indented by two blanks.
    Pretty,
}

impl<'a> Machine<'a> {
    /// Whether it is a number; an infinite one is an error.
    #[inline]
    pub(crate) fn is_numeric(&self, value: Val<'a>) -> Res<bool> {
        match value {
            Val::Num(number) if number.is_infinite() => Err(Fault::new("D1001").number_value(number)),
            Val::Num(number) => Ok(!number.is_nan()),
            _ => Ok(false),
        }
    }

    /// What `$boolean` gives, with undefined for false.
    #[inline]
    pub(crate) fn truthy(&mut self, value: Val<'a>) -> Res<bool> {
        match value {
            Val::Bool(b) => Ok(b),
            Val::Undefined | Val::Null => Ok(false),
            Val::Str(text) => Ok(!text.as_str().is_empty()),
            Val::Num(number) => Ok(self.is_numeric(value)? && number != 0.0),
            Val::Array(_) | Val::List(_) => self.truthy_array(value, 0),
            Val::Object(object) => Ok(!object.fields().is_empty()),
            Val::Record(fields) => Ok(!fields.is_empty()),
            // The reference counts the properties of its function objects; its plain functions have none.
            Val::Func(function) => Ok(matches!(
                function.kind,
                crate::val::FuncKind::Builtin(_)
                    | crate::val::FuncKind::Lambda(_)
                    | crate::val::FuncKind::Chain(..)
                    | crate::val::FuncKind::Partial { .. }
                    | crate::val::FuncKind::Transform { .. }
                    | crate::val::FuncKind::Pending
            )),
        }
    }

    fn truthy_array(&mut self, value: Val<'a>, depth: u32) -> Res<bool> {
        self.check_nesting(depth)?;
        let items = value.items_or_one();
        let mut any = false;
        self.charge_items(items.len())?;
        for item in items.iter() {
            any |= if item.is_array() { self.truthy_array(item, depth + 1)? } else { self.truthy(item)? };
        }
        Ok(any)
    }

    pub(crate) fn deep_equal(&mut self, a: Val<'a>, b: Val<'a>, depth: u32) -> Res<bool> {
        if identical(a, b) {
            return Ok(true);
        }
        self.check_nesting(depth)?;
        self.charge(1)?;
        match (a, b) {
            (Val::Str(a), Val::Str(b)) => {
                self.charge(a.as_str().len().min(b.as_str().len()) as u64 >> 4)?;
                Ok(false)
            }
            (Val::Array(_) | Val::List(_), Val::Array(_) | Val::List(_)) => {
                let (a, b) = (a.items_or_one(), b.items_or_one());
                if a.len() != b.len() {
                    return Ok(false);
                }
                for at in 0..a.len() {
                    if !self.deep_equal(a.get(at), b.get(at), depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Val::Object(_) | Val::Record(_), Val::Object(_) | Val::Record(_)) => {
                let fields = self.fields(a)?;
                let count = match b {
                    Val::Object(object) => object.fields().len(),
                    Val::Record(map) => map.len(),
                    _ => 0,
                };
                if fields.len() != count {
                    return Ok(false);
                }
                for (key, value) in fields {
                    let other = b.field(key.as_str());
                    if other.is_undefined() || !self.deep_equal(*value, other, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// What `$string` gives.
    pub(crate) fn string_of(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        match value {
            Val::Undefined | Val::Str(_) => Ok(value),
            Val::Bool(true) => Ok(Val::plain("true")),
            Val::Bool(false) => Ok(Val::plain("false")),
            Val::Null => Ok(Val::plain("null")),
            Val::Func(_) => Ok(Val::plain("")),
            _ => self.string_styled(value, Style::Rounded),
        }
    }

    /// What `$string(value, true)` gives.
    pub(crate) fn string_pretty(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        match value {
            Val::Array(_) | Val::List(_) | Val::Object(_) | Val::Record(_) => {
                self.string_styled(value, Style::Pretty)
            }
            _ => self.string_of(value),
        }
    }

    fn string_styled(&mut self, value: Val<'a>, style: Style) -> Res<Val<'a>> {
        let mut out = String::new();
        match value {
            Val::Num(number) => {
                if !number.is_finite() {
                    return Err(Fault::new("D3001").number_value(number));
                }
                write_number(round_to_15_digits(number), &mut out);
            }
            Val::Array(array) if array.has(OUTER) => self.print(array.items.get(0), style, 0, &mut out)?,
            _ => self.print(value, style, 0, &mut out)?,
        }
        self.text(&out)
    }

    /// `JSON.stringify(value)`.
    pub(crate) fn json_text(&mut self, value: Val<'a>) -> Res<String> {
        let mut out = String::new();
        match value {
            Val::Undefined | Val::Func(_) => out.push_str("undefined"),
            _ => self.print(value, Style::Plain, 0, &mut out)?,
        }
        Ok(out)
    }

    /// The fault with the value that caused it.
    pub(crate) fn with_value(&mut self, mut fault: Box<Fault>, value: Val<'a>) -> Box<Fault> {
        fault.value_text = self.json_text(value).ok();
        fault.value = self.export(value, 0).ok().flatten();
        fault
    }

    fn print(&mut self, value: Val<'a>, style: Style, depth: u32, out: &mut String) -> Res<()> {
        self.check_nesting(depth)?;
        let before = out.len();
        let line = |depth: u32, out: &mut String| {
            if style == Style::Pretty {
                out.push('\n');
                (0..depth).for_each(|_| out.push_str("  "));
            }
        };
        match value {
            Val::Undefined | Val::Null => out.push_str("null"),
            Val::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            Val::Num(number) if style == Style::Plain || number.is_nan() => {
                if number.is_finite() {
                    write_number(number, out);
                } else {
                    out.push_str("null");
                }
            }
            Val::Num(number) => {
                self.is_numeric(value)?;
                write_number(round_to_15_digits(number), out);
            }
            Val::Str(text) => quote_into(text.as_str(), out),
            Val::Func(_) => out.push_str(if style == Style::Plain { "null" } else { "\"\"" }),
            Val::Array(_) | Val::List(_) => {
                let items = value.items_or_one();
                out.push('[');
                for at in 0..items.len() {
                    if at > 0 {
                        out.push(',');
                    }
                    line(depth + 1, out);
                    self.charge_print(out)?;
                    self.print(items.get(at), style, depth + 1, out)?;
                }
                if items.len() > 0 {
                    line(depth, out);
                }
                out.push(']');
            }
            Val::Object(_) | Val::Record(_) => {
                out.push('{');
                let mut first = true;
                for (key, field) in self.fields(value)? {
                    if field.is_undefined() || (style == Style::Plain && matches!(field, Val::Func(_))) {
                        continue;
                    }
                    if !std::mem::take(&mut first) {
                        out.push(',');
                    }
                    line(depth + 1, out);
                    quote_into(key.as_str(), out);
                    out.push_str(if style == Style::Pretty { ": " } else { ":" });
                    self.charge_print(out)?;
                    self.print(*field, style, depth + 1, out)?;
                }
                if !first {
                    line(depth, out);
                }
                out.push('}');
            }
        }
        self.charge((out.len() - before) as u64 >> 4)
    }

    /// A text that grows must fit the bytes that are left; it is paid for when it is done.
    fn charge_print(&mut self, out: &str) -> Res<()> {
        if out.len() as u64 > self.bytes_left() {
            return Err(Fault::limit(Limit::Bytes));
        }
        self.charge(1)
    }

    /// A result; `None` for undefined and functions. What JSON does not know becomes null, as in
    /// `JSON.stringify`.
    pub(crate) fn export(&mut self, value: Val<'a>, depth: usize) -> Res<Option<Value>> {
        Ok(Some(match value {
            Val::Undefined | Val::Func(_) => return Ok(None),
            Val::Null => Value::Null,
            Val::Bool(b) => Value::Bool(b),
            Val::Num(number) => crate::number::to_value(number).unwrap_or_default(),
            Val::Str(text) => {
                if let Text::Plain(text) = text {
                    self.charge_bytes(text.len())?;
                }
                Value::Str(text.to_arc())
            }
            Val::List(items) => {
                if depth > 1 || (depth == 1 && self.is_root_list(items)) {
                    nest(depth)?;
                    items.iter().try_for_each(|item| check_depth(item, depth + 1))?;
                }
                Value::Array(Arc::clone(items))
            }
            Val::Record(fields) => {
                if depth > 1 || (depth == 1 && self.is_root_record(fields)) {
                    nest(depth)?;
                    fields.values().try_for_each(|item| check_depth(item, depth + 1))?;
                }
                Value::Object(Arc::clone(fields))
            }
            Val::Array(array) => {
                nest(depth)?;
                let items = if array.has(OUTER) { array.items.get(0).items_or_one() } else { array.items };
                self.charge_bytes(items.len().saturating_mul(size_of::<Value>()))?;
                let mut values = Vec::with_capacity(items.len());
                match items {
                    Items::Values(items) => {
                        for item in items {
                            // Items of an array from outside lie inside of a root.
                            if depth > 0 {
                                check_depth(item, depth + 1)?;
                            }
                            values.push(item.clone());
                        }
                    }
                    _ => {
                        for item in items.iter() {
                            values.push(self.export(item, depth + 1)?.unwrap_or_default());
                        }
                    }
                }
                Value::array(values)
            }
            Val::Object(object) => {
                nest(depth)?;
                let fields = object.fields();
                self.charge_bytes(size_of_val(fields))?;
                let mut entries = Vec::with_capacity(fields.len());
                for (key, field) in fields {
                    if let Some(field) = self.export(*field, depth + 1)? {
                        entries.push((key.to_arc(), field));
                    }
                }
                Value::object(Map::from_unique(entries))
            }
        }))
    }

    /// Whether this is the whole input or a whole variable. What lies inside of one is nested less deeply than the
    /// one may be, and so fits one level down in a result without a look at it.
    fn is_root_list(&self, items: &'a Arc<Vec<Value>>) -> bool {
        let same = |value: Val<'a>| matches!(value, Val::List(root) if Arc::ptr_eq(root, items));
        same(self.root) || self.bindings.values().any(|value| same(Val::from_value(value)))
    }

    /// Likewise.
    fn is_root_record(&self, fields: &'a Arc<Map>) -> bool {
        let same = |value: Val<'a>| matches!(value, Val::Record(root) if Arc::ptr_eq(root, fields));
        same(self.root) || self.bindings.values().any(|value| same(Val::from_value(value)))
    }

    /// JavaScript's own `String(value)`, which a regular expression applies to what it is given.
    pub(crate) fn javascript_text(&mut self, value: Val<'a>, depth: u32) -> Res<Text<'a>> {
        self.check_nesting(depth)?;
        Ok(match value {
            Val::Str(text) => text,
            Val::Undefined => Text::Plain("undefined"),
            Val::Null => Text::Plain("null"),
            Val::Bool(b) => Text::Plain(if b { "true" } else { "false" }),
            Val::Object(_) | Val::Record(_) | Val::Func(_) => Text::Plain("[object Object]"),
            Val::Num(number) => {
                let text = crate::number::number_text(number);
                Text::Plain(self.bump.alloc_str(&text))
            }
            Val::Array(_) | Val::List(_) => {
                let items = value.items_or_one();
                let mut joined = String::new();
                for at in 0..items.len() {
                    if at > 0 {
                        joined.push(',');
                    }
                    self.charge_print(&joined)?;
                    let item = items.get(at);
                    if !matches!(item, Val::Undefined | Val::Null) {
                        joined.push_str(self.javascript_text(item, depth + 1)?.as_str());
                    }
                }
                self.charge_bytes(joined.len())?;
                Text::Plain(self.bump.alloc_str(&joined))
            }
        })
    }

    /// The fields of several objects as one; later ones replace the values of earlier ones.
    pub(crate) fn merge_fields(&mut self, parts: &[&[Field<'a>]]) -> Res<&'a [Field<'a>]> {
        let total: usize = parts.iter().map(|part| part.len()).sum();
        self.charge_bytes(total.saturating_mul(size_of::<Field<'_>>()))?;
        let mut merged: Vec<Field<'a>> = Vec::with_capacity(total);
        let mut places = hashbrown::HashMap::new();
        let scan = total <= 24;
        for (key, value) in parts.iter().copied().flatten() {
            let found = if scan {
                merged.iter().position(|(known, _)| known.as_str() == key.as_str())
            } else {
                places.get(key.as_str()).copied()
            };
            match found.and_then(|at: usize| merged.get_mut(at)) {
                Some((_, old)) => *old = *value,
                None => {
                    if !scan {
                        places.insert(key.as_str(), merged.len());
                    }
                    merged.push((*key, *value));
                }
            }
        }
        crate::machine::javascript_order(&mut merged);
        Ok(self.bump.alloc_slice_copy(&merged))
    }
}

fn nest(depth: usize) -> Res<()> {
    if depth >= PAYLOAD_DEPTH_MAX {
        return Err(Fault::limit(Limit::Depth));
    }
    Ok(())
}

/// Whether a value from outside still fits at this depth of a result.
fn check_depth(value: &Value, depth: usize) -> Res<()> {
    match value {
        Value::Array(items) => {
            nest(depth)?;
            items.iter().try_for_each(|item| check_depth(item, depth + 1))
        }
        Value::Object(fields) => {
            nest(depth)?;
            fields.values().try_for_each(|item| check_depth(item, depth + 1))
        }
        Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Str(_) => {
            Ok(())
        }
    }
}

const _: () = assert!(VALUE_DEPTH_MAX as usize >= PAYLOAD_DEPTH_MAX);
