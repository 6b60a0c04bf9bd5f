//! Functions of arrays and objects.

use super::{Builtin, arg, items_arg, text_arg, wrong_argument};
use crate::fault::Res;
use crate::machine::Machine;
use crate::val::{Array, Field, Items, SEQUENCE, Text, Val};
use std::cell::Cell;

impl<'a> Machine<'a> {
    pub(super) fn collection_function(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let first = arg(arguments, 0);
        match function {
            Builtin::Append => self.append(first, arg(arguments, 1)),
            Builtin::Exists => Ok(Val::Bool(!first.is_undefined())),
            Builtin::Keys => self.keys(first),
            Builtin::Lookup => {
                let key = text_arg(function, arguments, 1)?.unwrap_or("undefined");
                self.lookup_key(first, key, 0)
            }
            Builtin::Spread => self.spread(first),
            Builtin::Merge => self.merge(arguments),
            Builtin::Zip => self.zip(arguments),
            Builtin::Reverse | Builtin::Shuffle => {
                let Some(items) = items_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
                if items.len() <= 1 {
                    return Ok(first);
                }
                self.charge_bytes(items.len().saturating_mul(size_of::<Val<'_>>()))?;
                let mut all: Vec<Val<'a>> = items.iter().collect();
                if function == Builtin::Reverse {
                    all.reverse();
                } else {
                    self.shuffle(&mut all);
                }
                self.array(&all, 0)
            }
            Builtin::Distinct => self.distinct(first),
            Builtin::Clone => match first {
                Val::Undefined => Ok(first),
                _ => self.deep_copy(first, 0),
            },
            _ => Err(wrong_argument(function)),
        }
    }

    fn append(&mut self, first: Val<'a>, second: Val<'a>) -> Res<Val<'a>> {
        if first.is_undefined() {
            return Ok(second);
        }
        if second.is_undefined() {
            return Ok(first);
        }
        let start = self.stack.len();
        self.push_all(first.items_or_one())?;
        self.push_all(second.items_or_one())?;
        // Joining gives a plain array, whatever the parts were.
        self.pop_array(start, 0)
    }

    fn keys(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        let start = self.stack.len();
        if value.is_array() {
            let mut keys: Vec<Field<'a>> = Vec::new();
            let mut known = hashbrown::HashSet::new();
            self.collect_keys(value, 0, &mut keys, &mut known)?;
            crate::machine::javascript_order(&mut keys);
            for (key, _) in keys {
                self.push(Val::Str(key))?;
            }
        } else {
            for (key, _) in self.fields(value)? {
                self.charge(1)?;
                self.push(Val::Str(*key))?;
            }
        }
        self.pop_array(start, SEQUENCE)
    }

    fn collect_keys(
        &mut self,
        value: Val<'a>,
        depth: u32,
        keys: &mut Vec<Field<'a>>,
        known: &mut hashbrown::HashSet<&'a str>,
    ) -> Res<()> {
        self.check_nesting(depth)?;
        self.charge(1)?;
        if let Some(items) = value.items() {
            return items.iter().try_for_each(|item| self.collect_keys(item, depth + 1, keys, known));
        }
        for (key, _) in self.fields(value)? {
            self.charge(1)?;
            if known.insert(key.as_str()) {
                keys.push((*key, Val::Null));
            }
        }
        Ok(())
    }

    fn spread(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        match value {
            Val::Array(_) | Val::List(_) | Val::Object(_) | Val::Record(_) => {
                let start = self.stack.len();
                self.push_spread(value, 0)?;
                // A joined sequence is a plain array; an empty one stays what it was.
                let flags = if value.is_array() && self.stack.len() > start { 0 } else { SEQUENCE };
                self.pop_array(start, flags)
            }
            _ => Ok(value),
        }
    }

    fn push_spread(&mut self, value: Val<'a>, depth: u32) -> Res<()> {
        self.check_nesting(depth)?;
        if let Some(items) = value.items() {
            self.charge_items(items.len())?;
            return items.iter().try_for_each(|item| self.push_spread(item, depth + 1));
        }
        match value {
            Val::Object(_) | Val::Record(_) => {
                for field in self.fields(value)? {
                    self.charge(1)?;
                    let object = self.object_of(std::slice::from_ref(field))?;
                    self.push(object)?;
                }
                Ok(())
            }
            Val::Undefined => Ok(()),
            _ => self.push(value),
        }
    }

    fn merge(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(items) = items_arg(Builtin::Merge, arguments, 0)? else { return Ok(Val::Undefined) };
        self.charge_items(items.len())?;
        let mut parts: Vec<&'a [Field<'a>]> = Vec::with_capacity(items.len());
        for item in items.iter() {
            parts.push(self.fields(item)?);
        }
        let fields = self.merge_fields(&parts)?;
        self.object_of(fields)
    }

    fn zip(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let length = |value: &Val<'a>| value.items().map_or(0, Items::len);
        let rows = arguments.iter().map(length).min().unwrap_or(0);
        let start = self.stack.len();
        for at in 0..rows {
            let before = self.stack.len();
            for argument in arguments {
                self.charge(1)?;
                self.push(argument.items_or_one().get(at))?;
            }
            let row = self.pop_array(before, 0)?;
            self.push(row)?;
        }
        self.pop_array(start, 0)
    }

    fn shuffle(&mut self, items: &mut [Val<'a>]) {
        for at in 1..items.len() {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in the array"
            )]
            let other = (self.random.unit() * (at + 1) as f64) as usize;
            items.swap(at, other.min(at));
        }
    }

    fn distinct(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        let Some(items) = value.items().filter(|items| items.len() > 1) else { return Ok(value) };
        if let Items::Range { .. } = items {
            return Ok(value);
        }
        let start = self.stack.len();
        let mut strings: hashbrown::HashSet<&'a str> = hashbrown::HashSet::new();
        let mut numbers: hashbrown::HashSet<u64> = hashbrown::HashSet::new();
        let mut others: Vec<Val<'a>> = Vec::new();
        for item in items.iter() {
            self.charge(1)?;
            let new = match item {
                Val::Str(text) => strings.insert(text.as_str()),
                // Both zeros are equal, NaN is equal to nothing.
                Val::Num(number) => number.is_nan() || numbers.insert((number + 0.0).to_bits()),
                _ => {
                    let mut found = false;
                    for other in &others {
                        if self.deep_equal(item, *other, 0)? {
                            found = true;
                            break;
                        }
                    }
                    if !found {
                        others.push(item);
                    }
                    !found
                }
            };
            if new {
                self.push(item)?;
            }
        }
        let flags = if value.has(SEQUENCE) { SEQUENCE } else { 0 };
        let items = Items::Vals(self.pop_slice(start)?);
        Ok(Val::Array(self.alloc(Array { items, flags: Cell::new(flags) })?))
    }

    /// A field of a small object that a function gives back.
    pub(crate) fn named(key: &'static str, value: Val<'a>) -> Field<'a> {
        (Text::Plain(key), value)
    }
}
