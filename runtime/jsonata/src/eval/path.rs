//! Paths, name steps and predicates.

use crate::code::{Kind, Node, Stage};
use crate::fault::Res;
use crate::machine::Machine;
use crate::syntax::Id;
use crate::val::{CONS, Frame, Guess, Items, KEEP_SINGLETON, OUTER, SEQUENCE, TUPLES, Val};
use std::sync::Arc;
use stepwell_types::Map;

/// What a predicate weighs on the stack, in KiB of an unoptimized build.
const FILTER_KIB: u32 = 5;

/// What a step gives to the next one.
enum Step<'a> {
    /// A sequence, not made into an array yet.
    Sequence(Items<'a>),
    /// A value that stands for itself.
    Value(Val<'a>),
}

impl<'a> Machine<'a> {
    pub(super) fn eval_path(
        &mut self,
        node: &'a Node,
        steps: &'a [Id],
        keep_singleton: bool,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut from = 0;
        let mut at = input;
        // Plain names lead from object to object without any sequence.
        while let Some(id) = steps.get(from) {
            let step = self.node(*id);
            let Kind::Name { key, guess } = &step.kind else { break };
            if step.extra.is_some() || step.tuple {
                break;
            }
            let next = match at {
                Val::Record(fields) => self.record_field(fields, key, *guess),
                Val::Object(object) => object.get(key),
                _ => break,
            };
            from += 1;
            if next.is_undefined() {
                return self.end_path(node, keep_singleton, Step::Sequence(Items::Vals(&[])), env);
            }
            at = next;
        }
        if from > 0 {
            let is_array = at.is_array();
            if from == steps.len() {
                if !is_array && !keep_singleton && node.extra.is_none() && !node.keep_array {
                    return Ok(at);
                }
                let flattens = at.has(SEQUENCE | CONS);
                let step = match at.items() {
                    Some(items) if flattens && at.has(SEQUENCE) => Step::Sequence(items),
                    Some(_) => Step::Value(at),
                    None => Step::Sequence(Items::One(at)),
                };
                return self.end_path(node, keep_singleton, step, env);
            }
            let sequence = if at.has(CONS) { Items::One(at) } else { at.items_or_one() };
            return self.walk(node, steps, from, sequence, keep_singleton, input, env);
        }
        let starts_at_variable =
            steps.first().is_some_and(|id| matches!(self.node(*id).kind, Kind::Variable { .. }));
        let sequence = match input.items() {
            Some(items) if !starts_at_variable => items,
            _ => Items::One(input),
        };
        self.walk(node, steps, 0, sequence, keep_singleton, input, env)
    }

    #[expect(clippy::too_many_arguments, reason = "one path's state, on the stack and not in a struct")]
    fn walk(
        &mut self,
        node: &'a Node,
        steps: &'a [Id],
        from: usize,
        sequence: Items<'a>,
        keep_singleton: bool,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut sequence = sequence;
        let mut result = Step::Sequence(sequence);
        let mut tuples = false;
        for (at, id) in steps.iter().enumerate().skip(from) {
            let step = self.node(*id);
            tuples |= step.tuple;
            let opens = at == 0 && step.cons_array;
            if tuples && !opens {
                return self.walk_tuples(node, steps, at, sequence, keep_singleton, env);
            }
            if opens {
                let wrapped = match input.items() {
                    Some(_) => input,
                    None => self.array_of(Items::One(input), SEQUENCE)?,
                };
                result = Step::Value(self.eval(*id, wrapped, env)?);
            } else {
                result = self.step(*id, step, sequence, at + 1 == steps.len(), env)?;
            }
            if opens && step.focus().is_some() {
                // A binding leaves the context where it was.
                continue;
            }
            sequence = match &result {
                Step::Sequence(items) => *items,
                Step::Value(Val::Undefined) => break,
                Step::Value(value) => match value.items() {
                    Some(items) => items,
                    // Anything else has no items, and only an array can be empty.
                    None if at + 1 == steps.len() => break,
                    None => Items::Vals(&[]),
                },
            };
            // Nothing more to find in what is empty; what is no array gives nothing to the next step instead.
            let ends = match &result {
                Step::Sequence(_) => true,
                Step::Value(value) => value.is_array(),
            };
            if ends && sequence.len() == 0 && !tuples {
                break;
            }
        }
        self.end_path(node, keep_singleton, result, env)
    }

    fn end_path(
        &mut self,
        node: &'a Node,
        keep_singleton: bool,
        result: Step<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let group = node.group();
        let value = match result {
            Step::Sequence(items) => {
                if group.is_none() && !keep_singleton && !node.keep_array {
                    match items.len() {
                        0 => return Ok(Val::Undefined),
                        1 => return Ok(items.get(0)),
                        _ => {}
                    }
                }
                self.array_of(items, SEQUENCE)?
            }
            Step::Value(value) => value,
        };
        self.close_path(node, keep_singleton, value, env)
    }

    /// Keeps a singleton, if `[]` asked for it, and groups.
    pub(super) fn close_path(
        &mut self,
        node: &'a Node,
        keep_singleton: bool,
        value: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut value = value;
        if keep_singleton {
            if let Val::Array(array) = value
                && array.has(CONS)
                && !array.has(SEQUENCE)
            {
                value = self.array_of(Items::One(value), SEQUENCE)?;
            }
            if let Val::Array(array) = value {
                array.set(KEEP_SINGLETON);
            }
        }
        match node.group() {
            Some(group) => self.eval_group(group, value, env),
            None => Ok(value),
        }
    }

    fn step(
        &mut self,
        id: Id,
        step: &'a Node,
        input: Items<'a>,
        last: bool,
        env: &'a Frame<'a>,
    ) -> Res<Step<'a>> {
        let stages = step.stages().unwrap_or_default();
        if matches!(step.kind, Kind::Sort(_)) {
            let mut sorted = self.eval_sort(id, input, false, env)?;
            for stage in stages {
                if let Stage::Filter(predicate) = stage {
                    sorted = self.filter(*predicate, sorted, env)?;
                }
            }
            return Ok(match sorted.items() {
                Some(items) if sorted.has(SEQUENCE) => Step::Sequence(items),
                _ => Step::Value(sorted),
            });
        }
        let start = self.stack.len();
        let mut count = 0_usize;
        let mut first = Val::Undefined;
        let name = match &step.kind {
            Kind::Name { key, guess } if step.extra.is_none() => Some((key, *guess)),
            _ => None,
        };
        let total = input.len();
        self.charge_items(total)?;
        for at in 0..total {
            let item = input.get(at);
            let mut value = match (name, item) {
                (Some((key, guess)), Val::Record(fields)) => self.record_field(fields, key, guess),
                (Some((key, _)), Val::Object(object)) => object.get(key),
                _ => self.eval(id, item, env)?,
            };
            for stage in stages {
                if let Stage::Filter(predicate) = stage {
                    value = self.filter(*predicate, value, env)?;
                }
            }
            if value.is_undefined() {
                continue;
            }
            count += 1;
            if count == 1 {
                first = value;
            }
            match value.items() {
                Some(items) if !value.has(CONS) => {
                    if last && count == 1 && total == 1 && !value.has(SEQUENCE) {
                        return Ok(Step::Value(value));
                    }
                    self.push_all(items)?;
                }
                _ => self.push(value)?,
            }
        }
        if last && count == 1 && first.is_array() && !first.has(SEQUENCE) {
            self.stack.truncate(start);
            return Ok(Step::Value(first));
        }
        if self.stack.len() == start + 1 {
            return Ok(Step::Sequence(Items::One(self.stack.pop().unwrap_or(Val::Undefined))));
        }
        Ok(Step::Sequence(Items::Vals(self.pop_slice(start)?)))
    }

    /// A field of an object from outside, first where such an object had it last time.
    #[inline]
    pub(crate) fn record_field(&self, fields: &'a Arc<Map>, key: &str, guess: u32) -> Val<'a> {
        let guess = &self.unit.guesses[guess as usize];
        let known = guess.get();
        if let Some((name, value)) = fields.get_index(known.place as usize)
            && address_of(name) == known.address
        {
            return Val::from_value(value);
        }
        let Some(at) = fields.position(key) else { return Val::Undefined };
        let Some((name, value)) = fields.get_index(at) else { return Val::Undefined };
        guess.set(Guess { place: u32::try_from(at).unwrap_or(0), address: address_of(name) });
        Val::from_value(value)
    }

    /// A name on any input: a field, or the fields of an array's objects.
    pub(super) fn name_step(&mut self, key: &'a Arc<str>, guess: u32, input: Val<'a>) -> Res<Val<'a>> {
        match input {
            Val::Record(fields) => Ok(self.record_field(fields, key, guess)),
            Val::Object(object) => Ok(object.get(key)),
            _ => self.lookup_key(input, key, 0),
        }
    }

    /// The reference's `lookup`: a field of an object, or a sequence of those of an array's items.
    pub(crate) fn lookup_key(&mut self, input: Val<'a>, key: &str, depth: u32) -> Res<Val<'a>> {
        let Some(items) = input.items() else { return Ok(input.field(key)) };
        self.check_nesting(depth)?;
        let start = self.stack.len();
        self.charge_items(items.len())?;
        for item in items.iter() {
            let found =
                if item.is_array() { self.lookup_key(item, key, depth + 1)? } else { item.field(key) };
            match found {
                Val::Undefined => {}
                _ => match found.items() {
                    Some(inner) => self.push_all(inner)?,
                    None => self.push(found)?,
                },
            }
        }
        self.pop_array(start, SEQUENCE)
    }

    /// Keeps the items for which the predicate holds, or that stand where it says.
    pub(super) fn filter(&mut self, predicate: Id, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        self.weigh(FILTER_KIB)?;
        let value = self.filter_items(predicate, input, env)?;
        self.unweigh(FILTER_KIB);
        Ok(value)
    }

    fn filter_items(&mut self, predicate: Id, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let tuples = input.has(TUPLES);
        let flags = if tuples { SEQUENCE | TUPLES } else { SEQUENCE };
        let items = input.items_or_one();
        let node = self.node(predicate);
        if let Kind::Number(number) = &node.kind {
            let item = index_of(*number, items.len()).map_or(Val::Undefined, |at| items.get(at));
            return match item {
                Val::Undefined => self.array(&[], flags),
                _ if item.is_array() => Ok(item),
                _ => self.array_of(Items::One(item), flags),
            };
        }
        let start = self.stack.len();
        self.charge_items(items.len())?;
        for at in 0..items.len() {
            let item = items.get(at);
            let test = match (tuples, item) {
                (true, Val::Object(tuple)) => {
                    let env = self.tuple_frame(tuple, env)?;
                    self.eval(predicate, tuple.get("@"), env)?
                }
                _ => self.eval(predicate, item, env)?,
            };
            match test {
                Val::Bool(keep) => {
                    if keep {
                        self.push(item)?;
                    }
                }
                Val::Num(_) if self.is_numeric(test)? => {
                    self.push_if_index(test, at, items.len(), item)?;
                }
                _ => match test.items() {
                    Some(indices) if self.all_numeric(indices)? => {
                        for index in indices.iter() {
                            self.push_if_index(index, at, items.len(), item)?;
                        }
                    }
                    _ => {
                        if self.truthy(test)? {
                            self.push(item)?;
                        }
                    }
                },
            }
        }
        if self.stack.len() == start + 1 && !tuples {
            let item = self.stack.pop().unwrap_or(Val::Undefined);
            return self.array_of(Items::One(item), flags);
        }
        self.pop_array(start, flags)
    }

    fn push_if_index(&mut self, index: Val<'a>, at: usize, len: usize, item: Val<'a>) -> Res<()> {
        if let Val::Num(number) = index
            && index_of(number, len) == Some(at)
        {
            self.push(item)?;
        }
        Ok(())
    }

    fn all_numeric(&mut self, items: Items<'a>) -> Res<bool> {
        if matches!(items, Items::Range { .. }) {
            return Ok(true);
        }
        self.charge_items(items.len())?;
        let mut all = true;
        for item in items.iter() {
            all &= self.is_numeric(item)?;
        }
        Ok(all)
    }

    /// The input that a step without tuples sees when the whole input is an array.
    pub(crate) fn outer(&mut self, input: Val<'a>) -> Res<Val<'a>> {
        match input {
            Val::List(_) => self.array_of(Items::One(input), SEQUENCE | OUTER),
            _ => Ok(input),
        }
    }
}

/// Where a key's text is. It stays there while it is borrowed, which is for as long as the evaluation takes.
fn address_of(key: &Arc<str>) -> usize {
    Arc::as_ptr(key).cast::<u8>() as usize
}

/// The place an index names; negative ones count from the end.
fn index_of(number: f64, len: usize) -> Option<usize> {
    let mut index = number.floor();
    if index < 0.0 {
        #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let len = len as f64;
        index += len;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
    (0.0..9e15).contains(&index).then_some(index as usize)
}
