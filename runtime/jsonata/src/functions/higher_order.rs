//! Functions that call functions.

use super::{Builtin, arg, arity, func_arg, items_arg};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::val::{Field, Frame, Func, Items, SEQUENCE, Val};

#[expect(clippy::cast_precision_loss, reason = "places are far below 2^53")]
fn number<'a>(place: usize) -> Val<'a> {
    Val::Num(place as f64)
}

impl<'a> Machine<'a> {
    pub(super) fn higher_order(
        &mut self,
        function: Builtin,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        match function {
            Builtin::Sift | Builtin::Each => return self.each_field(function, arguments, env),
            Builtin::Sort => return self.sort(arguments, env),
            _ => {}
        }
        let Some(items) = items_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
        let callback = func_arg(function, arguments, 1)?;
        let whole = arg(arguments, 0);
        let Some(callback) = callback else {
            return if function == Builtin::Single { single_item(items) } else { Err(super::wrong_argument(function)) };
        };
        match function {
            Builtin::Reduce => self.reduce(items, whole, callback, arg(arguments, 2), env),
            Builtin::Single => self.single(items, whole, callback, env),
            _ => self.map_or_filter(function, items, whole, callback, env),
        }
    }

    /// Calls with as many of value, key and whole as the function takes.
    fn call_back(
        &mut self,
        callback: &'a Func<'a>,
        count: usize,
        arguments: [Val<'a>; 3],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.charge(1)?;
        let count = count.clamp(1, 3);
        self.apply(Val::Func(callback), arguments.get(..count).unwrap_or_default(), Val::Null, env)
    }

    fn map_or_filter(
        &mut self,
        function: Builtin,
        items: Items<'a>,
        whole: Val<'a>,
        callback: &'a Func<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let count = arity(callback);
        let start = self.stack.len();
        for at in 0..items.len() {
            let item = items.get(at);
            let value = self.call_back(callback, count, [item, number(at), whole], env)?;
            if function == Builtin::Map {
                if !value.is_undefined() {
                    self.push(value)?;
                }
            } else if self.truthy(value)? {
                self.push(item)?;
            }
        }
        self.pop_array(start, SEQUENCE)
    }

    fn single(
        &mut self,
        items: Items<'a>,
        whole: Val<'a>,
        callback: &'a Func<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let count = arity(callback);
        let mut found = None;
        for at in 0..items.len() {
            let item = items.get(at);
            let value = self.call_back(callback, count, [item, number(at), whole], env)?;
            if self.truthy(value)? && found.replace(item).is_some() {
                return Err(Fault::new("D3138").index(at));
            }
        }
        found.ok_or_else(|| Fault::new("D3139"))
    }

    fn reduce(
        &mut self,
        items: Items<'a>,
        whole: Val<'a>,
        callback: &'a Func<'a>,
        initial: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let count = arity(callback);
        if count < 2 {
            return Err(Fault::new("D3050").index(1));
        }
        let (mut value, first) =
            if initial.is_undefined() && items.len() > 0 { (items.get(0), 1) } else { (initial, 0) };
        for at in first..items.len() {
            self.charge(1)?;
            let arguments = [value, items.get(at), number(at), whole];
            let arguments = arguments.get(..count.clamp(2, 4)).unwrap_or_default();
            value = self.apply(Val::Func(callback), arguments, Val::Null, env)?;
        }
        Ok(value)
    }

    fn each_field(
        &mut self,
        function: Builtin,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let subject = arg(arguments, 0);
        let callback = func_arg(function, arguments, 1)?;
        let fields = self.fields(subject)?;
        let start = self.stack.len();
        let mut kept: Vec<Field<'a>> = Vec::new();
        for (key, value) in fields {
            let Some(callback) = callback else { return Err(super::wrong_argument(function)) };
            let count = arity(callback);
            let result = self.call_back(callback, count, [*value, Val::Str(*key), subject], env)?;
            if function == Builtin::Each {
                if !result.is_undefined() {
                    self.push(result)?;
                }
            } else if self.truthy(result)? {
                kept.push((*key, *value));
            }
        }
        if function == Builtin::Each {
            return self.pop_array(start, SEQUENCE);
        }
        if kept.is_empty() { Ok(Val::Undefined) } else { self.object(&mut kept) }
    }

    fn sort(&mut self, arguments: &[Val<'a>], env: &'a Frame<'a>) -> Res<Val<'a>> {
        let Some(items) = items_arg(Builtin::Sort, arguments, 0)? else { return Ok(Val::Undefined) };
        if items.len() <= 1 {
            return Ok(arg(arguments, 0));
        }
        let order = match func_arg(Builtin::Sort, arguments, 1)? {
            Some(comparator) => self.merge_sort(items.len(), &mut |machine, a, b| {
                let pair = [items.get(a), items.get(b)];
                let value = machine.apply(Val::Func(comparator), &pair, Val::Null, env)?;
                Ok(machine.javascript_truthy(value))
            })?,
            None => {
                self.charge_items(items.len())?;
                let mut numbers = true;
                for item in items.iter() {
                    numbers &= self.is_numeric(item)?;
                }
                let strings = items.iter().all(|item| item.as_str().is_some());
                if !numbers && !strings {
                    return Err(Fault::new("D3070").index(1));
                }
                self.charge_bytes(items.len() * size_of::<usize>())?;
                let mut order: Vec<usize> = (0..items.len()).collect();
                // Nothing can fail or contradict itself here, so any stable sort gives the same.
                self.charge_items(items.len() * (usize::BITS - items.len().leading_zeros()) as usize / 4)?;
                if numbers {
                    let key = |at: &usize| if let Val::Num(n) = items.get(*at) { n } else { 0.0 };
                    order.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
                } else {
                    let key = |at: &usize| items.get(*at).as_str().unwrap_or_default();
                    order.sort_by(|a, b| crate::text::compare(key(a), key(b)));
                }
                order
            }
        };
        let start = self.stack.len();
        for at in order {
            self.push(items.get(at))?;
        }
        self.pop_array(start, 0)
    }

    /// JavaScript's own idea of truth, which the reference applies to a comparator's answer.
    fn javascript_truthy(&self, value: Val<'a>) -> bool {
        match value {
            Val::Undefined | Val::Null | Val::Bool(false) => false,
            Val::Num(number) => number != 0.0 && !number.is_nan(),
            Val::Str(text) => !text.as_str().is_empty(),
            _ => true,
        }
    }
}

fn single_item(items: Items<'_>) -> Res<Val<'_>> {
    match items.len() {
        0 => Err(Fault::new("D3139")),
        1 => Ok(items.get(0)),
        _ => Err(Fault::new("D3138").index(1)),
    }
}
