//! `| pattern | update, delete |`: a copy of a value with some of its objects changed.

use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::syntax::Id;
use crate::val::{Array, Field, Frame, Items, Object, Unit, Val};
use std::cell::Cell;

impl<'a> Machine<'a> {
    #[expect(clippy::too_many_arguments, reason = "the parts of a transform")]
    pub(super) fn transform(
        &mut self,
        unit: &'a Unit<'a>,
        env: &'a Frame<'a>,
        pattern: Id,
        update: Id,
        delete: Option<Id>,
        position: u32,
        subject: Val<'a>,
    ) -> Res<Val<'a>> {
        if subject.is_undefined() {
            return Ok(Val::Undefined);
        }
        let outer = std::mem::replace(&mut self.unit, unit);
        let clone = self.lookup_text("clone", env);
        let result = match clone {
            Val::Undefined => self.deep_copy(subject, 0)?,
            Val::Func(clone) if matches!(clone.kind, crate::val::FuncKind::Builtin(_)) => {
                self.deep_copy(subject, 0)?
            }
            Val::Func(clone) => self.call_back(clone, &[subject], env)?,
            _ => return Err(Fault::new("T2013").at(position)),
        };
        let matches = self.eval(pattern, result, env)?;
        if !matches.is_undefined() {
            let matches = matches.items_or_one();
            self.charge_items(matches.len())?;
            for at in 0..matches.len() {
                let target = matches.get(at);
                if is_plain_function(target) {
                    return Err(Fault::new("D1010").at(position));
                }
                self.transform_update(update, target, env)?;
                if let Some(delete) = delete {
                    self.transform_delete(delete, target, env)?;
                }
            }
        }
        self.unit = outer;
        Ok(result)
    }

    fn transform_update(&mut self, update: Id, target: Val<'a>, env: &'a Frame<'a>) -> Res<()> {
        let changes = self.eval(update, target, env)?;
        let fields = match changes {
            Val::Undefined => return Ok(()),
            Val::Object(_) | Val::Record(_) => self.fields(changes)?,
            _ => {
                let fault = Fault::new("T2011").at(self.node(update).position);
                return Err(self.with_value(fault, changes));
            }
        };
        let Val::Object(object) = target else { return Ok(()) };
        let old = object.fields();
        self.charge_items(old.len() + fields.len())?;
        let merged = self.merge_fields(&[old, fields])?;
        self.charge_bytes(size_of_val(merged))?;
        object.replace(merged, self.bump);
        Ok(())
    }

    fn transform_delete(&mut self, delete: Id, target: Val<'a>, env: &'a Frame<'a>) -> Res<()> {
        let keys = self.eval(delete, target, env)?;
        if keys.is_undefined() {
            return Ok(());
        }
        let names = keys.items_or_one();
        self.charge_items(names.len())?;
        if names.iter().any(|name| name.as_str().is_none()) {
            let fault = Fault::new("T2012").at(self.node(delete).position);
            return Err(self.with_value(fault, keys));
        }
        let Val::Object(object) = target else { return Ok(()) };
        let old = object.fields();
        self.charge((old.len() as u64).saturating_mul(names.len() as u64))?;
        let kept: Vec<Field<'a>> = old
            .iter()
            .filter(|(key, _)| !names.iter().any(|name| name.as_str() == Some(key.as_str())))
            .copied()
            .collect();
        self.charge_bytes(size_of_val(kept.as_slice()))?;
        object.replace(self.bump.alloc_slice_copy(&kept), self.bump);
        Ok(())
    }

    /// What `JSON.parse($string(value))` gives: a copy whose objects can be changed.
    pub(crate) fn deep_copy(&mut self, value: Val<'a>, depth: u32) -> Res<Val<'a>> {
        self.check_nesting(depth)?;
        self.charge(1)?;
        Ok(match value {
            Val::Num(number) if number.is_nan() => Val::Null,
            Val::Num(number) if self.is_numeric(value)? => {
                Val::Num(crate::number::round_to_15_digits(number))
            }
            Val::Func(_) => Val::plain(""),
            Val::Array(_) | Val::List(_) => {
                let items = value.items_or_one();
                let start = self.stack.len();
                for at in 0..items.len() {
                    let item = match items.get(at) {
                        Val::Undefined => Val::Null,
                        item => self.deep_copy(item, depth + 1)?,
                    };
                    self.push(item)?;
                }
                let items = Items::Vals(self.pop_slice(start)?);
                Val::Array(self.alloc(Array { items, flags: Cell::new(0) })?)
            }
            Val::Object(_) | Val::Record(_) => {
                let fields = self.fields(value)?;
                let mut copies: Vec<Field<'a>> = Vec::with_capacity(fields.len());
                for (key, field) in fields {
                    if !field.is_undefined() {
                        copies.push((*key, self.deep_copy(*field, depth + 1)?));
                    }
                }
                self.charge_bytes(size_of_val(copies.as_slice()))?;
                let fields: &'a [Field<'a>] = self.bump.alloc_slice_copy(&copies);
                Val::Object(self.alloc(Object::new(fields, self.bump))?)
            }
            Val::Undefined | Val::Null | Val::Bool(_) | Val::Num(_) | Val::Str(_) => value,
        })
    }
}

/// What is a function of JavaScript in the reference, and not an object that stands for one.
fn is_plain_function(value: Val<'_>) -> bool {
    use crate::val::FuncKind;
    value.as_func().is_some_and(|function| {
        matches!(function.kind, FuncKind::Closure(_) | FuncKind::Regex { .. } | FuncKind::RegexNext { .. })
    })
}
