//! Functions that call functions.

use super::{Builtin, arg, arity, func_arg, items_arg};
use crate::code::{Kind, Place};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::syntax::{BinaryOp, Direction, Id};
use crate::val::{Field, Frame, Func, FuncKind, Items, SEQUENCE, Val};

#[expect(clippy::cast_precision_loss, reason = "places are far below 2^53")]
fn number<'a>(place: usize) -> Val<'a> {
    Val::Num(place as f64)
}

/// What a sort by a function weighs on the stack besides the call, in KiB of an unoptimized build.
const SORT_KIB: u32 = 3;

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
            return if function == Builtin::Single {
                single_item(items)
            } else {
                Err(super::wrong_argument(function))
            };
        };
        match function {
            Builtin::Reduce => self.reduce(items, whole, callback, arg(arguments, 2), env),
            Builtin::Single => self.single(items, whole, callback, env),
            _ => self.map_or_filter(function, items, whole, callback, env),
        }
    }

    /// Calls with as many of value, key and whole as the function takes.
    fn call_with(
        &mut self,
        callback: &'a Func<'a>,
        count: usize,
        arguments: [Val<'a>; 3],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.charge(1)?;
        self.call_back(callback, arguments.get(..count.clamp(1, 3)).unwrap_or_default(), env)
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
            let value = self.call_with(callback, count, [item, number(at), whole], env)?;
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
            let value = self.call_with(callback, count, [item, number(at), whole], env)?;
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
            value = self.call_back(callback, arguments, env)?;
        }
        Ok(value)
    }

    fn each_field(&mut self, function: Builtin, arguments: &[Val<'a>], env: &'a Frame<'a>) -> Res<Val<'a>> {
        let subject = arg(arguments, 0);
        let callback = func_arg(function, arguments, 1)?;
        let fields = self.fields(subject)?;
        let start = self.stack.len();
        let mut kept: Vec<Field<'a>> = Vec::new();
        for (key, value) in fields {
            let Some(callback) = callback else { return Err(super::wrong_argument(function)) };
            let count = arity(callback);
            let result = self.call_with(callback, count, [*value, Val::Str(*key), subject], env)?;
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
        let comparator = func_arg(Builtin::Sort, arguments, 1)?;
        let by_keys = match comparator {
            Some(comparator) => self.sort_by_comparator_keys(items, comparator)?,
            None => {
                self.charge_items(items.len())?;
                let mut numbers = true;
                for item in items.iter() {
                    numbers &= self.is_numeric(item)?;
                }
                if !numbers && !items.iter().all(|item| item.as_str().is_some()) {
                    return Err(Fault::new("D3070").index(1));
                }
                self.sort_by_keys(&items.iter().collect::<Vec<_>>(), Direction::Ascending)?
            }
        };
        let order = match (by_keys, comparator) {
            (Some(order), _) => order,
            (None, Some(comparator)) => self.merge_sort(items.len(), &mut |machine, a, b| {
                let pair = [items.get(a), items.get(b)];
                machine.weigh(SORT_KIB)?;
                let value = machine.call_back(comparator, &pair, env)?;
                machine.unweigh(SORT_KIB);
                Ok(machine.javascript_truthy(value))
            })?,
            (None, None) => (0..items.len()).collect(),
        };
        let start = self.stack.len();
        for at in order {
            self.push(items.get(at))?;
        }
        self.pop_array(start, 0)
    }

    /// The order of items by a comparator such as `function($a, $b) { $a.price > $b.price }`, whose keys are read
    /// once. `None` where the comparator is another, or the keys are not all numbers or all strings.
    fn sort_by_comparator_keys(
        &mut self,
        items: Items<'a>,
        comparator: &'a Func<'a>,
    ) -> Res<Option<Vec<usize>>> {
        let Some((steps, direction)) = self.comparator_keys(comparator) else { return Ok(None) };
        self.charge_items(items.len().saturating_mul(steps.len() + 1))?;
        let mut keys = Vec::with_capacity(items.len());
        for item in items.iter() {
            let mut key = item;
            for (name, guess) in &steps {
                key = match key {
                    Val::Record(fields) => self.record_field(fields, name, *guess),
                    Val::Object(object) => object.get(name),
                    _ => return Ok(None),
                };
            }
            keys.push(key);
        }
        self.sort_by_keys(&keys, direction)
    }

    /// The names that a comparator reads from both of its arguments alike, and the order that it asks for.
    fn comparator_keys(&self, comparator: &'a Func<'a>) -> Option<(Vec<(&'a str, u32)>, Direction)> {
        let inner = if let FuncKind::Closure(inner) = &comparator.kind { inner } else { comparator };
        let FuncKind::Lambda(lambda) = &inner.kind else { return None };
        let code = lambda.unit.code;
        if lambda.bound.is_some()
            || lambda.lambda.signature.is_some()
            || !std::ptr::eq(lambda.unit, self.unit)
        {
            return None;
        }
        let [first, second] = lambda.lambda.slots.as_slice() else { return None };
        let body = &code.nodes[lambda.lambda.body as usize];
        let Kind::Binary { op, lhs, rhs } = &body.kind else { return None };
        let direction = match op {
            BinaryOp::Greater => Direction::Ascending,
            BinaryOp::Less => Direction::Descending,
            _ => return None,
        };
        let read = |id: Id, wanted: u16| -> Option<Vec<(&'a str, u32)>> {
            let node = &code.nodes[id as usize];
            let steps = match &node.kind {
                Kind::Variable { .. } => std::slice::from_ref(&id),
                Kind::Path { steps, plain: true, .. } => steps,
                _ => return None,
            };
            let (head, names) = steps.split_first()?;
            let head = &code.nodes[*head as usize];
            if head.extra.is_some() || node.extra.is_some() {
                return None;
            }
            match head.kind {
                Kind::Variable { place: Place::Local { depth: 0, slot }, .. } if slot == wanted => {}
                _ => return None,
            }
            names
                .iter()
                .map(|name| match &code.nodes[*name as usize].kind {
                    Kind::Name { key, guess } => Some((&**key, *guess)),
                    _ => None,
                })
                .collect()
        };
        if body.extra.is_some() || first == second {
            return None;
        }
        let (left, right) = (read(*lhs, *first)?, read(*rhs, *second)?);
        let alike = left.iter().map(|(name, _)| name).eq(right.iter().map(|(name, _)| name));
        alike.then_some((left, direction))
    }

    /// The order of items by their keys; `None` where these are neither all finite numbers nor all strings. Nothing
    /// can fail or contradict itself then, so any stable sort gives what the reference's gives.
    pub(crate) fn sort_by_keys(&mut self, keys: &[Val<'a>], direction: Direction) -> Res<Option<Vec<usize>>> {
        let levels = u64::from(usize::BITS - keys.len().leading_zeros());
        self.charge((keys.len() as u64).saturating_mul(levels) >> 2)?;
        self.charge_bytes(keys.len().saturating_mul(24))?;
        let ascending = direction == Direction::Ascending;
        match keys.first() {
            Some(Val::Num(_)) => {
                // The number's order in the upper half, the place in the lower: one integer to compare, and stable.
                let mut order: Vec<u128> = Vec::with_capacity(keys.len());
                for (at, key) in keys.iter().enumerate() {
                    match key {
                        Val::Num(number) if number.is_finite() => {
                            let bits = ordered_bits(*number);
                            let bits = if ascending { bits } else { !bits };
                            order.push(u128::from(bits) << 64 | at as u128);
                        }
                        _ => return Ok(None),
                    }
                }
                order.sort_unstable();
                // The lower half is a place.
                let order = order.into_iter().map(|key| key as usize).collect();
                Ok(Some(order))
            }
            Some(Val::Str(_)) => {
                let mut order: Vec<(&str, usize)> = Vec::with_capacity(keys.len());
                let mut bytes = 0;
                for (at, key) in keys.iter().enumerate() {
                    let Val::Str(text) = key else { return Ok(None) };
                    bytes += text.as_str().len() as u64;
                    order.push((text.as_str(), at));
                }
                self.charge(bytes.saturating_mul(levels) >> 4)?;
                let compare = crate::text::compare;
                order.sort_by(|a, b| if ascending { compare(a.0, b.0) } else { compare(b.0, a.0) });
                Ok(Some(order.into_iter().map(|(_, at)| at).collect()))
            }
            _ => Ok(None),
        }
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

/// Bits that order as finite numbers do; both zeros are one.
fn ordered_bits(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn single_item(items: Items<'_>) -> Res<Val<'_>> {
    match items.len() {
        0 => Err(Fault::new("D3139")),
        1 => Ok(items.get(0)),
        _ => Err(Fault::new("D3138").index(1)),
    }
}
