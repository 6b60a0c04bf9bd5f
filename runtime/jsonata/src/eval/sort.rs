//! `^(…)`: ordering by terms.

use crate::code::Kind;
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::syntax::{Direction, Id};
use crate::val::{Frame, Items, SEQUENCE, TUPLES, Val};

/// What a sort weighs on the stack, in KiB of an unoptimized build.
const SORT_KIB: u32 = 6;

/// The terms of each item, evaluated when first asked for and not again.
struct Keys<'a, 't> {
    terms: &'t [(Id, Direction)],
    items: Items<'a>,
    tuples: bool,
    env: &'a Frame<'a>,
    known: Vec<Option<Val<'a>>>,
    position: u32,
}

impl<'a> Machine<'a> {
    /// The items in order; a list that needs no ordering comes back as it was.
    pub(super) fn eval_sort(
        &mut self,
        id: Id,
        items: Items<'a>,
        tuples: bool,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let node = self.node(id);
        let Kind::Sort(terms) = &node.kind else { return Ok(Val::Undefined) };
        let flags = if tuples { SEQUENCE | TUPLES } else { 0 };
        if items.len() <= 1 {
            return self.array_of(items, SEQUENCE | flags);
        }
        if let Some(order) = self.order_by_one_term(terms, items, tuples, env)? {
            let start = self.stack.len();
            for at in order {
                self.push(items.get(at))?;
            }
            return self.pop_array(start, flags);
        }
        let cells = items.len().saturating_mul(terms.len());
        self.charge_bytes(cells.saturating_mul(size_of::<Option<Val<'_>>>()))?;
        let mut keys = Keys { terms, items, tuples, env, known: vec![None; cells], position: node.position };
        self.weigh(SORT_KIB)?;
        let order = self.merge_sort(items.len(), &mut |machine, a, b| machine.is_after(&mut keys, a, b))?;
        self.unweigh(SORT_KIB);
        let start = self.stack.len();
        for at in order {
            self.push(items.get(at))?;
        }
        self.pop_array(start, flags)
    }

    /// The order by a single plain term whose values are all numbers or all strings, as most are.
    fn order_by_one_term(
        &mut self,
        terms: &[(Id, Direction)],
        items: Items<'a>,
        tuples: bool,
        env: &'a Frame<'a>,
    ) -> Res<Option<Vec<usize>>> {
        let [(term, direction)] = terms else { return Ok(None) };
        if tuples || !matches!(self.node(*term).kind, Kind::Path { plain: true, .. }) {
            return Ok(None);
        }
        self.charge_items(items.len())?;
        let mut keys = Vec::with_capacity(items.len());
        for item in items.iter() {
            let key = self.eval(*term, item, env)?;
            if !matches!(key, Val::Num(_) | Val::Str(_)) {
                return Ok(None);
            }
            keys.push(key);
        }
        self.sort_by_keys(&keys, *direction)
    }

    fn key(&mut self, keys: &mut Keys<'a, '_>, item: usize, term: usize) -> Res<Val<'a>> {
        let cell = item * keys.terms.len() + term;
        if let Some(known) = keys.known[cell] {
            return Ok(known);
        }
        let (id, _) = keys.terms[term];
        let value = match keys.items.get(item) {
            Val::Object(tuple) if keys.tuples => {
                let env = self.tuple_frame(tuple, keys.env)?;
                self.eval(id, tuple.get("@"), env)?
            }
            context => self.eval(id, context, keys.env)?,
        };
        keys.known[cell] = Some(value);
        Ok(value)
    }

    /// Whether item `a` belongs behind item `b`.
    fn is_after(&mut self, keys: &mut Keys<'a, '_>, a: usize, b: usize) -> Res<bool> {
        for term in 0..keys.terms.len() {
            let left = self.key(keys, a, term)?;
            let right = self.key(keys, b, term)?;
            let order = match (left, right) {
                (Val::Undefined, Val::Undefined) => continue,
                (Val::Undefined, _) => return Ok(true),
                (_, Val::Undefined) => return Ok(false),
                (Val::Num(a), Val::Num(b)) => {
                    if a < b {
                        std::cmp::Ordering::Less
                    } else if a > b || a.is_nan() || b.is_nan() {
                        std::cmp::Ordering::Greater
                    } else {
                        continue;
                    }
                }
                (Val::Str(a), Val::Str(b)) => {
                    self.charge(a.as_str().len().min(b.as_str().len()) as u64 >> 4)?;
                    crate::text::compare(a.as_str(), b.as_str())
                }
                _ => return Err(self.not_comparable(keys.position, left, right)?),
            };
            let order = if keys.terms[term].1 == Direction::Descending { order.reverse() } else { order };
            match order {
                std::cmp::Ordering::Less => return Ok(false),
                std::cmp::Ordering::Greater => return Ok(true),
                std::cmp::Ordering::Equal => {}
            }
        }
        Ok(false)
    }

    fn not_comparable(&mut self, position: u32, left: Val<'a>, right: Val<'a>) -> Res<Box<Fault>> {
        let scalar = |value: Val<'a>| matches!(value, Val::Str(_) | Val::Num(_));
        if !scalar(left) || !scalar(right) {
            let culprit = if scalar(left) { right } else { left };
            return Ok(self.with_value(Fault::new("T2008").at(position), culprit));
        }
        let mut fault = self.with_value(Fault::new("T2007").at(position), left);
        fault.value2_text = Some(self.json_text(right)?);
        Ok(fault)
    }

    /// The reference's merge sort: places of the items in order. Which pairs it compares, and in which order, can
    /// be seen where a comparison fails or contradicts itself.
    pub(crate) fn merge_sort(
        &mut self,
        len: usize,
        after: &mut dyn FnMut(&mut Self, usize, usize) -> Res<bool>,
    ) -> Res<Vec<usize>> {
        self.charge_bytes(len * 2 * size_of::<usize>())?;
        let mut order: Vec<usize> = (0..len).collect();
        let mut buffer = Vec::with_capacity(len);
        self.merge_sort_part(&mut order, &mut buffer, after)?;
        Ok(order)
    }

    fn merge_sort_part(
        &mut self,
        part: &mut [usize],
        buffer: &mut Vec<usize>,
        after: &mut dyn FnMut(&mut Self, usize, usize) -> Res<bool>,
    ) -> Res<()> {
        if part.len() <= 1 {
            return Ok(());
        }
        let middle = part.len() / 2;
        {
            let (left, right) = part.split_at_mut(middle);
            self.merge_sort_part(left, buffer, after)?;
            self.merge_sort_part(right, buffer, after)?;
        }
        buffer.clear();
        {
            let (mut left, mut right) = part.split_at(middle);
            while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                self.charge(1)?;
                if after(self, *a, *b)? {
                    buffer.push(*b);
                    right = right_rest;
                } else {
                    buffer.push(*a);
                    left = left_rest;
                }
            }
            buffer.extend_from_slice(left);
            buffer.extend_from_slice(right);
        }
        part.copy_from_slice(buffer);
        Ok(())
    }
}
